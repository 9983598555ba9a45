"""Consents to processing that signers have taken back: `/quan-tri/du-lieu`, what is due and what was answered."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from pledges.accounts.permissions import Action, Place, Reach, allows
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError, NotFound
from pledges.plans.queries import agencies_of, get_province, provinces_in_use
from pledges.signing.consent import answer_withdrawal, waiting_withdrawals
from pledges.signing.models import Consent, ConsentWithdrawal, Pledge
from pledges.web.admin.blueprint import blueprint
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.fields import LongTextField, lazy
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.reach import scope_of
from pledges.web.security import may, soft_csrf


class AnswerForm(PageForm):
    answer = LongTextField(
        lazy("Trả lời người ký"),
        hint=lazy("Cơ quan đã xóa hoặc ngừng xử lý gì, giữ lại gì và theo căn cứ nào. Người ký đọc nguyên văn."),
        required=lazy("Hãy viết cơ quan đã làm gì với dữ liệu và vì sao; người ký đọc câu này."),
    )


@dataclass(frozen=True)
class Request:
    """What an administrator sees of a withdrawal: never the file, nor who signed it."""

    id: uuid.UUID
    reference: str
    agency: str
    province: str
    withdrawn_at: datetime
    acknowledge_by: date | None
    answer_by: date | None
    handled_at: datetime | None
    answer: str
    late: bool


@blueprint.get("/du-lieu")
@may(Action.CONSENT_HANDLE)
def withdrawals() -> ResponseReturnValue:
    everywhere = scope_of(Action.CONSENT_HANDLE).reach is Reach.WHOLE_SYSTEM
    codes = [one.code for one in provinces_in_use(reader())] if everywhere else [current_staff().province_code]
    found = [shown for code in codes for shown in _requests(code)]
    return render_template(
        "admin/withdrawals.html",
        waiting=[one for one in found if one.handled_at is None],
        handled=[one for one in found if one.handled_at is not None],
        everywhere=everywhere,
        done=request.args.get("xong") == "1",
    )


def _requests(province_code: str) -> list[Request]:
    agencies = {agency.code: agency.name for agency in agencies_of(reader(), province_code)}
    rows = waiting_withdrawals(reader(), province_code)
    return [_shown(withdrawal, pledge, agencies[pledge.agency_code]) for withdrawal, pledge in rows]


def _shown(withdrawal: ConsentWithdrawal, pledge: Pledge, agency: str) -> Request:
    due, today = withdrawal.answer_by, local_day(now())
    return Request(
        id=withdrawal.id,
        reference=pledge.reference,
        agency=agency,
        province=get_province(reader(), withdrawal.province_code).name,
        withdrawn_at=withdrawal.withdrawn_at,
        acknowledge_by=withdrawal.acknowledge_by,
        answer_by=due,
        handled_at=withdrawal.handled_at,
        answer=withdrawal.answer,
        late=withdrawal.handled_at is None and due is not None and due < today,
    )


@blueprint.route("/du-lieu/<uuid:withdrawal_id>", methods=["GET", "POST"])
@may(Action.CONSENT_HANDLE)
@soft_csrf
def withdrawal(withdrawal_id: uuid.UUID) -> ResponseReturnValue:
    found = _withdrawal(withdrawal_id)
    form = AnswerForm()
    if found.handled_at is None and form.validate_on_submit():
        code, me, text = found.province_code, current_staff().id, form.answer.data
        vault, public_url, at = product().vault, product().settings.public_url, now()
        try:
            write(
                lambda session: answer_withdrawal(
                    session, code, withdrawal_id, text, staff_id=me, now=at, vault=vault, public_url=public_url
                )
            )
            return redirect(url_for("admin.withdrawals", xong=1), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    shown = next(one for one in _requests(found.province_code) if one.id == withdrawal_id)
    return render_template("admin/withdrawal.html", withdrawal=shown, form=form)


def _withdrawal(withdrawal_id: uuid.UUID) -> ConsentWithdrawal:
    """The mailed link names no province, so it is looked for by its id alone and then held against the reach."""
    found = reader().scalars(select(ConsentWithdrawal).where(ConsentWithdrawal.id == withdrawal_id)).first()
    if found is None or found.consent is not Consent.PROCESSING:
        raise NotFound
    if not allows(current_staff(), Action.CONSENT_HANDLE, Place(found.province_code)):
        raise NotFound
    return found
