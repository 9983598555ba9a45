"""Find a paper by its number: a list of ten thousand papers asks for each number once.

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NUMBERED = sa.text("paper_number <> ''")


def upgrade() -> None:
    op.create_index(
        "ix_pledge_paper_number",
        "pledge",
        ["province_code", "agency_code", "paper_number"],
        sqlite_where=_NUMBERED,
        postgresql_where=_NUMBERED,
    )


def downgrade() -> None:
    op.drop_index("ix_pledge_paper_number", table_name="pledge")
