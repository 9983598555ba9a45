"""Administration of reporting: `/quan-tri/<province>/bao-cao`, what the plan asks and what the calendar follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, Place
from pledges.core.calendar import local_day
from pledges.core.errors import N_, DomainError, NotFound
from pledges.duties import units as operations
from pledges.duties.unit_queries import living_units, staffed, units_by_code
from pledges.plans.decisions import DUTY, fact_id
from pledges.plans.duty_reading import ONCE, YEARLY
from pledges.plans.models import Agency, Clause, Plan, Province, ReportForm, ReportingDuty, ReportingUnit, UnitKind
from pledges.plans.setting_changes import AT_DUTIES, keep_settings
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.duty_forms import DutyDaysForm, MissingDutiesForm, NewDutyForm
from pledges.web.admin.duty_words import form_text, is_followed, names_of, next_day, when, why_not
from pledges.web.admin.reach import province_within
from pledges.web.current import now, reader, write
from pledges.web.officer.authentication import current_actor, current_staff
from pledges.web.officer.reach import reaches
from pledges.web.security import may, soft_csrf

manages_duties = may(Action.DUTY_MANAGE)
DONE = frozenset({"them", "ngay", "cham-dut", "lai"})
"""What may stand in the address after something was done, for the banner that says so."""


# --- Within reach ----------------------------------------------------------------------------------------------------


def province_for(code: str) -> Province:
    return province_within(code, Action.DUTY_MANAGE)


def duty_for(code: str, duty_id: str) -> ReportingDuty:
    province_for(code)
    duty = reader().get(ReportingDuty, (code, duty_id))
    if duty is None:
        raise NotFound
    return duty


def me(session: Session) -> Staff:
    """Who is signed in, in the session that writes."""
    staff = current_staff()
    return session.get_one(Staff, (staff.province_code, staff.id))


def _duties(code: str) -> list[ReportingDuty]:
    """In the order of the plans; what was added comes last."""
    found = reader().scalars(select(ReportingDuty).where(ReportingDuty.province_code == code))
    return sorted(found, key=lambda duty: (duty.added_at is not None, duty.plan_code, duty.position, duty.id))


# --- What the plan asks ----------------------------------------------------------------------------------------------


@blueprint.get("/<code>/bao-cao")
@manages_duties
def duties(code: str) -> ResponseReturnValue:
    province = province_for(code)
    found, today = _duties(code), local_day(now())
    units = units_by_code(reader(), code)
    people = staffed(reader(), code, living_units(reader(), code, today))
    return render_template(
        "admin/duties.html",
        province=province,
        followed=[_line(duty, units) for duty in found if is_followed(duty)],
        others=[_line(duty, units) for duty in found if not is_followed(duty)],
        lacks=_lacks_yearly(found),
        units=len(people),
        without=sum(1 for one in people if not one.reporters),
        done=request.args.get("xong", "") if request.args.get("xong", "") in DONE else "",
    )


def _line(duty: ReportingDuty, units: Mapping[str, ReportingUnit]) -> dict[str, Any]:
    """Printed words and our reading side by side, as the list and the page of one duty show them."""
    today = local_day(now())
    # Where the source says nothing, the file says in this place where it must be taken from.
    unprinted = duty.cadence == "unknown"
    return {
        "duty": duty,
        "when": when(duty),
        "senders": names_of(duty.senders, units),
        "recipients": names_of(duty.recipients, units),
        "via": names_of([duty.via], units)[0] if duty.via else "",
        "form": form_text(duty.form),
        "followed": is_followed(duty),
        "why_not": "" if is_followed(duty) else why_not(duty, today),
        "next": next_day(duty, today),
        "before": "" if unprinted else duty.before_printed,
        "note": duty.content.get("note", "") or (duty.before_printed if unprinted else ""),
        "also": duty.content.get("also", ""),
        "basis": duty.content.get("basis", ""),
    }


def _lacks_yearly(duties: Sequence[ReportingDuty]) -> bool:
    followed = [duty for duty in duties if is_followed(duty)]
    return not any(duty.form is ReportForm.GENERAL and duty.follow_as == YEARLY for duty in followed)


@blueprint.route("/<code>/bao-cao/nhiem-vu/<duty_id>", methods=["GET", "POST"])
@manages_duties
@soft_csrf
def duty(code: str, duty_id: str) -> ResponseReturnValue:
    """One duty with the clause that asks it; its days can be changed where the calendar follows it."""
    found = duty_for(code, duty_id)
    form = DutyDaysForm(data={"due_day": found.due_day, "starts_on": found.starts_on}) if is_followed(found) else None
    if form is not None:
        form.fit(found)
        if form.validate_on_submit():
            values, actor, at = form.values(), current_actor(), now()
            try:
                write(
                    lambda session: keep_settings(
                        session, code, DUTY, duty_id, values, where=AT_DUTIES, actor=actor, now=at
                    )
                )
                return redirect(url_for("admin.duty", code=code, duty_id=duty_id, xong="ngay"), 303)
            except DomainError as refusal:
                form.refuse(refusal)
    return _duty_page(found, form)


def _duty_page(found: ReportingDuty, form: DutyDaysForm | None) -> ResponseReturnValue:
    code = found.province_code
    clause = reader().get(Clause, (code, found.clause_id)) if found.clause_id else None
    gathered = reader().get(ReportingDuty, (code, found.gathers)) if found.gathers else None
    log = None
    if reaches(Action.AUDIT_VIEW, Place(code)):
        log = url_for("admin.audit", tinh=code, ma=str(fact_id(code, DUTY, found.id)))
    return render_template(
        "admin/duty.html",
        province=reader().get_one(Province, code),
        line=_line(found, units_by_code(reader(), code)),
        duty=found,
        clause=clause,
        plan=reader().get_one(Plan, (code, found.plan_code)),
        gathered=gathered,
        form=form,
        log=log,
        done=request.args.get("xong", "") if request.args.get("xong", "") in DONE else "",
    )


# --- What the source lacks -------------------------------------------------------------------------------------------


@blueprint.route("/<code>/bao-cao/them", methods=["GET", "POST"])
@manages_duties
@soft_csrf
def add_duty(code: str) -> ResponseReturnValue:
    province, today = province_for(code), local_day(now())
    form = NewDutyForm()
    form.fit(living_units(reader(), code, today), [each for each in _duties(code) if is_followed(each)], today)
    if form.validate_on_submit():
        try:
            new = form.new()
            added = write(lambda session: operations.add_duty(session, code, new, staff=me(session), now=now()))
            return redirect(url_for("admin.duty", code=code, duty_id=added.id, xong="them"), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    return render_template("admin/duty_form.html", province=province, form=form)


@blueprint.route("/<code>/bao-cao/bo-sung", methods=["GET", "POST"])
@manages_duties
@soft_csrf
def add_missing_duties(code: str) -> ResponseReturnValue:
    """The reports that every plan but this one names: yearly, mid-term and final, of all and of the lead department."""
    province = province_for(code)
    lead = reader().scalar(select(Agency).where(Agency.province_code == code, Agency.field == "trade"))
    units = living_units(reader(), code, local_day(now()))
    superiors = [unit for unit in units if unit.kind is UnitKind.SUPERIOR]
    if lead is None or lead.code not in {unit.code for unit in units}:
        raise NotFound
    form = MissingDutiesForm()
    form.fit(_printed_elsewhere(code))
    if form.validate_on_submit():
        wanted = form.new(lead.code, [unit.code for unit in superiors])
        try:
            if not wanted:
                raise DomainError(N_("Hãy điền ít nhất một ngày."), field="yearly")
            write(lambda session: _add_all(session, code, [new for _field, new in wanted]))
            return redirect(url_for("admin.duties", code=code, xong="them"), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    return render_template(
        "admin/missing_duties.html", province=province, form=form, lead=lead.name, superiors=superiors
    )


def _add_all(session: Session, code: str, wanted: Sequence[operations.NewDuty]) -> None:
    """The first level first: the report of the lead department gathers the others of its kind."""
    staff, at = me(session), now()
    first: dict[tuple[str, str], str] = {}
    for new in wanted:
        gathers = first.get((new.report, new.follow_as), "")
        added = operations.add_duty(session, code, operations.gathering(new, gathers), staff=staff, now=at)
        first.setdefault((new.report, new.follow_as), added.id)


def _printed_elsewhere(code: str) -> dict[str, list[str]]:
    """What the plans of other provinces print as days of these reports, by field of the form."""
    rows = reader().scalars(
        select(ReportingDuty)
        .where(
            ReportingDuty.province_code != code,
            ReportingDuty.form == ReportForm.GENERAL,
            ReportingDuty.follow_as.in_([YEARLY, ONCE]),
            ReportingDuty.added_at.is_(None),
        )
        .order_by(ReportingDuty.province_code, ReportingDuty.position)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        level = "lead_" if row.gathers else ""
        name = "yearly" if row.follow_as == YEARLY else "mid" if "sơ kết" in row.report else "final"
        printed = row.before_printed or ""
        if printed and printed not in found.setdefault(level + name, []):
            found[level + name].append(printed)
    return found


@blueprint.post("/<code>/bao-cao/nhiem-vu/<duty_id>/cham-dut")
@manages_duties
@soft_csrf
def end_duty(code: str, duty_id: str) -> ResponseReturnValue:
    duty_for(code, duty_id)
    write(lambda session: operations.end_duty(session, code, duty_id, staff=me(session), now=now()))
    return redirect(url_for("admin.duty", code=code, duty_id=duty_id, xong="cham-dut"), 303)


@blueprint.post("/<code>/bao-cao/nhiem-vu/<duty_id>/theo-doi-lai")
@manages_duties
@soft_csrf
def resume_duty(code: str, duty_id: str) -> ResponseReturnValue:
    duty_for(code, duty_id)
    write(lambda session: operations.resume_duty(session, code, duty_id, staff=me(session), now=now()))
    return redirect(url_for("admin.duty", code=code, duty_id=duty_id, xong="lai"), 303)
