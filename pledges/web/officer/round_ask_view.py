"""Invitations of single subjects: their attempts, what became of their link, and what can be done."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from pledges.accounts.permissions import Action, Place
from pledges.core.calendar import Quarter, local_day
from pledges.messaging.models import Message
from pledges.registry.models import Entity
from pledges.rounds.models import Ask, Attempt, Outcome, Round, RoundState, Way
from pledges.rounds.queries import asks_of_entity
from pledges.rounds.rules import ADJUSTABLE, NOTE_LABELS, OUTCOME_LABELS, OVER, WAY_LABELS, is_taken_back
from pledges.web.current import now, reader
from pledges.web.i18n import date_text, quarter_text, time_text, translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.reach import has_right, reaches
from pledges.web.officer.round_view import state_label
from pledges.web.officer.words import Label

OUTCOME_KINDS = {
    Outcome.WAITING: "plain",
    Outcome.REACHED: "success",
    Outcome.NOT_REACHED: "warning",
    Outcome.UNCERTAIN: "warning",
}


def step_text(attempt: Attempt) -> str:
    """What was done: the invitation, a reminder so many days before the day, a letter."""
    way = translate(WAY_LABELS[attempt.way])
    if attempt.way is not Way.MAIL:
        return way
    days = attempt.step.removeprefix("remind-")
    if days != attempt.step:
        return str(_("Thư nhắc trước hạn %(days)s ngày", days=days))
    if attempt.step.startswith("more-"):
        return str(_("Thư mời bổ sung"))
    return str(_("Thư mời"))


def attempt_rows(attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Given the oldest first, shown the newest first."""
    found = list(reversed(attempts))
    mails = _messages(found)
    return [_attempt(each, mails.get(each.message_id)) for each in found]


def _attempt(each: Attempt, mail: Message | None) -> dict[str, Any]:
    label = Label(translate(OUTCOME_LABELS[each.outcome]), OUTCOME_KINDS[each.outcome])
    if is_taken_back(each.step):
        label = Label(_("Đã hoàn tác"), "plain")
    # Mail has words of the system as its note, the rest what people have written.
    note = translate(NOTE_LABELS[each.note]) if each.note in NOTE_LABELS else each.note
    detail = mail.bounce_reason if mail is not None and each.note == "bounced" else ""
    return {
        "step": step_text(each),
        "day": date_text(each.made_on),
        "label": label,
        "note": note,
        "detail": detail,
        "to": mail.to_address if mail is not None and has_right(Action.ENTITY_CONTACTS) else "",
    }


def _messages(attempts: Sequence[Attempt]) -> dict[uuid.UUID | None, Message]:
    ids = [each.message_id for each in attempts if each.message_id is not None]
    if not ids:
        return {}
    province_code = attempts[0].province_code
    found = reader().scalars(select(Message).where(Message.province_code == province_code, Message.id.in_(ids)))
    return {message.id: message for message in found}


def link_label(ask: Ask, of_round: Round) -> Label:
    """What the link of an invitation is good for now."""
    if ask.revoked_at is not None:
        return Label(_("Đã hủy ngày %(day)s", day=date_text(ask.revoked_at)), "warning")
    if of_round.state in OVER:
        return Label(_("Hết hiệu lực vì đợt đã kết thúc"), "plain")
    if of_round.state is RoundState.PAUSED:
        return Label(_("Tạm không mở được"), "warning")
    return Label(_("Đang dùng được"), "success")


# --- On the page of a subject ----------------------------------------------------------------------------------------


def invitations_of(found: Entity) -> dict[str, Any] | None:
    """How one's own agency has invited this subject under all its names; None for whoever sees no names."""
    agency_code = current_staff().agency_code
    if agency_code is None or not reaches(Action.LIST_VIEW, Place(found.province_code, agency_code)):
        return None
    asked = [each for each in asks_of_entity(reader(), found) if each.of_round.agency_code == agency_code]
    return {
        "asks": [_shown(each.ask, each.of_round, each.attempts) for each in asked],
        "only": _only(found, agency_code, {each.of_round.id for each in asked}),
    }


def _shown(ask: Ask, of_round: Round, attempts: Sequence[Attempt]) -> dict[str, Any]:
    return {
        "quarter": quarter_text(Quarter.parse(of_round.quarter)),
        "label": state_label(of_round),
        "link": link_label(ask, of_round),
        "shown_day": date_text(ask.shown_day),
        "opened": time_text(ask.opened_at),
        "started": time_text(ask.started_at),
        "attempts": attempt_rows(attempts),
        "href": url_for("officer.round_ask", quarter=of_round.quarter, ask_id=ask.id),
    }


def _only(found: Entity, agency_code: str, asked_in: set[uuid.UUID]) -> str:
    """Where this subject alone can be invited: in the round of this quarter, if it has not been yet."""
    if not has_right(Action.ROUND_MANAGE):
        return ""
    quarter = str(Quarter.of(local_day(now())))
    of_round = reader().scalar(
        select(Round).where(
            Round.province_code == found.province_code, Round.agency_code == agency_code, Round.quarter == quarter
        )
    )
    if of_round is None or of_round.state not in ADJUSTABLE or of_round.id in asked_in:
        return ""
    return url_for("officer.ask_only", quarter=quarter, entity_id=found.id)
