"""The seal: PAdES B-B (ETSI.CAdES.detached) over the rendered paper, by a key that was checked just before."""

from __future__ import annotations

import errno
import hashlib
import os
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
from pledges.core.errors import DataError
from pledges.documents.errors import SealUnavailable
from pledges.documents.fonts import Faces, read_faces
from pledges.documents.key_rules import SEAL_RULES, Flaw, KeyRules
from pledges.documents.keys import KeyFiles, KeyMaterial, common_name, read_material
from pledges.documents.signatures import SEAL_FIELD
from pledges.documents.trial import SEAL_NAME, TrialName, provide_trial_keys, trial_files
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
    """A key that passed all checks, the system's or an agency's; use it at once."""

    material: KeyMaterial
    location: str
    faces: Faces
    """What is printed under this seal (PLEDGES_PDF_FONTS)."""

    @property
    def trial(self) -> bool:
        return self.material.trial

    def seal(self, pdf: bytes, now: datetime) -> SealedPdf:
        """Fill the seal's empty field of a rendered paper by an incremental update."""
        return self.fill(IncrementalPdfFileWriter(BytesIO(pdf)), SEAL_FIELD, REASON, now)

    def fill(self, writer: IncrementalPdfFileWriter, field: str, reason: str, now: datetime) -> SealedPdf:
        """Sign the file with all changes in the writer, into an empty field of its form."""
        material, cms = self.material, self.material.cms
        assert cms is not None  # noqa: S101 - a seal without its key is never ready
        signature = SignatureObject(
            timestamp=now.astimezone(UTC),
            subfilter=SigSeedSubFilter.PADES,
            name=material.subject,
            location=self.location,
            reason=reason,
            bytes_reserved=cms.hex_digits,
        )
        steps = PdfCMSEmbedder().write_cms(field, writer, existing_fields_only=True)
        next(steps)
        steps.send(SigObjSetup(sig_placeholder=signature))
        prepared, output = steps.send(SigIOSetup(md_algorithm="sha256", in_place=True))
        steps.send(cms.container(prepared.document_digest))
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
    """What a readiness page shows about the seal or the key of an agency."""

    trial: bool
    error: SealUnavailable | None
    """None: it can sign now."""
    subject: str = ""
    issuer: str = ""
    begins_on: str = ""
    expires_on: str = ""
    """Day/month/year in Vietnam."""
    days_left: int | None = None
    revocation_until: datetime | None = None
    """Fresh CRLs or OCSP answers must be in place before this time."""


@dataclass(frozen=True)
class _Checked:
    at: datetime
    seen: tuple[tuple[str, int, int, int], ...]
    material: KeyMaterial | None
    refusal: SealUnavailable | None


class KeyCheck:
    """Keeps one key in memory and its check for a minute; looks again at once when one of the files changes."""

    def __init__(
        self,
        files: KeyFiles,
        rules: KeyRules,
        *,
        location: str,
        production: bool,
        fonts: Path | None = None,
        trial: TrialName | None = None,
    ) -> None:
        self._files = files
        self._rules = rules
        self._location = location
        self._production = production
        self._fonts = fonts
        self.trial = trial
        """Whose trial key is made and renewed in the folder of the key file; None: the operator provides it."""
        self._checked: _Checked | None = None
        self._lock = threading.Lock()

    def ready(self, now: datetime) -> ReadySeal:
        """The key, ready for use, or `SealUnavailable` with the reason."""
        checked = self.look(now)
        if checked.refusal is not None:
            raise checked.refusal
        assert checked.material is not None  # noqa: S101
        if checked.material.cms is None:
            raise self._rules.refuse(Flaw.UNREADABLE, file=self._files.key.name, error=os.strerror(errno.EACCES))
        return ReadySeal(checked.material, self._location, read_faces(self._fonts))

    def state(self, now: datetime) -> SealState:
        checked = self.look(now)
        material = checked.material
        if material is None:
            return SealState(trial=self.trial is not None, error=checked.refusal)
        ends = material.certificate.not_valid_after_utc
        return SealState(
            trial=material.trial,
            error=checked.refusal,
            subject=material.subject,
            issuer=common_name(material.certificate.issuer),
            begins_on=f"{local_day(material.certificate.not_valid_before_utc):%d/%m/%Y}",
            expires_on=f"{local_day(ends):%d/%m/%Y}",
            days_left=(ends - now).days,
            revocation_until=revocation_until(material.evidence),
        )

    def look(self, now: datetime) -> _Checked:
        with self._lock:
            last = self._checked
            current = last is not None and timedelta(0) <= now - last.at < CHECK_HOLDS
            if last is None or not current or last.seen != self._files.seen():
                last = self._checked = self._check_anew(now)
            return last

    def _check_anew(self, now: datetime) -> _Checked:
        refusal = self._trial_refusal(now)
        # Noted before reading: a change in between is then found at the next use.
        seen = self._files.seen()
        material = None
        if refusal is not None:
            return _Checked(now, seen, None, refusal)
        try:
            self._check_faces()
            unchanged = self._checked is not None and self._checked.seen == seen
            material = self._checked.material if unchanged and self._checked else None
            material = material or read_material(self._files, self._rules)
            if material.trial and self._production:
                raise self._rules.refuse(Flaw.TRIAL_IN_PRODUCTION)
            check_material(material, now, self._rules)
        except SealUnavailable as refusal:
            return _Checked(now, seen, material, refusal)
        return _Checked(now, seen, material, None)

    def _trial_refusal(self, now: datetime) -> SealUnavailable | None:
        """None, or why the trial key can be neither used nor renewed: a damaged folder is a reason like any other."""
        if self.trial is None:
            return None
        folder = self._files.key.parent
        try:
            provide_trial_keys(folder, now, self.trial)
        except (OSError, ValueError):
            return self._rules.refuse(Flaw.TRIAL_DAMAGED, folder=str(folder))
        return None

    def _check_faces(self) -> None:
        """Without usable faces nothing can be printed, which the readiness page must tell like any other reason."""
        try:
            read_faces(self._fonts)
        except DataError as error:
            raise self._rules.refusal(error.message, **error.params) from error


class Sealer:
    """The system's seal: its key, checked, and the clock to ask whether it is a trial."""

    def __init__(
        self,
        files: KeyFiles,
        *,
        clock: Clock,
        location: str,
        trial_keys: bool,
        production: bool,
        fonts: Path | None = None,
    ) -> None:
        self._clock = clock
        trial = SEAL_NAME if trial_keys else None
        self._key = KeyCheck(files, SEAL_RULES, location=location, production=production, fonts=fonts, trial=trial)

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> Self:
        """Never refuses: whether the key is usable is told by `check`, so that the site can start without it."""
        if settings.seal_key is None:
            files = trial_files(settings.var / "keys")
        else:
            nowhere = settings.var / "missing"
            files = KeyFiles(
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
        return self._key.trial is not None or self._key.state(self._clock()).trial

    def check(self, now: datetime) -> ReadySeal:
        """The seal, ready for use, or `SealUnavailable` with the reason."""
        return self._key.ready(now)

    def seal(self, pdf: bytes, now: datetime) -> SealedPdf:
        return self.check(now).seal(pdf, now)

    def state(self, now: datetime) -> SealState:
        return self._key.state(now)
