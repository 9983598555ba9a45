"""Stored files: what was rendered, sealed and kept for ever."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class DocumentKind(StrEnum):
    SEALED = "sealed"
    COUNTERSIGNED = "countersigned"


class Document(InProvince, Base):
    """One stored PDF; its bytes lie in the storage under their SHA-256."""

    __tablename__ = "document"

    kind: Mapped[DocumentKind] = mapped_column(enum_column(DocumentKind))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    created_at: Mapped[datetime]
    signer_certificate: Mapped[bytes]
    """The certificate that sealed it (DER)."""
    revocation_evidence: Mapped[bytes]
    """The CRLs and OCSP answers used at sealing (DER, as `documents.sealing` packs them): `model.md` 22."""
    trial: Mapped[bool]
    """Sealed with a trial key: THỬ NGHIỆM stands on every page."""
    erased_at: Mapped[datetime | None]
    """When its bytes were erased, as their subject asked: then the storage does not have them any more."""
