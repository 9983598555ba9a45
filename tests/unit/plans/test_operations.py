"""Loading: idempotent, careful with what people rely on, and open for a fourth province."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import SYSTEM
from pledges.core.db import Base, Database
from pledges.core.errors import DataError
from pledges.plans.books import PlanBooks, ProvinceBook
from pledges.plans.decisions import decide
from pledges.plans.loader import read_books
from pledges.plans.loading import load_from_files
from pledges.plans.models import (
    Agency,
    Clause,
    Commune,
    EntrySubjectType,
    FormerCommune,
    Instrument,
    ObligationEntry,
    Plan,
    PledgeText,
    Province,
    ReportingDuty,
    ReportingUnit,
    Unit,
)
from pledges.plans.operations import LoadCounts, load_plans
from pledges.plans.queries import current_text, duties_for, plan_citation, provinces_in_use, search_communes
from pledges.plans.readiness import province_readiness
from pledges.plans.wordings import template_hash
from pledges.registry.models import Cohort, Entity, EntityKind, Obligation
from tests.support.clock import START, FixedClock


def load(database: Database, books: PlanBooks) -> LoadCounts:
    return database.run(partial(load_plans, books=books, actor=SYSTEM, now=START))


def facts(database: Database) -> list[Fact]:
    with database.read() as session:
        return list(session.scalars(select(Fact).where(Fact.kind == "plans.loaded")))


def count(database: Database, model: type[Base]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_everything_is_there(database: Database) -> None:
    expected = {
        Province: 34,
        Commune: 3321,
        FormerCommune: 10_602,
        Agency: 13,
        Plan: 5,
        Clause: 102,
        ReportingDuty: 28,
        ReportingUnit: 19 + 65 + 102 + 40,
        ObligationEntry: 22,
        PledgeText: 8,
    }
    assert {model: count(database, model) for model in expected} == expected
    with database.read() as session:
        assert [province.code for province in provinces_in_use(session)] == ["82", "46", "20"]
    assert {fact.province_code for fact in facts(database)} == {"00", "20", "46", "82"}


def test_the_same_files_again_change_and_record_nothing(database: Database, books: PlanBooks) -> None:
    before = len(facts(database))
    assert load(database, books) == LoadCounts()
    assert len(facts(database)) == before


def test_loading_into_an_empty_database_is_quick(tmp_path: Path, books: PlanBooks) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    Base.metadata.create_all(database.engine)
    start = time.process_time()
    assert load(database, books).added > 14_000
    assert time.process_time() - start < 3
    database.dispose()


def test_a_change_in_a_file_is_one_change_and_one_fact(
    database: Database, changed: Callable[[str, str, str], Path]
) -> None:
    before = len(facts(database))
    file = changed("hue.yaml", "days_to_answer: 10", "days_to_answer: 12")
    assert load_from_files(database, [file], SYSTEM, START) == LoadCounts(changed=1)
    with database.read() as session:
        assert session.get_one(Province, "46").settings["days_to_answer"] == 12
        # A file of one province says nothing about the others.
        assert len(provinces_in_use(session)) == 3
    found = facts(database)
    assert len(found) == before + 1
    newest = [fact for fact in found if fact.data.get("changed") == 1 and fact.data["added"] == 0]
    assert [(fact.province_code, fact.data["version"]) for fact in newest] == [("46", "2026.1")]


def test_a_rehearsal_counts_and_changes_nothing(database: Database, changed: Callable[[str, str, str], Path]) -> None:
    file = changed("hue.yaml", "days_to_answer: 10", "days_to_answer: 12")
    assert load_from_files(database, [file], SYSTEM, START, dry_run=True) == LoadCounts(changed=1)
    with database.read() as session:
        assert session.get_one(Province, "46").settings["days_to_answer"] == 10


def test_a_refused_file_changes_nothing(database: Database, changed: Callable[[str, str, str], Path]) -> None:
    good = changed("dongthap.yaml", "days_to_answer: 10", "days_to_answer: 12")
    bad = changed("hue.yaml", "instrument: pledge", "instrument: promise")
    with pytest.raises(DataError):
        load_from_files(database, [good, bad], SYSTEM, START)
    with database.read() as session:
        assert session.get_one(Province, "82").settings["days_to_answer"] == 10


def test_a_subject_type_can_move_to_another_entry(database: Database, changed: Callable[[str, str, str], Path]) -> None:
    text = "subject_types: [scientist, doctor, health_manager]"
    file = changed("hue.yaml", text, "subject_types: [doctor, health_manager]")
    moved = file.read_text(encoding="utf-8").replace(
        "subject_types: [digital_seller]", "subject_types: [digital_seller, scientist]"
    )
    file.write_text(moved, encoding="utf-8")
    counts = load_from_files(database, [file], SYSTEM, START)
    assert counts == LoadCounts(added=1, removed=1)
    with database.read() as session:
        assert [duty.entry_id for duty in duties_for(session, "46", "scientist")] == ["46-seller"]


def without_entry(books: PlanBooks, province: str, entry_id: str) -> PlanBooks:
    """The books as if a province's file no longer had this entry."""

    def lighter(book: ProvinceBook) -> ProvinceBook:
        kept = tuple(entry for entry in book.entries if entry.id != entry_id)
        return dataclasses.replace(book, entries=kept) if book.province_code == province else book

    return dataclasses.replace(books, books=tuple(map(lighter, books.books)))


def test_an_entry_without_obligations_can_go(database: Database, books: PlanBooks) -> None:
    counts = load(database, without_entry(books, "46", "46-business"))
    assert counts == LoadCounts(removed=3)
    with database.read() as session:
        assert session.get(ObligationEntry, ("46", "46-business")) is None
        assert [duty.instrument for duty in duties_for(session, "46", "enterprise")] == [Instrument.VOLUNTARY]


def test_an_entry_with_obligations_stays(database: Database, books: PlanBooks) -> None:
    def owe(session: Session) -> None:
        entity = Entity(
            province_code="46",
            kind=EntityKind.ORGANISATION,
            name="Công ty Ví Dụ (bịa đặt)",
            name_fold="cong ty vi du",
            added_at=START,
        )
        session.add(entity)
        session.flush()
        session.add(
            Obligation(
                province_code="46",
                entry_id="46-business",
                unit=Unit.ENTITY,
                entity_id=entity.id,
                cohort=Cohort.INITIAL,
                opened_at=START,
            )
        )

    database.run(owe)
    with pytest.raises(DataError, match=r"hue\.yaml: mục “46-business” đã phát sinh nghĩa vụ ký.*enabled: false"):
        load(database, without_entry(books, "46", "46-business"))
    with database.read() as session:
        assert session.get(ObligationEntry, ("46", "46-business")) is not None
        types = session.scalars(select(EntrySubjectType).where(EntrySubjectType.entry_id == "46-business"))
        assert len(list(types)) == 2


def test_a_loaded_wording_never_changes(database: Database, books: PlanBooks) -> None:
    wording = next(each for each in books.wordings if each.text_id == "health")
    content = {**wording.content, "title": "BẢN CAM KẾT KHÁC"}
    other = dataclasses.replace(wording, content=content, hash=template_hash(content))
    with pytest.raises(DataError, match=r"health\.yaml:\d+: mẫu “health” phiên bản 1 đã được dùng"):
        load(database, dataclasses.replace(books, wordings=(other,)))


def test_a_wording_is_succeeded_by_a_new_version(database: Database, books: PlanBooks) -> None:
    wording = next(each for each in books.wordings if each.text_id == "health")
    content = {**wording.content, "version": 2}
    next_version = dataclasses.replace(wording, version=2, content=content, hash=template_hash(content))
    assert load(database, dataclasses.replace(books, wordings=(next_version,))) == LoadCounts(added=1)
    with database.read() as session:
        assert current_text(session, "health").version == 2
        assert count(database, PledgeText) == 9
        approvals = {item.code: item.ok for item in province_readiness(session, "46")}
        assert approvals["wording.health"] is False


def test_what_a_province_has_decided_itself_survives_a_load(
    database: Database, books: PlanBooks, clock: FixedClock
) -> None:
    decide_now = partial(decide, actor=SYSTEM, now=clock())
    database.run(lambda session: decide_now(session, "20", "plan", "langson", {"number": "00/KH-THU"}))
    database.run(lambda session: decide_now(session, "20", "province", "", {"retention": "05 năm"}))
    assert load(database, books) == LoadCounts()
    with database.read() as session:
        assert session.get_one(Plan, ("20", "langson")).number == "00/KH-THU"
        assert session.get_one(Province, "20").settings["retention"] == "05 năm"


def test_a_commune_that_ends_is_no_longer_offered(database: Database, books: PlanBooks) -> None:
    ended = tuple(
        dataclasses.replace(row, valid_to=START.date()) if row.name == "phường Vỹ Dạ" else row
        for row in books.gazetteer.communes
    )
    gazetteer = dataclasses.replace(books.gazetteer, communes=ended)
    assert load(database, dataclasses.replace(books, gazetteer=gazetteer)) == LoadCounts(changed=2)
    with database.read() as session:
        assert search_communes(session, "46", "vy da") == []
        old = search_communes(session, "46", "phường Xuân Phú, quận Thuận Hóa")
        assert "phường Vỹ Dạ" not in {hit.name for hit in old}


def test_a_fourth_province_is_a_file(database: Database, fourth_province: Path) -> None:
    counts = load_from_files(database, [fourth_province], SYSTEM, START)
    assert counts.changed == 1
    assert counts.removed == 0
    with database.read() as session:
        assert "48" in {province.code for province in provinces_in_use(session)}
        [seller] = duties_for(session, "48", "digital_seller")
        assert (seller.entry_id, seller.agency.name, seller.asked) == (
            "48-seller",
            "Sở Công Thương thành phố Đà Nẵng",
            True,
        )
        assert seller.clause is not None
        assert seller.clause.deadline_printed == "03/2027 và theo quý"
        offered, receipt = duties_for(session, "48", "ad_firm")
        assert (offered.instrument, offered.text_id, offered.agency.code) == (
            Instrument.VOLUNTARY,
            "press_ads",
            "48-SVHTTDL",
        )
        assert (receipt.entry_id, receipt.text_id, receipt.signable) == ("48-instruction", "instruction", True)
        [doctor] = duties_for(session, "48", "doctor")
        assert (doctor.asked, doctor.agency.code, doctor.text_id) == (False, "48-SYT", "health")
        assert plan_citation(session, "48") == "Kế hoạch số 00/KH-BIADAT ngày 01/10/2026 (bịa đặt)"
        open_items = {item.code for item in province_readiness(session, "48") if not item.ok}
        assert "plan.number" not in open_items
        assert "agency.48-SYT.signing_title" in open_items
    assert load_from_files(database, [fourth_province], SYSTEM, START) == LoadCounts()
    assert load(database, read_books()) == LoadCounts()
