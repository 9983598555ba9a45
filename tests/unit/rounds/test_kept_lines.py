"""What obligations keep for the lists: filled by the migration, watched by a second reckoning, copied to the letter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from pledges.core.db import Database
from pledges.core.migrate import downgrade, upgrade
from pledges.core.secrecy import Vault
from pledges.messaging.models import MessageState
from pledges.registry.models import Entity, Obligation
from pledges.rounds.kept_lines import recheck_lines
from pledges.rounds.lists import stream_list
from pledges.rounds.models import Outcome, Way
from tests.support.clock import FixedClock
from tests.support.databases import assert_lines_are_kept
from tests.support.signing import HUE
from tests.unit.rounds.list_support import NOT_PLEDGED, streamed
from tests.unit.rounds.quarter import AGENCY, QuarterOffice


@pytest.fixture
def tried(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    """Three who were asked by mail: it arrived, it came back, and one was called as well."""
    office = QuarterOffice(database, clock, vault)
    subjects = [office.subject(f"{name}@vidu.vn") for name in ("an", "sai", "goi")]
    office.start()
    office.rounds.ask((HUE, office.open().id))
    mails = {message.to_address: message for message in office.mails()}
    office.settle(mails["an@vidu.vn"], MessageState.ACCEPTED, accepted_at=clock())
    office.settle(mails["sai@vidu.vn"], MessageState.FAILED, error="refused: 550")
    office.settle(mails["goi@vidu.vn"], MessageState.ACCEPTED, accepted_at=clock())
    office.attempt(subjects[2], Way.CALL, Outcome.NOT_REACHED)
    clock.advance(timedelta(days=200))
    return office


def kept(database: Database) -> list[tuple[str, str, str]]:
    columns = (Obligation.subject_types, Obligation.first_seen_on, Obligation.tried)
    with database.read() as session:
        rows = session.execute(select(*columns).order_by(Obligation.id)).all()
    return [(types, str(day), " ".join(sorted(tried.split()))) for types, day, tried in rows]


def test_the_migration_keeps_what_is_found(tried: QuarterOffice) -> None:
    before = kept(tried.database)
    assert len({told for _types, _day, told in before if told}) == 3
    downgrade(tried.database, "0023")
    upgrade(tried.database)
    assert kept(tried.database) == before
    assert_lines_are_kept(tried.database)


def test_what_differs_is_found_and_repaired_together(tried: QuarterOffice) -> None:
    database, before = tried.database, kept(tried.database)
    with database.read() as session:
        one = session.scalars(select(Obligation.id).where(Obligation.tried != "").limit(1)).one()
    for wrong in ({"tried": ""}, {"subject_types": "artist"}, {"first_seen_on": tried.clock().date()}):
        database.run(lambda session, wrong=wrong: session.execute(update(Obligation).values(**wrong)) and None)
        found = database.run(lambda session: recheck_lines(session, repair=False))
        assert one in found, wrong
        assert database.run(lambda session: recheck_lines(session, repair=True)) == found
        assert database.run(lambda session: recheck_lines(session, repair=False)) == {}
        assert kept(database) == before


def test_a_copied_name_is_the_name_to_the_letter_together(tried: QuarterOffice) -> None:
    name = 'Cơ sở \\ "Thử\tNghiệm"\r\nmột \\N hai \\t ba'
    tried.database.run(lambda session: session.execute(update(Entity).values(name=name)) and None)
    rows = streamed(tried, NOT_PLEDGED)
    assert rows
    assert {row.name for row in rows} == {name}


def test_a_list_left_in_the_middle_holds_nobody_up_together(tried: QuarterOffice) -> None:
    """As when somebody breaks off a download: the session ends while rows are still on their way."""
    with tried.database.read() as session:
        rows = stream_list(session, HUE, AGENCY, NOT_PLEDGED, as_of=None, now=tried.clock())
        first = next(rows)
        assert session.scalars(select(Entity.id).where(Entity.id == first.entity_id)).one() == first.entity_id
    assert streamed(tried, NOT_PLEDGED)[0] == first
    rows.close()
