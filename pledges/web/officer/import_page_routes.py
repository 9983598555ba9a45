"""One import: its progress, its preview with the row report, and the steps that a person takes with it."""

from __future__ import annotations

import tempfile
import uuid
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.accounts.queries import get_staff
from pledges.core.errors import DomainError, NotFound
from pledges.imports import operations
from pledges.imports.clashes import skip_open
from pledges.imports.errors import BuiltOn
from pledges.imports.models import Import, ImportState, RowOutcome
from pledges.imports.queries import (
    count_gone,
    count_outcomes,
    gone_entities,
    last_committed,
    lead_agency,
    outside_by_province,
)
from pledges.imports.report import lines_of, write_csv, write_xlsx
from pledges.imports.states import RUNNING
from pledges.review.import_blockers import built_on
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import error_text, translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.import_forms import StepForm
from pledges.web.officer.import_routes import import_for, key_of, to_import
from pledges.web.officer.import_view import (
    PAGE_SIZE,
    TABS,
    decision_label,
    outcome_hint,
    outcome_text,
    page_of_rows,
    province_names,
    row_views,
    state_label,
    type_text,
    working_text,
)
from pledges.web.security import may, soft_csrf

REPORTED = {ImportState.CHECKED, ImportState.COMMITTING, ImportState.COMMITTED, ImportState.UNDOING}
CANCELLABLE = {ImportState.READING, ImportState.COLUMNS, ImportState.CHECKING, ImportState.CHECKED}
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


# --- The page ------------------------------------------------------------------------------------------------------


@blueprint.get("/nhap/<uuid:import_id>")
@may(Action.IMPORT_MANAGE)
def import_page(import_id: uuid.UUID) -> ResponseReturnValue:
    """Where an import stands; while the worker is busy a script asks for the fragment."""
    found = import_for(import_id)
    shown = {
        "import_": found,
        "running": found.state in RUNNING,
        "working": working_text(found),
        "bar": _bar(found),
        "here": url_for("officer.import_page", import_id=found.id),
    }
    if request.headers.get("X-Fragment"):
        return render_template("officer/_import_state.html", **shown)
    if found.state in RUNNING:
        return render_template("officer/import_running.html", label=state_label(found), **shown)
    if found.state is ImportState.COLUMNS:
        return redirect(url_for("officer.import_columns", import_id=found.id))
    starter = get_staff(reader(), found.province_code, found.staff_id) if found.staff_id else None
    return render_template(
        "officer/import.html",
        label=state_label(found),
        who=starter.name if starter is not None else "",
        type_name=type_text(found.subject_type),
        problem=translate(found.problem, **found.problem_params) if found.problem else "",
        can_cancel=found.state in CANCELLABLE,
        **(_preview(found) if found.state in REPORTED else {"tabs": []}),
        **shown,
    )


def _bar(import_: Import) -> tuple[int, int]:
    """How far the step is and of how much; while the file is read nobody knows yet how long it is."""
    total = max(import_.rows, 1)
    return (min(import_.done, total) if import_.state in RUNNING else total), total


def _preview(import_: Import) -> dict[str, Any]:
    key = key_of(import_)
    counts = count_outcomes(reader(), key)
    tab = _chosen_tab(counts)
    last = max(1, -(-counts[tab] // PAGE_SIZE))
    page = min(max(1, request.args.get("trang", 1, type=int)), last)
    rows = row_views(import_, page_of_rows(import_, tab, page))
    earlier = last_committed(reader(), import_)
    return {
        "tabs": [
            {"text": outcome_text(each), "count": counts[each], "href": _address(import_, each), "current": each == tab}
            for each in TABS
        ],
        "tab": tab,
        "tab_text": outcome_text(tab),
        "tab_hint": outcome_hint(tab, done=import_.state is not ImportState.CHECKED),
        "rows": [row | {"decision": decision_label(row["row"])} for row in rows],
        "page": page,
        "last": last,
        "address": lambda number: _address(import_, tab, number),
        "open_clashes": counts[RowOutcome.CLASH] - counts["decided"] - counts["skipped"],
        "to_write": counts[RowOutcome.NEW] + counts[RowOutcome.ADDS] + counts[RowOutcome.MATCHED] + counts["decided"],
        "counts": counts,
        "earlier": earlier,
        "gone_number": count_gone(reader(), import_) if earlier is not None else 0,
        "gone": gone_entities(reader(), import_) if earlier is not None else [],
        "elsewhere": _elsewhere(import_) if tab == RowOutcome.OUTSIDE else [],
    }


def _chosen_tab(counts: dict[str, int]) -> str:
    wanted = request.args.get("muc", "")
    return wanted if wanted in TABS else next((tab for tab in TABS if counts[tab]), TABS[0])


def _address(import_: Import, tab: str, page: int = 1) -> str:
    return url_for("officer.import_page", import_id=import_.id, muc=tab, trang=page if page > 1 else None)


def _elsewhere(import_: Import) -> list[dict[str, Any]]:
    """Rows of other provinces that were not handed over yet, and whether somebody there could take them."""
    names = province_names()
    return [
        {
            "code": code,
            "name": names.get(code, "") or _("Chưa rõ tỉnh, thành phố nào"),
            "number": number,
            "can": bool(code) and lead_agency(reader(), code, import_.subject_type) is not None,
        }
        for code, number in outside_by_province(reader(), key_of(import_)).items()
    ]


@blueprint.get("/nhap/<uuid:import_id>/bao-cao.<any(xlsx, csv):kind>")
@may(Action.IMPORT_MANAGE)
def import_report(import_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """What became of each row, for mending the list."""
    found = import_for(import_id)
    if found.state not in REPORTED:
        raise NotFound
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer that sends it
    with product().database.read() as session:
        lines = lines_of(session, key_of(found))
        (write_xlsx if kind == "xlsx" else write_csv)(lines, found.headings, file, translate)
    file.seek(0)
    name = f"bao-cao-{found.started_at:%Y%m%d}-{str(found.id)[-6:]}.{kind}"
    return send_file(file, mimetype=KINDS[kind], as_attachment=True, download_name=name)


# --- Steps ---------------------------------------------------------------------------------------------------------


@blueprint.route("/nhap/<uuid:import_id>/ghi", methods=["GET", "POST"])
@may(Action.IMPORT_MANAGE)
@soft_csrf
def import_commit(import_id: uuid.UUID) -> ResponseReturnValue:
    found = import_for(import_id)
    if found.state is not ImportState.CHECKED:
        return _moved_on(found)
    form = StepForm(data={"seen": found.revision})
    if not form.validate_on_submit():
        return render_template("officer/import_confirm.html", ask="commit", import_=found, form=form, **_preview(found))
    seen = form.seen.data
    return _take(found, lambda session, common: operations.commit_import(session, key_of(found), seen=seen, **common))


@blueprint.route("/nhap/<uuid:import_id>/rut-lai", methods=["GET", "POST"])
@may(Action.IMPORT_MANAGE)
@soft_csrf
def import_undo(import_id: uuid.UUID) -> ResponseReturnValue:
    """Take a committed list back; what was built on it is named."""
    found = import_for(import_id)
    if found.state is not ImportState.COMMITTED:
        return _moved_on(found)
    form = StepForm(data={"seen": found.revision})
    if not form.validate_on_submit():
        return render_template("officer/import_confirm.html", ask="undo", import_=found, form=form, blockers=[])
    seen = form.seen.data
    try:
        write(
            lambda session: operations.undo_import(
                session, key_of(found), staff=current_staff(), seen=seen, now=now(), blockers=built_on
            )
        )
    except BuiltOn as refusal:
        form.refuse(refusal)
        blockers = [(name, translate(message, **params)) for name, (message, params) in refusal.blockers]
        page = render_template("officer/import_confirm.html", ask="undo", import_=found, form=form, blockers=blockers)
        return page, refusal.status
    except DomainError as refusal:
        flash(error_text(refusal), "warning")
    return to_import(found)


@blueprint.route("/nhap/<uuid:import_id>/bo", methods=["GET", "POST"])
@may(Action.IMPORT_MANAGE)
@soft_csrf
def import_cancel(import_id: uuid.UUID) -> ResponseReturnValue:
    found = import_for(import_id)
    if found.state not in CANCELLABLE:
        return _moved_on(found)
    form = StepForm(data={"seen": found.revision})
    if not form.validate_on_submit():
        return render_template("officer/import_confirm.html", ask="cancel", import_=found, form=form)
    seen = form.seen.data
    return _take(found, lambda session, common: operations.cancel_import(session, key_of(found), seen=seen, **common))


@blueprint.post("/nhap/<uuid:import_id>/chuyen")
@may(Action.IMPORT_MANAGE)
def import_hand_over(import_id: uuid.UUID) -> ResponseReturnValue:
    """Give rows of another province to the agency there."""
    found = import_for(import_id)
    code = request.form.get("tinh", "")[:2]
    vault = product().vault
    return _take(
        found,
        lambda session, common: operations.hand_over_rows(session, key_of(found), code, vault=vault, **common),
        done=_("Đã chuyển các dòng của %(province)s.", province=province_names().get(code, code)),
        tab=RowOutcome.OUTSIDE.value,
    )


@blueprint.post("/nhap/<uuid:import_id>/bo-qua")
@may(Action.IMPORT_MANAGE)
def import_skip(import_id: uuid.UUID) -> ResponseReturnValue:
    """Leave all undecided clashes aside at once."""
    found = import_for(import_id)
    return _take(
        found,
        lambda session, common: skip_open(session, key_of(found), staff=common["staff"]),
        done=_("Đã bỏ qua mọi dòng chưa quyết định."),
        tab=RowOutcome.CLASH.value,
    )


def _take(import_: Import, work: Any, *, done: str = "", tab: str = "") -> ResponseReturnValue:
    """Do one step and go back to the import; a refusal is told there."""
    common = {"staff": current_staff(), "now": now()}
    try:
        write(lambda session: work(session, common))
    except DomainError as refusal:
        flash(error_text(refusal), "warning")
    else:
        if done:
            flash(done, "success")
    return redirect(_address(import_, tab), 303) if tab else to_import(import_)


def _moved_on(import_: Import) -> ResponseReturnValue:
    if request.method == "POST":
        flash(_("Danh sách đã sang bước khác; chưa làm gì thêm."), "warning")
    return to_import(import_)
