"""A client that reads every page it gets like a strict reader: ties, tokens, links, language."""

from __future__ import annotations

from typing import Any

from flask import Flask
from lxml import html
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter, RequestRedirect
from werkzeug.test import TestResponse

WTFORMS_ENGLISH = (
    "This field is required",
    "Not a valid",
    "Invalid value",
    "Invalid Choice",
    "Field must be",
    "Invalid email address",
    "CSRF",
)


class Page:
    """One answer with its tree, checked when it is made."""

    def __init__(self, response: TestResponse, app: Flask) -> None:
        self.response = response
        self.status = response.status_code
        self.text = response.text
        self.tree = html.document_fromstring(response.text)
        self.app = app
        self.check()

    def all(self, path: str) -> list[Any]:
        return list(self.tree.xpath(path))

    @property
    def title(self) -> str:
        return str(self.tree.findtext(".//title"))

    @property
    def words(self) -> str:
        """What can be read on the page."""
        return " ".join(self.tree.body.text_content().split())

    @property
    def problems(self) -> list[str]:
        """The messages of the error summary."""
        return [item.text_content().strip() for item in self.all("//*[@data-error-summary]//li")]

    def control(self, id: str) -> Any:
        [found] = self.all(f'//*[@id="{id}"]')
        return found

    def check(self) -> None:
        self._check_heading()
        self._check_ids()
        self._check_labels()
        self._check_forms()
        self._check_policy()
        self._check_links()
        self._check_errors()
        if self.all("//html/@lang") == ["vi"]:
            assert [text for text in WTFORMS_ENGLISH if text in self.text] == []

    def _check_heading(self) -> None:
        assert len(self.all("//h1")) == 1
        assert self.title.strip()
        assert self.all("//html/@lang")[0] in {"vi", "en"}
        assert len(self.all("//main")) == 1

    def _check_ids(self) -> None:
        ids = self.all("//@id")
        assert sorted(ids) == sorted(set(ids)), "an id stands twice"
        for name in ("aria-describedby", "aria-labelledby"):
            for value in self.all(f"//@{name}"):
                assert set(value.split()) <= set(ids), f"{name}={value} leads nowhere"

    def _check_labels(self) -> None:
        labelled = set(self.all("//label/@for"))
        assert labelled <= set(self.all("//@id"))
        for control in self.all("//input[not(@type='hidden')] | //select | //textarea"):
            assert control.get("id") in labelled, html.tostring(control)

    def _check_forms(self) -> None:
        assert self.all("//@required") == []
        for form in self.all("//form"):
            if form.get("method", "get").lower() == "post":
                assert form.get("novalidate") is not None
                assert form.xpath(".//input[@name='csrf_token']/@value"), "a form without a token"
            assert form.xpath(".//button"), "a form without a button"

    def _check_policy(self) -> None:
        assert self.all("//@style | //style | //script[not(@src)]") == []
        assert self.all("//@*[starts-with(name(), 'on')]") == []

    def _check_links(self) -> None:
        """Every link of our own leads to a page that exists."""
        urls = self.app.url_map.bind("localhost")
        for href in self.all("//a/@href | //form/@action | //img/@src | //link/@href | //script/@src"):
            if href.startswith("#"):
                assert self.all(f'//*[@id="{href[1:]}"]'), f"{href} leads nowhere"
            elif href.startswith("/"):
                path = href.partition("?")[0].partition("#")[0]
                if path == self.response.request.path:
                    continue
                assert _leads_somewhere(urls, path), f"{href} leads nowhere"

    def _check_errors(self) -> None:
        links = self.all("//*[@data-error-summary]//a")
        if self.all("//*[@data-error-summary]"):
            assert self.title.startswith(("Lỗi: ", "Error: "))
        for link in links:
            control = self.control(link.get("href")[1:])
            fieldsets = control.xpath("ancestor-or-self::*[@aria-describedby][self::fieldset or @aria-invalid]")
            ids = " ".join(element.get("aria-describedby") for element in fieldsets).split()
            ties = " ".join(self.control(id).text_content() for id in ids)
            assert link.text_content().strip() in ties, f"{link.text_content()!r} is not tied to its control"

    def fields(self, form: int = 0) -> dict[str, list[str]]:
        """What a browser would send of the `form`-th posting form, without any button."""
        found = self.all("//form[@method='post']")[form]
        values: dict[str, list[str]] = {}
        for control in found.xpath(".//input | .//select | .//textarea"):
            if control.get("type") in {"checkbox", "radio"} and control.get("checked") is None:
                continue
            if control.get("type") != "file":
                value = control.value if control.tag != "textarea" else (control.text or "").removeprefix("\n")
                values.setdefault(control.get("name"), []).append(value or "")
        return values


def _leads_somewhere(urls: MapAdapter, path: str) -> bool:
    """A page, a redirect, or an address that takes another method than GET."""
    try:
        urls.match(path)
    except RequestRedirect:
        return True
    except HTTPException as refusal:
        return refusal.code == 405
    return True


class CheckedClient:
    """Opens and sends pages; `allow` names the statuses that are no fault."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()

    def get(self, path: str, *, status: int = 200, **options: Any) -> Page:
        response = self.client.get(path, **options)
        assert response.status_code == status, response.text[:2000]
        return Page(response, self.app)

    def send(self, page: Page, answers: dict[str, Any] | None = None, *, form: int = 0, status: int = 200) -> Page:
        """Send a form of `page` with other answers; follows a redirect to the page behind it."""
        action = page.all("//form[@method='post']")[form].get("action") or page.response.request.full_path
        response = self.client.post(action, data={**page.fields(form), **(answers or {})}, follow_redirects=True)
        assert response.status_code == status, response.text[:2000]
        return Page(response, self.app)
