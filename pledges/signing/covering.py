"""What a pledge covers (`model.md` 3): the obligations of its wording that no other pledge of that time holds."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter, local_day
from pledges.plans.models import EntrySubjectType, ObligationEntry
from pledges.registry.families import twins_of
from pledges.registry.models import Channel, Entity, Obligation
from pledges.registry.operations import Registered
from pledges.registry.queries import obligations_of
from pledges.registry.upkeep_models import Merge
from pledges.signing.models import Pledge, PledgeChannel, PledgeCover
from pledges.signing.rules import hold_of
from pledges.signing.texts import TextToSign


def owed_under(registered: Registered, text: TextToSign) -> list[Obligation]:
    """The obligations that this wording would cover; none for a claimed entity or a voluntary pledge."""
    entries = {entry.id for entry in text.entries}
    return [obligation for obligation in registered.obligations if obligation.entry_id in entries]


def periods_of(text: TextToSign) -> dict[str, str]:
    """Per entry of the wording: the period that is signed for now."""
    return {entry.id: text.period_of(entry) for entry in text.entries}


def covers_of(session: Session, pledge: Pledge) -> list[PledgeCover]:
    return list(
        session.scalars(
            select(PledgeCover)
            .where(PledgeCover.province_code == pledge.province_code, PledgeCover.pledge_id == pledge.id)
            .order_by(PledgeCover.id)
        )
    )


def bind(session: Session, pledge: Pledge, owed: Iterable[Obligation], periods: Mapping[str, str]) -> None:
    """Make the rows of a pledge say what it covers: of `owed` what is free, or the bare entries where nothing is.

    What it held of them it keeps, in its period; what is no longer among them it gives up. An amendment may hold what
    the pledge holds that it amends: the one takes the other's place.
    """
    wanted = {obligation.id: obligation for obligation in owed}
    kept = set()
    for cover in covers_of(session, pledge):
        if cover.obligation_id in wanted:
            kept.add(cover.obligation_id)
        else:
            session.delete(cover)
    session.flush()
    taken = _held_by_others(session, pledge, wanted)
    free = [
        (obligation.entry_id, obligation.id, periods[obligation.entry_id])
        for obligation in wanted.values()
        if obligation.id not in kept and (obligation.id, periods[obligation.entry_id]) not in taken
    ]
    bare = [] if kept or free else [(entry_id, None, "") for entry_id in sorted(periods) or [""]]
    for entry_id, obligation_id, period in [*free, *bare]:
        session.add(
            PledgeCover(
                province_code=pledge.province_code,
                pledge_id=pledge.id,
                entry_id=entry_id,
                obligation_id=obligation_id,
                period=period,
                hold=hold_of(pledge.state),
            )
        )
    session.flush()


def _held_by_others(
    session: Session, pledge: Pledge, obligations: Collection[uuid.UUID]
) -> set[tuple[uuid.UUID | None, str]]:
    """What another pledge holds, also one that was signed under a name that has been merged into this subject."""
    ours = [pledge.id] if pledge.amends_id is None else [pledge.id, pledge.amends_id]
    speaks_for = twins_of(session, pledge.province_code, obligations)
    rows = session.execute(
        select(PledgeCover.obligation_id, PledgeCover.period).where(
            PledgeCover.province_code == pledge.province_code,
            PledgeCover.obligation_id.in_([*obligations, *speaks_for]),
            PledgeCover.hold != "ended",
            PledgeCover.pledge_id.not_in(ours),
        )
    )
    return {(speaks_for.get(obligation_id, obligation_id), period) for obligation_id, period in rows if obligation_id}


def bind_waiting(session: Session, entity: Entity, *, beside: Pledge | None = None) -> list[Pledge]:
    """Let the other pledges of an entity that was only claimed until now cover what it owes from now on.

    Nobody who has signed may stand among those who have not (`model.md` 13).
    """
    others = session.scalars(
        select(Pledge)
        .join(
            PledgeCover,
            (PledgeCover.province_code == Pledge.province_code) & (PledgeCover.pledge_id == Pledge.id),
        )
        .where(
            Pledge.province_code == entity.province_code,
            Pledge.entity_id == entity.id,
            *([Pledge.id != beside.id] if beside is not None else []),
            PledgeCover.obligation_id.is_(None),
            PledgeCover.entry_id != "",
            PledgeCover.hold != "ended",
        )
        .order_by(Pledge.id)
    ).unique()
    bound = []
    for pledge in others.all():
        periods = {cover.entry_id: cover.period for cover in covers_of(session, pledge)}
        named = _named_channels(session, pledge)
        owed = [
            found.obligation
            for found in obligations_of(session, entity)
            if found.entry.id in periods and (found.channel is None or found.channel.id in named)
        ]
        bind(session, pledge, owed, periods)
        bound.append(pledge)
    return bound


def bind_again(session: Session, entity: Entity, *, since: Merge) -> list[Pledge]:
    """Let what the entity has signed since that merge cover what the merged one held at that time and is free now.

    Ids grow with time, also those of papers that were signed earlier and recorded since.
    """
    pledges = session.scalars(
        select(Pledge)
        .join(
            PledgeCover,
            (PledgeCover.province_code == Pledge.province_code) & (PledgeCover.pledge_id == Pledge.id),
        )
        .where(
            Pledge.province_code == entity.province_code,
            Pledge.entity_id == entity.id,
            or_(Pledge.id > since.id, Pledge.signed_at >= since.merged_at),
            PledgeCover.hold != "ended",
        )
        .order_by(Pledge.id)
    ).unique()
    bound = []
    for pledge in pledges.all():
        entries = _entries_of(session, pledge)
        held = {cover.obligation_id for cover in covers_of(session, pledge)} - {None}
        named = _named_channels(session, pledge)
        owed = [
            found.obligation
            for found in obligations_of(session, entity)
            if found.obligation.id in held
            or (found.entry.id in entries and (found.channel is None or found.channel.id in named))
        ]
        if {obligation.id for obligation in owed} - held:
            quarter = str(Quarter.of(local_day(pledge.signed_at)))
            bind(session, pledge, owed, {each.id: quarter if each.resign else "" for each in entries.values()})
            bound.append(pledge)
    return bound


def _entries_of(session: Session, pledge: Pledge) -> dict[str, ObligationEntry]:
    """The entries that its wording was signed for."""
    entries = session.scalars(
        select(ObligationEntry)
        .join(
            EntrySubjectType,
            (EntrySubjectType.province_code == ObligationEntry.province_code)
            & (EntrySubjectType.entry_id == ObligationEntry.id),
        )
        .where(
            ObligationEntry.province_code == pledge.province_code,
            ObligationEntry.lead_agency == pledge.agency_code,
            ObligationEntry.text_id == pledge.text_id,
            ObligationEntry.instrument == pledge.instrument,
            EntrySubjectType.subject_type.in_(pledge.subject_types),
        )
    )
    return {entry.id: entry for entry in entries}


def _named_channels(session: Session, pledge: Pledge) -> set[uuid.UUID]:
    """The registered channels that it names."""
    return set(
        session.scalars(
            select(Channel.id)
            .join(
                PledgeChannel,
                (PledgeChannel.province_code == Channel.province_code) & (PledgeChannel.address == Channel.address),
            )
            .where(Channel.province_code == pledge.province_code, PledgeChannel.pledge_id == pledge.id)
        )
    )
