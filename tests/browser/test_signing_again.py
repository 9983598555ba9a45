"""Coming back, losing the session, two tabs, impatience, the keyboard: the form in the hands of real people."""

from __future__ import annotations

import secrets
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from pledges.registry.models import Entity
from pledges.signing.models import AccessLink, Pledge
from tests.browser.conftest import PHONE
from tests.browser.walking import (
    Contexts,
    Walker,
    commune_named,
    count_pledges,
    draft_of,
    fill,
    fill_signature,
    go_on,
    read_code,
    read_link,
    ready_to_sign,
    references_on,
)
from tests.support.live_server import LiveServer
from tests.support.pages import assert_accessible, assert_fits, back
from tests.support.signing import COMMUNES, HUE, doctor_pages, seller_pages

SIGNER = "Trần Thị Thử Nghiệm"
NAME = "Công ty TNHH Viết Dở"


@pytest.fixture
def email() -> str:
    return f"tro.lai.{secrets.token_hex(4)}@vidu.vn"


def begin(page: Page, email: str, *, group: str = "digital_seller") -> str:
    """Page one; returns the code that resumes the draft."""
    page.goto(f"/ky-cam-ket?tinh={HUE}")
    code = page.locator("main .reference").inner_text()
    fill(page, {"email": email, "subject_type": group})
    go_on(page)
    expect(page).to_have_url("/ky-cam-ket/doi-tuong")
    return code


def expect_kept(page: Page) -> None:
    """Page two with the name that was typed before, though the rest of the page was not answered yet."""
    expect(page).to_have_url("/ky-cam-ket/doi-tuong")
    expect(page.locator("[name=name]")).to_have_value(NAME)
    expect(page.locator("[name=kind][value=organisation]")).to_be_checked()


def test_the_code_of_page_one_opens_the_draft_elsewhere(new_context: Contexts, email: str) -> None:
    first = new_context().new_page()
    code = begin(first, email)
    fill(first, {"kind": "organisation", "name": NAME})
    go_on(first)
    expect(first.locator(".error-summary")).to_be_visible()

    other = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    other.goto("/ky-cam-ket/doi-tuong")
    expect(other).to_have_url("/ky-cam-ket/tiep-tuc")
    fill(other, {"email": email, "resume_code": "2345-6789-ABCD"})
    go_on(other)
    expect(other.locator("[name=resume_code]")).to_have_attribute("aria-invalid", "true")
    expect(other.locator("[name=email]")).to_have_value(email)
    fill(other, {"email": email.upper(), "resume_code": f" {code.lower().replace('-', '')} "})
    go_on(other)
    expect_kept(other)
    assert_fits(other)


def test_the_mailed_link_opens_the_draft_only_when_pressed(
    new_context: Contexts, live_server: LiveServer, email: str
) -> None:
    first = new_context().new_page()
    begin(first, email)
    fill(first, {"kind": "organisation", "name": NAME})
    go_on(first)
    link = read_link(live_server, email)

    before = state_of(live_server, email)
    for method in ("GET", "HEAD", "OPTIONS") * 5:
        request = urllib.request.Request(f"{live_server.base_url}{link}", method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert NAME not in answer.read().decode()
    assert state_of(live_server, email) == before

    other = new_context(viewport=PHONE).new_page()
    other.goto(link)
    other.goto("/ky-cam-ket/doi-tuong")
    expect(other).to_have_url("/ky-cam-ket/tiep-tuc")
    other.goto(link)
    assert_accessible(other)
    go_on(other)
    expect_kept(other)

    with pytest.raises(urllib.error.HTTPError) as dead:
        urllib.request.urlopen(f"{live_server.base_url}{link}x", timeout=30)
    assert dead.value.code == 410
    dead.value.close()


def state_of(server: LiveServer, email: str) -> tuple[object, ...]:
    draft = draft_of(server, email)
    with server.database.read() as session:
        link = session.scalars(select(AccessLink).where(AccessLink.subject_id == draft.id)).one()
    return draft.changed_at, draft.answers, draft.expires_at, link.revoked_at, link.expires_at


def test_a_lost_session_loses_nothing_typed(new_context: Contexts, live_server: LiveServer, email: str) -> None:
    """Eight hours of silence: no cookie, and a token that belongs to nothing any more."""
    context = new_context()
    page = context.new_page()
    begin(page, email)
    fill(page, {"kind": "organisation", "name": NAME, "location": "local", "tax_code": "123"})
    context.clear_cookies()
    go_on(page)
    expect(page.locator(".banner--warning")).to_contain_text("hãy gửi lại")
    expect_kept(page)
    expect(page.locator("[name=tax_code]")).to_have_value("123")
    assert page.locator(".error-summary").count() == 0
    fill(page, {"tax_code": "9999999002"})
    page.evaluate("() => document.querySelectorAll('[name=csrf_token]').forEach(it => { it.value = 'IjEi.aaaa.bbbb' })")
    go_on(page)
    expect(page.locator(".banner--warning")).to_be_visible()
    expect_kept(page)
    go_on(page)
    expect(page).to_have_url("/ky-cam-ket/dia-ban")
    assert draft_of(live_server, email).answers["doi-tuong"]["name"] == NAME


def test_a_session_lost_before_the_signature(new_context: Contexts, live_server: LiveServer, email: str) -> None:
    context = new_context(java_script_enabled=False)
    page, code = ready_to_sign(live_server, context, seller_pages(8101, group__email=email))
    fill_signature(page, SIGNER, code)
    context.clear_cookies()
    go_on(page)
    expect(page.locator(".banner--warning")).to_be_visible()
    expect(page.locator("[name=consent_processing]")).to_be_checked()
    expect(page.locator("[name=typed_name]")).to_have_value(SIGNER)
    expect(page.locator("[name=code]")).to_have_value(code)
    assert count_pledges(live_server, email) == 0
    go_on(page)
    expect(page).to_have_url("/ky-cam-ket/xong")
    assert count_pledges(live_server, email) == 1


def test_two_tabs_and_the_way_back_make_one_pledge(new_context: Contexts, live_server: LiveServer, email: str) -> None:
    context = new_context()
    first, code = ready_to_sign(live_server, context, seller_pages(8102, group__email=email))
    second = context.new_page()
    second.goto("/ky-cam-ket/ky")
    old = context.new_page()
    old.goto("/ky-cam-ket/doi-tuong")
    for page in (first, second):
        fill_signature(page, SIGNER, code)
    go_on(first)
    expect(first).to_have_url("/ky-cam-ket/xong")
    [reference] = references_on(first)
    go_on(second)
    expect(second.locator("main")).to_contain_text(reference)
    fill(old, {"name": "Tên đổi sau khi ký"})
    go_on(old)
    expect(old).to_have_url("/ky-cam-ket/xong")
    back(first)
    expect(first).to_have_url("/ky-cam-ket/xong")
    first.goto("/ky-cam-ket/kiem-tra")
    expect(first).to_have_url("/ky-cam-ket/xong")
    assert references_on(first) == [reference]
    assert count_pledges(live_server, email) == 1
    assert draft_of(live_server, email).answers["doi-tuong"]["name"] != "Tên đổi sau khi ký"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_double_click_signs_once(
    new_context: Contexts, live_server: LiveServer, email: str, *, scripts: bool
) -> None:
    context = new_context(java_script_enabled=scripts)
    page, code = ready_to_sign(live_server, context, seller_pages(8103 + scripts, group__email=email))
    fill_signature(page, SIGNER, code)
    page.locator("main button.button--primary").dblclick()
    page.wait_for_url("**/ky-cam-ket/xong")
    [reference] = references_on(page)
    with live_server.database.read() as session:
        [pledge] = session.scalars(select(Pledge).where(Pledge.contact_email == email))
        assert pledge.reference == reference
        assert session.scalars(select(Entity).where(Entity.id == pledge.entity_id)).one()


def test_more_groups_before_and_after_signing(new_context: Contexts, live_server: LiveServer, email: str) -> None:
    pages = doctor_pages(8105, group__email=email)
    name = next(answers["name"] for answers in pages.values() if "name" in answers)
    page, code = ready_to_sign(live_server, new_context(viewport=PHONE), pages)
    walker = Walker(page, live_server, closely=True)
    page.goto("/ky-cam-ket/kiem-tra")
    page.locator("main a[href$='/them-nhom']").click()
    walker.look()
    fill(page, {"more_types": "influencer"})
    go_on(page)
    walker.arrived("/ky-cam-ket/dia-ban")  # an influencer has channels
    walker.look()
    fill(page, {"channels": ["youtube.com/@bacsithu"]})
    go_on(page)
    while not page.url.endswith("/kiem-tra"):
        go_on(page)
    page.goto("/ky-cam-ket/ky")
    walker.look()
    assert page.locator(".paper").count() == 2
    fill_signature(page, name, code)
    go_on(page)
    walker.arrived("/ky-cam-ket/xong")
    walker.look()
    both = references_on(page)
    assert len(both) == 2

    page.locator("main form[action$='/bo-sung'] button").click()
    walker.look()
    expect(page.locator("[name=email]")).to_have_value(email)
    fill(page, {"subject_type": "digital_seller"})
    go_on(page)
    walker.arrived("/ky-cam-ket/doi-tuong")
    expect(page.locator("[name=name]")).to_have_value(name)
    fill(page, {"kind": "person"})
    go_on(page)
    while not page.url.endswith("/kiem-tra"):
        go_on(page)
    go_on(page)
    fill_signature(page, name, read_code(live_server, email, number=2))
    go_on(page)
    walker.arrived("/ky-cam-ket/xong")
    assert set(references_on(page)).isdisjoint(both)
    assert count_pledges(live_server, email) == 3


def press_until(page: Page, selector: str, key: str = "Tab") -> None:
    """Move on until what is focused matches."""
    for _ in range(80):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"the keyboard never reaches {selector}")


def test_the_keyboard_is_enough(new_context: Contexts, live_server: LiveServer, email: str) -> None:
    page = new_context().new_page()
    page.goto(f"/ky-cam-ket?tinh={HUE}")
    press_until(page, "[name=email]")
    page.keyboard.type(email)
    press_until(page, "[name=subject_type]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=subject_type][value=digital_seller]")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page).to_have_url("/ky-cam-ket/doi-tuong")

    press_until(page, "[name=kind]")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=kind][value=person]")).to_be_checked()
    press_until(page, "[name=name]")
    page.keyboard.type("Nguyễn Thị Bàn Phím")
    press_until(page, "[name=location]")
    page.keyboard.press("Space")
    press_until(page, "main button.button--primary")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/ky-cam-ket/dia-ban")

    typed, code = commune_named(live_server, HUE, COMMUNES[HUE])
    press_until(page, "#commune-search")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    choice = page.locator(f"[name=commune][value='{code}']")
    expect(choice).to_be_visible()
    expect(page).to_have_url("/ky-cam-ket/dia-ban")
    assert page.locator(".error-summary").count() == 0
    page.wait_for_timeout(300)  # the search that follows typing has answered as well
    press_until(page, f"[name=commune][value='{code}']")
    page.keyboard.press("Space")
    expect(choice).to_be_checked()
    press_until(page, "[name=channels]")
    page.keyboard.type("facebook.com/banphim.thu")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/ky-cam-ket/nguoi-ky")
    press_until(page, "[name=of_age]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/ky-cam-ket/kiem-tra")
    press_until(page, "main button.button--primary")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/ky-cam-ket/ky")
    press_until(page, "[name=consent_processing]")
    page.keyboard.press("Space")
    press_until(page, "[name=typed_name]")
    page.keyboard.type("nguyen thi ban phim")
    press_until(page, "[name=code]")
    page.keyboard.type(read_code(live_server, email))
    page.keyboard.press("Enter")
    expect(page).to_have_url("/ky-cam-ket/xong")
