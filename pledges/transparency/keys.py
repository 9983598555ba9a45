"""The key that signs checkpoints: of its own, never that of the seal, and in the hands of the worker alone."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pledges.core.sharing import create_private
from pledges.settings import Settings
from pledges.transparency.notes import verifier_key

TRIAL_FILE = "log-key.pem"


class LogKeyUnavailable(Exception):
    """No checkpoint can be signed; the reason is a sentence for the operator."""


@dataclass(frozen=True)
class LogKey:
    """Where the key lies, and under which name it signs."""

    file: Path
    origin: str
    trial: bool
    """Made here at first use; production refuses to start without a key of its own."""

    @classmethod
    def from_settings(cls, settings: Settings) -> LogKey:
        file = settings.log_key or settings.var / TRIAL_FILE
        return cls(file, f"{settings.public_host}/log", settings.log_key is None)

    def read(self) -> Ed25519PrivateKey:
        """The key, read anew at each use, so that a changed file needs no restart."""
        if self.trial:
            _provide(self.file)
        try:
            data = self.file.read_bytes()
        except OSError as error:
            raise LogKeyUnavailable(f"{self.file} cannot be read: {error.strerror}") from error
        try:
            key = serialization.load_pem_private_key(data, None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise LogKeyUnavailable(f"{self.file} holds no Ed25519 key (PEM, without password)")
        return key

    @property
    def readable(self) -> bool:
        """Whether this process may use it: the web, which is another user than the worker, may not."""
        return self.trial or os.access(self.file, os.R_OK)

    def verifier(self) -> str:
        return verifier_key(self.origin, self.read().public_key().public_bytes_raw())


def _provide(file: Path) -> None:
    """Make the trial key once, whoever comes first; half of it is never seen."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = create_private(file.with_suffix(".lock"))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not file.exists():
            half = file.with_suffix(".new")
            half.unlink(missing_ok=True)
            made = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "wb") as stream:
                stream.write(
                    Ed25519PrivateKey.generate().private_bytes(
                        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                    )
                )
                stream.flush()
                os.fsync(stream.fileno())
            half.rename(file)
    finally:
        os.close(descriptor)
