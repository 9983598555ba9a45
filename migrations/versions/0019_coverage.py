"""Count distinct subjects of all provinces by night, and find the latest decisions and voluntary pledges of an agency.

Revision 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_VOLUNTARY = sa.text("instrument = 'voluntary'")


def upgrade() -> None:
    op.create_table(
        "subject_count",
        sa.Column("instrument", sa.String(length=32), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("in_provinces", sa.Integer(), nullable=False),
        sa.Column("subjects", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Integer(), nullable=False),
        sa.Column("in_force", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("instrument", name=op.f("pk_subject_count")),
    )
    op.create_index("ix_pledge_approved", "pledge", ["province_code", "agency_code", "approved_at"])
    op.create_index(
        "ix_pledge_voluntary",
        "pledge",
        ["province_code", "agency_code"],
        sqlite_where=_VOLUNTARY,
        postgresql_where=_VOLUNTARY,
    )


def downgrade() -> None:
    op.drop_index("ix_pledge_voluntary", table_name="pledge")
    op.drop_index("ix_pledge_approved", table_name="pledge")
    op.drop_table("subject_count")
