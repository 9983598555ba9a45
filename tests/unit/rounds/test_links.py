"""The personal link: who can make it, what it is good for, and how it is taken away."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.registry.models import Contact
from pledges.rounds import links
from pledges.rounds.links import Invitation, Standing
from pledges.rounds.models import Ask, RoundState
from tests.support.clock import START
from tests.support.invitations import doctor, facts, invite, put, reread, shop
from tests.support.signing import HUE, run_together
from tests.support.staff import add_person


def found(database: Database, ask: Ask, vault: Vault) -> Invitation | None:
    with database.read() as session:
        return links.by_token(session, links.token_of(vault, ask))


def typed(database: Database, code: str) -> Invitation | DomainError:
    with database.read() as session:
        return links.by_short_code(session, code)


def officer(database: Database, agency: str = "46-SCT") -> Staff:
    email = f"cv.{agency.lower()}@vidu.vn"
    return add_person(database, email, role=Role.OFFICER, province_code=HUE, agency_code=agency, ready=False)


def test_the_link_can_be_made_again_but_not_read_out_of_the_database(sqlite_database: Database, vault: Vault) -> None:
    ask = invite(sqlite_database, shop(), now=START, vault=vault)
    token = links.token_of(vault, ask)
    assert re.fullmatch(r"[0-9a-f]{40}", token)
    assert token == links.token_of(vault, reread(sqlite_database, ask))
    assert token not in {str(value) for value in vars(ask).values()}
    assert links.token_of(Vault("another-data-key-0123456789abcdef"), ask) != token
    invitation = found(sqlite_database, ask, vault)
    assert invitation is not None
    assert invitation.ask.id == ask.id
    assert invitation.contact is not None
    assert invitation.contact.value == "ke.toan@vidu.vn"
    assert links.link_of("https://camket.vidu.vn", vault, ask).endswith(f"/ky-cam-ket/loi-moi/{token}")


@pytest.mark.parametrize("typing", ["{}", " {} ", "{} ."])
def test_the_short_code_is_read_as_people_type_it(sqlite_database: Database, vault: Vault, typing: str) -> None:
    ask = invite(sqlite_database, doctor(), now=START, vault=vault)
    assert re.fullmatch(r"[34679ACDEFGHJKMNPQRTWXY]{4}-[34679ACDEFGHJKMNPQRTWXY]{4}", ask.short_code)
    plain = ask.short_code.replace("-", "  ").lower()
    invitation = typed(sqlite_database, typing.format(plain))
    assert isinstance(invitation, Invitation)
    assert invitation.ask.id == ask.id


def test_what_is_unknown_revoked_or_over_gets_one_answer(sqlite_database: Database, vault: Vault) -> None:
    ask, person = invite(sqlite_database, shop(), now=START, vault=vault), officer(sqlite_database)
    refusals = [typed(sqlite_database, code) for code in ("", "abc", "AAAA-AAAA", "x" * 9)]
    put(sqlite_database, ask, RoundState.CLOSED)
    refusals.append(typed(sqlite_database, ask.short_code))
    put(sqlite_database, ask, RoundState.RUNNING)
    sqlite_database.run(lambda session: links.revoke_link(session, ask, person, START))
    refusals.append(typed(sqlite_database, ask.short_code))
    assert {(str(each), getattr(each, "field", None)) for each in refusals} == {(links.NO_SUCH_CODE, "short_code")}


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        (RoundState.OPENED, Standing.OPEN),
        (RoundState.RUNNING, Standing.OPEN),
        (RoundState.PAUSED, Standing.PAUSED),
        (RoundState.CLOSING, Standing.OVER),
        (RoundState.CLOSED, Standing.OVER),
    ],
)
def test_a_link_lives_as_long_as_its_round(
    sqlite_database: Database, vault: Vault, state: RoundState, standing: Standing
) -> None:
    ask = invite(sqlite_database, doctor(), now=START, vault=vault)
    put(sqlite_database, ask, state)
    invitation = found(sqlite_database, ask, vault)
    assert invitation is not None
    assert invitation.standing is standing


def test_revoking_taking_back_and_renewing(sqlite_database: Database, vault: Vault) -> None:
    ask, person = invite(sqlite_database, shop(), now=START, vault=vault), officer(sqlite_database)

    def run(act: Any, **more: Any) -> Any:
        return sqlite_database.run(lambda session: act(session, ask, person, START, **more))

    def standing() -> Standing:
        invitation = found(sqlite_database, ask, vault)
        assert invitation is not None
        return invitation.standing

    run(links.revoke_link)
    assert standing() is Standing.DEAD
    assert reread(sqlite_database, ask).revoked_by == person.id
    with pytest.raises(Conflict):
        run(links.revoke_link)
    run(links.take_back_revocation)
    assert standing() is Standing.OPEN
    with pytest.raises(Conflict):
        run(links.take_back_revocation)
    run(links.revoke_link)
    new_code = run(links.renew, vault=vault)
    assert found(sqlite_database, ask, vault) is None, "the old link stays dead"
    assert isinstance(typed(sqlite_database, ask.short_code), DomainError)
    assert isinstance(typed(sqlite_database, new_code), Invitation)
    renewed = found(sqlite_database, reread(sqlite_database, ask), vault)
    assert renewed is not None
    assert renewed.standing is Standing.OPEN
    assert facts(sqlite_database, "ask.revoked") == 4
    put(sqlite_database, ask, RoundState.CLOSED)
    with pytest.raises(Conflict):
        run(links.revoke_link)


@pytest.mark.parametrize("act", [links.revoke_link, links.take_back_revocation, links.renew])
def test_only_the_officer_of_the_asking_agency_touches_a_link(
    sqlite_database: Database, vault: Vault, act: Any
) -> None:
    ask, stranger = invite(sqlite_database, shop(), now=START, vault=vault), officer(sqlite_database, "46-SYT")
    more = {"vault": vault} if act is links.renew else {}
    with pytest.raises(NotFound):
        sqlite_database.run(lambda session: act(session, ask, stranger, START, **more))


def test_opened_counts_once_however_many_press_at_once(database: Database, vault: Vault) -> None:
    ask = invite(database, doctor(), now=START, vault=vault)

    def press(number: int) -> bool:
        at = START + timedelta(minutes=number)
        return database.run(lambda session: links.record_opened(session, ask, at))

    assert sorted(run_together(press, 4)) == [False, False, False, True]
    assert reread(database, ask).opened_at is not None
    assert facts(database, "ask.opened") == 1


def test_a_code_goes_only_where_somebody_is_still_reached(sqlite_database: Database, vault: Vault) -> None:
    ask = invite(sqlite_database, shop(emails=("ke.toan@vidu.vn", "giam.doc@vidu.vn")), now=START, vault=vault)

    def end(session: Session, contact_id: uuid.UUID, **values: Any) -> None:
        contact = session.get_one(Contact, (HUE, contact_id))
        for name, value in values.items():
            setattr(contact, name, value)

    first = found(sqlite_database, ask, vault)
    assert first is not None
    assert first.contact is not None
    assert first.contact.id == ask.contact_id
    bounced = first.contact
    sqlite_database.run(lambda session: end(session, bounced.id, bounced_at=START))
    second = found(sqlite_database, ask, vault)
    assert second is not None
    assert second.contact is not None
    assert {bounced.value, second.contact.value} == {"ke.toan@vidu.vn", "giam.doc@vidu.vn"}
    other = second.contact
    sqlite_database.run(lambda session: end(session, other.id, ended_at=START))
    nobody = found(sqlite_database, ask, vault)
    assert nobody is not None
    assert nobody.contact is None
    assert replace(nobody, contact=other).standing is Standing.OPEN


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Công ty TNHH Hoa Mai", "Công ty TNHH H•• M••"),
        ("Hộ kinh doanh Trần Thị Thử", "Hộ kinh doanh T•• T•• T••"),
        ("Lê Văn Thử", "L•• V•• T••"),
        ("Đặng Ánh", "Đ•• Á••"),
        ("Hoa-Mai & Con", "H•• &•• C••"),
        ("Công ty", "C•• t••"),
    ],
)
def test_a_name_is_known_only_to_whom_it_belongs(name: str, masked: str) -> None:
    assert links.masked_name(name) == masked


def test_a_masked_address_does_not_name_the_firm() -> None:
    assert links.masked_address("nguyenan@hoamai.com.vn") == "n•••n@h•••.vn"
    assert links.masked_address("a@vidu.vn") == "a•••@v•••.vn"
