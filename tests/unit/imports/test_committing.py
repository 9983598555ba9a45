"""A list goes into the register once, exactly, and comes out of it again without a trace in the figures."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from pledges.audit.operations import SIGNER
from pledges.imports.errors import BuiltOn, ImportChanged
from pledges.imports.models import ClashDecision, Import, ImportPurpose, ImportRow, ImportState
from pledges.imports.operations import cancel_import, decide_clash, hand_over_rows
from pledges.imports.queries import gone_entities
from pledges.imports.rows import Field
from pledges.registry.models import (
    Channel,
    Contact,
    Entity,
    EntityType,
    Obligation,
    Scope,
    Sighting,
)
from pledges.registry.operations import register_declared
from pledges.registry.queries import coverage
from pledges.registry.upkeep_models import SearchDocument, UnreadValue
from tests.support.lists import HUE, Lists, row
from tests.unit.registry.declarations import NUMBER, OTHER_TAX_CODE, TAX_CODE, declared

TABLES = (Entity, EntityType, Contact, Channel, Sighting, Obligation, UnreadValue, SearchDocument)

LIST = (
    row("Cửa hàng Hoa Mai (thử nghiệm)", tax=TAX_CODE, phone="0912 345 678", channel="hoamai-thunghiem.vn"),
    row(
        "Nguyễn Văn Thử", number=NUMBER, email="thu@vidu.vn", channel="https://shopee.vn/thunghiem", since="01/03/2025"
    ),
    row("CÔNG TY TNHH HOA MAI thử nghiệm", tax=TAX_CODE, email="hoamai@vidu.vn"),
    row("Tiệm bánh Ví Dụ", phone="0912345679"),
    row("Tiệm Bánh ví dụ", channel="facebook.com/tiembanhvidu.thunghiem"),
    row("Shop của người khác", channel="https://hoamai-thunghiem.vn/san-pham"),
    row("Cửa hàng ở Hà Nội", address="Số 5 Phố Huế, phường Hai Bà Trưng, Hà Nội"),
    row("", phone="0912345670"),
    row("Cửa hàng có ô không đọc được", phone="không có số"),
)
OUTCOMES = ["new", "new", "adds", "new", "adds", "clash", "outside", "refused", "new"]


def test_a_list_comes_in_once_and_goes_out_again(lists: Lists) -> None:
    before = lists.count(*TABLES)
    checked = lists.check(LIST)
    assert (checked.state, lists.outcomes(checked)) == (ImportState.CHECKED, OUTCOMES)
    assert lists.count(*TABLES) == before
    first = lists.work(lists.ask_commit(checked))
    assert first.state is ImportState.COMMITTED
    totals = {name: first.totals[name] for name in ("entities_added", "entities_matched", "outside", "refused")}
    assert totals == {"entities_added": 4, "entities_matched": 2, "outside": 1, "refused": 2}
    assert first.rows == sum(totals.values()) == len(LIST)
    assert (first.totals["channels_added"], first.totals["channels_matched"]) == (3, 0)
    entities, _types, contacts, channels, _sightings, obligations, unread, documents = lists.count(*TABLES)
    assert (entities, contacts, channels, obligations, unread, documents) == (4, 4, 3, 4, 1, 4)
    assert lists.drifts() == []

    again = lists.bring_in(LIST)
    assert again.totals["entities_added"] == again.totals["channels_added"] == 0
    assert again.totals["entities_matched"] == 6
    assert lists.count(*TABLES) == [4, 4, 4, 3, 7, 4, 1, 4]

    with pytest.raises(BuiltOn):
        lists.ask_undo(first)
    assert lists.undo(again).state is ImportState.UNDONE
    assert lists.count(Entity, Channel, Obligation) == [4, 3, 4]
    assert lists.undo(first).state is ImportState.UNDONE
    assert lists.count(*TABLES) == before
    assert lists.drifts() == []
    assert lists.bring_in(LIST).totals["entities_added"] == 4


def test_only_what_was_added_is_taken_back(lists: Lists) -> None:
    """A second list adds a website, a contact, a group, and the owner of a channel to what the first brought."""
    shop = row("Cửa hàng Hoa Mai thử nghiệm", phone="0912345678")
    lists.bring_in([shop], source="Danh sách đầu")
    before = lists.count(*TABLES)
    more = row("Cửa hàng Hoa Mai thử nghiệm", tax=TAX_CODE, email="hoamai@vidu.vn", channel="hoamai-thunghiem.vn")
    second = lists.bring_in([more], source="Danh sách sau", subject_type="ecommerce_website")
    assert lists.outcomes(second) == ["adds"]
    with lists.database.read() as session:
        scopes = {each.entry_id: each.scope for each in session.scalars(select(Obligation))}
        assert scopes == {"46-seller": Scope.PRESUMED_IN, "46-website": Scope.PRESUMED_IN}
        assert session.scalars(select(Entity.tax_code)).one() == TAX_CODE
    lists.undo(second)
    assert lists.count(*TABLES) == before
    with lists.database.read() as session:
        assert session.scalars(select(Entity.tax_code)).one() is None
    assert lists.drifts() == []


def test_what_people_have_built_on_keeps_a_list_in(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    first = lists.bring_in([row("Cửa hàng Hoa Mai", tax=TAX_CODE), row("Tiệm bánh Ví Dụ", tax=OTHER_TAX_CODE)])

    def change(session: Any) -> None:
        entity = session.scalars(select(Entity).where(Entity.tax_code == TAX_CODE)).one()
        session.add(
            Sighting(
                province_code=HUE,
                entity_id=entity.id,
                source="officer",
                seen_on=lists.clock().date(),
                recorded_at=lists.clock(),
            )
        )

    lists.database.run(change)
    with pytest.raises(BuiltOn) as refusal:
        lists.ask_undo(first)
    [(name, (reason, _params))] = refusal.value.blockers
    assert (name, reason) == ("Cửa hàng Hoa Mai", "nguồn khác cũng đã ghi nhận đối tượng này")
    assert lists.now(first).state is ImportState.COMMITTED


def test_building_while_it_is_undone_keeps_that_entity(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    first = lists.bring_in([row("Cửa hàng Hoa Mai", tax=TAX_CODE), row("Tiệm bánh Ví Dụ", tax=OTHER_TAX_CODE)])
    lists.ask_undo(first)
    lists.database.run(lambda session: session.execute(text("UPDATE contact SET holder = ''")))
    lists.database.run(
        lambda session: session.add(
            Contact(
                province_code=HUE,
                entity_id=session.scalars(select(Entity.id).where(Entity.tax_code == TAX_CODE)).one(),
                kind="email",
                value="an@vidu.vn",
                verified_at=lists.clock(),
            )
        )
    )
    undone = lists.work(first)
    assert (undone.state, undone.totals["kept"]) == (ImportState.UNDONE, 1)
    with lists.database.read() as session:
        assert session.scalars(select(Entity.tax_code)).all() == [TAX_CODE]
    assert lists.drifts() == []


def test_the_register_of_now_decides_at_the_commit(lists: Lists) -> None:
    """Between the preview and the commit somebody declares themselves under the same number."""
    checked = lists.check([row("Cửa hàng Hoa Mai", tax=TAX_CODE), row("Shop khác hẳn", tax=OTHER_TAX_CODE)])
    assert lists.outcomes(checked) == ["new", "new"]
    for code, name in ((TAX_CODE, "Cửa hàng Hoa Mai"), (OTHER_TAX_CODE, "Công ty Xyz Ví Dụ")):
        subject = declared(tax_code=code, name=name, email=f"{code}@vidu.vn", commune=None)
        lists.database.run(
            lambda session, subject=subject: register_declared(
                session, subject, province_code=HUE, actor=SIGNER, now=lists.clock(), vault=lists.vault
            )
        )
    done = lists.work(lists.ask_commit(checked))
    assert lists.outcomes(done) == ["matched", "clash"]
    assert done.totals["entities_added"] == 0
    assert (lists.count(Entity), lists.drifts()) == ([2], [])


@pytest.mark.parametrize("after_commit", [False, True])
def test_clashes_are_decided_by_people(lists: Lists, after_commit: bool) -> None:
    officer = lists.officer()
    rows = [
        row("Cửa hàng Hoa Mai", channel="hoamai-thunghiem.vn"),
        row("Quán chị Bốn", channel="hoamai-thunghiem.vn", email="bon@vidu.vn"),
        row("Nhà hàng Xuân", channel="hoamai-thunghiem.vn"),
        row("Trà sữa Ví Dụ", channel="hoamai-thunghiem.vn"),
    ]
    import_ = lists.check(rows, staff=officer)
    assert lists.outcomes(import_) == ["new", "clash", "clash", "clash"]
    if after_commit:
        import_ = lists.work(lists.ask_commit(import_, staff=officer))
        assert import_.totals["refused"] == 3
    [first, *clashes] = lists.rows(import_)
    assert all(clash.other_ids == [str(first.entity_id)] for clash in clashes)
    decisions = (ClashDecision.SAME, ClashDecision.NEW, ClashDecision.SKIP)
    for clash, decision in zip(clashes, decisions, strict=True):
        lists.database.run(
            lambda session, clash=clash, decision=decision: decide_clash(
                session,
                (HUE, import_.id),
                clash.number,
                decision,
                first.entity_id if decision is ClashDecision.SAME else None,
                staff=officer,
                applying=lists.applying,
                now=lists.clock(),
            )
        )
    if not after_commit:
        import_ = lists.work(lists.ask_commit(lists.now(import_), staff=officer))
    import_ = lists.now(import_)
    assert lists.outcomes(import_) == ["new", "adds", "new", "clash"]
    totals = import_.totals
    assert (totals["entities_added"], totals["entities_matched"], totals["refused"]) == (2, 1, 1)
    with lists.database.read() as session:
        assert set(session.scalars(select(Entity.name))) == {"Cửa hàng Hoa Mai", "Nhà hàng Xuân"}
        assert session.scalars(select(Contact.entity_id)).one() == first.entity_id
    assert lists.drifts() == []
    lists.undo(import_)
    assert (lists.count(Entity, Contact, Channel), lists.drifts()) == ([0, 0, 0], [])


def test_personal_numbers_are_never_readable(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    import_ = lists.bring_in([row("Nguyễn Văn Thử", number=NUMBER, address=f"CCCD {NUMBER}, phường Thuận Hóa, Huế")])
    [kept] = lists.rows(import_)
    assert NUMBER not in str(kept.cells) + str(kept.parsed)
    assert kept.cells[2] == "••••••••2345"
    with lists.database.read() as session:
        [entity] = session.scalars(select(Entity)).all()
        assert lists.vault.decrypt("personal_number", entity.personal_number or b"") == NUMBER
    with lists.database.engine.connect() as connection:
        for table in ("import_row", "entity", "fact", "unread_value", "search_document"):
            assert NUMBER not in str(connection.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608


def test_rows_of_another_province_are_handed_over(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    officer = lists.officer()
    rows = [
        row("Cửa hàng Hoa Mai"),
        row(
            "Quán ở Lạng Sơn (thử nghiệm)", number=NUMBER, address="Phường Chi Lăng, thành phố Lạng Sơn, tỉnh Lạng Sơn"
        ),
    ]
    import_ = lists.check(rows, staff=officer)
    assert lists.outcomes(import_) == ["new", "outside"]

    def hand_over() -> Import:
        return lists.database.run(
            lambda session: hand_over_rows(
                session, (HUE, import_.id), "20", staff=officer, vault=lists.vault, now=lists.clock()
            )
        )

    given = hand_over()
    with pytest.raises(Exception, match="Không còn dòng nào"):
        hand_over()
    there = lists.work(given)
    assert (there.state, there.province_code, there.agency_code) == (ImportState.CHECKED, "20", "20-SCT")
    done = lists.work(lists.ask_commit(there))
    assert done.totals["entities_added"] == 1
    with lists.database.read() as session:
        entity = session.scalars(select(Entity).where(Entity.province_code == "20")).one()
        assert (entity.personal_number_last4, entity.commune_code is not None) == (NUMBER[-4:], True)


def test_a_source_that_comes_again_shows_who_is_gone(lists: Lists) -> None:
    lists.bring_in([row("Cửa hàng Hoa Mai"), row("Tiệm bánh Ví Dụ")], source="Danh bạ  quý")
    second = lists.bring_in([row("Tiệm bánh Ví Dụ"), row("Quán mới")], source="danh bạ quý")
    assert (second.gone, second.totals["entities_added"]) == (1, 1)
    with lists.database.read() as session:
        assert [each.name for each in gone_entities(session, second)] == ["Cửa hàng Hoa Mai"]
    other = lists.bring_in([row("Quán mới")], source="Danh bạ khác")
    assert other.gone == 0


def test_whoever_comes_second_changes_nothing(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    checked = lists.check([row("Cửa hàng Hoa Mai")])
    lists.ask_commit(checked)
    with pytest.raises(ImportChanged):
        lists.ask_commit(checked)
    with pytest.raises(ImportChanged):
        lists.database.run(
            lambda session: cancel_import(
                session, (HUE, checked.id), staff=None, seen=checked.revision, now=lists.clock()
            )
        )
    other = lists.check([row("Tiệm bánh Ví Dụ")])
    lists.database.run(
        lambda session: cancel_import(session, (HUE, other.id), staff=None, seen=other.revision, now=lists.clock())
    )
    with lists.database.read() as session:
        assert session.scalars(select(ImportRow).where(ImportRow.import_id == other.id)).all() == []
    assert lists.work(other).state is ImportState.CANCELLED


PAPER_HEADINGS = ("Tên cơ sở", "Địa chỉ", "Số", "Ngày ký", "Người ký")
PAPER_MEANINGS = (Field.NAME, Field.ADDRESS, Field.PAPER_NUMBER, Field.SIGNED_ON, Field.SIGNER)


def test_a_list_of_papers_is_counted_and_taken_back(lists: Lists) -> None:
    """Who is registered gets a pledge in force, who is not is added; afterwards nobody has pledged any more."""
    lists.bring_in([row("Cửa hàng Hoa Mai")], source="Danh bạ")
    address = "12 Lê Lợi, phường Thuận Hóa, thành phố Huế"
    rows = [
        ("Cửa hàng Hoa Mai", address, "01", "20/04/2026", "Nguyễn Văn Thử"),
        ("Tiệm bánh Ví Dụ", address, "02", "21/04/2026", "Trần Thị Thử"),
        ("Quán chị Bốn", address, "03", "", "Lê Thị Thử"),
    ]
    paper = lists.bring_in(
        rows,
        source="Bản giấy",
        purpose=ImportPurpose.PAPER_PLEDGES,
        entry_id="46-seller",
        headings=PAPER_HEADINGS,
        meanings=PAPER_MEANINGS,
    )
    assert (paper.totals["papers"], paper.totals["papers_refused"]) == (2, 1)
    assert lists.outcomes(paper) == ["matched", "new", "new"]
    assert in_force(lists) == 2
    assert lists.drifts() == []
    assert lists.undo(paper).state is ImportState.UNDONE
    assert (in_force(lists), lists.drifts()) == (0, [])
    with lists.database.read() as session:
        # The withdrawn paper of the second stays, and so does whom it names.
        assert set(session.scalars(select(Entity.name))) == {"Cửa hàng Hoa Mai", "Tiệm bánh Ví Dụ"}


def in_force(lists: Lists) -> int:
    with lists.database.read() as session:
        figures = coverage(session, HUE, as_of=lists.clock().date())
    return sum(each.in_force for each in figures)
