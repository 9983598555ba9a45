"""Rounds: one agency's asking of one quarter, its frozen lists and the files made from them.

Revision 0016, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.core.db import Json

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "list_export",
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("list", sa.String(length=32), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("format", sa.String(length=32), nullable=False),
        sa.Column("filters", Json, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_list_export_province_code_agency_code"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_list_export")),
    )
    op.create_index("ix_list_export_agency", "list_export", ["province_code", "agency_code", "requested_at"])
    op.create_table(
        "round",
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reminder_days", Json, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_by", sa.String(length=64), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_round_province_code_agency_code"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_round")),
        sa.UniqueConstraint(
            "province_code", "agency_code", "quarter", name=op.f("uq_round_province_code_agency_code_quarter")
        ),
    )
    op.create_index("ix_round_state", "round", ["state"])
    op.create_table(
        "ask",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("shown_day", sa.Date(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("short_code", sa.String(length=12), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "entity_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_ask_province_code_entity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "round_id"],
            ["round.province_code", "round.id"],
            name=op.f("fk_ask_province_code_round_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_ask")),
        sa.UniqueConstraint(
            "province_code", "round_id", "entity_id", name=op.f("uq_ask_province_code_round_id_entity_id")
        ),
        sa.UniqueConstraint("short_code", name=op.f("uq_ask_short_code")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_ask_token_sha256")),
    )
    op.create_index("ix_ask_entity", "ask", ["province_code", "entity_id"])
    op.create_index("ix_ask_round_number", "ask", ["province_code", "round_id", "id"])
    op.create_table(
        "letter_batch",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("commune_code", sa.String(length=5), nullable=True),
        sa.Column("asks", Json, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "round_id"],
            ["round.province_code", "round.id"],
            name=op.f("fk_letter_batch_province_code_round_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_letter_batch")),
    )
    op.create_index("ix_letter_batch_round", "letter_batch", ["province_code", "round_id", "made_at"])
    op.create_table(
        "snapshot",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("rule_version", sa.String(length=40), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", Json, nullable=False),
        sa.Column("sha256", Json, nullable=False),
        sa.Column("files", Json, nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "round_id"],
            ["round.province_code", "round.id"],
            name=op.f("fk_snapshot_province_code_round_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("province_code", "round_id", name=op.f("uq_snapshot_province_code_round_id")),
    )
    op.create_table(
        "agency_document",
        sa.Column("entry_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=100), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "entry_id"],
            ["obligation_entry.province_code", "obligation_entry.id"],
            name=op.f("fk_agency_document_province_code_entry_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_agency_document")),
    )
    op.create_index(
        "uq_agency_document_now",
        "agency_document",
        ["province_code", "entry_id"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "attempt",
        sa.Column("ask_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("way", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "ask_id"], ["ask.province_code", "ask.id"], name=op.f("fk_attempt_province_code_ask_id")
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_ask", "attempt", ["province_code", "ask_id"])
    op.create_index("ix_attempt_batch", "attempt", ["province_code", "batch_id"])
    op.create_index("ix_attempt_message", "attempt", ["province_code", "message_id"])
    op.create_index(
        "uq_attempt_step",
        "attempt",
        ["province_code", "ask_id", "step"],
        unique=True,
        sqlite_where=sa.text("way = 'mail'"),
        postgresql_where=sa.text("way = 'mail'"),
    )
    op.create_table(
        "snapshot_row",
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("list", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=40), nullable=False),
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("commune_code", sa.String(length=5), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("values", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "snapshot_id"],
            ["snapshot.province_code", "snapshot.id"],
            name=op.f("fk_snapshot_row_province_code_snapshot_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "snapshot_id", "list", "position", name=op.f("pk_snapshot_row")),
    )
    op.create_index("ix_snapshot_row_entity", "snapshot_row", ["province_code", "entity_id"])
    op.create_table(
        "asked_obligation",
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("ask_id", sa.Uuid(), nullable=False),
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "ask_id"],
            ["ask.province_code", "ask.id"],
            name=op.f("fk_asked_obligation_province_code_ask_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "obligation_id"],
            ["obligation.province_code", "obligation.id"],
            name=op.f("fk_asked_obligation_province_code_obligation_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "ask_id", "obligation_id", name=op.f("pk_asked_obligation")),
    )
    op.create_index("ix_asked_obligation_obligation", "asked_obligation", ["province_code", "obligation_id"])
    op.create_table(
        "left_out",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("left_out_by", sa.Uuid(), nullable=False),
        sa.Column("left_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brought_back_by", sa.Uuid(), nullable=True),
        sa.Column("brought_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "obligation_id"],
            ["obligation.province_code", "obligation.id"],
            name=op.f("fk_left_out_province_code_obligation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "round_id"],
            ["round.province_code", "round.id"],
            name=op.f("fk_left_out_province_code_round_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_left_out")),
    )
    op.create_index(
        "uq_left_out_now",
        "left_out",
        ["province_code", "round_id", "obligation_id"],
        unique=True,
        sqlite_where=sa.text("brought_back_at IS NULL"),
        postgresql_where=sa.text("brought_back_at IS NULL"),
    )
    op.add_column("contact", sa.Column("bounced_at", sa.DateTime(timezone=True)))
    op.add_column("contact", sa.Column("bounce_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("draft", sa.Column("ask_province", sa.String(2)))
    op.add_column("draft", sa.Column("ask_id", sa.Uuid()))
    op.add_column("pledge", sa.Column("ask_id", sa.Uuid()))


def downgrade() -> None:
    for table, *columns in (
        ("pledge", "ask_id"),
        ("draft", "ask_id", "ask_province"),
        ("contact", "bounce_reason", "bounced_at"),
    ):
        for column in columns:
            op.drop_column(table, column)
    for table in (
        "left_out",
        "asked_obligation",
        "snapshot_row",
        "attempt",
        "agency_document",
        "snapshot",
        "letter_batch",
        "ask",
        "round",
        "list_export",
    ):
        op.drop_table(table)
