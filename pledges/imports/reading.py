"""From the file to the preview: what its columns may mean, and what each row would do to the register."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from pledges.core.calendar import Clock
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database
from pledges.core.errors import N_
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.imports import columns
from pledges.imports.checking import Check, Checked
from pledges.imports.claims import CHUNK, Claim, Progress, hold
from pledges.imports.models import ImportRow, ImportState
from pledges.imports.queries import forget_rows
from pledges.imports.rows import ParsedRow
from pledges.imports.sheets import LONGEST_CELL, SheetRefused, SheetRow, open_sheets
from pledges.imports.states import Step, take_step
from pledges.imports.totals import preview_totals

CUT = N_("Nội dung quá dài ở cột %(columns)s: chỉ đọc %(most)s ký tự đầu.")
SAMPLE = 60
"""Rows that are kept before anybody has said what the columns mean."""
_RENEW_EVERY = 5000

T = TypeVar("T")


class FileReader:
    """The steps READING and CHECKING. Both begin anew when they were killed: nothing of theirs is in the register."""

    def __init__(self, database: Database, storage: Storage, clock: Clock, vault: Vault, chunk: int = CHUNK) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock
        self._vault = vault
        self._chunk = chunk

    def read(self, claim: Claim, progress: Progress) -> None:
        """Count the rows, keep the first ones, and guess what the columns mean."""
        import_ = claim.import_
        sample: list[SheetRow] = []
        numbers: list[int] = []
        with self._refusals(claim), open_sheets(self._storage.get(import_.file_sha256), import_.sheet) as book:
            for row in book.rows():
                numbers.append(row.number)
                if len(sample) < SAMPLE:
                    sample.append(row)
                if len(numbers) % _RENEW_EVERY == 0:
                    self._database.run(self._renew(claim))
                    progress(ImportState.READING, len(numbers), 0)
            sheets = {"sheet": book.sheet, "sheets": book.sheets}
            self._database.run(partial(self._ask_columns, claim=claim, sample=sample, numbers=numbers, sheets=sheets))

    def _renew(self, claim: Claim) -> Any:
        return lambda session: hold(session, claim, self._clock())

    def _ask_columns(
        self, session: Session, claim: Claim, sample: list[SheetRow], numbers: list[int], sheets: dict[str, Any]
    ) -> None:
        import_ = hold(session, claim, self._clock())
        guess = columns.guess(
            [(row.number, row.cells) for row in sample], import_.purpose, columns.recall(session, import_)
        )
        forget_rows(session, claim.key)
        _insert_rows(session, claim, [_new_row(claim, row) for row in sample])
        crash_point("import.before_columns")
        take_step(
            session,
            claim.key,
            Step.ASK_COLUMNS,
            seen=claim.revision,
            header_row=guess.header_row,
            headings=guess.headings,
            mapping={str(column): field.value for column, field in sorted(guess.mapping.items())},
            rows=sum(1 for number in numbers if number > guess.header_row),
            **sheets,
        )

    @contextmanager
    def _refusals(self, claim: Claim) -> Iterator[None]:
        """A file that cannot be read is an answer, not a fault: the reason is kept with the import."""
        try:
            yield
        except SheetRefused as refusal:
            problem = {"problem": refusal.message, "problem_params": refusal.params}
            self._database.run(lambda session: take_step(session, claim.key, Step.FAIL, seen=claim.revision, **problem))

    # --- The check ------------------------------------------------------------------------------------------------

    def check(self, claim: Claim, progress: Progress) -> None:
        """Hold every row against the register and against the rows before it.

        The file is read again: before the columns are known nobody can say which cells hold personal numbers, so
        that the rows are kept only now.
        """
        check = Check(claim.import_, self._vault)
        if not claim.import_.file_sha256:
            self._check_handed_over(claim, check, progress)
            return
        self._database.run(partial(self._begin_check, claim=claim))
        done = 0
        with (
            self._refusals(claim),
            open_sheets(self._storage.get(claim.import_.file_sha256), claim.import_.sheet) as book,
        ):
            for chunk in _chunks(book.rows(), self._chunk):
                data = [row for row in chunk if row.number > claim.import_.header_row]
                checked = self._check_chunk(check, [(row.number, row.cells, check.parse(row.cells)) for row in data])
                headings = [_new_row(claim, row) for row in chunk if row.number <= claim.import_.header_row]
                cut = {row.number: row.cut for row in data if row.cut}
                rows = headings + [
                    _new_row(claim, each, **_columns_of(each, self._vault, cut.get(each.number, ())))
                    for each in checked
                ]
                done += len(data)
                self._database.run(partial(self._keep_chunk, claim=claim, rows=rows, done=done))
                crash_point("import.after_check_chunk")
                progress(ImportState.CHECKING, done, claim.import_.rows)
            self._database.run(partial(self._show, claim=claim, done=done))

    def _begin_check(self, session: Session, claim: Claim) -> None:
        hold(session, claim, self._clock(), done=0)
        forget_rows(session, claim.key)

    def _check_chunk(self, check: Check, rows: Sequence[tuple[int, list[str], ParsedRow]]) -> list[Checked]:
        with self._database.read() as session:
            return check.chunk(session, rows)

    def _keep_chunk(self, session: Session, claim: Claim, rows: list[dict[str, Any]], done: int) -> None:
        hold(session, claim, self._clock(), done=done)
        _insert_rows(session, claim, rows)

    def _show(self, session: Session, claim: Claim, done: int) -> None:
        totals = preview_totals(session, claim.key)
        take_step(session, claim.key, Step.SHOW, seen=claim.revision, rows=done, done=done, totals=totals)

    def _check_handed_over(self, claim: Claim, check: Check, progress: Progress) -> None:
        """Rows that another province gave: they stand in the database already, as they were understood there."""
        done, after = 0, 0
        while chunk := self._handed_over(claim, after):
            checked = self._check_chunk(check, chunk)
            done += len(chunk)
            self._database.run(partial(self._keep_verdicts, claim=claim, checked=checked, done=done))
            progress(ImportState.CHECKING, done, claim.import_.rows)
            after = chunk[-1][0]
        self._database.run(partial(self._show, claim=claim, done=done))

    def _handed_over(self, claim: Claim, after: int) -> list[tuple[int, list[str], ParsedRow]]:
        with self._database.read() as session:
            rows = session.scalars(
                select(ImportRow)
                .where(
                    ImportRow.province_code == claim.key[0],
                    ImportRow.import_id == claim.key[1],
                    ImportRow.number > after,
                )
                .order_by(ImportRow.number)
                .limit(self._chunk)
            ).all()
            return [(row.number, row.cells, ParsedRow.from_json(row.parsed, self._vault)) for row in rows]

    def _keep_verdicts(self, session: Session, claim: Claim, checked: list[Checked], done: int) -> None:
        hold(session, claim, self._clock(), done=done)
        values = [_columns_of(each, self._vault) | {"row_number": each.number} for each in checked]
        names = [name for name in values[0] if name not in {"row_number", "parsed"}]
        session.connection().execute(
            update(ImportRow)
            .where(
                ImportRow.province_code == claim.key[0],
                ImportRow.import_id == claim.key[1],
                ImportRow.number == bindparam("row_number"),
            )
            .values({name: bindparam(f"new_{name}") for name in names}),
            [{"row_number": row["row_number"], **{f"new_{name}": row[name] for name in names}} for row in values],
        )


def _insert_rows(session: Session, claim: Claim, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.connection().execute(insert(ImportRow), rows)


def _new_row(claim: Claim, row: SheetRow | Checked, **known: Any) -> dict[str, Any]:
    """A row as it is inserted; all rows of one statement have the same columns."""
    empty: dict[str, Any] = {
        "parsed": {},
        "outcome": None,
        "reasons": [],
        "entity_id": None,
        "other_ids": [],
        "other_province": "",
    }
    key = {"province_code": claim.key[0], "import_id": claim.key[1]}
    return {**key, "number": row.number, "cells": row.cells, **empty, **known}


def _columns_of(checked: Checked, vault: Vault, cut: Sequence[int] = ()) -> dict[str, Any]:
    """What the check found; `cut`: columns of whose text only the beginning was read."""
    verdict = checked.verdict
    where = ", ".join(map(columns.column_letter, cut))
    shortened = [[CUT, {"columns": where, "most": LONGEST_CELL}]] if cut else []
    return {
        "parsed": checked.row.to_json(vault),
        "outcome": verdict.outcome,
        "reasons": [*(list(reason) for reason in verdict.reasons), *shortened],
        "entity_id": verdict.entity_id,
        "other_ids": [str(each) for each in verdict.other_ids],
        "other_province": verdict.other_province,
    }


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
