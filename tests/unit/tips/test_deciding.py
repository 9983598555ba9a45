"""Reports are kept once, decided once, and become evidence in the register that never names a citizen."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.registry.clashes import AlreadyRegistered
from pledges.registry.models import Channel, Entity, EntityKind, Obligation, Sighting
from pledges.registry.queries import types_of
from pledges.tips.deciding import Page, merge_tip, reject_tip, reopen_tip
from pledges.tips.errors import TipDecided
from pledges.tips.models import Tip, TipState
from pledges.tips.operations import send_tip
from pledges.tips.proof import new_stamp
from pledges.tips.queries import candidates, count_waiting, decided, own_tips, together_with, waiting
from pledges.tips.rules import check_report
from tests.support.clock import FixedClock
from tests.support.signing import HUE, run_together
from tests.support.tips import HEALTH, TRADE, TipDesk


@pytest.fixture
def desk(database: Database, clock: FixedClock, vault: Vault) -> TipDesk:
    return TipDesk(database, clock, vault)


@pytest.fixture
def small_desk(sqlite_database: Database, clock: FixedClock, vault: Vault) -> TipDesk:
    return TipDesk(sqlite_database, clock, vault)


def test_twenty_at_once_confirm_one_report_once(desk: TipDesk) -> None:
    tip = desk.tip("https://vidu-thu-nghiem.vn/trang-chu")
    other = desk.tip("http://www.vidu-thu-nghiem.vn")
    late = desk.tip("vidu-thu-nghiem.vn")
    seen = Page(0, (other.id,))

    def decide(_number: int) -> str:
        try:
            desk.confirm(tip, seen)
        except TipDecided as refusal:
            return str(refusal).partition(" lúc ")[0]
        return "done"

    answers = run_together(decide, 20)
    assert sorted(answers) == ["Nguyễn Văn Thử đã xác nhận tin báo này"] * 19 + ["done"]
    with desk.database.read() as session:
        entity = session.scalars(select(Entity)).one()
        channel = session.scalars(select(Channel)).one()
        assert types_of(session, entity) == ["ecommerce_website"]
        sightings = session.scalars(select(Sighting).where(Sighting.channel_id == channel.id)).all()
        assert {(each.source, each.tip_id) for each in sightings} == {("citizen", tip.id), ("citizen", other.id)}
        states = {each.id: each.state for each in session.scalars(select(Tip))}
        became = {(each.entity_id, each.channel_id) for each in session.scalars(select(Tip)) if each.entity_id}
    # What came after the page was shown is not decided unseen.
    assert states == {tip.id: TipState.CONFIRMED, other.id: TipState.MERGED, late.id: TipState.NEW}
    assert became == {(entity.id, channel.id)}
    assert desk.count(Fact, Fact.kind == "tip.confirmed") == 1
    assert desk.count(Fact, Fact.kind == "tip.merged") == 1
    assert desk.count(Obligation, Obligation.channel_id == channel.id) > 0
    assert desk.figures_agree()


def test_a_report_becomes_a_sighting_of_what_is_known(desk: TipDesk) -> None:
    first = desk.confirm(desk.tip("vidu-thu-nghiem.vn"))
    assert first.entity_id is not None
    again = desk.tip("facebook.com/cuahangthunghiem", note="Tôi là hàng xóm", link="vidu.vn/bai", subject="account")
    with desk.database.read() as session:
        assert candidates(session, again) == []
    merged = desk.run(merge_tip, again, first.entity_id, seen=Page(0))
    assert merged.state is TipState.MERGED
    with desk.database.read() as session:
        channel = session.get_one(Channel, (HUE, merged.channel_id))
        assert (channel.address, channel.entity_id) == ("facebook.com/cuahangthunghiem", first.entity_id)
        sighting = session.scalars(select(Sighting).where(Sighting.tip_id == again.id)).one()
        assert (sighting.note, sighting.link) == ("", "https://vidu.vn/bai")
    known = desk.tip("https://facebook.com/CuaHangThuNghiem", name="CỬA HÀNG THỬ NGHIỆM", subject="account")
    with desk.database.read() as session:
        [candidate] = candidates(session, known)
        assert (candidate.entity.id, candidate.by_channel) == (first.entity_id, True)
    with pytest.raises(AlreadyRegistered):
        desk.confirm(known, name="Cửa hàng khác")
    assert desk.run(merge_tip, known, first.entity_id, seen=Page(0)).state is TipState.MERGED
    named = desk.tip(subject="shop", name="cua hang thu nghiem", place="Chợ thử nghiệm")
    with desk.database.read() as session:
        assert [each.by_channel for each in candidates(session, named)] == [False]
    assert desk.run(merge_tip, named, first.entity_id, seen=Page(0)).channel_id is None
    assert desk.count(Channel) == 2
    assert desk.figures_agree()


def test_a_website_may_wait_for_its_owner_and_nothing_else(small_desk: TipDesk) -> None:
    desk = small_desk
    account = desk.tip("facebook.com/trangthunghiem", subject="account")
    with pytest.raises(DomainError, match="Hãy ghi tên"):
        desk.confirm(account, name="")
    with pytest.raises(DomainError, match="ít nhất một nhóm"):
        desk.confirm(account, subject_types=())
    website = desk.tip("chua-ro-chu.vn")
    found = desk.confirm(website, name="", subject_types=())
    assert (found.entity_id, found.channel_id is not None) == (None, True)
    assert desk.count(Obligation, Obligation.channel_id == found.channel_id) > 0
    owned = desk.confirm(desk.tip("chua-ro-chu.vn", name="Người bán thử nghiệm"), kind=EntityKind.PERSON)
    with desk.database.read() as session:
        assert session.get_one(Channel, (HUE, found.channel_id)).entity_id == owned.entity_id
    assert desk.figures_agree()


def test_a_rejection_tells_why_and_can_be_taken_back(desk: TipDesk) -> None:
    tip, other = desk.tip("vidu-thu-nghiem.vn"), desk.tip("vidu-thu-nghiem.vn")
    with pytest.raises(DomainError, match="Hãy viết lý do"):
        desk.run(reject_tip, tip, seen=Page(0), reason=" ")
    rejected = desk.run(reject_tip, tip, seen=Page(0, (other.id,)), reason="Trang đã đóng.")
    assert (rejected.state, rejected.reason) == (TipState.REJECTED, "Trang đã đóng.")
    assert desk.count(Tip, Tip.state == TipState.REJECTED) == 2
    with pytest.raises(TipDecided, match="đã từ chối tin báo này"):
        desk.confirm(tip)
    opened = desk.run(reopen_tip, tip, revision=1)
    assert (opened.state, opened.reason, opened.decided_by, opened.revision) == (TipState.NEW, "", None, 2)
    with pytest.raises(TipDecided, match="mở lại hoặc đã thay đổi"):
        desk.run(reject_tip, tip, seen=Page(0), reason="Trang đã đóng.")
    confirmed = desk.confirm(opened)
    with pytest.raises(Conflict):
        desk.run(reopen_tip, confirmed, revision=confirmed.revision)
    kinds = ("tip.sent", "tip.rejected", "tip.reopened", "tip.confirmed")
    assert [desk.count(Fact, Fact.kind == kind) for kind in kinds] == [2, 2, 1, 1]


def test_the_queue_shows_each_matter_once_and_doubtful_ones_behind(desk: TipDesk) -> None:
    doubtful = desk.tip("lau-nhat.vn", doubtful=True)
    first, shop = desk.tip("vidu-thu-nghiem.vn"), desk.tip(subject="shop", name="Sạp thử nghiệm", place="Chợ")
    desk.tip("vidu-thu-nghiem.vn")
    desk.tip("lau-nhat.vn", doubtful=True)
    doctor = desk.tip(subject="doctor", name="Bác sĩ thử nghiệm", place="Phường thử nghiệm")
    unknown = desk.tip(subject="unknown", name="Không rõ là gì", place="Ngã tư thử nghiệm")
    assert (doctor.agency_code, unknown.agency_code, unknown.subject_type) == (HEALTH, TRADE, "")
    with desk.database.read() as session:
        page = waiting(session, HUE, TRADE)
        assert [(each.tip.id, each.reports) for each in page.matters] == [
            (first.id, 2),
            (shop.id, 1),
            (unknown.id, 1),
            (doubtful.id, 2),
        ]
        assert count_waiting(session, HUE, TRADE) == 6
        assert waiting(session, HUE, TRADE, 99).page == 1
        assert len(together_with(session, first)) == 1
    desk.run(reject_tip, first, seen=Page(0), reason="Trang đã đóng.")
    with desk.database.read() as session:
        assert [each.tip.id for each in decided(session, HUE, TRADE).matters] == [first.id]
        assert waiting(session, HUE, TRADE).total == 4


def test_only_the_agency_that_leads_decides(small_desk: TipDesk) -> None:
    desk = small_desk
    commune = desk.person("xa@vidu.vn", Role.COMMUNE_OFFICER, commune="19753")
    tip = desk.tip("vidu-thu-nghiem.vn", staff=commune, network="")
    assert (tip.source.value, tip.network, tip.staff_id) == ("commune", None, commune.id)
    with desk.database.read() as session:
        assert [each.id for each in own_tips(session, HUE, commune.id)] == [tip.id]
        assert own_tips(session, HUE, desk.officer.id) == []
    with pytest.raises(NotFound):
        desk.confirm(tip, staff=desk.person("y-te@vidu.vn", Role.OFFICER, HEALTH))
    for person in (commune, desk.person("lanh.dao@vidu.vn", Role.APPROVER, TRADE)):
        with pytest.raises(NotPermitted):
            desk.confirm(tip, staff=person)
    with pytest.raises(NotFound):
        desk.run(reject_tip, Tip(id=uuid.uuid4()), seen=Page(0), reason="x")
    desk.confirm(tip)
    with desk.database.read() as session:
        assert session.scalars(select(Sighting.source).where(Sighting.tip_id == tip.id)).all() == ["commune"] * 2


def test_the_same_form_sent_twenty_times_at_once_is_one_report(desk: TipDesk) -> None:
    report = check_report(
        province_code=HUE,
        subject="website",
        address="vidu-thu-nghiem.vn",
        name="",
        commune_code=None,
        place="",
        seen_on=desk.clock().date(),
        link="",
        note="",
        pictures=(),
        today=desk.clock().date(),
    )
    stamp = new_stamp(desk.clock())

    def send(_number: int) -> str:
        def work(session: Session) -> str:
            return send_tip(session, report, stamp=stamp, now=desk.clock(), vault=desk.vault, network="192.0.2.1").code

        return desk.database.run(work)

    assert len(set(run_together(send, 20))) == 1
    assert desk.count(Tip) == 1
