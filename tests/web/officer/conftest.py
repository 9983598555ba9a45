from __future__ import annotations

import pytest
from flask import Flask

from pledges.product import Product
from tests.support.browsing import Browser
from tests.support.staff import app_around


@pytest.fixture
def app(small_product: Product) -> Flask:
    """On SQLite: what sign-in does to the database is tested on both engines in tests/unit/accounts."""
    return app_around(small_product)


@pytest.fixture
def visitor(app: Flask) -> Browser:
    return Browser(app)
