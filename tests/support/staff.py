"""Members of staff for tests of pages: invented people with a known password."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff, add_staff
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


def sign_in(browser: Browser, email: str = "quan-tri@vidu.vn", password: str = PASSWORD) -> None:
    browser.open("/can-bo/dang-nhap")
    response = browser.send("/can-bo/dang-nhap", {"email": email, "password": password})
    assert response.status_code == 303, browser.text
    browser.follow(response)
