"""`/api/v1/agency/obligations`: who has pledged and who has not, as the lists of the agency's staff show it.

Each page that is read stands in the log (which key, what, why) before it is sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from pledges.audit.operations import record
from pledges.core.calendar import Quarter, local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_line
from pledges.core.tokens import Tokens
from pledges.plans.models import Commune, Instrument
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.rules import COUNTED_INSTRUMENTS
from pledges.reporting.members import members_page
from pledges.reporting.rollup import GROUPS, entries_led
from pledges.rounds.export_requests import LONGEST_REASON, SHORTEST_REASON
from pledges.rounds.list_heading import caution_of
from pledges.rounds.list_models import Group, ListKind
from pledges.rounds.list_rows import PARTS, ListFilters, ListPage, ListRow
from pledges.rounds.list_words import GROUP_LABELS, RowWords
from pledges.web.api.access import KeyHolder, holder
from pledges.web.api.blueprint import blueprint
from pledges.web.api.parameters import number_in, one_of, past_day_in, read_parameters, refuse
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import translate

PAGE_SIZE = 100
LARGEST_PAGE = 500
NOWHERE = "none"
"""In place of a commune: subjects without one, or outside the province."""
CURSOR = "api.obligations"
PARAMETERS = ("group", "entry", "instrument", "subject_type", "commune", "as_of", "reason", "cursor", "limit")


@dataclass(frozen=True)
class Asked:
    """Which part of the list, and why it is read."""

    groups: tuple[Group, ...]
    instrument: Instrument
    filters: ListFilters
    as_of: date | None
    """None: as it stands now."""
    reason: str

    @property
    def names_the_silent(self) -> bool:
        return any(group not in PARTS[ListKind.PLEDGED] for group in self.groups)

    def as_data(self) -> dict[str, Any]:
        return {
            "groups": [group.value for group in self.groups],
            "instrument": self.instrument.value,
            **self.filters.as_data(),
        }


@blueprint.get("/obligations")
def obligations() -> ResponseReturnValue:
    given, whose = read_parameters(*PARAMETERS), holder()
    asked = _asked(given, whose)
    after = _read_cursor(given, asked, whose)
    page = members_page(
        reader(),
        whose.place,
        asked.filters,
        groups=asked.groups,
        instrument=asked.instrument,
        day=asked.as_of,
        now=now(),
        after=after,
        limit=number_in(given, "limit", default=PAGE_SIZE, most=LARGEST_PAGE),
    )
    words = RowWords.read(reader(), whose.province.code, translate)
    told = {
        "as_of": asked.as_of.isoformat() if asked.as_of is not None else None,
        "total": page.total,
        "caution": caution_of(reader(), whose.province.code) if asked.names_the_silent else [],
        "items": [_item(row, words) for row in page.rows],
        "next": _tokens().make(CURSOR, f"{_print_of(asked, whose)}|{page.after}") if page.after else None,
    }
    write(lambda session: _log(session, asked, page, whose, again=bool(after)))
    return jsonify(told)


# --- What is asked ---------------------------------------------------------------------------------------------------


def _asked(given: Mapping[str, str], whose: KeyHolder) -> Asked:
    wanted = one_of(given, "group", {group.value for group in GROUPS})
    instrument = one_of(given, "instrument", {each.value for each in COUNTED_INSTRUMENTS})
    entry, instrument = _entry(given.get("entry", ""), instrument, whose)
    filters = ListFilters(
        commune=_commune(given.get("commune"), whose),
        entry=entry,
        subject_type=one_of(given, "subject_type", set(SUBJECT_TYPES)),
    )
    asked = Asked(
        groups=(Group(wanted),) if wanted else GROUPS,
        instrument=Instrument(instrument or Instrument.PLEDGE),
        filters=filters,
        as_of=past_day_in(given),
        reason=clean_line(given.get("reason", ""), most=LONGEST_REASON, field="reason"),
    )
    if asked.names_the_silent and len(asked.reason) < SHORTEST_REASON:
        raise DomainError(
            N_("Hãy ghi lý do lấy danh sách, ít nhất %(least)s ký tự."), field="reason", least=SHORTEST_REASON
        )
    return asked


def _entry(entry: str, instrument: str, whose: KeyHolder) -> tuple[str, str]:
    """An entry says itself what its subjects have to do."""
    if not entry:
        return "", instrument
    led = {each.id: each.instrument.value for each in entries_led(reader(), whose.place)}
    if entry not in led:
        refuse("entry")
    if instrument not in {"", led[entry]}:
        refuse("instrument")
    return entry, led[entry]


def _commune(code: str | None, whose: KeyHolder) -> str | None:
    if code is None:
        return None
    if code == NOWHERE:
        return ""
    if reader().get(Commune, (whose.province.code, code)) is None:
        refuse("commune")
    return code


# --- From page to page -----------------------------------------------------------------------------------------------


def _tokens() -> Tokens:
    return Tokens(product().settings.secret_key)


def _print_of(asked: Asked, whose: KeyHolder) -> str:
    """A cursor leads on in the list that it came from, and in no other."""
    day = asked.as_of.isoformat() if asked.as_of is not None else ""
    text = json.dumps([whose.province.code, whose.agency.code, day, asked.as_data()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read_cursor(given: Mapping[str, str], asked: Asked, whose: KeyHolder) -> str:
    cursor = given.get("cursor")
    if cursor is None:
        return ""
    own, _bar, after = (_tokens().read(CURSOR, cursor) or "").partition("|")
    if own != _print_of(asked, whose):
        raise DomainError(
            N_("Con trỏ này không thuộc danh sách đang đọc. Hãy bắt đầu lại không có con trỏ."), field="cursor"
        )
    return after


# --- What is told ----------------------------------------------------------------------------------------------------


def _item(row: ListRow, words: RowWords) -> dict[str, Any]:
    return {
        "obligation": row.obligation,
        "entity": row.entity or None,
        "entry": row.entry_id,
        "clause": row.clause or None,
        "group": row.group.value,
        "state": translate(GROUP_LABELS[row.group]),
        "name": row.name or None,
        "tax_code": row.tax_code or None,
        "channel": row.channel or None,
        "commune": row.commune_code or None,
        "commune_name": words.communes.get(row.commune_code),
        "subject_types": list(row.subject_types),
        "cohort": row.cohort or None,
        "first_seen_on": _day(row.first_seen_on),
        "asked_on": _day(row.asked_on),
        "turns_on": _day(row.turns_on),
        "ways": [{"way": str(way), "on": day.isoformat()} for way, day in row.ways],
        "unreached_reason": row.unreached_reason.value if row.unreached_reason is not None else None,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _log(session: Session, asked: Asked, page: ListPage, whose: KeyHolder, *, again: bool) -> None:
    day = asked.as_of or local_day(now())
    record(
        session,
        "list.exported",
        province_code=whose.province.code,
        object_id=new_id(),
        actor=whose.actor,
        now=now(),
        data={
            "list": "obligations",
            "agency": whose.agency.code,
            "quarter": str(Quarter.of(day)),
            "as_of": day.isoformat(),
            "format": "api",
            "filters": asked.as_data(),
            "searched": False,
            "reason": asked.reason,
            "again": again,
            "key": whose.key.beginning,
            "rows": len(page.rows),
        },
    )
