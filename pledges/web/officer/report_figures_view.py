"""What a report holds, as tables: frozen figures of the register, recorded violations, sums of what units sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext as _

from pledges.core.calendar import Quarter
from pledges.duties.calendar import Standing
from pledges.duties.consolidation import Gathered
from pledges.duties.figures import CoverageFigures, Line, QuarterEnd, ReportFigures, ViolationLine
from pledges.duties.forms import FIELDS, NUMBERS, TEXTS, Answers
from pledges.plans.models import ReportForm
from pledges.reporting.rollup import GROUPS
from pledges.rounds.list_models import Group
from pledges.web.i18n import number_text, percent_text, quarter_text, translate
from pledges.web.officer.coverage_lines import line_heads

Table = dict[str, Any]
"""`caption`, `heads` and `rows` as the macro `figure_table` takes them; `long`: folded away at first."""

MOST_OPEN = 12


def _table(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Table:
    lines = [{"label": label, "cells": [{"text": text} for text in cells]} for label, cells in rows]
    return {"caption": caption, "heads": list(heads), "rows": lines, "long": len(lines) > MOST_OPEN}


# --- What the unit answered ------------------------------------------------------------------------------------------


def answers_table(answers: Answers) -> Table | None:
    """By field, with the sums. Fields without anything are left out: on a phone every row is a card."""
    if not answers.rows:
        return None
    rows = [
        (
            translate(FIELDS[row.field]),
            [_number(getattr(row, asked.name)) for asked in NUMBERS] + [number_text(len(row.links))],
        )
        for row in answers.rows
        if row.links or any(getattr(row, asked.name) for asked in NUMBERS)
    ]
    totals = answers.totals
    rows.append(
        (_("Tổng"), [number_text(getattr(totals, asked.name)) for asked in NUMBERS] + [number_text(totals.links)])
    )
    heads = [_("Lĩnh vực"), *(translate(asked.label) for asked in NUMBERS), _("Đường dẫn vi phạm")]
    left = len(answers.rows) + 1 - len(rows)
    caption = _("Số liệu theo lĩnh vực; %(number)s lĩnh vực khác không có gì", number=number_text(left))
    return _table(caption if left else _("Số liệu theo lĩnh vực"), heads, rows) | {"long": False}


def _number(value: int | None) -> str:
    return "–" if value is None else number_text(value)


def links_of(answers: Answers) -> list[dict[str, Any]]:
    """The addresses by field, where there are any."""
    return [{"title": translate(FIELDS[row.field]), "links": row.links} for row in answers.rows if row.links]


def paragraphs(form: ReportForm, answers: Answers) -> list[dict[str, Any]]:
    return [
        {"title": translate(asked.label), "lines": answers.texts[asked.name].splitlines()}
        for asked in TEXTS[form]
        if answers.texts.get(asked.name)
    ]


# --- Frozen figures --------------------------------------------------------------------------------------------------


def figures_tables(found: ReportFigures) -> list[Table]:
    tables = coverage_tables(found.coverage) if found.coverage is not None else []
    if found.violations is not None:
        tables.append(_violations_table(found.violations))
    return tables


def coverage_tables(found: CoverageFigures) -> list[Table]:
    total = [(_("Tất cả"), _cells(found.total))]
    if found.acknowledged.in_scope:
        total.append((_("Xác nhận văn bản (đếm riêng)"), _cells(found.acknowledged)))
    tables = [_table(_("Tình hình ký cam kết"), line_heads(_("Phạm vi")), total)]
    parts = (
        (_("Theo cơ quan"), _("Cơ quan"), found.agencies),
        (_("Theo nghĩa vụ"), _("Nghĩa vụ"), found.entries),
        (_("Theo nhóm đối tượng"), _("Nhóm đối tượng"), found.types),
        (_("Theo xã, phường, đặc khu"), _("Xã, phường, đặc khu"), found.communes),
    )
    tables += [_table(caption, line_heads(head), _rows(lines)) for caption, head, lines in parts if lines]
    if found.quarters:
        tables.append(_quarters_table(found.quarters))
    return tables


def _rows(lines: Iterable[Line]) -> list[tuple[str, list[str]]]:
    return [(line.name, _cells(line)) for line in lines]


def _cells(line: Line) -> list[str]:
    groups = [number_text(line.groups[group]) for group in GROUPS if group is not Group.IN_FORCE]
    return [number_text(line.in_scope), number_text(line.in_force), share(line.in_force, line.in_scope), *groups]


def share(in_force: int, in_scope: int) -> str:
    """Nobody may read 100 % where somebody is missing."""
    if not in_scope:
        return percent_text(None)
    found = in_force / in_scope
    return percent_text(0.999 if 0.999 < found < 1 else found)


def _quarters_table(quarters: Sequence[QuarterEnd]) -> Table:
    rows = [
        (
            quarter_text(Quarter.parse(each.quarter)),
            [number_text(each.in_scope), number_text(each.in_force), share(each.in_force, each.in_scope)],
        )
        for each in quarters
    ]
    heads = [_("Quý"), _("Thuộc diện ký"), _("Đang có hiệu lực"), _("Tỷ lệ")]
    return _table(_("Cuối mỗi quý"), heads, rows)


def _violations_table(lines: Sequence[ViolationLine]) -> Table:
    """With its sum, which is 0 where the agency has recorded nothing."""
    rows = [
        (
            translate(FIELDS[line.field]),
            [number_text(line.subjects), number_text(line.decisions), number_text(line.fines)],
        )
        for line in lines
    ]
    sums = (sum(getattr(line, name) for line in lines) for name in ("subjects", "decisions", "fines"))
    rows.append((_("Tổng"), [number_text(each) for each in sums]))
    heads = [_("Lĩnh vực"), _("Đối tượng vi phạm"), _("Quyết định xử lý"), _("Tiền phạt (đồng)")]
    return _table(_("Vi phạm của người đã ký, do cơ quan ghi nhận trong kỳ"), heads, rows)


# --- What the units sent ---------------------------------------------------------------------------------------------


def gathered_shown(found: Gathered) -> dict[str, Any]:
    """Who has sent, who had nothing to report, who is missing, and the sums of the numbers."""
    count = f"{number_text(len(found.sent))}/{number_text(len(found.units))}"
    facts = [{"key": _("Đã gửi"), "value": count}]
    named = (
        (_("Báo cáo không phát sinh"), found.nothing_to_report),
        (_("Gửi muộn"), tuple(unit for unit in found.sent if unit.late)),
        (_("Đã gửi nhưng không có số liệu trong hệ thống"), found.without_numbers),
        (_("Bị trả lại, chờ gửi lại"), tuple(unit for unit in found.units if unit.standing is Standing.RETURNED)),
    )
    facts += [{"key": key, "value": [unit.name for unit in units]} for key, units in named if units]
    table = answers_table(found.answers)
    return {
        "facts": facts,
        "table": table,
        "missing": "\n".join(unit.name for unit in found.missing),
    }
