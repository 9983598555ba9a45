"""Since when an ask is about an obligation: letters from before are no evidence that its subject was asked about it.

Revision 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "asked_obligation",
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, server_default="2026-01-01 00:00:00.000000"),
    )
    op.execute(
        sa.text(
            "UPDATE asked_obligation SET asked_at = (SELECT ask.asked_at FROM ask "
            "WHERE ask.province_code = asked_obligation.province_code AND ask.id = asked_obligation.ask_id)"
        )
    )


def downgrade() -> None:
    op.drop_column("asked_obligation", "asked_at")
