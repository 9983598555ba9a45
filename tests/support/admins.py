"""Whoever administers or watches, at their pages: a row and a cookie stand in for the sign-in, no pledge is needed."""

from __future__ import annotations

from flask import Flask

from pledges.accounts.models import Role, Staff
from pledges.product import Product
from tests.support.checked_pages import CheckedClient
from tests.support.signing import HUE
from tests.support.staff import add_person, enter


def at(product: Product, app: Flask, person: Staff) -> CheckedClient:
    browser = CheckedClient(app)
    enter(browser.client, product, person)
    return browser


def browser_of(
    product: Product, app: Flask, email: str, role: Role = Role.ADMINISTRATOR, province_code: str = HUE
) -> CheckedClient:
    """A new person of this role, at their pages."""
    return at(product, app, add_person(product.database, email, role=role, province_code=province_code, ready=False))
