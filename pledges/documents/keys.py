"""A key with its certificates, the roots they must lead to, and the revocation files, read from disk."""

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

from pledges.documents.cms import PreparedCms, SealPrivateKey, fits_key
from pledges.documents.evidence import SealEvidence
from pledges.documents.key_rules import Flaw, KeyRules

TRIAL_WORD = "THỬ NGHIỆM"
CURVES = ("secp256r1", "secp384r1", "secp521r1")
REVOCATION_SUFFIXES = {".crl", ".ocsp", ".der", ".pem"}


@dataclass(frozen=True)
class KeyFiles:
    """Where a key's material lies. `seen` changes whenever one of the files does."""

    key: Path
    password: str
    trust: Path
    revocation: Path
    password_file: Path | None = None
    """Holds the password where the settings do not; it may be missing for a key file without password."""

    @property
    def certificates(self) -> Path:
        """The certificate and those above it (PEM), for processes that may not read the key."""
        return self.key.with_suffix(".pem")

    def secret(self) -> bytes:
        if self.password_file is None or not self.password_file.exists():
            return self.password.encode()
        return self.password_file.read_bytes().strip(b"\r\n")

    def revocation_files(self) -> list[Path]:
        if not self.revocation.is_dir():
            return []
        return sorted(path for path in self.revocation.iterdir() if path.suffix.lower() in REVOCATION_SUFFIXES)

    def seen(self) -> tuple[tuple[str, int, int, int], ...]:
        marks = []
        secret = [self.password_file] if self.password_file is not None else []
        for path in (self.key, self.certificates, *secret, self.trust, *self.revocation_files()):
            try:
                state = path.stat()
            except OSError:
                marks.append((str(path), 0, 0, 0))
            else:
                marks.append((str(path), state.st_mtime_ns, state.st_size, state.st_ino))
        return tuple(marks)


@dataclass(frozen=True)
class KeyMaterial:
    """A key that fits its certificate, and everything needed to judge it; nothing is checked for time or trust yet."""

    certificate: x509.Certificate
    evidence: SealEvidence
    packed_evidence: bytes
    cms: PreparedCms | None
    """None where this process may read the certificate only: it can tell how the key does, and cannot sign."""

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


def read_material(files: KeyFiles, rules: KeyRules) -> KeyMaterial:
    """Read everything and prepare the signature container; the refusal names the file that is wrong."""
    key, certificate, chain = _read_key(files, rules) or (None, *_read_certificates(files, rules))
    roots = _read_roots(files.trust, rules)
    crls, ocsps = _read_revocation(files.revocation_files(), rules)
    intermediates = tuple(each for each in chain if each.subject != each.issuer)
    cms = None if key is None else PreparedCms(key, certificate, intermediates)
    if cms is not None and not fits_key(cms, certificate):
        raise rules.refuse(Flaw.MISMATCH, file=files.key.name)
    evidence = SealEvidence(
        chain=tuple(each.public_bytes(Encoding.DER) for each in (certificate, *intermediates)),
        roots=tuple(each.public_bytes(Encoding.DER) for each in roots),
        crls=crls,
        ocsps=ocsps,
    )
    return KeyMaterial(certificate, evidence, evidence.pack(), cms)


def _read_key(
    files: KeyFiles, rules: KeyRules
) -> tuple[SealPrivateKey, x509.Certificate, list[x509.Certificate]] | None:
    """None where the operator keeps the key from this process and lays the certificate beside it."""
    try:
        raw, secret = files.key.read_bytes(), files.secret()
    except OSError as error:
        if isinstance(error, PermissionError) and files.certificates.exists():
            return None
        name = Path(error.filename).name
        raise rules.refuse(Flaw.UNREADABLE, file=name, error=error.strerror) from error
    try:
        bundle = load_pkcs12(raw, secret or None)
    except ValueError as error:
        raise rules.refuse(Flaw.WRONG_PASSWORD, file=files.key.name) from error
    if bundle.key is None or bundle.cert is None:
        raise rules.refuse(Flaw.INCOMPLETE, file=files.key.name)
    key = bundle.key
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < rules.least_rsa_bits:
            raise rules.refuse(Flaw.SHORT_RSA, bits=key.key_size, least=rules.least_rsa_bits)
    elif not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in CURVES:
        raise rules.refuse(Flaw.WRONG_KIND)
    return key, bundle.cert.certificate, [each.certificate for each in bundle.additional_certs]


def _read_certificates(files: KeyFiles, rules: KeyRules) -> tuple[x509.Certificate, list[x509.Certificate]]:
    try:
        certificate, *chain = x509.load_pem_x509_certificates(files.certificates.read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "PEM"
        raise rules.refuse(Flaw.UNREADABLE, file=files.certificates.name, error=reason) from error
    return certificate, chain


def _read_roots(path: Path, rules: KeyRules) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise rules.refuse(Flaw.NO_ROOTS, file=path.name) from error


def _read_revocation(paths: list[Path], rules: KeyRules) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
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
        except OSError as error:
            raise rules.refuse(Flaw.UNREADABLE, file=path.name, error=error.strerror) from error
        except (ValueError, TypeError) as error:
            raise rules.refuse(Flaw.DAMAGED_ANSWER, file=path.name) from error
    return tuple(crls), tuple(ocsps)


def _is_crl(raw: bytes) -> bool:
    try:
        asn1_crl.CertificateList.load(raw, strict=True)["tbs_cert_list"]["this_update"].native  # noqa: B018
    except (ValueError, TypeError):
        return False
    return True
