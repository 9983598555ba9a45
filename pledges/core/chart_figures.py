"""What a chart says: its figures, the same in the drawing, in the words for those who cannot see it, in the table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from babel.numbers import format_decimal, format_percent

from pledges.core.errors import N_

NO_FIGURES = N_("chưa có số liệu")

ROUND_STEPS = (
    N_("Đã mời"),
    N_("Đã chuyển"),
    N_("Đã mở"),
    N_("Đã bắt đầu"),
    N_("Đã ký"),
    N_("Đã tiếp nhận"),
)
"""The way of a round in its order; what each word may claim stands in the guide of the round's page."""

GROUPS = (
    N_("Đã có cam kết hiệu lực"),
    N_("Chờ cơ quan"),
    N_("Đang trong thời gian chờ"),
    N_("Chưa cam kết"),
    N_("Chưa liên hệ được"),
    N_("Chưa đến hạn"),
)
"""Every obligation in scope is in exactly one of them."""


@dataclass(frozen=True)
class Speech:
    """How words and numbers are said to this reader; the words of this module are written in Vietnamese."""

    say: Callable[..., str]
    number: Callable[[int], str]
    percent: Callable[[float], str]

    def share(self, part: int, whole: int) -> str:
        found = share(part, whole)
        return self.say(NO_FIGURES) if found is None else self.percent(found)

    def fraction(self, part: int, whole: int) -> str:
        return f"{self.number(part)}/{self.number(whole)}"

    def mark(self, ratio: float) -> str:
        """A round percentage of an axis or a target."""
        return f"{self.number(round(ratio * 100))}%"


def _say(message: str, **params: str) -> str:
    return message % params if params else message


VIETNAMESE = Speech(
    say=_say,
    number=lambda value: format_decimal(value, locale="vi"),
    percent=lambda value: format_percent(value, "#,##0.0%", locale="vi"),
)


def share(part: int, whole: int) -> float | None:
    """The part of the whole; nothing of nothing is no share, and 1.999 of 2.000 is never rounded up to all."""
    if whole == 0:
        return None
    found = part / whole
    return 0.999 if part < whole and found > 0.999 else found


@dataclass(frozen=True)
class Share:
    """A row or a quarter: how many of how many. A `whole` of 0 means that there are no figures."""

    label: str
    part: int
    whole: int

    def __post_init__(self) -> None:
        _refuse_negative(self.part, self.whole)


@dataclass(frozen=True)
class Step:
    """One step of the way; `label` is a text of the catalogue."""

    label: str
    count: int

    def __post_init__(self) -> None:
        _refuse_negative(self.count)


@dataclass(frozen=True)
class GroupCounts:
    """One row with the number of obligations in each of the six groups."""

    label: str
    in_force: int
    awaiting_agency: int
    waiting_time: int
    not_pledged: int
    unreachable: int
    not_due: int

    def __post_init__(self) -> None:
        _refuse_negative(*self.counts)

    @property
    def counts(self) -> tuple[int, ...]:
        return (
            self.in_force,
            self.awaiting_agency,
            self.waiting_time,
            self.not_pledged,
            self.unreachable,
            self.not_due,
        )

    @property
    def total(self) -> int:
        return sum(self.counts)


def _refuse_negative(*counts: int) -> None:
    if min(counts) < 0:
        raise ValueError(f"a count below zero: {counts}")


@dataclass(frozen=True)
class Table:
    """The figures of a chart; `numeric` are the columns that are aligned right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...]


@dataclass(frozen=True)
class Funnel:
    """How many are left at each step of the way, as a share of the first."""

    title: str
    steps: tuple[Step, ...]

    @classmethod
    def of_round(cls, title: str, counts: Sequence[int]) -> Funnel:
        """Asked, delivered, opened, started, signed, accepted."""
        return cls(title, tuple(Step(label, count) for label, count in zip(ROUND_STEPS, counts, strict=True)))

    @property
    def size(self) -> int:
        return len(self.steps)

    @property
    def first(self) -> int:
        return self.steps[0].count if self.steps else 0

    def change(self, index: int, speech: Speech) -> str:
        """What was lost or won on the way to this step; empty where nothing changed."""
        before, now = self.steps[index - 1].count if index else 0, self.steps[index].count
        if index == 0 or before == now:
            return ""
        number = speech.number(abs(now - before))
        if now > before:
            return speech.say(N_("tăng %(number)s"), number=number)
        return speech.say(N_("giảm %(number)s (%(share)s)"), number=number, share=speech.share(before - now, before))

    def describe(self, speech: Speech) -> str:
        rows = self.table(speech).rows
        return _sentences(
            f"{name}: {count} ({of_first})" + (f", {change}" if change else "")
            for name, count, of_first, change in rows
        )

    def table(self, speech: Speech) -> Table:
        heads = (N_("Bước"), N_("Số lượng"), N_("So với bước đầu"), N_("So với bước trước"))
        rows = (
            (
                speech.say(step.label),
                speech.number(step.count),
                speech.share(step.count, self.first),
                self.change(index, speech),
            )
            for index, step in enumerate(self.steps)
        )
        return Table(tuple(map(speech.say, heads)), tuple(rows), (1, 2, 3))


@dataclass(frozen=True)
class _Shares:
    title: str
    rows: tuple[Share, ...]
    target: float | None = 1.0
    row_head: str = N_("Nhóm hoặc đơn vị")
    part_head: str = N_("Đã có cam kết hiệu lực")
    whole_head: str = N_("Thuộc diện ký")

    def __post_init__(self) -> None:
        if self.target is not None and not 0 < self.target <= 1:
            raise ValueError(f"a target outside of 0 to 1: {self.target}")

    @property
    def size(self) -> int:
        return len(self.rows)

    def target_text(self, speech: Speech) -> str:
        return "" if self.target is None else speech.say(N_("Mục tiêu %(share)s"), share=speech.mark(self.target))

    def describe(self, speech: Speech) -> str:
        rows = (
            f"{row.label}: {speech.share(row.part, row.whole)}"
            + (f" ({speech.fraction(row.part, row.whole)})" if row.whole else "")
            for row in self.rows
        )
        return _sentences([*rows, *filter(None, [self.target_text(speech)])])

    def table(self, speech: Speech) -> Table:
        heads = (self.row_head, self.part_head, self.whole_head, N_("Tỷ lệ"))
        rows = (
            (row.label, speech.number(row.part), speech.number(row.whole), speech.share(row.part, row.whole))
            for row in self.rows
        )
        return Table(tuple(map(speech.say, heads)), tuple(rows), (1, 2, 3))


@dataclass(frozen=True)
class CoverageBars(_Shares):
    """One bar for each group, commune or agency, in the order given, up to a target line."""


@dataclass(frozen=True)
class CoverageByQuarter(_Shares):
    """One column for each quarter, the oldest first; quarters without figures stay as gaps."""

    row_head: str = N_("Quý")


@dataclass(frozen=True)
class StackedGroups:
    """For each row how its obligations are divided among the six groups."""

    title: str
    rows: tuple[GroupCounts, ...]
    row_head: str = N_("Nhóm hoặc đơn vị")

    @property
    def size(self) -> int:
        return len(self.rows)

    def total_text(self, row: GroupCounts, speech: Speech) -> str:
        if not row.total:
            return speech.say(NO_FIGURES)
        return speech.say(N_("tổng số %(number)s"), number=speech.number(row.total))

    def describe(self, speech: Speech) -> str:
        table = self.table(speech)
        return _sentences(
            f"{row[0]}: " + ", ".join(f"{head} {cell}" for head, cell in zip(table.heads[1:], row[1:], strict=True))
            for row in table.rows
        )

    def table(self, speech: Speech) -> Table:
        heads = (self.row_head, *GROUPS, N_("Tổng số"))
        rows = ((row.label, *map(speech.number, row.counts), speech.number(row.total)) for row in self.rows)
        return Table(tuple(map(speech.say, heads)), tuple(rows), tuple(range(1, len(heads))))


Chart = Funnel | CoverageBars | CoverageByQuarter | StackedGroups


def _sentences(parts: Iterable[str]) -> str:
    return " ".join(f"{part}." for part in parts)


def in_pieces(chart: Chart, most: int) -> list[Chart]:
    """A chart of many rows as several that each fit on a page; steps and quarters belong together."""
    if isinstance(chart, Funnel | CoverageByQuarter) or chart.size <= most:
        return [chart]
    # Pieces of equal length look meant; a last piece of one row does not.
    count = -(-chart.size // most)
    cuts = [chart.size * index // count for index in range(count + 1)]
    return [_cut(chart, start, end) for start, end in itertools.pairwise(cuts)]


def _cut(chart: CoverageBars | StackedGroups, start: int, end: int) -> Chart:
    if isinstance(chart, CoverageBars):
        return replace(chart, rows=chart.rows[start:end])
    return replace(chart, rows=chart.rows[start:end])
