"""Drafting, sending, receiving and correcting: every step from every state, twice, at once, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from pledges.accounts.models import Role
from pledges.accounts.permissions import NotPermitted
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.duties import operations
from pledges.duties.calendar import Standing
from pledges.duties.forms import read
from pledges.duties.models import Report, ReportState
from pledges.duties.operations import ReportChanged
from pledges.duties.rules import TRANSITIONS
from pledges.messaging.models import Message
from pledges.plans.models import ReportForm
from pledges.review.violation_models import ViolationField
from tests.support.clock import START
from tests.support.signing import PUBLIC_URL, run_together
from tests.support.staff import add_person
from tests.unit.duties.reporters import (
    CULTURE,
    HEALTH,
    OCTOBER,
    REVIEW,
    TRADE,
    Reporters,
    facts,
    on,
    put_report,
    reviewed,
    row,
)

F, S = ViolationField, ReportState
NUMBERS = reviewed(row(F.FOOD, 40, 3, 2, 30_000_000, "https://ban-hang.vidu.vn/1"), row(F.MILK, 5))


@pytest.fixture
def reporters(database: Database, vault: Vault) -> Reporters:
    return Reporters(database, vault)


def test_every_step_from_every_state(sqlite_database: Database, vault: Vault) -> None:
    """What the table of transitions allows is done, everything else is refused and changes nothing."""
    reporters = Reporters(sqlite_database, vault)
    signed = {"sha256": "b" * 64, "filename": "moi.pdf", "number": "06/BC", "day": date(2026, 11, 1)}
    told = {"reason": "Thử nghiệm.", "vault": vault, "public_url": PUBLIC_URL}
    steps: dict[str, tuple[Callable[..., Any], str, dict[str, Any]]] = {
        "save_answers": (operations.save_answers, TRADE, {"answers": NUMBERS}),
        "refresh_figures": (operations.refresh_figures, TRADE, {}),
        "attach_file": (operations.attach_file, TRADE, signed),
        "discard_draft": (operations.discard_draft, TRADE, {}),
        "send": (operations.send, TRADE, {}),
        "accept": (operations.accept, CULTURE, {}),
        "return_": (operations.return_, CULTURE, told),
        "correct": (operations.correct, TRADE, {"reason": "Thử nghiệm."}),
    }
    staff = reporters.of(TRADE)
    months = iter(f"{year}-{month:02}" for year in range(2027, 2040) for month in range(1, 13))
    reporters.now = on(date(2040, 1, 1))
    done: dict[str, set[ReportState]] = {name: set() for name in steps}
    for name, (act, unit, said) in steps.items():
        for state in ReportState:
            columns = {"state": state, "period": next(months), "file_sha256": "a" * 64, "answers": ANSWERED}
            sent = {} if state is S.DRAFT else {"sent_at": START, "sent_by": staff.id}
            before = sqlite_database.run(lambda session: put_report(session, staff, **columns, **sent))  # noqa: B023
            try:
                reporters.act(act, before, unit, **said)
                done[name].add(state)
            except (ReportChanged, NotFound):
                with sqlite_database.read() as session:
                    after = session.get_one(Report, (before.province_code, before.id))
                    assert (after.state, after.revision) == (state, 0), (name, state)
    drafts = {S.DRAFT}
    assert done == {
        **dict.fromkeys(["save_answers", "refresh_figures", "attach_file", "discard_draft", "send"], drafts),
        "accept": {S.SENT},
        "return_": {S.SENT},
        "correct": {S.SENT, S.RETURNED, S.ACCEPTED},
    }
    for state, after in TRANSITIONS.items():
        assert (S.ACCEPTED in after) == (state in done["accept"])
        assert (S.RETURNED in after) == (state in done["return_"])
        assert (S.SENT in after) == (state in done["send"])
        assert (S.REPLACED in after) == (state in done["correct"])


ANSWERED = {"schema": 1, "texts": {}, "fields": [{"field": "food", "reviewed": 1}]}


def test_drafts_at_once_are_one(reporters: Reporters) -> None:
    reporters.of(TRADE)
    made = run_together(lambda _number: reporters.draft(REVIEW, OCTOBER, TRADE), 4)
    assert len({each.id for each in made}) == 1
    assert facts(reporters.database) == ["report.drafted"]
    assert reporters.draft(REVIEW, OCTOBER, TRADE).id == made[0].id, "and again later"


def test_sent_at_once_and_twice_is_sent_once(reporters: Reporters) -> None:
    ready = reporters.sign(reporters.answer(reporters.draft(REVIEW, OCTOBER, TRADE), NUMBERS))

    def send(_number: int) -> Report | None:
        try:
            sent: Report = reporters.act(operations.send, ready)
            return sent
        except ReportChanged:
            return None

    sent = [each for each in run_together(send, 3) if each is not None]
    assert [each.state for each in sent] == [S.SENT]
    assert facts(reporters.database).count("report.sent") == 1
    with pytest.raises(Conflict, match="đã gửi"):
        reporters.draft(REVIEW, OCTOBER, TRADE)
    nothing = run_together(lambda _number: reporters.nothing(REVIEW, "2026-09", TRADE), 3)
    assert len({each.id for each in nothing}) == 1
    assert facts(reporters.database).count("report.sent") == 2
    with pytest.raises(Conflict):
        reporters.nothing(REVIEW, OCTOBER, TRADE)


def test_what_is_sent_is_signed_and_has_its_numbers(reporters: Reporters) -> None:
    drafted = reporters.draft(REVIEW, OCTOBER, TRADE)
    with pytest.raises(DomainError) as refused:
        reporters.act(operations.send, drafted)
    assert refused.value.field == "file"
    signed = reporters.sign(drafted)
    with pytest.raises(DomainError) as refused:
        reporters.act(operations.send, signed)
    assert refused.value.field == "food-reviewed"
    wrong = reporters.answer(signed, reviewed(row(F.FOOD, 2, 3)))
    with pytest.raises(DomainError, match="lớn hơn"):
        reporters.act(operations.send, wrong)
    with pytest.raises(ReportChanged):
        reporters.act(operations.save_answers, wrong, seen=signed.revision, answers=NUMBERS)
    sent = reporters.act(operations.send, reporters.answer(wrong, NUMBERS))
    kept = read(ReportForm.FALSE_INFORMATION, sent.answers)
    assert kept.complete
    assert kept.totals == replace(kept.totals, reviewed=45, violating=3, handled=2, fines=30_000_000, links=1)
    for day, field in ((date(2030, 1, 1), "day"),):
        with pytest.raises(DomainError) as refused:
            reporters.outside(REVIEW, "2026-09", TRADE, day)
        assert refused.value.field == field
    with pytest.raises(DomainError, match="chưa bắt đầu"):
        reporters.draft(REVIEW, "2026-12", TRADE)


def test_returned_and_corrected_both_versions_stay(reporters: Reporters) -> None:
    sent = reporters.send(REVIEW, OCTOBER, TRADE, NUMBERS)
    returned = reporters.give_back(sent, CULTURE)
    reporters.now += timedelta(days=30)
    corrected = reporters.act(operations.correct, returned, reason="")
    assert (corrected.version, corrected.correction_reason) == (2, "Thiếu số liệu thử nghiệm.")
    due = reporters.due(REVIEW, OCTOBER, TRADE)
    assert (due.report.id, due.draft.id) == (sent.id, corrected.id)  # type: ignore[union-attr]
    assert due.standing(START.date()) is Standing.RETURNED
    answers = read(ReportForm.FALSE_INFORMATION, corrected.answers)
    assert answers.totals.reviewed == 45, "what was said so far is the beginning"
    assert (corrected.as_of, corrected.figures) == (sent.as_of, sent.figures), "nobody has asked for those of today"
    again = reporters.act(operations.send, reporters.sign(corrected))
    first, second = reporters.due(REVIEW, OCTOBER, TRADE).versions
    assert (first.state, second.state) == (S.REPLACED, S.SENT)
    assert (first.answer, first.answers) == (returned.answer, sent.answers)
    accepted = reporters.act(operations.accept, again, CULTURE)
    with pytest.raises(DomainError) as refused:
        reporters.act(operations.correct, accepted, reason=" ")
    assert refused.value.field == "reason"
    third = reporters.act(operations.correct, accepted, reason="Sửa số thử nghiệm.")
    reporters.act(operations.discard_draft, third)
    assert [each.state for each in reporters.due(REVIEW, OCTOBER, TRADE).versions] == [S.REPLACED, S.ACCEPTED]
    with reporters.database.read() as session:
        letters = session.scalars(select(Message).where(Message.kind == "report_returned")).all()
    assert [each.to_address for each in letters] == [reporters.of(TRADE).email]
    assert letters[0].params["message"] == ["Thiếu số liệu thử nghiệm."]
    assert letters[0].params["link"].endswith(f"/can-bo/bao-cao/{REVIEW}/{OCTOBER}/{TRADE}")


def test_what_went_another_way_is_in_time_by_its_day(reporters: Reporters) -> None:
    reporters.now = on(date(2026, 11, 22))
    outside = reporters.outside(REVIEW, OCTOBER, TRADE, date(2026, 11, 4))
    assert (outside.state, outside.sent_outside, outside.document_number) == (S.SENT, True, "07/BC-THU")
    assert not reporters.due(REVIEW, OCTOBER, TRADE).sent_late
    assert reporters.nothing(REVIEW, OCTOBER, HEALTH).state is S.SENT
    assert reporters.due(REVIEW, OCTOBER, HEALTH).sent_late


def test_only_the_unit_writes_and_only_the_recipient_answers(reporters: Reporters) -> None:
    drafted = reporters.draft(REVIEW, OCTOBER, TRADE)
    sent = reporters.send(REVIEW, "2026-09", TRADE, NUMBERS)
    with pytest.raises(NotFound):
        reporters.act(operations.save_answers, drafted, HEALTH, answers=NUMBERS)
    with pytest.raises(NotFound):
        reporters.act(operations.accept, drafted, CULTURE)  # Nobody receives a draft.
    for stranger in (TRADE, HEALTH, "46-BAO"):
        with pytest.raises(NotFound):
            reporters.act(operations.accept, sent, stranger)
    viewer = add_person(
        reporters.database, "theo-doi@vidu.vn", role=Role.PROVINCE_VIEWER, province_code="46", ready=False
    )
    with pytest.raises(NotPermitted):
        reporters.act(operations.accept, sent, CULTURE, staff=viewer)
    foreign = Reporters(reporters.database, reporters.vault, "20").of("20-SVHTTDL")
    with pytest.raises(NotFound):
        reporters.act(operations.accept, sent, staff=foreign)
    with pytest.raises(NotFound):
        reporters.draft(REVIEW, OCTOBER, CULTURE)  # Whoever receives a report owes none.
    with reporters.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Report)) == 2


def test_figures_are_renewed_only_while_drafting_and_typed_texts_stay(reporters: Reporters) -> None:
    drafted = reporters.answer(reporters.draft(REVIEW, OCTOBER, TRADE), NUMBERS)
    assert drafted.as_of == date(2026, 10, 31)
    reporters.now += timedelta(days=1)
    renewed = reporters.act(operations.refresh_figures, drafted)
    assert read(ReportForm.FALSE_INFORMATION, renewed.answers) == read(ReportForm.FALSE_INFORMATION, drafted.answers)
    running = reporters.draft(REVIEW, "2026-11", TRADE)
    assert running.as_of == date(2026, 11, 20), "yesterday, while the period runs"
