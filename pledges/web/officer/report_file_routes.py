"""Files of a report: the draft as DOCX, and the signed PDF that its unit uploads."""

from __future__ import annotations

import io
import uuid

import structlog
from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.accounts.permissions import Action
from pledges.core.errors import DomainError, NotFound
from pledges.documents.errors import DocumentDamaged
from pledges.duties import operations
from pledges.duties.models import Report
from pledges.duties.report_content import content_of
from pledges.duties.report_docx import write_docx
from pledges.rounds.agency_documents import check_document
from pledges.web.current import now, product, reader
from pledges.web.errors import error_page
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_pages import Words
from pledges.web.officer.pdf_upload import LARGEST_REQUEST, keep_pdf, too_large
from pledges.web.officer.report_forms import SignedFileForm
from pledges.web.officer.report_reach import report_for
from pledges.web.officer.report_steps import ADDRESS, Owned, attempt_step, step_page, without_draft
from pledges.web.security import may, soft_csrf

log = structlog.get_logger()

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@blueprint.get("/bao-cao/<uuid:report_id>.docx")
@may(Action.REPORT_VIEW)
def report_docx(report_id: uuid.UUID) -> ResponseReturnValue:
    """The draft to be edited, signed and uploaded again; of what was sent the same figures as they were."""
    report = report_for(report_id)
    file = io.BytesIO()
    write_docx(content_of(reader(), report, now()), file, product().settings.pdf_fonts)
    return Response(file.getvalue(), headers=_headers(DOCX, report, "docx"))


@blueprint.get("/bao-cao/<uuid:report_id>.pdf")
@may(Action.REPORT_VIEW)
def report_pdf(report_id: uuid.UUID) -> ResponseReturnValue:
    report = report_for(report_id)
    if not report.file_sha256:
        raise NotFound
    try:
        data = product().storage.get(report.file_sha256)
    except (OSError, DocumentDamaged) as fault:
        log.error("stored file not readable", sha256=report.file_sha256, reason=str(fault))
        return error_page(503, _("Chưa lấy được tệp PDF lúc này. Hãy thử lại sau ít phút."))
    return Response(data, headers=_headers("application/pdf", report, "pdf"))


def _headers(kind: str, report: Report, ending: str) -> dict[str, str]:
    # As a download: what somebody else's program has written is not opened under our name.
    name = f"bao-cao-{report.unit_code}-{report.period}-ban-{report.version}.{ending}"
    return {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }


@blueprint.route(f"{ADDRESS}/tep-da-ky", methods=["GET", "POST"])
@may(Action.REPORT_WRITE)
@soft_csrf
def report_signed_file(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    """Upload the signed report with its number and day, or another one in its place."""
    request.max_content_length = LARGEST_REQUEST
    own = Owned.of(duty_id, period, unit_code)
    draft = own.draft
    if draft is None:
        return without_draft(own.due)
    words = Words(
        _("Tải lên báo cáo đã ký"),
        _("Lưu tệp đã ký"),
        lead=_("Số và ngày ghi ở đây phải đúng như in trên báo cáo. Nơi nhận tải và đọc đúng tệp này."),
        done=_("Đã lưu tệp đã ký. Hãy xem lại rồi gửi."),
    )
    given = {"seen": draft.revision, "number": draft.document_number, "day": draft.document_date}
    try:
        form = SignedFileForm(data=given)
    except RequestEntityTooLarge:
        form = SignedFileForm(formdata=None, data=given)
        form.file.errors = [too_large()]
        return step_page(own.due, form, words, status=413, upload=True)
    kept = keep_pdf(form)
    refused = list(form.file.errors)
    if not form.validate_on_submit() or kept is None:
        form.file.errors = [*form.file.errors, *refused]
        status = 400 if request.method == "POST" else 200
        return step_page(own.due, form, words, status=status, upload=True, kept=kept)
    if form.file.data is None:
        try:
            # The token may come from another form of the same person, which takes other files.
            check_document(product().storage.get(kept.sha256))
        except DomainError as refusal:
            form.refuse(refusal)
            return step_page(own.due, form, words, status=refusal.status, upload=True, kept=kept)
    file = {"sha256": kept.sha256, "filename": kept.filename, "number": form.number.data, "day": form.day.data}
    key, staff, at = (draft.province_code, draft.id), current_staff(), now()
    return attempt_step(
        own.due,
        form,
        words,
        lambda session: operations.attach_file(session, key, **file, staff=staff, seen=form.seen.data, now=at),
        upload=True,
        kept=kept,
    )
