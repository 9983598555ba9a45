"""A trial run: what an import would do, without a trace in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.imports import columns
from pledges.imports.checking import Check, Checked
from pledges.imports.claims import CHUNK, Progress
from pledges.imports.models import Import, ImportState, RowOutcome
from pledges.imports.operations import check_columns
from pledges.imports.reading import SAMPLE
from pledges.imports.sheets import open_sheets
from pledges.imports.totals import totals_of_counts


class Rehearsal:
    """Goes through a file as an import would; `import_` says whose and what kind, and is never stored."""

    def __init__(self, database: Database, vault: Vault, import_: Import, data: bytes) -> None:
        self._database = database
        self._data = data
        self._channels: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()
        self.import_ = import_
        self._guess_columns()
        self._check = Check(import_, vault)

    def _guess_columns(self) -> None:
        with open_sheets(self._data) as book:
            sample = [(row.number, row.cells) for row in islice(book.rows(), SAMPLE)]
            self.import_.sheet = book.sheet
        with self._database.read() as session:
            guess = columns.guess(sample, self.import_.purpose, columns.recall(session, self.import_))
        check_columns(guess.mapping)
        self.import_.header_row, self.import_.headings = guess.header_row, guess.headings
        self.import_.mapping = {str(column): field.value for column, field in guess.mapping.items()}

    def go_through(self, progress: Progress) -> Iterator[Checked]:
        """Every row with its verdict; `totals` is right when this has come to its end."""
        done = 0
        with open_sheets(self._data, self.import_.sheet) as book:
            data = (row for row in book.rows() if row.number > self.import_.header_row)
            while chunk := list(islice(data, CHUNK)):
                rows = [(row.number, row.cells, self._check.parse(row.cells)) for row in chunk]
                with self._database.read() as session:
                    checked = self._check.chunk(session, rows)
                done += len(chunk)
                for each in checked:
                    self._count(each)
                    yield each
                progress(ImportState.CHECKING, done, 0)

    def _count(self, checked: Checked) -> None:
        verdict = checked.verdict
        self._outcomes[verdict.outcome.value] += 1
        self._channels["channels_added"] += len(verdict.additions.channels)
        self._channels["channels_matched"] += verdict.matched_channels

    def totals(self) -> dict[str, Any]:
        counts = {outcome.value: self._outcomes[outcome.value] for outcome in RowOutcome} | {"decided": 0}
        channels = {name: self._channels[name] for name in ("channels_added", "channels_matched")}
        return {**totals_of_counts(counts), **channels}
