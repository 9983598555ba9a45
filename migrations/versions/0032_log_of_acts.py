"""The log of rare acts: entries, subtrees, checkpoints; and a number for each fact, in the order of writing.

On SQLite the number stays empty: there the row id is the same thing (`transparency.fact_batches`).

Revision 0032, after 0031.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )
    op.create_table(
        "log_entry",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("object_kind", sa.String(length=30), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_log_entry")),
    )
    op.create_index("ix_log_entry_object", "log_entry", ["object_id", "position"])
    op.create_table(
        "log_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_log_node")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoint")),
    )
    op.create_table(
        "fact_gap",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_gap")),
    )
    op.create_index("ix_fact_gap_first", "fact_gap", ["first"])
    op.create_table(
        "log_mark",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_mark")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE fact_number")
        op.execute("ALTER TABLE fact ADD COLUMN number BIGINT DEFAULT nextval('fact_number')")
        op.execute("ALTER SEQUENCE fact_number OWNED BY fact.number")
    else:
        op.add_column("fact", sa.Column("number", sa.BigInteger(), nullable=True))
    only = sa.text("number IS NOT NULL")
    op.create_index("uq_fact_number", "fact", ["number"], unique=True, sqlite_where=only)


def downgrade() -> None:
    op.drop_index("uq_fact_number", table_name="fact")
    op.drop_column("fact", "number")
    op.drop_table("log_mark")
    op.drop_index("ix_fact_gap_first", table_name="fact_gap")
    op.drop_table("fact_gap")
    op.drop_table("log_checkpoint")
    op.drop_table("log_node")
    op.drop_index("ix_log_entry_object", table_name="log_entry")
    op.drop_table("log_entry")
    op.drop_table("log_head")
