"""Lists that name what is another's: what the engine of imports calls for rows about which a person has decided."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlalchemy.orm import Session

from pledges.imports.models import Import
from pledges.registry.matching import survivor
from pledges.registry.models import Channel, Entity
from pledges.signing.address_moves import Post
from pledges.signing.dispute_models import Dispute, DisputeQuestion, DisputeState
from pledges.signing.dispute_rules import OPEN
from pledges.signing.disputes import is_confirmed, lapse, open_once


@dataclass(frozen=True)
class ListDisputes:
    """`watch` and `take_back` go to the worker of imports."""

    post: Post

    def watch(self, session: Session, import_: Import, named: Sequence[tuple[uuid.UUID, str]], now: datetime) -> None:
        """Open a dispute for subjects for whom the list names channels of others (id and address).

        Somebody has to stand behind at least one of the two: between two that only lists know, what the person has
        decided about the row is the decision, and the channel stays where it was.
        """
        channels: dict[uuid.UUID, set[str]] = defaultdict(set)
        for entity_id, address in named:
            channels[entity_id].add(address)
        for entity_id, addresses in sorted(channels.items()):
            claim = survivor(session, session.get_one(Entity, (import_.province_code, entity_id)))
            for owner, about in self._owners(session, claim, addresses):
                if is_confirmed(session, owner) or is_confirmed(session, claim):
                    open_once(
                        session,
                        claim,
                        owner,
                        about,
                        agency_code=import_.agency_code,
                        now=now,
                        post=self.post,
                        import_id=import_.id,
                    )

    def _owners(self, session: Session, claim: Entity, addresses: Collection[str]) -> list[tuple[Entity, list[str]]]:
        rows = session.execute(
            select(Channel.address, Channel.entity_id)
            .where(
                Channel.province_code == claim.province_code,
                Channel.address.in_(addresses),
                Channel.entity_id.is_not(None),
            )
            .order_by(Channel.address)
        )
        owners: dict[uuid.UUID, Entity] = {}
        about: dict[uuid.UUID, list[str]] = defaultdict(list)
        for address, entity_id in rows:
            owner = survivor(session, session.get_one(Entity, (claim.province_code, entity_id)))
            if owner.id != claim.id:
                owners[owner.id] = owner
                about[owner.id].append(address)
        return [(owners[each], about[each]) for each in sorted(owners)]

    def take_back(self, session: Session, import_: Import, entity_ids: Collection[uuid.UUID], now: datetime) -> None:
        """With the list goes what only the list has said, while nobody has asked anybody about it."""
        found = session.scalars(
            select(Dispute).where(
                Dispute.province_code == import_.province_code,
                Dispute.claim_id.in_(list(entity_ids)),
                rests_on(import_.id),
            )
        ).all()
        for dispute in found:
            if dispute.state in OPEN:
                lapse(session, dispute, now)
        session.execute(
            delete(Dispute)
            .where(Dispute.province_code == import_.province_code, Dispute.id.in_([each.id for each in found]))
            .execution_options(synchronize_session=False)
        )


def rests_on(import_id: uuid.UUID) -> ColumnElement[bool]:
    """Disputes that nothing but this list has brought about."""
    asked = exists().where(
        DisputeQuestion.province_code == Dispute.province_code, DisputeQuestion.dispute_id == Dispute.id
    )
    return and_(Dispute.import_id == import_id, Dispute.state != DisputeState.DECIDED, ~asked)
