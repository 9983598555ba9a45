"""Requests about personal data, restrictions, and files that were erased.

Revision 0028, after 0027.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "data_request",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=True),
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("way", sa.String(length=32), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("acknowledge_by", sa.Date(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decide_by", sa.Date(), nullable=False),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended_because", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("result", _JSON, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_data_request_province_code_agency_code"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "entity_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_data_request_province_code_entity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "pledge_id"],
            ["pledge.province_code", "pledge.id"],
            name=op.f("fk_data_request_province_code_pledge_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_data_request")),
        sa.UniqueConstraint("number", name=op.f("uq_data_request_number")),
    )
    op.create_table(
        "restriction",
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "entity_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_restriction_province_code_entity_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_restriction")),
    )
    op.create_index(
        "ix_data_request_agency",
        "data_request",
        ["province_code", "agency_code", "decided_at", "decide_by"],
        unique=False,
    )
    op.create_index("ix_data_request_entity", "data_request", ["province_code", "entity_id"], unique=False)
    op.create_index("ix_data_request_pledge", "data_request", ["province_code", "pledge_id"], unique=False)
    op.create_index(
        "uq_data_request_open",
        "data_request",
        ["province_code", "entity_id", "kind"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_index(
        "uq_restriction_now",
        "restriction",
        ["province_code", "entity_id"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.add_column("document", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("document", "erased_at")
    op.drop_table("restriction")
    op.drop_table("data_request")
