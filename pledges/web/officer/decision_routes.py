"""Decisions about one file. Each form posts to an address of its own; a mistake brings the whole file back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.permissions import Action
from pledges.core.errors import Conflict, DomainError
from pledges.review import operations
from pledges.review.errors import AlreadyDecided
from pledges.review.operations import Key
from pledges.review.revocations import ask_revocation, open_revocation, refuse_revocation, revoke
from pledges.signing.models import Pledge
from pledges.signing.states import StateChanged
from pledges.web.current import now, product, reader, write
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.decision_forms import DecisionForm
from pledges.web.officer.file_view import ACTIONS, FORMS, Sent, file_page, to_next
from pledges.web.officer.queue_view import filter_around
from pledges.web.officer.reach import pledge_for
from pledges.web.security import may, soft_csrf

Work = Callable[[Session, Key, Any, dict[str, Any]], object]
"""What a form does: the session of the write, which pledge, the form, and who decides when."""


def decide(reference: str, name: str, work: Work, done: str) -> ResponseReturnValue:
    """Check the form, decide, and go on; a conflict shows the file as it is now with a kind sentence."""
    pledge = pledge_for(reference, ACTIONS[name])
    form = FORMS[name]()
    if not form.validate_on_submit():
        return _again(pledge, name, form)
    wanted = filter_around(pledge)
    common = {"staff": current_staff(), "now": now()}
    key = (pledge.province_code, pledge.id)
    try:
        write(lambda session: work(session, key, form, common))
    except Conflict as conflict:
        return file_page(pledge_for(reference, ACTIONS[name]), Sent(name, form, conflict), conflict.status)
    except DomainError as refusal:
        form.refuse(refusal)
        return file_page(pledge_for(reference, ACTIONS[name]), Sent(name, form), refusal.status)
    return to_next(_fresh(pledge), wanted, done)


def _fresh(pledge: Pledge) -> Pledge:
    return reader().get_one(Pledge, (pledge.province_code, pledge.id))


def _again(pledge: Pledge, name: str, form: DecisionForm) -> ResponseReturnValue:
    """The form has mistakes; where the file has changed meanwhile, that comes first."""
    if form.seen.data != pledge.revision and not form.stale:
        return file_page(pledge, Sent(name, form, StateChanged(pledge)), 409)
    return file_page(pledge, Sent(name, form), 400)


def _told() -> dict[str, Any]:
    """What operations need that write to the signer."""
    return {"vault": product().vault, "public_url": product().settings.public_url}


@blueprint.post("/ho-so/<reference>/de-nghi-duyet")
@may(Action.PLEDGE_RECOMMEND)
@soft_csrf
def recommend(reference: str) -> ResponseReturnValue:
    def work(session: Session, key: Key, form: Any, common: dict[str, Any]) -> object:
        return operations.recommend(session, key, seen=form.seen.data, note=form.note.data or "", **common)

    return decide(reference, "recommend", work, _("Đã đề nghị duyệt hồ sơ %(reference)s.", reference=reference))


@blueprint.post("/ho-so/<reference>/tra-lai")
@may(Action.PLEDGE_RETURN)
@soft_csrf
def return_file(reference: str) -> ResponseReturnValue:
    def work(session: Session, key: Key, form: Any, common: dict[str, Any]) -> object:
        return operations.return_for_correction(
            session,
            key,
            seen=form.seen.data,
            message=form.message.data,
            asked=form.asked.data,
            note=form.note.data or "",
            **common,
            **_told(),
        )

    return decide(reference, "return", work, _("Đã trả lại hồ sơ %(reference)s cho người ký.", reference=reference))


@blueprint.post("/ho-so/<reference>/tam-hoan")
@may(Action.PLEDGE_DEFER)
@soft_csrf
def defer(reference: str) -> ResponseReturnValue:
    def work(session: Session, key: Key, form: Any, common: dict[str, Any]) -> object:
        return operations.defer(session, key, seen=form.seen.data, note=form.note.data, **common)

    return decide(reference, "defer", work, _("Đã tạm hoãn hồ sơ %(reference)s.", reference=reference))


@blueprint.post("/ho-so/<reference>/xu-ly-tiep")
@may(Action.PLEDGE_RESUME)
@soft_csrf
def resume(reference: str) -> ResponseReturnValue:
    def work(session: Session, key: Key, form: Any, common: dict[str, Any]) -> object:
        return operations.resume(session, key, seen=form.seen.data, **common)

    done = _("Đã đưa hồ sơ %(reference)s trở lại hàng đợi.", reference=reference)
    return decide(reference, "resume", work, done)


@blueprint.post("/ho-so/<reference>/tu-choi")
@may(Action.PLEDGE_REJECT)
@soft_csrf
def reject(reference: str) -> ResponseReturnValue:
    def work(session: Session, key: Key, form: Any, common: dict[str, Any]) -> object:
        return operations.reject(
            session,
            key,
            seen=form.seen.data,
            message=form.message.data,
            note=form.note.data or "",
            **common,
            **_told(),
        )

    return decide(reference, "reject", work, _("Đã từ chối tiếp nhận hồ sơ %(reference)s.", reference=reference))


@blueprint.post("/ho-so/<reference>/duyet")
@may(Action.PLEDGE_APPROVE)
@soft_csrf
def approve(reference: str) -> ResponseReturnValue:
    def work(session: Session, key: Key, form: Any, common: dict[str, Any]) -> object:
        return operations.approve(session, key, seen=form.seen.data, **common)

    done = _("Đã duyệt hồ sơ %(reference)s; bản PDF đang được hoàn tất.", reference=reference)
    return decide(reference, "approve", work, done)


# --- Revocation ----------------------------------------------------------------------------------------------------


@blueprint.post("/ho-so/<reference>/de-nghi-thu-hoi")
@may(Action.REVOCATION_ASK)
@soft_csrf
def ask_to_revoke(reference: str) -> ResponseReturnValue:
    def work(session: Session, key: Key, form: Any, common: dict[str, Any]) -> object:
        return ask_revocation(session, key, reason=form.message.data, **common)

    done = _("Đã đề nghị thu hồi hồ sơ %(reference)s; người thứ hai sẽ xác nhận.", reference=reference)
    return decide(reference, "ask_revocation", work, done)


def _request(session: Session, key: Key, seen: str | None) -> tuple[str, uuid.UUID]:
    """The request that the person saw; that it waits no more is told like a decision that somebody else has taken.

    Another one may wait by now, with a reason that this person has not read.
    """
    asked = open_revocation(session, key)
    if asked is None or str(asked.id) != seen:
        latest = operations.last_decision(session, key)
        raise AlreadyDecided(latest) if latest is not None else StateChanged(None)
    return key[0], asked.id


@blueprint.post("/ho-so/<reference>/khong-thu-hoi")
@may(Action.REVOCATION_DECIDE)
@soft_csrf
def keep(reference: str) -> ResponseReturnValue:
    def work(session: Session, key: Key, form: Any, common: dict[str, Any]) -> object:
        province_code, request_id = _request(session, key, form.request.data)
        return refuse_revocation(session, province_code, request_id, note=form.note.data, **common)

    return decide(reference, "refuse_revocation", work, _("Hồ sơ %(reference)s không bị thu hồi.", reference=reference))


@blueprint.post("/ho-so/<reference>/thu-hoi")
@may(Action.REVOCATION_DECIDE)
@soft_csrf
def confirm_revocation(reference: str) -> ResponseReturnValue:
    def work(session: Session, key: Key, form: Any, common: dict[str, Any]) -> object:
        province_code, request_id = _request(session, key, form.request.data)
        return revoke(session, province_code, request_id, **common, **_told())

    return decide(reference, "revoke", work, _("Đã thu hồi hồ sơ %(reference)s.", reference=reference))
