"""What the product's own files say."""

from __future__ import annotations

import ast
import unicodedata
from collections import Counter

import pytest

from pledges.plans.books import EntryData, PlanBooks, ProvinceBook
from pledges.plans.loader import DATA
from pledges.plans.models import Instrument, Unit
from pledges.plans.rules import SUBJECT_TYPES

CLAUSES = {
    "langson": "II.2.6 7.7 7.8 7.9 7.10 7.3 7.6 7.1 7.2 7.4 7.5 I.2.3 I.2.4 II.2.4 II.2.5 IV.1 IV.2.a.1 IV.2.a.2 IV.2.b"
    " IV.2.b.1 1.x 1.12 2.2 2.3 2.4 2.6 2.7 5.2 6.1 6.2 6.3 6.4",
    "dongthap": "I.2.6 7.7 7.8 7.9 7.10 7.11 7.3 7.6 7.1 7.2 7.4 7.5 II.3 II.5 II.6 I.2.4 I.2.5 IV.2.1.a IV.2.1.b"
    " IV.2.2 IV.2.2.a 1.x 1.11 2.2 2.3 2.4 2.6 2.7 6.1 6.2 6.3 6.4 IV.1",
    "hue": "7.7 7.8 7.9 7.10 7.11 7.12 7.3 7.6 7.1 7.2 7.4 7.5 1.x 1.13 2.2 2.3 2.4 2.6 2.7 5.2 6.1 6.2 6.3 6.4",
    "tbls25": "0 1 2 5 7 8",
    "tbls26": "1 2 2.2.c 2.2.e 2.3.a 2.3.b 2.3.d",
}
DUTIES = {"langson": 10, "dongthap": 10, "hue": 5, "tbls25": 1, "tbls26": 2}


def book_of(books: PlanBooks, province: str) -> ProvinceBook:
    return next(book for book in books.books if book.province_code == province)


def entry_of(books: PlanBooks, entry_id: str) -> EntryData:
    return next(entry for book in books.books for entry in book.entries if entry.id == entry_id)


def test_every_clause_arrives(books: PlanBooks) -> None:
    expected = {f"{plan}-{place}" for plan, places in CLAUSES.items() for place in places.split()}
    assert len(expected) == 102
    assert {clause.id for book in books.books for clause in book.clauses} == expected


def test_every_reporting_duty_arrives_and_the_right_ones_are_followed(books: PlanBooks) -> None:
    duties = {duty.id: duty for book in books.books for duty in book.duties}
    assert duties.keys() == {f"{plan}-R{number}" for plan, most in DUTIES.items() for number in range(1, most + 1)}
    assert len(duties) == 28
    followed = {f"{plan}-R{number}" for plan in ("langson", "dongthap") for number in range(1, 10)}
    followed |= {"hue-R2", "hue-R3", "hue-R4"}
    assert {duty.id for duty in duties.values() if duty.followed} == followed
    assert (duties["langson-R1"].before_printed, duties["langson-R1"].recurs) == ("30/9 hằng năm", "--09-30")


def test_all_twenty_two_obligations_arrive(books: PlanBooks) -> None:
    entries = [entry for book in books.books for entry in book.entries]
    assert len(entries) == 22
    assert Counter(entry.instrument for entry in entries) == {
        Instrument.PLEDGE: 17,
        Instrument.ACKNOWLEDGEMENT: 3,
        Instrument.VOLUNTARY: 2,
    }
    assert {entry.id for entry in entries if entry.unit is Unit.CHANNEL} == {"20-website", "46-website", "82-website"}
    assert [entry.id for entry in entries if not entry.enabled] == ["20-business"]
    assert {entry_of(books, name).text_id for name in ("82-instruction", "46-instruction")} == {"instruction"}
    assert entry_of(books, "20-guidance").text_id == "guidance"
    business = entry_of(books, "46-business")
    assert [str(day) for day in (business.cutoff, business.first_due, business.ask_from)] == [
        "2027-12-31",
        "2027-12-31",
        "2027-01-01",
    ]


def test_clauses_keep_what_is_printed_beside_our_reading(books: PlanBooks) -> None:
    clause = next(clause for clause in book_of(books, "20").clauses if clause.id == "langson-7.9")
    assert clause.text.startswith("Yêu cầu các chủ thể Website thương mại điện tử, tổ chức, cá nhân sử dụng ứng dụng")
    assert clause.deadline_printed == "02/2026 và định kỳ đối với những Website mới phát sinh sau tháng 02/2026"
    assert clause.result_printed == "Bản cam kết"
    assert clause.content["cadence"] == "periodic_unspecified"
    assert clause.content["subjects"] == ["ecommerce_website", "digital_seller"]
    assert clause.content["coordinating"].startswith("Các sở, ngành có liên quan, UBND xã, phường phối hợp")


def test_blank_numbers_stay_blank(books: PlanBooks) -> None:
    plans = {plan.code: plan for book in books.books for plan in book.plans}
    assert (plans["langson"].number, plans["langson"].issued_on) == ("", None)
    assert (plans["dongthap"].number, str(plans["dongthap"].issued_on)) == ("29/KH-UBND", "2026-01-12")
    assert (plans["hue"].number, str(plans["hue"].issued_on)) == ("127/QĐ-UBND", "2026-01-09")
    assert {code for code, plan in plans.items() if plan.operative} == {"langson", "dongthap", "hue"}


@pytest.mark.parametrize(
    ("province", "kinds"),
    [
        ("20", {"xã": 61, "phường": 4}),
        ("82", {"xã": 82, "phường": 20}),
        ("46", {"xã": 19, "phường": 21}),
        (None, {"xã": 2621, "phường": 687, "đặc khu": 13}),
    ],
)
def test_the_communes_are_those_of_the_decision(books: PlanBooks, province: str | None, kinds: dict[str, int]) -> None:
    names = [row.name for row in books.gazetteer.communes if province in {None, row.province_code}]
    found = Counter(next(kind for kind in ("xã", "phường", "đặc khu") if name.startswith(kind + " ")) for name in names)
    assert found == kinds


def test_every_old_name_leads_to_communes_of_today(books: PlanBooks) -> None:
    gazetteer = books.gazetteer
    assert len(gazetteer.provinces) == 34
    assert len({row.code for row in gazetteer.former}) == 10_040
    today = {(row.province_code, row.code) for row in gazetteer.communes}
    assert {(row.province_code, row.commune_code) for row in gazetteer.former} <= today


def test_all_names_are_composed_and_without_stray_blanks(books: PlanBooks) -> None:
    gazetteer = books.gazetteer
    names = [row.name for row in (*gazetteer.provinces, *gazetteer.communes, *gazetteer.former)]
    assert [
        name for name in names if unicodedata.normalize("NFC", name) != name or " ".join(name.split()) != name
    ] == []


def test_no_province_stands_in_the_code(books: PlanBooks) -> None:
    """Strings of the program other than docstrings: neither the name of a province nor the code of an agency."""
    names = {row.short_name for row in books.gazetteer.provinces}
    codes = {agency.code for book in books.books for agency in book.agencies}
    found = []
    for file in sorted((DATA.parents[1]).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docstrings = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                found += [f"{file.name}:{node.lineno} {word}" for word in names | codes if word in node.value]
    assert found == []


def test_there_are_eighteen_subject_types_with_words_for_people(books: PlanBooks) -> None:
    assert len(SUBJECT_TYPES) == 18
    assert all(info.label and info.hint.endswith((".", "…")) and info.group for info in SUBJECT_TYPES.values())
    texts = {wording.text_id for wording in books.wordings}
    assert {info.text_id for info in SUBJECT_TYPES.values()} <= texts
    assert len(texts) == 8
