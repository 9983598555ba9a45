"""An index for each part of the quarterly lists, so that the first page of a rare part does not read the whole register.

Revision 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_IN_SCOPE = "scope IN ('presumed_in', 'confirmed_in')"
_OPEN = f"{_IN_SCOPE} AND in_force = 0 AND waiting_for_agency = 0"
_PARTS = {
    "ix_obligation_asked": (f"{_OPEN} AND asked_on IS NOT NULL", ["turns_on", "id"]),
    "ix_obligation_unasked": (f"{_OPEN} AND asked_on IS NULL", ["turns_on", "id"]),
    "ix_obligation_waiting": (f"{_IN_SCOPE} AND in_force = 0 AND waiting_for_agency > 0", ["id"]),
    "ix_obligation_in_force": (f"{_IN_SCOPE} AND in_force > 0", ["id"]),
}


def upgrade() -> None:
    for name, (rows, columns) in _PARTS.items():
        op.create_index(
            name,
            "obligation",
            ["province_code", "entry_id", *columns],
            sqlite_where=sa.text(rows),
            postgresql_where=sa.text(rows),
        )


def downgrade() -> None:
    for name in _PARTS:
        op.drop_index(name, table_name="obligation")
