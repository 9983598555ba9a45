"""What stands above every file made from a list: whose it is, of which day, by which rules, who took it and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import VIETNAM, Quarter
from pledges.plans.letterhead import own_name, signing_title_of, superior_of
from pledges.plans.models import Clause
from pledges.plans.queries import get_agency, get_province, plan_citation
from pledges.plans.rules import SUBJECT_TYPES
from pledges.rounds.list_models import ListKind
from pledges.rounds.list_rows import ListFilters
from pledges.rounds.list_words import GROUP_LABELS, NO_COMMUNE, RowWords, day_text
from pledges.rounds.rules import RULE_VERSION
from pledges.rounds.snapshots import frozen_on

TITLES = {
    ListKind.NOT_PLEDGED: "Danh sách tổ chức, cá nhân chưa cam kết",
    ListKind.PLEDGED: "Danh sách tổ chức, cá nhân đã cam kết",
}
CAUTION_CLAUSES = ("langson-I.2.3", "dongthap-II.5")
"""Where a plan forbids to abuse inspections; its words stand on every file of that province."""
CAUTION = (
    "Danh sách chỉ dùng để nhắc và hướng dẫn ký cam kết; tự nó không phải đề xuất hay căn cứ kiểm tra, xử phạt. "
    "Không đăng công khai, không chuyển cho người không có nhiệm vụ."
)


@dataclass(frozen=True)
class ListOrder:
    """Which list is wanted. `as_of` None: as it stands now."""

    province_code: str
    agency_code: str
    quarter: Quarter
    kind: ListKind
    as_of: date | None
    filters: ListFilters


@dataclass(frozen=True)
class ListHeading:
    kind: ListKind
    superior: str
    """Who stands above the agency; empty where nobody does."""
    agency: str
    place: str
    year: int
    title: str
    subtitle: str
    """The quarter, and as of when."""
    facts: tuple[tuple[str, str], ...]
    """Rules, hash of the frozen list, filters, reason, who and when."""
    caution: tuple[str, ...]
    signing_title: tuple[str, ...]
    sha256: str
    """Of the canonical list, where it is frozen."""

    @property
    def lines(self) -> list[str]:
        """All of it as lines of text, for a table without pages."""
        names = [f"{self.superior} – {self.agency}" if self.superior else self.agency]
        facts = [f"{label}: {value}" for label, value in self.facts]
        return [*names, self.title.upper(), self.subtitle, *facts, *self.caution]


def heading_of(
    session: Session, order: ListOrder, words: RowWords, *, reason: str, who: str, now: datetime
) -> ListHeading:
    province = get_province(session, order.province_code)
    agency = get_agency(session, order.province_code, order.agency_code)
    frozen = frozen_on(session, order.province_code, order.agency_code, order.as_of) if order.as_of else None
    sha256 = frozen.sha256[order.kind.value] if frozen is not None else ""
    facts = [("Kế hoạch", plan_citation(session, order.province_code))]
    facts.append(("Quy tắc lập danh sách", f"phiên bản {frozen.rule_version if frozen else RULE_VERSION}"))
    if order.filters:
        facts.append(("Chỉ gồm", "; ".join(filter_texts(order.filters, words))))
    if sha256:
        facts.append(("SHA-256 của danh sách đã chốt", sha256))
    facts.append(("Lý do lấy danh sách", reason))
    facts.append(("Người lấy, lúc lấy", f"{who}, {moment_text(now)}"))
    superior = superior_of(province, agency.name)
    return ListHeading(
        kind=order.kind,
        superior=superior,
        agency=own_name(province, agency.name, superior),
        place=province.short_name,
        year=now.astimezone(VIETNAM).year,
        title=TITLES[order.kind],
        subtitle=_subtitle(order, frozen is not None, now),
        facts=tuple(facts),
        caution=tuple(caution_of(session, order.province_code)),
        signing_title=signing_title_of(agency),
        sha256=sha256,
    )


def filter_texts(filters: ListFilters, words: RowWords) -> list[str]:
    """What a list was cut down by, one text each."""
    texts = []
    if filters.group is not None:
        texts.append(words.say(GROUP_LABELS[filters.group]))
    if filters.commune is not None:
        texts.append(words.communes.get(filters.commune) or words.say(NO_COMMUNE))
    if filters.entry:
        texts.append(words.duties.get(filters.entry, filters.entry))
    if filters.subject_type:
        info = SUBJECT_TYPES.get(filters.subject_type)
        texts.append(words.say(info.label) if info else filters.subject_type)
    if filters.text:
        texts.append(f"“{filters.text}”")
    return texts


def moment_text(moment: datetime) -> str:
    local = moment.astimezone(VIETNAM)
    return f"{local:%H:%M} ngày {day_text(local.date())}"


def _subtitle(order: ListOrder, frozen: bool, now: datetime) -> str:
    if order.as_of is None:
        return f"{order.quarter.vietnamese}, cập nhật lúc {moment_text(now)}"
    quarter = Quarter.of(order.as_of).vietnamese
    return f"{quarter}, {'chốt' if frozen else 'tính đến'} hết ngày {day_text(order.as_of)}"


def caution_of(session: Session, province_code: str) -> list[str]:
    """What every list of those who have not pledged is to be used for, and for what not."""
    clause = session.scalars(
        select(Clause).where(Clause.province_code == province_code, Clause.id.in_(CAUTION_CLAUSES))
    ).first()
    if clause is None:
        return [f"Lưu ý: {CAUTION}"]
    return [f"Lưu ý: {CAUTION}", f"Kế hoạch, {clause.place_in_words}: “{clause.text.strip()}”"]
