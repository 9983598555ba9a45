"""Whether a key may be used at a moment: offline, and each refusal in a sentence of its own."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TypeVar

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InsufficientRevinfoError,
    NotYetValidError,
    PathBuildingError,
    RevokedError,
    StaleRevinfoError,
    ValidationError,
)

from pledges.core.calendar import local_day
from pledges.documents.errors import SealUnavailable
from pledges.documents.evidence import SealEvidence
from pledges.documents.key_rules import Flaw, KeyRules
from pledges.documents.keys import KeyMaterial

T = TypeVar("T", bound=x509.ExtensionType)

# A certificate may be limited to purposes; these are the ones that cover documents. Vietnamese issuers often write
# client authentication and e-mail protection into certificates for signing.
DOCUMENT_PURPOSES = {
    "1.3.6.1.5.5.7.3.36",  # id-kp-documentSigning, RFC 9336
    "1.3.6.1.4.1.311.10.3.12",  # Microsoft document signing
    "1.2.840.113583.1.1.5",  # Adobe authentic documents
    ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string,
    ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string,
}


def offline_context(evidence: SealEvidence, moment: datetime) -> ValidationContext:
    """What certvalidator may use: the given values and nothing from the network; revocation must be proved."""
    return ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(der) for der in evidence.roots],
        other_certs=[asn1_x509.Certificate.load(der) for der in evidence.chain[1:]],
        crls=[asn1_crl.CertificateList.load(der) for der in evidence.crls],
        ocsps=[asn1_ocsp.OCSPResponse.load(der) for der in evidence.ocsps],
        moment=moment,
        best_signature_time=moment,
        allow_fetching=False,
        revocation_mode="require",
        time_tolerance=timedelta(0),
    )


def check_material(material: KeyMaterial, now: datetime, rules: KeyRules) -> None:
    """Refuse (`SealUnavailable`) a key whose signatures a careful reader would refuse."""
    _check_validity(material.certificate, now, rules)
    _check_use(material.certificate, rules)
    own = asn1_x509.Certificate.load(material.certificate_der)
    validator = CertificateValidator(own, validation_context=offline_context(material.evidence, now))
    try:
        asyncio.run(validator.async_validate_path())
    except RevokedError as error:
        raise rules.refuse(Flaw.REVOKED) from error
    except PathBuildingError as error:
        raise rules.refuse(Flaw.NO_PATH) from error
    except (ExpiredError, NotYetValidError) as error:
        raise rules.refuse(Flaw.ISSUER_NOT_VALID) from error
    except (StaleRevinfoError, InsufficientRevinfoError) as error:
        raise _revocation_refusal(material.evidence, now, rules) from error
    except ValidationError as error:
        raise rules.refuse(Flaw.PATH_REFUSED, error=str(error)) from error


def _check_validity(certificate: x509.Certificate, now: datetime, rules: KeyRules) -> None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        raise rules.refuse(Flaw.NOT_YET_VALID, day=f"{local_day(begins):%d/%m/%Y}")
    if now >= ends:
        raise rules.refuse(Flaw.EXPIRED, day=f"{local_day(ends):%d/%m/%Y}")


def _check_use(certificate: x509.Certificate, rules: KeyRules) -> None:
    extensions = certificate.extensions
    usage = _extension(extensions, x509.KeyUsage)
    authority = _extension(extensions, x509.BasicConstraints)
    purposes = _extension(extensions, x509.ExtendedKeyUsage)
    signs = usage is not None and (usage.digital_signature or usage.content_commitment)
    if not signs or (authority is not None and authority.ca):
        raise rules.refuse(Flaw.WRONG_USE)
    if purposes is not None and not {each.dotted_string for each in purposes} & DOCUMENT_PURPOSES:
        raise rules.refuse(Flaw.WRONG_PURPOSE)


def _extension(extensions: x509.Extensions, kind: type[T]) -> T | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _revocation_refusal(evidence: SealEvidence, now: datetime, rules: KeyRules) -> SealUnavailable:
    """Tell an answer that has gone stale from one that was never there."""
    end = revocation_until(evidence)
    if end is None:
        return rules.refuse(Flaw.NO_ANSWER)
    if end < now:
        return rules.refuse(Flaw.STALE_ANSWER, day=f"{local_day(end):%d/%m/%Y}")
    return rules.refuse(Flaw.USELESS_ANSWER)


def revocation_until(evidence: SealEvidence) -> datetime | None:
    """When the first of the stored answers goes stale: fresh ones must be there before."""
    issuers = {asn1_x509.Certificate.load(der).issuer.hashable for der in evidence.chain}
    ends = [end for der in evidence.crls if (end := _crl_end(der, issuers)) is not None]
    ends += [end for der in evidence.ocsps if (end := _ocsp_end(der)) is not None]
    return min(ends, default=None)


def _crl_end(der: bytes, issuers: set[str]) -> datetime | None:
    content = asn1_crl.CertificateList.load(der)["tbs_cert_list"]
    if content["issuer"].hashable not in issuers:
        return None
    end: datetime | None = content["next_update"].native
    return end


def _ocsp_end(der: bytes) -> datetime | None:
    response = asn1_ocsp.OCSPResponse.load(der).basic_ocsp_response
    ends = [each["next_update"].native for each in response["tbs_response_data"]["responses"]]
    return min((end for end in ends if end is not None), default=None)
