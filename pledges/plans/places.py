"""Provinces and communes from their CSV files, with the names of before July 2025."""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pledges.core.errors import N_
from pledges.core.text import fold
from pledges.plans.reading import Place


@dataclass(frozen=True)
class ProvinceRow:
    code: str
    name: str
    short_name: str
    kind: str


@dataclass(frozen=True)
class CommuneRow:
    province_code: str
    code: str
    name: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class FormerRow:
    """One old name and one commune of today that holds it or a part of it."""

    province_code: str
    commune_code: str
    code: str
    name: str
    district: str
    province: str


@dataclass(frozen=True)
class Gazetteer:
    provinces: tuple[ProvinceRow, ...]
    communes: tuple[CommuneRow, ...]
    former: tuple[FormerRow, ...]


def search_key(text: str) -> str:
    """Folded words without punctuation: what is stored beside a name, and what a query is made into.

    "y" and "i" are one letter here: people write Mỹ and Mĩ, Vỹ and Vĩ.
    """
    words = re.sub(r"['’`]", "", fold(text)).replace("y", "i")
    return " ".join(re.findall(r"[^\W_]+", words))


@functools.lru_cache(maxsize=20_000)
def stored_key(name: str) -> str:
    """`search_key` of a name from the files: folding all of them costs half a second, so a process does it once."""
    return search_key(name)


def read_gazetteer(folder: Path) -> Gazetteer:
    provinces: dict[str, ProvinceRow] = {}
    for place, row in read_rows(folder / "provinces.csv", ("code", "name", "short_name", "kind")):
        if not re.fullmatch(r"\d{2}", row["code"]) or row["code"] in provinces:
            place.refuse(N_("mã tỉnh “%(code)s” sai hoặc có hai lần"), code=row["code"])
        provinces[row["code"]] = ProvinceRow(**row)

    communes: dict[str, CommuneRow] = {}
    for place, row in read_rows(folder / "communes.csv", ("province", "code", "name", "valid_from", "valid_to")):
        if row["province"] not in provinces:
            place.refuse(N_("không có tỉnh “%(code)s”"), code=row["province"])
        if not re.fullmatch(r"\d{5}", row["code"]) or row["code"] in communes:
            place.refuse(N_("mã xã “%(code)s” sai hoặc có hai lần"), code=row["code"])
        try:
            since = date.fromisoformat(row["valid_from"])
            until = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
        except ValueError:
            place.refuse(N_("ngày hiệu lực phải có dạng 2025-07-01"))
        communes[row["code"]] = CommuneRow(row["province"], row["code"], row["name"], since, until)

    districts = {
        row["code"]: row for _, row in read_rows(folder / "former_districts.csv", ("code", "name", "province"))
    }
    former: list[FormerRow] = []
    for place, row in read_rows(folder / "former_communes.csv", ("code", "name", "district", "communes")):
        district = districts.get(row["district"])
        if district is None:
            place.refuse(N_("không có huyện cũ “%(code)s”"), code=row["district"])
        for code in row["communes"].split():
            commune = communes.get(code)
            if commune is None:
                place.refuse(N_("không có xã “%(code)s”"), code=code)
            former.append(
                FormerRow(commune.province_code, code, row["code"], row["name"], district["name"], district["province"])
            )
    return Gazetteer(tuple(provinces.values()), tuple(communes.values()), tuple(former))


def read_rows(path: Path, columns: tuple[str, ...]) -> list[tuple[Place, dict[str, str]]]:
    """Every row with its place; the columns must be exactly these."""
    found: list[tuple[Place, dict[str, str]]] = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if tuple(next(reader, ())) != columns:
            Place(str(path), 1).refuse(N_("các cột phải là: %(columns)s"), columns=", ".join(columns))
        for values in reader:
            place = Place(str(path), reader.line_num)
            if len(values) != len(columns):
                place.refuse(N_("dòng phải có %(count)s cột"), count=len(columns))
            found.append((place, dict(zip(columns, values, strict=True))))
    return found
