"""Full-text indexes over the search documents, and the lists of published pledges.

Revision 0008, after 0007. On PostgreSQL a generated column and two GIN indexes; on SQLite two FTS5 tables that read
their content from `search_document` and that triggers keep. Neither is in the models: they hold nothing of their own.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The words are folded and split by the program already; PostgreSQL's parser would take hosts and numbers apart anew.
_POSTGRESQL = (
    "ALTER TABLE search_document ADD COLUMN lexemes tsvector"
    " GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array(words, ' '), ''))) STORED",
    "CREATE INDEX ix_search_document_lexemes ON search_document USING gin (lexemes)",
)
_TRIGRAMS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ix_search_document_handles ON search_document USING gin (handles gin_trgm_ops)",
)
_INDEXES = {
    "search_words": ("words", "unicode61 remove_diacritics 0", ", prefix='3 4'"),
    "search_handles": ("handles", "trigram", ""),
}
_PUBLISHED = {
    "ix_pledge_published": ["state_since", "id"],
    "ix_pledge_published_province": ["province_code", "state_since", "id"],
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in _POSTGRESQL:
            op.execute(statement)
        _index_trigrams()
    else:
        for table in _INDEXES:
            _index_with_triggers(table)
    for name, columns in _PUBLISHED.items():
        op.create_index(
            name,
            "pledge",
            columns,
            sqlite_where=sa.text("state = 'approved' AND publish = 1"),
            postgresql_where=sa.text("state = 'approved' AND publish"),
        )


def _index_trigrams() -> None:
    """pg_trgm may be created by the owner of a database; where it is missing, parts of addresses are found slowly."""
    try:
        with op.get_bind().begin_nested():
            for statement in _TRIGRAMS:
                op.execute(statement)
    except DBAPIError as error:
        logging.getLogger("alembic").warning(
            "without the extension pg_trgm, searching for a part of an address reads the whole register: %s", error.orig
        )


def _index_with_triggers(table: str) -> None:
    column, tokens, more = _INDEXES[table]
    add = f"INSERT INTO {table} (rowid, {column}) VALUES (new.number, new.{column});"
    remove = f"INSERT INTO {table} ({table}, rowid, {column}) VALUES ('delete', old.number, old.{column});"
    op.execute(
        f"CREATE VIRTUAL TABLE {table} USING fts5({column}, content='search_document', content_rowid='number',"
        f" tokenize='{tokens}'{more})"
    )
    op.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")
    for event, body in (("insert", add), ("delete", remove), ("update", remove + add)):
        of = f" OF number, {column}" if event == "update" else ""
        op.execute(
            f"CREATE TRIGGER {table}_{event} AFTER {event.upper()}{of} ON search_document BEGIN {body} END"
        )


def downgrade() -> None:
    for name in _PUBLISHED:
        op.drop_index(name, table_name="pledge")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX IF EXISTS ix_search_document_handles")
        op.execute("ALTER TABLE search_document DROP COLUMN lexemes")
        return
    for table in _INDEXES:
        for event in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER {table}_{event}")
        op.execute(f"DROP TABLE {table}")
