"""The queue is sorted by the day of signing, so that what was put aside keeps its place.

Revision 0005, after 0004.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = ["province_code", "agency_code", "state"]


def upgrade() -> None:
    op.drop_index("ix_pledge_queue", table_name="pledge")
    op.create_index("ix_pledge_queue", "pledge", [*_COLUMNS, "signed_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_pledge_queue", table_name="pledge")
    op.create_index("ix_pledge_queue", "pledge", [*_COLUMNS, "state_since"], unique=False)
