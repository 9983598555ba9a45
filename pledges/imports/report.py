"""The row report: what became of each row of a list and why, for people who mend the list."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.errors import N_
from pledges.core.formulas import csv_safe, formula_safe
from pledges.imports.checking import NEEDS_PERSON, SKIPPED, Checked
from pledges.imports.errors import Reason
from pledges.imports.models import ClashDecision, ImportRow, RowOutcome
from pledges.imports.queries import rows_of
from pledges.imports.states import Key
from pledges.registry.models import Entity

Say = Callable[[str], str]
"""Translates a message; without it the report is Vietnamese."""

PAGE = 500
LONGEST_CELL = 32_767

OUTCOMES = {
    RowOutcome.NEW: N_("Thêm mới"),
    RowOutcome.MATCHED: N_("Đã có"),
    RowOutcome.ADDS: N_("Đã có, bổ sung thông tin"),
    RowOutcome.CLASH: N_("Cần người quyết định"),
    RowOutcome.OUTSIDE: N_("Thuộc tỉnh, thành phố khác"),
    RowOutcome.REFUSED: N_("Không dùng được"),
}
NUMBER, OUTCOME, ENTITY, REASONS = N_("Dòng"), N_("Kết quả"), N_("Đối tượng"), N_("Lý do, ghi chú")
COLUMN = N_("Cột %(number)s")


@dataclass(frozen=True)
class Line:
    number: int
    outcome: RowOutcome
    entity: str
    """Name in the register."""
    reasons: tuple[Reason, ...]
    cells: tuple[str, ...]
    """As typed, personal numbers masked."""


def lines_of(session: Session, key: Key) -> Iterator[Line]:
    """The rows of an import in the order of the file, headings left out."""
    after = 0
    while rows := rows_of(session, key, after=after, limit=PAGE):
        names = _names(session, key[0], {row.entity_id for row in rows if row.entity_id is not None})
        for row in rows:
            if row.outcome is not None:
                name = names.get(row.entity_id, "") if row.entity_id is not None else ""
                yield Line(row.number, row.outcome, name, _reasons(row), tuple(row.cells))
        after = rows[-1].number
        # A hundred thousand rows pass here: none is needed twice.
        session.expunge_all()


def line_of(checked: Checked) -> Line:
    """A row of a trial run, of which the database knows nothing."""
    verdict = checked.verdict
    return Line(checked.number, verdict.outcome, "", verdict.reasons, tuple(checked.cells))


def _reasons(row: ImportRow) -> tuple[Reason, ...]:
    reasons: list[Reason] = [(message, dict(params)) for message, params in row.reasons]
    if row.outcome is RowOutcome.CLASH:
        reasons.insert(0, (SKIPPED if row.decision is ClashDecision.SKIP else NEEDS_PERSON, {}))
    return tuple(reasons)


def _names(session: Session, province_code: str, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    if not ids:
        return {}
    rows = session.execute(
        select(Entity.id, Entity.name).where(Entity.province_code == province_code, Entity.id.in_(ids))
    )
    return {row.id: row.name for row in rows}


def _vietnamese(message: str) -> str:
    return message


def _head(headings: Sequence[str], say: Say) -> list[str]:
    own = [say(each) for each in (NUMBER, OUTCOME, ENTITY, REASONS)]
    typed = [each or say(COLUMN) % {"number": number} for number, each in enumerate(headings, start=1)]
    return [formula_safe(each) for each in (*own, *typed)]


def _texts(line: Line, say: Say) -> list[str]:
    reasons = " ".join(say(message) % params if params else say(message) for message, params in line.reasons)
    texts = [say(OUTCOMES[line.outcome]), line.entity, reasons, *line.cells]
    return [formula_safe(text)[:LONGEST_CELL] for text in texts]


def write_xlsx(
    lines: Iterable[Line], headings: Sequence[str], target: Path | IO[bytes], say: Say = _vietnamese
) -> None:
    """As a workbook, written row by row: its size does not matter for the memory."""
    where = str(target) if isinstance(target, Path) else target
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(where, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 8)
        sheet.set_column(1, 2, 28)
        sheet.set_column(3, 3, 60)
        for column, text in enumerate(_head(headings, say)):
            sheet.write_string(0, column, text, bold)
        for number, line in enumerate(lines, start=1):
            sheet.write_number(number, 0, line.number)
            for column, text in enumerate(_texts(line, say), start=1):
                sheet.write_string(number, column, text)


def write_csv(lines: Iterable[Line], headings: Sequence[str], target: IO[bytes], say: Say = _vietnamese) -> None:
    """As CSV with the mark by which spreadsheet programs know UTF-8."""
    out = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(out)
    writer.writerow([csv_safe(each) for each in _head(headings, say)])
    for line in lines:
        writer.writerow([line.number, *(csv_safe(each) for each in _texts(line, say))])
    out.detach()
