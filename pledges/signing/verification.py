"""What anybody may learn about a pledge: by the code of its QR, or by the bytes of a file. The page, the public
address for programs, the officer's page and the command all answer with the verdict that is made here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.documents.errors import DocumentDamaged
from pledges.documents.models import Document, DocumentKind
from pledges.documents.queries import documents_with_hash, get_document
from pledges.documents.storage import Storage
from pledges.documents.validation import MOST_BYTES
from pledges.documents.verification import ExpectedSignature, FoundSignature, verify_stored
from pledges.documents.verification_upload import Inspection, inspect_upload, printed_codes
from pledges.plans.decisions import NAMED_APPROVER
from pledges.signing.models import EarlierVersion, Pledge, PledgeState
from pledges.signing.public_pledges import PublicPledge, public_pledge
from pledges.signing.rules import plain_code
from pledges.signing.sound_files import CheckedFile, SoundFiles
from pledges.signing.verification_sentences import (
    ADDED,
    BEFORE_APPROVAL,
    BROKEN,
    NO_SEAL,
    REASONS,
    Finding,
    Sentence,
    correction_sentence,
    doubt_sentence,
    standing_sentence,
)

LONGEST_CODE = 40
SOUND_FILES = SoundFiles()

log = structlog.get_logger()


class Earlier(StrEnum):
    """Why a file of ours is not the newest of its pledge."""

    BEFORE_APPROVAL = "before_approval"
    BEFORE_CORRECTION = "before_correction"


@dataclass(frozen=True)
class Verdict:
    finding: Finding
    said: Sentence
    """What was found out about the file or the code."""
    pledge: PublicPledge | None = None
    signatures: tuple[FoundSignature, ...] = ()
    sha256: str = ""
    """Of the file that was judged."""
    size: int = 0
    trial: bool = False
    code: str = ""
    """The code of the real pledge that an altered file carries."""
    earlier: Earlier | None = None
    layered: bool = True
    """Of strange bytes: not certain to look the same in every program."""

    @property
    def authentic(self) -> bool:
        return self.finding in {Finding.AUTHENTIC, Finding.EARLIER}

    @property
    def state(self) -> PledgeState | None:
        return self.pledge.state if self.pledge is not None else None

    @property
    def public_state(self) -> PledgeState | None:
        return self.pledge.public_state if self.pledge is not None else None

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The file first, then what the pledge is worth today. Of a damaged copy nothing more is said."""
        if self.pledge is None or self.finding is Finding.DAMAGED:
            return (self.said,)
        doubt = (doubt_sentence(self.pledge),) if self.pledge.owner_in_doubt else ()
        return (self.said, standing_sentence(self.pledge), *doubt)

    @property
    def reason(self) -> str:
        return " ".join(str(sentence) for sentence in self.sentences)


TOO_LARGE = Verdict(Finding.TOO_LARGE, Sentence(REASONS[Finding.TOO_LARGE]))


@dataclass(frozen=True)
class Kept:
    """A file that we stored and the pledge it belongs to; `earlier` names the version before a correction."""

    pledge: Pledge
    document: Document
    earlier: EarlierVersion | None = None


def verify_code(session: Session, storage: Storage, typed: str) -> Verdict:
    """The verdict on a code as people type it; malformed and unknown codes take the same way to the same answer."""
    pledge = pledge_by_code(session, plain_code(typed)[:LONGEST_CODE])
    return verify_pledge(session, storage, pledge) if pledge is not None else _plain(Finding.UNKNOWN_CODE)


def verify_pledge(session: Session, storage: Storage, pledge: Pledge) -> Verdict:
    """The verdict on the newest file of a pledge, with its state as it is now."""
    document = _current_document(session, pledge)
    if document is None:
        return _plain(Finding.NOT_SEALED_YET, public_pledge(session, pledge))
    try:
        data = storage.get(document.sha256)
    except DocumentDamaged as damage:
        log.error("stored document damaged", sha256=document.sha256, reason=str(damage))
        return _plain(Finding.DAMAGED, public_pledge(session, pledge))
    return _stored_verdict(session, Kept(pledge, document), data)


def verify_file(database: Database, storage: Storage, data: bytes) -> Verdict:
    """The verdict on the bytes of a file. Only bytes that we stored are ever authentic.

    What is not ours is looked into by a capped child process, between the two short readings of the database.
    """
    if len(data) > MOST_BYTES:
        return TOO_LARGE
    with database.read() as session:
        kept = _kept_file(session, storage, data)
        if kept is not None:
            return _stored_verdict(session, kept, data)
    inspection = inspect_upload(data)
    with database.read() as session:
        return _verdict_on_strange_bytes(session, storage, data, inspection)


# --- Our own bytes -------------------------------------------------------------------------------------------------


def _stored_verdict(session: Session, kept: Kept, data: bytes) -> Verdict:
    """Our own bytes: their signatures are validated with what was recorded when they were stored."""
    document = kept.document
    checked = _checked(session, document, data)
    pledge = public_pledge(session, kept.pledge, kept.earlier)
    finding, earlier = Finding.AUTHENTIC, None
    if not checked.verdict.sound:
        log.error("stored document does not validate", sha256=document.sha256, reason=checked.verdict.reason)
        finding = Finding.DAMAGED
    elif document.id != kept.pledge.document_id:
        finding = Finding.EARLIER
        earlier = Earlier.BEFORE_CORRECTION if kept.earlier is not None else Earlier.BEFORE_APPROVAL
    return Verdict(
        finding=finding,
        said=_said(finding, kept.earlier),
        pledge=pledge,
        signatures=tuple(_named_for_what_it_is(each, pledge) for each in checked.verdict.signatures),
        sha256=document.sha256,
        size=document.size,
        trial=checked.trial,
        earlier=earlier,
    )


def _said(finding: Finding, earlier: EarlierVersion | None) -> Sentence:
    if finding is not Finding.EARLIER:
        return Sentence(REASONS[finding])
    return correction_sentence(local_day(earlier.replaced_at)) if earlier is not None else Sentence(BEFORE_APPROVAL)


def _named_for_what_it_is(signature: FoundSignature, pledge: PublicPledge) -> FoundSignature:
    """The system's seal that names who approved is no signature of the agency, wherever in the file it stands."""
    if signature.kind == "agency_signature" and pledge.received_by == NAMED_APPROVER:
        return replace(signature, kind=NAMED_APPROVER)
    return signature


def _checked(session: Session, document: Document, data: bytes) -> CheckedFile:
    return SOUND_FILES.checked(document, lambda: _check(session, document, data))


def _check(session: Session, document: Document, data: bytes) -> CheckedFile:
    """The signatures of bytes of ours, each with what was recorded for the file that it ends."""
    parts = [document]

    def expected(sha256: str) -> ExpectedSignature | None:
        for part in documents_with_hash(session, sha256):
            parts.append(part)
            return ExpectedSignature(part.kind, part.signer_certificate, part.revocation_evidence, part.created_at)
        return None

    verdict = verify_stored(data, expected)
    return CheckedFile(verdict, any(part.trial for part in parts), tuple({part.size for part in parts}))


# --- Strange bytes -------------------------------------------------------------------------------------------------


def _verdict_on_strange_bytes(session: Session, storage: Storage, data: bytes, seen: Inspection) -> Verdict:
    """A file that carries a code of ours is an altered one; every other is not ours."""
    sha256 = hashlib.sha256(data).hexdigest()

    def verdict(finding: Finding, reason: str = "", code: str = "") -> Verdict:
        said = Sentence(reason or REASONS[finding])
        return Verdict(
            finding,
            said,
            signatures=seen.signatures,
            sha256=sha256,
            size=len(data),
            code=code,
            layered=seen.layered,
        )

    if not seen.is_pdf:
        return verdict(Finding.NOT_PDF)
    for code in seen.codes:
        pledge = pledge_by_code(session, code)
        if pledge is not None:
            return verdict(Finding.ALTERED, _how_altered(session, storage, pledge, data, seen), code)
    if seen.encrypted:
        return verdict(Finding.ENCRYPTED)
    return verdict(Finding.NOT_OURS if seen.readable else Finding.UNREADABLE)


def _how_altered(session: Session, storage: Storage, pledge: Pledge, data: bytes, seen: Inspection) -> str:
    if any(data.startswith(issued) for issued, _earlier in issued_files(session, storage, pledge)):
        return ADDED
    return BROKEN if seen.signatures and not seen.intact else NO_SEAL


def issued_files(session: Session, storage: Storage, pledge: Pledge) -> Iterator[tuple[bytes, Earlier | None]]:
    """Every file that was ever given out for a pledge, the newest first, as far as its copy is sound."""
    versions = reversed(_earlier_versions(session, pledge))
    for document_id in [pledge.document_id, *(version.document_id for version in versions)]:
        document = get_document(session, pledge.province_code, document_id) if document_id is not None else None
        if document is None:
            continue
        try:
            whole = storage.get(document.sha256)
        except DocumentDamaged:
            continue
        newest = document_id == pledge.document_id
        for end in sorted(_checked(session, document, whole).ends, reverse=True):
            current = None if end == len(whole) else Earlier.BEFORE_APPROVAL
            yield whole[:end], current if newest else Earlier.BEFORE_CORRECTION


def _plain(finding: Finding, pledge: PublicPledge | None = None) -> Verdict:
    return Verdict(finding, Sentence(REASONS[finding]), pledge)


# --- Pledge and document -------------------------------------------------------------------------------------------


def pledge_by_code(session: Session, code: str) -> Pledge | None:
    return session.scalar(select(Pledge).where(Pledge.verification_code == code))


def _current_document(session: Session, pledge: Pledge) -> Document | None:
    return get_document(session, pledge.province_code, pledge.document_id) if pledge.document_id is not None else None


def _earlier_versions(session: Session, pledge: Pledge) -> list[EarlierVersion]:
    return list(
        session.scalars(
            select(EarlierVersion)
            .where(EarlierVersion.province_code == pledge.province_code, EarlierVersion.pledge_id == pledge.id)
            .order_by(EarlierVersion.version)
        )
    )


def _kept_file(session: Session, storage: Storage, data: bytes) -> Kept | None:
    """The pledge of bytes that we stored; None for bytes that are not ours.

    The code that the file carries only leads to the pledge, by an index; that the file belongs to it is told by rows.
    """
    for document in documents_with_hash(session, hashlib.sha256(data).hexdigest()):
        for code in printed_codes(data):
            pledge = pledge_by_code(session, code)
            kept = _kept_as(session, storage, pledge, document, data) if pledge is not None else None
            if kept is not None:
                return kept
        named = _named_by(session, document)
        if named is not None:
            return Kept(named, document)
    return None


def _named_by(session: Session, document: Document) -> Pledge | None:
    return session.scalar(
        select(Pledge).where(Pledge.province_code == document.province_code, Pledge.document_id == document.id)
    )


def _kept_as(session: Session, storage: Storage, pledge: Pledge, document: Document, data: bytes) -> Kept | None:
    """As what the file belongs to this pledge: newest, before a correction, or the sealed one under an approval."""
    if pledge.province_code != document.province_code:
        return None
    if pledge.document_id == document.id:
        return Kept(pledge, document)
    for version in _earlier_versions(session, pledge):
        if version.document_id == document.id:
            return Kept(pledge, document, version)
    current = _current_document(session, pledge)
    if current is None or (document.kind, current.kind) != (DocumentKind.SEALED, DocumentKind.COUNTERSIGNED):
        return None
    try:
        begins = storage.get(current.sha256).startswith(data)
    except DocumentDamaged:
        # No row names the sealed file of an approved pledge: where our copy is lost, its code alone has to do.
        begins = _named_by(session, document) is None
    return Kept(pledge, document) if begins else None
