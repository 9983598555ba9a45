from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from pledges.audit.models import Fact
from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.plans.decisions import AGENCY, MODELS, PLAN, PROVINCE, decide
from pledges.plans.loader import read_books
from pledges.plans.models import Agency, Plan, Province, ProvinceDecision, SettingChange
from pledges.plans.operations import LoadCounts, load_plans
from pledges.plans.queries import operative_plan
from pledges.plans.settings import province_settings
from tests.support.clock import START, FixedClock

SOMEBODY = Actor("staff", "0190-somebody")


def decide_in(database: Database, kind: str, code: str, clock: FixedClock, **values: object) -> list[str]:
    return database.run(lambda session: decide(session, "20", kind, code, values, actor=SOMEBODY, now=clock()))


def test_decisions_hold_at_once_and_outlive_a_load(database: Database, clock: FixedClock) -> None:
    with database.read() as session:
        plan_code = operative_plan(session, "20").code
    details = {"retention": "05 năm", "data_contact": " Văn  phòng ", "hotline": "", "consent_basis": "task"}
    assert sorted(decide_in(database, PROVINCE, "", clock, **details, consent_decided=True)) == [
        "consent_basis",
        "consent_decided",
        "data_contact",
        "retention",
    ]
    decide_in(database, PLAN, plan_code, clock, number="00/KH-UBND", issued_on=date(2026, 2, 9))
    decide_in(database, AGENCY, "20-SCT", clock, signing_title="GIÁM ĐỐC")
    for _ in range(2):
        with database.read() as session:
            settings = province_settings(session.get_one(Province, "20"))
            plan = session.get_one(Plan, ("20", plan_code))
            title = session.get_one(Agency, ("20", "20-SCT")).signing_title
        assert (settings.retention, settings.data_contact, settings.hotline) == ("05 năm", "Văn phòng", "")
        assert (settings.consent_basis, settings.consent_decided) == ("task", True)
        assert (plan.number, plan.issued_on, title) == ("00/KH-UBND", date(2026, 2, 9), "GIÁM ĐỐC")
        counts = database.run(lambda session: load_plans(session, read_books(None), actor=SOMEBODY, now=START))
        assert counts == LoadCounts(), "a load must not touch what the province has decided"


def test_a_decision_may_be_taken_back_to_empty(database: Database, clock: FixedClock) -> None:
    decide_in(database, AGENCY, "20-SCT", clock, signing_title="GIÁM ĐỐC")
    assert decide_in(database, AGENCY, "20-SCT", clock, signing_title="") == ["signing_title"]
    with database.read() as session:
        assert session.get_one(Agency, ("20", "20-SCT")).signing_title == ""


def test_the_fact_names_what_changed_but_not_the_values(database: Database, clock: FixedClock) -> None:
    decide_in(database, PROVINCE, "", clock, data_contact="Trần Thị Mẫu, 0900000000")
    assert decide_in(database, PROVINCE, "", clock, data_contact="Trần Thị Mẫu, 0900000000") == []
    with database.read() as session:
        [fact] = session.scalars(select(Fact).where(Fact.kind == "province.decided")).all()
    assert fact.data == {"object": "province", "code": "", "names": ["data_contact"]}
    assert (fact.actor_kind, fact.actor_id) == ("staff", "0190-somebody")


@pytest.mark.parametrize(
    ("kind", "code", "values"),
    [
        (AGENCY, "20-SCT", {"signing_title": "<b>"}),
        (AGENCY, "20-SCT", {"signing_title": "x" * 201}),
        (PLAN, "langson", {"number": "x" * 61}),
        (PROVINCE, "", {"consent_basis": "whim"}),
        (AGENCY, "46-SCT", {"signing_title": "GIÁM ĐỐC"}),
        (PLAN, "hue", {"number": "1"}),
    ],
)
def test_what_is_refused(
    sqlite_database: Database, clock: FixedClock, kind: str, code: str, values: dict[str, object]
) -> None:
    with pytest.raises(DomainError):
        decide_in(sqlite_database, kind, code, clock, **values)
    with sqlite_database.read() as session:
        assert session.scalars(select(Fact).where(Fact.kind == "province.decided")).all() == []


def test_every_code_of_what_is_decided_about_fits() -> None:
    """PostgreSQL refuses what is longer; SQLite would not show it."""
    longest = max(list(model.__table__.primary_key)[-1].type.length for model in MODELS.values())
    for keeper in (ProvinceDecision, SettingChange):
        assert keeper.__table__.c.object_code.type.length >= longest
