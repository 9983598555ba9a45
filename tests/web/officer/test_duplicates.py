"""Two subjects beside each other: found, compared, merged, kept apart, and taken back."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask

from pledges.product import Product
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.desk import Desk, form_to
from tests.support.signing import HUE
from tests.unit.registry.test_searching import add

LIST = "/can-bo/trung-lap"
SIGNED = "Công ty TNHH Thử Nghiệm 1"


class Pairs(Desk):
    """The desk with a second row about the subject of its pledge."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        super().__init__(product, app, clock)
        self.signed = self.pledge().entity_id
        self.other: uuid.UUID = self.database.run(
            lambda session: add(session, "Công ty Thử Nghiệm Một", province=HUE, address="12 đường Ví Dụ")
        )
        self.browser: CheckedClient = self.at(self.officer)

    def suspected(self) -> Page:
        """The page of the pair, pointed out from the page of the other one."""
        page = self.browser.get(f"{LIST}/moi?doi-tuong={self.other}")
        page = self.decide(page, "/moi", {"other-search": "thu nghiem 1", "other-find": "1"})
        return self.decide(page, "/moi", {"other": str(self.signed)})

    def decide(self, page: Page, ending: str, answers: dict[str, str], status: int = 200) -> Page:
        return self.browser.send(page, answers, form=form_to(page, ending), status=status)


@pytest.fixture
def pairs(small_product: Product, app: Flask, clock: FixedClock) -> Pairs:
    return Pairs(small_product, app, clock)


def test_two_are_pointed_out_compared_merged_and_taken_apart(pairs: Pairs) -> None:
    browser = pairs.browser
    assert "Không có cặp nào chờ xem" in browser.get(LIST).words
    empty = browser.get(f"{LIST}/moi?doi-tuong={pairs.other}")
    assert pairs.decide(empty, "/moi", {}, status=400).problems == ["Hãy tìm rồi chọn đối tượng có thể trùng."]
    page = pairs.suspected()
    assert "Cán bộ nêu" in page.words
    for words in ("12 đường Ví Dụ", "facebook.com/cuahangthu1", pairs.reference, "chu.shop.1@vidu.vn"):
        assert words in page.words, words
    # Whoever has signed stays unless the officer decides otherwise.
    assert page.all("//input[@name='kept'][@checked]/@value") == [str(pairs.signed)]
    again = pairs.decide(page, "/gop", {"note": "Đã gọi điện hỏi."}, status=400)
    assert again.problems == ["Hãy đánh dấu ô này nếu chắc chắn hai bên là một."]
    assert "Đã gọi điện hỏi." in again.text
    done = pairs.decide(again, "/gop", {"kept": str(pairs.other), "note": "Đã gọi điện hỏi.", "sure": "yes"})
    assert "Đã gộp hai đối tượng." in done.words
    assert pairs.figures() == (1, 0)
    # The page that somebody else still has open says what happened.
    late = pairs.decide(page, "/giu-rieng", {"note": "Khác chủ."}, status=409)
    assert "vừa được người khác xử lý" in late.words
    assert pairs.reference in browser.get(f"/can-bo/doi-tuong/{pairs.other}").words
    past = browser.get(browser.get(f"{LIST}/da-xu-ly").all("//tbody//a/@href")[0])
    assert "Đã gộp" in past.words
    assert "Đã gọi điện hỏi." in past.words
    undone = pairs.decide(past, "/hoan-tac", {})
    assert "hai đối tượng lại đứng riêng như trước" in undone.words
    assert pairs.figures() == (1, 0)


def test_two_are_kept_apart_and_looked_at_again(pairs: Pairs) -> None:
    page = pairs.suspected()
    wrong = pairs.decide(page, "/giu-rieng", {"note": ""}, status=400)
    assert wrong.problems == ["Hãy ghi vì sao đây là hai đối tượng khác nhau, để người sau biết."]
    kept = pairs.decide(page, "/giu-rieng", {"note": "Hai chi nhánh."})
    assert "Không có cặp nào chờ xem" in kept.words
    past = pairs.browser.get(pairs.browser.get(f"{LIST}/da-xu-ly").all("//tbody//a/@href")[0])
    assert "Hai chi nhánh." in past.words
    pairs.decide(past, "/hoan-tac", {})
    listed = pairs.browser.get(LIST)
    assert "1 cặp chờ xem" in listed.words
    for query, found in (("dau_hieu=person", 1), ("dau_hieu=channel", 0), ("xa=19753", 1), ("xa=x&dau_hieu=y", 1)):
        assert len(pairs.browser.get(f"{LIST}?{query}").all("//tbody/tr")) == found, query
