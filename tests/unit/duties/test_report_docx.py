"""Drafts of reports as DOCX: by the measures of the decree, with the frozen figures and no others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import docx
import pytest
from docx.shared import Mm
from PIL import Image

from pledges.core.db import Database
from pledges.duties.calendar import Standing
from pledges.duties.figures import ReportFigures
from pledges.duties.forms import Answers, empty
from pledges.duties.models import Report
from pledges.duties.report_content import content_of
from pledges.duties.report_docx import write_docx
from pledges.duties.report_parts import ReportContent
from pledges.plans.models import ReportForm
from tests.support import reported
from tests.support.databases import SqliteTemplate
from tests.support.docx_files import (
    W,
    assert_well_made,
    paragraphs_of,
    parts_of,
    tables_of,
    tree_of,
    words_of,
)
from tests.support.office import as_pdf
from tests.support.pdf_tools import pages_of, squeezed
from tests.support.reported import AS_OF, COVERAGE, ENTRIES, REVIEWED, TYPES, review_month, whole_year

NOW = datetime(2026, 9, 21, 2, 0, tzinfo=UTC)


def content(database: Database, report: Report) -> ReportContent:
    return database.run(lambda session: content_of(session, report, NOW))


def file_of(content: ReportContent) -> bytes:
    target = BytesIO()
    write_docx(content, target)
    return target.getvalue()


def shown(value: int) -> str:
    return f"{value:,}".replace(",", ".")


@pytest.fixture(scope="module")
def plans(sqlite_template: SqliteTemplate) -> Iterator[Database]:
    """Nothing is written here."""
    with sqlite_template.fresh() as database:
        yield database


@pytest.fixture(scope="module")
def year(plans: Database) -> bytes:
    return file_of(content(plans, whole_year()))


def test_the_layout_is_that_of_the_decree(year: bytes) -> None:
    assert_well_made(year)
    document = docx.Document(BytesIO(year))
    assert len(document.sections) == 3, "the report and two annexes"
    for section in document.sections:
        assert (round(section.page_width / Mm(1)), round(section.page_height / Mm(1))) == (210, 297)
        assert all(20 <= round(margin / Mm(1)) <= 25 for margin in (section.top_margin, section.bottom_margin))
        assert 30 <= round(section.left_margin / Mm(1)) <= 35
        assert 15 <= round(section.right_margin / Mm(1)) <= 20
        assert section.different_first_page_header_footer
    starts = [each.get(f"{W}start") for each in tree_of(year).iter(f"{W}pgNumType")]
    assert starts == ["1", "1"], "pages of annexes are numbered on their own"
    header = document.sections[0].header._element
    assert [each.get(f"{W}instr") for each in header.iter(f"{W}fldSimple")] == ["PAGE"]
    assert words_of(document.sections[0].first_page_header._element) == ""
    faces = {
        value
        for name, part in parts_of(year).items()
        if name.endswith(".xml")
        for value in re.findall(rb'w:(?:ascii|hAnsi|cs)="([^"]+)"', part)
    }
    assert faces == {b"Times New Roman"}
    assert b'w:lang w:val="vi-VN"' in parts_of(year)["word/styles.xml"]
    # Name of the style in the list of Word, size, bold, italic and alignment as Phụ lục I prints them.
    wanted = {
        "Quốc hiệu": ((12, 13), True, None, "CENTER"),
        "Tiêu ngữ": ((13, 14), True, None, "CENTER"),
        "Cơ quan chủ quản": ((12, 13), None, None, "CENTER"),
        "Cơ quan ban hành": ((12, 13), True, None, "CENTER"),
        "Số, ký hiệu": ((13, 13), None, None, "CENTER"),
        "Địa danh, thời gian": ((13, 14), None, True, "CENTER"),
        "Tên loại": ((13, 14), True, None, "CENTER"),
        "Trích yếu": ((13, 14), True, None, "CENTER"),
        "Căn cứ": ((13, 14), None, True, "JUSTIFY"),
        "Nội dung": ((13, 14), None, None, "JUSTIFY"),
        "Nơi nhận": ((12, 12), True, True, "LEFT"),
        "Danh sách nơi nhận": ((11, 11), None, None, "LEFT"),
        "Chức vụ người ký": ((13, 14), True, None, "CENTER"),
        "Phụ lục": ((14, 14), True, None, "CENTER"),
        "Header": ((13, 14), None, None, "CENTER"),
    }
    for name, (sizes, bold, italic, alignment) in wanted.items():
        style = document.styles[name]
        assert sizes[0] <= style.font.size.pt <= sizes[1], name
        assert (style.font.bold, style.font.italic) == (bold, italic), name
        assert style.paragraph_format.alignment.name == alignment, name
    body = document.styles["Nội dung"].paragraph_format
    assert body.first_line_indent is not None
    assert body.space_before is not None
    assert round(body.first_line_indent / Mm(1), 1) == 12.7
    assert body.space_before.pt >= 6
    assert 1 <= float(str(body.line_spacing)) <= 1.5


def test_the_parts_of_the_form_stand_where_they_belong(year: bytes) -> None:
    [national], [motto] = paragraphs_of(year, "NationalName"), paragraphs_of(year, "Motto")
    assert (national, motto) == ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
    assert paragraphs_of(year, "Superior") + paragraphs_of(year, "Issuer") == ["UBND TỈNH ĐỒNG THÁP", "SỞ CÔNG THƯƠNG"]
    assert [
        re.sub("\u00a0+", "_", text) for text in paragraphs_of(year, "Number") + paragraphs_of(year, "PlaceDate")
    ] == [
        "Số:_/BC-SCT",
        "Đồng Tháp, ngày_tháng_năm 2026",
    ]
    assert paragraphs_of(year, "Kind") + paragraphs_of(year, "Abstract") == [
        "BÁO CÁO",
        "Kết quả thực hiện kế hoạch năm 2026",
    ]
    assert paragraphs_of(year, "Addressees") == ["- Ủy ban nhân dân tỉnh Đồng Tháp;", "- Ban Chỉ đạo 389 quốc gia."]
    bases = paragraphs_of(year, "Basis")
    assert [base[-1] for base in bases] == [";", ";", "."]
    assert "Kế hoạch số 29/KH-UBND ngày 12/01/2026 của UBND tỉnh Đồng Tháp về đấu tranh" in bases[1]
    assert "Mục IV.2.2" in bases[2]
    assert paragraphs_of(year, "Heading1") == [
        "I. KẾT QUẢ KÝ CAM KẾT",
        "II. KẾT QUẢ THỰC HIỆN",
        "III. VI PHẠM SAU KHI ĐÃ CAM KẾT",
        "IV. VIỆC GỬI BÁO CÁO CỦA CÁC ĐƠN VỊ",
        "V. KHÓ KHĂN, VƯỚNG MẮC",
        "VI. KIẾN NGHỊ, ĐỀ XUẤT",
    ]
    assert paragraphs_of(year, "Copies")[0] == "- Như trên;"
    assert paragraphs_of(year, "Copies")[-1].startswith("- Lưu: VT, ")
    assert [text for text in paragraphs_of(year, "SignerTitle") if text] != []
    assert paragraphs_of(year, "Annex") == ["Phụ lục I", "Phụ lục II"]
    assert all(text.startswith("(Kèm theo Báo cáo số") for text in paragraphs_of(year, "AnnexOf"))


def test_every_figure_is_one_of_the_report(year: bytes) -> None:
    tables = tables_of(year)

    def rows(*lines: reported.Line) -> list[list[str]]:
        return [
            [
                line.name,
                shown(line.in_scope),
                shown(line.in_force),
                f"{line.in_force / line.in_scope * 100:.1f}%".replace(".", ",") if line.in_scope else "chưa có số liệu",
                *(shown(count) for count in list(line.groups.values())[1:]),
            ]
            for line in lines
        ]

    total = replace(COVERAGE.total, name="Cộng")
    sums = [sum(line.groups[group] for line in TYPES) for group in TYPES[0].groups]
    assert tables["Kết quả ký cam kết theo cơ quan"][1:] == rows(*COVERAGE.agencies, total)
    assert tables["Kết quả ký cam kết theo nghĩa vụ"][1:] == rows(*ENTRIES, total)
    assert tables["Số liệu tính đến hết ngày 19/09/2026"][1:] == rows(*COVERAGE.communes, total)
    distinct = replace(COVERAGE.total, name="Mỗi nghĩa vụ đếm một lần")
    of_types = rows(*TYPES, reported.line("", "Cộng các nhóm", *sums), distinct)
    assert tables["Kết quả ký cam kết theo nhóm đối tượng"][1:] == of_types
    assert tables["Quyết định xử lý vi phạm sau khi đã cam kết"][1:] == [
        ["Thực phẩm, thực phẩm bảo vệ sức khỏe", "2", "3", "45.000.000"],
        ["Mỹ phẩm", "1", "1", "0"],
        ["Cộng", "3", "4", "45.000.000"],
    ]
    missing = [row[1:] for row in tables["Đơn vị chưa gửi báo cáo"][1:]]
    units = reported.gathered(ReportForm.GENERAL).units
    assert sorted(name for name, _state in missing) == sorted(unit.name for unit in units if unit.missing)
    late = [unit.name for unit in units if unit.standing is Standing.LATE]
    assert [name for name, state in missing[: len(late)] if state == "quá hạn"] == late
    text = "\n".join(paragraphs_of(year, "Body"))
    for told in (
        "Tính đến hết ngày 19/09/2026, tỉnh Đồng Tháp có 1.541 nghĩa vụ thuộc diện ký cam kết; 1.340 nghĩa vụ có bản "
        "cam kết đang có hiệu lực, đạt 87,0% (mục tiêu 100%).",
        "So với cuối Quý II/2026 (900/1.500, đạt 60,0%), tỷ lệ tăng 27,0 điểm phần trăm.",
        "Xác nhận đã nhận văn bản của cơ quan đếm riêng, không tính vào tỷ lệ cam kết: 12/20 đối tượng",
        "Có 60 đơn vị phải gửi báo cáo; 24 đơn vị đã gửi (trong đó 6 đơn vị báo không phát sinh, 6 đơn vị gửi sau "
        "thời hạn, 1 đơn vị gửi bằng đường khác); 36 đơn vị chưa gửi (danh sách tại Phụ lục II).",
    ):
        assert told in text
    notes = " ".join(paragraphs_of(year, "TableNote"))
    assert "đếm ở cả hai dòng" in notes
    assert "ghi “chưa có số liệu”" in notes


def test_tables_repeat_their_headings_and_numbers_stand_right(year: bytes) -> None:
    found = 0
    for table in tree_of(year).iter(f"{W}tbl"):
        if table.find(f"{W}tblPr/{W}tblCaption") is None:
            continue
        found += 1
        heads = [row.find(f"{W}trPr/{W}tblHeader") is not None for row in table.iter(f"{W}tr")]
        assert heads == [True] + [False] * (len(heads) - 1)
        for row in list(table.iter(f"{W}tr"))[1:]:
            for cell in row.iter(f"{W}tc"):
                style = cell.find(f"{W}p/{W}pPr/{W}pStyle").get(f"{W}val")
                is_number = re.fullmatch(r"[0-9.]+|[0-9]+,[0-9]%|chưa có số liệu", words_of(cell)) is not None
                assert style == ("NumberCell" if is_number else "Cell"), words_of(cell)
        widths = [int(each.get(f"{W}w")) for each in table.iter(f"{W}gridCol")]
        assert abs(sum(widths) / 1440 * 25.4 - 165) < 1
    assert found == len(tables_of(year)) == 6
    captions = paragraphs_of(year, "Caption")
    assert [caption.split(".")[0] for caption in captions] == [f"Bảng {number}" for number in range(1, 7)]


def test_charts_are_sharp_pictures_that_say_their_figures(year: bytes) -> None:
    pictures = [content for name, content in parts_of(year).items() if name.startswith("word/media/")]
    extents = [each for each in tree_of(year).iter() if str(each.tag).endswith("}extent")]
    assert len(pictures) == len(extents) == 3
    widest = max(int(each.get("cx")) for each in extents) / 914_400
    for picture in pictures:
        with Image.open(BytesIO(picture)) as image:
            assert image.width / widest >= 200
            colours = image.convert("RGB").getcolors(1 << 20) or []
            assert max(colours)[1] == (255, 255, 255), "white paper"
    described = [
        each.get("descr") for each in tree_of(year).iter() if str(each.tag).endswith("wordprocessingDrawing}docPr")
    ]
    assert "Bác sĩ: 87,0% (100/115)." in described[1]
    assert "Quý II/2026: 60,0% (900/1.500)." in described[0]


def test_the_same_report_gives_the_same_bytes_which_name_no_machine(plans: Database, year: bytes) -> None:
    assert file_of(content(plans, whole_year())) == year
    properties = docx.Document(BytesIO(year)).core_properties
    assert properties.title == "Báo cáo Kết quả thực hiện kế hoạch năm 2026"
    assert properties.author == properties.last_modified_by == "Sở Công Thương"
    assert (properties.created, properties.language, properties.comments) == (reported.DRAFTED, "vi-VN", "")
    everything = b"".join(parts_of(year).values()).lower()
    assert not [
        word for word in (b"python", b"macintosh", b"microsoft macintosh", b"libreoffice") if word in everything
    ]
    assert len(year) < 250_000


def test_the_monthly_review_has_a_row_for_every_field(plans: Database) -> None:
    draft = file_of(content(plans, review_month()))
    assert_well_made(draft)
    assert paragraphs_of(draft, "Abstract") == [
        "Tổng hợp kết quả rà soát, kiểm tra thông tin sai sự thật về hàng hóa tháng 10 năm 2026"
    ]
    rows = tables_of(draft)["Kết quả rà soát theo lĩnh vực"]
    numbers = [[int(cell.replace(".", "")) for cell in row[1:]] for row in rows[1:]]
    assert numbers[:-1] == [
        [row.reviewed, row.violating, row.handled, row.fines, len(row.links)] for row in REVIEWED.rows
    ]
    assert numbers[-1] == [sum(column) for column in zip(*numbers[:-1], strict=True)]
    assert [row[2] for row in tables_of(draft)["Đường dẫn theo lĩnh vực"][1:]] == ["https://vidu.vn/medicine"]
    body = "\n".join(paragraphs_of(draft, "Body"))
    assert "chưa có trong bảng vì báo cáo gửi bằng đường khác: Ủy ban nhân dân xã Thử Nghiệm Số 1." in body
    unentered = replace(REVIEWED, rows=(replace(REVIEWED.rows[0], fines=None), *REVIEWED.rows[1:]))
    report = reported.report("dongthap-R8", "2026-10", "82-SYT", None, unentered)
    draft = file_of(content(plans, report))
    assert tables_of(draft)["Kết quả rà soát theo lĩnh vực"][1][4] == ""
    assert "chưa nhập số liệu" in "\n".join(paragraphs_of(draft, "Body"))


def test_without_figures_or_with_nothing_to_report_the_draft_says_so(plans: Database) -> None:
    nothing = reported.line("28249", "phường Thử Nghiệm Một", 0, 0, 0, 0, 0, 0)
    bare = replace(COVERAGE, commune="28249", total=nothing, acknowledged=nothing, agencies=(), entries=(), types=())
    figures = ReportFigures(date(2026, 1, 1), AS_OF, replace(bare, communes=(), quarters=()), None, None)
    commune = file_of(content(plans, reported.report("dongthap-R1", "2026", "28249", figures)))
    assert_well_made(commune)
    body = "\n".join(paragraphs_of(commune, "Body"))
    assert "chưa có nghĩa vụ nào thuộc diện ký cam kết, nên không tính tỷ lệ" in body
    assert "Đơn vị viết nội dung này" in body
    assert paragraphs_of(commune, "Superior") == [], "nobody stands above a people's committee"
    assert paragraphs_of(commune, "Issuer")[0].startswith("ỦY BAN NHÂN DÂN ")
    values = {"nothing_to_report": True, "version": 2, "correction_reason": "Gửi nhầm kỳ (thử nghiệm)."}
    press = file_of(content(plans, reported.report("dongthap-R7", "2026Q4", "82-BAO", None, None, **values)))
    body = "\n".join(paragraphs_of(press, "Body"))
    assert "không phát sinh nội dung" in body
    assert "Lý do đính chính: Gửi nhầm kỳ" in body
    assert paragraphs_of(press, "Abstract") == [
        "Đánh giá rà soát quảng cáo sai sự thật quý IV năm 2026 (bản đính chính)"
    ]


def test_what_a_report_is_about_and_rests_on_follows_from_the_plan(plans: Database) -> None:
    wanted = {
        ("langson-R1", "2026", "20-SCT"): "Kết quả thực hiện Kế hoạch năm 2026",
        ("langson-R9", "2026Q4", "20-SVHTTDL"): (
            "Tổng hợp kết quả rà soát, kiểm tra, xử lý thông tin sai sự thật về hàng hóa quý IV năm 2026"
        ),
        ("dongthap-R5", "2028", "82-SCT"): "Sơ kết kết quả thực hiện kế hoạch giai đoạn 2026 - 2027",
        ("hue-R3", "2026-10", "46-SYT"): (
            "Kết quả rà soát, kiểm tra thông tin sai sự thật về hàng hóa tháng 10 năm 2026"
        ),
    }
    found = {key: content(plans, reported.report(*key, None)) for key in wanted}
    assert {key: each.abstract for key, each in found.items()} == wanted
    first, *_others, last = found.values()
    assert "(qua Chi cục Quản lý thị trường" in first.addressees[0], "in Lạng Sơn through the market control"
    # The copy of Huế's plan is an annex that names no basis, and Lạng Sơn's has no number: nothing is invented.
    assert [basis.split()[2] for basis in last.bases] == ["Kế", "nhiệm"]
    assert "số" not in first.bases[1].split()


HOSTILE = "<w:p> & ]]> \x00\x07\x1b\x85\ufffe\ud800 \u202etxet\u2066\u200b “Ế” " + unicodedata.normalize("NFD", "Huế ")


def test_hostile_text_is_only_text(plans: Database) -> None:
    longest = "w" * 10_000
    given = {**empty(ReportForm.GENERAL).texts, "results": f"{HOSTILE}\r\n{longest}", "proposals": "=1+1\tx"}
    found = content(plans, reported.report("dongthap-R4", "2026", "82-SCT", None, Answers(given)))
    draft = file_of(replace(found, agency=HOSTILE, abstract=longest, addressees=(HOSTILE,), copies=(longest,)))
    assert_well_made(draft)
    text = words_of(tree_of(draft))
    assert [word for word in ("<w:p> & ]]>", "Huế", "txet", longest) if word not in text] == []
    assert text == unicodedata.normalize("NFC", text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufffe]", text)
    assert docx.Document(BytesIO(draft)).core_properties.author is not None


def test_all_words_are_vietnamese(year: bytes) -> None:
    words = set(re.findall(r"[a-z]+", " ".join(paragraphs_of(year)).lower()))
    assert words.isdisjoint({"the", "of", "and", "report", "table", "figure", "page", "chart", "none", "total", "by"})
    names = [each.get(f"{W}val") for each in tree_of(year, "word/styles.xml").iter(f"{W}name")]
    english = {"Normal", "heading 1", "heading 2", "caption", "header", "Default Paragraph Font", "Normal Table"}
    assert {name for name in names if name.isascii()} == english, "only names that word processors know"


def test_another_program_prints_it_as_it_should(year: bytes, tmp_path: Path) -> None:
    (tmp_path / "year.docx").write_bytes(year)
    [printed] = as_pdf(tmp_path, tmp_path / "year.docx")
    pages = pages_of(printed, tmp_path)
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in pages[0]
    # No number on the first page of the report and of each annex; the others count up.
    annexes = [number for number, page in enumerate(pages) if re.search("^Phụ lục I", page, re.MULTILINE)]
    firsts = [0, *annexes]
    for number, page in enumerate(pages):
        first = max(each for each in firsts if each <= number)
        assert page.startswith(f"{number - first + 1}\n") == (number != first), page[:80]
    text = squeezed("".join(pages))
    cells = [cell for table in tables_of(year).values() for row in table for cell in row]
    assert [cell for cell in cells if squeezed(cell) not in text] == []
    # A heading stands on every page of a long table.
    assert "".join(pages).count("Tình trạng\n") >= 2
