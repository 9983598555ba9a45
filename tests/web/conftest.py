from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from pledges.app import create_app
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.agency_keys import AgencyKeys
from pledges.documents.sealing import Sealer
from pledges.documents.storage import Storage
from pledges.product import Product
from pledges.settings import Settings
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock


class CompiledTemplates(BytecodeCache):
    """Every test has an application of its own; the templates are compiled once for all of them."""

    def __init__(self) -> None:
        self.compiled: dict[str, tuple[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self.compiled.get(bucket.key, ("", b""))
        if checksum == bucket.checksum:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key] = (bucket.checksum, bucket.bytecode_to_string())


TEMPLATES = CompiledTemplates()


class WholeAnswers(FlaskClient):
    """Reads every answer to its end, as a browser does; only then what it sends, such as a file, is closed."""

    def open(self, *args: Any, buffered: bool = True, **kwargs: Any) -> TestResponse:
        return super().open(*args, buffered=buffered, **kwargs)


def make_app(product: Product) -> Flask:
    app = create_app(product=product)
    app.jinja_env.bytecode_cache = TEMPLATES
    app.test_client_class = WholeAnswers
    return app


def make_product(database: Database, clock: FixedClock, vault: Vault, settings: Settings) -> Product:
    return Product(
        settings=settings,
        database=database,
        clock=clock,
        vault=vault,
        storage=Storage(settings.storage),
        sealer=Sealer.from_settings(settings, clock),
        agency_keys=AgencyKeys.from_settings(settings, clock),
    )


@pytest.fixture
def product(database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings) -> Product:
    """The product of this test, once on each engine."""
    return make_product(database, clock, vault, settings_for_test)


@pytest.fixture
def app(product: Product) -> Flask:
    return make_app(product)


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
    return make_app(small_product)


@pytest.fixture
def visitor(small_app: Flask) -> CheckedClient:
    return CheckedClient(small_app)
