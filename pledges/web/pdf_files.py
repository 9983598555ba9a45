"""Stored PDFs as answers: to their signer as a download, to the office inside the browser."""

from __future__ import annotations

import uuid

import structlog
from flask import Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.core.errors import NotFound
from pledges.documents.errors import DocumentDamaged
from pledges.documents.queries import get_document
from pledges.signing.models import Pledge
from pledges.web.current import product, reader
from pledges.web.errors import error_page

log = structlog.get_logger()


def pdf_answer(
    pledge: Pledge, document_id: uuid.UUID | None, name: str, *, inline: bool = False
) -> ResponseReturnValue:
    """One file of a pledge; while the storage cannot give it out, a page that says so."""
    document = get_document(reader(), pledge.province_code, document_id) if document_id is not None else None
    if document is None:
        raise NotFound
    if document.erased_at is not None:
        return error_page(410, _("Tệp này đã được xóa theo yêu cầu của người ký."))
    try:
        data = product().storage.get(document.sha256)
    except (OSError, DocumentDamaged) as fault:
        log.error("stored file not readable", sha256=document.sha256, reason=str(fault))
        return error_page(
            503, _("Chưa lấy được tệp PDF lúc này. Bản cam kết vẫn được ghi nhận; hãy thử lại sau ít phút.")
        )
    shown = "inline" if inline else "attachment"
    return Response(
        data, mimetype="application/pdf", headers={"Content-Disposition": f'{shown}; filename="{name}.pdf"'}
    )
