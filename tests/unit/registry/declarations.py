"""Invented declarations, shortly written."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from pledges.audit.operations import SIGNER
from pledges.core.db import Database
from pledges.core.identity import canonical_channel
from pledges.core.secrecy import Vault
from pledges.registry.models import EntityKind
from pledges.registry.operations import DeclaredSubject, Registered, register_declared
from pledges.registry.recounting import Drift, recount
from tests.support.clock import START
from tests.unit.registry.conftest import P

VAULT = Vault("tests-only-data-key-0123456789abcdef")
TAX_CODE, OTHER_TAX_CODE = "0123456787", "0100109106"
NUMBER, OTHER_NUMBER = "001199012345", "096304012345"


def declared(
    *channels: str,
    types: tuple[str, ...] = ("digital_seller",),
    email: str = "an@vidu.vn",
    name: str = "Công ty TNHH Ví Dụ",
    kind: EntityKind = EntityKind.ORGANISATION,
    commune: str | None = "97001",
    appeared_on: date | None = date(2025, 5, 1),
    **more: Any,
) -> DeclaredSubject:
    return DeclaredSubject(
        kind=kind,
        name=name,
        email=email,
        subject_types=types,
        commune_code=commune,
        channels=tuple(canonical_channel(channel) for channel in channels),
        appeared_on=appeared_on,
        **more,
    )


def declare(session: Session, subject: DeclaredSubject, now: Any = START) -> Registered:
    return register_declared(session, subject, province_code=P, actor=SIGNER, now=now, vault=VAULT)


def register_in(database: Database, subject: DeclaredSubject, now: Any = START) -> Registered:
    return database.run(lambda session: declare(session, subject, now))


def drifts(database: Database) -> list[Drift]:
    return database.run(lambda session: recount(session, repair=False))
