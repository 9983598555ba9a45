"""What was signed or reported about subjects that a list added: then the list cannot be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from pledges.core.errors import N_
from pledges.registry.models import Obligation
from pledges.signing.dispute_models import Dispute
from pledges.signing.list_disputes import rests_on
from pledges.signing.models import Pledge, PledgeCover
from pledges.tips.models import Tip

PLEDGED = N_("đã có bản cam kết")
REPORTED = N_("có tin báo về đối tượng này")
DISPUTED = N_("có tranh chấp kênh hoặc mã số thuế")


def built_on(
    session: Session, province_code: str, ids: Collection[uuid.UUID], own_import: uuid.UUID | None
) -> dict[uuid.UUID, str]:
    """Per id what stands on it; pledges that `own_import` recorded, and disputes only it has opened, do not count."""
    own = or_(Pledge.import_id.is_(None), Pledge.import_id != own_import) if own_import is not None else true()
    pledged = select(Pledge.entity_id).where(Pledge.province_code == province_code, Pledge.entity_id.in_(ids), own)
    covered = (
        select(PledgeCover.obligation_id, Obligation.entity_id)
        .join(Pledge, (Pledge.province_code == PledgeCover.province_code) & (Pledge.id == PledgeCover.pledge_id))
        .join(
            Obligation,
            (Obligation.province_code == PledgeCover.province_code) & (Obligation.id == PledgeCover.obligation_id),
        )
        .where(
            PledgeCover.province_code == province_code,
            or_(PledgeCover.obligation_id.in_(ids), Obligation.entity_id.in_(ids)),
            own,
        )
    )
    told = select(Tip.entity_id).where(Tip.province_code == province_code, Tip.entity_id.in_(ids))
    found = {entity_id: REPORTED for entity_id in session.scalars(told) if entity_id is not None}
    sides = select(Dispute.claim_id, Dispute.owner_id).where(
        Dispute.province_code == province_code,
        or_(Dispute.claim_id.in_(ids), Dispute.owner_id.in_(ids)),
        ~rests_on(own_import) if own_import is not None else true(),
    )
    for side in session.execute(sides):
        found |= dict.fromkeys(side, DISPUTED)
    for row in session.execute(covered):
        found |= {each: PLEDGED for each in (row.obligation_id, row.entity_id) if each is not None}
    found |= dict.fromkeys(session.scalars(pledged), PLEDGED)
    wanted = set(ids)
    return {each: message for each, message in found.items() if each in wanted}
