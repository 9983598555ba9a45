"""Two who claim one website: what is told to whom, who decides, what it changes, and the way back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import product as pairs
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.core.tokens import Tokens
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from pledges.registry.claims import Verdict
from pledges.registry.models import Channel, Counter, Entity, EntityType, Obligation, Standing
from pledges.registry.recounting import recount
from pledges.signing.address_moves import Post
from pledges.signing.dispute_deciding import ENDS, decide_dispute, take_decision_back
from pledges.signing.dispute_evidence import answer_question, ask_for_papers, question_of_link
from pledges.signing.dispute_models import Dispute, DisputeQuestion, DisputeState, Side
from pledges.signing.dispute_rules import TRANSITIONS
from pledges.signing.disputes import lapse_idle, watch_claims
from pledges.signing.merging import merge_entities
from pledges.signing.models import Pledge, PledgeChannel, PledgeCover
from pledges.signing.public_pledges import public_pledge
from pledges.signing.reopening import start_amendment
from pledges.signing.withdrawing import end_pledge
from tests.guards.repository import ROOT
from tests.support.clock import FixedClock
from tests.support.signing import (
    HUE,
    PUBLIC_URL,
    approve,
    invented_tax_code,
    run_together,
    seller_pages,
    sign_again,
    signed_by,
)
from tests.support.staff import add_person

NOTE = "Đã gọi điện xác nhận (thử nghiệm)."
TOKENS = Tokens("tests-only-secret-key-0123456789abcdef")
SHARED = ["https://www.facebook.com/cuahang.thu.1", "thu-nghiem-chung.vn"]
MORE = {"group__more_types": ["ecommerce_website"]}
S = DisputeState


class Quarrel:
    """One who is registered, somebody else who gives their tax code and a channel, and the officer."""

    def __init__(self, database: Database, clock: FixedClock, vault: Vault, *, claimed: bool = True) -> None:
        self.database, self.clock, self.vault = database, clock, vault
        self.mine = self.sign(1, place__channels=SHARED, **MORE)
        clock.advance(timedelta(hours=1))
        self.counted = self.counts()
        channels = [*SHARED, "thu-nghiem-hai.vn"]
        if claimed:
            self.theirs = self.sign(2, who__tax_code=invented_tax_code(1), place__channels=channels, **MORE)
        else:
            self.theirs = self.amend(self.sign(2, place__channels=channels[2:], **MORE), channels)
        clock.advance(timedelta(hours=1))
        self.officer = self.person("chuyen.vien@vidu.vn", "46-SCT")
        self.post = Post(vault, PUBLIC_URL)

    def sign(self, number: int, **changes: Any) -> Pledge:
        return signed_by(self.database, seller_pages(number, **changes), now=self.clock(), vault=self.vault).signed[0]

    def amend(self, pledge: Pledge, channels: list[str]) -> Pledge:
        """They are registered without what is contested, and name it afterwards."""
        approve(self.database, pledge, now=self.clock())
        self.clock.advance(timedelta(hours=1))
        draft = self.database.run(
            lambda session: start_amendment(
                session, session.get_one(Pledge, (HUE, pledge.id)), now=self.clock(), vault=self.vault
            )
        )
        again = {"now": self.clock(), "vault": self.vault, "place__channels": channels}
        return sign_again(self.database, draft.id, **again).signed[0]

    def person(self, email: str, agency: str, role: Role = Role.OFFICER) -> Staff:
        return add_person(self.database, email, role=role, province_code=HUE, agency_code=agency, ready=False)

    def counts(self) -> list[tuple[Any, ...]]:
        """All figures, summed over the days; they agree with the facts."""
        assert self.database.run(lambda session: recount(session, repair=False)) == []
        sums: dict[tuple[str, ...], list[int]] = {}
        with self.database.read() as session:
            for row in session.scalars(select(Counter)):
                key = (row.agency_code, row.entry_id, row.subject_type, row.commune_code)
                figures = sums.setdefault(key, [0, 0, 0])
                for place, figure in enumerate((row.in_scope, row.waiting_for_agency, row.in_force)):
                    figures[place] += figure
        return sorted((*key, *figures) for key, figures in sums.items() if any(figures))

    def picture(self) -> dict[str, Any]:
        """Everything that a decision may change."""
        with self.database.read() as session:
            entities = session.scalars(select(Entity).order_by(Entity.id)).all()
            covers = session.scalars(select(PledgeCover)).all()
            return {
                "entities": [
                    (each.name, each.standing, each.claims_entity_id, each.merged_into, each.tax_code)
                    for each in entities
                ],
                "types": sorted((str(row.entity_id), row.subject_type) for row in session.scalars(select(EntityType))),
                "channels": sorted((row.address, str(row.entity_id)) for row in session.scalars(select(Channel))),
                "obligations": sorted(
                    (str(row.id), row.scope.value, row.waiting_for_agency, row.in_force, str(row.entity_id))
                    for row in session.scalars(select(Obligation))
                ),
                "covers": sorted((str(c.pledge_id), c.entry_id, str(c.obligation_id), c.hold) for c in covers),
                "pledges": sorted((row.reference, str(row.entity_id)) for row in session.scalars(select(Pledge))),
            }

    @property
    def dispute(self) -> Dispute:
        with self.database.read() as session:
            return session.scalars(select(Dispute)).one()

    def do(self, operation: Any, *said: Any, staff: Staff | None = None, seen: int | None = None, **more: Any) -> Any:
        found = self.dispute
        return self.database.run(
            lambda session: operation(
                session,
                (HUE, found.id),
                *said,
                seen=found.revision if seen is None else seen,
                staff=staff or self.officer,
                now=self.clock(),
                post=self.post,
                **more,
            )
        )

    def decide(self, verdict: Verdict, **more: Any) -> Dispute:
        decided: Dispute = self.do(decide_dispute, verdict, note=NOTE, **more)
        return decided

    def ask(self, side: Side = Side.CLAIM) -> DisputeQuestion:
        asked: DisputeQuestion = self.do(ask_for_papers, side, "Gửi giấy đăng ký tên miền.", tokens=TOKENS)
        return asked

    def told(self, kind: str) -> list[tuple[str, str]]:
        with self.database.read() as session:
            rows = session.scalars(select(Message).where(Message.kind == kind))
            return sorted((row.params["side"], row.to_address) for row in rows)

    def doubted(self, pledge: Pledge) -> bool:
        with self.database.read() as session:
            return public_pledge(session, session.get_one(Pledge, (HUE, pledge.id))).owner_in_doubt


@pytest.fixture
def quarrel(database: Database, clock: FixedClock, vault: Vault) -> Quarrel:
    return Quarrel(database, clock, vault)


@pytest.fixture
def here(sqlite_database: Database, clock: FixedClock, vault: Vault) -> Quarrel:
    return Quarrel(sqlite_database, clock, vault)


def test_the_newer_one_opens_a_dispute_that_tells_both_and_changes_no_figure(here: Quarrel) -> None:
    assert here.dispute.state is S.OPEN
    assert here.dispute.agency_code == "46-SCT"
    assert here.dispute.about == ["facebook.com/cuahangthu1", "thu-nghiem-chung.vn", "tax_code"]
    assert here.told("dispute_opened") == sorted(
        [("claim", here.theirs.contact_email), ("owner", here.mine.contact_email)]
    )
    with here.database.read() as session:
        letters = session.scalars(select(Message).where(Message.kind == "dispute_opened")).all()
        facts = session.scalars(select(Fact).where(Fact.kind.startswith("dispute."))).all()
    for name in (here.mine.answers["name"], here.theirs.answers["name"], "@", "facebook"):
        assert name not in str([letter.params for letter in letters] + [fact.data for fact in facts])
    assert here.counts() == here.counted
    approve(here.database, here.theirs, now=here.clock())
    approve(here.database, here.mine, now=here.clock())
    assert (here.doubted(here.theirs), here.doubted(here.mine)) == (True, False)
    here.sign(2, who__tax_code=invented_tax_code(1), place__channels=[SHARED[0], "thu-nghiem-ba.vn"])
    with here.database.read() as session:
        assert len(session.scalars(select(Dispute)).all()) == 1


def test_every_verdict_can_be_taken_back_as_if_it_had_never_been(here: Quarrel) -> None:
    before, counted, code = here.picture(), here.counts(), invented_tax_code(1)
    mine, theirs = here.mine.entity_id, here.theirs.entity_id
    for verdict in Verdict:
        assert here.decide(verdict).state is S.DECIDED
        with here.database.read() as session:
            claim, owner = session.get_one(Entity, (HUE, theirs)), session.get_one(Entity, (HUE, mine))
            shared = session.scalars(select(Channel).where(Channel.address == "thu-nghiem-chung.vn")).one()
        separate = verdict not in (Verdict.SAME, Verdict.REJECTED)
        assert (claim.standing is Standing.REGISTERED and claim.merged_into is None) is separate
        assert shared.entity_id == {Verdict.OTHER_TAKES: theirs, Verdict.NEITHER: None}.get(verdict, mine)
        codes = {Verdict.OTHER_TAKES: (None, code), Verdict.NEITHER: (None, None)}
        assert not separate or (owner.tax_code, claim.tax_code) == codes.get(verdict, (code, None))
        assert not here.doubted(here.theirs)
        here.counts()
        here.clock.advance(timedelta(days=1))
        assert here.do(take_decision_back).state is S.OPEN
        assert (here.picture(), here.counts()) == (before, counted), verdict
        here.clock.advance(timedelta(days=1))
    ends = [(row.params["side"], row.params["end"]) for row in here_letters(here)]
    told = [each for verdict in Verdict for each in zip(("claim", "owner"), ENDS[verdict], strict=True)]
    assert sorted(ends) == sorted([*told, *[("claim", "open_again"), ("owner", "open_again")] * len(Verdict)])


def here_letters(here: Quarrel) -> list[Message]:
    with here.database.read() as session:
        return list(session.scalars(select(Message).where(Message.kind == "dispute_decided")))


def test_nothing_is_taken_back_once_somebody_has_built_upon_it(quarrel: Quarrel) -> None:
    quarrel.decide(Verdict.OTHER)
    quarrel.clock.advance(timedelta(hours=1))
    quarrel.sign(2, who__tax_code=invented_tax_code(2), place__channels=["thu-nghiem-hai.vn", "thu-nghiem-bon.vn"])
    before = quarrel.picture()
    with pytest.raises(Conflict):
        quarrel.do(take_decision_back)
    assert quarrel.picture() == before
    assert quarrel.dispute.state is S.DECIDED


def test_between_two_who_are_registered_too(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    """An amendment names what is another's: the register stays, until it is decided, and can be gone back to."""
    here = Quarrel(sqlite_database, clock, vault, claimed=False)
    assert (here.dispute.state, here.dispute.about) == (S.OPEN, ["facebook.com/cuahangthu1", "thu-nghiem-chung.vn"])
    before, counted = here.picture(), here.counts()
    with pytest.raises(DomainError):
        here.decide(Verdict.SAME)
    for verdict in (Verdict.OTHER, Verdict.OTHER_TAKES, Verdict.BOTH, Verdict.NEITHER):
        here.decide(verdict)
        with here.database.read() as session:
            shared = session.scalars(select(Channel).where(Channel.address == "thu-nghiem-chung.vn")).one()
        whose = {Verdict.OTHER_TAKES: here.theirs.entity_id, Verdict.NEITHER: None}
        assert shared.entity_id == whose.get(verdict, here.mine.entity_id)
        here.counts()
        clock.advance(timedelta(days=1))
        here.do(take_decision_back)
        assert (here.picture(), here.counts()) == (before, counted), verdict
        clock.advance(timedelta(days=1))


def test_of_two_who_decide_one_does(quarrel: Quarrel) -> None:
    seen = quarrel.dispute.revision
    quarrel.decide(Verdict.OTHER_TAKES)
    with pytest.raises(Conflict):
        quarrel.decide(Verdict.REJECTED, seen=seen)
    assert quarrel.dispute.verdict == "other_takes"
    assert quarrel.counts() is not None


def test_papers_are_asked_for_by_a_link_and_make_everybody_look_again(here: Quarrel) -> None:
    seen = here.dispute.revision
    asked = here.ask(Side.OWNER)
    assert here.dispute.state is S.ASKED
    with here.database.read() as session:
        letter = session.scalars(select(Message).where(Message.kind == "dispute_papers")).one()
    assert letter.to_address == here.mine.contact_email
    token = secrets_of(letter, here.vault)["link"].rpartition("/")[2]
    found = here.database.run(lambda session: question_of_link(session, TOKENS, token, here.clock()))
    assert found.id == asked.id
    papers = ("picture:" + "0" * 64,)
    for _again in range(2):
        with suppress(Conflict):
            here.database.run(
                lambda session: answer_question(session, (HUE, asked.id), answer="x", papers=papers, now=here.clock())
            )
    assert here.dispute.state is S.OPEN
    with pytest.raises(Conflict):
        here.decide(Verdict.OTHER, seen=seen)
    with pytest.raises(DomainError):
        here.do(ask_for_papers, Side.CLAIM, " ", tokens=TOKENS)
    elsewhere = here.person("chuyen.vien.yt@vidu.vn", "46-SYT")
    with pytest.raises(NotFound):
        here.decide(Verdict.OTHER, staff=elsewhere)


def test_only_the_ways_of_the_table(here: Quarrel) -> None:
    """Every operation from every state; what the table does not name is refused and writes nothing."""

    def answered() -> object:
        question = here.database.run(put_question)
        return here.database.run(
            lambda session: answer_question(session, (HUE, question), answer="x", papers=(), now=here.clock())
        )

    def put_question(session: Any) -> uuid.UUID:
        row = DisputeQuestion(
            province_code=HUE,
            dispute_id=here.dispute.id,
            side=Side.CLAIM,
            question="x",
            asked_by=here.officer.id,
            asked_at=here.clock(),
        )
        session.add(row)
        session.flush()
        return row.id

    ways: dict[DisputeState, Callable[[], object]] = {
        S.ASKED: here.ask,
        S.DECIDED: lambda: here.decide(Verdict.REJECTED),
    }
    for before, after in pairs(S, (S.ASKED, S.DECIDED)):
        if before is after:
            continue
        here.database.run(lambda session, now=before: session.execute(update(Dispute).values(state=now)))
        here.database.run(
            lambda session: session.execute(
                update(Entity).where(Entity.id == here.theirs.entity_id).values(claims_entity_id=here.mine.entity_id)
            )
        )
        with suppress(Conflict):
            ways[after]()
        assert here.dispute.state is (after if after in TRANSITIONS[before] else before), (before, after)
    for before in S:
        here.database.run(lambda session: session.execute(delete(DisputeQuestion)))
        here.database.run(lambda session, now=before: session.execute(update(Dispute).values(state=now, before={})))
        with suppress(Conflict):
            answered()
        wanted = S.OPEN if before in (S.OPEN, S.ASKED) else before
        assert here.dispute.state is wanted, before
    here.database.run(lambda session: name_nothing_of_others(session, here.theirs))
    for before in S:
        here.database.run(lambda session, now=before: session.execute(update(Dispute).values(state=now)))
        here.database.run(lambda session: watch(session, here))
        assert here.dispute.state is (S.LAPSED if S.LAPSED in TRANSITIONS[before] else before), before


def name_nothing_of_others(session: Session, pledge: Pledge) -> None:
    session.execute(delete(PledgeChannel).where(PledgeChannel.pledge_id == pledge.id))
    kept = session.get_one(Pledge, (HUE, pledge.id))
    kept.answers = kept.answers | {"tax_code": None}


def watch(session: Session, here: Quarrel) -> None:
    watch_claims(session, [session.get_one(Pledge, (HUE, here.theirs.id))], now=here.clock(), post=here.post)


def test_a_dispute_lapses_with_the_last_pledge_of_the_newer_one(here: Quarrel) -> None:
    assert here.database.run(lambda session: lapse_idle(session, HUE, here.clock())) == 0
    end = partial(end_pledge, now=here.clock(), vault=here.vault, public_url=PUBLIC_URL)
    here.database.run(lambda session: end(session, session.get_one(Pledge, (HUE, here.theirs.id))))
    for lapsed in (1, 0):
        assert here.database.run(lambda session: lapse_idle(session, HUE, here.clock())) == lapsed
    assert here.dispute.state is S.LAPSED
    with pytest.raises(Conflict):
        here.decide(Verdict.OTHER)


def test_whoever_opens_many_disputes_sends_their_target_one_letter_a_day(here: Quarrel) -> None:
    def letters() -> int:
        return sum(address == here.mine.contact_email for _side, address in here.told("dispute_opened"))

    for number in range(3, 6):
        here.sign(number, who__tax_code=invented_tax_code(number), place__channels=[SHARED[0], f"thu-{number}.vn"])
    with here.database.read() as session:
        assert len(session.scalars(select(Dispute)).all()) == 4
    assert letters() == 1
    here.clock.advance(timedelta(days=1))
    here.sign(6, who__tax_code=invented_tax_code(6), place__channels=[SHARED[0], "thu-6.vn"])
    assert letters() == 2


def test_a_newer_one_that_was_merged_takes_what_it_is_given(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    """What goes over goes to whoever stands for it today, and comes back from there."""
    here = Quarrel(sqlite_database, clock, vault, claimed=False)
    third = here.sign(3, place__channels=["thu-nghiem-bon.vn"], **MORE)
    clock.advance(timedelta(hours=1))
    kept, merged = third.entity_id, here.theirs.entity_id
    here.database.run(
        lambda session: merge_entities(session, HUE, kept, merged, staff=here.officer, note=NOTE, now=clock())
    )
    clock.advance(timedelta(hours=1))
    before, counted = here.picture(), here.counts()
    here.decide(Verdict.OTHER_TAKES)
    with here.database.read() as session:
        shared = session.scalars(select(Channel).where(Channel.address == "thu-nghiem-chung.vn")).one()
    assert shared.entity_id == kept
    here.counts()
    clock.advance(timedelta(hours=1))
    here.do(take_decision_back)
    assert (here.picture(), here.counts()) == (before, counted)


@pytest.mark.parametrize("way", ["open", "decide", "ask", "answer", "lapse", "take back"])
def test_of_twenty_at_once_one_has_effect(quarrel: Quarrel, way: str) -> None:
    here, verdicts = quarrel, list(Verdict)
    if way == "open":
        here.database.run(lambda session: session.execute(delete(Message).where(Message.kind == "dispute_opened")))
        here.database.run(lambda session: session.execute(delete(Dispute)))
        here.database.run(lambda session: session.execute(delete(Fact).where(Fact.kind == "dispute.opened")))
    asked = here.ask() if way == "answer" else None
    if way == "take back":
        here.decide(Verdict.OTHER_TAKES)
        here.clock.advance(timedelta(hours=1))
    if way == "lapse":
        here.database.run(lambda session: session.execute(update(Pledge).values(state="withdrawn")))
    seen = here.dispute.revision if way != "open" else 0
    key = (HUE, asked.id) if asked is not None else (HUE, uuid.uuid4())
    ways: dict[str, Callable[[int], object]] = {
        "open": lambda number: here.database.run(lambda session: watch(session, here)),
        "decide": lambda number: here.decide(verdicts[number % len(verdicts)], seen=seen),
        "ask": lambda number: here.do(ask_for_papers, Side.CLAIM, "x", tokens=TOKENS, seen=seen),
        "answer": lambda number: here.database.run(
            lambda session: answer_question(session, key, answer=str(number), papers=(), now=here.clock())
        ),
        "take back": lambda number: here.do(take_decision_back, seen=seen),
        "lapse": lambda number: here.database.run(lambda session: lapse_idle(session, HUE, here.clock())),
    }

    def one(number: int) -> bool:
        with suppress(Conflict):
            ways[way](number)
            return True
        return False

    done = run_together(one, 20)
    assert way in ("open", "lapse") or sum(done) == 1
    ends = {"open": S.OPEN, "decide": S.DECIDED, "ask": S.ASKED, "answer": S.OPEN, "lapse": S.LAPSED}
    assert here.dispute.state is ends.get(way, S.OPEN)
    with here.database.read() as session:
        kinds = [kind for kind in session.scalars(select(Fact.kind)) if kind.startswith("dispute.")]
    assert len(kinds) == len(set(kinds)), kinds
    assert len(here.told("dispute_opened")) == 2
    assert way == "lapse" or here.counts() is not None


def test_the_document_says_the_same_table() -> None:
    _before, _heading, section = (ROOT / "docs" / "disputes.md").read_text().partition("## Two who claim")
    section = section.partition("\n## ")[0].partition("| verdict |")[0]
    rows = [
        line.split("|")[1:3] for line in section.splitlines() if line.startswith("| ") and not line.startswith("| from")
    ]
    assert sorted((before.strip(), after.strip()) for before, after in rows) == sorted(
        (before.value, after.value) for before, following in TRANSITIONS.items() for after in following
    )
