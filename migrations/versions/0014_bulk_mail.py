"""Mail to many at a measured pace, and what came back of it.

Revision 0014, after 0013. Messages that are there were sent by themselves and stay valid.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_COLUMNS = ("to_domain", "batch", "released_at", "bounced_at", "bounce_reason")
_INDEXES = ("ix_message_id", "ix_message_batch", "ix_message_held", "ix_message_held_expires", "ix_message_released")


def _only(rows: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(rows), "postgresql_where": sa.text(rows)}


def upgrade() -> None:
    op.add_column("message", sa.Column("to_domain", sa.String(length=255), nullable=True))
    op.add_column("message", sa.Column("batch", sa.String(length=60), nullable=True))
    op.add_column("message", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("bounce_reason", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_message_id", "message", ["id"])
    op.create_index("ix_message_batch", "message", ["province_code", "batch", "state"], **_only("batch IS NOT NULL"))
    op.create_index("ix_message_held", "message", ["next_attempt_at", "id", "to_domain"], **_only("state = 'held'"))
    op.create_index("ix_message_held_expires", "message", ["expires_at"], **_only("state = 'held'"))
    op.create_index("ix_message_released", "message", ["released_at", "to_domain"], **_only("released_at IS NOT NULL"))
    op.create_table(
        "paused_batch",
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("batch", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("province_code", "batch", name=op.f("pk_paused_batch")),
    )
    op.create_table(
        "mail_turn",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_turn")),
    )
    op.create_table(
        "bounce_seen",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_bounce_seen")),
    )
    op.create_index("ix_bounce_seen_age", "bounce_seen", ["seen_at"])


def downgrade() -> None:
    # The version before knows no held messages and would send them all at once or never.
    given_up = "state = 'failed', last_error = 'cancelled', secret_params = NULL"
    op.execute(sa.text(f"UPDATE message SET {given_up} WHERE state = 'held'"))  # noqa: S608 - a constant
    op.drop_table("bounce_seen")
    op.drop_table("mail_turn")
    op.drop_table("paused_batch")
    for name in _INDEXES:
        op.drop_index(name, table_name="message")
    for name in _COLUMNS:
        op.drop_column("message", name)
