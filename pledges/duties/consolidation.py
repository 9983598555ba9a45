"""What the units have reported for one period, added up: who has sent, who had nothing to report, who is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.duties import forms
from pledges.duties.calendar import Due, Standing, dues
from pledges.duties.forms import Answers
from pledges.duties.models import Report
from pledges.duties.periods import Period, gathered_period
from pledges.plans.models import ReportForm, ReportingDuty

COUNTED = frozenset({Standing.SENT, Standing.ACCEPTED})
"""What was returned counts again once its next version is sent."""


@dataclass(frozen=True)
class GatheredUnit:
    code: str
    name: str
    standing: Standing
    nothing_to_report: bool = False
    sent_outside: bool = False
    late: bool = False
    """Sent after the last good day."""
    version: int = 0
    """0: nothing was sent."""
    has_numbers: bool = False
    """Its numbers are in the sums."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """What it wrote; not frozen with a report that consolidates it."""

    @property
    def counted(self) -> bool:
        return self.standing in COUNTED

    @property
    def missing(self) -> bool:
        return not self.counted


@dataclass(frozen=True)
class Gathered:
    duty_id: str
    period: str
    form: ReportForm
    units: tuple[GatheredUnit, ...]
    answers: Answers
    """The sums of what counts; its texts are empty."""

    @property
    def sent(self) -> tuple[GatheredUnit, ...]:
        return tuple(unit for unit in self.units if unit.counted)

    @property
    def missing(self) -> tuple[GatheredUnit, ...]:
        return tuple(unit for unit in self.units if unit.missing)

    @property
    def nothing_to_report(self) -> tuple[GatheredUnit, ...]:
        return tuple(unit for unit in self.sent if unit.nothing_to_report)

    @property
    def without_numbers(self) -> tuple[GatheredUnit, ...]:
        """Sent, but not in the sums: on paper, or by another system."""
        return tuple(unit for unit in self.sent if self.answers.rows and not unit.has_numbers)


def consolidate(session: Session, duty: ReportingDuty, period: str, today: date) -> Gathered:
    """The reports that units owe for one period of a duty, as they stand now."""
    owed = dues(session, duty.province_code, today, duty_id=duty.id, period=period)
    answers = _answers(session, duty, period)
    units = tuple(_unit(due, answers, today) for due in owed)
    numbers = [answers[unit.code] for unit in units if unit.has_numbers]
    return Gathered(duty.id, period, duty.form, units, forms.summed(duty.form, numbers))


def gather(session: Session, duty: ReportingDuty, period: Period, today: date) -> Gathered | None:
    """What a consolidating report is made of; None where its duty gathers nothing that is followed."""
    gathered = session.get(ReportingDuty, (duty.province_code, duty.gathers)) if duty.gathers else None
    if gathered is None or not gathered.followed:
        return None
    return consolidate(session, gathered, gathered_period(duty, gathered, period.code), today)


def _answers(session: Session, duty: ReportingDuty, period: str) -> dict[str, Answers]:
    """Of every unit those of the version that counts."""
    rows = session.execute(
        select(Report.unit_code, Report.answers)
        .where(
            Report.province_code == duty.province_code,
            Report.duty_id == duty.id,
            Report.period == period,
            Report.sent_at.is_not(None),
        )
        .order_by(Report.version)
    )
    return {row.unit_code: forms.read(duty.form, row.answers) for row in rows}


def _unit(due: Due, answers: Mapping[str, Answers], today: date) -> GatheredUnit:
    standing, report = due.standing(today), due.report
    if report is None or report.sent_at is None:
        return GatheredUnit(due.unit.code, due.unit.name, standing)
    given = answers[due.unit.code]
    return GatheredUnit(
        due.unit.code,
        due.unit.name,
        standing,
        nothing_to_report=report.nothing_to_report,
        sent_outside=report.sent_outside,
        late=due.sent_late,
        version=report.version,
        has_numbers=standing in COUNTED and bool(given.rows) and given.complete,
        texts=given.texts,
    )


# --- As JSON ---------------------------------------------------------------------------------------------------------


def as_json(gathered: Gathered) -> dict[str, Any]:
    return {
        "duty": gathered.duty_id,
        "period": gathered.period,
        "form": gathered.form.value,
        "units": [
            {
                "code": unit.code,
                "name": unit.name,
                "standing": unit.standing.value,
                "nothing_to_report": unit.nothing_to_report,
                "sent_outside": unit.sent_outside,
                "late": unit.late,
                "version": unit.version,
                "has_numbers": unit.has_numbers,
            }
            for unit in gathered.units
        ],
        "answers": forms.as_json(gathered.answers),
    }


def from_json(kept: Mapping[str, Any]) -> Gathered:
    form = ReportForm(kept["form"])
    units = tuple(GatheredUnit(**{**unit, "standing": Standing(unit["standing"])}) for unit in kept["units"])
    return Gathered(str(kept["duty"]), str(kept["period"]), form, units, forms.read(form, kept["answers"]))
