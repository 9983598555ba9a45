"""A list as an annex in PDF; a long one as a ZIP with a PDF for each commune (`model.md` 14)."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO

from pledges.core.formulas import csv_safe
from pledges.core.text import fold
from pledges.documents.fonts import Faces, one_at_a_time, read_faces
from pledges.documents.list_pdf import ListColumn, ListLine, ListPaper, write_list_pdf
from pledges.rounds.list_heading import ListHeading
from pledges.rounds.list_models import ListKind
from pledges.rounds.list_rows import ListRow
from pledges.rounds.list_words import PART_TITLES, RowWords, day_text

MOST_IN_PDF = 20_000
_BLANK = "\u00a0"
_UNDATED = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class _Column:
    shown: ListColumn
    text: Callable[[ListRow], str]


def write_pdf(
    rows: Iterable[ListRow],
    heading: ListHeading,
    words: RowWords,
    path: Path,
    *,
    fonts: Path | None = None,
    most: int = MOST_IN_PDF,
) -> str:
    """Write the file and say how its name ends: `pdf`, or `zip` where there were more lines than one PDF holds."""
    columns = _columns(heading.kind, words)
    paper = _paper(heading, columns)
    lines = (_line(row, columns, words) for row in rows)
    with one_at_a_time:
        faces = read_faces(fonts)
    first = list(islice(lines, most + 1))
    if len(first) <= most:
        with path.open("wb") as target:
            write_list_pdf(paper, first, target, faces)
        return "pdf"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        _Communes(paper, faces, packed, path.parent, most).write(_chain(first, lines))
    return "zip"


def _chain(first: list[ListLine], rest: Iterator[ListLine]) -> Iterator[ListLine]:
    """The lines that were looked at, given back one by one, and then the others."""
    first.reverse()
    while first:
        yield first.pop()
    yield from rest


def _columns(kind: ListKind, words: RowWords) -> list[_Column]:
    subject = [
        _Column(ListColumn("Tên, trang web", 33), lambda row: f"{words.name(row)}\n{row.channel}".rstrip()),
        _Column(ListColumn("Mã số thuế", 13), lambda row: row.tax_code),
        _Column(ListColumn("Nhóm đối tượng", 18), words.types),
        _Column(ListColumn("Nghĩa vụ", 18), words.duty),
    ]
    if kind is ListKind.PLEDGED:
        return [
            *subject,
            _Column(ListColumn("Có từ khi nào", 15), words.cohort),
            _Column(ListColumn("Thấy lần đầu", 12, centred=True), lambda row: day_text(row.first_seen_on)),
        ]
    return [
        *subject,
        _Column(ListColumn("Ngày được mời", 12, centred=True), lambda row: day_text(row.asked_on)),
        _Column(ListColumn("Hết hạn", 12, centred=True), lambda row: day_text(row.turns_on)),
        _Column(ListColumn("Đã liên hệ; vì sao chưa được", 21), lambda row: _tried(row, words)),
    ]


def _tried(row: ListRow, words: RowWords) -> str:
    """One way below the other."""
    return "\n".join(filter(None, (words.ways(row).replace("; ", "\n"), words.reason(row))))


def _line(row: ListRow, columns: list[_Column], words: RowWords) -> ListLine:
    return ListLine(PART_TITLES[row.group], words.commune(row), tuple(column.text(row) for column in columns))


def _paper(heading: ListHeading, columns: list[_Column]) -> ListPaper:
    number, day = f"{_BLANK * 12}/{_BLANK * 12}", f"{_BLANK * 5}/{_BLANK * 5}/{heading.year}"
    mark = f" · SHA-256 {heading.sha256[:16]}…" if heading.sha256 else ""
    return ListPaper(
        superior=heading.superior,
        agency=heading.agency,
        place=heading.place,
        year=heading.year,
        title=heading.title,
        subtitle=heading.subtitle,
        attached=f"(Kèm theo Văn bản số{number} ngày{day} của {heading.agency})",
        facts=heading.facts,
        caution=heading.caution,
        columns=tuple(column.shown for column in columns),
        nothing="Không có ai trong danh sách này.",
        foot=f"{heading.agency} · {heading.title}, {heading.subtitle}{mark}",
        signing_title=heading.signing_title,
    )


# --- Commune by commune ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Communes:
    """The files of a list that is too long for one: one or more for each commune, and their index."""

    paper: ListPaper
    faces: Faces
    packed: zipfile.ZipFile
    folder: Path
    most: int

    def write(self, lines: Iterable[ListLine]) -> None:
        """Lines come part by part; they are laid aside by commune first, because memory does not hold a million."""
        aside: dict[str, IO[str]] = {}
        index: list[tuple[str, str, int]] = []
        with ExitStack() as opened:
            for line in lines:
                if line.section not in aside:
                    aside[line.section] = opened.enter_context(
                        tempfile.TemporaryFile("w+", encoding="utf-8", dir=self.folder)
                    )
                json.dump([line.part, *line.cells], aside[line.section], ensure_ascii=False)
                aside[line.section].write("\n")
            for number, commune in enumerate(sorted(aside, key=fold), start=1):
                aside[commune].seek(0)
                index += self._write_one(commune, number, aside[commune])
        _add(self.packed, "00-muc-luc.csv", io.BytesIO(_index(index)))

    def _write_one(self, commune: str, number: int, laid: IO[str]) -> Iterator[tuple[str, str, int]]:
        volume = 0
        while taken := list(islice(laid, self.most)):
            volume += 1
            more = f" (quyển {volume})" if volume > 1 or len(taken) == self.most else ""
            own = replace(self.paper, subtitle=f"{self.paper.subtitle}; {commune}{more}")
            suffix = f"-{volume}" if more else ""
            name = f"{number:03}-{fold(commune).replace(' ', '-')[:60]}{suffix}.pdf"
            with tempfile.TemporaryFile(dir=self.folder) as file:
                count = write_list_pdf(own, (_read(commune, each) for each in taken), file, self.faces)
                file.seek(0)
                _add(self.packed, name, file)
            yield name, commune, count


def _read(commune: str, laid: str) -> ListLine:
    part, *cells = json.loads(laid)
    return ListLine(part, commune, tuple(cells))


def _add(packed: zipfile.ZipFile, name: str, content: IO[bytes]) -> None:
    with packed.open(zipfile.ZipInfo(name, _UNDATED), "w", force_zip64=True) as entry:
        while piece := content.read(1 << 20):
            entry.write(piece)


def _index(files: list[tuple[str, str, int]]) -> bytes:
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n").writerow
    write(["Tệp", "Xã, phường, đặc khu", "Số dòng"])
    for name, commune, count in files:
        write([name, csv_safe(commune), count])
    return ("\ufeff" + text.getvalue()).encode()
