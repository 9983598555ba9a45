from __future__ import annotations

import pytest
from flask import Flask

from pledges.app import create_app
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.sealing import Sealer
from pledges.documents.storage import Storage
from pledges.product import Product
from pledges.settings import Settings
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock


def make_product(database: Database, clock: FixedClock, vault: Vault, settings: Settings) -> Product:
    return Product(
        settings=settings,
        database=database,
        clock=clock,
        vault=vault,
        storage=Storage(settings.storage),
        sealer=Sealer.from_settings(settings, clock),
    )


@pytest.fixture
def product(database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings) -> Product:
    """The product of this test, once on each engine."""
    return make_product(database, clock, vault, settings_for_test)


@pytest.fixture
def app(product: Product) -> Flask:
    return create_app(product=product)


@pytest.fixture
def pages(app: Flask) -> CheckedClient:
    """A visitor whose every page is checked."""
    return CheckedClient(app)


@pytest.fixture
def small_product(sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings) -> Product:
    """Only on SQLite: for what does not depend on the engine."""
    return make_product(sqlite_database, clock, vault, settings_for_test)


@pytest.fixture
def small_app(small_product: Product) -> Flask:
    return create_app(product=small_product)


@pytest.fixture
def visitor(small_app: Flask) -> CheckedClient:
    return CheckedClient(small_app)
