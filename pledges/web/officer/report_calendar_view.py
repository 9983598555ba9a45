"""What the calendar of reports shows: what one's unit owes, what others owe it, and how one period stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from pledges.duties.calendar import UNSENT, Due, Standing
from pledges.plans.models import ReportingDuty, ReportingUnit
from pledges.web.i18n import date_text, number_text
from pledges.web.officer.report_words import (
    before_text,
    days_text,
    period_text,
    sent_text,
    standing_label,
    way_text,
)

Names = dict[str, ReportingUnit]

TO_DO = (Standing.LATE, Standing.RETURNED, Standing.SOON, Standing.DRAFTED, Standing.OPEN)
MOST_LATE = 50
"""So many late units stand on the page of a whole province; the pages of the periods have all of them."""


def report_url(due: Due, endpoint: str = "officer.report", **more: Any) -> str:
    return url_for(endpoint, duty_id=due.duty.id, period=due.period, unit_code=due.unit.code, **more)


def recipients_text(duty: ReportingDuty, names: Names) -> str:
    to = ", ".join(names[code].name for code in duty.recipients if code in names)
    via = names.get(duty.via)
    return str(_("%(names)s (qua %(via)s)", names=to, via=via.name)) if via is not None else to


def due_row(due: Due, today: date, names: Names) -> dict[str, Any]:
    standing = due.standing(today)
    unsent = standing in UNSENT or standing is Standing.RETURNED
    return {
        "href": report_url(due),
        "name": due.duty.report,
        "unit": due.unit.name,
        "period": period_text(due.period),
        "to": recipients_text(due.duty, names),
        "before": before_text(due),
        "days": days_text(due, today) if unsent else "",
        "label": standing_label(standing),
        "more": _more(due, standing),
        "sent": sent_text(due),
    }


def _more(due: Due, standing: Standing) -> str:
    """What the tag does not say: that there is a draft, or a correction on its way, or nothing to report."""
    texts = [way_text(due.report)]
    if standing is Standing.LATE and due.draft is not None:
        texts.append(_("đang soạn"))
    if standing not in UNSENT and due.draft is not None:
        texts.append(_("đang soạn bản đính chính"))
    return "; ".join(text for text in texts if text)


def own_rows(dues: Iterable[Due], today: date, names: Names) -> dict[str, list[dict[str, Any]]]:
    """What has to be done, the most urgent first; what comes later; what is done, the latest first."""
    by_standing: defaultdict[Standing, list[Due]] = defaultdict(list)
    for due in dues:
        by_standing[due.standing(today)].append(due)
    done = [*by_standing[Standing.SENT], *by_standing[Standing.ACCEPTED]]
    done.sort(key=lambda due: due.last_day, reverse=True)
    urgent = [due for standing in TO_DO for due in by_standing[standing]]
    return {
        "urgent": [due_row(due, today, names) for due in urgent],
        "later": [due_row(due, today, names) for due in by_standing[Standing.NOT_YET]],
        "done": [due_row(due, today, names) for due in done],
    }


# --- What others owe -------------------------------------------------------------------------------------------------


def period_rows(dues: Sequence[Due], today: date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One line per duty and period: what needs attention and what is over, and what has not begun yet."""
    rows = []
    for _key, group in groupby(dues, key=lambda due: (due.last_day, due.duty.position, due.duty.id, due.period)):
        rows.append(_period_row(list(group), today))
    rows.sort(key=lambda row: (not row["late"], not row["waiting"], row["complete"], row["order"]))
    return [row for row in rows if not row["later"]], [row for row in rows if row["later"]]


def _period_row(dues: list[Due], today: date) -> dict[str, Any]:
    first, counts = dues[0], counted(dues, today)
    return {
        "href": url_for("officer.report_period", duty_id=first.duty.id, period=first.period),
        "name": first.duty.report,
        "period": period_text(first.period),
        "before": before_text(first),
        "order": first.last_day,
        "later": all(due.standing(today) is Standing.NOT_YET for due in dues),
        **counts,
    }


def counted(dues: Sequence[Due], today: date) -> dict[str, Any]:
    standings = [due.standing(today) for due in dues]
    sent = sum(standing in (Standing.SENT, Standing.ACCEPTED) for standing in standings)
    return {
        "all": len(dues),
        "sent": sent,
        "late": standings.count(Standing.LATE),
        "waiting": standings.count(Standing.SENT),
        "complete": sent == len(dues),
    }


def late_rows(dues: Iterable[Due], today: date, names: Names) -> tuple[list[dict[str, Any]], int]:
    """The units of a province that are late, the longest first, and how many more there are."""
    late = sorted((due for due in dues if due.standing(today) is Standing.LATE), key=lambda due: due.last_day)
    return [due_row(due, today, names) for due in late[:MOST_LATE]], max(0, len(late) - MOST_LATE)


# --- One period ------------------------------------------------------------------------------------------------------


def tiles(dues: Sequence[Due], today: date) -> list[dict[str, str]]:
    counts = counted(dues, today)
    behind = sum(due.sent_late for due in dues)
    nothing = sum(due.report is not None and due.report.nothing_to_report for due in dues)
    figures = [
        (_("Đã gửi"), f"{number_text(counts['sent'])}/{number_text(counts['all'])}"),
        (_("Quá hạn, chưa gửi"), number_text(counts["late"])),
        (_("Chờ nhận"), number_text(counts["waiting"])),
    ]
    # What is rare stands there only where it happened: on a phone every figure takes a line.
    figures += [(_("Không phát sinh"), number_text(nothing))] if nothing else []
    figures += [(_("Gửi muộn"), number_text(behind))] if behind else []
    return [{"name": name, "value": value, "note": "", "href": ""} for name, value in figures]


def sections(dues: Sequence[Due], today: date, names: Names) -> list[dict[str, Any]]:
    """Late ones first, then what waits for the receiver; inside a section in the order of the list."""
    wanted = (
        (_("Quá hạn, chưa gửi"), (Standing.LATE,), False),
        (_("Chờ nhận"), (Standing.SENT,), True),
        (_("Đã trả lại, chờ gửi lại"), (Standing.RETURNED,), True),
        (_("Chưa gửi"), (Standing.SOON, Standing.DRAFTED, Standing.OPEN, Standing.NOT_YET), False),
        (_("Đã nhận"), (Standing.ACCEPTED,), True),
    )
    found = []
    for title, standings, sent in wanted:
        rows = [due_row(due, today, names) for due in dues if due.standing(today) in standings]
        if rows:
            found.append({"title": title, "rows": rows, "sent": sent})
    return found


def missing_text(dues: Iterable[Due], today: date) -> str:
    """Names of those who have not sent, one a line."""
    return "\n".join(due.unit.name for due in dues if due.standing(today) in UNSENT)


def period_facts(due: Due, names: Names) -> list[dict[str, Any]]:
    span = due.span
    return [
        {"key": _("Kỳ báo cáo"), "value": _days_of(span.first, span.last, span.code)},
        {"key": _("Hạn gửi"), "value": before_text(due)},
        {"key": _("Nơi nhận"), "value": recipients_text(due.duty, names)},
    ]


def _days_of(first: date, last: date, code: str) -> str:
    return f"{period_text(code)} ({date_text(first)} – {date_text(last)})"
