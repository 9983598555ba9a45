"""What the strict policy forbids stands in no template, so that a page never depends on what the browser refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guards.repository import ROOT, below, name

COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
FORBIDDEN = {
    "an inline style": re.compile(r"<[^<>]*?\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline event attribute": re.compile(r"<[^<>]*?\son[a-z]+\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\ssrc\s*=)", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript\s*:", re.IGNORECASE),
    "an address of another host": re.compile(r"<(?:script|link|img|iframe|form)\b[^>]*=\s*[\"']?(?:https?:)?//", re.I),
    "unescaped output": re.compile(r"\|\s*safe\b|autoescape\s+false", re.IGNORECASE),
}
MAIL_MAY = {"an inline style", "a style element"}
"""Mail programs read no style sheet, and no policy applies to them."""

PAGES = below("templates", ending=".html")


def faults(text: str) -> set[str]:
    bare = COMMENT.sub("", text)
    return {what for what, pattern in FORBIDDEN.items() if pattern.search(bare)}


def test_there_are_templates() -> None:
    assert len(PAGES) > 5


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_template_holds_nothing_that_the_policy_forbids(path: Path) -> None:
    allowed = MAIL_MAY if path.is_relative_to(ROOT / "templates" / "email") else set()
    assert faults(path.read_text()) - allowed == set()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('<p class="a" style="color: red">', "an inline style"),
        ("<style>p {}</style>", "a style element"),
        ("<button\n onclick='x()'>", "an inline event attribute"),
        ("<script>x()</script>", "an inline script"),
        ('<a href="JavaScript:x()">', "a javascript: address"),
        ('<script src="//cdn.example/x.js"></script>', "an address of another host"),
        ("{{ text | safe }}", "unescaped output"),
    ],
)
def test_the_guard_notices(text: str, what: str) -> None:
    assert faults(text) == {what}


@pytest.mark.parametrize(
    "text",
    ['<script src="/static/a.js" defer></script>', "{# style= #}", "<p>on = 1</p>", '<a href="https://example.vn/">'],
)
def test_the_guard_lets_pass(text: str) -> None:
    assert faults(text) == set()
