"""What a department makes of a report: something new in the register, one more sighting, or nothing with a reason."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.accounts.queries import get_staff
from pledges.audit.operations import record
from pledges.core.errors import N_, DomainError, NotFound
from pledges.core.identity import ChannelAddress
from pledges.core.secrecy import Vault
from pledges.core.text import clean_block, clean_line
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.adding import NewEntity, Seen, add_channel, add_entity, add_sighting
from pledges.registry.clashes import refuse_channel
from pledges.registry.matching import survivor
from pledges.registry.models import Channel, Entity, EntityKind, Location, Standing
from pledges.registry.queries import find_channel
from pledges.registry.rules import WEBSITE_KINDS
from pledges.tips.errors import TipDecided
from pledges.tips.models import Tip, TipSource, TipState
from pledges.tips.rules import LONGEST_PLACE, LONGEST_REASON, read_address

Key = tuple[str, uuid.UUID]
"""Province and id of a report."""

FACTS = {TipState.CONFIRMED: "tip.confirmed", TipState.MERGED: "tip.merged"}


@dataclass(frozen=True)
class Finding:
    """What the officer found out. Without a name only the website is added, until its owner is known."""

    name: str
    kind: EntityKind
    subject_types: tuple[str, ...]
    channel: ChannelAddress | None
    location: Location = Location.LOCAL
    commune_code: str | None = None
    address: str = ""


@dataclass(frozen=True)
class Page:
    """What stood on the officer's page: the revision of the report, and the others about the same address."""

    revision: int
    together: tuple[uuid.UUID, ...] = ()


def confirm_tip(
    session: Session, key: Key, finding: Finding, *, staff: Staff, seen: Page, now: datetime, vault: Vault
) -> Tip:
    """Add what was reported to the register; other reports about the same address become sightings of it."""
    _check(finding)
    tip = _decide(session, key, TipState.CONFIRMED, staff, seen, now)
    evidence = evidence_of(session, tip)
    common: dict[str, Any] = {"province_code": tip.province_code, "actor": actor_of(staff), "now": now}
    entity = channel = None
    if finding.name:
        local = finding.location is Location.LOCAL
        new = NewEntity(
            kind=finding.kind,
            name=clean_line(finding.name, field="name"),
            subject_types=finding.subject_types,
            location=finding.location,
            commune_code=finding.commune_code if local else None,
            address=clean_line(finding.address, most=LONGEST_PLACE, field="address"),
            channels=(finding.channel,) if finding.channel is not None else (),
        )
        entity = add_entity(session, new, evidence, vault=vault, **common)
    elif finding.channel is not None:
        refuse_channel(session, tip.province_code, finding.channel)
        channel = add_channel(session, None, finding.channel, evidence, **common)
    if entity is not None and finding.channel is not None:
        channel = find_channel(session, tip.province_code, finding.channel.address)
    _settle(session, tip, entity, channel, staff, now)
    _add_others(session, tip, seen, entity, channel, staff, now)
    return tip


def _check(finding: Finding) -> None:
    if not finding.name and (finding.channel is None or finding.channel.kind.value not in WEBSITE_KINDS):
        raise DomainError(
            N_("Hãy ghi tên đối tượng. Chỉ trang web hoặc ứng dụng mới được thêm khi chưa rõ chủ."), field="name"
        )
    if finding.name and (not finding.subject_types or not set(finding.subject_types) <= set(SUBJECT_TYPES)):
        raise DomainError(N_("Hãy chọn ít nhất một nhóm đối tượng."), field="types")


def merge_tip(session: Session, key: Key, entity_id: uuid.UUID, *, staff: Staff, seen: Page, now: datetime) -> Tip:
    """The register has it already: one more sighting, and its channel where that is new."""
    entity = session.get(Entity, (key[0], entity_id))
    if entity is None:
        raise DomainError(N_("Hãy chọn một đối tượng trong danh sách."), field="entity")
    entity = survivor(session, entity)
    if entity.standing is not Standing.REGISTERED:
        raise DomainError(
            N_("Đối tượng này còn chờ xem xét vì trùng với đối tượng khác. Hãy chọn đối tượng kia."), field="entity"
        )
    tip = _decide(session, key, TipState.MERGED, staff, seen, now)
    evidence = evidence_of(session, tip)
    common: dict[str, Any] = {"province_code": tip.province_code, "actor": actor_of(staff), "now": now}
    address = read_address(tip.typed)
    channel = None
    if address is not None:
        channel = add_channel(session, entity, address, evidence, **common)
    else:
        add_sighting(session, evidence, entity=entity, **common)
    _settle(session, tip, entity, channel, staff, now)
    _add_others(session, tip, seen, entity, channel, staff, now)
    return tip


def reject_tip(session: Session, key: Key, *, staff: Staff, seen: Page, reason: str, now: datetime) -> Tip:
    """Nothing comes of it; whoever sent it reads the reason."""
    said = clean_block(reason, most=LONGEST_REASON, field="reason")
    if not said:
        raise DomainError(N_("Hãy viết lý do từ chối; người báo tin đọc được lý do này."), field="reason")
    tip = _decide(session, key, TipState.REJECTED, staff, seen, now, reason=said)
    _record(session, tip, "tip.rejected", staff, now)
    for other in _others(session, tip, seen, TipState.REJECTED, staff, now, reason=said):
        _record(session, other, "tip.rejected", staff, now, together_with=str(tip.id))
    return tip


def reopen_tip(session: Session, key: Key, *, staff: Staff, revision: int, now: datetime) -> Tip:
    """Take a rejection back: the report waits again, and its sender reads so."""
    tip = _decide(session, key, TipState.NEW, staff, Page(revision), now, before=TipState.REJECTED)
    _record(session, tip, "tip.reopened", staff, now)
    return tip


# --- Steps that decisions share ------------------------------------------------------------------------------------


def _decide(
    session: Session,
    key: Key,
    after: TipState,
    staff: Staff,
    seen: Page,
    now: datetime,
    *,
    before: TipState = TipState.NEW,
    reason: str = "",
) -> Tip:
    """Take the report for this decision; of twenty at once one gets it, the others learn who did."""
    tip = session.get(Tip, key)
    if tip is None:
        raise NotFound
    require(staff, Action.TIP_DECIDE, Place(tip.province_code, tip.agency_code))
    changed = session.execute(
        update(Tip)
        .where(Tip.province_code == key[0], Tip.id == key[1], Tip.state == before, Tip.revision == seen.revision)
        .values(**_values(after, staff, now, reason))
        .returning(Tip.id)
        .execution_options(synchronize_session=False)
    ).first()
    tip = session.get_one(Tip, key, populate_existing=True)
    if changed is None:
        first = get_staff(session, key[0], tip.decided_by) if tip.decided_by is not None else None
        raise TipDecided(tip, first.name if first is not None else "")
    return tip


def _values(after: TipState, staff: Staff, now: datetime, reason: str) -> dict[str, Any]:
    open_again = after is TipState.NEW
    return {
        "state": after,
        "revision": Tip.revision + 1,
        "reason": reason,
        "decided_by": None if open_again else staff.id,
        "decided_at": None if open_again else now,
    }


def _others(
    session: Session, tip: Tip, seen: Page, after: TipState, staff: Staff, now: datetime, *, reason: str = ""
) -> Sequence[Tip]:
    """The other reports about the same address that stood on the page and still wait, decided with it."""
    if not tip.address or not seen.together:
        return []
    ids = session.scalars(
        update(Tip)
        .where(
            Tip.province_code == tip.province_code,
            Tip.agency_code == tip.agency_code,
            Tip.address == tip.address,
            Tip.state == TipState.NEW,
            Tip.id.in_(seen.together),
        )
        .values(**_values(after, staff, now, reason))
        .returning(Tip.id)
        .execution_options(synchronize_session=False)
    ).all()
    return [session.get_one(Tip, (tip.province_code, each), populate_existing=True) for each in sorted(ids)]


def _add_others(
    session: Session,
    tip: Tip,
    seen: Page,
    entity: Entity | None,
    channel: Channel | None,
    staff: Staff,
    now: datetime,
) -> None:
    for other in _others(session, tip, seen, TipState.MERGED, staff, now):
        add_sighting(
            session,
            evidence_of(session, other),
            province_code=tip.province_code,
            actor=actor_of(staff),
            now=now,
            entity=entity,
            channel=channel,
        )
        _settle(session, other, entity, channel, staff, now, together_with=str(tip.id))


def _settle(
    session: Session,
    tip: Tip,
    entity: Entity | None,
    channel: Channel | None,
    staff: Staff,
    now: datetime,
    **data: str,
) -> None:
    """Write down what the report became."""
    tip.entity_id = entity.id if entity is not None else None
    tip.channel_id = channel.id if channel is not None else None
    session.flush()
    became = {"entity": str(entity.id)} if entity is not None else {}
    became |= {"channel": str(channel.id)} if channel is not None else {}
    _record(session, tip, FACTS[tip.state], staff, now, **became, **data)


def _record(session: Session, tip: Tip, kind: str, staff: Staff, now: datetime, **data: str) -> None:
    record(
        session,
        kind,
        province_code=tip.province_code,
        object_id=tip.id,
        actor=actor_of(staff),
        now=now,
        data={"agency": tip.agency_code, **data},
    )


def evidence_of(session: Session, tip: Tip) -> Seen:
    """The report as a sighting. A citizen's own words stay with the report: they may tell who wrote them."""
    citizen = tip.source is TipSource.CITIZEN
    source = "citizen"
    if not citizen:
        sender = get_staff(session, tip.province_code, tip.staff_id) if tip.staff_id is not None else None
        source = "officer" if sender is not None and sender.role is Role.OFFICER else "commune"
    return Seen(
        source=source,
        seen_on=tip.seen_on,
        link=tip.link,
        note="" if citizen else tip.note,
        picture_sha256=tip.pictures[0] if tip.pictures else "",
        staff_id=tip.staff_id,
        tip_id=tip.id,
    )
