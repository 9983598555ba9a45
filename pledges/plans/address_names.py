"""The names of provinces, districts and communes, of today and of before July 2025, by their words without marks."""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass

from pledges.plans.address_words import Word, agrees, words_of
from pledges.plans.loader import DATA, own_gazetteer
from pledges.plans.places import Gazetteer, read_rows


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
        self.central_cities = frozenset(row.code for row in gazetteer.provinces if parted(row.name)[0] == "thanh pho")
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
        writings: dict[str, list[dict[str, str]]] = defaultdict(list)
        for _place, written in read_rows(DATA / "province_writings.csv", ("province", "writing", "former")):
            writings[written["province"]].append(written)
        for name, (code, former) in list(names.items()):
            for written in writings[name]:
                names.setdefault(written["writing"], (code, former or written["former"] == "yes"))
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
        # Districts that were merged or renamed before the other files begin; without heir they were divided.
        for _place, ended in read_rows(DATA / "ended_districts.csv", ("kind", "name", "province", "heir")):
            name, province = ended["name"], ended["province"]
            words = words_of(name)
            kind, key = _PLAIN_KINDS[ended["kind"]], (ended["heir"], province)
            self.districts[_key(words)].append(DistrictName(words, kind, key, province_codes[province], frozenset()))

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
