"""The frozen lists behind figures: which there are, how many lines they have, and the hashes by which they are known.

No name stands here, so that whoever reads the figures of a province may have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter
from pledges.reporting.standing import Place
from pledges.rounds.list_models import ListKind, Snapshot
from pledges.rounds.models import Round


@dataclass(frozen=True)
class FrozenList:
    agency: str
    quarter: Quarter
    kind: ListKind
    rows: int
    as_of: date
    frozen_at: datetime
    rule_version: str
    sha256: str


def frozen_lists(session: Session, place: Place, last: date) -> tuple[FrozenList, ...]:
    """Of all rounds closed for quarters that ended by `last`: the newest quarter first, then by agency."""
    wanted = [Snapshot.province_code == place.province_code, Snapshot.frozen_at.is_not(None), Snapshot.as_of <= last]
    if place.agency_code:
        wanted.append(Round.agency_code == place.agency_code)
    found = session.execute(
        select(Round.agency_code, Round.quarter, Snapshot)
        .join(Round, (Round.province_code == Snapshot.province_code) & (Round.id == Snapshot.round_id))
        .where(*wanted)
        .order_by(Round.quarter.desc(), Round.agency_code)
    )
    return tuple(
        FrozenList(
            agency,
            Quarter.parse(quarter),
            kind,
            int(snapshot.rows[kind.value]),
            snapshot.as_of,
            snapshot.frozen_at,
            snapshot.rule_version,
            str(snapshot.sha256[kind.value]),
        )
        for agency, quarter, snapshot in found
        if snapshot.frozen_at is not None
        for kind in ListKind
    )
