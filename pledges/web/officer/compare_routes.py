"""A file that somebody showed or sent, page by page beside the one that we issued: `/can-bo/ho-so/<mã>/so-tep`."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.core.errors import DomainError
from pledges.documents.page_comparison import Looks
from pledges.documents.validation import MOST_BYTES
from pledges.signing.comparing import COMPARED, ComparedFile, compare_closely
from pledges.signing.models import Pledge
from pledges.signing.verification import Verdict, verify_file
from pledges.web.components import PageForm
from pledges.web.current import product, reader
from pledges.web.fields import UploadField, lazy
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.reach import pledge_for
from pledges.web.public import comparison_words
from pledges.web.public import verification_words as words
from pledges.web.security import may

LARGEST_REQUEST = MOST_BYTES + 2 * 1024 * 1024


class CompareForm(PageForm):
    file = UploadField(
        lazy("Tệp PDF nhận được"),
        hint=lazy("Không quá 10 MB. Hệ thống không giữ lại tệp này."),
        required=lazy("Hãy chọn tệp PDF cần so."),
        accept="application/pdf,.pdf",
        most_bytes=LARGEST_REQUEST,
    )


@blueprint.route("/ho-so/<reference>/so-tep", methods=["GET", "POST"])
@may(Action.PLEDGE_DOCUMENT)
def compare_file(reference: str) -> ResponseReturnValue:
    """Nothing is written: whoever looks decides what to do with the file."""
    request.max_content_length = LARGEST_REQUEST
    pledge = pledge_for(reference, Action.PLEDGE_DOCUMENT)
    form = CompareForm()
    if not form.validate_on_submit():
        return _page(pledge, form)
    data = form.file.data.stream.read()
    try:
        verdict = verify_file(product().database, product().storage, data)
        if not verdict.authentic and verdict.finding not in COMPARED:
            form.refuse(DomainError(str(verdict.said), field="file"))
            return _page(pledge, form)
        compared = None
        if not _is_its_file(pledge, verdict):
            compared = compare_closely(reader(), product().storage, pledge, data, layered=verdict.layered)
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(pledge, form, refusal.status)
    return _page(pledge, form, verdict=verdict, compared=compared)


def _is_its_file(pledge: Pledge, verdict: Verdict) -> bool:
    return verdict.authentic and verdict.pledge is not None and verdict.pledge.code == pledge.verification_code


def _page(
    pledge: Pledge,
    form: CompareForm,
    status: int = 200,
    *,
    verdict: Verdict | None = None,
    compared: ComparedFile | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "officer/compare_file.html",
        form=form,
        pledge=pledge,
        title=_title(verdict, compared),
        verdict=verdict,
        compared=compared,
        drawn=compared is not None and compared.pages.looks is not Looks.FAILED,
        words=words,
        comparison_words=comparison_words,
    )
    return page, status


def _title(verdict: Verdict | None, compared: ComparedFile | None) -> str:
    if compared is not None:
        return comparison_words.title_of(compared) or str(_("Chưa so được tệp này"))
    return words.title_of(verdict, uploaded=True) if verdict is not None else str(_("So một tệp với bản gốc"))
