"""From state to state: each step of a round is asked once more, and whoever was slower reads how it stands now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action
from pledges.core.calendar import Quarter
from pledges.core.errors import DomainError
from pledges.jobs.operations import enqueue
from pledges.rounds.candidates import preview
from pledges.rounds.models import Round
from pledges.rounds.operations import begin_closing, pause_round, resume_round, start_round
from pledges.rounds.progress import Trouble, troubles
from pledges.rounds.schedule import WORK_ROUNDS
from pledges.web.current import now, reader, write
from pledges.web.i18n import date_text, error_text, number_text, quarter_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.round_forms import ConfirmForm, days_text
from pledges.web.officer.round_view import round_for, round_heading
from pledges.web.security import may, soft_csrf


def _and_work(work: Callable[[Session, int], object]) -> Callable[[Session, int], object]:
    """Have the worker look after the rounds at once: it comes by on its own only every few minutes."""

    def done(session: Session, seen: int) -> object:
        changed = work(session, seen)
        enqueue(session, WORK_ROUNDS)
        return changed

    return done


def confirmed(
    of_round: Round,
    words: dict[str, Any],
    work: Callable[[Session, int], object],
    done: str,
    to: str = "",
) -> ResponseReturnValue:
    """Ask once more, then do it; whoever was slower reads how the round stands now."""
    form, problem, status = ConfirmForm(data={"seen": of_round.revision}), "", 200
    to = to or url_for("officer.round", quarter=of_round.quarter)
    if form.validate_on_submit():
        seen = form.seen.data
        try:
            write(lambda session: work(session, seen))
        except DomainError as refusal:
            problem, status = error_text(refusal), refusal.status
        else:
            flash(done, "success")
            return redirect(to, 303)
    fresh = round_for(of_round.quarter, Action.ROUND_MANAGE)
    page = render_template(
        "officer/round_confirm.html",
        form=form,
        problem=problem,
        seen=fresh.revision,
        back=to,
        **round_heading(fresh),
        **({"facts": [], "warning": ""} | words),
    )
    return page, 400 if form.stale else status


@blueprint.route("/dot-van-dong/<quarter>/bat-dau", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def start_one_round(quarter: str) -> ResponseReturnValue:
    of_round = round_for(quarter, Action.ROUND_MANAGE)
    key, staff, at = (of_round.province_code, of_round.id), current_staff(), now()
    found = preview(reader(), of_round, now=at)
    words = {
        "title": _("Bắt đầu đợt vận động %(quarter)s?", quarter=quarter_text(Quarter.parse(of_round.quarter))),
        "button_text": _("Bắt đầu, gửi lời mời"),
        "facts": [
            {"key": _("Được mời"), "value": _("%(number)s đối tượng", number=number_text(found.entities))},
            {"key": _("Trong đó bằng thư điện tử"), "value": number_text(found.by_mail)},
            {"key": _("Không có thư điện tử"), "value": number_text(found.without_contact)},
            {"key": _("Ngày của đợt"), "value": date_text(of_round.day)},
            {"key": _("Nhắc trước hạn"), "value": _reminders(of_round)},
        ],
        "texts": [
            _("Hệ thống gửi dần từng thư, không gửi tất cả cùng lúc. Bạn tạm dừng được bất cứ lúc nào."),
            _("Người không có thư điện tử cũng có mã mời: in thư giấy hoặc gọi điện ở các trang của đợt."),
            _("Đối tượng mới xuất hiện trong quý tự vào đợt. Thư đã gửi đi thì không lấy lại được."),
        ],
        "warning": "" if found.entities else _("Hiện không có ai để mời."),
    }
    return confirmed(
        of_round,
        words,
        _and_work(lambda session, seen: start_round(session, key, seen_revision=seen, actor=actor_of(staff), now=at)),
        _("Đã bắt đầu. Lời mời được gửi dần; trang này cho biết đã đến đâu."),
    )


def _reminders(of_round: Round) -> str:
    if not of_round.reminder_days:
        return str(_("Không nhắc"))
    return str(_("%(days)s ngày", days=days_text(of_round.reminder_days)))


@blueprint.route("/dot-van-dong/<quarter>/tam-dung", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def pause_one_round(quarter: str) -> ResponseReturnValue:
    of_round = round_for(quarter, Action.ROUND_MANAGE)
    key, staff, at = (of_round.province_code, of_round.id), current_staff(), now()
    waiting = troubles(reader(), of_round)[Trouble.IN_LINE]
    words = {
        "title": _("Tạm dừng đợt vận động?"),
        "button_text": _("Tạm dừng"),
        "facts": [{"key": _("Thư đang chờ gửi"), "value": number_text(waiting)}],
        "texts": [
            _("Thư đang chờ được giữ lại, không mời và không nhắc ai. Thư đang gửi dở vẫn đi nốt."),
            _("Liên kết trong thư đã gửi tạm không mở được; ai muốn ký vẫn ký được mà không cần liên kết."),
            _("Thời gian chờ của những người đã được mời vẫn tính tiếp."),
        ],
    }
    return confirmed(
        of_round,
        words,
        lambda session, seen: pause_round(session, key, seen_revision=seen, actor=actor_of(staff), now=at),
        _("Đã tạm dừng. Không có thư nào được gửi cho đến khi bạn tiếp tục."),
    )


@blueprint.route("/dot-van-dong/<quarter>/tiep-tuc", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def resume_one_round(quarter: str) -> ResponseReturnValue:
    of_round = round_for(quarter, Action.ROUND_MANAGE)
    key, staff, at = (of_round.province_code, of_round.id), current_staff(), now()
    words = {
        "title": _("Tiếp tục đợt vận động?"),
        "button_text": _("Tiếp tục"),
        "texts": [
            _("Thư đang giữ được gửi tiếp. Lần nhắc đã lỡ trong lúc tạm dừng thì chỉ gửi lần cuối cùng."),
        ],
    }
    return confirmed(
        of_round,
        words,
        _and_work(lambda session, seen: resume_round(session, key, seen_revision=seen, actor=actor_of(staff), now=at)),
        _("Đợt vận động tiếp tục."),
    )


@blueprint.route("/dot-van-dong/<quarter>/chot", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def close_one_round(quarter: str) -> ResponseReturnValue:
    of_round = round_for(quarter, Action.ROUND_MANAGE)
    key, staff, at = (of_round.province_code, of_round.id), current_staff(), now()
    last = date_text(Quarter.parse(of_round.quarter).last_day)
    words = {
        "title": _("Chốt danh sách %(quarter)s?", quarter=quarter_text(Quarter.parse(of_round.quarter))),
        "button_text": _("Đóng đợt, chốt danh sách"),
        "texts": [
            _("Hai danh sách chưa cam kết và đã cam kết được giữ đúng như lúc 24 giờ ngày %(day)s.", day=last),
            _("Sau đó không sửa được danh sách. Liên kết trong thư mời hết hiệu lực; ai muốn ký vẫn ký được."),
        ],
    }
    return confirmed(
        of_round,
        words,
        _and_work(lambda session, seen: begin_closing(session, key, seen_revision=seen, actor=actor_of(staff), now=at)),
        _("Đang chốt danh sách. Bạn có thể rời trang này."),
    )
