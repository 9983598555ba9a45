"""What forms ask: kept and read back alike, added up in any order, refused where it cannot be right."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledges.core.errors import DomainError
from pledges.duties.forms import (
    FIELDS,
    MOST_LINKS,
    Answers,
    FieldRow,
    as_json,
    checked,
    completed,
    empty,
    nothing,
    read,
    summed,
)
from pledges.plans.models import ReportForm
from pledges.review.violation_models import ViolationField
from tests.unit.duties.reporters import reviewed, row

F, REVIEW = ViolationField, ReportForm.FALSE_INFORMATION
NUMBER = st.none() | st.integers(0, 10**9)
LINKS = st.lists(st.sampled_from([f"https://ban.vidu.vn/{number}" for number in range(6)]), unique=True).map(tuple)
ROWS = st.tuples(*(st.builds(FieldRow, st.just(each), NUMBER, NUMBER, NUMBER, NUMBER, LINKS) for each in FIELDS))
ANSWERS = st.builds(Answers, st.just(dict(empty(REVIEW).texts)), ROWS)


@settings(max_examples=25)
@given(st.lists(ANSWERS, max_size=3))
def test_sums_are_the_same_in_any_order_and_in_any_parts(parts: list[Answers]) -> None:
    whole = summed(REVIEW, parts)
    for name in ("reviewed", "violating", "handled", "fines"):
        assert getattr(whole.totals, name) == sum(getattr(part.totals, name) for part in parts)
        for field in FIELDS:
            each = [getattr(found, name) or 0 for part in parts for found in part.rows if found.field is field]
            assert next(getattr(found, name) for found in whole.rows if found.field is field) == sum(each)
    assert {link for found in whole.rows for link in found.links} == {
        link for part in parts for found in part.rows for link in found.links
    }
    assert summed(REVIEW, [summed(REVIEW, parts[:1]), summed(REVIEW, parts[1:])]) == whole
    assert summed(REVIEW, reversed(parts)).totals == whole.totals
    assert read(REVIEW, as_json(whole)) == whole


def test_what_is_typed_comes_back_clean_and_what_cannot_be_right_names_its_input() -> None:
    typed = reviewed(replace(row(F.FOOD, 3, 1, 1, 5), links=(" https://a.vidu.vn ", "", "https://a.vidu.vn")))
    assert checked(REVIEW, typed).rows[0].links == ("https://a.vidu.vn",)
    wrong = {
        "milk-reviewed": row(F.MILK, -1),
        "milk-fines": row(F.MILK, 1, 1, 1, 10**13),
        "milk-links": replace(
            row(F.MILK, 1), links=tuple(f"https://{number}.vidu.vn" for number in range(MOST_LINKS + 1))
        ),
    }
    for name, given_row in wrong.items():
        with pytest.raises(DomainError) as refused:
            checked(REVIEW, reviewed(given_row))
        assert refused.value.field == name
    with pytest.raises(DomainError) as refused:
        checked(REVIEW, replace(typed, texts={"results": "x" * 10_001}))
    assert refused.value.field == "results"


def test_empty_beside_something_is_nothing_but_nothing_at_all_is_forgotten() -> None:
    sent = completed(reviewed(row(F.FOOD, 7, 1)))
    assert sent.complete
    assert (sent.totals.reviewed, sent.totals.violating) == (7, 1)
    for forgotten, name in (
        (empty(REVIEW), "food-reviewed"),
        (reviewed(row(F.FOOD, 7), FieldRow(F.MILK, None, 1)), "milk-reviewed"),
        (reviewed(row(F.FOOD, 7), row(F.MILK, 1, 2)), "milk-violating"),
    ):
        with pytest.raises(DomainError) as refused:
            completed(forgotten)
        assert refused.value.field == name
    assert nothing(REVIEW).complete
    assert completed(empty(ReportForm.GENERAL)) == empty(ReportForm.GENERAL)
    assert list(empty(ReportForm.GENERAL).texts) == ["results", "difficulties", "proposals"]
