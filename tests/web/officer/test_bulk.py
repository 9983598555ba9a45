"""Many files at once: chosen, confirmed, worked through, and told one by one."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import func, select

from pledges.product import Product
from pledges.review.models import Batch
from pledges.signing.models import Pledge, PledgeState
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.desk import Desk, form_to
from tests.support.reviewing import put_into, submitted_copies

S = PledgeState
QUEUE = "/can-bo/hang-doi"
CONFIRM = f"{QUEUE}/xac-nhan"


@pytest.fixture
def desk(small_product: Product, app: Flask, clock: FixedClock) -> Desk:
    return Desk(small_product, app, clock)


@pytest.fixture
def three(desk: Desk) -> list[Pledge]:
    return [desk.pledge(), *submitted_copies(desk.database, desk.pledge(), 2)]


def of(tab: str, *pledges: Pledge) -> str:
    return f"{CONFIRM}?muc={tab}" + "".join(f"&chon={pledge.reference}" for pledge in pledges)


def batch_of(desk: Desk) -> Batch:
    with desk.database.read() as session:
        return session.scalars(select(Batch)).one()


def states(desk: Desk) -> list[PledgeState]:
    with desk.database.read() as session:
        return sorted(session.scalars(select(Pledge.state)))


def confirm(browser: CheckedClient, page: Page, *, status: int = 200) -> Page:
    return browser.send(page, form=form_to(page, "/xac-nhan"), status=status)


def shown(page: Page) -> list[str]:
    return [row.text_content().split()[-1] for row in page.all("//ol[@class='batch-list']/li")]


def test_recommend_what_was_ticked(desk: Desk, three: list[Pledge]) -> None:
    officer = desk.at(desk.officer)
    page = officer.get(of("waiting", *three[:2]))
    assert set(shown(page)) == {pledge.reference for pledge in three[:2]}
    begun = confirm(officer, page)
    batch = batch_of(desk)
    assert begun.response.request.path == f"/can-bo/loat/{batch.id}"
    assert begun.control("tien-do").get("max") == "2"
    assert "0/2" in begun.words
    assert begun.all("//noscript/meta[@http-equiv='refresh']")
    # The same page sent again, by the back button or a second press, leads to the same batch.
    again = confirm(officer, page)
    assert again.response.request.path == begun.response.request.path
    desk.work(batch)
    confirm(officer, page)
    assert states(desk) == [S.RECOMMENDED, S.RECOMMENDED, S.SUBMITTED]
    done = officer.get(f"/can-bo/loat/{batch.id}")
    assert "Đã đề nghị duyệt: 2." in done.words
    assert not done.all("//*[@data-unfinished]")
    assert desk.facts("batch.started") == 1
    part = officer.client.get(f"/can-bo/loat/{batch.id}", headers={"X-Fragment": "1"}).text
    assert "<html" not in part
    assert "2/2" in part


def test_nothing_chosen_is_said_at_the_rows(desk: Desk) -> None:
    officer = desk.at(desk.officer)
    page = officer.get(f"{CONFIRM}?muc=waiting", status=400)
    assert page.problems == ["Hãy chọn ít nhất một hồ sơ trên trang này."]
    assert page.all("//*[@data-error-summary]//a/@href") == ["#chon-1"]
    assert desk.facts("batch.started") == 0


def test_what_changed_since_the_page_was_opened_is_confirmed_anew(desk: Desk, three: list[Pledge]) -> None:
    officer = desk.at(desk.officer)
    page = officer.get(of("waiting", *three))
    desk.do("defer", staff=desk.second)
    fresh = confirm(officer, page, status=409)
    assert "Danh sách vừa thay đổi" in fresh.words
    assert set(shown(fresh)) == {pledge.reference for pledge in three[1:]}
    assert desk.facts("batch.started") == 0
    confirm(officer, fresh)
    assert desk.facts("batch.started") == 1


def test_all_that_pass_are_a_step_of_their_own(desk: Desk, three: list[Pledge]) -> None:
    put_into(desk.database, three[2], S.SUBMITTED, contact_email="ai.do@mailinator.com")
    officer = desk.at(desk.officer)
    queue = officer.get(QUEUE)
    page = officer.get(queue.all("//*[@class='all-results']//a/@href")[0])
    assert page.all("//h1")[0].text_content() == "Đề nghị duyệt 2 hồ sơ"
    confirm(officer, page)
    desk.work(batch_of(desk))
    assert states(desk) == [S.RECOMMENDED, S.RECOMMENDED, S.SUBMITTED]


def test_approve_many_and_read_why_one_was_not(desk: Desk, three: list[Pledge]) -> None:
    for pledge in three:
        put_into(desk.database, pledge, S.RECOMMENDED, recommended_by=desk.officer.id)
    put_into(desk.database, three[1], S.RECOMMENDED, recommended_by=desk.approver.id)
    approver = desk.at(desk.approver)
    page = approver.get(of("recommended", *three))
    assert "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC" in page.words
    assert desk.approver.name in page.words
    assert set(shown(page)) == {three[0].reference, three[2].reference}
    assert "Bạn đã đề nghị duyệt hồ sơ này; người khác phải duyệt." in page.words
    confirm(approver, page)
    batch = batch_of(desk)
    desk.do("defer")
    desk.work(batch)
    desk.key = (three[2].province_code, three[2].id)
    assert desk.pledge().state is S.COUNTERSIGNING
    said = approver.get(f"/can-bo/loat/{batch.id}")
    assert "Đã duyệt: 1. Chưa làm được: 1, xem lý do dưới đây." in said.words
    assert "đã tạm hoãn hồ sơ này lúc" in said.words
    assert said.all("//*[@data-unfinished]"), "the signature is still to come"
    # Colleagues of the agency may look, others find nothing.
    desk.at(desk.officer).get(f"/can-bo/loat/{batch.id}")
    desk.at(desk.officer).get(f"/can-bo/loat/{uuid.uuid4()}", status=404)


def test_files_of_others_are_not_even_named(desk: Desk, three: list[Pledge]) -> None:
    doctors = desk.person("y.te@vidu.vn", desk.officer.role, agency="46-SYT")
    page = desk.at(doctors).get(of("waiting", *three), status=400)
    assert three[0].reference not in page.all("//main")[0].text_content()
    # An approver has nothing to do with many files that wait for an officer, and the other way round.
    desk.at(desk.approver).get(of("waiting", *three), status=404)
    desk.at(desk.officer).get(of("recommended", *three), status=404)
    with desk.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 0
