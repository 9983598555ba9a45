"""Closing freezes one pair of lists, whoever closes, however often it is killed, and for ever."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from signal import SIGKILL
from threading import Barrier

import pytest
from sqlalchemy import func, select, update

from pledges.core.calendar import end_of_day
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.registry.models import Counter, Entity
from pledges.rounds import canonical, lists, snapshots
from pledges.rounds.closing import GRACE, Closing, ListsDisagree
from pledges.rounds.list_models import Group, ListKind, Snapshot, SnapshotRow
from pledges.rounds.models import Round, RoundState
from pledges.rounds.snapshots import Verified
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.unit.rounds.list_support import NOT_PLEDGED, PLEDGED, paged, stood, streamed
from tests.unit.rounds.quarter import AGENCY, Q4, QuarterOffice

MIDNIGHT = end_of_day(Q4.last_day)
MORNING = MIDNIGHT + timedelta(hours=8)
LAST_DAY = Q4.last_day


class Ending:
    """A round with subjects of every group, on the morning after its quarter."""

    def __init__(self, office: QuarterOffice, folder: Path) -> None:
        self.office, self.storage = office, Storage(folder)
        self.closing = Closing(office.database, self.storage, office.clock, chunk=2)
        self.subjects = [office.subject(f"so-{number}@vidu.vn") for number in range(4)]
        self.subjects += [office.subject() for _ in range(3)]
        self.round = office.start()
        self.key = (HUE, self.round.id)
        office.rounds.ask(self.key)
        office.deliver()
        office.days(20)
        office.sign(self.subjects[0])
        office.sign(self.subjects[1])
        office.approve(self.subjects[1])
        office.clock.set(MORNING)

    def close(self) -> Snapshot:
        snapshot = self.closing.close(self.key)
        assert snapshot is not None
        return snapshot

    def die_at(self, point: str) -> None:
        """Close in a process that is killed at this point."""
        process = multiprocessing.get_context("fork").Process(
            target=_close_and_die,
            args=(self.office.database.url, self.storage.folder, self.key, self.office.clock(), point),
        )
        process.start()
        process.join(60)
        assert process.exitcode == -SIGKILL, point

    def verified(self) -> list[Verified]:
        with self.office.database.read() as session:
            snapshot = session.scalars(select(Snapshot)).one()
            return [snapshots.verify_list(session, snapshot, kind) for kind in ListKind]

    def check(self) -> None:
        """One snapshot whose rows are those of the ledger, and whose files, sums and figures bear them out."""
        database = self.office.database
        with database.read() as session:
            [snapshot] = session.scalars(select(Snapshot)).all()
            of_round = session.get_one(Round, self.key)
        assert (of_round.state, snapshot.rule_version) == (RoundState.CLOSED, "2026-11")
        assert (self.office.facts("round.closed"), snapshot.as_of) == (1, LAST_DAY)
        for found in self.verified():
            frozen = streamed(self.office, found.list, LAST_DAY)
            assert (found.good, found.kept) == (True, found.rows)
            assert frozen == stood(database, LAST_DAY, found.list)
            assert (len(frozen), paged(self.office, found.list, LAST_DAY)) == (found.rows, (frozen, found.rows))
            file = self.storage.get(snapshot.files[found.list.value]).decode().splitlines()
            assert (file[0], len(file)) == (canonical.HEADER, found.rows + 1)
            assert not any(row.name in line for row in frozen for line in file)


def _close_and_die(url: object, folder: Path, key: tuple[str, object], now: datetime, point: str) -> None:
    os.environ["PLEDGES_CRASH_AT"] = point
    database = Database(url.render_as_string(hide_password=False))  # type: ignore[attr-defined]
    Closing(database, Storage(folder), lambda: now, chunk=2).close(key)  # type: ignore[arg-type]


@pytest.fixture
def ending(database: Database, clock: FixedClock, vault: Vault, tmp_path: Path) -> Ending:
    return Ending(QuarterOffice(database, clock, vault), tmp_path / "storage")


def test_killed_between_any_two_steps_it_ends_as_if_nothing_had_happened(ending: Ending) -> None:
    for point in ("closing.before_chunk", "closing.after_chunk", "storage.before_rename", "closing.before_end"):
        ending.die_at(point)
    snapshot = ending.close()
    assert snapshot.rows == {"not_pledged": 5, "pledged": 2}
    ending.check()


def test_twenty_who_close_at_once_make_one_snapshot(ending: Ending) -> None:
    barrier = Barrier(20)

    def close(_number: int) -> object:
        barrier.wait()
        return ending.close().id

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(close, range(20)))) == 1
    ending.check()


def test_the_quarter_ends_at_midnight_in_vietnam_to_the_second(ending: Ending) -> None:
    """Whoever signs at 23:59:59 has signed in time; whoever signs at 00:00:00 has not; and nobody closes before."""
    office = ending.office
    before, after = ending.subjects[2], ending.subjects[3]
    office.clock.set(MIDNIGHT - timedelta(seconds=1))
    office.sign(before)
    with pytest.raises(DomainError, match="chưa kết thúc"):
        ending.closing.close(ending.key)
    office.clock.set(MIDNIGHT)
    office.sign(after)
    # Who began to write before midnight may still be at it: the round closes, and its lists are frozen minutes later.
    assert ending.closing.close(ending.key) is None
    office.clock.set(MIDNIGHT + GRACE)
    ending.close()
    signed = {row.entity_id for row in streamed(office, PLEDGED, LAST_DAY)}
    assert before.id in signed
    assert after.id not in signed
    assert after.id in {row.entity_id for row in streamed(office, NOT_PLEDGED, LAST_DAY)}
    ending.check()


def test_nothing_that_happens_later_changes_a_frozen_list(ending: Ending) -> None:
    frozen = {kind: ending.close() and streamed(ending.office, kind, LAST_DAY) for kind in ListKind}
    office = ending.office

    def rename(session: object) -> None:
        session.execute(update(Entity).values(name="Tên Khác (thử nghiệm)"))  # type: ignore[attr-defined]

    office.database.run(rename)
    office.sign(ending.subjects[2])
    office.subject("moi@vidu.vn")
    office.days(40)
    ending.close()
    assert {kind: streamed(office, kind, LAST_DAY) for kind in ListKind} == frozen
    assert all(found.good for found in ending.verified())
    part = frozen[NOT_PLEDGED][0].group
    cut = streamed(office, NOT_PLEDGED, LAST_DAY, group=part, subject_type="digital_seller", entry="46-seller")
    assert cut == [row for row in frozen[NOT_PLEDGED] if row.group is part]
    assert part is Group.NOT_PLEDGED
    first = frozen[NOT_PLEDGED][0]
    assert streamed(office, NOT_PLEDGED, LAST_DAY, text=first.name) == [first]


def test_an_erased_person_leaves_a_line_that_still_verifies(ending: Ending) -> None:
    ending.close()
    erased = ending.subjects[5]
    erase = snapshots.erase_values
    assert ending.office.database.run(lambda session: erase(session, HUE, erased.id)) == 1
    assert ending.office.database.run(lambda session: erase(session, HUE, erased.id)) == 0
    [row] = [row for row in streamed(ending.office, NOT_PLEDGED, LAST_DAY) if row.entity_id == erased.id]
    assert (row.name, row.tax_code) == ("", "")
    [not_pledged, _pledged] = ending.verified()
    assert (not_pledged.good, not_pledged.kept) == (True, not_pledged.rows - 1)


@pytest.mark.parametrize(
    ("changed", "expected"), [("values", (True, (0,))), ("line", (False, (0,))), ("none", (False, ()))]
)
def test_whoever_changes_a_frozen_row_gives_themselves_away(
    ending: Ending, changed: str, expected: tuple[bool, tuple[int, ...]]
) -> None:
    ending.close()
    first = (SnapshotRow.list == NOT_PLEDGED, SnapshotRow.position == 0)

    def tamper(session: object) -> None:
        row = session.scalars(select(SnapshotRow).where(*first)).one()  # type: ignore[attr-defined]
        if changed == "values":
            row.values = row.values | {"name": "Người Khác (thử nghiệm)"}
        elif changed == "line":
            row.line = row.line[:-1] + ("0" if row.line[-1] != "0" else "1")
        else:
            session.delete(row)  # type: ignore[attr-defined]

    ending.office.database.run(tamper)
    [not_pledged, pledged] = ending.verified()
    assert (not_pledged.intact, not_pledged.false) == expected
    assert pledged.good


def test_nothing_is_frozen_while_counters_and_lines_disagree(ending: Ending) -> None:
    def drift(session: object) -> None:
        session.execute(update(Counter).values(in_force=Counter.in_force + 1))  # type: ignore[attr-defined]

    ending.office.database.run(drift)
    with pytest.raises(ListsDisagree):
        ending.close()
    with ending.office.database.read() as session:
        assert session.get_one(Round, ending.key).state is RoundState.CLOSING
        assert session.scalar(select(func.count()).select_from(Snapshot).where(Snapshot.frozen_at.is_not(None))) == 0
        assert lists.list_page(session, HUE, AGENCY, NOT_PLEDGED, as_of=LAST_DAY, now=MORNING).rows
