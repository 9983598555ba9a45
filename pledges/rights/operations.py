"""Acknowledging, extending and deciding requests, and lifting a restriction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_block
from pledges.registry.families import family
from pledges.registry.models import Entity
from pledges.registry.restrictions import lift, restrict
from pledges.rights.erasing import Erased, erase
from pledges.rights.letters import tell
from pledges.rights.models import DataRequest, Outcome, RequestKind
from pledges.rights.queries import SUBJECT, gives_copy
from pledges.rights.rules import DECIDE_WITHIN, GROUNDS
from pledges.rights.steps import Post, acknowledge_now, record
from pledges.signing.models import Pledge

Key = tuple[str, uuid.UUID]
"""Province and id of a request."""


# --- Acknowledging and extending -----------------------------------------------------------------------------------


def acknowledge(session: Session, key: Key, *, seen: int, staff: Staff, now: datetime, post: Post) -> DataRequest:
    """The person has been told on paper that the request has arrived."""
    asked = _locked(session, key, seen, staff)
    if asked.acknowledged_at is not None:
        raise _changed()
    acknowledge_now(session, asked, actor_of(staff), now=now, post=post)
    asked.revision += 1
    return asked


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
    record(session, "rights.extended", asked, actor_of(staff), now)
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
        record(session, "rights.restricted", asked, actor_of(staff), now)
    asked.outcome, asked.decided_at, asked.decided_by = outcome, now, staff.id
    if gives_copy(asked):
        entity = session.get_one(Entity, (asked.province_code, asked.entity_id))
        asked.result = {SUBJECT: [str(each) for each in family(session, entity)]}
    asked.acknowledged_at = asked.acknowledged_at or now
    asked.revision += 1
    record(
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
    record(session, "rights.restriction_lifted", asked, actor_of(staff), now)
    return True


def lift_own_restriction(session: Session, asked: DataRequest, pledge: Pledge, *, now: datetime) -> bool:
    """The same by the signer, from the file from which they had asked for it."""
    if asked.pledge_id != pledge.id or not lift(session, asked.province_code, asked.id, now=now):
        return False
    record(session, "rights.restriction_lifted", asked, Actor("signer", str(pledge.id)), now)
    return True


def note_copy(session: Session, asked: DataRequest, actor: Actor, *, now: datetime) -> None:
    """Somebody has taken the copy away: who and when, never what stood in it."""
    record(session, "rights.copy_made", asked, actor, now)


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
