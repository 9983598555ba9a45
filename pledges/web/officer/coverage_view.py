"""What the pages of coverage show: figures in words, each with the list that it counts, and the pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.accounts.permissions import Place as Where
from pledges.core.calendar import Quarter
from pledges.plans.models import Instrument
from pledges.reporting import pictures
from pledges.reporting.circumstances import Voluntary, voluntary_pledges
from pledges.reporting.coverage import Coverage, Goal, QuarterEnd
from pledges.reporting.words import Names
from pledges.rounds.figures import Figures, together
from pledges.rounds.list_models import Group
from pledges.web.charts import chart_figure
from pledges.web.components import page_exists
from pledges.web.current import now, reader
from pledges.web.i18n import date_text, quarter_text, time_text
from pledges.web.officer.coverage_facts import facts, tiles
from pledges.web.officer.coverage_forms import Chosen
from pledges.web.officer.coverage_lines import Links, cell, fraction, line, line_heads, share_text
from pledges.web.officer.reach import reaches

COMMUNES = "xa"
"""Behind `theo` in the address: the page of the communes."""

# --- The page of an agency or a province -----------------------------------------------------------------------------


def coverage_shown(coverage: Coverage, chosen: Chosen, names: Names, goal: Goal) -> dict[str, Any]:
    links = Links(chosen)
    volunteers = voluntary_pledges(reader(), coverage.place, coverage.day)
    return {
        "when": when_text(coverage),
        "tiles": tiles(coverage, links),
        "facts": facts(coverage, goal),
        "goal": goal,
        "frozen": bool(coverage.standing.frozen),
        "heads": line_heads,
        "type_heads": [*line_heads(_("Nhóm đối tượng")), _("Đã xác nhận văn bản"), _("Cam kết tự nguyện")],
        "by_entry": _entry_lines(coverage, names, links),
        "acknowledgements": _acknowledgement_lines(coverage, names, links),
        "by_type": _type_lines(coverage, names, links, volunteers),
        "communes": len(coverage.lines("commune_code")),
        "communes_page": chosen.url(theo=COMMUNES),
        "by_quarter": _quarter_lines(coverage, chosen),
        "volunteers": volunteers.total,
        **_charts(coverage, names, goal.share),
    }


def when_text(coverage: Coverage) -> str:
    if coverage.day is None:
        return str(_("Hiện nay, lúc %(time)s.", time=time_text(now())))
    day = date_text(coverage.day)
    if coverage.standing.frozen:
        return str(_("Hết ngày %(day)s, theo số liệu đã chốt của quý; không thay đổi nữa.", day=day))
    return str(_("Hết ngày %(day)s.", day=day))


def _charts(coverage: Coverage, names: Names, goal: float) -> dict[str, Any]:
    several = len(coverage.lines("agency_code")) > 1 and not coverage.place.agency_code
    return {
        "quarter_chart": chart_figure("theo-quy", pictures.quarter_columns(coverage, names, goal, quarter_text)),
        "entry_chart": chart_figure("theo-nghia-vu", pictures.entry_bars(coverage, names, goal)),
        "type_chart": chart_figure("theo-nhom", pictures.type_bars(coverage, names, goal)),
        "groups_chart": chart_figure("sau-nhom", pictures.group_stacks(coverage, names)),
        "agency_chart": chart_figure("theo-co-quan", pictures.agency_bars(coverage, names, goal)) if several else None,
    }


# --- Tables ----------------------------------------------------------------------------------------------------------


def _entry_lines(coverage: Coverage, names: Names, links: Links) -> list[dict[str, Any]]:
    known = {found.key["entry_id"]: found for found in coverage.lines("entry_id")}
    wanted = [entry for entry in coverage.entries if entry.instrument is Instrument.PLEDGE]
    rows = [
        line(
            names.entry(entry.id),
            known.get(entry.id) or together([]),
            links,
            entry=entry.id,
            more=_where(entry, names, coverage),
        )
        for entry in wanted
        if coverage.entry_id in ("", entry.id)
    ]
    return [*rows, line(_("Cộng"), coverage.total, links)] if len(rows) > 1 else rows


def _where(entry: Any, names: Names, coverage: Coverage) -> str:
    clause = names.clauses.get(entry.id, "")
    if coverage.place.agency_code:
        return clause
    return "; ".join(filter(None, (names.agencies.get(entry.lead_agency, ""), clause)))


def _acknowledgement_lines(coverage: Coverage, names: Names, links: Links) -> list[dict[str, Any]]:
    kind = Instrument.ACKNOWLEDGEMENT
    known = {found.key["entry_id"]: found for found in coverage.lines("entry_id", instrument=kind)}
    return [
        line(
            names.entry(entry.id),
            known.get(entry.id) or together([]),
            links,
            entry=entry.id,
            instrument=kind,
            more=_where(entry, names, coverage),
        )
        for entry in coverage.entries
        if entry.instrument is kind and coverage.entry_id in ("", entry.id)
    ]


def _type_lines(coverage: Coverage, names: Names, links: Links, volunteers: Voluntary) -> dict[str, Any]:
    """By group, with acknowledgements and voluntary pledges beside; then the sum, and everybody once."""
    kind = Instrument.ACKNOWLEDGEMENT
    pledged = {found.key["subject_type"]: found for found in coverage.lines("subject_type")}
    received = {found.key["subject_type"]: found for found in coverage.lines("subject_type", instrument=kind)}
    codes = dict.fromkeys((*pledged, *received, *volunteers.by_type))
    ordered = names.by_type([Figures({"subject_type": code}, 0, {}) for code in codes])
    rows = []
    for code, name, _nothing in ordered:
        figures = pledged.get(code) or together([])
        row = line(name, figures, links, subject_type=code)
        row["cells"] += [
            fraction(received.get(code) or together([]), links.members(subject_type=code, instrument=kind)),
            cell(volunteers.by_type.get(code, 0)),
        ]
        rows.append(row)
    sums, once = together(pledged.values()), coverage.total
    for label, figures, acknowledged, volunteered in (
        (_("Cộng các nhóm"), sums, together(received.values()), sum(volunteers.by_type.values())),
        (_("Mỗi nghĩa vụ đếm một lần"), once, coverage.acknowledged, volunteers.total),
    ):
        row = line(label, figures, links) if figures is once else line(label, figures, Links(links.chosen, none=True))
        row["cells"] += [fraction(acknowledged), cell(volunteered)]
        rows.append(row)
    return {"rows": rows, "several": sums.in_scope - once.in_scope}


def communes_shown(coverage: Coverage, chosen: Chosen, names: Names, goal: Goal) -> dict[str, Any]:
    """The page of the communes, by name."""
    links = Links(chosen)
    found = names.by_commune(coverage.lines("commune_code"))
    received = {
        each.key["commune_code"]: each for each in coverage.lines("commune_code", instrument=Instrument.ACKNOWLEDGEMENT)
    }
    known = {code for code, _name, _figures in found}
    others = [(code, names.commune(code), together([])) for code in received if code not in known]
    rows = []
    for code, name, figures in (*found, *others):
        row = line(name, figures, links, commune=code)
        row["cells"].append(
            fraction(
                received.get(code) or together([]), links.members(commune=code, instrument=Instrument.ACKNOWLEDGEMENT)
            )
        )
        rows.append(row)
    total = line(_("Cộng"), coverage.total, links)
    total["cells"].append(fraction(coverage.acknowledged))
    return {
        "when": when_text(coverage),
        "rows": [*rows, total] if rows else [],
        "heads": [*line_heads(_("Xã, phường, đặc khu")), _("Đã xác nhận văn bản")],
        "commune_chart": chart_figure("theo-xa", pictures.commune_bars(coverage, names, goal.share)),
    }


def _quarter_lines(coverage: Coverage, chosen: Chosen) -> list[dict[str, Any]]:
    """The newest first; each opens the page as of that day."""
    rows: list[dict[str, Any]] = []
    for end in reversed(coverage.quarters):
        label = quarter_text(end.quarter)
        over = end.day is not None and end.day == Quarter.of(end.day).last_day
        links = Links(chosen.at(day=end.day))
        rows.append(
            {
                "label": label
                if over
                else _("%(quarter)s, đến nay", quarter=label)
                if end.day is None
                else date_text(end.day),
                "href": chosen.at(day=end.day).url() if over else "",
                "cells": [
                    cell(end.in_scope, links.members()),
                    cell(end.in_force, links.members(Group.IN_FORCE)),
                    {"text": _share_of(end), "href": ""},
                ],
            }
        )
    return rows


def _share_of(end: QuarterEnd) -> str:
    groups = dict.fromkeys(Group, 0) | {Group.IN_FORCE: end.in_force}
    return share_text(Figures({}, end.in_scope, groups))


def agency_lines(coverage: Coverage, names: Names, chosen: Chosen) -> list[dict[str, Any]]:
    """Of a province: its agencies, each with the way to its own page."""
    links = Links(chosen)
    received = {
        found.key["agency_code"]: found
        for found in coverage.lines("agency_code", instrument=Instrument.ACKNOWLEDGEMENT)
    }
    known = {found.key["agency_code"]: found for found in coverage.lines("agency_code")}
    rows = []
    for code in dict.fromkeys(entry.lead_agency for entry in coverage.entries):
        own = chosen.at(place=replace(chosen.place, agency_code=code))
        row = line(names.agencies[code], known.get(code) or together([]), links, href=own.url())
        row["cells"].append(fraction(received.get(code) or together([])))
        rows.append(row)
    return rows


def pages_beside(chosen: Chosen) -> list[tuple[str, str]]:
    """Where an officer goes on from here: the queue, the list of the round, the register."""
    pages = [
        ("/can-bo/hang-doi", _("Hàng đợi"), Action.QUEUE_VIEW),
        ("/can-bo/doi-tuong", _("Tìm đối tượng"), Action.ENTITY_VIEW),
    ]
    where = Where(chosen.place.province_code, chosen.place.agency_code or None)
    return [(path, text) for path, text, action in pages if page_exists(path) and reaches(action, where)]


def export_action(chosen: Chosen) -> str:
    endpoint = "officer.export_agency_coverage" if chosen.place.agency_code else "officer.export_province_coverage"
    return chosen.at(entry_id="").url(endpoint)
