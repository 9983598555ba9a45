"""Review by the department: decisions, batches, revocations, corrections, amendments, withdrawn consents.

Revision 0003, after 0002. New columns of old tables have defaults, so that rows that are there stay valid.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("work_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "staff_id"],
            ["staff.province_code", "staff.id"],
            name=op.f("fk_batch_province_code_staff_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_batch")),
    )
    op.create_table(
        "delegation",
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("from_staff_id", sa.Uuid(), nullable=False),
        sa.Column("to_staff_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_delegation_province_code_agency_code"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "from_staff_id"],
            ["staff.province_code", "staff.id"],
            name=op.f("fk_delegation_province_code_from_staff_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "to_staff_id"],
            ["staff.province_code", "staff.id"],
            name=op.f("fk_delegation_province_code_to_staff_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_delegation")),
    )
    op.create_index("ix_delegation_to", "delegation", ["province_code", "to_staff_id", "ends_on"], unique=False)
    op.create_table(
        "batch_item",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("seen_revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "batch_id"],
            ["batch.province_code", "batch.id"],
            name=op.f("fk_batch_item_province_code_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "pledge_id"],
            ["pledge.province_code", "pledge.id"],
            name=op.f("fk_batch_item_province_code_pledge_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_batch_item")),
        sa.UniqueConstraint(
            "province_code", "batch_id", "pledge_id", name=op.f("uq_batch_item_province_code_batch_id_pledge_id")
        ),
    )
    op.create_index(
        "ix_batch_item_waiting",
        "batch_item",
        ["province_code", "batch_id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "consent_withdrawal",
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("consent", sa.String(length=32), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_by", sa.Date(), nullable=True),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "pledge_id"],
            ["pledge.province_code", "pledge.id"],
            name=op.f("fk_consent_withdrawal_province_code_pledge_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_consent_withdrawal")),
    )
    op.create_table(
        "decision",
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("asked", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("staff_name", sa.Text(), nullable=False),
        sa.Column("signing_title", sa.Text(), nullable=False),
        sa.Column("signature_method", sa.String(length=20), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "pledge_id"],
            ["pledge.province_code", "pledge.id"],
            name=op.f("fk_decision_province_code_pledge_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "staff_id"],
            ["staff.province_code", "staff.id"],
            name=op.f("fk_decision_province_code_staff_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_pledge", "decision", ["province_code", "pledge_id", "decided_at"], unique=False)
    op.create_table(
        "earlier_version",
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("pledge_text_id", sa.Uuid(), nullable=False),
        sa.Column("wording_approved", sa.Boolean(), nullable=False),
        sa.Column("template_hash", sa.String(length=64), nullable=False),
        sa.Column("rendered_text", sa.Text(), nullable=False),
        sa.Column("rendered_hash", sa.String(length=64), nullable=False),
        sa.Column("paper", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["pledge_text_id"], ["pledge_text.id"], name=op.f("fk_earlier_version_pledge_text_id")),
        sa.ForeignKeyConstraint(
            ["province_code", "document_id"],
            ["document.province_code", "document.id"],
            name=op.f("fk_earlier_version_province_code_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "pledge_id"],
            ["pledge.province_code", "pledge.id"],
            name=op.f("fk_earlier_version_province_code_pledge_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_earlier_version")),
        sa.UniqueConstraint(
            "province_code", "pledge_id", "version", name=op.f("uq_earlier_version_province_code_pledge_id_version")
        ),
    )
    op.create_table(
        "revocation",
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "pledge_id"],
            ["pledge.province_code", "pledge.id"],
            name=op.f("fk_revocation_province_code_pledge_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_revocation")),
    )
    op.create_index(
        "uq_revocation_asked",
        "revocation",
        ["province_code", "pledge_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.add_column("agency", sa.Column("signature_method", sa.String(length=20), nullable=False, server_default="key"))
    op.add_column("draft", sa.Column("purpose", sa.String(length=32), nullable=False, server_default="new"))
    op.add_column("draft", sa.Column("pledge_province", sa.String(length=2), nullable=True))
    op.add_column("draft", sa.Column("pledge_id", sa.Uuid(), nullable=True))
    op.add_column(
        "draft",
        sa.Column(
            "asked", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False, server_default="[]"
        ),
    )
    op.add_column("message", sa.Column("attachment_sha256", sa.String(length=64), nullable=True))
    op.add_column("message", sa.Column("attachment_name", sa.String(length=100), nullable=True))
    op.add_column(
        "pledge",
        sa.Column(
            "state_since", sa.DateTime(timezone=True), nullable=False, server_default="2026-01-01 00:00:00.000000"
        ),
    )
    op.add_column("pledge", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("pledge", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("pledge", sa.Column("recommended_by", sa.Uuid(), nullable=True))
    op.add_column("pledge", sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("pledge", sa.Column("amends_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_pledge_countersigning",
        "pledge",
        ["seal_due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'countersigning'"),
        postgresql_where=sa.text("state = 'countersigning'"),
    )
    op.create_index("ix_pledge_entity", "pledge", ["province_code", "entity_id"], unique=False)
    op.create_index("ix_pledge_queue", "pledge", ["province_code", "agency_code", "state", "state_since"], unique=False)
    op.create_index(
        "uq_pledge_amendment",
        "pledge",
        ["province_code", "amends_id"],
        unique=True,
        sqlite_where=sa.text(
            "amends_id IS NOT NULL AND state NOT IN ('approved', 'rejected', 'superseded', 'revoked', 'withdrawn')"
        ),
        postgresql_where=sa.text(
            "amends_id IS NOT NULL AND state NOT IN ('approved', 'rejected', 'superseded', 'revoked', 'withdrawn')"
        ),
    )
    op.create_index("ix_pledge_channel_address", "pledge_channel", ["province_code", "address"], unique=False)
    op.add_column("signature", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("staff", sa.Column("signing_title", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("staff", "signing_title")
    op.drop_column("signature", "version")
    op.drop_index("ix_pledge_channel_address", table_name="pledge_channel")
    op.drop_index(
        "uq_pledge_amendment",
        table_name="pledge",
        sqlite_where=sa.text(
            "amends_id IS NOT NULL AND state NOT IN ('approved', 'rejected', 'superseded', 'revoked', 'withdrawn')"
        ),
        postgresql_where=sa.text(
            "amends_id IS NOT NULL AND state NOT IN ('approved', 'rejected', 'superseded', 'revoked', 'withdrawn')"
        ),
    )
    op.drop_index("ix_pledge_queue", table_name="pledge")
    op.drop_index("ix_pledge_entity", table_name="pledge")
    op.drop_index(
        "ix_pledge_countersigning",
        table_name="pledge",
        sqlite_where=sa.text("state = 'countersigning'"),
        postgresql_where=sa.text("state = 'countersigning'"),
    )
    op.drop_column("pledge", "amends_id")
    op.drop_column("pledge", "approved_at")
    op.drop_column("pledge", "recommended_by")
    op.drop_column("pledge", "version")
    op.drop_column("pledge", "revision")
    op.drop_column("pledge", "state_since")
    op.drop_column("message", "attachment_name")
    op.drop_column("message", "attachment_sha256")
    op.drop_column("draft", "asked")
    op.drop_column("draft", "pledge_id")
    op.drop_column("draft", "pledge_province")
    op.drop_column("draft", "purpose")
    op.drop_column("agency", "signature_method")
    op.drop_index(
        "uq_revocation_asked",
        table_name="revocation",
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.drop_table("revocation")
    op.drop_table("earlier_version")
    op.drop_index("ix_decision_pledge", table_name="decision")
    op.drop_table("decision")
    op.drop_table("consent_withdrawal")
    op.drop_index(
        "ix_batch_item_waiting",
        table_name="batch_item",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_table("batch_item")
    op.drop_index("ix_delegation_to", table_name="delegation")
    op.drop_table("delegation")
    op.drop_table("batch")
