"""Settings: changed with a reason, told before and after, undone while they still hold, kept by every load."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from pledges.audit.models import Fact
from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError
from pledges.plans.decisions import ENTRY, PROVINCE, decide
from pledges.plans.loader import read_books
from pledges.plans.models import ObligationEntry, Province, SettingChange
from pledges.plans.operations import LoadCounts, load_plans
from pledges.plans.queries import entries_of
from pledges.plans.retention import RETENTION
from pledges.plans.setting_changes import change_settings, history, province_values, undo_change
from pledges.plans.settings import province_settings, retention_days
from tests.support.clock import START, FixedClock

BY = Actor("staff", "0190-somebody")


def change(database: Database, clock: FixedClock, reason: str = "Thử nghiệm", **values: Any) -> list[SettingChange]:
    return database.run(
        lambda session: change_settings(session, "20", province_values(values), reason=reason, actor=BY, now=clock())
    )


def undo(database: Database, clock: FixedClock, made: SettingChange) -> list[SettingChange]:
    return database.run(lambda session: undo_change(session, "20", made.id, actor=BY, now=clock()))


def test_a_change_holds_is_told_and_kept_by_a_load(database: Database, clock: FixedClock) -> None:
    with database.read() as session:
        entry = entries_of(session, "20")[0].id
    made = database.run(
        lambda session: change_settings(
            session,
            "20",
            {
                (PROVINCE, ""): {
                    "retention_days": {"import_files": 90},
                    "hidden_fields": ["tax_code"],
                    "days_to_answer": 7,
                    "days_off_in_lieu": ["2027-02-05"],
                },
                (ENTRY, entry): {"least_signature": "otp_confirm"},
            },
            reason="Theo công văn thử nghiệm",
            actor=BY,
            now=clock(),
        )
    )
    assert {(one.name, one.part) for one in made} == {
        ("retention_days", "import_files"),
        ("hidden_fields", ""),
        ("days_to_answer", ""),
        ("days_off_in_lieu", ""),
        ("least_signature", ""),
    }
    counts = database.run(lambda session: load_plans(session, read_books(None), actor=BY, now=START))
    assert counts == LoadCounts(), "a load must not touch what the province has decided"
    with database.read() as session:
        assert retention_days(session, "20", "import_files") == 90
        assert retention_days(session, "20", "tips_rejected") == RETENTION["tips_rejected"].days
        assert retention_days(session, "46", "import_files") == RETENTION["import_files"].days
        settings = province_settings(session.get_one(Province, "20"))
        assert session.get_one(ObligationEntry, ("20", entry)).least_signature == "otp_confirm"
        facts = session.scalars(select(Fact).where(Fact.kind == "province.decided")).all()
    assert (settings.hidden_fields, settings.days_to_answer) == (frozenset({"tax_code"}), 7)
    of_province = next(fact.data for fact in facts if fact.data["object"] == PROVINCE)
    assert of_province["before"]["days_to_answer"] == 10
    assert of_province["after"]["days_to_answer"] == 7
    assert of_province["after"]["retention_days.import_files"] == 90
    assert "công văn" not in str([fact.data for fact in facts]), "a reason may name somebody"


def test_undoing_restores_one_part_and_only_while_it_holds(sqlite_database: Database, clock: FixedClock) -> None:
    database = sqlite_database
    [files] = change(database, clock, retention_days={"import_files": 90})
    [tips] = change(database, clock, retention_days={"tips_rejected": 60})
    undo(database, clock, files)
    with database.read() as session:
        assert retention_days(session, "20", "import_files") == RETENTION["import_files"].days
        assert retention_days(session, "20", "tips_rejected") == 60
        newest = history(session, "20")[0]
    assert (newest.undoes, newest.before, newest.after) == (files.id, {"value": 90}, {"value": None})
    with pytest.raises(Conflict, match="đổi lần nữa"):
        undo(database, clock, files)
    undo(database, clock, newest)
    change(database, clock, retention_days={"tips_rejected": 61})
    with pytest.raises(Conflict, match="đổi lần nữa"):
        undo(database, clock, tips)


@pytest.mark.parametrize(
    "values",
    [
        {"retention_days": {"drafts": 31}},
        {"retention_days": {"import_files": 1}},
        {"days_to_answer": 0},
        {"days_to_answer": 10},
    ],
)
def test_what_is_refused(sqlite_database: Database, clock: FixedClock, values: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        change(sqlite_database, clock, **values)
    with pytest.raises(DomainError, match="lý do"):
        change(sqlite_database, clock, reason=" ", days_to_answer=5)
    with sqlite_database.read() as session:
        assert session.scalars(select(SettingChange)).all() == []


def test_a_signature_that_nobody_can_give_is_not_asked(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        entry = entries_of(session, "20")[0].id

    def ask(session) -> None:  # type: ignore[no-untyped-def]
        decide(session, "20", ENTRY, entry, {"least_signature": "public_digital_signature"}, actor=BY, now=START)

    with pytest.raises(DomainError):
        sqlite_database.run(ask)
