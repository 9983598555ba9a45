"""Settings with their history, proposals to approve a wording, and the weakest signature that an entry accepts.

Revision 0027, after 0026.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column(
        "obligation_entry",
        sa.Column("least_signature", sa.String(length=30), nullable=False, server_default="scanned_paper"),
    )
    op.create_table(
        "text_proposal",
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("pledge_text_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["pledge_text_id"], ["pledge_text.id"], name=op.f("fk_text_proposal_pledge_text_id")),
        sa.ForeignKeyConstraint(["province_code"], ["province.code"], name=op.f("fk_text_proposal_province_code")),
        sa.PrimaryKeyConstraint("province_code", "pledge_text_id", name=op.f("pk_text_proposal")),
    )
    op.create_table(
        "setting_change",
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("object_kind", sa.String(length=20), nullable=False),
        sa.Column("object_code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("before", _JSON, nullable=False),
        sa.Column("after", _JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["province_code"], ["province.code"], name=op.f("fk_setting_change_province_code")),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_setting_change")),
    )
    op.create_index("ix_setting_change_changed_at", "setting_change", ["province_code", "changed_at"])


def downgrade() -> None:
    op.drop_index("ix_setting_change_changed_at", table_name="setting_change")
    op.drop_table("setting_change")
    op.drop_table("text_proposal")
    op.drop_column("obligation_entry", "least_signature")
