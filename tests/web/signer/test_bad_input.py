"""Everything that people and machines type by mistake or malice: refused at its field, and nothing else is lost."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest

from pledges.product import Product
from pledges.signing.models import Draft
from pledges.signing.rules import Page as Step
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.signing import COMMUNES, HUE, LANG_SON, doctor_pages, invented_tax_code, seller_pages
from tests.web.signer.steps import (
    Answers,
    Pages,
    is_vietnamese,
    only_draft,
    path_of,
    progress,
    walk,
    wrong_names,
)

TEN_THOUSAND = "ă" * 10_000
STRANGE = {
    "10,000 characters": TEN_THOUSAND,
    "a bidi control": "Thử \u202eNghiệm",
    "a bidi isolate": "Thử \u2066Nghiệm",
    "a control character": "Thử\x07Nghiệm",
    "HTML": '<b onclick="x">Thử</b>',
    "a script": "<script>alert(1)</script>",
    "heaped marks": "Thu\u0301\u0302\u0303\u0304\u0305\u0306\u0307",
}


def full_seller() -> Pages:
    return seller_pages(
        1,
        place__address="12 Đường Thử",
        place__phone="0912 345 678",
        place__started_on="04/2026",
        place__channels=["cuahangthu.vn", "tiktok.com/@cuahangthu"],
    )


def full_doctor() -> Pages:
    """Under age, so that the fields of the representative are in use."""
    pages = doctor_pages(1, who__licence_number="001/GPHN", place__address="12 Đường Thử")
    pages[Step.SIGNER] = {
        "of_age": "no",
        "representative_name": "Lê Thị Mẹ Thử",
        "representative_relation": "mẹ",
        "representative_email": "me.thu@vidu.vn",
    }
    return pages


def household() -> Pages:
    pages = seller_pages(1, group__subject_type="household_business", who__personal_number="046190123456")
    pages[Step.WHO] |= {"goods": "thực phẩm", "tax_code": invented_tax_code(5)}
    del pages[Step.WHO]["kind"]
    return pages


def platform() -> Pages:
    pages = seller_pages(1, group__subject_type="ecommerce_platform", who__platform_name="Chợ Thử")
    pages[Step.PLACE]["channels"] = ["chothu.vn"]
    del pages[Step.WHO]["kind"]
    return pages


def influencer() -> Pages:
    pages = doctor_pages(1, group__subject_type="influencer", who__stage_name="Bé Thử")
    pages[Step.PLACE]["channels"] = ["tiktok.com/@bethu"]
    del pages[Step.WHO]["profession"], pages[Step.WHO]["workplace"]
    return pages


SIGNERS = {
    "seller": full_seller,
    "doctor": full_doctor,
    "household": household,
    "platform": platform,
    "influencer": influencer,
}

# Page and signer, the fields where something can be typed, and those of them that may not be left empty.
TYPED = [
    ("seller", Step.GROUP, {"email"}, {"email"}),
    ("seller", Step.WHO, {"name", "tax_code"}, {"name", "tax_code"}),
    ("seller", Step.PLACE, {"address", "phone", "started_on"}, set()),
    ("seller", Step.SIGNER, {"name", "title"}, {"name", "title"}),
    ("doctor", Step.WHO, {"name", "profession", "workplace", "licence_number"}, {"name", "profession", "workplace"}),
    (
        "doctor",
        Step.SIGNER,
        {"representative_name", "representative_relation", "representative_email"},
        {"representative_name", "representative_relation", "representative_email"},
    ),
    ("household", Step.WHO, {"personal_number", "goods"}, {"goods"}),
    ("platform", Step.WHO, {"platform_name"}, {"platform_name"}),
    ("influencer", Step.WHO, {"stage_name"}, set()),
]


def assert_refused(page: Page, step: Step, field: str, typed: Any, others: Answers, why: str) -> None:
    """The same page again, one Vietnamese message at that field, everything as it was typed."""
    assert wrong_names(page) == {field}, (why, field, page.problems)
    assert all(is_vietnamese(message) for message in page.problems), page.problems
    shown = page.fields()
    kept = {name: shown.get(name) for name in others}
    assert kept == {name: value if isinstance(value, list) else [value] for name, value in others.items()}, why
    if isinstance(typed, str) and field != "personal_number":
        assert shown[field] == [typed], (why, field)


def of_page(answers: Answers, field: str) -> Answers:
    """What the page must still show beside `field`: all that can be seen, so no empty choice and no sealed number."""
    return {name: value for name, value in answers.items() if name not in {field, "personal_number"} and value}


@pytest.mark.parametrize(
    ("who", "step", "fields", "needed"), TYPED, ids=[f"{case[0]}-{case[1].value}" for case in TYPED]
)
def test_strange_text_in_every_field(
    visitor: CheckedClient, small_product: Product, who: str, step: Step, fields: set[str], needed: set[str]
) -> None:
    pages = SIGNERS[who]()
    page = walk(visitor, pages, step)
    here = path_of(page)
    for field in sorted(fields):
        bad = dict(STRANGE) | ({"nothing": "", "only blanks": "  \u00a0 \u200b"} if field in needed else {})
        for why, typed in bad.items():
            page = visitor.send(page, pages[step] | {field: typed})
            assert path_of(page) == here, (why, field)
            others = of_page(pages[step], field)
            assert_refused(page, step, field, typed if typed.strip() else None, others, why)
            if step is not Step.GROUP:
                draft = only_draft(small_product).answers[step.value]
                assert {name: draft.get(name) for name in others} == others
                if field != "personal_number":
                    assert draft[field] == typed
    page = visitor.send(page, pages[step])
    assert path_of(page) != here


def test_decomposed_letters_and_what_cannot_be_seen_are_made_clean(
    visitor: CheckedClient, small_app: Any, small_product: Product, clock: FixedClock
) -> None:
    """NFD as macOS types it, and zero-width characters as they come from web pages: accepted, and stored clean."""
    for pages in (full_seller(), full_doctor()):
        walk(visitor, pages, Step.CHECK)
        plain = progress(small_product, small_product.vault, clock)
        small_product.database.run(lambda session: session.query(Draft).delete())
        visitor = CheckedClient(small_app)
        walk(
            visitor,
            {
                step: {name: disguised(name, value) for name, value in answers.items()}
                for step, answers in pages.items()
            },
            Step.CHECK,
        )
        strange = progress(small_product, small_product.vault, clock)
        assert strange.first_open is Step.SIGN
        assert (strange.group, strange.who, strange.signer) == (plain.group, plain.who, plain.signer)
        assert strange.place == plain.place
        small_product.database.run(lambda session: session.query(Draft).delete())
        visitor = CheckedClient(small_app)


NOT_TYPED = {"province", "subject_type", "kind", "location", "commune", "of_age", "authority", "country"}


def disguised(name: str, value: Any) -> Any:
    if name in NOT_TYPED:
        return value
    if isinstance(value, list):
        return [disguised("", item) for item in value]
    middle = len(value) // 2
    return unicodedata.normalize("NFD", f"\ufeff {value[:middle]}\u200b{value[middle:]}\u2060 ") if value else value


CHANNELS = {
    "an e-mail address": ("chu.shop@vidu.vn", "thư điện tử"),
    "a script": ("javascript:alert(1)", "javascript"),
    "a data address": ("data:text/html,x", "data"),
    "a mail link": ("mailto:a@vidu.vn", "thư điện tử"),
    "markup": ("<b>shop.vn</b>", "< hoặc >"),
    "a bidi control": ("shop\u202e.vn", "đổi chiều"),
    "10,000 characters": ("a" * 10_000 + ".vn", "ký tự"),
    "the home page of a platform": ("https://www.facebook.com/", "facebook"),
    "a phone number": ("0912 345 678", "số điện thoại"),
    "a number": ("http://127.0.0.1/", "IP"),
    "no domain": ("cửa hàng của tôi", ""),
}


def test_what_is_no_channel(visitor: CheckedClient, small_product: Product) -> None:
    """Refused at its own row; the other rows and fields stay."""
    pages = full_seller()
    empty = walk(visitor, pages, Step.PLACE)
    others = of_page(pages[Step.PLACE], "channels")
    for what, (typed, says) in CHANNELS.items():
        rows = ["cuahangthu.vn", typed, "tiktok.com/@cuahangthu"]
        page = visitor.send(empty, pages[Step.PLACE] | {"channels": rows})
        [link] = page.all("//*[@data-error-summary]//a")
        assert link.get("href") == "#channels-2", what
        assert says in page.problems[0], what
        assert is_vietnamese(page.problems[0]), what
        assert page.fields()["channels"] == rows, what
        assert {name: page.fields()[name] for name in others} == {name: [value] for name, value in others.items()}
        assert only_draft(small_product).answers["dia-ban"]["channels"] == rows, what


def test_more_channels_than_can_be_named(visitor: CheckedClient) -> None:
    pages = full_seller()
    page = walk(visitor, pages, Step.PLACE)
    page = visitor.send(page, pages[Step.PLACE] | {"channels": [f"cuahang{number}.vn" for number in range(400)]})
    assert wrong_names(page) == {"channels"}
    assert "20" in page.problems[0]


def test_a_commune_of_another_province(visitor: CheckedClient) -> None:
    pages = full_seller()
    empty = walk(visitor, pages, Step.PLACE)
    for code in (COMMUNES[LANG_SON], "99999", "", TEN_THOUSAND, "<b>", "19753' OR 1=1"):
        page = visitor.send(empty, pages[Step.PLACE] | {"commune": code})
        assert wrong_names(page) == {"commune"}, code
        assert "Hãy tìm và chọn xã, phường" in page.problems[0]
        assert page.fields()["address"] == ["12 Đường Thử"]
        assert page.fields()["channels"] == pages[Step.PLACE]["channels"]
    page = visitor.send(page, {"commune-search": "Phú Xuân", "commune-find": "1"})
    assert page.problems == []
    assert page.fields()["address"] == ["12 Đường Thử"]
    assert len(page.all(f"//input[@name='commune'][@value='{COMMUNES[HUE]}']")) == 1


def test_what_is_searched_for(visitor: CheckedClient) -> None:
    pages = full_seller()
    empty = walk(visitor, pages, Step.PLACE)
    for query in ("", TEN_THOUSAND, "%", "_", "'", "\\", "<zz>", "\u202e", "🙂"):
        page = visitor.send(empty, pages[Step.PLACE] | {"commune": "", "commune-search": query, "commune-find": "1"})
        assert page.all("//input[@type='radio'][@name='commune']") == [], query
        answer = visitor.client.get("/ky-cam-ket/xa-phuong", query_string={"tinh": HUE, "q": query, "chosen": query})
        assert answer.status_code == 200, query
        assert "<zz>" not in answer.text


CHOICES = [
    (Step.GROUP, "subject_type"),
    (Step.WHO, "kind"),
    (Step.WHO, "location"),
]


@pytest.mark.parametrize(("step", "field"), CHOICES)
def test_choices_that_do_not_exist(visitor: CheckedClient, step: Step, field: str) -> None:
    pages = full_seller()
    empty = walk(visitor, pages, step)
    for value in ("", "khong-co", TEN_THOUSAND, "<b>"):
        page = visitor.send(empty, pages[step] | {field: value})
        assert wrong_names(page) == {field}, value
        assert all(is_vietnamese(message) for message in page.problems)


def test_countries_and_home_provinces_that_do_not_exist(visitor: CheckedClient) -> None:
    pages = full_seller()
    empty = walk(visitor, pages, Step.WHO)
    for country in ("", "VN", "ZZ", "<b>"):
        page = visitor.send(empty, pages[Step.WHO] | {"location": "abroad", "country": country})
        assert wrong_names(page) == {"country"}, country
    for home in ("", HUE, "99", "<b>"):
        page = visitor.send(empty, pages[Step.WHO] | {"location": "elsewhere", "home_province": home})
        assert wrong_names(page) == {"home_province"}, home


def test_a_lookalike_is_refused_at_its_row_until_typed_on_purpose(visitor: CheckedClient) -> None:
    """The last e of the name is Cyrillic; whoever really owns such a name types it as `xn--…`."""
    pages = full_seller()
    page = walk(visitor, pages, Step.PLACE)
    rows = ["cuahangthu.vn", "https://shopeе.vn/abc"]
    page = visitor.send(page, pages[Step.PLACE] | {"channels": rows})
    [link] = page.all("//*[@data-error-summary]//a")
    assert link.get("href") == "#channels-2"
    assert is_vietnamese(page.problems[0])
    assert page.fields()["channels"] == rows
    assert page.fields()["address"] == ["12 Đường Thử"]
    found = re.search(r"xn--[a-z0-9-]+\.vn", page.problems[0])
    assert found is not None
    page = visitor.send(page, {"channels": ["cuahangthu.vn", found[0]]})
    assert path_of(page) == "/ky-cam-ket/nguoi-ky"


def test_a_domain_with_vietnamese_letters_is_no_mistake_but_shown_in_both_forms(visitor: CheckedClient) -> None:
    pages = seller_pages(1, place__channels=["https://cửahàngthử.vn/abc"])
    page = walk(visitor, pages, Step.CHECK)
    assert re.search(r"cửahàngthử\.vn \(xn--[a-z0-9-]+\.vn\)", page.words)
    assert page.all("//*[contains(@class, 'banner--warning')]")
    assert "chữ dễ nhầm" in page.words
