"""The seal's key and certificates, the roots they must lead to, and the revocation files, read from disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from cryptography.x509.oid import NameOID

from pledges.core.errors import N_
from pledges.documents.cms import PreparedCms, SealPrivateKey, fits_key
from pledges.documents.errors import SealUnavailable
from pledges.documents.evidence import SealEvidence

TRIAL_WORD = "THỬ NGHIỆM"
LEAST_RSA_BITS = 3072
CURVES = ("secp256r1", "secp384r1", "secp521r1")
REVOCATION_SUFFIXES = {".crl", ".ocsp", ".der", ".pem"}


@dataclass(frozen=True)
class SealFiles:
    """Where the seal's material lies. `seen` changes whenever one of the files does."""

    key: Path
    password: str
    trust: Path
    revocation: Path

    def revocation_files(self) -> list[Path]:
        if not self.revocation.is_dir():
            return []
        return sorted(path for path in self.revocation.iterdir() if path.suffix.lower() in REVOCATION_SUFFIXES)

    def seen(self) -> tuple[tuple[str, int, int, int], ...]:
        marks = []
        for path in (self.key, self.trust, *self.revocation_files()):
            try:
                state = path.stat()
            except OSError:
                marks.append((str(path), 0, 0, 0))
            else:
                marks.append((str(path), state.st_mtime_ns, state.st_size, state.st_ino))
        return tuple(marks)


@dataclass(frozen=True)
class SealMaterial:
    """A key that fits its certificate, and everything needed to judge it; nothing is checked for time or trust yet."""

    certificate: x509.Certificate
    evidence: SealEvidence
    packed_evidence: bytes
    cms: PreparedCms

    @property
    def certificate_der(self) -> bytes:
        return self.evidence.chain[0]

    @property
    def subject(self) -> str:
        return common_name(self.certificate.subject)

    @property
    def trial(self) -> bool:
        return TRIAL_WORD in self.subject.upper()


def common_name(name: x509.Name) -> str:
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[0].value) if values else name.rfc4514_string()


def read_material(files: SealFiles) -> SealMaterial:
    """Read everything and prepare the signature container; `SealUnavailable` names the file that is wrong."""
    key, certificate, chain = _read_key(files)
    roots = _read_roots(files.trust)
    crls, ocsps = _read_revocation(files.revocation_files())
    intermediates = tuple(each for each in chain if each.subject != each.issuer)
    cms = PreparedCms(key, certificate, intermediates)
    if not fits_key(cms, certificate):
        raise SealUnavailable(N_("Khóa và chứng thư trong tệp %(file)s không khớp nhau."), file=files.key.name)
    evidence = SealEvidence(
        chain=tuple(each.public_bytes(Encoding.DER) for each in (certificate, *intermediates)),
        roots=tuple(each.public_bytes(Encoding.DER) for each in roots),
        crls=crls,
        ocsps=ocsps,
    )
    return SealMaterial(certificate, evidence, evidence.pack(), cms)


def _read_key(files: SealFiles) -> tuple[SealPrivateKey, x509.Certificate, list[x509.Certificate]]:
    try:
        raw = files.key.read_bytes()
    except OSError as error:
        raise SealUnavailable(
            N_("Không đọc được tệp khóa niêm phong %(file)s: %(error)s."), file=files.key.name, error=error.strerror
        ) from error
    try:
        bundle = load_pkcs12(raw, files.password.encode() or None)
    except ValueError as error:
        raise SealUnavailable(
            N_("Không mở được tệp khóa niêm phong %(file)s: sai mật khẩu hoặc không phải tệp PKCS#12."),
            file=files.key.name,
        ) from error
    if bundle.key is None or bundle.cert is None:
        raise SealUnavailable(N_("Tệp %(file)s thiếu khóa bí mật hoặc chứng thư niêm phong."), file=files.key.name)
    key = bundle.key
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < LEAST_RSA_BITS:
            raise SealUnavailable(
                N_("Khóa niêm phong RSA chỉ dài %(bits)s bit; cần từ %(least)s bit hoặc khóa P-256."),
                bits=key.key_size,
                least=LEAST_RSA_BITS,
            )
    elif not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in CURVES:
        raise SealUnavailable(N_("Loại khóa niêm phong này không dùng được; cần khóa P-256 hoặc RSA từ 3072 bit."))
    return key, bundle.cert.certificate, [each.certificate for each in bundle.additional_certs]


def _read_roots(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SealUnavailable(
            N_("Không đọc được chứng thư gốc tin cậy trong tệp %(file)s (cần tệp PEM)."), file=path.name
        ) from error


def _read_revocation(paths: list[Path]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    crls, ocsps = [], []
    for path in paths:
        try:
            raw = path.read_bytes()
            if pem.detect(raw):
                _, _, raw = pem.unarmor(raw)
            if _is_crl(raw):
                crls.append(raw)
            else:
                asn1_ocsp.OCSPResponse.load(raw, strict=True).basic_ocsp_response.native  # noqa: B018
                ocsps.append(raw)
        except (OSError, ValueError, TypeError) as error:
            raise SealUnavailable(
                N_("Tệp %(file)s trong thư mục thu hồi không phải là CRL hoặc câu trả lời OCSP."), file=path.name
            ) from error
    return tuple(crls), tuple(ocsps)


def _is_crl(raw: bytes) -> bool:
    try:
        asn1_crl.CertificateList.load(raw, strict=True)["tbs_cert_list"]["this_update"].native  # noqa: B018
    except (ValueError, TypeError):
        return False
    return True
