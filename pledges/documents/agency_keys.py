"""The keys with which agencies countersign: one folder each, checked exactly as the system's seal is."""

from __future__ import annotations

import re
import threading
from datetime import datetime
from pathlib import Path
from typing import Self

from pledges.core.calendar import Clock
from pledges.core.errors import N_
from pledges.documents.errors import AgencyKeyUnavailable
from pledges.documents.key_rules import agency_rules
from pledges.documents.keys import KeyFiles
from pledges.documents.sealing import KeyCheck, ReadySeal, SealState
from pledges.documents.trial import agency_trial_name, trial_files
from pledges.settings import Settings

TRIAL_FOLDER = "keys-agencies"


class AgencyKeys:
    """Finds, checks and remembers the key of each agency; looked for only when one is to sign."""

    def __init__(
        self, folder: Path | None, *, trials: Path, location: str, production: bool, fonts: Path | None = None
    ) -> None:
        self._folder = folder
        self._trials = trials
        self._location = location
        self._production = production
        self._fonts = fonts
        self._keys: dict[tuple[str, str], KeyCheck] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings, _clock: Clock) -> Self:
        """Never refuses: an agency may approve by the name of a person alone and needs no key then."""
        return cls(
            settings.agency_keys,
            trials=settings.var / TRIAL_FOLDER,
            location=settings.public_host,
            production=settings.production,
            fonts=settings.pdf_fonts,
        )

    def signer(self, province_code: str, agency_code: str, agency_name: str, now: datetime) -> ReadySeal:
        """The agency's key, ready for use, or `AgencyKeyUnavailable` with the reason."""
        return self._key(province_code, agency_code, agency_name).ready(now)

    def state(self, province_code: str, agency_code: str, agency_name: str, now: datetime) -> SealState:
        try:
            key = self._key(province_code, agency_code, agency_name)
        except AgencyKeyUnavailable as refusal:
            return SealState(trial=False, error=refusal)
        return key.state(now)

    def _key(self, province_code: str, agency_code: str, agency_name: str) -> KeyCheck:
        name = folder_name(province_code, agency_code)
        if self._folder is None and self._production:
            raise AgencyKeyUnavailable(
                N_(
                    "Chưa có khóa ký số của %(agency)s. Hãy đặt PLEDGES_AGENCY_KEYS và bỏ khóa của cơ quan vào thư mục "
                    "con %(folder)s, hoặc chọn cho cơ quan này cách duyệt ghi tên người duyệt."
                ),
                agency=agency_name,
                folder=name,
            )
        with self._lock:
            known = self._keys.get((name, agency_name))
            if known is None:
                known = self._keys[name, agency_name] = self._open(name, agency_name)
            return known

    def _open(self, name: str, agency_name: str) -> KeyCheck:
        if self._folder is None:
            files, trial = trial_files(self._trials / name), agency_trial_name(agency_name)
            shown = str(self._trials / name)
        else:
            files, trial = agency_files(self._folder / name), None
            shown = f"PLEDGES_AGENCY_KEYS/{name}"
        return KeyCheck(
            files,
            agency_rules(agency_name, shown),
            location=self._location,
            production=self._production,
            fonts=self._fonts,
            trial=trial,
        )


def folder_name(province_code: str, agency_code: str) -> str:
    """`82-SCT`: province and agency; the codes of plans begin with the province already."""
    name = agency_code if agency_code.startswith(f"{province_code}-") else f"{province_code}-{agency_code}"
    if not re.fullmatch(r"[0-9A-Za-z_]+(-[0-9A-Za-z_]+)+", name):
        raise ValueError(f"not a name for a folder: {name!r}")
    return name


def agency_files(folder: Path) -> KeyFiles:
    return KeyFiles(folder / "key.p12", "", folder / "trust.pem", folder / "revocation", folder / "password")
