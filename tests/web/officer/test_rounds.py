"""The pages of a round, from opening it to the frozen lists; and who sees what of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.jobs.queries import in_queue
from pledges.messaging.models import MessageState
from pledges.plans.models import Agency
from pledges.product import Product
from pledges.rounds.closing import Closing
from pledges.rounds.models import Round, RoundState
from pledges.rounds.schedule import WORK_ROUNDS
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.desk import form_to
from tests.support.signing import HUE
from tests.support.staff import add_person
from tests.unit.rounds.quarter import AGENCY, QuarterOffice

ROUNDS = "/can-bo/dot-van-dong"
NOW = f"{ROUNDS}/2026Q4"


class Department(QuarterOffice):
    """An officer at the pages, three sellers with e-mail and one without."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        super().__init__(product.database, clock, product.vault)
        self.app = app
        self.mailed = [self.subject(f"nguoi.{number}@vidu.vn") for number in range(3)]
        self.silent = self.subject()
        self.staff = self.officer()
        self.browser = self.at(self.staff)

    def at(self, person: Staff) -> CheckedClient:
        browser = CheckedClient(self.app)
        token = self.database.run(lambda session: begin_session(session, person, self.clock()))
        with browser.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": person.fs_uniquifier})
        return browser

    def person(self, email: str, role: Role, agency: str | None = None) -> CheckedClient:
        return self.at(add_person(self.database, email, role=role, province_code=HUE, agency_code=agency, ready=False))

    def asked(self) -> Round:
        """Started, asked by the worker, and every mail accepted."""
        of_round = self.start()
        self.rounds.ask((HUE, of_round.id))
        self.deliver()
        return of_round

    def now(self) -> Round:
        with self.database.read() as session:
            return session.get_one(Round, (HUE, self.open().id))

    def ask_page(self, number: int = 0) -> str:
        return f"{NOW}/loi-moi/{self.ask_of(self.mailed[number]).id}"


@pytest.fixture
def department(small_product: Product, app: Flask, clock: FixedClock) -> Department:
    return Department(small_product, app, clock)


def cells(page: Page, caption: str) -> list[list[str]]:
    """The rows of the table whose caption begins like this."""
    rows = page.all(f"//main//table[caption[starts-with(normalize-space(.), '{caption}')]]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")] for row in rows]


def summary(page: Page) -> dict[str, str]:
    found = page.all("//dl[contains(@class, 'summary')]/div")
    return {row[0].text_content().strip(): " ".join(row[1].text_content().split()) for row in found}


def follow(browser: CheckedClient, page: Page, text: str) -> Page:
    [href] = page.all(f"//main//a[normalize-space(text())='{text}']/@href")
    return browser.get(href)


# --- Before anything is sent -----------------------------------------------------------------------------------------


def test_who_would_be_asked_and_why_stands_there_before_anything_is_sent(department: Department) -> None:
    browser = department.browser
    page = browser.get(ROUNDS)
    assert "Chưa có đợt vận động nào" in page.words
    page = browser.send(page, form=form_to(page, "/mo"))
    assert "mời 4 đối tượng, trong đó 3 bằng thư điện tử. Không có thư điện tử: 1." in page.words
    sellers = "Người bán hàng trên sàn, mạng xã hội"
    assert cells(page, "Số nghĩa vụ. Một") == [
        [sellers, "Có từ trước, chưa ký", "3", "1", "4"],
        ["Tổng số", "Tất cả", "3", "1", "4"],
    ]
    people = follow(browser, page, sellers)
    assert len(cells(people, "Đối tượng và nghĩa vụ")) == 4
    silent = browser.get(f"{NOW}/doi-tuong?lien_he=khong&phan=to_ask")
    [row] = cells(silent, "Đối tượng và nghĩa vụ")
    assert [row[1], *row[2:]] == [
        "Công ty Thử Nghiệm 4phường Phú Xuân",
        sellers,
        "Sẽ được mời Có từ trước, chưa ký".replace("mời Có", "mờiCó"),
        "Không có",
    ]
    personal = browser.get(f"{NOW}/doi-tuong?tim=001099012345")
    assert "001099012345" not in personal.text.replace("tim=001099012345", "")
    assert "Không có dòng nào khớp" in browser.get(f"{NOW}/doi-tuong?tim=khong-ai-ten-nay").words

    trial = follow(browser, page, "Xem trước thư")
    assert summary(trial)["Gửi tới"] == "nguoi.0@vidu.vn"
    assert "/ky-cam-ket/loi-moi/................" in trial.words
    assert [row[2] for row in cells(trial, "Mỗi đối tượng một lời mời")][3] == "Không có: in thư giấy hoặc gọi điện"
    assert (department.asks(), department.mails()) == ([], [])


def test_leaving_out_and_bringing_back_with_a_reason(department: Department) -> None:
    department.open()
    browser = department.browser
    people = browser.get(f"{NOW}/doi-tuong")
    nothing = browser.get(f"{NOW}/khong-moi", status=400)
    assert "Hãy chọn ít nhất một dòng trên trang này." in nothing.words
    picked = people.all("//input[@name='chon']/@value")[:2]
    address = f"{NOW}/khong-moi?" + "&".join(f"chon={each}" for each in picked)
    form = browser.get(address)
    assert "Công ty Thử Nghiệm 1" in form.words
    silent = browser.send(form, form=-1, status=400)
    assert silent.problems == ["Hãy ghi lý do không mời, để đồng nghiệp và thanh tra hiểu được sau này."]
    done = browser.send(silent, {"reason": "Đang giải thể."}, form=-1)
    assert "Đã ghi không mời: 2 dòng." in done.words
    assert "mời 2 đối tượng" in browser.get(NOW).words
    left = browser.get(f"{NOW}/doi-tuong?phan=left_out")
    assert left.words.count("Đang giải thể.") == 2

    all_of_them = follow(
        browser,
        browser.get(f"{NOW}/doi-tuong?lien_he=khong&phan=to_ask"),
        "Không mời tất cả kết quả của bộ lọc này, cả ở các trang khác",
    )
    assert "Số dòng đã chọn: 1" in all_of_them.words
    browser.send(all_of_them, {"reason": "Cơ quan đến tận nơi."}, form=-1)
    assert "mời 1 đối tượng" in browser.get(NOW).words
    back = browser.get(address.replace("khong-moi", "moi-lai"))
    assert "Đã đưa trở lại: 2 dòng." in browser.send(back, form=-1).words
    assert "mời 3 đối tượng" in browser.get(NOW).words
    assert department.facts("round.left_out") == 2
    elsewhere = browser.get(f"{NOW}/khong-moi?chon=not-an-id", status=400)
    assert "Hãy chọn ít nhất một dòng" in elsewhere.words


def test_day_and_reminders_keep_what_was_typed(department: Department) -> None:
    department.open()
    browser = department.browser
    form = browser.get(f"{NOW}/ngay")
    wrong = browser.send(form, {"day": "31/1/2027", "reminder_days": "30; 10 và 3"}, form=-1, status=400)
    assert wrong.problems == ["Ngày của đợt phải nằm trong Quý IV/2026 và không ở quá khứ, muộn nhất là 31/12/2026."]
    assert wrong.control("reminder_days").get("value") == "30, 10, 3"
    letters = browser.send(wrong, {"day": "15/12/2026", "reminder_days": "mười"}, form=-1, status=400)
    assert letters.problems == ["Hãy ghi các số ngày cách nhau bằng dấu phẩy, ví dụ 30, 14, 7."]
    page = browser.send(letters, {"reminder_days": "10, 3"}, form=-1)
    assert summary(page)["Ngày của đợt"] == "15/12/2026"
    assert summary(page)["Nhắc trước hạn"] == "10, 3 ngày"
    late = browser.send(form, {"day": "20/12/2026"}, form=-1, status=409)
    assert "Đợt vận động vừa được người khác thay đổi" in late.words
    assert department.now().day == date(2026, 12, 15)


def test_waiting_and_reminders_of_the_agency(department: Department) -> None:
    browser = department.browser
    form = browser.get(f"{ROUNDS}/cai-dat")
    wrong = browser.send(form, {"waiting_days": "mười"}, form=-1, status=400)
    assert wrong.problems == ["Hãy ghi một số nguyên, ví dụ 10."]
    wrong = browser.send(wrong, {"waiting_days": "61"}, form=-1, status=400)
    assert wrong.problems == ["Thời gian chờ là số ngày làm việc từ 1 đến 60."]
    browser.send(wrong, {"waiting_days": "15", "reminder_days": ""}, form=-1)
    with department.database.read() as session:
        agency = session.get_one(Agency, (HUE, AGENCY))
        assert (agency.waiting_days, agency.reminder_days) == (15, [])
    department.open()
    assert summary(browser.get(NOW))["Nhắc trước hạn"] == "Không nhắc"


# --- From state to state ---------------------------------------------------------------------------------------------


def test_starting_pausing_and_resuming_are_asked_once_more(department: Department) -> None:
    department.open()
    browser = department.browser
    first, second = browser.get(f"{NOW}/bat-dau"), browser.get(f"{NOW}/bat-dau")
    assert summary(first)["Được mời"] == "4 đối tượng"
    page = browser.send(first, form=-1)
    assert "Đã bắt đầu." in page.words
    with department.database.read() as session:
        assert in_queue(session, WORK_ROUNDS, [()]), "nobody waits for the worker's next round"
    assert "0/4" in page.words
    assert page.all("//*[@data-unfinished]")
    slower = browser.send(second, form=-1, status=409)
    assert "hiện ở trạng thái “Đang vận động”" in slower.words
    fragment = browser.client.get(NOW, headers={"X-Fragment": "1"}).text
    assert "data-refresh-list data-unfinished" in fragment

    of_round = department.now()
    department.rounds.ask((HUE, of_round.id))
    page = browser.get(NOW)
    assert not page.all("//*[@data-unfinished]")
    assert "Thư đang chờ gửi: 3." in page.words
    asking = browser.get(f"{NOW}/tam-dung")
    assert summary(asking)["Thư đang chờ gửi"] == "3"
    paused = browser.send(asking, form=-1)
    assert "Đợt đang tạm dừng" in paused.words
    assert department.now().state is RoundState.PAUSED
    browser.send(follow(browser, paused, "Tiếp tục đợt"), form=-1)
    assert department.now().state is RoundState.RUNNING
    early = browser.send(browser.get(f"{NOW}/chot"), form=-1, status=400)
    assert "Quý IV/2026 chưa kết thúc" in early.words


def test_a_closed_round_shows_what_was_frozen(department: Department, small_product: Product) -> None:
    of_round = department.asked()
    department.sign(department.mailed[0])
    department.clock.set(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    browser = department.browser = department.at(department.staff)
    page = follow(browser, browser.get(NOW), "Đóng đợt, chốt danh sách")
    closing = browser.send(page, form=-1)
    assert "Đang chốt danh sách" in closing.words
    department.clock.advance(timedelta(minutes=20))
    Closing(department.database, small_product.storage, department.clock).close((HUE, of_round.id))
    department.approve(department.mailed[0])
    page = browser.get(NOW)
    frozen = summary(page)
    assert frozen["Danh sách chưa cam kết"].startswith("3 dòng SHA-256: ".replace(" SHA", "SHA"))
    assert frozen["Danh sách đã cam kết"].startswith("1 dòng")
    assert page.all(f"//main//a[@href='{NOW}/danh-sach']")
    [row] = cells(page, "Theo nhóm đối tượng")
    assert row[1:] == ["4", "3", "0", "0", "1", "0"], "as it was frozen, not as it is now"
    assert not page.all("//main//a[contains(@href, '/tam-dung') or contains(@href, '/ngay')]")
    assert "nên không đổi ngày được nữa" in browser.get(f"{NOW}/ngay").words
    for page_name, told in (
        ("thu", "Không in thêm thư được nữa"),
        ("goi-dien", "Không ghi thêm kết quả được nữa"),
        ("loi-moi", "không còn việc phải làm ở đây"),
        ("xem-truoc", "nên không mời thêm ai"),
        ("doi-tuong", "Trang này cho biết tình trạng hôm nay"),
    ):
        assert told in browser.get(f"{NOW}/{page_name}").words
    page = browser.get(f"{NOW}/danh-sach")
    [check] = page.all("//main//form[contains(@action, '/doi-chieu')]/@action")
    assert "Khớp" in browser.send(page, form=form_to(page, "/doi-chieu")).words
    assert browser.client.get(check).status_code == 303
    assert "Q4 2026" in browser.get(f"{NOW}/thu?lang=en").words


# --- After the start -------------------------------------------------------------------------------------------------


def test_the_way_the_troubles_and_what_to_do(department: Department) -> None:
    of_round = department.start()
    department.rounds.ask((HUE, of_round.id))
    first, second, third = sorted(department.mails(MessageState.HELD), key=lambda mail: mail.to_address)
    department.settle(first, MessageState.ACCEPTED)
    department.settle(second, MessageState.UNCERTAIN)
    department.settle(third, MessageState.ACCEPTED)
    department.come_back(third)
    department.sign(department.mailed[0])
    browser = department.browser
    page = browser.get(NOW)
    assert cells(page, "Lời mời theo xã") == [["phường Phú Xuân", "4", "1", "0", "0", "1", "0"]]
    assert "Thuộc diện ký: 4. Chưa cam kết: 0. Chưa liên hệ được: 0." in page.words
    tasks = [" ".join(each.text_content().split()) for each in page.all("//main//ul[contains(@class,'task-list')]//a")]
    assert tasks[:3] == ["Thư bị trả lại: 1", "Chưa rõ thư đã đến nơi hay chưa: 1", "Thư giấy cần in: 3"]
    assert summary(page)["01/01/2027"] == "Chốt danh sách của quý, theo tình trạng lúc 24 giờ ngày 31/12/2026."
    past = browser.get(f"{NOW}?ngay=30/09/2026")
    assert "Không có lời mời nào" in past.words or "Chưa mời ai" in past.words
    wrong = browser.get(f"{NOW}?ngay=31/12/2026", status=400)
    assert wrong.problems == ["Hãy chọn một ngày đã qua."]

    bounced = follow(browser, page, "Thư bị trả lại: 1")
    [row] = cells(bounced, "Chưa ký và chưa liên hệ được")
    assert "550 No such user" in row[1]
    assert "Chưa rõ" in browser.get(f"{NOW}/loi-moi?hien=uncertain").words
    assert "Mục này đang trống" in browser.get(f"{NOW}/loi-moi?hien=refused&trang=9").words


def test_the_link_of_one_invitation_is_taken_away_given_back_and_made_anew(department: Department) -> None:
    department.asked()
    browser = department.browser
    page = browser.get(department.ask_page())
    code = summary(page)["Mã mời"]
    assert "Thư mời" in page.words
    assert "Đang dùng được" in page.words
    revoked = browser.send(follow(browser, page, "Hủy liên kết"), form=-1)
    assert "Đã hủy ngày 01/10/2026" in revoked.words
    again = browser.send(revoked, form=form_to(revoked, "/hoan-tac"))
    assert "Đang dùng được" in again.words
    twice = browser.client.post(f"{department.ask_page()}/hoan-tac", data=revoked.fields(-1))
    assert twice.status_code == 409
    renewed = browser.send(follow(browser, again, "Cấp liên kết mới"), form=-1)
    assert summary(renewed)["Mã mời"] != code
    assert department.facts("ask.revoked") == 3


def test_one_subject_alone_is_invited_from_its_page(department: Department) -> None:
    department.open()
    browser, entity = department.browser, department.mailed[1]
    page = browser.get(f"/can-bo/doi-tuong/{entity.id}")
    assert "Cơ quan của bạn chưa mời đối tượng này." in page.words
    form = follow(browser, page, "Chỉ mời đối tượng này")
    page = browser.send(form, form=-1)
    assert "Đã mời Công ty Thử Nghiệm 2." in page.words
    assert [ask.entity_id for ask in department.asks()] == [entity.id]
    again = browser.send(form, form=-1, status=409)
    assert "Không mời được" in again.words
    department.come_back(department.mails()[0])
    page = browser.get(f"/can-bo/doi-tuong/{entity.id}")
    [row] = cells(page, "Mới nhất ở trên")
    assert row[2].startswith("Chưa đến nơiThư bị trả lại")
    assert "Thư bị trả lại ngày 01/10/2026" in page.words


# --- Who sees what ---------------------------------------------------------------------------------------------------


def test_others_see_figures_or_nothing(department: Department) -> None:
    department.asked()
    approver = department.person("lanh-dao@vidu.vn", Role.APPROVER, AGENCY)
    page = approver.get(NOW)
    assert not page.all("//main//form[@method='post'] | //main//a[contains(@href, '/tam-dung')]")
    assert "Công ty Thử Nghiệm 1" in approver.get(f"{NOW}/doi-tuong").words
    approver.get(f"{NOW}/tam-dung", status=403)

    viewer = department.person("nguoi-xem@vidu.vn", Role.PROVINCE_VIEWER)
    page = viewer.get(ROUNDS)
    assert cells(page, "Các đợt")[0][2:] == ["4", "0", "0"]
    page = follow(viewer, page, "Quý IV/2026")
    assert page.response.request.path == f"{NOW}/co-quan/{AGENCY}"
    assert cells(page, "Lời mời theo xã")[0][1:3] == ["4", "3"]
    assert "Thử Nghiệm" not in page.words
    assert not page.all("//main//a[contains(@href, '/doi-tuong') or contains(@href, '/loi-moi')]")
    for path in ("doi-tuong", "loi-moi", "xem-truoc"):
        viewer.get(f"{NOW}/{path}", status=403)
    assert "Lời mời và nhắc" not in viewer.get(f"/can-bo/doi-tuong/{department.silent.id}").words

    health = department.person("y-te@vidu.vn", Role.OFFICER, "46-SYT")
    health.get(NOW, status=404)
    health.get(f"{NOW}/co-quan/{AGENCY}", status=404)
    subject = health.get(f"/can-bo/doi-tuong/{department.mailed[0].id}").words
    assert "Cơ quan của bạn chưa mời đối tượng này." in subject
