"""What a province decides itself through the administration: it wins over the data files, at once and at every load."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.errors import N_, DomainError, NotFound
from pledges.core.text import clean_line
from pledges.plans.models import (
    Agency,
    ObligationEntry,
    Plan,
    Province,
    ProvinceDecision,
    ReportingDuty,
)
from pledges.plans.retention import RETENTION
from pledges.plans.settings import HIDEABLE, ConsentBasis, province_settings, settings_to_json

PROVINCE, PLAN, AGENCY, ENTRY, DUTY = "province", "plan", "agency", "entry", "duty"
SIGNATURE_METHODS = (OWN_KEY, NAMED_APPROVER) = ("key", "named_approver")
"""How an agency countersigns: with a key of its own, or under the system's seal with the name of who approved."""

LEAST_SIGNATURES = ("scanned_paper", "otp_confirm")
"""From the weakest on. A signer's own certificate is not received yet: asking for it would stop all signing."""

# Facts name an object by a UUID; a province, plan or agency has a code, from which one is made.
_FACT_NAMESPACE = uuid.UUID("5f0c2c5e-6f0b-5a59-9d0f-0d6a2f6b7c11")


def fact_id(province_code: str, object_kind: str = PROVINCE, object_code: str = "") -> uuid.UUID:
    return uuid.uuid5(_FACT_NAMESPACE, f"{province_code}/{object_kind}/{object_code}")


@dataclass(frozen=True)
class Decidable:
    """One value: how it is checked, and how it is put into the row that everybody reads."""

    object_kind: str
    name: str
    clean: Callable[[Any], Any]
    put: Callable[[Any, Any], None]
    take: Callable[[Any], Any]


def _line(most: int) -> Callable[[Any], Any]:
    return lambda value: clean_line(value or "", most=most)


def _day(value: Any) -> str | None:
    """A day as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else None


def _put_issued_on(plan: Plan, value: Any) -> None:
    plan.issued_on = date.fromisoformat(value) if value else None


def _days_of_kinds(value: Any) -> dict[str, int]:
    """Only of kinds that a province decides, each within the limits of its kind."""
    for kind, days in value.items():
        kept = RETENTION[kind]
        if kept.fixed or not isinstance(days, int) or not kept.least <= days <= kept.most:
            raise DomainError(
                N_("Ghi số ngày từ %(least)s đến %(most)s."), field=kind, least=kept.least, most=kept.most
            )
    return dict(value)


def _hidden(value: Any) -> list[str]:
    return [name for name in HIDEABLE if name in value]


MOST_WORKING_DAYS = 60


def _working_days(field: str) -> Callable[[Any], int]:
    def clean(value: Any) -> int:
        if not isinstance(value, int) or not 1 <= value <= MOST_WORKING_DAYS:
            raise DomainError(N_("Ghi số ngày làm việc từ 1 đến %(most)s."), field=field, most=MOST_WORKING_DAYS)
        return value

    return clean


MOST_DAYS_OFF = 60


def _days_off(value: Any) -> list[str]:
    """Days as JSON keeps them, in order."""
    days = sorted({each if isinstance(each, str) else each.isoformat() for each in value})
    if len(days) > MOST_DAYS_OFF:
        raise DomainError(N_("Ghi nhiều nhất %(most)s ngày."), field="days_off_in_lieu", most=MOST_DAYS_OFF)
    return days


def _least_signature(value: Any) -> str:
    if value not in LEAST_SIGNATURES:
        raise DomainError(N_("Hãy chọn một mục trong danh sách."), field="least_signature")
    return str(value)


def _basis(value: Any) -> str:
    if value not in get_args(ConsentBasis):
        raise DomainError(N_("Hãy chọn một mục trong danh sách."), field="consent_basis")
    return str(value)


def _signature_method(value: Any) -> str:
    if value not in SIGNATURE_METHODS:
        raise DomainError(N_("Hãy chọn một mục trong danh sách."), field="signature_method")
    return str(value)


MOST_WAITING_DAYS = 60
MOST_REMINDERS = 5
MOST_DAYS_BEFORE = 90


def _waiting_days(value: Any) -> int:
    if not isinstance(value, int) or not 1 <= value <= MOST_WAITING_DAYS:
        raise DomainError(
            N_("Thời gian chờ là số ngày làm việc từ 1 đến %(most)s."), field="waiting_days", most=MOST_WAITING_DAYS
        )
    return value


def _reminder_days(value: Any) -> list[int]:
    """Latest reminder last: "30, 14, 7"."""
    days = sorted(set(value), reverse=True)
    if len(days) > MOST_REMINDERS or any(not 1 <= each <= MOST_DAYS_BEFORE for each in days):
        raise DomainError(
            N_("Ghi nhiều nhất %(most)s lần nhắc, mỗi lần là số ngày trước hạn, từ 1 đến %(days)s."),
            field="reminder_days",
            most=MOST_REMINDERS,
            days=MOST_DAYS_BEFORE,
        )
    return days


MOST_DUE_DAY = 28
"""Every month has it."""


def _due_day(value: Any) -> int:
    if not isinstance(value, int) or not 1 <= value <= MOST_DUE_DAY:
        raise DomainError(
            N_("Ngày đến hạn là một ngày trong tháng, từ 1 đến %(most)s."), field="due_day", most=MOST_DUE_DAY
        )
    return value


def _put_starts_on(duty: ReportingDuty, value: Any) -> None:
    duty.starts_on = date.fromisoformat(value) if value else None


def _put_document_date(entry: ObligationEntry, value: Any) -> None:
    entry.document_date = date.fromisoformat(value) if value else None


def _setting(name: str, clean: Callable[[Any], Any]) -> Decidable:
    def put(province: Province, value: Any) -> None:
        # A new dictionary: SQLAlchemy does not notice a change inside the old one.
        province.settings = {**province.settings, name: value}

    return Decidable(PROVINCE, name, clean, put, lambda province: settings_to_json(province_settings(province))[name])


DECIDABLE = (
    Decidable(
        AGENCY,
        "signing_title",
        _line(200),
        lambda agency, value: setattr(agency, "signing_title", value),
        lambda agency: agency.signing_title,
    ),
    Decidable(
        AGENCY,
        "signature_method",
        _signature_method,
        lambda agency, value: setattr(agency, "signature_method", value),
        lambda agency: agency.signature_method,
    ),
    Decidable(
        AGENCY,
        "waiting_days",
        _waiting_days,
        lambda agency, value: setattr(agency, "waiting_days", value),
        lambda agency: agency.waiting_days,
    ),
    Decidable(
        AGENCY,
        "reminder_days",
        _reminder_days,
        lambda agency, value: setattr(agency, "reminder_days", value),
        lambda agency: agency.reminder_days,
    ),
    Decidable(
        ENTRY,
        "document_number",
        _line(60),
        lambda entry, value: setattr(entry, "document_number", value),
        lambda entry: entry.document_number,
    ),
    Decidable(ENTRY, "document_date", _day, _put_document_date, lambda entry: _day(entry.document_date)),
    Decidable(
        ENTRY,
        "least_signature",
        _least_signature,
        lambda entry, value: setattr(entry, "least_signature", value),
        lambda entry: entry.least_signature,
    ),
    Decidable(
        DUTY,
        "due_day",
        _due_day,
        lambda duty, value: setattr(duty, "due_day", value),
        lambda duty: duty.due_day,
    ),
    Decidable(DUTY, "starts_on", _day, _put_starts_on, lambda duty: _day(duty.starts_on)),
    Decidable(PLAN, "number", _line(60), lambda plan, value: setattr(plan, "number", value), lambda plan: plan.number),
    Decidable(PLAN, "issued_on", _day, _put_issued_on, lambda plan: _day(plan.issued_on)),
    _setting("retention", _line(300)),
    _setting("data_contact", _line(300)),
    _setting("hotline", _line(60)),
    _setting("consent_basis", _basis),
    _setting("consent_decided", bool),
    _setting("publish_coverage", bool),
    _setting("days_to_answer", _working_days("days_to_answer")),
    _setting("update_days", _working_days("update_days")),
    _setting("receipt_note", bool),
    _setting("days_off_in_lieu", _days_off),
    _setting("hidden_fields", _hidden),
    _setting("retention_days", _days_of_kinds),
)
_BY_NAME = {(one.object_kind, one.name): one for one in DECIDABLE}
_TOLD_BY_NAME_ONLY = {(PROVINCE, "data_contact"), (PROVINCE, "hotline")}
"""They may name a person; of all other values facts tell what they were before and after."""


def decide(
    session: Session,
    province_code: str,
    object_kind: str,
    object_code: str,
    values: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Keep the values that differ from what holds now and put them into force; returns their names."""
    row = _row(session, province_code, object_kind, object_code)
    if row is None:
        raise NotFound
    changed: list[str] = []
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, raw in values.items():
        one = _BY_NAME[object_kind, name]
        value, held = one.clean(raw), one.take(row)
        if value == held:
            continue
        if (object_kind, name) not in _TOLD_BY_NAME_ONLY:
            _tell(name, held, value, before, after)
        session.merge(
            ProvinceDecision(
                province_code=province_code,
                object_kind=object_kind,
                object_code=object_code,
                name=name,
                value={"value": value},
                decided_at=now,
                decided_by=actor.id,
            )
        )
        one.put(row, value)
        changed.append(name)
    if changed:
        record(
            session,
            "province.decided",
            province_code=province_code,
            object_id=fact_id(province_code, object_kind, object_code),
            actor=actor,
            now=now,
            data={"object": object_kind, "code": object_code, "names": changed, **_moved(before, after)},
        )
    return changed


def held_value(session: Session, province_code: str, object_kind: str, object_code: str, name: str) -> Any:
    """What holds now, as it would be decided."""
    row = _row(session, province_code, object_kind, object_code)
    if row is None:
        raise NotFound
    return _BY_NAME[object_kind, name].take(row)


def _tell(name: str, held: Any, value: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Of a setting with parts only those that move."""
    if not isinstance(value, dict):
        before[name], after[name] = held, value
        return
    for part in sorted({*held, *value}):
        if held.get(part) != value.get(part):
            before[f"{name}.{part}"], after[f"{name}.{part}"] = held.get(part), value.get(part)


def _moved(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {"before": before, "after": after} if before else {}


def _row(session: Session, province_code: str, object_kind: str, object_code: str) -> Any:
    if object_kind == PROVINCE:
        return session.get(Province, province_code)
    return session.get(MODELS[object_kind], (province_code, object_code))


MODELS: dict[str, type[Plan] | type[Agency] | type[ObligationEntry] | type[ReportingDuty]] = {
    PLAN: Plan,
    AGENCY: Agency,
    ENTRY: ObligationEntry,
    DUTY: ReportingDuty,
}


def put_decisions_into_force(session: Session, province_code: str) -> None:
    """Write every decided value over what a load has just written; a value whose object is gone is left alone."""
    for found in session.scalars(select(ProvinceDecision).where(ProvinceDecision.province_code == province_code)):
        one = _BY_NAME.get((found.object_kind, found.name))
        row = _row(session, province_code, found.object_kind, found.object_code)
        if one is not None and row is not None and one.take(row) != found.value["value"]:
            one.put(row, found.value["value"])


def decided_names(session: Session, province_code: str) -> set[tuple[str, str, str]]:
    """(kind, code, name) of what the province has decided itself: a load leaves these values alone."""
    rows = session.execute(
        select(ProvinceDecision.object_kind, ProvinceDecision.object_code, ProvinceDecision.name).where(
            ProvinceDecision.province_code == province_code
        )
    )
    return {(kind, code, name) for kind, code, name in rows}
