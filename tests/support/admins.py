"""Whoever administers or watches, at their pages: a row and a cookie stand in for the sign-in, no pledge is needed."""

from __future__ import annotations

from flask import Flask

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.product import Product
from tests.support.checked_pages import CheckedClient
from tests.support.signing import HUE
from tests.support.staff import add_person


def at(product: Product, app: Flask, person: Staff) -> CheckedClient:
    browser = CheckedClient(app)
    token = product.database.run(lambda session: begin_session(session, person, product.clock()))
    with browser.client.session_transaction() as cookie:
        cookie.update({"staff": token, "_user_id": person.fs_uniquifier})
    return browser


def browser_of(
    product: Product, app: Flask, email: str, role: Role = Role.ADMINISTRATOR, province_code: str = HUE
) -> CheckedClient:
    """A new person of this role, at their pages."""
    return at(product, app, add_person(product.database, email, role=role, province_code=province_code, ready=False))
