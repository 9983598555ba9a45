"""People of one agency and a submitted pledge, for the tests of the review."""

from __future__ import annotations

import pytest

from pledges.accounts.models import Staff
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.signing.models import Pledge
from tests.support.clock import FixedClock
from tests.support.reviewing import approver_of, officer_of, submitted


@pytest.fixture
def officer(database: Database) -> Staff:
    return officer_of(database)


@pytest.fixture
def approver(database: Database) -> Staff:
    return approver_of(database)


@pytest.fixture
def pledge(database: Database, clock: FixedClock, vault: Vault) -> Pledge:
    """Of an online seller in Huế, signed and with a document."""
    return submitted(database, now=clock(), vault=vault)
