"""Second factors of the staff, and when a session was confirmed.

Everybody who is signed in without a second factor is signed out.

Revision 0025, after 0024.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_SESSION = sa.table(
    "staff_session",
    sa.column("ended_at", sa.DateTime(timezone=True)),
    sa.column("ended_by", sa.String(20)),
)


def upgrade() -> None:
    op.create_table(
        "staff_factor",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("last_counter", sa.BigInteger(), nullable=True),
        sa.Column("credential_id", sa.Text(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "staff_id"],
            ["staff.province_code", "staff.id"],
            name=op.f("fk_staff_factor_province_code_staff_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_staff_factor")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_staff_factor_credential_id")),
    )
    op.create_index("ix_staff_factor_staff", "staff_factor", ["province_code", "staff_id", "ended_at"], unique=False)
    op.create_table(
        "staff_recovery_code",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("beginning", sa.String(length=1), nullable=False),
        sa.Column("code_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "staff_id"],
            ["staff.province_code", "staff.id"],
            name=op.f("fk_staff_recovery_code_province_code_staff_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_staff_recovery_code")),
    )
    op.create_index(
        "ix_staff_recovery_code_staff",
        "staff_recovery_code",
        ["province_code", "staff_id", "ended_at"],
        unique=False,
    )
    op.create_table(
        "staff_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("challenge", sa.String(length=100), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["province_code", "staff_id"],
            ["staff.province_code", "staff.id"],
            name=op.f("fk_staff_step_province_code_staff_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_step")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_staff_step_token_sha256")),
    )
    with op.batch_alter_table("staff_session") as batch:
        batch.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("way", sa.String(length=32), nullable=False, server_default="unknown"))
        batch.add_column(sa.Column("browser", sa.String(length=60), nullable=False, server_default=""))
    op.execute(
        sa.update(_SESSION).where(_SESSION.c.ended_at.is_(None)).values(ended_at=datetime.now(UTC), ended_by="upgrade")
    )


def downgrade() -> None:
    for name in ("browser", "way", "confirmed_at"):
        op.drop_column("staff_session", name)
    op.drop_table("staff_step")
    op.drop_index("ix_staff_recovery_code_staff", table_name="staff_recovery_code")
    op.drop_table("staff_recovery_code")
    op.drop_index("ix_staff_factor_staff", table_name="staff_factor")
    op.drop_table("staff_factor")
