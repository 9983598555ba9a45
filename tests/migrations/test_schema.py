"""The migrations make exactly the tables that the models describe, and go up and down with data in the tables."""

from __future__ import annotations

import os
from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from firm.queue import schema as queue_schema
from sqlalchemy import MetaData, inspect, select, update
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import SIGNER, SYSTEM
from pledges.core.db import Base, Database
from pledges.core.migrate import current, downgrade, head, pending, upgrade
from pledges.core.secrecy import Vault
from pledges.plans.loader import read_books
from pledges.plans.operations import load_plans
from pledges.registry.models import NOT_RECKONED, EntityKind, Obligation, ObligationMove
from pledges.registry.obligations import recompute_province
from pledges.registry.operations import register_declared
from pledges.registry.recounting import recount
from pledges.registry.rules import DeclaredSubject
from pledges.registry.search_documents import refresh_all
from pledges.registry.searching import search_entities
from pledges.registry.upkeep_models import SearchDocument
from pledges.signing.models import Pledge
from tests.support.clock import START
from tests.support.filling import fill_every_table, read_row
from tests.unit.registry.conftest import add_province
from tests.unit.registry.test_searching import add


def is_index_of_search(name: str | None) -> bool:
    """What stands beside the search documents and holds nothing of its own is in no model."""
    return name in {"lexemes", "ix_search_document_lexemes", "ix_search_document_handles"} or str(name).startswith(
        ("search_words", "search_handles")
    )


def differences(database: Database) -> list[object]:
    options = {
        "compare_type": True,
        "compare_server_default": False,
        "include_name": lambda name, _kind, _parents: not is_index_of_search(name),
    }
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, [Base.metadata, queue_schema.metadata]))


def tables(database: Database) -> set[str]:
    found = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    return {name for name in found if not is_index_of_search(name)}


def test_the_migrations_make_the_tables_of_the_models(empty_database: Database) -> None:
    upgrade(empty_database)
    assert differences(empty_database) == []
    assert tables(empty_database) == set(Base.metadata.tables) | set(queue_schema.metadata.tables)


def test_a_column_without_migration_is_noticed(empty_database: Database) -> None:
    upgrade(empty_database)
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE throttle_count DROP COLUMN uses")
    assert len(differences(empty_database)) == 1


def test_an_old_database_says_that_migrations_are_pending(empty_database: Database) -> None:
    assert current(empty_database) is None
    assert pending(empty_database)
    upgrade(empty_database, "0001")
    assert pending(empty_database)
    upgrade(empty_database)
    assert current(empty_database) == head()
    assert not pending(empty_database)


@pytest.mark.parametrize("start", ["0001", "0002"] if os.environ.get("PLEDGES_SOAK") else ["0001"])
def test_rows_survive_the_way_up_and_down_again(empty_database: Database, start: str) -> None:
    """A row of every table as it was at `start` reads the same at the newest revision and back at `start`."""
    upgrade(empty_database, start)
    as_it_was = MetaData()
    as_it_was.reflect(empty_database.engine, only=lambda name, _metadata: name != "alembic_version")
    fill_every_table(empty_database, as_it_was)
    rows = {table.name: read_row(empty_database, table) for table in as_it_was.sorted_tables}

    upgrade(empty_database)
    assert differences(empty_database) == []
    assert {table.name: read_row(empty_database, table) for table in as_it_was.sorted_tables} == rows

    downgrade(empty_database, start)
    assert tables(empty_database) == set(rows)
    assert {table.name: read_row(empty_database, table) for table in as_it_was.sorted_tables} == rows


def test_up_and_down_with_data_in_every_table(empty_database: Database) -> None:
    upgrade(empty_database)
    fill_every_table(empty_database, Base.metadata)
    fill_every_table(empty_database, queue_schema.metadata)

    downgrade(empty_database, "base")
    assert tables(empty_database) == set()
    upgrade(empty_database)
    assert differences(empty_database) == []


def test_old_pledges_have_been_in_their_state_since_they_were_signed(empty_database: Database) -> None:
    upgrade(empty_database, "0002")
    as_it_was = MetaData()
    as_it_was.reflect(empty_database.engine, only=lambda name, _metadata: name != "alembic_version")
    fill_every_table(empty_database, as_it_was)
    upgrade(empty_database)
    with empty_database.read() as session:
        signed, since = session.execute(select(Pledge.signed_at, Pledge.state_since)).one()
    assert signed == since


def test_a_second_upgrade_changes_nothing(empty_database: Database) -> None:
    upgrade(empty_database)
    fill_every_table(empty_database, Base.metadata)
    upgrade(empty_database)
    assert current(empty_database) == head()


def test_subjects_that_were_there_before_the_search_are_found(empty_database: Database) -> None:
    upgrade(empty_database)
    empty_database.run(add_province)
    kept = empty_database.run(lambda session: add(session, "Công ty Ví Dụ Một", province="97", channels=("vidu.vn",)))
    empty_database.run(lambda session: add(session, "Tiệm Đã Gộp", province="97", merged_into=kept))
    downgrade(empty_database, "0008")
    upgrade(empty_database)
    with empty_database.read() as session:
        for typed in ("vi du mot", "vidu.vn", "tiem da gop"):
            assert [hit.id for hit in search_entities(session, "97", typed)] == [kept], typed
    empty_database.run(refresh_all)
    with empty_database.read() as session:
        assert len(session.scalars(select(SearchDocument.number)).all()) == 1


def test_what_was_owed_before_the_ledger_is_counted_and_reckoned(empty_database: Database, vault: Vault) -> None:
    """The facts say how it stood; the worker then reckons on which day it turns, and a recount finds no difference."""
    upgrade(empty_database)
    empty_database.run(partial(load_plans, books=read_books(None), actor=SYSTEM, now=START))
    seller = DeclaredSubject(EntityKind.ORGANISATION, "Tiệm Ví Dụ", "tiem@vidu.vn", ("digital_seller",))
    empty_database.run(
        partial(register_declared, declared=seller, province_code="46", actor=SIGNER, now=START, vault=vault)
    )
    reckoned = empty_database.run(lambda session: session.scalars(select(Obligation.turns_on)).one())
    empty_database.run(forget_the_ledger)
    downgrade(empty_database, "0016")
    upgrade(empty_database)
    with empty_database.read() as session:
        assert session.scalars(select(Obligation.turns_on)).one() == NOT_RECKONED
        owner = session.scalars(select(Obligation.entity_id)).one()
        assert set(session.scalars(select(ObligationMove.entity_id))) == {owner}
    assert empty_database.run(lambda session: recount(session, repair=False)) == []
    recompute_province(empty_database, "46", clock=lambda: START)
    with empty_database.read() as session:
        assert session.scalars(select(Obligation.turns_on)).one() == reckoned
    assert empty_database.run(lambda session: recount(session, repair=False)) == []


def forget_the_ledger(session: Session) -> None:
    """As facts and obligations were before revision 0015."""
    session.execute(update(Obligation).values(turns_on=NOT_RECKONED))
    for fact in session.scalars(select(Fact).where(Fact.kind == "obligation.opened")):
        counts = [
            {name: value for name, value in count.items() if name not in ("open", "turns_on", "entity")}
            for count in fact.data["counts"]
        ]
        fact.data = {**fact.data, "counts": counts}
