"""Everybody who is to be asked is asked once, about everything, and nobody else."""

from __future__ import annotations

import pytest

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.models import MessageState
from pledges.rounds.models import Outcome
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.unit.rounds.quarter import QuarterOffice

HELD = MessageState.HELD


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    return QuarterOffice(database, clock, vault)


def test_one_ask_for_everything_and_a_mail_where_one_can_arrive(office: QuarterOffice) -> None:
    both = office.subject("hai@vidu.vn", types=("digital_seller", "ecommerce_platform"))
    office.subject()
    office.subject("khong phai dia chi")
    key = (HUE, office.start().id)
    done = office.rounds.ask(key)
    assert office.rounds.ask(key).nothing
    [mail] = office.mails()
    assert office.deliver() == 1
    assert [each.asked_on for each in office.owed(both)]
    assert [each.outcome for each in office.attempts(both)] == [Outcome.REACHED]
    office.check_counters()
