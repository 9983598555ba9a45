"""Charts in a PDF: read back by another program."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from pledges.core.chart_figures import VIETNAMESE, Chart, CoverageBars, Share
from pledges.documents.charts import chart_drawings
from pledges.documents.fonts import default_faces, one_at_a_time
from tests.support.charts import BARS, CHARTS, communes
from tests.support.pdf_tools import assert_sound, pages_of, run, squeezed, text_of, words_of

WIDTH, MOST_HEIGHT, LEFT, TOP = 459.0, 640.0, 80.0, 780.0


def paper_of(*charts: Chart) -> bytes:
    """Each drawing on a page of its own."""
    faces, target = default_faces(), BytesIO()
    with one_at_a_time:
        canvas = Canvas(target, pagesize=A4, initialFontName=faces.regular)
        for chart in charts:
            for drawing in chart_drawings(chart, faces, width=WIDTH, most_height=MOST_HEIGHT):
                assert drawing.width == pytest.approx(WIDTH)
                drawing.drawOn(canvas, LEFT, TOP - drawing.height)
                canvas.showPage()
        canvas.save()
    return target.getvalue()


def test_all_names_and_figures_can_be_read_in_embedded_faces(tmp_path: Path) -> None:
    pdf = paper_of(*CHARTS.values())
    pages = pages_of(pdf, tmp_path)
    assert len(pages) == len(CHARTS)
    for chart, page in zip(CHARTS.values(), pages, strict=True):
        cells = [cell for row in chart.table(VIETNAMESE).rows for cell in row if cell != "0"]
        assert [cell for cell in cells if squeezed(cell) not in squeezed(page)] == []
    assert_sound(pdf, tmp_path)
    fonts = run("pdffonts", tmp_path / "text.pdf").splitlines()[2:]
    assert sorted(line.split()[0].partition("+")[2] for line in fonts) == ["IBMPlexSerif-Bold", "IBMPlexSerif-Regular"]
    assert all(" yes yes yes " in line for line in fonts)


def test_nothing_is_printed_outside_of_its_width(tmp_path: Path) -> None:
    for _page, word, (left, bottom, right, top) in words_of(paper_of(*CHARTS.values()), tmp_path):
        assert LEFT - 0.5 <= left < right <= LEFT + WIDTH + 0.5, word
        assert TOP - MOST_HEIGHT < bottom < top <= TOP + 2, word


def test_many_rows_are_cut_into_drawings_that_fit(tmp_path: Path) -> None:
    drawings = chart_drawings(communes(102), default_faces(), width=WIDTH, most_height=MOST_HEIGHT)
    assert len(drawings) > 1
    assert max(drawing.height for drawing in drawings) <= MOST_HEIGHT
    text = text_of(paper_of(communes(102)), tmp_path)
    assert [number for number in range(102) if f"Phường Thử Nghiệm Thứ {number} " not in text.replace("\n", " ")] == []
    [one] = chart_drawings(BARS, default_faces(), width=WIDTH, most_height=MOST_HEIGHT)
    assert one.height < MOST_HEIGHT


def test_letters_that_the_faces_lack_are_written_as_numbers(tmp_path: Path) -> None:
    text = text_of(paper_of(CoverageBars("", (Share("Cửa hàng 中 (thử nghiệm)", 1, 2),))), tmp_path)
    assert "Cửa hàng [U+4E2D] (thử nghiệm)" in text
