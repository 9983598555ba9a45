"""What must not be readable in a copy of the database: encryption at rest, keyed hashes, codes and tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# Without look-alikes: no 0 O, 1 I L, 5 S, 2 Z, 8 B, U V.
PLAIN_LETTERS = "34679ACDEFGHJKMNPQRTWXY"


class Vault:
    """Encrypts (AES-256-GCM) and hashes (HMAC-SHA-256) with keys derived per purpose from one data key."""

    def __init__(self, data_key: str) -> None:
        self._data_key = data_key.encode()

    def _key(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self._data_key)

    def encrypt(self, purpose: str, text: str) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self._key(purpose)).encrypt(nonce, text.encode(), purpose.encode())

    def decrypt(self, purpose: str, sealed: bytes) -> str:
        return AESGCM(self._key(purpose)).decrypt(sealed[:12], sealed[12:], purpose.encode()).decode()

    def keyed_hash(self, purpose: str, text: str) -> str:
        """64 hexadecimal digits; equal texts match, and nobody without the key can try out guesses."""
        return hmac.new(self._key("hash:" + purpose), text.encode(), hashlib.sha256).hexdigest()


def random_code(length: int, letters: str = PLAIN_LETTERS) -> str:
    return "".join(secrets.choice(letters) for _ in range(length))


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
