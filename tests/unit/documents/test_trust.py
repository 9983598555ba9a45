"""Each thing that can be wrong with the seal is refused, in a sentence of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID

from pledges.documents.errors import AgencyKeyUnavailable, SealUnavailable
from pledges.documents.operations import seal_paper
from pledges.documents.sealing import Sealer
from pledges.settings import read_settings
from tests.support.papers import invented_paper
from tests.support.seal_keys import AGENCY, NOW, AgencyFolder, Authority, SealFolder, p256, rsa_key

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def folder(tmp_path: Path) -> SealFolder:
    return SealFolder(tmp_path / "seal")


def expired(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    folder.lay_down(authority, key, authority.issue(key, begins=NOW - 90 * DAY, ends=NOW - DAY))


def not_yet_valid(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    folder.lay_down(authority, key, authority.issue(key, begins=NOW + DAY))


def wrong_key_usage(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    folder.lay_down(authority, key, authority.issue(key, uses=("key_encipherment",)))


def authority_as_seal(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    folder.lay_down(authority, key, authority.issue(key, uses=("digital_signature", "key_cert_sign"), ca=True))


def wrong_purpose(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    folder.lay_down(authority, key, authority.issue(key, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)))


def foreign_root(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256(), trust=Authority("Gốc xa lạ"))


def foreign_root_of_the_same_name(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256(), trust=Authority())


def revoked_in_crl(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    certificate = authority.issue(key)
    folder.lay_down(authority, key, certificate, answers={"root.crl": authority.crl(certificate)})


def revoked_in_ocsp(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    certificate = authority.issue(key, answered_by_ocsp=True)
    answer = authority.ocsp_answer(certificate, revoked=True)
    folder.lay_down(authority, key, certificate, answers={"seal.ocsp": answer})


def stale_crl(folder: SealFolder, authority: Authority) -> None:
    crl = authority.crl(begins=NOW - 9 * DAY, ends=NOW - 2 * DAY)
    folder.lay_down(authority, p256(), answers={"root.crl": crl})


def stale_ocsp(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    certificate = authority.issue(key, answered_by_ocsp=True)
    answer = authority.ocsp_answer(certificate, begins=NOW - 4 * DAY, ends=NOW - 2 * DAY)
    folder.lay_down(authority, key, certificate, answers={"seal.ocsp": answer})


def no_answers(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256(), answers={})


def crl_of_somebody_else(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256(), answers={"root.crl": Authority("Gốc khác").crl()})


def forged_crl(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256(), answers={"root.crl": Authority().crl()})


def crl_from_the_future(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256(), answers={"root.crl": authority.crl(begins=NOW + DAY)})


def damaged_crl(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256(), answers={"root.crl": authority.crl()[:-40]})


def unreadable_crl(folder: SealFolder, authority: Authority) -> None:
    """A folder cannot be read, not even by root, whom no permission stops."""
    folder.lay_down(authority, p256(), answers={})
    (folder.files.revocation / "root.crl").mkdir(parents=True)


def short_rsa(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, rsa_key(2048))


def weak_curve(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, ec.generate_private_key(ec.SECP192R1()))


def other_algorithm(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, ed25519.Ed25519PrivateKey.generate())  # type: ignore[arg-type]


def no_key_file(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256())
    folder.files.key.unlink()


def damaged_key_file(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256())
    folder.files.key.write_bytes(b"not a key")


def no_roots(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256())
    folder.files.trust.write_text("nothing")


REFUSALS: list[tuple[Callable[[SealFolder, Authority], None], str]] = [
    (expired, "đã hết hạn ngày 19/11/2026"),
    (not_yet_valid, "chưa có hiệu lực; có hiệu lực từ ngày 21/11/2026"),
    (wrong_key_usage, "không được cấp để ký"),
    (authority_as_seal, "không được cấp để ký"),
    (wrong_purpose, "cấp cho mục đích khác"),
    (foreign_root, "không nối được tới chứng thư gốc tin cậy"),
    (foreign_root_of_the_same_name, "chuỗi tin cậy|không nối được"),
    (revoked_in_crl, "đã bị thu hồi"),
    (revoked_in_ocsp, "đã bị thu hồi"),
    (stale_crl, "đã quá hạn từ ngày 18/11/2026"),
    (stale_ocsp, "đã quá hạn từ ngày 18/11/2026"),
    (no_answers, "Thiếu CRL hoặc câu trả lời OCSP"),
    (crl_of_somebody_else, "Thiếu CRL hoặc câu trả lời OCSP"),
    (forged_crl, "không chứng minh được"),
    (crl_from_the_future, "không chứng minh được"),
    (damaged_crl, r"root\.crl .* không phải là CRL"),
    (unreadable_crl, r"Không đọc được tệp khóa niêm phong root\.crl"),
    (short_rsa, "chỉ dài 2048 bit"),
    (weak_curve, "Loại khóa niêm phong này không dùng được"),
    (other_algorithm, "Loại khóa niêm phong này không dùng được"),
    (no_key_file, r"Không đọc được tệp khóa niêm phong seal\.p12"),
    (damaged_key_file, "sai mật khẩu hoặc không phải tệp PKCS#12"),
    (no_roots, r"chứng thư gốc tin cậy trong tệp roots\.pem"),
]


@pytest.mark.parametrize(("flaw", "says"), REFUSALS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_flaw_is_refused_in_its_own_words(
    folder: SealFolder, authority: Authority, flaw: Callable[[SealFolder, Authority], None], says: str
) -> None:
    flaw(folder, authority)
    sealer = folder.sealer()
    with pytest.raises(SealUnavailable, match=says):
        seal_paper(invented_paper(1), sealer, NOW)
    state = sealer.state(NOW)
    assert state.error is not None
    with pytest.raises(SealUnavailable, match=says):
        raise state.error


@pytest.mark.parametrize("flaw", [flaw for flaw, _ in REFUSALS if flaw is not short_rsa])
def test_the_same_flaw_of_an_agency_is_refused_in_words_about_its_key(
    tmp_path: Path, authority: Authority, flaw: Callable[[SealFolder, Authority], None]
) -> None:
    """The checks are the same; a sentence that calls it the seal would send the operator to the wrong file."""
    folder = AgencyFolder(tmp_path / "agencies")
    flaw(folder, authority)
    with pytest.raises(AgencyKeyUnavailable, match="hóa ký số của Sở Công Thương tỉnh Lạng Sơn") as refused:
        folder.signer()
    assert "niêm phong" not in str(refused.value)
    assert folder.keys().state(*AGENCY, NOW).error is not None


@pytest.mark.parametrize(
    ("uses", "purposes"),
    [
        (("digital_signature",), ()),
        (("content_commitment",), ()),
        (("digital_signature", "key_encipherment"), (ExtendedKeyUsageOID.CLIENT_AUTH,)),
        (("digital_signature",), (ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.SERVER_AUTH)),
    ],
)
def test_usual_certificates_are_accepted(
    folder: SealFolder, authority: Authority, uses: tuple[str, ...], purposes: tuple
) -> None:  # type: ignore[type-arg]
    key = p256()
    folder.lay_down(authority, key, authority.issue(key, uses=uses, purposes=purposes))
    folder.sealer().check(NOW)


def test_an_ocsp_answer_alone_is_enough(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    certificate = authority.issue(key, answered_by_ocsp=True)
    folder.lay_down(authority, key, certificate, answers={"seal.ocsp": authority.ocsp_answer(certificate)})
    folder.sealer().check(NOW)


def test_a_crl_may_be_pem_and_other_files_are_left_alone(folder: SealFolder, authority: Authority) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    pem = x509.load_der_x509_crl(authority.crl()).public_bytes(Encoding.PEM)
    folder.lay_down(authority, p256(), answers={"root.pem": pem, "README.txt": b"read me"})
    folder.sealer().check(NOW)


def test_the_check_holds_for_a_minute_and_no_longer(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    folder.lay_down(authority, key, authority.issue(key, ends=NOW + timedelta(seconds=30)))
    sealer = folder.sealer()
    sealer.check(NOW)
    sealer.check(NOW + timedelta(seconds=59))
    with pytest.raises(SealUnavailable, match="hết hạn"):
        sealer.check(NOW + timedelta(seconds=60))


def test_a_changed_file_is_seen_at_once(folder: SealFolder, authority: Authority) -> None:
    key = p256()
    certificate = authority.issue(key)
    folder.lay_down(authority, key, certificate)
    sealer = folder.sealer()
    first = sealer.check(NOW).material.certificate_der
    folder.lay_down(authority, key, certificate, answers={"root.crl": authority.crl(certificate)})
    with pytest.raises(SealUnavailable, match="thu hồi"):
        sealer.check(NOW)
    folder.lay_down(authority, p256())
    assert sealer.check(NOW).material.certificate_der != first
    (folder.files.revocation / "root.crl").unlink()
    with pytest.raises(SealUnavailable, match="Thiếu CRL"):
        sealer.check(NOW)


def test_the_state_for_the_readiness_page(folder: SealFolder, authority: Authority) -> None:
    folder.lay_down(authority, p256())
    state = folder.sealer().state(NOW)
    assert state.error is None
    assert not state.trial
    assert state.subject == "Niêm phong của bộ kiểm thử"
    assert state.issuer == "Gốc của bộ kiểm thử"
    assert state.expires_on == "16/09/2027"
    assert state.days_left == 300
    assert state.revocation_until == NOW + 7 * DAY


def test_unusable_faces_are_told_like_any_other_reason(tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    environ = {"PLEDGES_VAR": str(tmp_path / "var"), "PLEDGES_PDF_FONTS": str(tmp_path / "fonts")}
    sealer = Sealer.from_settings(read_settings(environ), lambda: NOW)
    with pytest.raises(SealUnavailable, match="đủ ba kiểu Regular, Bold và Italic"):
        sealer.check(NOW)
