"""Sealed files, judged by programs and libraries that did not make them."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.pdf_signer import SigSeedSubFilter
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from pledges.documents.cms import PreparedCms, fits_key
from pledges.documents.errors import SealUnavailable
from pledges.documents.evidence import SealEvidence
from pledges.documents.operations import seal_paper
from pledges.documents.rendering import render_pledge
from pledges.documents.sealing import SealedPdf
from pledges.documents.validation import validate_sealed
from tests.support.papers import invented_paper
from tests.support.pdf_tools import assert_sound, pages_of, pdfsig
from tests.support.seal_keys import NOW, PASSWORD, Authority, PrivateKey, SealFolder, p256, rsa_key


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def keys() -> dict[str, PrivateKey]:
    return {"P-256": p256(), "RSA-3072": rsa_key(3072)}


@pytest.fixture(params=["P-256", "RSA-3072"])
def folder(
    request: pytest.FixtureRequest, authority: Authority, keys: dict[str, PrivateKey], tmp_path: Path
) -> SealFolder:
    return SealFolder(tmp_path / "seal").lay_down(authority, keys[request.param])


@pytest.fixture
def sealed(folder: SealFolder) -> SealedPdf:
    return seal_paper(invented_paper(1), folder.sealer(), NOW)


def verdict(sealed: SealedPdf, data: bytes | None = None, *, days: int = 0):  # type: ignore[no-untyped-def]
    return validate_sealed(
        sealed.data if data is None else data, sealed.certificate, sealed.evidence, NOW + timedelta(days=days)
    )


def test_poppler_and_qpdf_accept_the_seal(sealed: SealedPdf, tmp_path: Path) -> None:
    report = pdfsig(sealed.data, tmp_path)
    assert "Signature is Valid" in report
    assert "Total document signed" in report
    assert "ETSI.CAdES.detached" in report
    assert "SHA-256" in report
    assert "Niêm phong của bộ kiểm thử" in report
    assert report.count("is not signed") == 1
    assert_sound(sealed.data, tmp_path)
    assert sealed.sha256 == hashlib.sha256(sealed.data).hexdigest()


def test_pyhanko_trusts_the_seal_offline(sealed: SealedPdf, authority: Authority) -> None:
    signature = PdfFileReader(BytesIO(sealed.data)).embedded_regular_signatures[0]
    root = SealEvidence.unpack(sealed.evidence).roots[0]
    assert root == authority.certificate.public_bytes(Encoding.DER)
    status = _validate(sealed.data, "SystemSeal", authority)
    assert status.bottom_line
    entries = signature.sig_object
    assert entries["/Reason"] == "Niêm phong bản cam kết đã xác nhận điện tử"
    assert entries["/Location"] == "localhost"
    assert entries["/Name"] == "Niêm phong của bộ kiểm thử"
    assert entries["/M"] == "D:20261120030000Z" or entries["/M"].startswith("D:20261120030000+00")
    assert status.signer_reported_dt == NOW


def test_the_container_follows_pades_baseline(sealed: SealedPdf) -> None:
    signature = PdfFileReader(BytesIO(sealed.data)).embedded_regular_signatures[0]
    raw = signature.pkcs7_content.rstrip(b"\0")
    content = cms.ContentInfo.load(signature.pkcs7_content)
    assert raw.startswith(content.dump().rstrip(b"\0"))
    attributes = {each["type"].native for each in signature.signer_info["signed_attrs"]}
    assert attributes == {"content_type", "message_digest", "signing_certificate_v2"}, "no signing time: /M says it"
    assert cms.ContentInfo.load(content.dump()).copy().dump(force=True) == content.dump()


def _validate(data: bytes, field: str, authority: Authority, *others: Authority):  # type: ignore[no-untyped-def]
    roots = [asn1_x509.Certificate.load(each.certificate.public_bytes(Encoding.DER)) for each in (authority, *others)]
    reader = PdfFileReader(BytesIO(data))
    signature = next(each for each in reader.embedded_regular_signatures if each.field_name == field)
    return asyncio.run(async_validate_pdf_signature(signature, ValidationContext(trust_roots=roots, moment=NOW)))


def test_our_own_verdict(sealed: SealedPdf) -> None:
    found = verdict(sealed)
    assert found.authentic
    assert found.whole_file
    assert found.sealed_at == NOW


def test_a_certificate_that_expires_later_does_not_matter(sealed: SealedPdf) -> None:
    assert verdict(sealed).authentic, "judged at the recorded time"
    late = verdict(sealed, days=4000)
    assert not late.authentic
    assert "tại thời điểm đã ghi nhận" in late.reason


@pytest.mark.parametrize("place", [100, 3_000, 20_000, -200])
def test_one_changed_byte_is_found_by_everybody(sealed: SealedPdf, tmp_path: Path, place: int) -> None:
    changed = bytearray(sealed.data)
    changed[place] ^= 0x01
    assert not verdict(sealed, bytes(changed)).authentic
    assert "Signature is Valid" not in _pdfsig_whatever(bytes(changed), tmp_path)


def _pdfsig_whatever(data: bytes, folder: Path) -> str:
    (folder / "changed.pdf").write_bytes(data)
    done = subprocess.run(["pdfsig", "-nocert", folder / "changed.pdf"], capture_output=True, text=True, check=False)
    return done.stdout


def test_foreign_files_and_foreign_seals_are_refused(sealed: SealedPdf, tmp_path: Path) -> None:
    assert "không có niêm phong" in verdict(sealed, render_pledge(invented_paper(1), trial=False)).reason
    for garbage in (b"", b"%PDF-1.4\n", b"x" * (11 * 1024 * 1024), b"%PDF-1.4\n%" + b"x" * (2 * 1024 * 1024)):
        assert not verdict(sealed, garbage).authentic
    other = SealFolder(tmp_path / "other").lay_down(Authority(), p256())
    foreign = seal_paper(invented_paper(1), other.sealer(), NOW)
    assert "chứng thư khác" in verdict(sealed, foreign.data).reason


def test_evidence_of_another_authority_does_not_help(sealed: SealedPdf) -> None:
    stranger = Authority()
    evidence = SealEvidence.unpack(sealed.evidence)
    forged = SealEvidence(
        evidence.chain,
        (stranger.certificate.public_bytes(Encoding.DER),),
        evidence.crls,
        evidence.ocsps,
    )
    assert not validate_sealed(sealed.data, sealed.certificate, forged.pack(), NOW).authentic
    without = SealEvidence(evidence.chain, evidence.roots, (), ())
    assert not validate_sealed(sealed.data, sealed.certificate, without.pack(), NOW).authentic


def test_evidence_is_a_documented_container(sealed: SealedPdf) -> None:
    evidence = SealEvidence.unpack(sealed.evidence)
    assert evidence.pack() == sealed.evidence
    assert evidence.chain[0] == sealed.certificate
    assert len(evidence.crls) == 1
    for bad in (b"", b"{}", b'{"format":2}', b"[]", b'{"format":1,"chain":["?"],"roots":[],"crls":[],"ocsps":[]}'):
        with pytest.raises(ValueError):  # noqa: PT011
            SealEvidence.unpack(bad)


def test_a_signer_may_add_a_field_of_their_own(sealed: SealedPdf, authority: Authority) -> None:
    key = p256()
    bundle = serialize_key_and_certificates(
        b"own", key, authority.issue(key, "Người ký của bộ kiểm thử"), None, BestAvailableEncryption(PASSWORD.encode())
    )
    signer = SimpleSigner.load_pkcs12_data(bundle, other_certs=[], passphrase=PASSWORD.encode())
    meta = PdfSignatureMetadata(field_name="Own", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    writer = IncrementalPdfFileWriter(BytesIO(sealed.data))
    both = asyncio.run(PdfSigner(meta, signer, new_field_spec=SigFieldSpec("Own")).async_sign_pdf(writer)).getvalue()
    found = verdict(sealed, both)
    assert found.authentic
    assert not found.whole_file


def test_content_added_after_the_seal_is_found(sealed: SealedPdf) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(sealed.data))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page[generic.pdf_name("/Rotate")] = generic.NumberObject(180)
    writer.update_container(page)
    stream = BytesIO()
    writer.write(stream)
    found = verdict(sealed, stream.getvalue())
    assert not found.authentic
    assert "thêm nội dung" in found.reason


def test_trial_marking_follows_the_certificate(authority: Authority, tmp_path: Path) -> None:
    key = p256()
    marked = SealFolder(tmp_path / "seal").lay_down(authority, key, authority.issue(key, "Niêm phong thử nghiệm"))
    sealer = marked.sealer()
    sealed = seal_paper(invented_paper(2), sealer, NOW)
    assert sealed.trial
    assert sealer.is_trial
    assert all("THỬ NGHIỆM" in page for page in pages_of(sealed.data, tmp_path))
    marked.production = True
    with pytest.raises(SealUnavailable, match="THỬ NGHIỆM"):
        marked.sealer().check(NOW)


def test_intermediate_authorities_are_embedded(authority: Authority, tmp_path: Path) -> None:
    middle = Authority("Cấp dưới của bộ kiểm thử")
    middle.certificate = authority.issue(middle.key, middle.common, uses=("key_cert_sign", "crl_sign"), ca=True)
    key = p256()
    folder = SealFolder(tmp_path / "seal").lay_down(
        middle,
        key,
        chain=(middle.certificate, authority.certificate),
        trust=authority,
        answers={"root.crl": authority.crl(), "middle.crl": middle.crl()},
    )
    sealed = seal_paper(invented_paper(3), folder.sealer(), NOW)
    assert verdict(sealed).authentic
    signature = PdfFileReader(BytesIO(sealed.data)).embedded_regular_signatures[0]
    assert len(signature.signed_data["certificates"]) == 2, "the seal's and the intermediate one, not the root"
    assert "Signature is Valid" in pdfsig(sealed.data, tmp_path)


def test_signatures_of_every_length_fit(authority: Authority) -> None:
    """ECDSA signatures differ in length by some bytes; the reserved room and the DER lengths must hold for all."""
    key = p256()
    prepared = PreparedCms(key, authority.issue(key), ())
    sizes = set()
    for number in range(200):
        container = prepared.container(hashlib.sha256(str(number).encode()).digest())
        (signer,) = cms.ContentInfo.load(container, strict=True)["content"]["signer_infos"]
        assert container.endswith(signer["signature"].contents)
        assert 2 * len(container) <= prepared.hex_digits
        sizes.add(len(container))
    assert len(sizes) >= 2
    assert fits_key(prepared, authority.issue(key))
    assert not fits_key(prepared, authority.issue(p256()))
