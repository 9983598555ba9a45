"""Trial keys for development: made at first start, marked THỬ NGHIỆM, renewed by themselves."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12, serialize_key_and_certificates
from cryptography.x509.oid import NameOID

from pledges.documents.keys import TRIAL_WORD, KeyFiles, common_name

ROOT_NAME = f"Gốc {TRIAL_WORD} - Hệ thống ký cam kết"
MOST_BYTES_IN_NAME = 64  # RFC 5280, ub-common-name


# A development clock may be set some months back; trial certificates therefore begin long before they are made.
BACKDATED = timedelta(days=366)
ROOT_DAYS, SEAL_DAYS, CRL_DAYS = timedelta(days=3660), timedelta(days=730), timedelta(days=30)
RENEW_BEFORE = timedelta(days=2)


@dataclass(frozen=True)
class TrialName:
    """In whose name a trial key signs; the common name always says that it is a trial."""

    common: str
    organisation: str = ""


SEAL_NAME = TrialName(f"Niêm phong {TRIAL_WORD} - Hệ thống ký cam kết")


def agency_trial_name(agency_name: str) -> TrialName:
    """The common name ends after a whole word where a certificate has no more room; the full name stands beside it."""
    common = f"{TRIAL_WORD} - {agency_name}"
    if len(common.encode()) > MOST_BYTES_IN_NAME:
        room = MOST_BYTES_IN_NAME - len("…".encode())
        common = common.encode()[:room].decode(errors="ignore").rpartition(" ")[0] + "…"
    return TrialName(common, agency_name)


def trial_files(folder: Path) -> KeyFiles:
    return KeyFiles(folder / "seal.p12", "", folder / "root.pem", folder / "revocation")


def provide_trial_keys(folder: Path, now: datetime, owner: TrialName = SEAL_NAME) -> None:
    """Make what is missing and renew what is not valid at `now`; safe with several processes and with a crash."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.with_name(folder.name + ".lock")):
        if folder.is_dir() and not _valid(_certificate(folder / "root.pem"), now):
            # Documents sealed with the old keys carry their own evidence; the old folder is only kept to look at.
            folder.rename(tempfile.mkdtemp(prefix=folder.name + ".old-", dir=folder.parent))
        if not folder.is_dir():
            _make_all(folder, now, owner)
            return
        bundle = load_pkcs12((folder / "seal.p12").read_bytes(), None)
        certificate = bundle.cert.certificate if bundle.cert is not None else None
        if certificate is None or not _valid(certificate, now) or common_name(certificate.subject) != owner.common:
            _make_seal(folder, now, owner)
        crl = x509.load_der_x509_crl((folder / "revocation" / "root.crl").read_bytes())
        end = crl.next_update_utc
        if end is None or not crl.last_update_utc <= now < end - RENEW_BEFORE:
            _make_crl(folder, now)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _make_all(folder: Path, now: datetime, owner: TrialName) -> None:
    """Fill a folder beside the final one and rename it: nobody ever sees half of the keys."""
    work = Path(tempfile.mkdtemp(prefix=folder.name + ".new-", dir=folder.parent))
    try:
        (work / "revocation").mkdir(mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(TrialName(ROOT_NAME))
        certificate = (
            _certificate_builder(name, name, key.public_key(), now, ROOT_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(key, SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(work / "root-key.pem", private)
        _write(work / "root.pem", certificate.public_bytes(serialization.Encoding.PEM))
        _make_seal(work, now, owner)
        _make_crl(work, now)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _make_seal(folder: Path, now: datetime, owner: TrialName) -> None:
    root, root_key = _certificate(folder / "root.pem"), _root_key(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    lasting = min(SEAL_DAYS, root.not_valid_after_utc - now)
    certificate = (
        _certificate_builder(_name(owner), root.subject, key.public_key(), now, lasting)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, SHA256())
    )
    bundle = serialize_key_and_certificates(b"seal", key, certificate, None, serialization.NoEncryption())
    _write(folder / "seal.p12", bundle)


def _make_crl(folder: Path, now: datetime) -> None:
    root, root_key = _certificate(folder / "root.pem"), _root_key(folder)
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.subject)
        .last_update(now - timedelta(hours=1))
        .next_update(now + CRL_DAYS)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, SHA256())
    )
    _write(folder / "revocation" / "root.crl", crl.public_bytes(serialization.Encoding.DER))


def _root_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key((folder / "root-key.pem").read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the trial root has a key of an unknown kind")
    return key


def _certificate_builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, lasting: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lasting)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(owner: TrialName) -> x509.Name:
    parts = {NameOID.COUNTRY_NAME: "VN", NameOID.ORGANIZATION_NAME: owner.organisation}
    parts[NameOID.COMMON_NAME] = owner.common
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts.items() if text])


def _usage(**granted: bool) -> x509.KeyUsage:
    kinds = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign "
        "crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{kind: granted.get(kind, False) for kind in kinds.split()})


def _write(path: Path, data: bytes) -> None:
    """Replace a file as a whole, readable by its owner only."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
