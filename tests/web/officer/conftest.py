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
from tests.support.browsing import Browser
from tests.support.clock import FixedClock


@pytest.fixture
def product(database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings) -> Product:
    return Product(
        settings=settings_for_test,
        database=database,
        clock=clock,
        vault=vault,
        storage=Storage(settings_for_test.storage),
        sealer=Sealer.from_settings(settings_for_test, clock),
    )


@pytest.fixture
def app(product: Product) -> Flask:
    return create_app(product=product)


@pytest.fixture
def visitor(app: Flask) -> Browser:
    return Browser(app)
