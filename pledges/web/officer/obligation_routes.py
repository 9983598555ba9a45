"""One obligation: who decides about it, what was decided and proposed; and the proposals of an agency."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, Place
from pledges.core.calendar import local_day
from pledges.core.errors import NotFound
from pledges.plans.queries import get_clause
from pledges.registry import scope
from pledges.registry.care_queries import decisions_of, open_proposals_of, proposals_from, proposals_to
from pledges.registry.deciding import Deciding, mark_of, read
from pledges.registry.models import Channel, Cohort, Obligation, Scope
from pledges.registry.scope_words import COHORT_LABELS, COHORT_REASON_LABELS, REASON_LABELS, CohortReason
from pledges.registry.upkeep_models import Matter, ObligationDecision, ProposalState, ScopeProposal, ScopeReason
from pledges.web.components import PageForm
from pledges.web.current import now, reader, write
from pledges.web.i18n import date_text, time_text, translate
from pledges.web.officer import entity_words as words
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_pages import Refused, Work, attempt
from pledges.web.officer.entity_view import agency_names
from pledges.web.officer.obligation_forms import AnswerForm, CohortForm, PressForm, ScopeForm
from pledges.web.officer.queue_routes import own_agency
from pledges.web.officer.reach import has_right, reaches
from pledges.web.officer.words import Label
from pledges.web.security import may, soft_csrf


def obligation_for(obligation_id: uuid.UUID, action: Action = Action.ENTITY_VIEW) -> Deciding:
    key = (current_staff().province_code, obligation_id)
    if reader().get(Obligation, key) is None:
        raise NotFound
    found = read(reader(), key)
    place = found.place if action is Action.SCOPE_DECIDE else Place(key[0])
    if not reaches(action, place):
        raise NotFound
    return found


def proposal_for(proposal_id: uuid.UUID, action: Action) -> ScopeProposal:
    """The lead agency answers, the one that proposed takes back."""
    proposal = reader().get(ScopeProposal, (current_staff().province_code, proposal_id))
    if proposal is None:
        raise NotFound
    agency = proposal.to_agency if action is Action.SCOPE_DECIDE else proposal.from_agency
    if current_staff().agency_code != agency:
        raise NotFound
    return proposal


# --- One obligation --------------------------------------------------------------------------------------------------


@blueprint.get("/nghia-vu/<uuid:obligation_id>")
@may(Action.ENTITY_VIEW)
def obligation(obligation_id: uuid.UUID) -> ResponseReturnValue:
    return _page(obligation_for(obligation_id))


def _page(
    found: Deciding, sent: PageForm | None = None, refused: Refused | None = None, status: int = 200
) -> ResponseReturnValue:
    obligation = found.obligation
    decides = reaches(Action.SCOPE_DECIDE, found.place)
    own = [each for each in open_proposals_of(reader(), obligation) if each.from_agency == current_staff().agency_code]
    page = render_template(
        "officer/obligation.html",
        form=sent if refused is None or not refused.conflict else None,
        refused=refused,
        entity=found.entity,
        channel=_channel(obligation),
        rows=_rows(found),
        decides=decides,
        proposes=not decides and has_right(Action.SCOPE_PROPOSE) and not own,
        scope_form=sent if isinstance(sent, ScopeForm) else _scope_form(found),
        cohort_form=sent if isinstance(sent, CohortForm) else _cohort_form(found),
        proposals=[proposal_row(each) for each in open_proposals_of(reader(), obligation)],
        steps=[_step(each, who) for each, who in _decided(obligation)],
        obligation=obligation,
        sent_cohort=isinstance(sent, CohortForm),
    )
    return page, status


def _scope_form(found: Deciding) -> ScopeForm:
    out = found.obligation.scope in (Scope.PRESUMED_OUT, Scope.CONFIRMED_OUT)
    form = ScopeForm(
        formdata=None,
        data={"seen": mark_of(reader(), found.obligation), "effective_on": local_day(now())},
    )
    form.in_scope.data = None if out else form.in_scope.data
    return form


def _cohort_form(found: Deciding) -> CohortForm:
    return CohortForm(formdata=None, data={"seen": mark_of(reader(), found.obligation)})


def _channel(obligation: Obligation) -> str:
    if obligation.channel_id is None:
        return ""
    return reader().get_one(Channel, (obligation.province_code, obligation.channel_id)).address


def _rows(found: Deciding) -> list[dict[str, Any]]:
    entry, obligation = found.entry, found.obligation
    clause = get_clause(reader(), obligation.province_code, entry.clause_id) if entry.clause_id else None
    state, scope_tag = words.duty_label(obligation), words.scope_label(obligation.scope)
    rows: list[dict[str, Any]] = [
        {"key": _("Điều khoản"), "value": clause.place_in_words if clause is not None else entry.id},
        {"key": _("Cơ quan chủ trì"), "value": agency_names(obligation.province_code)[entry.lead_agency]},
        {"key": _("Tình trạng"), "value": state.text},
        {"key": _("Diện ký"), "value": scope_tag.text},
        {"key": _("Có từ khi nào"), "value": translate(COHORT_LABELS[obligation.cohort])},
        {"key": _("Phát sinh từ"), "value": date_text(obligation.opened_at)},
    ]
    if channel := _channel(obligation):
        rows.insert(1, {"key": _("Trang web"), "value": channel})
    return rows


def _decided(obligation: Obligation) -> list[tuple[ObligationDecision, str]]:
    decisions = decisions_of(reader(), obligation)
    rows = reader().execute(
        select(Staff.id, Staff.name).where(
            Staff.province_code == obligation.province_code, Staff.id.in_({each.staff_id for each in decisions})
        )
    )
    names = {row.id: row.name for row in rows}
    return [(each, names.get(each.staff_id, "")) for each in decisions]


def _step(decision: ObligationDecision, who: str) -> dict[str, Any]:
    if decision.matter is Matter.SCOPE:
        title = words.scope_label(Scope(decision.after)).text
        reason = translate(REASON_LABELS[ScopeReason(decision.reason)])
    else:
        title = translate(COHORT_LABELS[Cohort(decision.after)])
        reason = translate(COHORT_REASON_LABELS[CohortReason(decision.reason)])
    return {
        "title": title,
        "who": who,
        "time": time_text(decision.decided_at),
        "lines": [
            _("%(reason)s, từ ngày %(day)s.", reason=reason, day=date_text(decision.effective_on)),
            *([decision.evidence] if decision.evidence else []),
            *decision.note.splitlines(),
        ],
    }


def proposal_row(proposal: ScopeProposal) -> dict[str, Any]:
    names = agency_names(proposal.province_code)
    found = read(reader(), (proposal.province_code, proposal.obligation_id))
    states = {
        ProposalState.OPEN: (_("Chờ trả lời"), "info"),
        ProposalState.ACCEPTED: (_("Đã đồng ý"), "success"),
        ProposalState.REFUSED: (_("Không đồng ý"), "plain"),
        ProposalState.TAKEN_BACK: (_("Đã rút"), "plain"),
    }
    staff = current_staff()
    return {
        "id": proposal.id,
        "obligation": proposal.obligation_id,
        "subject": found.entity.name if found.entity is not None else _channel(found.obligation),
        "from": names.get(proposal.from_agency, proposal.from_agency),
        "to": names.get(proposal.to_agency, proposal.to_agency),
        "what": _("Thuộc diện ký") if proposal.in_scope else _("Ngoài diện ký"),
        "reason": translate(REASON_LABELS[proposal.reason]),
        "day": date_text(proposal.effective_on),
        "evidence": proposal.evidence,
        "note": proposal.note,
        "time": time_text(proposal.proposed_at),
        "state": Label(*(str(each) for each in states[proposal.state])),
        "answer": proposal.answer,
        "open": proposal.state is ProposalState.OPEN,
        "to_answer": proposal.to_agency == staff.agency_code and has_right(Action.SCOPE_DECIDE),
        "own": proposal.from_agency == staff.agency_code and has_right(Action.SCOPE_PROPOSE),
    }


def _decide(found: Deciding, form: PageForm, work: Work, message: str) -> ResponseReturnValue:
    """Decide and come back to the obligation; a mistake or a conflict brings it back as it is now."""
    obligation_id = found.obligation.id
    if not form.validate_on_submit():
        return _page(found, form, None, 400)
    refused = attempt(form, work)
    if refused is not None:
        return _page(obligation_for(obligation_id), form, refused, refused.status)
    flash(message, "success")
    return redirect(url_for("officer.obligation", obligation_id=obligation_id), 303)


@blueprint.post("/nghia-vu/<uuid:obligation_id>/dien-ky")
@may(Action.SCOPE_DECIDE)
@soft_csrf
def decide_obligation_scope(obligation_id: uuid.UUID) -> ResponseReturnValue:
    found = obligation_for(obligation_id, Action.SCOPE_DECIDE)
    form, staff, at = ScopeForm(), current_staff(), now()
    key = (found.obligation.province_code, obligation_id)

    def work(session: Session) -> object:
        return scope.decide_scope(session, key, form.said(), staff=staff, seen=form.seen.data or "", now=at)

    return _decide(found, form, work, _("Đã ghi quyết định về diện ký."))


@blueprint.post("/nghia-vu/<uuid:obligation_id>/dot")
@may(Action.SCOPE_DECIDE)
@soft_csrf
def decide_obligation_cohort(obligation_id: uuid.UUID) -> ResponseReturnValue:
    found = obligation_for(obligation_id, Action.SCOPE_DECIDE)
    form, staff, at = CohortForm(), current_staff(), now()
    key = (found.obligation.province_code, obligation_id)

    def work(session: Session) -> object:
        cohort, reason = form.chosen
        return scope.decide_cohort(
            session,
            key,
            staff=staff,
            cohort=cohort,
            reason=reason,
            note=form.note.data or "",
            evidence=form.evidence.data or "",
            appeared_on=form.appeared_on.data or None,
            seen=form.seen.data or "",
            now=at,
        )

    return _decide(found, form, work, _("Đã ghi quyết định."))


@blueprint.post("/nghia-vu/<uuid:obligation_id>/de-nghi")
@may(Action.SCOPE_PROPOSE)
@soft_csrf
def propose_obligation_scope(obligation_id: uuid.UUID) -> ResponseReturnValue:
    found = obligation_for(obligation_id, Action.SCOPE_PROPOSE)
    form, staff, at = ScopeForm(), current_staff(), now()
    key = (found.obligation.province_code, obligation_id)

    def work(session: Session) -> object:
        return scope.propose_scope(session, key, form.said(), staff=staff, now=at)

    return _decide(found, form, work, _("Đã gửi đề nghị tới cơ quan chủ trì."))


# --- Proposals -------------------------------------------------------------------------------------------------------


@blueprint.get("/de-nghi")
@may(Action.SCOPE_PROPOSE)
def proposals() -> ResponseReturnValue:
    key = own_agency()
    return render_template(
        "officer/proposals.html",
        received=[proposal_row(each) for each in proposals_to(reader(), *key)],
        sent=[proposal_row(each) for each in proposals_from(reader(), *key)],
    )


@blueprint.route("/de-nghi/<uuid:proposal_id>", methods=["GET", "POST"])
@may(Action.SCOPE_DECIDE)
@soft_csrf
def proposal(proposal_id: uuid.UUID) -> ResponseReturnValue:
    found = proposal_for(proposal_id, Action.SCOPE_DECIDE)
    about = read(reader(), (found.province_code, found.obligation_id))
    staff, at = current_staff(), now()
    form = AnswerForm(data={"seen": mark_of(reader(), about.obligation)})
    refused: Refused | None = None

    def work(session: Session) -> object:
        return scope.decide_proposal(
            session,
            found.province_code,
            found.id,
            staff=staff,
            accept=bool(form.accept.data),
            answer=form.answer.data or "",
            seen=form.seen.data or "",
            now=at,
        )

    if form.validate_on_submit():
        refused = attempt(form, work)
        if refused is None:
            flash(_("Đã trả lời đề nghị."), "success")
            return redirect(url_for("officer.proposals"), 303)
    wrong = form.is_submitted() and (refused is not None or bool(form.problems) or form.stale)
    row = proposal_row(proposal_for(proposal_id, Action.SCOPE_DECIDE))
    page = render_template("officer/proposal.html", form=form, refused=refused, proposal=row)
    return page, (refused.status if refused is not None else 400) if wrong else 200


@blueprint.post("/de-nghi/<uuid:proposal_id>/rut")
@may(Action.SCOPE_PROPOSE)
@soft_csrf
def take_proposal_back(proposal_id: uuid.UUID) -> ResponseReturnValue:
    found = proposal_for(proposal_id, Action.SCOPE_PROPOSE)
    form, staff, at = PressForm(), current_staff(), now()
    if form.validate_on_submit():
        write(lambda session: scope.take_back(session, found.province_code, found.id, staff=staff, now=at))
        flash(_("Đã rút đề nghị."), "success")
    return redirect(url_for("officer.proposals"), 303)
