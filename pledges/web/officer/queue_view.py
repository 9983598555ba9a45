"""The queue as a page: filters in the address, tabs with figures, rows in words, and the way from file to file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from textwrap import shorten
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.core.errors import NotFound
from pledges.plans.rules import SUBJECT_TYPES
from pledges.review.models import BatchKind
from pledges.review.queries import PAGE_SIZES, Order, QueueFilter, QueueRow, Tab, next_in_queue
from pledges.review.queue_filter import CHECKED, LONGEST_TEXT, STATES
from pledges.signing.models import Pledge
from pledges.web.components import PageForm
from pledges.web.current import reader
from pledges.web.fields import AgreeField, Choice, SelectField, TextField, lazy
from pledges.web.i18n import translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.reach import has_right
from pledges.web.officer.words import check_label, state_label, tab_text

FILES = "chon"
"""The name of the boxes in the queue."""

LONGEST_LINE = 160
"""Of what people wrote, a line of the list shows no more."""

ORDERS = {"cu": Order.OLDEST, "moi": Order.NEWEST}


class FilterForm(PageForm):
    """Sent by GET, so that the address of a filtered list can be handed on; nothing typed there is ever wrong."""

    class Meta(PageForm.Meta):
        csrf = False

    tim = TextField(lazy("Tên, mã hồ sơ, mã số thuế hoặc kênh"), autocomplete="off")
    nhom = SelectField(
        lazy("Nhóm đối tượng"),
        choices=[Choice(code, lazy(info.label)) for code, info in SUBJECT_TYPES.items()],
        empty=lazy("Mọi nhóm"),
    )
    so = SelectField(
        lazy("Số hồ sơ mỗi trang"),
        choices=[Choice(str(size), str(size)) for size in PAGE_SIZES[1:]],
        empty=str(PAGE_SIZES[0]),
    )
    dat = AgreeField(lazy("Chỉ hồ sơ đạt mọi kiểm tra"))


def read_filter(args: Mapping[str, str], tab: Tab = Tab.WAITING) -> QueueFilter:
    """The filter that stands in an address; what makes no sense there is left out."""
    wanted, code = args.get("muc", ""), args.get("nhom", "")
    return QueueFilter(
        tab=Tab(wanted) if wanted in set(Tab) else tab,
        subject_type=code if code in SUBJECT_TYPES else "",
        text=args.get("tim", "").strip()[:LONGEST_TEXT],
        only_passing=args.get("dat") == "yes",
        order=ORDERS.get(args.get("xep", "")),
    )


def read_size(args: Mapping[str, str]) -> int:
    typed = args.get("so", "")
    return int(typed) if typed in {str(size) for size in PAGE_SIZES} else PAGE_SIZES[0]


def filter_args(wanted: QueueFilter, size: int = PAGE_SIZES[0]) -> dict[str, Any]:
    """The same filter as it stands in an address."""
    order = next((name for name, order in ORDERS.items() if order is wanted.order), "")
    args = {
        "muc": wanted.tab.value,
        "nhom": wanted.subject_type,
        "tim": wanted.text,
        "dat": "yes" if wanted.only_passing else "",
        "xep": order,
        "so": str(size) if size != PAGE_SIZES[0] else "",
    }
    return {name: value for name, value in args.items() if value}


def queue_url(wanted: QueueFilter, size: int = PAGE_SIZES[0], **more: Any) -> str:
    return url_for("officer.queue", **filter_args(wanted, size), **more)


def chips_of(wanted: QueueFilter, size: int) -> list[dict[str, str]]:
    """One chip for each chosen filter, with the address of the list without it."""
    chips = []
    if wanted.text:
        chips.append((_("Tìm: %(text)s", text=wanted.text), replace(wanted, text="")))
    if wanted.subject_type:
        label = translate(SUBJECT_TYPES[wanted.subject_type].label)
        chips.append((_("Nhóm: %(group)s", group=label), replace(wanted, subject_type="")))
    if wanted.needs_checks:
        chips.append((_("Đạt mọi kiểm tra"), replace(wanted, only_passing=False)))
    return [{"text": text, "href": queue_url(without, size)} for text, without in chips]


def tabs_of(wanted: QueueFilter, counts: Mapping[Tab, int], size: int) -> list[dict[str, Any]]:
    """Every tab keeps the other filters, so that one search can go through all of them."""
    return [
        {
            "text": tab_text(tab),
            "count": counts.get(tab, 0),
            "href": queue_url(replace(wanted, tab=tab, order=None), size),
            "current": tab is wanted.tab,
        }
        for tab in Tab
    ]


# --- Rows ----------------------------------------------------------------------------------------------------------


def batch_kind(tab: Tab) -> BatchKind | None:
    """What this person can do with many files of this tab at once."""
    if tab is Tab.WAITING and has_right(Action.PLEDGE_RECOMMEND):
        return BatchKind.RECOMMEND
    if tab is Tab.RECOMMENDED and has_right(Action.PLEDGE_APPROVE):
        return BatchKind.APPROVE
    return None


def why_not(row: QueueRow, kind: BatchKind) -> str:
    """Why a file cannot be decided together with others; empty where it can."""
    if kind is BatchKind.APPROVE:
        own = row.pledge.recommended_by == current_staff().id
        return str(_("Bạn đã đề nghị duyệt hồ sơ này; người khác phải duyệt.")) if own else ""
    if row.pledge.document_id is None:
        return str(_("Bản PDF còn chờ niêm phong."))
    return "" if row.passes else str(_("Có kiểm tra cần xem; hãy mở từng hồ sơ."))


def heads_of(wanted: QueueFilter, size: int) -> list[dict[str, str]]:
    flipped = Order.OLDEST if wanted.newest_first else Order.NEWEST
    days = {Tab.DONE: _("Xong ngày"), Tab.REVOCATION: _("Đề nghị ngày")}
    # The newest have the highest date, and have waited shortest.
    sort = "descending" if wanted.newest_first is (wanted.tab in days) else "ascending"
    waiting = {
        "text": days.get(wanted.tab, _("Đã chờ")),
        "href": queue_url(replace(wanted, order=flipped), size),
        "sort": sort,
    }
    last = _("Kiểm tra") if wanted.tab in CHECKED else _("Trạng thái")
    plain = [{"text": text, "href": "", "sort": ""} for text in (_("Hồ sơ"), _("Nhóm, địa bàn"), _("Ngày ký"))]
    return [*plain, waiting, {"text": last, "href": "", "sort": ""}]


def table_row(
    row: QueueRow, wanted: QueueFilter, communes: Mapping[str, str], kind: BatchKind | None, size: int
) -> dict[str, Any]:
    pledge = row.pledge
    wrong = [check for check in row.checks if check.outcome not in {"ok", "note"}]
    checked = wanted.tab in CHECKED
    return {
        "value": pledge.reference,
        "label": _("Chọn hồ sơ %(reference)s, %(name)s", reference=pledge.reference, name=row.name),
        "why_not": why_not(row, kind) if kind is not None else "",
        "own": kind is BatchKind.APPROVE and pledge.recommended_by == current_staff().id,
        "href": url_for("officer.file", reference=pledge.reference, **filter_args(wanted, size)),
        "name": row.name,
        "groups": "; ".join(translate(SUBJECT_TYPES[code].label) for code in pledge.subject_types),
        "commune": communes.get(commune_of(row), ""),
        "signed": pledge.signed_at,
        "days": row.days,
        "on_day": _on_day(row, wanted.tab),
        "late": row.late,
        "tag": check_label("ok" if row.passes else row.outcome) if checked else state_label(pledge),
        "lines": [*(translate(check.text, **check.params) for check in wrong[:2]), *_said(row, wanted.tab)],
    }


def _on_day(row: QueueRow, tab: Tab) -> datetime | None:
    """Where nobody waits for a decision about the file itself, the day counts and not how long it is ago."""
    if tab is Tab.REVOCATION and row.revocation is not None:
        return row.revocation.asked_at
    return row.pledge.state_since if tab is Tab.DONE else None


def _said(row: QueueRow, tab: Tab) -> list[str]:
    """Why the file is where it is, as far as somebody wrote it down."""
    decision = row.decision
    said = {
        Tab.REVOCATION: row.revocation.reason if row.revocation is not None else "",
        Tab.DEFERRED: decision.note if decision is not None else "",
        Tab.RETURNED: decision.message if decision is not None else "",
    }.get(tab, "")
    return [shorten(said, LONGEST_LINE, placeholder=" …")] if said else []


def commune_of(row: QueueRow) -> str:
    return str(row.pledge.answers.get("commune") or row.entity.commune_code or "")


# --- From file to file ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Walk:
    """Where the page of a file leads within the list that it was opened from."""

    args: dict[str, str]
    tab: str
    queue: str
    previous: str
    following: str


def walk_around(pledge: Pledge) -> Walk:
    wanted, size = filter_around(pledge), read_size(request.args)
    back = replace(wanted, order=Order.OLDEST if wanted.newest_first else Order.NEWEST)
    return Walk(
        args=filter_args(wanted, size),
        tab=tab_text(wanted.tab),
        queue=queue_url(wanted, size),
        previous=file_beside(pledge, back, wanted, size) if pledge.state in STATES[wanted.tab] else "",
        following=file_beside(pledge, wanted, wanted, size),
    )


def filter_around(pledge: Pledge) -> QueueFilter:
    """The list that a file was opened from; without one in the address, the tab in which it stands."""
    home = next(tab for tab, states in STATES.items() if pledge.state in states and tab is not Tab.REVOCATION)
    return read_filter(request.args, home)


def file_beside(pledge: Pledge, towards: QueueFilter, wanted: QueueFilter, size: int) -> str:
    """The address of the file that comes after this one, or the empty string."""
    try:
        found = next_in_queue(reader(), pledge, towards)
    except NotFound:
        return ""
    return url_for("officer.file", reference=found.reference, **filter_args(wanted, size)) if found is not None else ""
