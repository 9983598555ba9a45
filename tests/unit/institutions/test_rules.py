"""Reading the list of an institution, and telling who of it has signed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.errors import DomainError
from pledges.core.identity import fold
from pledges.institutions.models import InstitutionMember
from pledges.institutions.rules import Person, lines_of_table, match_members, read_line, read_lines
from pledges.signing.models import Pledge, PledgeState


@pytest.mark.parametrize(
    ("typed", "person"),
    [
        ("Nguyễn Văn Thử", Person("Nguyễn Văn Thử")),
        ("  Nguyễn  Văn Thử ; Khoa Nội", Person("Nguyễn Văn Thử", "Khoa Nội")),
        (
            "Trần Thị Thử; Khoa Nội; Trưởng khoa; Thu@Vidu.vn",
            Person("Trần Thị Thử", "Khoa Nội, Trưởng khoa", "thu@vidu.vn"),
        ),
        ("Trần Thị Thử\tthu@vidu.vn\tKhoa Dược", Person("Trần Thị Thử", "Khoa Dược", "thu@vidu.vn")),
        ("Lê Thử | Phòng Kế hoạch", Person("Lê Thử", "Phòng Kế hoạch")),
        ("Lê Thử; 046 085 001234; Khoa Nội", Person("Lê Thử", "••••••••1234, Khoa Nội")),
    ],
)
def test_a_line_is_a_name_and_what_tells_two_of_that_name_apart(typed: str, person: Person) -> None:
    assert read_line(typed) == person


@pytest.mark.parametrize(
    "typed", ["; Khoa Nội", "thu@vidu.vn; Trần Thị Thử", "12345", "Lê Thử; a@vidu.vn; b@vidu.vn", "Lê Thử; a@@vidu"]
)
def test_a_line_that_says_no_name_or_two_addresses_is_refused(typed: str) -> None:
    with pytest.raises(DomainError):
        read_line(typed)


def test_bad_lines_are_kept_as_typed_and_the_others_are_read() -> None:
    people, bad = read_lines(["", "Lê Thử", "lê  thử", " ; ", "thu@vidu.vn", "Lê Thử; Khoa Nội"])
    assert [person.name for person in people] == ["Lê Thử", "Lê Thử"]
    assert [(line.number, line.typed) for line in bad] == [(5, "thu@vidu.vn")]


@given(st.lists(st.text(max_size=60), max_size=6))
def test_no_text_breaks_the_reading(lines: list[str]) -> None:
    people, bad = read_lines(lines)
    assert len(people) + len(bad) <= len(lines)


def test_headings_say_which_column_is_what() -> None:
    table = [
        ["DANH SÁCH VIÊN CHỨC"],
        ["STT", "Họ và tên", "Ngày sinh", "Khoa, phòng", "Email"],
        ["1", "Lê Thử", "01/01/1980", "Khoa Nội; tầng 2", "le@vidu.vn"],
        ["2", "Trần Thử"],
    ]
    assert lines_of_table(table) == ["Lê Thử; Khoa Nội, tầng 2; le@vidu.vn", "Trần Thử"]
    assert read_lines(lines_of_table([["1", "Lê Thử", "Khoa Nội", "le@vidu.vn"]]))[0] == [
        Person("Lê Thử", "Khoa Nội", "le@vidu.vn")
    ]


def member(name: str, email: str = "", **more: Any) -> InstitutionMember:
    return InstitutionMember(id=uuid.uuid4(), name=name, name_fold=fold(name), email=email, **more)


def signed(name: str, email: str = "x@vidu.vn", state: PledgeState = PledgeState.SUBMITTED) -> Pledge:
    return Pledge(id=uuid.uuid4(), answers={"name": name}, contact_email=email, state=state, entity_id=uuid.uuid4())


def test_each_pledge_is_of_one_member() -> None:
    an, an_too, binh = signed("Lê An", "an@vidu.vn"), signed("LE AN", "an2@vidu.vn"), signed("Trần Bình")
    stranger, ended = signed("Người Lạ"), signed("Đỗ Cường", state=PledgeState.WITHDRAWN)
    members = [member("Lê An"), member("Lê An", "an@vidu.vn"), member("Trần Bình"), member("Đỗ Cường")]
    found = match_members(members, [an, an_too, binh, stranger, ended])
    assert found.signed == {1: an, 0: an_too, 2: binh}
    assert found.strangers == (stranger,)


def test_what_a_person_chose_and_the_register_come_before_names() -> None:
    other, own = signed("Tên Khác Hẳn"), signed("Lê An")
    chosen = member("Trần Bình", pledge_id=other.id)
    known = member("Lê Văn An", entity_id=own.entity_id)
    assert match_members([chosen, known, member("Lê An")], [other, own]).signed == {0: other, 1: own}
