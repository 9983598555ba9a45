"""`ops audit`, and what `/readyz` says of the log of acts."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, text

from pledges.accounts.models import Role
from pledges.product import Product
from pledges.readiness import LONGEST_UNSIGNED, Part, check_readiness
from pledges.transparency.models import LogEntry, LogHead
from pledges.transparency.operations import append
from tests.support.clock import FixedClock
from tests.support.staff import add_person
from tests.web.test_continuity_commands import run


def part(product: Product, name: str) -> Part:
    return next(part for part in check_readiness(product) if part.name == name)


def test_an_audit_says_what_it_has_looked_at_and_ends_with_a_status(small_product: Product, small_app: Flask) -> None:
    assert part(small_product, "audit").state == "never"
    add_person(small_product.database, role=Role.OFFICER, province_code="46", agency_code="46-SCT")
    found = run(small_app, "audit", "--json")
    assert (found["ok"], found["entries"], found["faults"]) == (True, 2, [])
    assert found["facts"] > 0
    assert f"root: {found['root']}" in run(small_app, "audit", "--without-files")["stdout"]
    assert (part(small_product, "audit").ok, part(small_product, "audit").state) == (True, "fine")

    with small_product.database.engine.begin() as connection:
        connection.execute(text("UPDATE fact SET kind = 'staff.removed' WHERE kind = 'staff.added'"))
    said = run(small_app, "audit", status=1)["stderr"]
    assert said.splitlines()[-1].startswith("entry 1: a fact between 1 and ")
    seen = part(small_product, "audit")
    assert (seen.ok, seen.state, seen.figures["faults"]) == (False, "failed", 1)
    assert "entry 1" not in seen.reason, "everybody may read the reason"
    assert "entry 1" in seen.detail


def test_an_old_audit_and_an_entry_without_checkpoint_are_said(
    small_product: Product, small_app: Flask, clock: FixedClock
) -> None:
    run(small_app, "audit", "--json")
    small_product.log_worker().sign()
    clock.advance(timedelta(days=3))
    assert part(small_product, "audit").state == "old"
    small_product.database.run(
        lambda session: append(session, "thing.done", "thing", uuid.UUID(int=1), {}, small_product.clock())
    )
    assert part(small_product, "log").state == "fine"
    clock.advance(LONGEST_UNSIGNED + timedelta(minutes=1))
    seen = part(small_product, "log")
    assert (seen.ok, seen.warning, seen.state, seen.figures["minutes"] >= 11) == (True, True, "unsigned", True)
    in_production = replace(small_product, settings=replace(small_product.settings, env="production"))
    assert not part(in_production, "log").ok
    small_product.log_worker().sign()
    assert (part(small_product, "log").ok, part(small_product, "log").state) == (True, "fine")


def test_a_log_that_has_become_shorter_is_not_ready(small_product: Product, small_app: Flask) -> None:
    for _ in range(2):
        small_product.database.run(
            lambda session: append(session, "thing.done", "thing", uuid.UUID(int=1), {}, small_product.clock())
        )
    small_product.log_worker().sign()
    with small_product.database.engine.begin() as connection:
        connection.execute(LogEntry.__table__.delete().where(LogEntry.index == 1))
        connection.execute(LogHead.__table__.update().values(size=1))
    seen = part(small_product, "log")
    assert (seen.ok, seen.state) == (False, "shorter")


def test_the_audit_runs_once_a_night(small_product: Product, clock: FixedClock) -> None:
    """At 03:00 UTC it is ten in the morning in Vietnam."""
    worker = small_product.log_worker()

    def audited() -> bool:
        with small_product.database.read() as session:
            before = session.scalar(select(text("data")).select_from(text("log_mark")).where(text("name = 'audit'")))
        worker.audit_at_night()
        with small_product.database.read() as session:
            after = session.scalar(select(text("data")).select_from(text("log_mark")).where(text("name = 'audit'")))
        return bool(before != after)

    assert audited(), "there was none yet"
    found = []
    for _ in range(48):
        clock.advance(timedelta(hours=1))
        if audited():
            found.append((clock().hour + 7) % 24)
    assert found == [1, 1]
