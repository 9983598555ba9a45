"""Vietnamese phone numbers that were changed: area codes of before 2017, mobile prefixes of before September 2018.

Area codes: Quyết định 2036/QĐ-BTTTT of 21 November 2016, in three steps from February to June 2017.
"""

from __future__ import annotations

import re

from phonenumbers import PhoneMetadata

_AREAS = {
    "4": "24",  # Hà Nội
    "8": "28",  # Thành phố Hồ Chí Minh
    "20": "214",  # Lào Cai
    "22": "212",  # Sơn La
    "25": "205",  # Lạng Sơn
    "26": "206",  # Cao Bằng
    "27": "207",  # Tuyên Quang
    "29": "216",  # Yên Bái
    "30": "229",  # Ninh Bình
    "31": "225",  # Hải Phòng
    "33": "203",  # Quảng Ninh
    "36": "227",  # Thái Bình
    "37": "237",  # Thanh Hóa
    "38": "238",  # Nghệ An
    "39": "239",  # Hà Tĩnh
    "52": "232",  # Quảng Bình
    "53": "233",  # Quảng Trị
    "54": "234",  # Thừa Thiên Huế
    "55": "255",  # Quảng Ngãi
    "56": "256",  # Bình Định
    "57": "257",  # Phú Yên
    "58": "258",  # Khánh Hòa
    "59": "269",  # Gia Lai
    "60": "260",  # Kon Tum
    "61": "251",  # Đồng Nai
    "62": "252",  # Bình Thuận
    "63": "263",  # Lâm Đồng
    "64": "254",  # Bà Rịa - Vũng Tàu
    "66": "276",  # Tây Ninh
    "67": "277",  # Đồng Tháp
    "68": "259",  # Ninh Thuận
    "70": "270",  # Vĩnh Long
    "72": "272",  # Long An
    "73": "273",  # Tiền Giang
    "74": "294",  # Trà Vinh
    "75": "275",  # Bến Tre
    "76": "296",  # An Giang
    "77": "297",  # Kiên Giang
    "79": "299",  # Sóc Trăng
    "230": "215",  # Điện Biên
    "231": "213",  # Lai Châu
    "240": "204",  # Bắc Giang
    "241": "222",  # Bắc Ninh
    "280": "208",  # Thái Nguyên
    "281": "209",  # Bắc Kạn
    "320": "220",  # Hải Dương
    "321": "221",  # Hưng Yên
    "350": "228",  # Nam Định
    "351": "226",  # Hà Nam
    "500": "262",  # Đắk Lắk
    "501": "261",  # Đắk Nông
    "510": "235",  # Quảng Nam
    "511": "236",  # Đà Nẵng
    "650": "274",  # Bình Dương
    "651": "271",  # Bình Phước
    "710": "292",  # Cần Thơ
    "711": "293",  # Hậu Giang
    "780": "290",  # Cà Mau
    "781": "291",  # Bạc Liêu
}
_UNCHANGED = frozenset({"210", "211", "218", "219"})
_NEW_AREAS = frozenset(_AREAS.values()) | _UNCHANGED

_MOBILES = {
    "120": "70",
    "121": "79",
    "122": "77",
    "123": "83",
    "124": "84",
    "125": "85",
    "126": "76",
    "127": "81",
    "128": "78",
    "129": "82",
    "162": "32",
    "163": "33",
    "164": "34",
    "165": "35",
    "166": "36",
    "167": "37",
    "168": "38",
    "169": "39",
    "186": "56",
    "188": "58",
    "199": "59",
}


def _patterns() -> re.Pattern[str]:
    known = PhoneMetadata.metadata_for_region("VN")
    kinds = [known.mobile, known.fixed_line] if known else []
    return re.compile("|".join(f"(?:{kind.national_number_pattern})" for kind in kinds if kind))


_VALID = _patterns()


def is_national(number: str) -> bool:
    """A mobile or fixed number of today without its 0; quicker than asking phonenumbers, by its own patterns."""
    return _VALID.fullmatch(number) is not None


def renewed(number: str) -> str | None:
    """The number of today for one of before 2017 or 2018, both without the 0; None: no old number looks like this."""
    if len(number) == 10 and number[:3] in _MOBILES:
        return _valid(_MOBILES[number[:3]] + number[3:])
    for length in (3, 2, 1):
        area = _AREAS.get(number[:length])
        if area is not None and len(number) == length + (8 if length == 1 else 7):
            return _valid(area + number[length:])
    return None


def area_of(code: str) -> str | None:
    """The area code of today for one that was typed ("0234", "054"), without the 0."""
    code = code.removeprefix("0")
    return code if code in _NEW_AREAS else _AREAS.get(code)


def area_in(number: str) -> str | None:
    """The area code of a fixed number of today."""
    return next((number[:length] for length in (2, 3) if number[:length] in _NEW_AREAS), None)


def _valid(number: str) -> str | None:
    return number if is_national(number) else None
