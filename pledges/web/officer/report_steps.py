"""What every step of a report does: check, write, keep what was typed, say what somebody else has done meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.permissions import Action
from pledges.core.errors import Conflict, DomainError
from pledges.duties.calendar import Due
from pledges.duties.models import Report
from pledges.web.components import PageForm
from pledges.web.current import write
from pledges.web.i18n import error_text
from pledges.web.officer.entity_pages import Words
from pledges.web.officer.report_calendar_view import report_url
from pledges.web.officer.report_forms import PressForm
from pledges.web.officer.report_reach import due_for
from pledges.web.officer.report_view import report_page
from pledges.web.officer.report_words import period_text

Work = Callable[[Session], object]
ADDRESS = "/bao-cao/<duty_id>/<period>/<unit_code>"


@dataclass(frozen=True)
class Owned:
    """A report that one's own unit owes, as an address names it."""

    due: Due

    @classmethod
    def of(cls, duty_id: str, period: str, unit_code: str) -> Owned:
        return cls(due_for(duty_id, period, unit_code, Action.REPORT_WRITE))

    @property
    def draft(self) -> Report | None:
        return self.due.draft

    @property
    def names(self) -> tuple[str, str, str, str]:
        """What stands in its address."""
        return self.due.duty.province_code, self.due.duty.id, self.due.period, self.due.unit.code


def without_draft(due: Due) -> ResponseReturnValue:
    """Somebody of the same unit has sent it meanwhile, or given it up."""
    if request.method == "GET":
        return redirect(report_url(due), 303)
    gone = _("Không còn bản nào đang soạn: đồng nghiệp vừa gửi hoặc bỏ bản đó. Chưa ghi gì thêm.")
    return report_page(due, conflict=gone, status=409)


def press(due: Due, work: Work, done: str, href: str = "") -> ResponseReturnValue:
    """One button without a page of its own; a refusal shows the report as it is now."""
    form = PressForm()
    names = (due.duty.id, due.period, due.unit.code)
    if not form.validate_on_submit():
        return report_page(due, conflict=_("Phiên làm việc đã được làm mới, hãy bấm lại."), status=400)
    try:
        write(work)
    except DomainError as refusal:
        return report_page(due_for(*names), conflict=error_text(refusal), status=refusal.status)
    return done_with(due, done, href)


def done_with(due: Due, message: str, href: str = "") -> ResponseReturnValue:
    flash(message, "success")
    return redirect(href or report_url(due), 303)


def step(due: Due, form: PageForm, words: Words, work: Work, *, href: str = "", **shown: Any) -> ResponseReturnValue:
    """A page with a form or a question; after success back to the report, or to `href`."""
    if form.validate_on_submit():
        return attempt_step(due, form, words, work, href=href, **shown)
    return step_page(due, form, words, status=400 if request.method == "POST" else 200, **shown)


def attempt_step(
    due: Due, form: PageForm, words: Words, work: Work, *, href: str = "", **shown: Any
) -> ResponseReturnValue:
    """Do what a checked form says; a refusal stands in the form, which keeps what was typed."""
    try:
        write(work)
    except Conflict as refusal:
        return step_page(due, form, words, conflict=error_text(refusal), status=refusal.status, **shown)
    except DomainError as refusal:
        form.refuse(refusal)
        return step_page(due, form, words, status=refusal.status, **shown)
    return done_with(due, words.done, href)


def step_page(
    due: Due,
    form: PageForm,
    words: Words,
    *,
    facts: list[dict[str, Any]] | None = None,
    conflict: str = "",
    status: int = 200,
    **shown: Any,
) -> ResponseReturnValue:
    page = render_template(
        "officer/report_step.html",
        form=form,
        words=words,
        facts=facts or [],
        conflict=conflict,
        caption=caption_of(due),
        back=report_url(due),
        **shown,
    )
    return page, status


def caption_of(due: Due) -> str:
    return f"{due.duty.report} · {period_text(due.period)}"
