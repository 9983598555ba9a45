"""Whether a file that we stored still proves what it says: every signature in it, with the evidence kept beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator.errors import ValidationError

from pledges.core.errors import N_
from pledges.documents.evidence import SealEvidence
from pledges.documents.models import DocumentKind
from pledges.documents.signatures import SEAL_FIELD
from pledges.documents.validation import SealVerdict, judge_signature, too_complex


@dataclass(frozen=True)
class ExpectedSignature:
    """What was recorded when a file was stored: by which certificate its last signature was made, and the proof."""

    kind: DocumentKind
    certificate: bytes
    """DER."""
    evidence: bytes
    recorded_at: datetime


Expectation = Callable[[str], ExpectedSignature | None]
"""From the SHA-256 of a file that we stored to what was recorded with it; None for every other file."""


@dataclass(frozen=True)
class FoundSignature:
    """One signature in a file. `confirmed`: valid, and made by the certificate that we recorded."""

    field: str
    kind: str
    """`system_seal`, `agency_signature`, or `unknown` for what others put into a file."""
    who: str
    when: datetime | None
    covers: str
    """`whole_file`; `earlier_revision` when signatures follow; `unclear` when its range was tampered with."""
    confirmed: bool


@dataclass(frozen=True)
class StoredVerdict:
    sound: bool
    reason: str
    """Vietnamese, why not; empty when sound."""
    signatures: tuple[FoundSignature, ...] = ()


def verify_stored(data: bytes, expected: Expectation) -> StoredVerdict:
    """Judge bytes that are known to be ours (their SHA-256 is recorded); never call it with anything else.

    Each signature must end a revision that we stored as a file of its own, be made with the certificate recorded for
    that file, and be valid at its time with the recorded evidence; the last one must cover the whole file.
    """
    try:
        return _verify(data, expected)
    except (PdfError, SigningError, SignatureValidationError, ValidationError, ValueError, TypeError, KeyError):
        return StoredVerdict(False, N_("Không đọc được các chữ ký trong bản lưu."))
    except (RecursionError, MemoryError):
        return StoredVerdict(False, N_("Bản lưu phức tạp hơn mọi tệp do hệ thống phát hành."))


def _verify(data: bytes, expected: Expectation) -> StoredVerdict:
    if too_complex(data):
        return StoredVerdict(False, N_("Bản lưu phức tạp hơn mọi tệp do hệ thống phát hành."))
    signatures = list(PdfFileReader(BytesIO(data)).embedded_regular_signatures)
    if not signatures or signatures[0].field_name != SEAL_FIELD:
        return StoredVerdict(False, N_("Bản lưu không có niêm phong của hệ thống."))
    found, reason = [], ""
    for signature in signatures:
        one, verdict = _verify_one(signature, data, expected)
        found.append(one)
        reason = reason or verdict.reason
    if not reason and found[-1].covers != "whole_file":
        reason = N_("Sau chữ ký cuối cùng, bản lưu còn có phần không được chữ ký nào bảo vệ.")
    return StoredVerdict(not reason, reason, tuple(found))


def _verify_one(
    signature: EmbeddedPdfSignature, data: bytes, expected: Expectation
) -> tuple[FoundSignature, SealVerdict]:
    end = _end_of_range(signature)
    known = expected(hashlib.sha256(data[:end]).hexdigest())
    kinds = {DocumentKind.SEALED: "system_seal", DocumentKind.COUNTERSIGNED: "agency_signature"}
    if known is None or (known.kind is DocumentKind.SEALED) != (signature.field_name == SEAL_FIELD):
        verdict = SealVerdict(False, N_("Bản lưu có một chữ ký không được ghi nhận."))
    elif signature.signer_cert.dump() != known.certificate:
        verdict = SealVerdict(False, N_("Chữ ký trong bản lưu dùng chứng thư khác với chứng thư đã ghi nhận."))
    else:
        # The time in the signature is our own clock's, and these are the bytes that we stored. Recording may have come
        # later, after a crash, when the evidence had already gone stale.
        claimed = signature.self_reported_timestamp
        moment = min(claimed, known.recorded_at) if claimed is not None else known.recorded_at
        verdict = judge_signature(signature, SealEvidence.unpack(known.evidence), moment)
    return (
        FoundSignature(
            field=signature.field_name,
            kind=kinds[known.kind] if known is not None else "unknown",
            who=_common_name(signature),
            when=signature.self_reported_timestamp,
            covers="whole_file" if end == len(data) else "earlier_revision",
            confirmed=verdict.authentic,
        ),
        verdict,
    )


def _end_of_range(signature: EmbeddedPdfSignature) -> int:
    """Where the signed bytes end; what lies between the two parts is checked by `judge_signature`."""
    return int(signature.byte_range[2]) + int(signature.byte_range[3])


def _common_name(signature: EmbeddedPdfSignature) -> str:
    names = signature.signer_cert.subject.native
    name = names.get("common_name") or signature.signer_cert.subject.human_friendly
    return str(name)[:200]
