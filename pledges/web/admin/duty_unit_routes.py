"""Reporting units of a province: `/quan-tri/<province>/bao-cao/don-vi`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.core.calendar import local_day
from pledges.core.errors import DomainError, NotFound
from pledges.duties import units as operations
from pledges.duties.calendar import receivers, reckoned_duties, sends
from pledges.duties.pasted_lines import PersonLine, UnitLine, read_units
from pledges.duties.unit_queries import ORDER, StaffedUnit, living_units, matching, staffed
from pledges.plans.models import ReportingUnit, UnitKind
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.duty_routes import manages_duties, me, province_for
from pledges.web.admin.duty_unit_forms import PasteForm, PasteUnitsForm, SearchForm, UnitForm
from pledges.web.admin.duty_words import is_followed, kind_text
from pledges.web.admin.staff_routes import inviting
from pledges.web.admin.staff_words import StaffWords
from pledges.web.current import now, reader, write
from pledges.web.i18n import error_text
from pledges.web.security import soft_csrf

Line = TypeVar("Line", UnitLine, PersonLine)

ADD = "them"
"""Value of the button that acts on what was shown."""


def unit_for(code: str, unit_code: str) -> ReportingUnit:
    province_for(code)
    unit = reader().get(ReportingUnit, (code, unit_code))
    if unit is None:
        raise NotFound
    return unit


def all_staffed(code: str) -> list[StaffedUnit]:
    return staffed(reader(), code, living_units(reader(), code, local_day(now())))


# --- The list --------------------------------------------------------------------------------------------------------


@blueprint.get("/<code>/bao-cao/don-vi")
@manages_duties
def units(code: str) -> ResponseReturnValue:
    """Units of one kind, or with a search of all kinds; who works for each, and who is missing."""
    province = province_for(code)
    everything = all_staffed(code)
    form = SearchForm(request.args)
    form.validate()
    text = "" if form.tim.errors else form.tim.data or ""
    missing = request.args.get("thieu") == "1"
    kind = _kind(request.args.get("loai", ""))
    shown = [one for one in everything if not (missing and one.reporters)]
    counts = {each: sum(1 for one in shown if one.unit.kind is each) for each in ORDER}
    found = matching(shown, text) if text else [one for one in shown if kind is None or one.unit.kind is kind]
    return render_template(
        "admin/units.html",
        province=province,
        form=form,
        text=text,
        kind=kind,
        missing=missing,
        tabs=_tabs(code, counts, kind, missing, bool(text)),
        rows=[_row(code, one) for one in found],
        without=sum(1 for one in everything if not one.reporters),
        done=request.args.get("xong", ""),
        count=request.args.get("so", 0, type=int),
    )


def _kind(typed: str) -> UnitKind | None:
    return UnitKind(typed) if typed in set(UnitKind) else None


def _tabs(
    code: str, counts: dict[UnitKind, int], kind: UnitKind | None, missing: bool, searching: bool
) -> list[dict[str, Any]]:
    more: dict[str, Any] = {"thieu": 1} if missing else {}
    total = {"text": _("Tất cả"), "count": sum(counts.values()), "current": kind is None and not searching}
    tabs = [total | {"href": url_for("admin.units", code=code, **more)}]
    for each, count in counts.items():
        href = url_for("admin.units", code=code, loai=each.value, **more)
        tabs.append({"text": kind_text(each), "count": count, "href": href, "current": kind is each and not searching})
    return tabs


def _row(code: str, one: StaffedUnit) -> dict[str, Any]:
    return {
        "value": one.unit.code,
        "label": one.unit.name,
        "unit": one.unit,
        "kind": kind_text(one.unit.kind),
        "people": one.people,
        "staffed": bool(one.reporters),
        "href": url_for("admin.unit", code=code, unit_code=one.unit.code),
    }


# --- One unit --------------------------------------------------------------------------------------------------------


@blueprint.get("/<code>/bao-cao/don-vi/<unit_code>")
@manages_duties
def unit(code: str, unit_code: str) -> ResponseReturnValue:
    found = unit_for(code, unit_code)
    [one] = staffed(reader(), code, [found])
    duties = [duty for duty in reckoned_duties(reader(), code) if is_followed(duty)]
    return render_template(
        "admin/unit.html",
        province=province_for(code),
        unit=found,
        kind=kind_text(found.kind),
        one=one,
        words=StaffWords(reader(), one.people),
        sends=[duty for duty in duties if sends(duty, found)],
        receives=[duty for duty in duties if found.code in receivers(duty)],
        done=request.args.get("xong", ""),
    )


@blueprint.post("/<code>/bao-cao/don-vi/<unit_code>/cham-dut")
@manages_duties
@soft_csrf
def end_unit(code: str, unit_code: str) -> ResponseReturnValue:
    unit_for(code, unit_code)
    write(lambda session: operations.end_unit(session, code, unit_code, staff=me(session), now=now()))
    return redirect(url_for("admin.unit", code=code, unit_code=unit_code, xong="cham-dut"), 303)


@blueprint.post("/<code>/bao-cao/don-vi/<unit_code>/dung-lai")
@manages_duties
@soft_csrf
def resume_unit(code: str, unit_code: str) -> ResponseReturnValue:
    unit_for(code, unit_code)
    write(lambda session: operations.resume_unit(session, code, unit_code, staff=me(session), now=now()))
    return redirect(url_for("admin.unit", code=code, unit_code=unit_code, xong="lai"), 303)


# --- Adding ----------------------------------------------------------------------------------------------------------


@blueprint.route("/<code>/bao-cao/them-don-vi", methods=["GET", "POST"])
@manages_duties
@soft_csrf
def add_unit(code: str) -> ResponseReturnValue:
    province = province_for(code)
    form = UnitForm()
    if form.validate_on_submit():
        name, kind = form.name.data, UnitKind(form.kind.data)
        try:
            added = write(lambda session: operations.add_unit(session, code, name, kind, staff=me(session), now=now()))
            return redirect(url_for("admin.unit", code=code, unit_code=added.code, xong="them"), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    return render_template("admin/unit_form.html", province=province, form=form)


@blueprint.route("/<code>/bao-cao/dan-don-vi", methods=["GET", "POST"])
@manages_duties
@soft_csrf
def paste_units(code: str) -> ResponseReturnValue:
    """Many at once: first how each line is understood, then, on the second button, those that are right."""
    province = province_for(code)
    form = PasteUnitsForm()
    lines: list[UnitLine] = []
    added = 0
    if form.validate_on_submit():
        try:
            lines, added = _act(code, form)
        except DomainError as refusal:
            form.refuse(refusal)
        if added and not lines:
            return redirect(url_for("admin.units", code=code, xong="them", so=added), 303)
    return render_template(
        "admin/paste_units.html",
        province=province,
        form=form,
        lines=[shown(line, kind_text(line.kind) if line.kind else "", _("Sẽ thêm")) for line in lines],
        to_mend=sum(1 for line in lines if line.problem),
        ready=sum(line.ready for line in lines),
        added=added,
        fingerprint=form.fingerprint,
        add=ADD,
    )


def _act(code: str, form: PasteUnitsForm) -> tuple[list[UnitLine], int]:
    """How the lines are understood, and how many units were added just now; what is still wrong stays in the box."""
    text, today, at, added = form.lines.data, local_day(now()), now(), 0
    if acts(form):
        sending = inviting()
        added = write(
            lambda session: operations.add_units(
                session, code, read_units(session, code, text, today), staff=me(session), inviting=sending, now=at
            )
        )
    lines = read_units(reader(), code, text, today)
    return (leave_open(form, lines) if added else lines), added


def acts(form: PasteForm) -> bool:
    """The second button was pressed, below just these lines."""
    return request.form.get("do") == ADD and form.was_shown(request.form.get("seen", ""))


def stays(line: UnitLine | PersonLine) -> bool:
    """Wrong, or still without anybody."""
    return line.problem is not None or (isinstance(line, PersonLine) and line.open)


def leave_open(form: PasteForm, lines: Sequence[Line]) -> list[Line]:
    """Once the right lines are done, only those that need a hand are left in the box: nothing typed is lost."""
    left = [line for line in lines if stays(line)]
    form.lines.data = form.lines.raw = "\n".join(line.text for line in left)
    return [replace(line, number=number) for number, line in enumerate(left, 1)]


def shown(line: UnitLine | PersonLine, about: str, will: str) -> dict[str, Any]:
    """How a line was understood."""
    if line.problem:
        state, kind = error_text(line.problem), "wrong"
    elif line.known:
        state, kind = _("Đã có, bỏ qua"), "plain"
    elif line.ready:
        state, kind = will, "success"
    else:
        state, kind = _("Chưa điền người, bỏ qua"), "plain"
    return {
        "number": line.number,
        "text": line.text,
        "name": "" if line.problem else line.name,
        "email": line.email,
        "about": about,
        "state": state,
        "kind": kind,
    }
