"""Asking: from one's own file, in person, by letter; and consents that are taken back in person."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError
from pledges.core.text import clean_block
from pledges.plans.models import Province
from pledges.plans.settings import province_settings
from pledges.registry.models import Entity
from pledges.rights.models import DataRequest, RequestKind, Way
from pledges.rights.rules import clocks, new_number
from pledges.rights.steps import Post, acknowledge_now, record
from pledges.signing.consent import (
    end_processing,
    processing_withdrawal,
    refuse_where_not_consent,
    withdraw_publication,
)
from pledges.signing.models import Pledge
from pledges.signing.withdrawing import locked_pledge


class AskedAlready(Conflict):
    """The same is under way for the same subject: `request` is that one."""

    def __init__(self, request: DataRequest) -> None:
        super().__init__(
            N_("Đã có yêu cầu cùng loại đang chờ trả lời: %(number)s. Hãy đợi câu trả lời của yêu cầu đó."),
            number=request.number,
        )
        self.request = request


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
    acknowledge_now(session, asked, Actor("signer", str(pledge.id)), now=now, post=post)
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
    _refuse_unidentified(received.identified)
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
        acknowledge_now(session, asked, actor_of(staff), now=now, post=post)
    return asked


class Withdrawn(StrEnum):
    """A consent that somebody takes back in person or by letter: no request, because it takes effect at once."""

    PUBLICATION = "withdraw_publication"
    PROCESSING = "withdraw_processing"


def record_withdrawal(
    session: Session,
    pledge: Pledge,
    which: Withdrawn,
    *,
    identified: bool,
    staff: Staff,
    now: datetime,
    post: Post,
    administrator_email: str,
) -> bool:
    """Do at once what the signer would do from their file; False where there was nothing to take back any more."""
    require(staff, Action.RIGHTS_HANDLE, Place(pledge.province_code, pledge.agency_code))
    _refuse_unidentified(identified)
    key, actor = (pledge.province_code, pledge.id), actor_of(staff)
    if which is Withdrawn.PUBLICATION:
        return withdraw_publication(session, key, now=now, vault=post.vault, public_url=post.public_url, actor=actor)
    held = locked_pledge(session, key)
    if processing_withdrawal(session, held) is not None:
        return False
    refuse_where_not_consent(session, held, session.get_one(Province, held.province_code))
    end_processing(
        session,
        held,
        now=now,
        vault=post.vault,
        public_url=post.public_url,
        administrator_email=administrator_email,
        actor=actor,
    )
    return True


def _refuse_unidentified(identified: bool) -> None:
    if not identified:
        raise DomainError(
            N_("Hãy đối chiếu giấy tờ của người yêu cầu rồi đánh dấu ô này. Không chụp, không giữ bản sao giấy tờ."),
            field="identified",
        )


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
    record(session, "rights.asked", asked, actor, now, right=kind.value, way=way.value)
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
