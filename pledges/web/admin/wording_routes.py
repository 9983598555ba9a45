"""One version of a wording: read, asked to be approved, approved by somebody else, or sent back to whoever asked."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.permissions import Action
from pledges.accounts.queries import get_staff
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.errors import DomainError, NotFound
from pledges.plans import wording_approval as approval
from pledges.plans.models import PledgeText, TextApproval, TextProposal
from pledges.plans.wording_difference import ChangedLine, difference
from pledges.plans.wording_preview import PreviewLine, PreviewPlace, preview_wording
from pledges.province_readiness import ProvinceReadiness, Wording
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.forms import ApprovalForm, ProposalForm, SendBackForm
from pledges.web.admin.readiness_routes import readiness_of, sets_up
from pledges.web.components import PageForm
from pledges.web.current import now, reader, write
from pledges.web.officer.authentication import current_actor, current_staff
from pledges.web.security import may, soft_csrf


@dataclass(frozen=True)
class Shown:
    """A wording of a province that somebody looks at."""

    state: ProvinceReadiness
    wording: Wording

    @property
    def code(self) -> str:
        return self.state.code

    @property
    def address(self) -> str:
        return url_for("admin.wording", code=self.code, text_id=self.wording.id)


def _shown(code: str, text_id: uuid.UUID) -> Shown:
    state = readiness_of(code)
    found = next((one for one in state.wordings if one.id == text_id), None)
    if found is None:
        raise NotFound
    return Shown(state, found)


@blueprint.get("/san-sang/<code>/mau/<uuid:text_id>")
@sets_up
def wording(code: str, text_id: uuid.UUID) -> ResponseReturnValue:
    return _page(_shown(code, text_id))


@blueprint.post("/san-sang/<code>/mau/<uuid:text_id>/de-nghi")
@sets_up
@soft_csrf
def propose_wording(code: str, text_id: uuid.UUID) -> ResponseReturnValue:
    return _do(code, text_id, ProposalForm(), _("Đã ghi đề nghị duyệt. Một người quản trị khác cần duyệt."), _propose)


@blueprint.post("/san-sang/<code>/mau/<uuid:text_id>/rut")
@sets_up
@soft_csrf
def take_wording_back(code: str, text_id: uuid.UUID) -> ResponseReturnValue:
    return _do(code, text_id, PageForm(), _("Đã rút đề nghị duyệt."), _take_back)


@blueprint.post("/san-sang/<code>/mau/<uuid:text_id>/tra-lai")
@sets_up
@soft_csrf
def send_wording_back(code: str, text_id: uuid.UUID) -> ResponseReturnValue:
    form = SendBackForm()
    return _do(code, text_id, form, _("Đã trả lại đề nghị, kèm lý do."), _sending_back(form))


@blueprint.post("/san-sang/<code>/mau/<uuid:text_id>/duyet")
@may(Action.WORDING_APPROVE)
@soft_csrf
def approve_wording(code: str, text_id: uuid.UUID) -> ResponseReturnValue:
    return _do(code, text_id, ApprovalForm(), _("Đã duyệt. Bản ký từ bây giờ không còn dòng DỰ THẢO."), _approve)


Step = Callable[[Session, str, uuid.UUID], Any]


def _propose(session: Session, code: str, text_id: uuid.UUID) -> None:
    approval.propose_wording(session, code, text_id, actor=current_actor(), now=now())


def _take_back(session: Session, code: str, text_id: uuid.UUID) -> None:
    approval.take_proposal_back(session, code, text_id, actor=current_actor(), now=now())


def _approve(session: Session, code: str, text_id: uuid.UUID) -> None:
    approval.approve_wording(session, code, text_id, actor=current_actor(), now=now())


def _sending_back(form: SendBackForm) -> Step:
    def send_back(session: Session, code: str, text_id: uuid.UUID) -> None:
        answer = form.answer.data
        approval.send_proposal_back(session, code, text_id, answer=answer, actor=current_actor(), now=now())

    return send_back


def _do(code: str, text_id: uuid.UUID, form: PageForm, said: str, step: Step) -> ResponseReturnValue:
    """One step of the two people; a refusal comes back on the page with its reason."""
    shown = _shown(code, text_id)
    if form.validate_on_submit():
        try:
            write(lambda session: step(session, code, text_id))
            flash(said, "success")
            return redirect(shown.address, 303)
        except DomainError as refusal:
            form.refuse(refusal)
    return _page(_shown(code, text_id), form)


def _page(shown: Shown, sent: PageForm | None = None) -> ResponseReturnValue:
    text = reader().get_one(PledgeText, shown.wording.id)
    before = approval.last_approved(reader(), shown.code, text)
    proposal = reader().get(TextProposal, (shown.code, text.id))
    approved = reader().get(TextApproval, (shown.code, text.id))
    lines = _lines(shown, text)
    changed: list[ChangedLine] = difference(_lines(shown, before), lines) if before is not None else []
    waiting = proposal is not None and proposal.answered_at is None
    return render_template(
        "admin/wording.html",
        state=shown.state,
        wording=shown.wording,
        lines=lines,
        earlier=before,
        changed=changed,
        proposal=proposal,
        proposer=_name(shown.code, proposal.proposed_by) if proposal is not None else "",
        approver=_name(shown.code, approved.approved_by) if approved is not None else "",
        waiting=waiting,
        own=waiting and proposal is not None and proposal.proposed_by == str(current_staff().id),
        form=sent or PageForm(formdata=None),
        proposing=sent if isinstance(sent, ProposalForm) else ProposalForm(formdata=None),
        approving=sent if isinstance(sent, ApprovalForm) else ApprovalForm(formdata=None),
        returning=sent if isinstance(sent, SendBackForm) else SendBackForm(formdata=None),
    )


def _lines(shown: Shown, text: PledgeText) -> list[PreviewLine]:
    state = shown.state
    return preview_wording(text.content, PreviewPlace(state.code, state.name, state.settings))


def _name(code: str, staff_id: str) -> str:
    try:
        key = uuid.UUID(staff_id)
    except ValueError:
        return ""
    found = get_staff(reader(), code, key) or get_staff(reader(), WHOLE_SYSTEM, key)
    return found.name if found is not None else ""
