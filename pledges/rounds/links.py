"""The personal link and the short code of an ask: made, found again, taken away."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import SIGNER, record
from pledges.core.errors import N_, Conflict, DomainError
from pledges.core.identity import mask_email
from pledges.core.secrecy import Vault, random_code, sha256_hex
from pledges.core.text import fold, name_key
from pledges.registry.matching import survivor
from pledges.registry.models import Contact, Entity
from pledges.rounds.models import Ask, Round, RoundState
from pledges.rounds.population import contacts_of
from pledges.signing.rules import plain_code

LANDING = "/ky-cam-ket/loi-moi"
TYPED_CODE = "/ky-cam-ket/ma-moi"
SHORT_CODE_LENGTH = 8
SHORT_CODES_AN_HOUR = 20
"""From one network; of all eight-letter codes one in tens of thousands is somebody's."""

NO_SUCH_CODE = N_(
    "Không tìm thấy lời mời nào còn dùng được với mã này. Hãy xem lại từng chữ trên thư; mã trong thư của quý đã qua "
    "không dùng được nữa. Bạn vẫn ký được mà không cần mã."
)
"""One sentence for unknown, revoked and expired ones: nothing tells a code that exists from one that does not."""


# --- Making --------------------------------------------------------------------------------------------------------


def new_short_code() -> str:
    """`7KXA-3QEM`: for letters. Of a million two may be alike: the unique constraint says so, and another is made."""
    letters = random_code(SHORT_CODE_LENGTH)
    return f"{letters[:4]}-{letters[4:]}"


def normal_short_code(typed: str) -> str:
    """A typed code in its one form, or the empty string where it cannot be one."""
    letters = plain_code(typed)
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == SHORT_CODE_LENGTH else ""


def token_of(vault: Vault, ask: Ask) -> str:
    """The token in the link: 160 bits that only the data key can make again, so that a letter can print it any time.

    It follows from the id and the short code: a new code gives a new link, and the old link stays dead.
    """
    return vault.keyed_hash("ask link", f"{ask.province_code}:{ask.id}:{ask.short_code}")[:40]


def token_sha256(token: str) -> str:
    """What `Ask.token_sha256` holds."""
    return sha256_hex(token.encode())


def link_of(public_url: str, vault: Vault, ask: Ask) -> str:
    """The whole address for mails and QR codes."""
    return f"{public_url}{LANDING}/{token_of(vault, ask)}"


# --- Showing to whoever holds it -----------------------------------------------------------------------------------


def masked_name(name: str) -> str:
    """`Công ty TNHH Hoa Mai` → `Công ty TNHH H•• M••`: who is meant knows it, nobody else learns it."""
    words = name.split()
    key = name_key(name).split()
    plain = max(0, len(words) - len(key)) if fold(name).endswith(" ".join(key)) else 0
    return " ".join([*words[:plain], *(f"{word[0]}••" for word in words[plain:])])


def masked_address(address: str) -> str:
    """`nguyenan@vidu.vn` → `n•••n@v•••.vn`: a firm's domain is its name."""
    mailbox, _, domain = mask_email(address).rpartition("@")
    host, _, ending = domain.rpartition(".")
    return f"{mailbox}@{host[:1]}•••.{ending}"


# --- Finding -------------------------------------------------------------------------------------------------------


class Standing(StrEnum):
    """What a link is good for now."""

    OPEN = "open"
    PAUSED = "paused"
    OVER = "over"
    """The round is being closed, or is closed."""
    DEAD = "dead"
    """Never made, or revoked: no answer tells which."""


@dataclass(frozen=True)
class Invitation:
    """An ask found by its link, with what its page is about."""

    ask: Ask
    round: Round
    entity: Entity
    """Who is asked; where it was merged since, the one that stands for it."""
    contact: Contact | None
    """Where a code proves who holds the link; None: nobody can be reached there, so nothing known is shown."""

    @property
    def standing(self) -> Standing:
        return standing_of(self.ask, self.round)


def standing_of(ask: Ask, of_round: Round) -> Standing:
    if ask.revoked_at is not None:
        return Standing.DEAD
    if of_round.state in {RoundState.CLOSING, RoundState.CLOSED}:
        return Standing.OVER
    return Standing.PAUSED if of_round.state is RoundState.PAUSED else Standing.OPEN


def by_token(session: Session, token: str) -> Invitation | None:
    """The invitation of a link, whatever became of it since."""
    found = session.scalar(select(Ask).where(Ask.token_sha256 == token_sha256(token)))
    return _read(session, found) if found is not None else None


def by_short_code(session: Session, typed: str) -> Invitation | DomainError:
    """The invitation that a typed code still opens. The refusal is returned: the counted try has to be committed."""
    found = session.scalar(select(Ask).where(Ask.short_code == normal_short_code(typed)))
    invitation = _read(session, found) if found is not None else None
    if invitation is None or invitation.standing in {Standing.DEAD, Standing.OVER}:
        return DomainError(NO_SUCH_CODE, field="short_code")
    return invitation


def _read(session: Session, ask: Ask) -> Invitation:
    of_round = session.get_one(Round, (ask.province_code, ask.round_id))
    entity = survivor(session, session.get_one(Entity, (ask.province_code, ask.entity_id)))
    return Invitation(ask, of_round, entity, _contact(session, ask, entity))


def _contact(session: Session, ask: Ask, entity: Entity) -> Contact | None:
    """The address that was written to; where it has gone dead since, the best one that is known today."""
    known = contacts_of(session, ask.province_code, [entity.id]).get(entity.id, [])
    return next((each for each in known if each.id == ask.contact_id), known[0] if known else None)


# --- What happens to it --------------------------------------------------------------------------------------------


def record_opened(session: Session, ask: Ask, now: datetime) -> bool:
    """Somebody pressed the button on its page; it counts once."""
    return _first(session, ask, "opened_at", now) and _tell_opened(session, ask, now)


def _tell_opened(session: Session, ask: Ask, now: datetime) -> bool:
    record(session, "ask.opened", province_code=ask.province_code, object_id=ask.id, actor=SIGNER, now=now)
    return True


def record_started(session: Session, ask: Ask, now: datetime) -> bool:
    """A form was begun through it; it counts once."""
    return _first(session, ask, "started_at", now)


def _first(session: Session, ask: Ask, column: str, now: datetime) -> bool:
    """Set a time that is not set yet, whoever else does the same at this moment."""
    done = session.execute(
        update(Ask)
        .where(Ask.province_code == ask.province_code, Ask.id == ask.id, getattr(Ask, column).is_(None))
        .values({column: now})
        .returning(Ask.id)
        .execution_options(synchronize_session=False)
    ).first()
    return done is not None


def revoke_link(session: Session, ask: Ask, staff: Staff, now: datetime) -> None:
    """Take the link and the short code of an ask away; its obligations stay asked."""
    ask = _managed(session, ask, staff)
    if ask.revoked_at is not None:
        raise Conflict(N_("Liên kết này đã được hủy trước đó."))
    ask.revoked_at, ask.revoked_by = now, staff.id
    _tell_revoked(session, ask, staff, now, "revoked")


def take_back_revocation(session: Session, ask: Ask, staff: Staff, now: datetime) -> None:
    """The same link works again: it had been revoked by mistake."""
    ask = _managed(session, ask, staff)
    if ask.revoked_at is None:
        raise Conflict(N_("Liên kết này đang dùng được nên không có gì để hoàn tác."))
    ask.revoked_at = ask.revoked_by = None
    _tell_revoked(session, ask, staff, now, "taken_back")


def renew(session: Session, ask: Ask, staff: Staff, now: datetime, *, vault: Vault) -> str:
    """A new link and short code in the place of the old ones, which never work again; returns the new code."""
    ask = _managed(session, ask, staff)
    code = new_short_code()
    while session.scalar(select(func.count()).select_from(Ask).where(Ask.short_code == code)):
        code = new_short_code()
    ask.short_code = code
    ask.token_sha256 = token_sha256(token_of(vault, ask))
    ask.revoked_at = ask.revoked_by = None
    _tell_revoked(session, ask, staff, now, "renewed")
    return code


def _managed(session: Session, ask: Ask, staff: Staff) -> Ask:
    """The ask, locked, of a round that this officer runs and that is not over."""
    key: tuple[str, uuid.UUID] = (ask.province_code, ask.id)
    locked = session.get_one(Ask, key, with_for_update=True, populate_existing=True)
    of_round = session.get_one(Round, (ask.province_code, locked.round_id))
    require(staff, Action.ROUND_MANAGE, Place(of_round.province_code, of_round.agency_code))
    if of_round.state in {RoundState.CLOSING, RoundState.CLOSED}:
        raise Conflict(N_("Đợt vận động đã kết thúc nên liên kết không còn dùng được nữa."))
    return locked


def _tell_revoked(session: Session, ask: Ask, staff: Staff, now: datetime, what: str) -> None:
    record(
        session,
        "ask.revoked",
        province_code=ask.province_code,
        object_id=ask.id,
        actor=actor_of(staff),
        now=now,
        data={"link": what},
    )
