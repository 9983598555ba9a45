"""What the page of a list shows: the groups in figures, the rows in words, ways to narrow it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from pledges.core.calendar import Quarter
from pledges.plans.rules import SUBJECT_TYPES
from pledges.rounds.figures import Figures, Moment, at, at_end_of
from pledges.rounds.list_models import Group, Snapshot
from pledges.rounds.list_rows import PARTS, ListFilters, ListRow, entries_of
from pledges.rounds.list_words import GROUP_LABELS, KIND_LABELS, NO_COMMUNE, RowWords
from pledges.rounds.lists import list_figures
from pledges.rounds.snapshots import frozen_figures, frozen_on
from pledges.web.current import now, reader
from pledges.web.i18n import date_text, number_text, quarter_text, translate
from pledges.web.officer.round_list_forms import Chosen
from pledges.web.officer.words import Label

GROUPS = (
    Group.NOT_PLEDGED,
    Group.UNREACHABLE,
    Group.WAITING_TIME,
    Group.NOT_DUE,
    Group.WAITING_FOR_AGENCY,
    Group.IN_FORCE,
)
GROUP_KINDS = {
    Group.NOT_PLEDGED: "warning",
    Group.UNREACHABLE: "plain",
    Group.WAITING_TIME: "plain",
    Group.NOT_DUE: "plain",
    Group.WAITING_FOR_AGENCY: "info",
    Group.IN_FORCE: "success",
}


def moment_of(chosen: Chosen) -> Moment:
    return at(now()) if chosen.as_of is None else at_end_of(chosen.as_of)


def frozen(chosen: Chosen) -> Snapshot | None:
    if chosen.as_of is None:
        return None
    return frozen_on(reader(), chosen.of_round.province_code, chosen.of_round.agency_code, chosen.as_of)


def when_text(chosen: Chosen, snapshot: Snapshot | None) -> str:
    if chosen.as_of is None:
        return str(_("Hiện nay. Danh sách còn thay đổi với mỗi lần ký, mỗi lời mời."))
    day = date_text(chosen.as_of)
    if snapshot is not None:
        return str(_("Danh sách đã chốt hết ngày %(day)s, không thay đổi nữa.", day=day))
    quarter = Quarter.of(chosen.as_of)
    if chosen.as_of == quarter.last_day:
        name = quarter_text(quarter)
        return str(
            _("Tính đến hết ngày %(day)s, ngày cuối của %(quarter)s; danh sách chưa chốt.", day=day, quarter=name)
        )
    return str(_("Tính đến hết ngày %(day)s.", day=day))


# --- Figures ---------------------------------------------------------------------------------------------------------


def figures_of(chosen: Chosen, filters: ListFilters | None = None) -> Figures:
    of_round, snapshot = chosen.of_round, frozen(chosen)
    if snapshot is not None:
        cut = filters or ListFilters()
        entries = entries_of(reader(), of_round.province_code, of_round.agency_code)
        return frozen_figures(snapshot, entries.only(cut.entry).covering(cut.subject_type), cut)
    return list_figures(reader(), of_round.province_code, of_round.agency_code, filters, moment=moment_of(chosen))


def group_rows(whole: Figures, narrowed: Figures | None) -> list[list[str]]:
    """Each group with its number in the whole list, and in what the filters leave of it."""

    def line(label: str, count: int, left: int | None) -> list[str]:
        return [label, *([number_text(left)] if left is not None else []), number_text(count)]

    rows = [
        line(translate(GROUP_LABELS[group]), whole[group], narrowed[group] if narrowed else None) for group in GROUPS
    ]
    return [*rows, line(_("Cộng (thuộc diện ký)"), whole.in_scope, narrowed.in_scope if narrowed else None)]


def kind_tabs(chosen: Chosen, figures: Figures) -> list[dict[str, Any]]:
    """The two lists, with as many rows as the filters leave."""
    return [
        {
            "text": translate(label),
            "count": sum(figures[part] for part in PARTS[kind]),
            "href": replace(chosen, kind=kind, filters=replace(chosen.filters, group=None)).url(),
            "current": kind is chosen.kind,
        }
        for kind, label in KIND_LABELS.items()
    ]


# --- Narrowing down --------------------------------------------------------------------------------------------------


def narrowing(filters: ListFilters) -> ListFilters | None:
    """The filters that figures know; None: none of them is set."""
    counted = replace(filters, group=None, text="")
    return counted if counted else None


def chips_of(chosen: Chosen, words: RowWords, entries: Mapping[str, str]) -> list[dict[str, str]]:
    """One chip per filter, with the address of the list without it."""
    filters = chosen.filters
    named: list[tuple[bool, str, dict[str, Any]]] = [
        (bool(filters.text), _("Tìm: %(text)s", text=filters.text), {"text": ""}),
        (
            filters.group is not None,
            translate(GROUP_LABELS[filters.group]) if filters.group else "",
            {"group": None},
        ),
        (
            filters.commune is not None,
            words.communes.get(filters.commune or "") or translate(NO_COMMUNE),
            {"commune": None},
        ),
        (bool(filters.entry), entries.get(filters.entry, filters.entry), {"entry": ""}),
        (
            bool(filters.subject_type),
            translate(SUBJECT_TYPES[filters.subject_type].label) if filters.subject_type else "",
            {"subject_type": ""},
        ),
    ]
    return [{"text": text, "href": chosen.without(**gone).url()} for is_set, text, gone in named if is_set]


# --- Rows ------------------------------------------------------------------------------------------------------------


def shown_row(row: ListRow, words: RowWords) -> dict[str, Any]:
    return {
        "name": words.name(row),
        "href": url_for("officer.entity", entity_id=row.entity) if row.entity else "",
        "tax_code": row.tax_code,
        "channel": row.channel,
        "groups": words.types(row),
        "commune": words.commune(row),
        "duty": words.duty(row),
        "label": Label(translate(GROUP_LABELS[row.group]), GROUP_KINDS[row.group]),
        "reason": words.reason(row),
        "ways": words.ways(row).split("; ") if row.ways else [],
        "asked_on": row.asked_on,
        "turns_on": row.turns_on,
        "cohort": words.cohort(row),
    }
