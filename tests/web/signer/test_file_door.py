"""`/ho-so/<reference>`: whoever has no code learns nothing, not even whether there is such a file."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from pledges.product import Product
from pledges.signing.rules import Page as Step
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.pdf_tools import assert_sound
from tests.support.signing import LANG_SON, doctor_pages, seller_pages
from tests.web.signer.steps import messages, newest_code, path_of, seal_everything, sign, walk, wrong_names

UNKNOWN = "CK-46-2026-ZZZZZZ"


@pytest.fixture
def own(visitor: CheckedClient, small_product: Product) -> str:
    """The reference of a pledge that `visitor` has signed."""
    return signed(visitor, small_product, seller_pages())


def signed(client: CheckedClient, product: Product, pages: Any) -> str:
    name = pages[Step.SIGNER].get("name") or pages[Step.WHO]["name"]
    page = sign(client, product, walk(client, pages, Step.SIGN), name)
    [reference] = page.all("//main//*[contains(@class, 'confirmation')]//strong/text()")
    return str(reference)


def bare(page: Page, reference: str) -> str:
    """A page without what differs by nature: its tokens and the reference."""
    text = re.sub(r'name="csrf_token" value="[^"]+"', "", page.text)
    text = re.sub(r"\b[0-9a-f]{16}\b", "REQUEST", text)
    return text.replace(reference, "REFERENCE").replace(reference.lower(), "REFERENCE")


def door_of(app: Flask, reference: str, clock: FixedClock) -> list[str]:
    """All that a stranger sees before a right code: the door, a code sent, sent again, wrong codes."""
    stranger = CheckedClient(app)
    address = f"/ho-so/{reference}"
    page = stranger.get(address)
    seen = [page]
    seen.append(stranger.send(page))
    seen.append(stranger.send(seen[-1], form=1))
    for typed in ("", "abc", "123", *["000000"] * 6):
        seen.append(stranger.send(seen[-1], {"code": typed}))
    seen.append(stranger.get(address))
    assert stranger.client.get(f"{address}/ban-cam-ket.pdf").status_code == 404
    return [bare(page, reference) for page in seen]


def test_known_unknown_and_foreign_references_look_alike(
    small_app: Flask, small_product: Product, clock: FixedClock, own: str
) -> None:
    foreign = signed(CheckedClient(small_app), small_product, doctor_pages(2, province=LANG_SON))
    clock.advance(timedelta(hours=2))
    known, other, unknown = (door_of(small_app, reference, clock) for reference in (own, foreign, UNKNOWN))
    assert known == other == unknown
    for text in known:
        assert "Thử Nghiệm" not in text
        assert "vidu.vn" not in text
    assert len(messages(small_product, "file_code")) == 2


def test_the_limit_of_mails_tells_nothing_either(
    small_app: Flask, small_product: Product, clock: FixedClock, own: str
) -> None:
    """Whoever just signed has had a code already; a stranger must not be able to count that.

    Both are asked in turn: mail that waits too long is told at every door.
    """
    strangers = {reference: CheckedClient(small_app) for reference in (own, UNKNOWN)}
    pages = {reference: stranger.get(f"/ho-so/{reference}") for reference, stranger in strangers.items()}
    seen: dict[str, list[str]] = {own: [], UNKNOWN: []}
    for _ in range(5):
        for reference, stranger in strangers.items():
            forms = pages[reference].all("//form[@method='post']")
            pages[reference] = stranger.send(pages[reference], form=len(forms) - 1)
            seen[reference].append(re.sub(r"\d+ (giây|phút)", "", bare(pages[reference], reference)))
        clock.advance(timedelta(seconds=61))
    assert seen[own] == seen[UNKNOWN]


@pytest.mark.parametrize("spelling", [str.lower, lambda text: text.replace("-", ""), lambda text: text[:-1] + "?"])
def test_only_the_one_spelling_takes_posts(
    visitor: CheckedClient, small_product: Product, own: str, spelling: Any
) -> None:
    """Codes asked for under another spelling would go past the limits of the file."""
    for reference in (own, UNKNOWN):
        page = visitor.get(f"/ho-so/{UNKNOWN}")
        fields = {"csrf_token": page.fields()["csrf_token"][0], "code": "000000"}
        for address in (f"/ho-so/{spelling(reference)}", f"/ho-so/{spelling(reference)}/ma"):
            assert visitor.client.post(address.replace("?", "%3F"), data=fields).status_code == 404
    assert messages(small_product, "file_code") == []


def test_the_right_code_opens_the_file_here_and_for_an_hour(
    small_app: Flask, small_product: Product, clock: FixedClock, own: str, tmp_path: Any
) -> None:
    seal_everything(small_product)
    client, stranger = CheckedClient(small_app), CheckedClient(small_app)
    door = client.send(client.get(f"/ho-so/{own}"))
    wrong = client.send(door, {"code": "000000"})
    assert wrong_names(wrong) == {"code"}
    code = newest_code(small_product)
    opened = client.send(wrong, {"code": f"{code[:3]} {code[3:]}"})
    assert path_of(opened) == f"/ho-so/{own}"
    assert "Chờ duyệt" in opened.words
    assert "Trần Thị Thử Nghiệm" in opened.words
    answer = client.client.get(f"/ho-so/{own}/ban-cam-ket.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert_sound(answer.data, tmp_path)
    assert stranger.client.get(f"/ho-so/{own}/ban-cam-ket.pdf").status_code == 404
    assert client.client.get(f"/ho-so/{UNKNOWN}/ban-cam-ket.pdf").status_code == 404
    used = stranger.send(stranger.get(f"/ho-so/{own}"))
    assert "Trần Thị Thử Nghiệm" not in stranger.send(used, {"code": code}).words
    clock.advance(timedelta(minutes=61))
    assert "Trần Thị Thử Nghiệm" not in client.get(f"/ho-so/{own}").words
    assert client.client.get(f"/ho-so/{own}/ban-cam-ket.pdf").status_code == 404


def test_a_file_that_waits_for_its_seal_says_so(visitor: CheckedClient, small_product: Product, own: str) -> None:
    page = visitor.get(f"/ho-so/{own}")
    assert "Chờ niêm phong" in page.words
    assert page.all("//main//a[contains(@href, '.pdf')]") == []
    seal_everything(small_product)
    page = visitor.get(f"/ho-so/{own}")
    assert "Chờ duyệt" in page.words
    assert page.all("//main//a[contains(@href, '.pdf')]")


def test_a_stranger_who_knows_the_reference_cannot_spoil_the_owners_code(
    small_app: Flask, small_product: Product, clock: FixedClock, own: str
) -> None:
    """Codes belong to the browser that asked: wrong tries elsewhere cost nothing, and a new one voids no other."""
    owner, stranger = CheckedClient(small_app), CheckedClient(small_app)
    door = owner.send(owner.get(f"/ho-so/{own}"))
    code = newest_code(small_product)
    clock.advance(timedelta(seconds=61))
    tried = stranger.send(stranger.get(f"/ho-so/{own}"))
    for _ in range(7):
        tried = stranger.send(tried, {"code": "000000"})
    assert wrong_names(stranger.send(tried, {"code": code})) == {"code"}
    assert "Trần Thị Thử Nghiệm" in owner.send(door, {"code": code}).words


def test_a_stranger_who_knows_the_reference_cannot_use_up_the_owners_codes(
    small_app: Flask, small_product: Product, clock: FixedClock, own: str
) -> None:
    stranger, owner = CheckedClient(small_app), CheckedClient(small_app)
    stranger.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    page = stranger.get(f"/ho-so/{own}")
    for _ in range(12):
        clock.advance(timedelta(seconds=61))
        page = stranger.send(page, form=len(page.all("//form[@method='post']")) - 1)
    assert "Hãy thử lại sau" in page.words
    assert len(messages(small_product, "file_code")) == 2
    door = owner.send(owner.get(f"/ho-so/{own}"))
    assert "Trần Thị Thử Nghiệm" in owner.send(door, {"code": newest_code(small_product)}).words


def test_while_the_storage_is_away_the_file_says_so(visitor: CheckedClient, small_product: Product, own: str) -> None:
    seal_everything(small_product)
    folder = small_product.storage.folder
    folder.rename(folder.with_name("away"))
    page = visitor.get(f"/ho-so/{own}/ban-cam-ket.pdf", status=503)
    assert "Bản cam kết vẫn được ghi nhận" in page.words
    folder.with_name("away").rename(folder)
    assert visitor.client.get(f"/ho-so/{own}/ban-cam-ket.pdf").status_code == 200


@pytest.mark.parametrize("typed", ["", "CK", "CK-46-2026", "ă" * 10_000, "<b>", "CK-46-2026-7KXA3Q9", "\u202eCK"])
def test_what_is_no_reference(visitor: CheckedClient, typed: str) -> None:
    page = visitor.send(visitor.get("/ho-so"), {"reference": typed})
    assert wrong_names(page) == {"reference"}
    assert page.fields()["reference"] == [typed.strip()] or page.fields()["reference"] == [typed]


@pytest.mark.parametrize("typed", ["ck 46 2026 zzzzzz", "CK462026ZZZZZZ", "\u200bCK-46-2026-zzzzzz "])
def test_a_reference_as_people_type_it(visitor: CheckedClient, typed: str) -> None:
    assert path_of(visitor.send(visitor.get("/ho-so"), {"reference": typed})) == f"/ho-so/{UNKNOWN}"


def test_an_address_that_cannot_be_a_reference_is_not_found(visitor: CheckedClient) -> None:
    for path in ("/ho-so/abc", "/ho-so/CK-46-2026-7KXA3Q9", "/ho-so/%00", "/ho-so/" + "a" * 5000):
        visitor.get(path, status=404)
