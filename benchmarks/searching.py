"""Searching a large register: names with and without marks, beginnings, addresses and numbers, on both databases.

Run it by `make bench` or `python -m benchmarks.searching [--postgresql 1000000] [--sqlite 200000]`. The register is
invented and loaded in bulk; every search is what a page of staff runs (`registry.searching.search_entities`), and the
reference in the same run is a plain `LIKE '%…%'` on the folded names.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.migrate import upgrade
from pledges.core.secrecy import Vault
from pledges.core.text import fold, name_key
from pledges.registry.models import Entity
from pledges.registry.search_documents import Findable, document_number, handles_of, words_of
from pledges.registry.searching import MOST_LOOKED_AT, search_entities
from tests.support.postgres import TemporaryServer

ON_POSTGRESQL, ON_SQLITE = 1_000_000, 200_000
BARS_MS = {"postgresql": 50.0, "sqlite": 150.0}
HUE = "46"
MOMENT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
OF_EACH_KIND = 40
REFERENCES = 10
CHUNK = 20_000

_FORMS = ("Công ty TNHH", "Công ty Cổ phần", "Hộ kinh doanh", "Cửa hàng", "", "", "")
_TRADES = (
    "Mỹ phẩm",
    "Thời trang",
    "Nước mắm",
    "Điện máy",
    "Nội thất",
    "Yến sào",
    "Dược phẩm",
    "Trà Huế",
    "Mè xửng",
    "",
)
_FAMILIES = (
    *("Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Lê", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng"),
    *("Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Tôn Thất", "Đoàn", "Trịnh", "Mai", "Đinh", "Lâm", "Phùng", "Tống"),
)
_MIDDLES = ("Văn", "Thị", "Hữu", "Đức", "Ngọc", "Thanh", "Minh", "Quang", "Thu", "Xuân", "Bảo", "Kim", "Hoài", "Gia")
_GIVEN = (
    *("An", "Anh", "Ánh", "Bình", "Châu", "Chi", "Cường", "Diệp", "Dũng", "Duyên", "Đạt", "Giang", "Hà", "Hải", "Hạnh"),
    *("Hiền", "Hòa", "Hoa", "Hùng", "Hương", "Khánh", "Lan", "Linh", "Loan", "Long", "Mai", "Nam", "Nga", "Ngân"),
    *("Nhung", "Oanh", "Phong", "Phúc", "Phương", "Quân", "Quý", "Quỳnh", "Sơn", "Tâm", "Thảo", "Thủy", "Trang", "Yến"),
)
_DOMAINS = ("muaban", "shop", "cuahang", "sieuthi", "dacsan", "nhathuoc", "thegioi", "phukien", "xinhdep", "giadung")


_FOLDED_FORMS = ("cong ty tnhh ", "cong ty co phan ", "ho kinh doanh ")


@dataclass(frozen=True)
class Subject:
    """An invented subject and what people may type to find it."""

    entity_id: uuid.UUID
    name: str
    name_fold: str
    name_key: str
    domain: str
    phone: str
    tax_code: str


def subjects(count: int) -> Iterator[Subject]:
    """The same ones in every run."""
    draw = random.Random(1)
    folded = {word: fold(word) for word in (*_FORMS, *_TRADES, *_FAMILIES, *_MIDDLES, *_GIVEN)}
    for number in range(count):
        parts = [draw.choice(_FORMS), draw.choice(_TRADES), draw.choice(_FAMILIES), draw.choice(_MIDDLES)]
        parts += [draw.choice(_GIVEN), draw.choice(_GIVEN)]
        plain = " ".join(filter(None, (folded[part] for part in parts)))
        yield Subject(
            entity_id=uuid.UUID(int=draw.getrandbits(128), version=4),
            name=" ".join(filter(None, parts)),
            name_fold=plain,
            name_key=_key(plain),
            domain=f"{draw.choice(_DOMAINS)}{folded[parts[-1]]}{number}.vn",
            phone=f"+849{draw.randrange(10**8):08d}",
            tax_code=f"{number:010d}",
        )


def _key(plain: str) -> str:
    """`name_key` of these names, which is checked once per run: a million of them would take a minute."""
    return next((plain[len(form) :] for form in _FOLDED_FORMS if plain.startswith(form)), plain)


def rows_of(subject: Subject, spelled: dict[str, str]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The entity and its document."""
    words = {word for part in subject.name.split() for word in spelled[part].split()}
    found = Findable(channels={subject.domain}, contacts={subject.phone}, tax_codes={subject.tax_code})
    names = (subject.name, subject.name_fold, subject.name_key)
    entity = (HUE, subject.entity_id, "organisation", "registered", *names, subject.tax_code, "local", "VN", "", MOMENT)
    number = document_number(subject.entity_id)
    return entity, (HUE, subject.entity_id, number, " ".join(sorted(words)), handles_of(HUE, found))


ENTITY = "province_code, id, kind, standing, name, name_fold, name_key, tax_code, location, country, address, added_at"
DOCUMENT = "province_code, entity_id, number, words, handles"


def chunks(count: int) -> Iterator[tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]:
    every = {word for part in (*_FORMS, *_TRADES, *_FAMILIES, *_MIDDLES, *_GIVEN) for word in part.split()}
    spelled = {word: words_of(HUE, [word]) for word in every}
    entities: list[tuple[Any, ...]] = []
    documents: list[tuple[Any, ...]] = []
    for subject in subjects(count):
        entity, document = rows_of(subject, spelled)
        entities.append(entity)
        documents.append(document)
        if len(entities) == CHUNK:
            yield entities, documents
            entities, documents = [], []
    yield entities, documents


# --- Registers -----------------------------------------------------------------------------------------------------


@contextmanager
def on_postgresql(count: int) -> Iterator[Database]:
    """A server of its own with the settings of the tests: little memory, so the figures are rather too high."""
    server = TemporaryServer()
    try:
        database = Database(server.url)
        upgrade(database)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET maintenance_work_mem = '512MB'")
            made = connection.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%search_document USING gin%'"
            ).fetchall()
            for name, _made in made:
                connection.execute(f"DROP INDEX {name}".encode())
            for entities, documents in chunks(count):
                _copy(connection, f"COPY entity ({ENTITY}) FROM STDIN", entities)
                _copy(connection, f"COPY search_document ({DOCUMENT}) FROM STDIN", documents)
            for _name, definition in made:
                connection.execute(definition.encode())
            connection.execute("VACUUM ANALYZE entity, search_document")
        yield database
        database.dispose()
    finally:
        server.stop()


def _copy(connection: psycopg.Connection[Any], statement: str, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def on_sqlite(count: int) -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="pledges-bench-") as folder:
        database = Database(f"sqlite:///{folder}/bench.sqlite")
        upgrade(database)
        with sqlite3.connect(f"{folder}/bench.sqlite") as connection:
            for entities, documents in chunks(count):
                _insert(connection, "entity", ENTITY, entities)
                _insert(connection, "search_document", DOCUMENT, documents)
            connection.commit()
            connection.execute("ANALYZE")
        yield database
        database.dispose()


def _insert(connection: sqlite3.Connection, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(columns.split(", ")))
    stored = ([_stored(value) for value in row] for row in rows)
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", stored)  # noqa: S608


def _stored(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


# --- Questions -----------------------------------------------------------------------------------------------------


def questions(asked: list[Subject]) -> dict[str, list[str]]:
    return {
        "whole name, with marks": [each.name for each in asked],
        "whole name, without marks": [each.name_fold for each in asked],
        "end of a name, last word begun": [f"{each.name.rsplit(' ', 2)[1]} {_begun(each)}" for each in asked],
        "one common word": [word for word in ("nguyen", "Trần", "van", "cua hang") for _ in range(len(asked) // 4)],
        "a name that nobody has": [f"{each.name} Khôngcó" for each in asked],
        "domain": [each.domain for each in asked],
        "part of a domain": [each.domain[3:-4] for each in asked],
        "tax code": [each.tax_code for each in asked],
        "phone": [f"0{each.phone[3:6]} {each.phone[6:9]} {each.phone[9:]}" for each in asked],
    }


def _begun(subject: Subject) -> str:
    return subject.name_fold.rsplit(" ", 1)[1][:2]


def measured(ask: Callable[[str], object], texts: list[str]) -> list[float]:
    spent = []
    for typed in texts:
        begun = time.perf_counter()
        ask(typed)
        spent.append((time.perf_counter() - begun) * 1000)
    return spent


def line(engine: str, kind: str, spent: list[float], bar: float | None) -> str:
    median = statistics.median(spent)
    p95 = statistics.quantiles(spent, n=20)[-1]
    reached = "" if bar is None else f"{bar:.0f} ms: {'yes' if median < bar else 'NO'}"
    return f"| {engine} | {kind} | {median:.1f} | {p95:.1f} | {reached} |"


def measure(engine: str, database: Database, count: int) -> list[str]:
    draw = random.Random(2)
    chosen = set(draw.sample(range(count), OF_EACH_KIND))
    asked = [subject for number, subject in enumerate(subjects(count)) if number in chosen]
    assert all(name_key(each.name) == each.name_key for each in asked), "the short cut of this file is wrong"
    vault = Vault("benchmarks-only-data-key-0123456789abcdef")
    lines = []
    with database.read() as session:
        for kind, texts in questions(asked).items():
            measured(lambda typed: search_entities(session, HUE, typed, vault=vault), texts[:3])
            spent = measured(lambda typed: search_entities(session, HUE, typed, vault=vault), texts)
            lines.append(line(engine, f"**{kind}**", spent, BARS_MS[engine]))
        names = [each.name_fold for each in asked[:REFERENCES]]
        lines.append(line(engine, "reference: LIKE '%…%' on names, whole name", _plain(session, names), None))
        _check(session, asked, vault)
    return lines


def _plain(session: Session, names: list[str]) -> list[float]:
    def ask(typed: str) -> object:
        found = select(Entity).where(Entity.province_code == HUE, Entity.name_fold.contains(typed, autoescape=True))
        return session.scalars(found.limit(MOST_LOOKED_AT)).all()

    return measured(ask, names)


def _check(session: Session, asked: list[Subject], vault: Vault) -> None:
    """A fast answer that is wrong would be no answer."""
    for each in asked[:5]:
        for typed in (each.domain, each.tax_code, each.phone[3:]):
            assert each.entity_id in {hit.id for hit in search_entities(session, HUE, typed, vault=vault)}, typed
        assert search_entities(session, HUE, each.name)[0].entity.name_key == each.name_key


def table(on_postgres: int = ON_POSTGRESQL, on_file: int = ON_SQLITE) -> str:
    load, lines, loading = os.getloadavg(), [], []
    for engine, count, register in (("postgresql", on_postgres, on_postgresql), ("sqlite", on_file, on_sqlite)):
        if not count:
            continue
        begun = time.perf_counter()
        with register(count) as database:
            loading.append(f"{count:,} on {_version(database)} (loaded in {time.perf_counter() - begun:.0f} s)")
            lines += measure(engine, database, count)
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return (
        f"Measured on {local_day(datetime.now(UTC)):%d/%m/%Y}: {os.cpu_count()} x "
        f"{found[1] if found else platform.machine()}, load before it {'/'.join(f'{value:.1f}' for value in load)}, "
        f"Python {platform.python_version()}. Entities: {'; '.join(loading)}.\n\n"
        "| database | what is typed | median ms | p95 ms | asked and reached |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
    )


def _version(database: Database) -> str:
    if database.url.get_backend_name() == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    with database.read() as session:
        return f"PostgreSQL {str(session.scalar(text('SHOW server_version'))).split()[0]}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.searching", description=__doc__)
    parser.add_argument("--postgresql", type=int, default=ON_POSTGRESQL, help="entities on PostgreSQL; 0: leave it out")
    parser.add_argument("--sqlite", type=int, default=ON_SQLITE, help="entities on SQLite; 0: leave it out")
    options = parser.parse_args()
    print(table(options.postgresql, options.sqlite))


if __name__ == "__main__":
    main()
