"""Where a drill lays the restored copy, and clearing away what drills left that were killed.

Whatever a drill makes is held by a lock that dies with it: a folder by one on a file in it, a database by an advisory
lock in the running one. What nobody holds is nobody's any more; restored copies hold personal data, they may not lie
about.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from pledges.continuity.databases import connected, is_sqlite, newest_fact, refuse_tables, table_names
from pledges.continuity.manifest import NotPossible
from pledges.core.db import Base
from pledges.product import Product

_FOLDER = "drill-"
_BEING_MADE = ".making-drill-"
_HELD = ".held"
_MADE_LONG_AGO = 3600.0
"""A folder that is being made is held by nobody for a moment: only after this long it is known to be left over."""
_MARK = "pledges_drill_mark"
_LOCK_KIND = 0x0D211
"""Sets the advisory locks of drills apart from any others of the database."""


def clear_dead_drills(product: Product, *places: Path) -> int:
    """What drills have left that were killed, in the usual place and the named ones; how many pieces that was.

    A server that is away or refuses is no reason not to go on: the copies there stay until the next time.
    """
    removed = sum(clear_folders(place) for place in {product.settings.var.absolute(), *map(Path.absolute, places)})
    with suppress(DBAPIError):
        removed += clear_databases(product.database.url)
    return removed


@contextmanager
def drill_folder(place: Path) -> Iterator[Path]:
    """A folder for one drill, gone afterwards. It gets its name only when it is held."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=_BEING_MADE, dir=place))
    held = os.open(made / _HELD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = made.rename(place / (_FOLDER + made.name.removeprefix(_BEING_MADE)))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)
    finally:
        os.close(held)


def clear_folders(place: Path) -> int:
    """Remove the folders of drills that are no more; how many."""
    removed = 0
    for folder in (*place.glob(f"{_FOLDER}????????"), *place.glob(f"{_BEING_MADE}????????")):
        if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.geteuid():
            continue
        with suppress(OSError):  # another drill clears away as well, or it is not ours to remove
            if _is_dead(folder):
                shutil.rmtree(folder)
                removed += 1
    return removed


def _is_dead(folder: Path) -> bool:
    if folder.name.startswith(_BEING_MADE):
        return time.time() - folder.stat().st_mtime > _MADE_LONG_AGO
    # Whoever has a folder of such a name without this file did not get it from a drill: it stays, here by the error.
    descriptor = os.open(folder / _HELD, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def empty_database(live: URL, into: str | None, folder: Path, stamp: str, newest: str) -> Iterator[URL]:
    """An empty place for a restored copy; gone, or empty again, afterwards. `newest`: the newest fact of the copy."""
    if into is not None:
        address = make_url(into)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        with _given_database(address, live, newest):
            yield address
    elif is_sqlite(live):
        yield make_url(f"sqlite:///{folder / 'restored.sqlite'}")
    elif (beside := prepared_database(live)) is not None:
        with _given_database(beside, live, newest):
            yield beside
    else:
        with drill_database(live, stamp) as address:
            yield address


def prepared_database(live: URL) -> URL | None:
    """The database `<name>_drill` beside the running one, where the operator has made it.

    The role of the running system may make none, and an address on the command line would show everybody its password.
    """
    with connected(live) as connection:
        named = {"name": f"{live.database}_drill"}
        found = connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), named)
    return live.set(database=named["name"]) if found else None


@contextmanager
def _given_database(url: URL, live: URL, newest: str) -> Iterator[None]:
    """A database that the operator has named; what a killed drill left in it bears a mark and is cleared away first."""
    if is_sqlite(url):
        refuse_tables(url)
        try:
            yield
        finally:
            with connected(url) as connection:
                _drop_tables(connection)
        return
    with connected(url) as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:kind, 0)"), {"kind": _LOCK_KIND}):
            raise NotPossible(f"Another drill is using {url.render_as_string(hide_password=True)}.")
        if (url.host, url.port, url.database) != (live.host, live.port, live.database) and _is_left_over(connection):
            _drop_tables(connection)
        refuse_tables(url)
        connection.execute(text(f"CREATE TABLE {_MARK} (newest_fact text NOT NULL)"))
        connection.execute(text(f"INSERT INTO {_MARK} VALUES (:newest)"), {"newest": newest})  # noqa: S608 - our own word
        try:
            yield
        finally:
            with connected(url) as again:
                _drop_tables(again)


def _is_left_over(connection: Connection) -> bool:
    """By the mark; but not where facts have come since: then people work with what a drill has left."""
    names = set(table_names(connection))
    if _MARK not in names or names - {_MARK, "alembic_version", *Base.metadata.tables}:
        return False
    marked = connection.scalar(text(f"SELECT newest_fact FROM {_MARK}"))  # noqa: S608 - our own word
    try:
        found = newest_fact(connection)
    except DBAPIError:
        found = None  # half restored: nobody can work with it
    return found is None or (bool(marked) and found <= datetime.fromisoformat(marked or ""))


def _drop_tables(connection: Connection) -> None:
    behind = "" if connection.dialect.name == "sqlite" else " CASCADE"
    for name in table_names(connection):
        connection.execute(text(f'DROP TABLE "{name}"{behind}'))


@contextmanager
def drill_database(live: URL, stamp: str) -> Iterator[URL]:
    """An empty database beside the running one, on the same server; gone afterwards."""
    with connected(live) as connection:
        name = f"{_prefix(connection)}{stamp.lower()}_{secrets.token_hex(4)}"
        # Held before it exists: whoever clears away can never meet it unheld. The connection stays open for as long.
        connection.execute(text("SELECT pg_advisory_lock(:kind, :key)"), _lock(name))
        try:
            _create(connection, name)
            yield live.set(database=name)
        finally:
            # By a connection of this moment: the one that holds the lock has been idle for as long as the drill took.
            with connected(live) as again:
                again.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def clear_databases(live: URL) -> int:
    """Drop the databases of drills that are no more; how many. Those of another system on this server stay."""
    if is_sqlite(live):
        return 0
    removed = 0
    with connected(live) as connection:
        prefix = _prefix(connection)
        ours = text(
            "SELECT datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE rolname = current_user"
        )
        for name in connection.scalars(ours).all():
            if not re.fullmatch(re.escape(prefix) + r"[0-9]{8}t[0-9]{6}z_[0-9a-f]{8}", name):
                continue
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:kind, :key)"), _lock(name)):
                continue
            # Without FORCE: where anybody is still connected it stays until the next time.
            with suppress(DBAPIError):
                connection.execute(text(f'DROP DATABASE "{name}"'))
                removed += 1
            connection.execute(text("SELECT pg_advisory_unlock(:kind, :key)"), _lock(name))
    return removed


def _prefix(connection: Connection) -> str:
    """Advisory locks are those of one database, so the name says of which: another system cannot see them."""
    oid = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    return f"pledges_drill_{oid}_"


def _lock(name: str) -> dict[str, int]:
    return {"kind": _LOCK_KIND, "key": zlib.crc32(name.encode()) - 2**31}


def _create(connection: Connection, name: str) -> None:
    like = connection.execute(
        text("SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()")
    ).one()
    try:
        connection.execute(
            text(
                f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' "
                f"LC_COLLATE '{like[0]}' LC_CTYPE '{like[1]}'"
            )
        )
    except DBAPIError as error:
        raise NotPossible(
            "No database can be made for the restored copy: the role of PLEDGES_DATABASE_URL may not (CREATEDB). "
            "Have an empty one made that is called like the running one with _drill behind it, or name one with --into."
        ) from error
