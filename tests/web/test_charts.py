"""Charts in pages: well-formed, within the policy, every figure in words and in the table, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask, render_template_string, session
from lxml import etree, html

from pledges.core.chart_figures import VIETNAMESE, Chart, CoverageBars, Share
from pledges.documents.charts import EDGES, FILLS, INKS, LINES
from pledges.web.charts import ChartFigure, chart_figure
from pledges.web.i18n import set_up_languages
from tests.guards.repository import ROOT
from tests.support.charts import BARS, CHARTS, GROUPS, communes

SVG = "{http://www.w3.org/2000/svg}"
CSS = (ROOT / "static" / "css" / "charts.css").read_text()
COLOURS = dict(re.findall(r"--(chart-[\w-]+): (#\w+);", CSS))
IN_PAGE = '{% from "components/chart.html" import chart %}{% for figure in figures %}{{ chart(figure) }}{% endfor %}'


@pytest.fixture(scope="module")
def app() -> Flask:
    """Charts need the two languages and the templates, and nothing else of the product."""
    app = Flask("charts", template_folder=str(ROOT / "templates"))
    app.secret_key = "for this test only"
    set_up_languages(app)
    return app


@pytest.fixture
def reader(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def tree(picture: str) -> etree._Element:
    return etree.fromstring(str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def pictures(figure: ChartFigure) -> list[etree._Element]:
    return [tree(picture) for picture in figure.wide + figure.narrow]


@pytest.mark.parametrize("kind", CHARTS)
def test_a_picture_is_sound_and_says_all_its_figures(reader: None, kind: str) -> None:
    chart = CHARTS[kind]
    figure = chart_figure("hinh", chart)
    assert len(pictures(figure)) == 2
    for svg in pictures(figure):
        assert svg.get("role") == "img"
        ids = [element.get("id") for element in svg.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert f"{svg.get('aria-labelledby')} {svg.get('aria-describedby')}".split() == ids[:2]
        assert svg.findtext(f"{SVG}title") == chart.title
        said = svg.findtext(f"{SVG}desc") or ""
        assert [cell for row in figure.table.rows for cell in row if cell not in said and cell != "0"] == []
        used = {use[5:-1] for element in svg.iter() if (use := element.get("fill"))}
        assert used == set(ids[2:])


def test_charts_fit_into_a_page_under_the_policy(reader: None) -> None:
    figures = [chart_figure(key, chart) for key, chart in CHARTS.items()]
    shown = html.fragment_fromstring(render_template_string(IN_PAGE, figures=figures), create_parent=True)
    assert shown.xpath("//@style | //style | //script | //@*[starts-with(name(), 'on')]") == []
    ids = shown.xpath("//@id")
    assert len(ids) == len(set(ids)) > 16
    for figure, element in zip(figures, shown.xpath("//figure"), strict=True):
        assert element.xpath("string(figcaption)") == figure.title
        assert element.xpath("string(details/summary)") == "Xem số liệu"
        cells = [[cell.text_content() for cell in row.xpath("th | td")] for row in element.xpath(".//tr")]
        assert cells == [list(figure.table.heads), *map(list, figure.table.rows)]


def test_every_class_of_a_picture_has_a_rule(reader: None) -> None:
    used = {
        name
        for chart in (*CHARTS.values(), replace(CHARTS["quarters"], target=0.65))
        for svg in pictures(chart_figure("hinh", chart))
        for element in svg.iter()
        for name in (element.get("class") or "").split()
    }
    styled = set(re.findall(r"\.(chart-[\w-]+)", CSS)) | {"chart-text--text"}
    assert used <= styled
    assert {f"chart-group-{number}" for number in range(1, 7)} < used


def test_names_are_text_and_never_markup(reader: None) -> None:
    nasty = CoverageBars('"><script>x()</script>', (Share("<b>&amp;'\"", 1, 2),))
    for svg in pictures(chart_figure("hinh", nasty)):
        assert {element.tag for element in svg.iter()} == {
            f"{SVG}{name}" for name in ("svg", "title", "desc", "rect", "path", "text")
        }
        assert svg.findtext(f"{SVG}title") == nasty.title
        assert "<b>&amp;'\"" in [element.text for element in svg.iter(f"{SVG}text")]


def test_english_readers_get_english_numbers(reader: None) -> None:
    session["language"] = "en"
    [wide] = chart_figure("hinh", BARS).wide
    assert "1,448/2,000" in wide
    assert "72.4%" in wide
    assert "1.448" not in wide


def test_vietnamese_readers_get_vietnamese_numbers(reader: None) -> None:
    [wide] = chart_figure("hinh", BARS).wide
    assert "1.448/2.000" in wide
    assert "72,4%" in wide
    assert BARS.describe(VIETNAMESE) in wide


@pytest.mark.parametrize(
    ("chart", "pieces"), [(communes(25), 1), (communes(102), 5), (replace(GROUPS, rows=GROUPS.rows * 8), 3)]
)
def test_many_rows_become_several_pictures_and_one_table(reader: None, chart: Chart, pieces: int) -> None:
    figure = chart_figure("hinh", chart)
    assert len(figure.wide) == len(figure.narrow) == pieces
    assert len(figure.table.rows) == chart.size
    ids = re.findall(r' id="([^"]+)"', "".join(figure.wide + figure.narrow))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("key", ["", "Hình", "a b", "1a", 'a"'])
def test_a_key_that_is_no_id_is_refused(reader: None, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        chart_figure(key, BARS)


# --- Colours -------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(COLOURS[f"chart-{one}"]), luminance(COLOURS[f"chart-{other}"])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("text", "ground"), [("ink", "paper"), ("soft", "paper"), ("soft", "slope"), ("paper", "bar")])
def test_texts_can_be_read(text: str, ground: str) -> None:
    assert contrast(text, ground) >= 4.5


SEEN = ["bar", "track-edge", "axis", "target", "group-1", "group-2", "group-3-mark", "group-4", "group-5-mark"]


@pytest.mark.parametrize("shape", [*SEEN, "group-6-edge"])
def test_shapes_can_be_seen(shape: str) -> None:
    """What is filled too lightly has an edge that is dark enough."""
    assert contrast(shape, "paper") >= 3


@pytest.mark.parametrize(("one", "other"), [("bar", "track"), ("group-3-mark", "group-3"), ("group-5-mark", "group-5")])
def test_neighbours_can_be_told_apart(one: str, other: str) -> None:
    assert contrast(one, other) >= 3


def test_the_paper_has_the_colours_of_the_page() -> None:
    names = {"text": "ink", "inside": "paper", "casing": "paper", "gap": "paper"}
    printed = FILLS | INKS | {look: colour for look, (colour, _) in LINES.items()}
    printed |= {"track-edge": EDGES["track"], "group-6-edge": EDGES["group-6"]}
    printed |= {f"{look}-mark": EDGES[look] for look in ("group-3", "group-5")}
    for look, colour in printed.items():
        assert luminance(COLOURS[f"chart-{names.get(look, look)}"]) == luminance(colour), look
