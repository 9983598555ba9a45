"""Two people approve a wording: who has asked for it never does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.plans.models import PledgeText, TextApproval, TextProposal
from pledges.plans.queries import current_text, is_approved
from pledges.plans.wording_approval import (
    OwnProposal,
    approve_wording,
    last_approved,
    propose_wording,
    send_proposal_back,
    take_proposal_back,
)
from tests.support.clock import START

FIRST, SECOND = Actor("staff", "0190-first"), Actor("staff", "0190-second")


def propose(database: Database, text: PledgeText, province: str = "20") -> TextProposal:
    return database.run(lambda session: propose_wording(session, province, text.id, actor=FIRST, now=START))


def approve(database: Database, text: PledgeText, by: Actor = SECOND, province: str = "20") -> TextApproval:
    return database.run(lambda session: approve_wording(session, province, text.id, actor=by, now=START))


def the_text(database: Database) -> PledgeText:
    with database.read() as session:
        return current_text(session, "website_seller")


def test_twenty_at_once_approve_once_and_never_who_has_asked(database: Database) -> None:
    text = the_text(database)
    with pytest.raises(Conflict, match="Chưa có ai đề nghị"):
        approve(database, text)
    propose(database, text)
    with pytest.raises(OwnProposal):
        approve(database, text, by=FIRST)

    def attempt(_: int) -> str:
        try:
            approve(database, text)
        except Conflict:
            return "already"
        return "approved"

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert answers.count("approved") == 1
    with database.read() as session:
        assert is_approved(session, "20", text.id)
        [fact] = session.scalars(select(Fact).where(Fact.kind == "wording.approved"))
    assert (fact.actor_id, fact.data["proposed_by"]) == (SECOND.id, FIRST.id)
    assert (fact.data["before"], fact.data["after"]) == ({"version": None}, {"version": text.version})


def test_a_proposal_is_sent_back_with_a_reason_made_again_and_taken_back(sqlite_database: Database) -> None:
    database, text = sqlite_database, the_text(sqlite_database)
    propose(database, text)
    with pytest.raises(DomainError, match="vì sao"):
        database.run(lambda session: send_proposal_back(session, "20", text.id, answer=" ", actor=SECOND, now=START))
    database.run(lambda session: send_proposal_back(session, "20", text.id, answer="Sai tên", actor=SECOND, now=START))
    with pytest.raises(Conflict):
        approve(database, text)
    assert propose(database, text).answer == ""
    with pytest.raises(Conflict):
        database.run(lambda session: take_proposal_back(session, "20", text.id, actor=SECOND, now=START))
    database.run(lambda session: take_proposal_back(session, "20", text.id, actor=FIRST, now=START))
    with pytest.raises(Conflict):
        approve(database, text)
    with database.read() as session:
        kinds = session.scalars(select(Fact.kind).where(Fact.object_id == text.id).order_by(Fact.id)).all()
        told = [str(fact.data) for fact in session.scalars(select(Fact).where(Fact.object_id == text.id))]
    assert sorted(kinds) == ["wording.proposed", "wording.proposed", "wording.sent_back", "wording.taken_back"]
    assert not any("Sai tên" in each for each in told)


def test_only_the_newest_version_and_only_in_provinces_in_use(sqlite_database: Database) -> None:
    text = the_text(sqlite_database)
    with pytest.raises(NotFound):
        propose(sqlite_database, text, province="01")
    propose(sqlite_database, text)
    approve(sqlite_database, text)

    def succeed(session: Session) -> PledgeText:
        newer = PledgeText(
            text_id=text.text_id,
            version=text.version + 1,
            title=text.title,
            template_hash="0" * 64,
            content=text.content,
            loaded_at=START,
        )
        session.add(newer)
        session.flush()
        earlier = last_approved(session, "20", newer)
        assert earlier is not None
        assert earlier.version == text.version
        return newer

    sqlite_database.run(succeed)
    with pytest.raises(DomainError, match="phiên bản mới hơn"):
        propose(sqlite_database, text)
