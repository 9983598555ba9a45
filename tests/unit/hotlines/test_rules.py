"""Numbers as they are written and dialled, and lines that somebody pastes."""

from __future__ import annotations

from datetime import date

import pytest

from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.hotlines.pasting import Places, places_of, read_lines
from pledges.hotlines.rules import Said, checked, dial, read_phone

TODAY = date(2026, 11, 20)
NOWHERE = Places({}, {})


@pytest.mark.parametrize(
    ("typed", "shown", "dialled"),
    [
        ("0205.3000.000", "0205 3000 000", "+842053000000"),
        ("+84 205 3000 000", "0205 3000 000", "+842053000000"),
        ("02053000000 (máy lẻ: 12)", "0205 3000 000 máy lẻ 12", "+842053000000;ext=12"),
        ("0912345678", "0912 345 678", "+84912345678"),
        ("19000000", "1900 0000", "19000000"),
        ("1800.000.000", "1800 000000", "1800000000"),
        ("113", "113", "113"),
        ("0236 1022", "0236 1022", "02361022"),
    ],
)
def test_numbers_are_read_and_dialled(typed: str, shown: str, dialled: str) -> None:
    assert read_phone(typed) == shown
    assert read_phone(shown) == shown, "what was stored can be read again"
    assert dial(shown) == dialled


@pytest.mark.parametrize("typed", ["", "gọi Sở", "0205 3000", "0912345678 / 0912345679", "+1 650 253 0000", "0912<345"])
def test_what_nobody_can_call_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(DomainError) as refusal:
        read_phone(typed)
    assert refusal.value.field == "phone"


def test_a_line_is_cleaned_and_never_checked_tomorrow() -> None:
    clean = checked(Said("  Đội   thử nghiệm ", "113", TODAY, hours=" 24 giờ "), today=TODAY)
    assert (clean.name, clean.hours, clean.agency_code) == ("Đội thử nghiệm", "24 giờ", None)
    with pytest.raises(DomainError) as refusal:
        checked(Said("Đội thử nghiệm", "113", date(2026, 11, 21)), today=TODAY)
    assert refusal.value.field == "checked_on"


def test_every_pasted_line_is_read_or_refused_with_its_number() -> None:
    text = "\n".join(
        (
            "Đội thử nghiệm; 1900 0000; hàng giả; 24 giờ mỗi ngày",
            "",
            "Chi cục thử nghiệm\t0205 3000 000",
            "Chi cục thử nghiệm | 02053000000",
            "Thiếu số",
            "Số sai; 12",
            "Xã lạ; 113; ; ; Xã Không Có",
            "a; 113; b; c; ; e",
            " ; ; ",
        )
    )
    good, bad = read_lines(text, NOWHERE, checked_on=TODAY, source="Thử nghiệm", today=TODAY)
    assert [(line.name, line.phone, line.about, line.hours) for line in good] == [
        ("Đội thử nghiệm", "1900 0000", "hàng giả", "24 giờ mỗi ngày"),
        ("Chi cục thử nghiệm", "0205 3000 000", "", ""),
    ]
    assert {line.source for line in good} == {"Thử nghiệm"}
    assert [line.number for line in bad] == [4, 5, 6, 7, 8]
    assert "“Xã Không Có”" in str(bad[3].refusal)


def test_names_lead_to_agencies_and_communes(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        places = places_of(session, "20")
    text = "sở y tế TỈNH Lạng Sơn; 113\nTrạm thử nghiệm; 114; ; ; phường Tam Thanh"
    good, bad = read_lines(text, places, checked_on=TODAY, source="", today=TODAY)
    assert not bad, [str(line.refusal) for line in bad]
    assert good[0].agency_code == "20-SYT"
    assert good[1].commune_code == places.communes["phuong tam thanh"]
