"""Requests to move a file to another mailbox, and since when a file is at the one it has.

Revision 0026, after 0025.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_OPEN = sa.text("state IN ('waiting', 'granted')")


def upgrade() -> None:
    op.create_table(
        "address_change",
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("new_email", sa.Text(), nullable=False),
        sa.Column("old_email", sa.Text(), nullable=False),
        sa.Column("evidence", _JSON, nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waits_until", sa.Date(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied", _JSON, nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "pledge_id"],
            ["pledge.province_code", "pledge.id"],
            name=op.f("fk_address_change_province_code_pledge_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_address_change")),
    )
    op.create_index(
        "uq_address_change_open",
        "address_change",
        ["province_code", "pledge_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_address_change_agency", "address_change", ["province_code", "agency_code", "state", "asked_at"])
    op.add_column("pledge", sa.Column("contact_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("pledge", "contact_since")
    op.drop_table("address_change")
