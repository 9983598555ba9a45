"""What departments have decided about those who broke the law after they had pledged.

Revision 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_VALID = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "violation",
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=True),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("decision_number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("fine", sa.BigInteger(), nullable=True),
        sa.Column("source_link", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_violation_province_code_agency_code"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "entity_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_violation_province_code_entity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "pledge_id"],
            ["pledge.province_code", "pledge.id"],
            name=op.f("fk_violation_province_code_pledge_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "recorded_by"],
            ["staff.province_code", "staff.id"],
            name=op.f("fk_violation_province_code_recorded_by"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_violation")),
    )
    op.create_index("ix_violation_entity", "violation", ["province_code", "entity_id"], unique=False)
    op.create_index("ix_violation_decided", "violation", ["province_code", "agency_code", "decided_on"], unique=False)
    op.create_index(
        "uq_violation_valid",
        "violation",
        ["province_code", "entity_id", "decided_on", "number_key", "field"],
        unique=True,
        sqlite_where=_VALID,
        postgresql_where=_VALID,
    )
    op.create_index("uq_violation_corrects", "violation", ["province_code", "corrects_id"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_violation_corrects", table_name="violation")
    op.drop_index("uq_violation_valid", table_name="violation", postgresql_where=_VALID, sqlite_where=_VALID)
    op.drop_index("ix_violation_decided", table_name="violation")
    op.drop_index("ix_violation_entity", table_name="violation")
    op.drop_table("violation")
