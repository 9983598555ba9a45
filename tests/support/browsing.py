"""A browser that shows single answers: it keeps cookies and headers in sight, and checks every page it gets."""

from __future__ import annotations

import html
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.checked_pages import Page

ENGLISH = re.compile(
    r"\b(the|this|field|required|invalid|password|login|log in|sign in|submit|error|please|user|email address|"
    r"click|page|next|back|save|cancel|approve|name)\b",
    re.IGNORECASE,
)


def visible_text(page: str) -> str:
    """The words of a page, without tags and addresses; the name of the other language is meant."""
    body = re.sub(r"<head>.*?</head>|<script.*?</script>|<style.*?</style>", " ", page, flags=re.DOTALL)
    body = re.sub(r'<a class="language".*?</a>', " ", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()


class Browser:
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.page = ""
        self.address = ""

    def open(self, address: str, **options: Any) -> TestResponse:
        response = self.client.get(address, **options)
        self._seen(address, response)
        return response

    def send(self, address: str, fields: dict[str, str] | None = None, **options: Any) -> TestResponse:
        """Post the form of the page that is open, with its token."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        data = ({"csrf_token": token.group(1)} if token else {}) | (fields or {})
        response = self.client.post(address, data=data, **options)
        self._seen(address, response)
        return response

    def follow(self, response: TestResponse) -> TestResponse:
        assert response.status_code in {302, 303}, response.status_code
        return self.open(response.headers["Location"])

    @property
    def text(self) -> str:
        return visible_text(self.page)

    def cookie(self, name: str = "session") -> str:
        found = self.client.get_cookie(name)
        assert found is not None
        return str(found.decoded_value)

    def _seen(self, address: str, response: TestResponse) -> None:
        self.address, self.page = address, response.text
        assert response.status_code != 500, address
        if response.mimetype == "text/html" and response.status_code not in {302, 303}:
            Page(response, self.app)
            if 'lang="vi"' in self.page:
                assert not (found := ENGLISH.search(self.text)), f"{address} says {found.group(0)!r}: {self.text}"
