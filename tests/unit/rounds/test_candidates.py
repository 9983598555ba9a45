"""Before anything is sent: exactly who would be asked and why, and who not and why not."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM
from pledges.core.channels import canonical_channel
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.registry.adding import Seen, add_channel
from pledges.registry.models import Cohort
from pledges.registry.rules import OFFICER
from pledges.rounds.candidates import Candidate, Preview, candidates, preview
from pledges.rounds.models import Why
from pledges.rounds.operations import leave_out
from pledges.rounds.population import Part
from pledges.signing.models import PledgeState
from tests.support.clock import FixedClock
from tests.support.signing import HUE, doctor_pages, lead_to, seller_pages, signed_by
from tests.unit.rounds.quarter import QuarterOffice, ids

S = PledgeState


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    return QuarterOffice(database, clock, vault)


def seen(office: QuarterOffice) -> Preview:
    with office.database.read() as session:
        return preview(session, office.open(), now=office.clock())


def listed(office: QuarterOffice, **which: Any) -> list[Candidate]:
    office.open()
    with office.database.read() as session:
        return candidates(session, office.open(), now=office.clock(), **which)


def test_why_each_is_asked(office: QuarterOffice) -> None:
    ways = ((S.RETURNED,), (S.REJECTED,), (S.WITHDRAWN,), (), (S.RECOMMENDED,))
    for number, states in enumerate(ways, start=1):
        signed = signed_by(office.database, seller_pages(number), now=office.clock(), vault=office.vault).signed[0]
        lead_to(office.database, signed, *states, now=office.clock())
    carried, newcomer = office.subject("mot@vidu.vn"), office.subject()
    office.put(office.owed(newcomer)[0], cohort=Cohort.NEWCOMER)
    found = seen(office)
    counts = {why: found.count(part=Part.TO_ASK, why=why) for why in Why}
    assert counts == {Why.RETURNED: 1, Why.ENDED: 2, Why.NEWCOMER: 1, Why.CARRIED_OVER: 1, Why.SIGN_AGAIN: 0}
    assert found.count(part=Part.WAITING_FOR_AGENCY) == 2
    assert (found.entities, found.by_mail, found.without_contact) == (5, 4, 1)
    assert {each.entity_id: each.why for each in listed(office, in_part=Part.TO_ASK)}[carried.id] is Why.CARRIED_OVER
    assert [each.entity_id for each in listed(office, because=Why.NEWCOMER)] == [newcomer.id]
    assert [each.entity_id for each in listed(office, by_mail=False, in_part=Part.TO_ASK)] == [newcomer.id]


def test_why_each_is_not_asked(office: QuarterOffice) -> None:
    left, asked = office.subject("mot@vidu.vn"), office.subject("hai@vidu.vn")
    force, outside = office.subject(), office.subject()
    office.subject(types=("enterprise",))
    address = canonical_channel("https://khongrochu.vn")
    website = partial(add_channel, entity=None, address=address, seen=Seen(OFFICER, date(2026, 10, 1)))
    office.database.run(lambda session: website(session, province_code=HUE, actor=SYSTEM, now=office.clock()))
    office.put(office.owed(force)[0], in_force=1)
    office.out_of_scope(outside)
    key = (HUE, office.start().id)
    out = partial(leave_out, key=key, obligation_ids=ids(office.owed(left)), staff=office.officer())
    office.database.run(lambda session: out(session, reason="Đang giải thể", now=office.clock()))
    office.rounds.ask(key)
    found = {each.part: each for each in listed(office)}
    assert {line.part: line.obligations for line in seen(office).lines} == dict.fromkeys(found, 1)
    assert set(found) == set(Part) - {Part.TO_ASK, Part.NO_DOCUMENT, Part.WAITING_FOR_AGENCY}
    assert (found[Part.LEFT_OUT].reason, found[Part.LEFT_OUT].name) == ("Đang giải thể", left.name)
    assert (found[Part.ASKED].entity_id, found[Part.ASKED].email) == (asked.id, "hai@vidu.vn")
    assert (found[Part.OWNER_UNKNOWN].name, found[Part.OWNER_UNKNOWN].entity_id) == ("khongrochu.vn", None)
    assert found[Part.NOT_YET].entry_id == "46-business"
    for part in Part:
        assert [each.part for each in listed(office, in_part=part)] == [part] * (part in found)


def test_pages_follow_one_another_and_names_are_found_without_marks(office: QuarterOffice) -> None:
    everybody = [office.subject() for _ in range(7)]
    pages, after = list[Candidate](), None
    while page := listed(office, after=after, limit=3):
        pages += page
        after = page[-1].obligation_id
    assert [each.entity_id for each in pages] == [each.id for each in everybody]
    assert [each.name for each in listed(office, text="thu nghiem 3")] == ["Công ty Thử Nghiệm 3"]
    assert listed(office, text="100%") == []
    assert listed(office, entry_id="46-platform") == []


def test_one_agency_never_sees_what_another_one_leads(office: QuarterOffice) -> None:
    signed_by(office.database, doctor_pages(), now=office.clock(), vault=office.vault)
    office.subject()
    assert {line.entry_id for line in seen(office).lines} == {"46-seller"}
    health = QuarterOffice(office.database, office.clock, office.vault, "46-SYT")
    assert {line.entry_id for line in seen(health).lines} == {"46-health"}


def test_the_preview_writes_nothing(office: QuarterOffice) -> None:
    office.subject("mot@vidu.vn")
    of_round = office.open()

    def look(session: Session) -> tuple[Preview, list[Candidate]]:
        return preview(session, of_round, now=office.clock()), candidates(session, of_round, now=office.clock())

    with office.database.read() as session:
        found, rows = look(session)
    assert (found.entities, len(rows)) == (1, 1)
    assert (office.asks(), office.mails(), office.facts("ask.made")) == ([], [], 0)
