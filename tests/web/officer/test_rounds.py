"""The pages of a round, from opening it to the frozen lists; and who sees what of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.core.db import Database
from pledges.product import Product
from pledges.registry.adding import NewEntity
from pledges.registry.models import Entity
from pledges.rounds.asking import Asked, ask_chunk
from pledges.rounds.models import Ask, Attempt, Outcome, Round, RoundState
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.desk import form_to
from tests.support.invitations import doctor, registered, shop
from tests.support.signing import HUE, invented_tax_code
from tests.support.staff import add_person

ROUNDS = "/can-bo/dot-van-dong"
NOW = f"{ROUNDS}/2026Q4"
AGENCY = "46-SCT"


class Department:
    """People of one agency of Huế with sellers in front of them: some with e-mail, some without."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        self.product, self.database, self.app, self.clock = product, product.database, app, clock
        self.officer = self.person("chuyen.vien@vidu.vn", Role.OFFICER)
        self.shops = [self.register(number) for number in range(3)]
        self.silent = self.register(9, emails=())

    def person(self, email: str, role: Role, **where: str) -> Staff:
        place = where or {"agency_code": AGENCY}
        return add_person(self.database, email, role=role, province_code=HUE, **place)

    def register(self, number: int, **changes: object) -> Entity:
        told: dict[str, object] = {
            "name": f"Công ty TNHH Thử Nghiệm {number}",
            "tax_code": invented_tax_code(900 + number),
            "emails": (f"cua.hang.{number}@vidu.vn",),
            "channels": (),
        }
        new: NewEntity = shop(**(told | changes))
        return registered(self.database, new, now=self.clock(), vault=self.product.vault)

    def at(self, person: Staff | None = None) -> CheckedClient:
        staff = person or self.officer
        browser = CheckedClient(self.app)
        token = self.database.run(lambda session: begin_session(session, staff, self.clock()))
        with browser.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": staff.fs_uniquifier})
        return browser

    def opened(self) -> CheckedClient:
        browser = self.at()
        page = browser.get(ROUNDS)
        browser.send(page, form=form_to(page, "/mo"))
        return browser

    def started(self) -> CheckedClient:
        browser = self.opened()
        page = browser.get(f"{NOW}/bat-dau")
        browser.send(page, form=-1)
        return browser

    def ask(self) -> Asked:
        """What the worker does."""
        key = self.round().province_code, self.round().id
        return self.database.run(
            lambda session: ask_chunk(
                session, key, now=self.clock(), vault=self.product.vault, public_url="https://vidu.vn"
            )
        )

    def round(self) -> Round:
        with self.database.read() as session:
            return session.scalars(select(Round)).one()

    def asks(self) -> list[Ask]:
        with self.database.read() as session:
            return list(session.scalars(select(Ask).order_by(Ask.id)))


@pytest.fixture
def department(small_product: Product, app: Flask, clock: FixedClock) -> Department:
    return Department(small_product, app, clock)


def cells(page: Page, caption: str) -> list[list[str]]:
    """The rows of the table whose caption begins like this."""
    rows = page.all(f"//table[caption[starts-with(normalize-space(.), '{caption}')]]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")] for row in rows]


def test_who_would_be_asked_stands_there_before_anything_is_sent(department: Department) -> None:
    browser = department.opened()
    page = browser.get(NOW)
    assert "mời 4 đối tượng, trong đó 3 bằng thư điện tử. Không có thư điện tử: 1." in page.words
    print(cells(page, "Số nghĩa vụ"))
    people = browser.get(f"{NOW}/doi-tuong")
    print(people.words)
    trial = browser.get(f"{NOW}/xem-truoc")
    print(trial.words)
    assert department.asks() == []
