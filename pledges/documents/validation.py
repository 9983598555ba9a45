"""Whether a stored file still bears our seal, judged at the time it was recorded and with the evidence of that time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator.errors import ValidationError

from pledges.core.errors import N_
from pledges.documents.evidence import SealEvidence
from pledges.documents.signatures import SEAL_FIELD
from pledges.documents.trust import offline_context

# Files made to keep a parser busy for minutes break these bounds; ours are far below.
MOST_BYTES = 10 * 1024 * 1024
MOST_REVISIONS = 20
LONGEST_LINE = 1024 * 1024
MOST_FIELDS = 100

KEY_USAGE = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)


@dataclass(frozen=True)
class SealVerdict:
    """`authentic`: sealed by the expected certificate, good at that time, and changed by nothing but signatures."""

    authentic: bool
    reason: str
    """Vietnamese, why not; empty when authentic."""
    sealed_at: datetime | None = None
    whole_file: bool = False
    """Nothing at all was added after the seal."""


def validate_sealed(data: bytes, certificate: bytes, evidence: bytes, at: datetime) -> SealVerdict:
    """Judge `data` by the stored certificate (DER) and packed evidence, as of `at`; asks nobody else."""
    if too_complex(data):
        return SealVerdict(False, N_("Tệp lớn hơn hoặc phức tạp hơn mọi tệp do hệ thống phát hành."))
    try:
        seal = _find_seal(data)
        if seal is None:
            return SealVerdict(False, N_("Tệp không có niêm phong của hệ thống."))
        if seal.signer_cert.dump() != certificate:
            return SealVerdict(False, N_("Niêm phong trong tệp dùng chứng thư khác với chứng thư đã ghi nhận."))
        return judge_signature(seal, SealEvidence.unpack(evidence), at)
    except (PdfError, SigningError, SignatureValidationError, ValidationError, ValueError, TypeError, KeyError):
        return SealVerdict(False, N_("Không đọc được tệp này như một bản PDF có niêm phong."))
    except (RecursionError, MemoryError):
        return SealVerdict(False, N_("Tệp lớn hơn hoặc phức tạp hơn mọi tệp do hệ thống phát hành."))


def too_complex(data: bytes) -> bool:
    """Whether a file is larger or more tangled than any of ours, found out without parsing it."""
    if len(data) > MOST_BYTES or data.count(b"startxref") > MOST_REVISIONS or data.count(b"/FT") > MOST_FIELDS:
        return True
    return _has_long_line(data)


def _has_long_line(data: bytes) -> bool:
    """Jumps from the last line end in each window to the next: a search by pattern would try every start anew."""
    data = data.replace(b"\r", b"\n")
    start = 0
    while len(data) - start >= LONGEST_LINE:
        end = data.rfind(b"\n", start, start + LONGEST_LINE)
        if end < 0:
            return True
        start = end + 1
    return False


def _find_seal(data: bytes) -> EmbeddedPdfSignature | None:
    reader = PdfFileReader(BytesIO(data))
    return next((each for each in reader.embedded_regular_signatures if each.field_name == SEAL_FIELD), None)


def judge_signature(seal: EmbeddedPdfSignature, evidence: SealEvidence, at: datetime) -> SealVerdict:
    """Judge one signature of a file as of `at`: intact, trusted, and followed by nothing but further signatures."""
    status = asyncio.run(
        async_validate_pdf_signature(seal, offline_context(evidence, at), key_usage_settings=KEY_USAGE)
    )
    if not (status.intact and status.valid):
        return SealVerdict(False, N_("Nội dung tệp đã bị thay đổi sau khi niêm phong."))
    if not status.trusted:
        return SealVerdict(False, N_("Chứng thư niêm phong không đáng tin cậy tại thời điểm đã ghi nhận."))
    coverage, level = status.coverage, status.modification_level
    whole = coverage == SignatureCoverageLevel.ENTIRE_FILE
    if coverage < SignatureCoverageLevel.ENTIRE_REVISION or not (whole or level <= ModificationLevel.FORM_FILLING):
        return SealVerdict(False, N_("Sau khi niêm phong, tệp bị thêm nội dung không phải là chữ ký."))
    return SealVerdict(True, "", sealed_at=status.signer_reported_dt, whole_file=whole)
