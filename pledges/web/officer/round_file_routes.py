"""Files made from the lists of a round: asked for with a reason, waited for, taken again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import structlog
from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.core.errors import DomainError, NotFound
from pledges.documents.errors import DocumentDamaged
from pledges.rounds.export_requests import (
    COMMAND,
    KEPT,
    exports_of,
    is_by_command,
    is_there,
    make_again,
    start_export,
    take_again,
    taker_of,
)
from pledges.rounds.exports import csv_file
from pledges.rounds.list_heading import ListOrder, filter_texts
from pledges.rounds.list_models import ExportState, FileFormat, ListExport
from pledges.rounds.list_rows import ListFilters
from pledges.rounds.list_words import KIND_LABELS, RowWords
from pledges.rounds.models import Round
from pledges.web.current import now, product, reader, write
from pledges.web.errors import error_page
from pledges.web.i18n import date_text, error_text, translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.round_list_forms import ExportForm
from pledges.web.officer.round_list_routes import list_answer, read_chosen
from pledges.web.officer.round_view import round_for, round_heading
from pledges.web.officer.words import Label
from pledges.web.security import may, soft_csrf

log = structlog.get_logger()

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
}


# --- Asking for one --------------------------------------------------------------------------------------------------


@blueprint.post("/dot-van-dong/<quarter>/tep")
@may(Action.LIST_EXPORT)
@soft_csrf
def take_round_list(quarter: str) -> ResponseReturnValue:
    """The list that the address describes. A CSV leaves at once; for the others a page says how far they are."""
    of_round = round_for(quarter, Action.LIST_EXPORT)
    chosen, filter_form = read_chosen(of_round)
    form = ExportForm()
    if filter_form.problems or not form.validate_on_submit():
        return list_answer(chosen, filter_form, export=form, status=400)
    order = ListOrder(
        of_round.province_code,
        of_round.agency_code,
        round_heading(of_round)["quarter"],
        chosen.kind,
        chosen.as_of,
        chosen.filters,
    )
    staff, at = current_staff(), now()
    try:
        export = write(
            lambda session: start_export(
                session, order, FileFormat(form.format.data), reason=form.reason.data, staff=staff, now=at
            )
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return list_answer(chosen, filter_form, export=form, status=refusal.status)
    if export.format is FileFormat.CSV:
        return _csv(export)
    return redirect(url_for("officer.round_file", quarter=quarter, export_id=export.id), 303)


def _csv(export: ListExport) -> Response:
    pieces = csv_file(product().database, export, current_staff().name, product().clock)
    return Response(_begun(pieces), headers=_headers(export.filename, "csv"))


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What goes wrong before the first byte is still an answer of its own."""
    first = next(pieces, b"")

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()


def _headers(name: str, kind: str) -> dict[str, str]:
    return {
        "Content-Type": TYPES[kind],
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }


# --- Files of before -------------------------------------------------------------------------------------------------


def _export_for(quarter: str, export_id: uuid.UUID) -> tuple[Round, ListExport]:
    of_round = round_for(quarter, Action.LIST_EXPORT)
    export = reader().get(ListExport, (of_round.province_code, export_id))
    if export is None or (export.agency_code, export.quarter) != (of_round.agency_code, of_round.quarter):
        raise NotFound
    return of_round, export


@blueprint.get("/dot-van-dong/<quarter>/tep")
@may(Action.LIST_EXPORT)
def round_files(quarter: str) -> ResponseReturnValue:
    """Who took which list, when and why."""
    of_round = round_for(quarter, Action.LIST_EXPORT)
    found = exports_of(reader(), of_round.province_code, of_round.agency_code, of_round.quarter)
    words = RowWords.read(reader(), of_round.province_code, translate)
    return render_template(
        "officer/round_files.html",
        rows=[_shown(of_round, each, words) for each in found],
        lists=url_for("officer.round_list", quarter=quarter),
        days=KEPT.days,
        **round_heading(of_round),
    )


@blueprint.get("/dot-van-dong/<quarter>/tep/<uuid:export_id>")
@may(Action.LIST_EXPORT)
def round_file(quarter: str, export_id: uuid.UUID) -> ResponseReturnValue:
    """How far a file is; a script asks for the fragment until it is ready."""
    of_round, export = _export_for(quarter, export_id)
    shown = _shown(of_round, export, RowWords.read(reader(), of_round.province_code, translate))
    if request.headers.get("X-Fragment"):
        return render_template("officer/_round_file_state.html", **shown)
    return render_template("officer/round_file.html", **shown, **round_heading(of_round))


def _shown(of_round: Round, export: ListExport, words: RowWords) -> dict[str, Any]:
    args: dict[str, Any] = {"quarter": of_round.quarter, "export_id": export.id}
    filters = ListFilters.from_data(export.filters)
    return {
        "export": export,
        "title": f"{translate(KIND_LABELS[export.list])}, {_format(export)}",
        "as_of": date_text(export.as_of),
        "filters": "; ".join(filter_texts(filters, words)),
        "taker": _taker(export),
        "file_label": _label(export),
        "making": export.state is ExportState.WAITING,
        "ready": is_there(export),
        "gone": export.state is ExportState.READY and not is_there(export),
        "by_command": is_by_command(export),
        "failed": translate(export.error) if export.state is ExportState.FAILED else "",
        "until": export.finished_at + KEPT - timedelta(days=1) if export.finished_at else None,
        "page": url_for("officer.round_file", **args),
        "take": url_for("officer.take_round_file", **args),
        "again": url_for("officer.make_round_file_again", **args),
    }


def _taker(export: ListExport) -> str:
    name = taker_of(reader(), export)
    return translate(COMMAND) if name == COMMAND else name


def _format(export: ListExport) -> str:
    if export.filename.endswith(".zip"):
        return "PDF (ZIP)"
    return {FileFormat.CSV: "CSV", FileFormat.XLSX: "Excel", FileFormat.PDF: "PDF"}[export.format]


def _label(export: ListExport) -> Label:
    if export.state is ExportState.WAITING:
        return Label(_("Đang làm"), "plain")
    if export.state is ExportState.FAILED:
        return Label(_("Gặp lỗi"), "warning")
    if is_there(export):
        return Label(_("Sẵn sàng"), "success")
    return Label(_("Ghi ra máy chủ") if is_by_command(export) else _("Đã xóa tệp"), "plain")


@blueprint.post("/dot-van-dong/<quarter>/tep/<uuid:export_id>/tai")
@may(Action.LIST_EXPORT)
@soft_csrf
def take_round_file(quarter: str, export_id: uuid.UUID) -> ResponseReturnValue:
    """The file itself. Posted, because each time that somebody takes it stands in the log."""
    _of_round, export = _export_for(quarter, export_id)
    path = None
    if export.file_sha256 is not None:
        try:
            path = product().storage.checked_path(export.file_sha256)
        except (OSError, DocumentDamaged) as fault:
            log.error("stored file not readable", sha256=export.file_sha256, reason=str(fault))
            return error_page(503, _("Chưa lấy được tệp lúc này. Hãy thử lại sau ít phút."))
    staff, at = current_staff(), now()
    try:
        write(lambda session: take_again(session, export, staff=staff, now=at))
    except DomainError as refusal:
        flash(error_text(refusal), "warning")
        return redirect(url_for("officer.round_files", quarter=quarter), 303)
    if path is None:
        return _csv(export)
    answer = send_file(path, conditional=False, etag=False)
    answer.headers.update(_headers(export.filename, export.filename.rpartition(".")[2]))
    return answer


@blueprint.post("/dot-van-dong/<quarter>/tep/<uuid:export_id>/lam-lai")
@may(Action.LIST_EXPORT)
@soft_csrf
def make_round_file_again(quarter: str, export_id: uuid.UUID) -> ResponseReturnValue:
    of_round, export = _export_for(quarter, export_id)
    staff = current_staff()
    try:
        write(lambda session: make_again(session, export, staff=staff))
    except DomainError as refusal:
        flash(error_text(refusal), "warning")
    return redirect(url_for("officer.round_file", quarter=of_round.quarter, export_id=export.id), 303)
