"""Entries appear with their act or not at all: at once, after rollbacks, in savepoints."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.transparency import queries, tree
from pledges.transparency.models import LogHead, LogNode
from pledges.transparency.operations import append
from tests.support.clock import START

THING = uuid.UUID(int=7)


def enter(session: Session, *names: str) -> None:
    for name in names:
        append(session, "thing.done", "thing", THING, {"name": name}, START)


def names_in(database: Database) -> list[str]:
    """The names of all entries, after a look whether places, leaves, subtrees and every root fit together."""
    with database.read() as session:
        found = queries.entries(session, 0, 1000)
        assert [each.index for each in found] == list(range(len(found)))
        assert [tree.leaf_hash(each.body.encode()) for each in found] == [each.leaf_hash for each in found]
        leaves = [each.leaf_hash for each in found]
        assert [queries.root_at(session, n) for n in range(len(leaves) + 1)] == [
            tree.root(leaves[:n]) for n in range(len(leaves) + 1)
        ]
        assert queries.size(session) == len(found) == (session.scalar(select(LogHead.size)) or 0)
        whole = sum(len(found) >> level for level in range(1, len(found).bit_length()))
        assert session.scalar(select(func.count()).select_from(LogNode)) == whole
        return [json.loads(each.body)["data"]["name"] for each in found]


def test_what_an_entry_says_is_what_was_hashed(database: Database) -> None:
    database.run(lambda session: enter(session, "một", "hai", "ba"))
    database.run(lambda session: enter(session, "bốn"))
    assert names_in(database) == ["một", "hai", "ba", "bốn"]
    with database.read() as session:
        last = queries.entry(session, 3)
        assert last is not None
        assert last.body == (
            '{"at":"2026-11-20T03:00:00.000000Z","data":{"name":"bốn"},"index":3,"kind":"thing.done",'
            '"object":{"id":"00000000-0000-0000-0000-000000000007","kind":"thing"}}'
        )
        assert list(queries.entries_of(session, THING)) == list(queries.entries(session, 0, 9))
        assert queries.entry(session, 4) is None
        assert [each.index for each in queries.entries(session, 2, 1)] == [2]


def test_twenty_at_once_get_twenty_places(database: Database) -> None:
    """Each transaction has two entries, which stay beside each other."""
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda name: database.run(lambda s: enter(s, f"{name}a", f"{name}b")), range(20)))
    names = names_in(database)
    assert sorted(names) == sorted(f"{each}{part}" for each in range(20) for part in "ab")
    assert [name[:-1] for name in names[::2]] == [name[:-1] for name in names[1::2]]


def test_what_is_rolled_back_leaves_no_entry_and_no_gap(database: Database) -> None:
    def fail(session: Session) -> None:
        enter(session, "không có")
        raise RuntimeError

    def partly(session: Session) -> None:
        enter(session, "trước")
        for outcome in ("giữ", "bỏ"):
            savepoint = session.begin_nested()
            enter(session, outcome)
            with session.begin_nested():
                enter(session, f"{outcome} trong")
            savepoint.commit() if outcome == "giữ" else savepoint.rollback()
        enter(session, "sau")

    def begun_again(session: Session) -> None:
        enter(session, "bỏ")
        session.rollback()
        enter(session, "mới")

    with pytest.raises(RuntimeError):
        database.run(fail)
    database.run(partly)
    database.run(begun_again)
    assert names_in(database) == ["trước", "giữ", "giữ trong", "sau", "mới"]


def test_a_write_that_is_run_again_enters_its_act_once(database: Database) -> None:
    tries = []

    def clash(session: Session) -> None:
        enter(session, "một lần")
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("", None, Exception("database is locked"))

    database.run(clash)
    assert names_in(database) == ["một lần"]
    assert len(tries) == 2


def test_proofs_come_from_the_stored_subtrees(database: Database) -> None:
    size = 21
    database.run(lambda session: enter(session, *(f"mục {number}" for number in range(size))))
    with database.read() as session:
        root = queries.root_at(session, size)
        for index, each in enumerate(queries.entries(session, 0, size)):
            path = queries.inclusion_proof(session, index, size)
            assert tree.verify_inclusion(each.leaf_hash, index, size, path, root)
        for old in range(1, size + 1):
            path = queries.consistency_proof(session, old, size)
            assert tree.verify_consistency(old, size, path, queries.root_at(session, old), root)
