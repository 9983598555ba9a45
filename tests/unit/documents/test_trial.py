"""The trial keys of development: made once, private, renewed by themselves."""

from __future__ import annotations

import multiprocessing
import os
import stat
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pledges.documents.errors import SealUnavailable
from pledges.documents.operations import seal_paper
from pledges.documents.sealing import Sealer
from pledges.documents.trial import agency_trial_name, provide_trial_keys
from pledges.documents.validation import validate_sealed
from pledges.settings import Settings, read_settings
from tests.support.papers import invented_paper
from tests.support.pdf_tools import pages_of, pdfsig

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"PLEDGES_VAR": str(tmp_path / "var")})


@pytest.mark.parametrize(
    ("agency", "printed"),
    [
        ("Sở Công Thương tỉnh Đồng Tháp", "THỬ NGHIỆM - Sở Công Thương tỉnh Đồng Tháp"),
        ("Sở Văn hóa và Thể thao thành phố Huế", "THỬ NGHIỆM - Sở Văn hóa và Thể thao thành phố…"),
        ("Sở Văn hóa, Thể thao và Du lịch tỉnh Lạng Sơn", "THỬ NGHIỆM - Sở Văn hóa, Thể thao và Du lịch…"),
    ],
)
def test_a_name_too_long_for_a_certificate_ends_after_a_whole_word(agency: str, printed: str) -> None:
    name = agency_trial_name(agency)
    assert (name.common, name.organisation) == (printed, agency)
    assert len(printed.encode()) <= 64


def test_a_fresh_clone_seals_and_says_that_it_is_a_trial(settings: Settings, tmp_path: Path) -> None:
    sealer = Sealer.from_settings(settings, lambda: NOW)
    assert sealer.is_trial
    sealed = seal_paper(invented_paper(1), sealer, NOW)
    assert sealed.trial
    assert all("THỬ NGHIỆM" in page for page in pages_of(sealed.data, tmp_path))
    report = pdfsig(sealed.data, tmp_path)
    assert "Signature is Valid" in report
    assert "Niêm phong THỬ NGHIỆM" in report
    assert validate_sealed(sealed.data, sealed.certificate, sealed.evidence, NOW).authentic
    state = sealer.state(NOW)
    assert state.trial
    assert state.error is None


def test_only_the_owner_can_read_the_keys(settings: Settings) -> None:
    Sealer.from_settings(settings, lambda: NOW).check(NOW)
    files = [path for path in settings.var.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"keys.lock", "root-key.pem", "root.pem", "seal.p12", "root.crl"}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((settings.var / "keys").stat().st_mode) == 0o700


@pytest.mark.parametrize("damaged", ["seal.p12", "root.pem", "revocation/root.crl"])
@pytest.mark.parametrize("lost", [True, False])
def test_a_damaged_folder_is_a_reason_to_wait(settings: Settings, damaged: str, lost: bool) -> None:
    """Told like any other reason, never an error of the program; moved away, it is replaced."""
    sealer = Sealer.from_settings(settings, lambda: NOW)
    sealer.check(NOW)
    file = settings.var / "keys" / damaged
    file.unlink() if lost else file.write_bytes(b"no key")
    later = NOW + timedelta(minutes=2)
    with pytest.raises(SealUnavailable, match="khóa thử nghiệm"):
        sealer.check(later)
    assert sealer.state(later).error is not None
    (settings.var / "keys").rename(settings.var / "damaged")
    assert sealer.check(later).trial


def _start(var: str) -> bytes:
    settings = read_settings({"PLEDGES_VAR": var})
    return Sealer.from_settings(settings, lambda: NOW).check(NOW).material.certificate_der


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("fork")) as pool:
        assert len(set(pool.map(_start, [str(tmp_path / "var")] * 6))) == 1
    assert sorted(path.name for path in (tmp_path / "var").iterdir()) == ["keys", "keys.lock"]


def test_the_same_key_after_a_restart(settings: Settings) -> None:
    first = Sealer.from_settings(settings, lambda: NOW).check(NOW).material.certificate_der
    assert Sealer.from_settings(settings, lambda: NOW).check(NOW).material.certificate_der == first


@pytest.mark.parametrize("days", [29, 365, 800, 5000, -200, -900])
def test_keys_renew_themselves_whatever_the_clock_says(settings: Settings, days: int) -> None:
    sealer = Sealer.from_settings(settings, lambda: NOW)
    old = seal_paper(invented_paper(1), sealer, NOW)
    then = NOW + timedelta(days=days)
    sealed = seal_paper(invented_paper(1), sealer, then)
    assert validate_sealed(sealed.data, sealed.certificate, sealed.evidence, then).authentic
    assert validate_sealed(old.data, old.certificate, old.evidence, NOW).authentic, "older documents stay good"
    assert (sealed.certificate == old.certificate) is (-366 < days < 700)


def test_a_crash_in_the_middle_leaves_no_half_of_the_keys(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        original = os.fsync
        calls = []

        def die_at_the_third(descriptor: int) -> None:
            calls.append(descriptor)
            if len(calls) == 3:
                os._exit(9)
            original(descriptor)

        os.fsync = die_at_the_third
        provide_trial_keys(tmp_path / "keys", NOW)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert not (tmp_path / "keys").exists()
    provide_trial_keys(tmp_path / "keys", NOW)
    assert (tmp_path / "keys" / "seal.p12").is_file()
