"""What anybody may learn about a pledge: by the code of its QR, or by the bytes of a file. The page, the public
address for programs and the command all answer with the verdict that is made here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import N_
from pledges.core.identity import fold
from pledges.documents.errors import DocumentDamaged
from pledges.documents.models import Document
from pledges.documents.queries import documents_with_hash, get_document
from pledges.documents.storage import Storage
from pledges.documents.validation import MOST_BYTES
from pledges.documents.verification import ExpectedSignature, FoundSignature, verify_stored
from pledges.documents.verification_upload import Inspection, inspect_upload, printed_codes
from pledges.plans.queries import get_agency, get_commune, get_province
from pledges.registry.models import EntityKind
from pledges.signing.models import Pledge, PledgeState, SignatureKind
from pledges.signing.queries import channels_of, signatures_of
from pledges.signing.rules import OPEN_STATES, plain_code

LONGEST_CODE = 40

ENTERPRISE_WORDS = ("cong ty", "tong cong ty", "tap doan", "doanh nghiep", "hop tac xa", "lien hiep hop tac xa")
"""How the names of enterprises begin. The tax code of a household business is its owner's, and is never shown."""

log = structlog.get_logger()


class Finding(StrEnum):
    AUTHENTIC = "authentic"
    EARLIER = "earlier_version"
    """Sealed by us, and a newer file of the same pledge exists."""
    NOT_SEALED_YET = "not_sealed_yet"
    ALTERED = "altered"
    NOT_OURS = "not_ours"
    NOT_PDF = "not_pdf"
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    UNKNOWN_CODE = "unknown_code"
    DAMAGED = "damaged"
    """Our own copy does not pass its checks: an operator has to look."""


@dataclass(frozen=True)
class PublicPledge:
    """What may be public of a pledge (`model.md` 24); names only where the signer agreed to it."""

    code: str
    province_name: str
    agency_name: str
    subject_types: tuple[str, ...]
    signed_on: date
    state: PledgeState
    confirmations: tuple[SignatureKind, ...]
    wording_approved: bool
    template_hash: str
    published: bool
    name: str | None = None
    commune: str | None = None
    channels: tuple[str, ...] = ()
    tax_code: str | None = None
    rendered_hash: str | None = None


@dataclass(frozen=True)
class Verdict:
    finding: Finding
    reason: str
    """Vietnamese, one sentence, marked for the catalogue."""
    pledge: PublicPledge | None = None
    signatures: tuple[FoundSignature, ...] = ()
    sha256: str = ""
    """Of the file that was judged."""
    size: int = 0
    trial: bool = False
    code: str = ""
    """The code of the real pledge that an altered file carries."""

    @property
    def authentic(self) -> bool:
        return self.finding in {Finding.AUTHENTIC, Finding.EARLIER}

    @property
    def state(self) -> PledgeState | None:
        return self.pledge.state if self.pledge is not None else None

    @property
    def public_state(self) -> PledgeState | None:
        """What outsiders are told: how far the agency's work has come before its decision is no business of theirs."""
        return PledgeState.SUBMITTED if self.state in OPEN_STATES else self.state


REASONS = {
    Finding.AUTHENTIC: N_("Tệp đúng là bản do hệ thống phát hành và lưu giữ; các chữ ký trong tệp đều hợp lệ."),
    Finding.EARLIER: N_("Tệp đúng là bản do hệ thống phát hành trước đây; nay đã có bản mới hơn của cùng cam kết."),
    Finding.NOT_SEALED_YET: N_("Bản cam kết đã được ký; tệp PDF đang chờ hệ thống niêm phong."),
    Finding.NOT_OURS: N_("Tệp này không phải do hệ thống phát hành."),
    Finding.NOT_PDF: N_("Tệp này không phải là tệp PDF."),
    Finding.ENCRYPTED: N_("Tệp này có mật khẩu; bản do hệ thống phát hành không bao giờ có mật khẩu."),
    Finding.UNREADABLE: N_("Không đọc được tệp này như một tệp PDF bình thường."),
    Finding.TOO_LARGE: N_("Tệp lớn hơn 10 MB; bản do hệ thống phát hành nhỏ hơn nhiều."),
    Finding.UNKNOWN_CODE: N_("Không có bản cam kết nào mang mã này."),
    Finding.DAMAGED: N_("Bản lưu của hệ thống đang cần được kiểm tra lại; chưa thể xác nhận lúc này."),
}
ADDED = N_("Tệp bắt đầu giống bản do hệ thống phát hành, nhưng sau đó đã bị thêm nội dung khác.")
BROKEN = N_("Nội dung tệp không còn khớp với niêm phong của hệ thống: tệp đã bị sửa sau khi phát hành.")
NO_SEAL = N_("Tệp mang mã của một bản cam kết có thật, nhưng không giống bản mà hệ thống đã phát hành.")


def verify_code(session: Session, storage: Storage, typed: str) -> Verdict:
    """The verdict on a code as people type it; malformed and unknown codes take the same way to the same answer."""
    pledge = _pledge_by_code(session, plain_code(typed)[:LONGEST_CODE])
    if pledge is None:
        return _plain(Finding.UNKNOWN_CODE)
    document = _current_document(session, pledge)
    if document is None:
        return _plain(Finding.NOT_SEALED_YET, _public(session, pledge))
    try:
        data = storage.get(document.sha256)
    except DocumentDamaged as damage:
        log.error("stored document damaged", sha256=document.sha256, reason=str(damage))
        return _plain(Finding.DAMAGED, _public(session, pledge))
    return _stored_verdict(session, pledge, document, data)


def verify_file(database: Database, storage: Storage, data: bytes) -> Verdict:
    """The verdict on the bytes of a file. Only bytes that we stored are ever authentic.

    What is not ours is looked into by a capped child process, between the two short readings of the database.
    """
    if len(data) > MOST_BYTES:
        return _plain(Finding.TOO_LARGE)
    with database.read() as session:
        stored = _verdict_on_stored_bytes(session, data)
    if stored is not None:
        return stored
    inspection = inspect_upload(data)
    with database.read() as session:
        return _verdict_on_strange_bytes(session, storage, data, inspection)


def _verdict_on_stored_bytes(session: Session, data: bytes) -> Verdict | None:
    for document in documents_with_hash(session, hashlib.sha256(data).hexdigest()):
        pledge = _pledge_of(session, document, data)
        if pledge is not None:
            return _stored_verdict(session, pledge, document, data)
    return None


def _stored_verdict(session: Session, pledge: Pledge, document: Document, data: bytes) -> Verdict:
    """Our own bytes: their signatures are validated with what was recorded when they were stored."""
    checked = verify_stored(data, lambda sha256: _expected(session, sha256))
    finding = Finding.AUTHENTIC if document.id == pledge.document_id else Finding.EARLIER
    if not checked.sound:
        log.error("stored document does not validate", sha256=document.sha256, reason=checked.reason)
        finding = Finding.DAMAGED
    return Verdict(
        finding=finding,
        reason=REASONS[finding],
        pledge=_public(session, pledge),
        signatures=checked.signatures,
        sha256=document.sha256,
        size=document.size,
        trial=document.trial,
    )


def _expected(session: Session, sha256: str) -> ExpectedSignature | None:
    for document in documents_with_hash(session, sha256):
        return ExpectedSignature(
            document.kind, document.signer_certificate, document.revocation_evidence, document.created_at
        )
    return None


def _verdict_on_strange_bytes(session: Session, storage: Storage, data: bytes, seen: Inspection) -> Verdict:
    """A file that carries a code of ours is an altered one; every other is not ours."""
    sha256 = hashlib.sha256(data).hexdigest()

    def verdict(finding: Finding, reason: str = "", code: str = "") -> Verdict:
        return Verdict(
            finding, reason or REASONS[finding], signatures=seen.signatures, sha256=sha256, size=len(data), code=code
        )

    if not seen.is_pdf:
        return verdict(Finding.NOT_PDF)
    for code in seen.codes:
        pledge = _pledge_by_code(session, code)
        if pledge is not None:
            return verdict(Finding.ALTERED, _how_altered(session, storage, pledge, data, seen), code)
    if seen.encrypted:
        return verdict(Finding.ENCRYPTED)
    return verdict(Finding.NOT_OURS if seen.readable else Finding.UNREADABLE)


def _how_altered(session: Session, storage: Storage, pledge: Pledge, data: bytes, seen: Inspection) -> str:
    document = _current_document(session, pledge)
    try:
        if document is not None and data.startswith(storage.get(document.sha256)):
            return ADDED
    except DocumentDamaged:
        pass
    return BROKEN if seen.signatures and not seen.intact else NO_SEAL


def _plain(finding: Finding, pledge: PublicPledge | None = None) -> Verdict:
    return Verdict(finding, REASONS[finding], pledge)


# --- Pledge and document -------------------------------------------------------------------------------------------


def _pledge_by_code(session: Session, code: str) -> Pledge | None:
    return session.scalar(select(Pledge).where(Pledge.verification_code == code))


def _current_document(session: Session, pledge: Pledge) -> Document | None:
    """The newest file of a pledge; earlier ones are recognised by the code that they carry."""
    return get_document(session, pledge.province_code, pledge.document_id) if pledge.document_id is not None else None


def _pledge_of(session: Session, document: Document, data: bytes) -> Pledge | None:
    """The pledge of a file that we stored: the one that names it, or whose code stands in it."""
    named = session.scalar(
        select(Pledge).where(Pledge.province_code == document.province_code, Pledge.document_id == document.id)
    )
    if named is not None:
        return named
    carried = (_pledge_by_code(session, code) for code in printed_codes(data))
    return next((pledge for pledge in carried if pledge and pledge.province_code == document.province_code), None)


# --- What may be public --------------------------------------------------------------------------------------------


def _public(session: Session, pledge: Pledge) -> PublicPledge:
    """A pledge that was withdrawn is shown without names, whatever was agreed to before."""
    published = pledge.publish and pledge.state is not PledgeState.WITHDRAWN
    named = _named(session, pledge) if published else {}
    return PublicPledge(
        code=pledge.verification_code,
        province_name=get_province(session, pledge.province_code).name,
        agency_name=get_agency(session, pledge.province_code, pledge.agency_code).name,
        subject_types=tuple(pledge.subject_types),
        signed_on=local_day(pledge.signed_at),
        state=pledge.state,
        confirmations=tuple(each.kind for each in signatures_of(session, pledge)),
        wording_approved=pledge.wording_approved,
        template_hash=pledge.template_hash,
        published=published,
        **named,
    )


def _named(session: Session, pledge: Pledge) -> dict[str, Any]:
    answers = pledge.answers
    commune = get_commune(session, pledge.province_code, answers["commune"]) if answers.get("commune") else None
    return {
        "name": answers.get("name"),
        "commune": commune.name if commune is not None else None,
        "channels": tuple(channel.address for channel in channels_of(session, pledge)),
        "tax_code": answers.get("tax_code") if _is_enterprise(pledge) else None,
        "rendered_hash": pledge.rendered_hash,
    }


def _is_enterprise(pledge: Pledge) -> bool:
    organisation = pledge.answers.get("kind") == EntityKind.ORGANISATION
    return organisation and fold(str(pledge.answers.get("name", ""))).startswith(ENTERPRISE_WORDS)
