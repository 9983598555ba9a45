"""Named selections of requests."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from pledges.registry.families import family
from pledges.registry.models import Entity
from pledges.rights.models import DataRequest, RequestKind
from pledges.signing.models import Consent, ConsentWithdrawal, Pledge

PAGE_SIZE = 50


@dataclass(frozen=True)
class Line:
    request: DataRequest
    name: str
    """Of the subject, as the register has it."""
    reference: str
    """Of the pledge; empty where none was named."""


def get_request(session: Session, province_code: str, request_id: uuid.UUID) -> DataRequest | None:
    return session.get(DataRequest, (province_code, request_id))


def open_requests(session: Session, province_code: str, agency_code: str, *, limit: int = 1_000) -> list[Line]:
    """What waits for an answer, what is due next at the top, be it only the acknowledgement: so the late ones lead."""
    return _lines(
        session,
        _of(province_code, agency_code),
        DataRequest.decided_at.is_(None),
        order=(_NEXT_DUE, DataRequest.decide_by, DataRequest.id),
        limit=limit,
    )


_NEXT_DUE = case(
    (
        and_(DataRequest.acknowledged_at.is_(None), DataRequest.acknowledge_by < DataRequest.decide_by),
        DataRequest.acknowledge_by,
    ),
    else_=DataRequest.decide_by,
)


def next_due(asked: DataRequest) -> date:
    """The same as what open ones are ordered by, of one."""
    days = [asked.decide_by] if asked.acknowledged_at is not None else [asked.decide_by, asked.acknowledge_by]
    return min(days)


def decided_requests(session: Session, province_code: str, agency_code: str, page: int = 1) -> list[Line]:
    return _lines(
        session,
        _of(province_code, agency_code),
        DataRequest.decided_at.is_not(None),
        order=(DataRequest.decided_at.desc(), DataRequest.id),
        limit=PAGE_SIZE,
        offset=(page - 1) * PAGE_SIZE,
    )


def count_decided(session: Session, province_code: str, agency_code: str) -> int:
    decided = select(func.count()).select_from(DataRequest)
    return session.scalar(decided.where(_of(province_code, agency_code), DataRequest.decided_at.is_not(None))) or 0


@dataclass(frozen=True)
class Waiting:
    """What the first page of an officer says."""

    open: int
    late: int
    """Not acknowledged or not decided in time."""


def count_waiting(session: Session, province_code: str, agency_code: str, today: date) -> Waiting:
    late = or_(
        DataRequest.decide_by < today,
        and_(DataRequest.acknowledged_at.is_(None), DataRequest.acknowledge_by < today),
    )
    row = session.execute(
        select(func.count(), func.count().filter(late)).where(
            _of(province_code, agency_code), DataRequest.decided_at.is_(None)
        )
    ).one()
    return Waiting(row[0], row[1])


def is_late(asked: DataRequest, today: date) -> bool:
    """The same as in `count_waiting`, of one."""
    if asked.decided_at is not None:
        return False
    return asked.decide_by < today or (asked.acknowledged_at is None and asked.acknowledge_by < today)


def requests_of(session: Session, province_code: str, entity_ids: Sequence[uuid.UUID]) -> Sequence[DataRequest]:
    """Everything that one subject has asked, the newest first."""
    return session.scalars(
        select(DataRequest)
        .where(DataRequest.province_code == province_code, DataRequest.entity_id.in_(entity_ids))
        .order_by(DataRequest.recorded_at.desc(), DataRequest.id)
    ).all()


def requests_of_file(session: Session, pledge: Pledge) -> Sequence[DataRequest]:
    """What was asked from one file, or about it. Others of the same subject may be of other people."""
    return session.scalars(
        select(DataRequest)
        .where(DataRequest.province_code == pledge.province_code, DataRequest.pledge_id == pledge.id)
        .order_by(DataRequest.recorded_at.desc(), DataRequest.id)
    ).all()


def withdrawals_waiting(
    session: Session, province_code: str, agency_code: str
) -> list[tuple[ConsentWithdrawal, Pledge]]:
    """Consents to processing that were taken back and are not answered: they have clocks of their own."""
    rows = session.execute(
        select(ConsentWithdrawal, Pledge)
        .join(
            Pledge,
            and_(Pledge.province_code == ConsentWithdrawal.province_code, Pledge.id == ConsentWithdrawal.pledge_id),
        )
        .where(
            ConsentWithdrawal.province_code == province_code,
            ConsentWithdrawal.consent == Consent.PROCESSING,
            ConsentWithdrawal.handled_at.is_(None),
            Pledge.agency_code == agency_code,
        )
        .order_by(ConsentWithdrawal.answer_by, ConsentWithdrawal.id)
    )
    return [(withdrawal, pledge) for withdrawal, pledge in rows]


def gives_copy(asked: DataRequest) -> bool:
    """Whether its answer is the copy of what is held."""
    from_copy = asked.kind in (RequestKind.VIEW, RequestKind.COPY)
    return from_copy and asked.outcome is not None and asked.outcome.value != "refused"


SUBJECT = "subject"
"""In the result of a request that gives the copy: the rows of the register that stood for the subject."""


def copy_is_of_whom_it_was(session: Session, asked: DataRequest, pledge: Pledge | None = None) -> bool:
    """Whether a copy made now tells of nobody but the subject about whom it was decided, to nobody but who asked.

    Somebody may have been merged with the subject since, or (`pledge`) its file may have moved to another mailbox.
    """
    decided = asked.result.get(SUBJECT)
    rows = {str(each) for each in family(session, session.get_one(Entity, (asked.province_code, asked.entity_id)))}
    if decided is not None and not rows <= set(decided):
        return False
    moved = pledge.contact_since if pledge is not None else None
    return moved is None or asked.recorded_at >= moved


def _of(province_code: str, agency_code: str) -> ColumnElement[bool]:
    return and_(DataRequest.province_code == province_code, DataRequest.agency_code == agency_code)


def _lines(
    session: Session, *which: ColumnElement[bool], order: tuple[Any, ...], limit: int, offset: int = 0
) -> list[Line]:
    rows = session.execute(
        select(DataRequest, Entity.name, Pledge.reference)
        .join(Entity, and_(Entity.province_code == DataRequest.province_code, Entity.id == DataRequest.entity_id))
        .outerjoin(Pledge, and_(Pledge.province_code == DataRequest.province_code, Pledge.id == DataRequest.pledge_id))
        .where(*which)
        .order_by(*order)
        .limit(limit)
        .offset(offset)
    )
    return [Line(asked, name, reference or "") for asked, name, reference in rows]
