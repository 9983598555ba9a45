"""A mailbox that its signer does not reach any more: who may stop a request, when it takes effect, and the way back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from itertools import product as pairs
from typing import Any

import pytest
from sqlalchemy import select, update

from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, TooMany
from pledges.core.secrecy import Vault
from pledges.core.tokens import Tokens
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from pledges.registry.models import Contact
from pledges.signing.address_changes import Wish, agree_to, ask_for_change, change_of_link, object_to
from pledges.signing.address_deciding import MailboxMoves, grant_change, refuse_change, take_change_back
from pledges.signing.address_models import AddressChange, ChangeState
from pledges.signing.address_moves import Post
from pledges.signing.address_rules import TRANSITIONS
from pledges.signing.codes import CodePurpose, send_code
from pledges.signing.links import LinkDead
from pledges.signing.models import AccessLink, Draft, PledgeState
from pledges.signing.reopening import start_amendment
from tests.guards.repository import ROOT
from tests.support.clock import FixedClock
from tests.support.offices import WAY_TO, Office
from tests.support.signing import PUBLIC_URL

NEW = "hop.thu.moi@vidu.vn"
NOTHING: dict[str, list[str]] = {"pledges": [], "ended": [], "added": []}
TOKENS = Tokens("tests-only-secret-key-0123456789abcdef")
S = ChangeState


class Mailbox:
    """A file, its agency, and somebody who asks."""

    def __init__(self, database: Database, clock: FixedClock, vault: Vault) -> None:
        self.database, self.clock, self.vault = database, clock, vault
        self.office = Office(database, clock, vault)
        self.old = self.office.pledge().contact_email
        self.post = Post(vault, PUBLIC_URL)

    def ask(self, which: str = "", *, network: str = "192.0.2.1", email: str = NEW) -> DomainError | None:
        subject = uuid.uuid4()
        common: dict[str, Any] = {"network": network, "now": self.clock(), "vault": self.vault}
        code = self.database.run(
            lambda session: send_code(
                session, CodePurpose.NEW_MAILBOX, subject, email, language="vi", province_code="00", **common
            )
        )
        typed = self.secrets(f"code:{code.id}")["code"]
        wish = Wish(
            which=which or self.office.pledge().reference,
            name="Người Thử Nghiệm",
            new_email=email,
            phone="+84912345678",
            reason="Thử nghiệm",
            evidence=("picture:" + "0" * 64,),
        )
        return self.database.run(
            lambda session: ask_for_change(
                session, wish, typed_code=typed, code_subject=subject, tokens=TOKENS, public_url=PUBLIC_URL, **common
            )
        )

    def secrets(self, dedupe_key: str) -> dict[str, str]:
        with self.database.read() as session:
            message = session.scalars(select(Message).where(Message.dedupe_key == dedupe_key)).one()
        return secrets_of(message, self.vault)

    @property
    def change(self) -> AddressChange:
        with self.database.read() as session:
            return session.scalars(select(AddressChange)).one()

    def token(self) -> str:
        return self.secrets(f"mailbox_asked:{self.change.id}")["link"].rpartition("/")[2]

    def do(self, operation: Any, *, staff: Any = None, seen: int | None = None, **more: Any) -> AddressChange:
        change, officer = self.change, staff or self.office.officer
        return self.database.run(
            lambda session: operation(
                session,
                (change.province_code, change.id),
                seen=change.revision if seen is None else seen,
                staff=officer,
                now=self.clock(),
                post=self.post,
                **more,
            )
        )

    def answer(self, operation: Any, token: str = "") -> AddressChange:
        token = token or self.token()
        return self.database.run(
            lambda session: operation(
                session, change_of_link(session, TOKENS, token, self.clock()), now=self.clock(), post=self.post
            )
        )

    def emails(self) -> dict[str, bool]:
        """The e-mail addresses of the register, and whether each is alive."""
        with self.database.read() as session:
            rows = session.scalars(select(Contact).where(Contact.kind == "email"))
            return {row.value: row.ended_at is None for row in rows}

    def told(self) -> list[tuple[str, str]]:
        """Outcomes and the addresses that got them."""
        with self.database.read() as session:
            rows = session.scalars(
                select(Message).where(Message.kind == "mailbox_outcome").order_by(Message.created_at)
            )
            return sorted((row.params["outcome"], row.to_address) for row in rows)

    def sweep(self) -> None:
        MailboxMoves(self.database, self.clock, self.vault, PUBLIC_URL).sweep()


@pytest.fixture
def mailbox(database: Database, clock: FixedClock, vault: Vault) -> Mailbox:
    return Mailbox(database, clock, vault)


def test_granted_it_waits_for_the_old_mailbox_and_then_moves_everything(mailbox: Mailbox) -> None:
    assert mailbox.ask() is None
    asked_on = local_day(mailbox.clock())
    assert mailbox.do(grant_change, note="Đã gọi điện.").state is S.GRANTED
    while local_day(mailbox.clock()) < mailbox.change.waits_until:
        mailbox.clock.advance(timedelta(days=1))
        mailbox.sweep()
        assert mailbox.office.pledge().contact_email == mailbox.old
    assert local_day(mailbox.clock()) >= asked_on + timedelta(days=3)
    mailbox.clock.advance(timedelta(days=1))
    mailbox.sweep()
    mailbox.sweep()
    pledge = mailbox.office.pledge()
    assert (pledge.contact_email, pledge.contact_since) == (NEW, mailbox.clock())
    assert mailbox.emails() == {mailbox.old: False, NEW: True}
    assert mailbox.told() == sorted([("changed", mailbox.old), ("changed", NEW)])
    with mailbox.database.read() as session:
        facts = session.scalars(select(Fact).where(Fact.kind.startswith("mailbox."))).all()
    assert sorted(fact.kind for fact in facts) == ["mailbox.asked", "mailbox.changed", "mailbox.granted"]
    said = str([fact.data for fact in facts])
    assert "@" not in said
    assert "Thử Nghiệm" not in said


def test_the_old_mailbox_stops_it_and_agreeing_ends_the_waiting(mailbox: Mailbox) -> None:
    mailbox.ask()
    mailbox.do(grant_change, note="Đã gọi điện.")
    stopped = mailbox.answer(object_to)
    assert stopped.state is S.STOPPED
    with pytest.raises(LinkDead):
        mailbox.answer(agree_to)
    mailbox.clock.advance(timedelta(days=30))
    mailbox.sweep()
    assert mailbox.office.pledge().contact_email == mailbox.old
    with pytest.raises(Conflict):
        mailbox.do(take_change_back)
    assert {outcome for outcome, _address in mailbox.told()} == {"stopped"}
    mailbox.database.run(lambda session: session.delete(session.merge(mailbox.change)))
    mailbox.ask()
    mailbox.do(grant_change, note="Đã gọi điện.")
    assert mailbox.answer(agree_to).state is S.DONE
    assert mailbox.office.pledge().contact_email == NEW
    marked = mailbox.answer(object_to)
    assert (marked.state, marked.objected_at) == (S.DONE, mailbox.clock()), "only marked: a person looks at it"


def test_taking_back_restores_everything_until_something_was_built_on_it(mailbox: Mailbox) -> None:
    mailbox.ask()
    mailbox.answer(agree_to)
    mailbox.do(grant_change, note="Đã gọi điện.")
    assert mailbox.emails() == {mailbox.old: False, NEW: True}
    assert mailbox.do(take_change_back).state is S.WAITING
    assert mailbox.office.pledge().contact_email == mailbox.old
    assert mailbox.emails() == {mailbox.old: True, NEW: False}
    mailbox.do(grant_change, note="Đã gọi điện.")
    assert mailbox.emails() == {mailbox.old: False, NEW: True}
    mailbox.clock.advance(timedelta(minutes=1))
    mailbox.office.enter(*WAY_TO[PledgeState.APPROVED])
    with pytest.raises(Conflict):
        mailbox.do(take_change_back)
    assert mailbox.office.pledge().contact_email == NEW


def test_drafts_of_before_cannot_be_signed_any_more(mailbox: Mailbox) -> None:
    mailbox.office.enter(*WAY_TO[PledgeState.APPROVED])
    mailbox.clock.advance(timedelta(minutes=1))
    pledge = mailbox.office.pledge()
    draft = mailbox.database.run(
        lambda session: start_amendment(session, pledge, now=mailbox.clock(), vault=mailbox.vault)
    )
    mailbox.ask()
    mailbox.answer(agree_to)
    mailbox.do(grant_change, note="Đã gọi điện.")
    with mailbox.database.read() as session:
        assert session.get_one(Draft, draft.id).expires_at < mailbox.clock()
    again = mailbox.database.run(
        lambda session: start_amendment(session, mailbox.office.pledge(), now=mailbox.clock(), vault=mailbox.vault)
    )
    assert (again.email, again.answers["nhom"]["email"]) == (NEW, NEW), "codes to sign again go to the new mailbox"


def test_only_the_ways_of_the_table(mailbox_of_sqlite: Mailbox) -> None:
    """Every operation from every state: those that the table does not name are refused, and nothing is written."""
    here = mailbox_of_sqlite
    token, far = here.token(), here.clock() + timedelta(days=20)
    ways: dict[ChangeState, Callable[[], object]] = {
        S.GRANTED: lambda: here.do(grant_change, note="x"),
        S.REFUSED: lambda: here.do(refuse_change, note="x"),
        S.WAITING: lambda: here.do(take_change_back),
        S.STOPPED: lambda: here.answer(object_to, token),
        S.DONE: here.sweep,
    }
    here.database.run(lambda session: session.execute(update(AddressChange).values(applied=NOTHING, waits_until=far)))
    for before, after in pairs(S, S):
        start = {"state": before, "done_at": here.clock(), "applied": NOTHING, "objected_at": None}
        waits = {"waits_until": date(2020, 1, 1) if after is S.DONE else far.date()}
        here.database.run(lambda session, now=start | waits: session.execute(update(AddressChange).values(**now)))
        here.database.run(lambda session: session.execute(update(AccessLink).values(revoked_at=None)))
        with suppress(Conflict, LinkDead):
            ways[after]()
        assert here.change.state is (after if after in TRANSITIONS[before] else before), (before, after)


@pytest.fixture
def mailbox_of_sqlite(sqlite_database: Database, clock: FixedClock, vault: Vault) -> Mailbox:
    made = Mailbox(sqlite_database, clock, vault)
    made.ask()
    return made


def test_unknown_files_and_second_requests_get_the_same_answer(mailbox_of_sqlite: Mailbox) -> None:
    here = mailbox_of_sqlite
    assert here.ask("CK-46-2026-KHONG2", email="a@vidu.vn") is None
    assert here.ask(here.office.pledge().verification_code, email="b@vidu.vn") is None
    assert here.change.new_email == NEW
    with here.database.read() as session:
        assert len(session.scalars(select(Message).where(Message.kind == "mailbox_asked")).all()) == 1
    for number in range(2):
        assert here.ask("CK-46-2026-KHONG2", network=f"192.0.2.{number}", email=f"c{number}@vidu.vn") is None
    with pytest.raises(TooMany):
        here.ask("CK-46-2026-KHONG2", network="192.0.2.9", email="d@vidu.vn")


def test_other_people_decide_nothing(mailbox_of_sqlite: Mailbox) -> None:
    here = mailbox_of_sqlite
    with pytest.raises(NotPermitted):
        here.do(grant_change, staff=here.office.approver, note="x")
    elsewhere = here.office.person("chuyen.vien.yt@vidu.vn", here.office.officer.role, agency="46-SYT")
    with pytest.raises(DomainError):
        here.do(grant_change, staff=elsewhere, note="x")
    with pytest.raises(DomainError):
        here.do(refuse_change, note="  ")
    with pytest.raises(Conflict):
        here.do(refuse_change, note="x", seen=9)


def test_the_document_says_the_same_table() -> None:
    _before, _heading, section = (ROOT / "docs" / "disputes.md").read_text().partition("## A file that is to move")
    section = section.partition("\n## ")[0].partition("| verdict |")[0]
    rows = [
        line.split("|")[1:3] for line in section.splitlines() if line.startswith("| ") and not line.startswith("| from")
    ]
    assert sorted((before.strip(), after.strip()) for before, after in rows) == sorted(
        (before.value, after.value) for before, following in TRANSITIONS.items() for after in following
    )
