"""What no page and no module does, whatever is typed: lead elsewhere, ask another server, take text for markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.formulas import csv_safe, formula_safe
from pledges.signing.rules import Page as Step
from pledges.web.security import audience_of
from tests.support.checked_pages import CheckedClient
from tests.support.signing import seller_pages

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "pledges").rglob("*.py")}

ELSEWHERE = ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\t//evil.example")
LEADING_AWAY = re.compile(r"(?:href|action|src)=\"(?:https?:|//|/\\|javascript:)[^\"]*(?:evil|alert)")
NAMES = ("next", "url", "return", "redirect", "back", "ve", "tu", "quay-lai", "lang", "tinh", "dich")


@pytest.mark.parametrize("where", ELSEWHERE)
def test_no_parameter_leads_elsewhere(small_app: Flask, where: str) -> None:
    """Every page that needs no object in its address, with every usual name of such a parameter."""
    pages = [
        rule.rule
        for rule in small_app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and audience_of(small_app, rule.endpoint) != "program"
    ]
    client, asked = small_app.test_client(), dict.fromkeys(NAMES, where)
    for path in pages:
        if path == "/readyz":
            continue
        answer = client.get(path, query_string=asked)
        assert "evil" not in answer.headers.get("Location", "").partition("?")[0], path
        assert answer.mimetype != "text/html" or not LEADING_AWAY.search(answer.text), path
        answer.close()
    assert len(pages) > 20


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/..", "/%5Cevil.example", "/.//evil.example?lang=en"]
)
def test_an_address_that_looks_like_another_host_stays_here(small_app: Flask, path: str) -> None:
    answer = small_app.test_client().get(path)
    assert not re.match(r"(?:https?:)?(?://|/?\\)evil", answer.headers.get("Location", ""))
    assert not re.search(r"(?:href|action)=\"(?:https?:)?(?://|/\\)evil", answer.text)


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "{{ 7*7 }}{% include '/etc/passwd' %}",
    "=HYPERLINK(1)",
    "%(secret)s {0.__class__}",
    "Robert'); DROP TABLE pledge;--",
    "\u202egnp.exe",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_is_typed_comes_back_as_text(visitor: CheckedClient, typed: str) -> None:
    """In the form again, or on the page behind it: never as markup, never carried out."""
    pages = seller_pages(who__name=typed)
    page = visitor.get("/ky-cam-ket?tinh=46")
    for step in (Step.GROUP, Step.WHO):
        page = visitor.send(page, pages[step])
    back = visitor.get("/ky-cam-ket/doi-tuong")
    assert back.fields()["name"] == [typed]
    for shown in (page, back, visitor.get("/", query_string={"q": typed})):
        assert shown.all("//*[@onerror]") == []
        assert shown.all("//img[@src='x']") == []
        assert [link for link in shown.all("//@href") if link.startswith("javascript:")] == []


# --- Modules ---------------------------------------------------------------------------------------------------------


def test_only_mail_and_messages_leave_this_machine() -> None:
    """Nobody can name a server that the product then asks: it opens no address out of data."""
    network = re.compile(
        r"^\s*(?:import|from) (urllib\.request|requests|httpx|aiohttp|socket|smtplib|http\.client|ftplib)", re.MULTILINE
    )
    found = {(path.name, match[1]) for path, source in SOURCES.items() for match in network.finditer(source)}
    assert found == {("carriers.py", "smtplib"), ("sms.py", "http.client")}


def test_text_is_never_taken_for_markup_or_program() -> None:
    """Paragraphs of PDF files are made of pieces and not of their markup; pages are made by templates of ours."""
    for path, source in SOURCES.items():
        assert not re.search(r"\b(?:eval|exec)\(|render_template_string|from_string\(", source), path
        assert not re.search(r'\bParagraph\((?!"", )', source), path
        assert not re.search(r"\bMarkup\(f[\"']", source), path


@given(st.text("=+-@＝＋－＠;\t|, \u00a0\r\naĐ1'", max_size=30))
def test_no_text_begins_a_formula(typed: str) -> None:
    """Read as a spreadsheet program reads it: blanks skipped, cut at semicolons, tabs and bars."""
    begins = re.compile(r"[ \u00a0]*[=+\-@＝＋－＠\t\r\n]")
    assert not begins.match(formula_safe(typed))
    cells = re.split(r"[;|\t]", csv_safe(typed))
    assert not [cell for cell in cells if re.match(r"\s*[=+\-@＝＋－＠]", cell)]


def test_every_table_goes_through_the_rule() -> None:
    for path, source in SOURCES.items():
        if "csv.writer(" in source or path.name == "list_csv.py":
            assert "csv_safe" in source, path
        if "xlsxwriter.Workbook(" in source:
            assert '"strings_to_formulas": False' in source, path
            assert '"strings_to_urls": False' in source, path
            assert not re.search(r"\bsheet\.write(?:_row|_column)?\(", source), path
        assert "write_formula(" not in source or path.name == "rollup_xlsx.py", path
