"""Named selections of documents."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.documents.models import Document


def get_document(session: Session, province_code: str, document_id: uuid.UUID) -> Document | None:
    return session.get(Document, (province_code, document_id))


def documents_with_hash(session: Session, sha256: str) -> list[Document]:
    """All documents whose bytes have this hash: two provinces may in theory store equal bytes."""
    return list(session.scalars(select(Document).where(Document.sha256 == sha256).order_by(Document.created_at)))
