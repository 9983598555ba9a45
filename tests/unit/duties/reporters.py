"""People of reporting units, and reports that they have sent; all of them invented."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff, add_staff
from pledges.audit.models import Fact
from pledges.audit.operations import Actor
from pledges.core.calendar import VIETNAM
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.duties import operations
from pledges.duties.calendar import Due, due
from pledges.duties.forms import Answers, FieldRow, empty
from pledges.duties.models import Report
from pledges.plans.models import ReportForm
from pledges.review.violation_models import ViolationField
from tests.support.clock import START
from tests.support.signing import PUBLIC_URL

REVIEW, SUMMARY = "hue-R3", "hue-R4"
"""Huế, monthly: departments review false information, and the department of culture consolidates."""
OCTOBER = "2026-10"
TRADE, HEALTH, CULTURE = "46-SCT", "46-SYT", "46-SVHTT"


def on(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=VIETNAM).astimezone(UTC)


def row(
    field: ViolationField, reviewed: int, violating: int = 0, handled: int = 0, fines: int = 0, *links: str
) -> FieldRow:
    return FieldRow(field, reviewed, violating, handled, fines, links)


def reviewed(*rows: FieldRow, text: str = "Thử nghiệm.") -> Answers:
    given = {each.field: each for each in rows}
    blank = empty(ReportForm.FALSE_INFORMATION)
    return Answers({**blank.texts, "results": text}, tuple(given.get(each.field, each) for each in blank.rows))


class Reporters:
    """Acts for units; `now` is moved by the test."""

    def __init__(self, database: Database, vault: Vault, province: str = "46") -> None:
        self.database, self.vault, self.province = database, vault, province
        self.now = START
        self._people: dict[str, Staff] = {}

    def of(self, unit_code: str, role: Role = Role.REPORTING_UNIT) -> Staff:
        """The one person of a unit; whoever receives is an officer of the agency or the unit."""
        if unit_code not in self._people:
            name, place = unit_code.lower(), "unit_code"
            if unit_code.isdecimal():
                role, place = Role.COMMUNE_OFFICER, "commune_code"
            new = NewStaff(f"{name}@vidu.vn", "Trần Thị Thử Nghiệm", role, self.province, **{place: unit_code})
            add = partial(add_staff, new=new, actor=Actor("command"), now=START)
            self._people[unit_code] = self.database.run(add)
        return self._people[unit_code]

    def due(self, duty: str, period: str, unit: str) -> Due:
        with self.database.read() as session:
            found = due(session, self.province, duty, period, unit)
            assert found is not None
            return found

    def report(self, duty: str, period: str, unit: str) -> Report:
        found = self.due(duty, period, unit).versions
        assert found
        return found[-1]

    # --- What they do ---

    def draft(self, duty: str, period: str, unit: str) -> Report:
        return self._owed(operations.draft, duty, period, unit)

    def nothing(self, duty: str, period: str, unit: str) -> Report:
        return self._owed(operations.send_nothing, duty, period, unit)

    def outside(self, duty: str, period: str, unit: str, day: date) -> Report:
        return self._owed(operations.record_sent_outside, duty, period, unit, number="07/BC-THU", day=day)

    def _owed(self, act: Any, duty: str, period: str, unit: str, **said: Any) -> Report:
        staff = self.of(unit)
        found: Report = self.database.run(
            lambda session: act(session, self.province, duty, period, unit, staff=staff, now=self.now, **said)
        )
        return found

    def act(self, act: Any, report: Report, by: str | None = None, seen: int | None = None, **said: Any) -> Any:
        staff = self.of(by or report.unit_code)
        revision = report.revision if seen is None else seen
        given = {"staff": staff, "seen": revision, "now": self.now, **said}
        return self.database.run(lambda session: act(session, (report.province_code, report.id), **given))

    def answer(self, report: Report, answers: Answers) -> Report:
        saved: Report = self.act(operations.save_answers, report, answers=answers)
        return saved

    def sign(self, report: Report) -> Report:
        file = {"sha256": "a" * 64, "filename": "bao-cao.pdf", "number": "05/BC-THU", "day": date(2026, 10, 1)}
        signed: Report = self.act(operations.attach_file, report, **file)
        return signed

    def send(self, duty: str, period: str, unit: str, answers: Answers | None = None) -> Report:
        drafted = self.draft(duty, period, unit)
        if answers is not None:
            drafted = self.answer(drafted, answers)
        sent: Report = self.act(operations.send, self.sign(drafted))
        return sent

    def give_back(self, report: Report, by: str, reason: str = "Thiếu số liệu thử nghiệm.") -> Report:
        said = {"reason": reason, "vault": self.vault, "public_url": PUBLIC_URL}
        returned: Report = self.act(operations.return_, report, by, **said)
        return returned


def facts(database: Database) -> list[str]:
    """Kinds of what was recorded about reports, in order."""
    with database.read() as session:
        kinds = session.scalars(select(Fact.kind).where(Fact.object_kind == "report").order_by(Fact.id))
        return list(kinds)


def put_report(session: Session, staff: Staff, **columns: Any) -> Report:
    """A row as it might stand, without the steps that lead there."""
    report = Report(
        **{
            "province_code": "46",
            "duty_id": REVIEW,
            "period": OCTOBER,
            "unit_code": TRADE,
            "figures": {},
            "answers": {},
            "drafted_at": START,
            "drafted_by": staff.id,
            **columns,
        }
    )
    session.add(report)
    session.flush()
    return report
