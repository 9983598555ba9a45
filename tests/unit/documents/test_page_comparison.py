"""Pages beside each other: nothing that a person would see is called the same, and redrawing alone is no change."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from io import BytesIO

import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen.canvas import Canvas

from pledges.documents import page_compare_child, page_comparison
from pledges.documents.page_child import TooManyPages, drawn_pages, packed
from pledges.documents.page_comparison import Looks, PageComparison, PageKind, _read
from pledges.documents.page_matching import match_pages

FACE = files("fontpkg_ibm_plex_serif") / "files" / "IBMPlexSerif-Regular.ttf"
CODE = "ABCDEFGHJKMNPQRSTVWXYZ2345678"
Change = Callable[[pikepdf.Pdf], None]


def paper(tax_code: str = "9733815619", pages: int = 2) -> bytes:
    """Some pages with text as small as ours; invented."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=(595.276, 300), invariant=1)
    for number in range(pages):
        canvas.setFont("Times-Roman", 13)
        for line in range(10):
            canvas.drawString(
                85, 280 - 20 * line, f"Trang {number}, dong {line}: cam ket khong ban hang gia, thu nghiem"
            )
        canvas.drawString(85, 60, f"Ma so thue: {tax_code}")
        canvas.setFont("Times-Roman", 6.6)
        canvas.drawString(85, 12, f"Xac minh: https://camket.vidu.vn/xac-minh/{CODE}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


PAPER = paper()


def changed(change: Change, data: bytes = PAPER) -> bytes:
    with pikepdf.open(BytesIO(data)) as pdf:
        change(pdf)
        out = BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def compare(upload: bytes, *originals: bytes, closely: bool = False, layered: bool = False) -> PageComparison:
    """As the two children do it, in this process."""
    drawn = packed(*drawn_pages(upload))
    kept = originals or (PAPER,)
    asked = {"drawn": len(drawn), "originals": [len(each) for each in kept], "closely": closely}
    stream = BytesIO(b"".join((json.dumps(asked).encode(), b"\n", drawn, *kept)))
    return _read(page_compare_child.answer_to(stream), layered=layered)


def drawing(what: bytes) -> Change:
    return lambda pdf: pdf.pages[0].contents_add(pikepdf.Stream(pdf, what))


def with_note(pdf: pikepdf.Pdf) -> None:
    """Nothing draws it here; another program may well."""
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[100, 100, 400, 140])
    note.Contents, note.DA, note.F = "Da thu hoi", "/Helv 20 Tf 0 g", 2
    pdf.pages[1].Annots = pikepdf.Array([pdf.make_indirect(note)])


def with_layer(pdf: pikepdf.Pdf, *, shown: bool) -> None:
    layer = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="x"))
    state = pikepdf.Dictionary(**{"ON" if shown else "OFF": [layer]})
    pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=[layer], D=state)
    pdf.pages[0].Resources.Properties = pikepdf.Dictionary(L=layer)
    drawing(b"/OC /L BDC q 1 1 1 rg 80 50 300 20 re f Q EMC")(pdf)


def turned(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Rotate = 180


def cut(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].CropBox = [0, 100, 595.276, 300]


def pale(pdf: pikepdf.Pdf) -> None:
    drawing(b"q 1 1 0.9 rg 85 40 200 12 re f Q")(pdf)


def dotted(pdf: pikepdf.Pdf) -> None:
    """A full stop between two digits."""
    drawing(b"q 0 0 0 rg 190 60 0.8 0.8 re f Q")(pdf)


UNCHANGED: dict[str, Change] = {
    "packed anew": lambda pdf: None,
    "with a title and a file": lambda pdf: pdf.attachments.__setitem__("x.txt", b"x"),
    "with a script": lambda pdf: pdf.Root.__setattr__(
        "OpenAction", pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    ),
}
CHANGED: dict[str, Change] = {
    "painted over": drawing(b"q 1 1 1 rg 150 55 40 14 re f Q"),
    "a dot": dotted,
    "a pale patch": pale,
    "turned": turned,
    "cut": cut,
    "a layer that is on": lambda pdf: with_layer(pdf, shown=True),
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_what_is_not_seen_leaves_the_pages_the_same(name: str) -> None:
    found = compare(changed(UNCHANGED[name]))
    assert (found.looks, found.different, found.redrawn) == (Looks.SAME, (), False)


@pytest.mark.parametrize("name", CHANGED)
def test_whatever_is_seen_on_a_page_names_the_page(name: str) -> None:
    found = compare(changed(CHANGED[name]))
    assert (found.looks, found.different) == (Looks.DIFFERENT, (1,))


@pytest.mark.parametrize("digit", ["9733815618", "9733815679", "9783815619", "9733875619", "973381.619"])
def test_one_digit_of_a_tax_code_is_found_where_it_stands(digit: str) -> None:
    found = compare(paper(digit), closely=True)
    assert found.looks is Looks.DIFFERENT
    assert [page.kind for page in found.pages] == [PageKind.DIFFERS] * 2
    assert all(page.original.startswith(b"\xff\xd8") and page.upload.startswith(b"\xff\xd8") for page in found.pages)


def test_what_other_programs_may_show_otherwise_is_not_called_the_same() -> None:
    noted = compare(changed(with_note))
    assert noted.looks is Looks.UNSURE
    assert [page.notes for page in noted.pages] == [False, True]
    hidden = changed(lambda pdf: with_layer(pdf, shown=False))
    assert compare(hidden, layered=True).looks is Looks.UNSURE


def test_pages_more_fewer_or_of_another_size_are_named() -> None:
    more, fewer = compare(paper(pages=3)), compare(paper(pages=1))
    assert (more.looks, more.different, more.missing) == (Looks.DIFFERENT, (3,), 0)
    assert (fewer.looks, fewer.different, fewer.missing) == (Looks.DIFFERENT, (), 1)
    huge = compare(changed(lambda pdf: pdf.pages[1].__setattr__("MediaBox", [0, 0, 14_000, 14_000])))
    assert [page.kind for page in huge.pages] == [PageKind.SAME, PageKind.OTHER]
    with pytest.raises(TooManyPages):
        drawn_pages(changed(lambda pdf: pdf.pages.extend([pdf.pages[0]] * 30)))


def test_the_nearest_of_the_issued_files_is_chosen() -> None:
    earlier = paper("1111111111")
    found = compare(changed(lambda pdf: None, earlier), PAPER, earlier)
    assert (found.looks, found.original) == (Looks.SAME, 1)
    assert compare(paper("1111111117"), PAPER, earlier).original == 1


def test_codes_are_read_from_the_text_and_strangers_see_no_original() -> None:
    assert drawn_pages(PAPER)[1] == [CODE]
    blank = compare(changed(drawing(b"q 1 1 1 rg 0 40 595 260 re f Q")))
    assert blank.different == (1,)
    foot = compare(changed(drawing(b"q 1 1 1 rg 85 8 60 15 re f 150 55 40 14 re f Q")))
    assert foot.looks is Looks.DIFFERENT
    for page in (*blank.pages, *foot.pages):
        assert (page.original, page.upload) == (b"", b""), "marks tell only those who have the reference in the foot"


# --- Pages that were drawn anew --------------------------------------------------------------------------------------


def line(text: str, size: int = 36, across: float = 0.0) -> Image.Image:
    """Words in the size of our text at 200 dots an inch; `across` shifts them by part of a point."""
    face = ImageFont.truetype(str(FACE), size)
    page = Image.new("RGB", (620, 300), "white")
    draw = ImageDraw.Draw(page)
    for number, words in enumerate(("Cộng hòa xã hội chủ nghĩa", text, "Người cam kết đã đọc")):
        draw.text((60 + across, 40 + number * 80), words, font=face, fill="black")
    return page


PAIRS = ("38", "17", "56", "08", "69", ".,", "oơ", "aạ", "eê", "đd", "uư", "O0", "Il")


def test_a_page_drawn_anew_by_a_hair_is_the_same_and_a_changed_letter_is_not() -> None:
    assert match_pages(line("Mã số thuế 9733815619"), line("Mã số thuế 9733815619", across=0.4)).same
    missed = [
        pair
        for pair in PAIRS
        if match_pages(line(f"Mã số 97{pair[0]}38156"), line(f"Mã số 97{pair[1]}38156", across=0.4)).same
    ]
    assert missed == []


def test_a_page_fitted_to_other_paper_is_laid_over_the_original() -> None:
    original = line("Mã số thuế 9733815619")
    for text, same in (("Mã số thuế 9733815619", True), ("Mã số thuế 9733875619", False)):
        smaller = Image.new("RGB", (640, 320), "white")
        smaller.paste(line(text).resize((595, 288), Image.Resampling.LANCZOS), (20, 20))
        assert match_pages(original, smaller).same is same


def test_a_child_that_was_taken_over_fills_no_memory_and_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_comparison, "command", lambda _module: ["/bin/sh", "-c", "exec cat /dev/zero"])
    monkeypatch.setattr(page_comparison, "MOST_ANSWER", 1_000_000)
    assert page_comparison.draw_file(PAPER) is None
    monkeypatch.setattr(page_comparison, "command", lambda _module: ["/bin/sleep", "60"])
    monkeypatch.setitem(page_comparison.WALL_SECONDS, page_comparison.CHILD, 0.3)
    assert page_comparison.draw_file(PAPER) is None
