"""What a unit does with its own report: draft, fill in, send, correct."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.core.errors import Conflict, DomainError
from pledges.duties import forms, operations
from pledges.duties.calendar import Due
from pledges.duties.models import Report, ReportState
from pledges.duties.unit_queries import units_by_code
from pledges.plans.models import ReportForm
from pledges.web.current import now, reader, write
from pledges.web.i18n import date_text, error_text, number_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_pages import Words
from pledges.web.officer.report_answer_forms import AnswersForm, answers_form, groups_of
from pledges.web.officer.report_calendar_view import recipients_text, report_url
from pledges.web.officer.report_forms import CorrectionForm, PressForm, SentOutsideForm
from pledges.web.officer.report_steps import (
    ADDRESS,
    Owned,
    caption_of,
    done_with,
    press,
    step,
    without_draft,
)
from pledges.web.officer.report_words import before_text
from pledges.web.security import may, soft_csrf


def whereto(due: Due) -> list[dict[str, Any]]:
    names = units_by_code(reader(), due.duty.province_code)
    return [
        {"key": _("Đơn vị gửi"), "value": due.unit.name},
        {"key": _("Nơi nhận"), "value": recipients_text(due.duty, names)},
        {"key": _("Hạn gửi"), "value": before_text(due)},
    ]


# --- Drafting --------------------------------------------------------------------------------------------------------


@blueprint.post(f"{ADDRESS}/soan")
@may(Action.REPORT_WRITE)
@soft_csrf
def draft_report(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    own = Owned.of(duty_id, period, unit_code)
    names, staff, at = own.names, current_staff(), now()
    done = _("Đã lập bản soạn. Hãy làm lần lượt các bước bên dưới.")
    return press(own.due, lambda session: operations.draft(session, *names, staff=staff, now=at), done)


@blueprint.post(f"{ADDRESS}/so-lieu")
@may(Action.REPORT_WRITE)
@soft_csrf
def refresh_report(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    own = Owned.of(duty_id, period, unit_code)
    if own.draft is None:
        return without_draft(own.due)
    key, seen, staff, at = _key(own.draft), _seen(), current_staff(), now()
    return press(
        own.due,
        lambda session: operations.refresh_figures(session, key, staff=staff, seen=seen, now=at),
        _("Đã lấy lại số liệu mới nhất."),
    )


@blueprint.route(f"{ADDRESS}/noi-dung", methods=["GET", "POST"])
@may(Action.REPORT_WRITE)
@soft_csrf
def report_answers(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    """What the report says beside its figures; a mistake keeps everything that was typed."""
    own = Owned.of(duty_id, period, unit_code)
    kind, draft = own.due.duty.form, own.draft
    if draft is None and request.method == "POST":
        # What was typed comes back with the reason why it was not saved.
        draft = own.due.report
    if draft is None:
        return without_draft(own.due)
    form = answers_form(kind, forms.read(kind, draft.answers), draft.revision)
    conflict, status = "", 200
    if form.validate_on_submit():
        key, answers, staff, at = _key(draft), form.answers(kind), current_staff(), now()
        try:
            write(
                lambda session: operations.save_answers(session, key, answers, staff=staff, seen=form.seen.data, now=at)
            )
            return done_with(own.due, _("Đã lưu nội dung báo cáo."))
        except Conflict as refusal:
            conflict, status = error_text(refusal), refusal.status
        except DomainError as refusal:
            form.refuse(refusal)
            status = refusal.status
    elif request.method == "POST":
        status = 400
    return _answers_page(own.due, form, conflict=conflict, status=status)


def _answers_page(due: Due, form: AnswersForm, *, conflict: str = "", status: int) -> ResponseReturnValue:
    kind = due.duty.form
    page = render_template(
        "officer/report_answers.html",
        form=form,
        conflict=conflict,
        caption=caption_of(due),
        action=report_url(due, "officer.report_answers"),
        back=report_url(due),
        lead=_("Số đếm trong kỳ, theo từng lĩnh vực. Ô để trống được tính là 0 khi gửi; tổng được cộng tự động.")
        if kind is ReportForm.FALSE_INFORMATION
        else "",
        groups=groups_of(form, kind),
        paragraphs=[form[asked.name] for asked in forms.TEXTS[kind]],
    )
    return page, status


def _key(report: Report) -> operations.Key:
    return report.province_code, report.id


def _seen() -> int:
    return int(PressForm().seen.data)


@blueprint.route(f"{ADDRESS}/bo-ban-soan", methods=["GET", "POST"])
@may(Action.REPORT_WRITE)
@soft_csrf
def discard_report(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    own = Owned.of(duty_id, period, unit_code)
    if own.draft is None:
        return without_draft(own.due)
    form = PressForm(data={"seen": own.draft.revision})
    key, staff, at = _key(own.draft), current_staff(), now()
    words = Words(
        _("Bỏ bản đang soạn?"),
        _("Bỏ bản đang soạn"),
        lead=_("Nội dung đã điền và tệp đã tải lên bản này không còn nữa. Những bản đã gửi vẫn được giữ."),
        done=_("Đã bỏ bản đang soạn."),
        kind="warning",
    )
    return step(
        own.due,
        form,
        words,
        lambda session: operations.discard_draft(session, key, staff=staff, seen=form.seen.data, now=at),
    )


# --- Sending ---------------------------------------------------------------------------------------------------------


@blueprint.route(f"{ADDRESS}/gui", methods=["GET", "POST"])
@may(Action.REPORT_WRITE)
@soft_csrf
def send_report(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    own = Owned.of(duty_id, period, unit_code)
    draft = own.draft
    if draft is None:
        return without_draft(own.due)
    form = PressForm(data={"seen": draft.revision})
    key, staff, at = _key(draft), current_staff(), now()
    answers = forms.read(own.due.duty.form, draft.answers)
    try:
        forms.completed(answers)
    except DomainError as refusal:
        # What has to be put right is on the page of the answers.
        wrong = answers_form(own.due.duty.form, answers, draft.revision, as_kept=True)
        wrong.refuse(refusal)
        return _answers_page(own.due, wrong, status=400)
    words = Words(
        _("Gửi báo cáo?"),
        _("Gửi báo cáo"),
        lead=_("Sau khi gửi, bản này không sửa được nữa; muốn sửa thì lập bản đính chính kèm lý do."),
        done=_("Đã gửi báo cáo. Nơi nhận thấy báo cáo này từ bây giờ."),
    )
    return step(
        own.due,
        form,
        words,
        lambda session: operations.send(session, key, staff=staff, seen=form.seen.data, now=at),
        facts=[*whereto(own.due), *_to_send(own.due, draft)],
    )


def _to_send(due: Due, draft: Report) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if draft.file_sha256:
        number = _("Số %(number)s ngày %(day)s", number=draft.document_number, day=date_text(draft.document_date))
        rows.append({"key": _("Bản PDF đã ký"), "value": [draft.filename, number]})
    answers = forms.read(due.duty.form, draft.answers)
    if answers.rows:
        sums = answers.totals
        rows.append(
            {
                "key": _("Tổng các lĩnh vực"),
                "value": [
                    _("Đã rà soát: %(number)s", number=number_text(sums.reviewed)),
                    _("Có vi phạm: %(number)s", number=number_text(sums.violating)),
                    _("Đã xử lý: %(number)s", number=number_text(sums.handled)),
                    _("Tiền phạt: %(number)s đồng", number=number_text(sums.fines)),
                ],
                "href": report_url(due, "officer.report_answers"),
            }
        )
    return rows


@blueprint.route(f"{ADDRESS}/khong-phat-sinh", methods=["GET", "POST"])
@may(Action.REPORT_WRITE)
@soft_csrf
def nothing_to_report(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    own = Owned.of(duty_id, period, unit_code)
    form = PressForm(data={"seen": 0})
    names, staff, at = own.names, current_staff(), now()
    words = Words(
        _("Báo cáo không phát sinh?"),
        _("Gửi: không phát sinh"),
        lead=_("Nơi nhận được báo ngay là trong kỳ đơn vị bạn không có gì thuộc nội dung báo cáo này. Không cần tệp."),
        done=_("Đã gửi: không phát sinh."),
    )
    return step(
        own.due,
        form,
        words,
        lambda session: operations.send_nothing(session, *names, staff=staff, now=at),
        facts=whereto(own.due),
    )


@blueprint.route(f"{ADDRESS}/gui-ngoai", methods=["GET", "POST"])
@may(Action.REPORT_WRITE)
@soft_csrf
def sent_outside(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    own = Owned.of(duty_id, period, unit_code)
    form = SentOutsideForm(data={"seen": 0})
    names, staff, at = own.names, current_staff(), now()
    words = Words(
        _("Đã gửi ngoài hệ thống"),
        _("Ghi nhận đã gửi"),
        lead=_("Dùng khi báo cáo đã gửi trên giấy hoặc qua trục liên thông văn bản. Nơi nhận thấy số và ngày ở đây."),
        done=_("Đã ghi nhận báo cáo gửi ngoài hệ thống."),
    )
    return step(
        own.due,
        form,
        words,
        lambda session: operations.record_sent_outside(
            session, *names, number=form.number.data, day=form.day.data, staff=staff, now=at
        ),
        facts=whereto(own.due),
    )


# --- Correcting ------------------------------------------------------------------------------------------------------


@blueprint.route(f"{ADDRESS}/dinh-chinh", methods=["GET", "POST"])
@may(Action.REPORT_WRITE)
@soft_csrf
def correct_report(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    """A new version; of what was returned the reason is known already."""
    own = Owned.of(duty_id, period, unit_code)
    report = own.due.report
    if report is None or report.state is ReportState.DRAFT or own.draft is not None:
        return redirect(report_url(own.due), 303)
    form = CorrectionForm(data={"seen": report.revision})
    returned = report.state is ReportState.RETURNED
    if returned:
        form.reason.required = False
        form.reason.hint = _("Để trống thì dùng lý do mà nơi nhận đã ghi khi trả lại.")
    key, staff, at = _key(report), current_staff(), now()
    words = Words(
        _("Sửa báo cáo bị trả lại") if returned else _("Đính chính báo cáo"),
        _("Soạn bản mới"),
        lead=_(
            "Bản mới lấy số liệu của hôm nay và giữ nội dung đã điền. Bản đã gửi vẫn có hiệu lực đến khi gửi bản mới."
        ),
        done=_("Đã lập bản mới. Hãy làm lần lượt các bước bên dưới."),
    )
    return step(
        own.due,
        form,
        words,
        lambda session: operations.correct(
            session, key, reason=form.reason.data or "", staff=staff, seen=form.seen.data, now=at
        ),
    )
