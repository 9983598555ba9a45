"""The charts of coverage: the same figures, and the same drawing, on the page and in the file."""

from __future__ import annotations

from collections.abc import Callable

from pledges.core.calendar import Quarter
from pledges.core.chart_figures import CoverageBars, CoverageByQuarter, GroupCounts, Share, StackedGroups
from pledges.core.errors import N_
from pledges.reporting.coverage import Coverage, QuarterEnd
from pledges.reporting.rollup import GROUPS
from pledges.reporting.words import Names
from pledges.rounds.figures import Figures
from pledges.rounds.list_models import Group

NOW = N_("Hiện nay")
BY_ENTRY = N_("Tỷ lệ cam kết theo nghĩa vụ")
BY_TYPE = N_("Tỷ lệ cam kết theo nhóm đối tượng")
BY_COMMUNE = N_("Tỷ lệ cam kết theo xã, phường, đặc khu")
BY_AGENCY = N_("Tỷ lệ cam kết theo cơ quan")
BY_PROVINCE = N_("Tỷ lệ cam kết theo tỉnh, thành phố")
BY_QUARTER = N_("Tỷ lệ cam kết cuối mỗi quý")
SIX_GROUPS = N_("Tình trạng theo nghĩa vụ")
ENTRY, TYPE, COMMUNE = N_("Nghĩa vụ"), N_("Nhóm đối tượng"), N_("Xã, phường, đặc khu")
AGENCY, PROVINCE = N_("Cơ quan"), N_("Tỉnh, thành phố")
MOST_COMMUNES = 160


def share_of(label: str, figures: Figures) -> Share:
    """Counters that have drifted below zero draw nothing; the table beside the chart says it."""
    return Share(label, max(0, figures[Group.IN_FORCE]), max(0, figures.in_scope))


def bars(title: str, head: str, rows: list[tuple[str, Figures]], names: Names, goal: float) -> CoverageBars:
    shares = tuple(share_of(label, figures) for label, figures in rows)
    return CoverageBars(names.say(title), shares, target=goal, row_head=head)


def entry_bars(coverage: Coverage, names: Names, goal: float) -> CoverageBars:
    rows = [(names.entry(line.key["entry_id"]), line) for line in coverage.lines("entry_id")]
    return bars(BY_ENTRY, ENTRY, rows, names, goal)


def type_bars(coverage: Coverage, names: Names, goal: float) -> CoverageBars:
    rows = [(name, line) for _code, name, line in names.by_type(coverage.lines("subject_type"))]
    return bars(BY_TYPE, TYPE, rows, names, goal)


def commune_bars(coverage: Coverage, names: Names, goal: float) -> CoverageBars:
    rows = [(name, line) for _code, name, line in names.by_commune(coverage.lines("commune_code"))]
    return bars(BY_COMMUNE, COMMUNE, rows[:MOST_COMMUNES], names, goal)


def agency_bars(coverage: Coverage, names: Names, goal: float) -> CoverageBars:
    rows = [(names.agencies[line.key["agency_code"]], line) for line in coverage.lines("agency_code")]
    return bars(BY_AGENCY, AGENCY, rows, names, goal)


def _vietnamese(quarter: Quarter) -> str:
    return quarter.vietnamese


def quarter_columns(
    coverage: Coverage, names: Names, goal: float, call: Callable[[Quarter], str] = _vietnamese
) -> CoverageByQuarter:
    """Without the quarters before there was anything; `call` says a quarter in the language of the reader."""
    shares = tuple(
        Share(quarter_label(end, names, call), max(0, end.in_force), max(0, end.in_scope)) for end in coverage.quarters
    )
    return CoverageByQuarter(names.say(BY_QUARTER), shares, target=goal)


def quarter_label(end: QuarterEnd, names: Names, call: Callable[[Quarter], str] = _vietnamese) -> str:
    if end.day is None:
        return names.say(NOW)
    if end.day != Quarter.of(end.day).last_day:
        return f"{end.day:%d/%m/%Y}"
    return call(end.quarter)


def group_stacks(coverage: Coverage, names: Names) -> StackedGroups:
    lines = coverage.lines("entry_id")
    rows = [
        GroupCounts(names.entry(line.key["entry_id"]), *(max(0, line[group]) for group in GROUPS)) for line in lines
    ]
    return StackedGroups(names.say(SIX_GROUPS), tuple(rows), row_head=ENTRY)
