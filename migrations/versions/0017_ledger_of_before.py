"""Write the ledger of obligations that were there before it, from their facts, and count what is open of them.

Revision 0017, after 0016. What is open gets a fact of its own, so that a recount finds the same; on which day it turns is
not known here and is reckoned by the worker afterwards (`db upgrade` asks for it).
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from pledges.core.db import Json

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NOT_RECKONED = date(9999, 12, 31)
_FIGURES = ("in_scope", "waiting_for_agency", "in_force")
_RETIMED = "obligation.retimed"


def _table(name: str, **columns: Any) -> sa.Table:
    more = [sa.Column(each, kind) for each, kind in columns.items()]
    return sa.Table(name, sa.MetaData(), sa.Column("province_code", sa.String(2)), *more)


_FACT = _table(
    "fact",
    id=sa.Uuid(),
    kind=sa.String(60),
    object_kind=sa.String(30),
    object_id=sa.Uuid(),
    actor_kind=sa.String(20),
    actor_id=sa.String(64),
    recorded_at=sa.DateTime(timezone=True),
    recorded_day=sa.Date(),
    effective_on=sa.Date(),
    data=Json,
)
_LEDGER = _table(
    "obligation_move",
    id=sa.Uuid(),
    entry_id=sa.String(40),
    obligation_id=sa.Uuid(),
    entity_id=sa.Uuid(),
    commune_code=sa.String(5),
    day=sa.Date(),
    in_scope=sa.Integer(),
    waiting_for_agency=sa.Integer(),
    in_force=sa.Integer(),
    opened=sa.Integer(),
    turns_on=sa.Date(),
)
_OBLIGATION = _table("obligation", id=sa.Uuid(), entity_id=sa.Uuid())
_COUNTER = _table(
    "open_counter",
    agency_code=sa.String(20),
    entry_id=sa.String(40),
    instrument=sa.String(32),
    subject_type=sa.String(40),
    commune_code=sa.String(5),
    day=sa.Date(),
    turns_on=sa.Date(),
    asked=sa.Integer(),
    unasked=sa.Integer(),
)


def upgrade() -> None:
    connection = op.get_bind()
    standing: dict[tuple[str, str], dict[str, Any]] = {}
    rows = connection.execute(
        sa.select(_FACT.c.province_code, _FACT.c.recorded_day, _FACT.c.data).order_by(_FACT.c.recorded_at, _FACT.c.id)
    )
    for province, day, data in rows.all():
        counts = (data or {}).get("counts", ())
        for count in counts:
            if not count.get("out_of_scope"):
                _follow(connection, province, day, count, standing)
    now = datetime.now(UTC)
    for (province, obligation), found in sorted(standing.items()):
        if found["figures"] == [1, 0, 0]:
            _open(connection, province, obligation, found, now, _owner_of(connection, province, uuid.UUID(obligation)))
    _name_owners(connection)


def _owner_of(connection: sa.Connection, province: str, obligation_id: uuid.UUID) -> uuid.UUID | None:
    where = (_OBLIGATION.c.province_code == province, _OBLIGATION.c.id == obligation_id)
    owner: uuid.UUID | None = connection.scalar(sa.select(_OBLIGATION.c.entity_id).where(*where))
    return owner


def _name_owners(connection: sa.Connection) -> None:
    """Of whom each move was is not in the old facts: whoever owes it today stands for them."""
    owner = (
        sa.select(_OBLIGATION.c.entity_id)
        .where(_OBLIGATION.c.province_code == _LEDGER.c.province_code, _OBLIGATION.c.id == _LEDGER.c.obligation_id)
        .scalar_subquery()
    )
    connection.execute(_LEDGER.update().values(entity_id=owner))


def _follow(
    connection: sa.Connection,
    province: str,
    day: date,
    count: dict[str, Any],
    standing: dict[tuple[str, str], dict[str, Any]],
) -> None:
    found = standing.setdefault(
        (province, count["obligation"]), {"figures": [0, 0, 0], "types": defaultdict(int), "count": count}
    )
    figures = [int(count.get(name, 0)) for name in _FIGURES]
    for subject_type in count["types"]:
        found["types"][subject_type] += figures[0]
    if "" not in count["types"]:
        return
    found["figures"] = [before + moved for before, moved in zip(found["figures"], figures, strict=True)]
    if figures[0] > 0:
        found["count"] = count
    values = {"province_code": province, "id": uuid.uuid4(), "entry_id": count["entry"], "day": day, "opened": 0}
    values |= {"obligation_id": uuid.UUID(count["obligation"]), "commune_code": count["commune"]}
    connection.execute(_LEDGER.insert().values(values | dict(zip(_FIGURES, figures, strict=True))))


def _open(
    connection: sa.Connection,
    province: str,
    obligation: str,
    found: dict[str, Any],
    now: datetime,
    owner: uuid.UUID | None,
) -> None:
    day = (now + timedelta(hours=7)).date()
    types = sorted(each for each, counted in found["types"].items() if counted > 0)
    key = {name: found["count"][name] for name in ("agency", "entry", "instrument", "commune")}
    count = {"obligation": obligation, **key, "types": types, "open": 1, "turns_on": _NOT_RECKONED.isoformat()}
    if owner is not None:
        count["entity"] = str(owner)
    connection.execute(
        _FACT.insert()
        .values(
            province_code=province,
            id=uuid.uuid4(),
            kind=_RETIMED,
            object_kind="obligation",
            object_id=uuid.UUID(obligation),
            actor_kind="system",
            actor_id="",
            recorded_at=now,
            recorded_day=day,
            effective_on=day,
            data={"counts": [count]},
        )
    )
    moved = dict.fromkeys(_FIGURES, 0) | {"opened": 1, "turns_on": _NOT_RECKONED}
    connection.execute(
        _LEDGER.insert()
        .values(
            province_code=province,
            id=uuid.uuid4(),
            entry_id=key["entry"],
            obligation_id=uuid.UUID(obligation),
            commune_code=key["commune"],
            day=day,
            **moved,
        )
    )
    for subject_type in types:
        _count(connection, province, key, subject_type, day)


def _count(
    connection: sa.Connection, province: str, key: dict[str, str], subject_type: str, day: date
) -> None:
    where = {
        "province_code": province,
        "agency_code": key["agency"],
        "entry_id": key["entry"],
        "instrument": key["instrument"],
        "subject_type": subject_type,
        "commune_code": key["commune"],
        "day": day,
        "turns_on": _NOT_RECKONED,
    }
    changed = connection.execute(
        _COUNTER.update()
        .where(*(_COUNTER.c[name] == value for name, value in where.items()))
        .values(unasked=_COUNTER.c.unasked + 1)
    )
    if changed.rowcount == 0:
        connection.execute(_COUNTER.insert().values(**where, asked=0, unasked=1))


def downgrade() -> None:
    connection = op.get_bind()
    connection.execute(_FACT.delete().where(_FACT.c.kind == _RETIMED))
    connection.execute(_LEDGER.delete())
    connection.execute(_COUNTER.delete())
