"""What the public pages of coverage show: numbers in words, and the pictures of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from pledges.core import chart_figures
from pledges.core.calendar import Quarter
from pledges.core.chart_figures import CoverageBars, CoverageByQuarter
from pledges.reporting import pictures
from pledges.reporting.coverage import Goal, QuarterEnd
from pledges.reporting.published import LEAST, GroupLine, ProvinceLine, PublicCoverage
from pledges.rounds.figures import Figures, together
from pledges.rounds.list_models import Group
from pledges.web.charts import chart_figure
from pledges.web.i18n import date_text, number_text, percent_text, quarter_text, translate

Line = dict[str, Any]


def province_shown(found: PublicCoverage) -> Line:
    total = found.total
    return {
        "tiles": _tiles(found, total) if total is not None else [],
        "enough": total is not None,
        "rows": _group_lines(found, total) if total is not None else [],
        "twice": found.sums.in_scope - total.in_scope if total is not None and found.groups else 0,
        "joined": any(len(line.codes) > 1 for line in found.groups),
        "group_chart": _group_chart(found) if found.groups else None,
        "quarter_chart": _quarter_chart(found) if found.quarters else None,
        "apart": [
            {"key": _("Xác nhận văn bản"), "value": _fraction(found.acknowledged)},
            {"key": _("Cam kết tự nguyện đang có hiệu lực"), "value": _few(found.voluntary)},
            {"key": _("Danh sách đối tượng được rà soát gần nhất"), "value": _reviewed(found)},
            {"key": _("Mục tiêu"), "value": goal_text(found.goal)},
        ],
    }


def nation_shown(lines: Sequence[ProvinceLine]) -> Line:
    rows = [
        _line(line.province.name, line.pledged, href=url_for("coverage.of_province", province_code=line.province.code))
        for line in lines
    ]
    for row, line in zip(rows, lines, strict=True):
        row["cells"].append({"text": _fraction(line.acknowledged), "href": ""})
    told = [line for line in lines if line.pledged is not None]
    if len(told) > 1:
        whole = _line(_("Cộng các nơi công bố"), together(_known(line.pledged) for line in told))
        whole["cells"].append({"text": _fraction(together(_known(line.acknowledged) for line in told)), "href": ""})
        rows.append(whole)
    shares = tuple(pictures.share_of(line.province.name, _known(line.pledged)) for line in told)
    bars = CoverageBars(translate(pictures.BY_PROVINCE), shares, target=1.0, row_head=pictures.PROVINCE)
    return {"rows": rows, "province_chart": chart_figure("theo-tinh", bars) if shares else None}


def goal_text(goal: Goal) -> str:
    share = f"{number_text(round(goal.share * 100))}%"
    if goal.clause is None:
        return str(_("%(share)s, mục tiêu chung của chương trình; kế hoạch không ghi tỷ lệ.", share=share))
    return str(_("%(share)s, theo kế hoạch: %(place)s.", share=share, place=goal.clause.place_in_words))


# --- Numbers in words ------------------------------------------------------------------------------------------------


def _tiles(found: PublicCoverage, total: Figures) -> list[Line]:
    numbers = [
        (_("Tỷ lệ cam kết"), _share(total), _fraction(total) if total.in_scope else ""),
        (_("Thuộc diện ký"), number_text(total.in_scope), _("nghĩa vụ, mỗi nghĩa vụ đếm một lần")),
        (_("Đang có hiệu lực"), number_text(total[Group.IN_FORCE]), _("bản cam kết đã được cơ quan tiếp nhận")),
        (_("Mục tiêu"), f"{number_text(round(found.goal.share * 100))}%", ""),
    ]
    return [{"name": name, "value": value, "note": note, "href": ""} for name, value, note in numbers]


def _group_lines(found: PublicCoverage, total: Figures) -> list[Line]:
    rows = [_line(_name(line), line.figures, more=_joined(line)) for line in found.groups]
    if rows:
        rows.append(_line(_("Cộng các nhóm"), found.sums))
    return [*rows, _line(_("Mỗi nghĩa vụ đếm một lần"), total)]


def _name(line: GroupLine) -> str:
    return line.names[0] if len(line.names) == 1 else str(_("Các nhóm ít đối tượng, gộp chung"))


def _joined(line: GroupLine) -> str:
    return "; ".join(line.names) if len(line.names) > 1 else ""


def _line(label: str, figures: Figures | None, *, href: str = "", more: str = "") -> Line:
    told = _numbers(figures) if figures is not None else [few_text()] * 3
    return {"label": label, "href": href, "more": more, "cells": [{"text": text, "href": ""} for text in told]}


def _numbers(figures: Figures) -> list[str]:
    return [number_text(figures.in_scope), number_text(figures[Group.IN_FORCE]), _share(figures)]


def _share(figures: Figures) -> str:
    # Nobody may read 100 % where somebody is missing.
    return percent_text(chart_figures.share(figures[Group.IN_FORCE], figures.in_scope))


def _fraction(figures: Figures | None) -> str:
    if figures is None:
        return few_text()
    if not figures.in_scope:
        return str(_("chưa có ai thuộc diện"))
    return f"{number_text(figures[Group.IN_FORCE])}/{number_text(figures.in_scope)}"


def _few(number: int | None) -> str:
    return few_text() if number is None else number_text(number)


def few_text() -> str:
    return str(_("ít hơn %(least)s, không nêu", least=LEAST))


def _known(figures: Figures | None) -> Figures:
    return figures if figures is not None else together([])


def _reviewed(found: PublicCoverage) -> str:
    return date_text(found.reviewed_on) or str(_("Chưa lần nào; mẫu số có thể thiếu."))


# --- Quarters and pictures -------------------------------------------------------------------------------------------


def _figures(end: QuarterEnd) -> Figures:
    return Figures({}, end.in_scope, dict.fromkeys(Group, 0) | {Group.IN_FORCE: end.in_force})


def _ended(end: QuarterEnd) -> str:
    """The quarter, or the day of one that is not over."""
    over = end.day == Quarter.of(end.day).last_day if end.day is not None else False
    return quarter_text(end.quarter) if over else date_text(end.day)


def _quarter_chart(found: PublicCoverage) -> Any:
    shares = tuple(pictures.share_of(_ended(end), _figures(end)) for end in found.quarters)
    columns = CoverageByQuarter(translate(pictures.BY_QUARTER), shares, target=found.goal.share)
    return chart_figure("theo-quy", columns)


def _group_chart(found: PublicCoverage) -> Any:
    shares = tuple(pictures.share_of(_name(line), line.figures) for line in found.groups)
    bars = CoverageBars(translate(pictures.BY_TYPE), shares, target=found.goal.share, row_head=pictures.TYPE)
    return chart_figure("theo-nhom", bars)
