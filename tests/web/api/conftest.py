from __future__ import annotations

import pytest
from flask import Flask

from pledges.product import Product
from tests.support.clock import FixedClock
from tests.unit.reporting.played import Quarterly
from tests.unit.rounds.quarter import QuarterOffice
from tests.web.api.reading import Programs
from tests.web.conftest import make_app


@pytest.fixture
def programs(small_product: Product, small_app: Flask, clock: FixedClock) -> Programs:
    """Nobody is in any register yet."""
    return Programs(small_product, small_app, clock)


@pytest.fixture
def office(small_product: Product, clock: FixedClock) -> QuarterOffice:
    """Some subjects of two agencies of Huế, whom nobody has asked yet; one has signed and one is accepted."""
    found = QuarterOffice(small_product.database, clock, small_product.vault)
    asked = [found.subject(f"nguoi.{number}@vidu.vn") for number in range(4)]
    found.sign(asked[0])
    found.sign(asked[1])
    found.approve(asked[1])
    found.subject(types=("artist",))
    return found


@pytest.fixture
def quarter(product: Product, clock: FixedClock) -> tuple[Quarterly, Programs]:
    """Somebody of the trade agency of Huế stands in every group."""
    played = Quarterly(product.database, clock, product.vault)
    return played, Programs(product, make_app(product), clock)
