"""Everybody who is to be asked is asked once, about everything, and nobody else; reminders only while it is owed."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import SYSTEM, record_many
from pledges.core.db import Database, new_id
from pledges.core.errors import Conflict
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message, MessageState
from pledges.messaging.operations import secrets_of
from pledges.plans.models import ObligationEntry
from pledges.registry.models import Contact, Entity, Location, Scope, Standing
from pledges.rounds import reminding
from pledges.rounds.asking import Asked, ask_chunk, only_this_one
from pledges.rounds.links import by_token
from pledges.rounds.models import AgencyDocument, Ask, AskedObligation, Outcome, Why
from pledges.rounds.operations import leave_out
from pledges.rounds.runs import dry_run
from tests.support.clock import FixedClock
from tests.support.signing import HUE, PUBLIC_URL, run_together
from tests.unit.rounds.quarter import FIRST_MORNING, QuarterOffice, ids

HELD, ACCEPTED, FAILED = MessageState.HELD, MessageState.ACCEPTED, MessageState.FAILED


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    return QuarterOffice(database, clock, vault)


def running(office: QuarterOffice) -> tuple[str, Any]:
    return HUE, office.start().id


def asked_about(office: QuarterOffice, ask: Ask) -> dict[str, Why]:
    """Per obligation of an ask its entry with the reason."""
    with office.database.read() as session:
        rows = session.scalars(select(AskedObligation).where(AskedObligation.ask_id == ask.id))
        return {str(row.obligation_id): row.why for row in rows}


def change(office: QuarterOffice, model: Any, row: Any, **values: Any) -> None:
    def work(session: Session) -> None:
        session.execute(update(model).where(model.province_code == HUE, model.id == row.id).values(**values))

    office.database.run(work)


# --- Once, about everything ------------------------------------------------------------------------------------------


def test_one_ask_for_everything_and_a_mail_where_one_can_arrive(office: QuarterOffice) -> None:
    both = office.subject("hai@vidu.vn", types=("digital_seller", "ecommerce_platform"))
    platform = next(each for each in office.owed(both) if each.entry_id == "46-platform")
    office.put(platform, scope=Scope.CONFIRMED_IN)
    office.subject()
    office.subject("khong phai dia chi")
    key = running(office)
    assert office.rounds.ask(key) == Asked(asked=3, messages=1, without_contact=2)
    [mail] = office.mails()
    assert mail.params["groups"] == ["Người bán hàng trên sàn, mạng xã hội", "Sàn thương mại điện tử"]
    assert (mail.state, mail.batch, mail.language) == (HELD, f"round:{key[1]}", "vi")
    assert mail.params["name"] == both.name
    assert "vidu.vn" not in str(mail.params), "no address stands in what is kept"
    secrets = secrets_of(mail, office.vault)
    with office.database.read() as session:
        found = by_token(session, secrets["link"].rpartition("/")[2])
    assert found is not None
    assert (found.ask.entity_id, found.ask.short_code) == (both.id, secrets["short_code"])
    assert found.ask.shown_day == date(2026, 12, 31)
    assert set(asked_about(office, found.ask)) == {str(each.id) for each in office.owed(both)}
    assert office.facts("ask.made") == 3


def test_asking_twice_or_by_two_workers_at_once_makes_one_mail(office: QuarterOffice) -> None:
    for number in range(7):
        office.subject(f"a{number}@vidu.vn")
    key = running(office)
    done = run_together(lambda _number: office.rounds.ask(key), 3)
    assert sum((each for each in done), Asked()) == Asked(asked=7, messages=7)
    assert office.rounds.ask(key).nothing
    assert len({each.to_address for each in office.mails()}) == len(office.mails()) == 7


def test_what_is_killed_within_a_chunk_is_asked_by_the_next_run(
    office: QuarterOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks of three: the second one dies after it has written everything but its facts."""
    for number in range(5):
        office.subject(f"a{number}@vidu.vn")
    key, calls = running(office), list[object]()

    def dying(*arguments: Any, **named: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise RuntimeError("killed")
        record_many(*arguments, **named)

    monkeypatch.setattr("pledges.rounds.asking.record_many", dying)
    with pytest.raises(RuntimeError):
        office.rounds.ask(key)
    assert (len(office.asks()), len(office.mails()), len(office.attempts())) == (3, 3, 3)
    assert office.rounds.ask(key) == Asked(asked=2, messages=2)
    assert len({each.entity_id for each in office.asks()}) == 5


def test_a_chunk_costs_a_handful_of_statements_however_large_it_is(office: QuarterOffice) -> None:
    for number in range(24):
        office.subject(f"a{number}@vidu.vn")
    key, statements = running(office), list[str]()

    def counted(*arguments: Any) -> None:
        statements.append(arguments[2])

    chunk = partial(ask_chunk, key=key, now=office.clock(), vault=office.vault, public_url=PUBLIC_URL)
    costs = []
    event.listen(office.database.engine, "before_cursor_execute", counted)
    try:
        for size in (4, 20):
            statements.clear()
            assert office.database.run(partial(chunk, chunk=size)).asked == size
            costs.append(len(statements))
    finally:
        event.remove(office.database.engine, "before_cursor_execute", counted)
    assert costs[0] == costs[1] < 30


def test_who_appears_in_the_quarter_joins_at_the_next_run(office: QuarterOffice) -> None:
    office.subject("mot@vidu.vn")
    key = running(office)
    assert office.rounds.ask(key).asked == 1
    office.days(20)
    late = office.subject("muon@vidu.vn")
    assert office.rounds.ask(key) == Asked(asked=1, messages=1)
    assert office.ask_of(late).shown_day == date(2026, 12, 31)
    office.days(60)
    last = office.subject("cuoi@vidu.vn")
    office.rounds.ask(key)
    assert office.ask_of(last).shown_day == date(2027, 1, 18), "twenty working days, New Year not among them"


def test_a_new_website_of_somebody_asked_is_told_once_a_day(office: QuarterOffice) -> None:
    entity = office.subject("mot@vidu.vn", types=("digital_seller", "ecommerce_website"))
    key = running(office)
    office.rounds.ask(key)
    office.deliver()

    office.website(entity, "https://vidu1.vn")
    assert office.rounds.ask(key) == Asked(joined=1, messages=1)
    office.website(entity, "https://vidu2.vn")
    assert office.rounds.ask(key).nothing
    office.days(1)
    assert office.rounds.ask(key) == Asked(joined=1, messages=1)
    assert len(office.asks()) == 1
    assert len(asked_about(office, office.asks()[0])) == 3
    assert [each.step for each in office.attempts(entity)] == ["ask", "more-20261001", "more-20261002"]
    office.deliver()
    assert [each.asked_on for each in office.owed(entity)].count(date(2026, 10, 1)) == 1
    office.check_counters()


# --- And nobody else -------------------------------------------------------------------------------------------------


def test_who_is_never_asked(office: QuarterOffice) -> None:
    """Signed, with the agency, out of scope, claimed, merged, of an entry before its time, or without a document."""
    asked = office.subject("co@vidu.vn")
    entities = [office.subject(f"a{number}@vidu.vn") for number in range(5)]
    office.subject("doanh.nghiep@vidu.vn", types=("enterprise",))
    office.sign(entities[0])
    office.put(office.owed(entities[1])[0], in_force=1)
    office.out_of_scope(entities[2])
    change(office, Entity, entities[3], standing=Standing.CLAIMED)
    change(office, Entity, entities[4], merged_into=asked.id)
    key = running(office)
    assert office.rounds.ask(key) == Asked(asked=1, messages=1)
    assert [each.entity_id for each in office.asks()] == [asked.id]
    assert office.database.run(lambda session: _only(office, session, key, entities)) == Asked()


def _only(office: QuarterOffice, session: Session, key: Any, entities: list[Entity]) -> Asked:
    """Nobody gets in by being named."""
    return ask_chunk(session, key, now=office.clock(), vault=office.vault, public_url=PUBLIC_URL, only=ids(entities))


def test_an_acknowledgement_is_asked_once_the_document_is_there(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    office = QuarterOffice(database, clock, vault, "46-SVHTT")
    office.subject("bao@vidu.vn", types=("press",))
    key = running(office)
    assert office.rounds.ask(key).nothing

    def upload(session: Session) -> None:
        session.add(
            AgencyDocument(
                province_code=HUE,
                id=new_id(),
                entry_id="46-instruction",
                number="12/SVHTT-QL",
                issued_on=date(2026, 3, 5),
                file_sha256="0" * 64,
                filename="van-ban.pdf",
                uploaded_by=new_id(),
                uploaded_at=FIRST_MORNING,
            )
        )

    database.run(upload)
    assert office.rounds.ask(key).asked == 1
    [mail] = office.mails()
    assert (mail.params["documents"], mail.params["groups"]) == (["số 12/SVHTT-QL ngày 05/03/2026"], [])


def test_an_entry_asks_nobody_before_its_day(office: QuarterOffice) -> None:
    office.subject("mot@vidu.vn")
    key = running(office)

    def later(session: Session) -> None:
        session.get_one(ObligationEntry, (HUE, "46-seller")).ask_from = date(2026, 10, 5)

    office.database.run(later)
    assert office.rounds.ask(key).nothing
    office.days(4)
    assert office.rounds.ask(key).asked == 1


def test_nobody_is_asked_outside_the_quarter_or_unless_it_runs(office: QuarterOffice) -> None:
    office.subject("mot@vidu.vn")
    of_round = office.open()
    key = (HUE, of_round.id)
    assert office.rounds.ask(key).nothing
    office.lead("start_round", of_round)
    office.lead("pause_round", of_round)
    assert office.rounds.ask(key).nothing
    office.lead("resume_round", of_round)
    office.days(92)
    assert office.rounds.ask(key).nothing
    assert office.asks() == []


def test_only_this_one_and_a_dry_run(office: QuarterOffice) -> None:
    one, signed = office.subject("mot@vidu.vn"), office.subject("hai@vidu.vn")
    office.subject()
    office.sign(signed)
    of_round = office.open()
    with office.database.read() as session:
        seen = dry_run(session, of_round, now=office.clock())
    assert (seen.entities, seen.messages, seen.without_contact, seen.reminders) == (2, 1, 1, 0)
    assert (office.asks(), office.mails()) == ([], [])

    def only(entity: Entity) -> Asked:
        ask = partial(only_this_one, key=(HUE, of_round.id), entity_id=entity.id, actor=SYSTEM)
        return office.database.run(
            lambda session: ask(session, now=office.clock(), vault=office.vault, public_url=PUBLIC_URL)
        )

    assert only(one) == Asked(asked=1, messages=1)
    for entity in (one, signed):
        with pytest.raises(Conflict):
            only(entity)
    office.lead("start_round", of_round)
    assert office.rounds.ask((HUE, of_round.id)) == Asked(asked=1, without_contact=1)


def test_who_sits_abroad_is_asked_in_english_at_the_formal_address(office: QuarterOffice) -> None:
    entity = office.subject("b@vidu.vn", "a@vidu.vn", location=Location.ABROAD, country="SG", commune_code=None)
    office.put(office.owed(entity)[0], scope=Scope.CONFIRMED_IN)
    formal = office.contacts(entity)[1]
    change(office, Contact, formal, formal=True)
    office.rounds.ask(running(office))
    [mail] = office.mails()
    assert (mail.language, mail.to_address) == ("en", formal.value)


# --- Reminders -------------------------------------------------------------------------------------------------------


def test_reminders_follow_in_steps_and_stop_when_somebody_has_signed(office: QuarterOffice) -> None:
    signs, silent = office.subject("ky@vidu.vn"), office.subject("im@vidu.vn")
    key = running(office)
    office.rounds.ask(key)
    office.deliver()
    days = list[tuple[date, int]]()
    for _day in range(95):
        today = office.days(1)
        if today == date(2026, 12, 10):
            office.sign(signs)
        if done := office.rounds.remind(key).reminded:
            days.append((today, done))
            assert office.rounds.remind(key).nothing
            office.deliver()
    assert days == [(date(2026, 12, 1), 2), (date(2026, 12, 17), 1), (date(2026, 12, 24), 1)]
    assert [each.step for each in office.attempts(silent)] == ["ask", "remind-30", "remind-14", "remind-7"]
    assert [mail.params.get("last") for mail in office.mails() if "im@" in mail.to_address] == [None, 0, 0, 1]
    office.check_counters()


def test_a_missed_run_is_caught_up_by_one_reminder(office: QuarterOffice) -> None:
    entity = office.subject("mot@vidu.vn")
    key = running(office)
    office.rounds.ask(key)
    office.deliver()
    office.days(80)
    assert office.rounds.remind(key).reminded == 1
    assert office.rounds.remind(key).nothing
    assert [each.step for each in office.attempts(entity)] == ["ask", "remind-14"]


def test_two_workers_at_once_remind_once(office: QuarterOffice) -> None:
    for number in range(4):
        office.subject(f"a{number}@vidu.vn")
    key = running(office)
    office.rounds.ask(key)
    office.deliver()
    office.days(61)
    done = run_together(lambda _number: office.rounds.remind(key), 3)
    assert sum(each.reminded for each in done) == 4
    assert len(office.mails(HELD)) == 4


def test_who_signed_between_finding_and_writing_gets_no_reminder(office: QuarterOffice) -> None:
    entity = office.subject("mot@vidu.vn")
    key = running(office)
    office.rounds.ask(key)
    office.deliver()
    office.days(61)
    with office.database.read() as session:
        due = reminding.reminders_due(session, office.open(), now=office.clock())
    assert len(due) == 1
    office.sign(entity)
    remind = partial(reminding.remind_chunk, key=key, vault=office.vault, public_url=PUBLIC_URL, only=due)
    assert office.database.run(lambda session: remind(session, now=office.clock())).nothing


def test_nobody_is_reminded_of_what_has_not_left_yet_or_came_back(office: QuarterOffice) -> None:
    office.subject("cho@vidu.vn"), office.subject("chet@vidu.vn")
    key = running(office)
    office.rounds.ask(key)
    dead = next(each for each in office.mails() if "chet" in each.to_address)
    office.settle(dead, ACCEPTED)
    office.come_back(dead)
    office.days(61)
    assert office.rounds.remind(key).nothing


# --- Out of the line -------------------------------------------------------------------------------------------------


def test_what_has_become_pointless_is_cancelled_and_says_why(office: QuarterOffice) -> None:
    names = ("signed", "out_of_scope", "left_out", "merged", "revoked", "stays")
    entities = {name: office.subject(f"{name}@vidu.vn") for name in names}
    key = running(office)
    office.rounds.ask(key)
    office.sign(entities["signed"])
    office.out_of_scope(entities["out_of_scope"])
    owed, staff = ids(office.owed(entities["left_out"])), office.officer()
    office.database.run(
        partial(leave_out, key=key, obligation_ids=owed, reason="Tạm nghỉ", staff=staff, now=office.clock())
    )
    change(office, Entity, entities["merged"], merged_into=entities["stays"].id)
    change(office, Ask, office.ask_of(entities["revoked"]), revoked_at=office.clock())
    assert office.rounds.tidy(key) == 5
    assert office.rounds.tidy(key) == 0
    notes = {name: office.attempts(entity)[0] for name, entity in entities.items()}
    assert {name: each.note for name, each in notes.items()} == {name: name for name in names[:-1]} | {"stays": ""}
    assert {name for name, each in notes.items() if each.outcome is Outcome.WAITING} == {"stays"}
    assert [each.to_address for each in office.mails(HELD)] == ["stays@vidu.vn"]


def test_who_comes_back_into_the_round_is_reminded_again(office: QuarterOffice) -> None:
    """A cancelled ask is not made twice; the reminder brings the link."""
    entity = office.subject("mot@vidu.vn")
    key = running(office)
    office.rounds.ask(key)
    office.sign(entity)
    assert office.rounds.ask(key).nothing
    office.hand_back(entity)
    assert office.rounds.ask(key).nothing
    office.days(61)
    assert office.rounds.remind(key).reminded == 1
    assert [each.step for each in office.attempts(entity)] == ["ask", "remind-30"]


# --- To another address ----------------------------------------------------------------------------------------------


def test_an_address_that_becomes_known_gets_the_ask(office: QuarterOffice) -> None:
    entity = office.subject()
    key = running(office)
    assert office.rounds.ask(key) == Asked(asked=1, without_contact=1)
    contact = Contact(province_code=HUE, id=new_id(), entity_id=entity.id, kind="email", value="moi@vidu.vn")
    office.database.run(lambda session: session.add(contact))
    assert office.rounds.ask(key) == Asked(messages=1)
    assert office.rounds.ask(key).nothing
    assert [each.step for each in office.attempts(entity)] == ["ask"]


def test_after_a_return_another_address_is_tried_and_the_dead_one_never_again(office: QuarterOffice) -> None:
    entity = office.subject("a.mot@vidu.vn", "b.hai@vidu.vn")
    key = running(office)
    office.rounds.ask(key)
    [first] = office.mails()
    office.settle(first, ACCEPTED)
    assert office.rounds.ask(key).nothing
    office.come_back(first)
    assert office.rounds.ask(key) == Asked(messages=1)
    assert office.rounds.ask(key).nothing
    [second] = office.mails(HELD)
    assert second.to_address != first.to_address
    office.settle(second, ACCEPTED)
    office.come_back(second)
    assert office.rounds.ask(key).nothing, "no address is left"
    assert [each.step for each in office.attempts(entity)] == ["ask", "ask-2"]
    assert office.owed(entity)[0].asked_on is None
    office.check_counters()


def test_a_short_code_that_somebody_has_is_made_anew(office: QuarterOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        office.subject(f"a{number}@vidu.vn")
    codes = iter(["AAAA-AAAA", "AAAA-AAAA", "CCCC-CCCC", "AAAA-AAAA", "DDDD-DDDD", "EEEE-EEEE", "FFFF-FFFF"] * 9)
    monkeypatch.setattr("pledges.rounds.asking.new_short_code", lambda: next(codes))
    assert office.rounds.ask(running(office)).asked == 4
    assert len({each.short_code for each in office.asks()}) == 4


def test_facts_tell_nothing_about_people(office: QuarterOffice) -> None:
    entity = office.subject("bi.mat@vidu.vn")
    office.rounds.ask(running(office))
    office.deliver()
    with office.database.read() as session:
        facts = session.scalars(select(Fact).where(Fact.kind.startswith("ask."))).all()
        texts = [str(fact.data) for fact in facts]
    assert len(texts) == 2
    assert all("vidu" not in text and entity.name not in text for text in texts)
    assert office.clock() - FIRST_MORNING < timedelta(days=1)
    with office.database.read() as session:
        assert session.scalars(select(Message.secret_params)).all() != [b""]
