"""Rounds of an agency by quarter: `/can-bo/dot-van-dong`. Opened, looked at, started, paused, resumed, closed."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action
from pledges.core.calendar import Quarter, local_day
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.plans.decisions import AGENCY
from pledges.plans.models import Agency
from pledges.plans.queries import agencies_of, get_agency
from pledges.plans.setting_changes import AT_ROUNDS, keep_settings
from pledges.rounds.asking import who_is_next
from pledges.rounds.candidates import preview
from pledges.rounds.models import Round, RoundState
from pledges.rounds.operations import OPENED_EARLY, open_round, set_round_day
from pledges.rounds.progress import Trouble, count_asks, troubles
from pledges.rounds.queries import rounds_of
from pledges.rounds.rules import ADJUSTABLE
from pledges.rounds.snapshots import snapshot_of
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import error_text, quarter_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.reach import has_right, scope_of
from pledges.web.officer.round_forms import AsOfForm, ConfirmForm, RoundDaysForm, RoundSettingsForm, days_text
from pledges.web.officer.round_view import (
    calendar_of,
    figures_shown,
    manages,
    next_steps,
    overview,
    pages_of,
    preview_shown,
    round_for,
    round_heading,
    sees_names,
    state_label,
    way_of,
)
from pledges.web.security import may, soft_csrf

# --- All rounds ------------------------------------------------------------------------------------------------------


@blueprint.get("/dot-van-dong")
@may(Action.ROUND_VIEW)
def rounds() -> ResponseReturnValue:
    """Those of one's own agency; viewers of the province see which agency has come how far."""
    return _rounds_page()


def _rounds_page(problem: str = "", status: int = 200) -> ResponseReturnValue:
    scope = scope_of(Action.ROUND_VIEW)
    found = rounds_of(reader(), scope.province_code, scope.agency_code)
    agencies = {agency.code: agency.name for agency in agencies_of(reader(), scope.province_code)}
    own = scope.agency_code is not None
    page = render_template(
        "officer/rounds.html",
        caption=agencies[scope.agency_code] if scope.agency_code is not None else "",
        own=own,
        rows=[_round_row(each, agencies, own=own) for each in found],
        offers=_offers(found) if has_right(Action.ROUND_MANAGE) else [],
        manages=has_right(Action.ROUND_MANAGE),
        problem=problem,
    )
    return page, status


def _round_row(of_round: Round, agencies: dict[str, str], *, own: bool) -> dict[str, Any]:
    way = way_of(of_round)
    href = (
        url_for("officer.round", quarter=of_round.quarter)
        if own
        else url_for("officer.round_of_agency", quarter=of_round.quarter, agency_code=of_round.agency_code)
    )
    return {
        "href": href,
        "quarter": quarter_text(Quarter.parse(of_round.quarter)),
        "agency": agencies[of_round.agency_code],
        "label": state_label(of_round),
        "asked": way.asked,
        "signed": way.signed,
        "approved": way.approved,
    }


def _offers(found: Any) -> list[dict[str, str]]:
    """Quarters whose round can be opened now: this one, and the next shortly before it begins."""
    today = local_day(now())
    this = Quarter.of(today)
    known = {each.quarter for each in found}
    offered = [this, *([this.next()] if today >= this.next().first_day - OPENED_EARLY else [])]
    return [{"value": str(each), "name": quarter_text(each)} for each in offered if str(each) not in known]


@blueprint.post("/dot-van-dong/mo")
@may(Action.ROUND_MANAGE)
@soft_csrf
def open_one_round() -> ResponseReturnValue:
    scope, form = scope_of(Action.ROUND_MANAGE), ConfirmForm()
    if not form.validate_on_submit():
        return _rounds_page(_("Phiên làm việc đã được làm mới, hãy gửi lại."), 400)
    try:
        quarter = Quarter.parse(request.form.get("quy", ""))
    except ValueError:
        return _rounds_page(_("Hãy chọn quý trong danh sách."), 400)
    staff, at = current_staff(), now()
    try:
        write(
            lambda session: open_round(
                session, scope.province_code, scope.agency_code or "", quarter, actor=actor_of(staff), now=at
            )
        )
    except DomainError as refusal:
        return _rounds_page(error_text(refusal), refusal.status)
    flash(_("Đã mở đợt vận động. Chưa gửi gì: hãy xem ai sẽ được mời rồi bắt đầu."), "success")
    return redirect(url_for("officer.round", quarter=str(quarter)), 303)


@blueprint.route("/dot-van-dong/cai-dat", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def round_settings() -> ResponseReturnValue:
    """How long the agency waits after asking, and on which days it reminds in rounds that are opened from now on."""
    scope = scope_of(Action.ROUND_MANAGE)
    agency: Agency = get_agency(reader(), scope.province_code, scope.agency_code or "")
    form = RoundSettingsForm(
        data={"waiting_days": str(agency.waiting_days), "reminder_days": list(agency.reminder_days)}
    )
    if form.validate_on_submit():
        values = {"waiting_days": form.waiting_days.data, "reminder_days": form.reminder_days.chosen}
        staff, at = current_staff(), now()
        try:
            changed = write(
                lambda session: keep_settings(
                    session,
                    agency.province_code,
                    AGENCY,
                    agency.code,
                    values,
                    where=AT_ROUNDS,
                    actor=actor_of(staff),
                    now=at,
                )
            )
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Đã lưu cài đặt.") if changed else _("Không có gì thay đổi."), "success")
            return redirect(url_for("officer.rounds"), 303)
    page = render_template("officer/round_settings.html", form=form, agency=agency, back=url_for("officer.rounds"))
    return page, 400 if form.problems else 200


# --- One round -------------------------------------------------------------------------------------------------------


@blueprint.get("/dot-van-dong/<quarter>", endpoint="round")
@may(Action.ROUND_VIEW)
def own_round(quarter: str) -> ResponseReturnValue:
    scope = scope_of(Action.ROUND_VIEW)
    if scope.agency_code is None:
        if not _any_round(scope.province_code, quarter):
            raise NotFound
        return redirect(url_for("officer.rounds"), 303)
    return _round_page(round_for(quarter, Action.ROUND_VIEW))


@blueprint.get("/dot-van-dong/<quarter>/co-quan/<agency_code>")
@may(Action.ROUND_VIEW)
def round_of_agency(quarter: str, agency_code: str) -> ResponseReturnValue:
    return _round_page(round_for(quarter, Action.ROUND_VIEW, agency_code))


def _any_round(province_code: str, quarter: str) -> bool:
    wanted = select(Round.id).where(Round.province_code == province_code, Round.quarter == quarter).limit(1)
    return reader().scalar(wanted) is not None


def _round_page(of_round: Round) -> ResponseReturnValue:
    if request.headers.get("X-Fragment"):
        return render_template("officer/_round_asking.html", **_asking(of_round, troubles(reader(), of_round)))
    if of_round.state is RoundState.OPENED:
        return render_template(
            "officer/round_preview.html",
            **round_heading(of_round),
            **preview_shown(of_round, preview(reader(), of_round, now=now())),
            manages=manages(of_round),
            names=sees_names(of_round),
            reminders=days_text(of_round.reminder_days),
            can_start=_can_start(of_round),
        )
    form = AsOfForm(request.args, meta={"csrf": False})
    form.fit(of_round, local_day(now()))
    given = form.validate() if request.args.get("ngay") else False
    seen = overview(of_round, form.ngay.data if given else None)
    found = troubles(reader(), of_round)
    page = render_template(
        "officer/round.html",
        form=form,
        **round_heading(of_round),
        **figures_shown(of_round, seen),
        **_asking(of_round, found),
        manages=manages(of_round),
        names=sees_names(of_round),
        steps=next_steps(of_round, found) if sees_names(of_round) and of_round.state in ADJUSTABLE else [],
        calendar=calendar_of(of_round),
        pages=pages_of(of_round) if sees_names(of_round) else [],
        snapshot=snapshot_of(reader(), of_round),
        reminders=days_text(of_round.reminder_days),
        over=Quarter.parse(of_round.quarter).last_day < local_day(now()),
    )
    return page, 400 if form.problems else 200


def _can_start(of_round: Round) -> bool:
    quarter = Quarter.parse(of_round.quarter)
    return quarter.first_day <= local_day(now()) <= quarter.last_day


def _asking(of_round: Round, found: dict[Trouble, int]) -> dict[str, Any]:
    """How far the worker has come with asking, and how many mails are still in line."""
    running = of_round.state is RoundState.RUNNING
    left = len(who_is_next(reader(), of_round, now=now())) if running else 0
    asked = count_asks(reader(), of_round)
    return {
        "asking": running and left > 0,
        "asked_now": asked,
        "to_ask": asked + left,
        "in_line": found[Trouble.IN_LINE],
        "per_minute": product().settings.mail_per_minute,
    }


@blueprint.route("/dot-van-dong/<quarter>/ngay", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def round_days(quarter: str) -> ResponseReturnValue:
    """Until when the invitations ask to sign, and when they are repeated."""
    of_round = round_for(quarter, Action.ROUND_MANAGE)
    key = (of_round.province_code, of_round.id)
    form = RoundDaysForm(
        data={"seen": of_round.revision, "day": of_round.day, "reminder_days": list(of_round.reminder_days)}
    )
    conflict, status = "", 200
    if form.validate_on_submit():
        staff, at = current_staff(), now()
        seen, day, days = form.seen.data, form.day.data, form.reminder_days.chosen
        try:
            write(
                lambda session: set_round_day(
                    session, key, seen_revision=seen, day=day, reminder_days=days, actor=actor_of(staff), now=at
                )
            )
        except Conflict as refusal:
            conflict, status = error_text(refusal), refusal.status
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Đã lưu ngày và lịch nhắc. Người đã được mời giữ hạn ghi trong thư."), "success")
            return redirect(url_for("officer.round", quarter=quarter), 303)
    heading = round_heading(round_for(quarter, Action.ROUND_MANAGE))
    page = render_template(
        "officer/round_days.html",
        form=form,
        conflict=conflict,
        adjustable=heading["round"].state in ADJUSTABLE,
        back=heading["here"],
        **heading,
    )
    return page, 400 if form.problems else status
