"""Letters, calls and visits are recorded for thousands at once, count from their own day, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from pledges.core.db import Database, new_id
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.messaging.models import MessageState
from pledges.registry.models import Entity
from pledges.rounds.attempts import record_attempts, take_back_attempts, take_back_batch
from pledges.rounds.models import Outcome, RoundState, Way
from pledges.rounds.operations import RoundChanged
from pledges.rounds.queries import asks_of_entity
from pledges.rounds.rules import is_taken_back
from tests.support.clock import FixedClock
from tests.support.signing import HUE, run_together
from tests.unit.rounds.quarter import QuarterOffice, ids

REACHED, NOT_REACHED = Outcome.REACHED, Outcome.NOT_REACHED


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    return QuarterOffice(database, clock, vault)


def round_of(office: QuarterOffice, entities: int, **told: Any) -> list[Entity]:
    """So many without e-mail, all asked."""
    found = [office.subject(**told) for _ in range(entities)]
    office.rounds.ask((HUE, office.start().id))
    return found


def recording(office: QuarterOffice, entities: list[Entity], **said: Any) -> Callable[..., int]:
    told: dict[str, Any] = {
        "way": Way.LETTER,
        "outcome": REACHED,
        "made_on": date(2026, 10, 5),
        "staff": office.officer(),
    } | said
    return partial(
        record_attempts,
        key=(HUE, office.open().id),
        ask_ids=[office.ask_of(entity).id for entity in entities],
        now=office.clock(),
        **told,
    )


def asked_on(office: QuarterOffice, entity: Entity) -> date | None:
    return office.owed(entity)[0].asked_on


def test_a_letter_counts_from_the_day_on_which_it_was_sent(office: QuarterOffice) -> None:
    sent, not_sent = round_of(office, 2)
    office.days(7)
    assert office.database.run(recording(office, [sent])) == 1
    assert (asked_on(office, sent), asked_on(office, not_sent)) == (date(2026, 10, 5), None)
    assert office.owed(sent)[0].waits_until == date(2026, 10, 19)
    office.database.run(recording(office, [sent], way=Way.CALL, made_on=date(2026, 10, 2)))
    assert asked_on(office, sent) == date(2026, 10, 5), "recorded later, an earlier day is held against nobody"
    office.database.run(recording(office, [not_sent], way=Way.VISIT, outcome=NOT_REACHED, note="Đóng cửa"))
    assert asked_on(office, not_sent) is None
    assert [(each.step, each.outcome, each.note) for each in office.attempts(not_sent)] == [
        ("visit", NOT_REACHED, "Đóng cửa")
    ]
    assert office.facts("attempt.recorded") == 3
    office.check_counters()


def test_twenty_at_once_record_one_letter(office: QuarterOffice) -> None:
    entities = round_of(office, 3)
    office.days(7)
    work = recording(office, entities)
    assert sum(run_together(lambda _number: office.database.run(work), 20)) == 3
    assert len(office.attempts()) == office.facts("attempt.recorded") == 3
    office.check_counters()


def test_hundreds_count_as_many_statements_as_a_few(office: QuarterOffice) -> None:
    entities = round_of(office, 30)
    office.days(7)
    few, many = recording(office, entities[:4]), recording(office, entities[4:])
    statements, costs = list[str](), list[int]()

    def counted(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(office.database.engine, "before_cursor_execute", counted)
    try:
        for work, number in ((few, 4), (many, 26)):
            statements.clear()
            assert office.database.run(work) == number
            costs.append(len(statements))
    finally:
        event.remove(office.database.engine, "before_cursor_execute", counted)
    assert costs[1] <= costs[0] < 30
    office.check_counters()


def test_what_cannot_be_recorded(office: QuarterOffice) -> None:
    entities = round_of(office, 1)
    office.days(7)

    def refused(kind: type[DomainError] = DomainError, **said: Any) -> str:
        with pytest.raises(kind) as refusal:
            office.database.run(recording(office, entities, **said))
        return str(refusal.value)

    assert "chưa đến" in refused(made_on=date(2026, 10, 9))
    assert "01/10/2026" in refused(made_on=date(2026, 9, 30))
    stranger = QuarterOffice(office.database, office.clock, office.vault, "46-SYT").officer("y-te@vidu.vn")
    office.days(7)
    refused(NotFound, staff=stranger)
    with pytest.raises(NotFound):
        office.database.run(partial(recording(office, []), ask_ids=[new_id()]))
    with pytest.raises(DomainError, match="ít nhất một"):
        office.database.run(recording(office, []))
    office.lead("pause_round", office.open())
    assert office.database.run(recording(office, entities)) == 1
    office.days(90)
    office.lead("begin_closing", office.open(), None)
    assert office.open().state is RoundState.CLOSING
    refused(RoundChanged)


def test_what_was_recorded_by_mistake_counts_for_nothing_and_stays_to_be_seen(office: QuarterOffice) -> None:
    entity, other = round_of(office, 2)
    office.days(7)
    staff, key, batch = office.officer(), (HUE, office.open().id), new_id()
    before = office.owed(entity)[0].turns_on
    office.database.run(recording(office, [entity, other], batch_id=batch))
    office.database.run(recording(office, [other], way=Way.CALL, made_on=date(2026, 10, 7)))
    back = partial(take_back_batch, key=key, batch_id=batch, staff=staff, now=office.clock())
    with pytest.raises(DomainError, match="lý do"):
        office.database.run(partial(back, reason=" "))
    assert office.database.run(partial(back, reason="Ghi nhầm danh sách")) == 2
    assert (asked_on(office, entity), office.owed(entity)[0].turns_on) == (None, before)
    assert asked_on(office, other) == date(2026, 10, 7), "somebody called in the meantime"
    [attempt] = office.attempts(entity)
    assert (attempt.outcome, attempt.note, is_taken_back(attempt.step)) == (NOT_REACHED, "Ghi nhầm danh sách", True)
    with pytest.raises(Conflict):
        office.database.run(partial(back, reason="Lần nữa"))
    assert office.facts("attempt.taken_back") == 2
    assert office.database.run(recording(office, [entity])) == 1, "and can be recorded again"
    assert asked_on(office, entity) == date(2026, 10, 5)
    office.check_counters()


def test_several_attempts_of_one_subject_are_taken_back_together(office: QuarterOffice) -> None:
    [entity] = round_of(office, 1)
    office.days(7)
    for day in (3, 6):
        office.database.run(recording(office, [entity], made_on=date(2026, 10, day)))
    back = partial(take_back_attempts, key=(HUE, office.open().id), staff=office.officer(), now=office.clock())
    office.database.run(partial(back, attempt_ids=ids(office.attempts(entity)), reason="Nhầm người"))
    assert asked_on(office, entity) is None
    office.check_counters()


def test_mail_is_not_for_people_to_take_back(office: QuarterOffice) -> None:
    entity = office.subject("mot@vidu.vn")
    office.rounds.ask((HUE, office.start().id))
    office.deliver()
    back = partial(take_back_attempts, key=(HUE, office.open().id), staff=office.officer(), now=office.clock())
    with pytest.raises(NotFound):
        office.database.run(partial(back, attempt_ids=ids(office.attempts(entity)), reason="Thử"))
    with pytest.raises(ValueError, match="mail"):
        office.database.run(recording(office, [entity], way=Way.MAIL, made_on=date(2026, 10, 1)))


def test_the_page_of_a_subject_shows_every_ask_with_what_was_tried(office: QuarterOffice) -> None:
    entity = office.subject("mot@vidu.vn")
    office.rounds.ask((HUE, office.start().id))
    [mail] = office.mails()
    office.settle(mail, MessageState.FAILED, "refused: 550 No such user")
    office.days(7)
    office.database.run(recording(office, [entity]))
    with office.database.read() as session:
        [history] = asks_of_entity(session, entity)
    assert history.contact is not None
    assert (history.contact.value, history.of_round.quarter) == ("mot@vidu.vn", "2026Q4")
    assert [obligation.id for obligation, _why in history.obligations] == ids(office.owed(entity))
    assert [each.step for each in history.attempts] == ["ask", "letter"]
    assert history.errors == {history.attempts[0].id: "refused: 550 No such user"}


def test_a_letter_was_not_about_what_came_up_after_it_was_sent(office: QuarterOffice) -> None:
    [entity] = round_of(office, 1, types=("digital_seller", "ecommerce_website"))
    office.days(5)
    office.website(entity, "https://vidu1.vn")
    assert office.rounds.ask((HUE, office.open().id)).joined == 1
    office.days(2)
    office.database.run(recording(office, [entity], made_on=date(2026, 10, 5)))
    assert {each.entry_id: each.asked_on for each in office.owed(entity)} == {
        "46-seller": date(2026, 10, 5),
        "46-website": None,
    }
    office.database.run(recording(office, [entity], made_on=date(2026, 10, 6)))
    assert {each.asked_on for each in office.owed(entity)} == {date(2026, 10, 5), date(2026, 10, 6)}
    office.check_counters()
