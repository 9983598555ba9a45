"""Asking, acknowledging, extending, deciding, and lifting a restriction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import Actor, record
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.core.text import clean_block
from pledges.plans.models import Province
from pledges.plans.settings import province_settings
from pledges.registry.families import family
from pledges.registry.models import Entity
from pledges.registry.restrictions import lift, restrict
from pledges.rights.erasing import Erased, erase
from pledges.rights.letters import tell
from pledges.rights.models import DataRequest, Outcome, RequestKind, Way
from pledges.rights.rules import DECIDE_WITHIN, GROUNDS, clocks, new_number
from pledges.signing.models import Pledge

Key = tuple[str, uuid.UUID]
"""Province and id of a request."""


class AskedAlready(Conflict):
    """The same is under way for the same subject: `request` is that one."""

    def __init__(self, request: DataRequest) -> None:
        super().__init__(
            N_("Đã có yêu cầu cùng loại đang chờ trả lời: %(number)s. Hãy đợi câu trả lời của yêu cầu đó."),
            number=request.number,
        )
        self.request = request


@dataclass(frozen=True)
class Post:
    """What writing to people needs."""

    vault: Vault
    public_url: str


# --- Asking --------------------------------------------------------------------------------------------------------


def ask_from_file(
    session: Session, pledge: Pledge, kind: RequestKind, details: str, *, now: datetime, post: Post
) -> DataRequest:
    """The signer asks from their own file. It is acknowledged at once, by mail to the address of the file."""
    asked = _write_down(
        session,
        session.get_one(Entity, (pledge.province_code, pledge.entity_id)),
        kind,
        details,
        pledge=pledge,
        agency_code=pledge.agency_code,
        way=Way.FILE,
        reply_to=pledge.contact_email,
        received_on=local_day(now),
        staff=None,
        now=now,
    )
    _acknowledge(session, asked, Actor("signer", str(pledge.id)), now=now, post=post)
    return asked


@dataclass(frozen=True)
class Received:
    """What somebody has brought or sent to the agency."""

    kind: RequestKind
    way: Way
    received_on: date
    details: str
    reply_to: str = ""
    identified: bool = False
    """Somebody of the agency has looked at their papers, and kept no copy of them."""


def record_request(
    session: Session,
    entity: Entity,
    received: Received,
    *,
    pledge: Pledge | None,
    staff: Staff,
    now: datetime,
    post: Post,
) -> DataRequest:
    """Write down what came in person or by letter; with an address for the reply it is acknowledged by mail."""
    agency_code = pledge.agency_code if pledge is not None else staff.agency_code or ""
    require(staff, Action.RIGHTS_HANDLE, Place(entity.province_code, agency_code))
    if not received.identified:
        raise DomainError(
            N_("Hãy đối chiếu giấy tờ của người yêu cầu rồi đánh dấu ô này. Không chụp, không giữ bản sao giấy tờ."),
            field="identified",
        )
    if received.received_on > local_day(now):
        raise DomainError(N_("Ngày nhận không thể ở tương lai. Hãy xem lại ngày."), field="received_on")
    asked = _write_down(
        session,
        entity,
        received.kind,
        received.details,
        pledge=pledge,
        agency_code=agency_code,
        way=received.way,
        reply_to=received.reply_to,
        received_on=received.received_on,
        staff=staff,
        now=now,
    )
    if asked.reply_to:
        _acknowledge(session, asked, actor_of(staff), now=now, post=post)
    return asked


def _write_down(
    session: Session,
    entity: Entity,
    kind: RequestKind,
    details: str,
    *,
    pledge: Pledge | None,
    agency_code: str,
    way: Way,
    reply_to: str,
    received_on: date,
    staff: Staff | None,
    now: datetime,
) -> DataRequest:
    text = clean_block(details, field="details")
    if kind is RequestKind.CORRECT and not text:
        raise DomainError(N_("Hãy viết nội dung nào chưa đúng và đúng ra là gì."), field="details")
    entity_id = entity.merged_into or entity.id
    # Whoever asks at the same time waits here, and then finds the first request.
    session.get_one(Entity, (entity.province_code, entity_id), with_for_update=True, populate_existing=True)
    if (other := open_request(session, entity.province_code, entity_id, kind)) is not None:
        raise AskedAlready(other)
    province = session.get_one(Province, entity.province_code)
    acknowledge_by, decide_by = clocks(kind, received_on, province_settings(province).days_off_in_lieu)
    asked = DataRequest(
        province_code=entity.province_code,
        id=new_id(),
        number=new_number(entity.province_code, local_day(now)),
        entity_id=entity_id,
        pledge_id=pledge.id if pledge is not None else None,
        agency_code=agency_code,
        kind=kind,
        way=way,
        details=text,
        reply_to=reply_to,
        received_on=received_on,
        recorded_at=now,
        recorded_by=staff.id if staff is not None else None,
        acknowledge_by=acknowledge_by,
        decide_by=decide_by,
        revision=0,
        result={},
    )
    session.add(asked)
    actor = actor_of(staff) if staff is not None else Actor("signer", str(pledge.id) if pledge is not None else "")
    _note(session, "rights.asked", asked, actor, now, right=kind.value, way=way.value)
    session.flush()
    return asked


def open_request(session: Session, province_code: str, entity_id: uuid.UUID, kind: RequestKind) -> DataRequest | None:
    return session.scalars(
        select(DataRequest).where(
            DataRequest.province_code == province_code,
            DataRequest.entity_id == entity_id,
            DataRequest.kind == kind,
            DataRequest.decided_at.is_(None),
        )
    ).first()


# --- Acknowledging and extending -----------------------------------------------------------------------------------


def acknowledge(session: Session, key: Key, *, seen: int, staff: Staff, now: datetime, post: Post) -> DataRequest:
    """The person has been told on paper that the request has arrived."""
    asked = _locked(session, key, seen, staff)
    if asked.acknowledged_at is not None:
        raise _changed()
    _acknowledge(session, asked, actor_of(staff), now=now, post=post)
    asked.revision += 1
    return asked


def _acknowledge(session: Session, asked: DataRequest, actor: Actor, *, now: datetime, post: Post) -> None:
    asked.acknowledged_at = now
    _note(session, "rights.acknowledged", asked, actor, now, in_time=local_day(now) <= asked.acknowledge_by)
    tell(
        session,
        asked,
        "rights_received",
        now=now,
        vault=post.vault,
        public_url=post.public_url,
        received_on=asked.received_on,
        decide_by=asked.decide_by,
    )


def extend(
    session: Session, key: Key, because: str, *, seen: int, staff: Staff, now: datetime, post: Post
) -> DataRequest:
    """Once, by the same number of days, told to the person with the reason before the first day is over."""
    asked = _locked(session, key, seen, staff)
    text = clean_block(because, field="because")
    if not text:
        raise DomainError(N_("Hãy viết vì sao cần thêm thời gian; người yêu cầu đọc được."), field="because")
    if asked.extended_at is not None:
        raise Conflict(N_("Yêu cầu này đã được gia hạn một lần; luật không cho gia hạn thêm."))
    if local_day(now) > asked.decide_by:
        raise DomainError(N_("Đã quá hạn nên không gia hạn được nữa. Hãy trả lời ngay."), field="because")
    asked.decide_by += DECIDE_WITHIN[asked.kind]
    asked.extended_at, asked.extended_because = now, text
    asked.revision += 1
    _note(session, "rights.extended", asked, actor_of(staff), now)
    tell(
        session,
        asked,
        "rights_extended",
        now=now,
        vault=post.vault,
        public_url=post.public_url,
        decide_by=asked.decide_by,
        message=text,
    )
    return asked


# --- Deciding ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    answer: str
    ground: str = ""
    """A name of `GROUNDS`, where not all of it is done."""
    contacts: bool = False
    """With a deletion: phones and addresses of the register are not needed any more either."""


def decide(
    session: Session, key: Key, verdict: Verdict, *, seen: int, staff: Staff, now: datetime, post: Post
) -> tuple[DataRequest, Erased | None]:
    """Answer a request and do what was granted, in one transaction; once, whoever presses first.

    After a deletion the caller takes the files of `Erased` out of the storage; what a crash leaves there the daily
    sweep finds, because no row names it any more.
    """
    asked = _locked(session, key, seen, staff)
    text, ground = _checked(verdict)
    erased: Erased | None = None
    outcome = verdict.outcome
    asked.answer, asked.ground = text, ground
    if outcome is not Outcome.REFUSED and asked.kind is RequestKind.DELETE:
        erased = erase(
            session, asked, contacts=verdict.contacts, staff=staff, now=now, post=(post.vault, post.public_url)
        )
        if erased.kept:
            outcome = Outcome.PARTLY
        asked.result = erased.to_json()
    if outcome is not Outcome.REFUSED and asked.kind is RequestKind.RESTRICT:
        entity = session.get_one(Entity, (asked.province_code, asked.entity_id))
        restrict(session, asked.province_code, family(session, entity), request_id=asked.id, now=now)
        _note(session, "rights.restricted", asked, actor_of(staff), now)
    asked.outcome, asked.decided_at, asked.decided_by = outcome, now, staff.id
    asked.acknowledged_at = asked.acknowledged_at or now
    asked.revision += 1
    _note(
        session,
        "rights.decided",
        asked,
        actor_of(staff),
        now,
        outcome=outcome.value,
        ground=ground,
        in_time=local_day(now) <= asked.decide_by,
    )
    tell(
        session,
        asked,
        "rights_answered",
        now=now,
        vault=post.vault,
        public_url=post.public_url,
        outcome=outcome.value,
        message=text,
        ground=GROUNDS[ground] if ground else None,
        kept=[part.sentence for part in erased.kept] if erased is not None and erased.kept else None,
    )
    session.flush()
    return asked, erased


def _checked(verdict: Verdict) -> tuple[str, str]:
    text = clean_block(verdict.answer, field="answer")
    if not text:
        raise DomainError(N_("Hãy viết câu trả lời; người yêu cầu đọc nguyên văn."), field="answer")
    if verdict.outcome is Outcome.GRANTED:
        return text, ""
    if verdict.ground not in GROUNDS:
        raise DomainError(N_("Hãy chọn căn cứ của việc không thực hiện, hoặc chỉ thực hiện một phần."), field="ground")
    return text, verdict.ground


def lift_restriction(session: Session, key: Key, *, staff: Staff, now: datetime) -> bool:
    """The person allows it again, or its reason is gone. False: it had ended before."""
    asked = session.get(DataRequest, key, with_for_update=True, populate_existing=True)
    if asked is None:
        raise NotFound
    require(staff, Action.RIGHTS_HANDLE, Place(asked.province_code, asked.agency_code))
    if not lift(session, asked.province_code, asked.id, now=now):
        return False
    _note(session, "rights.restriction_lifted", asked, actor_of(staff), now)
    return True


def note_copy(session: Session, asked: DataRequest, actor: Actor, *, now: datetime) -> None:
    """Somebody has taken the copy away: who and when, never what stood in it."""
    _note(session, "rights.copy_made", asked, actor, now)


# --- Shared --------------------------------------------------------------------------------------------------------


def _locked(session: Session, key: Key, seen: int, staff: Staff) -> DataRequest:
    """The undecided request as it was seen, or the kind answer that somebody was faster."""
    asked = session.get(DataRequest, key, with_for_update=True, populate_existing=True)
    if asked is None:
        raise NotFound
    require(staff, Action.RIGHTS_HANDLE, Place(asked.province_code, asked.agency_code))
    if asked.decided_at is not None or asked.revision != seen:
        raise _changed()
    return asked


def _changed() -> Conflict:
    return Conflict(N_("Yêu cầu này vừa được người khác xử lý. Hãy đọc lại trang rồi làm tiếp."))


def _note(session: Session, kind: str, asked: DataRequest, actor: Actor, now: datetime, **data: str | bool) -> None:
    record(session, kind, province_code=asked.province_code, object_id=asked.id, actor=actor, now=now, data=data)
