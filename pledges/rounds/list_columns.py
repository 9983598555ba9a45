"""The columns of a list in files that people open with a spreadsheet program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

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
    own: bool = False
    """Every line has its own; the text of all others follows from what lines share (`ListRow.shared`)."""


def columns_of(kind: ListKind, words: RowWords, safe: Callable[[str], str]) -> list[Column]:
    """`safe` keeps text from being run as a formula. Only names and addresses come from outside: the rest is ours."""
    asked = [
        _day("Ngày được mời", attrgetter("asked_on")),
        _day("Hết hạn", attrgetter("turns_on")),
        Column("Đã liên hệ", 34, lambda row: _parted(words.ways(row))),
        Column("Vì sao chưa liên hệ được", 30, words.reason),
    ]
    return [
        Column("Phần", 30, lambda row: PART_TITLES[row.group]),
        Column("Xã, phường, đặc khu", 26, words.commune),
        Column("Tên", 46, lambda row: safe(words.name(row)), own=True),
        Column("Mã số thuế", 15, lambda row: safe(row.tax_code) if row.tax_code else "", own=True),
        Column("Trang web", 30, lambda row: safe(row.channel) if row.channel else "", own=True),
        Column("Nhóm đối tượng", 34, lambda row: _parted(words.types(row))),
        Column("Nghĩa vụ", 40, words.duty),
        Column("Có từ khi nào", 28, words.cohort),
        _day("Thấy lần đầu", attrgetter("first_seen_on")),
        *(asked if kind is ListKind.NOT_PLEDGED else []),
        Column("Mã dòng", 38, attrgetter("obligation"), own=True),
    ]


def _parted(text: str) -> str:
    """Semicolons would begin a new cell where a Vietnamese spreadsheet program opens a CSV by a double click."""
    return text.replace("; ", ", ")


def _day(title: str, day: Callable[[ListRow], date | None]) -> Column:
    return Column(title, 14, lambda row: day_text(day(row)), day)
