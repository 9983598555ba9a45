"""Find what a pledge covers, and what covers an obligation, without reading every cover.

Revision 0021, after 0020.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_pledge_cover_pledge", "pledge_cover", ["province_code", "pledge_id"])
    op.create_index("ix_pledge_cover_obligation", "pledge_cover", ["province_code", "obligation_id"])


def downgrade() -> None:
    op.drop_index("ix_pledge_cover_obligation", table_name="pledge_cover")
    op.drop_index("ix_pledge_cover_pledge", table_name="pledge_cover")
