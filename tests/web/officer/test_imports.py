"""The pages on which an officer brings a list into the register, from the file to taking it back."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.imports.columns import column_letter
from pledges.imports.models import ClashDecision, Import, ImportRow, ImportState
from pledges.product import Product
from pledges.registry.models import Entity
from pledges.web.officer import import_routes, kept_files
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.desk import form_to
from tests.support.signing import HUE, LANG_SON
from tests.support.staff import add_person
from tests.support.workbooks import xlsx

LISTS = "/can-bo/nhap"
TRADE, HEALTH = "46-SCT", "46-SYT"
SELLER = "digital_seller"
HEADINGS = ["STT", "Tên cơ sở", "MST", "Địa chỉ", "Điện thoại", "Website"]
THUAN_HOA = "12 Lê Lợi, Phường Thuận Hóa, Thành phố Huế"
ROWS = [
    ["1", "Công ty TNHH Thử Nghiệm Một", "0101243150", THUAN_HOA, "0905123456", "mot-thu-nghiem.vn"],
    ["2", "Công ty TNHH Thử Nghiệm Hai", "0100109106", "Phường Phú Xuân, Thành phố Huế", "", "hai-thu-nghiem.vn"],
    ["3", "Cửa hàng ở Lạng Sơn", "", "Thành phố Lạng Sơn, tỉnh Lạng Sơn", "", "ba-thu-nghiem.vn"],
    ["4", "", "", "", "", ""],
]
CLASHING = ["5", "Quán bún khác xa", "0101243150", THUAN_HOA, "", "mot-thu-nghiem.vn"]


def own_form(page: Page) -> int:
    """The number of the posting form that answers to the page itself."""
    actions = [form.get("action") for form in page.all("//form[@method='post']")]
    return actions.index(None)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("C:\\Users\\An\\Danh sách.xlsx", "Danh sách.xlsx"), ("../../a\x00\u202eb.csv", "ab.csv"), ("x" * 400, "x" * 150)],
)
def test_the_name_of_a_file_is_one_that_every_database_takes(sent: str, shown: str) -> None:
    assert kept_files.plain_name(sent) == shown


class Importing:
    """An officer at the pages of lists, and the worker behind them."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        self.product, self.app, self.clock = product, app, clock
        self.database = product.database
        self.officer = self.person("chuyen.vien@vidu.vn")
        self.browser = self.at(self.officer)

    def person(self, email: str, agency: str = TRADE, province: str = HUE) -> Staff:
        return add_person(
            self.database, email, role=Role.OFFICER, province_code=province, agency_code=agency, ready=False
        )

    def at(self, person: Staff) -> CheckedClient:
        browser = CheckedClient(self.app)
        token = self.database.run(lambda session: begin_session(session, person, self.clock()))
        with browser.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": person.fs_uniquifier})
        return browser

    def upload(self, data: bytes, name: str = "danh-sach.xlsx", *, status: int = 200, **answers: Any) -> Page:
        page = self.browser.get(f"{LISTS}/moi")
        said = {"source": "Danh sách thử nghiệm", "subject_type": SELLER, "seen_on": "05/01/2026"}
        files = {"file": (BytesIO(data), name)} if data else {}
        return self.browser.send(page, said | answers | files, form=own_form(page), status=status)

    def work(self) -> None:
        import_ = self.newest()
        self.product.importer().work(import_.province_code, str(import_.id))

    def newest(self) -> Import:
        with self.database.read() as session:
            return session.scalars(select(Import).order_by(Import.started_at.desc(), Import.id.desc()).limit(1)).one()

    @property
    def address(self) -> str:
        return f"{LISTS}/{self.newest().id}"

    def checked(self, rows: list[list[str]], **answers: Any) -> Page:
        """Upload a list, let its columns stand as they were guessed, and open the preview."""
        self.upload(xlsx([HEADINGS, *rows]), **answers)
        self.work()
        page = self.browser.get(f"{self.address}/cot")
        self.browser.send(page, form=form_to(page, "/cot"))
        self.work()
        return self.browser.get(self.address)

    def press(self, ending: str, answers: dict[str, Any] | None = None, *, status: int = 200) -> Page:
        page = self.browser.get(f"{self.address}/{ending}")
        return self.browser.send(page, answers, form=own_form(page), status=status)

    def entities(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(Entity)) or 0


@pytest.fixture
def desk(small_product: Product, small_app: Flask, clock: FixedClock) -> Importing:
    return Importing(small_product, small_app, clock)


def tabs(page: Page) -> dict[str, int]:
    """What stands in the tabs of a preview."""
    texts = [link.text_content().split() for link in page.all("//nav[@class='tabs']//a")]
    return {" ".join(words[:-1]): int(words[-1]) for words in texts}


def test_a_list_from_the_file_to_the_register_and_back(desk: Importing) -> None:
    assert "Chưa nhập danh sách nào" in desk.browser.get(LISTS).words
    running = desk.upload(xlsx([["Bảng kê thử nghiệm"], HEADINGS, *ROWS]))
    assert "Đang đọc tệp" in running.words
    fragment = desk.browser.client.get(desk.address, headers={"X-Fragment": "1"}).text
    assert "data-unfinished" in fragment
    desk.work()
    columns = desk.browser.get(desk.address, follow_redirects=True)
    labels = [label.text_content() for label in columns.all("//label") if "Cột" in label.text_content()]
    assert labels == [f"Cột {column_letter(place)}: {heading}" for place, heading in enumerate(HEADINGS)]
    chosen = [select.value for select in columns.all("//select")]
    assert chosen == ["", "name", "tax_code", "address", "phone", "channel"]
    assert "Ví dụ: 0101243150 · 0100109106" in columns.words
    checking = desk.browser.send(columns, form=form_to(columns, "/cot"))
    assert "Đang đối chiếu" in checking.words
    desk.work()
    preview = desk.browser.get(desk.address)
    assert tabs(preview) == {
        "Cần quyết định": 0,
        "Mới": 2,
        "Bổ sung": 0,
        "Đã có": 0,
        "Tỉnh khác": 1,
        "Không dùng được": 1,
    }
    assert "Xem trước: chưa ghi gì" in preview.words
    assert desk.entities() == 0
    elsewhere = desk.browser.get(f"{desk.address}?muc=outside")
    assert "Cửa hàng ở Lạng Sơn" in elsewhere.words
    confirm = desk.browser.get(f"{desk.address}/ghi")
    assert "Ghi vào danh sách đối tượng?" in confirm.words
    desk.browser.send(confirm, form=own_form(confirm))
    desk.work()
    done = desk.browser.get(desk.address)
    assert "Đã ghi vào danh sách đối tượng Đối tượng mới: 2." in done.words
    assert desk.entities() == 2
    undo = desk.press("rut-lai")
    assert "Đang rút lại" in undo.words
    desk.work()
    assert "Danh sách này đã được rút lại" in desk.browser.get(desk.address).words
    assert desk.entities() == 0
    assert "Đã rút lại" in desk.browser.get(LISTS).words


def test_the_file_is_kept_when_something_else_is_wrong(desk: Importing) -> None:
    wrong = desk.upload(xlsx([HEADINGS, *ROWS]), status=400, source="", seen_on="05/01/2077")
    assert wrong.problems == [
        "Hãy ghi tên danh sách: danh sách này từ đâu.",
        "Ngày này ở tương lai. Hãy ghi ngày danh sách được lập hoặc được gửi đến.",
    ]
    assert "Đã nhận tệp “danh-sach.xlsx”" in wrong.words
    desk.browser.send(wrong, {"source": "Danh bạ thử", "seen_on": "05/01/2026"}, form=own_form(wrong))
    assert (desk.newest().filename, desk.newest().source) == ("danh-sach.xlsx", "Danh bạ thử")
    desk.work()
    assert desk.newest().state is ImportState.COLUMNS
    again = desk.browser.get(f"{LISTS}/moi")
    assert again.all("//datalist/option/@value") == ["Danh bạ thử"]


def test_a_kept_file_belongs_to_whoever_sent_it(desk: Importing) -> None:
    wrong = desk.upload(xlsx([HEADINGS, *ROWS]), status=400, source="")
    desk.browser = desk.at(desk.person("nguoi.khac@vidu.vn"))
    page = desk.upload(b"", status=400, kept=wrong.fields(own_form(wrong))["kept"][0])
    assert page.problems == ["Hãy chọn tệp danh sách."]


def test_no_file_and_a_file_that_is_too_large(desk: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.upload(b"", status=400).problems == ["Hãy chọn tệp danh sách."]
    monkeypatch.setattr(import_routes, "LARGEST_REQUEST", 3000)
    assert desk.upload(b"x" * 4000, status=413).problems == ["Tệp lớn hơn 20 MB. Hãy chọn tệp nhỏ hơn."]


def test_a_file_that_is_no_table_says_what_to_do(desk: Importing) -> None:
    desk.upload(b"%PDF-1.7 ...", "danh-sach.xlsx")
    desk.work()
    page = desk.browser.get(desk.address)
    assert "Không đọc được tệp này Đây là tệp PDF, không phải bảng tính." in page.words


def test_only_groups_that_the_agency_leads(desk: Importing) -> None:
    choices = desk.browser.get(f"{LISTS}/moi").all("//input[@name='subject_type']/@value")
    assert SELLER in choices
    assert "doctor" not in choices
    desk.upload(xlsx([HEADINGS]), status=400, subject_type="doctor")


def test_columns_can_be_corrected(desk: Importing) -> None:
    book = xlsx(Bìa=[["Ghi chú", "Không có gì"]], Chính=[["Mã", "X"], ["Shop A thử nghiệm", "a-thu-nghiem.vn"]])
    desk.upload(book)
    desk.work()
    page = desk.browser.get(f"{desk.address}/cot")
    desk.browser.send(page, {"sheet": "Chính"}, form=form_to(page, "/trang-tinh"))
    desk.work()
    page = desk.browser.get(f"{desk.address}/cot?dong=1")
    nothing = desk.browser.send(page, {"column_0": "", "column_1": ""}, form=form_to(page, "/cot"), status=400)
    assert nothing.problems == ["Hãy chỉ ra cột nào ghi tên hoặc kênh của đối tượng."]
    desk.browser.send(nothing, {"column_0": "name", "column_1": "channel"}, form=form_to(nothing, "/cot"))
    desk.work()
    kept = desk.newest()
    assert (kept.header_row, kept.headings, kept.mapping) == (1, ["Mã", "X"], {"0": "name", "1": "channel"})
    stale = desk.browser.send(page, {"column_0": "name"}, form=form_to(page, "/cot"))
    assert "Danh sách vừa thay đổi" in stale.words


def test_clashes_are_decided_side_by_side(desk: Importing) -> None:
    desk.checked(ROWS)
    desk.press("ghi")
    desk.work()
    page = desk.checked([*ROWS[:2], CLASHING, [*CLASHING[:1], "Quán phở khác hẳn", *CLASHING[2:]]], source="Nguồn khác")
    assert tabs(page)["Cần quyết định"] == 2
    [first, second] = page.all("//a[@class='row-name']/@href")
    clash = desk.browser.get(first)
    assert "Quán bún khác xa" in clash.words
    assert "Công ty TNHH Thử Nghiệm Một Khác" in clash.words
    assert desk.browser.send(clash, form=own_form(clash), status=400).problems == [
        "Hãy chọn: là một đối tượng đã có, là đối tượng mới, hay bỏ qua dòng này."
    ]
    [same] = [value for value in clash.all("//input[@name='decision']/@value") if value.startswith("same:")]
    following = desk.browser.send(clash, {"decision": same}, form=own_form(clash))
    assert following.response.request.path == second
    all_done = desk.browser.send(following, {"decision": "new"}, form=own_form(following))
    assert "Đã quyết định mọi dòng" in all_done.words
    confirm = desk.browser.get(f"{desk.address}/ghi")
    assert "Bạn đã quyết định 2" in confirm.words
    with desk.database.read() as session:
        decisions = session.scalars(
            select(ImportRow.decision).where(ImportRow.decision.is_not(None)).order_by(ImportRow.number)
        ).all()
    assert decisions == [ClashDecision.SAME, ClashDecision.NEW]


def test_all_undecided_clashes_can_be_left_aside_at_once(desk: Importing) -> None:
    desk.checked(ROWS)
    desk.press("ghi")
    desk.work()
    page = desk.checked([CLASHING, [*CLASHING[:1], "Quán phở khác hẳn", *CLASHING[2:]]], source="Nguồn khác")
    after = desk.browser.send(page, form=form_to(page, "/bo-qua"))
    assert "Đã bỏ qua mọi dòng chưa quyết định" in after.words
    assert "Bỏ qua mọi dòng" not in [button.text_content() for button in after.all("//button")]


def test_the_next_list_of_a_source_shows_what_is_gone(desk: Importing) -> None:
    desk.checked(ROWS)
    desk.press("ghi")
    desk.work()
    page = desk.checked(ROWS[:1])
    assert tabs(page)["Đã có"] == 1
    assert "Lần trước có mà lần này không còn: 1." in page.words
    assert "Công ty TNHH Thử Nghiệm Hai" in page.words


def test_rows_of_another_province_are_handed_over(desk: Importing) -> None:
    desk.checked(ROWS)
    page = desk.browser.get(f"{desk.address}?muc=outside")
    handed = desk.browser.send(page, form=form_to(page, "/chuyen"))
    assert "Đã chuyển các dòng của Lạng Sơn" in handed.words.replace("tỉnh ", "")
    with desk.database.read() as session:
        given = session.scalars(select(Import).where(Import.province_code == LANG_SON)).one()
    there = desk.at(desk.person("lang.son@vidu.vn", given.agency_code, LANG_SON))
    assert "tỉnh, thành phố khác chuyển đến" in there.get(LISTS).words
    desk.product.importer().work(given.province_code, str(given.id))
    assert "Cửa hàng ở Lạng Sơn" in there.get(f"{LISTS}/{given.id}").words


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_report_downloads(desk: Importing, kind: str) -> None:
    desk.checked(ROWS)
    with desk.browser.client.get(f"{desk.address}/bao-cao.{kind}") as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].endswith(f".{kind}")
        assert answer.data[:2] == b"PK" or "Công ty TNHH Thử Nghiệm Một" in answer.text


def test_a_list_can_be_given_up(desk: Importing) -> None:
    desk.checked(ROWS)
    gone = desk.press("bo")
    assert "Danh sách này đã bỏ" in gone.words
    assert desk.newest().state is ImportState.CANCELLED


def test_personal_numbers_are_never_shown_whole(desk: Importing) -> None:
    number = "001099012345"
    rows = [["Nguyễn Thử Nghiệm", number, THUAN_HOA], ["Trần Thử Nghiệm", "001 099 012 346", THUAN_HOA]]
    desk.upload(xlsx([["Họ tên", "CCCD", "Địa chỉ"], *rows]))
    desk.work()
    page = desk.browser.get(f"{desk.address}/cot")
    desk.browser.send(page, form=form_to(page, "/cot"))
    desk.work()
    preview = desk.browser.get(f"{desk.address}?muc=new")
    with desk.browser.client.get(f"{desk.address}/bao-cao.csv") as answer:
        report = answer.text
    for text in (page.text, preview.text, report):
        assert "012345" not in text
        assert "012 346" not in text
    assert "••••2345" in preview.words


def test_a_cell_that_was_cut_is_named(desk: Importing) -> None:
    page = desk.checked([[*ROWS[0][:4], "0905123456 " + "thử " * 1000, ROWS[0][5]]])
    assert "Nội dung quá dài ở cột E: chỉ đọc 2000 ký tự đầu." in page.words
