"""The figures of an agency or a province as a paper with charts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO

from pledges.core.chart_figures import VIETNAMESE
from pledges.documents.figures_pdf import FiguresPaper, FiguresTable, Part, write_figures_pdf
from pledges.documents.fonts import faces_of
from pledges.plans.models import Instrument
from pledges.reporting import pictures
from pledges.reporting.report import COUNTED, ONCE, RollupReport, share_text
from pledges.reporting.rollup import GROUPS
from pledges.rounds.figures import Figures, together

HEADS = (
    "Thuộc diện ký",
    "Đang có hiệu lực",
    "Tỷ lệ",
    "Chờ cơ quan duyệt",
    "Đang chờ ký",
    "Chưa cam kết",
    "Chưa liên hệ được",
    "Chưa đến hạn",
)


def write_rollup_pdf(report: RollupReport, target: IO[bytes], fonts: Path | None = None) -> None:
    write_figures_pdf(_paper(report), target, faces_of(fonts))


def _paper(report: RollupReport) -> FiguresPaper:
    return FiguresPaper(
        superior=report.superior,
        agency=report.agency,
        title=report.title,
        subtitle=report.subtitle,
        facts=report.facts,
        parts=tuple(_parts(report)),
        place=report.place,
        year=report.year,
        signing_title=report.signing_title,
        foot=f"{report.title}, {report.agency}. {report.subtitle}",
    )


def _parts(report: RollupReport) -> list[Part]:
    coverage, names, goal = report.coverage, report.names, report.goal.share
    pledged = _by_entry(report, Instrument.PLEDGE)
    communes = [(name, line) for _code, name, line in names.by_commune(coverage.lines("commune_code"))]
    parts = [
        Part("1. Theo nghĩa vụ", (COUNTED,), _table("Nghĩa vụ", pledged, total=coverage.total)),
        Part("2. Qua các quý", (), None, pictures.quarter_columns(coverage, names, goal)),
        _by_type(report),
        Part(
            "4. Tình trạng",
            ("Mỗi nghĩa vụ thuộc diện ký ở đúng một nhóm.",),
            None,
            pictures.group_stacks(coverage, names),
        ),
        Part("5. Theo xã, phường, đặc khu", (), _table("Xã, phường, đặc khu", communes, total=coverage.total)),
    ]
    received = _by_entry(report, Instrument.ACKNOWLEDGEMENT)
    if received:
        note = "Xác nhận đã nhận văn bản của cơ quan; không tính vào tỷ lệ cam kết."
        parts.append(Part("6. Xác nhận văn bản", (note,), _table("Nghĩa vụ", received)))
    return parts


def _by_entry(report: RollupReport, instrument: Instrument) -> list[tuple[str, Figures]]:
    """Also those of which nothing is in scope: an entry that is missing would be asked about."""
    totals = (row for row in report.rollup.totals if row.instrument == instrument.value)
    return [(report.names.entry(row.obligation), row.figures) for row in totals]


def _by_type(report: RollupReport) -> Part:
    coverage, names = report.coverage, report.names
    rows = [(name, line) for _code, name, line in names.by_type(coverage.lines("subject_type"))]
    sums = together(line for _name, line in rows)
    table = _table("Nhóm đối tượng", [*rows, ("Cộng các nhóm", sums)], total=coverage.total, sums=1)
    notes = [ONCE] if sums.in_scope != coverage.total.in_scope else []
    if report.volunteers.total:
        notes.append(f"Cam kết tự nguyện đang có hiệu lực: {VIETNAMESE.number(report.volunteers.total)}.")
    chart = pictures.type_bars(coverage, names, report.goal.share)
    return Part("3. Theo nhóm đối tượng", tuple(notes), table, chart)


def _table(
    head: str, rows: Sequence[tuple[str, Figures]], *, total: Figures | None = None, sums: int = 0
) -> FiguresTable:
    lines = [_line(name, figures) for name, figures in rows]
    if total is not None:
        label = "Mỗi nghĩa vụ đếm một lần" if sums else "Cộng"
        lines.append(_line(label, total))
    return FiguresTable((head, *HEADS), tuple(lines), sums + (total is not None))


def _line(name: str, figures: Figures) -> tuple[str, ...]:
    number = VIETNAMESE.number
    in_force, *others = (number(figures[group]) for group in GROUPS)
    return (name, number(figures.in_scope), in_force, share_text(figures), *others)
