"""What an agency reads with its key: its own and nobody else's, the figures of the pages, each list on record."""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from pledges.core.calendar import local_day
from pledges.duties.calendar import dues
from pledges.registry.models import Contact
from pledges.reporting.rollup import FIELDS, GROUPS, rollup_data, rollup_of
from pledges.reporting.standing import Place
from pledges.rounds.list_models import Group
from tests.support.signing import HUE
from tests.unit.reporting.played import Quarterly
from tests.unit.rounds.quarter import Q4, QuarterOffice
from tests.web.api.reading import AGENCY, REASON, Program, Programs

LISTS = "/obligations"


def walked(program: Program, **asked: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(50):
        page = program.read(LISTS, **asked, **cursor)
        rows += page["items"]
        if page["next"] is None:
            assert page["total"] == len(rows)
            return rows
        cursor = {"cursor": page["next"]}
    raise AssertionError("the list does not end")


def test_figures_lists_and_filters_say_the_same_numbers(quarter: tuple[Quarterly, Programs]) -> None:
    played, programs = quarter
    program, seen = programs.of(), set[str]()
    for day in (None, played.days[3], played.days[-2]):
        when = {"as_of": day.isoformat()} if day is not None else {}
        told = program.read("/coverage", **when)
        with played.database.read() as session:
            rollup = rollup_of(session, Place(HUE, AGENCY), day, played.clock())
        assert told == rollup_data([rollup], None)
        rows = walked(program, reason=REASON, limit=2, **when)
        assert len({row["obligation"] for row in rows}) == len(rows), "nobody twice"
        counted = Counter(row["group"] for row in rows)
        pledged = [row for row in told["totals"] if row["instrument"] == "pledge"]
        assert {group.value: sum(row[group.value] for row in pledged) for group in GROUPS} == {
            group.value: counted[group.value] for group in GROUPS
        }
        seen |= set(counted)
    assert seen == {group.value for group in Group}, "a group in which nobody stands proves nothing"
    of_quarter = program.read("/coverage", quarter="2026Q4")
    assert (of_quarter["quarter"], of_quarter["as_of"]) == ("2026Q4", Q4.last_day.isoformat())
    assert all(set(row) == set(FIELDS) for row in of_quarter["rows"])
    _check_filters(program)


def _check_filters(program: Program) -> None:
    whole = walked(program, reason=REASON)
    for name, key in (("group", "group"), ("commune", "commune"), ("entry", "entry")):
        for value in {row[key] for row in whole}:
            asked = {name: "none" if value is None else value}
            kept = [row for row in whole if row[key] == value]
            assert {row["obligation"] for row in walked(program, reason=REASON, **asked)} == {
                row["obligation"] for row in kept
            }, asked
    sellers = walked(program, reason=REASON, subject_type="digital_seller")
    assert sellers
    assert all("digital_seller" in row["subject_types"] for row in sellers)
    assert walked(program, reason=REASON, instrument="acknowledgement") == []


def test_no_row_names_a_contact(office: QuarterOffice, programs: Programs) -> None:
    with office.database.read() as session:
        contacts = set(session.scalars(select(Contact.value)))
    assert contacts
    text = programs.of().get(LISTS, reason=REASON, limit=500).text
    assert not [value for value in contacts if value in text]
    assert "@" not in text


def test_a_list_of_the_silent_needs_a_reason_and_carries_the_caution(office: QuarterOffice, programs: Programs) -> None:
    program = programs.of()
    for asked in ({}, {"group": "not_pledged"}, {"group": "unreachable", "reason": "ngắn"}, {"reason": " " * 20}):
        assert program.refused(400, LISTS, **asked)["parameter"] == "reason"
    assert programs.facts() == [], "what was refused was not read"
    silent = program.read(LISTS, group="not_due", reason=REASON)
    assert silent["total"] == len(silent["items"]) > 0
    assert "không phải đề xuất hay căn cứ kiểm tra, xử phạt" in silent["caution"][0]
    assert program.read(LISTS, group="in_force")["caution"] == []
    [first, second] = programs.facts()
    assert (first.actor_kind, first.actor_id) == ("agency_key", str(program.made.key.id))
    told = first.data
    assert (told["agency"], told["reason"], told["format"]) == (AGENCY, REASON, "api")
    assert told["filters"]["groups"] == ["not_due"]
    assert (told["rows"], told["again"]) == (len(silent["items"]), False)
    assert second.data["reason"] == ""


def test_each_page_is_on_record(office: QuarterOffice, programs: Programs) -> None:
    rows = walked(programs.of(), reason=REASON, limit=2)
    facts = programs.facts()
    assert sum(fact.data["rows"] for fact in facts) == len(rows)
    assert [fact.data["again"] for fact in facts] == [False] + [True] * (len(facts) - 1)
    assert len(facts) == 2


def test_an_agency_reads_nothing_of_another_one(office: QuarterOffice, programs: Programs) -> None:
    own, beside, elsewhere = programs.of(), programs.of("46-SVHTT"), programs.of("20-SCT")
    rows = {name: walked(each, reason=REASON) for name, each in (("own", own), ("beside", beside))}
    assert rows["own"]
    assert rows["beside"]
    seen = [{row["obligation"] for row in found} for found in rows.values()]
    assert not seen[0] & seen[1]
    assert walked(elsewhere, reason=REASON) == []
    assert {row["agency"] for row in own.read("/coverage")["rows"]} == {AGENCY}
    assert elsewhere.read("/coverage")["rows"] == []
    entry = rows["own"][0]["entry"]
    for other in (beside, elsewhere):
        assert other.refused(400, LISTS, reason=REASON, entry=entry)["parameter"] == "entry"
    cursor = own.read(LISTS, reason=REASON, limit=1)["next"]
    for other in (beside, elsewhere):
        assert other.refused(400, LISTS, reason=REASON, cursor=cursor)["parameter"] == "cursor"
    assert elsewhere.refused(400, LISTS, reason=REASON, commune="19753")["parameter"] == "commune"


def test_a_cursor_that_was_touched_leads_nowhere(office: QuarterOffice, programs: Programs) -> None:
    program = programs.of()
    cursor = program.read(LISTS, reason=REASON, limit=1)["next"]
    value, _dot, signature = cursor.rpartition(".")
    forged = base64.urlsafe_b64encode(json.dumps("0|in_force~~x~~").encode()).rstrip(b"=").decode()
    for wrong in (cursor[:-1], cursor + "a", f"{forged}.{signature}", value, "~", "in_force~~46~~", "x" * 900):
        assert program.refused(400, LISTS, reason=REASON, cursor=wrong)["parameter"] == "cursor", wrong
    assert program.refused(400, LISTS, reason=REASON, cursor=cursor, group="in_force")["parameter"] == "cursor"
    assert program.read(LISTS, reason=REASON, cursor=cursor, limit=500)["next"] is None


NONSENSE: list[tuple[str, str, str | None]] = [
    (LISTS, "limit=0", "limit"),
    (LISTS, "limit=-1", "limit"),
    (LISTS, "limit=501", "limit"),
    (LISTS, "limit=99999999999999999999", "limit"),
    (LISTS, "limit=%D9%A1", "limit"),
    (LISTS, "limit=", "limit"),
    (LISTS, "limit=1&limit=2", "limit"),
    (LISTS, "group=silent", "group"),
    (LISTS, "group=in_force&group=not_pledged", "group"),
    (LISTS, "commune=99999", "commune"),
    (LISTS, "commune=19753%27", "commune"),
    (LISTS, "entry=46-none", "entry"),
    (LISTS, "instrument=voluntary", "instrument"),
    (LISTS, "subject_type=nobody", "subject_type"),
    (LISTS, "as_of=2026-02-30", "as_of"),
    (LISTS, "as_of=0001-01-01", "as_of"),
    (LISTS, "as_of=2999-01-01", "as_of"),
    (LISTS, "as_of=2026-W10-1", "as_of"),
    (LISTS, "reason=%E2%80%AEghi+nguoc+lai+cho+vui", "reason"),
    (LISTS, "reason=" + "d" * 301, "reason"),
    (LISTS, "cursor=" + "x" * 1001, "cursor"),
    (LISTS, "group=%00", None),
    (LISTS, "%00=1", None),
    (LISTS, "agency=46-SYT", None),
    (LISTS, "phone=1", None),
    ("/coverage", "quarter=2026Q5", "quarter"),
    ("/coverage", "quarter=0000Q1", "quarter"),
    ("/coverage", "quarter=2099Q4", None),
    ("/coverage", "as_of=2026-01-01&quarter=2026Q3", None),
    ("/coverage", "as_of=2000-01-01%00", None),
    ("/reports", "unit=46-SYT", None),
    ("", "agency=46-SYT", None),
]


def test_what_makes_no_sense_is_refused(programs: Programs) -> None:
    program = programs.of()
    for path, query, named in NONSENSE:
        reason = "" if path != LISTS or "reason=" in query else "&reason=Nhac+cac+don+vi"
        told = program.refused(400, f"{path}?{query}{reason}")
        assert told.get("parameter") == named, (path, query)
    assert programs.facts() == []


def test_the_reports_that_the_agency_owes(programs: Programs) -> None:
    program, today = programs.of("20-SCT"), local_day(programs.clock())
    with programs.product.database.read() as session:
        owed = dues(session, "20", today, unit_code="20-SCT")
    assert owed
    told = program.read("/reports")["items"]
    assert [(row["duty"], row["period"], row["last_day"]) for row in told] == [
        (due.duty.id, due.period, due.last_day.isoformat()) for due in owed
    ]
    assert {row["report"] for row in told} == {None}
    programs.clock.advance(timedelta(days=400))
    assert "late" in {row["standing"] for row in programs.of("20-SCT").read("/reports")["items"]}
