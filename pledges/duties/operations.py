"""What is done with reports: drafted, sent, taken in, returned, corrected. Each is a compare-and-swap with its fact."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, require
from pledges.audit.operations import record
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound, Said
from pledges.core.secrecy import Vault
from pledges.core.text import clean_block, clean_line
from pledges.duties import forms
from pledges.duties.calendar import Due, due
from pledges.duties.figures import freeze
from pledges.duties.forms import Answers
from pledges.duties.letters import tell_of_return
from pledges.duties.models import Report, ReportState
from pledges.duties.rules import CORRECTABLE, STATE_LABELS, place_of, states_before
from pledges.plans.models import ReportingDuty

Key = tuple[str, uuid.UUID]
"""Province and id of a report."""

LONGEST_NUMBER = 60
LONGEST_FILENAME = 100
LONGEST_REASON = 2000


class ReportChanged(Conflict):
    """Somebody else was faster: the report is not as the person saw it any more."""

    def __init__(self, report: Report) -> None:
        super().__init__(
            N_(
                "Báo cáo này vừa được người khác thay đổi, hiện ở trạng thái “%(state)s”. "
                "Chưa ghi gì thêm; hãy xem lại."
            ),
            state=Said(STATE_LABELS[report.state]),
        )
        self.report = report


# --- Drafting --------------------------------------------------------------------------------------------------------


def draft(
    session: Session, province_code: str, duty_id: str, period: str, unit_code: str, *, staff: Staff, now: datetime
) -> Report:
    """Begin the report of a unit with the figures as they stand; drafting twice, or two at once, makes one."""
    owed = _owed(session, province_code, duty_id, period, unit_code, staff)
    if owed.draft is not None:
        return owed.draft
    _refuse_second(owed)
    return _begin(session, owed, staff, now)


def refresh_figures(session: Session, key: Key, *, staff: Staff, seen: int, now: datetime) -> Report:
    """Take the figures as they stand now. Numbers that come by other units are added up again, texts stay."""
    report, owed = _own(session, key, staff)
    values = _frozen(session, owed, now)
    written = forms.read(owed.duty.form, report.answers)
    rows = forms.read(owed.duty.form, values["answers"]).rows if owed.duty.gathers else written.rows
    values["answers"] = forms.as_json(Answers(written.texts, rows))
    changed = _change(session, key, {ReportState.DRAFT}, seen, **values)
    _record(session, "report.figures_taken", changed, staff, now)
    return changed


def save_answers(session: Session, key: Key, answers: Answers, *, staff: Staff, seen: int, now: datetime) -> Report:
    _report, owed = _own(session, key, staff)
    cleaned = forms.checked(owed.duty.form, answers)
    changed = _change(session, key, {ReportState.DRAFT}, seen, answers=forms.as_json(cleaned))
    _record(session, "report.edited", changed, staff, now)
    return changed


def attach_file(
    session: Session,
    key: Key,
    *,
    sha256: str,
    filename: str,
    number: str,
    day: date,
    staff: Staff,
    seen: int,
    now: datetime,
) -> Report:
    """The signed report, checked and stored already, with its number and day; another one takes its place."""
    _own(session, key, staff)
    values = _document(number, day, now)
    file = {"file_sha256": sha256, "filename": filename[-LONGEST_FILENAME:]}
    changed = _change(session, key, {ReportState.DRAFT}, seen, **values, **file)
    _record(session, "report.file_attached", changed, staff, now, sha256=sha256)
    return changed


def discard_draft(session: Session, key: Key, *, staff: Staff, seen: int, now: datetime) -> None:
    """Give a draft up; what was sent before it stays."""
    report = _own(session, key, staff)[0]
    gone = session.execute(
        delete(Report)
        .where(
            Report.province_code == key[0],
            Report.id == key[1],
            Report.state == ReportState.DRAFT,
            Report.revision == seen,
        )
        .returning(Report.id)
        .execution_options(synchronize_session=False)
    ).first()
    if gone is None:
        raise ReportChanged(_current(session, key))
    _record(session, "report.discarded", report, staff, now)
    session.expunge(report)


# --- Sending ---------------------------------------------------------------------------------------------------------


def send(session: Session, key: Key, *, staff: Staff, seen: int, now: datetime) -> Report:
    """Send what was drafted and signed; the version that it corrects is replaced with it."""
    report, owed = _own(session, key, staff)
    if report.revision != seen or report.state is not ReportState.DRAFT:
        raise ReportChanged(report)
    if not report.file_sha256:
        raise DomainError(N_("Hãy tải lên bản PDF đã ký trước khi gửi."), field="file")
    answers = forms.completed(forms.read(owed.duty.form, report.answers))
    return _send(session, owed, report, staff, now, answers=forms.as_json(answers))


def send_nothing(
    session: Session, province_code: str, duty_id: str, period: str, unit_code: str, *, staff: Staff, now: datetime
) -> Report:
    """ "Không phát sinh" in one step, with or without a draft; twice says it once."""
    owed = _owed(session, province_code, duty_id, period, unit_code, staff)
    report = owed.draft
    said = owed.report
    if report is None and said is not None and said.state is ReportState.SENT and said.nothing_to_report:
        return said
    if report is None:
        _refuse_second(owed)
        _refuse_early(owed, now)
        report = _add(session, owed, staff, now)
    values = {"nothing_to_report": True, "answers": forms.as_json(forms.nothing(owed.duty.form))}
    return _send(session, owed, report, staff, now, **values, **_NO_FILE)


def record_sent_outside(
    session: Session,
    province_code: str,
    duty_id: str,
    period: str,
    unit_code: str,
    *,
    number: str,
    day: date,
    staff: Staff,
    now: datetime,
) -> Report:
    """Note that it went on paper or by another system, under which number and on which day."""
    owed = _owed(session, province_code, duty_id, period, unit_code, staff)
    values = _document(number, day, now)
    report = owed.draft
    if report is None:
        _refuse_second(owed)
        _refuse_early(owed, now)
        report = _add(session, owed, staff, now)
    return _send(session, owed, report, staff, now, sent_outside=True, **values)


_NO_FILE: dict[str, Any] = {"file_sha256": "", "filename": "", "document_number": "", "document_date": None}


def _send(session: Session, owed: Due, report: Report, staff: Staff, now: datetime, **values: Any) -> Report:
    key = (report.province_code, report.id)
    before = {ReportState.DRAFT}
    sent = _change(
        session, key, before, report.revision, state=ReportState.SENT, sent_at=now, sent_by=staff.id, **values
    )
    for earlier in owed.versions:
        if earlier.id != sent.id and earlier.state in CORRECTABLE:
            _change(session, (earlier.province_code, earlier.id), CORRECTABLE, None, state=ReportState.REPLACED)
    told = {"nothing": sent.nothing_to_report, "outside": sent.sent_outside, "number": sent.document_number}
    _record(session, "report.sent", sent, staff, now, **{name: value for name, value in told.items() if value})
    return sent


# --- Receiving -------------------------------------------------------------------------------------------------------


def accept(session: Session, key: Key, *, staff: Staff, seen: int, now: datetime) -> Report:
    """Take a report in."""
    _received(session, key, staff)
    accepted = _answer(session, key, ReportState.ACCEPTED, staff, seen, now)
    _record(session, "report.accepted", accepted, staff, now)
    return accepted


def return_(
    session: Session, key: Key, *, reason: str, staff: Staff, seen: int, now: datetime, vault: Vault, public_url: str
) -> Report:
    """Send a report back with a reason; its unit is told by mail and drafts a new version."""
    _report, owed = _received(session, key, staff)
    told = _reason(reason, N_("Hãy ghi lý do trả lại, để đơn vị gửi biết cần sửa gì."))
    returned = _answer(session, key, ReportState.RETURNED, staff, seen, now, answer=told)
    _record(session, "report.returned", returned, staff, now)
    tell_of_return(session, owed, returned, now=now, vault=vault, public_url=public_url)
    return returned


def _answer(
    session: Session, key: Key, after: ReportState, staff: Staff, seen: int, now: datetime, **values: Any
) -> Report:
    return _change(
        session, key, states_before(after), seen, state=after, answered_at=now, answered_by=staff.id, **values
    )


# --- Correcting ------------------------------------------------------------------------------------------------------


def correct(session: Session, key: Key, *, reason: str, staff: Staff, seen: int, now: datetime) -> Report:
    """Draft a new version with the figures and answers of the old one, which holds until the new one is sent.

    Figures change only when somebody asks for it (`refresh_figures`): whoever corrects a slip in October does not want
    those of December. What was returned is corrected for the reason for which it was returned, unless another is given.
    """
    report, owed = _own(session, key, staff)
    if owed.draft is not None and owed.draft.id != report.id:
        return owed.draft
    if report.revision != seen or report.state not in CORRECTABLE:
        raise ReportChanged(report)
    given = reason if reason.strip() or report.state is not ReportState.RETURNED else report.answer
    told = _reason(given, N_("Hãy ghi vì sao đính chính, để nơi nhận hiểu."))
    kept = {"as_of": report.as_of, "figures": report.figures, "answers": report.answers}
    if not report.figures:
        kept = _frozen(session, owed, now) | {"answers": report.answers}
    corrected = _add(session, owed, staff, now, **kept, correction_reason=told)
    _record(session, "report.correction_begun", corrected, staff, now, corrects=str(report.id))
    return corrected


# --- Shared ----------------------------------------------------------------------------------------------------------


def _owed(session: Session, province_code: str, duty_id: str, period: str, unit_code: str, staff: Staff) -> Due:
    """What somebody may write; `NotFound` where nothing is owed."""
    duty = session.get(ReportingDuty, (province_code, duty_id))
    if duty is None:
        raise NotFound
    require(staff, Action.REPORT_WRITE, place_of(duty, unit_code, Action.REPORT_WRITE))
    found = due(session, province_code, duty_id, period, unit_code)
    if found is None:
        raise NotFound
    return found


def _own(session: Session, key: Key, staff: Staff) -> tuple[Report, Due]:
    report = _current(session, key)
    return report, _owed(session, report.province_code, report.duty_id, report.period, report.unit_code, staff)


def _received(session: Session, key: Key, staff: Staff) -> tuple[Report, Due]:
    report = _current(session, key)
    found = due(session, report.province_code, report.duty_id, report.period, report.unit_code)
    if found is None:
        raise NotFound
    require(staff, Action.REPORT_RECEIVE, place_of(found.duty, found.unit.code, Action.REPORT_RECEIVE))
    if report.sent_at is None:
        raise NotFound  # A draft is nobody's but its unit's.
    return report, found


def _current(session: Session, key: Key) -> Report:
    report = session.get(Report, key, populate_existing=True)
    if report is None:
        raise NotFound
    return report


def _refuse_second(owed: Due) -> None:
    if owed.report is not None:
        raise Conflict(
            N_("Kỳ này đã có báo cáo, hiện ở trạng thái “%(state)s”. Muốn thay, hãy lập bản đính chính."),
            state=Said(STATE_LABELS[owed.report.state]),
        )


def _refuse_early(owed: Due, now: datetime) -> None:
    if owed.span.first > local_day(now):
        raise DomainError(
            N_("Kỳ báo cáo này chưa bắt đầu. Hãy báo cáo từ ngày %(day)s."), day=f"{owed.span.first:%d/%m/%Y}"
        )


def _begin(session: Session, owed: Due, staff: Staff, now: datetime) -> Report:
    _refuse_early(owed, now)
    report = _add(session, owed, staff, now, **_frozen(session, owed, now))
    _record(session, "report.drafted", report, staff, now)
    return report


def _frozen(session: Session, owed: Due, now: datetime) -> dict[str, Any]:
    frozen = freeze(session, owed.duty, owed.span, owed.unit, now)
    return {"as_of": frozen.as_of, "figures": frozen.figures, "answers": forms.as_json(frozen.answers)}


def _add(session: Session, owed: Due, staff: Staff, now: datetime, **values: Any) -> Report:
    """Of two at once one adds the row; the other begins again and finds it."""
    columns = {"figures": {}, "answers": forms.as_json(forms.empty(owed.duty.form)), **values}
    report = Report(
        province_code=owed.duty.province_code,
        id=new_id(),
        duty_id=owed.duty.id,
        period=owed.period,
        unit_code=owed.unit.code,
        version=owed.versions[-1].version + 1 if owed.versions else 1,
        revision=0,
        state=ReportState.DRAFT,
        drafted_at=now,
        drafted_by=staff.id,
        **columns,
    )
    session.add(report)
    session.flush()
    return report


def _change(session: Session, key: Key, before: Collection[ReportState], seen: int | None, **values: Any) -> Report:
    """Compare-and-swap: of two at once one succeeds, the other is told how it stands."""
    changed = session.execute(
        update(Report)
        .where(
            Report.province_code == key[0],
            Report.id == key[1],
            Report.state.in_(before),
            *([Report.revision == seen] if seen is not None else []),
        )
        .values(revision=Report.revision + 1, **values)
        .returning(Report.id)
        .execution_options(synchronize_session=False)
    ).first()
    report = _current(session, key)
    if changed is None:
        raise ReportChanged(report)
    return report


def _document(number: str, day: date, now: datetime) -> dict[str, Any]:
    cleaned = clean_line(number, most=LONGEST_NUMBER, field="number")
    if not cleaned:
        raise DomainError(N_("Hãy ghi số, ký hiệu của báo cáo, ví dụ 05/BC-SCT."), field="number")
    if day > local_day(now):
        raise DomainError(N_("Ngày này ở tương lai. Hãy ghi ngày in trên báo cáo."), field="day")
    return {"document_number": cleaned, "document_date": day}


def _reason(typed: str, missing: str) -> str:
    text = clean_block(typed, most=LONGEST_REASON, field="reason")
    if not text:
        raise DomainError(missing, field="reason")
    return text


def _record(session: Session, kind: str, report: Report, staff: Staff, now: datetime, **data: Any) -> None:
    about = {"duty": report.duty_id, "period": report.period, "unit": report.unit_code, "version": report.version}
    if report.as_of is not None:
        about["as_of"] = report.as_of.isoformat()
    record(
        session,
        kind,
        province_code=report.province_code,
        object_id=report.id,
        actor=actor_of(staff),
        now=now,
        data=about | data,
    )
