"""Pledges signed on paper: recorded once, in force from their own day, taken back with exact figures."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.registry.models import Channel, Counter, Entity, Obligation
from pledges.registry.recounting import recount
from pledges.signing.models import Origin, Pledge, PledgeCover, PledgeState, Signature, SignatureKind
from pledges.signing.paper_checks import AlreadyPledged, NeedsConfirming
from pledges.signing.paper_pledges import Recorder, remove_paper_pledge
from pledges.signing.rules import NO_CODE_ID, midnight
from pledges.signing.states import StateChanged
from tests.support.clock import FixedClock
from tests.support.papers_recorded import COMMAND, SIGNED_ON, record, registered
from tests.support.signing import HUE, doctor_pages, lead_to, run_together, seller_pages, signed_by


def in_force(database: Database) -> int:
    """As the counters say; they agree with the facts and with the obligations."""
    assert database.run(lambda session: recount(session, repair=False)) == []
    with database.read() as session:
        return session.scalar(select(func.sum(Counter.in_force)).where(Counter.subject_type == "")) or 0


def remove(database: Database, pledge: Pledge, *, clock: FixedClock, seen: int | None = None) -> Pledge:
    def work(session):  # type: ignore[no-untyped-def]
        found = session.get_one(Pledge, (pledge.province_code, pledge.id))
        return remove_paper_pledge(session, found, actor=COMMAND, now=clock(), seen=seen).pledge

    return database.run(work)


def test_a_paper_counts_from_its_own_day_and_can_be_taken_back(database: Database, clock: FixedClock) -> None:
    shop = registered(database, now=clock())
    recorded = record(database, shop, now=clock())
    pledge = recorded.pledge
    assert recorded.new
    assert (pledge.state, pledge.origin, pledge.publish) == (PledgeState.APPROVED, Origin.PAPER_RECORD, False)
    assert pledge.signed_at == midnight(SIGNED_ON)
    assert local_day(pledge.signed_at) == SIGNED_ON
    assert in_force(database) == 1
    with database.read() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "pledge.paper_recorded")).one()
        assert fact.effective_on == SIGNED_ON
        assert "Thử" not in str(fact.data)
        day = session.scalars(select(Counter.day).where(Counter.in_force == 1, Counter.subject_type == "")).one()
        assert day == local_day(clock())  # as of an earlier day nobody knew of it (`model.md` 7)
        evidence = session.scalars(select(Signature)).one()
        assert (evidence.kind, evidence.code_id) == (SignatureKind.SCANNED_PAPER, NO_CODE_ID)
        assert evidence.consent_publication_at is None
    clock.advance(timedelta(days=2))
    assert remove(database, pledge, clock=clock).state is PledgeState.WITHDRAWN
    assert in_force(database) == 0
    with pytest.raises(StateChanged):
        remove(database, pledge, clock=clock)
    assert record(database, shop, now=clock()).new  # what was taken back can be recorded again
    assert in_force(database) == 1


def test_twenty_at_once_record_one_paper_and_take_it_back_once(database: Database, clock: FixedClock) -> None:
    shop = registered(database, now=clock())
    found = run_together(lambda _number: record(database, shop, now=clock()), 20)
    assert sorted(each.new for each in found) == [False] * 19 + [True]
    assert len({each.pledge.id for each in found}) == 1
    assert in_force(database) == 1

    def one(_number: int) -> bool:
        try:
            remove(database, found[0].pledge, clock=clock, seen=0)
        except StateChanged:
            return False
        return True

    assert sum(run_together(one, 20)) == 1
    assert in_force(database) == 0


def test_one_paper_of_a_wording_covers_websites_and_shop(sqlite_database: Database, clock: FixedClock) -> None:
    """Both entries of Huế ask for one wording to one agency; a paper that names a website covers only that one."""
    shop = registered(
        sqlite_database, 1, "digital_seller", "ecommerce_website", now=clock(), websites=("thu1.vn", "thu2.vn")
    )
    with sqlite_database.read() as session:
        first = session.scalars(select(Channel).where(Channel.address == "thu1.vn")).one()
    record(sqlite_database, shop, now=clock(), channel_ids=(first.id,), entry_id="46-website")
    assert in_force(sqlite_database) == 2
    record(sqlite_database, shop, now=clock(), number="13/CK-TN", entry_id="46-website")
    assert in_force(sqlite_database) == 3
    with pytest.raises(AlreadyPledged), sqlite_database.read() as session:
        record(sqlite_database, shop, now=clock(), number="14/CK-TN")


def test_who_signed_on_paper_is_not_asked_to_sign_again(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    """The same subject, known by its confirmed address, signs the same channels online: the paper is named."""
    online = signed_by(sqlite_database, seller_pages(), now=clock(), vault=vault).signed[0]
    with sqlite_database.read() as session:
        shop = session.get_one(Entity, (HUE, online.entity_id))
    with pytest.raises(AlreadyPledged) as refusal:
        record(sqlite_database, shop, now=clock())
    assert refusal.value.params["reference"] == online.reference
    assert in_force(sqlite_database) == 0


def test_an_online_signer_with_a_paper_in_force_gets_that_one(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    pages = doctor_pages()
    first = signed_by(sqlite_database, pages, now=clock(), vault=vault).signed[0]
    lead_to(sqlite_database, first, PledgeState.WITHDRAWN, now=clock())
    with sqlite_database.read() as session:
        doctor = session.get_one(Entity, (HUE, first.entity_id))
    health = Recorder(COMMAND, "Thử", "46-SYT")
    paper = record(sqlite_database, doctor, now=clock(), by=health, entry_id="46-health").pledge
    clock.advance(timedelta(hours=2))
    again = signed_by(sqlite_database, pages, now=clock(), vault=vault)
    assert not again.signed
    assert [pledge.id for pledge in again.already] == [paper.id]


def test_unusual_papers_need_a_word_and_impossible_ones_are_refused(
    sqlite_database: Database, clock: FixedClock
) -> None:
    one, other = (registered(sqlite_database, number, now=clock()) for number in (1, 2))
    doctor = registered(sqlite_database, 3, "doctor", now=clock())
    with pytest.raises(DomainError, match="sau hôm nay"):
        record(sqlite_database, one, now=clock(), signed_on=local_day(clock()) + timedelta(days=1))
    with pytest.raises(NeedsConfirming, match="09/01/2026"):
        record(sqlite_database, one, now=clock(), signed_on=date(2026, 1, 8))
    assert record(sqlite_database, one, now=clock(), signed_on=date(2026, 1, 8), confirmed=True).new
    with pytest.raises(NeedsConfirming, match="Cửa hàng Thử Nghiệm 1"):
        record(sqlite_database, other, now=clock(), number="12/ck-tn")
    assert record(sqlite_database, other, now=clock(), confirmed=True).new
    with pytest.raises(DomainError, match="chọn nhóm"):
        record(sqlite_database, doctor, now=clock(), number="15/CK-TN", subject_type="doctor")
    with pytest.raises(NotFound):  # another agency's duty
        record(sqlite_database, one, now=clock(), by=Recorder(COMMAND, "Thử", "46-SYT"))
    with sqlite_database.read() as session:
        assert session.scalar(select(func.count()).select_from(Pledge)) == 2
    assert record(sqlite_database, doctor, now=clock(), number="15/CK-TN", subject_type="digital_seller").new
    assert in_force(sqlite_database) == 3


def test_a_duty_that_comes_into_scope_finds_its_paper(sqlite_database: Database, clock: FixedClock) -> None:
    """The paper is bound to the obligation whatever its scope is on that day."""
    shop = registered(sqlite_database, now=clock())
    record(sqlite_database, shop, now=clock())
    with sqlite_database.read() as session:
        obligation = session.scalars(select(Obligation)).one()
        cover = session.scalars(select(PledgeCover)).one()
    assert (cover.obligation_id, cover.hold, obligation.in_force) == (obligation.id, "in_force", 1)
