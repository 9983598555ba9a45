"""The quarterly lists of a large register: opening a round, pages, the whole list as CSV, freezing; on both databases.

Run it by `make bench` or `python -m benchmarks.lists [--rows 1000000] [--sqlite 200000]`. Everything is measured with a
tenth of the obligations too, so that the figures say what ten times as many cost.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from benchmarks.list_register import AGENCY, HUE, ROUND, SELLER, fill, psycopg_url
from benchmarks.searching import _version
from pledges.audit.operations import SYSTEM
from pledges.core.calendar import Quarter
from pledges.core.db import Database
from pledges.documents.storage import Storage
from pledges.registry.models import Obligation
from pledges.rounds import lists, live
from pledges.rounds.candidates import candidates, preview
from pledges.rounds.closing import Closing
from pledges.rounds.figures import at
from pledges.rounds.list_csv import csv_pieces
from pledges.rounds.list_heading import ListOrder, heading_of
from pledges.rounds.list_models import Group, ListKind
from pledges.rounds.list_rows import Edge, ListFilters, ListRow
from pledges.rounds.list_words import RowWords
from pledges.rounds.list_xlsx import write_xlsx
from pledges.rounds.operations import open_round
from tests.support.databases import prepare
from tests.support.postgres import TemporaryServer

ON_POSTGRESQL, ON_SQLITE = 1_000_000, 200_000
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
A_DAY, QUARTER_END = date(2026, 10, 15), date(2026, 9, 30)
PAGES = 30
PAGE_BAR_MS, CSV_BAR = 100.0, 50_000.0
NOT_PLEDGED = ListKind.NOT_PLEDGED
IN_WORKBOOK = 100_000

FIRST_PAGE, WHOLE_LIST = "**first page of those who have not pledged**", "**the whole list as CSV**"


@dataclass
class Figures:
    """What was measured, by its name."""

    milliseconds: dict[str, float] = field(default_factory=dict)
    rows_a_second: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


@contextmanager
def database_on(engine: str) -> Iterator[Database]:
    """On a disk where SQLite is concerned; PostgreSQL with the settings of the tests, and 64 MB of shared buffers."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="pledges-bench-") as folder:
            database = Database(f"sqlite:///{folder}/bench.sqlite")
            prepare(database)
            yield database
            database.dispose()
        return
    server = TemporaryServer()
    try:
        database = Database(server.url)
        prepare(database)
        yield database
        database.dispose()
    finally:
        server.stop()


def measure(database: Database) -> Figures:
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="pledges-bench-") as folder:
        _opening(database, figures)
        _pages(database, figures)
        _whole(database, figures, "the whole list as of a day as CSV", as_of=A_DAY)
        _whole(database, figures, WHOLE_LIST, as_of=None)
        if database.url.get_backend_name() == "postgresql":
            _reference(database, figures)
        _workbook(database, figures, Path(folder))
        _closing(database, figures, Path(folder))
        _whole(database, figures, "a frozen list as CSV", as_of=QUARTER_END)
    return figures


def _opening(database: Database, figures: Figures) -> None:
    begun = time.perf_counter()
    opened = database.run(lambda session: open_round(session, HUE, AGENCY, Quarter(2026, 4), actor=SYSTEM, now=NOW))
    with database.read() as session:
        seen = preview(session, opened, now=NOW)
    figures.milliseconds["opening a round, with its preview"] = (time.perf_counter() - begun) * 1000
    figures.notes["opening a round, with its preview"] = f"{seen.entities:,} to be asked"
    _repeat(figures, database, "first page of the preview", lambda session: candidates(session, opened, now=NOW))


def _pages(database: Database, figures: Figures) -> None:
    def page(**wanted: Any) -> Callable[[Session], list[ListRow]]:
        chosen = {"as_of": None, **wanted}
        return lambda session: lists.list_page(session, HUE, AGENCY, NOT_PLEDGED, now=NOW, **chosen).rows

    with database.read() as session:
        [row] = page(limit=1)(session)
        deep = str(_deep(session))
    _repeat(figures, database, FIRST_PAGE, page())
    _repeat(figures, database, "page in the middle", page(after=deep))
    _repeat(figures, database, "first page of one commune", page(filters=ListFilters(commune=row.commune_code)))
    rare = ListFilters(group=Group.UNREACHABLE)
    _repeat(figures, database, "first page of those who could not be reached", page(filters=rare))
    _repeat(figures, database, "first page as of a day", page(as_of=A_DAY), 5)


def _deep(session: Session) -> Edge:
    """Behind half of those who were asked and are silent."""
    silent = (Obligation.entry_id == SELLER, *live.stands_in(Group.NOT_PLEDGED, at(NOW)))
    order = (Obligation.turns_on, Obligation.id)
    found = session.execute(select(*order).where(*silent).order_by(*order)).all()
    turns_on, obligation_id = found[len(found) // 2]
    return Edge(Group.NOT_PLEDGED, "", SELLER, turns_on, obligation_id)


def _repeat(
    figures: Figures, database: Database, name: str, ask: Callable[[Session], list[Any]], times: int = PAGES
) -> None:
    spent, cpu = [], []
    for turn in range(times + 2):
        with database.read() as session:
            begun, worked = time.perf_counter(), time.process_time()
            assert ask(session), f"{name}: nothing was found"
        if turn >= 2:
            spent.append((time.perf_counter() - begun) * 1000)
            cpu.append((time.process_time() - worked) * 1000)
    figures.milliseconds[name] = statistics.median(spent)
    p95 = sorted(spent)[int(len(spent) * 0.95) - 1]
    figures.notes[name] = f"p95 {p95:.1f}, {statistics.median(cpu):.1f} ms of CPU in this process"


def _whole(database: Database, figures: Figures, name: str, as_of: date | None) -> None:
    """As the file leaves: rows of the database put into words; how much memory it takes beside that."""
    order = ListOrder(HUE, AGENCY, Quarter(2026, 4), NOT_PLEDGED, as_of, ListFilters())
    with database.read() as session:
        words = RowWords.read(session, HUE)
        heading = heading_of(session, order, words, reason="đo tốc độ", who="Thử Nghiệm", now=NOW)
        counted = Counted(lists.stream_list(session, HUE, AGENCY, NOT_PLEDGED, as_of=as_of, now=NOW))
        before = most = _memory()
        begun, worked, size = time.perf_counter(), time.process_time(), 0
        for number, piece in enumerate(csv_pieces(counted, heading, words)):
            size += len(piece)
            if number % 20 == 0:
                most = max(most, _memory())
        spent, worked = time.perf_counter() - begun, time.process_time() - worked
    figures.rows_a_second[name] = counted.count / spent
    figures.notes[name] = (
        f"{counted.count:,} rows, {size / 1e6:.0f} MB, {max(0, most - before):.0f} MB of memory, "
        f"{worked / counted.count * 1e6:.0f} µs of CPU a row in this process"
    )


def _workbook(database: Database, figures: Figures, folder: Path) -> None:
    """As a page's export is written, with the most memory that it takes beside what was there before."""
    order = ListOrder(HUE, AGENCY, Quarter(2026, 4), NOT_PLEDGED, None, ListFilters())
    with database.read() as session:
        words = RowWords.read(session, HUE)
        heading = heading_of(session, order, words, reason="đo tốc độ", who="Thử Nghiệm", now=NOW)
        found = lists.stream_list(session, HUE, AGENCY, NOT_PLEDGED, as_of=None, now=NOW)
        before = most = _memory()

        def watched() -> Iterator[ListRow]:
            nonlocal most
            for number, row in enumerate(islice(found, IN_WORKBOOK)):
                if number % 1000 == 0:
                    most = max(most, _memory())
                yield row

        counted = Counted(watched())
        begun = time.perf_counter()
        write_xlsx(counted, heading, words, folder / "list.xlsx")
        spent, most = time.perf_counter() - begun, max(most, _memory())
    figures.rows_a_second["a list as XLSX"] = counted.count / spent
    size = (folder / "list.xlsx").stat().st_size / 1e6
    figures.notes["a list as XLSX"] = f"{counted.count:,} rows, {size:.0f} MB, {max(0, most - before):.0f} MB of memory"


class Counted:
    def __init__(self, rows: Iterator[ListRow]) -> None:
        self.count, self._rows = 0, rows

    def __iter__(self) -> Iterator[ListRow]:
        for row in self._rows:
            self.count += 1
            yield row


def _memory() -> float:
    """Of this process, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _reference(database: Database, figures: Figures) -> None:
    """The database's own COPY of the same rows, which nobody puts into words."""
    with database.read() as session:
        wanted = lists.read_wanted(session, HUE, AGENCY, NOT_PLEDGED)
        query = str(
            live.statement(wanted, at(NOW)).compile(
                dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
            )
        )
    count, begun = 0, time.perf_counter()
    with psycopg.connect(psycopg_url(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SET work_mem = '32MB'")
        with cursor.copy(f"COPY ({query}) TO STDOUT".encode()) as copy:
            for piece in copy:
                count += bytes(piece).count(b"\n")
    figures.rows_a_second["reference: COPY of the same rows"] = count / (time.perf_counter() - begun)


def _closing(database: Database, figures: Figures, folder: Path) -> None:
    begun, worked = time.perf_counter(), time.process_time()
    snapshot = Closing(database, Storage(folder), lambda: NOW).close((HUE, ROUND))
    spent, worked = time.perf_counter() - begun, time.process_time() - worked
    assert snapshot is not None
    rows = sum(snapshot.rows.values())
    figures.rows_a_second["closing: both lists frozen"] = rows / spent
    figures.notes["closing: both lists frozen"] = (
        f"{rows:,} rows in {spent:.0f} s, {worked:.0f} s of CPU in this process"
    )


# --- The table -------------------------------------------------------------------------------------------------------


def table(on_postgres: int = ON_POSTGRESQL, on_file: int = ON_SQLITE) -> str:
    load, lines, loading = os.getloadavg(), [], []
    for engine, count in (("postgresql", on_postgres), ("sqlite", on_file)):
        if not count:
            continue
        found = {}
        for rows in (count // 10, count):
            with database_on(engine) as database:
                begun = time.perf_counter()
                fill(database, rows)
                if rows == count:
                    loading.append(f"{rows:,} on {_version(database)} (loaded in {time.perf_counter() - begun:.0f} s)")
                found[rows] = measure(database)
        lines += _lines(engine, found[count], found[count // 10])
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    processor = f"{os.cpu_count()} x {model[1] if model else platform.machine()}"
    return "\n".join(
        (
            f"Measured on {datetime.now(UTC):%d/%m/%Y}: {processor}, load before it "
            f"{'/'.join(f'{value:.1f}' for value in load)}, Python {platform.python_version()}. "
            f"Obligations: {'; '.join(loading)}.",
            "",
            "| database | what | figure | beside it | asked and reached | ten times the rows cost |",
            "|---|---|---|---|---|---|",
            *lines,
        )
    )


def _lines(engine: str, found: Figures, tenth: Figures) -> list[str]:
    on_postgresql = engine == "postgresql"
    lines = []
    for name, spent in found.milliseconds.items():
        asked = f"{PAGE_BAR_MS:.0f} ms: {_yes(spent < PAGE_BAR_MS)}" if on_postgresql and name == FIRST_PAGE else ""
        growth = f"{spent / tenth.milliseconds[name]:.1f} x"
        lines.append(f"| {engine} | {name} | {spent:,.1f} ms | {found.notes.get(name, '')} | {asked} | {growth} |")
    for name, rate in found.rows_a_second.items():
        asked = f"{CSV_BAR:,.0f}/s: {_yes(rate > CSV_BAR)}" if on_postgresql and name == WHOLE_LIST else ""
        growth = f"{10 * tenth.rows_a_second[name] / rate:.1f} x"
        lines.append(f"| {engine} | {name} | {rate:,.0f} rows/s | {found.notes.get(name, '')} | {asked} | {growth} |")
    return lines


def _yes(reached: bool) -> str:
    return "yes" if reached else "NO"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists", description=__doc__)
    parser.add_argument("--rows", type=int, default=ON_POSTGRESQL, help="obligations on PostgreSQL; 0: leave it out")
    parser.add_argument("--sqlite", type=int, default=ON_SQLITE, help="obligations on SQLite; 0: leave it out")
    options = parser.parse_args()
    print(table(options.rows, options.sqlite))


if __name__ == "__main__":
    main()
