"""A signer in a real browser: fills in the pages, reads their mail, and looks at every page on the way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from lxml import html
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import func, select

from pledges.plans.queries import get_commune
from pledges.signing.models import Draft, Pledge
from tests.support.live_server import LiveServer, mail_text
from tests.support.pages import assert_accessible, assert_errors_tied, assert_fits, settled
from tests.support.signer_client import SignerClient

Contexts = Callable[..., BrowserContext]
Answers = dict[str, Any]

GO_ON = "main button.button--primary"
NARROW = {"width": 320, "height": 640}

TELLTALES = (
    "this field|required|submit|next|previous|invalid|error|warning|please|not a valid|choice|choose|select|search|"
    "email address|e-mail|address|phone|name|password|code|sign|signed|login|logout|continue|cancel|save|delete|"
    "remove|add|back|home|help|yes|no|click|here|download|upload|file|page|bad request|forbidden|the|and|with|your|"
    "you|must|csrf|token|missing|expired|session|draft|pending|approved|rejected|done|loading|none|true|false|null"
)
_ENGLISH = re.compile(rf"(?<![\w./@-])({TELLTALES})(?![\w./@-])", re.IGNORECASE)


def words_of(page: Page) -> str:
    """All that can be read or heard on the page, without what names itself as another language."""
    tree = html.document_fromstring(settled(page, page.content))
    for hidden in tree.xpath("//script | //style | //body//*[@lang='en']"):
        hidden.drop_tree()
    spoken = tree.xpath("//@aria-label | //@title | //@placeholder | //@alt | //title/text()")
    return " ".join([*spoken, *tree.body.itertext()])


def assert_vietnamese(page: Page) -> None:
    found = _ENGLISH.search(words_of(page))
    around = "" if found is None else found.string[max(0, found.start() - 60) : found.end() + 60]
    assert found is None, f"{page.url} says {found[0] if found else ''!r}: …{around}…"


def fill(page: Page, answers: Answers) -> None:
    """Type and tick what a person would, by the names of the controls."""
    page.wait_for_load_state("domcontentloaded")
    for name, value in answers.items():
        if name == "commune":
            choose_commune(page, value)
        elif isinstance(value, list):
            _fill_rows(page, name, value)
        else:
            _fill_one(page.locator(f"main [name='{name}']"), value)


def _fill_one(control: Locator, value: str) -> None:
    if control.count() > 1 or control.get_attribute("type") in {"radio", "checkbox"}:
        control.and_(control.page.locator(f"[value='{value}']")).check()
    elif control.evaluate("(element) => element.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)


def _fill_rows(page: Page, name: str, values: list[str]) -> None:
    rows = page.locator(f"main input[name='{name}']")
    for index, value in enumerate(values):
        if index:
            page.locator(f"main [name='{name}-rows'][value='add']").click()
            expect(rows).to_have_count(index + 1)
        rows.nth(index).fill(value)


def choose_commune(page: Page, answer: tuple[str, str]) -> None:
    """`answer`: what is typed into the search, and the code of the commune that is then chosen."""
    typed, code = answer
    page.locator("#commune-search").fill(typed)
    page.locator("main [name='commune-find']").click()
    page.locator(f"main input[name='commune'][value='{code}']").check()


def go_on(page: Page) -> None:
    page.locator(GO_ON).click()


@dataclass
class Walker:
    """`closely`: axe looks at every page too, where scripts may run."""

    page: Page
    server: LiveServer
    closely: bool = False
    vietnamese: bool = True

    def look(self, *, closely: bool = True) -> None:
        """What must hold for every page. Axe is slow: of a page and the same page with errors, the latter is enough."""
        page = self.page
        expect(page.locator("h1")).to_have_count(1)
        assert_fits(page)
        if self.vietnamese:
            assert_vietnamese(page)
        if self.closely and closely:
            assert_accessible(page)
        size = page.viewport_size
        if size is not None and size["width"] < 1000:
            page.set_viewport_size(NARROW)  # type: ignore[arg-type]
            assert_fits(page)
            page.set_viewport_size(size)

    def err(self, *, focus: bool) -> None:
        """Look, send the page as it is, with nothing answered, and look again."""
        self.look(closely=False)
        before = self.page.url
        go_on(self.page)
        expect(self.page.locator(".error-summary")).to_be_visible()
        assert self.page.url == before
        assert_errors_tied(self.page)
        if focus:
            expect(self.page.locator(".error-summary")).to_be_focused()
        self.look()

    def answer(self, answers: Answers, leads_to: str) -> None:
        fill(self.page, answers)
        go_on(self.page)
        self.arrived(leads_to)

    def arrived(self, path: str) -> None:
        self.page.wait_for_load_state("domcontentloaded")
        complaints = self.page.locator(".error-summary")
        said = complaints.inner_text() if complaints.count() else ""
        assert self.page.url.partition("?")[0] == f"{self.server.base_url}{path}", said


def read_code(server: LiveServer, email: str, *, number: int = 1) -> str:
    """The six digits of the `number`-th mail with a code."""
    deadline = time.monotonic() + 30
    while True:
        texts = [mail_text(message) for message in server.mails_to(email)]
        codes = [found[1] for text in texts if (found := re.search(r"^\s+(\d{6})\s*$", text, re.MULTILINE))]
        if len(codes) >= number:
            return codes[number - 1]
        assert time.monotonic() < deadline, (texts, server.log("worker")[-2000:])
        time.sleep(0.05)


def read_link(server: LiveServer, email: str) -> str:
    """The link that resumes the draft, as a path."""
    found = re.search(r"(/ky-cam-ket/tiep-tuc/\S+)", mail_text(server.mail_to(email, seconds=30)))
    assert found is not None
    return found[1]


def mail_about(server: LiveServer, address: str, subject: str) -> EmailMessage:
    """The newest mail to an address with these words in its subject."""
    deadline = time.monotonic() + 60
    while True:
        mails = server.mails_to(address)
        if found := [mail for mail in mails if subject in str(mail["Subject"])]:
            return found[-1]
        subjects = [str(mail["Subject"]) for mail in mails]
        assert time.monotonic() < deadline, (subject, subjects, server.log("worker")[-2000:])
        time.sleep(0.05)


def path_in(mail: EmailMessage, start: str) -> str:
    """The path of the link in a mail that begins like this."""
    [found] = set(re.findall(rf"https?://[^/\s]+({re.escape(start)}\S+)", mail_text(mail)))
    return str(found)


def attached_to(mail: EmailMessage) -> dict[str, bytes]:
    return {str(part.get_filename()): bytes(part.get_content()) for part in mail.iter_attachments()}


def commune_named(server: LiveServer, province: str, code: str) -> tuple[str, str]:
    """What somebody types to find this commune, and its code."""
    with server.database.read() as session:
        commune = get_commune(session, province, code)
        assert commune is not None
        return commune.name.partition(" ")[2], code


def ready_to_sign(server: LiveServer, context: BrowserContext, pages: dict[Any, Answers]) -> tuple[Page, str]:
    """A browser page before the text to be signed, everything answered, and the code; without the walk there."""
    client = SignerClient(server.base_url)
    client.fill_in(pages)
    for cookie in client.cookies:
        context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": server.base_url}])
    page = context.new_page()
    page.goto("/ky-cam-ket/ky")
    return page, read_code(server, next(iter(pages.values()))["email"])


def fill_signature(page: Page, name: str, code: str) -> None:
    fill(page, {"consent_processing": "yes", "typed_name": name, "code": code})


def references_on(page: Page) -> list[str]:
    return sorted(set(re.findall(r"CK-\d\d-\d{4}-[A-Z0-9]{6}", page.locator("main").inner_text())))


def draft_of(server: LiveServer, email: str) -> Draft:
    with server.database.read() as session:
        return session.scalars(select(Draft).where(Draft.email == email)).one()


def count_pledges(server: LiveServer, email: str) -> int:
    with server.database.read() as session:
        return session.scalar(select(func.count()).select_from(Pledge).where(Pledge.contact_email == email)) or 0
