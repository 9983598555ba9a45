"""An agency's key is checked like the seal, and refused in words about that agency's key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pledges.documents.agency_keys import AgencyKeys, folder_name
from pledges.documents.errors import AgencyKeyUnavailable
from pledges.settings import Settings, read_settings
from tests.support.seal_keys import AGENCY, NOW, AgencyFolder, Authority, p256, rsa_key

LONG_NAME = "Sở Văn hóa, Thể thao và Du lịch Thành phố Hồ Chí Minh"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def folder(tmp_path: Path) -> AgencyFolder:
    return AgencyFolder(tmp_path / "agencies")


def trials(tmp_path: Path) -> tuple[Settings, AgencyKeys]:
    settings = read_settings({"PLEDGES_VAR": str(tmp_path / "var")})
    return settings, AgencyKeys.from_settings(settings, lambda: NOW)


def test_keys_are_accepted_as_authorities_issue_them(folder: AgencyFolder, authority: Authority) -> None:
    """RSA with 2048 bits is refused for the system's seal, which the operator can choose, and usual for agencies."""
    key = rsa_key(2048)
    folder.lay_down(authority, key, authority.issue(key, "Sở Công Thương tỉnh Lạng Sơn"))
    keys = AgencyKeys.from_settings(read_settings({"PLEDGES_AGENCY_KEYS": str(folder.folder)}), lambda: NOW)
    assert not keys.signer(*AGENCY, NOW).trial
    state = keys.state(*AGENCY, NOW)
    assert (state.error, state.trial, state.subject) == (None, False, "Sở Công Thương tỉnh Lạng Sơn")
    assert state.revocation_until == NOW + timedelta(days=7)


def test_shorter_keys_are_refused(folder: AgencyFolder, authority: Authority) -> None:
    folder.lay_down(authority, rsa_key(1024))
    with pytest.raises(
        AgencyKeyUnavailable, match=r"Sở Công Thương tỉnh Lạng Sơn \(RSA\) chỉ dài 1024 bit; cần từ 2048"
    ):
        folder.signer()


def test_the_password_lies_beside_the_key_and_is_read_anew_when_it_changes(
    folder: AgencyFolder, authority: Authority
) -> None:
    folder.lay_down(authority, p256())
    keys = folder.keys()
    assert keys.signer(*AGENCY, NOW)
    right = (folder.place / "password").read_text()
    (folder.place / "password").write_text("sai mật khẩu")
    with pytest.raises(AgencyKeyUnavailable, match="sai mật khẩu"):
        keys.signer(*AGENCY, NOW)
    (folder.place / "password").unlink()
    with pytest.raises(AgencyKeyUnavailable, match="sai mật khẩu"):
        keys.signer(*AGENCY, NOW)
    (folder.place / "password").write_text(right)
    assert keys.signer(*AGENCY, NOW)


def test_each_agency_has_its_own_key_and_its_own_refusal(folder: AgencyFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256())
    keys = folder.keys()
    assert keys.signer(*AGENCY, NOW)
    other = ("20", "20-SYT", "Sở Y tế tỉnh Lạng Sơn")
    with pytest.raises(
        AgencyKeyUnavailable, match=r"khóa ký số của Sở Y tế tỉnh Lạng Sơn .*PLEDGES_AGENCY_KEYS/20-SYT"
    ):
        keys.signer(*other, NOW)
    assert keys.state(*other, NOW).error is not None
    assert keys.state(*AGENCY, NOW).error is None


def test_development_makes_a_trial_key_for_each_agency(tmp_path: Path) -> None:
    settings, keys = trials(tmp_path)
    first, second = keys.signer(*AGENCY, NOW), keys.signer("79", "SVHTTDL", LONG_NAME, NOW)
    assert first.trial
    assert second.trial
    assert first.material.subject == "THỬ NGHIỆM - Sở Công Thương tỉnh Lạng Sơn"
    assert second.material.subject.startswith("THỬ NGHIỆM - Sở Văn hóa, Thể thao")
    assert LONG_NAME in second.material.certificate.subject.rfc4514_string().replace("\\,", ",")
    assert first.material.certificate_der != second.material.certificate_der
    assert {path.name for path in (settings.var / "keys-agencies").iterdir() if path.is_dir()} == {
        "20-SCT",
        "79-SVHTTDL",
    }
    again = AgencyKeys.from_settings(settings, lambda: NOW).signer(*AGENCY, NOW)
    assert again.material.certificate_der == first.material.certificate_der
    renamed = keys.signer(*AGENCY[:2], "Sở Công Thương Lạng Sơn", NOW)
    assert renamed.material.subject == "THỬ NGHIỆM - Sở Công Thương Lạng Sơn"


def test_a_damaged_trial_key_is_a_reason_to_wait(tmp_path: Path) -> None:
    settings, keys = trials(tmp_path)
    keys.signer(*AGENCY, NOW)
    (settings.var / "keys-agencies" / "20-SCT" / "seal.p12").write_bytes(b"no key")
    with pytest.raises(AgencyKeyUnavailable, match="Khóa ký số thử nghiệm của Sở Công Thương"):
        keys.signer(*AGENCY, NOW + timedelta(minutes=2))


def test_production_makes_and_accepts_no_trial_key(folder: AgencyFolder, authority: Authority, tmp_path: Path) -> None:
    bare = AgencyKeys(None, trials=tmp_path / "trials", location="localhost", production=True)
    with pytest.raises(AgencyKeyUnavailable, match=r"Hãy đặt PLEDGES_AGENCY_KEYS .* con 20-SCT, hoặc chọn"):
        bare.signer(*AGENCY, NOW)
    assert bare.state(*AGENCY, NOW).error is not None
    assert not (tmp_path / "trials").exists()
    key = p256()
    folder.lay_down(authority, key, authority.issue(key, "THỬ NGHIỆM - Sở Công Thương"))
    assert folder.signer().trial
    folder.production = True
    with pytest.raises(AgencyKeyUnavailable, match="khóa THỬ NGHIỆM"):
        folder.signer()


@pytest.mark.parametrize("code", ["../20-SCT", "20-SCT/..", "", "20 SCT", "-"])
def test_no_code_leads_out_of_the_folder(code: str) -> None:
    with pytest.raises(ValueError, match="not a name for a folder"):
        folder_name("20", code)
    assert (folder_name("20", "SCT"), folder_name("20", "20-SCT")) == ("20-SCT", "20-SCT")
