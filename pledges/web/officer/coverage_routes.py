"""How far an agency, a province and all provinces are, in figures: `/can-bo/so-lieu`."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action
from pledges.accounts.permissions import Place as Where
from pledges.core.calendar import Quarter, local_day
from pledges.core.errors import DomainError, NotFound
from pledges.plans.models import Agency, Instrument
from pledges.plans.queries import get_agency, get_province
from pledges.plans.rules import SUBJECT_TYPES
from pledges.reporting.coverage import coverage_of, goal_of
from pledges.reporting.exports import RollupFormat, RollupOrder, filename_of, note_export, rollup_file
from pledges.reporting.members import members_page
from pledges.reporting.rollup import entries_led
from pledges.reporting.standing import Place
from pledges.reporting.words import Names
from pledges.rounds.list_models import Group, ListKind
from pledges.rounds.list_rows import PARTS, ListFilters
from pledges.rounds.list_words import GROUP_LABELS, RowWords
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import date_text, translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.coverage_forms import Chosen, CoverageForm, RollupForm
from pledges.web.officer.coverage_lines import SILENT
from pledges.web.officer.coverage_nation import nation_page
from pledges.web.officer.coverage_view import (
    COMMUNES,
    agency_lines,
    communes_shown,
    coverage_shown,
    export_action,
    pages_beside,
)
from pledges.web.officer.reach import reaches, scope_of
from pledges.web.officer.round_list_forms import NOWHERE
from pledges.web.officer.round_list_view import shown_row
from pledges.web.security import may, soft_csrf

TYPES = {
    RollupFormat.CSV: "text/csv; charset=utf-8",
    RollupFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    RollupFormat.PDF: "application/pdf",
}

# --- Figures ---------------------------------------------------------------------------------------------------------


@blueprint.get("/so-lieu")
@may(Action.COVERAGE_VIEW)
def coverage() -> ResponseReturnValue:
    """Of one's own agency; viewers of a province see all its agencies, the system's administrators all provinces."""
    scope = scope_of(Action.COVERAGE_VIEW)
    if scope.agency_code is not None:
        return coverage_answer(Place(scope.province_code, scope.agency_code))
    if reaches(Action.COVERAGE_VIEW, Where("")):
        return nation_page()
    return coverage_answer(Place(scope.province_code))


@blueprint.get("/so-lieu/<code>")
@may(Action.COVERAGE_VIEW)
def coverage_of_province(code: str) -> ResponseReturnValue:
    return coverage_answer(place_for(code))


@blueprint.get("/so-lieu/<province_code>/<agency_code>")
@may(Action.COVERAGE_VIEW)
def coverage_of_agency(province_code: str, agency_code: str) -> ResponseReturnValue:
    return coverage_answer(place_for(province_code, agency_code))


def place_for(province_code: str, agency_code: str = "", action: Action = Action.COVERAGE_VIEW) -> Place:
    """Within reach; of everything else nothing is told."""
    if not reaches(action, Where(province_code, agency_code or None)):
        raise NotFound
    if agency_code:
        get_agency(reader(), province_code, agency_code)
    else:
        get_province(reader(), province_code)
    return Place(province_code, agency_code)


def coverage_answer(place: Place, *, export: RollupForm | None = None, status: int = 200) -> ResponseReturnValue:
    names = Names.read(reader(), place.province_code, translate)
    form = CoverageForm(request.args)
    labels = {
        entry.id: names.entry(entry.id)
        for entry in entries_led(reader(), place)
        if entry.instrument is Instrument.PLEDGE
    }
    form.fit(labels, local_day(now()))
    chosen = Chosen(place, form.read_day(), form.muc.data or "")
    goal = goal_of(reader(), place.province_code)
    found = coverage_of(reader(), place, chosen.day, now(), entry_id=chosen.entry_id)
    if request.method == "GET" and request.args.get("theo") == COMMUNES:
        page = render_template(
            "officer/coverage_communes.html",
            form=form,
            province=get_province(reader(), place.province_code),
            agency=_agency(place),
            entry=labels.get(chosen.entry_id, ""),
            back=chosen.url(),
            **communes_shown(found, chosen, names, goal),
        )
        return page, 400 if form.problems else 200
    page = render_template(
        "officer/coverage.html",
        form=next((each for each in (export, form) if each is not None and each.problems), form),
        filter_form=form,
        export_form=export or RollupForm(formdata=None),
        export_action=export_action(chosen),
        chosen=chosen,
        here=Chosen(place, None).url(),
        province=get_province(reader(), place.province_code),
        agency=_agency(place),
        entry=labels.get(chosen.entry_id, ""),
        without_entry=chosen.at(entry_id="").url(),
        agencies=agency_lines(found, names, chosen) if not place.agency_code else [],
        back=_above(place, chosen),
        beside=pages_beside(chosen),
        empty=not any(part.in_scope for part in found.standing.parts),
        **coverage_shown(found, chosen, names, goal),
    )
    return page, 400 if form.problems else status


def _agency(place: Place) -> Agency | None:
    return get_agency(reader(), place.province_code, place.agency_code) if place.agency_code else None


def _above(place: Place, chosen: Chosen) -> str:
    """The page from which somebody came who sees more than this."""
    if place.agency_code:
        wider = Where(place.province_code)
        return (
            chosen.at(place=Place(place.province_code), entry_id="").url()
            if reaches(Action.COVERAGE_VIEW, wider)
            else ""
        )
    return chosen.at(place=Place(), entry_id="").url() if reaches(Action.COVERAGE_VIEW, Where("")) else ""


# --- Who stands behind a figure --------------------------------------------------------------------------------------


@blueprint.get("/so-lieu/<province_code>/<agency_code>/doi-tuong")
@may(Action.LIST_VIEW)
def coverage_members(province_code: str, agency_code: str) -> ResponseReturnValue:
    """The list that a figure of coverage counts: as many lines as the figure says."""
    place = place_for(province_code, agency_code, Action.LIST_VIEW)
    filters = _filters(place)
    acknowledged = request.args.get("loai") == "van-ban"
    form = CoverageForm(request.args)
    form.fit({}, local_day(now()))
    day = form.read_day()
    groups = _groups()
    came = request.args.get("moi") == "co"
    page = members_page(
        reader(),
        place,
        filters,
        groups=groups,
        instrument=Instrument.ACKNOWLEDGEMENT if acknowledged else Instrument.PLEDGE,
        day=day,
        now=now(),
        came=came,
        after=request.args.get("sau", "")[:200],
    )
    words = RowWords.read(reader(), province_code, translate)
    names = Names.read(reader(), province_code, translate)
    answer = render_template(
        "officer/coverage_members.html",
        agency=_agency(place),
        back=Chosen(place, day).url(),
        filters=_filter_texts(groups, filters, names, _since(day) if came else ""),
        when=date_text(day) if day is not None else "",
        page=page,
        rows=[shown_row(row, words) for row in page.rows],
        first=not request.args.get("sau"),
        turns=_turns(page.after, Chosen(place, day)),
    )
    return answer, 400 if form.problems else 200


def _filters(place: Place) -> ListFilters:
    """A value that means nothing filters nothing."""
    args = request.args
    commune, subject_type = args.get("xa", ""), args.get("nhom", "")
    known = {entry.id for entry in entries_led(reader(), place)}
    return ListFilters(
        commune="" if commune == NOWHERE else commune if commune.isdecimal() and len(commune) == 5 else None,
        entry=args.get("muc", "") if args.get("muc", "") in known else "",
        subject_type=subject_type if subject_type in SUBJECT_TYPES else "",
    )


def _groups() -> tuple[Group, ...]:
    """None of them: all six."""
    wanted = request.args.get("phan", "")
    if wanted == SILENT:
        return PARTS[ListKind.NOT_PLEDGED]
    return (Group(wanted),) if wanted in set(Group) else ()


def _since(day: date | None) -> str:
    """The first day on which somebody counts as new."""
    return date_text(Quarter.of(day or local_day(now())).first_day)


def _filter_texts(groups: tuple[Group, ...], filters: ListFilters, names: Names, since: str) -> list[str]:
    told = [translate(GROUP_LABELS[group]) for group in groups] or [_("Thuộc diện ký, mọi tình trạng")]
    if since:
        told.append(_("vào diện ký từ ngày %(day)s", day=since))
    if filters.entry:
        told.append(names.entry(filters.entry))
    if filters.subject_type:
        told.append(names.subject_type(filters.subject_type))
    if filters.commune is not None:
        told.append(names.commune(filters.commune))
    return told


def _turns(after: str, chosen: Chosen) -> list[dict[str, Any]]:
    kept = {name: value for name, value in request.args.items() if name in {"phan", "xa", "nhom", "muc", "loai", "moi"}}
    turns = []
    if request.args.get("sau"):
        turns.append({"rel": "first", "text": _("Trang đầu"), "href": chosen.url("officer.coverage_members", **kept)})
    if after:
        href = chosen.url("officer.coverage_members", **kept, sau=after)
        turns.append({"rel": "next", "text": _("Trang sau"), "href": href})
    return turns


# --- Files -----------------------------------------------------------------------------------------------------------


@blueprint.post("/so-lieu/<code>/tep")
@may(Action.COVERAGE_VIEW)
@soft_csrf
def export_province_coverage(code: str) -> ResponseReturnValue:
    return _export(place_for(code))


@blueprint.post("/so-lieu/<province_code>/<agency_code>/tep")
@may(Action.COVERAGE_VIEW)
@soft_csrf
def export_agency_coverage(province_code: str, agency_code: str) -> ResponseReturnValue:
    return _export(place_for(province_code, agency_code))


def _export(place: Place) -> ResponseReturnValue:
    """The figures that the address describes; who, what and why is in the log before the first byte leaves."""
    form, wanted = RollupForm(), CoverageForm(request.args)
    wanted.fit({}, local_day(now()))
    day = wanted.read_day()
    if not form.validate_on_submit() or wanted.problems:
        return coverage_answer(place, export=form, status=400)
    order = RollupOrder(
        place,
        day,
        RollupFormat(form.format.data),
        form.reason.data,
        names=reaches(Action.LIST_EXPORT, Where(place.province_code, place.agency_code or None)),
    )
    staff, at = current_staff(), now()
    try:
        write(lambda session: note_export(session, order, actor=actor_of(staff), now=at))
    except DomainError as refusal:
        form.refuse(refusal)
        return coverage_answer(place, export=form, status=refusal.status)
    content = rollup_file(reader(), order, who=staff.name, now=at, fonts=product().settings.pdf_fonts)
    return Response(
        content,
        headers={
            "Content-Type": TYPES[order.format],
            "Content-Disposition": f'attachment; filename="{filename_of(order, at)}"',
            "Cache-Control": "no-store",
        },
    )
