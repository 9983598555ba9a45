"""Two who claim one channel or tax code: `/can-bo/tranh-chap`, both sides with their papers."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.permissions import Action, Place, require
from pledges.accounts.queries import get_staff
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.imports.models import Import
from pledges.plans.queries import get_agency
from pledges.registry.claims import Verdict
from pledges.registry.models import Entity, Standing
from pledges.signing.address_moves import Post
from pledges.signing.dispute_deciding import decide_dispute, merged_since, take_decision_back
from pledges.signing.dispute_evidence import ask_for_papers, papers_of
from pledges.signing.dispute_models import Dispute, DisputeQuestion, DisputeState, Side
from pledges.signing.dispute_queries import disputes_of, questions_of
from pledges.signing.dispute_rules import OPEN
from pledges.signing.disputes import TAX_CODE, Sides, addresses_of, sides_of
from pledges.web.current import now, product, reader, write
from pledges.web.evidence_field import paper_answer, shown_papers
from pledges.web.i18n import error_text, time_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.claim_view import lines_of
from pledges.web.officer.decision_forms import DecisionForm
from pledges.web.officer.dispute_forms import AskPapersForm, DecideDisputeForm
from pledges.web.officer.reach import scope_of
from pledges.web.officer.words import Label, state_label
from pledges.web.security import may, soft_csrf
from pledges.web.signer.access import tokens

CLOSED = "xong"
DECIDE, ASK, TAKE_BACK = "decide", "ask", "take_back"


class TakeBackForm(DecisionForm):
    """For what needs nothing but a press."""


FORMS: dict[str, type[DecisionForm]] = {DECIDE: DecideDisputeForm, ASK: AskPapersForm, TAKE_BACK: TakeBackForm}


def dispute_for(dispute_id: uuid.UUID) -> Dispute:
    """The dispute, where the person decides it; for everything else the answer of nothing."""
    found = reader().get(Dispute, (current_staff().province_code, dispute_id))
    if found is None:
        raise NotFound
    require(current_staff(), Action.DISPUTE_DECIDE, Place(found.province_code, found.agency_code))
    return found


def dispute_label(dispute: Dispute) -> Label:
    labels = {
        DisputeState.OPEN: (_("Chờ quyết định"), "info"),
        DisputeState.ASKED: (_("Chờ giấy tờ"), "info"),
        DisputeState.DECIDED: (_("Đã quyết định"), "success"),
        DisputeState.LAPSED: (_("Không còn trùng"), "plain"),
    }
    text, kind = labels[dispute.state]
    return Label(str(text), kind)


def verdict_text(verdict: str) -> str:
    said = {
        Verdict.SAME: _("Hai bên là một đối tượng"),
        Verdict.OTHER: _("Phần trùng của bên có trước"),
        Verdict.OTHER_TAKES: _("Phần trùng của bên khai sau"),
        Verdict.BOTH: _("Phần trùng của cả hai"),
        Verdict.NEITHER: _("Phần trùng không của bên nào"),
        Verdict.REJECTED: _("Phần trùng của bên có trước; không chấp nhận bên khai sau"),
    }
    return str(said[Verdict(verdict)]) if verdict else ""


@blueprint.get("/tranh-chap")
@may(Action.DISPUTE_DECIDE)
def ownership_disputes() -> ResponseReturnValue:
    scope, closed = scope_of(Action.DISPUTE_DECIDE), request.args.get("muc") == CLOSED
    place = scope.province_code, scope.agency_code or ""
    lists = {done: disputes_of(reader(), *place, closed=done) for done in (False, True)}
    tabs = [
        {
            "text": _("Đã xong") if done else _("Đang chờ"),
            "count": len(lists[done]),
            "href": url_for("officer.ownership_disputes", muc=CLOSED if done else None),
            "current": done is closed,
        }
        for done in (False, True)
    ]
    rows = [
        {
            "href": url_for("officer.ownership_dispute", dispute_id=each.id),
            "about": _marks(each.about),
            "claim": _entity(each, each.claim_id).name,
            "owner": _entity(each, each.owner_id).name,
            "opened": time_text(each.opened_at),
            "label": dispute_label(each),
        }
        for each in lists[closed]
    ]
    page = {"agency": get_agency(reader(), *place), "tabs": tabs, "rows": rows, "closed": closed}
    return render_template("officer/ownership_disputes.html", **page)


def _entity(dispute: Dispute, entity_id: uuid.UUID) -> Entity:
    return reader().get_one(Entity, (dispute.province_code, entity_id))


def _marks(about: list[str]) -> list[str]:
    return [str(_("Mã số thuế")) if each == TAX_CODE else each for each in about]


# --- One dispute -----------------------------------------------------------------------------------------------------


@blueprint.get("/tranh-chap/<uuid:dispute_id>")
@may(Action.DISPUTE_DECIDE)
def ownership_dispute(dispute_id: uuid.UUID) -> ResponseReturnValue:
    return _page(dispute_for(dispute_id))


@blueprint.get("/tranh-chap/<uuid:dispute_id>/giay-to/<uuid:question_id>/<int:number>")
@may(Action.DISPUTE_DECIDE)
def dispute_paper(dispute_id: uuid.UUID, question_id: uuid.UUID, number: int) -> ResponseReturnValue:
    found = dispute_for(dispute_id)
    return paper_answer(papers_of(reader(), (found.province_code, found.id), question_id).papers, number)


@blueprint.post("/tranh-chap/<uuid:dispute_id>/quyet-dinh")
@may(Action.DISPUTE_DECIDE)
@soft_csrf
def decide_ownership(dispute_id: uuid.UUID) -> ResponseReturnValue:
    form = DecideDisputeForm()

    def work(session: Session, key: Any, common: dict[str, Any]) -> object:
        return decide_dispute(session, key, Verdict(form.verdict.data), note=form.note.data, **common)

    done = _("Đã ghi quyết định; hồ sơ và nghĩa vụ đã được tính lại, hai bên đã được báo.")
    return _act(dispute_id, DECIDE, form, work, done)


@blueprint.post("/tranh-chap/<uuid:dispute_id>/de-nghi")
@may(Action.DISPUTE_DECIDE)
@soft_csrf
def ask_dispute_papers(dispute_id: uuid.UUID) -> ResponseReturnValue:
    form, signs = AskPapersForm(), tokens()

    def work(session: Session, key: Any, common: dict[str, Any]) -> object:
        return ask_for_papers(session, key, Side(form.side.data), form.question.data, tokens=signs, **common)

    return _act(dispute_id, ASK, form, work, _("Đã gửi thư đề nghị giấy tờ."))


@blueprint.post("/tranh-chap/<uuid:dispute_id>/hoan-tac")
@may(Action.DISPUTE_DECIDE)
@soft_csrf
def take_ownership_back(dispute_id: uuid.UUID) -> ResponseReturnValue:
    def work(session: Session, key: Any, common: dict[str, Any]) -> object:
        return take_decision_back(session, key, **common)

    return _act(dispute_id, TAKE_BACK, TakeBackForm(), work, _("Đã hoàn tác; danh sách trở lại như trước quyết định."))


Work = Callable[[Session, Any, dict[str, Any]], object]


def _act(dispute_id: uuid.UUID, name: str, form: Any, work: Work, done: str) -> ResponseReturnValue:
    """Check the form and write; a mistake or a conflict shows the dispute as it is now, with what was typed."""
    found = dispute_for(dispute_id)
    if not form.validate_on_submit():
        return _page(found, name, form, 400 if form.problems else 200)
    common = {
        "seen": form.seen.data,
        "staff": current_staff(),
        "now": now(),
        "post": Post(product().vault, product().settings.public_url),
    }
    try:
        write(lambda session: work(session, (found.province_code, found.id), common))
    except Conflict as conflict:
        return _page(dispute_for(dispute_id), name, form, conflict.status, error_text(conflict))
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(dispute_for(dispute_id), name, form, refusal.status)
    flash(done, "success")
    return redirect(url_for("officer.ownership_dispute", dispute_id=dispute_id), 303)


def _page(
    dispute: Dispute, name: str = "", form: DecisionForm | None = None, status: int = 200, conflict: str = ""
) -> ResponseReturnValue:
    sides = sides_of(reader(), dispute)
    forms = _forms(dispute, sides, name, form)
    who = get_staff(reader(), dispute.province_code, dispute.decided_by) if dispute.decided_by is not None else None
    page = render_template(
        "officer/ownership_dispute.html",
        dispute=dispute,
        sides=sides,
        label=dispute_label(dispute),
        verdict=verdict_text(dispute.verdict),
        about=_marks(dispute.about),
        list_name=_list_name(dispute),
        lines=lines_of(sides.claim, sides.owner),
        answers={side.value: _answers(dispute, side) for side in Side},
        reachable={side.value: bool(addresses_of(reader(), dispute, side)) for side in Side},
        files=_files(sides),
        forms=forms,
        form=form if form is not None and name in forms else None,
        open=name,
        conflict=conflict,
        who=who.name if who is not None else "",
        back=url_for("officer.ownership_disputes"),
    )
    return page, status


def _list_name(dispute: Dispute) -> str:
    """The list that named it for the newer one; empty where a signer did."""
    if dispute.import_id is None:
        return ""
    found = reader().get(Import, (dispute.province_code, dispute.import_id))
    return found.source if found is not None else ""


def _forms(dispute: Dispute, sides: Sides, name: str, form: DecisionForm | None) -> dict[str, DecisionForm]:
    """Fresh forms for what is possible in this state, but for the one that came back."""
    if dispute.state is DisputeState.LAPSED:
        return {}
    possible = (DECIDE, ASK) if dispute.state in OPEN else (TAKE_BACK,)
    forms = {each: form if form is not None and each == name else FORMS[each](formdata=None) for each in possible}
    decide = forms.get(DECIDE)
    if isinstance(decide, DecideDisputeForm) and sides.claim.standing is not Standing.CLAIMED:
        decide.between_registered(merged=merged_since(reader(), dispute))
    return forms


def _answers(dispute: Dispute, side: Side) -> list[dict[str, Any]]:
    """What one side was asked, and what they sent."""
    return [_answer(dispute, each) for each in questions_of(reader(), dispute) if each.side is side]


def _answer(dispute: Dispute, question: DisputeQuestion) -> dict[str, Any]:
    papers = [
        paper
        | {
            "href": url_for(
                "officer.dispute_paper", dispute_id=dispute.id, question_id=question.id, number=paper["number"]
            )
        }
        for paper in shown_papers(question.papers)
    ]
    return {
        "asked": time_text(question.asked_at),
        "question": question.question.split("\n"),
        "answered": time_text(question.answered_at) if question.answered_at is not None else "",
        "answer": question.answer.split("\n") if question.answer else [],
        "papers": papers,
    }


def _files(sides: Sides) -> list[dict[str, Any]]:
    """Files of one's own agency lead to it; of the others only how far they are."""
    own = current_staff().agency_code
    return [
        {
            "reference": pledge.reference,
            "label": state_label(pledge),
            "href": url_for("officer.file", reference=pledge.reference) if pledge.agency_code == own else "",
        }
        for pledge in sides.pledges
    ]
