"""Files of figures: who takes them, of what and why stands in the log before the first byte leaves."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import Quarter, local_day
from pledges.core.chart_figures import VIETNAMESE
from pledges.core.db import new_id
from pledges.core.errors import N_, DomainError
from pledges.reporting.report import RollupReport, report_of
from pledges.reporting.rollup import Rollup, rollup_of
from pledges.reporting.rollup_csv import rollup_csv
from pledges.reporting.rollup_pdf import write_rollup_pdf
from pledges.reporting.rollup_xlsx import ListSheet, write_rollup_xlsx
from pledges.reporting.standing import Place, past_day
from pledges.rounds.list_heading import caution_of
from pledges.rounds.list_models import ListKind
from pledges.rounds.list_rows import PARTS
from pledges.rounds.list_words import RowWords
from pledges.rounds.lists import stream_list

SHORTEST_REASON = 10
LONGEST_REASON = 300
MOST_LISTED = 5_000
"""Lines of lists that stand in the workbook itself; longer lists have files of their own, which the worker makes."""


class RollupFormat(StrEnum):
    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"


@dataclass(frozen=True)
class RollupOrder:
    place: Place
    day: date | None
    """None: as it stands now."""
    format: RollupFormat
    reason: str
    names: bool = False
    """Whether whoever takes it may see who has not pledged; only then the workbook of an agency holds the lists."""

    @property
    def has_lists(self) -> bool:
        return self.names and bool(self.place.agency_code) and self.format is RollupFormat.XLSX


def note_export(session: Session, order: RollupOrder, *, actor: Actor, now: datetime) -> None:
    """Write into the log that somebody takes these figures along; refused without a reason."""
    if len(order.reason.strip()) < SHORTEST_REASON:
        raise DomainError(
            N_("Hãy ghi lý do lấy số liệu, ít nhất %(least)s ký tự."), field="reason", least=SHORTEST_REASON
        )
    day = past_day(order.day, now) or local_day(now)
    # Names that leave in a workbook stand in the log beside all other lists that were taken.
    for kind in _listed(rollup_of(session, order.place, order.day, now)) if order.has_lists else ():
        _note_list(session, order, kind, day, actor=actor, now=now)
    record(
        session,
        "report.exported",
        province_code=order.place.province_code,
        object_id=new_id(),
        actor=actor,
        now=now,
        data={
            "report": "rollup",
            "agency": order.place.agency_code,
            "quarter": str(Quarter.of(day)),
            "as_of": day.isoformat(),
            "format": order.format.value,
            "reason": order.reason.strip(),
            "lists": order.has_lists,
        },
    )


def _note_list(session: Session, order: RollupOrder, kind: ListKind, day: date, *, actor: Actor, now: datetime) -> None:
    record(
        session,
        "list.exported",
        province_code=order.place.province_code,
        object_id=new_id(),
        actor=actor,
        now=now,
        data={
            "list": kind.value,
            "agency": order.place.agency_code,
            "quarter": str(Quarter.of(day)),
            "as_of": day.isoformat(),
            "format": order.format.value,
            "filters": {},
            "searched": False,
            "reason": order.reason.strip(),
            "again": False,
        },
    )


def rollup_file(session: Session, order: RollupOrder, *, who: str, now: datetime, fonts: Path | None = None) -> bytes:
    report = report_of(session, order.place, order.day, now, reason=order.reason.strip(), who=who)
    if order.format is RollupFormat.CSV:
        return rollup_csv(report)
    if order.format is RollupFormat.PDF:
        target = BytesIO()
        write_rollup_pdf(report, target, fonts)
        return target.getvalue()
    lists = _lists(session, report, now) if order.has_lists else []
    words = RowWords.read(session, order.place.province_code)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rollup.xlsx"
        write_rollup_xlsx(report, path, lists, words)
        return path.read_bytes()


def filename_of(order: RollupOrder, now: datetime) -> str:
    day = order.day or local_day(now)
    of = order.place.agency_code or order.place.province_code
    return f"so-lieu-{of}-{Quarter.of(day)}-{day.isoformat()}.{order.format.value}"


def _lists(session: Session, report: RollupReport, now: datetime) -> list[ListSheet]:
    place, day = report.coverage.place, report.coverage.day
    listed, caution = _listed(report.rollup), caution_of(session, place.province_code)
    sheets = []
    for kind in _KINDS:
        if kind not in listed:
            number = VIETNAMESE.number(_length(report.rollup, kind))
            note = f"Danh sách có {number} dòng: hãy lấy ở trang danh sách của đợt vận động, có tệp riêng."
            sheets.append(ListSheet(kind, None, (note,)))
            continue
        rows = list(stream_list(session, place.province_code, place.agency_code, kind, as_of=day, now=now))
        sheets.append(ListSheet(kind, rows, (f"{len(rows)} dòng.", *caution)))
    return sheets


_KINDS = (ListKind.NOT_PLEDGED, ListKind.PLEDGED)


def _listed(rollup: Rollup) -> tuple[ListKind, ...]:
    """The lists that are short enough to stand in the workbook."""
    return tuple(kind for kind in _KINDS if _length(rollup, kind) <= MOST_LISTED)


def _length(rollup: Rollup, kind: ListKind) -> int:
    return sum(row.figures[part] for row in rollup.totals for part in PARTS[kind])
