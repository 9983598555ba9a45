"""Every column of every model is posted to every form, and every field twice: the same happens as without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from pledges.accounts.models import Staff
from pledges.core.secrecy import Vault
from pledges.product import Product
from pledges.settings import read_settings
from pledges.signing.rules import Page as Step
from tests.security.extra_fields import UNLIKELY, PushyClient, every_column, told
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.databases import SqliteTemplate
from tests.support.desk import Desk, form_to
from tests.support.signing import HUE, seller_pages
from tests.support.staff import add_person
from tests.web.conftest import make_app, make_product
from tests.web.signer.steps import newest_code, path_of, sign, walk

NEW = {"name": "Trần Thị Mẫu", "email": "moi@vidu.vn", "role": "officer", "agency": "46-SCT", "signing_title": ""}

Story = Callable[[Product, Flask, FixedClock, type[CheckedClient]], CheckedClient]


def a_signer(product: Product, app: Flask, _clock: FixedClock, client: type[CheckedClient]) -> CheckedClient:
    """From the first page to the signature, and back to the file by a code."""
    visitor, pages = client(app), seller_pages(place__address="12 Đường Thử", place__phone="0912345678")
    signing = walk(visitor, pages, Step.SIGN)
    done = sign(visitor, product, signing, pages[Step.SIGNER]["name"])
    [reference] = done.all("//main//*[contains(@class, 'confirmation')]//strong/text()")
    stranger = client(app)
    door = stranger.send(stranger.get(f"/ho-so/{reference}"))
    opened = stranger.send(door, {"code": newest_code(product)})
    assert "Thử" in opened.words
    assert path_of(opened) == f"/ho-so/{reference}"
    return visitor


def an_office(product: Product, app: Flask, clock: FixedClock, client: type[CheckedClient]) -> CheckedClient:
    """One recommends, another approves; an administrator adds somebody, whose post then changes."""
    desk = Desk(product, app, clock)

    def at(person: Staff) -> CheckedClient:
        browser = client(app)
        browser.client = desk.at(person).client
        return browser

    for person, ending in ((desk.officer, "/de-nghi-duyet"), (desk.approver, "/duyet")):
        browser = at(person)
        page = browser.get(desk.address)
        browser.send(page, form=form_to(page, ending))
    browser = at(add_person(product.database, "quan-tri.hue@vidu.vn", province_code=HUE))
    adding = browser.get(f"/quan-tri/can-bo/them/{HUE}")
    shown = browser.send(adding, NEW, form=_main_form(adding))
    assert "moi@vidu.vn" in shown.words
    changing = browser.get(f"{path_of(shown)}/sua")
    changed = browser.send(changing, {"name": "Trần Thị Mẫu Hai"}, form=_main_form(changing))
    assert "Trần Thị Mẫu Hai" in changed.words
    return browser


def _main_form(page: Page) -> int:
    """The first in the page itself; the one above it signs out."""
    forms = page.all("//form[@method='post']")
    return next(place for place, form in enumerate(forms) if any(each.tag == "main" for each in form.iterancestors()))


STORIES: dict[str, Story] = {"a signer": a_signer, "an office": an_office}


@pytest.mark.parametrize("name", STORIES)
def test_nothing_but_the_listed_fields_counts(
    sqlite_template: SqliteTemplate, vault: Vault, tmp_path: Path, name: str
) -> None:
    outcomes = []
    for client in (CheckedClient, PushyClient):
        clock = FixedClock()
        settings = read_settings(
            {"PLEDGES_VAR": str(tmp_path / client.__name__), "PLEDGES_PUBLIC_URL": "http://localhost"}
        )
        with sqlite_template.fresh() as database:
            product = make_product(database, clock, vault, settings)
            visitor = STORIES[name](product, make_app(product), clock, client)
            outcomes.append(told(database))
    assert isinstance(visitor, PushyClient)
    assert visitor.sent > 200
    honest, pushy = outcomes
    assert UNLIKELY not in str(pushy)
    different = {
        table: (honest[table] - pushy[table], pushy[table] - honest[table])
        for table in honest
        if honest[table] != pushy[table]
    }
    assert different == {}


def test_the_columns_are_those_that_would_hurt() -> None:
    assert {"state", "role", "province_code", "agency_code", "approved_at", "document_id", "signed_at"} <= set(
        every_column()
    )
