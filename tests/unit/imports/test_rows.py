"""Rows of lists. Every subject is invented."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.secrecy import Vault
from pledges.imports.rows import (
    NAME_WITHOUT_LETTERS,
    NOTHING_NAMED,
    SUM_ROW,
    UNKNOWN_TYPE,
    Field,
    ParsedRow,
    parse_row,
)
from pledges.plans.addresses import CONTRADICTION
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import EntityKind, Location

VAULT = Vault("khóa thử nghiệm, không dùng thật")
ORGANISATION, PERSON = EntityKind


def read(subject_type: str = "enterprise", **cells: str) -> ParsedRow:
    """A row of a list of Huế with one column for each field that is given."""
    fields = [Field(name) for name in cells]
    return parse_row(list(cells.values()), dict(enumerate(fields)), province_code="46", subject_type=subject_type)


def test_a_whole_row_is_read() -> None:
    row = read(
        name="  Công ty TNHH  Thử Nghiệm ",
        tax_code="100109106",
        address="Số 1, Phường Thuận Hòa, Thành phố Huế, Thừa Thiên Huế",
        phone="054 3812345 - 0912 345 678",
        email="Thu@ViDu.vn",
        channel="https://tenshop.vn fb: tenpage",
        appeared_on="46056",
        signed_on="05/02/2026",
        paper_number="12/CK",
        signer="Nguyễn Văn Thử",
        licence="12/GP-TTĐT",
        note="Dòng thử nghiệm",
    )
    assert (row.kind, row.name, row.tax_code) == (ORGANISATION, "Công ty TNHH Thử Nghiệm", "0100109106")
    assert (row.province_code, row.commune_code, row.location, row.province_certain) == (
        "46",
        "19753",
        Location.LOCAL,
        True,
    )
    assert (row.phones, row.emails) == (("+842343812345", "+84912345678"), ("thu@vidu.vn",))
    assert [channel.address for channel in row.channels] == ["tenshop.vn", "facebook.com/tenpage"]
    assert (row.appeared_on, row.signed_on) == (date(2026, 2, 3), date(2026, 2, 5))
    assert (row.paper_number, row.signer, row.licence, row.note) == (
        "12/CK",
        "Nguyễn Văn Thử",
        "12/GP-TTĐT",
        "Dòng thử nghiệm",
    )
    assert (row.unread, row.refusal, row.subject_types) == ((), None, ("enterprise",))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"name": "", "address": "Huế"}, NOTHING_NAMED),
        ({"name": "123", "phone": "0912345678"}, NOTHING_NAMED),
        ({"name": "Tổng cộng: 12"}, SUM_ROW),
        ({"name": "TỔNG CỘNG"}, SUM_ROW),
    ],
)
def test_a_row_that_names_nobody_is_refused(cells: dict[str, str], reason: str) -> None:
    refusal = read(**cells).refusal
    assert refusal is not None
    assert refusal[0] == reason


def test_a_name_or_a_channel_is_enough() -> None:
    assert read(name="Cửa hàng Thử").refusal is None
    channel_only = read(channel="tenshop.vn")
    assert (channel_only.name, channel_only.refusal) == ("", None)
    numbered = read(name="7", channel="tenshop.vn")
    assert (numbered.refusal, [one.reason for one in numbered.unread]) == (None, [NAME_WITHOUT_LETTERS])


@pytest.mark.parametrize("name", ["Cửa hàng \u202ethử", "Cửa hàng <b>", "T" * 201, "a" + "\u0300" * 6])
def test_a_name_that_may_not_be_stored_refuses_the_row(name: str) -> None:
    row = read(name=name)
    assert row.name == ""
    assert row.refusal is not None
    assert row.refusal[0] % row.refusal[1]


def test_another_text_that_may_not_be_stored_is_only_not_read() -> None:
    row = read(name="Cửa hàng Thử", address="Huế \u202e", note="<script>", licence="x" * 300)
    assert row.refusal is None
    assert (row.address, row.note, row.licence) == ("", "", "")
    assert sorted(one.field for one in row.unread) == ["address", "licence", "note"]


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        *((info.label, (code,)) for code, info in SUBJECT_TYPES.items()),
        ("HO KINH DOANH", ("household_business",)),
        ("Hộ KD cá thể", ("household_business",)),
        ("cty TNHH", ("enterprise",)),
        ("Sàn giao dịch TMĐT", ("ecommerce_platform",)),
        ("Website TMĐT bán hàng", ("ecommerce_website",)),
        ("Bác sĩ CKII", ("doctor",)),
        ("KOL", ("influencer",)),
        ("Ca sĩ; TikToker", ("artist", "influencer")),
        ("Trang tin tổng hợp", ("aggregated_news_site",)),
        ("doctor", ("doctor",)),
    ],
)
def test_subject_types_are_known_by_label_and_by_the_words_of_lists(typed: str, codes: tuple[str, ...]) -> None:
    cells, mapping = ["Thử", typed], {0: Field.NAME, 1: Field.SUBJECT_TYPE}
    row = parse_row(cells, mapping, province_code="46", subject_type="press")
    assert row.subject_types == codes


def test_an_unknown_subject_type_falls_back_and_is_said() -> None:
    row = parse_row(
        ["Thử", "linh tinh"],
        {0: Field.NAME, 1: Field.SUBJECT_TYPE},
        province_code="46",
        subject_type="enterprise",
    )
    assert row.subject_types == ("enterprise",)
    assert [(one.typed, one.reason, one.field) for one in row.unread] == [("linh tinh", UNKNOWN_TYPE, "subject_type")]


@pytest.mark.parametrize(
    ("name", "subject_type", "more", "kind"),
    [
        ("Nguyễn Văn Thử", "doctor", {}, PERSON),
        ("Phòng khám Thử Nghiệm", "doctor", {}, ORGANISATION),
        ("Nguyễn Văn Thử", "digital_seller", {}, PERSON),
        ("Thử Nghiệm Xanh", "digital_seller", {}, ORGANISATION),
        ("Cửa hàng Nguyễn Văn Thử", "digital_seller", {}, ORGANISATION),
        ("Nguyễn Văn Thử", "digital_seller", {"tax_code": "0100109106"}, ORGANISATION),
        ("Tiệm Thử", "digital_seller", {"personal_number": "046185012345"}, PERSON),
        ("Nguyễn Văn Thử", "household_business", {"tax_code": "046185012345"}, ORGANISATION),
        ("Báo Thử Nghiệm", "press", {}, ORGANISATION),
    ],
)
def test_persons_and_organisations_are_told_apart(
    name: str, subject_type: str, more: dict[str, str], kind: EntityKind
) -> None:
    assert read(subject_type, name=name, **more).kind is kind


def test_numbers_are_read_whichever_column_they_stand_in() -> None:
    household = read(name="Tạp hóa Thử", tax_code="46185012345")
    assert (household.tax_code, household.personal_number) == (None, "046185012345")
    assert read(name="Thử", personal_number="0100109106").tax_code == "0100109106"
    old = read(name="Tạp hóa Thử", tax_code="33A8012345")
    assert (old.tax_code, old.licence, len(old.unread)) == (None, "33A8012345", 1)


def test_columns_of_place_and_address_are_read_together() -> None:
    row = read(name="Thử", address="12 Lê Lợi", commune="Vỹ Dạ", province="Huế")
    assert (row.province_code, row.commune_code, row.address) == ("46", "19777", "12 Lê Lợi, Vỹ Dạ, Huế")
    assert read(name="Thử", commune="P. Vỹ Dạ").commune_code == "19777"
    clash = read(name="Thử", address="12 Lê Lợi, Hà Nội", province="Huế")
    assert (clash.province_code, clash.province_certain, clash.place_note) == ("46", False, CONTRADICTION)
    nowhere = read(name="Thử")
    assert (nowhere.province_code, nowhere.province_certain, nowhere.location) == ("46", False, Location.LOCAL)


def test_other_provinces_and_countries_are_elsewhere() -> None:
    elsewhere = read(name="Thử", address="Phường 5, Mỹ Tho, Tiền Giang")
    assert (elsewhere.province_code, elsewhere.commune_code, elsewhere.location) == ("82", "28249", Location.ELSEWHERE)
    abroad = read(name="Thử", address="10 Anson Road, Singapore")
    assert (abroad.province_code, abroad.country, abroad.location) == (None, "SG", Location.ABROAD)


def test_an_email_in_the_column_of_websites_is_one_and_the_other_way_round() -> None:
    row = read(name="Thử", email="https://tenshop.vn/", channel="thu@vidu.vn")
    assert row.emails == ("thu@vidu.vn",)
    assert [channel.address for channel in row.channels] == ["tenshop.vn"]
    assert row.unread == ()


def test_several_columns_of_one_field_are_read_together() -> None:
    mapping = {0: Field.NAME, 2: Field.PHONE, 1: Field.PHONE, 3: Field.IGNORE, 9: Field.NOTE}
    row = parse_row(
        ["Thử", "0912345678", "0987654321", "bỏ qua"], mapping, province_code="46", subject_type="enterprise"
    )
    assert row.phones == ("+84912345678", "+84987654321")


def test_the_personal_number_is_encrypted_and_in_no_other_field() -> None:
    row = read(name="Thử", personal_number="046185012345", note="CCCD 046185012345", licence="046 185 012 345")
    stored = json.dumps(row.to_json(VAULT), ensure_ascii=False)
    assert "046185012345" not in stored
    assert "046 185 012 345" not in stored
    assert "046185012345" not in repr(row)
    assert ParsedRow.from_json(json.loads(stored), VAULT).personal_number == "046185012345"


TYPED = st.one_of(
    st.text(st.characters(), max_size=40),
    st.sampled_from(
        [
            "Cửa hàng Thử",
            "0912345678 / 123",
            "thu@vidu.vn",
            "tenshop.vn; shopee.vn/tenshop",
            "shọp-thử.vn",
            "046185012345",
            "0100109106",
            "33A8012345",
            "Phường Vỹ Dạ, Huế",
            "Mỹ Tho",
            "Singapore",
            "46056",
            "31/02/2026",
            "Ca sĩ",
        ]
    ),
)


@given(st.lists(TYPED, max_size=20), st.lists(st.sampled_from(Field), max_size=20))
def test_no_row_raises_and_every_row_comes_back_from_the_database(cells: list[str], fields: list[Field]) -> None:
    row = parse_row(cells, dict(enumerate(fields)), province_code="46", subject_type="enterprise")
    stored = json.dumps(row.to_json(VAULT))
    assert ParsedRow.from_json(json.loads(stored), VAULT) == row
    assert row.refusal is not None or row.name or row.channels
    stored.encode()


def test_every_field_has_a_label() -> None:
    assert all(field.label for field in Field)
