from __future__ import annotations

import dataclasses

import pytest

from pledges.app import create_app
from pledges.product import Product
from tests.support.checked_pages import CheckedClient

PAGES = ("/", "/quyen-rieng-tu", "/tro-nang", "/hom-thu", "/_mau-giao-dien")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_passes_the_checks(visitor: CheckedClient, path: str, language: str) -> None:
    page = visitor.get(f"{path}?lang={language}")
    assert page.all("//html/@lang") == [language]
    assert page.response.headers["Content-Language"] == language


def test_home_on_both_engines(pages: CheckedClient) -> None:
    page = pages.get("/")
    assert "Nghị quyết số 397/NQ-CP" in page.words


def test_the_language_stays_for_the_session_and_on_the_page(visitor: CheckedClient) -> None:
    visitor.get("/tro-nang?lang=en")
    page = visitor.get("/tro-nang?x=1&x=2")
    assert page.all("//html/@lang") == ["en"]
    [link] = page.all("//a[@hreflang='vi']/@href")
    assert link == "/tro-nang?x=1&x=2&lang=vi"
    assert visitor.get(link).all("//html/@lang") == ["vi"]


def test_an_unknown_language_changes_nothing(visitor: CheckedClient) -> None:
    page = visitor.get("/?lang=fr%0d%0aX")
    assert page.all("//html/@lang") == ["vi"]


def test_the_footer_names_who_answers_for_the_site(visitor: CheckedClient) -> None:
    settings = visitor.app.extensions["product"].settings
    words = visitor.get("/").words
    assert settings.owner_name in words
    assert settings.owner_contact in words
    assert settings.responsible_person in words
    assert "Mỗi địa bàn, lĩnh vực do một cơ quan chịu trách nhiệm chính." in words


def test_development_pages_are_not_there_in_production(small_product: Product) -> None:
    settings = dataclasses.replace(small_product.settings, env="production")
    visitor = CheckedClient(create_app(product=dataclasses.replace(small_product, settings=settings)))
    for path in ("/_mau-giao-dien", "/hom-thu"):
        assert visitor.get(path, status=404)
    assert "không nhập dữ liệu thật" not in visitor.get("/").words


def test_the_mailbox_is_not_there_when_mail_goes_out(small_product: Product) -> None:
    settings = dataclasses.replace(small_product.settings, smtp_url="smtp://127.0.0.1:25")
    visitor = CheckedClient(create_app(product=dataclasses.replace(small_product, settings=settings)))
    assert visitor.get("/hom-thu", status=404)


def test_robots_are_kept_out_of_files(visitor: CheckedClient) -> None:
    text = visitor.client.get("/robots.txt").text
    assert "Disallow: /ho-so" in text


def test_browsers_find_the_icon(visitor: CheckedClient) -> None:
    with visitor.client.get("/favicon.ico") as answer:
        assert answer.status_code == 200
        assert answer.data[:4] == b"\x00\x00\x01\x00"
