"""The paper: read back by other programs, in ordinary and in hostile cases."""

from __future__ import annotations

import multiprocessing
import re
import time
import unicodedata
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
import zxingcpp
from PIL import Image

from pledges.core.errors import DomainError
from pledges.documents.fonts import VIETNAMESE_LETTERS, read_faces
from pledges.documents.paper import Block, PledgePaper
from pledges.documents.rendering import render_pledge
from tests.support.papers import invented_paper, with_block
from tests.support.pdf_tools import assert_sound, pages_of, run, running_text_of, squeezed, text_of


def test_everything_stands_on_the_paper(tmp_path: Path) -> None:
    paper = invented_paper(1)
    pdf = render_pledge(paper, trial=False)
    read = running_text_of(pdf, tmp_path)
    texts = [block.text for block in paper.blocks] + [block.number for block in paper.blocks]
    texts += [*paper.signature_lines, *paper.notes, paper.place_and_date, paper.signer_name, paper.agency_name]
    texts += ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "GIÁM ĐỐC"]
    assert [text for text in texts if squeezed(text) not in read] == []
    assert "THỬNGHIỆM" not in read
    assert "DỰTHẢO" not in read
    assert_sound(pdf, tmp_path)


def test_every_page_has_reference_hashes_version_and_page_number(tmp_path: Path) -> None:
    paper = invented_paper(2, channels=10, commitments=9)
    pages = pages_of(render_pledge(paper, trial=False), tmp_path)
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert paper.reference in page
        assert paper.verification_url in page
        assert paper.template_hash in page
        assert paper.rendered_hash in page
        assert paper.text_version in page
        assert f"Trang{number}/{len(pages)}" in squeezed(page)


@pytest.mark.parametrize("draft", [False, True])
@pytest.mark.parametrize("trial", [False, True])
def test_marks_stand_on_every_page_and_hide_no_text(tmp_path: Path, draft: bool, trial: bool) -> None:
    paper = replace(invented_paper(3, commitments=9), draft_wording=draft)
    pages = pages_of(render_pledge(paper, trial=trial), tmp_path)
    for page in pages:
        assert ("DỰ THẢO: mẫu chưa được cơ quan chủ trì duyệt" in page) is draft
        assert ("THỬ NGHIỆM: niêm phong bằng khóa thử" in page) is trial
        assert squeezed(page).count("DỰTHẢO") == 2 * draft
        assert squeezed(page).count("THỬNGHIỆM") == 2 * trial
    plain = render_pledge(replace(paper, draft_wording=False), trial=False)
    assert len(pages_of(plain, tmp_path)) == len(pages)
    assert darkest(render_pledge(paper, trial=trial), tmp_path) == darkest(plain, tmp_path)


def darkest(pdf: bytes, folder: Path) -> list[int]:
    """For each page the pixels that are ink; watermarks are far too light to count."""
    (folder / "look.pdf").write_bytes(pdf)
    run("pdftoppm", "-r", "50", "-gray", "-aa", "no", "-aaVector", "no", folder / "look.pdf", folder / "look")
    counts = []
    for picture in sorted(folder.glob("look-*.pgm")):
        with Image.open(picture) as image:
            # The line about the marks stands above the text and is left out.
            below_header = image.crop((0, int(image.height * 0.05), image.width, image.height))
            counts.append(sum(below_header.histogram()[:100]))
        picture.unlink()
    return counts


def test_all_vietnamese_letters_survive_the_round_trip(tmp_path: Path) -> None:
    assert len([letter for letter in VIETNAMESE_LETTERS if not letter.isascii()]) == 134
    letters = VIETNAMESE_LETTERS + "₫№§–—“”…"
    paper = with_block(invented_paper(4), Block("party", " ".join(letters), "Chữ"))
    for trial in (False, True):
        read = squeezed(text_of(render_pledge(paper, trial=trial), tmp_path))
        assert letters in read


def test_decomposed_text_is_printed_composed(tmp_path: Path) -> None:
    name = "Nguyễn Thị Mỹ Duyên ở Thừa Thiên"
    paper = replace(invented_paper(5), signer_name=unicodedata.normalize("NFD", name))
    assert squeezed(name) in squeezed(text_of(render_pledge(paper, trial=False), tmp_path))


def test_all_fonts_are_embedded(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(render_pledge(replace(invented_paper(6), draft_wording=True), trial=True))
    lines = run("pdffonts", tmp_path / "a.pdf").splitlines()[2:]
    assert len(lines) == 3
    for line in lines:
        assert re.search(r"IBMPlexSerif-\w+ +TrueType +WinAnsi +yes yes yes", line), line
    assert b"Helvetica" not in (tmp_path / "a.pdf").read_bytes()


def test_metadata_and_form(tmp_path: Path) -> None:
    paper = invented_paper(7)
    (tmp_path / "a.pdf").write_bytes(render_pledge(paper, trial=False))
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        assert str(pdf.docinfo["/Title"]) == f"BẢN CAM KẾT {paper.reference}"
        assert str(pdf.docinfo["/Author"]) == paper.agency_name
        assert "/CreationDate" not in pdf.docinfo
        assert str(pdf.Root.Lang) == "vi"
        assert "/OpenAction" not in pdf.Root
        form = pdf.Root.AcroForm
        assert int(form.SigFlags) == 3
        fields = {str(field.T): field for field in form.Fields}
        assert set(fields) == {"AgencySignature", "SystemSeal"}
        for field in fields.values():
            assert "/V" not in field
            assert field.P.objgen == pdf.pages[-1].objgen
        left, bottom, right, top = (float(edge) for edge in fields["AgencySignature"].Rect)
        assert 80 < left < right < 305
        assert 60 < top - bottom < 90
        assert bottom > 60


def test_the_qr_code_leads_to_verification(tmp_path: Path) -> None:
    paper = invented_paper(8, commitments=9)
    (tmp_path / "a.pdf").write_bytes(render_pledge(paper, trial=False))
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        for page in (pdf.pages[0], pdf.pages[-1]):
            assert "/FormXob.qr" in page.Resources.XObject
            targets = [str(each.A.URI) for each in page.Annots if each.Subtype == "/Link"]
            assert targets == [paper.verification_url]
    run("pdftoppm", "-r", "150", "-gray", tmp_path / "a.pdf", tmp_path / "qr")
    pictures = sorted(tmp_path.glob("qr-*.pgm"))
    for picture in (pictures[0], pictures[-1]):
        with Image.open(picture) as image:
            assert [found.text for found in zxingcpp.read_barcodes(image)] == [paper.verification_url]


def test_consents_say_in_words_whether_they_were_given(tmp_path: Path) -> None:
    blocks = (
        Block("consent", "Câu thứ nhất.", checked=True),
        Block("consent", "Câu thứ hai.", checked=False),
        Block("consent", "Câu thứ ba.", checked=None),
    )
    paper = replace(invented_paper(9), blocks=(Block("title", "BẢN CAM KẾT"), *blocks))
    read = text_of(render_pledge(paper, trial=False), tmp_path)
    assert "Câu thứ nhất. (đã chọn)" in read
    assert "Câu thứ hai. (không chọn)" in read
    assert re.search(r"Câu thứ ba\.\s*\n", read)


def test_signatures_never_stand_alone(tmp_path: Path) -> None:
    """The text grows line by line until the signatures have moved to another page; always some text goes with them."""
    page_counts = set()
    for extra in range(0, 36, 3):
        filling = "\n".join(f"dòng {number}" for number in range(extra))
        paper = with_block(invented_paper(10, channels=1, commitments=4), Block("party", filling, "Thêm"))
        pages = pages_of(render_pledge(paper, trial=False), tmp_path)
        page_counts.add(len(pages))
        holding = [page for page in pages if "CƠ QUAN TIẾP NHẬN" in page]
        assert holding == [pages[-1]]
        before = holding[0].split("CƠ QUAN TIẾP NHẬN")[0]
        assert paper.blocks[-1].text.split()[0] in before
        assert paper.signer_name in holding[0]
    assert len(page_counts) > 1


def test_long_names_and_ten_channels_flow(tmp_path: Path) -> None:
    name = ("Công ty Trách nhiệm hữu hạn Một thành viên Sản xuất Thương mại Dịch vụ " * 3)[:200].strip()
    addresses = [f"https://www.example.vn/{'cua-hang-' * 18}{number}" for number in range(10)]
    paper = invented_paper(11, commitments=9)
    blocks = [replace(block, text=block.text * 3) if block.kind == "commitment" else block for block in paper.blocks]
    paper = replace(paper, blocks=tuple(blocks), signer_name=name, signer_title=name, agency_name=name)
    paper = with_block(paper, Block("party", "; ".join(addresses), "Kênh"))
    pdf = render_pledge(paper, trial=True)
    read = running_text_of(pdf, tmp_path)
    assert squeezed("; ".join(addresses)) in read
    assert squeezed(name.upper()) in read
    assert all(squeezed(block.text) in read for block in blocks if block.kind == "commitment")
    assert_sound(pdf, tmp_path)


HOSTILE = (
    '<img src="file:///etc/passwd" width="10" height="10"/>',
    "<a href='javascript:alert(1)'>bấm</a>",
    "A & B < C > D &amp; &#60;b&#62;",
    "<para><b>không đóng",
    "%(reference)s {{ten}} \\ \\n (ngoặc) [x]",
    "</para><onDraw name='x' label='y'/>",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_is_printed_as_typed(tmp_path: Path, text: str) -> None:
    paper = invented_paper(12)
    paper = replace(paper, signer_name=text, signer_title="Chủ hộ", signature_lines=(text,), notes=(text,))
    for kind in ("party", "basis", "opening", "commitment", "heading", "responsibility", "notice", "consent", "note"):
        paper = with_block(paper, Block(kind, text, text, checked=True))  # type: ignore[arg-type]
    pdf = render_pledge(paper, trial=False)
    assert squeezed(text_of(pdf, tmp_path)).count(squeezed(text)) >= 12
    assert_sound(pdf, tmp_path)
    (tmp_path / "a.pdf").write_bytes(pdf)
    with pikepdf.open(tmp_path / "a.pdf") as opened:
        for page in opened.pages:
            assert not [name for name, form in page.Resources.XObject.items() if form.Subtype == "/Image"]
            links = [str(each.A.URI) for each in page.get("/Annots", []) if each.Subtype == "/Link"]
            assert set(links) <= {paper.verification_url}


def test_letters_without_a_glyph_are_written_as_numbers(tmp_path: Path) -> None:
    paper = replace(invented_paper(13), signer_name="王 Ví Dụ 😀")
    read = text_of(render_pledge(paper, trial=False), tmp_path)
    assert "[U+738B] Ví Dụ" in read
    assert "[U+1F600]" in read
    assert "Ký tự không có trong phông chữ" in read
    plain = text_of(render_pledge(invented_paper(13), trial=False), tmp_path)
    assert "Ký tự không có trong phông chữ" not in plain


def _party(text: str) -> PledgePaper:
    return with_block(invented_paper(14), Block("party", text, "Thử"))


@pytest.mark.parametrize(
    ("paper", "says"),
    [
        (_party("ệ" * 200_000), "dài quá 6000 ký tự"),
        (_party("a" + "\u0301" * 80_000), "dài quá 6000 ký tự"),
        (_party("a" + "\u0316" * 5), "quá nhiều dấu"),
        (_party("abc\u202edcba"), "ký tự điều khiển"),
        (_party("abc\x00"), "ký tự điều khiển"),
        (replace(invented_paper(14), signer_name="a" * 501), "dài quá 500 ký tự"),
        (replace(invented_paper(14), verification_url="javascript:alert(1)"), "https://"),
        (replace(invented_paper(14), blocks=(Block("opening", "x"),) * 301), "quá nhiều đoạn"),
        (replace(invented_paper(14), blocks=(Block("opening", "x" * 6000),) * 14), "quá dài"),
    ],
)
def test_what_is_out_of_bounds_is_refused_at_once(paper: PledgePaper, says: str) -> None:
    begun = time.process_time()
    with pytest.raises(DomainError, match=re.escape(says)):
        render_pledge(paper, trial=False)
    assert time.process_time() - begun < 1


def test_the_longest_allowed_text_is_rendered_in_bounded_time(tmp_path: Path) -> None:
    stacked = "a\u0316\u0317\u0318" * 1500
    begun = time.process_time()
    pdf = render_pledge(with_block(_party("ệ" * 6000), Block("party", stacked, "Dấu")), trial=False)
    assert time.process_time() - begun < 6
    assert squeezed(text_of(pdf, tmp_path)).count("ệ") >= 6000


def test_equal_input_gives_equal_bytes() -> None:
    assert render_pledge(invented_paper(15), trial=True) == render_pledge(invented_paper(15), trial=True)
    assert render_pledge(invented_paper(15), trial=True) != render_pledge(invented_paper(16), trial=True)


def _render(seed: int) -> bytes:
    return render_pledge(invented_paper(seed), trial=False)


def test_threads_at_once_render_what_one_renders() -> None:
    alone = [_render(seed) for seed in range(6)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(_render, list(range(6)) * 2)) == alone * 2


def test_processes_at_once_render_what_one_renders() -> None:
    alone = [_render(seed) for seed in range(4)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        assert list(pool.map(_render, range(4))) == alone


def test_an_office_may_use_its_own_faces(tmp_path: Path) -> None:
    noto = Path("/usr/share/fonts/truetype/noto")
    folder = tmp_path / "faces"
    folder.mkdir()
    for style in ("Regular", "Bold", "Italic"):
        (folder / f"{style}.TTF").write_bytes((noto / f"NotoSerif-{style}.ttf").read_bytes())
    faces = read_faces(folder)
    pdf = render_pledge(invented_paper(17), trial=True, faces=faces)
    (tmp_path / "a.pdf").write_bytes(pdf)
    fonts = run("pdffonts", tmp_path / "a.pdf")
    assert fonts.count("NotoSerif") == 3
    assert "Plex" not in fonts
    assert invented_paper(17).signer_name in text_of(pdf, tmp_path)
