"""The state table in words, references, codes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.signing.models import PledgeState
from pledges.signing.rules import (
    OPEN_STATES,
    TRANSITIONS,
    hold_of,
    may_follow,
    new_reference,
    new_resume_code,
    new_verification_code,
    normal_reference,
    plain_code,
)

ALLOWED = """
submitted      -> recommended returned deferred rejected withdrawn
deferred       -> submitted recommended returned rejected withdrawn
returned       -> submitted withdrawn
recommended    -> countersigning returned deferred rejected withdrawn
countersigning -> approved withdrawn
approved       -> superseded revoked withdrawn
rejected       ->
superseded     ->
revoked        ->
withdrawn      ->
"""


def allowed() -> dict[str, set[str]]:
    table = {}
    for line in ALLOWED.strip().splitlines():
        before, _, after = line.partition("->")
        table[before.strip()] = set(after.split())
    return table


@pytest.mark.parametrize("before", list(PledgeState))
@pytest.mark.parametrize("after", list(PledgeState))
def test_every_pair_of_states_is_decided(before: PledgeState, after: PledgeState) -> None:
    assert may_follow(before, after) is (after.value in allowed()[before.value])


def test_the_table_knows_every_state() -> None:
    assert set(TRANSITIONS) == set(PledgeState)


def test_an_end_holds_nothing() -> None:
    for state in PledgeState:
        if not TRANSITIONS[state]:
            assert hold_of(state) == "ended"
    assert hold_of(PledgeState.APPROVED) == "in_force"
    assert {hold_of(state) for state in OPEN_STATES} == {"open"}


def test_a_reference_survives_how_people_type_it() -> None:
    reference = new_reference("46", date(2026, 3, 5))
    assert reference.startswith("CK-46-2026-")
    for typed in (reference.lower(), reference.replace("-", ""), f"  {reference} ", reference.replace("-", " ")):
        assert normal_reference(typed) == reference


@given(st.text(max_size=40))
def test_no_text_breaks_the_reference(typed: str) -> None:
    normal = normal_reference(typed)
    assert normal == "" or normal_reference(normal) == normal


def test_codes_cannot_be_guessed_and_have_no_lookalikes() -> None:
    codes = {new_resume_code() for _ in range(1000)}
    assert len(codes) == 1000
    letters = set("".join(plain_code(code) for code in codes))
    assert not letters & set("01OILSZB258UV")
    assert len(new_verification_code()) >= 29
