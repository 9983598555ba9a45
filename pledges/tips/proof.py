"""What slows floods down: a form is good for one report and some hours, and a browser works a little for it.

It is no test of who somebody is. Without scripts there is no proof, and the report only waits behind the others.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.core.secrecy import Vault
from pledges.core.tokens import Tokens
from pledges.tips.models import WorkProof

LARGEST_NUMBER = 250_000
"""A telephone of today tries them all in a second or two, while its owner reads the first question."""
LEAST_AGE = timedelta(seconds=3)
LIFETIME = timedelta(hours=6)

_FORM = "tip-form"


@dataclass(frozen=True)
class Stamp:
    """What makes one form different from every other: its challenge, and when it was made."""

    challenge: str
    made_at: datetime

    def too_fast(self, now: datetime) -> bool:
        """Nobody reads and answers in so short a time."""
        return now - self.made_at < LEAST_AGE

    def too_old(self, now: datetime) -> bool:
        return now - self.made_at > LIFETIME


def new_stamp(now: datetime) -> Stamp:
    return Stamp(secrets.token_hex(16), now)


def seal_stamp(tokens: Tokens, stamp: Stamp) -> str:
    return tokens.make(_FORM, f"{stamp.challenge}:{int(stamp.made_at.timestamp())}")


def read_stamp(tokens: Tokens, token: str) -> Stamp | None:
    value = tokens.read(_FORM, token)
    if value is None:
        return None
    challenge, _, made = value.partition(":")
    return Stamp(challenge, datetime.fromtimestamp(int(made), tz=UTC))


def target_of(vault: Vault, stamp: Stamp) -> str:
    """The hash whose number the browser has to find by trying."""
    return _hash(stamp.challenge, _number(vault, stamp))


def is_proven(vault: Vault, stamp: Stamp, typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) < 9 and int(typed) == _number(vault, stamp)


def _number(vault: Vault, stamp: Stamp) -> int:
    return int(vault.keyed_hash("tip-work", stamp.challenge), 16) % LARGEST_NUMBER


def _hash(challenge: str, number: int) -> str:
    return hashlib.sha256(f"{challenge}:{number}".encode()).hexdigest()


def use_stamp(session: Session, stamp: Stamp, *, now: datetime) -> bool:
    """Whether this is the first report of this form; of several at once exactly one is."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(WorkProof).values(challenge=stamp.challenge, used_at=now).on_conflict_do_nothing()
    return session.execute(statement.returning(WorkProof.challenge)).first() is not None


def forget_old_proofs(session: Session, now: datetime) -> None:
    """A form that is too old is refused anyway, so its challenge need not be remembered."""
    session.execute(delete(WorkProof).where(WorkProof.used_at < now - LIFETIME - timedelta(hours=1)))
