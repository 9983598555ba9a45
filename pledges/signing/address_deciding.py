"""What an officer decides about a request to move a file to another mailbox, and the way back."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.calendar import Clock
from pledges.core.db import Database
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.core.text import clean_block
from pledges.signing.address_changes import open_changes, take_effect
from pledges.signing.address_models import AddressChange, ChangeState
from pledges.signing.address_moves import Post, move_back, tell_both
from pledges.signing.address_rules import LONGEST_NOTE, OPEN, states_before
from pledges.signing.models import Pledge

MOVE_MAILBOXES = "move_mailboxes"
MOVE_MAILBOXES_SECONDS = 300.0

Key = tuple[str, uuid.UUID]


def grant_change(
    session: Session, key: Key, *, note: str, seen: int, staff: Staff, now: datetime, post: Post
) -> AddressChange:
    """Grant it. It takes effect at once where the old mailbox has agreed or has had its time, else by the sweep."""
    note = _reason(note)
    change = _decide(session, key, ChangeState.GRANTED, staff, seen, now, note=note)
    pledge = session.get_one(Pledge, (key[0], change.pledge_id), with_for_update=True, populate_existing=True)
    if pledge.contact_email != change.old_email:
        raise Conflict(
            N_(
                "Hộp thư của hồ sơ đã đổi từ khi có yêu cầu này, nên không chuyển theo yêu cầu này được. "
                "Hãy chọn “Không đồng ý”; người ký có thể gửi yêu cầu mới."
            )
        )
    _record(session, change, "mailbox.granted", staff, now)
    take_effect(session, change, now=now, post=post)
    return session.get_one(AddressChange, key, populate_existing=True)


def refuse_change(
    session: Session, key: Key, *, note: str, seen: int, staff: Staff, now: datetime, post: Post
) -> AddressChange:
    """Everything stays as it was; both addresses learn it, the new one with the reason."""
    note = _reason(note)
    change = _decide(session, key, ChangeState.REFUSED, staff, seen, now, note=note)
    _record(session, change, "mailbox.refused", staff, now)
    tell_both(session, change, "refused", now=now, post=post, message=note)
    return change


def take_change_back(
    session: Session, key: Key, *, seen: int, staff: Staff, now: datetime, post: Post
) -> AddressChange:
    """The request waits again. What had taken effect is undone, while nothing was built upon it."""
    before = session.get(AddressChange, key)
    if before is None:
        raise NotFound
    was = before.state
    if not before.new_email:
        raise Conflict(N_("Nội dung của yêu cầu này đã được xóa, nên không hoàn tác được nữa."))
    if was not in OPEN:
        # Whoever asks holds the pledge too: so nobody asks for the same address meanwhile.
        pledge = session.get_one(Pledge, (key[0], before.pledge_id), with_for_update=True)
        if any(each.new_email == before.new_email for each in open_changes(session, pledge)):
            raise Conflict(N_("Người ký đã gửi một yêu cầu mới cho hồ sơ này. Hãy quyết định ở yêu cầu mới."))
    change = _decide(session, key, ChangeState.WAITING, staff, seen, now)
    if was is ChangeState.DONE:
        move_back(session, change, actor=actor_of(staff), now=now)
        tell_both(session, change, "moved_back", now=now, post=post)
    _record(session, change, "mailbox.taken_back", staff, now, before=was.value)
    return change


def _reason(note: str) -> str:
    note = clean_block(note, most=LONGEST_NOTE, field="note")
    if not note:
        raise DomainError(N_("Hãy ghi căn cứ của quyết định, để đồng nghiệp xem lại được."), field="note")
    return note


def _decide(
    session: Session, key: Key, after: ChangeState, staff: Staff, seen: int, now: datetime, *, note: str = ""
) -> AddressChange:
    """Lead the request into `after` as it was seen; of several at once one does, the others learn it kindly."""
    change = session.get(AddressChange, key)
    if change is None:
        raise NotFound
    require(staff, Action.MAILBOX_DECIDE, Place(change.province_code, change.agency_code))
    open_again = after is ChangeState.WAITING
    changed = session.execute(
        update(AddressChange)
        .where(
            AddressChange.province_code == key[0],
            AddressChange.id == key[1],
            AddressChange.state.in_(states_before(after)),
            AddressChange.revision == seen,
        )
        .values(
            state=after,
            revision=AddressChange.revision + 1,
            note=note,
            decided_by=None if open_again else staff.id,
            decided_at=None if open_again else now,
        )
        .returning(AddressChange.id)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise Conflict(N_("Yêu cầu này vừa được xử lý hoặc vừa bị dừng. Chưa ghi gì thêm; hãy xem lại."))
    return session.get_one(AddressChange, key, populate_existing=True)


def _record(session: Session, change: AddressChange, kind: str, staff: Staff, now: datetime, **data: Any) -> None:
    record(
        session,
        kind,
        province_code=change.province_code,
        object_id=change.id,
        actor=actor_of(staff),
        now=now,
        data={"pledge": str(change.pledge_id), **data},
    )


class MailboxMoves:
    """`sweep` is a task: what has been granted takes effect on the day after the last day of waiting."""

    def __init__(self, database: Database, clock: Clock, vault: Vault, public_url: str) -> None:
        self._database, self._clock = database, clock
        self._post = Post(vault, public_url)

    def sweep(self) -> None:
        with self._database.read() as session:
            granted = session.scalars(select(AddressChange).where(AddressChange.state == ChangeState.GRANTED)).all()
        for change in granted:
            self._database.run(partial(self._move, change))

    def _move(self, change: AddressChange, session: Session) -> None:
        take_effect(
            session,
            session.get_one(AddressChange, (change.province_code, change.id)),
            now=self._clock(),
            post=self._post,
        )
