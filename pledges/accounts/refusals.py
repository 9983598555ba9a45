"""Refused sign-ins and refused acts, counted by the quarter of an hour and then recorded as facts for the auditor.

Counting comes first because facts are never deleted: whoever guesses all night makes one fact for each account and
quarter of an hour, and from any number of accounts no more than `MOST_FACTS`. What was typed is kept nowhere.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.accounts.models import AgencyKey, RefusalCount, Staff
from pledges.audit.operations import SYSTEM, WHOLE_SYSTEM, record
from pledges.core.db import Database

WINDOW = timedelta(minutes=15)
MOST_NETWORKS = 20
"""Counted apart for one account and window; what comes from further ones is counted together."""
MOST_FACTS = 50
"""Of one window; the accounts beyond are told together in one more."""
RECORD_REFUSALS = "record_refusals"
RECORD_REFUSALS_SECONDS = 300.0
NOBODY = uuid.UUID("00000000-0000-4000-8000-0000000000ff")
"""Stands for addresses and keys that belong to nobody."""


class Reason(StrEnum):
    """What was refused, under the name that the fact gives to its number."""

    PASSWORD = "wrong_passwords"  # noqa: S105 - a count
    CODE = "wrong_codes"
    RECOVERY_CODE = "wrong_recovery_codes"
    CONFIRMATION = "wrong_confirmations"
    PASSKEY = "wrong_passkeys"
    THROTTLED = "throttled"
    ACTION = "refused_acts"
    KEY = "wrong_keys"


REFUSAL_FACTS = {
    Reason.PASSWORD: "staff.sign_in_refused",
    Reason.CODE: "staff.sign_in_refused",
    Reason.RECOVERY_CODE: "staff.sign_in_refused",
    Reason.CONFIRMATION: "staff.sign_in_refused",
    Reason.PASSKEY: "staff.sign_in_refused",
    Reason.THROTTLED: "staff.sign_in_refused",
    Reason.ACTION: "staff.act_refused",
    Reason.KEY: "key.refused",
}


def count_refusal(
    session: Session,
    reason: Reason,
    whose: Staff | AgencyKey | None,
    *,
    network_hash: str,
    now: datetime,
    uses: int = 1,
) -> None:
    """Count it. `whose`: None where nobody has the address or the key that was shown."""
    window, kind = window_of(now), REFUSAL_FACTS[reason]
    place, object_id = (WHOLE_SYSTEM, NOBODY) if whose is None else (whose.province_code, whose.id)
    network = _told_apart(session, window, kind, place, object_id, network_hash[:16])
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(RefusalCount).values(
        window=window,
        kind=kind,
        province_code=place,
        object_id=object_id,
        reason=reason.value,
        network=network,
        uses=uses,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["window", "kind", "province_code", "object_id", "reason", "network"],
            set_={"uses": RefusalCount.uses + uses},
        )
    )


def window_of(now: datetime) -> int:
    return int(now.timestamp() // WINDOW.total_seconds())


def _told_apart(
    session: Session, window: int, kind: str, province_code: str, object_id: uuid.UUID, network: str
) -> str:
    known = set(
        session.scalars(
            select(RefusalCount.network)
            .where(
                RefusalCount.window == window,
                RefusalCount.kind == kind,
                RefusalCount.province_code == province_code,
                RefusalCount.object_id == object_id,
            )
            .distinct()
        )
    )
    return network if network in known or len(known - {""}) < MOST_NETWORKS else ""


def record_refusals(database: Database, now: datetime) -> None:
    """The worker's part: each window that is over becomes facts, in one transaction with the end of its counts."""
    with database.read() as session:
        over = session.scalars(
            select(RefusalCount.window)
            .where(RefusalCount.window < window_of(now))
            .distinct()
            .order_by(RefusalCount.window)
        ).all()
    for window in over:
        database.run(partial(close_window, window=window, now=now))


def close_window(session: Session, *, window: int, now: datetime) -> None:
    """Turn the counts of one window into facts; of two workers at once one finds them."""
    taken = session.execute(
        delete(RefusalCount)
        .where(RefusalCount.window == window)
        .returning(
            RefusalCount.kind,
            RefusalCount.province_code,
            RefusalCount.object_id,
            RefusalCount.reason,
            RefusalCount.network,
            RefusalCount.uses,
        )
    ).all()
    found: dict[tuple[str, str, uuid.UUID], list[tuple[str, str, int]]] = {}
    for kind, province_code, object_id, reason, network, uses in taken:
        found.setdefault((kind, province_code, object_id), []).append((reason, network, uses))
    # Those of nobody first, then whoever was refused most: they must not be lost among the many.
    order = sorted(found, key=lambda key: (key[2] != NOBODY, -sum(row[2] for row in found[key]), key[2]))
    since = datetime.fromtimestamp(window * WINDOW.total_seconds(), tz=UTC)
    for key in order[:MOST_FACTS]:
        _record(session, key, found[key], since, now)
    rest: dict[str, list[tuple[str, str, int]]] = {}
    for key in order[MOST_FACTS:]:
        rest.setdefault(key[0], []).extend(found[key])
    for kind, rows in rest.items():
        accounts = sum(key[0] == kind for key in order[MOST_FACTS:])
        _record(session, (kind, WHOLE_SYSTEM, NOBODY), rows, since, now, accounts=accounts)


def _record(
    session: Session,
    key: tuple[str, str, uuid.UUID],
    rows: Iterable[tuple[str, str, int]],
    since: datetime,
    now: datetime,
    **more: int,
) -> None:
    counted: Counter[str] = Counter()
    networks = set()
    for reason, network, uses in rows:
        counted[reason] += uses
        networks.add(network)
    kind, province_code, object_id = key
    record(
        session,
        kind,
        province_code=province_code,
        object_id=object_id,
        actor=SYSTEM,
        now=now,
        data={"since": since.isoformat(), **counted, "networks": len(networks), **more},
    )
