"""Pledges signed on paper without the service (`model.md` 12): recorded, counted from their own day, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import Quarter, local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.jobs.operations import enqueue
from pledges.plans.models import EntrySubjectType, ObligationEntry, PledgeText
from pledges.plans.queries import current_text, get_agency, get_entry
from pledges.registry.families import lock_survivor
from pledges.registry.models import Channel, Entity, Obligation, Standing
from pledges.registry.obligations import recompute_obligations
from pledges.registry.queries import channels_of, obligations_of, types_of
from pledges.registry.subject_types import add_types
from pledges.signing.acts import SEAL_GRACE, SEAL_TASK, free_reference
from pledges.signing.covering import bind
from pledges.signing.least_kinds import refuse_pen
from pledges.signing.log_entries import enter
from pledges.signing.models import (
    Origin,
    Pledge,
    PledgeChannel,
    PledgeState,
    Signature,
    SignatureKind,
)
from pledges.signing.paper_checks import (
    PaperPledge,
    check_day,
    check_number,
    refuse_covered,
    same_paper,
)
from pledges.signing.paper_sheet import frozen_answers, record_paper
from pledges.signing.rules import NO_CODE_ID, midnight, new_verification_code
from pledges.signing.states import Changed, StateChanged, change_state, settle


@dataclass(frozen=True)
class Recorder:
    """Who records: somebody of the agency, or (without `staff_id`) a command."""

    actor: Actor
    name: str
    agency_code: str
    staff_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Recorded:
    pledge: Pledge
    new: bool
    """False: the same paper had been recorded before, and nothing was added."""


def record_paper_pledge(
    session: Session,
    entity: Entity,
    paper: PaperPledge,
    *,
    by: Recorder,
    now: datetime,
    public_url: str,
    confirmed: bool = False,
    import_id: uuid.UUID | None = None,
) -> Recorded:
    """Record one paper as a pledge in force since its own day.

    The same number, day and subject again is the same paper. Raises `AlreadyPledged` where nothing is left to cover,
    and `NeedsConfirming` for what is unusual unless it is `confirmed`.
    """
    paper = replace(paper, number=normal_number(paper.number))
    entity = lock_survivor(session, entity)
    entry = _entry(session, entity, paper.entry_id, by)
    _join_group(session, entity, entry, paper, by, now)
    if entity.standing is Standing.CLAIMED:
        raise Conflict(N_("Đối tượng này còn chờ cán bộ xem có trùng với đối tượng khác không. Hãy giải quyết trước."))
    same = same_paper(session, entity, paper, entry)
    if same is not None:
        return Recorded(same, new=False)
    refuse_pen(session, entity.province_code, [(entry.lead_agency, entry.text_id)])
    check_day(session, entity, paper, now, confirmed=confirmed)
    if not confirmed:
        check_number(session, entity, paper, entry)
    recompute_obligations(session, entity, actor=by.actor, now=now, declared=True, import_id=import_id)
    channels = _named_channels(session, entity, paper)
    periods = {
        each.id: str(Quarter.of(paper.signed_on)) if each.resign else "" for each in _same_wording(session, entry)
    }
    owed = _owed(session, entity, periods, paper)
    refuse_covered(session, owed, periods)
    pledge = _new_pledge(session, entity, paper, entry, channels, by=by, now=now, public_url=public_url)
    pledge.import_id = import_id
    session.add(pledge)
    session.flush()
    _add_evidence(session, pledge, paper, channels)
    bind(session, pledge, owed, periods)
    record(
        session,
        "pledge.paper_recorded",
        province_code=pledge.province_code,
        object_id=pledge.id,
        actor=by.actor,
        now=now,
        effective_on=paper.signed_on,
        data={
            "entry": entry.id,
            "kind": SignatureKind.SCANNED_PAPER.value,
            "pictures": len(paper.pictures),
            "counts": settle(session, pledge, now=now),
        },
    )
    enqueue(session, SEAL_TASK, pledge.province_code, str(pledge.id))
    return Recorded(pledge, new=True)


def normal_number(typed: str) -> str:
    """A number as people compare it: in capital letters, without needless blanks."""
    return " ".join(typed.split()).upper()


def remove_paper_pledge(
    session: Session, pledge: Pledge, *, actor: Actor, now: datetime, seen: int | None = None
) -> Changed:
    """Take back what was recorded by mistake; its sheet stays checkable and says so.

    `StateChanged` where the pledge has ended already.
    """
    if pledge.origin is not Origin.PAPER_RECORD:
        raise NotFound
    if pledge.state is not PledgeState.APPROVED:
        raise StateChanged(pledge)
    changed = change_state(
        session,
        pledge.province_code,
        pledge.id,
        PledgeState.WITHDRAWN,
        now=now,
        seen=seen,
        where=(Pledge.origin == Origin.PAPER_RECORD,),
    )
    enter(session, changed.pledge, now)
    record(
        session,
        "pledge.paper_removed",
        province_code=pledge.province_code,
        object_id=pledge.id,
        actor=actor,
        now=now,
        data={"counts": changed.counts} if changed.counts else {},
    )
    return changed


# --- Checks ----------------------------------------------------------------------------------------------------------


def _entry(session: Session, entity: Entity, entry_id: str, by: Recorder) -> ObligationEntry:
    """The duty, if it is the recorder's own agency's."""
    entry = get_entry(session, entity.province_code, entry_id)
    if entry is None or entry.lead_agency != by.agency_code:
        raise NotFound
    return entry


def _join_group(
    session: Session, entity: Entity, entry: ObligationEntry, paper: PaperPledge, by: Recorder, now: datetime
) -> None:
    """Whoever signs what is asked of a group belongs to it."""
    asked = entry_types(session, _same_wording(session, entry))
    if set(asked) & set(types_of(session, entity)):
        return
    if paper.subject_type not in asked:
        raise DomainError(N_("Hãy chọn nhóm mà đối tượng này ký cam kết với tư cách đó."), field="subject_type")
    add_types(session, entity, (paper.subject_type,), actor=by.actor, now=now)


def _same_wording(session: Session, entry: ObligationEntry) -> list[ObligationEntry]:
    """The entries that one paper of this wording fulfils: the same text for the same agency (`model.md` 3)."""
    return list(
        session.scalars(
            select(ObligationEntry)
            .where(
                ObligationEntry.province_code == entry.province_code,
                ObligationEntry.lead_agency == entry.lead_agency,
                ObligationEntry.text_id == entry.text_id,
                ObligationEntry.instrument == entry.instrument,
                ObligationEntry.enabled.is_(True),
            )
            .order_by(ObligationEntry.id)
        )
    )


def entry_types(session: Session, entries: Sequence[ObligationEntry]) -> list[str]:
    """The subject types that these entries of one province ask."""
    return list(
        session.scalars(
            select(EntrySubjectType.subject_type).where(
                EntrySubjectType.province_code.in_({entry.province_code for entry in entries}),
                EntrySubjectType.entry_id.in_([entry.id for entry in entries]),
            )
        )
    )


# --- What is written -------------------------------------------------------------------------------------------------


def _named_channels(session: Session, entity: Entity, paper: PaperPledge) -> list[Channel]:
    known = {channel.id: channel for channel in channels_of(session, entity)}
    if not set(paper.channel_ids) <= set(known):
        raise NotFound
    return [known[channel_id] for channel_id in dict.fromkeys(paper.channel_ids)]


def _owed(session: Session, entity: Entity, entries: Collection[str], paper: PaperPledge) -> list[Obligation]:
    """Whatever its scope: a duty that comes back into scope finds the paper there."""
    return [
        owed.obligation
        for owed in obligations_of(session, entity)
        if owed.entry.id in entries
        and (owed.channel is None or not paper.channel_ids or owed.channel.id in paper.channel_ids)
    ]


def _new_pledge(
    session: Session,
    entity: Entity,
    paper: PaperPledge,
    entry: ObligationEntry,
    channels: Sequence[Channel],
    *,
    by: Recorder,
    now: datetime,
    public_url: str,
) -> Pledge:
    pledge_id, code = new_id(), new_verification_code()
    reference = free_reference(session, entity.province_code, local_day(now))
    text: PledgeText = current_text(session, entry.text_id)
    agency = get_agency(session, entity.province_code, entry.lead_agency)
    types = [code for code in entry_types(session, _same_wording(session, entry)) if code in types_of(session, entity)]
    sheet = record_paper(
        session,
        entity,
        entry,
        agency,
        subject_types=sorted(types),
        number=paper.number,
        signed_on=paper.signed_on,
        signer_name=paper.signer_name,
        channels=channels,
        pictures=paper.pictures,
        text=text,
        recorder=by.name,
        now=now,
        reference=reference,
        verification_url=f"{public_url}/xac-minh/{code}",
    )
    return Pledge(
        province_code=entity.province_code,
        id=pledge_id,
        reference=reference,
        verification_code=code,
        # There was no draft; a pledge without one names itself.
        draft_id=pledge_id,
        entity_id=entity.id,
        agency_code=entry.lead_agency,
        instrument=entry.instrument,
        text_id=entry.text_id,
        pledge_text_id=text.id,
        state=PledgeState.APPROVED,
        state_since=now,
        version=1,
        approved_at=now,
        signed_at=midnight(paper.signed_on),
        contact_email="",
        language="vi",
        subject_types=sorted(types),
        answers=frozen_answers(entity, sorted(types), channels, paper.signer_name),
        wording_approved=True,
        template_hash=text.template_hash,
        rendered_text=sheet.text,
        rendered_hash=sheet.paper.rendered_hash,
        paper=sheet.paper.to_json(),
        publish=False,
        document_id=None,
        seal_due_at=now + SEAL_GRACE,
        origin=Origin.PAPER_RECORD,
        paper_number=paper.number,
        pictures=list(paper.pictures),
        recorded_by=by.staff_id,
    )


def _add_evidence(session: Session, pledge: Pledge, paper: PaperPledge, channels: Sequence[Channel]) -> None:
    session.add(
        Signature(
            province_code=pledge.province_code,
            pledge_id=pledge.id,
            kind=SignatureKind.SCANNED_PAPER,
            role="signer",
            typed_name=paper.signer_name,
            masked_address="",
            address_hash="",
            code_id=NO_CODE_ID,
            signed_at=pledge.signed_at,
            rendered_hash=pledge.rendered_hash,
            # Which version of a wording stood on the paper is not known, nor which notice.
            text_version=0,
            notice_hash="",
            consent_processing_at=pledge.signed_at,
            consent_publication_at=None,
        )
    )
    for channel in channels:
        session.add(
            PledgeChannel(
                province_code=pledge.province_code,
                pledge_id=pledge.id,
                channel_id=channel.id,
                kind=channel.kind,
                address=channel.address,
            )
        )
