"""What is looked at before a paper pledge is recorded: the same paper, its day, its number, what is covered already."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict, DomainError
from pledges.plans.models import ObligationEntry
from pledges.plans.queries import operative_plan
from pledges.registry.families import family, twins_of
from pledges.registry.models import Entity, Obligation
from pledges.signing.models import Origin, Pledge, PledgeCover, PledgeState
from pledges.signing.rules import midnight


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


def same_paper(session: Session, entity: Entity, paper: PaperPledge, entry: ObligationEntry) -> Pledge | None:
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


def check_day(session: Session, entity: Entity, paper: PaperPledge, now: datetime, *, confirmed: bool) -> None:
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


def check_number(session: Session, entity: Entity, paper: PaperPledge, entry: ObligationEntry) -> None:
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


def refuse_covered(session: Session, owed: Sequence[Obligation], periods: Mapping[str, str]) -> None:
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
