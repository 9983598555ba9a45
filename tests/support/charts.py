"""Invented charts of every kind, with names as long as they come."""

from __future__ import annotations

from pledges.core.chart_figures import (
    Chart,
    CoverageBars,
    CoverageByQuarter,
    Funnel,
    GroupCounts,
    Share,
    StackedGroups,
)

LONG_NAME = "Doanh nghiệp, hộ kinh doanh bán hàng trên sàn thương mại điện tử và mạng xã hội ở đặc khu Thử Nghiệm"

FUNNEL = Funnel.of_round("Từ lời mời đến tiếp nhận", (2000, 1893, 1402, 1402, 1500, 650))
BARS = CoverageBars(
    "Tỷ lệ theo nhóm",
    (
        Share("Sở Văn hóa, Thể thao và Du lịch", 1448, 2000),
        Share(LONG_NAME, 123_456, 1_234_567),
        Share("Ỷ Lan, Ễnh Ương, Ẫm Ờ", 40, 40),
        Share("Cơ quan báo chí", 0, 0),
    ),
)
QUARTERS = CoverageByQuarter(
    "Tỷ lệ theo quý",
    (
        Share("Quý I/2026", 9, 200),
        Share("Quý II/2026", 0, 0),
        Share("Quý III/2026", 1447, 2000),
        Share("Quý IV/2026", 2000, 2000),
    ),
)
GROUPS = StackedGroups(
    "Sáu nhóm",
    (
        GroupCounts("Bác sĩ, dược sĩ", 1448, 121, 231, 151, 41, 13),
        GroupCounts(LONG_NAME, 0, 0, 0, 0, 100, 212),
        GroupCounts("Cơ quan báo chí", 0, 0, 0, 0, 0, 0),
    ),
)
CHARTS: dict[str, Chart] = {"funnel": FUNNEL, "bars": BARS, "quarters": QUARTERS, "groups": GROUPS}


def communes(count: int) -> CoverageBars:
    rows = (Share(f"Phường Thử Nghiệm Thứ {number}", number, count) for number in range(count))
    return CoverageBars("Tỷ lệ theo xã, phường, đặc khu", tuple(rows))
