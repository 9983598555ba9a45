"""Requests to move a file to another mailbox: `/can-bo/doi-hop-thu`, the file beside the papers."""

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
from pledges.core.identity import national_phone
from pledges.messaging.models import MessageState
from pledges.plans.queries import get_agency, get_commune
from pledges.registry.matching import survivor
from pledges.registry.models import Entity
from pledges.registry.queries import contacts_of
from pledges.signing.address_changes import changes_of, count_stopped, letter_to_old, open_changes
from pledges.signing.address_deciding import grant_change, refuse_change, take_change_back
from pledges.signing.address_models import AddressChange, ChangeState
from pledges.signing.address_moves import Post
from pledges.signing.address_rules import OPEN
from pledges.signing.models import Pledge
from pledges.signing.queries import channels_of
from pledges.web.current import now, product, reader, write
from pledges.web.evidence_field import paper_answer, shown_papers
from pledges.web.i18n import date_text, error_text, time_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.decision_forms import DecisionForm
from pledges.web.officer.mailbox_forms import GrantForm, RefuseForm, TakeBackForm
from pledges.web.officer.reach import scope_of
from pledges.web.officer.words import Label, state_label
from pledges.web.security import may, soft_csrf

CLOSED = "xong"
FORMS: dict[str, type[DecisionForm]] = {"grant": GrantForm, "refuse": RefuseForm, "take_back": TakeBackForm}
POSSIBLE = {
    ChangeState.WAITING: ("grant", "refuse"),
    ChangeState.GRANTED: ("take_back",),
    ChangeState.DONE: ("take_back",),
    ChangeState.REFUSED: ("take_back",),
    ChangeState.STOPPED: (),
}


def change_for(change_id: uuid.UUID) -> AddressChange:
    """The request, where the person decides about its file; for everything else the answer of nothing."""
    change = reader().get(AddressChange, (current_staff().province_code, change_id))
    if change is None:
        raise NotFound
    require(current_staff(), Action.MAILBOX_DECIDE, Place(change.province_code, change.agency_code))
    return change


def change_label(change: AddressChange) -> Label:
    labels = {
        ChangeState.WAITING: (_("Chờ quyết định"), "info"),
        ChangeState.GRANTED: (_("Đã đồng ý, chờ hộp thư cũ"), "info"),
        ChangeState.DONE: (_("Đã chuyển"), "success"),
        ChangeState.REFUSED: (_("Không đồng ý"), "plain"),
        ChangeState.STOPPED: (_("Hộp thư cũ đã dừng"), "warning"),
    }
    text, kind = labels[change.state]
    return Label(str(text), kind)


@blueprint.get("/doi-hop-thu")
@may(Action.MAILBOX_DECIDE)
def mailboxes() -> ResponseReturnValue:
    scope, closed = scope_of(Action.MAILBOX_DECIDE), request.args.get("muc") == CLOSED
    place = scope.province_code, scope.agency_code or ""
    lists = {done: changes_of(reader(), *place, closed=done) for done in (False, True)}
    tabs = [
        {
            "text": _("Đã xong") if done else _("Đang chờ"),
            "count": len(lists[done]),
            "href": url_for("officer.mailboxes", muc=CLOSED) if done else url_for("officer.mailboxes"),
            "current": done is closed,
        }
        for done in (False, True)
    ]
    return render_template(
        "officer/mailboxes.html",
        agency=get_agency(reader(), *place),
        tabs=tabs,
        rows=[_row(change) for change in lists[closed]],
        closed=closed,
    )


def _row(change: AddressChange) -> dict[str, Any]:
    return {
        "href": url_for("officer.mailbox", change_id=change.id),
        "reference": _pledge(change).reference,
        "name": change.name,
        "asked": time_text(change.asked_at),
        "until": date_text(change.waits_until),
        "label": change_label(change),
        "objected": change.state is ChangeState.DONE and change.objected_at is not None,
    }


def _pledge(change: AddressChange) -> Pledge:
    return reader().get_one(Pledge, (change.province_code, change.pledge_id))


# --- One request -----------------------------------------------------------------------------------------------------


@blueprint.get("/doi-hop-thu/<uuid:change_id>")
@may(Action.MAILBOX_DECIDE)
def mailbox(change_id: uuid.UUID) -> ResponseReturnValue:
    return _page(change_for(change_id))


@blueprint.get("/doi-hop-thu/<uuid:change_id>/giay-to/<int:number>")
@may(Action.MAILBOX_DECIDE)
def mailbox_paper(change_id: uuid.UUID, number: int) -> ResponseReturnValue:
    return paper_answer(change_for(change_id).evidence, number)


@blueprint.post("/doi-hop-thu/<uuid:change_id>/dong-y")
@may(Action.MAILBOX_DECIDE)
@soft_csrf
def grant_mailbox(change_id: uuid.UUID) -> ResponseReturnValue:
    return _decide(change_id, "grant", grant_change)


@blueprint.post("/doi-hop-thu/<uuid:change_id>/khong-dong-y")
@may(Action.MAILBOX_DECIDE)
@soft_csrf
def refuse_mailbox(change_id: uuid.UUID) -> ResponseReturnValue:
    return _decide(change_id, "refuse", refuse_change)


@blueprint.post("/doi-hop-thu/<uuid:change_id>/hoan-tac")
@may(Action.MAILBOX_DECIDE)
@soft_csrf
def take_mailbox_back(change_id: uuid.UUID) -> ResponseReturnValue:
    return _decide(change_id, "take_back", take_change_back)


def _decide(change_id: uuid.UUID, name: str, decide: Callable[..., AddressChange]) -> ResponseReturnValue:
    """Check the form and decide; a mistake or a conflict shows the request as it is now, with what was typed."""
    found, form = change_for(change_id), FORMS[name]()
    if not form.validate_on_submit():
        return _page(found, name, form, 400 if form.problems else 200)
    staff, at, post = current_staff(), now(), Post(product().vault, product().settings.public_url)
    typed = {"note": form["note"].data} if "note" in form else {}

    def work(session: Session) -> AddressChange:
        key = (found.province_code, found.id)
        return decide(session, key, seen=form.seen.data, staff=staff, now=at, post=post, **typed)

    try:
        changed = write(work)
    except Conflict as conflict:
        return _page(change_for(change_id), name, form, conflict.status, error_text(conflict))
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(change_for(change_id), name, form, refusal.status)
    flash(_done(changed), "success")
    return redirect(url_for("officer.mailbox", change_id=change_id), 303)


def _done(change: AddressChange) -> str:
    said = {
        ChangeState.WAITING: _("Đã hoàn tác; yêu cầu lại chờ quyết định."),
        ChangeState.GRANTED: _("Đã đồng ý. Hồ sơ được chuyển khi hết thời gian chờ hộp thư cũ trả lời."),
        ChangeState.DONE: _("Đã chuyển hồ sơ sang hộp thư mới; cả hai hộp thư đã được báo."),
        ChangeState.REFUSED: _("Đã ghi: không đồng ý. Cả hai hộp thư đã được báo."),
    }
    return str(said[change.state])


def _page(
    change: AddressChange, name: str = "", form: DecisionForm | None = None, status: int = 200, conflict: str = ""
) -> ResponseReturnValue:
    pledge = _pledge(change)
    possible = POSSIBLE[change.state] if change.new_email else ()
    forms = {each: form if each == name else FORMS[each](formdata=None) for each in possible}
    who = get_staff(reader(), change.province_code, change.decided_by) if change.decided_by is not None else None
    page = render_template(
        "officer/mailbox.html",
        change=change,
        pledge=pledge,
        label=change_label(change),
        state=state_label(pledge),
        lines=_lines(change, pledge),
        papers=shown_papers(change.evidence),
        letter=_letter(change),
        others=[_row(each) for each in open_changes(reader(), pledge) if each.id != change.id],
        stopped=count_stopped(reader(), pledge) if change.state in OPEN else 0,
        forms=forms,
        form=form if form is not None and name in possible else None,
        open=name,
        conflict=conflict,
        who=who.name if who is not None else "",
        back=url_for("officer.mailboxes"),
    )
    return page, status


def _letter(change: AddressChange) -> str:
    """What became of the letter to the old mailbox, where whoever decides has to know it."""
    letter = letter_to_old(reader(), change) if change.state in OPEN and change.agreed_at is None else None
    if letter is None or letter.state is MessageState.UNCERTAIN:
        return ""
    if letter.state is MessageState.FAILED:
        return "returned" if letter.last_error.startswith("refused") else "lost"
    if letter.bounced_at is not None:
        return "returned"
    return "" if letter.state is MessageState.ACCEPTED else "waiting"


def _lines(change: AddressChange, pledge: Pledge) -> list[tuple[str, str, str]]:
    """What the file says, and beside it what whoever asks says."""
    answers = pledge.answers
    commune = get_commune(reader(), pledge.province_code, answers["commune"]) if answers.get("commune") else None
    old = change.old_email if change.state is not ChangeState.DONE else _("%(address)s (cũ)", address=change.old_email)
    rows = [
        (_("Họ và tên người ký"), answers.get("signer_name") or answers.get("name"), change.name),
        (_("Ký cho"), answers.get("name"), ""),
        (
            _("Điện thoại"),
            national_phone(answers["phone"]) if answers.get("phone") else "",
            national_phone(change.phone),
        ),
        (_("Điện thoại trong danh sách"), _phones(pledge), ""),
        (_("Thư điện tử"), old, change.new_email),
        (_("Mã số thuế"), answers.get("tax_code"), ""),
        (_("Xã, phường, đặc khu"), commune.name if commune is not None else "", ""),
        (_("Các kênh"), "; ".join(channel.address for channel in channels_of(reader(), pledge)), ""),
        (_("Ký lúc"), time_text(pledge.signed_at), ""),
    ]
    return [(str(key), str(left or "–"), str(right or "–")) for key, left, right in rows if left or right]


def _phones(pledge: Pledge) -> str:
    """Where the register reaches the subject by phone: whoever decides calls there, and not the number of who asks."""
    entity = survivor(reader(), reader().get_one(Entity, (pledge.province_code, pledge.entity_id)))
    known = [each for each in contacts_of(reader(), entity) if each.kind == "phone" and each.ended_at is None]
    return "; ".join(national_phone(each.value) for each in known)
