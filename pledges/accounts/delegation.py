"""Handing the right to approve to somebody of the same agency, from one day to another (`model.md` 11)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session, aliased

from pledges.accounts.models import Delegation, Role, Staff
from pledges.audit.operations import Actor, record
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError
from pledges.core.text import clean_line
from pledges.plans.models import Agency

LONGEST = timedelta(days=365)
_TITLE = re.compile(r"(KT|TL|TUQ)\. ?\S")


@dataclass(frozen=True)
class NewDelegation:
    to_staff_id: uuid.UUID
    title: str
    """Begins with KT., TL. or TUQ.: who reads the paper sees that somebody signs in another one's place."""
    starts_on: date
    ends_on: date
    basis: str = ""


def delegate(session: Session, giver: Staff, new: NewDelegation, *, actor: Actor, now: datetime) -> Delegation:
    """Let another person of the giver's agency approve on the days of `new`."""
    # Locked, so that two posts at once cannot both find no overlap.
    giver = session.get_one(Staff, (giver.province_code, giver.id), with_for_update=True, populate_existing=True)
    if giver.role is not Role.APPROVER or not giver.active or giver.agency_code is None:
        raise DomainError(N_("Chỉ lãnh đạo duyệt đang làm việc mới ủy quyền được. Hãy chọn người khác."), field="giver")
    _check_receiver(session, giver, new)
    title = _checked_title(new.title)
    _check_days(new, local_day(now))
    _check_overlap(session, giver, new)
    delegation = Delegation(
        id=new_id(),
        province_code=giver.province_code,
        agency_code=giver.agency_code,
        from_staff_id=giver.id,
        to_staff_id=new.to_staff_id,
        title=title,
        basis=clean_line(new.basis, most=200),
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        created_at=now,
    )
    session.add(delegation)
    session.flush()
    _record(session, "delegation.made", delegation, actor, now)
    return delegation


def _check_receiver(session: Session, giver: Staff, new: NewDelegation) -> None:
    if new.to_staff_id not in {person.id for person in possible_receivers(session, giver)}:
        raise DomainError(
            N_("Hãy chọn một chuyên viên đang làm việc trong cùng cơ quan; lãnh đạo duyệt đã có sẵn quyền duyệt."),
            field="to",
        )


def _checked_title(typed: str) -> str:
    title = clean_line(typed, most=200)
    if not _TITLE.match(title):
        raise DomainError(
            N_("Chức danh cần bắt đầu bằng KT., TL. hoặc TUQ., ví dụ: TUQ. GIÁM ĐỐC – CHÁNH VĂN PHÒNG."), field="title"
        )
    return title


def _check_days(new: NewDelegation, today: date) -> None:
    if new.starts_on < today:
        raise DomainError(N_("Ngày bắt đầu đã qua. Hãy chọn từ hôm nay trở đi."), field="starts_on")
    if new.ends_on < new.starts_on:
        raise DomainError(N_("Ngày kết thúc đứng trước ngày bắt đầu. Hãy kiểm tra lại hai ngày."), field="ends_on")
    if new.ends_on - new.starts_on > LONGEST:
        raise DomainError(N_("Một lần ủy quyền dài nhất là một năm. Hãy chọn ngày kết thúc sớm hơn."), field="ends_on")


def _check_overlap(session: Session, giver: Staff, new: NewDelegation) -> None:
    other = session.scalars(
        select(Delegation).where(
            Delegation.province_code == giver.province_code,
            Delegation.from_staff_id == giver.id,
            Delegation.to_staff_id == new.to_staff_id,
            Delegation.ended_at.is_(None),
            Delegation.starts_on <= new.ends_on,
            Delegation.ends_on >= new.starts_on,
        )
    ).first()
    if other is not None:
        raise DomainError(
            N_("Người này đã được ủy quyền từ %(start)s đến %(end)s. Hãy chọn những ngày khác hoặc chấm dứt lần đó."),
            field="starts_on",
            start=f"{other.starts_on:%d/%m/%Y}",
            end=f"{other.ends_on:%d/%m/%Y}",
        )


def end_delegation(session: Session, delegation: Delegation, *, actor: Actor, now: datetime) -> None:
    """End it at once, whether it has begun or not."""
    ended = session.execute(
        update(Delegation)
        .where(
            Delegation.province_code == delegation.province_code,
            Delegation.id == delegation.id,
            Delegation.ended_at.is_(None),
            Delegation.ends_on >= local_day(now),
        )
        .values(ended_at=now)
        .returning(Delegation.id)
    ).first()
    if ended is None:
        raise Conflict(N_("Lần ủy quyền này đã kết thúc từ trước."))
    _record(session, "delegation.ended", delegation, actor, now)


def _record(session: Session, kind: str, delegation: Delegation, actor: Actor, now: datetime) -> None:
    record(
        session,
        kind,
        province_code=delegation.province_code,
        object_id=delegation.id,
        actor=actor,
        now=now,
        data={
            "agency": delegation.agency_code,
            "from": str(delegation.from_staff_id),
            "to": str(delegation.to_staff_id),
            "starts_on": delegation.starts_on.isoformat(),
            "ends_on": delegation.ends_on.isoformat(),
        },
    )


# --- Reading -------------------------------------------------------------------------------------------------------


def is_living(giver: type[Staff], day: date) -> ColumnElement[bool]:
    """Whether a delegation holds on a day, as far as it and its giver (joined as `giver`) decide that."""
    return and_(
        Delegation.ended_at.is_(None),
        Delegation.starts_on <= day,
        Delegation.ends_on >= day,
        giver.province_code == Delegation.province_code,
        giver.id == Delegation.from_staff_id,
        giver.active,
        giver.role == Role.APPROVER,
        giver.agency_code == Delegation.agency_code,
    )


def living_delegation(session: Session, staff: Staff, day: date) -> Delegation | None:
    """The delegation by which this person may approve on a day in Vietnam.

    It dies with either person: whoever is disabled, or has left the agency or the role, neither gives nor receives.
    """
    if not staff.active or staff.role is not Role.OFFICER or staff.agency_code is None:
        return None
    giver = aliased(Staff)
    return session.scalars(
        select(Delegation)
        .join(giver, is_living(giver, day))
        .where(
            Delegation.province_code == staff.province_code,
            Delegation.to_staff_id == staff.id,
            Delegation.agency_code == staff.agency_code,
        )
        .order_by(Delegation.created_at.desc(), Delegation.id.desc())
        .limit(1)
    ).first()


def approval_title(session: Session, staff: Staff, agency: Agency, day: date) -> tuple[str, Delegation | None]:
    """What is printed above the name of who approves, and the delegation by which they do; empty if nobody said it."""
    delegation = living_delegation(session, staff, day)
    if delegation is not None:
        return delegation.title, delegation
    return staff.signing_title or agency.signing_title, None


def possible_receivers(session: Session, giver: Staff) -> list[Staff]:
    """Active officers of the giver's agency, by name."""
    return list(
        session.scalars(
            select(Staff)
            .where(
                Staff.province_code == giver.province_code,
                Staff.agency_code == giver.agency_code,
                Staff.role == Role.OFFICER,
                Staff.active,
                Staff.id != giver.id,
            )
            .order_by(Staff.name, Staff.id)
        )
    )


def get_delegation(session: Session, province_code: str, delegation_id: uuid.UUID) -> Delegation | None:
    return session.get(Delegation, (province_code, delegation_id))
