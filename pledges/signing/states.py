"""The one way in which a pledge changes its state: compare-and-swap, what it covers, and the counters with it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict
from pledges.plans.models import ObligationEntry
from pledges.registry.counters import move_counters
from pledges.registry.counts import Count
from pledges.registry.families import kept_of, twins_of
from pledges.registry.models import Entity, Obligation
from pledges.signing.models import Pledge, PledgeCover, PledgeState
from pledges.signing.rules import WITH_AGENCY, hold_of, states_before


class StateChanged(Conflict):
    """Somebody else was faster: the pledge is not in a state, or not as the person saw it, any more."""

    def __init__(self, pledge: Pledge | None) -> None:
        super().__init__(N_("Hồ sơ vừa được người khác xử lý hoặc đã thay đổi. Chưa ghi gì thêm; hãy xem lại hồ sơ."))
        self.pledge = pledge


@dataclass(frozen=True)
class Changed:
    """The pledge as it is now, and what its fact must carry as `data["counts"]`."""

    pledge: Pledge
    counts: list[Count] = field(default_factory=list)


def change_state(
    session: Session,
    province_code: str,
    pledge_id: uuid.UUID,
    after: PledgeState,
    *,
    now: datetime,
    seen: int | None = None,
    where: Sequence[ColumnElement[bool]] = (),
    **values: Any,
) -> Changed:
    """Lead a pledge into `after`, or raise `StateChanged` and change nothing.

    It happens only from a state of `rules.TRANSITIONS`, at the revision that the person has `seen` (None: at any),
    and under the conditions of `where`; of twenty at once one succeeds. `values` are columns set with it.
    """
    changed = session.execute(
        update(Pledge)
        .where(
            Pledge.province_code == province_code,
            Pledge.id == pledge_id,
            Pledge.state.in_(states_before(after)),
            *([Pledge.revision == seen] if seen is not None else []),
            *where,
        )
        .values(state=after, state_since=now, revision=Pledge.revision + 1, **values)
        .returning(Pledge.id)
        .execution_options(synchronize_session=False)
    ).first()
    pledge = session.get(Pledge, (province_code, pledge_id), populate_existing=True)
    if changed is None or pledge is None:
        raise StateChanged(pledge)
    session.execute(
        update(PledgeCover)
        .where(
            PledgeCover.province_code == province_code,
            PledgeCover.pledge_id == pledge_id,
            # What was signed for a quarter that is over stays ended, whatever the agency still decides.
            PledgeCover.hold != "ended",
        )
        .values(hold=hold_of(after))
        .execution_options(synchronize_session="fetch")
    )
    return Changed(pledge, settle(session, pledge, now=now))


def settle(session: Session, pledge: Pledge, *, now: datetime) -> list[Count]:
    """Make the figures of every obligation that the pledge covers say what holds now; returns the moves for the fact.

    An obligation is in force, or waits for the agency, or neither (`model.md` 13); several pledges of one subject,
    such as an amendment under way beside the one in force, count once.
    """
    covered = session.scalars(
        select(PledgeCover.obligation_id).where(
            PledgeCover.province_code == pledge.province_code,
            PledgeCover.pledge_id == pledge.id,
            PledgeCover.obligation_id.is_not(None),
        )
    )
    return settle_obligations(session, pledge.province_code, [each for each in covered if each is not None], now=now)


def settle_obligations(
    session: Session, province_code: str, obligation_ids: Collection[uuid.UUID], *, now: datetime
) -> list[Count]:
    """The same for obligations by their ids, and for those of survivors that speak for them."""
    obligations = _locked(session, province_code, obligation_ids)
    # Whoever merges holds the obligations too: from here on it is certain which ones stand twice.
    survivors = set(kept_of(session, province_code, obligation_ids).values()).difference(obligation_ids)
    if survivors:
        obligations += _locked(session, province_code, survivors)
    standing = _standing(session, province_code, [obligation.id for obligation in obligations])
    counts: list[Count] = []
    for obligation in obligations:
        in_force, waiting = standing.get(obligation.id, (0, 0))
        moved = (waiting - obligation.waiting_for_agency, in_force - obligation.in_force)
        if moved == (0, 0):
            continue
        owner = (obligation.province_code, obligation.entity_id)
        entity = session.get(Entity, owner) if obligation.entity_id is not None else None
        counts += move_counters(
            session, obligation, entity, day=local_day(now), waiting_for_agency=moved[0], in_force=moved[1]
        )
    return counts


def _locked(session: Session, province_code: str, obligation_ids: Collection[uuid.UUID]) -> list[Obligation]:
    return list(
        session.scalars(
            select(Obligation)
            .join(
                ObligationEntry,
                (ObligationEntry.province_code == Obligation.province_code)
                & (ObligationEntry.id == Obligation.entry_id),
            )
            .where(Obligation.province_code == province_code, Obligation.id.in_(obligation_ids))
            .order_by(ObligationEntry.lead_agency, ObligationEntry.id, Obligation.opened_at, Obligation.id)
            .with_for_update(of=Obligation)
            .execution_options(populate_existing=True)
        )
    )


def _standing(
    session: Session, province_code: str, obligation_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[int, int]]:
    """Per obligation: whether a pledge for it is in force, and whether (only else) one waits for the agency.

    What a merged entity has pledged holds for its survivor: nobody who has signed may stand among those who have not.
    """
    speaks_for = twins_of(session, province_code, obligation_ids)
    rows = session.execute(
        select(PledgeCover.obligation_id, Pledge.state)
        .join(Pledge, (Pledge.province_code == PledgeCover.province_code) & (Pledge.id == PledgeCover.pledge_id))
        .where(
            PledgeCover.province_code == province_code,
            PledgeCover.obligation_id.in_([*obligation_ids, *speaks_for]),
            PledgeCover.hold != "ended",
        )
    )
    found: dict[uuid.UUID, tuple[int, int]] = {}
    for obligation_id, state in rows:
        for each in (obligation_id, speaks_for.get(obligation_id) if obligation_id is not None else None):
            if each is None:
                continue
            in_force, waiting = found.get(each, (0, 0))
            in_force = max(in_force, int(state is PledgeState.APPROVED))
            found[each] = in_force, max(waiting, int(state in WITH_AGENCY))
    return {key: (in_force, 0 if in_force else waiting) for key, (in_force, waiting) in found.items()}
