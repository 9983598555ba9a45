"""The signature container (CMS, RFC 5652, CAdES attributes) of the seal, prepared once per key.

Encoding the whole container anew costs several times as much as signing it. Between two documents only the digest and
the signature differ, so everything else is encoded once, by asn1crypto and pyHanko, and put together from bytes.
"""

from __future__ import annotations

import hashlib

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.general import as_signing_certificate_v2

SealPrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_DIGEST_PLACE = bytes(range(0xC0, 0xE0))
_SEQUENCE, _SET, _OCTETS, _CONTEXT_0 = 0x30, 0x31, 0x04, 0xA0


def _tagged(tag: int, *parts: bytes) -> bytes:
    """One DER value: tag, shortest length, contents."""
    contents = b"".join(parts)
    size = len(contents)
    if size < 0x80:
        return bytes((tag, size)) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + contents


class PreparedCms:
    """Makes detached PAdES B-B containers for one key: SHA-256 with ECDSA or RSA PKCS#1 v1.5."""

    def __init__(self, key: SealPrivateKey, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> None:
        self._key = key
        own = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [_DIGEST_PLACE]}),
                cms.CMSAttribute({"type": "signing_certificate_v2", "values": [as_signing_certificate_v2(own)]}),
            ]
        ).dump()
        before, self._attributes_after = attributes.split(_DIGEST_PLACE)
        self._attributes_before = before
        digest_algorithm = algos.DigestAlgorithm({"algorithm": "sha256"}).dump()
        name = "sha256_ecdsa" if isinstance(key, ec.EllipticCurvePrivateKey) else "sha256_rsa"
        identifier = cms.SignerIdentifier(
            {"issuer_and_serial_number": {"issuer": own.issuer, "serial_number": own.serial_number}}
        )
        version = core.Integer(1).dump()
        self._signer_before = version + identifier.dump() + digest_algorithm
        self._signature_algorithm = algos.SignedDigestAlgorithm({"algorithm": name}).dump()
        certificates = sorted(each.public_bytes(Encoding.DER) for each in (certificate, *chain))
        self._content_before = (
            version
            + _tagged(_SET, digest_algorithm)
            + cms.EncapsulatedContentInfo({"content_type": "data"}).dump()
            + _tagged(_CONTEXT_0, *certificates)
        )
        self._type = cms.ContentType("signed_data").dump()
        self.hex_digits = 2 * (len(self.container(hashlib.sha256(b"probe").digest())) + 16)
        """Room to reserve in the file; ECDSA signatures differ by a few bytes in length."""

    def container(self, digest: bytes) -> bytes:
        """The DER container for a document with this SHA-256 digest."""
        attributes = self._attributes_before + digest + self._attributes_after
        signature = self._sign(attributes)
        signer = _tagged(
            _SEQUENCE,
            self._signer_before,
            # Signed as a SET, carried with an implicit tag (RFC 5652, 5.4); the length is the same.
            bytes((_CONTEXT_0,)) + attributes[1:],
            self._signature_algorithm,
            _tagged(_OCTETS, signature),
        )
        content = _tagged(_SEQUENCE, self._content_before, _tagged(_SET, signer))
        return _tagged(_SEQUENCE, self._type, _tagged(_CONTEXT_0, content))

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(SHA256()))
        return self._key.sign(data, padding.PKCS1v15(), SHA256())


def fits_key(prepared: PreparedCms, certificate: x509.Certificate) -> bool:
    """Whether a container for a probe, as asn1crypto reads it, verifies with the certificate."""
    digest = hashlib.sha256(b"another probe").digest()
    signed = cms.ContentInfo.load(prepared.container(digest), strict=True)
    (signer,) = signed["content"]["signer_infos"]
    values = {attribute["type"].native: attribute["values"][0].native for attribute in signer["signed_attrs"]}
    if values["message_digest"] != digest:
        return False
    data, signature = signer["signed_attrs"].untag().dump(), signer["signature"].native
    public = certificate.public_key()
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, data, ec.ECDSA(SHA256()))
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, data, padding.PKCS1v15(), SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True
