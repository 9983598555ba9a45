"""The permission table as people read it: one row per action, one column per role."""

from __future__ import annotations

import uuid

import pytest

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import (
    PERMISSIONS,
    Action,
    NotPermitted,
    Place,
    allows,
    possible,
    reach_of,
    require,
)
from pledges.core.errors import NotFound
from pledges.signing.models import PledgeState

COLUMNS = (
    "officer",
    "delegate",
    "approver",
    "administrator",
    "viewer",
    "commune",
    "reporting",
    "auditor",
    "system",
    "watch",
)

# a: own agency, p: same province, s: oneself, w: the whole system, -: nowhere.
TABLE = """
queue.view          a a a - - - - - - -
pledge.view         a a a - - - - - - -
pledge.document     a a a - - - - - - -
pledge.recommend    a a - - - - - - - -
pledge.return       a a a - - - - - - -
pledge.defer        a a a - - - - - - -
pledge.resume       a a - - - - - - - -
pledge.reject       a a a - - - - - - -
pledge.approve      - a a - - - - - - -
batch.view          a a a - - - - - - -
revocation.ask      a a a - - - - - - -
revocation.decide   - a a - - - - - - -
violation.view      a a a - - - - - - -
violation.record    a a - - - - - - - -
entity.view         p p p p p p p - - -
entity.contacts     p p p - - - - - - -
entity.edit         p p - - - - - - - -
claim.decide        p p - - - - - - - -
dispute.decide      a a - - - - - - - -
mailbox.decide      a a - - - - - - - -
scope.decide        a a - - - - - - - -
scope.propose       p p - - - - - - - -
duplicate.decide    p p - - - - - - - -
import.manage       a a - - - - - - - -
tip.send            s s - - - s - - - -
tip.decide          a a - - - - - - - -
paper.record        a a - - - - - - - -
signing.assist      s s - - - s - - - -
institution.manage  a a - - - - - - - -
round.view          a a a - p - - - - -
round.manage        a a - - - - - - - -
list.view           a a a - - - - - - -
list.export         a a a - - - - - - -
coverage.view       a a a - p - - - w -
report.view         u u u - p u u - - -
report.write        u u - - - u u - - -
report.receive      u u u - - u u - - -
duty.manage         - - - p - - - - w -
hotline.manage      - - - p - - - - w -
agency_key.manage   - - - p - - - - w -
audit.view          - - - p - - - p w w
audit.export        - - - p - - - - w -
delegation.manage   - - s p - - - - - -
staff.manage        - - - p - - - - w -
province.set_up     - - - p - - - - w -
wording.approve     - - - p - - - - w -
consent.handle      - - - p - - - - w -
rights.handle       a a a - - - - - - -
rights.decide       a a a - - - - - - -
account.own         s s s s s s s s s s
account.factors     s s s s s s s s s s
"""

STATES = {
    "pledge.recommend": {"submitted", "deferred"},
    "pledge.return": {"submitted", "deferred", "recommended"},
    "pledge.defer": {"submitted", "recommended"},
    "pledge.resume": {"deferred"},
    "pledge.reject": {"submitted", "deferred", "recommended"},
    "pledge.approve": {"recommended"},
    "revocation.ask": {"approved"},
    "revocation.decide": {"approved"},
}

AN_ID, ANOTHER_ID = uuid.UUID(int=1), uuid.UUID(int=2)


def person(column: str) -> Staff:
    role = {
        "officer": Role.OFFICER,
        "delegate": Role.OFFICER,
        "approver": Role.APPROVER,
        "administrator": Role.ADMINISTRATOR,
        "viewer": Role.PROVINCE_VIEWER,
        "commune": Role.COMMUNE_OFFICER,
        "reporting": Role.REPORTING_UNIT,
        "auditor": Role.AUDITOR,
        "system": Role.ADMINISTRATOR,
        "watch": Role.AUDITOR,
    }[column]
    agency = "46-SCT" if role in {Role.OFFICER, Role.APPROVER, Role.REPORTING_UNIT} else None
    province = "00" if column in {"system", "watch"} else "46"
    commune = "19774" if role is Role.COMMUNE_OFFICER else None
    return Staff(id=AN_ID, province_code=province, role=role, agency_code=agency, commune_code=commune, active=True)


PLACES = {
    "self": Place("46", "46-SCT", AN_ID),
    "own agency": Place("46", "46-SCT", ANOTHER_ID),
    "other agency": Place("46", "46-SYT", ANOTHER_ID),
    "no agency": Place("46"),
    "own unit": Place("46", unit_codes=frozenset({"46-SCT", "19774"})),
    "other unit": Place("46", unit_codes=frozenset({"46-BAO"})),
    "unit elsewhere": Place("20", unit_codes=frozenset({"46-SCT", "19774"})),
    "other province": Place("20", "46-SCT", AN_ID),
    "whole system": Place("00"),
}
REACHED = {
    "-": set(),
    "s": {"self"},
    "a": {"self", "own agency"},
    "u": {"own unit"},
    "p": {"self", "own agency", "other agency", "no agency", "own unit", "other unit"},
    "w": set(PLACES),
}


def rows() -> dict[str, dict[str, str]]:
    lines = [line.split() for line in TABLE.strip().splitlines()]
    return {line[0]: dict(zip(COLUMNS, line[1:], strict=True)) for line in lines}


@pytest.mark.parametrize("action", list(Action))
def test_every_role_reaches_as_far_as_the_table_says(action: Action) -> None:
    for column, letter in rows()[action.value].items():
        staff, delegated = person(column), column == "delegate"
        places = (
            {**PLACES, "self": Place("00", None, AN_ID)} if letter == "s" and column in {"system", "watch"} else PLACES
        )
        reached = {name for name, place in places.items() if allows(staff, action, place, delegated=delegated)}
        assert reached == REACHED[letter], column
        for name, place in places.items():
            refusal = NotPermitted if letter == "-" else None if name in reached else NotFound
            if refusal is None:
                require(staff, action, place, delegated=delegated)
            else:
                with pytest.raises(refusal):
                    require(staff, action, place, delegated=delegated)


@pytest.mark.parametrize("action", list(Action))
def test_states_are_those_of_pledges(action: Action) -> None:
    approver, officer = person("approver"), person("officer")
    expected = STATES.get(action.value, {state.value for state in PledgeState})
    here = PLACES["self"]
    for state in PledgeState:
        for staff in (approver, officer):
            if allows(staff, action, here):
                assert possible(staff, action, here, state.value) == (state.value in expected)


def test_the_table_names_every_action_and_no_other() -> None:
    assert set(rows()) == {action.value for action in Action} == {action.value for action in PERMISSIONS}


def test_the_disabled_and_the_homeless_reach_nothing() -> None:
    disabled = person("approver")
    disabled.active = False
    homeless = person("officer")
    homeless.agency_code = None
    for action in Action:
        assert reach_of(disabled, action, delegated=True) is None
    assert not allows(homeless, Action.PLEDGE_VIEW, Place("46", None))


def test_a_delegation_helps_an_officer_only() -> None:
    for column in ("viewer", "commune", "reporting", "administrator", "system"):
        assert reach_of(person(column), Action.PLEDGE_APPROVE, delegated=True) is None
    officer_of_the_whole_system = person("system")
    officer_of_the_whole_system.role = Role.OFFICER
    assert all(reach_of(officer_of_the_whole_system, action, delegated=True) is None for action in Action)
