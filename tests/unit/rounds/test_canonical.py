"""The canonical list: one form for one content, nothing personal in it, and values that can be proved or erased."""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.registry.models import Cohort
from pledges.rounds.canonical import (
    COLUMNS,
    HEADER,
    commitment,
    commitment_in,
    line_of,
    read_line,
    sha256_of,
    values_of,
    whole,
)
from pledges.rounds.list_models import Group
from pledges.rounds.list_rows import ListRow, Unreached
from pledges.rounds.models import Way
from tests.unit.rounds.list_support import list_row

SALT = "0f" * 16
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
NAMES = st.text(st.characters(codec="utf-8"), max_size=40).map(lambda text: unicodedata.normalize("NFC", text))

ROWS = st.builds(
    list_row,
    group=st.sampled_from(Group),
    entry_id=st.sampled_from(["46-seller", "46-website"]),
    clause=st.sampled_from(["", "hue-7.10"]),
    obligation_id=st.uuids(),
    entity_id=st.none() | st.uuids(),
    commune_code=st.sampled_from(["", "19753"]),
    subject_types=st.lists(st.sampled_from(["artist", "digital_seller"]), unique=True).map(sorted).map(tuple),
    cohort=st.sampled_from([each.value for each in Cohort]),
    asked_on=st.none() | DAYS,
    turns_on=st.none() | DAYS,
    ways=st.lists(st.tuples(st.sampled_from([each.value for each in Way]), DAYS), max_size=3).map(tuple),
    unreached_reason=st.none() | st.sampled_from(Unreached),
    name=NAMES,
    tax_code=st.sampled_from(["", "0123456787"]),
    channel=st.sampled_from(["", "cua-hang-vidu.vn"]),
    first_seen_on=st.none() | DAYS,
)

ROW = list_row(
    obligation_id=uuid.UUID(int=1),
    entity_id=uuid.UUID(int=2),
    name="Công ty, “Thử Nghiệm”\n",
    tax_code="0123456787",
    channel="",
    group=Group.UNREACHABLE,
    entry_id="46-seller",
    clause="hue-7.10",
    commune_code="19753",
    subject_types=("digital_seller", "enterprise"),
    cohort="initial",
    asked_on=None,
    turns_on=date(2026, 12, 31),
    ways=(("mail", date(2026, 10, 1)), ("call", date(2026, 10, 2))),
    unreached_reason=Unreached.BOUNCED,
    first_seen_on=date(2026, 2, 1),
)


@given(ROWS)
def test_a_line_says_all_of_a_row_and_nothing_of_whose_it_is(row: ListRow) -> None:
    line = line_of(row, SALT)
    assert read_line(line, values_of(row)) == row
    assert read_line(line, {}) == row._replace(name="", tax_code="", channel="")
    assert line.isascii()
    assert line.count(",") == len(COLUMNS) - 1
    assert commitment_in(line) == commitment(SALT, values_of(row))


def test_the_form_never_changes() -> None:
    """Who keeps a file of 2026 must be able to verify it in 2046: write a new rule version rather than this test."""
    line = line_of(ROW, SALT)
    values = '{"channel":"","name":"Công ty, “Thử Nghiệm”\\n","tax_code":"0123456787"}'
    committed = hashlib.sha256((SALT + values).encode()).hexdigest()
    assert line == (
        "unreachable,19753,46-seller,hue-7.10,00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002,"
        "digital_seller enterprise,initial,,2026-12-31,mail:2026-10-01 call:2026-10-02,bounced,2026-02-01," + committed
    )
    assert HEADER == (
        "part,commune,entry,clause,obligation,subject,subject_types,cohort,asked_on,turns_on,ways,unreached_reason,"
        "first_seen_on,commitment"
    )
    assert sha256_of([line] * 2500) == hashlib.sha256("\n".join([HEADER, *[line] * 2500, ""]).encode()).hexdigest()
    assert b"".join(whole([])) == HEADER.encode() + b"\n"


def test_another_salt_or_another_name_is_another_commitment() -> None:
    values = values_of(ROW)
    others = [commitment("00" * 16, values), commitment(SALT, values | {"name": "x"}), commitment(SALT, values)]
    assert len(set(others)) == 3
    decomposed = values | {"name": unicodedata.normalize("NFD", ROW.name)}
    assert commitment(SALT, decomposed) == commitment(SALT, values)


@pytest.mark.parametrize("bad", ["a,b", "a\nb", 'a"b', "=1", "ă"])
def test_a_code_that_would_break_the_form_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        line_of(ROW.saying(clause=bad), SALT)
