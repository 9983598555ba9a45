"""Two who claim one channel or tax code, and the papers that either of them was asked for.

Revision 0029, after 0028.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_OPEN = sa.text("state IN ('open', 'asked')")


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about", _JSON, nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before", _JSON, nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "claim_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_dispute_province_code_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "owner_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_dispute_province_code_owner_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_dispute")),
    )
    op.create_index(
        "uq_dispute_open",
        "dispute",
        ["province_code", "claim_id", "owner_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_dispute_agency", "dispute", ["province_code", "agency_code", "state", "opened_at"])
    op.create_index("ix_dispute_claim", "dispute", ["province_code", "claim_id"])
    op.create_table(
        "dispute_question",
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("papers", _JSON, nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "dispute_id"],
            ["dispute.province_code", "dispute.id"],
            name=op.f("fk_dispute_question_province_code_dispute_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_dispute_question")),
    )
    op.create_index("ix_dispute_question", "dispute_question", ["province_code", "dispute_id"])


def downgrade() -> None:
    op.drop_table("dispute_question")
    op.drop_table("dispute")
