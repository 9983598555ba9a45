"""The queue: exactly one agency's, in order, filtered, aged, and with the same number of queries however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, update

from pledges.accounts.models import Staff
from pledges.core.db import Database, new_id
from pledges.core.secrecy import Vault
from pledges.review.models import Revocation
from pledges.review.operations import approve, defer, recommend, reject, resume, return_for_correction
from pledges.review.queries import (
    Order,
    QueueFilter,
    QueuePage,
    StepKind,
    Tab,
    history,
    last_decision,
    next_in_queue,
    queue_counts,
    queue_page,
    waiting_times,
)
from pledges.review.revocations import ask_revocation
from pledges.review.waiting_times import Side, measure, working_days
from pledges.signing.models import EarlierVersion, Pledge, PledgeState
from tests.support.clock import START, FixedClock
from tests.support.reviewing import TRADE, officer_of, put_into, submitted, submitted_copies
from tests.support.signing import HUE, PUBLIC_URL, doctor_pages

HOUR = timedelta(hours=1)


def page_of(database: Database, wanted: QueueFilter | None = None, agency: str = TRADE, **asked: object) -> QueuePage:
    asked.setdefault("now", START + HOUR)
    with database.read() as session:
        return queue_page(session, HUE, agency, wanted or QueueFilter(), **asked)  # type: ignore[arg-type]


def seconds(number: int) -> datetime:
    """When the copy of this number was signed, for a queue of copies in a known order."""
    return START + timedelta(seconds=number)


def references(found: QueuePage) -> list[str]:
    return [row.pledge.reference for row in found.rows]


def following(database: Database, pledge: Pledge, wanted: QueueFilter) -> str | None:
    with database.read() as session:
        found = next_in_queue(session, session.get_one(Pledge, (HUE, pledge.id)), wanted)
        return found.reference if found is not None else None


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_queue_is_exactly_one_agencys_and_sorted(database: Database, pledge: Pledge, vault: Vault) -> None:
    doctor = submitted(database, now=START, vault=vault, pages=doctor_pages())
    later = submitted_copies(database, pledge, 3, state_since=seconds, signed_at=seconds)
    assert references(page_of(database)) == [pledge.reference, *(each.reference for each in later)]
    assert references(page_of(database, agency=doctor.agency_code)) == [doctor.reference]
    newest = page_of(database, QueueFilter(order=Order.NEWEST))
    assert references(newest) == references(page_of(database))[::-1]
    with database.read() as session:
        assert queue_page(session, "20", TRADE, QueueFilter(), now=START).total == 0
    second = page_of(database, page=2, size=3)
    assert (references(second), second.total, second.pages) == ([later[-1].reference], 4, 2)
    last = page_of(database, page=99, size=3)
    assert (references(last), last.page) == (references(second), 2)


def test_a_long_queue_asks_no_more_than_a_short_one(database: Database, pledge: Pledge) -> None:
    submitted_copies(database, pledge, 4)
    with counted(database) as short:
        assert len(page_of(database, size=50).rows) == 5
    submitted_copies(database, pledge, 45, first=2000)
    with counted(database) as long:
        assert len(page_of(database, size=50).rows) == 50
    assert len(short) == len(long) < 20


@pytest.mark.parametrize(
    "typed",
    [
        "cong ty tnhh thu nghiem 1001",
        "Thử Nghiệm 1001",
        "NGHIEM 1001",
        "facebook.com/cuahang.thu1001x0",
        "https://www.facebook.com/cuahang.thu1001x0",
        "cuahangthu1001",
    ],
)
def test_a_file_is_found_by_what_people_type(sqlite_database: Database, vault: Vault, typed: str) -> None:
    first = submitted(sqlite_database, now=START, vault=vault)
    copies = submitted_copies(sqlite_database, first, 3)
    assert references(page_of(sqlite_database, QueueFilter(text=typed))) == [copies[1].reference]


def test_filters_of_numbers_groups_and_strange_letters(database: Database, pledge: Pledge) -> None:
    [other] = submitted_copies(database, pledge, 1, subject_types=["ecommerce_website", "digital_seller"])
    code = other.answers["tax_code"]
    for typed in (other.reference, other.reference.lower(), other.reference[-6:], code, code.replace("-", "")):
        assert references(page_of(database, QueueFilter(text=typed))) == [other.reference], typed
    assert references(page_of(database, QueueFilter(subject_type="ecommerce_website"))) == [other.reference]
    assert page_of(database, QueueFilter(subject_type="digital_seller")).total == 2
    for typed in ("100%", "_", "' OR 1=1 --", "\u0301", "không có tên này"):
        assert page_of(database, QueueFilter(text=typed)).total == 0, typed


def test_tabs_counts_and_the_next_file(database: Database, officer: Staff, approver: Staff, pledge: Pledge) -> None:
    """Decide one after the other: each tab counts right, and the next file keeps the filter and the order."""
    a, b, c, d = submitted_copies(database, pledge, 4, state_since=seconds, signed_at=seconds)
    wanted = QueueFilter(text="thu nghiem 100")
    assert [following(database, each, wanted) for each in (a, b, c, d)] == [*(x.reference for x in (b, c, d)), None]
    key = (HUE, b.id)
    database.run(lambda session: recommend(session, key, staff=officer, seen=0, now=START + HOUR))
    assert following(database, b, wanted) == c.reference
    database.run(lambda s: defer(s, (HUE, d.id), staff=officer, seen=0, note="Chờ", now=START + 2 * HOUR))
    # Behind the last one nothing follows, so that those who were passed over come back.
    assert following(database, d, wanted) == a.reference
    assert following(database, d, QueueFilter(text="1001")) is None
    database.run(lambda session: approve(session, key, staff=approver, seen=1, now=START + 3 * HOUR))
    put_into(database, a, PledgeState.APPROVED, approved_at=START + 4 * HOUR)
    database.run(lambda s: ask_revocation(s, (HUE, a.id), staff=officer, reason="Sai", now=START + 5 * HOUR))
    with database.read() as session:
        with counted(database) as statements:
            counts = queue_counts(session, HUE, TRADE)
        assert len(statements) == 1
        first = last_decision(session, key)
    assert first is not None
    assert (first.kind, first.staff_id) == ("approved", approver.id)
    assert counts == {
        Tab.WAITING: 2,
        Tab.DEFERRED: 1,
        Tab.RECOMMENDED: 0,
        Tab.COUNTERSIGNING: 1,
        Tab.RETURNED: 0,
        Tab.REVOCATION: 1,
        Tab.DONE: 1,
    }
    for tab, number in counts.items():
        shown = page_of(database, QueueFilter(tab))
        assert (shown.total, len(shown.rows)) == (number, number), tab
    [row] = page_of(database, QueueFilter(Tab.REVOCATION)).rows
    assert isinstance(row.revocation, Revocation)
    assert (row.pledge.id, row.revocation.reason) == (a.id, "Sai")
    [deferred] = page_of(database, QueueFilter(Tab.DEFERRED)).rows
    assert deferred.decision is not None
    assert (deferred.decision.note, deferred.checks != ()) == ("Chờ", True)


def test_what_was_put_aside_keeps_its_place(database: Database, officer: Staff, pledge: Pledge) -> None:
    """The oldest signature first in every tab of ours, as the column of days says, whenever it came into the tab."""
    a, b = submitted_copies(database, pledge, 2, state_since=seconds, signed_at=seconds)
    key = (HUE, pledge.id)
    database.run(lambda s: defer(s, key, staff=officer, seen=0, note="Hỏi thêm", now=START + HOUR))
    database.run(lambda s: resume(s, key, staff=officer, seen=1, now=START + 2 * HOUR))
    assert references(page_of(database)) == [each.reference for each in (pledge, a, b)]
    assert following(database, pledge, QueueFilter()) == a.reference
    for number, each in enumerate((b, pledge, a)):
        when, seen = START + (3 + number) * HOUR, 2 if each is pledge else 0
        one = (HUE, each.id)
        database.run(lambda s, one=one, when=when, seen=seen: recommend(s, one, staff=officer, seen=seen, now=when))  # type: ignore[misc]
    waiting = QueueFilter(Tab.RECOMMENDED)
    assert references(page_of(database, waiting)) == [each.reference for each in (pledge, a, b)]
    assert [following(database, each, waiting) for each in (pledge, a, b)] == [a.reference, b.reference, None]


def test_only_files_that_pass(database: Database, pledge: Pledge) -> None:
    good = submitted_copies(database, pledge, 40, state_since=seconds, signed_at=seconds)
    submitted_copies(database, pledge, 40, first=2000, contact_email="a@mailinator.com", signed_at=START)
    wanted = QueueFilter(only_passing=True)
    first = page_of(database, wanted)
    assert (references(first), first.exact) == ([pledge.reference, *(each.reference for each in good[:24])], False)
    second = page_of(database, wanted, page=2)
    assert (references(second), second.exact, second.total) == ([each.reference for each in good[24:]], True, 41)
    assert page_of(database).total == 81
    assert all(row.passes for row in (*first.rows, *second.rows))
    database.run(
        lambda s: s.execute(update(Pledge).where(Pledge.id == good[1].id).values(contact_email="a@yopmail.com"))
    )
    assert following(database, good[0], wanted) == good[2].reference


def test_ages_are_working_days_with_us(database: Database, officer: Staff, pledge: Pledge, vault: Vault) -> None:
    """Friday to Monday is one day; what was sent back and corrected is promised an answer anew."""
    friday, monday = START, START + timedelta(days=3)
    assert page_of(database, now=friday).rows[0].days == 0
    assert (page_of(database, now=monday).rows[0].days, page_of(database, now=monday).rows[0].late) == (1, False)
    late = page_of(database, now=START + timedelta(days=18)).rows[0]
    assert (late.days, late.late) == (11, True)
    back = {"message": "Sửa tên", "asked": ["name"], "vault": vault, "public_url": PUBLIC_URL}
    key = (HUE, pledge.id)
    database.run(lambda s: return_for_correction(s, key, staff=officer, seen=0, now=monday, **back))  # type: ignore[arg-type]
    [returned] = page_of(database, QueueFilter(Tab.RETURNED), now=monday + timedelta(days=30)).rows
    assert (returned.waiting.side, returned.late, returned.days) == (Side.SIGNER, False, 21)
    corrected = monday + timedelta(days=30)

    def correct(session) -> None:  # type: ignore[no-untyped-def]
        found = session.get_one(Pledge, key)
        names = "draft_id signed_at answers pledge_text_id wording_approved template_hash rendered_text rendered_hash"
        old = {name: getattr(found, name) for name in (*names.split(), "paper", "document_id")}
        session.add(EarlierVersion(province_code=HUE, pledge_id=found.id, version=1, replaced_at=corrected, **old))
        found.version, found.signed_at, found.draft_id = 2, corrected, new_id()
        found.state, found.state_since = PledgeState.SUBMITTED, corrected

    database.run(correct)
    with database.read() as session:
        found = session.get_one(Pledge, key)
        times = waiting_times(session, found, corrected + HOUR)
        steps = history(session, found)
    assert (times.with_us, times.with_signer) == (timedelta(days=3) + HOUR, timedelta(days=30))
    assert [(step.kind, step.version) for step in steps] == [
        (StepKind.CORRECTED, 2),
        (StepKind.RETURNED, 1),
        (StepKind.SIGNED, 1),
    ]
    assert (steps[1].who, steps[1].message, steps[1].asked) == (officer.name, "Sửa tên", ("name",))
    assert (steps[0].who, steps[2].who) == ("signer", "signer")
    assert page_of(database, now=corrected + HOUR).rows[0].days == 0


def test_history_tells_every_turn_newest_first(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    officer = officer_of(sqlite_database)
    pledge = submitted(sqlite_database, now=clock(), vault=vault)
    key = (HUE, pledge.id)
    at = [START + number * HOUR for number in range(1, 5)]
    sqlite_database.run(lambda s: defer(s, key, staff=officer, seen=0, note="Hỏi thêm", now=at[0]))
    sqlite_database.run(lambda s: resume(s, key, staff=officer, seen=1, now=at[1]))
    sqlite_database.run(
        lambda s: reject(
            s, key, staff=officer, seen=2, message="Không đúng", now=at[2], vault=vault, public_url=PUBLIC_URL
        )
    )
    with sqlite_database.read() as session:
        found = session.get_one(Pledge, key)
        steps = history(session, found)
        times = waiting_times(session, found, at[3])
    assert [step.kind.value for step in steps] == ["rejected", "resumed", "deferred", "signed"]
    assert [step.time for step in steps] == [*at[2::-1], START]
    assert steps[2].note == "Hỏi thêm"
    assert (times.with_us, times.side) == (3 * HOUR, Side.NOBODY)


# --- Waiting times without a database ------------------------------------------------------------------------------


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


A, S, N = Side.AGENCY, Side.SIGNER, Side.NOBODY


@pytest.mark.parametrize(
    ("turns", "now", "with_us", "with_signer", "side", "since"),
    [
        ([(0, A)], 5, 5, 0, A, 0),
        ([(0, A), (2, S)], 5, 2, 3, S, 2),
        ([(0, A), (2, S), (3, A)], 5, 4, 1, A, 3),
        ([(0, A), (3, A), (4, S)], 5, 4, 1, S, 4),
        ([(3, A), (0, A), (2, S)], 5, 4, 1, A, 3),
        ([(0, A), (4, N)], 90, 4, 0, N, 4),
        ([(0, A), (1, S), (2, N), (3, A)], 90, 1, 1, N, 2),
        ([(0, A)], -1, 0, 0, A, 0),
        ([(0, A), (0, S)], 1, 0, 1, S, 0),
    ],
)
def test_who_had_it_how_long(
    turns: list[tuple[float, Side]], now: float, with_us: float, with_signer: float, side: Side, since: float
) -> None:
    found = measure([(at(hour), whose) for hour, whose in turns], at(now))
    assert (found.with_us, found.with_signer) == (timedelta(hours=with_us), timedelta(hours=with_signer))
    assert (found.side, found.since) == (side, at(since))


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([A, S, N])), max_size=12),
    st.integers(0, 2 * 10**6),
)
def test_every_moment_is_counted_once(turns: list[tuple[int, Side]], now: int) -> None:
    """With us and with them add up to the whole time until it ended."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    known = [(begin, A), *((begin + timedelta(seconds=second), whose) for second, whose in turns)]
    moment = begin + timedelta(seconds=now)
    found = measure(known, moment)
    ends = [time for time, whose in known if whose is N]
    end = min(ends) if ends else max([moment, *(time for time, _whose in known)])
    assert found.with_us + found.with_signer == end - begin
    assert min(found.with_us, found.with_signer) >= timedelta()
    assert (found.side is N) == bool(ends)


def test_working_days_leave_out_holidays_and_days_off_in_lieu() -> None:
    def morning(year: int, month: int, day: int) -> datetime:
        return datetime(year, month, day, 1, tzinfo=UTC)

    nothing: frozenset[date] = frozenset()
    assert working_days(morning(2026, 11, 20), morning(2026, 11, 20), nothing) == 0
    assert working_days(morning(2026, 8, 31), morning(2026, 9, 3), nothing) == 2 - 1
    assert working_days(morning(2026, 10, 9), morning(2026, 10, 16), nothing) == 5
    assert working_days(morning(2026, 10, 9), morning(2026, 10, 16), frozenset({date(2026, 10, 13)})) == 4
    # Days are days in Vietnam: 18:00 UTC is one o'clock of the next day there.
    assert working_days(datetime(2026, 11, 19, 18, tzinfo=UTC), datetime(2026, 11, 20, 16, tzinfo=UTC), nothing) == 0
