"""Which columns mean what: by headings as lists really have them, by contents, and as people said before."""

from __future__ import annotations

from datetime import date

import pytest

from pledges.core.db import Database, new_id
from pledges.imports.columns import Guess, guess, recall, remember
from pledges.imports.heading_words import heading_key, meaning_of
from pledges.imports.models import Import, ImportPurpose, ImportState
from pledges.imports.rows import Field
from tests.support.clock import START

F = Field
SUBJECTS, PAPER = ImportPurpose.SUBJECTS, ImportPurpose.PAPER_PLEDGES

HEADINGS: dict[Field | None, str] = {
    F.NAME: "Tên cơ sở|TÊN ĐƠN VỊ|Ten doanh nghiep|Họ và tên|Họ tên người hành nghề|Tên hộ kinh doanh (HKD)"
    "|Cơ quan báo chí|Tên thương nhân, tổ chức|Company name|Tên\ncửa hàng|Nghệ danh|Tên phòng khám",
    F.TAX_CODE: "MST|Mã số thuế|Mã số DN|ma so thue|MST/CCCD|Mã số doanh nghiệp/ Mã số thuế|Tax code",
    F.PERSONAL_NUMBER: "CCCD|Số CMND/CCCD|Căn cước công dân|Số định danh cá nhân|Số CCCD của chủ hộ",
    F.PHONE: "ĐT|SĐT|Số ĐT|Điện thoại|Số điện thoại liên hệ|ĐTDĐ|Hotline|Phone|Tel.|Thông tin liên hệ|Di động",
    F.EMAIL: "Email|E-mail|Địa chỉ email|Thư điện tử|Hộp thư|Gmail",
    F.CHANNEL: "Website|Trang web|Địa chỉ website|Tên miền|Link gian hàng|Đường dẫn|URL|Fanpage|Facebook cá nhân"
    "|Kênh TikTok|Địa chỉ trang thông tin điện tử|Link Shopee|Tên website|Ứng dụng",
    F.ADDRESS: "Địa chỉ|Đ/c|Địa chỉ trụ sở chính|Địa điểm kinh doanh|Nơi ở|Số nhà, đường|Quận/Huyện|Hộ khẩu thường trú",
    F.COMMUNE: "Xã/Phường|Phường, xã, đặc khu|Phường xã|Ward",
    F.PROVINCE: "Tỉnh|Tỉnh/TP|Tỉnh, thành phố|Province",
    F.APPEARED_ON: "Ngày cấp|Ngày cấp phép|Ngày thành lập|Ngày bắt đầu hoạt động|Ngày thông báo|Ngày đăng ký website",
    F.LICENCE: "Số GPHN|Số giấy phép|GPKD|Số chứng chỉ hành nghề|Số CCHN|Quyết định cấp phép|Số GCN ĐKKD",
    F.REPRESENTATIVE: "Người đại diện theo pháp luật|Chủ hộ kinh doanh|Tên người đại diện|Giám đốc"
    "|Người phụ trách chuyên môn",
    F.NOTE: "Ghi chú|Note",
    F.SIGNED_ON: "Ngày ký|Ngày ký bản cam kết|Ngày cam kết",
    F.PAPER_NUMBER: "Số bản cam kết|Số ký hiệu",
    F.SIGNER: "Người ký|Họ tên người ký cam kết",
    F.SUBJECT_TYPE: "Nhóm đối tượng",
    F.IGNORE: "STT|TT|Số TT|Fax|Ngày cấp CCCD|Nơi cấp|Ngày sinh|Năm sinh|Vốn điều lệ|Thời hạn giấy phép|Giới tính",
    None: "Xếp hạng|Màu|A|2025",
}


@pytest.mark.parametrize(
    ("meaning", "heading"), [(field, heading) for field, texts in HEADINGS.items() for heading in texts.split("|")]
)
def test_headings_of_real_lists(meaning: Field | None, heading: str) -> None:
    assert meaning_of(heading) is meaning


def numbered(*rows: str) -> list[tuple[int, list[str]]]:
    """Rows as `a|b|c`; an empty text is a row that the sheet does not give."""
    return [(number, row.split("|")) for number, row in enumerate(rows, 1) if row]


def meanings(found: Guess) -> str:
    return " ".join(found.mapping[column].value for column in range(len(found.headings)))


SHOP = "1|Shop Thử Nghiệm A|0101243150|12 Lê Lợi, phường Thuận Hóa, TP Huế|0905 123 456|thu@vidu.vn|shop-thu.vn"
SHOP_B = "2|Shop Thử Nghiệm B||34 Trần Phú, phường Phú Xuân, TP Huế|0905123457; 0234 3822 222||https://vidu.vn/b"


@pytest.mark.parametrize(
    ("rows", "header_row", "expected"),
    [
        pytest.param(
            ["STT|Tên cơ sở|MST|Địa chỉ|ĐT|Email|Website", SHOP, SHOP_B],
            1,
            "ignore name tax_code address phone email channel",
            id="plain",
        ),
        pytest.param(
            [
                "SỞ CÔNG THƯƠNG||||||",
                "",
                "DANH SÁCH CƠ SỞ (thử nghiệm)",
                "Kèm theo công văn ngày 05/12/2025",
                "",
                "TT|Tên cơ sở|Mã số thuế|Địa chỉ|Liên hệ|Liên hệ|Web",
                "TT|Tên cơ sở|Mã số thuế|Địa chỉ|Số ĐT|Email|Web",
                "(1)|(2)|(3)|(4)|(5)|(6)|(7)",
                SHOP,
                SHOP_B,
            ],
            8,
            "ignore name tax_code address phone email channel",
            id="titles, merged headings in two rows, numbers of the columns",
        ),
        pytest.param(
            ["STT|Tên cơ sở|MST|Địa chỉ|Liên hệ||Kênh", "||||Điện thoại|Email|", SHOP, SHOP_B],
            2,
            "ignore name tax_code address phone email channel",
            id="second heading row without merging",
        ),
        pytest.param([SHOP, SHOP_B], 0, "ignore name tax_code address phone email channel", id="no headings"),
        pytest.param(
            [
                "Mã|Tên|Liên lạc 1|Liên lạc 2|Trang",
                "A1|Shop Thử A|a@vidu.vn|0905123456|vidu.vn/a",
                "A2|Shop Thử B|b@vidu.vn|0905123457|vidu.com",
            ],
            1,
            "ignore name email phone channel",
            id="contents say more than the headings",
        ),
        pytest.param(
            [
                "Họ đệm|Tên|Số CCCD|Ngày cấp|Số GPHN|Ngày cấp GPHN",
                "Nguyễn Thử|Nghiệm|001099012345|1/2/2021|12/HUE-GPHN|",
                "Trần Thử|Nghiệm|001099012346|3/4/2021|13/HUE-GPHN|05/06/2024",
            ],
            1,
            "name name personal_number ignore licence appeared_on",
            id="names in two columns, two days of issue",
        ),
        pytest.param(
            [
                "Chủ hộ|Họ và tên|Tên hộ kinh doanh|Số ĐKKD",
                "A|Nguyễn Thử|HKD Thử A|0101243150",
                "B|Trần Thử|HKD B|0100109106",
            ],
            1,
            "representative ignore name tax_code",
            id="owner, person and undertaking; a licence number that is a tax code",
        ),
        pytest.param(
            ["Chủ cửa hàng|Zalo|Ghi chú", "Nguyễn Thử|0905123456|nợ", "Trần Thử|0905123457|"],
            1,
            "name phone note",
            id="nobody named but the owner; Zalo is a phone",
        ),
        pytest.param(["Tên", "Shop Thử Nghiệm A"], 1, "name", id="one column"),
        pytest.param([], 0, "", id="nothing"),
    ],
)
def test_untidy_sheets(rows: list[str], header_row: int, expected: str) -> None:
    found = guess(numbered(*rows), SUBJECTS)
    assert (found.header_row, meanings(found)) == (header_row, expected)


def test_headings_of_two_rows_are_joined_once() -> None:
    rows = numbered("TT|Liên hệ|Liên hệ|Tên", "TT|ĐT|Email|Tên", "1|0905123456||Shop Thử Nghiệm")
    assert guess(rows, SUBJECTS).headings == ["TT", "Liên hệ / ĐT", "Liên hệ / Email", "Tên"]


def test_people_say_where_the_headings_are() -> None:
    rows = numbered("Bảng kê", "Tên|MST", "Tên|Số", "Shop Thử Nghiệm|0101243150")
    assert guess(rows, SUBJECTS, header_row=3).headings == ["Tên", "Số"]
    assert guess(rows, SUBJECTS, header_row=0).header_row == 0


def test_fields_of_paper_pledges_only_in_lists_of_them() -> None:
    rows = numbered("Tên|Số bản cam kết|Ngày ký|Người ký", "Shop Thử|01/CK|05/02/2026|Nguyễn Thử")
    assert meanings(guess(rows, PAPER)) == "name paper_number signed_on signer"
    assert meanings(guess(rows, SUBJECTS)) == "name ignore ignore ignore"


def test_what_people_said_before_wins() -> None:
    rows = numbered("Tên|Mã KH|Website", "Shop Thử|0101243150|vidu.vn")
    remembered = {"ma kh": "licence", "website": "ignore", "ten": "not a field any more"}
    assert meanings(guess(rows, SUBJECTS, remembered)) == "name licence ignore"


def test_columns_are_remembered_per_source(database: Database) -> None:
    def an_import(source: str, mapping: dict[str, str]) -> Import:
        return Import(
            province_code="46",
            id=new_id(),
            agency_code="46-SCT",
            purpose=SUBJECTS,
            subject_type="website_seller",
            source=source,
            source_fold=source.casefold(),
            seen_on=date(2026, 1, 5),
            filename="thu.xlsx",
            file_sha256="0" * 64,
            state=ImportState.CHECKED,
            headings=["Tên (đầy đủ)", "", "Cột lạ"],
            mapping=mapping,
            started_at=START,
            work_due_at=START,
        )

    first = an_import("Danh sách thử", {"0": "name", "1": "note", "2": "address"})
    again = an_import("DANH SÁCH THỬ", {"0": "name", "2": "phone"})
    database.run(lambda session: remember(session, first, now=START))
    database.run(lambda session: remember(session, again, now=START))
    with database.read() as session:
        assert recall(session, again) == {"ten": "name", "cot la": "phone"}
        assert recall(session, an_import("Danh sách khác", {})) == {}


def test_the_key_of_a_heading_drops_what_changes_between_lists() -> None:
    assert heading_key(" TÊN  cơ sở\n(viết hoa) :") == heading_key("Ten co so") == "ten co so"
    assert heading_key("(1)") == "1"
