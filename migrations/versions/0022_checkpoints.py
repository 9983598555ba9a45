"""Sums of the counters up to the end of some days, and their deltas by day: figures of years from few rows.

Revision 0022, after 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_LEFT = sa.text("in_scope < 0")


def _key() -> list[sa.Column]:
    return [
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("entry_id", sa.String(length=40), nullable=False),
        sa.Column("instrument", sa.String(length=32), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("commune_code", sa.String(length=5), nullable=False),
    ]


def _names() -> list[str]:
    return [column.name for column in _key()]


def upgrade() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code"], ["province.code"], name=op.f("fk_checkpoint_province_code_province")
        ),
        sa.PrimaryKeyConstraint("province_code", "day", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "counter_sum",
        *_key(),
        sa.Column("in_scope", sa.Integer(), nullable=False),
        sa.Column("waiting_for_agency", sa.Integer(), nullable=False),
        sa.Column("in_force", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code"], ["province.code"], name=op.f("fk_counter_sum_province_code_province")
        ),
        sa.PrimaryKeyConstraint(*_names(), name=op.f("pk_counter_sum")),
    )
    op.create_table(
        "open_sum",
        *_key(),
        sa.Column("turns_on", sa.Date(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("unasked", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["province_code"], ["province.code"], name=op.f("fk_open_sum_province_code_province")),
        sa.PrimaryKeyConstraint(*_names(), "turns_on", name=op.f("pk_open_sum")),
    )
    op.create_index("ix_counter_day", "counter", ["province_code", "day"])
    op.create_index("ix_open_counter_day", "open_counter", ["province_code", "day"])
    op.create_index(
        "ix_obligation_move_left",
        "obligation_move",
        ["province_code", "entry_id", "day", "obligation_id"],
        sqlite_where=_LEFT,
        postgresql_where=_LEFT,
    )


def downgrade() -> None:
    op.drop_index("ix_obligation_move_left", table_name="obligation_move")
    op.drop_index("ix_open_counter_day", table_name="open_counter")
    op.drop_index("ix_counter_day", table_name="counter")
    op.drop_table("open_sum")
    op.drop_table("counter_sum")
    op.drop_table("checkpoint")
