"""The queue of exactly the person's own agency."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.core.errors import NotFound
from pledges.plans.queries import commune_names, get_agency
from pledges.review.models import BatchKind
from pledges.review.queries import QueueFilter, Tab, queue_counts, queue_page
from pledges.review.queue_filter import CHECKED
from pledges.web.current import now, reader
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.queue_view import (
    FILES,
    FilterForm,
    batch_kind,
    chips_of,
    commune_of,
    filter_args,
    heads_of,
    queue_url,
    read_filter,
    read_size,
    table_row,
    tabs_of,
)
from pledges.web.officer.reach import scope_of
from pledges.web.officer.words import tab_text
from pledges.web.security import may


@blueprint.get("/hang-doi")
@may(Action.QUEUE_VIEW)
def queue() -> ResponseReturnValue:
    return queue_answer(read_filter(request.args))


def own_agency() -> tuple[str, str]:
    """Province and agency whose queue this person works through."""
    scope = scope_of(Action.QUEUE_VIEW)
    if scope.agency_code is None:
        raise NotFound
    return scope.province_code, scope.agency_code


def queue_answer(wanted: QueueFilter, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The page of the queue; with a `problem` it is what was wrong with the choice of rows."""
    size = read_size(request.args)
    place = own_agency()
    found = queue_page(
        reader(), *place, wanted, page=max(1, request.args.get("trang", 1, type=int)), size=size, now=now()
    )
    counts = queue_counts(reader(), *place)
    kind = batch_kind(wanted.tab)
    communes = commune_names(reader(), place[0], {commune_of(row) for row in found.rows})
    rows = [table_row(row, wanted, communes, kind, size) for row in found.rows]
    chosen = set(request.args.getlist(FILES))
    for row in rows:
        row["chosen"] = row["value"] in chosen
    page = render_template(
        "officer/queue.html",
        agency=get_agency(reader(), *place),
        tab=tab_text(wanted.tab),
        tabs=tabs_of(wanted, counts, size),
        chips=chips_of(wanted, size),
        clear=queue_url(QueueFilter(tab=wanted.tab), size),
        filter_form=FilterForm(formdata=request.args),
        checked=wanted.tab in CHECKED,
        heads=heads_of(wanted, size),
        rows=rows,
        found=found,
        kind=kind,
        batch_button=batch_words(kind),
        any_choosable=kind is not None and any(not row["why_not"] for row in rows),
        kept=filter_args(wanted, size),
        waiting=wanted.tab is Tab.WAITING,
        in_days=wanted.tab not in {Tab.DONE, Tab.REVOCATION},
        address=lambda page: queue_url(wanted, size, trang=page),
        problem=problem,
        form=Mistake(problem, first_box(rows)) if problem else None,
    )
    return page, status


def first_box(rows: list[dict[str, Any]]) -> str:
    """The id of the first box that can be ticked."""
    numbers = (number for number, row in enumerate(rows, 1) if not row["why_not"])
    return f"{FILES}-{next(numbers, 1)}" if rows else ""


class Mistake:
    """What the summary of errors shows, for a form whose boxes are no fields."""

    stale = False

    def __init__(self, message: str, control: str) -> None:
        self.problems = [(control, message)]


def batch_words(kind: BatchKind | None) -> str:
    if kind is None:
        return ""
    approving = kind is BatchKind.APPROVE
    return str(_("Duyệt các hồ sơ đã chọn") if approving else _("Đề nghị duyệt các hồ sơ đã chọn"))
