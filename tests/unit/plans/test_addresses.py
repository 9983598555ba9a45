"""Addresses as people write them. All of them are invented; only the places are real."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.text import fold
from pledges.plans.addresses import (
    ABROAD,
    CONTRADICTION,
    MANY_PROVINCES,
    NO_COMMUNE,
    NO_PROVINCE,
    PARTED_COMMUNE,
    UNKNOWN_COMMUNE,
    locate,
)
from pledges.plans.loader import own_gazetteer

# Address, today's province, today's commune (None: left open).
CERTAIN = [
    # Huế: three names of the province, a city of its own, an old city within it.
    ("Số 1, Phường Thuận Hòa, Thành phố Huế, Thừa Thiên Huế", "46", "19753"),
    ("Số 1, Phường Thuận Hòa, Thành phố Huế, Thừa - Thiên - Huế", "46", "19753"),
    ("Số 1, Phường Thuận Hoà, TP Huế, Thừa Thiên–Huế", "46", "19753"),
    ("P. Thuận Hòa, TP. Huế, TT-Huế", "46", "19753"),
    ("p.Thuận Hòa, tp.Huế, T.T. Huế", "46", "19753"),
    ("PHƯỜNG THUẬN HÒA – THÀNH PHỐ HUẾ – TỈNH THỪA THIÊN HUẾ", "46", "19753"),
    ("phường Thuận Hòa. thành phố Huế. tỉnh Thừa Thiên Huế.", "46", "19753"),
    ("Phường Thuận Hóa, thành phố Huế", "46", "19789"),
    ("Phường Phú Xuân, thành phố Huế", "46", "19753"),
    ("Xã Phú Xuân, huyện Phú Vang, Thừa Thiên Huế", "46", "19918"),
    ("phường Thuận Hòa (nay là phường Phú Xuân), thành phố Huế", "46", "19753"),
    ("TT. Sịa, H. Quảng Điền, Thừa Thiên Huế", "46", "19867"),
    ("Thị trấn Sịa huyện Quảng Điền tỉnh Thừa Thiên Huế", "46", "19867"),
    ("Phường Tứ Hạ, TX. Hương Trà, T T Huế", "46", "19996"),
    ("xã Phú Vinh, A Lưới, thành phố Huế", "46", "20071"),
    ("12 Nguyễn Huệ, Thừa Thiên Huế", "46", None),
    ("12 Lê Lợi, TP Huế, Việt Nam", "46", None),
    ("12 Lê Lợi Huế", "46", None),
    ("12 Le Loi, Hue City, Vietnam", "46", None),
    ("Đường Hà Nội, TP Huế", "46", None),
    ("72 Hà Nội, Huế", "46", None),
    ("Huế, gần chợ Đông Ba", "46", None),
    ("Đường Quảng Bình, phường Vỹ Dạ, Huế", "46", "19777"),
    ("phường Vĩ Dạ, thành phố Huế 530000", "46", "19777"),
    ("Thành phố Huế, phường Vỹ Dạ", "46", "19777"),
    # Huế that is none.
    ("Số 5 Phố Huế, Hà Nội", "01", None),
    ("118 phố Huế, Quận Hai Bà Trưng, Hà Nội", "01", None),
    ("12 Nguyen Hue, Quan 1, HCM", "79", None),
    ("Chợ Huế, phường 5, Quận 3, TP.HCM", "79", "27154"),
    # Lạng Sơn: province, old city, communes.
    ("Lạng Sơn", "20", None),
    ("lang son", "20", None),
    ("TP Lạng Sơn", "20", None),
    ("Thành phố Lạng Sơn, tỉnh Lạng Sơn", "20", None),
    ("Xã Na Dương, huyện Lộc Bình", "20", "06526"),
    ("Tỉnh Lạng Sơn, huyện Lộc Bình, thị trấn Na Dương", "20", "06526"),
    ("Xã Hữu Lũng, tỉnh Lạng Sơn", "20", "06385"),
    ("xã Hữu Lũng", "20", "06385"),
    # Đồng Tháp, which holds what was Tiền Giang; names of districts and cities alone.
    ("Phường 5, Thành phố Mỹ Tho, Tiền Giang", "82", "28249"),
    ("P.5 TP.Mỹ Tho Tiền Giang", "82", "28249"),
    ("Phường 05 Mỹ Tho Tiền Giang", "82", "28249"),
    ("P5, Mĩ Tho", "82", "28249"),
    ("Mỹ Tho", "82", None),
    ("Cao Lãnh", "82", None),
    ("Sa Đéc", "82", None),
    ("12 Trần Hưng Đạo, thị xã Gò Công", "82", None),
    ("tỉnh Đồng Tháp", "82", None),
    ("Dong Thap", "82", None),
    # A name of a province that is a street, a commune or a district.
    ("đường Đồng Tháp, Quận 7, TP HCM", "79", None),
    ("Xã Đồng Tháp, huyện Đan Phượng, Hà Nội", "01", "09784"),
    ("xã Đồng Tháp, huyện Đan Phượng", "01", "09784"),
    ("Huyện Quảng Ninh, Quảng Bình", "44", None),
    ("Xa lộ Hà Nội, P. Thảo Điền, Q.2", "79", "27094"),
    ("185 Bà Huyện Thanh Quan, Phường 9, Quận 3, Tp.HCM", "79", "27142"),
    ("Đại lộ Bình Dương, thành phố Thủ Dầu Một", "79", None),
    # Abbreviations, joined words, dashes, blanks.
    ("Hạ  Long", "22", None),
    ("Vũng Tàu, Bà Rịa – Vũng Tàu", "79", None),
    ("BR-VT", "79", None),
    ("TPHCM", "79", None),
    ("Sài Gòn", "79", None),
    ("Hanoi, Vietnam 100000", "01", None),
    ("Buôn Ma Thuột, Đắc Lắc", "66", None),
    ("Đăk Lăk", "66", None),
    ("Hà Tỉnh", "42", None),
    ("Phan Rang - Tháp Chàm", "56", None),
    ("Huyện Côn Đảo, Bà Rịa - Vũng Tàu", "79", "26732"),
    ("Hà Đông, Hà Tây", "01", None),
    ("Bắc Cạn", "19", None),
]


@pytest.mark.parametrize(("address", "province", "commune"), CERTAIN)
def test_the_last_place_decides(address: str, province: str, commune: str | None) -> None:
    found = locate(address)
    assert (found.province_code, found.commune_code, found.certain) == (province, commune, True), found
    assert bool(found.note) == (commune is None)


OPEN = [
    ("", NO_PROVINCE),
    (" , ; - ", NO_PROVINCE),
    ("Phố Huế", NO_PROVINCE),
    ("Đường Hà Nội", NO_PROVINCE),
    ("Xa lo Ha Noi", NO_PROVINCE),
    ("12 Nguyễn Huệ", NO_PROVINCE),
    ("12 Nguyen Hue", NO_PROVINCE),
    ("Huyện Châu Thành", MANY_PROVINCES),
    ("Châu Thành", MANY_PROVINCES),
    ("Phường 1", MANY_PROVINCES),
    ("(không rõ)", NO_PROVINCE),
]


@pytest.mark.parametrize(("address", "note"), OPEN)
def test_what_could_be_anywhere_stays_open(address: str, note: str) -> None:
    found = locate(address)
    assert (found.province_code, found.commune_code, found.certain, found.note) == (None, None, False, note)


COMMUNE_OPEN = [
    ("phường Thuận Hòa, Huế, Việt Nam", "19753", ""),
    # Without marks Thuận Hóa of today and Thuận Hòa of before are one.
    ("Phuong Thuan Hoa, TP Hue", None, PARTED_COMMUNE),
    # Xã Phú Vinh of A Lưới became A Lưới 3, and another one is called so today.
    ("Xã Phú Vinh, thành phố Huế", None, PARTED_COMMUNE),
    # Merged into others long before July 2025: not in the files.
    ("Phường Phú Hòa, thành phố Huế, Thừa Thiên Huế", None, UNKNOWN_COMMUNE),
    # The name is there, but in another district.
    ("Xã Lộc An, huyện Phú Vang, Thừa Thiên Huế", None, UNKNOWN_COMMUNE),
    ("12 Lê Lợi, Huế", None, NO_COMMUNE),
    # Without a word before it a name may be that of a street.
    ("Thuận Hòa, Huế", None, NO_COMMUNE),
    ("Phường Kim Mã, quận Ba Đình, Hà Nội", None, PARTED_COMMUNE),
]


@pytest.mark.parametrize(("address", "commune", "note"), COMMUNE_OPEN)
def test_a_commune_is_named_only_where_there_is_one_reading(address: str, commune: str | None, note: str) -> None:
    found = locate(address)
    assert (found.commune_code, found.note) == (commune, note)


def test_places_that_contradict_each_other_are_not_certain() -> None:
    found = locate("Huyện Hòa Vang, thành phố Huế")
    assert (found.province_code, found.certain, found.note) == ("46", False, CONTRADICTION)


@pytest.mark.parametrize(("address", "country"), [("10 Anson Road, Singapore", "SG"), ("Tokyo, Nhật Bản", "JP")])
def test_an_address_abroad_has_a_country(address: str, country: str) -> None:
    found = locate(address, province_hint="46")
    assert (found.province_code, found.country, found.note) == (None, country, ABROAD)


@pytest.mark.parametrize(
    ("address", "hint", "province", "commune", "certain"),
    [
        ("", "46", "46", None, False),
        ("12 Lê Lợi", "46", "46", None, False),
        ("Phường Vỹ Dạ", "46", "46", "19777", True),
        ("Phường 1", "46", "46", None, False),
        ("Huyện Châu Thành", "82", "82", None, False),
        ("Xã Tân Phong", "82", "82", "28501", True),
        # The address names a place elsewhere: whose list it is does not move it.
        ("Phường 1, Quận 3", "82", "79", "27154", True),
        ("12 Lê Lợi, Hà Nội", "46", "01", None, True),
        ("Sa Đéc", "46", "82", None, True),
    ],
)
def test_whose_list_it_is_decides_only_where_the_address_does_not(
    address: str, hint: str, province: str, commune: str | None, certain: bool
) -> None:
    found = locate(address, province_hint=hint)
    assert (found.province_code, found.commune_code, found.certain) == (province, commune, certain), found


def test_names_of_before_july_2025_are_recognised_as_such() -> None:
    assert locate("Thừa Thiên Huế").former
    assert locate("Tiền Giang").former
    assert locate("Quận 3, TP.HCM").former
    assert not locate("phường Thuận Hóa, thành phố Huế").former


def test_every_commune_of_today_is_found_by_its_own_full_name_or_left_open() -> None:
    gazetteer = own_gazetteer()
    provinces = {row.code: row.name for row in gazetteer.provinces}
    found = [
        (commune, locate(f"Số 1, {commune.name}, {provinces[commune.province_code]}")) for commune in gazetteer.communes
    ]
    assert all(place.province_code == commune.province_code and place.certain for commune, place in found)
    named = [(commune, place) for commune, place in found if place.commune_code is not None]
    assert all(place.commune_code == commune.code for commune, place in named)
    # The others have the name of a former commune that went to another one.
    assert len(named) > 0.92 * len(found)


def test_every_former_commune_leads_to_a_commune_of_today_that_holds_a_part_of_it() -> None:
    gazetteer = own_gazetteer()
    parts: dict[str, set[str]] = {}
    for row in gazetteer.former:
        parts.setdefault(row.code, set()).add(row.commune_code)
    for row in {row.code: row for row in gazetteer.former if row.province_code in ("20", "46", "82")}.values():
        found = locate(f"{row.name}, {row.district}, {row.province}")
        assert (found.province_code, found.certain, found.former) == (row.province_code, True, True), row
        assert found.commune_code in parts[row.code] or (found.commune_code is None and found.note), row


@given(st.text(st.characters(), max_size=200), st.sampled_from([None, "46", "82"]))
def test_no_text_raises(text: str, hint: str | None) -> None:
    found = locate(text, province_hint=hint)
    assert found.commune_code is None or found.province_code is not None
    assert found.certain or found.note


@given(
    st.sampled_from(CERTAIN),
    st.sampled_from([str.upper, str.lower, str.title]),
    st.sampled_from(["NFC", "NFD"]),
    st.sampled_from([" ", "  ", "\u00a0"]),
)
def test_case_blanks_and_the_form_of_the_letters_change_nothing(
    case: tuple[str, str, str | None], cased: object, form: str, blank: str
) -> None:
    address, province, commune = case
    assert callable(cased)
    changed = unicodedata.normalize(form, cased(address)).replace(" ", blank)  # type: ignore[arg-type]
    found = locate(changed)
    assert (found.province_code, found.commune_code) == (province, commune), changed


@given(st.sampled_from(CERTAIN))
def test_without_marks_the_province_is_the_same_and_no_other_commune_is_named(
    case: tuple[str, str, str | None],
) -> None:
    address, province, commune = case
    found = locate(fold(address))
    assert found.province_code in (province, None)
    assert found.commune_code in (commune, None)
