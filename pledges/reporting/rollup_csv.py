"""The rows of a rollup as CSV for people: UTF-8 with the mark that spreadsheet programs need, names beside codes."""

from __future__ import annotations

import csv
import io

from pledges.core.formulas import csv_safe
from pledges.plans.models import Instrument
from pledges.reporting.report import RollupReport
from pledges.reporting.rollup import GROUPS, RollupRow

INSTRUMENTS = {
    Instrument.PLEDGE.value: "Cam kết",
    Instrument.ACKNOWLEDGEMENT.value: "Xác nhận văn bản",
}
HEADS = (
    "Mã cơ quan",
    "Cơ quan",
    "Mã nghĩa vụ",
    "Nghĩa vụ",
    "Hình thức",
    "Nhóm đối tượng",
    "Mã xã",
    "Xã, phường, đặc khu",
    "Thuộc diện ký",
    "Đang có hiệu lực",
    "Chờ cơ quan duyệt",
    "Đang chờ ký",
    "Chưa cam kết",
    "Chưa liên hệ được",
    "Chưa đến hạn",
    "Tỷ lệ",
)


def rollup_csv(report: RollupReport) -> bytes:
    """Rows by subject type and commune, then one per entry in which every subject counts once."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n").writerow
    for line in heading_lines(report):
        write([csv_safe(f"# {line}")])
    write(HEADS)
    for row in (*report.rollup.rows, *report.rollup.totals):
        write([csv_safe(cell) if isinstance(cell, str) else cell for cell in cells_of(row, report)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def heading_lines(report: RollupReport) -> list[str]:
    names = f"{report.superior} – {report.agency}" if report.superior else report.agency
    facts = [f"{label}: {value}" for label, value in report.facts if value]
    return [names, report.title.upper(), report.subtitle, *facts]


def cells_of(row: RollupRow, report: RollupReport) -> list[str | int | float]:
    names = report.names
    whole = not row.subject_type
    return [
        row.agency,
        names.agencies.get(row.agency, row.agency),
        row.obligation,
        names.entry(row.obligation).replace("; ", ", "),
        INSTRUMENTS.get(row.instrument, row.instrument),
        "(mỗi nghĩa vụ đếm một lần)" if whole else names.subject_type(row.subject_type),
        row.commune,
        "(mọi nơi)" if whole else names.commune(row.commune),
        row.figures.in_scope,
        *(row.figures[group] for group in GROUPS),
        round(row.figures.share, 6) if row.figures.share is not None else "",
    ]
