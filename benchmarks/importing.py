"""Reading a list into the register: rows in a second, cost per row and memory, on both databases.

Run it by `make bench` or `python -m benchmarks.importing [--rows 100000] [--engines sqlite,postgresql]`. The list is
read twice, with half of the rows and with all, each into a fresh register: twice the rows should cost about twice the
time. Each import runs in a process of its own, through the engine that the worker and the command run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import xlsxwriter

from pledges.core.calendar import system_clock
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.imports.committing import Applying
from pledges.imports.models import Import, ImportState
from pledges.imports.operations import NewImport, choose_columns, commit_import, start_import
from pledges.imports.rows import Field
from pledges.imports.undoing import Undoing
from pledges.imports.worker import ImportWorker
from pledges.institutions.import_blockers import built_on
from pledges.registry.recounting import recount
from tests.support.databases import prepare
from tests.support.postgres import RUN, PostgresServer, TemporaryServer

ROWS = 100_000
ENGINES = ("sqlite", "postgresql")
TARGET_MS = 1.5
HUE, AGENCY = "46", "46-SCT"
HEADINGS = ("Tên cơ sở", "Mã số thuế", "Địa chỉ", "Điện thoại", "Email", "Website", "Ngày hoạt động")

_FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
_GIVEN = (
    "An",
    "Bình",
    "Chi",
    "Dũng",
    "Giang",
    "Hà",
    "Hạnh",
    "Hòa",
    "Khánh",
    "Lan",
    "Mai",
    "Minh",
    "Nga",
    "Phúc",
    "Thảo",
)
_TRADES = ("Cửa hàng", "Tạp hóa", "Shop", "Công ty TNHH", "Hộ kinh doanh", "Tiệm bánh", "Quầy thuốc", "Đặc sản")
_COMMUNES = (
    "phường Thuận Hóa, thành phố Huế",
    "Phường Thuận Hòa, Thành phố Huế, Thừa Thiên Huế",
    "phường Phú Xuân, TP Huế",
    "Phường An Cựu, Thành phố Huế",
    "phường Vỹ Dạ, thành phố Huế",
    "Phường Hương Thủy, thành phố Huế",
)


def write_list(path: Path, count: int) -> None:
    """Invented shops; three of ten rows tell of a shop that stands above already, some with something new."""
    chance = random.Random(46)
    shops: list[tuple[str, ...]] = []
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        for number in range(1, count + 1):
            if shops and chance.random() < 0.3:
                shop = list(chance.choice(shops))
                shop[4] = shop[4] or f"them{number}@vidu.vn"
            else:
                shop = list(_shop(chance, number))
                shops.append(tuple(shop))
            sheet.write_row(number, 0, shop)


def _shop(chance: random.Random, number: int) -> tuple[str, ...]:
    name = f"{chance.choice(_TRADES)} {chance.choice(_FAMILIES)} {chance.choice(_GIVEN)} {number}"
    return (
        name,
        _tax_code(number) if chance.random() < 0.3 else "",
        f"{chance.randrange(1, 400)} {chance.choice(_FAMILIES)} {chance.choice(_GIVEN)}, {chance.choice(_COMMUNES)}",
        f"09{chance.randrange(10**7, 10**8)}" if chance.random() < 0.7 else "",
        f"shop{number}@vidu.vn" if chance.random() < 0.3 else "",
        chance.choice((f"https://www.shop-{number}.vn/", f"https://shopee.vn/shop_{number}", "")),
        f"{chance.randrange(1, 29):02}/{chance.randrange(1, 13):02}/{chance.randrange(2015, 2027)}",
    )


def _tax_code(number: int) -> str:
    digits = f"{10_000_000 + number:09}"
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    check = 10 - sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return f"{digits}{check}" if 0 <= check <= 9 else ""


# --- One import, in a process of its own ------------------------------------------------------------------------------


def measure_import(url: str, file: Path, folder: Path) -> dict[str, float]:
    """Seconds per step, the figures, and the highest memory of this process and of the one that opens the file."""
    database, vault = Database(url), Vault("benchmark-data-key-0123456789abcdef")
    storage = Storage(folder / "storage")
    worker = ImportWorker(database, storage, system_clock, Applying(vault), Undoing(built_on))
    new = NewImport(
        agency_code=AGENCY,
        subject_type="digital_seller",
        source="benchmark",
        seen_on=system_clock().date(),
        filename=file.name,
        file_sha256=storage.put(file.read_bytes()),
    )
    started = database.run(
        lambda session: start_import(session, new, province_code=HUE, staff=None, now=system_clock(), by_worker=False)
    )
    key = (HUE, started.id)
    seconds: dict[str, float] = {}

    def work(step: str) -> Import:
        begun, cpu = time.perf_counter(), _cpu_seconds()
        worker.work(HUE, str(started.id))
        seconds[step] = time.perf_counter() - begun
        seconds[f"cpu_{step}"] = _cpu_seconds() - cpu
        with database.read() as session:
            return session.get_one(Import, key)

    read = work("read")
    mapping = {int(column): Field(name) for column, name in read.mapping.items()}
    database.run(
        lambda session: choose_columns(
            session, key, mapping, header_row=1, staff=None, seen=read.revision, now=system_clock(), by_worker=False
        )
    )
    checked = work("check")
    database.run(
        lambda session: commit_import(
            session, key, staff=None, seen=checked.revision, now=system_clock(), by_worker=False
        )
    )
    done = work("commit")
    assert done.state is ImportState.COMMITTED, done.problem
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # reading all facts again is not the import
    assert database.run(lambda session: recount(session, repair=False)) == []
    figures = {name: done.totals[name] for name in ("entities_added", "entities_matched", "channels_added", "refused")}
    memory = {
        "rss": most,
        "child_rss": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }
    return {**seconds, **figures, **memory, "rows": done.rows, "plain": _plain_insert(database, file)}


def _cpu_seconds() -> float:
    """Of this process and of those that it has ended, such as the one that opens the file."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _plain_insert(database: Database, file: Path) -> float:
    """Seconds for the reference: the same rows as text into one table without index, one executemany."""
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()[1:]
    columns = ", ".join(f"c{number} text" for number in range(len(HEADINGS)))
    mark = "?" if database.engine.dialect.name == "sqlite" else "%s"
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE plain_rows ({columns})")
        begun = time.perf_counter()
        connection.exec_driver_sql(
            f"INSERT INTO plain_rows VALUES ({', '.join([mark] * len(HEADINGS))})",  # noqa: S608 - marks only
            [tuple(row) for row in rows],
        )
        return time.perf_counter() - begun


# --- The table --------------------------------------------------------------------------------------------------------


@contextmanager
def _fresh(engine: str, folder: Path, server: PostgresServer | None) -> Iterator[str]:
    if server is None:
        url, name = f"sqlite:///{folder / engine}.sqlite", ""
    else:
        name = server.create()
        url = server.url_of(name)
    database = Database(url)
    prepare(database)
    database.dispose()
    try:
        yield url
    finally:
        if server is not None:
            server.drop(name)


def _run_one(url: str, file: Path, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.importing", "--one", url, str(file), str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def table(rows: int = ROWS, engines: tuple[str, ...] = ENGINES) -> str:
    """The whole measurement as Markdown."""
    lines = [
        "| database | rows | reading s | checking s | committing s | ms per row | CPU ms per row | rows per second "
        "| peak MB | MB of the child | time against half | ratio to plain inserts | asked and reached |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as name:
        workplace = Path(name)
        os.environ.setdefault(RUN, secrets.token_hex(4))
        server = TemporaryServer() if "postgresql" in engines else None
        try:
            for engine in engines:
                lines += _measure_engine(engine, rows, workplace, server if engine == "postgresql" else None)
        finally:
            if server is not None:
                server.stop()
    return "\n".join([_machine(), "", *lines])


def _measure_engine(engine: str, rows: int, workplace: Path, server: TemporaryServer | None) -> list[str]:
    lines, half = [], 0.0
    for count in (rows // 2, rows):
        folder = workplace / f"{engine}-{count}"
        folder.mkdir()
        file = folder / "list.xlsx"
        write_list(file, count)
        with _fresh(engine, folder, PostgresServer(server.url) if server is not None else None) as url:
            found = _run_one(url, file, folder)
        seconds = found["read"] + found["check"] + found["commit"]
        cpu = found["cpu_read"] + found["cpu_check"] + found["cpu_commit"]
        per_row = 1000 * seconds / count
        ratio = f"{seconds / half:.2f}" if half else ""
        reached = per_row <= TARGET_MS and found["rss"] < 300
        lines.append(
            f"| {engine} | {count} | {found['read']:.1f} | {found['check']:.1f} | {found['commit']:.1f} "
            f"| {per_row:.2f} | {1000 * cpu / count:.2f} | {count / seconds:.0f} | {found['rss']:.0f} "
            f"| {found['child_rss']:.0f} | {ratio} | {seconds / found['plain']:.0f} "
            f"| {TARGET_MS} ms, 300 MB: {'yes' if reached else 'NO'} |"
        )
        half = seconds
    return lines


def _machine() -> str:
    from benchmarks.measuring import machine

    packages = ", ".join(
        f"{name} {version(name)}" for name in ("sqlalchemy", "psycopg", "python-calamine", "rapidfuzz")
    )
    return f"{machine().rsplit(', Python', 1)[0]}, Python {platform.python_version()}, {packages}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of the longer list (default {ROWS})")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--one", nargs=3, metavar=("URL", "FILE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        url, file, folder = options.one
        print(json.dumps(measure_import(url, Path(file), Path(folder))))
        return
    print(table(options.rows, tuple(options.engines.split(","))))


if __name__ == "__main__":
    main()
