"""Reporting units, reports, hotlines and keys of agencies.

Revision 0023, after 0022.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "reporting_unit",
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.String(length=32),
            nullable=False,
        ),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["province_code"], ["province.code"], name=op.f("fk_reporting_unit_province_code")),
        sa.PrimaryKeyConstraint("province_code", "code", name=op.f("pk_reporting_unit")),
    )
    op.create_table(
        "agency_key",
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("beginning", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_agency_key_province_code_agency_code"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_agency_key")),
        sa.UniqueConstraint("key_sha256", name=op.f("uq_agency_key_key_sha256")),
    )
    op.create_table(
        "hotline",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("agency_code", sa.String(length=20), nullable=True),
        sa.Column("commune_code", sa.String(length=5), nullable=True),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_hotline_province_code_agency_code"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "commune_code"],
            ["commune.province_code", "commune.code"],
            name=op.f("fk_hotline_province_code_commune_code"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_hotline")),
    )
    op.create_table(
        "report",
        sa.Column("duty_id", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("unit_code", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.String(length=32),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("nothing_to_report", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("figures", _JSON, nullable=False),
        sa.Column("answers", _JSON, nullable=False),
        sa.Column("correction_reason", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("document_date", sa.Date(), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sent_outside", sa.Boolean(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.Uuid(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "duty_id"],
            ["reporting_duty.province_code", "reporting_duty.id"],
            name=op.f("fk_report_province_code_duty_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "unit_code"],
            ["reporting_unit.province_code", "reporting_unit.code"],
            name=op.f("fk_report_province_code_unit_code"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_report")),
        sa.UniqueConstraint(
            "province_code",
            "duty_id",
            "period",
            "unit_code",
            "version",
            name=op.f("uq_report_province_code_duty_id_period_unit_code_version"),
        ),
    )
    op.create_index("ix_hotline_place", "hotline", ["province_code", "ended_at", "position"], unique=False)
    op.create_index("ix_report_unit", "report", ["province_code", "unit_code", "duty_id", "period"], unique=False)
    op.add_column(
        "reporting_duty",
        sa.Column(
            "form",
            sa.String(length=32),
            nullable=False,
            server_default="general",
        ),
    )
    op.add_column("reporting_duty", sa.Column("follow_as", sa.String(length=20), nullable=False, server_default=""))
    op.add_column(
        "reporting_duty",
        sa.Column(
            "senders",
            _JSON,
            nullable=False,
            server_default="[]",
        ),
    )
    op.add_column(
        "reporting_duty",
        sa.Column(
            "recipients",
            _JSON,
            nullable=False,
            server_default="[]",
        ),
    )
    op.add_column("reporting_duty", sa.Column("via", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("reporting_duty", sa.Column("gathers", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("reporting_duty", sa.Column("due_day", sa.Integer(), nullable=True))
    op.add_column("reporting_duty", sa.Column("starts_on", sa.Date(), nullable=True))
    op.add_column("reporting_duty", sa.Column("added_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reporting_duty", sa.Column("ended_on", sa.Date(), nullable=True))
    op.add_column("staff", sa.Column("unit_code", sa.String(length=20), nullable=True))


def downgrade() -> None:
    op.drop_column("staff", "unit_code")
    op.drop_column("reporting_duty", "form")
    op.drop_column("reporting_duty", "follow_as")
    op.drop_column("reporting_duty", "senders")
    op.drop_column("reporting_duty", "recipients")
    op.drop_column("reporting_duty", "via")
    op.drop_column("reporting_duty", "gathers")
    op.drop_column("reporting_duty", "due_day")
    op.drop_column("reporting_duty", "starts_on")
    op.drop_column("reporting_duty", "added_at")
    op.drop_column("reporting_duty", "ended_on")
    op.drop_table("report")
    op.drop_table("hotline")
    op.drop_table("agency_key")
    op.drop_table("reporting_unit")
