"""Whole journeys from the first page to the sealed PDF: provinces, groups, screens, scripts and languages in pairs."""

from __future__ import annotations

import os
import re
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.walking import (
    Answers,
    Contexts,
    Walker,
    commune_named,
    fill,
    fill_signature,
    go_on,
    read_code,
    ready_to_sign,
    references_on,
)
from tests.support.live_server import LiveServer, mail_text
from tests.support.pdf_tools import assert_sound, pdfsig, squeezed, text_of
from tests.support.signing import COMMUNES, DONG_THAP, HUE, LANG_SON, doctor_pages, invented_tax_code

NOT_ASKED = "Kế hoạch không yêu cầu nhóm này"
NOT_ISSUED = "Văn bản chưa ban hành"
ASKED = "Kế hoạch yêu cầu nhóm của bạn ký cam kết"

SOAK = bool(os.environ.get("PLEDGES_SOAK"))
"""Axe takes a third of a journey: outside `make soak` it goes along with one organisation and one person."""

DIRECTOR = {"name": "Trần Thị Thử Nghiệm", "title": "Giám đốc", "authority": "yes"}
LONG_NAME = "Công ty Trách nhiệm hữu hạn Một thành viên Thương mại và Dịch vụ Đặc sản Thử Nghiệm Nguyễn Thị Ngọc Quỳnh"
CHILD = {
    "of_age": "no",
    "representative_name": "Phạm Thị Mẹ Thử",
    "representative_relation": "mẹ",
}


@dataclass(frozen=True)
class Case:
    """One signer; `says` and `silent` are sentences that page two must and must not have."""

    province: str
    group: str
    who: Answers
    place: Answers
    signer: Answers
    screen: dict[str, int]
    scripts: bool
    language: str = "vi"
    closely: bool = False
    says: tuple[str, ...] = (ASKED,)
    silent: tuple[str, ...] = (NOT_ASKED,)
    email: str = field(default_factory=lambda: f"ky.{secrets.token_hex(4)}@vidu.vn")

    @property
    def signer_name(self) -> str:
        return str(self.signer.get("name") or self.who["name"])

    @property
    def child(self) -> bool:
        return self.signer.get("of_age") == "no"

    @property
    def representative_email(self) -> str:
        return f"me.{self.email}"


CASES = {
    "a website of Huế": Case(
        HUE,
        "ecommerce_website",
        {"kind": "organisation", "name": LONG_NAME, "location": "local", "tax_code": invented_tax_code(71)},
        {"channels": ["https://www.dacsanthu.vn/gio-hang?x=1", "tiktok.com/@dacsanthu"], "started_on": "04/2026"},
        DIRECTOR,
        PHONE,
        scripts=True,
        closely=True,
    ),
    "a shop of Lạng Sơn, signed by a person": Case(
        LANG_SON,
        "digital_seller",
        {"kind": "person", "name": "Hoàng Văn Thử", "location": "local"},
        {"channels": ["facebook.com/shopthu.langson"], "phone": "0912 345 678"},
        {"of_age": "yes"},
        DESKTOP,
        scripts=False,
    ),
    "a platform from abroad in Đồng Tháp": Case(
        DONG_THAP,
        "ecommerce_platform",
        {"name": "Invented Market Pte. Ltd.", "location": "abroad", "country": "SG", "platform_name": "Chợ Thử"},
        {"channels": ["chothu.com.vn"], "address": "1 Đường Thử, Singapore"},
        DIRECTOR,
        PHONE,
        scripts=False,
        language="en",
    ),
    "an influencer of Huế under 18": Case(
        HUE,
        "influencer",
        {"name": "Lê Thị Nhỏ Thử", "stage_name": "Bé Thử", "location": "local"},
        {"channels": ["tiktok.com/@bethu"]},
        CHILD,
        DESKTOP,
        scripts=True,
        closely=True,
        says=(ASKED, NOT_ISSUED),
    ),
    "a doctor of Lạng Sơn": Case(
        LANG_SON,
        "doctor",
        {"name": "Lê Văn Thử", "location": "local", "profession": "Bác sĩ", "workplace": "Bệnh viện Thử Nghiệm"},
        {},
        {"of_age": "yes"},
        PHONE,
        scripts=True,
        closely=SOAK,
        language="en",
    ),
    "a newspaper of Huế, not asked for a pledge": Case(
        HUE,
        "press",
        {"name": "Báo Thử Nghiệm", "location": "local", "tax_code": invented_tax_code(72), "licence_number": "01/GP"},
        {},
        DIRECTOR,
        DESKTOP,
        scripts=True,
        closely=SOAK,
        says=(NOT_ASKED, NOT_ISSUED),
        silent=(ASKED,),
    ),
    "a household business of Đồng Tháp, not asked": Case(
        DONG_THAP,
        "household_business",
        {"name": "Hộ kinh doanh Thử", "location": "local", "personal_number": "087190123456", "goods": "thực phẩm"},
        {"address": "Ấp Thử, số 1"},
        {"name": "Võ Thị Thử", "title": "Chủ hộ", "authority": "yes"},
        PHONE,
        scripts=False,
        says=(NOT_ASKED,),
        silent=(ASKED,),
    ),
    "a newspaper in Đồng Tháp from another province": Case(
        DONG_THAP,
        "press",
        {
            "name": "Tạp chí Thử Nghiệm",
            "location": "elsewhere",
            "home_province": HUE,
            "tax_code": f"{invented_tax_code(73)}-001",
        },
        {"address": "2 Đường Thử, Huế"},
        DIRECTOR,
        DESKTOP,
        scripts=False,
        says=(ASKED, NOT_ISSUED),
    ),
}


LONG_FORM_ONLY = ("a doctor of", "a newspaper of", "a platform from abroad")
"""The others walk over the same pages; what is special about these stands in `tests/web/signer`."""

WALKED = {name: case for name, case in CASES.items() if SOAK or not name.startswith(LONG_FORM_ONLY)}


@pytest.fixture(params=list(WALKED.values()), ids=list(WALKED))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_from_the_first_page_to_the_sealed_paper(
    new_context: Contexts, live_server: LiveServer, tmp_path: Path, case: Case
) -> None:
    context = new_context(viewport=case.screen, java_script_enabled=case.scripts)
    walker = Walker(context.new_page(), live_server, closely=case.closely, vietnamese=case.language == "vi")
    answer_everything(walker, case)
    reference = read_and_sign(walker, case)
    pdf = wait_for_paper(walker, reference)
    judge_paper(pdf, case, reference, tmp_path)
    expect(walker.page.locator("html")).to_have_attribute("lang", case.language)
    received = [mail for mail in live_server.mails_to(case.email) if reference in f"{mail['Subject']}{mail_text(mail)}"]
    assert len(received) == 1


def answer_everything(walker: Walker, case: Case) -> None:
    page = walker.page
    page.goto(f"/ky-cam-ket?lang={case.language}")
    walker.look()
    page.locator(f"main a[href*='tinh={case.province}']").click()
    place = dict(case.place)
    if case.who["location"] == "local":
        place["commune"] = commune_named(walker.server, case.province, COMMUNES[case.province])
    signer = dict(case.signer) | ({"representative_email": case.representative_email} if case.child else {})
    steps: list[tuple[Answers, str]] = [
        ({"email": case.email, "subject_type": case.group}, "/ky-cam-ket/doi-tuong"),
        (case.who, "/ky-cam-ket/dia-ban"),
        (place, "/ky-cam-ket/nguoi-ky"),
        (signer, "/ky-cam-ket/kiem-tra"),
    ]
    for answers, leads_to in steps:
        walker.err(focus=case.scripts)
        walker.answer(answers, leads_to)
        if leads_to.endswith("doi-tuong"):
            said = page.locator("main").inner_text()
            if case.language == "vi":
                assert [sentence for sentence in case.says if sentence not in said] == []
                assert [sentence for sentence in case.silent if sentence in said] == []


def read_and_sign(walker: Walker, case: Case) -> str:
    """From the check of answers to the reference."""
    page = walker.page
    walker.look()
    shown = page.locator("main").inner_text()
    assert case.who["name"] in shown
    assert case.email in shown
    go_on(page)
    walker.arrived("/ky-cam-ket/ky")
    assert page.locator("main input:checked").count() == 0, "a consent is ticked beforehand"
    walker.err(focus=case.scripts)
    answers = {
        "consent_processing": "yes",
        "typed_name": case.signer_name,
        "code": read_code(walker.server, case.email),
    }
    if page.locator("[name=consent_publication]").count():
        answers["consent_publication"] = "yes"
    if case.child:
        answers["representative_code"] = read_code(walker.server, case.representative_email)
    fill(page, {**answers, "code": "000000" if answers["code"] != "000000" else "111111"})
    go_on(page)
    expect(page.locator("#code")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=typed_name]")).to_have_value(case.signer_name)
    walker.answer({"code": answers["code"]}, "/ky-cam-ket/xong")
    walker.look()
    [reference] = references_on(page)
    return reference


def wait_for_paper(walker: Walker, reference: str) -> bytes:
    """Open the file, wait for the seal, and download the PDF."""
    page = walker.page
    page.locator(f"main a[href$='/ho-so/{reference}']").first.click()
    walker.look()
    link = page.locator("main a[href$='.pdf']")
    deadline = time.monotonic() + 60
    while not link.count():
        assert time.monotonic() < deadline, walker.server.log("worker")[-2000:]
        time.sleep(0.2)
        page.reload()
    walker.look()
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == f"{reference}.pdf"
    return Path(download.value.path()).read_bytes()


def judge_paper(pdf: bytes, case: Case, reference: str, folder: Path) -> None:
    report = pdfsig(pdf, folder)
    assert "Signature is Valid" in report
    assert "Total document signed" in report
    assert_sound(pdf, folder)
    text = squeezed(text_of(pdf, folder))
    for printed in (reference, case.who["name"], case.signer_name, "CỘNGHÒAXÃHỘICHỦNGHĨAVIỆTNAM", "THỬNGHIỆM"):
        assert squeezed(printed) in text, printed
    if number := case.who.get("personal_number"):
        assert number not in text
        assert number[-4:] in text
    if case.child:
        assert squeezed(str(case.signer["representative_name"])) in text


def test_the_file_is_opened_with_reference_and_code(new_context: Contexts, live_server: LiveServer) -> None:
    """Somebody else's browser, the reference from the paper, a code from the mail."""

    email = f"ho.so.{secrets.token_hex(4)}@vidu.vn"
    pages = doctor_pages(group__email=email)
    name = next(answers["name"] for answers in pages.values() if "name" in answers)
    signing, code = ready_to_sign(live_server, new_context(), pages)
    fill_signature(signing, name, code)
    go_on(signing)
    [reference] = references_on(signing)

    page = new_context(viewport=PHONE).new_page()
    walker = Walker(page, live_server, closely=True)
    page.goto("/ho-so")
    walker.err(focus=True)
    walker.answer({"reference": reference.lower().replace("-", " ")}, f"/ho-so/{reference}")
    walker.look()
    assert_closed(page, reference, name)
    go_on(page)
    walker.arrived(f"/ho-so/{reference}")
    walker.err(focus=True)
    assert_closed(page, reference, name)
    fill(page, {"code": read_code(live_server, email, number=2)})
    go_on(page)
    walker.arrived(f"/ho-so/{reference}")
    walker.look()
    expect(page.locator("main")).to_contain_text(name)
    assert re.search(r"CK-", page.title())


def assert_closed(page: Page, reference: str, name: str) -> None:
    assert name not in page.content()
    answer = page.request.get(f"/ho-so/{reference}/ban-cam-ket.pdf")
    assert answer.status == 404
