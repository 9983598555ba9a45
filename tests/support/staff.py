"""Members of staff for tests of pages: invented people with a known password."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pyotp
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff, add_staff, begin_session
from pledges.accounts.queries import staff_by_email
from pledges.app import create_app
from pledges.audit.operations import WHOLE_SYSTEM, Actor
from pledges.core.db import Database
from pledges.product import Product
from pledges.settings import read_settings
from tests.support.browsing import Browser
from tests.support.clock import START

PASSWORD = "con trâu đỏ ăn mây chiều"


@cache
def _shell() -> Flask:
    """One application for all tests of staff pages: compiling its templates takes longer than most of these tests."""
    folder = Path(tempfile.mkdtemp(prefix="pledges-staff-pages-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return create_app(read_settings({"PLEDGES_VAR": str(folder), "PLEDGES_PUBLIC_URL": "http://localhost"}))


def app_around(product: Product) -> Flask:
    app = _shell()
    app.extensions["product"] = product
    return app


@cache
def _known_hash() -> str:
    """Made cheaply: a hash names its own cost, and the real one would take longer than the pages behind the sign-in."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


def add_person(
    database: Database,
    email: str = "quan-tri@vidu.vn",
    *,
    role: Role = Role.ADMINISTRATOR,
    province_code: str = WHOLE_SYSTEM,
    agency_code: str | None = None,
    commune_code: str | None = None,
    ready: bool = True,
) -> Staff:
    """Add somebody; `ready`: they have chosen `PASSWORD`."""
    new = NewStaff(email, "Nguyễn Văn Thử", role, province_code, agency_code, commune_code)

    def add(session) -> Staff:  # type: ignore[no-untyped-def]
        staff = add_staff(session, new, actor=Actor("command"), now=START)
        staff.password = _known_hash() if ready else None
        return staff

    return database.run(add)


def enter(client: FlaskClient, product: Product, staff: Staff) -> None:
    """Sign somebody in as the last page of the sign-in does: a row and a cookie. The steps before it cost a second."""
    token = product.database.run(lambda session: begin_session(session, staff, product.clock()))
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie.update({"staff": token, "_user_id": staff.fs_uniquifier})


def sign_in(browser: Browser, email: str = "quan-tri@vidu.vn") -> None:
    """Open the first page of somebody who has just signed in."""
    product: Product = browser.app.extensions["product"]
    with product.database.read() as session:
        staff = staff_by_email(session, email)
    assert staff is not None, email
    enter(browser.client, product, staff)
    assert browser.open("/can-bo").status_code == 200, browser.text


def sign_in_by_hand(browser: Browser, email: str = "quan-tri@vidu.vn", password: str = PASSWORD, key: str = "") -> str:
    """Password, then the second step as the pages ask for it; the key of the application, which is new at first.

    Whoever signs in again must be at least a minute later: no code is taken twice.
    """
    browser.open("/can-bo/dang-nhap")
    response = browser.send("/can-bo/dang-nhap", {"email": email, "password": password})
    assert response.status_code == 303, browser.text
    browser.follow(response)
    step = browser.address.partition("?")[0]
    if step.endswith("/thiet-lap-xac-thuc"):
        key = key_on(browser.page)
        assert browser.send(step, {"code": code_of(browser, key)}).status_code == 200, browser.text
    else:
        response = browser.send(step, {"code": code_of(browser, key)})
        assert response.status_code == 303, browser.text
    assert browser.open("/can-bo").status_code == 200
    return key


def key_on(page: str) -> str:
    """The key that a page offers to an authenticator application."""
    found = re.search(r"data-application-key>([A-Z2-7 ]+)<", page)
    assert found is not None, page
    return found.group(1).replace(" ", "")


def code_of(browser: Browser, key: str) -> str:
    """What an authenticator application shows at the product's time."""
    return pyotp.TOTP(key).at(browser.app.extensions["product"].clock())
