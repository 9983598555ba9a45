"""What an officer does with pledges signed on paper: record one, and take back what was recorded by mistake."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_block
from pledges.registry.models import Entity
from pledges.review.models import Decision, DecisionKind
from pledges.review.operations import LONGEST_MESSAGE, Key, add_decision, in_reach
from pledges.signing.paper_checks import PaperPledge
from pledges.signing.paper_pledges import Recorded, Recorder, record_paper_pledge, remove_paper_pledge


def record_paper(
    session: Session,
    entity: Entity,
    paper: PaperPledge,
    *,
    staff: Staff,
    now: datetime,
    public_url: str,
    confirmed: bool = False,
) -> Recorded:
    """Record one paper of a subject of the register for the officer's own agency."""
    require(staff, Action.PAPER_RECORD, Place(entity.province_code, staff.agency_code))
    by = Recorder(actor_of(staff), staff.name, staff.agency_code or "", staff.id)
    # Read anew in the session that writes.
    entity = session.get_one(Entity, (entity.province_code, entity.id))
    return record_paper_pledge(session, entity, paper, by=by, now=now, public_url=public_url, confirmed=confirmed)


def remove_record(session: Session, key: Key, *, staff: Staff, seen: int, reason: str, now: datetime) -> Decision:
    """Take back what was recorded by mistake, with a reason that stays in the agency."""
    pledge = in_reach(session, key, staff, Action.PAPER_RECORD, now)
    kept = clean_block(reason, most=LONGEST_MESSAGE, field="reason")
    if not kept:
        raise DomainError(N_("Hãy ghi vì sao xóa ghi nhận, để người sau hiểu."), field="reason")
    changed = remove_paper_pledge(session, pledge, actor=actor_of(staff), now=now, seen=seen)
    return add_decision(session, changed.pledge, DecisionKind.RECORD_REMOVED, staff=staff, now=now, note=kept)
