"""A decision after the pledge: recorded once, corrected or taken back with a reason, and it may lead to revoking."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.review.import_blockers import RECORDED, built_on
from pledges.review.violation_models import Violation, ViolationField
from pledges.review.violation_queries import (
    ViolationFilter,
    corrected_by,
    correction_of,
    pledge_on,
    revocable,
    violation_page,
    violations_between,
    violations_of,
)
from pledges.review.violation_rules import Said, checked, parse_fine, revocation_reason
from pledges.review.violations import correct_violation, record_violation, take_back_violation
from pledges.signing.merging import merge_entities
from pledges.signing.models import Pledge, PledgeState
from tests.support.clock import START, FixedClock
from tests.support.offices import Office
from tests.support.papers_recorded import record as record_paper
from tests.support.papers_recorded import registered
from tests.support.signing import HUE, run_together

S = PledgeState
TODAY = local_day(START)
SAID = Said(
    field=ViolationField.COSMETICS,
    happened_on=TODAY,
    what="Bán kem trộn không có nhãn trên gian hàng thử nghiệm.",
    decision_number="12/QĐ-XPHC",
    decided_on=TODAY,
    decided_by="Chủ tịch UBND phường Thử Nghiệm",
    fine=15_000_000,
    channel="https://www.facebook.com/cuahang.thu.1?ref=x",
    source_link="vidu.vn/quyet-dinh-12",
    note="Chưa nộp phạt.",
)


class Recording(Office):
    """An office with a pledge in force, whose officer records what was decided about its subject."""

    def __init__(self, database: Database, clock: FixedClock, vault: Vault) -> None:
        super().__init__(database, clock, vault)
        self.enter(S.RECOMMENDED, S.COUNTERSIGNING, S.APPROVED)
        database.run(lambda session: setattr(session.get_one(Pledge, self.key), "approved_at", clock()))
        self.entity = (HUE, self.pledge().entity_id)

    def record(self, said: Said = SAID, staff: Staff | None = None, entity: Any = None) -> Violation:
        return self.database.run(
            lambda session: record_violation(
                session, entity or self.entity, said, staff=staff or self.officer, now=self.clock()
            )
        )

    def correct(self, old: Violation, said: Said, reason: str = "Ghi nhầm tiền.", staff: Any = None) -> Violation:
        return self.database.run(
            lambda session: correct_violation(
                session, (HUE, old.id), said, reason=reason, staff=staff or self.officer, now=self.clock()
            )
        )

    def take_back(self, old: Violation, reason: str = "Ghi nhầm đối tượng.", staff: Any = None) -> Violation:
        return self.database.run(
            lambda session: take_back_violation(
                session, (HUE, old.id), reason=reason, staff=staff or self.officer, now=self.clock()
            )
        )

    def read(self, query: Any, *args: Any, **options: Any) -> Any:
        with self.database.read() as session:
            return query(session, *args, **options)

    def between(self, agency_code: str | None = None) -> list[Violation]:
        return list(self.read(violations_between, HUE, agency_code, TODAY - timedelta(30), TODAY))


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> Recording:
    return Recording(database, clock, vault)


@pytest.fixture
def small(sqlite_database: Database, clock: FixedClock, vault: Vault) -> Recording:
    return Recording(sqlite_database, clock, vault)


def test_it_is_recorded_corrected_and_taken_back_and_nothing_is_lost(office: Recording) -> None:
    first = office.record()
    assert (first.pledge_id, first.channel, first.source_link) == (
        office.pledge().id,
        "facebook.com/cuahangthu1",
        "https://vidu.vn/quyet-dinh-12",
    )
    with pytest.raises(DomainError, match="Chưa có gì khác"):
        office.correct(first, replace(SAID, channel="facebook.com/cuahangthu1"))
    second = office.correct(first, replace(SAID, fine=25_000_000))
    assert [each.id for each in office.between()] == [second.id]
    assert [each.id for each in office.read(violations_of, *_ids(office))] == [second.id]
    assert [each.end_reason for each in office.read(corrected_by, second)] == ["Ghi nhầm tiền."]
    assert office.read(correction_of, first).id == second.id
    page = office.read(violation_page, HUE, office.agency, ViolationFilter(text="kem"))
    assert page.total == 0
    for text in ("12/qd-xphc", "thu nghiem", "fb.com/cuahang.thu.1"):
        page = office.read(violation_page, HUE, office.agency, ViolationFilter(TODAY, TODAY, SAID.field, text))
        assert (page.total, page.valid, page.fines) == (1, 1, 25_000_000), text
    office.take_back(second)
    page = office.read(violation_page, HUE, office.agency, ViolationFilter())
    assert ([row[0].id for row in page.rows], page.total, page.valid, page.fines) == ([second.id], 1, 0, 0)
    assert office.between() == []
    # What was wrong altogether may be recorded anew.
    third = office.record()
    assert [each.id for each in office.read(violations_of, *_ids(office))] == [third.id, second.id]
    with office.database.read() as session:
        facts = session.execute(
            select(Fact.kind, Fact.data).where(Fact.object_kind == "violation").order_by(Fact.id)
        ).all()
    assert [fact.kind for fact in facts] == [
        "violation.recorded",
        "violation.corrected",
        "violation.taken_back",
        "violation.recorded",
    ]
    assert facts[1].data == {"corrects": str(first.id)}


def _ids(office: Recording) -> tuple[str, list[uuid.UUID]]:
    return HUE, [office.entity[1]]


def test_of_many_at_once_one_records_and_one_ends(office: Recording) -> None:
    def attempt(work: Any) -> Any:
        try:
            return work()
        except DomainError as refusal:
            return str(refusal.message)

    other = office.person("y.te@vidu.vn", Role.OFFICER, agency="46-SYT")
    people = [office.officer, office.second, other] * 3
    done = run_together(lambda number: attempt(lambda: office.record(staff=people[number])), len(people))
    [made] = [each for each in done if isinstance(each, Violation)]
    assert {each for each in done if each is not made} <= {
        "Cơ quan bạn đã ghi quyết định số %(number)s ngày %(day)s cho đối tượng này, cùng lĩnh vực.",
        "%(agency)s đã ghi quyết định số %(number)s ngày %(day)s. Mỗi quyết định chỉ ghi một lần.",
    }
    owner = office.officer if made.agency_code == office.agency else other

    def end(number: int) -> Any:
        if number % 2:
            return attempt(lambda: office.take_back(made, staff=owner))
        return attempt(lambda: office.correct(made, replace(SAID, fine=number + 1), staff=owner))

    ended = [each for each in run_together(end, 8) if isinstance(each, Violation)]
    assert len(ended) == 1
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Violation).where(Violation.ended_at.is_(None))) in {0, 1}
        assert session.scalar(select(func.count()).select_from(Fact).where(Fact.object_kind == "violation")) == 2


def test_a_merged_subject_is_read_and_written_at_the_one_that_stands_for_it(office: Recording) -> None:
    other = registered(office.database, 7, now=office.clock(), name="Cửa hàng Thử Nghiệm Bảy")
    before = office.record()
    office.database.run(
        lambda session: merge_entities(
            session, HUE, other.id, office.entity[1], staff=office.officer, note="Thử", now=office.clock()
        )
    )
    with pytest.raises(DomainError, match="đã ghi quyết định"):
        office.record(entity=(HUE, other.id))
    # The pledge stayed at the row that was merged, and is found from the other one.
    after = office.record(replace(SAID, decision_number="13/QĐ-XPHC"))
    assert (after.entity_id, after.pledge_id) == (other.id, before.pledge_id)
    assert [pledge.id for pledge in office.read(revocable, after, office.agency)] == [before.pledge_id]
    page = office.read(violation_page, HUE, office.agency, ViolationFilter(text="nghiem bay"))
    assert {row[1].id for row in page.rows} == {other.id}
    assert page.total == 2
    found = office.read(built_on, HUE, [other.id, office.entity[1]], None)
    assert found[other.id] == RECORDED


def test_the_pledge_is_the_one_that_was_in_force_that_day(small: Recording) -> None:
    clock = small.clock
    yesterday = replace(SAID, happened_on=TODAY - timedelta(1), decision_number="1/QĐ")
    before = small.record(yesterday)
    assert before.pledge_id is None
    assert small.read(revocable, before, small.agency) == []
    # A paper counts from its own day, long before somebody recorded it.
    subject = registered(small.database, 8, now=clock())
    paper = record_paper(small.database, subject, now=clock()).pledge
    later = small.record(replace(SAID, happened_on=date(2026, 3, 1)), entity=(HUE, subject.id))
    assert later.pledge_id == paper.id
    assert [pledge.id for pledge in small.read(revocable, later, small.agency)] == [paper.id]
    assert small.read(revocable, later, "46-SYT") == []
    clock.advance(timedelta(days=3))
    small.enter(S.REVOKED)
    days = {TODAY: small.key[1], TODAY + timedelta(3): small.key[1], TODAY + timedelta(4): None}
    for day, expected in days.items():
        found = small.read(pledge_on, *_ids(small), day, agency_code=small.agency, channel="")
        assert (found.id if found is not None else None) == expected, day


def test_only_officers_of_the_agency_write(small: Recording) -> None:
    made = small.record()
    other = small.person("y.te@vidu.vn", Role.OFFICER, agency="46-SYT")
    foreign = small.person("lang.son@vidu.vn", Role.OFFICER, agency="20-SCT", province="20")
    with pytest.raises(NotPermitted):
        small.record(staff=small.approver)
    with pytest.raises(NotPermitted):
        small.take_back(made, staff=small.approver)
    with pytest.raises(NotFound):
        small.record(staff=foreign)
    for stranger in (other, foreign):
        with pytest.raises(NotFound):
            small.correct(made, replace(SAID, fine=1), staff=stranger)
        with pytest.raises(NotFound):
            small.take_back(made, staff=stranger)
    assert [each.id for each in small.between(small.agency)] == [made.id]
    assert small.between("46-SYT") == []
    assert [each.id for each in small.between()] == [made.id]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"decided_on": TODAY + timedelta(1)}, "decided_on"),
        ({"happened_on": TODAY, "decided_on": TODAY - timedelta(1)}, "happened_on"),
        ({"happened_on": date(206, 11, 1)}, "happened_on"),
        ({"decision_number": " \u200b "}, "decision_number"),
        ({"decided_by": ""}, "decided_by"),
        ({"what": "\n"}, "what"),
        ({"what": "Ông A, số định danh 001099012345, bán kem."}, "what"),
        ({"note": "CCCD 001 099 012 345"}, "note"),
        ({"fine": 2_000_000_000_000}, "fine"),
        ({"channel": "không phải địa chỉ"}, "channel"),
        ({"source_link": "javascript:alert(1)"}, "source_link"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        checked(replace(SAID, **change), today=TODAY)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("", None), ("15.000.000", 15_000_000), ("15000000 đồng", 15_000_000), ("1,500,000 VNĐ", 1_500_000), ("0", 0)],
)
def test_an_amount_is_read_as_people_write_it(typed: str, amount: int | None) -> None:
    assert parse_fine(typed) == amount


@pytest.mark.parametrize("typed", ["15 triệu", "15.00", "-5", "1.5000.000"])
def test_an_amount_that_could_mean_two_things_is_refused(typed: str) -> None:
    with pytest.raises(DomainError):
        parse_fine(typed)


def test_the_reason_for_revoking_names_the_decision_and_nothing_internal(small: Recording) -> None:
    said = revocation_reason(small.record())
    assert said.splitlines() == [
        "Vi phạm nội dung đã cam kết:",
        "Quyết định số 12/QĐ-XPHC ngày 20/11/2026 của Chủ tịch UBND phường Thử Nghiệm.",
        "Lĩnh vực: mỹ phẩm. Ngày vi phạm: 20/11/2026.",
    ]
