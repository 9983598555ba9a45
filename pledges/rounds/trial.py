"""What would be sent, without sending anything: the first recipients, and one invitation as it would read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from pledges.core.db import new_id
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message, MessageState
from pledges.rounds.asking import who_is_next
from pledges.rounds.invitations import Invitee, Sender, compose, day_shown, invitees, sender_of
from pledges.rounds.links import LANDING
from pledges.rounds.models import Ask, Round
from pledges.rounds.population import to_ask
from pledges.rounds.rules import ASK_STEP, batch_of

SHOWN = 20
PLACE_OF_LINK, PLACE_OF_CODE = "................", "XXXX-XXXX"
"""In the sample nobody's link is printed: whoever had it could begin in their place."""


@dataclass(frozen=True)
class Recipient:
    invitee: Invitee
    address: str
    """Empty: nobody knows one that mail can be sent to."""
    shown_day: date


@dataclass(frozen=True)
class Trial:
    recipients: Sequence[Recipient]
    """The first of those who would be asked now."""
    sample: Message | None
    """The invitation of the first who has an address; it stands in no line."""
    secrets: dict[str, str]


def trial(session: Session, of_round: Round, *, now: datetime, vault: Vault, public_url: str) -> Trial:
    sender = sender_of(session, of_round, now=now, vault=vault, public_url=public_url)
    ids = who_is_next(session, of_round, now=now, limit=SHOWN)
    found = [_recipient(sender, each) for each in invitees(session, sender, ids, *to_ask(of_round, sender.entries))]
    first = next((each for each in found if each.address), None)
    sample = _sample(sender, first, now) if first is not None else None
    secrets = {"link": f"{public_url}{LANDING}/{PLACE_OF_LINK}", "short_code": PLACE_OF_CODE}
    return Trial(found, sample, secrets)


def _recipient(sender: Sender, invitee: Invitee) -> Recipient:
    address = invitee.address()
    return Recipient(invitee, address[1] if address is not None else "", day_shown(sender, invitee.owed))


def _sample(sender: Sender, to: Recipient, now: datetime) -> Message:
    of_round = sender.of_round
    ask = Ask(
        province_code=of_round.province_code,
        id=new_id(),
        round_id=of_round.id,
        entity_id=to.invitee.entity_id,
        shown_day=to.shown_day,
        short_code=PLACE_OF_CODE,
        asked_at=now,
    )
    mail = compose(sender, ask, to.invitee, step=ASK_STEP, address=to.address)
    return Message(
        province_code=of_round.province_code,
        id=mail.id,
        kind="round_ask",
        dedupe_key=mail.dedupe_key,
        to_address=mail.to_address,
        batch=batch_of(of_round.id),
        language=mail.language,
        params=dict(mail.params),
        state=MessageState.HELD,
        created_at=now,
        next_attempt_at=now,
        message_id=f"<{mail.id}@localhost>",
    )
