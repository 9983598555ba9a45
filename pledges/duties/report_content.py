"""What stands in the draft of a report: the frozen figures and the answers of its form, in the order of the decree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from pledges.core.calendar import VIETNAM, Quarter
from pledges.core.errors import NotFound
from pledges.duties import forms
from pledges.duties.figures import ReportFigures, read
from pledges.duties.forms import TEXTS, Answers
from pledges.duties.models import Report
from pledges.duties.periods import Period, period_of
from pledges.duties.report_parts import Chapter, Part, ReportContent, Words, annex_name
from pledges.duties.report_tables import (
    commune_annex,
    coverage_parts,
    gathered_parts,
    links_annex,
    missing_annex,
    review_parts,
    violation_parts,
)
from pledges.duties.unit_queries import units_by_code
from pledges.plans.duty_reading import MONTHLY, ONCE, QUARTERLY
from pledges.plans.letterhead import NO_TITLE, own_name, signing_title_of, superior_of
from pledges.plans.models import (
    Agency,
    Clause,
    Commune,
    Province,
    ReportForm,
    ReportingDuty,
    ReportingUnit,
    UnitKind,
)
from pledges.plans.queries import get_province, operative_plan, plan_citation
from pledges.reporting.coverage import goal_of
from pledges.rounds.list_words import day_text, vietnamese

__all__ = ["ReportContent", "content_of"]

_TO_WRITE = "(Đơn vị viết nội dung này trước khi trình ký; nếu không có thì ghi “Không có”.)"
_NOTHING = "Trong kỳ báo cáo không phát sinh nội dung phải báo cáo."
_LEGAL_TEXT = re.compile("(Luật|Nghị quyết|Nghị định|Quyết định|Thông tư|Chỉ thị|Kế hoạch|Công văn) ")
"""Where the copy of a plan lacks its basis, the file says so in words of its own."""
_KIND_OF_COMMUNE = re.compile(r"^(xã|phường|đặc khu) (?=\D)")


def content_of(session: Session, report: Report, now: datetime) -> ReportContent:
    """Of any version, also one that was sent; `now` gives only the year in which it will be signed."""
    subject = _Subject.read(session, report)
    unit, duty, figures, answers = subject.unit, subject.duty, subject.figures, subject.answers
    annexes = tuple(_annexes(subject))
    return ReportContent(
        superior=_superior(unit, subject.province),
        agency=_own_name(unit, subject.province),
        symbol=f"BC-{_short_name(unit)}",
        place=_place(session, unit, subject.province),
        year=now.astimezone(VIETNAM).year,
        abstract=f"{_abstract(subject)}{' (bản đính chính)' if report.version > 1 else ''}",
        addressees=tuple(_addressees(subject)),
        bases=tuple(_bases(session, duty)),
        opening=_opening(subject),
        chapters=tuple(_chapters(session, subject, figures, answers, annexes)),
        closing=_closing(subject),
        copies=tuple(_copies(subject)),
        signing_title=_signing_title(session, unit),
        drafted_at=report.drafted_at,
        annexes=annexes,
    )


@dataclass(frozen=True)
class _Subject:
    """A report with all that its text names."""

    report: Report
    duty: ReportingDuty
    gathered: ReportingDuty | None
    """Whose reports it consolidates."""
    period: Period
    unit: ReportingUnit
    province: Province
    units: dict[str, ReportingUnit]
    figures: ReportFigures | None
    answers: Answers

    @classmethod
    def read(cls, session: Session, report: Report) -> _Subject:
        code = report.province_code
        duty = session.get_one(ReportingDuty, (code, report.duty_id))
        period = period_of(duty, report.period)
        if period is None:
            raise NotFound
        units = units_by_code(session, code)
        return cls(
            report=report,
            duty=duty,
            gathered=session.get(ReportingDuty, (code, duty.gathers)) if duty.gathers else None,
            period=period,
            unit=units[report.unit_code],
            province=get_province(session, code),
            units=units,
            figures=read(report),
            answers=forms.read(duty.form, report.answers),
        )

    @property
    def day(self) -> str:
        """Of the figures."""
        return day_text(self.report.as_of) if self.report.as_of is not None else ""


# --- Whose it is -----------------------------------------------------------------------------------------------------


def _superior(unit: ReportingUnit, province: Province) -> str:
    """The department of trade stands above market control, of which it is a part."""
    return (
        f"Sở Công Thương {province.name}" if unit.kind is UnitKind.MARKET_CONTROL else superior_of(province, unit.name)
    )


def _own_name(unit: ReportingUnit, province: Province) -> str:
    """Without the province, which the superior's name says."""
    return own_name(province, unit.name, _superior(unit, province))


def _short_name(unit: ReportingUnit) -> str:
    """As it stands in the symbol of a document, where the code of the unit says it."""
    if unit.kind is UnitKind.COMMUNE:
        return "UBND"
    found = re.fullmatch(r"[0-9]{2}-([A-Z]{2,10})", unit.code)
    return found[1] if found is not None and unit.kind is UnitKind.DEPARTMENT else "…"


def _place(session: Session, unit: ReportingUnit, province: Province) -> str:
    commune = session.get(Commune, (unit.province_code, unit.code)) if unit.kind is UnitKind.COMMUNE else None
    if commune is None:
        return province.short_name
    # "Phường 1" has no name without its kind.
    name = _KIND_OF_COMMUNE.sub("", commune.name)
    return name[:1].upper() + name[1:]


def _signing_title(session: Session, unit: ReportingUnit) -> tuple[str, ...]:
    agency = session.get(Agency, (unit.province_code, unit.code))
    if agency is not None:
        return signing_title_of(agency)
    return ("TM. Ủy ban nhân dân", "Chủ tịch") if unit.kind is UnitKind.COMMUNE else (NO_TITLE,)


# --- What it is about ------------------------------------------------------------------------------------------------


def _abstract(subject: _Subject) -> str:
    return f"{_topic(subject.duty)} {_span(subject)}"


def _topic(duty: ReportingDuty) -> str:
    """ "Báo cáo sơ kết" names no result; the plan says whose."""
    text = re.sub(r"^Báo cáo ", "", duty.report)
    text = re.sub(r" (của|hằng) năm$", "", text)
    if text in ("sơ kết", "tổng kết"):
        text += " kết quả thực hiện kế hoạch"
    elif text.startswith("rà soát"):
        text = f"kết quả {text}"
    return text[:1].upper() + text[1:]


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _span(subject: _Subject) -> str:
    period = subject.period
    if subject.duty.follow_as == MONTHLY:
        return f"tháng {period.first.month} năm {period.first.year}"
    if subject.duty.follow_as == QUARTERLY:
        return _lowered(Quarter.of(period.first).vietnamese).replace("/", " năm ")
    # What is owed in the first days of January looks back on the years before.
    end = (period.last - timedelta(days=31)).year
    if subject.duty.follow_as == ONCE and period.first.year != end:
        return f"giai đoạn {period.first.year} - {end}"
    return f"năm {period.first.year}"


def _bases(session: Session, duty: ReportingDuty) -> Iterator[str]:
    plan = operative_plan(session, duty.province_code)
    if _LEGAL_TEXT.match(plan.basis):
        yield f"Căn cứ {plan.basis}"
    about = plan.title.partition(" về ")[2] if plan.title.startswith("Kế hoạch") else _lowered(plan.title)
    numbered = bool(plan.number and plan.issued_on) and bool(about)
    citation = plan_citation(session, duty.province_code)
    yield f"Căn cứ {citation}{f' về {about}' if numbered else ''}"
    clause = session.get(Clause, (duty.province_code, duty.clause_id)) if duty.clause_id else None
    if clause is not None:
        yield f"Căn cứ nhiệm vụ báo cáo được giao tại {clause.place_in_words} của Kế hoạch nêu trên"


def _receivers(subject: _Subject) -> list[str]:
    return [subject.units[code].name for code in subject.duty.recipients if code in subject.units]


def _addressees(subject: _Subject) -> Iterator[str]:
    via = subject.units.get(subject.duty.via)
    yield from (f"{name} (qua {via.name})" if via is not None else name for name in _receivers(subject))


def _copies(subject: _Subject) -> Iterator[str]:
    duty, units = subject.duty, subject.units
    if duty.via in units:
        yield f"{units[duty.via].name} (để tổng hợp)"
    yield "Lãnh đạo cơ quan (để báo cáo)"


def _opening(subject: _Subject) -> str:
    name, report = _own_name(subject.unit, subject.province), subject.report
    lines = [f"{name} báo cáo {_lowered(_abstract(subject))} như sau:"]
    if report.version > 1:
        lines.insert(0, f"Báo cáo này thay báo cáo đã gửi trước. Lý do đính chính: {report.correction_reason}")
    return "\n".join(lines)


def _closing(subject: _Subject) -> str:
    """As such papers end, with the mark that says that nothing follows."""
    name = _own_name(subject.unit, subject.province)
    receivers = ", ".join(_receivers(subject))
    sent = f", kính gửi {receivers} xem xét, tổng hợp" if receivers else ""
    return f"Trên đây là báo cáo {_lowered(_abstract(subject))} của {name}{sent}./."


# --- Chapters --------------------------------------------------------------------------------------------------------


def _chapters(
    session: Session,
    subject: _Subject,
    figures: ReportFigures | None,
    answers: Answers,
    annexes: tuple[Chapter, ...],
) -> Iterator[Chapter]:
    form = subject.duty.form
    if form is ReportForm.FALSE_INFORMATION:
        yield Chapter("Kết quả rà soát theo lĩnh vực", _review(subject, figures, answers, annexes))
    if figures is not None and figures.coverage is not None:
        goal = goal_of(session, subject.province.code).share
        # A whole province has no name of its own among the figures.
        where = figures.coverage.total.name or subject.province.name
        parts = coverage_parts(figures.coverage, goal, subject.day, where)
        behind = _annex_named(annexes, commune_annex(figures.coverage, subject.day))
        yield Chapter("Kết quả ký cam kết", (*parts, *_pointing(behind, "Số liệu từng xã, phường, đặc khu")))
    yield from _texts(subject, answers, ("results",))
    if figures is not None and figures.violations is not None:
        yield Chapter("Vi phạm sau khi đã cam kết", violation_parts(figures.violations))
    if figures is not None and figures.gathered is not None:
        behind = _annex_named(annexes, missing_annex(figures.gathered))
        parts = gathered_parts(figures.gathered, f"danh sách tại {behind}" if behind else "")
        yield Chapter("Việc gửi báo cáo của các đơn vị", parts)
    yield from _texts(subject, answers, [asked.name for asked in TEXTS[form] if asked.name != "results"])


def _review(
    subject: _Subject, figures: ReportFigures | None, answers: Answers, annexes: tuple[Chapter, ...]
) -> tuple[Part, ...]:
    if subject.report.nothing_to_report:
        return (Words(_NOTHING),)
    gathered = figures is not None and figures.gathered is not None
    behind = _annex_named(annexes, links_annex(answers))
    return (*review_parts(answers, gathered=gathered), *_pointing(behind, "Đường dẫn có thông tin vi phạm"))


def _texts(subject: _Subject, answers: Answers, names: list[str] | tuple[str, ...]) -> Iterator[Chapter]:
    """What the unit has written; where it has written nothing, the draft says where to write."""
    for asked in TEXTS[subject.duty.form]:
        if asked.name not in names:
            continue
        text = answers.texts.get(asked.name, "")
        if subject.report.nothing_to_report and not text:
            parts = Words(_NOTHING if asked.name == "results" else "Không có.")
        else:
            parts = Words(text or _TO_WRITE, to_write=not text)
        yield Chapter(vietnamese(asked.label), (parts,))


def _annexes(subject: _Subject) -> Iterator[Chapter]:
    figures = subject.figures
    found = [links_annex(subject.answers)] if subject.answers.rows else []
    if figures is not None and figures.coverage is not None:
        found.append(commune_annex(figures.coverage, subject.day))
    if figures is not None and figures.gathered is not None:
        found.append(missing_annex(figures.gathered))
    yield from (annex for annex in found if annex is not None)


def _annex_named(annexes: tuple[Chapter, ...], wanted: Chapter | None) -> str:
    """ "Phụ lục II", or "Phụ lục" where there is only one."""
    if wanted is None or wanted not in annexes:
        return ""
    return annex_name(annexes.index(wanted), len(annexes))


def _pointing(behind: str, what: str) -> tuple[Part, ...]:
    return (Words(f"{what} tại {behind} kèm theo."),) if behind else ()
