"""A small certificate authority for tests: every flaw a seal's certificate can have, on request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from pledges.documents.agency_keys import AgencyKeys, agency_files
from pledges.documents.keys import KeyFiles
from pledges.documents.sealing import ReadySeal, Sealer

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
PASSWORD = "mat-khau-thu"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key(bits: int = 3072) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def usage(*granted: str) -> x509.KeyUsage:
    kinds = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    kinds += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{kind: kind in granted for kind in kinds})


@dataclass
class Authority:
    """A root with its key."""

    common: str = "Gốc của bộ kiểm thử"
    key: PrivateKey = field(default_factory=p256)

    def __post_init__(self) -> None:
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(named(self.common))
            .issuer_name(named(self.common))
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=3650))
            .not_valid_after(NOW + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage("key_cert_sign", "crl_sign", "digital_signature"), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, SHA256())
        )

    def issue(
        self,
        key: PrivateKey,
        common: str = "Niêm phong của bộ kiểm thử",
        *,
        begins: datetime = NOW - timedelta(days=30),
        ends: datetime = NOW + timedelta(days=300),
        uses: tuple[str, ...] = ("digital_signature", "content_commitment"),
        purposes: tuple[x509.ObjectIdentifier, ...] = (),
        ca: bool = False,
        answered_by_ocsp: bool = False,
        no_check: bool = False,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(common))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(usage(*uses), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        if answered_by_ocsp:
            place = x509.UniformResourceIdentifier("http://ocsp.invalid/")
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        if no_check:
            builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        return builder.sign(self.key, SHA256())

    def crl(
        self,
        *revoked: x509.Certificate,
        begins: datetime = NOW - timedelta(days=1),
        ends: datetime = NOW + timedelta(days=7),
    ) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(begins)
            .next_update(ends)
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        for certificate in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(certificate.serial_number)
                .revocation_date(NOW - timedelta(hours=12))
                .build()
            )
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)

    def ocsp_answer(
        self,
        certificate: x509.Certificate,
        *,
        revoked: bool = False,
        begins: datetime = NOW - timedelta(hours=1),
        ends: datetime = NOW + timedelta(days=1),
    ) -> bytes:
        responder = p256()
        signer = self.issue(
            responder,
            "Máy trả lời OCSP",
            uses=("digital_signature",),
            purposes=(ExtendedKeyUsageOID.OCSP_SIGNING,),
            no_check=True,
        )
        answer = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=certificate,
                issuer=self.certificate,
                algorithm=SHA256(),
                cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
                this_update=begins,
                next_update=ends,
                revocation_time=begins if revoked else None,
                revocation_reason=None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, signer)
            .certificates([signer])
            .sign(responder, SHA256())
        )
        return answer.public_bytes(Encoding.DER)


@dataclass
class SealFolder:
    """The files that the settings name, as an operator would lay them down."""

    folder: Path
    production: bool = False

    @property
    def files(self) -> KeyFiles:
        return KeyFiles(self.folder / "seal.p12", PASSWORD, self.folder / "roots.pem", self.folder / "revocation")

    def lay_down(
        self,
        authority: Authority,
        key: PrivateKey,
        certificate: x509.Certificate | None = None,
        *,
        chain: tuple[x509.Certificate, ...] = (),
        trust: Authority | None = None,
        answers: dict[str, bytes] | None = None,
    ) -> SealFolder:
        """Write key, roots and revocation answers; a fresh CRL of the authority where `answers` is not given."""
        certificate = certificate or authority.issue(key)
        revocation = self.files.revocation
        revocation.mkdir(parents=True, exist_ok=True)
        self.files.key.write_bytes(
            serialize_key_and_certificates(b"seal", key, certificate, chain, BestAvailableEncryption(PASSWORD.encode()))
        )
        self.files.trust.write_bytes((trust or authority).certificate.public_bytes(Encoding.PEM))
        for old in revocation.iterdir():
            old.unlink()
        for name, answer in ({"root.crl": authority.crl()} if answers is None else answers).items():
            (revocation / name).write_bytes(answer)
        return self

    def sealer(self) -> Sealer:
        return Sealer(self.files, clock=lambda: NOW, location="localhost", trial_keys=False, production=self.production)


AGENCY = ("20", "20-SCT", "Sở Công Thương tỉnh Lạng Sơn")
"""Province, code and name of the agency that signs in the tests."""


@dataclass
class AgencyFolder(SealFolder):
    """The folder of one agency's key below the one that PLEDGES_AGENCY_KEYS names."""

    @property
    def files(self) -> KeyFiles:
        self.place.mkdir(parents=True, exist_ok=True)
        return agency_files(self.place)

    @property
    def place(self) -> Path:
        return self.folder / "20-SCT"

    def lay_down(self, *positional: Any, **named: Any) -> AgencyFolder:
        super().lay_down(*positional, **named)
        (self.place / "password").write_text(PASSWORD + "\n")
        return self

    def keys(self) -> AgencyKeys:
        return AgencyKeys(self.folder, trials=self.folder / "never", location="localhost", production=self.production)

    def signer(self) -> ReadySeal:
        return self.keys().signer(*AGENCY, NOW)
