"""The seal: PAdES B-B (ETSI.CAdES.detached) over the rendered paper, by a key that was checked just before."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Self

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from pledges.core.calendar import Clock, local_day
from pledges.core.errors import N_, DataError
from pledges.documents.errors import SealUnavailable
from pledges.documents.fonts import Faces, read_faces
from pledges.documents.keys import SealFiles, SealMaterial, common_name, read_material
from pledges.documents.signatures import SEAL_FIELD
from pledges.documents.trial import provide_trial_keys, trial_files
from pledges.documents.trust import check_material, revocation_until
from pledges.settings import Settings

# The seal says that the paper was confirmed and has not changed since. It is not the signature of the signer.
REASON = "Niêm phong bản cam kết đã xác nhận điện tử"
CHECK_HOLDS = timedelta(minutes=1)


@dataclass(frozen=True)
class SealedPdf:
    """A sealed file with what a later validation needs besides it."""

    data: bytes
    sha256: str
    certificate: bytes
    """DER."""
    evidence: bytes
    """As `documents.evidence` packs it."""
    trial: bool


@dataclass(frozen=True)
class ReadySeal:
    """A seal that passed all checks; use it at once."""

    material: SealMaterial
    location: str
    faces: Faces
    """What the paper under this seal is printed with (PLEDGES_PDF_FONTS)."""

    @property
    def trial(self) -> bool:
        return self.material.trial

    def seal(self, pdf: bytes, now: datetime) -> SealedPdf:
        """Fill the seal's empty field of a rendered paper by an incremental update."""
        material = self.material
        signature = SignatureObject(
            timestamp=now.astimezone(UTC),
            subfilter=SigSeedSubFilter.PADES,
            name=material.subject,
            location=self.location,
            reason=REASON,
            bytes_reserved=material.cms.hex_digits,
        )
        steps = PdfCMSEmbedder().write_cms(
            SEAL_FIELD, IncrementalPdfFileWriter(BytesIO(pdf)), existing_fields_only=True
        )
        next(steps)
        steps.send(SigObjSetup(sig_placeholder=signature))
        prepared, output = steps.send(SigIOSetup(md_algorithm="sha256", in_place=True))
        steps.send(material.cms.container(prepared.document_digest))
        data = output.getvalue()
        return SealedPdf(
            data=data,
            sha256=hashlib.sha256(data).hexdigest(),
            certificate=material.certificate_der,
            evidence=material.packed_evidence,
            trial=material.trial,
        )


@dataclass(frozen=True)
class SealState:
    """What a readiness page shows about the seal."""

    trial: bool
    error: SealUnavailable | None
    """None: pledges can be sealed now."""
    subject: str = ""
    issuer: str = ""
    expires_on: str = ""
    """Day/month/year in Vietnam."""
    days_left: int | None = None
    revocation_until: datetime | None = None
    """Fresh CRLs or OCSP answers must be in place before this time."""


@dataclass(frozen=True)
class _Checked:
    at: datetime
    seen: tuple[tuple[str, int, int, int], ...]
    material: SealMaterial | None
    refusal: SealUnavailable | None


class Sealer:
    """Keeps the key in memory and its check for a minute; looks again at once when one of the files changes."""

    def __init__(
        self,
        files: SealFiles,
        *,
        clock: Clock,
        location: str,
        trial_keys: bool,
        production: bool,
        fonts: Path | None = None,
    ) -> None:
        self._files = files
        self._clock = clock
        self._location = location
        self._trial_keys = trial_keys
        self._production = production
        self._fonts = fonts
        self._checked: _Checked | None = None
        self._lock = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> Self:
        """Never refuses: whether the key is usable is told by `check`, so that the site can start without it."""
        if settings.seal_key is None:
            files = trial_files(settings.var / "keys")
        else:
            nowhere = settings.var / "missing"
            files = SealFiles(
                settings.seal_key,
                settings.seal_password,
                settings.seal_trust or nowhere,
                settings.seal_revocation or nowhere,
            )
        return cls(
            files,
            clock=clock,
            location=settings.public_host,
            trial_keys=settings.seal_key is None,
            production=settings.production,
            fonts=settings.pdf_fonts,
        )

    @property
    def is_trial(self) -> bool:
        """Whether documents sealed now bear THỬ NGHIỆM; an unusable key counts by what the settings ask for."""
        if self._trial_keys:
            return True
        material = self._look(self._clock()).material
        return material is not None and material.trial

    def check(self, now: datetime) -> ReadySeal:
        """The seal, ready for use, or `SealUnavailable` with the reason."""
        checked = self._look(now)
        if checked.refusal is not None:
            raise checked.refusal
        assert checked.material is not None  # noqa: S101
        return ReadySeal(checked.material, self._location, read_faces(self._fonts))

    def seal(self, pdf: bytes, now: datetime) -> SealedPdf:
        return self.check(now).seal(pdf, now)

    def state(self, now: datetime) -> SealState:
        checked = self._look(now)
        material = checked.material
        if material is None:
            return SealState(trial=self._trial_keys, error=checked.refusal)
        ends = material.certificate.not_valid_after_utc
        return SealState(
            trial=material.trial,
            error=checked.refusal,
            subject=material.subject,
            issuer=common_name(material.certificate.issuer),
            expires_on=f"{local_day(ends):%d/%m/%Y}",
            days_left=(ends - now).days,
            revocation_until=revocation_until(material.evidence),
        )

    def _look(self, now: datetime) -> _Checked:
        with self._lock:
            last = self._checked
            current = last is not None and timedelta(0) <= now - last.at < CHECK_HOLDS
            if last is None or not current or last.seen != self._files.seen():
                last = self._checked = self._check_anew(now)
            return last

    def _check_anew(self, now: datetime) -> _Checked:
        refusal = _trial_keys_refusal(self._files.key.parent, now) if self._trial_keys else None
        # Noted before reading: a change in between is then found at the next use.
        seen = self._files.seen()
        material = None
        if refusal is not None:
            return _Checked(now, seen, None, refusal)
        try:
            _check_faces(self._fonts)
            unchanged = self._checked is not None and self._checked.seen == seen
            material = self._checked.material if unchanged and self._checked else None
            material = material or read_material(self._files)
            if material.trial and self._production:
                raise SealUnavailable(N_("Khóa niêm phong là khóa THỬ NGHIỆM, không được dùng khi vận hành thật."))
            check_material(material, now)
        except SealUnavailable as refusal:
            return _Checked(now, seen, material, refusal)
        return _Checked(now, seen, material, None)


def _trial_keys_refusal(folder: Path, now: datetime) -> SealUnavailable | None:
    """None, or why the trial keys can be neither used nor renewed: a damaged folder is a reason like any other."""
    try:
        provide_trial_keys(folder, now)
    except (OSError, ValueError):
        return SealUnavailable(
            N_(
                "Thư mục khóa thử nghiệm %(folder)s bị hỏng. Hãy đổi tên hoặc xóa thư mục này; khóa mới sẽ tự được tạo."
            ),
            folder=str(folder),
        )
    return None


def _check_faces(fonts: Path | None) -> None:
    """Without usable faces no paper can be made, which the readiness page must tell like any other reason."""
    try:
        read_faces(fonts)
    except DataError as error:
        raise SealUnavailable(error.message, **error.params) from error
