"""The automatic checks beside each file, for a whole page of the queue with a constant number of queries."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, defer

from pledges.core.db import InProvince
from pledges.documents.models import Document
from pledges.plans.models import PledgeText
from pledges.registry.models import Channel, Entity, Sighting, Standing
from pledges.registry.rules import SELF_DECLARED
from pledges.review.check_rules import Check, CheckOutcome, Elsewhere, Findings, judge, passes_all
from pledges.signing.least_kinds import least_kinds
from pledges.signing.models import Pledge, PledgeChannel, PledgeState, Signature, SignatureKind
from pledges.signing.rules import OPEN_STATES

__all__ = ["Check", "CheckOutcome", "check_pledges", "passes_all"]

LIVING = OPEN_STATES | {PledgeState.APPROVED}

T = TypeVar("T")
Row = TypeVar("Row", bound=InProvince)


def check_pledges(
    session: Session, province_code: str, pledges: Sequence[Pledge]
) -> dict[uuid.UUID, tuple[Check, ...]]:
    """What the program finds about each of these pledges of one province, by pledge id."""
    if not pledges:
        return {}
    known = _look_up(session, province_code, pledges)
    return {pledge.id: judge(known.about(pledge)) for pledge in pledges}


@dataclass(frozen=True)
class _Known:
    """What the queries found for all pledges of the page together."""

    entities: dict[uuid.UUID, Entity]
    known_otherwise: frozenset[uuid.UUID]
    by_code: dict[str, list[Entity]]
    by_name: dict[tuple[str, str], list[Entity]]
    channels: dict[uuid.UUID, list[PledgeChannel]]
    registered: dict[str, Channel]
    named: dict[str, list[tuple[str, str, Entity]]]
    """By address: reference, agency and subject of the living pledges with this channel."""
    signatures: dict[tuple[uuid.UUID, int], list[Signature]]
    texts: dict[uuid.UUID, PledgeText]
    documents: dict[uuid.UUID, Document]
    revoked: dict[tuple[uuid.UUID, str], list[Pledge]]
    """By subject and agency, the last one first."""
    least_kinds: dict[tuple[str, str], SignatureKind]
    """By agency and text."""

    def about(self, pledge: Pledge) -> Findings:
        entity = self.entities[pledge.entity_id]
        mine = _one_subject(entity)
        channels = self.channels.get(pledge.id, [])
        code = pledge.answers.get("tax_code") or ""
        name = (entity.name_fold, entity.commune_code or "")
        others = [each for each in self.by_name.get(name, []) if each.id not in mine | {entity.claims_entity_id}]
        return Findings(
            pledge=pledge,
            entity=entity,
            channels=tuple(channels),
            signatures=tuple(self.signatures.get((pledge.id, pledge.version), ())),
            text=self.texts.get(pledge.pledge_text_id),
            document=self.documents.get(pledge.document_id) if pledge.document_id else None,
            known_otherwise=bool(mine & self.known_otherwise),
            claimed=self.entities.get(entity.claims_entity_id) if entity.claims_entity_id else None,
            same_code=next((each for each in self.by_code.get(code, []) if not _one_subject(each) & mine), None),
            same_name=others[0] if others else None,
            owners=self._owners(channels, mine),
            elsewhere=tuple(self._elsewhere(pledge, channels, mine)),
            least_kind=self.least_kinds[pledge.agency_code, pledge.text_id],
            revoked=next(iter(self.revoked.get((entity.merged_into or entity.id, pledge.agency_code), [])), None),
            lookalikes=frozenset(address for address, row in self.registered.items() if row.lookalike),
        )

    def _owners(self, channels: Iterable[PledgeChannel], mine: frozenset[uuid.UUID]) -> dict[str, Entity]:
        found = {}
        for channel in channels:
            row = self.registered.get(channel.address)
            owner = self.entities.get(row.entity_id) if row is not None and row.entity_id is not None else None
            if owner is not None and not _one_subject(owner) & mine:
                found[channel.address] = owner
        return found

    def _elsewhere(
        self, pledge: Pledge, channels: Iterable[PledgeChannel], mine: frozenset[uuid.UUID]
    ) -> Iterable[Elsewhere]:
        for channel in channels:
            row = self.registered.get(channel.address)
            for reference, agency_code, entity in self.named.get(channel.address, []):
                if _one_subject(entity) & mine or (row is not None and row.entity_id == entity.id):
                    continue
                shown = reference if agency_code == pledge.agency_code else ""
                yield Elsewhere(channel.address, entity.name, shown)


def _one_subject(entity: Entity) -> frozenset[uuid.UUID]:
    """The ids under which this subject stands in the register."""
    return frozenset({entity.id, entity.merged_into} - {None})  # type: ignore[arg-type]


def _look_up(session: Session, province_code: str, pledges: Sequence[Pledge]) -> _Known:
    ids = [pledge.id for pledge in pledges]
    own = _by_id(session, Entity, province_code, {pledge.entity_id for pledge in pledges})
    channels = session.scalars(
        select(PledgeChannel)
        .where(PledgeChannel.province_code == province_code, PledgeChannel.pledge_id.in_(ids))
        .order_by(PledgeChannel.id)
    ).all()
    addresses = {channel.address for channel in channels}
    registered = session.scalars(
        select(Channel).where(Channel.province_code == province_code, Channel.address.in_(addresses))
    ).all()
    more = {entity.claims_entity_id for entity in own.values()} | {row.entity_id for row in registered}
    others = _by_id(session, Entity, province_code, more - {None} - set(own))
    alike = _alike(session, province_code, pledges, own.values())
    signatures = session.scalars(
        select(Signature).where(Signature.province_code == province_code, Signature.pledge_id.in_(ids))
    )
    texts = session.scalars(select(PledgeText).where(PledgeText.id.in_({pledge.pledge_text_id for pledge in pledges})))
    return _Known(
        entities=own | others,
        known_otherwise=_known_otherwise(session, province_code, own.values()),
        by_code=_grouped((each.tax_code or "", each) for each in alike if each.tax_code),
        by_name=_grouped(((each.name_fold, each.commune_code), each) for each in alike if each.commune_code),
        channels=_grouped((channel.pledge_id, channel) for channel in channels),
        registered={row.address: row for row in registered},
        named=_named(session, province_code, addresses),
        signatures=_grouped(((each.pledge_id, each.version), each) for each in signatures),
        texts={text.id: text for text in texts},
        documents=_by_id(session, Document, province_code, {pledge.document_id for pledge in pledges} - {None}),
        least_kinds=least_kinds(session, province_code, {(each.agency_code, each.text_id) for each in pledges}),
        revoked=_revoked(session, province_code, {pledge.agency_code for pledge in pledges}, own.values()),
    )


def _by_id(
    session: Session, table: type[Row], province_code: str, ids: set[uuid.UUID] | set[uuid.UUID | None]
) -> dict[uuid.UUID, Row]:
    rows = session.scalars(select(table).where(table.province_code == province_code, table.id.in_(ids)))
    return {row.id: row for row in rows}


def _grouped(pairs: Iterable[tuple[T, Row]]) -> dict[T, list[Row]]:
    found: dict[T, list[Row]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)


def _known_otherwise(session: Session, province_code: str, entities: Iterable[Entity]) -> frozenset[uuid.UUID]:
    """Those of the entities that an import, an office or a citizen has seen too."""
    ids = frozenset().union(*(_one_subject(entity) for entity in entities))
    return frozenset(
        entity_id
        for entity_id in session.scalars(
            select(Sighting.entity_id).where(
                Sighting.province_code == province_code,
                Sighting.entity_id.in_(ids),
                Sighting.source != SELF_DECLARED,
            )
        )
        if entity_id is not None
    )


def _revoked(
    session: Session, province_code: str, agencies: set[str], entities: Iterable[Entity]
) -> dict[tuple[uuid.UUID, str], list[Pledge]]:
    """What was revoked of these subjects, also under a name that has been merged into theirs."""
    ids = frozenset().union(*(_one_subject(entity) for entity in entities))
    rows = session.execute(
        select(Pledge, Entity)
        .join(Entity, (Entity.province_code == Pledge.province_code) & (Entity.id == Pledge.entity_id))
        .where(
            Pledge.province_code == province_code,
            Pledge.agency_code.in_(agencies),
            Pledge.state == PledgeState.REVOKED,
            or_(Entity.id.in_(ids), Entity.merged_into.in_(ids)),
        )
        .options(defer(Pledge.paper), defer(Pledge.rendered_text))
        .order_by(Pledge.state_since.desc(), Pledge.id)
    )
    return _grouped(((entity.merged_into or entity.id, pledge.agency_code), pledge) for pledge, entity in rows)


def _alike(
    session: Session, province_code: str, pledges: Iterable[Pledge], entities: Iterable[Entity]
) -> Sequence[Entity]:
    """Registered entities with one of the tax codes or one of the names, oldest first."""
    codes = {code for pledge in pledges if (code := pledge.answers.get("tax_code"))}
    names = {entity.name_fold for entity in entities}
    return session.scalars(
        select(Entity)
        .where(
            Entity.province_code == province_code,
            Entity.standing == Standing.REGISTERED,
            Entity.merged_into.is_(None),
            or_(Entity.tax_code.in_(codes), Entity.name_fold.in_(names)),
        )
        .order_by(Entity.added_at, Entity.id)
    ).all()


def _named(session: Session, province_code: str, addresses: set[str]) -> dict[str, list[tuple[str, str, Entity]]]:
    rows = session.execute(
        select(PledgeChannel.address, Pledge.reference, Pledge.agency_code, Entity)
        .join(Pledge, (Pledge.province_code == PledgeChannel.province_code) & (Pledge.id == PledgeChannel.pledge_id))
        .join(Entity, (Entity.province_code == Pledge.province_code) & (Entity.id == Pledge.entity_id))
        .where(
            PledgeChannel.province_code == province_code,
            PledgeChannel.address.in_(addresses),
            Pledge.state.in_(LIVING),
        )
        .order_by(Pledge.signed_at, Pledge.id)
    )
    found: dict[str, list[tuple[str, str, Entity]]] = defaultdict(list)
    for address, reference, agency_code, entity in rows:
        found[address].append((reference, agency_code, entity))
    return dict(found)
