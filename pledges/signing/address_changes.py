"""Asking for a file to be moved to another mailbox, and what whoever reads the old one says to it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.audit.operations import SIGNER, SYSTEM, Actor, record
from pledges.core import throttle
from pledges.core.calendar import add_working_days, local_day
from pledges.core.db import new_id
from pledges.core.errors import DomainError, NotFound
from pledges.core.identity import mask_email
from pledges.core.secrecy import Vault
from pledges.core.text import clean_block, clean_line
from pledges.core.tokens import Tokens
from pledges.messaging.models import Message, MessageState
from pledges.messaging.operations import queue_message
from pledges.plans.queries import get_agency, get_province
from pledges.plans.settings import province_settings
from pledges.signing.address_models import AddressChange, ChangeState
from pledges.signing.address_moves import Post, move_file, tell_both
from pledges.signing.address_rules import (
    ASKED_A_DAY_ABOUT_ONE_FILE,
    ASKED_A_DAY_FROM_ONE_NETWORK,
    DAY,
    HOUR,
    LONGEST_REASON,
    OPEN,
    UPLOADS_AN_HOUR_FROM_ONE_NETWORK,
    WORKING_DAYS,
    states_before,
)
from pledges.signing.codes import CodePurpose, try_code
from pledges.signing.links import follow_link, make_link, revoke_links
from pledges.signing.models import Pledge
from pledges.signing.queries import pledge_by_reference
from pledges.signing.rules import plain_code

OLD_MAILBOX = "old-mailbox"
"""The purpose of the link that the old address gets."""


@dataclass(frozen=True)
class Wish:
    """What somebody says who does not reach the mailbox of a file any more."""

    which: str
    """The reference or the verification code, as typed."""
    name: str
    new_email: str
    phone: str
    reason: str
    evidence: tuple[str, ...]
    language: str = "vi"


def pledge_named(session: Session, typed: str) -> Pledge | None:
    """The pledge of a reference or a verification code."""
    found = pledge_by_reference(session, typed)
    return found or session.scalar(select(Pledge).where(Pledge.verification_code == plain_code(typed)))


def count_evidence(session: Session, network: str, *, now: datetime, vault: Vault) -> None:
    """Count before files are looked into: that costs more than words."""
    most = UPLOADS_AN_HOUR_FROM_ONE_NETWORK
    throttle.use(session, "evidence.network", vault.keyed_hash("network", network), most=most, per=HOUR, now=now)


def ask_for_change(
    session: Session,
    wish: Wish,
    *,
    typed_code: str,
    code_subject: uuid.UUID,
    network: str,
    now: datetime,
    vault: Vault,
    tokens: Tokens,
    public_url: str,
) -> DomainError | None:
    """Keep the request, once the code shows that the new mailbox is read; a wrong code comes back as the refusal.

    An unknown file, one without an address and one that is asked to move there already get the same answer as any
    other. A request to another address does not stand in the way: else a stranger's would keep out the signer's.
    """
    code = try_code(session, CodePurpose.NEW_MAILBOX, code_subject, typed_code, now=now, vault=vault)
    if isinstance(code, DomainError):
        return code
    about = vault.keyed_hash("mailbox-file", plain_code(wish.which))
    where = vault.keyed_hash("network", network)
    throttle.use(session, "mailbox.network", where, most=ASKED_A_DAY_FROM_ONE_NETWORK, per=DAY, now=now)
    throttle.use(session, "mailbox.file", about, most=ASKED_A_DAY_ABOUT_ONE_FILE, per=DAY, now=now)
    code.used_at = now
    pledge = pledge_named(session, wish.which)
    if pledge is None or not pledge.contact_email or pledge.contact_email == wish.new_email:
        return None
    session.get_one(Pledge, (pledge.province_code, pledge.id), with_for_update=True, populate_existing=True)
    if any(each.new_email == wish.new_email for each in open_changes(session, pledge)):
        return None
    change = _add(session, wish, pledge, now)
    _tell_old(session, change, pledge, tokens=tokens, now=now, post=Post(vault, public_url))
    return None


def _add(session: Session, wish: Wish, pledge: Pledge, now: datetime) -> AddressChange:
    days_off = province_settings(get_province(session, pledge.province_code)).days_off_in_lieu
    change = AddressChange(
        province_code=pledge.province_code,
        id=new_id(),
        pledge_id=pledge.id,
        agency_code=pledge.agency_code,
        state=ChangeState.WAITING,
        revision=0,
        name=clean_line(wish.name),
        phone=wish.phone,
        reason=clean_block(wish.reason, most=LONGEST_REASON),
        new_email=wish.new_email,
        old_email=pledge.contact_email,
        evidence=list(wish.evidence),
        language=wish.language,
        asked_at=now,
        waits_until=add_working_days(local_day(now), WORKING_DAYS, days_off),
    )
    session.add(change)
    session.flush()
    # Nobody has shown yet to be the signer.
    record(
        session,
        "mailbox.asked",
        province_code=pledge.province_code,
        object_id=change.id,
        actor=SIGNER,
        now=now,
        data={"pledge": str(change.pledge_id)},
    )
    return change


def _tell_old(
    session: Session, change: AddressChange, pledge: Pledge, *, tokens: Tokens, now: datetime, post: Post
) -> None:
    token = make_link(session, tokens, OLD_MAILBOX, change.id, now)
    queue_message(
        session,
        province_code=change.province_code,
        kind="mailbox_asked",
        to_address=change.old_email,
        dedupe_key=letter_key(change),
        params={
            "reference": pledge.reference,
            "agency_name": get_agency(session, change.province_code, change.agency_code).name,
            "asked_at": change.asked_at,
            "address": mask_email(change.new_email),
            "waits_until": change.waits_until,
        },
        secret_params={"link": f"{post.public_url}/ho-so/hop-thu-cu/{token}"},
        language=pledge.language,
        now=now,
        vault=post.vault,
    )


# --- What stands now -------------------------------------------------------------------------------------------------


def letter_key(change: AddressChange) -> str:
    """Names the letter to the old mailbox."""
    return f"mailbox_asked:{change.id}"


def letter_to_old(session: Session, change: AddressChange) -> Message | None:
    return session.scalars(
        select(Message).where(Message.province_code == change.province_code, Message.dedupe_key == letter_key(change))
    ).first()


def open_changes(session: Session, pledge: Pledge) -> Sequence[AddressChange]:
    """What is asked about one file and not done or refused yet, each to another address."""
    return session.scalars(
        select(AddressChange)
        .where(
            AddressChange.province_code == pledge.province_code,
            AddressChange.pledge_id == pledge.id,
            AddressChange.state.in_(OPEN),
        )
        .order_by(AddressChange.asked_at, AddressChange.id)
    ).all()


def count_stopped(session: Session, pledge: Pledge) -> int:
    """How often the old mailbox has said that it was not them."""
    stopped = select(func.count()).where(
        AddressChange.province_code == pledge.province_code,
        AddressChange.pledge_id == pledge.id,
        AddressChange.objected_at.is_not(None),
    )
    return session.scalar(stopped) or 0


def changes_of(
    session: Session, province_code: str, agency_code: str, *, closed: bool = False, most: int = 200
) -> Sequence[AddressChange]:
    """The requests that one agency decides about: the oldest first, of those that are closed the newest."""
    order = AddressChange.asked_at.desc() if closed else AddressChange.asked_at
    return session.scalars(
        select(AddressChange)
        .where(
            AddressChange.province_code == province_code,
            AddressChange.agency_code == agency_code,
            AddressChange.state.not_in(OPEN) if closed else AddressChange.state.in_(OPEN),
        )
        .order_by(order, AddressChange.id)
        .limit(most)
    ).all()


def count_open_changes(session: Session, province_code: str, agency_code: str) -> int:
    return (
        session.scalar(
            select(func.count()).where(
                AddressChange.province_code == province_code,
                AddressChange.agency_code == agency_code,
                AddressChange.state.in_(OPEN),
            )
        )
        or 0
    )


def change_of_link(session: Session, tokens: Tokens, token: str, now: datetime) -> AddressChange:
    """The request whose old mailbox got this link; raises `LinkDead`."""
    change_id = follow_link(session, tokens, OLD_MAILBOX, token, now)
    found = session.scalar(select(AddressChange).where(AddressChange.id == change_id))
    if found is None:
        raise NotFound
    return found


# --- The old mailbox -------------------------------------------------------------------------------------------------


def object_to(session: Session, change: AddressChange, *, now: datetime, post: Post) -> AddressChange:
    """ "Không phải tôi": stop a request that is open. One that has taken effect is marked for the agency to look at."""
    stopped = session.execute(
        update(AddressChange)
        .where(
            AddressChange.province_code == change.province_code,
            AddressChange.id == change.id,
            AddressChange.state.in_(states_before(ChangeState.STOPPED)),
        )
        .values(state=ChangeState.STOPPED, objected_at=now, revision=AddressChange.revision + 1)
        .returning(AddressChange.id)
        .execution_options(synchronize_session=False)
    ).first()
    change = _again(session, change)
    if stopped is not None:
        _record(session, change, "mailbox.stopped", now)
        revoke_links(session, OLD_MAILBOX, change.id, now)
        tell_both(session, change, "stopped", now=now, post=post)
    elif change.state is ChangeState.DONE and change.objected_at is None:
        change.objected_at = now
        _record(session, change, "mailbox.objected", now)
    return change


def agree_to(session: Session, change: AddressChange, *, now: datetime, post: Post) -> AddressChange:
    """ "Đúng là tôi": the waiting time is over; what has been granted takes effect at once."""
    change = _again(session, change)
    if change.state not in OPEN or change.agreed_at is not None:
        return change
    change.agreed_at = now
    _record(session, change, "mailbox.agreed", now)
    session.flush()
    take_effect(session, change, now=now, post=post)
    return change


def take_effect(session: Session, change: AddressChange, *, now: datetime, post: Post) -> bool:
    """Move the file if it has been granted and the old mailbox has had its time; of several at once one does it."""
    if change.state is not ChangeState.GRANTED:
        return False
    if change.agreed_at is None and not _had_its_time(session, change, now):
        return False
    done = session.execute(
        update(AddressChange)
        .where(
            AddressChange.province_code == change.province_code,
            AddressChange.id == change.id,
            AddressChange.state.in_(states_before(ChangeState.DONE)),
        )
        .values(state=ChangeState.DONE, revision=AddressChange.revision + 1)
        .returning(AddressChange.id)
        .execution_options(synchronize_session=False)
    ).first()
    if done is None:
        return False
    change = _again(session, change)
    pledge = session.get_one(Pledge, (change.province_code, change.pledge_id))
    moved = move_file(session, change, pledge, actor=Actor("staff", str(change.decided_by)), now=now)
    for other in moved:
        _refuse_overtaken(session, other, now=now, post=post)
    tell_both(session, change, "changed", now=now, post=post)
    return True


def _had_its_time(session: Session, change: AddressChange, now: datetime) -> bool:
    """Whether the owner of the old mailbox could object for so many working days.

    A letter that still waits for the relay has told nobody anything, and one that came late is waited for as long. One
    that the other side refused shows what the request says: that nobody reads there.
    """
    letter = letter_to_old(session, change)
    if letter is not None and letter.state not in (MessageState.ACCEPTED, MessageState.UNCERTAIN):
        return letter.last_error.startswith("refused") and local_day(now) > change.waits_until
    if letter is not None and letter.accepted_at is not None:
        days_off = province_settings(get_province(session, change.province_code)).days_off_in_lieu
        last = add_working_days(local_day(letter.accepted_at), WORKING_DAYS, days_off)
        change.waits_until = max(change.waits_until, last)
    return local_day(now) > change.waits_until


def _refuse_overtaken(session: Session, pledge: Pledge, *, now: datetime, post: Post) -> None:
    """The file is not at the mailbox any more about which these requests were made."""
    for other in open_changes(session, pledge):
        refused = session.execute(
            update(AddressChange)
            .where(
                AddressChange.province_code == other.province_code,
                AddressChange.id == other.id,
                AddressChange.state.in_(states_before(ChangeState.REFUSED)),
            )
            .values(state=ChangeState.REFUSED, decided_at=now, revision=AddressChange.revision + 1)
            .returning(AddressChange.id)
            .execution_options(synchronize_session=False)
        ).first()
        if refused is not None:
            change = _again(session, other)
            _record(session, change, "mailbox.refused", now, actor=SYSTEM)
            tell_both(session, change, "overtaken", now=now, post=post, only_new=True)


def _again(session: Session, change: AddressChange) -> AddressChange:
    return session.get_one(
        AddressChange, (change.province_code, change.id), with_for_update=True, populate_existing=True
    )


def _record(session: Session, change: AddressChange, kind: str, now: datetime, actor: Actor = SIGNER) -> None:
    record(
        session,
        kind,
        province_code=change.province_code,
        object_id=change.id,
        actor=actor,
        now=now,
        data={"pledge": str(change.pledge_id)},
    )
