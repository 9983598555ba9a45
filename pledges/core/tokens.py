"""Signed tokens for links and forms: itsdangerous with HMAC-SHA-256, one salt per purpose.

Expiry and revocation stand in the database, not in the token, so that a clock set back does not refuse fresh links.
Only what forms carry along runs out by itself: the files that it names are swept once they have lain about for days.
"""

from __future__ import annotations

import hashlib
import time

from itsdangerous import BadData, URLSafeSerializer

CARRIED_SECONDS = 24 * 3600


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

    def make_carried(self, purpose: str, value: str) -> str:
        """For a form that comes back: good for a day, by the clock of the disk, as files are."""
        return self.make(purpose, f"{int(time.time())};{value}")

    def read_carried(self, purpose: str, token: str) -> str | None:
        stamp, _, value = (self.read(purpose, token) or "").partition(";")
        return value if stamp.isdecimal() and time.time() - int(stamp) < CARRIED_SECONDS else None

    def read(self, purpose: str, token: str) -> str | None:
        """The value, or None where the token is not one of ours for this purpose."""
        try:
            value = self._serializer(purpose).loads(token)
        except BadData:
            return None
        return value if isinstance(value, str) else None
