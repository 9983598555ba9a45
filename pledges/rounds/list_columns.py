"""The columns of a list in files that people open with a spreadsheet program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from pledges.rounds.list_models import ListKind
from pledges.rounds.list_rows import ListRow
from pledges.rounds.list_words import PART_TITLES, RowWords, day_text


@dataclass(frozen=True)
class Column:
    title: str
    width: float
    """In letters, as spreadsheet programs measure."""
    text: Callable[[ListRow], str]
    day: Callable[[ListRow], date | None] | None = None
    """Where it holds a day."""


def columns_of(kind: ListKind, words: RowWords, safe: Callable[[str], str]) -> list[Column]:
    """`safe` keeps text from being run as a formula. Only names and addresses come from outside: the rest is ours."""
    first_seen = _day("Thấy lần đầu", lambda row: row.first_seen_on)
    asked = [
        _day("Ngày được mời", lambda row: row.asked_on),
        _day("Hết hạn", lambda row: row.turns_on),
        Column("Đã liên hệ", 34, lambda row: _parted(words.ways(row))),
        Column("Vì sao chưa liên hệ được", 30, words.reason),
    ]
    return [
        Column("Phần", 30, lambda row: PART_TITLES[row.group]),
        Column("Xã, phường, đặc khu", 26, words.commune),
        Column("Tên", 46, lambda row: safe(words.name(row))),
        Column("Mã số thuế", 15, lambda row: safe(row.tax_code)),
        Column("Trang web", 30, lambda row: safe(row.channel)),
        Column("Nhóm đối tượng", 34, lambda row: _parted(words.types(row))),
        Column("Nghĩa vụ", 40, words.duty),
        Column("Có từ khi nào", 28, words.cohort),
        first_seen,
        *(asked if kind is ListKind.NOT_PLEDGED else []),
        Column("Mã dòng", 38, lambda row: str(row.obligation_id)),
    ]


@lru_cache(maxsize=20_000)
def _parted(text: str) -> str:
    """Semicolons would begin a new cell where a Vietnamese spreadsheet program opens a CSV by a double click."""
    return text.replace("; ", ", ")


_day_text = lru_cache(maxsize=4096)(day_text)


def _day(title: str, day: Callable[[ListRow], date | None]) -> Column:
    return Column(title, 14, lambda row: _day_text(day(row)), day)
