"""The names of provinces, districts and communes, of today and of before July 2025, by their words without marks."""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass

from pledges.plans.address_words import Word, agrees, words_of
from pledges.plans.loader import own_gazetteer
from pledges.plans.places import Gazetteer


@dataclass(frozen=True, slots=True)
class ProvinceName:
    words: tuple[Word, ...]
    code: str
    former: bool
    """No province of today has this name."""


@dataclass(frozen=True, slots=True)
class DistrictName:
    """A district that no longer exists; `key` tells it from others of its name."""

    words: tuple[Word, ...]
    kind: str
    key: tuple[str, str]
    """District and province as the files write them; of one that ended before 2025 the district that took it over."""
    province_code: str
    communes: frozenset[str]
    """Those of today that hold a part of it; empty: not known."""


@dataclass(frozen=True, slots=True)
class CommuneName:
    words: tuple[Word, ...]
    kind: str
    province_code: str
    codes: frozenset[str]
    """One commune of today, or those that hold a part of a former one."""
    district: tuple[str, str] | None
    """None: a commune of today."""


CENTRAL_CITIES = frozenset({"ha noi", "ho chi minh", "hai phong", "da nang", "can tho", "hue"})

# What people write instead of a province's name, by the name in the files.
_ALSO = {
    "Hồ Chí Minh": "hcm, tphcm, hcmc, Sài Gòn, sg, tp hcm, Hồ Chí Minh city, Gia Định",
    "Hà Nội": "hn, tphn, Hà Tây",
    "Huế": "Thừa Thiên Huế, Thừa Thiên, tt Huế, t t Huế, tthue, ttHuế, Huế Thừa Thiên",
    "Bà Rịa - Vũng Tàu": "br vt, brvt, b r v t",
    "Đắk Lắk": "Đắc Lắc, Đắk Lắc, Đắc Lắk, Đăk Lăk, Đak Lak, Đăc Lăc, Dak Lac, Daklak, Đaklak, Đắc Lăk",
    "Đắk Nông": "Đắc Nông, Đăk Nông, Đăc Nông, Đak Nông, Daknong",
    "Kon Tum": "Kontum, Kom Tum, Con Tum",
    "Bắc Kạn": "Bắc Cạn",
    "Quảng Nam": "Quảng Nam Đà Nẵng",
    "Đà Nẵng": "đ nẵng",
}
_FORMER_ALSO = frozenset({"Hà Tây", "Thừa Thiên Huế", "Thừa Thiên", "tt Huế", "t t Huế", "tthue", "ttHuế"})

# Districts that were merged or renamed before the files begin (2019 to early 2025): kind, name, province of then,
# and the district of the files that took them over ("" where it was divided).
_ENDED = (
    ("thành phố", "Huế", "thành phố Huế", ""),
    ("huyện", "Nam Đông", "thành phố Huế", "huyện Phú Lộc"),
    ("quận", "2", "thành phố Hồ Chí Minh", "thành phố Thủ Đức"),
    ("quận", "9", "thành phố Hồ Chí Minh", "thành phố Thủ Đức"),
    ("huyện", "Hoành Bồ", "tỉnh Quảng Ninh", "thành phố Hạ Long"),
    ("huyện", "Từ Liêm", "thành phố Hà Nội", ""),
    ("huyện", "Thông Nông", "tỉnh Cao Bằng", "huyện Hà Quảng"),
    ("huyện", "Trà Lĩnh", "tỉnh Cao Bằng", "huyện Trùng Khánh"),
    ("huyện", "Phục Hòa", "tỉnh Cao Bằng", "huyện Quảng Hòa"),
    ("huyện", "Quảng Uyên", "tỉnh Cao Bằng", "huyện Quảng Hòa"),
    ("huyện", "Tây Trà", "tỉnh Quảng Ngãi", "huyện Trà Bồng"),
    ("huyện", "Nông Sơn", "tỉnh Quảng Nam", "huyện Quế Sơn"),
    ("huyện", "Đông Sơn", "tỉnh Thanh Hóa", "thành phố Thanh Hóa"),
    ("thị xã", "Cửa Lò", "tỉnh Nghệ An", "thành phố Vinh"),
    ("huyện", "Mỹ Lộc", "tỉnh Nam Định", "thành phố Nam Định"),
    ("thành phố", "Ninh Bình", "tỉnh Ninh Bình", "thành phố Hoa Lư"),
    ("huyện", "Lộc Hà", "tỉnh Hà Tĩnh", ""),
    ("huyện", "Yên Dũng", "tỉnh Bắc Giang", "thành phố Bắc Giang"),
    ("huyện", "Long Điền", "tỉnh Bà Rịa - Vũng Tàu", "huyện Long Đất"),
    ("huyện", "Đất Đỏ", "tỉnh Bà Rịa - Vũng Tàu", "huyện Long Đất"),
    ("huyện", "Đạ Tẻh", "tỉnh Lâm Đồng", "huyện Đạ Huoai"),
    ("huyện", "Cát Tiên", "tỉnh Lâm Đồng", "huyện Đạ Huoai"),
)

_PLAIN_KINDS = {
    "tỉnh": "tinh",
    "thành phố": "thanh pho",
    "thị xã": "thi xa",
    "thị trấn": "thi tran",
    "quận": "quan",
    "huyện": "huien",
    "phường": "phuong",
    "xã": "xa",
    "đặc khu": "dac khu",
}


def parted(name: str) -> tuple[str, str]:
    """ "thành phố Sa Đéc" → ("thanh pho", "Sa Đéc")."""
    for kind, plain in _PLAIN_KINDS.items():
        if name.startswith(kind + " "):
            return plain, name[len(kind) + 1 :]
    return "", name


def _key(words: tuple[Word, ...]) -> str:
    return " ".join(word.plain for word in words)


class PlaceNames:
    """Built once in a process from the files; finding is by dictionary."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.provinces: dict[str, list[ProvinceName]] = defaultdict(list)
        self.districts: dict[str, list[DistrictName]] = defaultdict(list)
        self.communes: dict[str, list[CommuneName]] = defaultdict(list)
        self._add_provinces(gazetteer)
        self._add_communes(gazetteer)
        self._add_districts(gazetteer)
        self.longest_province = max(len(key.split()) for key in self.provinces)
        dashed = [names[0].words for names in self.provinces.values()]
        dashed += [words_of(parted(row.name)[1]) for row in gazetteer.communes if "-" in row.name]
        dashed.append(words_of("Phan Rang Tháp Chàm"))
        self.joined = frozenset(tuple(word.plain for word in words) for words in dashed if len(words) > 1)

    def _add_provinces(self, gazetteer: Gazetteer) -> None:
        today = {row.name: row.code for row in gazetteer.provinces}
        names = {parted(name)[1]: (code, False) for name, code in today.items()}
        for row in gazetteer.former:
            names.setdefault(parted(row.province)[1], (row.province_code, True))
        for name, (code, former) in list(names.items()):
            for other in filter(None, _ALSO.get(name, "").split(", ")):
                names.setdefault(other, (code, former or other in _FORMER_ALSO))
        for name, (code, former) in names.items():
            words = words_of(name)
            self.provinces[_key(words)].append(ProvinceName(words, code, former))
            together = words_of("".join(name.replace("-", "").split()))
            if len(words) > 1 and len(together[0].plain) > 4 and _key(together) not in self.provinces:
                self.provinces[_key(together)].append(ProvinceName(together, code, former))

    def _add_communes(self, gazetteer: Gazetteer) -> None:
        for commune in gazetteer.communes:
            kind, name = parted(commune.name)
            words = words_of(name)
            found = CommuneName(words, kind, commune.province_code, frozenset({commune.code}), None)
            self.communes[_key(words)].append(found)
        codes: dict[str, set[str]] = defaultdict(set)
        for row in gazetteer.former:
            codes[row.code].add(row.commune_code)
        for row in {row.code: row for row in gazetteer.former}.values():
            kind, name = parted(row.name)
            words = words_of(name)
            district = (row.district, row.province)
            found = CommuneName(words, kind, row.province_code, frozenset(codes[row.code]), district)
            self.communes[_key(words)].append(found)

    def _add_districts(self, gazetteer: Gazetteer) -> None:
        communes: dict[tuple[str, str], set[str]] = defaultdict(set)
        province_codes: dict[str, str] = {}
        for row in gazetteer.former:
            communes[row.district, row.province].add(row.commune_code)
            province_codes[row.province] = row.province_code
        for key, codes in communes.items():
            kind, name = parted(key[0])
            words = words_of(name)
            found = DistrictName(words, kind, key, province_codes[key[1]], frozenset(codes))
            self.districts[_key(words)].append(found)
        for full_kind, name, province, heir in _ENDED:
            words = words_of(name)
            ended = DistrictName(
                words, _PLAIN_KINDS[full_kind], (heir, province), province_codes[province], frozenset()
            )
            self.districts[_key(words)].append(ended)

    def find_province(self, words: tuple[Word, ...], *, strictly: bool = False) -> ProvinceName | None:
        """`strictly`: with the marks as typed; a name of several words is otherwise found also with wrong marks."""
        named = self.provinces.get(_key(words), [])
        for name in named:
            if agrees(words, name.words):
                return name
        return named[0] if named and not strictly and len(words) > 1 else None

    def find_districts(self, words: tuple[Word, ...], kind: str) -> list[DistrictName]:
        found = [name for name in self.districts.get(_key(words), ()) if agrees(words, name.words)]
        return [name for name in found if name.kind == kind] or found

    def find_communes(self, words: tuple[Word, ...], kind: str, province_code: str | None = None) -> list[CommuneName]:
        """Of today and former; those of another kind only if none is of this kind."""
        found = [
            name
            for name in self.communes.get(_key(words), ())
            if (province_code is None or name.province_code == province_code) and agrees(words, name.words)
        ]
        return [name for name in found if name.kind == kind] or found


@functools.cache
def place_names() -> PlaceNames:
    return PlaceNames(own_gazetteer())
