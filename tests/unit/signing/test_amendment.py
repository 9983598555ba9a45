"""A pledge in force gets a new channel or other data: a new pledge beside it, which takes its place once approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.errors import Conflict
from pledges.core.secrecy import Vault
from pledges.registry.models import Entity, Obligation
from pledges.registry.recounting import recount
from pledges.signing.acts import Confirmation
from pledges.signing.models import Draft, Pledge, PledgeCover, PledgeState
from pledges.signing.operations import sign_draft
from pledges.signing.queries import amendment_under_way, replacement_of
from pledges.signing.reopening import AmendmentUnderWay, NotOpen, start_amendment, start_correction
from tests.support.clock import FixedClock
from tests.support.signing import (
    PUBLIC_URL,
    approve,
    change_answers,
    code_for,
    confirmation_for,
    lead_to,
    run_together,
    seller_pages,
    sign_again,
    signed_by,
)

ONE: dict[str, Any] = {"group__subject_type": "ecommerce_website", "place__channels": ["thu-nghiem-mot.vn"]}
TWO = ["thu-nghiem-mot.vn", "thu-nghiem-hai.vn"]


def in_force(database: Database, clock: FixedClock, vault: Vault) -> Pledge:
    [pledge] = signed_by(database, seller_pages(**ONE), now=clock(), vault=vault).signed
    clock.advance(timedelta(hours=2))
    pledge = approve(database, pledge, now=clock())
    clock.advance(timedelta(hours=2))
    return pledge


def reopened(database: Database, pledge: Pledge, clock: FixedClock, vault: Vault) -> Draft:
    return database.run(lambda session: start_amendment(session, pledge, now=clock(), vault=vault))


def figures(database: Database) -> list[tuple[int, int]]:
    """Waiting and in force, per obligation; and what was counted agrees with the facts."""
    assert database.run(lambda session: recount(session, repair=False)) == []
    with database.read() as session:
        rows = session.scalars(select(Obligation).order_by(Obligation.opened_at, Obligation.id)).all()
        return [(row.waiting_for_agency, row.in_force) for row in rows]


def state_of(database: Database, pledge: Pledge) -> PledgeState:
    with database.read() as session:
        return session.get_one(Pledge, (pledge.province_code, pledge.id)).state


def test_the_old_one_stays_in_force_until_the_new_one_is_approved(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    old = in_force(database, clock, vault)
    draft = reopened(database, old, clock, vault)
    [new] = sign_again(database, draft.id, now=clock(), vault=vault, place__channels=TWO).signed
    assert (new.amends_id, new.state, new.version) == (old.id, PledgeState.SUBMITTED, 1)
    assert new.reference != old.reference
    assert state_of(database, old) is PledgeState.APPROVED
    assert figures(database) == [(0, 1), (1, 0)]
    with database.read() as session:
        held = session.scalars(select(PledgeCover.hold).where(PledgeCover.pledge_id == new.id)).all()
        assert held == ["open", "open"]
        fact = session.scalars(select(Fact.data).where(Fact.object_id == new.id)).one()
        assert fact["amends"] == str(old.id)
        found = amendment_under_way(session, old)
        assert found is not None
        assert found.id == new.id
        assert replacement_of(session, old) is None
    clock.advance(timedelta(days=1))
    approve(database, new, now=clock())
    assert state_of(database, old) is PledgeState.SUPERSEDED
    assert figures(database) == [(0, 1), (0, 1)]


def test_an_amendment_may_be_returned_and_corrected_like_any_other(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    database = sqlite_database
    old = in_force(database, clock, vault)
    draft = reopened(database, old, clock, vault)
    [new] = sign_again(database, draft.id, now=clock(), vault=vault, place__channels=TWO).signed
    lead_to(database, new, PledgeState.RETURNED, now=clock())
    clock.advance(timedelta(hours=2))
    correction = database.run(
        lambda session: start_correction(session, new, asked=["channels"], now=clock(), vault=vault)
    )
    channels = [*TWO[:1], "thu-nghiem-ba.vn"]
    [again] = sign_again(database, correction.id, now=clock(), vault=vault, place__channels=channels).signed
    assert (again.id, again.amends_id, again.version) == (new.id, old.id, 2)
    assert figures(database) == [(0, 1), (0, 0), (1, 0)]
    approve(database, again, now=clock())
    assert figures(database) == [(0, 1), (0, 0), (0, 1)]


def test_twenty_amendments_at_once_are_one_and_a_later_one_leads_to_it(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    old = in_force(database, clock, vault)
    drafts = run_together(lambda _number: reopened(database, old, clock, vault).id, 20)
    assert len(set(drafts)) == 1

    def prepare(session: Session) -> Confirmation:
        draft = session.get_one(Draft, drafts[0])
        change_answers(session, draft, now=clock(), vault=vault, place__channels=TWO)
        code = code_for(session, draft, draft.email, now=clock(), vault=vault)
        return confirmation_for(session, draft, code, now=clock(), vault=vault)

    confirmation = database.run(prepare)
    outcomes = run_together(
        lambda _number: database.run(
            lambda session: sign_draft(
                session, drafts[0], confirmation, now=clock(), vault=vault, public_url=PUBLIC_URL
            )
        ),
        20,
    )
    assert sum(len(outcome.signed) for outcome in outcomes) == 1
    [new] = {pledge.id for outcome in outcomes for pledge in (*outcome.signed, *outcome.already)}
    with pytest.raises(AmendmentUnderWay) as refused:
        reopened(database, old, clock, vault)
    assert refused.value.pledge.id == new
    assert figures(database) == [(0, 1), (1, 0)]


def test_nothing_changed_is_nothing_to_sign(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    database = sqlite_database
    old = in_force(database, clock, vault)
    draft = reopened(database, old, clock, vault)
    with pytest.raises(Conflict, match="Chưa có gì thay đổi"):
        sign_again(database, draft.id, now=clock(), vault=vault)
    clock.advance(timedelta(hours=2))
    [new] = sign_again(database, draft.id, now=clock(), vault=vault, publish=True).signed
    assert (new.publish, old.publish) == (True, False)


@pytest.mark.parametrize("state", [PledgeState.REVOKED, PledgeState.WITHDRAWN, PledgeState.SUPERSEDED])
def test_what_is_no_longer_in_force_is_not_amended(
    sqlite_database: Database, clock: FixedClock, vault: Vault, state: PledgeState
) -> None:
    database = sqlite_database
    old = in_force(database, clock, vault)
    draft = reopened(database, old, clock, vault)
    lead_to(database, old, state, now=clock())
    with pytest.raises(NotOpen):
        sign_again(database, draft.id, now=clock(), vault=vault, place__channels=TWO)
    with pytest.raises(NotOpen):
        reopened(database, old, clock, vault)
    with database.read() as session:
        assert len(session.scalars(select(Pledge)).all()) == 1


def test_the_ordinary_form_amends_too_where_nothing_would_be_lost(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    old = in_force(database, clock, vault)
    aside = seller_pages(**ONE | {"place__channels": ["thu-nghiem-ba.vn"]})
    [beside] = signed_by(database, aside, now=clock(), vault=vault).signed
    assert beside.amends_id is None
    clock.advance(timedelta(hours=2))
    more = seller_pages(**ONE | {"place__channels": TWO})
    [amending] = signed_by(database, more, now=clock(), vault=vault).signed
    assert amending.amends_id == old.id
    assert figures(database) == [(0, 1), (1, 0), (1, 0)]
    clock.advance(timedelta(hours=2))
    third = seller_pages(**ONE | {"place__channels": [*TWO, "thu-nghiem-bon.vn"]})
    [further] = signed_by(database, third, now=clock(), vault=vault).signed
    assert further.amends_id is None
    approve(database, amending, now=clock())
    approve(database, beside, now=clock())
    approve(database, further, now=clock())
    assert state_of(database, old) is PledgeState.SUPERSEDED
    assert figures(database) == [(0, 1)] * 4


def test_other_data_reach_the_register(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    database = sqlite_database
    old = in_force(database, clock, vault)
    draft = reopened(database, old, clock, vault)
    sign_again(database, draft.id, now=clock(), vault=vault, who__name="Công ty TNHH Thử Nghiệm Đổi Tên")
    with database.read() as session:
        assert session.scalars(select(Entity.name)).one() == "Công ty TNHH Thử Nghiệm Đổi Tên"
    assert figures(database) == [(0, 1)]
