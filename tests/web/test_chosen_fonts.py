"""PLEDGES_PDF_FONTS holds for every paper that is printed: posters, figures and the charts of drafts as well."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.duties.report_content import content_of
from pledges.duties.report_docx import write_docx
from pledges.hotlines.models import Hotline
from pledges.product import Product
from pledges.reporting.exports import RollupFormat, RollupOrder, rollup_file
from pledges.reporting.standing import Place
from tests.support.clock import FixedClock
from tests.support.docx_files import parts_of
from tests.support.reported import whole_year
from tests.web.conftest import make_app

NOTO = Path("/usr/share/fonts/truetype/noto")


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ReportLab remembers a face by its content: both tests use it from one folder, as a process does."""
    folder = tmp_path_factory.mktemp("faces")
    for style in ("Regular", "Bold", "Italic"):
        (folder / f"{style}.ttf").symlink_to(NOTO / f"NotoSerif-{style}.ttf")
    return folder


def families(pdf: bytes) -> set[str]:
    """The names of the embedded faces without their style and the letters that mark a part of a face."""
    return {name.decode().split("-")[0] for name in re.findall(rb"/FontName /[A-Z]+\+(\S+)", pdf)}


def test_a_poster_is_printed_in_the_chosen_faces(small_product: Product, clock: FixedClock, faces: Path) -> None:
    day = local_day(clock())
    line = Hotline(
        id=new_id(), province_code="20", name="Đội thử nghiệm", phone="0205 3000 000", checked_on=day, added_at=clock()
    )
    small_product.database.run(lambda session: session.add(line))
    for fonts, family in ((None, "IBMPlexSerif"), (faces, "NotoSerif")):
        product = replace(small_product, settings=replace(small_product.settings, pdf_fonts=fonts))
        answer = make_app(product).test_client().get("/duong-day-nong/20/ap-phich.pdf")
        assert answer.status_code == 200
        assert families(answer.data) == {family}


def test_figures_and_charts_are_printed_in_the_chosen_faces(small_product: Product, faces: Path) -> None:
    now = small_product.clock()
    order = RollupOrder(Place("46", "46-SCT"), None, RollupFormat.PDF, "In thử phông chữ")
    drafts = {}
    with small_product.database.read() as session:
        for fonts, family in ((None, "IBMPlexSerif"), (faces, "NotoSerif")):
            assert families(rollup_file(session, order, who="Thử nghiệm", now=now, fonts=fonts)) == {family}
            target = BytesIO()
            write_docx(content_of(session, whole_year(), now), target, fonts)
            drafts[family] = parts_of(target.getvalue())
    plain, other = drafts.values()
    pictures = {name for name in plain if name.endswith(".png")}
    assert pictures
    assert {name for name in plain if plain[name] != other[name]} >= pictures
    assert plain["word/styles.xml"] == other["word/styles.xml"], "the words stay in the face of the decree"
