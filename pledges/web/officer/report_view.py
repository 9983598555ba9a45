"""The page of one report: what has to be done next, what it says, its versions; for its unit, for who receives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.accounts.queries import staff_of
from pledges.core.calendar import local_day
from pledges.duties import figures, forms
from pledges.duties.calendar import UNSENT, Due, Standing
from pledges.duties.figures import ReportFigures
from pledges.duties.models import Report, ReportState
from pledges.duties.periods import gathered_period
from pledges.duties.rules import CORRECTABLE, place_of
from pledges.duties.unit_queries import units_by_code
from pledges.plans.models import ReportForm, ReportingDuty
from pledges.plans.queries import get_clause
from pledges.web.current import now, reader
from pledges.web.i18n import date_text, time_text
from pledges.web.officer.reach import reaches
from pledges.web.officer.report_calendar_view import Names, period_facts, report_url
from pledges.web.officer.report_figures_view import (
    answers_table,
    figures_tables,
    gathered_shown,
    links_of,
    paragraphs,
)
from pledges.web.officer.report_reach import may_reach
from pledges.web.officer.report_words import days_text, period_text, standing_label, state_label, way_text
from pledges.web.officer.words import Label


@dataclass(frozen=True)
class Whose:
    """What the person who is signed in may do with a report."""

    writes: bool
    receives: bool

    @classmethod
    def of(cls, due: Due) -> Whose:
        return cls(may_reach(due, Action.REPORT_WRITE), may_reach(due, Action.REPORT_RECEIVE))


def report_page(
    due: Due, *, version: Report | None = None, conflict: str = "", status: int = 200
) -> ResponseReturnValue:
    """`version`: one that is asked for by its number; else what is being written or counts now."""
    whose, today = Whose.of(due), local_day(now())
    names = units_by_code(reader(), due.duty.province_code)
    latest = (due.draft or due.report) if whose.writes else (due.report if _sent(due.report) else None)
    shown = version or latest
    people = {person.id: person.name for person in staff_of(reader(), due.duty.province_code)}
    standing = due.standing(today)
    page = render_template(
        "officer/report.html",
        due=due,
        title=due.duty.report,
        period=period_text(due.period),
        label=standing_label(standing),
        days=days_text(due, today) if standing in UNSENT or standing is Standing.RETURNED else "",
        above=_above(due, whose),
        conflict=conflict,
        facts=[*period_facts(due, names), *_clause(due)],
        gathers=_gathers(due),
        writes=whose.writes,
        receives=whose.receives,
        receivable=shown is not None and shown.state is ReportState.SENT and shown is due.report,
        draft=due.draft if version is None and whose.writes else None,
        correctable=due.report is not None and due.report.state in CORRECTABLE and version is None,
        returned=_returned(due, people),
        steps=_steps(due, due.draft) if whose.writes and due.draft is not None else [],
        begin_text=_begin_text(due),
        other_ways=_other_ways(due),
        address=lambda endpoint, **more: report_url(due, endpoint, **more),
        shown=shown,
        earlier_of=report_url(due) if shown is not None and shown is not latest else "",
        versions=_versions(due, whose, shown),
        **(_content(due, shown, people, names) if shown is not None else {}),
    )
    return page, status


def _sent(report: Report | None) -> bool:
    return report is not None and report.state is not ReportState.DRAFT


def _above(due: Due, whose: Whose) -> str:
    if whose.writes:
        return url_for("officer.reports")
    return url_for("officer.report_period", duty_id=due.duty.id, period=due.period)


def _clause(due: Due) -> list[dict[str, Any]]:
    if due.duty.clause_id is None:
        return []
    clause = get_clause(reader(), due.duty.province_code, due.duty.clause_id)
    return [{"key": _("Căn cứ"), "value": clause.place_in_words}]


def _gathers(due: Due) -> dict[str, str] | None:
    """The reports of which this one consists, for those who see who has sent them."""
    duty = reader().get(ReportingDuty, (due.duty.province_code, due.duty.gathers)) if due.duty.gathers else None
    if duty is None or not reaches(Action.REPORT_VIEW, place_of(duty, "", Action.REPORT_RECEIVE)):
        return None
    period = gathered_period(due.duty, duty, due.period)
    return {"text": duty.report, "href": url_for("officer.report_period", duty_id=duty.id, period=period)}


def _returned(due: Due, people: dict[Any, str]) -> dict[str, Any] | None:
    report = due.report
    if report is None or report.state is not ReportState.RETURNED:
        return None
    return {
        "who": people.get(report.answered_by) or _("Người không còn trong hệ thống"),
        "time": time_text(report.answered_at),
        "lines": report.answer.splitlines(),
    }


# --- What has to be done ---------------------------------------------------------------------------------------------


def _steps(due: Due, draft: Report) -> list[dict[str, Any]]:
    done, open_ = Label(str(_("Xong")), "success"), Label(str(_("Chưa xong")), "plain")
    steps = []
    found = figures.read(draft)
    if found is not None and has_figures(found):
        steps.append(
            {
                "title": _("Số liệu"),
                "label": done,
                "text": _("Tính đến hết ngày %(day)s, được giữ nguyên để trình ký.", day=date_text(draft.as_of)),
                "post": {"action": report_url(due, "officer.refresh_report"), "text": _("Lấy lại số liệu mới nhất")},
            }
        )
    steps.append(_answers_step(due, draft, done, open_))
    steps.append(
        {
            "title": _("Bản thảo để trình ký"),
            "label": Label(str(_("Khi cần")), "plain"),
            "text": _("Tệp DOCX theo thể thức của Nghị định 30/2020/NĐ-CP, sửa tiếp được bằng Word, LibreOffice."),
            "links": [_link(_("Tải bản thảo DOCX"), url_for("officer.report_docx", report_id=draft.id))],
        }
    )
    signed = bool(draft.file_sha256)
    said = _("Số %(number)s ngày %(day)s: %(name)s", **_document(draft)) if signed else ""
    links = [
        _link(_("Thay tệp khác") if signed else _("Tải lên bản đã ký"), report_url(due, "officer.report_signed_file"))
    ]
    if signed:
        links.append(_link(_("Xem tệp"), url_for("officer.report_pdf", report_id=draft.id)))
    steps.append({"title": _("Bản PDF đã ký"), "label": done if signed else open_, "text": said, "links": links})
    steps.append(_send_step(due, draft, open_, signed))
    return steps


def _document(report: Report) -> dict[str, str]:
    return {"number": report.document_number, "day": date_text(report.document_date), "name": report.filename}


def _answers_step(due: Due, draft: Report, done: Label, open_: Label) -> dict[str, Any]:
    answers = forms.read(due.duty.form, draft.answers)
    written = any(answers.texts.values())
    if answers.rows:
        label = done if any(row.reviewed is not None for row in answers.rows) else open_
        text = _("Số đã rà soát, có vi phạm, đã xử lý, tiền phạt theo từng lĩnh vực; ô để trống được tính là 0.")
    else:
        label = done if written else Label(str(_("Không bắt buộc")), "plain")
        text = _("Viết ở đây thì có sẵn trong bản thảo DOCX; cũng có thể viết trong tệp đó.")
    link = _link(_("Điền nội dung"), report_url(due, "officer.report_answers"))
    return {"title": _("Nội dung"), "label": label, "text": text, "links": [link]}


def _send_step(due: Due, draft: Report, open_: Label, signed: bool) -> dict[str, Any]:
    if not signed:
        text = _("Gửi được khi đã tải lên bản PDF đã ký.")
        return {"title": _("Gửi"), "label": open_, "text": text, "links": []}
    link = _link(_("Xem lại và gửi"), report_url(due, "officer.send_report"), "primary")
    return {"title": _("Gửi"), "label": open_, "text": "", "links": [link]}


def _link(text: str, href: str, kind: str = "secondary") -> dict[str, str]:
    return {"text": text, "href": href, "kind": kind}


def _begin_text(due: Due) -> str:
    yesterday = local_day(now()) - timedelta(days=1)
    if due.duty.form is ReportForm.FALSE_ADVERTISING:
        return str(_("Soạn ở đây thì có bản thảo DOCX đúng thể thức; mọi người trong đơn vị bạn sửa tiếp được."))
    if yesterday < due.span.last:
        return str(
            _(
                "Kỳ này chưa hết: số liệu được lấy đến hết ngày %(day)s và giữ nguyên trong bản soạn. "
                "Trước khi gửi vẫn lấy lại số liệu mới được.",
                day=date_text(yesterday),
            )
        )
    return str(_("Số liệu được lấy đến hết ngày %(day)s và giữ nguyên trong báo cáo.", day=date_text(due.span.last)))


def _other_ways(due: Due) -> list[dict[str, str]]:
    ways = [
        {
            "text": _("Báo cáo không phát sinh"),
            "href": report_url(due, "officer.nothing_to_report"),
            "what": _("Trong kỳ không có gì thuộc nội dung báo cáo này. Không cần tệp."),
        },
        {
            "text": _("Đã gửi ngoài hệ thống"),
            "href": report_url(due, "officer.sent_outside"),
            "what": _("Đã gửi bản giấy hoặc qua trục liên thông văn bản: chỉ ghi số và ngày."),
        },
    ]
    if due.draft is not None:
        correction = due.draft.version > 1
        ways = [] if correction else ways
        ways.append(
            {
                "text": _("Bỏ bản đính chính đang soạn") if correction else _("Bỏ bản đang soạn"),
                "href": report_url(due, "officer.discard_report"),
                "what": _("Chưa gửi gì, nên không ai khác thấy."),
            }
        )
    return ways


# --- What it says ----------------------------------------------------------------------------------------------------


def _content(due: Due, shown: Report, people: dict[Any, str], names: Names) -> dict[str, Any]:
    answers = forms.read(due.duty.form, shown.answers)
    found = figures.read(shown)
    sent = _sent(shown)
    return {
        "shown_title": _("Báo cáo đã gửi") if sent else _("Bản đang soạn"),
        "shown_facts": _facts(due, shown, people) if sent else [],
        "files": _files(shown) if sent else [],
        "answers_table": None if shown.nothing_to_report else answers_table(answers),
        "links": links_of(answers),
        "paragraphs": paragraphs(due.duty.form, answers),
        "figures": {
            "as_of": shown.as_of,
            "tables": figures_tables(found),
            "gathered": gathered_shown(found.gathered) if found.gathered is not None else None,
        }
        if found is not None and has_figures(found)
        else None,
    }


def has_figures(found: ReportFigures) -> bool:
    return not (found.coverage is None and found.violations is None and found.gathered is None)


def _files(shown: Report) -> list[dict[str, str]]:
    """Of a sent version: what was signed, and its figures in words to go on writing with."""
    files = []
    if shown.file_sha256:
        files.append(_link(_("Tải báo cáo đã ký (PDF)"), url_for("officer.report_pdf", report_id=shown.id)))
    if shown.figures:
        files.append(_link(_("Tải bản thảo DOCX"), url_for("officer.report_docx", report_id=shown.id)))
    return files


def _facts(due: Due, shown: Report, people: dict[Any, str]) -> list[dict[str, Any]]:
    unknown = _("Người không còn trong hệ thống")
    label = state_label(shown)
    how = way_text(shown)
    rows = [{"key": _("Tình trạng"), "value": f"{label.text}, {how}" if how else label.text}]
    if shown.document_number:
        number = _("Số %(number)s ngày %(day)s", number=shown.document_number, day=date_text(shown.document_date))
        rows.append({"key": _("Văn bản"), "value": number})
    sent = f"{people.get(shown.sent_by) or unknown}, {time_text(shown.sent_at)}"
    late = due.sent_late and shown.version == 1
    rows.append({"key": _("Đã gửi"), "value": _("%(who)s, gửi muộn", who=sent) if late else sent})
    if shown.state is ReportState.ACCEPTED:
        who = people.get(shown.answered_by) or unknown
        rows.append({"key": _("Đã nhận"), "value": f"{who}, {time_text(shown.answered_at)}"})
    if shown.correction_reason:
        rows.append({"key": _("Lý do đính chính"), "value": shown.correction_reason.splitlines()})
    return rows


def _versions(due: Due, whose: Whose, shown: Report | None) -> list[dict[str, Any]]:
    visible = [each for each in due.versions if _sent(each) or whose.writes]
    return [
        {
            "name": _("Bản %(version)s", version=each.version),
            "href": report_url(due, "officer.report_version", version=each.version),
            "current": each is shown,
            "label": state_label(each),
            "time": time_text(each.sent_at),
            "reason": each.correction_reason,
        }
        for each in reversed(visible)
    ]
