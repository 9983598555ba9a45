"""The frozen figures of a report as tables and charts, with what a reader has to know about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pledges.core.calendar import Quarter
from pledges.core.chart_figures import (
    VIETNAMESE,
    CoverageBars,
    CoverageByQuarter,
    GroupCounts,
    Share,
    StackedGroups,
)
from pledges.core.chart_figures import share as ratio
from pledges.duties.calendar import Standing
from pledges.duties.consolidation import Gathered, GatheredUnit
from pledges.duties.figures import CoverageFigures, Line, QuarterEnd, ViolationLine
from pledges.duties.forms import FIELDS, Answers
from pledges.duties.report_parts import Chapter, Grid, Heading, Note, Part, Picture, Words
from pledges.reporting.pictures import BY_QUARTER, BY_TYPE, ENTRY, SIX_GROUPS, TYPE
from pledges.reporting.report import COUNTED
from pledges.reporting.rollup import GROUPS
from pledges.reporting.rollup_pdf import HEADS
from pledges.rounds.list_models import Group
from pledges.rounds.list_words import vietnamese

ONCE = "Đối tượng thuộc hai nhóm đếm ở cả hai dòng; dòng “Mỗi nghĩa vụ đếm một lần” không đếm trùng."
NO_SHARE = "Dòng không có nghĩa vụ nào thuộc diện ký không có tỷ lệ, ghi “chưa có số liệu”."
_NO_VIOLATION = "Trong kỳ chưa ghi nhận quyết định xử lý nào đối với tổ chức, cá nhân đã ký cam kết."
_REST = (
    (Group.WAITING_FOR_AGENCY, "đang chờ cơ quan duyệt"),
    (Group.WAITING_TIME, "đang trong thời gian chờ ký"),
    (Group.NOT_PLEDGED, "chưa cam kết"),
    (Group.UNREACHABLE, "chưa liên hệ được"),
    (Group.NOT_DUE, "chưa đến hạn"),
)

number = VIETNAMESE.number


def share(line: Line) -> str:
    return VIETNAMESE.share(line.in_force, line.in_scope)


# --- Pledges ---------------------------------------------------------------------------------------------------------


def coverage_parts(found: CoverageFigures, goal: float, day: str, place: str) -> tuple[Part, ...]:
    parts: list[Part] = [Heading("1. Kết quả chung"), Words(_summary(found, goal, day, place))]
    parts.append(Words(COUNTED))
    if found.acknowledged.in_scope:
        parts.append(Words(_acknowledged(found.acknowledged)))
    if found.agencies:
        parts.append(_lines("Kết quả ký cam kết theo cơ quan", "Cơ quan", found.agencies, found.total))
    if found.entries:
        parts.append(_lines("Kết quả ký cam kết theo nghĩa vụ", ENTRY, found.entries, found.total))
        parts += _no_share([*found.agencies, *found.entries])
    if len(found.quarters) > 1:
        parts.append(Picture(_quarters(found.quarters, goal)))
    if found.types:
        parts += [Heading("2. Theo nhóm đối tượng"), *_types(found, goal)]
    if found.entries:
        parts += [Heading(f"{3 if found.types else 2}. Tình trạng"), Picture(_groups(found.entries))]
    return tuple(parts)


def _summary(found: CoverageFigures, goal: float, day: str, place: str) -> str:
    total = found.total
    told = f"Tính đến hết ngày {day}{' (số liệu đã chốt)' if found.frozen else ''}, {place}"
    if not total.in_scope:
        return f"{told} chưa có nghĩa vụ nào thuộc diện ký cam kết, nên không tính tỷ lệ."
    aim = f"mục tiêu {VIETNAMESE.mark(goal)}"
    sentences = [
        f"{told} có {number(total.in_scope)} nghĩa vụ thuộc diện ký cam kết; {number(total.in_force)} nghĩa vụ có bản "
        f"cam kết đang có hiệu lực, đạt {share(total)} ({aim})."
    ]
    rest = [f"{number(total.groups[group])} {words}" for group, words in _REST if total.groups[group]]
    if rest:
        sentences.append(f"Còn lại: {'; '.join(rest)}.")
    if len(found.quarters) > 1:
        sentences += _change(found.quarters[-2], total)
    return " ".join(sentences)


def _change(before: QuarterEnd, total: Line) -> list[str]:
    """In points of a percentage, reckoned from what is printed, so that a reader finds the same."""
    if not before.in_scope or not total.in_scope:
        return []
    both = (_of(before), (total.in_force, total.in_scope))
    then, now = (round((ratio(part, whole) or 0) * 1000) for part, whole in both)
    way = "tăng" if now > then else "giảm" if now < then else ""
    points = f"{abs(now - then) / 10:.1f}".replace(".", ",")
    told = f"{way} {points} điểm phần trăm" if way else "không đổi"
    quarter = Quarter.parse(before.quarter).vietnamese
    shown = f"{number(before.in_force)}/{number(before.in_scope)}, đạt {VIETNAMESE.share(*_of(before))}"
    return [f"So với cuối {quarter} ({shown}), tỷ lệ {told}."]


def _of(end: QuarterEnd) -> tuple[int, int]:
    return end.in_force, end.in_scope


def _acknowledged(line: Line) -> str:
    return (
        f"Xác nhận đã nhận văn bản của cơ quan đếm riêng, không tính vào tỷ lệ cam kết: {number(line.in_force)}/"
        f"{number(line.in_scope)} đối tượng đã xác nhận ({share(line)})."
    )


def _types(found: CoverageFigures, goal: float) -> list[Part]:
    """Whoever belongs to two groups stands in both lines: then the table ends with the distinct total."""
    rows, total = [_row(line) for line in found.types], found.total
    sums = 1
    notes = _no_share(found.types)
    in_scope = sum(line.in_scope for line in found.types)
    if in_scope != total.in_scope:
        groups = {group: sum(line.groups[group] for line in found.types) for group in GROUPS}
        rows.append(_row(Line("", "Cộng các nhóm", in_scope, groups)))
        rows.append(_row(Line("", "Mỗi nghĩa vụ đếm một lần", total.in_scope, total.groups)))
        sums, notes = 2, [Note(ONCE), *notes]
    else:
        rows.append(_row(Line("", "Cộng", total.in_scope, total.groups)))
    table = Grid("Kết quả ký cam kết theo nhóm đối tượng", (TYPE, *HEADS), tuple(rows), sums=sums)
    bars = CoverageBars(BY_TYPE, tuple(map(_share, found.types)), target=goal, row_head=TYPE)
    return [table, *notes, Picture(bars)]


def commune_annex(found: CoverageFigures, day: str) -> Chapter | None:
    """The table by commune is long, so that it stands behind the report."""
    if not found.communes:
        return None
    caption = f"Số liệu tính đến hết ngày {day}"
    table = _lines(caption, "Xã, phường, đặc khu", found.communes, found.total)
    return Chapter("Kết quả ký cam kết theo xã, phường, đặc khu", (table, *_no_share(found.communes)))


def _lines(caption: str, head: str, lines: Sequence[Line], total: Line) -> Grid:
    """Lines that have nothing in common, and their sum."""
    sums = [_row(Line("", "Cộng", total.in_scope, total.groups))]
    return Grid(caption, (head, *HEADS), (*map(_row, lines), *sums), sums=1)


def _row(line: Line) -> tuple[str, ...]:
    in_force, *others = (number(line.groups[group]) for group in GROUPS)
    return (line.name, number(line.in_scope), in_force, share(line), *others)


def _no_share(lines: Sequence[Line]) -> list[Part]:
    return [Note(NO_SHARE)] if any(not line.in_scope for line in lines) else []


def _share(line: Line) -> Share:
    """Counters that have drifted below zero draw nothing; the table beside the chart says it."""
    return Share(line.name, max(0, line.in_force), max(0, line.in_scope))


def _quarters(quarters: Sequence[QuarterEnd], goal: float) -> CoverageByQuarter:
    shares = (
        Share(Quarter.parse(end.quarter).vietnamese, max(0, end.in_force), max(0, end.in_scope)) for end in quarters
    )
    return CoverageByQuarter(BY_QUARTER, tuple(shares), target=goal)


def _groups(lines: Sequence[Line]) -> StackedGroups:
    rows = (GroupCounts(line.name, *(max(0, line.groups[group]) for group in GROUPS)) for line in lines)
    return StackedGroups(SIX_GROUPS, tuple(rows), row_head=ENTRY)


# --- Violations and reviews ------------------------------------------------------------------------------------------


def violation_parts(lines: Sequence[ViolationLine]) -> tuple[Part, ...]:
    if not lines:
        return (Words(_NO_VIOLATION),)
    subjects, decisions, fines = (sum(getattr(line, name) for line in lines) for name in _COUNTED)
    told = (
        f"Trong kỳ đã ghi nhận {number(decisions)} quyết định xử lý đối với tổ chức, cá nhân đã ký cam kết, tổng số "
        f"tiền phạt {number(fines)} đồng."
    )
    rows = [(vietnamese(FIELDS[line.field]), *(number(getattr(line, name)) for name in _COUNTED)) for line in lines]
    rows.append(("Cộng", number(subjects), number(decisions), number(fines)))
    heads = ("Lĩnh vực", "Tổ chức, cá nhân", "Quyết định", "Tiền phạt (đồng)")
    table = Grid("Quyết định xử lý vi phạm sau khi đã cam kết", heads, tuple(rows), sums=1)
    note = Note("Tổ chức, cá nhân bị xử lý ở hai lĩnh vực đếm ở cả hai dòng.")
    return (Words(told), table, *([note] if len(lines) > 1 else []))


_COUNTED = ("subjects", "decisions", "fines")


def review_parts(answers: Answers, *, gathered: bool) -> tuple[Part, ...]:
    """What the form asks by field; what nobody has entered stays empty, and the draft says so."""
    totals = answers.totals
    told = (
        f"Trong kỳ đã rà soát {number(totals.reviewed)} trang, cửa hàng, tài khoản, cơ sở; có vi phạm "
        f"{number(totals.violating)}; đã xử lý {number(totals.handled)}; tiền phạt {number(totals.fines)} đồng."
    )
    rows = []
    for row in answers.rows:
        numbers = (row.reviewed, row.violating, row.handled, row.fines)
        cells = ("" if value is None else number(value) for value in numbers)
        rows.append((vietnamese(FIELDS[row.field]), *cells, number(len(row.links))))
    counts = (totals.reviewed, totals.violating, totals.handled, totals.fines, totals.links)
    rows.append(("Cộng", *map(number, counts)))
    heads = ("Lĩnh vực", "Đã rà soát", "Có vi phạm", "Đã xử lý", "Tiền phạt (đồng)", "Đường dẫn vi phạm")
    parts: list[Part] = [Words(told), Grid("Kết quả rà soát theo lĩnh vực", heads, tuple(rows), sums=1)]
    if sum(len(row.links) for row in answers.rows) != totals.links:
        parts.append(Note("Đường dẫn có ở hai lĩnh vực đếm một lần ở dòng cộng."))
    if gathered:
        parts.append(Note("Số liệu đã cộng của các đơn vị đã gửi báo cáo và của đơn vị tổng hợp."))
    if not answers.complete:
        parts.append(Words("(Còn lĩnh vực chưa nhập số liệu: hãy nhập đủ trước khi trình ký.)", to_write=True))
    return tuple(parts)


def links_annex(answers: Answers) -> Chapter | None:
    rows = [(vietnamese(FIELDS[row.field]), link) for row in answers.rows for link in row.links]
    if not rows:
        return None
    lines = tuple((number(place), *row) for place, row in enumerate(rows, 1))
    table = Grid("Đường dẫn theo lĩnh vực", ("TT", "Lĩnh vực", "Đường dẫn"), lines, texts={1: 2, 2: 5})
    return Chapter("Đường dẫn có thông tin vi phạm", (table,))


# --- Who has reported ------------------------------------------------------------------------------------------------


def gathered_parts(found: Gathered, annex: str) -> tuple[Part, ...]:
    sent, missing = found.sent, found.missing
    late = sum(unit.late for unit in sent)
    told = [f"Có {number(len(found.units))} đơn vị phải gửi báo cáo; {number(len(sent))} đơn vị đã gửi"]
    details = [
        (len(found.nothing_to_report), "báo không phát sinh"),
        (late, "gửi sau thời hạn"),
        (sum(unit.sent_outside for unit in sent), "gửi bằng đường khác"),
    ]
    among = [f"{number(count)} đơn vị {words}" for count, words in details if count]
    if among:
        told.append(f" (trong đó {', '.join(among)})")
    told.append(
        f"; {number(len(missing))} đơn vị chưa gửi ({annex})." if missing else "; không còn đơn vị nào chưa gửi."
    )
    parts: list[Part] = [Words("".join(told))]
    if found.without_numbers:
        names = "; ".join(unit.name for unit in found.without_numbers)
        parts.append(Words(f"Số liệu của các đơn vị sau chưa có trong bảng vì báo cáo gửi bằng đường khác: {names}."))
    return tuple(parts)


def missing_annex(found: Gathered) -> Chapter | None:
    if not found.missing:
        return None
    order = sorted(found.missing, key=lambda unit: list(_STANDINGS).index(_known(unit)))
    rows = tuple((number(place), unit.name, _STANDINGS[_known(unit)]) for place, unit in enumerate(order, 1))
    table = Grid("Đơn vị chưa gửi báo cáo", ("TT", "Đơn vị", "Tình trạng"), rows, texts={1: 3, 2: 1})
    return Chapter("Các đơn vị chưa gửi báo cáo", (table,))


def _known(unit: GatheredUnit) -> Standing | None:
    return unit.standing if unit.standing in _STANDINGS else None


_STANDINGS: Mapping[Standing | None, str] = {
    Standing.LATE: "quá hạn",
    Standing.RETURNED: "bị trả lại, chưa gửi lại",
    Standing.DRAFTED: "đang soạn",
    None: "chưa gửi",
}
"""In the order of the list."""
