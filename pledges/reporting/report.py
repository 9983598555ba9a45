"""Everything that a file of figures shows, read once; `rollup_csv`, `rollup_xlsx` and `rollup_pdf` write it down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from pledges.core.calendar import VIETNAM, Quarter, local_day
from pledges.plans.letterhead import own_name, signing_title_of, superior_of
from pledges.plans.queries import get_agency, get_province, plan_citation
from pledges.reporting.circumstances import (
    Reviewed,
    Times,
    Voluntary,
    last_reviewed,
    median_times,
    voluntary_pledges,
)
from pledges.reporting.coverage import Coverage, Goal, coverage_of, goal_of
from pledges.reporting.frozen_lists import FrozenList, frozen_lists
from pledges.reporting.rollup import Rollup, rollup_from
from pledges.reporting.standing import Place
from pledges.reporting.words import Names
from pledges.rounds.figures import Figures
from pledges.rounds.list_heading import moment_text
from pledges.rounds.list_words import day_text

ONCE = (
    "Đối tượng thuộc hai nhóm của cùng một nghĩa vụ đếm ở cả hai dòng; dòng “Mỗi nghĩa vụ đếm một lần” không đếm trùng."
)
COUNTED = (
    "Tỷ lệ là số nghĩa vụ có bản cam kết đang có hiệu lực trên số nghĩa vụ thuộc diện ký. "
    "Xác nhận văn bản và cam kết tự nguyện đếm riêng, không tính vào tỷ lệ."
)
NO_FIGURES = "chưa có số liệu"


@dataclass(frozen=True)
class RollupReport:
    superior: str
    agency: str
    place: str
    year: int
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    signing_title: tuple[str, ...]
    coverage: Coverage
    rollup: Rollup
    volunteers: Voluntary
    goal: Goal
    names: Names
    frozen_lists: tuple[FrozenList, ...]
    """Of the rounds closed by then."""


def report_of(
    session: Session, place: Place, day: date | None, now: datetime, *, reason: str, who: str
) -> RollupReport:
    """Refused (`DomainError`) for a day that is not over."""
    province = get_province(session, place.province_code)
    agency = get_agency(session, place.province_code, place.agency_code) if place.agency_code else None
    coverage = coverage_of(session, place, day, now)
    goal = goal_of(session, place.province_code)
    times, reviewed = median_times(session, place, day, now), last_reviewed(session, place, day)
    superior = superior_of(province, agency.name) if agency is not None else ""
    whole_province = province.name[:1].upper() + province.name[1:]
    return RollupReport(
        superior=superior,
        agency=own_name(province, agency.name, superior) if agency is not None else whole_province,
        place=province.short_name,
        year=now.astimezone(VIETNAM).year,
        title="Số liệu ký cam kết",
        subtitle=_subtitle(coverage, now),
        facts=(
            ("Kế hoạch", plan_citation(session, place.province_code)),
            ("Mục tiêu", _goal(goal)),
            ("Thời gian xử lý", _times(times)),
            ("Danh sách đối tượng", _reviewed(reviewed)),
            ("Lý do lấy số liệu", reason),
            ("Người lấy, lúc lấy", f"{who}, {moment_text(now)}"),
        ),
        signing_title=signing_title_of(agency) if agency is not None else ("(Chức danh người ký)",),
        coverage=coverage,
        rollup=rollup_from(coverage.standing, coverage.entries, place),
        volunteers=voluntary_pledges(session, place, day),
        goal=goal,
        names=Names.read(session, place.province_code),
        frozen_lists=frozen_lists(session, place, day or local_day(now)),
    )


def share_text(figures: Figures) -> str:
    """Nobody may read 100 % where somebody is missing."""
    found = figures.share
    if found is None:
        return NO_FIGURES
    return f"{min(found, 0.999 if found < 1 else 1) * 100:.1f}%".replace(".", ",")


def _subtitle(coverage: Coverage, now: datetime) -> str:
    day = coverage.day
    if day is None:
        return f"{Quarter.of(local_day(now)).vietnamese}, cập nhật lúc {moment_text(now)}"
    told = "số liệu đã chốt hết ngày" if coverage.standing.frozen else "tính đến hết ngày"
    return f"{Quarter.of(day).vietnamese}, {told} {day_text(day)}"


def _goal(goal: Goal) -> str:
    share = f"{goal.share * 100:.0f}%"
    if goal.clause is None:
        return f"{share} (mục tiêu chung của chương trình; kế hoạch không ghi tỷ lệ)"
    return f"{share} ({goal.clause.place_in_words})"


def _times(times: Times | None) -> str:
    if times is None:
        return "chưa có hồ sơ nào được quyết định trong 90 ngày"
    agency, signer = (_days(each.total_seconds()) for each in (times.with_agency, times.with_signer))
    return f"trung vị {agency} ở cơ quan, {signer} ở người ký ({times.files} hồ sơ gần nhất trong 90 ngày)"


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:.1f} ngày".replace(".", ",")


def _reviewed(found: Reviewed) -> str:
    told = []
    if found.imported_at is not None:
        told.append(f"nhập gần nhất ngày {day_text(local_day(found.imported_at))} ({found.source})")
    if found.decided_at is not None:
        told.append(f"xác nhận diện ký gần nhất ngày {day_text(local_day(found.decided_at))}")
    return "; ".join(told) or "chưa được rà soát lần nào; mẫu số có thể thiếu"
