"""The search for duplicates through whole provinces, beside the work of the day."""

from __future__ import annotations

import logging
import uuid
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from pledges.core.calendar import Clock
from pledges.core.db import Database
from pledges.plans.queries import provinces_in_use
from pledges.registry.duplicate_rules import SAME_CHANNEL, SCORES, Suspicion, same_names, same_numbers, standing
from pledges.registry.duplicates import write_pairs
from pledges.registry.models import Channel, Entity
from pledges.signing.models import Pledge, PledgeChannel, PledgeState

FIND_DUPLICATES = "find_duplicates"
FIND_DUPLICATES_SECONDS = 6 * 3600.0

_WITHOUT_EFFECT = (PledgeState.REJECTED, PledgeState.WITHDRAWN)

log = logging.getLogger("pledges.registry")


class DuplicateSearch:
    """`search` goes through the provinces in use, commune by commune; begun again it finds the same pairs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def search(self) -> None:
        with self._database.read() as session:
            provinces = [province.code for province in provinces_in_use(session)]
        for province_code in provinces:
            self.search_province(province_code)

    def search_province(self, province_code: str) -> int:
        """Returns how many pairs are new. The looking is done by readers, so that nobody has to wait for it."""
        with self._database.read() as session:
            found = [*same_numbers(session, province_code), *_channels_signed_by_others(session, province_code)]
            communes = session.scalars(
                select(func.coalesce(Entity.commune_code, ""))
                .where(Entity.province_code == province_code, Entity.merged_into.is_(None))
                .distinct()
            ).all()
        added = self._write(province_code, found)
        for commune_code in sorted(communes):
            with self._database.read() as session:
                found = same_names(session, province_code, commune_code=commune_code)
            added += self._write(province_code, found)
        return added

    def _write(self, province_code: str, found: list[Suspicion]) -> int:
        if not found:
            return 0
        done = self._database.run(
            partial(write_pairs, province_code=province_code, suspicions=found, now=self._clock())
        )
        if done.capped:
            log.warning("More pairs of alike subjects than are kept", extra={"province": province_code})
        return done.pairs


def _channels_signed_by_others(session: Session, province_code: str) -> list[Suspicion]:
    """Pledges that name a channel which the register has for another subject."""
    signer = aliased(Entity)
    subject = func.coalesce(signer.merged_into, signer.id)
    rows = session.execute(
        select(signer.merged_into, signer.id, Channel.entity_id)
        .select_from(PledgeChannel)
        .join(Pledge, (Pledge.province_code == PledgeChannel.province_code) & (Pledge.id == PledgeChannel.pledge_id))
        .join(signer, (signer.province_code == Pledge.province_code) & (signer.id == Pledge.entity_id))
        .join(
            Channel,
            (Channel.province_code == PledgeChannel.province_code) & (Channel.address == PledgeChannel.address),
        )
        .where(
            PledgeChannel.province_code == province_code,
            Pledge.state.not_in(_WITHOUT_EFFECT),
            Channel.entity_id.is_not(None),
            Channel.entity_id != subject,
        )
        .distinct()
    )
    pairs = {(merged_into or entity_id, owner) for merged_into, entity_id, owner in rows if owner is not None}
    living = standing(session, province_code, {each for pair in pairs for each in pair})
    return [_suspicion(*pair) for pair in sorted(pairs) if living.issuperset(pair)]


def _suspicion(one: uuid.UUID, other: uuid.UUID) -> Suspicion:
    return Suspicion.of(one, other, frozenset({SAME_CHANNEL}), SCORES[SAME_CHANNEL])
