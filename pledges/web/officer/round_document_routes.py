"""The agency's documents whose receipt is acknowledged: `/can-bo/dot-van-dong/<quarter>/van-ban`."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import HiddenField

from pledges.accounts.permissions import Action
from pledges.accounts.queries import staff_of
from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_line
from pledges.documents.errors import DocumentDamaged
from pledges.plans.models import ObligationEntry
from pledges.plans.queries import get_clause
from pledges.plans.rules import SUBJECT_TYPES
from pledges.rounds.agency_documents import (
    MOST_BYTES,
    NewDocument,
    acknowledged_entries,
    check_document,
    documents_of,
    get_agency_document,
    upload_document,
)
from pledges.rounds.rules import OVER
from pledges.signing.paper_queries import types_of_entry
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.errors import error_page
from pledges.web.fields import DateField, TextField, UploadField, lazy
from pledges.web.i18n import translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.import_forms import KeptFile
from pledges.web.officer.pdf_upload import LARGEST_REQUEST, keep_pdf, too_large
from pledges.web.officer.round_letter_routes import managed_round, round_words
from pledges.web.security import may, soft_csrf

log = structlog.get_logger()


class DocumentForm(PageForm):
    kept = HiddenField()
    file = UploadField(
        lazy("Tệp văn bản"),
        hint=lazy("Bản PDF đã ký, đóng dấu, tối đa 10 MB. Người nhận tải và đọc đúng tệp này."),
        required=lazy("Hãy chọn tệp PDF của văn bản."),
        accept=".pdf,application/pdf",
        most_bytes=MOST_BYTES,
    )
    number = TextField(
        lazy("Số, ký hiệu"),
        hint=lazy("Như in trên văn bản, ví dụ 1234/SYT-NVY."),
        required=lazy("Hãy ghi số, ký hiệu của văn bản."),
        clean=lambda raw: clean_line(raw, most=60),
        autocomplete="off",
    )
    issued_on = DateField(lazy("Ngày ban hành"), hint=lazy("Như in trên văn bản, ví dụ 05/12/2026."))
    title = TextField(
        lazy("Trích yếu"),
        hint=lazy("Ví dụ: về việc không quảng cáo sai sự thật trong khám bệnh, chữa bệnh."),
        required=False,
        clean=lambda raw: clean_line(raw, most=300),
        autocomplete="off",
    )


def _place(quarter: str) -> tuple[str, str]:
    """Province and agency of the round that this page stands in."""
    of_round = managed_round(quarter)
    return of_round.province_code, of_round.agency_code


def _entry_words(entry: ObligationEntry) -> dict[str, Any]:
    clause = get_clause(reader(), entry.province_code, entry.clause_id) if entry.clause_id else None
    return {
        "entry": entry,
        "groups": "; ".join(translate(each) for each in _labels(entry)),
        "clause": clause.place_in_words if clause is not None else "",
    }


def _labels(entry: ObligationEntry) -> list[str]:
    wanted = set(types_of_entry(reader(), entry))
    return [info.label for code, info in SUBJECT_TYPES.items() if code in wanted]


@blueprint.get("/dot-van-dong/<quarter>/van-ban")
@may(Action.ROUND_MANAGE)
def agency_documents(quarter: str) -> ResponseReturnValue:
    """The entries of the agency that need a document, each with its versions."""
    place = _place(quarter)
    people = {person.id: person.name for person in staff_of(reader(), place[0])}
    rows = [
        _entry_words(entry)
        | {
            "documents": [
                {"document": each, "who": people.get(each.uploaded_by, "")}
                for each in documents_of(reader(), place[0], entry.id)
            ]
        }
        for entry in acknowledged_entries(reader(), *place)
    ]
    return render_template("officer/agency_documents.html", rows=rows, **round_words(managed_round(quarter)))


@blueprint.route("/dot-van-dong/<quarter>/van-ban/<entry_id>", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def agency_document(quarter: str, entry_id: str) -> ResponseReturnValue:
    """Upload the document of one entry, or the one that takes its place."""
    request.max_content_length = LARGEST_REQUEST
    entry = next((each for each in acknowledged_entries(reader(), *_place(quarter)) if each.id == entry_id), None)
    if entry is None:
        raise NotFound
    if managed_round(quarter).state in OVER:
        raise Conflict(N_("Đợt này đã kết thúc. Hãy tải văn bản lên ở trang của đợt đang chạy hoặc đợt sắp tới."))
    try:
        form = DocumentForm()
    except RequestEntityTooLarge:
        form = DocumentForm(formdata=None)
        form.file.errors = [too_large()]
        return _document_page(quarter, entry, form, None, 413)
    kept = keep_pdf(form)
    refused = list(form.file.errors)
    if not form.validate_on_submit() or kept is None:
        form.file.errors = [*form.file.errors, *refused]
        return _document_page(quarter, entry, form, kept)
    try:
        if form.file.data is None:
            # The token may come from another form of the same person, which takes other files.
            check_document(product().storage.get(kept.sha256))
        _upload(entry, form, kept)
    except DomainError as refusal:
        form.refuse(refusal)
        return _document_page(quarter, entry, form, kept, refusal.status)
    flash(_("Đã lưu văn bản số %(number)s.", number=form.number.data), "success")
    return redirect(url_for("officer.agency_documents", quarter=quarter), 303)


def _upload(entry: ObligationEntry, form: DocumentForm, kept: KeptFile) -> None:
    new = NewDocument(
        number=form.number.data,
        issued_on=form.issued_on.data,
        title=form.title.data or "",
        file_sha256=kept.sha256,
        filename=kept.filename,
    )
    staff, at = current_staff(), now()
    write(lambda session: upload_document(session, entry.id, new, staff=staff, now=at))


def _document_page(
    quarter: str, entry: ObligationEntry, form: DocumentForm, kept: KeptFile | None, status: int = 400
) -> ResponseReturnValue:
    page = render_template(
        "officer/agency_document.html",
        form=form,
        kept=kept,
        replaces=bool(documents_of(reader(), entry.province_code, entry.id)),
        **_entry_words(entry),
        **round_words(managed_round(quarter)),
    )
    return page, status if form.problems else 200


@blueprint.get("/dot-van-dong/<quarter>/van-ban/tep/<uuid:document_id>")
@may(Action.ROUND_MANAGE)
def agency_document_file(quarter: str, document_id: uuid.UUID) -> ResponseReturnValue:
    """Any version, also one that was replaced."""
    place = _place(quarter)
    document = get_agency_document(reader(), place[0], document_id)
    if document.entry_id not in {entry.id for entry in acknowledged_entries(reader(), *place)}:
        raise NotFound
    try:
        data = product().storage.get(document.file_sha256)
    except (OSError, DocumentDamaged) as fault:
        log.error("stored file not readable", sha256=document.file_sha256, reason=str(fault))
        return error_page(503, _("Chưa lấy được tệp PDF lúc này. Hãy thử lại sau ít phút."))
    name = f"van-ban-{local_day(document.uploaded_at):%Y%m%d}.pdf"
    # As a download: what somebody else's program has written is not opened under our name.
    return Response(data, mimetype="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})
