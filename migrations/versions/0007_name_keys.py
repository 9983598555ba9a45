"""The key by which the same subject is found again, for the entities that are there.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.core.text import name_key

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CHUNK = 1000


def upgrade() -> None:
    entity = sa.table(
        "entity",
        sa.column("province_code", sa.String),
        sa.column("id"),
        sa.column("name", sa.Text),
        sa.column("name_key", sa.Text),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(entity.c.province_code, entity.c.id, entity.c.name)).all()
    change = (
        sa.update(entity)
        .where(entity.c.province_code == sa.bindparam("province"), entity.c.id == sa.bindparam("entity_id"))
        .values(name_key=sa.bindparam("key"))
    )
    for start in range(0, len(rows), _CHUNK):
        connection.execute(
            change,
            [
                {"province": row.province_code, "entity_id": row.id, "key": name_key(row.name)}
                for row in rows[start : start + _CHUNK]
            ],
        )


def downgrade() -> None:
    """Nothing to take back: the column goes with the revision before."""
