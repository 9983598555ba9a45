"""Keeping the directory: nothing is deleted, and of two who change one line together the second is told."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.hotlines.models import Hotline
from pledges.hotlines.queries import in_order
from pledges.hotlines.rules import Said, checked, same_line
from pledges.plans.models import Agency
from pledges.plans.queries import get_commune

Key = tuple[str, uuid.UUID]
"""Province and id of a line."""

CHANGED = N_("Vừa có người khác sửa dòng này. Hãy xem nội dung hiện nay rồi sửa lại nếu vẫn cần.")
KNOWN = N_("Số này của “%(name)s” đã có trong danh bạ. Hãy sửa dòng đã có.")


class Move(StrEnum):
    UP = "len"
    DOWN = "xuong"
    TOP = "dau"


def add_hotline(session: Session, province_code: str, said: Said, *, staff: Staff, now: datetime) -> Hotline:
    """Put one more line at the end of the directory."""
    return add_hotlines(session, province_code, [said], staff=staff, now=now)[0]


def add_hotlines(
    session: Session, province_code: str, lines: Sequence[Said], *, staff: Staff, now: datetime
) -> list[Hotline]:
    """Put lines at the end of the directory, all or none."""
    require(staff, Action.HOTLINE_MANAGE, Place(province_code))
    living = list(_living(session, province_code))
    last = session.scalar(select(func.max(Hotline.position)).where(Hotline.province_code == province_code)) or 0
    added: list[Hotline] = []
    for place, said in enumerate(lines, start=last + 1):
        clean = _checked(session, province_code, said, now)
        _refuse_known(clean, [*living, *added])
        hotline = Hotline(province_code=province_code, id=new_id(), position=place, added_at=now, **vars(clean))
        session.add(hotline)
        added.append(hotline)
    session.flush()
    for hotline in added:
        _record(session, "hotline.added", hotline, staff, now)
    return added


def change_hotline(session: Session, key: Key, said: Said, *, seen: int, staff: Staff, now: datetime) -> Hotline:
    """Correct what a line says."""
    before = _held(session, key, staff)
    clean = _checked(session, key[0], said, now)
    values = {name: value for name, value in vars(clean).items() if getattr(before, name) != value}
    if not values and before.revision == seen:
        return before
    _refuse_known(clean, [each for each in _living(session, key[0]) if each.id != key[1]])
    changed = _change(session, key, seen, ended=False, **values)
    _record(session, "hotline.changed", changed, staff, now, changed=sorted(values))
    return changed


def check_hotline(session: Session, key: Key, *, seen: int, staff: Staff, now: datetime) -> Hotline:
    """Somebody has called today, or asked, and it is right."""
    _held(session, key, staff)
    hotline = _change(session, key, seen, ended=False, checked_on=local_day(now))
    _record(session, "hotline.checked", hotline, staff, now)
    return hotline


def move_hotline(session: Session, key: Key, move: Move, *, seen: int, staff: Staff, now: datetime) -> Hotline:
    """Change the place among the lines of the whole province; those of communes stand in the order of their names."""
    _held(session, key, staff)
    # Rows that were waited for come as they are now, but in the order in which they were.
    locked = sorted(_living(session, key[0], lock=True), key=lambda each: (each.position, each.added_at, each.id))
    order = [each for each in locked if each.commune_code is None]
    hotline = _change(session, key, seen, ended=False)
    place = next((index for index, each in enumerate(order) if each.id == key[1]), None)
    if place is None:
        raise Conflict(N_("Số của từng xã, phường xếp theo tên xã, phường, nên không đổi chỗ được."))
    to = {Move.UP: max(0, place - 1), Move.DOWN: min(len(order) - 1, place + 1), Move.TOP: 0}[move]
    order.insert(to, order.pop(place))
    for position, each in enumerate(order, start=1):
        each.position = position
    session.flush()
    if to != place:
        _record(session, "hotline.moved", hotline, staff, now)
    return hotline


def end_hotline(session: Session, key: Key, *, seen: int, staff: Staff, now: datetime) -> Hotline:
    """Take a line out of the directory; it is kept and can be brought back."""
    _held(session, key, staff)
    hotline = _change(session, key, seen, ended=False, ended_at=now)
    _record(session, "hotline.ended", hotline, staff, now)
    return hotline


def bring_back_hotline(session: Session, key: Key, *, seen: int, staff: Staff, now: datetime) -> Hotline:
    """Put a line that was taken out at the end of the directory again."""
    ended = _held(session, key, staff)
    if ended.ended_at is not None:
        _refuse_known(ended, list(_living(session, key[0])))
    last = session.scalar(select(func.max(Hotline.position)).where(Hotline.province_code == key[0])) or 0
    hotline = _change(session, key, seen, ended=True, ended_at=None, position=last + 1)
    _record(session, "hotline.brought_back", hotline, staff, now)
    return hotline


def _held(session: Session, key: Key, staff: Staff) -> Hotline:
    require(staff, Action.HOTLINE_MANAGE, Place(key[0]))
    hotline = session.get(Hotline, key)
    if hotline is None:
        raise NotFound
    return hotline


def _checked(session: Session, province_code: str, said: Said, now: datetime) -> Said:
    clean = checked(said, today=local_day(now))
    if clean.agency_code and session.get(Agency, (province_code, clean.agency_code)) is None:
        raise DomainError(N_("Hãy chọn một cơ quan trong danh sách."), field="agency")
    if clean.commune_code and get_commune(session, province_code, clean.commune_code) is None:
        raise DomainError(N_("Hãy tìm và chọn lại xã, phường trong danh sách."), field="commune")
    return clean


def _refuse_known(line: Said | Hotline, others: Sequence[Hotline]) -> None:
    for other in others:
        if same_line(line, other):
            raise DomainError(KNOWN, field="phone", name=other.name)


def _living(session: Session, province_code: str, *, lock: bool = False) -> Sequence[Hotline]:
    statement = (
        select(Hotline)
        .where(Hotline.province_code == province_code, Hotline.ended_at.is_(None))
        .order_by(*in_order())
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement.with_for_update() if lock else statement).all()


def _change(session: Session, key: Key, seen: int, *, ended: bool, **values: Any) -> Hotline:
    """Compare-and-swap by the revision that was looked at."""
    changed = session.execute(
        update(Hotline)
        .where(
            Hotline.province_code == key[0],
            Hotline.id == key[1],
            Hotline.revision == seen,
            Hotline.ended_at.is_not(None) if ended else Hotline.ended_at.is_(None),
        )
        .values(revision=Hotline.revision + 1, **values)
        .returning(Hotline.id)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise Conflict(CHANGED)
    return session.get_one(Hotline, key, populate_existing=True)


def _record(session: Session, kind: str, hotline: Hotline, staff: Staff, now: datetime, **data: Any) -> None:
    record(
        session,
        kind,
        province_code=hotline.province_code,
        object_id=hotline.id,
        actor=actor_of(staff),
        now=now,
        data=data,
    )
