"""Invented reports of every form with figures that show every case: two types, empty denominators, missing units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID

from pledges.duties.calendar import Standing
from pledges.duties.consolidation import Gathered, GatheredUnit
from pledges.duties.figures import GROUPS, CoverageFigures, Line, QuarterEnd, ReportFigures, ViolationLine, as_json
from pledges.duties.forms import Answers, FieldRow, empty
from pledges.duties.forms import as_json as answers_json
from pledges.duties.models import Report
from pledges.plans.models import ReportForm
from pledges.review.violation_models import ViolationField

DRAFTED = datetime(2026, 9, 20, 2, 0, tzinfo=UTC)
AS_OF = date(2026, 9, 19)
F = ViolationField


def line(code: str, name: str, *counts: int) -> Line:
    """With the counts of the six groups."""
    return Line(code, name, sum(counts), dict(zip(GROUPS, counts, strict=True)))


TYPES = (
    line("digital_seller", "Người bán hàng trên mạng xã hội", 1_200, 40, 30, 100, 12, 3),
    line("doctor", "Bác sĩ", 100, 1, 2, 3, 4, 5),
    line("scientist", "Nhà khoa học", 50, 0, 0, 0, 0, 1),
    line("press", "Cơ quan báo chí", 0, 0, 0, 0, 0, 0),
)
ENTRIES = (
    line("82-seller", "Người bán hàng trên mạng xã hội", 1_200, 40, 30, 100, 12, 3),
    line("82-health", "Bác sĩ; nhà khoa học", 140, 1, 2, 3, 4, 6),
)
TOTAL = line("", "", 1_340, 41, 32, 103, 16, 9)
COVERAGE = CoverageFigures(
    agency="",
    commune="",
    total=TOTAL,
    acknowledged=line("", "", 12, 0, 3, 5, 0, 0),
    agencies=(
        line("82-SCT", "Sở Công Thương tỉnh Đồng Tháp", 1_200, 40, 30, 100, 12, 3),
        line("82-SYT", "Sở Y tế tỉnh Đồng Tháp", 140, 1, 2, 3, 4, 6),
    ),
    entries=ENTRIES,
    types=TYPES,
    communes=(
        line("28249", "phường Thử Nghiệm Một", 1_300, 41, 32, 103, 16, 9),
        line("28270", "xã Thử Nghiệm Hai", 40, 0, 0, 0, 0, 0),
        line("", "Không ở xã, phường nào", 0, 0, 0, 0, 0, 0),
    ),
    quarters=(QuarterEnd("2026Q1", 900, 100), QuarterEnd("2026Q2", 1_500, 900), QuarterEnd("2026Q3", 1_541, 1_340)),
    frozen=False,
)
VIOLATIONS = (
    ViolationLine(F.FOOD, 2, 3, 45_000_000, ("https://vidu.vn/a",)),
    ViolationLine(F.COSMETICS, 1, 1, 0, ()),
)
ROWS = tuple(
    FieldRow(field, 10 + place, place, place, 1_500_000 * place, (f"https://vidu.vn/{field.value}",) * (place == 1))
    for place, field in enumerate(F)
)
REVIEWED = Answers(empty(ReportForm.FALSE_INFORMATION).texts, ROWS)


def gathered(form: ReportForm, answers: Answers | None = None, units: int = 60) -> Gathered:
    states = (Standing.ACCEPTED, Standing.SENT, Standing.LATE, Standing.RETURNED, Standing.OPEN)
    names = (f"Ủy ban nhân dân xã Thử Nghiệm Số {number}" for number in range(units))
    found = tuple(
        GatheredUnit(
            str(28_000 + number),
            name,
            states[number % 5],
            nothing_to_report=number % 10 == 0,
            sent_outside=number == 1,
            late=number % 10 == 6,
            version=int(number % 5 < 2),
            has_numbers=number % 5 < 2 and number != 1,
        )
        for number, name in enumerate(names)
    )
    return Gathered("dongthap-R1", "2026", form, found, answers or empty(form))


def report(
    duty: str,
    period: str,
    unit: str,
    figures: ReportFigures | None,
    answers: Answers | None = None,
    **values: object,
) -> Report:
    """One that no database knows."""
    return Report(
        province_code=unit.partition("-")[0] if "-" in unit else "82",
        id=UUID(int=7),
        duty_id=duty,
        period=period,
        unit_code=unit,
        as_of=AS_OF,
        figures=as_json(figures) if figures is not None else {},
        answers=answers_json(answers) if answers is not None else {},
        drafted_at=DRAFTED,
        drafted_by=UUID(int=8),
        **{"version": 1, "correction_reason": "", "nothing_to_report": False, **values},
    )


def texts(form: ReportForm, **given: str) -> Mapping[str, str]:
    return {**empty(form).texts, **given}


def whole_year() -> Report:
    """Of the department that consolidates for the province."""
    found = ReportFigures(date(2026, 1, 1), AS_OF, COVERAGE, VIOLATIONS, gathered(ReportForm.GENERAL))
    given = texts(ReportForm.GENERAL, results="Đã tổ chức hai đợt vận động (thử nghiệm).\nĐã gửi thư mời.")
    return report("dongthap-R4", "2026", "82-SCT", found, Answers(given))


def review_month() -> Report:
    """The consolidated review of false information."""
    found = ReportFigures(
        date(2026, 10, 1), AS_OF, None, VIOLATIONS[:1], gathered(ReportForm.FALSE_INFORMATION, REVIEWED, 5)
    )
    return report("dongthap-R9", "2026-10", "82-SVHTTDL", found, REVIEWED)
