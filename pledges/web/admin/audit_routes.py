"""Who changed what, and when: `/quan-tri/nhat-ky`."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action, Place, Reach, allows
from pledges.accounts.queries import staff_of
from pledges.audit.operations import WHOLE_SYSTEM, record
from pledges.audit.queries import FactFilter, Position, all_facts, newest_facts, position_of
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import NotFound
from pledges.core.formulas import csv_safe
from pledges.plans.queries import all_provinces, provinces_in_use
from pledges.signing.queries import pledge_by_reference
from pledges.web.admin.audit_forms import GROUPS, AuditFilterForm, ExportForm
from pledges.web.admin.audit_view import Line, lines_of
from pledges.web.admin.blueprint import blueprint
from pledges.web.current import now, reader, write
from pledges.web.fields import Choice
from pledges.web.i18n import time_text, translate
from pledges.web.officer.authentication import current_actor, current_staff
from pledges.web.officer.reach import has_right, scope_of
from pledges.web.security import may, soft_csrf

FACTS_A_PAGE = 50
MOST_EXPORTED = 50_000
NOBODY = uuid.UUID(int=0)
"""Stands for an object that was typed and does not exist: nothing is found, instead of everything."""


@blueprint.get("/nhat-ky")
@may(Action.AUDIT_VIEW)
def audit() -> ResponseReturnValue:
    return _page(ExportForm(formdata=None))


@blueprint.post("/nhat-ky")
@may(Action.AUDIT_EXPORT)
@soft_csrf
def export_audit() -> ResponseReturnValue:
    """The same list as a file; that it was taken, by whom and why stands in the log first."""
    form = ExportForm()
    if not form.validate_on_submit():
        return _page(form, 400)
    wanted, _filter = _wanted(log_province())
    actor, at = current_actor(), now()
    # What was typed freely may be anything, so that only that something was typed is kept.
    kept = {name: value for name, value in _args(request.args).items() if name in {"tu", "den", "nhom", "nguoi"}}
    data = {"reason": form.reason.data, "filter": kept, "one_object": wanted.object_id is not None}
    write(
        lambda session: record(
            session,
            "audit.exported",
            province_code=wanted.province_code,
            object_id=new_id(),
            actor=actor,
            now=at,
            data=data,
        )
    )
    name = f"nhat-ky-{wanted.province_code}-{local_day(at):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(_csv(wanted), mimetype="text/csv", headers=headers)


def _csv(wanted: FactFilter) -> bytes:
    """Readable in a spreadsheet: UTF-8 with its mark, nothing that a spreadsheet would run."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow([_("Lúc"), _("Người làm"), _("Việc"), _("Đối tượng của việc"), _("Chi tiết"), _("Mã")])
    facts = list(all_facts(reader(), wanted, MOST_EXPORTED))
    for start in range(0, len(facts), 500):
        for line in lines_of(facts[start : start + 500]):
            cells = [
                time_text(line.fact.recorded_at),
                line.who,
                line.what,
                line.about,
                "; ".join(line.details),
                str(line.fact.object_id),
            ]
            rows.writerow([csv_safe(cell) for cell in cells])
    if len(facts) == MOST_EXPORTED:
        rows.writerow([_("Tệp chỉ chứa %(most)s dòng mới nhất; hãy chia theo ngày.", most=MOST_EXPORTED)])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


# --- The page --------------------------------------------------------------------------------------------------------


def _page(export: ExportForm, status: int = 200) -> ResponseReturnValue:
    province_code = log_province()
    wanted, filter_form = _wanted(province_code)
    facts = newest_facts(reader(), wanted, FACTS_A_PAGE + 1)
    lines = lines_of(facts[:FACTS_A_PAGE])
    page = render_template(
        "admin/audit.html",
        may_export=has_right(Action.AUDIT_EXPORT),
        lines=lines,
        form=export if export.problems or export.stale else filter_form,
        filter_form=filter_form,
        export=export,
        action=_url({name: value for name, value in _args(request.args).items() if name != "truoc"}),
        places=log_places(province_code, _url),
        kept={"tinh": province_code},
        chips=_chips(filter_form),
        clear=_url({"tinh": province_code}),
        turns=_turns(lines, more=len(facts) > FACTS_A_PAGE),
    )
    return page, status


def log_province() -> str:
    """The province whose facts are shown; the whole system's administrators choose, the others have their own."""
    scope = scope_of(Action.AUDIT_VIEW)
    chosen = request.args.get("tinh", "") or scope.province_code
    known = chosen == WHOLE_SYSTEM or chosen in {province.code for province in all_provinces(reader())}
    if not known or not allows(current_staff(), Action.AUDIT_VIEW, Place(chosen)):
        raise NotFound
    return chosen


def log_places(province_code: str, address: Callable[[dict[str, str]], str]) -> list[dict[str, Any]]:
    """The places between which whoever reaches the whole system chooses."""
    if scope_of(Action.AUDIT_VIEW).reach is not Reach.WHOLE_SYSTEM:
        return []
    places = [(WHOLE_SYSTEM, _("Toàn hệ thống"))]
    places += [(province.code, province.name) for province in provinces_in_use(reader())]
    return [{"text": name, "href": address({"tinh": code}), "current": code == province_code} for code, name in places]


def _wanted(province_code: str) -> tuple[FactFilter, AuditFilterForm]:
    """The filter that stands in the address; what makes no sense there is shown and left out."""
    form = AuditFilterForm(request.args)
    people = {str(person.id): person.name for code in (province_code, WHOLE_SYSTEM) for person in _staff(code)}
    form.nguoi.choices = [Choice(code, name) for code, name in people.items()]
    form.validate()
    right = {field.name: field.data for field in form if not field.errors and field.data}
    return (
        FactFilter(
            province_code,
            group=right.get("nhom", ""),
            actor_id=right.get("nguoi", ""),
            object_id=_object(right.get("ma", "")),
            first_day=right.get("tu"),
            last_day=right.get("den"),
            before=_before(request.args.get("truoc", "")),
        ),
        form,
    )


def _staff(province_code: str) -> list[Any]:
    return staff_of(reader(), province_code) if allows(current_staff(), Action.AUDIT_VIEW, Place(province_code)) else []


def _object(typed: str) -> uuid.UUID | None:
    if not typed:
        return None
    with suppress(ValueError):
        return uuid.UUID(typed.rstrip("/").rpartition("/")[2])
    pledge = pledge_by_reference(reader(), typed)
    return pledge.id if pledge is not None else NOBODY


def _before(typed: str) -> Position | None:
    at, _comma, fact_id = typed.partition(",")
    with suppress(ValueError):
        moment = datetime.fromisoformat(at)
        return (moment, uuid.UUID(fact_id)) if moment.tzinfo is not None else None
    return None


def _args(args: Mapping[str, str]) -> dict[str, str]:
    names = ("tinh", "tu", "den", "nhom", "nguoi", "ma", "truoc")
    return {name: args[name] for name in names if args.get(name)}


def _url(args: Mapping[str, str]) -> str:
    return url_for("admin.audit", **args)  # type: ignore[arg-type]


def _chips(form: AuditFilterForm) -> list[dict[str, str]]:
    """Each condition with the address of the list without it."""
    args = _args(request.args)
    args.pop("truoc", None)
    texts = {
        "tu": _("từ %(day)s", day=args.get("tu", "")),
        "den": _("đến %(day)s", day=args.get("den", "")),
        "nhom": translate(GROUPS[args["nhom"]]) if args.get("nhom") in GROUPS else "",
        "nguoi": next((str(each.label) for each in form.nguoi.choices if each.value == args.get("nguoi")), ""),
        "ma": args.get("ma", ""),
    }
    right = {field.name for field in form if not field.errors}
    return [
        {"text": text, "href": _url({key: value for key, value in args.items() if key != name})}
        for name, text in texts.items()
        if name in args and text and name in right
    ]


def _turns(lines: list[Line], *, more: bool) -> list[dict[str, str]]:
    args, turns = _args(request.args), []
    if args.pop("truoc", None):
        turns.append({"rel": "prev", "text": _("Về trang mới nhất"), "href": _url(args)})
    if more:
        at, fact_id = position_of(lines[-1].fact)
        turns.append(
            {"rel": "next", "text": _("Cũ hơn"), "href": _url(args | {"truoc": f"{at.isoformat()},{fact_id}"})}
        )
    return turns
