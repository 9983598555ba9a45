"""Indexes for the lists of what waits for a decision, and for what was written to one address.

Revision 0011, after 0010.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_obligation_state", "obligation", ["province_code", "entry_id", "scope", "cohort"])
    op.create_index("ix_message_address", "message", ["province_code", "to_address"])


def downgrade() -> None:
    op.drop_index("ix_message_address", "message")
    op.drop_index("ix_obligation_state", "obligation")
