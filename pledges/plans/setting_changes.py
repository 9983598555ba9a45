"""Settings that a province changes with a reason, each change kept with before and after, and undone as easily."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_line
from pledges.plans.decisions import PROVINCE, decide, held_value
from pledges.plans.models import Province, SettingChange

LONGEST_REASON = 300
AT_ROUNDS = N_("Đổi ở trang đợt vận động")
AT_READINESS = N_("Đổi ở trang sẵn sàng ký")
AT_DUTIES = N_("Đổi ở trang nhiệm vụ báo cáo")
AT_PUBLICATION = N_("Đổi ở trang số liệu công khai")
BY_DOCUMENT = N_("Theo văn bản mới tải lên")
PLACES = (AT_ROUNDS, AT_READINESS, AT_DUTIES, AT_PUBLICATION, BY_DOCUMENT)
"""Where a setting was changed that has a page of its own, which asks for no reason."""

UNDONE = frozenset(
    {
        *("days_to_answer", "update_days", "receipt_note", "days_off_in_lieu", "hidden_fields", "retention_days"),
        *("waiting_days", "reminder_days", "least_signature"),
    }
)
"""What the history takes back. The rest hangs together with more on its own page: a number with its document, a way of
signing with a key and a fresh confirmation, a basis with its being decided."""

HISTORY_SHOWN = 100

Changes = Mapping[tuple[str, str], Mapping[str, Any]]
"""By kind and code of the object: the values by their names."""


def change_settings(
    session: Session, province_code: str, changes: Changes, *, reason: str, actor: Actor, now: datetime
) -> list[SettingChange]:
    """Put all of this into force; what is as it was makes no change. A parted setting may be given in part."""
    said = clean_line(reason, most=LONGEST_REASON, field="reason")
    if not said:
        raise DomainError(N_("Hãy ghi lý do thay đổi; người khác sẽ đọc trong lịch sử."), field="reason")
    # One after the other: two administrators who save at once would each undo what the other has just decided.
    session.execute(select(Province.code).where(Province.code == province_code).with_for_update())
    made: list[SettingChange] = []
    for (kind, code), values in changes.items():
        made += _change(session, province_code, kind, code, values, reason=said, actor=actor, now=now)
    if not made:
        raise DomainError(N_("Chưa có gì thay đổi so với hiện nay."))
    return made


def keep_settings(
    session: Session,
    province_code: str,
    kind: str,
    code: str,
    values: Mapping[str, Any],
    *,
    where: str,
    actor: Actor,
    now: datetime,
) -> list[SettingChange]:
    """The same from a page of its own (one of `PLACES`); nothing to change is no error there."""
    session.execute(select(Province.code).where(Province.code == province_code).with_for_update())
    return _change(session, province_code, kind, code, values, reason=where, actor=actor, now=now)


def _change(
    session: Session,
    province_code: str,
    kind: str,
    code: str,
    values: Mapping[str, Any],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> list[SettingChange]:
    before = {name: held_value(session, province_code, kind, code, name) for name in values}
    whole = {name: {**before[name], **value} if isinstance(value, dict) else value for name, value in values.items()}
    changed = decide(session, province_code, kind, code, whole, actor=actor, now=now)
    made = []
    for name in changed:
        after = held_value(session, province_code, kind, code, name)
        for part, old, new in _parts(before[name], after):
            change = SettingChange(
                province_code=province_code,
                object_kind=kind,
                object_code=code,
                name=name,
                part=part,
                before={"value": old},
                after={"value": new},
                reason=reason,
                changed_at=now,
                changed_by=actor.id,
            )
            session.add(change)
            made.append(change)
    session.flush()
    return made


def _parts(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    if not isinstance(after, dict):
        return [("", before, after)]
    names = sorted({*before, *after})
    return [(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]


def undo_change(
    session: Session, province_code: str, change_id: uuid.UUID, *, actor: Actor, now: datetime
) -> list[SettingChange]:
    """Back to what held before, unless the setting has moved on since; undoing is a change like any other."""
    session.execute(select(Province.code).where(Province.code == province_code).with_for_update())
    change = session.get(SettingChange, (province_code, change_id))
    if change is None:
        raise NotFound
    if not is_undoable(session, change):
        raise Conflict(N_("Mục này đã được đổi lần nữa sau đó. Hãy sửa ở trang cài đặt thay vì hoàn tác."))
    value = change.before["value"]
    if change.part:
        held = held_value(session, province_code, change.object_kind, change.object_code, change.name)
        value = {name: each for name, each in held.items() if name != change.part}
        if change.before["value"] is not None:
            value[change.part] = change.before["value"]
    return _restore(session, change, value, actor=actor, now=now)


def _restore(
    session: Session, change: SettingChange, value: Any, *, actor: Actor, now: datetime
) -> list[SettingChange]:
    place = (change.province_code, change.object_kind, change.object_code)
    decide(session, *place, {change.name: value}, actor=actor, now=now)
    made = SettingChange(
        province_code=change.province_code,
        object_kind=change.object_kind,
        object_code=change.object_code,
        name=change.name,
        part=change.part,
        before=change.after,
        after=change.before,
        reason="",
        changed_at=now,
        changed_by=actor.id,
        undoes=change.id,
    )
    session.add(made)
    session.flush()
    return [made]


def is_undoable(session: Session, change: SettingChange) -> bool:
    """Whether what the change has set still holds."""
    if change.name not in UNDONE:
        return False
    held = held_value(session, change.province_code, change.object_kind, change.object_code, change.name)
    now = held.get(change.part) if change.part else held
    return bool(now == change.after["value"] and change.before["value"] != change.after["value"])


def history(session: Session, province_code: str, limit: int = HISTORY_SHOWN) -> Sequence[SettingChange]:
    """The newest first."""
    return session.scalars(
        select(SettingChange)
        .where(SettingChange.province_code == province_code)
        .order_by(SettingChange.changed_at.desc(), SettingChange.id.desc())
        .limit(limit)
    ).all()


def province_values(values: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(PROVINCE, ""): values}
