"""The layout of the four charts. Nothing is drawn here: `pledges.web.charts` and `pledges.documents.charts` do that."""

from __future__ import annotations

from pledges.core.chart_columns import lay_out_columns
from pledges.core.chart_figures import (
    GROUPS,
    NO_FIGURES,
    Chart,
    CoverageBars,
    CoverageByQuarter,
    Funnel,
    GroupCounts,
    Share,
    Speech,
    StackedGroups,
    share,
)
from pledges.core.chart_rows import (
    BAR,
    GAP,
    LINE,
    SMALL_LINE,
    TICKS,
    Plot,
    Row,
    dashed,
    place_rows,
    plot_above,
    plot_for,
    target_sample,
    write_within,
)
from pledges.core.chart_shapes import SMALL, Area, Box, Drawing, Line, Measure, Sheet

WIDE, NARROW = 640.0, 340.0

SWATCH, BETWEEN = 14.0, 14.0
OVERHANG = 3.0
"""How far the target line stands out of the bars."""
THIN = 3.0


def lay_out(chart: Chart, width: float, measure: Measure, speech: Speech) -> Drawing:
    sheet = Sheet(width, measure)
    if not chart.size:
        sheet.write(0, 0, speech.say(NO_FIGURES), look="soft")
        return sheet.drawing(LINE)
    if isinstance(chart, Funnel):
        return _funnel(sheet, chart, speech)
    if isinstance(chart, StackedGroups):
        return _stacked_groups(sheet, chart, speech)
    columns = lay_out_columns(sheet, chart, speech) if isinstance(chart, CoverageByQuarter) else None
    return columns or _coverage_bars(sheet, chart, speech)


# --- Steps ---------------------------------------------------------------------------------------------------------


def _funnel(sheet: Sheet, chart: Funnel, speech: Speech) -> Drawing:
    rows = [
        Row(speech.say(step.label), speech.number(step.count), speech.share(step.count, chart.first))
        for step in chart.steps
    ]
    most = max(step.count for step in chart.steps) or 1
    plot = plot_for(sheet, rows)
    ends = [plot.at(step.count / most) for step in chart.steps]

    def draw(index: int, top: float) -> bool:
        if ends[index] > plot.left:
            sheet.add(Box(plot.left, top, ends[index] - plot.left, BAR, "bar"))
        return True

    def below(index: int, top: float) -> float:
        """What is lost on the way to the next step stands between the two bars."""
        if index + 1 == chart.size:
            return top
        bottom = top + SMALL_LINE + 6
        if change := chart.change(index + 1, speech):
            sheet.write(plot.left + 6, top + 3, change, size=SMALL, look="soft")
        elif plot.above:
            return top
        if not plot.above:
            corners = ((plot.left, top), (ends[index], top), (ends[index + 1], bottom), (plot.left, bottom))
            sheet.add_behind(Area(corners, "slope"))
        return bottom

    bottom = place_rows(sheet, 0, rows, plot, draw, below, gap=GAP if plot.above else 0)
    return sheet.drawing(bottom + 2)


# --- Coverage ------------------------------------------------------------------------------------------------------


def _coverage_bars(sheet: Sheet, chart: CoverageBars | CoverageByQuarter, speech: Speech) -> Drawing:
    rows = [_row_of(row, speech) for row in chart.rows]
    plot = plot_for(sheet, rows)
    top = _target_label(sheet, plot, chart, speech)
    target = None if chart.target is None else plot.at(chart.target)

    def draw(index: int, at: float) -> bool:
        found = share(chart.rows[index].part, chart.rows[index].whole)
        if found is None:
            return False
        sheet.add(Box(plot.left, at, plot.width, BAR, "track"))
        if found:
            sheet.add(Box(plot.left, at, plot.at(found) - plot.left, BAR, "bar"))
        if plot.above and target is not None:
            dashed(sheet, target, at - OVERHANG, target, at + BAR + OVERHANG)
        return True

    bottom = place_rows(sheet, top, rows, plot, draw) + 2 * OVERHANG
    if target is not None and not plot.above:
        dashed(sheet, target, top - OVERHANG, target, bottom)
    return sheet.drawing(_share_axis(sheet, plot, bottom))


def _row_of(row: Share, speech: Speech) -> Row:
    if not row.whole:
        return Row(row.label, "", speech.say(NO_FIGURES))
    return Row(row.label, speech.share(row.part, row.whole), speech.fraction(row.part, row.whole))


def _target_label(sheet: Sheet, plot: Plot, chart: CoverageBars | CoverageByQuarter, speech: Speech) -> float:
    """The name of the dashed line: at its upper end, or as a legend where labels stand in its way."""
    if chart.target is None:
        return OVERHANG
    if plot.above:
        return target_sample(sheet, chart.target_text(speech)) + 10
    write_within(sheet, plot.at(chart.target), 0, chart.target_text(speech), look="text")
    return SMALL_LINE + 2 * OVERHANG


def _share_axis(sheet: Sheet, plot: Plot, top: float) -> float:
    sheet.add(Line(plot.left, top, plot.right, top, "axis"))
    for tick in TICKS:
        sheet.add(Line(plot.at(tick), top, plot.at(tick), top + 5, "axis"))
        write_within(sheet, plot.at(tick), top + 7, f"{round(tick * 100)}%")
    return top + 7 + SMALL_LINE


# --- Groups --------------------------------------------------------------------------------------------------------


def _stacked_groups(sheet: Sheet, chart: StackedGroups, speech: Speech) -> Drawing:
    rows = [Row(row.label, "", chart.total_text(row, speech)) for row in chart.rows]
    plot = plot_above(sheet)
    top = _flow(sheet, 0, sheet.width, 0, list(enumerate(map(speech.say, GROUPS), 1))) + GAP

    def draw(index: int, at: float) -> bool:
        return _segments(sheet, plot, chart.rows[index], at)

    def below(index: int, at: float) -> float:
        """The figures of all groups that have any, in the order of the bar: small groups have no room inside it."""
        counts = enumerate(chart.rows[index].counts, 1)
        shown = [(number, speech.number(count)) for number, count in counts if count]
        return _flow(sheet, plot.left, plot.right, at + 3, shown)

    return sheet.drawing(place_rows(sheet, top, rows, plot, draw, below) + 2)


def _segments(sheet: Sheet, plot: Plot, row: GroupCounts, top: float) -> bool:
    so_far = 0
    for number, count in enumerate(row.counts, 1):
        if not count:
            continue
        left, right = plot.at(so_far / row.total), plot.at((so_far + count) / row.total)
        sheet.add(Box(left, top, right - left, BAR, f"group-{number}"))
        if so_far and right - left > THIN:
            sheet.add(Line(left, top, left, top + BAR, "gap"))
        so_far += count
    return so_far > 0


def _flow(sheet: Sheet, left: float, right: float, top: float, items: list[tuple[int, str]]) -> float:
    """Samples of groups with a text each, in lines; answers where the last line ends."""
    x = left
    for number, text in items:
        width = SWATCH + 7 + sheet.width_of(text, SMALL)
        if x > left and x + width > right:
            x, top = left, top + SMALL_LINE + 3
        sheet.add(Box(x + 0.5, top + (SMALL_LINE - SWATCH) / 2, SWATCH, SWATCH, f"group-{number}"))
        sheet.write(x + SWATCH + 7, top, text, size=SMALL)
        x += width + BETWEEN
    return top + SMALL_LINE
