"""Reporting units and reporting duties out of a province's file: what is printed, and how we read it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from pledges.core.errors import N_
from pledges.plans.books import DutyData, UnitData
from pledges.plans.decisions import MOST_DUE_DAY
from pledges.plans.models import ReportForm, UnitKind
from pledges.plans.reading import Record

CADENCES = (
    *("continuous", "periodic_unspecified", "weekly_monthly", "monthly", "quarterly", "yearly", "once", "ad_hoc"),
    "unknown",
)
FOLLOWED_CADENCES = (ONCE, YEARLY, QUARTERLY, MONTHLY) = ("once", "yearly", "quarterly", "monthly")
DEPARTMENTS, COMMUNES = "departments", "communes"
UNITS_OF = {DEPARTMENTS: UnitKind.DEPARTMENT, COMMUNES: UnitKind.COMMUNE}
"""Names of senders that stand for all units of a kind."""


def read_unit(record: Record) -> UnitData:
    record.only("code", "name", "kind")
    code = record.text("code")
    if not re.fullmatch(r"[0-9]{2}-[A-Z0-9]{2,12}", code):
        record.at("code").refuse(N_("mã đơn vị báo cáo “%(code)s” phải có dạng 20-BAO"), code=code)
    return UnitData(code, record.text("name"), UnitKind(record.one_of("kind", UnitKind)))


def read_duties(
    records: tuple[Record, ...], plans: Collection[str], clause_ids: frozenset[str], units: tuple[UnitData, ...]
) -> tuple[DutyData, ...]:
    codes = frozenset(unit.code for unit in units)
    ids = frozenset(record.text("id") for record in records)
    return tuple(_duty(record, position, plans, clause_ids, codes, ids) for position, record in enumerate(records, 1))


def _duty(
    record: Record,
    position: int,
    plans: Collection[str],
    clause_ids: frozenset[str],
    units: frozenset[str],
    ids: frozenset[str],
) -> DutyData:
    record.only(
        *("id", "document", "clause", "report", "from", "to", "before", "cadence", "date", "recur", "also", "note"),
        *("followed", "reading"),
    )
    recurs = record.optional("recur") or ""
    if recurs and not re.fullmatch(r"--(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", recurs):
        record.at("recur").refuse(N_("“%(text)s” phải có dạng --09-30"), text=recurs)
    followed = record.flag("followed")
    due_date = record.day("date")
    reading: dict[str, Any] = {}
    if record.has("reading"):
        if not followed:
            record.at("reading").refuse(N_("báo cáo không được theo dõi thì không có “reading”"))
        reading = _reading(record.record("reading"), units, ids)
        as_ = reading["follow_as"]
        if (as_ == ONCE and due_date is None) or (as_ == YEARLY and not recurs):
            record.place.refuse(N_("báo cáo được theo dõi phải có hạn: “date” hoặc “recur”"))
    return DutyData(
        id=record.text("id"),
        plan_code=record.one_of("document", plans),
        clause_id=record.reference("clause", clause_ids),
        position=position,
        report=record.text("report"),
        sender=record.optional("from"),
        recipient=record.optional("to"),
        before_printed=record.optional("before"),
        cadence=record.one_of("cadence", CADENCES),
        due_date=due_date,
        recurs=recurs,
        followed=followed,
        content=record.plain("also", "note"),
        **{**_UNREAD, **reading},
    )


_UNREAD: dict[str, Any] = {
    "form": ReportForm.GENERAL,
    "follow_as": "",
    "senders": [],
    "recipients": [],
    "via": "",
    "gathers": "",
    "due_day": None,
    "starts_on": None,
}


def _reading(record: Record, units: frozenset[str], ids: frozenset[str]) -> dict[str, Any]:
    """How the calendar takes it: whom a group means, and the days that the source does not print."""
    record.only("form", "as", "senders", "recipients", "via", "gathers", "due_day", "starts_on")
    as_ = record.one_of("as", FOLLOWED_CADENCES)
    due_day = record.number("due_day", most=MOST_DUE_DAY, default=0) or None
    if due_day is None and as_ in (QUARTERLY, MONTHLY):
        record.place.refuse(N_("báo cáo theo tháng, theo quý phải có “due_day”"))
    return {
        "form": ReportForm(record.one_of("form", ReportForm)),
        "follow_as": as_,
        "senders": _codes(record, "senders", units | UNITS_OF.keys()),
        "recipients": _codes(record, "recipients", units),
        "via": record.one_of("via", units) if record.has("via") else "",
        "gathers": record.one_of("gathers", ids) if record.has("gathers") else "",
        "due_day": due_day,
        "starts_on": record.day("starts_on"),
    }


def _codes(record: Record, key: str, known: Collection[str]) -> list[str]:
    found = []
    for item in record.scalars(key):
        if item.text not in known:
            item.place.refuse(N_("không có đơn vị báo cáo “%(code)s”"), code=item.text)
        found.append(item.text)
    return found
