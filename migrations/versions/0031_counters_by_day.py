"""The agency in the indexes of the counters' days: without it PostgreSQL read all days of an agency for those of one.

Revision 0031, after 0030.
"""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_TABLES = {"ix_counter_day": "counter", "ix_open_counter_day": "open_counter"}


def _index(columns: list[str]) -> None:
    for name, table in _TABLES.items():
        op.drop_index(name, table_name=table)
        op.create_index(name, table, columns)


def upgrade() -> None:
    _index(["province_code", "day", "agency_code"])


def downgrade() -> None:
    _index(["province_code", "day"])
