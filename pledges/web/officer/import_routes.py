"""Lists that are read into the register: `/can-bo/nhap`, sending a file, and what its columns mean."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.accounts.permissions import Action, Place
from pledges.accounts.queries import staff_of
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError, NotFound
from pledges.imports import columns, operations
from pledges.imports.cells import without_personal_numbers
from pledges.imports.models import Import, ImportPurpose, ImportState
from pledges.imports.queries import first_rows, imports_of
from pledges.imports.rows import Field
from pledges.imports.sheets import MOST_BYTES
from pledges.plans.queries import duties_by_type, get_agency
from pledges.plans.rules import SUBJECT_TYPES
from pledges.web.current import now, reader, write
from pledges.web.fields import Choice
from pledges.web.i18n import error_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.import_forms import ColumnsForm, KeptFile, NewImportForm, SheetForm, columns_form
from pledges.web.officer.import_view import state_label, type_text
from pledges.web.officer.kept_files import keep_sent
from pledges.web.officer.reach import reaches, scope_of
from pledges.web.security import may, soft_csrf

LARGEST_REQUEST = MOST_BYTES + 1024 * 1024
SAMPLE = 60
LISTED = 100
HEADING_CHOICES = 25


def own_place() -> tuple[str, str]:
    """Province and agency whose lists this person brings in."""
    scope = scope_of(Action.IMPORT_MANAGE)
    if scope.agency_code is None:
        raise NotFound
    return scope.province_code, scope.agency_code


def import_for(import_id: uuid.UUID) -> Import:
    found = reader().get(Import, (current_staff().province_code, import_id))
    if found is None or not reaches(Action.IMPORT_MANAGE, Place(found.province_code, found.agency_code)):
        raise NotFound
    return found


def key_of(import_: Import) -> tuple[str, uuid.UUID]:
    return import_.province_code, import_.id


def to_import(import_: Import) -> ResponseReturnValue:
    return redirect(url_for("officer.import_page", import_id=import_.id), 303)


@blueprint.get("/nhap")
@may(Action.IMPORT_MANAGE)
def imports() -> ResponseReturnValue:
    place = own_place()
    found = imports_of(reader(), *place, limit=LISTED)
    people = {person.id: person.name for person in staff_of(reader(), place[0])}
    rows = [
        {"import": each, "label": state_label(each), "who": people.get(each.staff_id, "") if each.staff_id else ""}
        for each in found
    ]
    return render_template("officer/imports.html", rows=rows, agency=get_agency(reader(), *place), type_text=type_text)


# --- Sending a file ------------------------------------------------------------------------------------------------


@blueprint.route("/nhap/moi", methods=["GET", "POST"])
@may(Action.IMPORT_MANAGE)
@soft_csrf
def new_import() -> ResponseReturnValue:
    request.max_content_length = LARGEST_REQUEST
    try:
        form = NewImportForm()
    except RequestEntityTooLarge:
        return _too_large()
    place = own_place()
    form.fit(_own_types(*place), known_sources(*place), local_day(now()))
    kept = keep_file(form)
    if kept is not None:
        form.show_kept(kept)
    if not form.validate_on_submit() or kept is None:
        return _new_page(form, kept)
    new = operations.NewImport(
        agency_code=place[1],
        subject_type=form.subject_type.data,
        source=form.source.data,
        seen_on=form.seen_on.data,
        filename=kept.filename,
        file_sha256=kept.sha256,
        purpose=ImportPurpose.SUBJECTS,
    )
    staff = current_staff()
    try:
        started = write(
            lambda session: operations.start_import(session, new, province_code=place[0], staff=staff, now=now())
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return _new_page(form, kept)
    return to_import(started)


def _own_types(province_code: str, agency_code: str) -> list[str]:
    """The groups that the agency leads: only of them it brings in lists."""
    duties = duties_by_type(reader(), province_code)
    return [code for code in SUBJECT_TYPES if any(duty.agency.code == agency_code for duty in duties[code])]


def known_sources(province_code: str, agency_code: str) -> list[str]:
    """Names of earlier lists: only under the same name two lists are compared."""
    return list(dict.fromkeys(each.source for each in imports_of(reader(), province_code, agency_code, limit=LISTED)))


def keep_file(form: NewImportForm) -> KeptFile | None:
    """Store the file before anything else is looked at, so that no other mistake makes people send it again."""
    return keep_sent(form, MOST_BYTES)


def _new_page(form: NewImportForm, kept: KeptFile | None) -> ResponseReturnValue:
    page = render_template("officer/import_new.html", form=form, kept=kept)
    return page, 400 if form.problems else 200


def _too_large() -> ResponseReturnValue:
    form = NewImportForm(formdata=None)
    place = own_place()
    form.fit(_own_types(*place), known_sources(*place), local_day(now()))
    form.file.errors = [_("Tệp lớn hơn %(size)s MB. Hãy chọn tệp nhỏ hơn.", size=MOST_BYTES // 1024 // 1024)]
    return render_template("officer/import_new.html", form=form, kept=None), 413


# --- Columns -------------------------------------------------------------------------------------------------------


@blueprint.route("/nhap/<uuid:import_id>/cot", methods=["GET", "POST"])
@may(Action.IMPORT_MANAGE)
@soft_csrf
def import_columns(import_id: uuid.UUID) -> ResponseReturnValue:
    """What each column means: the guess, or what people said, with another heading row on request (`?dong=`)."""
    found = import_for(import_id)
    if found.state not in {ImportState.COLUMNS, ImportState.CHECKED} or not found.file_sha256:
        return to_import(found)
    guess, rows = _guess(found, _wanted_heading(found))
    form = _columns_form(found, guess, rows)
    if not form.validate_on_submit():
        return _columns_page(found, form, guess, rows)
    try:
        write(
            lambda session: operations.choose_columns(
                session,
                key_of(found),
                form.mapping,
                header_row=guess.header_row,
                headings=guess.headings,
                staff=current_staff(),
                seen=form.seen.data,
                now=now(),
            )
        )
    except DomainError as refusal:
        if refusal.status == 409:
            flash(_("Danh sách vừa thay đổi, hãy xem lại."), "warning")
            return to_import(found)
        form.refuse(refusal)
        return _columns_page(found, form, guess, rows)
    return to_import(found)


def _wanted_heading(import_: Import) -> int:
    typed = request.form.get("header_row") if request.method == "POST" else request.args.get("dong")
    return int(typed) if typed and typed.isascii() and typed.isdecimal() and len(typed) < 8 else import_.header_row


def _guess(import_: Import, header_row: int) -> tuple[columns.Guess, list[tuple[int, list[str]]]]:
    """The guess that was made, or another one for another heading row; and the first rows."""
    rows = [(row.number, row.cells) for row in first_rows(reader(), key_of(import_), SAMPLE)]
    if header_row == import_.header_row and import_.headings:
        mapping = {int(column): Field(name) for column, name in import_.mapping.items()}
        return columns.Guess(import_.header_row, import_.headings, mapping), rows
    remembered = columns.recall(reader(), import_)
    return columns.guess(rows, import_.purpose, remembered, header_row=header_row), rows


def _columns_form(import_: Import, guess: columns.Guess, rows: list[tuple[int, list[str]]]) -> ColumnsForm:
    data = [cells for number, cells in rows if number > guess.header_row]
    samples = {
        column: list(
            dict.fromkeys(
                without_personal_numbers(cells[column]) for cells in data if column < len(cells) and cells[column]
            )
        )
        for column in range(len(guess.headings))
    }
    given = {"seen": import_.revision, "header_row": guess.header_row}
    return columns_form(guess.headings, samples, guess.mapping, import_.purpose, data=given)


def _columns_page(
    import_: Import, form: ColumnsForm, guess: columns.Guess, rows: list[tuple[int, list[str]]]
) -> ResponseReturnValue:
    sheet_form = SheetForm(formdata=None, data={"sheet": import_.sheet, "seen": import_.revision})
    sheet_form.sheet.choices = [Choice(name, name) for name in import_.sheets]
    page = render_template(
        "officer/import_columns.html",
        import_=import_,
        form=form,
        sheet_form=sheet_form,
        header_row=guess.header_row,
        first=[
            (number, without_personal_numbers(" · ".join(cell for cell in cells if cell))[:160])
            for number, cells in rows[:HEADING_CHOICES]
        ],
    )
    return page, 400 if form.problems else 200


@blueprint.post("/nhap/<uuid:import_id>/trang-tinh")
@may(Action.IMPORT_MANAGE)
@soft_csrf
def import_sheet(import_id: uuid.UUID) -> ResponseReturnValue:
    found = import_for(import_id)
    form = SheetForm()
    form.sheet.choices = [Choice(name, name) for name in found.sheets]
    if form.validate_on_submit():
        _change(
            lambda session: operations.choose_sheet(
                session, key_of(found), form.sheet.data, staff=current_staff(), seen=form.seen.data, now=now()
            )
        )
    return to_import(found)


def _change(work: Any) -> None:
    """Do something whose refusal is told on the next page."""
    try:
        write(work)
    except DomainError as refusal:
        flash(error_text(refusal), "warning")
