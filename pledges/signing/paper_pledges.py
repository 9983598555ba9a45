"""Pledges signed on paper without the service (`model.md` 12): recorded, counted from their own day, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import Quarter, local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.jobs.operations import enqueue
from pledges.plans.models import EntrySubjectType, ObligationEntry, PledgeText
from pledges.plans.queries import current_text, get_agency, get_entry, operative_plan
from pledges.registry.families import family, lock_survivor, twins_of
from pledges.registry.models import Channel, Entity, Obligation, Standing
from pledges.registry.obligations import recompute_obligations
from pledges.registry.queries import channels_of, obligations_of, types_of
from pledges.registry.subject_types import add_types
from pledges.signing.acts import SEAL_GRACE, SEAL_TASK, free_reference
from pledges.signing.covering import bind
from pledges.signing.models import (
    Origin,
    Pledge,
    PledgeChannel,
    PledgeCover,
    PledgeState,
    Signature,
    SignatureKind,
)
from pledges.signing.paper_sheet import frozen_answers, record_paper
from pledges.signing.rules import NO_CODE_ID, midnight, new_verification_code
from pledges.signing.states import Changed, StateChanged, change_state, settle


@dataclass(frozen=True)
class PaperPledge:
    """What the paper, or the list of an agency, says."""

    entry_id: str
    signed_on: date
    signer_name: str
    number: str = ""
    """As it stands on the paper; empty where it has none."""
    channel_ids: tuple[uuid.UUID, ...] = ()
    """The subject's channels that the paper names; none: it covers all that are known today."""
    pictures: tuple[str, ...] = ()
    """SHA-256 of clean pictures in the storage."""
    subject_type: str = ""
    """The group in which it signed, for a subject that is in none of those that the duty asks."""


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


class NeedsConfirming(DomainError):
    """Unusual, and possible: the person has to say that it is right."""


class AlreadyPledged(Conflict):
    """All that the paper covers is covered by another pledge; `pledge` is that one."""

    def __init__(self, pledge: Pledge) -> None:
        message = (
            N_("Đối tượng này đã có bản cam kết %(reference)s cho nghĩa vụ đó, nên không cần ghi nhận bản giấy nữa.")
            if pledge.state is PledgeState.APPROVED
            else N_("Đối tượng này đã ký bản %(reference)s cho nghĩa vụ đó và cơ quan đang xem xét. Hãy xử lý bản ấy.")
        )
        super().__init__(message, reference=pledge.reference)
        self.pledge = pledge


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
    same = _same_paper(session, entity, paper, entry)
    if same is not None:
        return Recorded(same, new=False)
    _check_day(session, entity, paper, now, confirmed=confirmed)
    if not confirmed:
        _check_number(session, entity, paper, entry)
    recompute_obligations(session, entity, actor=by.actor, now=now, declared=True, import_id=import_id)
    channels = _named_channels(session, entity, paper)
    periods = {
        each.id: str(Quarter.of(paper.signed_on)) if each.resign else "" for each in _same_wording(session, entry)
    }
    owed = _owed(session, entity, periods, paper)
    _refuse_covered(session, owed, periods)
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


def _same_paper(session: Session, entity: Entity, paper: PaperPledge, entry: ObligationEntry) -> Pledge | None:
    return session.scalars(
        select(Pledge).where(
            Pledge.province_code == entity.province_code,
            Pledge.entity_id.in_(family(session, entity)),
            Pledge.origin == Origin.PAPER_RECORD,
            Pledge.agency_code == entry.lead_agency,
            Pledge.text_id == entry.text_id,
            Pledge.paper_number == paper.number,
            Pledge.signed_at == midnight(paper.signed_on),
            Pledge.state != PledgeState.WITHDRAWN,
        )
    ).first()


def _check_day(session: Session, entity: Entity, paper: PaperPledge, now: datetime, *, confirmed: bool) -> None:
    if paper.signed_on > local_day(now):
        raise DomainError(N_("Ngày ký không thể ở sau hôm nay."), field="signed_on")
    issued = operative_plan(session, entity.province_code).issued_on
    if issued is not None and paper.signed_on < issued and not confirmed:
        raise NeedsConfirming(
            N_(
                "Ngày ký đứng trước ngày ban hành kế hoạch (%(day)s). "
                "Nếu đúng vậy, hãy đánh dấu ô xác nhận rồi gửi lại."
            ),
            field="confirmed",
            day=f"{issued:%d/%m/%Y}",
        )


def _check_number(session: Session, entity: Entity, paper: PaperPledge, entry: ObligationEntry) -> None:
    """A number stands on one paper a year; twice is possible, and more often a slip."""
    other = number_taken(session, entity, paper, entry.lead_agency)
    if other is not None:
        raise NeedsConfirming(
            N_(
                "Số %(number)s năm %(year)s đã ghi cho %(name)s (%(reference)s). "
                "Nếu hai bản giấy thật sự cùng số, hãy đánh dấu ô xác nhận rồi gửi lại."
            ),
            field="confirmed",
            number=paper.number,
            year=paper.signed_on.year,
            name=other.answers.get("name", ""),
            reference=other.reference,
        )


def number_taken(session: Session, entity: Entity, paper: PaperPledge, agency_code: str) -> Pledge | None:
    """The paper of another subject that bears the same number of the same agency and year."""
    if not paper.number:
        return None
    year = paper.signed_on.year
    return session.scalars(
        select(Pledge).where(
            Pledge.province_code == entity.province_code,
            Pledge.agency_code == agency_code,
            Pledge.origin == Origin.PAPER_RECORD,
            Pledge.paper_number == paper.number,
            Pledge.paper_number != "",
            Pledge.signed_at >= midnight(date(year, 1, 1)),
            Pledge.signed_at < midnight(date(year + 1, 1, 1)),
            Pledge.entity_id.not_in(family(session, entity)),
            Pledge.state != PledgeState.WITHDRAWN,
        )
    ).first()


def _refuse_covered(session: Session, owed: Sequence[Obligation], periods: Mapping[str, str]) -> None:
    """Nothing is recorded where every obligation is held by a pledge of that time already."""
    if not owed:
        return
    ids = [obligation.id for obligation in owed]
    speaks_for = twins_of(session, owed[0].province_code, ids)
    held = {
        (speaks_for.get(cover.obligation_id, cover.obligation_id), cover.period): cover.pledge_id
        for cover in session.scalars(
            select(PledgeCover).where(
                PledgeCover.province_code == owed[0].province_code,
                PledgeCover.obligation_id.in_([*ids, *speaks_for]),
                PledgeCover.hold != "ended",
            )
        )
        if cover.obligation_id is not None
    }
    wanted = [(obligation.id, periods[obligation.entry_id]) for obligation in owed]
    if all(each in held for each in wanted):
        raise AlreadyPledged(session.get_one(Pledge, (owed[0].province_code, held[wanted[0]])))


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
