"""The layout of charts: nothing outside, nothing on top of something else, bars as long as their figures say."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledges.core.chart_figures import (
    VIETNAMESE,
    Chart,
    CoverageBars,
    CoverageByQuarter,
    Funnel,
    GroupCounts,
    Share,
    StackedGroups,
    in_pieces,
    share,
)
from pledges.core.chart_shapes import Area, Box, Drawing, Label, Line
from pledges.core.charts import NARROW, WIDE, lay_out

TOLERANCE = 0.01
COUNTS = st.integers(0, 1_999_999)
WORDS = st.sampled_from(
    ["Sở", "Công", "Thương", "nghiêng", "doanh", "nghiệp,", "ĐẶC KHU", "Ngã-ba-không-có-chỗ-ngắt" * 3]
)
NAMES = st.lists(WORDS, min_size=1, max_size=14).map(" ".join)
WIDTHS = st.sampled_from([NARROW, WIDE])
TARGETS = st.sampled_from([None, 0.35, 0.7, 1.0])


def measure(text: str, size: float, bold: bool) -> float:
    """Wider than most faces."""
    return len(text) * size * (0.6 if bold else 0.55)


@st.composite
def shares(draw: st.DrawFn) -> Share:
    whole = draw(COUNTS)
    return Share(draw(NAMES), draw(st.integers(0, whole)), whole)


GROUPS = st.builds(GroupCounts, NAMES, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
BARS = st.builds(
    lambda rows, target: CoverageBars("Tỷ lệ", tuple(rows), target), st.lists(shares(), max_size=30), TARGETS
)
STACKS = st.builds(lambda rows: StackedGroups("Nhóm", tuple(rows)), st.lists(GROUPS, max_size=30))
FUNNELS = st.builds(lambda counts: Funnel.of_round("Đường đi", counts), st.lists(COUNTS, min_size=6, max_size=6))


@st.composite
def quarters(draw: st.DrawFn) -> CoverageByQuarter:
    rows = draw(st.lists(shares(), max_size=20))
    named = (replace(row, label=f"Quý {'I' * (index % 3 + 1)}/{2026 + index}") for index, row in enumerate(rows))
    return CoverageByQuarter("Theo quý", tuple(named), draw(TARGETS))


ANY = st.one_of(BARS, STACKS, FUNNELS, quarters())


def drawn(chart: Chart, width: float = WIDE) -> Drawing:
    return lay_out(chart, width, measure, VIETNAMESE)


def labels(drawing: Drawing) -> list[Label]:
    return [shape for shape in drawing.shapes if isinstance(shape, Label)]


def boxes(drawing: Drawing, look: str) -> list[Box]:
    return [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.look == look]


def bounds(shape: object) -> tuple[float, float, float, float]:
    if isinstance(shape, Line):
        return shape.left, shape.top, shape.right, shape.bottom
    if isinstance(shape, Area):
        across, down = zip(*shape.points, strict=True)
        return min(across), min(down), max(across), max(down)
    assert isinstance(shape, Box | Label)
    return shape.left, shape.top, shape.left + shape.width, shape.top + shape.height


def touch(one: object, other: object, slack: float = 0.5) -> bool:
    left, top, right, bottom = bounds(one)
    other_left, other_top, other_right, other_bottom = bounds(other)
    across = left + slack < other_right and other_left + slack < right
    return across and top + slack < other_bottom and other_top + slack < bottom


@settings(max_examples=60)
@given(chart=ANY, width=WIDTHS)
def test_nothing_is_outside_and_no_text_on_another(chart: Chart, width: float) -> None:
    drawing = drawn(chart, width)
    assert drawing.width == width
    for shape in drawing.shapes:
        left, top, right, bottom = bounds(shape)
        assert -TOLERANCE <= left <= right <= width + TOLERANCE, shape
        assert -TOLERANCE <= top <= bottom <= drawing.height + TOLERANCE, shape
    texts = labels(drawing)
    # A chart of thirty rows has hundreds of texts; only those of about the same height can meet.
    texts.sort(key=lambda label: label.top)
    for index, label in enumerate(texts):
        for other in itertools.takewhile(lambda one, end=label.top + label.height: one.top < end, texts[index + 1 :]):  # type: ignore[misc]
            assert not touch(label, other), (label, other)


@settings(max_examples=40)
@given(chart=ANY, width=WIDTHS)
def test_no_text_is_crossed_by_a_line_or_lies_half_on_a_bar(chart: Chart, width: float) -> None:
    drawing = drawn(chart, width)
    for number, shape in enumerate(drawing.shapes):
        if isinstance(shape, Line) and shape.look in {"target", "axis"}:
            upright = shape.left == shape.right
            thick = Line(
                shape.left - upright, shape.top - 1 + upright, shape.right + upright, shape.bottom + 1 - upright, ""
            )
            for label in labels(drawing):
                if touch(thick, label):
                    # In a column the line makes room: a plate lies over it and under the figure.
                    later = drawing.shapes[number:]
                    assert any(isinstance(plate, Box) and touch(plate, label, 0) for plate in later), (shape, label)
        if isinstance(shape, Box) and shape.look.startswith(("track", "group")):
            assert not any(touch(shape, label) for label in labels(drawing))


@settings(max_examples=30)
@given(chart=st.one_of(BARS, quarters()), width=WIDTHS)
def test_bars_are_as_long_as_their_shares(chart: CoverageBars | CoverageByQuarter, width: float) -> None:
    drawing = drawn(chart, width)
    tracks = boxes(drawing, "track")
    found = [ratio for row in chart.rows if (ratio := share(row.part, row.whole))]
    # The plates under figures have the colour of their bar and the height of one line.
    bars = boxes(drawing, "bar")[: len(found)]
    assert len(bars) == len(found)
    if tracks:
        assert len(tracks) == sum(1 for row in chart.rows if row.whole)
        assert [bar.width for bar in bars] == pytest.approx([tracks[0].width * ratio for ratio in found])
    elif bars:
        full = max(bar.height / ratio for bar, ratio in zip(bars, found, strict=True))
        assert [bar.height for bar in bars] == pytest.approx([full * ratio for ratio in found])
        assert len({round(bar.top + bar.height, 6) for bar in bars}) == 1


@settings(max_examples=30)
@given(chart=STACKS, width=WIDTHS)
def test_the_groups_of_a_row_fill_it_in_their_order(chart: StackedGroups, width: float) -> None:
    drawing = drawn(chart, width)
    segments = [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.height > 15]
    segments.sort(key=lambda box: (box.top, box.left))
    for row in (row for row in chart.rows if row.total):
        mine = [segments.pop(0) for count in row.counts if count]
        assert [box.look for box in mine] == [f"group-{number}" for number, count in enumerate(row.counts, 1) if count]
        whole = sum(box.width for box in mine)
        assert whole == pytest.approx(width - 2)
        assert [box.width for box in mine] == pytest.approx(
            [whole * count / row.total for count in row.counts if count]
        )
    assert segments == []


@settings(max_examples=30)
@given(chart=FUNNELS, width=WIDTHS)
def test_steps_are_as_long_as_their_counts(chart: Funnel, width: float) -> None:
    bars = boxes(drawn(chart, width), "bar")
    counts = [step.count for step in chart.steps if step.count]
    assert len(bars) == len(counts)
    if counts:
        longest = max(bar.width for bar in bars)
        assert [bar.width for bar in bars] == pytest.approx([longest * count / max(counts) for count in counts])


def squeezed(texts: Sequence[str]) -> str:
    return "".join("".join(texts).split())


@settings(max_examples=40)
@given(chart=ANY, width=WIDTHS)
def test_every_name_and_figure_is_printed_and_said(chart: Chart, width: float) -> None:
    printed = squeezed([label.text for label in labels(drawn(chart, width))])
    said = chart.describe(VIETNAMESE)
    for row in chart.table(VIETNAMESE).rows:
        for cell in row:
            if cell != "0":  # groups without anybody, and denominators that are none
                assert cell in said
                assert squeezed([cell]) in printed


def test_without_rows_it_says_so() -> None:
    for chart in (CoverageBars("", ()), CoverageByQuarter("", ()), StackedGroups("", ()), Funnel("", ())):
        assert [label.text for label in labels(drawn(chart))] == ["chưa có số liệu"]
        assert chart.describe(VIETNAMESE) in {"", "Mục tiêu 100%."}


def test_a_denominator_of_zero_is_no_share() -> None:
    chart = CoverageBars("", (Share("Sở Y tế", 0, 0),))
    assert boxes(drawn(chart), "bar") == boxes(drawn(chart), "track") == []
    assert chart.table(VIETNAMESE).rows == (("Sở Y tế", "0", "0", "chưa có số liệu"),)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (1448, 2000, "72,4%"),
        (2000, 2000, "100,0%"),
        (1999, 2000, "99,9%"),
        (199_999, 200_000, "99,9%"),
        (0, 312, "0,0%"),
        (2100, 2000, "105,0%"),
    ],
)
def test_only_all_is_a_hundred_percent(part: int, whole: int, said: str) -> None:
    assert VIETNAMESE.share(part, whole) == said


def test_more_than_all_is_printed_but_not_drawn() -> None:
    for width in (NARROW, WIDE):
        drawing = drawn(CoverageBars("", (Share("Sở Y tế", 2100, 2000),)), width)
        [bar], [track] = boxes(drawing, "bar"), boxes(drawing, "track")
        assert bar.width == track.width
        assert "105,0%" in [label.text for label in labels(drawing)]
    funnel = Funnel.of_round("", (100, 90, 120, 10, 10, 0))
    assert max(boxes(drawn(funnel), "bar"), key=lambda bar: bar.width) == boxes(drawn(funnel), "bar")[2]
    assert [row[2:] for row in funnel.table(VIETNAMESE).rows] == [
        ("100,0%", ""),
        ("90,0%", "giảm 10 (10,0%)"),
        ("120,0%", "tăng 30"),
        ("10,0%", "giảm 110 (91,7%)"),
        ("10,0%", ""),
        ("0,0%", "giảm 10 (100,0%)"),
    ]


def test_the_target_is_dashed_and_named_and_may_be_left_out() -> None:
    row = Share("Sở Y tế", 1448, 2000)
    for kind in (CoverageBars, CoverageByQuarter):
        for width in (NARROW, WIDE):
            drawing = drawn(kind("", (row,), target=0.7), width)
            assert "Mục tiêu 70%" in [label.text for label in labels(drawing)]
            assert any(isinstance(shape, Line) and shape.look == "target" for shape in drawing.shapes)
            bare = drawn(kind("", (row,), target=None), width)
            assert not any("Mục tiêu" in label.text for label in labels(bare))
            assert not any(isinstance(shape, Line) and shape.look == "target" for shape in bare.shapes)


@pytest.mark.parametrize(("part", "target", "plate"), [(72, 0.7, "bar"), (4, 0.08, "paper"), (72, 0.3, None)])
def test_the_target_line_makes_room_for_a_figure(part: int, target: float, plate: str | None) -> None:
    """The plate lies over the line and under the figure, in the colour of what is behind it."""
    drawing = drawn(CoverageByQuarter("", (Share("Quý I/2026", part, 100),), target))
    line = max(number for number, shape in enumerate(drawing.shapes) if isinstance(shape, Line))
    [figure] = [shape for shape in labels(drawing) if shape.bold]
    after = [shape for shape in drawing.shapes[line + 1 : drawing.shapes.index(figure)] if isinstance(shape, Box)]
    assert [shape.look for shape in after] == ([plate] if plate else [])
    assert all(shape.left <= figure.left and shape.width >= figure.width for shape in after)


def test_too_many_quarters_for_columns_become_rows() -> None:
    many = CoverageByQuarter("", tuple(Share(f"Quý I/{year}", 1448, 2000) for year in range(2026, 2046)))
    assert boxes(drawn(many), "track") != []
    assert boxes(drawn(replace(many, rows=many.rows[:8])), "track") == []


@pytest.mark.parametrize("make", [lambda: Share("", -1, 2), lambda: CoverageBars("", (), target=1.2)])
def test_impossible_figures_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"below zero|outside of"):
        make()  # type: ignore[operator]


@given(rows=st.integers(0, 120), most=st.integers(1, 40))
def test_pieces_hold_every_row_once_and_are_about_as_long(rows: int, most: int) -> None:
    chart = CoverageBars("", tuple(Share(str(number), 1, 1) for number in range(rows)))
    pieces = in_pieces(chart, most)
    assert [row for piece in pieces for row in piece.rows] == list(chart.rows)  # type: ignore[union-attr]
    sizes = [piece.size for piece in pieces]
    assert max(sizes) <= most or not rows
    assert max(sizes) - min(sizes) <= 1
