"""The lists of now: who stands in which part, on which page, with which evidence; and figures that agree with them."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.core.identity import canonical_channel
from pledges.core.secrecy import Vault
from pledges.messaging.models import MessageState
from pledges.registry.models import IN_SCOPE, Entity, Obligation, Scope
from pledges.rounds import attempts, operations
from pledges.rounds.figures import at
from pledges.rounds.list_models import Group
from pledges.rounds.list_rows import PARTS, Edge, ListFilters, Unreached
from pledges.rounds.models import Outcome, Way
from pledges.rounds.rules import group_of
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.unit.rounds.list_support import NOT_PLEDGED, PLEDGED, figures, paged, streamed
from tests.unit.rounds.quarter import QuarterOffice

DAYS = [date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1)]
"""Yesterday has turned, today (1/10) is not over."""


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    return QuarterOffice(database, clock, vault)


def obligations(office: QuarterOffice) -> list[Obligation]:
    with office.database.read() as session:
        return list(session.scalars(select(Obligation).where(Obligation.province_code == HUE)))


def test_everybody_is_found_in_the_group_of_the_rule(office: QuarterOffice) -> None:
    """Every mixture of scope, pledges, asks and days, each in the list where `rules.group_of` puts it."""
    mixtures = [
        (scope, in_force, waiting, asked_on, turns_on)
        for scope in (Scope.PRESUMED_IN, Scope.CONFIRMED_IN, Scope.PRESUMED_OUT, Scope.CONFIRMED_OUT)
        for in_force, waiting in ((0, 0), (0, 1), (1, 0))
        for asked_on in (None, date(2026, 8, 3))
        for turns_on in DAYS
    ]
    subjects = [office.subject() for _ in range(24)]
    owed = [office.owed(each)[0] for each in subjects]
    seen = Counter[Group]()
    for start in range(0, len(mixtures), len(owed)):
        for obligation, mixture in zip(owed, mixtures[start:], strict=False):
            scope, in_force, waiting, asked_on, turns_on = mixture
            waits_until = asked_on and turns_on
            office.put(
                obligation,
                scope=scope,
                in_force=in_force,
                waiting_for_agency=waiting,
                asked_on=asked_on,
                waits_until=waits_until,
                turns_on=turns_on,
            )
        expected = {
            each.id: group_of(
                in_force=each.in_force,
                waiting_for_agency=each.waiting_for_agency,
                asked_on=each.asked_on,
                turns_on=each.turns_on,
                as_of=local_day(office.clock()) - timedelta(days=1),
            )
            for each in obligations(office)
            if each.scope in IN_SCOPE
        }
        for kind, parts in PARTS.items():
            found = {row.obligation_id: row.group for row in streamed(office, kind)}
            assert found == {key: group for key, group in expected.items() if group in parts}
            seen.update(found.values())
    assert set(seen) == {each for parts in PARTS.values() for each in parts}


@pytest.fixture
def mixed(office: QuarterOffice) -> dict[str, Entity]:
    """One subject of each sort on the morning of 1 February 2027, when everybody has turned."""
    made = {
        "asked": office.subject("an@vidu.vn"),
        "bounced": office.subject("sai@vidu.vn"),
        "refused": office.subject("day@vidu.vn"),
        "unsure": office.subject("lo@vidu.vn"),
        "silent": office.subject(),
        "left": office.subject("bo@vidu.vn"),
        "signed": office.subject("ky@vidu.vn"),
        "in_force": office.subject("xong@vidu.vn"),
        "website": office.subject(
            "web@vidu.vn", types=("ecommerce_website",), channels=(canonical_channel("cua-hang-vidu.vn"),)
        ),
    }
    staff = office.officer()
    key = (HUE, office.open().id)
    owed = [each.id for each in office.owed(made["left"])]
    office.database.run(
        lambda session: operations.leave_out(
            session, key, owed, reason="Đang xác minh địa chỉ (thử nghiệm)", staff=staff, now=office.clock()
        )
    )
    office.start()
    office.rounds.ask(key)
    mails = {message.to_address: message for message in office.mails()}
    for email in ("an@vidu.vn", "ky@vidu.vn", "xong@vidu.vn", "web@vidu.vn", "sai@vidu.vn"):
        office.settle(mails[email], MessageState.ACCEPTED, accepted_at=office.clock())
    office.come_back(mails["sai@vidu.vn"])
    office.settle(mails["day@vidu.vn"], MessageState.FAILED, error="refused: 550")
    office.settle(mails["lo@vidu.vn"], MessageState.UNCERTAIN, error="unanswered")
    office.sign(made["signed"])
    office.sign(made["in_force"])
    office.approve(made["in_force"])
    office.days(1)
    office.database.run(
        lambda session: attempts.record_attempts(
            session,
            key,
            [office.ask_of(made["asked"]).id, office.ask_of(made["silent"]).id],
            way=Way.CALL,
            outcome=Outcome.NOT_REACHED,
            made_on=local_day(office.clock()),
            staff=staff,
            now=office.clock(),
            note="Không nghe máy | thử nghiệm",
        )
    )
    office.days(122)
    return made


def test_on_each_line_is_found_how_it_was_tried_and_why_in_vain(
    office: QuarterOffice, mixed: dict[str, Entity]
) -> None:
    names = {entity.id: name for name, entity in mixed.items()}
    rows = {names[row.entity_id]: row for row in streamed(office, NOT_PLEDGED) if row.entity_id}
    assert {name: (row.group, row.unreached_reason) for name, row in rows.items()} == {
        "asked": (Group.NOT_PLEDGED, None),
        "website": (Group.NOT_PLEDGED, None),
        "bounced": (Group.UNREACHABLE, Unreached.BOUNCED),
        "refused": (Group.UNREACHABLE, Unreached.REFUSED),
        "unsure": (Group.UNREACHABLE, Unreached.UNCERTAIN),
        "silent": (Group.UNREACHABLE, Unreached.NOT_MET),
        "left": (Group.UNREACHABLE, Unreached.LEFT_OUT),
    }
    first, second = date(2026, 10, 1), date(2026, 10, 2)
    assert rows["asked"].ways == (("mail", first), ("call", second))
    assert rows["silent"].ways == (("call", second),)
    assert rows["left"].ways == ()
    website = rows["website"]
    assert (website.channel, website.subject_types) == ("cua-hang-vidu.vn", ("ecommerce_website",))
    assert (website.name, website.first_seen_on, website.asked_on) == (mixed["website"].name, first, first)
    pledged = {names[row.entity_id]: row.group for row in streamed(office, PLEDGED) if row.entity_id}
    assert pledged == {"signed": Group.WAITING_FOR_AGENCY, "in_force": Group.IN_FORCE}


def test_pages_hold_everybody_once_and_the_total_comes_from_the_counters(
    office: QuarterOffice, mixed: dict[str, Entity]
) -> None:
    for kind in (NOT_PLEDGED, PLEDGED):
        for filters in (
            {},
            {"group": PARTS[kind][1]},
            {"entry": "46-website"},
            {"subject_type": "ecommerce_website"},
            {"commune": ""},
            {"commune": mixed["asked"].commune_code},
        ):
            wanted = streamed(office, kind, **filters)
            rows, total = paged(office, kind, **filters)
            assert sorted(row.obligation_id for row in rows) == sorted(row.obligation_id for row in wanted)
            assert (len({row.obligation_id for row in rows}), total) == (len(rows), len(wanted)), filters
    assert len(streamed(office, NOT_PLEDGED)) == 7
    assert len(streamed(office, NOT_PLEDGED, entry="46-website")) == 1
    assert sum(figures(office, at(office.clock())).values()) == len(mixed)


def test_a_text_finds_names_addresses_and_websites(office: QuarterOffice, mixed: dict[str, Entity]) -> None:
    [by_address] = streamed(office, NOT_PLEDGED, text="cua-hang-vidu.vn")
    assert by_address.entity_id == mixed["website"].id
    rows, total = paged(office, NOT_PLEDGED, text=mixed["silent"].name)
    assert ([row.entity_id for row in rows], total) == ([mixed["silent"].id], None)
    assert streamed(office, NOT_PLEDGED, text="khong ai ten the nay") == []


def test_an_address_that_names_no_place_shows_the_first_page(office: QuarterOffice, mixed: dict[str, Entity]) -> None:
    for nonsense in ("x", "not_pledged~~~~", "in_force~1~2~2026-01-01~3", "~" * 4):
        assert Edge.read(nonsense) is None
    edge = Edge.at(streamed(office, NOT_PLEDGED)[0])
    assert Edge.read(str(edge)) == edge


def test_a_day_that_is_not_over_has_no_list(office: QuarterOffice) -> None:
    with pytest.raises(DomainError, match="chưa kết thúc"):
        streamed(office, NOT_PLEDGED, local_day(office.clock()))


def test_filters_survive_being_written_down() -> None:
    for filters in (
        ListFilters(),
        ListFilters(commune="", group=Group.UNREACHABLE),
        ListFilters("1", None, "e", "t", "x"),
    ):
        assert ListFilters.from_data(filters.as_data()) == filters
