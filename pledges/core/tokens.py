"""Signed tokens for links and forms: itsdangerous with HMAC-SHA-256, one salt per purpose.

Expiry and revocation stand in the database, not in the token, so that a clock set back does not refuse fresh links.
"""

from __future__ import annotations

import hashlib

from itsdangerous import BadData, URLSafeSerializer


class Tokens:
    """Makes and reads signed tokens; each purpose has its own salt, so that no token passes for another."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._secret_key, salt=f"pledges.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def make(self, purpose: str, value: str) -> str:
        return str(self._serializer(purpose).dumps(value))

    def read(self, purpose: str, token: str) -> str | None:
        """The value, or None where the token is not one of ours for this purpose."""
        try:
            value = self._serializer(purpose).loads(token)
        except BadData:
            return None
        return value if isinstance(value, str) else None
