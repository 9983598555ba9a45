"""Public coverage as open data: CSV and JSON that explain themselves, the numbers of the page and no others.

A file says nothing about when it was made, so that it stays the same until its figures change.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from pledges.core.formulas import csv_safe
from pledges.reporting.published import LEAST, ProvinceLine, PublicCoverage
from pledges.rounds.figures import Figures
from pledges.rounds.list_models import Group
from pledges.rounds.list_words import day_text

SCHEMA = 1
"""Grows when a column changes its meaning or goes; columns may be added without that."""
LICENCE = (
    "Dữ liệu mở, miễn phí: được sao chép, chia sẻ, dùng lại và kết hợp với dữ liệu khác, kể cả để kinh doanh. "
    "Khi dùng phải ghi nguồn và ngày của số liệu, không làm sai lệch số liệu."
)
WITHHELD = (
    f"Nhóm có ít hơn {LEAST} đối tượng không nêu riêng mà gộp với nhóm nhỏ nhất kế tiếp (mã các nhóm cách nhau bằng "
    f"dấu +); nơi có ít hơn {LEAST} đối tượng thì để trống."
)
COUNTED = (
    "Mỗi nghĩa vụ là một đối tượng (hoặc một trang web) phải ký theo một mục của kế hoạch; người phải ký hai mục "
    "có hai nghĩa vụ. Bản đã ký mà cơ quan chưa duyệt chưa tính."
)
GROUP, SUM, TOTAL, ACKNOWLEDGED, VOLUNTARY = "group", "sum", "total", "acknowledgement", "voluntary"
LINES = {
    GROUP: "một nhóm đối tượng; ai thuộc hai nhóm có ở cả hai dòng",
    SUM: "cộng các nhóm, có đếm trùng",
    TOTAL: "mỗi nghĩa vụ đếm một lần",
    ACKNOWLEDGED: "xác nhận văn bản, đếm riêng, không tính vào tỷ lệ cam kết",
    VOLUNTARY: "cam kết tự nguyện đang có hiệu lực, không thuộc diện ký",
}
COLUMNS = {
    "as_of": "số liệu tính đến hết ngày này, giờ Việt Nam (năm-tháng-ngày)",
    "province": "mã tỉnh, thành phố",
    "province_name": "tên tỉnh, thành phố",
    "line": "; ".join(f"{name}: {text}" for name, text in LINES.items()),
    "group": "mã nhóm đối tượng, chỉ ở dòng group",
    "group_name": "tên nhóm đối tượng, chỉ ở dòng group",
    "in_scope": "số nghĩa vụ thuộc diện ký; trống: không nêu hoặc không có",
    "in_force": "số nghĩa vụ có bản cam kết đang có hiệu lực; trống: không nêu",
    "share": "in_force chia in_scope, từ 0 đến 1; trống: không có ai thuộc diện ký hoặc không nêu",
}
Row = dict[str, Any]


def province_rows(found: PublicCoverage) -> list[Row]:
    """The groups, their sum, every obligation once; then what is counted apart."""
    groups = [_row(GROUP, line.figures, "+".join(line.codes), "; ".join(line.names)) for line in found.groups]
    rows = [*groups, _row(SUM, found.sums)] if groups else []
    rows += [_row(TOTAL, found.total), _row(ACKNOWLEDGED, found.acknowledged)]
    rows.append(_row(VOLUNTARY, None) | {"in_force": found.voluntary})
    return [_of_province(found.province.code, found.province.name) | row for row in rows]


def nation_rows(lines: Iterable[ProvinceLine]) -> list[Row]:
    """Per province every obligation once, and what is counted apart."""
    return [
        _of_province(line.province.code, line.province.name) | row
        for line in lines
        for row in (_row(TOTAL, line.pledged), _row(ACKNOWLEDGED, line.acknowledged))
    ]


def _of_province(code: str, name: str) -> Row:
    return {"province": code, "province_name": name}


def _row(line: str, figures: Figures | None, group: str = "", group_name: str = "") -> Row:
    return {
        "line": line,
        "group": group,
        "group_name": group_name,
        "in_scope": figures.in_scope if figures is not None else None,
        "in_force": figures[Group.IN_FORCE] if figures is not None else None,
        "share": round(figures.share, 6) if figures is not None and figures.share is not None else None,
    }


def about(as_of: str, *, title: str, source: str, address: str) -> Row:
    """What whoever finds the file alone has to know."""
    return {
        "title": title,
        "schema_version": SCHEMA,
        "as_of": as_of,
        "source": source,
        "address": address,
        "licence": LICENCE,
        "counted": COUNTED,
        "withheld": WITHHELD,
        "columns": COLUMNS,
    }


def province_more(found: PublicCoverage) -> Row:
    """What only one province has: its target, its quarters, when its register was last reviewed."""
    clause = found.goal.clause
    return {
        "frozen": found.frozen,
        "target": {"share": found.goal.share, "clause": clause.place_in_words if clause is not None else None},
        "register_reviewed_on": found.reviewed_on.isoformat() if found.reviewed_on is not None else None,
        "quarters": [
            {
                "quarter": str(end.quarter),
                "as_of": end.day.isoformat() if end.day is not None else None,
                "in_scope": end.in_scope,
                "in_force": end.in_force,
            }
            for end in found.quarters
        ],
    }


def as_json(told: Row, rows: Sequence[Row], more: Row | None = None) -> Row:
    return {**told, **(more or {}), "rows": [{"as_of": told["as_of"], **row} for row in rows]}


def as_csv(told: Row, rows: Sequence[Row]) -> bytes:
    """UTF-8 with the mark that spreadsheet programs need; the lines that begin with # explain the columns below."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n").writerow
    for line in _heading(told):
        # Not quoted: programs leave out lines that begin with this sign, and a quoted one begins with another.
        text.write(f"# {csv_safe(' '.join(line.split()))}\r\n")
    write(COLUMNS)
    for row in rows:
        whole = {"as_of": told["as_of"], **row}
        write([csv_safe(cell) if isinstance(cell := whole[name], str) else cell for name in COLUMNS])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _heading(told: Row) -> list[str]:
    return [
        told["title"],
        f"Nguồn: {told['source']}, {told['address']}",
        f"Phiên bản cấu trúc: {told['schema_version']}",
        *(told[name] for name in ("licence", "counted", "withheld")),
        *(f"{name}: {text}" for name, text in COLUMNS.items()),
    ]


def title_of(where: str, as_of: Any) -> str:
    return f"Tỷ lệ ký cam kết, {where}, hết ngày {day_text(as_of)}"
