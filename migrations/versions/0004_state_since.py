"""Since when a pledge signed before the review existed has been in its state: since it was signed.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.text("UPDATE pledge SET state_since = signed_at"))


def downgrade() -> None:
    """Nothing to take back: the column goes with the revision before."""
