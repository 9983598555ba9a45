"""`/xac-minh`: anybody checks a file or a code. The QR code of every sealed PDF leads here."""

from __future__ import annotations

import time
from datetime import timedelta

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.core import throttle
from pledges.core.errors import N_, DomainError
from pledges.documents.page_comparison import DrawingBusy, Looks
from pledges.documents.validation import MOST_BYTES
from pledges.signing.comparing import ComparedFile, compare_upload
from pledges.signing.rules import normal_reference, plain_code
from pledges.signing.verification import TOO_LARGE, Verdict, verify_code, verify_file
from pledges.signing.verification_report import public_report
from pledges.signing.verification_sentences import Finding
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.fields import TextField, UploadField, lazy
from pledges.web.network import network
from pledges.web.public import comparison_words
from pledges.web.public import verification_words as words
from pledges.web.security import declare_audience, soft_csrf

blueprint = declare_audience(Blueprint("verification", __name__), "public")

LARGEST_UPLOAD = MOST_BYTES + 2 * 1024 * 1024
"""Somewhat more than what is judged, so that a file a little too large gets the page that says so."""

MOST_SECONDS = 5.5
"""For all that is done with one file of a stranger: looking into it, drawing its pages, laying them over ours."""

CHECKS_AN_HOUR_FROM_ONE_NETWORK = 100


def _clean_code(typed: str) -> str:
    """The code out of what people paste: also the whole address that stands on the paper."""
    if normal_reference(typed):
        raise DomainError(
            N_("Đây là mã hồ sơ. Mã xác minh dài hơn, đứng sau chữ “Xác minh:” ở chân trang của bản cam kết.")
        )
    code = plain_code(typed.rstrip("/").rpartition("/")[2])
    if not code:
        raise DomainError(N_("Mã xác minh chỉ gồm chữ và số, ví dụ đoạn cuối của địa chỉ ở chân trang."))
    return code


class CodeForm(PageForm):
    code = TextField(
        lazy("Mã xác minh"),
        hint=lazy("Đoạn cuối của dòng “Xác minh:” ở chân trang. Viết thường hay viết hoa đều được."),
        required=lazy("Hãy nhập mã xác minh."),
        clean=_clean_code,
        autocomplete="off",
    )


class FileForm(PageForm):
    file = UploadField(
        lazy("Tệp PDF"),
        hint=lazy("Tệp gốc nhận từ hệ thống hoặc từ người ký, không quá 10 MB. Chúng tôi không giữ lại tệp này."),
        required=lazy("Hãy chọn tệp PDF cần kiểm tra."),
        accept="application/pdf,.pdf",
        most_bytes=LARGEST_UPLOAD,
    )
    printed = TextField(
        lazy("Mã xác minh in trên giấy"),
        hint=lazy("Điền khi tệp là bản in lại hoặc lưu lại: hệ thống so các trang với bản gốc mang mã đó."),
        required=False,
        clean=_clean_code,
        autocomplete="off",
    )


@blueprint.route("/xac-minh", methods=["GET", "POST"])
@soft_csrf
def check() -> ResponseReturnValue:
    request.max_content_length = LARGEST_UPLOAD
    try:
        by_code = "code" in request.form
    except RequestEntityTooLarge:
        return _result(TOO_LARGE, uploaded=True, status=413)
    sent: PageForm = CodeForm() if by_code else FileForm()
    if not sent.validate_on_submit():
        return _page(sent)
    try:
        _count_check()
        if isinstance(sent, CodeForm):
            return redirect(url_for("verification.by_code", code=sent.code.data), 303)
        data, until = sent["file"].data.stream.read(), time.monotonic() + MOST_SECONDS
        verdict = verify_file(product().database, product().storage, data)
        compared, missed = _compared(data, verdict, sent["printed"].data or "", until)
    except DomainError as refusal:
        sent.refuse(refusal)
        return _page(sent, refusal.status)
    return _result(verdict, uploaded=True, compared=compared, missed=missed)


def _compared(data: bytes, verdict: Verdict, typed: str, until: float) -> tuple[ComparedFile | None, bool]:
    """The comparison, and whether there should be one: that too many files come at once spoils no finding."""
    try:
        compared = compare_upload(product().database, product().storage, data, verdict, typed=typed, until=until)
    except DrawingBusy:
        return None, True
    return compared, compared is not None and compared.pages.looks is Looks.FAILED


def _count_check() -> None:
    key, at = product().vault.keyed_hash("network", network()), now()
    most, hour = CHECKS_AN_HOUR_FROM_ONE_NETWORK, timedelta(hours=1)
    write(lambda session: throttle.use(session, "verify.network", key, most=most, per=hour, now=at))


def _page(sent: PageForm, status: int = 200) -> ResponseReturnValue:
    """Both forms; the one that was sent shows its errors, the other one is fresh."""
    code_form = sent if isinstance(sent, CodeForm) else CodeForm(formdata=None)
    file_form = sent if isinstance(sent, FileForm) else FileForm(formdata=None)
    return render_template("public/verify.html", form=sent, code_form=code_form, file_form=file_form), status


@blueprint.get("/xac-minh/<path:code>")
def by_code(code: str) -> ResponseReturnValue:
    verdict = verify_code(reader(), product().storage, code)
    return _result(verdict, uploaded=False, status=404 if verdict.finding is Finding.UNKNOWN_CODE else 200)


@blueprint.get("/api/v1/verify/<path:code>")
def api(code: str) -> ResponseReturnValue:
    verdict = verify_code(reader(), product().storage, code)
    report = public_report(verdict, words.reason(verdict))
    answer = jsonify(report)
    answer.status_code = 200 if report["found"] else 404
    return _unlisted(answer)


def _result(
    verdict: Verdict,
    *,
    uploaded: bool,
    status: int = 200,
    compared: ComparedFile | None = None,
    missed: bool = False,
) -> Response:
    html = render_template(
        "public/verify_result.html",
        title=(comparison_words.title_of(compared) if compared else None) or words.title_of(verdict, uploaded=uploaded),
        compared=compared,
        missed=missed,
        comparison_words=comparison_words,
        words=words,
        verdict=verdict,
        pledge=verdict.pledge,
        uploaded=uploaded,
    )
    return _unlisted(make_response(html, status))


def _unlisted(answer: Response) -> Response:
    """Results belong to whoever holds the paper, not to search engines."""
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
