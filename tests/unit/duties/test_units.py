"""Units, their people and duties that a source lacks: pasted, added once, checked, ended and brought back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.administration import Inviting
from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import NotPermitted, unit_code_of
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.core.tokens import Tokens
from pledges.duties import units
from pledges.duties.calendar import due, dues
from pledges.duties.pasted_lines import read_people, read_units
from pledges.duties.unit_queries import staffed
from pledges.messaging.models import Message
from pledges.plans.duty_reading import COMMUNES, DEPARTMENTS, MONTHLY, ONCE, YEARLY
from pledges.plans.models import ReportForm, ReportingDuty, ReportingUnit, UnitKind
from tests.support.clock import START
from tests.support.databases import prepare
from tests.support.signing import PUBLIC_URL
from tests.support.staff import add_person

TODAY = local_day(START)
YEARLY_OF_HUE = units.NewDuty(
    report="Báo cáo thử nghiệm hằng năm",
    basis="Quyết định thử nghiệm số 00/QĐ-UBND",
    form=ReportForm.GENERAL,
    follow_as=YEARLY,
    senders=(DEPARTMENTS, COMMUNES),
    recipients=("46-SCT",),
    recurs="--09-30",
)


@pytest.fixture
def inviting(vault: Vault) -> Inviting:
    return Inviting(Tokens("tests-only-secret-key-0123456789abcdef"), vault, PUBLIC_URL)


@pytest.fixture
def administrator(sqlite_database: Database) -> Staff:
    return add_person(sqlite_database, "quan-tri.hue@vidu.vn", role=Role.ADMINISTRATOR, province_code="46", ready=False)


def test_pasted_units_are_added_once_and_their_people_invited(
    sqlite_database: Database, administrator: Staff, inviting: Inviting
) -> None:
    text = """Sở Nông nghiệp và Môi trường thành phố Huế; Sở, ngành; nong.nghiep@vidu.vn; Lê Thị Thử Nghiệm
        Chi cục Quản lý thị trường thành phố Huế\tQuản lý thị trường

        Sở công thương thành phố huế; sở
        Sở Nông nghiệp và Môi trường thành phố Huế; sở
        Báo Thử Nghiệm; tạp chí
        Sở Xây dựng; sở; khong-phai-thu; Lê Văn Thử
        Sở Tài chính; sở; quan-tri.hue@vidu.vn; Lê Văn Thử"""

    def add(session: Session) -> int:
        lines = read_units(session, "46", text, TODAY)
        assert [line.number for line in lines if line.problem] == [5, 6, 7, 8]
        assert [line.number for line in lines if line.known] == [4]
        return units.add_units(session, "46", lines, staff=administrator, inviting=inviting, now=START)

    assert sqlite_database.run(add) == 2
    with sqlite_database.read() as session:
        added = session.get_one(ReportingUnit, ("46", "46-SNNVMTTPH"))
        assert (added.kind, added.since) == (UnitKind.DEPARTMENT, TODAY)
        [one] = staffed(session, "46", [added])
        assert [unit_code_of(person) for person in one.reporters] == [added.code]
        again = read_units(session, "46", text, TODAY)
        assert [line.number for line in again if line.ready] == []
        owed = dues(session, "46", TODAY, unit_code=added.code)
        assert [(each.duty.id, each.period) for each in owed] == [("hue-R3", "2026-11")], (
            "nothing from before it was added"
        )


def test_people_of_communes_and_units_are_invited_in_bulk(
    sqlite_database: Database, administrator: Staff, inviting: Inviting
) -> None:
    text = """UBND phường Vỹ Dạ; Lê Thị Thử; vy-da@vidu.vn
        19753; ;
        46-BAO; Trần Văn Thử; bao@vidu.vn
        Sở Không Có; Trần Văn Thử; khong@vidu.vn
        Sở Y tế thành phố Huế; Trần Văn Thử; BAO@vidu.vn
        Sở Y tế thành phố Huế; ; y-te@vidu.vn"""

    def invite(session: Session) -> int:
        lines = read_people(session, "46", text, TODAY)
        assert [line.number for line in lines if line.problem] == [4, 5, 6]
        assert [line.number for line in lines if line.open] == [2]
        return units.invite_people(session, "46", lines, staff=administrator, inviting=inviting, now=START)

    assert sqlite_database.run(invite) == 2
    with sqlite_database.read() as session:
        commune, press = session.scalars(select(Staff).where(Staff.id != administrator.id).order_by(Staff.email.desc()))
        assert (commune.role, commune.unit_code) == (Role.COMMUNE_OFFICER, None)
        assert (press.role, press.unit_code) == (Role.REPORTING_UNIT, "46-BAO")
        assert session.scalar(select(func.count()).select_from(Message).where(Message.kind == "staff_link")) == 2
        again = read_people(session, "46", text, TODAY)
        assert [line.number for line in again if line.known] == [1, 3]
        assert not any(line.ready for line in again)


def test_a_unit_ends_and_comes_back_but_not_one_of_the_data(sqlite_database: Database, administrator: Staff) -> None:
    def add(session: Session) -> ReportingUnit:
        return units.add_unit(
            session, "46", "Sở Xây dựng thành phố Huế", UnitKind.DEPARTMENT, staff=administrator, now=START
        )

    unit = sqlite_database.run(add)
    with pytest.raises(DomainError, match="đã có"):
        sqlite_database.run(add)
    for step, ended in ((units.end_unit, TODAY), (units.end_unit, TODAY), (units.resume_unit, None)):
        changed = sqlite_database.run(
            lambda session, step=step: step(session, "46", unit.code, staff=administrator, now=START)
        )
        assert changed.ended_on == ended
    with pytest.raises(DomainError, match="có sẵn"):
        sqlite_database.run(lambda session: units.end_unit(session, "46", "46-SCT", staff=administrator, now=START))
    with pytest.raises(NotFound):
        sqlite_database.run(lambda session: units.end_unit(session, "20", "20-SCT", staff=administrator, now=START))


def test_a_duty_that_the_source_lacks_is_followed_and_outlives_a_load(
    sqlite_database: Database, administrator: Staff
) -> None:
    def add(new: units.NewDuty) -> ReportingDuty:
        return sqlite_database.run(lambda session: units.add_duty(session, "46", new, staff=administrator, now=START))

    first = add(YEARLY_OF_HUE)
    assert add(YEARLY_OF_HUE).id == first.id, "pressed twice"
    lead = replace(YEARLY_OF_HUE, senders=("46-SCT",), recipients=("46-UBND",), gathers=first.id, recurs="--10-05")
    assert add(lead).id != first.id
    prepare(sqlite_database)
    with sqlite_database.read() as session:
        assert due(session, "46", first.id, "2026", "19753") is None, "its day was before it was added"
        found = due(session, "46", first.id, "2027", "19753")
        assert found is not None
        assert found.before == date(2027, 9, 30)
        assert due(session, "46", first.id, "2027", "46-SCT") is None

    wrong = {
        "recurs": replace(YEARLY_OF_HUE, recurs=""),
        "due_date": replace(YEARLY_OF_HUE, follow_as=ONCE),
        "due_day": replace(YEARLY_OF_HUE, follow_as=MONTHLY, due_day=29),
        "senders": replace(YEARLY_OF_HUE, senders=("46-SCT",)),
        "recipients": replace(YEARLY_OF_HUE, recipients=("46-KHONG",)),
        "via": replace(YEARLY_OF_HUE, via="46-SCT"),
        "gathers": replace(YEARLY_OF_HUE, gathers="hue-R3"),
        "basis": replace(YEARLY_OF_HUE, basis=" "),
        "report": replace(YEARLY_OF_HUE, report=""),
    }
    for field, new in wrong.items():
        with pytest.raises(DomainError) as refused:
            add(new)
        assert refused.value.field == field

    for step, owed in ((units.end_duty, False), (units.resume_duty, True)):
        sqlite_database.run(lambda session, step=step: step(session, "46", first.id, staff=administrator, now=START))
        with sqlite_database.read() as session:
            assert (due(session, "46", first.id, "2027", "19753") is not None) == owed
    officer = add_person(
        sqlite_database, "xa@vidu.vn", role=Role.COMMUNE_OFFICER, province_code="46", commune_code="19753"
    )
    with pytest.raises(NotPermitted):
        sqlite_database.run(lambda session: units.end_duty(session, "46", first.id, staff=officer, now=START))


def test_a_day_of_the_year_is_read_as_people_write_it() -> None:
    assert units.parse_day_of_year(" 30/9 ") == "--09-30"
    assert units.parse_day_of_year("5-10") == "--10-05"
    for wrong in ("31/9", "30/9/2027", "30", "ngày 30"):
        with pytest.raises(DomainError):
            units.parse_day_of_year(wrong)
