"""Signing through an institution's link, and the list that its focal person looks after."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.audit.operations import Actor
from pledges.core.children import Places
from pledges.core.db import new_id
from pledges.core.errors import N_, DomainError, NotFound
from pledges.imports.sheets import open_sheets
from pledges.institutions import operations
from pledges.institutions.models import Institution
from pledges.institutions.queries import (
    institution_by_focal_link,
    institution_by_join_code,
    matched_of,
    members_of,
)
from pledges.institutions.rules import MOST_MEMBERS, BadLine, lines_of_table, read_lines
from pledges.plans.queries import get_agency, get_province
from pledges.plans.rules import SUBJECT_TYPES
from pledges.signing.answers import AnswerErrors, check_group
from pledges.signing.drafts import save_page, send_draft_link, start_draft
from pledges.signing.rules import Page, new_resume_code
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.fields import EmailField, LongTextField, UploadField, lazy
from pledges.web.i18n import error_text, language, translate
from pledges.web.institution_words import join_address, member_rows, qr_svg
from pledges.web.network import network
from pledges.web.security import soft_csrf
from pledges.web.signer.access import START_TOKEN, hold_draft, tokens
from pledges.web.signer.forms import AnswerForm, DomainForm
from pledges.web.signer.journey import blueprint, page_url

FOCAL = Actor("focal")
LONGEST_LIST = 150_000
LARGEST_FILE = 3_000_000
OPENING_SECONDS = 5
_places = Places(
    lambda: DomainError(N_("Hệ thống đang mở nhiều tệp khác. Hãy đợi một phút rồi gửi lại."), field="file"),
    wait_seconds=5,
)


class JoinForm(AnswerForm):
    email = EmailField(
        lazy("Thư điện tử của bạn"),
        hint=lazy("Địa chỉ của riêng bạn, không dùng chung. Chúng tôi gửi mã xác nhận tới đây."),
    )


class ListForm(PageForm):
    people = LongTextField(
        lazy("Danh sách, mỗi người một dòng"),
        hint=lazy(
            "Họ và tên; khoa, phòng hoặc chức danh; thư điện tử (hai phần sau không bắt buộc). "
            "Có thể chép từ bảng tính rồi dán vào đây."
        ),
        required=False,
        rows=8,
        clean=lambda raw: raw[:LONGEST_LIST],
    )
    file = UploadField(
        lazy("Hoặc chọn tệp danh sách"),
        hint=lazy("Excel, LibreOffice hoặc CSV, có cột “Họ và tên”."),
        accept=".xlsx,.xls,.ods,.csv",
        most_bytes=LARGEST_FILE,
        required=False,
    )


# --- For the people of the institution -----------------------------------------------------------------------------


@blueprint.get("/ky-cam-ket/don-vi/<code>")
def join(code: str) -> ResponseReturnValue:
    return _join_page(_joined(code), JoinForm(formdata=None), new_resume_code(), new_id())


def _joined(code: str) -> Institution:
    found = institution_by_join_code(reader(), code)
    if found is None:
        raise NotFound
    return found


def _join_page(found: Institution, form: JoinForm, resume_code: str, draft_id: uuid.UUID) -> ResponseReturnValue:
    return render_template(
        "signer/join.html",
        form=form,
        institution=found,
        group=translate(SUBJECT_TYPES[found.subject_type].label),
        province=get_province(reader(), found.province_code),
        agency=get_agency(reader(), found.province_code, found.agency_code),
        resume_code=resume_code,
        start=tokens().make(START_TOKEN, f"{draft_id}:{resume_code}"),
    )


@blueprint.post("/ky-cam-ket/don-vi/<code>")
@soft_csrf
def join_post(code: str) -> ResponseReturnValue:
    """Begin a form that knows the province, the group and the workplace already."""
    found = _joined(code)
    form = JoinForm()
    started = (tokens().read(START_TOKEN, request.form.get("start", "")) or "").partition(":")
    if not started[2]:
        return redirect(url_for("signer.join", code=found.join_code))
    draft_id, resume_code = uuid.UUID(started[0]), started[2]
    if not form.validate_on_submit():
        return _join_page(found, form, resume_code, draft_id)
    raw = {"email": form.email.raw, "province": found.province_code, "subject_type": found.subject_type}
    try:
        group = check_group(raw, (found.province_code,))
    except AnswerErrors as errors:
        form.show_errors(errors)
        return _join_page(found, form, resume_code, draft_id)
    settings, vault, at, key, lang, peer = product().settings, product().vault, now(), tokens(), language(), network()

    def begin(db: Any) -> None:
        draft = start_draft(
            db,
            raw,
            email=group.email,
            resume_code=resume_code,
            network=peer,
            language=lang,
            now=at,
            vault=vault,
            draft_id=draft_id,
        )
        if draft.created_at != at or draft.institution_id is not None:
            return
        draft.institution_id = found.id
        save_page(db, draft, Page.WHO, {"workplace": found.name, "location": "local"}, now=at, vault=vault)
        if found.commune_code:
            save_page(db, draft, Page.PLACE, {"commune": found.commune_code}, now=at, vault=vault)
        send_draft_link(db, draft, tokens=key, public_url=settings.public_url, now=at, vault=vault)

    try:
        write(begin)
    except DomainError as error:
        form.refuse(error)
        return _join_page(found, form, resume_code, draft_id)
    hold_draft(draft_id)
    return redirect(page_url(Page.WHO))


# --- For the focal person ------------------------------------------------------------------------------------------


@blueprint.get("/don-vi/<token>")
def focal(token: str) -> ResponseReturnValue:
    return _focal_page(token, _led(token), ListForm(formdata=None))


def _led(token: str) -> Institution:
    return institution_by_focal_link(reader(), token, now())


def _focal_page(
    token: str, found: Institution, form: ListForm, bad: tuple[BadLine, ...] = (), status: int = 200
) -> ResponseReturnValue:
    members = members_of(reader(), found, removed=True)
    listed = [member for member in members if member.removed_at is None]
    matched = matched_of(reader(), found, listed)
    address = join_address(found)
    page = render_template(
        "signer/institution.html",
        institution=found,
        token=token,
        form=form,
        agency=get_agency(reader(), found.province_code, found.agency_code),
        rows=member_rows(listed, matched, staff=False),
        removed=[member for member in members if member.removed_at is not None],
        strangers=[str(pledge.answers.get("name", "")) for pledge in matched.strangers],
        signed=len(matched.signed),
        join_address=address,
        qr=qr_svg(address),
        bad=[(line, error_text(line.refusal)) for line in bad],
    )
    return page, status


@blueprint.post("/don-vi/<token>")
@soft_csrf
def focal_post(token: str) -> ResponseReturnValue:
    """Add people, typed or from a file; what could not be read stays in the form, with the reason beside it."""
    found, form = _led(token), ListForm()
    if not form.validate_on_submit():
        return _focal_page(token, found, form)
    try:
        lines = (form.people.data or "").splitlines()
        if form.file.data is not None:
            lines += _lines_of_file(form.file.data.read())
        people, bad = read_lines(lines)
        if not people and not bad:
            raise DomainError(operations.NOBODY, field="people")
        at = now()
        added = write(
            lambda db: operations.add_members(
                db, db.get_one(Institution, (found.province_code, found.id)), people, actor=FOCAL, now=at
            )
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return _focal_page(token, found, form)
    if added.added:
        flash(_("Đã thêm vào danh sách: %(number)s người.", number=added.added), "success")
    if added.known:
        flash(_("Đã có trong danh sách từ trước: %(number)s người.", number=added.known), "success")
    if bad:
        form = ListForm(formdata=None)
        form.people.data = "\n".join(line.typed for line in bad)
        return _focal_page(token, found, form, tuple(bad))
    return redirect(url_for("signer.focal", token=token), 303)


def _lines_of_file(data: bytes) -> list[str]:
    with _places.one(), open_sheets(data, seconds=OPENING_SECONDS) as book:
        return lines_of_table([row.cells for row in islice(book.rows(), MOST_MEMBERS + 100)])


@blueprint.post("/don-vi/<token>/bo")
@soft_csrf
def focal_remove(token: str) -> ResponseReturnValue:
    return _change(token, operations.remove_member, _("Đã bỏ %(name)s khỏi danh sách. Có thể đưa lại ở cuối trang."))


@blueprint.post("/don-vi/<token>/dua-lai")
@soft_csrf
def focal_take_back(token: str) -> ResponseReturnValue:
    return _change(token, operations.take_back, _("Đã đưa %(name)s trở lại danh sách."))


def _change(token: str, act: Any, notice: str) -> ResponseReturnValue:
    found, form, at = _led(token), DomainForm(), now()
    try:
        member_id = uuid.UUID(request.form.get("member", ""))
    except ValueError:
        raise NotFound from None
    if not form.validate_on_submit():
        flash(_("Phiên làm việc đã được làm mới. Hãy bấm lại."), "warning")
        return redirect(url_for("signer.focal", token=token), 303)
    member = write(
        lambda db: act(db, db.get_one(Institution, (found.province_code, found.id)), member_id, actor=FOCAL, now=at)
    )
    flash(notice % {"name": member.name}, "success")
    return redirect(url_for("signer.focal", token=token), 303)
