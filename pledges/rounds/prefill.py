"""The form that an ask leads to: bound to it and, once a code has come back, filled in with what the register knows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.errors import NotFound
from pledges.core.identity import national_phone
from pledges.core.secrecy import Vault
from pledges.institutions.queries import presumed_entity
from pledges.plans.models import EntrySubjectType, Instrument, ObligationEntry
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.families import family, kept_of
from pledges.registry.models import IN_SCOPE, Entity, EntityKind, Location, Obligation
from pledges.registry.operations import PERSONAL_NUMBER
from pledges.registry.queries import channels_of, contacts_of, types_of
from pledges.registry.rules import Presumed
from pledges.rounds.agency_documents import current_document
from pledges.rounds.links import Invitation, record_started
from pledges.rounds.models import AgencyDocument, Ask, AskedObligation
from pledges.signing.answers import EXTRA_FIELDS
from pledges.signing.drafts import open_draft, save_page, start_draft
from pledges.signing.models import Draft, Pledge, PledgeCover, PledgeState
from pledges.signing.rules import MOST_CHANNELS, OPEN_STATES, Page, new_resume_code

_CONFIRMED = "confirmed"
_MOST_DRAFTS = 40
"""Begun through one ask: each is used up or forgotten before there is another."""

_STANDS = (*OPEN_STATES, PledgeState.APPROVED, PledgeState.SUPERSEDED)
"""What was answered in such a pledge is filled in again; of a withdrawn or rejected one nothing is taken over."""


# --- What is asked -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AskedFor:
    """One entry that an ask is about, as it stands now."""

    entry: ObligationEntry
    subject_types: tuple[str, ...]
    """Those of the one who is asked that the entry is about."""
    open: bool
    """Something of it is in scope and without a pledge."""
    held: bool
    """Something of it is signed."""
    channels: frozenset[uuid.UUID]
    """The websites that it counts one by one."""
    document: AgencyDocument | None
    """What is acknowledged."""

    @property
    def acknowledges(self) -> bool:
        return self.entry.instrument is Instrument.ACKNOWLEDGEMENT


def asked_for(session: Session, invitation: Invitation) -> list[AskedFor]:
    """What an ask is about, entry by entry: as it is owed now, by the one who stands for a merged entity."""
    ask, entity = invitation.ask, invitation.entity
    ids = session.scalars(
        select(AskedObligation.obligation_id).where(
            AskedObligation.province_code == ask.province_code, AskedObligation.ask_id == ask.id
        )
    ).all()
    kept = kept_of(session, ask.province_code, ids)
    obligations = session.scalars(
        select(Obligation).where(
            Obligation.province_code == ask.province_code, Obligation.id.in_({kept.get(each, each) for each in ids})
        )
    ).all()
    types = set(types_of(session, entity))
    found = []
    for entry_id in sorted({obligation.entry_id for obligation in obligations}):
        owed = [obligation for obligation in obligations if obligation.entry_id == entry_id]
        found.append(_asked_entry(session, ask.province_code, entry_id, owed, types))
    return found


def _asked_entry(
    session: Session, province_code: str, entry_id: str, owed: list[Obligation], types: set[str]
) -> AskedFor:
    covered = session.scalars(
        select(EntrySubjectType.subject_type).where(
            EntrySubjectType.province_code == province_code, EntrySubjectType.entry_id == entry_id
        )
    ).all()
    own = [code for code in SUBJECT_TYPES if code in covered and code in types]
    held = [obligation for obligation in owed if obligation.in_force > 0 or obligation.waiting_for_agency > 0]
    return AskedFor(
        entry=session.get_one(ObligationEntry, (province_code, entry_id)),
        subject_types=tuple(own or [code for code in SUBJECT_TYPES if code in covered][:1]),
        open=any(obligation.scope in IN_SCOPE for obligation in owed if obligation not in held),
        held=bool(held),
        channels=frozenset(obligation.channel_id for obligation in owed if obligation.channel_id is not None),
        document=current_document(session, province_code, entry_id),
    )


def returned_pledge(session: Session, invitation: Invitation, asked: Iterable[AskedFor]) -> Pledge | None:
    """What was signed and sent back, where nothing else is left to sign: it is corrected, not signed anew."""
    entries = {each.entry.id for each in asked if each.open}
    if not entries:
        return None
    rows = session.execute(
        select(Pledge, PledgeCover.entry_id)
        .join(
            PledgeCover,
            (PledgeCover.province_code == Pledge.province_code) & (PledgeCover.pledge_id == Pledge.id),
        )
        .where(
            Pledge.province_code == invitation.ask.province_code,
            Pledge.entity_id.in_(family(session, invitation.entity)),
            Pledge.state == PledgeState.RETURNED,
            PledgeCover.entry_id.in_(entries),
        )
        .order_by(Pledge.signed_at, Pledge.id)
    ).all()
    return rows[0][0] if {row[1] for row in rows} == entries else None


# --- The draft -----------------------------------------------------------------------------------------------------


def begin(
    session: Session,
    invitation: Invitation,
    *,
    confirmed: bool,
    browser: str,
    network: str,
    language: str,
    now: datetime,
    vault: Vault,
) -> Draft:
    """The unfinished form of this ask, or a new one.

    `confirmed`: a code that went to the known contact has come back. Without it the form knows no more than what
    stands on the landing page, the province and the groups, and belongs to one browser: whoever else holds the link
    must not read what was typed there.
    """
    ask = session.get_one(
        Ask, (invitation.ask.province_code, invitation.ask.id), with_for_update=True, populate_existing=True
    )
    for draft_id in _draft_ids(ask, _CONFIRMED if confirmed else f"blank:{browser}"):
        before = session.get(Draft, draft_id)
        if before is None:
            break
        if before.signed_at is None and _lives(session, before, now):
            return before
    else:
        raise NotFound
    pages = _pages(session, invitation, vault, confirmed=confirmed)
    draft = start_draft(
        session,
        pages.pop(Page.GROUP),
        email=invitation.contact.value if confirmed and invitation.contact is not None else "",
        # Nobody is shown this code: the invitation itself leads back to the form.
        resume_code=new_resume_code(),
        network=network,
        language=language,
        now=now,
        vault=vault,
        draft_id=draft_id,
    )
    draft.ask_province, draft.ask_id = ask.province_code, ask.id
    for page, raw in pages.items():
        save_page(session, draft, page, raw, now=now, vault=vault)
    record_started(session, ask, now)
    return draft


def _draft_ids(ask: Ask, begun: str) -> list[uuid.UUID]:
    """The ids that drafts of this ask have one after the other: they say by themselves how they were begun."""
    return [uuid.uuid5(ask.id, f"{begun}:{number}") for number in range(_MOST_DRAFTS)]


def _lives(session: Session, draft: Draft, now: datetime) -> bool:
    try:
        open_draft(session, draft.id, now)
    except NotFound:
        return False
    return True


def presumed_signer(session: Session, draft: Draft, province_code: str, name: str) -> Presumed | None:
    """Whom an invitation, or else an institution's list, says a signer to be."""
    if draft.ask_id is not None and draft.ask_province == province_code:
        ask = session.get(Ask, (province_code, draft.ask_id))
        if ask is not None:
            return Presumed(ask.entity_id, proven=draft.id in _draft_ids(ask, _CONFIRMED))
    listed = presumed_entity(session, draft, province_code, name)
    return Presumed(listed) if listed is not None else None


# --- What the register knows, as somebody would type it --------------------------------------------------------------


def _pages(session: Session, invitation: Invitation, vault: Vault, *, confirmed: bool) -> dict[Page, dict[str, Any]]:
    entity, asked = invitation.entity, asked_for(session, invitation)
    types = _types(entity, asked)
    group = {"province": entity.province_code, "subject_type": types[0], "more_types": types[1:]}
    if not confirmed or invitation.contact is None:
        return {Page.GROUP: {"email": "", **group}}
    last = _last_pledge(session, entity, invitation.contact.value)
    pages = {
        Page.GROUP: {"email": invitation.contact.value, **group},
        Page.WHO: _who(entity, types, last, vault),
        Page.PLACE: _place(session, entity, asked),
    }
    if last is not None and entity.kind is EntityKind.ORGANISATION:
        pages[Page.SIGNER] = {"name": last.answers["signer_name"], "title": last.answers["signer_title"]}
    return pages


def _types(entity: Entity, asked: list[AskedFor]) -> list[str]:
    """The groups still to be signed for, without those that somebody of this kind cannot belong to."""
    wanted = {code for each in asked if each.open for code in each.subject_types}
    known = [code for code in SUBJECT_TYPES if code in wanted]
    if not known:
        raise NotFound
    fitting = [code for code in known if SUBJECT_TYPES[code].person_or_organisation in {"either", entity.kind.value}]
    return fitting or known[:1]


def _last_pledge(session: Session, entity: Entity, email: str) -> Pledge | None:
    """What this subject signed last from the same address, and stands by."""
    return session.scalars(
        select(Pledge)
        .where(
            Pledge.province_code == entity.province_code,
            Pledge.entity_id.in_(family(session, entity)),
            Pledge.state.in_(_STANDS),
            Pledge.contact_email == email,
        )
        .order_by(Pledge.signed_at.desc(), Pledge.id)
        .limit(1)
    ).first()


def _who(entity: Entity, types: list[str], last: Pledge | None, vault: Vault) -> dict[str, Any]:
    number = ""
    if entity.personal_number is not None and any(SUBJECT_TYPES[code].needs_personal_number for code in types):
        number = vault.decrypt(PERSONAL_NUMBER, entity.personal_number)
    extra = last.answers.get("extra", {}) if last is not None else {}
    return {
        "kind": entity.kind.value,
        "name": entity.name,
        "location": entity.location.value,
        "home_province": last.answers.get("home_province", "") if last is not None else "",
        "country": entity.country,
        "tax_code": entity.tax_code or "",
        "personal_number": number,
        **{name: extra.get(name, "") for name in EXTRA_FIELDS},
    }


def _place(session: Session, entity: Entity, asked: list[AskedFor]) -> dict[str, Any]:
    wanted = {channel_id for each in asked for channel_id in each.channels}
    channels = sorted(
        (channel for channel in channels_of(session, entity) if channel.dead_since is None),
        key=lambda channel: channel.id not in wanted,
    )
    phones = [each.value for each in contacts_of(session, entity) if each.kind == "phone" and each.ended_at is None]
    return {
        "commune": (entity.commune_code or "") if entity.location is Location.LOCAL else "",
        "address": entity.address,
        "phone": national_phone(phones[0]) if phones else "",
        "channels": [channel.address for channel in channels[:MOST_CHANNELS]],
        "started_on": "",
    }
