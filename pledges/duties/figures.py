"""The figures of a report: read from the named questions that pages ask, frozen with its draft, and read back typed.

They stand in `Report.figures` as JSON of schema 1 (`as_json` below) with the names that held that day, so that an old
report reads as it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.duties import consolidation, forms
from pledges.duties.consolidation import Gathered, gather
from pledges.duties.forms import Answers, FieldRow
from pledges.duties.models import Report
from pledges.duties.periods import Period
from pledges.plans.models import Agency, Instrument, ReportForm, ReportingDuty, ReportingUnit, UnitKind
from pledges.reporting.coverage import coverage_of
from pledges.reporting.rollup import GROUPS
from pledges.reporting.standing import Place, Standing, standing_of
from pledges.reporting.words import Names
from pledges.review.violation_models import Violation, ViolationField
from pledges.review.violation_queries import violations_between
from pledges.rounds.figures import Figures
from pledges.rounds.list_models import Group

SCHEMA = 1


@dataclass(frozen=True)
class Line:
    """One row of a table of coverage. `groups` add up to `in_scope`."""

    code: str
    name: str
    in_scope: int
    groups: Mapping[Group, int]

    @property
    def in_force(self) -> int:
        return self.groups[Group.IN_FORCE]

    @property
    def share(self) -> float | None:
        return self.in_force / self.in_scope if self.in_scope else None


@dataclass(frozen=True)
class QuarterEnd:
    quarter: str
    """`2026Q3`."""
    in_scope: int
    in_force: int


@dataclass(frozen=True)
class CoverageFigures:
    """Pledges in a province, of an agency or in a commune, at the end of the day `as_of`."""

    agency: str
    """Code; empty: of all agencies."""
    commune: str
    """Code; empty: everywhere."""
    total: Line
    """Every subject once; its `name` is that of the place."""
    acknowledged: Line
    """Documents whose receipt was confirmed, apart from pledges."""
    agencies: tuple[Line, ...]
    """Only where there are several."""
    entries: tuple[Line, ...]
    types: tuple[Line, ...]
    """Whoever belongs to two groups stands in both."""
    communes: tuple[Line, ...]
    """Empty in the report of a commune."""
    quarters: tuple[QuarterEnd, ...]
    """The oldest first, the last one as of the day; empty in the report of a commune."""
    frozen: bool
    """The figures are those of a closed quarter."""


@dataclass(frozen=True)
class ViolationLine:
    """Decisions that were recorded after a pledge, by field."""

    field: ViolationField
    subjects: int
    decisions: int
    fines: int
    links: tuple[str, ...]


@dataclass(frozen=True)
class ReportFigures:
    first: date
    last: date
    """The days that the report is about, up to the day of its figures."""
    coverage: CoverageFigures | None
    violations: tuple[ViolationLine, ...] | None
    """Per field with any; None: this unit has none of its own."""
    gathered: Gathered | None
    """What the units have sent that this report consolidates."""


@dataclass(frozen=True)
class Frozen:
    """What a draft begins with."""

    as_of: date
    figures: dict[str, Any]
    answers: Answers


# --- Freezing --------------------------------------------------------------------------------------------------------


def freeze(session: Session, duty: ReportingDuty, period: Period, unit: ReportingUnit, now: datetime) -> Frozen:
    """The figures of a unit as of the end of the period, or of yesterday while it runs."""
    yesterday = local_day(now) - timedelta(days=1)
    as_of = min(yesterday, period.last)
    agency = session.get(Agency, (duty.province_code, unit.code))
    gathered = gather(session, duty, period, local_day(now)) if duty.gathers else None
    violations = None
    if duty.form is not ReportForm.FALSE_ADVERTISING and (agency is not None or gathered is not None):
        # Whoever consolidates a general report speaks for the province; the numbers of a review come by the units.
        own = None if gathered is not None and duty.form is ReportForm.GENERAL else unit.code
        violations = _violations(violations_between(session, duty.province_code, own, period.first, as_of))
    coverage = None
    if duty.form is ReportForm.GENERAL and (gathered is not None or agency is not None or _is_commune(unit)):
        coverage = _coverage(session, unit, as_of, now, whole=gathered is not None)
    found = ReportFigures(min(period.first, as_of), as_of, coverage, violations, gathered)
    return Frozen(as_of, as_json(found), _first_answers(duty.form, found))


def _is_commune(unit: ReportingUnit) -> bool:
    return unit.kind is UnitKind.COMMUNE


def _first_answers(form: ReportForm, found: ReportFigures) -> Answers:
    """What the form shows at first: the sums of what units have sent, and one's own decisions.

    How many were reviewed nobody knows but who reviewed them.
    """
    blank = forms.empty(form)
    own = {line.field: line for line in found.violations or ()}
    if not blank.rows:
        return blank
    if found.gathered is not None:
        rows = [_own_row(line, reviewed=line.subjects) for line in own.values()]
        return forms.summed(form, [found.gathered.answers, Answers({}, tuple(rows))])
    nothing = {row.field: ViolationLine(row.field, 0, 0, 0, ()) for row in blank.rows}
    return Answers(blank.texts, tuple(_own_row(line, reviewed=None) for line in {**nothing, **own}.values()))


def _own_row(line: ViolationLine, reviewed: int | None) -> FieldRow:
    return FieldRow(line.field, reviewed, line.subjects, line.decisions, line.fines, line.links)


def _violations(found: Iterable[Violation]) -> tuple[ViolationLine, ...]:
    by_field: dict[ViolationField, list[Violation]] = {}
    for violation in found:
        by_field.setdefault(violation.field, []).append(violation)
    return tuple(
        ViolationLine(
            field,
            subjects=len({violation.entity_id for violation in by_field[field]}),
            decisions=len(by_field[field]),
            fines=sum(violation.fine or 0 for violation in by_field[field]),
            links=tuple(dict.fromkeys(each.channel for each in by_field[field] if each.channel)),
        )
        for field in forms.FIELDS
        if field in by_field
    )


def _coverage(session: Session, unit: ReportingUnit, as_of: date, now: datetime, *, whole: bool) -> CoverageFigures:
    """Of the province for who consolidates, of a commune for its own report, else of the agency."""
    names = Names.read(session, unit.province_code)
    if _is_commune(unit):
        everywhere = standing_of(session, Place(unit.province_code), as_of, now)
        here = tuple(part for part in everywhere.parts if part.key["commune_code"] == unit.code)
        standing = Standing(as_of, here, everywhere.frozen)
        return _tables(standing, names, name=names.commune(unit.code), commune=unit.code)
    place = Place(unit.province_code, "" if whole else unit.code)
    found = coverage_of(session, place, as_of, now)
    quarters = tuple(QuarterEnd(str(each.quarter), each.in_scope, each.in_force) for each in found.quarters)
    name = "" if whole else unit.name
    return _tables(found.standing, names, name=name, agency=place.agency_code, quarters=quarters)


def _tables(
    standing: Standing,
    names: Names,
    *,
    name: str,
    agency: str = "",
    commune: str = "",
    quarters: tuple[QuarterEnd, ...] = (),
) -> CoverageFigures:
    agencies = standing.lines("agency_code")
    entries = [(line.key["entry_id"], names.entry(line.key["entry_id"]), line) for line in standing.lines("entry_id")]
    communes = () if commune else _lines(names.by_commune(standing.lines("commune_code")))
    return CoverageFigures(
        agency=agency,
        commune=commune,
        total=_line(commune or agency, name, standing.total()),
        acknowledged=_line(commune or agency, name, standing.total(Instrument.ACKNOWLEDGEMENT)),
        agencies=_lines((line.key["agency_code"], _agency(names, line), line) for line in agencies)
        if not agency
        else (),
        entries=_lines(entries),
        types=_lines(names.by_type(standing.lines("subject_type"))),
        communes=communes,
        quarters=quarters,
        frozen=bool(standing.frozen),
    )


def _agency(names: Names, line: Figures) -> str:
    return names.agencies.get(line.key["agency_code"], line.key["agency_code"])


def _lines(rows: Iterable[tuple[str, str, Figures]]) -> tuple[Line, ...]:
    return tuple(_line(code, name, figures) for code, name, figures in rows)


def _line(code: str, name: str, figures: Figures) -> Line:
    return Line(code, name, figures.in_scope, {group: figures[group] for group in GROUPS})


# --- As JSON ---------------------------------------------------------------------------------------------------------


def as_json(found: ReportFigures) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "coverage": _coverage_json(found.coverage) if found.coverage is not None else None,
        "violations": _violations_json(found.violations) if found.violations is not None else None,
        "gathered": consolidation.as_json(found.gathered) if found.gathered is not None else None,
    }


def read(report: Report) -> ReportFigures | None:
    """What a report holds; None where it holds no figures: what was sent on another way."""
    kept = report.figures
    if not kept:
        return None
    coverage, violations, gathered = kept["coverage"], kept["violations"], kept["gathered"]
    return ReportFigures(
        date.fromisoformat(kept["first"]),
        date.fromisoformat(kept["last"]),
        _coverage_from(coverage) if coverage is not None else None,
        tuple(_violation_from(line) for line in violations) if violations is not None else None,
        consolidation.from_json(gathered) if gathered is not None else None,
    )


def _coverage_json(found: CoverageFigures) -> dict[str, Any]:
    tables = {name: [_line_json(line) for line in getattr(found, name)] for name in _TABLES}
    quarters = [
        {"quarter": each.quarter, "in_scope": each.in_scope, "in_force": each.in_force} for each in found.quarters
    ]
    return {
        "agency": found.agency,
        "commune": found.commune,
        "total": _line_json(found.total),
        "acknowledged": _line_json(found.acknowledged),
        **tables,
        "quarters": quarters,
        "frozen": found.frozen,
    }


_TABLES = ("agencies", "entries", "types", "communes")


def _coverage_from(kept: Mapping[str, Any]) -> CoverageFigures:
    tables = {name: tuple(_line_from(line) for line in kept[name]) for name in _TABLES}
    return CoverageFigures(
        agency=kept["agency"],
        commune=kept["commune"],
        total=_line_from(kept["total"]),
        acknowledged=_line_from(kept["acknowledged"]),
        **tables,
        quarters=tuple(QuarterEnd(**each) for each in kept["quarters"]),
        frozen=kept["frozen"],
    )


def _line_json(line: Line) -> dict[str, Any]:
    counts = {group.value: line.groups[group] for group in GROUPS}
    return {"code": line.code, "name": line.name, "in_scope": line.in_scope, **counts}


def _line_from(kept: Mapping[str, Any]) -> Line:
    groups = {group: int(kept[group.value]) for group in GROUPS}
    return Line(str(kept["code"]), str(kept["name"]), int(kept["in_scope"]), groups)


def _violations_json(lines: tuple[ViolationLine, ...]) -> list[dict[str, Any]]:
    return [
        {
            "field": line.field.value,
            "subjects": line.subjects,
            "decisions": line.decisions,
            "fines": line.fines,
            "links": list(line.links),
        }
        for line in lines
    ]


def _violation_from(kept: Mapping[str, Any]) -> ViolationLine:
    return ViolationLine(
        ViolationField(kept["field"]), kept["subjects"], kept["decisions"], kept["fines"], tuple(kept["links"])
    )
