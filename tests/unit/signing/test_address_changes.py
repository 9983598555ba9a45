"""A mailbox that its signer does not reach any more: who may stop a request, when it takes effect, and the way back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from itertools import product as pairs
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, TooMany
from pledges.core.secrecy import Vault
from pledges.core.throttle import ThrottleCount
from pledges.core.tokens import Tokens
from pledges.messaging.models import Message, MessageState
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
from tests.support.signing import PUBLIC_URL, run_together

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
        refusal = self.database.run(
            lambda session: ask_for_change(
                session, wish, typed_code=typed, code_subject=subject, tokens=TOKENS, public_url=PUBLIC_URL, **common
            )
        )
        self.letter_is(MessageState.ACCEPTED, accepted_at=self.clock())
        return refusal

    def letter_is(self, state: MessageState, **more: Any) -> None:
        """What became of the letters to the old mailbox that have not left yet."""
        waiting = (Message.kind == "mailbox_asked") & (Message.accepted_at.is_(None))
        self.database.run(lambda session: session.execute(update(Message).where(waiting).values(state=state, **more)))

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
    long_ago = here.clock() - timedelta(days=30)
    here.database.run(lambda session: session.execute(update(Message).values(accepted_at=long_ago)))
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
    with here.database.read() as session:
        asked = session.scalars(select(AddressChange.new_email)).all()
        assert sorted(asked) == ["b@vidu.vn", NEW], "a stranger's request does not keep out that of the signer"
        assert len(session.scalars(select(Message).where(Message.kind == "mailbox_asked")).all()) == 2
    assert here.ask(here.office.pledge().reference) is None
    with here.database.read() as session:
        assert len(session.scalars(select(AddressChange)).all()) == 2, "the same again is one"
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


def test_the_waiting_begins_when_the_letter_has_left(mailbox_of_sqlite: Mailbox) -> None:
    """While mail was down nobody could have objected; where the other side refused the letter nobody reads there."""
    here = mailbox_of_sqlite
    here.do(grant_change, note="Đã gọi điện.")
    here.database.run(lambda session: session.execute(update(Message).values(accepted_at=None)))
    for state, error, moves in (
        (MessageState.QUEUED, "", False),
        (MessageState.FAILED, "gave up: timed out", False),
        (MessageState.FAILED, "refused: 550 no such user", True),
    ):
        here.letter_is(state, last_error=error)
        here.clock.advance(timedelta(days=10))
        if moves:
            here.letter_is(MessageState.ACCEPTED, accepted_at=here.clock())
            here.sweep()
            assert (here.change.state, here.change.waits_until > local_day(here.clock())) == (S.GRANTED, True)
            here.database.run(lambda session: session.execute(update(Message).values(accepted_at=None)))
            here.letter_is(state, last_error=error)
            here.clock.advance(timedelta(days=10))
        here.sweep()
        assert here.change.state is (S.DONE if moves else S.GRANTED), (state, error)


def test_a_file_that_has_moved_is_not_moved_by_an_older_request(mailbox_of_sqlite: Mailbox) -> None:
    here = mailbox_of_sqlite
    strange = here.change
    here.ask(email="b@vidu.vn")
    with here.database.read() as session:
        [mine] = session.scalars(select(AddressChange).where(AddressChange.new_email == "b@vidu.vn"))

    def do(operation: Any, change: AddressChange, **more: Any) -> AddressChange:
        common = {"staff": here.office.officer, "now": here.clock(), "post": here.post}
        key = (change.province_code, change.id)
        return here.database.run(lambda session: operation(session, key, seen=change.revision, **common, **more))

    strange = do(grant_change, strange, note="Nhầm (thử nghiệm).")
    mine = do(grant_change, mine, note="Đã gọi điện.")
    mine = here.database.run(lambda session: agree_to(session, session.merge(mine), now=here.clock(), post=here.post))
    assert (mine.state, here.office.pledge().contact_email) == (S.DONE, "b@vidu.vn")
    with here.database.read() as session:
        strange = session.get_one(AddressChange, (strange.province_code, strange.id))
    assert strange.state is S.REFUSED
    assert here.told() == sorted([("changed", here.old), ("changed", "b@vidu.vn"), ("overtaken", NEW)])
    strange = do(take_change_back, strange)
    with pytest.raises(Conflict, match="đã đổi"):
        do(grant_change, strange, note="Nhầm nữa (thử nghiệm).")
    here.clock.advance(timedelta(days=30))
    here.sweep()
    assert here.office.pledge().contact_email == "b@vidu.vn"


@pytest.mark.parametrize("way", ["ask", "agree", "grant", "refuse", "stop", "grant or stop"])
def test_of_twenty_at_once_one_has_effect(mailbox: Mailbox, way: str) -> None:
    """Nineteen learn it kindly, and nobody gets a letter twice."""
    here = mailbox
    if way == "ask":
        with suppress(TooMany):
            here.ask()
        asked = here.change
        # From here on as the twenty would: the same mailbox, the same file.
        here.database.run(lambda session: session.delete(session.merge(asked)))
        here.database.run(lambda session: session.execute(delete(ThrottleCount)))
        run_together(lambda number: _quietly(lambda: here.ask(network=f"192.0.2.{number}")), 3)
        assert here.change.state is S.WAITING
        return
    here.ask()
    token = here.token()
    if way == "agree":
        here.do(grant_change, note="Đã gọi điện.")
    seen = here.change.revision
    ways: dict[str, Callable[[], object]] = {
        "agree": lambda: here.answer(agree_to, token),
        "grant": lambda: here.do(grant_change, note="Đã gọi điện.", seen=seen),
        "refuse": lambda: here.do(refuse_change, note="Không khớp.", seen=seen),
        "stop": lambda: here.answer(object_to, token),
    }
    turns = way.split(" or ")
    run_together(lambda number: _quietly(ways[turns[number % len(turns)]]), 20)
    ends = {"agree": S.DONE, "grant": S.GRANTED, "refuse": S.REFUSED, "stop": S.STOPPED, "grant or stop": S.STOPPED}
    assert here.change.state is ends[way]
    with here.database.read() as session:
        kinds = [each for each in session.scalars(select(Fact.kind)) if each.startswith("mailbox.")]
    assert len(kinds) == len(set(kinds)), kinds
    assert len(here.told()) == (0 if way == "grant" else 2)
    assert here.office.pledge().contact_email == (NEW if way == "agree" else here.old)


def _quietly(work: Callable[[], object]) -> None:
    with suppress(Conflict, LinkDead, TooMany):
        work()


def test_the_document_says_the_same_table() -> None:
    _before, _heading, section = (ROOT / "docs" / "disputes.md").read_text().partition("## A file that is to move")
    section = section.partition("\n## ")[0].partition("| verdict |")[0]
    rows = [
        line.split("|")[1:3] for line in section.splitlines() if line.startswith("| ") and not line.startswith("| from")
    ]
    assert sorted((before.strip(), after.strip()) for before, after in rows) == sorted(
        (before.value, after.value) for before, following in TRANSITIONS.items() for after in following
    )
