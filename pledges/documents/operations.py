"""From a paper to a sealed, stored document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.core.crashpoints import crash_point
from pledges.documents.models import Document, DocumentKind
from pledges.documents.paper import PledgePaper
from pledges.documents.rendering import render_pledge
from pledges.documents.sealing import SealedPdf, Sealer
from pledges.documents.storage import Storage


def seal_paper(paper: PledgePaper, sealer: Sealer, now: datetime, pictures: Sequence[bytes] = ()) -> SealedPdf:
    """Render and seal with one and the same checked key, so that THỬ NGHIỆM stands on what a trial key seals.

    Raises `SealUnavailable` before any work is done.
    """
    seal = sealer.check(now)
    crash_point("seal.before_render")
    pdf = render_pledge(paper, trial=seal.trial, faces=seal.faces, pictures=pictures)
    crash_point("seal.after_render")
    sealed = seal.seal(pdf, now)
    crash_point("seal.after_seal")
    return sealed


def store_document(
    session: Session, storage: Storage, sealed: SealedPdf, kind: DocumentKind, province_code: str, now: datetime
) -> Document:
    """Keep the bytes and note the document. Call `storage.put` before the transaction to keep it short."""
    document = Document(
        province_code=province_code,
        kind=kind,
        sha256=storage.put(sealed.data),
        size=len(sealed.data),
        created_at=now,
        signer_certificate=sealed.certificate,
        revocation_evidence=sealed.evidence,
        trial=sealed.trial,
    )
    session.add(document)
    return document
