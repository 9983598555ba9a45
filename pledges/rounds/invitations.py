"""What stands in an invitation: to whom, about what, until when; read for many entities at once."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter, end_of_day, local_day
from pledges.core.db import new_id
from pledges.core.secrecy import Vault
from pledges.messaging.operations import OneOfMany, deliverable
from pledges.plans.models import Agency, EntrySubjectType, Instrument, ObligationEntry
from pledges.plans.queries import get_province, plan_citation
from pledges.plans.rules import SUBJECT_TYPES, due_day
from pledges.plans.settings import province_settings
from pledges.registry.models import Channel, Cohort, Contact, Entity, Location, Obligation
from pledges.registry.turning import days_off, first_sightings
from pledges.rounds.links import link_of
from pledges.rounds.marking import types_of
from pledges.rounds.models import Ask, Round, Why
from pledges.rounds.population import Entries, contacts_of, entries_led, owner_joined, why
from pledges.rounds.rules import dedupe_key, shown_day


@dataclass(frozen=True)
class Sender:
    """What is the same in every invitation of a round."""

    of_round: Round
    quarter: Quarter
    today: date
    agency_name: str
    plan: str
    hotline: str
    entries: Entries
    types: dict[str, frozenset[str]]
    """The subject types of each entry."""
    days_off: frozenset[date]
    vault: Vault
    public_url: str


def sender_of(session: Session, of_round: Round, *, now: datetime, vault: Vault, public_url: str) -> Sender:
    province_code, today = of_round.province_code, local_day(now)
    rows = session.execute(
        select(EntrySubjectType.entry_id, EntrySubjectType.subject_type).where(
            EntrySubjectType.province_code == province_code
        )
    )
    types: dict[str, set[str]] = {}
    for entry_id, subject_type in rows:
        types.setdefault(entry_id, set()).add(subject_type)
    return Sender(
        of_round=of_round,
        quarter=Quarter.parse(of_round.quarter),
        today=today,
        agency_name=session.get_one(Agency, (province_code, of_round.agency_code)).name,
        plan=plan_citation(session, province_code),
        hotline=province_settings(get_province(session, province_code)).hotline,
        entries=entries_led(session, province_code, of_round.agency_code, today),
        types={entry_id: frozenset(found) for entry_id, found in types.items()},
        days_off=days_off(session, province_code),
        vault=vault,
        public_url=public_url,
    )


@dataclass(frozen=True)
class Owed:
    """One open obligation that somebody is asked about."""

    obligation_id: uuid.UUID
    entry: ObligationEntry
    cohort: Cohort
    first_seen_on: date
    why: Why


@dataclass(frozen=True)
class Invitee:
    entity_id: uuid.UUID
    name: str
    location: Location
    types: frozenset[str]
    contacts: Sequence[Contact]
    """Where they can be written to, the best first."""
    owed: list[Owed] = field(default_factory=list)

    def address(self) -> tuple[Contact, str] | None:
        """The best contact that mail can be sent to; lists bring some that are none."""
        for contact in self.contacts:
            try:
                return contact, deliverable(contact.value)
            except ValueError:
                continue
        return None


def invitees(
    session: Session, sender: Sender, entity_ids: Collection[uuid.UUID], *which: ColumnElement[bool]
) -> list[Invitee]:
    """These entities with those of their obligations that `which` chooses; without any of them nobody is returned."""
    province_code = sender.of_round.province_code
    rows = session.execute(
        select(Entity.id, Entity.name, Entity.location, Obligation, why().label("why"), Channel.first_seen_on)
        .select_from(Obligation)
        .join(Entity, owner_joined())
        .join(
            ObligationEntry,
            and_(ObligationEntry.province_code == Obligation.province_code, ObligationEntry.id == Obligation.entry_id),
        )
        .outerjoin(
            Channel,
            and_(Channel.province_code == Obligation.province_code, Channel.id == Obligation.channel_id),
        )
        .where(Obligation.province_code == province_code, Obligation.entity_id.in_(list(entity_ids)), *which)
        .order_by(Entity.id, Obligation.entry_id, Obligation.id)
    ).all()
    ids = sorted({row[0] for row in rows})
    if not ids:
        return []
    types, contacts = types_of(session, province_code, ids), contacts_of(session, province_code, ids)
    seen = first_sightings(session, province_code, ids)
    found: dict[uuid.UUID, Invitee] = {}
    for entity_id, name, location, obligation, reason, channel_seen in rows:
        invitee = found.setdefault(
            entity_id,
            Invitee(entity_id, name, location, frozenset(types.get(entity_id, ())), contacts.get(entity_id, ())),
        )
        first = channel_seen or seen.get(entity_id) or local_day(obligation.opened_at)
        entry = sender.entries.by_id[obligation.entry_id]
        invitee.owed.append(Owed(obligation.id, entry, obligation.cohort, first, Why(reason)))
    return list(found.values())


def day_shown(sender: Sender, owed: Iterable[Owed]) -> date:
    """Until when they are asked to sign everything: the latest of what holds for each part."""
    return max(
        shown_day(
            due_day(
                each.entry,
                cohort=each.cohort.value,
                first_seen_on=each.first_seen_on,
                asked_on=sender.today,
                days_off=sender.days_off,
            ),
            sender.of_round.day,
            sender.today,
            sender.days_off,
        )
        for each in owed
    )


def compose(
    sender: Sender, ask: Ask, invitee: Invitee, *, step: str, address: str, last: bool | None = None
) -> OneOfMany:
    """The mail of one step; `last` is said of reminders only."""
    signed = [each.entry for each in invitee.owed if each.entry.instrument is not Instrument.ACKNOWLEDGEMENT]
    documents = [sender.entries.documents.get(each.entry.id) for each in invitee.owed]
    params: dict[str, object] = {
        "agency_name": sender.agency_name,
        "quarter": sender.of_round.quarter,
        "name": invitee.name,
        "groups": _groups(sender, invitee, signed),
        "plan": sender.plan,
        "shown_day": ask.shown_day,
        "documents": [f"số {each.number} ngày {each.issued_on:%d/%m/%Y}" for each in documents if each] or None,
        "hotline": sender.hotline or None,
    }
    until = sender.quarter.last_day
    if last is not None:
        params["last"] = int(last)
        until = min(until, ask.shown_day)
    return OneOfMany(
        id=new_id(),
        to_address=address,
        dedupe_key=dedupe_key(ask.round_id, ask.entity_id, step),
        params=params,
        secret_params={"link": link_of(sender.public_url, sender.vault, ask), "short_code": ask.short_code},
        language="en" if invitee.location is Location.ABROAD else "vi",
        expires_at=end_of_day(until),
    )


def _groups(sender: Sender, invitee: Invitee, entries: Iterable[ObligationEntry]) -> list[str]:
    """As what they are asked to sign, in the order of the first page."""
    wanted: set[str] = set()
    for entry in entries:
        covered = sender.types.get(entry.id, frozenset())
        wanted |= (covered & invitee.types) or covered
    return [info.label for code, info in SUBJECT_TYPES.items() if code in wanted]
