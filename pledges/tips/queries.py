"""Named selections of reports: whose they are, what waits, what belongs together, what the register has already."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from pledges.core.errors import NotFound
from pledges.core.secrecy import Vault
from pledges.core.text import name_key
from pledges.plans.models import Agency
from pledges.plans.queries import agencies_of, duties_for
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.matching import survivor
from pledges.registry.models import Channel, Entity, Standing
from pledges.registry.queries import find_channel
from pledges.registry.searching import search_entities
from pledges.tips.models import Tip, TipState

CODE = "tip-code"
"""The purpose under which the vault hashes private codes."""
PAGE_SIZE = 30
MOST_TOGETHER = 50
MOST_OWN = 100
MOST_CANDIDATES = 6


def agency_for(session: Session, province_code: str, subject_type: str) -> Agency:
    """Who decides: the lead agency of what the group signs first, of unknown things the trade department."""
    if subject_type in SUBJECT_TYPES:
        return duties_for(session, province_code, subject_type)[0].agency
    for agency in agencies_of(session, province_code):
        if agency.field == "trade":
            return agency
    raise NotFound


def get_tip(session: Session, province_code: str, tip_id: uuid.UUID) -> Tip | None:
    return session.get(Tip, (province_code, tip_id))


def tip_of_code(session: Session, vault: Vault, code: str) -> Tip | None:
    """The report whose private code this is, in whatever province."""
    return session.scalar(select(Tip).where(Tip.code_hash == vault.keyed_hash(CODE, code)))


def own_tips(session: Session, province_code: str, staff_id: uuid.UUID) -> list[Tip]:
    """What a member of staff has reported, newest first."""
    return list(
        session.scalars(
            select(Tip)
            .where(Tip.province_code == province_code, Tip.staff_id == staff_id)
            .order_by(Tip.sent_at.desc(), Tip.id.desc())
            .limit(MOST_OWN)
        )
    )


# --- The queue of an agency ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Matter:
    """One line of the queue: the first report of something, and how many there are in all."""

    tip: Tip
    reports: int


@dataclass(frozen=True)
class TipPage:
    matters: list[Matter]
    total: int
    page: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


def _of(province_code: str, agency_code: str) -> ColumnElement[bool]:
    return and_(Tip.province_code == province_code, Tip.agency_code == agency_code)


def waiting(session: Session, province_code: str, agency_code: str, page: int = 1) -> TipPage:
    """What waits, oldest first; what came without proof of work behind the rest; the same address on one line."""
    first = and_(_of(province_code, agency_code), Tip.state == TipState.NEW, _leads())
    total = session.scalar(select(func.count()).select_from(Tip).where(first)) or 0
    page = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
    tips = session.scalars(
        select(Tip)
        .where(first)
        .order_by(Tip.doubtful, Tip.sent_at, Tip.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    counts = _counts(session, province_code, agency_code, [tip.address for tip in tips if tip.address])
    return TipPage([Matter(tip, counts.get(tip.address, 1)) for tip in tips], total, page)


def _leads() -> ColumnElement[bool]:
    """No other waiting report about the same address stands before this one."""
    other = aliased(Tip)
    earlier = or_(
        and_(not_(other.doubtful), Tip.doubtful),
        and_(
            other.doubtful == Tip.doubtful,
            or_(other.sent_at < Tip.sent_at, and_(other.sent_at == Tip.sent_at, other.id < Tip.id)),
        ),
    )
    before = (
        select(other.id)
        .where(
            other.province_code == Tip.province_code,
            other.agency_code == Tip.agency_code,
            other.address == Tip.address,
            other.state == TipState.NEW,
            earlier,
        )
        .exists()
    )
    return or_(Tip.address == "", not_(before))


def _counts(session: Session, province_code: str, agency_code: str, addresses: Sequence[str]) -> dict[str, int]:
    if not addresses:
        return {}
    rows = session.execute(
        select(Tip.address, func.count())
        .where(_of(province_code, agency_code), Tip.state == TipState.NEW, Tip.address.in_(addresses))
        .group_by(Tip.address)
    )
    return {row[0]: row[1] for row in rows}


def count_waiting(session: Session, province_code: str, agency_code: str) -> int:
    """Reports that wait, counted one by one."""
    return (
        session.scalar(
            select(func.count()).select_from(Tip).where(_of(province_code, agency_code), Tip.state == TipState.NEW)
        )
        or 0
    )


def decided(session: Session, province_code: str, agency_code: str, page: int = 1) -> TipPage:
    """What has been decided, newest first."""
    done = and_(_of(province_code, agency_code), Tip.state != TipState.NEW)
    total = session.scalar(select(func.count()).select_from(Tip).where(done)) or 0
    page = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
    tips = session.scalars(
        select(Tip)
        .where(done)
        .order_by(Tip.decided_at.desc(), Tip.id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    return TipPage([Matter(tip, 1) for tip in tips], total, page)


def together_with(session: Session, tip: Tip) -> list[Tip]:
    """Other waiting reports about the same address at the same agency, oldest first."""
    if not tip.address:
        return []
    return list(
        session.scalars(
            select(Tip)
            .where(
                _of(tip.province_code, tip.agency_code),
                Tip.address == tip.address,
                Tip.state == TipState.NEW,
                Tip.id != tip.id,
            )
            .order_by(Tip.sent_at, Tip.id)
            .limit(MOST_TOGETHER)
        )
    )


# --- What the register has already ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """An entity that the report may be about. `by_channel`: it has the very address that was reported."""

    entity: Entity
    by_channel: bool


def known_channel(session: Session, tip: Tip) -> Channel | None:
    return find_channel(session, tip.province_code, tip.address) if tip.address else None


def candidates(session: Session, tip: Tip) -> list[Candidate]:
    """Who has the same channel, then who has the same name apart from legal form and marks, then a name like it."""
    found: dict[uuid.UUID, Candidate] = {}
    channel = known_channel(session, tip)
    if channel is not None and channel.entity_id is not None:
        owner = survivor(session, session.get_one(Entity, (tip.province_code, channel.entity_id)))
        found[owner.id] = Candidate(owner, by_channel=True)
    if tip.name:
        namesakes = session.scalars(
            select(Entity)
            .where(
                Entity.province_code == tip.province_code,
                Entity.standing == Standing.REGISTERED,
                Entity.merged_into.is_(None),
                Entity.name_key == name_key(tip.name),
            )
            .order_by(Entity.commune_code != (tip.commune_code or ""), Entity.id)
            .limit(MOST_CANDIDATES)
        )
        for entity in (*namesakes, *search_registered(session, tip.province_code, name_key(tip.name))):
            found.setdefault(entity.id, Candidate(entity, by_channel=False))
    return list(found.values())[:MOST_CANDIDATES]


def search_registered(session: Session, province_code: str, query: str) -> list[Entity]:
    """Entities that a report can be merged into, by whatever they are found by."""
    hits = search_entities(session, province_code, query, limit=2 * MOST_CANDIDATES)
    return [hit.entity for hit in hits if hit.entity.standing is Standing.REGISTERED][:MOST_CANDIDATES]
