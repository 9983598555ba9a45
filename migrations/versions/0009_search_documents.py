"""The search documents of the entities that are there.

Revision 0009, after 0008.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import Any

import sqlalchemy as sa
from alembic import op

from pledges.registry.search_documents import Findable, handles_of, words_of

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHUNK = 1000


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(each) for each in columns))


_ENTITY = _table("entity", "province_code", "id", "merged_into", "name", "tax_code")
_NAME = _table("former_name", "province_code", "entity_id", "name")
_CHANNEL = _table("channel", "province_code", "entity_id", "address")
_CONTACT = _table("contact", "province_code", "entity_id", "value", "ended_at")
_DOCUMENT = _table("search_document", "province_code", "entity_id", "number", "words", "handles")


def upgrade() -> None:
    connection = op.get_bind()
    connection.execute(sa.delete(_DOCUMENT))
    # Later ones are numbered by their ids; here any number that is not taken does.
    numbers = count(1)
    for province_code in connection.scalars(sa.select(_ENTITY.c.province_code).distinct()).all():
        found = _findable(connection, province_code)
        rows = [
            {
                "province_code": province_code,
                "entity_id": entity_id,
                "number": next(numbers),
                "words": words_of(province_code, each.names),
                "handles": handles_of(province_code, each),
            }
            for entity_id, each in found.items()
        ]
        for start in range(0, len(rows), _CHUNK):
            connection.execute(sa.insert(_DOCUMENT), rows[start : start + _CHUNK])


def _findable(connection: sa.Connection, province_code: str) -> dict[Any, Findable]:
    """By survivor: an entity that was merged is found as the one that it was merged into."""
    into = {}
    found: dict[Any, Findable] = defaultdict(Findable)

    def rows(table: sa.TableClause) -> Any:
        return connection.execute(sa.select(table).where(table.c.province_code == province_code))

    def of(entity_id: Any) -> Findable:
        seen = set()
        while into[entity_id] is not None and entity_id not in seen:
            seen.add(entity_id)
            entity_id = into[entity_id]
        return found[entity_id]

    entities = rows(_ENTITY).all()
    into = {row.id: row.merged_into for row in entities}
    for row in entities:
        of(row.id).names.add(row.name)
        of(row.id).tax_codes |= {row.tax_code} - {None}
    for row in rows(_NAME):
        of(row.entity_id).names.add(row.name)
    for row in rows(_CHANNEL):
        if row.entity_id is not None:
            of(row.entity_id).channels.add(row.address)
    for row in rows(_CONTACT):
        if row.ended_at is None:
            of(row.entity_id).contacts.add(row.value)
    return found


def downgrade() -> None:
    """Nothing to take back: the documents go with their table."""
