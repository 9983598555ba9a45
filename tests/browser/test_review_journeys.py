"""Whole lives of pledges, each through the pages alone: asked, signed, returned, corrected, recommended, approved,
verified, amended, revoked."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, update

from pledges.accounts.models import Role, Staff
from pledges.core.throttle import ThrottleCount
from pledges.plans.models import Agency
from pledges.signing.rules import Page as Step
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.people import FOR_JOBS, Colleague, PasserBy, Signer
from tests.browser.walking import Contexts, Walker, attached_to, fill, mail_about, path_in, read_code
from tests.support.live_server import LiveServer, mail_text
from tests.support.pdf_tools import assert_sound, pdfsig, squeezed, text_of
from tests.support.signer_client import SignerClient
from tests.support.signing import COMMUNES, DONG_THAP, HUE, LANG_SON, invented_tax_code
from tests.support.staff import add_person

Walk = Callable[..., Walker]

GENUINE = "Tệp này là thật, không bị sửa"
BEFORE_APPROVAL = "Tệp này là thật, nhưng là bản trước khi tiếp nhận"
BEFORE_CORRECTION = "Tệp này là thật, nhưng là bản cũ, trước khi người ký sửa"
REPLACED = "Tệp này là thật, nhưng đã có bản cam kết mới thay thế"
REVOKED = "Tệp này là thật, nhưng bản cam kết đã bị thu hồi"

REASON = "Đoàn kiểm tra thử nghiệm kết luận nội dung cam kết không được giữ."


@pytest.fixture(autouse=True)
def _from_everywhere(live_server: LiveServer) -> None:
    """Forget how many codes went to one network: the people of all browser tests sit in different places."""
    live_server.database.run(
        lambda session: session.execute(delete(ThrottleCount).where(ThrottleCount.limit_name == "code.network"))
    )


@pytest.fixture
def walk(new_context: Contexts, live_server: LiveServer) -> Walk:
    """A fresh browser: `walk(PHONE, scripts=False)`."""

    def make(screen: dict[str, int], *, scripts: bool = True) -> Walker:
        context = new_context(viewport=screen, java_script_enabled=scripts)
        return Walker(context.new_page(), live_server, closely=scripts)

    return make


def mailbox(name: str) -> str:
    return f"{name}.{secrets.token_hex(4)}@vidu.vn"


# --- What the journeys share ---------------------------------------------------------------------------------------


def employ(walker: Walker, role: Role, agency_code: str, *, title: str = "") -> Colleague:
    """Somebody who has a password already, signed in."""
    email = mailbox(role.value.replace("_", "."))
    add_person(walker.server.database, email, role=role, province_code=agency_code[:2], agency_code=agency_code)
    if title:
        walker.server.database.run(
            lambda session: session.execute(update(Staff).where(Staff.email == email).values(signing_title=title))
        )
    colleague = Colleague(walker, email)
    colleague.sign_in()
    return colleague


def bring_into_force(officer: Colleague, approver: Colleague, signer: Signer, reference: str) -> bytes:
    """An amendment or a corrected file, one by one; returns what was sealed before."""
    sealed = signer.wait_for_seal(reference)
    officer.open_file(reference)
    officer.recommend()
    approver.open_file(reference, "Chờ duyệt")
    approver.approve()
    return sealed


def receive(signer: Signer, reference: str, sealed: bytes, folder: Path) -> tuple[bytes, EmailMessage]:
    """The final file comes with a letter and from the page, holds what was sealed, and both signatures are valid."""
    letter = mail_about(signer.walker.server, signer.email, f"Bản cam kết {reference} đã được tiếp nhận")
    [final] = attached_to(letter).values()
    signer.open_file(path_in(letter, "/ho-so/"))
    signer.reads("Đã tiếp nhận")
    assert signer.download() == final
    assert len(final) > len(sealed)
    assert final.startswith(sealed)
    report = pdfsig(final, folder)
    assert report.count("Signature is Valid") == 2, report
    assert_sound(final, folder)
    return final, letter


def revoke(officer: Colleague, approver: Colleague, reference: str) -> None:
    """One asks, the other decides; in between nothing has changed."""
    officer.open_file(reference, "Đã xong")
    officer.ask_to_revoke(REASON)
    approver.open_file(reference, "Chờ thu hồi")
    approver.reads(REASON)
    approver.revoke()


def told_of_revocation(signer: Signer, reference: str) -> None:
    letter = mail_about(signer.walker.server, signer.email, f"Bản cam kết {reference} đã bị thu hồi")
    assert REASON in " ".join(mail_text(letter).split())
    signer.open_file(path_in(letter, "/ho-so/"))
    signer.reads("Đã thu hồi", REASON)


def by_command(server: LiveServer, data: bytes, folder: Path) -> dict[str, Any]:
    """What `documents verify` says."""
    path = folder / "asked.pdf"
    path.write_bytes(data)
    done = server.run("documents", "verify", "--json", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


# --- A website in Lạng Sơn: officers at the desk, invited by their administrator, the agency signs with its key -----


def invite(administrator: Colleague, name: str, role: Role, title: str = "") -> str:
    email = mailbox(role.value.replace("_", "."))
    administrator.page.get_by_role("link", name="Thêm cán bộ").click()
    fill(
        administrator.page,
        {"name": name, "email": email, "role": role.value, "agency": "20-SCT", "signing_title": title},
    )
    administrator.press("Thêm và gửi thư mời")
    administrator.reads(name)
    administrator.page.get_by_role("link", name="Quay lại").click()
    return email


def test_a_website_of_lang_son(walk: Walk, live_server: LiveServer, tmp_path: Path) -> None:
    add_person(live_server.database, manager := mailbox("quan.tri"), province_code=LANG_SON)
    administrator = Colleague(walk(DESKTOP), manager)
    administrator.sign_in()
    administrator.page.get_by_role("link", name="Cán bộ và tài khoản").click()
    people = []
    for name, role, title in (
        ("Lý Thị Chuyên Viên Thử", Role.OFFICER, ""),
        ("Nông Văn Lãnh Đạo Thử", Role.APPROVER, "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC"),
    ):
        email = invite(administrator, name, role, title)
        colleague = Colleague(walk(DESKTOP), email)
        colleague.choose_password(path_in(mail_about(live_server, email, "tài khoản"), "/can-bo/thiet-lap/"))
        colleague.sign_in()
        people.append(colleague)
    officer, approver = people

    signer = Signer(walk(PHONE), LANG_SON, mailbox("chu.trang.web"), "Hoàng Văn Thử")
    reference = signer.sign(
        "ecommerce_website",
        {"kind": "organisation", "name": "Công ty TNHH Đặc Sản Thử Nghiệm", "tax_code": invented_tax_code(910)},
        {"channels": ["https://shoppee.vn"]},
        {"name": signer.name, "title": "Giám đốc", "authority": "yes"},
    )
    first = signer.wait_for_seal(reference)

    officer.open_queue()
    officer.look_on_both_screens()
    expect(officer.row(reference)).to_contain_text("gần giống tên shopee")
    officer.row(reference).locator("a.row-name").click()
    officer.reads("Kiểm tra tự động", "Địa chỉ shoppee.vn gần giống tên shopee")
    officer.look_on_both_screens()
    message = "Địa chỉ trang web có thể bị gõ nhầm.\nXin chép lại đúng địa chỉ đang dùng."
    officer.return_file("Trang web, gian hàng, tài khoản", message)

    letter = mail_about(live_server, signer.email, f"Đề nghị sửa bản cam kết {reference}")
    for line in (*message.split("\n"), "Trang web, gian hàng, tài khoản"):
        assert line in mail_text(letter)
    signer.open_file(path_in(letter, "/ho-so/"))
    signer.reads("Cần bổ sung", *message.split("\n"))
    signer.walker.look()
    again = signer.correct("dia-ban", {"channels": ["https://dacsanthu.vn"]}, open_controls={"channels", "started_on"})
    assert again == reference
    second = signer.wait_for_seal(reference)
    signer.reads("Các bản trước", "Đã sửa và ký lại")

    officer.open_file(reference)
    officer.reads("bản ký lần 2", "Các bản đã ký trước", "shoppee.vn", "dacsanthu.vn")
    officer.recommend("Đã mở trang web xem, đúng chủ.")
    approver.open_file(reference, "Chờ duyệt")
    approver.reads("Đã mở trang web xem, đúng chủ.", "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC", "Nông Văn Lãnh Đạo Thử")
    approver.approve()

    final, letter = receive(signer, reference, second, tmp_path)
    assert squeezed("KT. GIÁM ĐỐC PHÓ GIÁM ĐỐC Nông Văn Lãnh Đạo Thử Ký số lúc") in squeezed(text_of(final, tmp_path))
    stranger = PasserBy(walk(PHONE))
    old_address = path_in(letter, "/xac-minh/")
    stranger.follow(old_address, "Đã tiếp nhận")
    stranger.reads("Người ký không đồng ý công khai", "Cơ quan ký số bằng khóa của chính cơ quan.")
    stranger.walker.look()
    for data, title in ((final, GENUINE), (second, BEFORE_APPROVAL), (first, BEFORE_CORRECTION)):
        stranger.upload(data, title)

    newer = signer.amend("dia-ban", {"channels": ["https://dacsanthu.vn", "https://www.facebook.com/dacsanthu.ls"]})
    assert newer != reference
    sealed = bring_into_force(officer, approver, signer, newer)
    latest, letter = receive(signer, newer, sealed, tmp_path)
    assert reference in mail_text(letter)
    stranger.follow(old_address, "Đã được thay bằng bản mới")
    stranger.page.get_by_role("link", name="Xem bản mới").click()
    stranger.sees("Đã tiếp nhận")
    assert stranger.page.url.endswith(path_in(letter, "/xac-minh/"))
    stranger.upload(final, REPLACED)

    revoke(officer, approver, newer)
    stranger.follow(path_in(letter, "/xac-minh/"), "Đã thu hồi")
    stranger.upload(latest, REVOKED)
    assert by_command(live_server, latest, tmp_path)["state"] == "revoked"
    told_of_revocation(signer, newer)


# --- A doctor in Đồng Tháp: officers on the phone, the agency prints who approved ----------------------------------


def test_a_doctor_of_dong_thap(walk: Walk, live_server: LiveServer, tmp_path: Path) -> None:
    live_server.database.run(
        lambda session: setattr(session.get_one(Agency, (DONG_THAP, "82-SYT")), "signature_method", "named_approver")
    )
    officer = employ(walk(PHONE), Role.OFFICER, "82-SYT")
    approver = employ(walk(PHONE), Role.APPROVER, "82-SYT", title="GIÁM ĐỐC")
    signer = Signer(walk(DESKTOP), DONG_THAP, mailbox("bac.si"), "Lê Văn Bác Sĩ Thử")
    reference = signer.sign(
        "doctor",
        {"name": signer.name, "profession": "Bác sĩ", "workplace": "Phòng khám"},
        {},
        {"of_age": "yes"},
    )
    first = signer.wait_for_seal(reference)

    officer.open_file(reference)
    officer.reads("Kiểm tra tự động", "Phòng khám")
    officer.page.get_by_role("link", name="Đến phần quyết định").click()
    expect(officer.page.get_by_role("heading", name="Quyết định")).to_be_in_viewport()
    officer.return_file("Thông tin nghề nghiệp", "Xin ghi đủ tên nơi công tác.")

    letter = mail_about(live_server, signer.email, f"Đề nghị sửa bản cam kết {reference}")
    at_home = Signer(walk(PHONE), DONG_THAP, signer.email, signer.name, codes=signer.codes)
    at_home.open_file(path_in(letter, "/ho-so/"))
    at_home.reads("Cần bổ sung", "Xin ghi đủ tên nơi công tác.")
    again = at_home.correct(
        "doi-tuong",
        {"workplace": "Phòng khám Thử Nghiệm Cao Lãnh"},
        open_controls={"profession", "workplace", "licence_number"},
    )
    assert again == reference
    second = bring_into_force(officer, approver, at_home, reference)

    final, letter = receive(at_home, reference, second, tmp_path)
    old_address = path_in(letter, "/xac-minh/")
    stranger = PasserBy(walk(DESKTOP))
    stranger.follow(old_address, "Đã tiếp nhận")
    stranger.reads("Đây không phải chữ ký số của cơ quan.")
    for data, title in ((final, GENUINE), (first, BEFORE_CORRECTION)):
        stranger.upload(data, title)

    newer = at_home.amend("doi-tuong", {"workplace": "Bệnh viện Thử Nghiệm Sa Đéc"})
    latest, letter = receive(at_home, newer, bring_into_force(officer, approver, at_home, newer), tmp_path)
    stranger.follow(old_address, "Đã được thay bằng bản mới")
    stranger.page.get_by_role("link", name="Xem bản mới").click()
    stranger.sees("Đã tiếp nhận")

    revoke(officer, approver, newer)
    stranger.page.reload()
    stranger.sees("Đã thu hồi")
    stranger.upload(latest, REVOKED)
    told_of_revocation(at_home, newer)


# --- An artist in Huế without scripts: the department decides about many files at once -----------------------------


def artist_signs(server: LiveServer, number: int) -> str:
    """Another artist, without a browser window of their own; the reference."""
    name, email = f"Nghệ Sĩ Thử Nghiệm {secrets.token_hex(3)}", mailbox(f"nghe.si.{number}")
    client = SignerClient(server.base_url)
    client.fill_in(
        {
            Step.GROUP: {"email": email, "province": HUE, "subject_type": "artist"},
            Step.WHO: {"name": name, "location": "local", "stage_name": ""},
            Step.PLACE: {
                "commune": COMMUNES[HUE],
                "channels": [f"https://www.tiktok.com/@nghesithu{secrets.token_hex(4)}"],
                "address": "",
                "phone": "",
                "started_on": "",
            },
            Step.SIGNER: {"of_age": "yes"},
        }
    )
    client.sign(name, read_code(server, email))
    [reference] = client.references
    return reference


def test_an_artist_of_hue(walk: Walk, live_server: LiveServer, tmp_path: Path) -> None:
    officer = employ(walk(DESKTOP), Role.OFFICER, "46-SVHTT")
    approver = employ(walk(DESKTOP), Role.APPROVER, "46-SVHTT", title="TUQ. GIÁM ĐỐC – TRƯỞNG PHÒNG")
    signer = Signer(walk(PHONE, scripts=False), HUE, mailbox("nghe.si"), "Tôn Nữ Nghệ Sĩ Thử", publish=True)
    reference = signer.sign(
        "artist",
        {"name": signer.name, "stage_name": "Sao Thử"},
        {"channels": ["https://tiktokk.vn/saothu"]},
        {"of_age": "yes"},
    )
    signer.wait_for_seal(reference)
    others = [artist_signs(live_server, number) for number in (1, 2)]

    officer.open_queue()
    expect(officer.row(reference)).to_contain_text("gần giống tên tiktok")
    expect(officer.row(reference).get_by_role("checkbox")).to_have_count(0)
    officer.open_file(reference)
    officer.return_file("Trang web, gian hàng, tài khoản", "Xin ghi đường dẫn tới tài khoản của Ông/Bà.")
    letter = mail_about(live_server, signer.email, f"Đề nghị sửa bản cam kết {reference}")
    signer.open_file(path_in(letter, "/ho-so/"))
    signer.reads("Xin ghi đường dẫn tới tài khoản của Ông/Bà.")
    account = f"tiktok.com/@saothu{secrets.token_hex(4)}"
    controls = {"channels", "started_on"}
    assert signer.correct("dia-ban", {"channels": [account]}, open_controls=controls) == reference
    second = signer.wait_for_seal(reference)

    officer.decide_many("Chờ xử lý", [reference, *others], "Đề nghị duyệt các hồ sơ đã chọn", "Đề nghị duyệt 3 hồ sơ")
    officer.reads("Đã đề nghị duyệt: 3.", within=FOR_JOBS)
    approver.decide_many("Chờ duyệt", [reference, *others], "Duyệt các hồ sơ đã chọn", "Duyệt 3 hồ sơ", closely=True)
    approver.reads("Đã duyệt: 3.", "Bản PDF đã hoàn tất: 3/3.", within=FOR_JOBS)
    for one in (reference, *others):
        expect(approver.row(one)).to_contain_text("Đã duyệt, đang có hiệu lực")
    approver.look_on_both_screens()

    final, letter = receive(signer, reference, second, tmp_path)
    old_address = path_in(letter, "/xac-minh/")
    stranger = PasserBy(walk(PHONE, scripts=False))
    stranger.follow(old_address, "Đã tiếp nhận")
    stranger.reads(signer.name, account)
    for data, title in ((final, GENUINE), (second, BEFORE_APPROVAL)):
        stranger.upload(data, title)

    newer = signer.amend("dia-ban", {"channels": [account, "youtube.com/@saothu"]})
    latest, letter = receive(signer, newer, bring_into_force(officer, approver, signer, newer), tmp_path)
    stranger.follow(old_address, "Đã được thay bằng bản mới")
    stranger.page.get_by_role("link", name="Xem bản mới").click()
    stranger.sees("Đã tiếp nhận")
    stranger.reads("youtube.com/@saothu")

    revoke(officer, approver, newer)
    stranger.page.reload()
    stranger.sees("Đã thu hồi")
    stranger.upload(latest, REVOKED)
    told_of_revocation(signer, newer)
