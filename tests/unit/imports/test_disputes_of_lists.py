"""A list that names for one subject what is another's: the person who decides about the row opens a dispute by it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from pledges.accounts.models import Staff
from pledges.core.errors import DomainError
from pledges.imports.models import ClashDecision, Import, ImportPurpose, ImportState
from pledges.imports.operations import decide_clash
from pledges.imports.rows import Field
from pledges.messaging.models import Message
from pledges.registry.claims import Verdict
from pledges.registry.models import Channel, Contact, Entity
from pledges.signing.address_moves import Post
from pledges.signing.dispute_deciding import decide_dispute, take_decision_back
from pledges.signing.dispute_models import Dispute, DisputeState
from pledges.signing.dispute_queries import owner_in_doubt
from pledges.signing.models import Pledge
from tests.support.lists import HUE, Lists, row

SHARED = "hoamai-thunghiem.vn"
ADDRESS = "12 Lê Lợi, phường Thuận Hóa, thành phố Huế"
HEADINGS = ("Tên cơ sở", "Địa chỉ", "Số", "Ngày ký", "Người ký", "Website")
MEANINGS = (Field.NAME, Field.ADDRESS, Field.PAPER_NUMBER, Field.SIGNED_ON, Field.SIGNER, Field.CHANNEL)


def bring_in_decided(lists: Lists, checked: Import, officer: Staff, same: str = "") -> Import:
    """Every clash of the list is said to be about a subject of its own, or about the one of this name."""
    with lists.database.read() as session:
        known = session.scalar(select(Entity.id).where(Entity.name == same))
    for clash in lists.rows(checked):
        if clash.other_ids:
            lists.database.run(
                lambda session, number=clash.number: decide_clash(
                    session,
                    (HUE, checked.id),
                    number,
                    ClashDecision.SAME if same else ClashDecision.NEW,
                    known,
                    staff=officer,
                    applying=lists.applying,
                    now=lists.clock(),
                )
            )
    return lists.work(lists.ask_commit(lists.now(checked), staff=officer))


def disputes(lists: Lists) -> list[Dispute]:
    with lists.database.read() as session:
        return list(session.scalars(select(Dispute)))


def confirm_contacts(lists: Lists) -> None:
    lists.database.run(lambda session: session.execute(update(Contact).values(verified_at=lists.clock())))


def decide(lists: Lists, officer: Staff, verdict: Verdict | None) -> Dispute:
    """Decide the only dispute, or (None) take the decision back."""
    [found] = disputes(lists)
    common = {
        "staff": officer,
        "now": lists.clock(),
        "post": Post(lists.vault, "http://localhost"),
        "seen": found.revision,
    }
    if verdict is None:
        return lists.database.run(lambda session: take_decision_back(session, (HUE, found.id), **common))
    return lists.database.run(
        lambda session: decide_dispute(session, (HUE, found.id), verdict, note="Đã gọi (thử nghiệm).", **common)
    )


def owner_of_shared(lists: Lists) -> str:
    with lists.database.read() as session:
        shared = session.scalars(select(Channel).where(Channel.address == SHARED)).one()
        return session.get_one(Entity, (HUE, shared.entity_id)).name


def test_against_who_is_confirmed_it_opens_one_that_goes_with_the_list(lists: Lists) -> None:
    officer = lists.officer()
    lists.bring_in([row("Cửa hàng Hoa Mai", channel=SHARED, email="mai@vidu.vn")], source="Danh bạ")
    confirm_contacts(lists)
    other = [row("Nhà hàng Xuân", channel=SHARED, email="xuan@vidu.vn")]
    list_ = bring_in_decided(lists, lists.check(other, staff=officer, source="Thuế"), officer)
    [found] = disputes(lists)
    assert (found.state, found.about, found.agency_code) == (DisputeState.OPEN, [SHARED], list_.agency_code)
    with lists.database.read() as session:
        letters = session.scalars(select(Message).where(Message.kind == "dispute_opened")).all()
        assert [(letter.to_address, letter.params["by"]) for letter in letters] == [("mai@vidu.vn", "list")]
    assert lists.undo(list_).state is ImportState.UNDONE
    assert (disputes(lists), lists.count(Entity), lists.drifts()) == ([], [1], [])

    again = bring_in_decided(lists, lists.check(other, staff=officer, source="Thuế 2"), officer)
    decide(lists, officer, Verdict.OTHER_TAKES)
    assert (owner_of_shared(lists), lists.drifts()) == ("Nhà hàng Xuân", [])
    with pytest.raises(DomainError):
        lists.undo(again)
    decide(lists, officer, None)
    assert (owner_of_shared(lists), lists.drifts()) == ("Cửa hàng Hoa Mai", [])
    decide(lists, officer, Verdict.BOTH)
    bring_in_decided(lists, lists.check(other, staff=officer, source="Thuế 3"), officer, same="Nhà hàng Xuân")
    assert len(disputes(lists)) == 1, "what a person has decided is not in dispute again"


def test_between_two_that_only_lists_know_what_was_decided_about_the_row_holds(lists: Lists) -> None:
    officer = lists.officer()
    lists.bring_in([row("Cửa hàng Hoa Mai", channel=SHARED)], source="Danh bạ")
    bring_in_decided(lists, lists.check([row("Nhà hàng Xuân", channel=SHARED)], staff=officer, source="Thuế"), officer)
    assert (disputes(lists), owner_of_shared(lists)) == ([], "Cửa hàng Hoa Mai")


def test_who_has_signed_on_paper_stands_behind_what_the_list_says(lists: Lists) -> None:
    officer = lists.officer()
    lists.bring_in([row("Cửa hàng Hoa Mai", channel=SHARED)], source="Danh bạ")
    papers = lists.check(
        [("Nhà hàng Xuân", ADDRESS, "01", "20/04/2026", "Trần Thị Thử", SHARED)],
        staff=officer,
        source="Bản giấy",
        purpose=ImportPurpose.PAPER_PLEDGES,
        entry_id="46-seller",
        headings=HEADINGS,
        meanings=MEANINGS,
    )
    bring_in_decided(lists, papers, officer)
    [found] = disputes(lists)
    assert (found.state, found.about) == (DisputeState.OPEN, [SHARED])
    with lists.database.read() as session:
        assert owner_in_doubt(session, session.scalars(select(Pledge)).one())
        assert session.scalars(select(Message).where(Message.kind == "dispute_opened")).all() == []
    decide(lists, officer, Verdict.OTHER_TAKES)
    assert (owner_of_shared(lists), lists.drifts()) == ("Nhà hàng Xuân", [])
