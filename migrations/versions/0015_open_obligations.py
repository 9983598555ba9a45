"""When open obligations turn: their days, counters by that day, and the ledger from which lists of any day are read.

Revision 0015, after 0014. Recomputing (`registry recompute`, or the worker after a load) reckons the days of
obligations that were there before; until then they count as not due.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.core.db import Json

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_OPEN = sa.text("scope IN ('presumed_in', 'confirmed_in') AND in_force = 0 AND waiting_for_agency = 0")


def upgrade() -> None:
    op.add_column("agency", sa.Column("waiting_days", sa.Integer(), nullable=False, server_default="10"))
    op.add_column("agency", sa.Column("reminder_days", Json, nullable=False, server_default="[30, 14, 7]"))
    op.add_column("obligation", sa.Column("asked_on", sa.Date()))
    op.add_column("obligation", sa.Column("waits_until", sa.Date()))
    op.add_column("obligation", sa.Column("turns_on", sa.Date(), nullable=False, server_default="9999-12-31"))
    op.create_index(
        "ix_obligation_open",
        "obligation",
        ["province_code", "entry_id", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "open_counter",
        sa.Column("province_code", sa.String(2), sa.ForeignKey("province.code", name="fk_open_counter_province_code")),
        sa.Column("agency_code", sa.String(20)),
        sa.Column("entry_id", sa.String(40)),
        sa.Column("instrument", sa.String(32)),
        sa.Column("subject_type", sa.String(40)),
        sa.Column("commune_code", sa.String(5)),
        sa.Column("day", sa.Date()),
        sa.Column("turns_on", sa.Date()),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("unasked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "province_code",
            "agency_code",
            "entry_id",
            "instrument",
            "subject_type",
            "commune_code",
            "day",
            "turns_on",
            name="pk_open_counter",
        ),
    )
    op.create_table(
        "obligation_move",
        sa.Column("province_code", sa.String(2)),
        sa.Column("id", sa.Uuid()),
        sa.Column("entry_id", sa.String(40), nullable=False),
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("entity_id", sa.Uuid()),
        sa.Column("commune_code", sa.String(5), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("in_scope", sa.Integer(), nullable=False),
        sa.Column("waiting_for_agency", sa.Integer(), nullable=False),
        sa.Column("in_force", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("turns_on", sa.Date()),
        sa.Column("asked_on", sa.Date()),
        sa.PrimaryKeyConstraint("province_code", "id", name="pk_obligation_move"),
    )
    op.create_index("ix_obligation_move_entry", "obligation_move", ["province_code", "entry_id", "day"])
    op.create_index("ix_obligation_move_obligation", "obligation_move", ["province_code", "obligation_id"])


def downgrade() -> None:
    op.drop_table("obligation_move")
    op.drop_table("open_counter")
    op.drop_index("ix_obligation_open", table_name="obligation")
    for column in ("turns_on", "waits_until", "asked_on"):
        op.drop_column("obligation", column)
    for column in ("reminder_days", "waiting_days"):
        op.drop_column("agency", column)
