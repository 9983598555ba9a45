"""A list of pledges signed on paper: `/can-bo/ban-giay/nhap`. From the file on it goes the way of every list."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.accounts.permissions import Action
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError
from pledges.imports import operations
from pledges.imports.models import ImportPurpose
from pledges.plans.rules import SUBJECT_TYPES
from pledges.signing.paper_queries import paper_entries, types_of_entry
from pledges.web.current import now, reader, write
from pledges.web.errors import error_page
from pledges.web.fields import Choice, ChoiceField, lazy
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.import_forms import NewImportForm
from pledges.web.officer.import_routes import LARGEST_REQUEST, keep_file, known_sources, own_place, to_import
from pledges.web.security import may, soft_csrf


class PaperListForm(NewImportForm):
    entry = ChoiceField(lazy("Các bản giấy thực hiện nghĩa vụ nào"))


@blueprint.route("/ban-giay/nhap", methods=["GET", "POST"])
@may(Action.PAPER_RECORD)
@soft_csrf
def paper_list() -> ResponseReturnValue:
    request.max_content_length = LARGEST_REQUEST
    try:
        form = PaperListForm()
    except RequestEntityTooLarge:
        return error_page(413, _("Tệp quá lớn. Hãy quay lại trang trước và chọn tệp không quá 20 MB."))
    place = own_place()
    entries = paper_entries(reader(), *place)
    form.entry.choices = [Choice(entry.id, title, where) for entry, title, where in entries]
    wanted = {code for entry, _title, _where in entries for code in types_of_entry(reader(), entry)}
    form.fit([code for code in SUBJECT_TYPES if code in wanted], known_sources(*place), local_day(now()))
    if len(entries) == 1 and form.entry.data is None:
        form.entry.data = entries[0][0].id
    kept = keep_file(form)
    if kept is not None:
        form.show_kept(kept)
    if not form.validate_on_submit() or kept is None:
        return _page(form, kept is not None)
    chosen = next(entry for entry, _title, _where in entries if entry.id == form.entry.data)
    if form.subject_type.data not in types_of_entry(reader(), chosen):
        form.subject_type.errors = [_("Nghĩa vụ đã chọn không yêu cầu nhóm này. Hãy chọn nhóm khác.")]
        return _page(form, kept=True)
    new = operations.NewImport(
        agency_code=place[1],
        subject_type=form.subject_type.data,
        source=form.source.data,
        seen_on=form.seen_on.data,
        filename=kept.filename,
        file_sha256=kept.sha256,
        purpose=ImportPurpose.PAPER_PLEDGES,
        entry_id=chosen.id,
    )
    staff, at = current_staff(), now()
    try:
        started = write(lambda db: operations.start_import(db, new, province_code=place[0], staff=staff, now=at))
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(form, kept=True)
    return to_import(started)


def _page(form: PaperListForm, kept: bool) -> ResponseReturnValue:
    return render_template("officer/paper_list.html", form=form, kept=kept), 400 if form.problems else 200
