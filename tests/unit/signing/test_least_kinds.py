"""The weakest signature that a clause accepts is enforced at the paper record, in lists, at review and at approval."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.plans.decisions import ENTRY
from pledges.plans.setting_changes import change_settings
from pledges.registry.models import Entity
from pledges.review.checks import check_pledges
from pledges.signing.least_kinds import TooWeak
from pledges.signing.models import Pledge, PledgeState, Signature, SignatureKind
from tests.support.clock import FixedClock
from tests.support.offices import Office
from tests.support.papers_recorded import record, registered
from tests.support.signing import HUE
from tests.unit.signing.test_paper_lists import LISTS, list_of_papers, row


def ask_for(database: Database, clock: FixedClock, kind: str = "otp_confirm") -> None:
    changes = {(ENTRY, "46-seller"): {"least_signature": kind}}
    database.run(
        lambda session: change_settings(session, HUE, changes, reason="Thử nghiệm", actor=Actor("command"), now=clock())
    )


def test_no_paper_is_recorded_where_a_code_is_asked(sqlite_database: Database, clock: FixedClock) -> None:
    database = sqlite_database
    one, two = registered(database, 1, now=clock()), registered(database, 2, now=clock())
    kept = record(database, one, now=clock())
    ask_for(database, clock)
    assert not record(database, one, now=clock()).new, "what is there already is found, and not judged again"
    with pytest.raises(TooWeak, match="không nhận bản ký tay"):
        record(database, two, now=clock(), number="2/CK-TN")

    def bring_in(session: Session) -> object:
        entity = session.get_one(Entity, (HUE, two.id))
        return LISTS.record(session, list_of_papers(session, clock), row(two.name), entity, clock())

    [reason, _params] = database.run(bring_in)  # type: ignore[misc]
    assert "không nhận bản ký tay" in reason
    with database.read() as session:
        assert session.get_one(Pledge, (HUE, kept.pledge.id)).state is PledgeState.APPROVED
    ask_for(database, clock, "scanned_paper")
    assert record(database, two, now=clock(), number="2/CK-TN").new


def test_review_refuses_what_was_signed_by_hand(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    database = sqlite_database
    office = Office(database, clock, vault)

    def sign_with(kind: SignatureKind) -> None:
        of_pledge = Signature.pledge_id == office.key[1]
        database.run(lambda session: session.execute(update(Signature).where(of_pledge).values(kind=kind)))

    def found() -> set[str]:
        with database.read() as session:
            checks = check_pledges(session, HUE, [session.get_one(Pledge, office.key)])[office.key[1]]
        return {str(check) for check in checks if check.code == "signer"}

    sign_with(SignatureKind.SCANNED_PAPER)
    office.do("recommend")
    ask_for(database, clock)
    assert any("không nhận bản ký tay" in said for said in found())
    with pytest.raises(TooWeak):
        office.do("approve")
    office.do("return_for_correction")
    with database.read() as session:
        assert session.scalar(select(Pledge.state).where(Pledge.id == office.key[1])) is PledgeState.RETURNED
    office.enter(PledgeState.SUBMITTED)
    with pytest.raises(TooWeak):
        office.do("recommend")
    sign_with(SignatureKind.OTP_CONFIRM)
    assert not any("không nhận bản ký tay" in said for said in found())
    office.do("recommend")
    office.do("approve")
