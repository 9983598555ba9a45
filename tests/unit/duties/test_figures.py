"""Frozen figures: what the pages count, of the right place and day; sums of what was sent, and who is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.duties import figures, operations
from pledges.duties.calendar import Standing
from pledges.duties.consolidation import Gathered, consolidate
from pledges.duties.figures import CoverageFigures, Line, ReportFigures
from pledges.duties.forms import read
from pledges.duties.models import Report
from pledges.duties.units import NewDuty, add_duty
from pledges.plans.duty_reading import COMMUNES, DEPARTMENTS, YEARLY
from pledges.plans.models import ReportForm, ReportingDuty
from pledges.registry.models import Counter, Entity
from pledges.reporting.coverage import coverage_of
from pledges.reporting.standing import Place
from pledges.review.violation_models import Violation, ViolationField
from pledges.rounds.list_models import Group
from tests.support.clock import FixedClock
from tests.support.signing import COMMUNES as COMMUNE_OF
from tests.support.signing import HUE
from tests.support.staff import add_person
from tests.unit.duties.reporters import (
    CULTURE,
    HEALTH,
    OCTOBER,
    REVIEW,
    SUMMARY,
    TRADE,
    Reporters,
    on,
    reviewed,
    row,
)
from tests.unit.reporting.played import OTHER_COMMUNE, Quarterly

F = ViolationField
GENERAL = NewDuty(
    report="Báo cáo thử nghiệm hằng năm",
    basis="Văn bản thử nghiệm",
    form=ReportForm.GENERAL,
    follow_as=YEARLY,
    senders=(DEPARTMENTS, COMMUNES),
    recipients=(TRADE,),
    recurs="--12-31",
    starts_on=date(2026, 1, 1),
)


def general_duties(database: Database, clock: FixedClock) -> tuple[str, str]:
    """Of everybody to the department of trade, and of that department to the province."""
    administrator = add_person(database, ready=False)

    def add(session: Session) -> tuple[str, str]:
        first = add_duty(session, HUE, GENERAL, staff=administrator, now=clock())
        lead = replace(GENERAL, senders=(TRADE,), recipients=("46-UBND",), gathers=first.id)
        return first.id, add_duty(session, HUE, lead, staff=administrator, now=clock()).id

    return database.run(add)


def kept(report: Report) -> ReportFigures:
    found = figures.read(report)
    assert found is not None
    return found


def coverage(report: Report) -> CoverageFigures:
    found = kept(report).coverage
    assert found is not None
    return found


def counted(line: Line) -> tuple[int, dict[Group, int]]:
    return line.in_scope, dict(line.groups)


def test_figures_are_those_of_the_pages_and_never_change(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    played = Quarterly(sqlite_database, clock, vault)
    reporters = Reporters(sqlite_database, vault)
    reporters.now = clock()
    first, lead = general_duties(sqlite_database, clock)
    end = date(2026, 12, 31)
    commune_duty = reporters.draft(first, "2026", COMMUNE_OF[HUE])
    other = reporters.draft(first, "2026", OTHER_COMMUNE)
    culture = reporters.draft(first, "2026", CULTURE)
    whole = reporters.draft(lead, "2026", TRADE)
    assert {each.as_of for each in (commune_duty, other, culture, whole)} == {end}
    with sqlite_database.read() as session:
        page = coverage_of(session, Place(HUE), end, clock())
        of_culture = coverage_of(session, Place(HUE, CULTURE), end, clock())
    assert counted(coverage(whole).total) == (page.total.in_scope, page.total.groups)
    assert counted(coverage(culture).total) == (of_culture.total.in_scope, of_culture.total.groups)
    assert counted(coverage(culture).acknowledged) == (of_culture.acknowledged.in_scope, of_culture.acknowledged.groups)
    assert page.total.in_scope > of_culture.total.in_scope > 0
    for table, by in (("agencies", "agency_code"), ("entries", "entry_id"), ("types", "subject_type")):
        lines = {line.key[by]: (line.in_scope, line.groups) for line in page.lines(by)}
        assert {line.code: counted(line) for line in getattr(coverage(whole), table)} == lines
    by_commune = {line.code: counted(line) for line in coverage(whole).communes}
    for report in (commune_duty, other):
        assert counted(coverage(report).total) == by_commune[report.unit_code]
        assert coverage(report).communes == ()
    assert [each.quarter for each in coverage(whole).quarters][-1] == "2026Q4"
    assert (
        f"Ủy ban nhân dân {coverage(commune_duty).total.name}"
        == reporters.due(first, "2026", COMMUNE_OF[HUE]).unit.name
    )
    assert coverage(whole).total.share == page.total.share

    # A later truth is another report's: what was frozen is read as it was.
    sqlite_database.run(lambda session: session.execute(delete(Counter)))
    assert reporters.report(lead, "2026", TRADE).figures == whole.figures
    played.clock.advance(timedelta(days=1))
    reporters.now = clock()
    renewed = reporters.act(operations.refresh_figures, whole)
    assert coverage(renewed).total.in_scope != coverage(whole).total.in_scope


def test_reviews_begin_with_the_decisions_of_their_days(
    sqlite_database: Database, vault: Vault, clock: FixedClock
) -> None:
    reporters = Reporters(sqlite_database, vault)
    staff = reporters.of(TRADE)

    def add(session: Session) -> None:
        seller = Entity(
            kind="organisation", name="Công ty Thử Nghiệm", name_fold="cong ty", added_at=clock(), province_code=HUE
        )
        session.add(seller)
        session.flush()
        for number, (agency, field, day, fine) in enumerate(
            [
                (TRADE, F.FOOD, date(2026, 10, 1), 15_000_000),
                (TRADE, F.FOOD, date(2026, 10, 31), None),
                (TRADE, F.MILK, date(2026, 10, 9), 5_000_000),
                (TRADE, F.FOOD, date(2026, 11, 1), 1),
                (TRADE, F.FOOD, date(2026, 9, 30), 2),
                (HEALTH, F.MEDICINE, date(2026, 10, 5), 4),
            ]
        ):
            session.add(
                Violation(
                    province_code=HUE,
                    agency_code=agency,
                    entity_id=seller.id,
                    field=field,
                    happened_on=day,
                    what="Thử nghiệm.",
                    decision_number=f"{number}/QĐ",
                    number_key=f"{number}/qd",
                    decided_on=day,
                    decided_by="Cơ quan thử nghiệm",
                    fine=fine,
                    channel=f"https://ban.vidu.vn/{field.value}",
                    recorded_by=staff.id,
                    recorded_at=clock(),
                )
            )

    sqlite_database.run(add)
    drafted = reporters.draft(REVIEW, OCTOBER, TRADE)
    found = kept(drafted)
    assert found.coverage is None
    assert [(line.field, line.subjects, line.decisions, line.fines) for line in found.violations or ()] == [
        (F.FOOD, 1, 2, 15_000_000),
        (F.MILK, 1, 1, 5_000_000),
    ]
    food, medicine, *_others = read(ReportForm.FALSE_INFORMATION, drafted.answers).rows
    assert (food.reviewed, food.violating, food.handled, food.fines) == (None, 1, 2, 15_000_000)
    assert food.links == ("https://ban.vidu.vn/food",)
    assert (medicine.reviewed, medicine.violating) == (None, 0)


def test_who_consolidates_sees_sums_and_who_is_missing(database: Database, vault: Vault) -> None:
    reporters = Reporters(database, vault)
    reporters.now = on(date(2026, 11, 6))
    trade = reporters.send(REVIEW, OCTOBER, TRADE, reviewed(row(F.FOOD, 40, 3, 2, 30, "https://a.vidu.vn")))
    reporters.draft(REVIEW, OCTOBER, HEALTH)

    def now_gathered() -> Gathered:
        with database.read() as session:
            return consolidate(
                session, session.get_one(ReportingDuty, (HUE, REVIEW)), OCTOBER, local_day(reporters.now)
            )

    found = now_gathered()
    assert [(unit.code, unit.standing, unit.late) for unit in found.units] == [
        (TRADE, Standing.SENT, True),
        (HEALTH, Standing.LATE, False),
    ]
    assert [unit.code for unit in found.missing] == [HEALTH]
    drafted = reporters.draft(SUMMARY, OCTOBER, CULTURE)
    assert read(ReportForm.FALSE_INFORMATION, drafted.answers).totals.reviewed == 40

    reporters.nothing(REVIEW, OCTOBER, HEALTH)
    found = now_gathered()
    assert not found.missing
    assert [unit.code for unit in found.nothing_to_report] == [HEALTH]
    assert found.answers.totals == replace(found.answers.totals, reviewed=40, violating=3, fines=30, links=1)

    corrected = reporters.act(operations.correct, reporters.give_back(trade, CULTURE), reason="")
    assert now_gathered().answers.totals.reviewed == 0, "what was returned counts in no sum"
    answers = reviewed(row(F.FOOD, 41, 3), row(F.MILK, 5, 1, 1, 7, "https://a.vidu.vn", "https://b.vidu.vn"))
    reporters.act(operations.send, reporters.sign(reporters.answer(corrected, answers)))
    renewed = reporters.act(operations.refresh_figures, drafted)
    frozen = kept(renewed).gathered
    assert frozen is not None
    assert frozen.answers == now_gathered().answers
    assert [(unit.name, unit.version) for unit in frozen.units] == [
        (unit.name, unit.version) for unit in now_gathered().units
    ]
    assert read(ReportForm.FALSE_INFORMATION, renewed.answers).totals.reviewed == 46

    september = "2026-09"
    reporters.outside(REVIEW, september, TRADE, date(2026, 10, 4))
    with database.read() as session:
        paper = consolidate(session, session.get_one(ReportingDuty, (HUE, REVIEW)), september, local_day(reporters.now))
    assert [unit.code for unit in paper.without_numbers] == [TRADE], "on paper: in time, and in no sum"
