"""What administrators decide about reporting: units, their people, and duties that the plan's source lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.administration import Inviting, invite
from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff, actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_line, fold
from pledges.duties.calendar import receivers, sends
from pledges.duties.pasted_lines import PersonLine, UnitLine, unit_key
from pledges.duties.periods import FIRST_YEAR
from pledges.duties.unit_queries import living_units, units_by_code
from pledges.plans.decisions import DUTY, MOST_DUE_DAY, fact_id
from pledges.plans.duty_reading import FOLLOWED_CADENCES, MONTHLY, ONCE, QUARTERLY, UNITS_OF, YEARLY
from pledges.plans.models import Plan, ReportForm, ReportingDuty, ReportingUnit, UnitKind

UNIT = "unit"
LONGEST_NAME, LONGEST_BASIS = 200, 300
LAST_YEAR = 2100
ADDED_POSITION = 1000
"""What was added comes after what the plan prints."""

_DAY_OF_YEAR = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})")


# --- Units -----------------------------------------------------------------------------------------------------------


def add_unit(
    session: Session, province_code: str, name: str, kind: UnitKind, *, staff: Staff, now: datetime
) -> ReportingUnit:
    """Add a unit that owes what is due from today on; communes come with the data of the province."""
    require(staff, Action.DUTY_MANAGE, Place(province_code))
    cleaned = clean_line(name, most=LONGEST_NAME, field="name")
    if not cleaned:
        raise DomainError(N_("Hãy ghi tên đơn vị."), field="name")
    if kind is UnitKind.COMMUNE:
        raise DomainError(N_("Xã, phường, đặc khu đã có sẵn trong danh sách, không cần thêm."), field="kind")
    today = local_day(now)
    if unit_key(cleaned) in {unit_key(unit.name) for unit in living_units(session, province_code, today)}:
        raise Conflict(N_("Đơn vị này đã có trong danh sách."), field="name")
    unit = ReportingUnit(
        province_code=province_code,
        code=_free_code(session, province_code, cleaned),
        name=cleaned,
        kind=kind,
        since=today,
        added_at=now,
    )
    session.add(unit)
    session.flush()
    _record(session, "unit.added", unit, staff, now)
    return unit


def end_unit(session: Session, province_code: str, unit_code: str, *, staff: Staff, now: datetime) -> ReportingUnit:
    """It owes nothing that is due from today on; what it has sent stays."""
    unit = _unit(session, province_code, unit_code, staff)
    if unit.ended_on is None:
        unit.ended_on = local_day(now)
        _record(session, "unit.ended", unit, staff, now)
    return unit


def resume_unit(session: Session, province_code: str, unit_code: str, *, staff: Staff, now: datetime) -> ReportingUnit:
    unit = _unit(session, province_code, unit_code, staff)
    if unit.ended_on is not None:
        unit.ended_on = None
        _record(session, "unit.resumed", unit, staff, now)
    return unit


def add_units(
    session: Session,
    province_code: str,
    lines: Sequence[UnitLine],
    *,
    staff: Staff,
    inviting: Inviting,
    now: datetime,
) -> int:
    """Add the units of the lines that are ready, and invite whom they name; how many units."""
    added = 0
    for line in lines:
        if line.ready and line.kind is not None:
            unit = add_unit(session, province_code, line.name, line.kind, staff=staff, now=now)
            if line.email:
                _invite(session, unit, line.email, line.person, staff, inviting, now)
            added += 1
    return added


def invite_people(
    session: Session,
    province_code: str,
    lines: Sequence[PersonLine],
    *,
    staff: Staff,
    inviting: Inviting,
    now: datetime,
) -> int:
    """Give everybody in the lines that are ready an account and mail them their link; how many."""
    require(staff, Action.DUTY_MANAGE, Place(province_code))
    ready = [(line, line.unit) for line in lines if line.ready and line.unit is not None]
    for line, unit in ready:
        _invite(session, unit, line.email, line.name, staff, inviting, now)
    return len(ready)


def _invite(
    session: Session, unit: ReportingUnit, email: str, name: str, staff: Staff, inviting: Inviting, now: datetime
) -> None:
    """Into the commune itself, where its officers also see what else is theirs; else into the unit."""
    if unit.kind is UnitKind.COMMUNE:
        new = NewStaff(email, name, Role.COMMUNE_OFFICER, unit.province_code, commune_code=unit.code)
    else:
        new = NewStaff(email, name, Role.REPORTING_UNIT, unit.province_code, unit_code=unit.code)
    invite(session, new, by=staff, inviting=inviting, now=now)


def _unit(session: Session, province_code: str, unit_code: str, staff: Staff) -> ReportingUnit:
    """One that an administrator has added: the others come with the data, and every load would bring them back."""
    require(staff, Action.DUTY_MANAGE, Place(province_code))
    unit = session.get(ReportingUnit, (province_code, unit_code), with_for_update=True, populate_existing=True)
    if unit is None:
        raise NotFound
    if unit.added_at is None:
        raise DomainError(
            N_(
                "Đơn vị này có sẵn trong dữ liệu của tỉnh, thành phố nên không ngừng được ở đây. "
                "Hãy báo người vận hành."
            )
        )
    return unit


def _free_code(session: Session, province_code: str, name: str) -> str:
    """The initials: "Sở Nông nghiệp và Môi trường" is 46-SNNVMT."""
    initials = "".join(word[0] for word in re.findall(r"[a-z0-9]+", fold(name))).upper()[:10].ljust(2, "X")
    taken = set(units_by_code(session, province_code))
    code, number = f"{province_code}-{initials}", 2
    while code in taken:
        code, number = f"{province_code}-{initials}{number}", number + 1
    return code


# --- Duties ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewDuty:
    """A report that some document asks and the plan's file lacks."""

    report: str
    basis: str
    """The document that asks it, as people cite it."""
    form: ReportForm
    follow_as: str
    senders: tuple[str, ...]
    recipients: tuple[str, ...]
    via: str = ""
    gathers: str = ""
    recurs: str = ""
    due_date: date | None = None
    due_day: int | None = None
    starts_on: date | None = None
    """None: from the day on which it is added."""


def gathering(new: NewDuty, gathers: str) -> NewDuty:
    """The same, consolidating the reports of another duty."""
    return replace(new, gathers=gathers)


def parse_day_of_year(typed: str) -> str:
    """ "30/9" as `--09-30`."""
    found = _DAY_OF_YEAR.fullmatch(typed.strip())
    try:
        day = date(2028, int(found[2]), int(found[1])) if found is not None else None
    except ValueError:
        day = None
    if day is None:
        raise DomainError(N_("Hãy ghi ngày và tháng, ví dụ 30/9."))
    return f"--{day:%m-%d}"


def add_duty(session: Session, province_code: str, new: NewDuty, *, staff: Staff, now: datetime) -> ReportingDuty:
    """Add what the source lacks; the same again gives back the first."""
    require(staff, Action.DUTY_MANAGE, Place(province_code))
    plan = session.scalar(select(Plan).where(Plan.province_code == province_code, Plan.operative.is_(True)))
    if plan is None:
        raise NotFound
    duty = _duty(session, plan, _clean(new), now)
    _check_days(duty)
    _check_units(session, duty)
    _check_gathered(session, duty)
    if (same := _same(session, duty)) is not None:
        return same
    session.add(duty)
    session.flush()
    _record(session, "duty.added", duty, staff, now)
    return duty


def end_duty(session: Session, province_code: str, duty_id: str, *, staff: Staff, now: datetime) -> ReportingDuty:
    """The calendar follows it no longer; what was begun stays readable."""
    duty = _followed(session, province_code, duty_id, staff)
    if duty.ended_on is None:
        duty.ended_on = local_day(now)
        _record(session, "duty.ended", duty, staff, now)
    return duty


def resume_duty(session: Session, province_code: str, duty_id: str, *, staff: Staff, now: datetime) -> ReportingDuty:
    duty = _followed(session, province_code, duty_id, staff)
    if duty.ended_on is not None:
        duty.ended_on = None
        _record(session, "duty.resumed", duty, staff, now)
    return duty


def _followed(session: Session, province_code: str, duty_id: str, staff: Staff) -> ReportingDuty:
    require(staff, Action.DUTY_MANAGE, Place(province_code))
    duty = session.get(ReportingDuty, (province_code, duty_id), with_for_update=True, populate_existing=True)
    if duty is None or not duty.followed:
        raise NotFound
    return duty


def _clean(new: NewDuty) -> NewDuty:
    report = clean_line(new.report, most=LONGEST_NAME, field="report")
    basis = clean_line(new.basis, most=LONGEST_BASIS, field="basis")
    if not report:
        raise DomainError(N_("Hãy ghi tên báo cáo."), field="report")
    if not basis:
        raise DomainError(N_("Hãy ghi văn bản giao nhiệm vụ này."), field="basis")
    return replace(new, report=report, basis=basis)


def _duty(session: Session, plan: Plan, new: NewDuty, now: datetime) -> ReportingDuty:
    """Only what belongs to its cadence is kept of the days."""
    added = select(func.count()).where(
        ReportingDuty.province_code == plan.province_code, ReportingDuty.added_at.is_not(None)
    )
    number = (session.scalar(added) or 0) + 1
    return ReportingDuty(
        province_code=plan.province_code,
        id=f"{plan.code}-T{number}",
        plan_code=plan.code,
        position=ADDED_POSITION + number,
        report=new.report,
        cadence=new.follow_as,
        due_date=new.due_date if new.follow_as == ONCE else None,
        recurs=new.recurs if new.follow_as == YEARLY else "",
        followed=True,
        content={"basis": new.basis},
        form=new.form,
        follow_as=new.follow_as,
        senders=list(dict.fromkeys(new.senders)),
        recipients=list(dict.fromkeys(new.recipients)),
        via=new.via,
        gathers=new.gathers,
        due_day=new.due_day if new.follow_as in (QUARTERLY, MONTHLY) else None,
        starts_on=new.starts_on or local_day(now),
        added_at=now,
    )


def _check_days(duty: ReportingDuty) -> None:
    if duty.follow_as not in FOLLOWED_CADENCES:
        raise DomainError(N_("Hãy chọn bao lâu báo cáo một lần."), field="follow_as")
    if duty.follow_as == YEARLY and not duty.recurs:
        raise DomainError(N_("Hãy ghi ngày và tháng, ví dụ 30/9."), field="recurs")
    if duty.follow_as == ONCE and (duty.due_date is None or not FIRST_YEAR <= duty.due_date.year <= LAST_YEAR):
        raise DomainError(N_("Hãy ghi ngày đến hạn, ví dụ 20/12/2027."), field="due_date")
    if duty.follow_as in (QUARTERLY, MONTHLY) and not 1 <= (duty.due_day or 0) <= MOST_DUE_DAY:
        raise DomainError(
            N_("Ngày đến hạn là một ngày trong tháng, từ 1 đến %(most)s."), field="due_day", most=MOST_DUE_DAY
        )


def _check_units(session: Session, duty: ReportingDuty) -> None:
    units = units_by_code(session, duty.province_code)
    if not duty.senders or not set(duty.senders) <= units.keys() | UNITS_OF.keys():
        raise DomainError(N_("Hãy chọn ít nhất một đơn vị phải gửi."), field="senders")
    if not duty.recipients or not set(duty.recipients) <= units.keys():
        raise DomainError(N_("Hãy chọn ít nhất một nơi nhận."), field="recipients")
    if duty.via and (duty.via not in units or duty.via in duty.recipients):
        raise DomainError(N_("Đầu mối tổng hợp phải là một đơn vị khác nơi nhận."), field="via")
    if not any(sends(duty, unit) for unit in units.values()):
        raise DomainError(N_("Không đơn vị nào gửi cho chính mình. Hãy chọn thêm đơn vị phải gửi."), field="senders")


def _check_gathered(session: Session, duty: ReportingDuty) -> None:
    if not duty.gathers:
        return
    gathered = session.get(ReportingDuty, (duty.province_code, duty.gathers))
    if gathered is None or not gathered.followed or not gathered.follow_as or gathered.ended_on is not None:
        raise DomainError(N_("Hãy chọn một báo cáo đang được theo dõi."), field="gathers")
    if (gathered.follow_as, gathered.form) != (duty.follow_as, duty.form):
        raise DomainError(
            N_("Chỉ tổng hợp được báo cáo có cùng nội dung và gửi thường xuyên như nhau."), field="gathers"
        )
    if not set(duty.senders) <= receivers(gathered):
        raise DomainError(N_("Chỉ đơn vị nhận báo cáo kia mới tổng hợp được."), field="gathers")


def _same(session: Session, duty: ReportingDuty) -> ReportingDuty | None:
    """A living one that asks the same of the same: the button was pressed twice."""
    living = session.scalars(
        select(ReportingDuty).where(
            ReportingDuty.province_code == duty.province_code,
            ReportingDuty.added_at.is_not(None),
            ReportingDuty.ended_on.is_(None),
            ReportingDuty.report == duty.report,
            ReportingDuty.follow_as == duty.follow_as,
        )
    )
    names = ("form", "recurs", "due_date", "due_day", "senders", "recipients", "via", "gathers")
    return next((one for one in living if all(getattr(one, name) == getattr(duty, name) for name in names)), None)


# --- Facts -----------------------------------------------------------------------------------------------------------


def _record(session: Session, kind: str, of: ReportingUnit | ReportingDuty, staff: Staff, now: datetime) -> None:
    if isinstance(of, ReportingUnit):
        object_id = fact_id(of.province_code, UNIT, of.code)
        data = {"unit": of.code, "kind": of.kind.value}
    else:
        object_id = fact_id(of.province_code, DUTY, of.id)
        data = {"duty": of.id, "form": of.form.value, "follow_as": of.follow_as}
    record(
        session,
        kind,
        province_code=of.province_code,
        object_id=object_id,
        actor=actor_of(staff),
        now=now,
        data=data,
    )
