"""A signer without a browser: the real pages over HTTP, with cookies and hidden fields, as a slow phone sends them."""

from __future__ import annotations

import html
import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

from pledges.signing.rules import Page

FIELD = re.compile(r"<input[^>]*>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class SignerClient:
    """One visitor. `get` and `post` return the text of the page where the visitor ends up."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.url = base_url
        self.text = ""
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.url, path)))

    def post(self, path: str, fields: dict[str, Any]) -> str:
        data = urllib.parse.urlencode(self.hidden_fields() | fields, doseq=True).encode()
        headers = {"Origin": self.base_url, "Sec-Fetch-Site": "same-origin"}
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.url, path), data, headers))

    def _open(self, request: urllib.request.Request) -> str:
        with self._opener.open(request, timeout=30) as answer:
            self.url = answer.geturl()
            self.text = answer.read().decode()
        return self.text

    def hidden_fields(self) -> dict[str, str]:
        """The hidden fields of the page: its tokens."""
        found: dict[str, str] = {}
        for control in FIELD.findall(self.text):
            attributes = dict(ATTRIBUTE.findall(control))
            if attributes.get("type") == "hidden":
                found[attributes["name"]] = html.unescape(attributes.get("value", ""))
        return found

    def fill_in(self, pages: dict[Page, dict[str, Any]]) -> None:
        """Every page up to the one with the text to be signed; a code has been sent at the end."""
        group = dict(pages[Page.GROUP])
        self.get(f"/ky-cam-ket?tinh={group['province']}")
        self.post("/ky-cam-ket", group)
        for page in (Page.WHO, Page.PLACE, Page.SIGNER):
            assert self.url.endswith(page.value), (self.url, self.complaints())
            self.post(self.url, pages[page])
        assert self.url.endswith(Page.CHECK.value), (self.url, self.complaints())
        self.post("/ky-cam-ket/ma", {})
        assert self.url.endswith(Page.SIGN.value), (self.url, self.complaints())

    def sign(self, name: str, code: str) -> str:
        fields = {"consent_processing": "yes", "typed_name": name, "code": code}
        return self.post("/ky-cam-ket/ky", fields)

    def complaints(self) -> list[str]:
        """What the error summary of the page says."""
        return [html.unescape(found) for found in re.findall(r'<li><a href="#[^"]*">([^<]*)</a></li>', self.text)]

    @property
    def references(self) -> list[str]:
        return sorted(set(re.findall(r"CK-\d\d-\d{4}-[A-Z0-9]{6}", self.text)))
