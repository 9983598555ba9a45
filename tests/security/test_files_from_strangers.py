"""Whatever file a stranger sends, it costs six seconds and 512 MB at most, and the answer says what to do."""

from __future__ import annotations

import ast
import re
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pledges.documents import page_child, page_compare_child, picture_child, verification_child, verification_upload
from pledges.documents.pictures import ACCEPT, Picture, PictureRefused, clean_each
from pledges.documents.verification_upload import inspect_upload
from pledges.imports import sheet_child, sheets
from pledges.imports.sheets import SheetRefused, open_sheets
from pledges.web import evidence_field
from pledges.web.signer import institution_routes
from tests.security import bombs

MOST_SECONDS = 6.0
MOST_MEMORY = 512 * 1024 * 1024
ROOT = Path(__file__).resolve().parents[2]
SOURCES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "pledges").rglob("*.py")}


def worked(act: Callable[[], object]) -> float:
    """Seconds of work of children: whether this machine is busy with other things does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# --- Pictures --------------------------------------------------------------------------------------------------------

BOMBS = {
    "13,000 by 13,000": bombs.png(13_000, 13_000, colour=2, bits=24, rows=False),
    "a line of 39 million": bombs.png(39_000_000, 1, rows=False),
    "a WebP of 16,383 by 16,383": bombs.lossless_webp_head(16_383, 16_383),
    "more rows than announced": bombs.png(40, 2_000_000, rows=False),
}
NOT_PICTURES = {
    "SVG": bombs.SVG,
    "HTML": bombs.HTML,
    "GIF and a script": b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
    "TIFF": b"II*\x00" + bytes(100),
    "icon": b"\x00\x00\x01\x00" + bytes(100),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run",
    "nothing": b"",
    "a head alone": b"\x89PNG\r\n\x1a\n",
}


def test_pictures_that_unfold_are_refused_by_their_head() -> None:
    def look() -> None:
        for name, answer in zip(BOMBS, clean_each(list(BOMBS.values())), strict=True):
            assert isinstance(answer, PictureRefused), name
            assert "Hãy ch" in str(answer), name

    assert worked(look) < 2


def test_a_picture_at_the_limit_is_kept_within_the_bounds() -> None:
    [answer] = clean_each([bombs.png(6_300, 6_300)])
    assert isinstance(answer, Picture)
    assert max(answer.width, answer.height) <= 2000


def test_what_is_no_picture_is_told_so_before_any_process() -> None:
    def look() -> None:
        for name, data in list(NOT_PICTURES.items())[:-1]:
            [answer] = clean_each([data])
            assert "không phải ảnh" in str(answer), name

    assert worked(look) < 0.01
    assert "svg" not in ACCEPT
    [answer] = clean_each([NOT_PICTURES["a head alone"]])
    assert isinstance(answer, PictureRefused)


def test_of_a_file_that_is_two_things_only_the_picture_is_kept() -> None:
    behind = b"PK\x03\x04 classes.dex %PDF-1.7 /OpenAction"
    sent = [bombs.jpeg_with(bombs.HTML, behind=behind), bombs.png_with_note(bombs.SVG)]
    for answer in clean_each(sent):
        assert isinstance(answer, Picture)
        assert answer.data.startswith(b"\xff\xd8\xff")
        assert answer.data.endswith(b"\xff\xd9")
        for hidden in (b"<script", b"<svg", b"PK\x03\x04", b"%PDF", b"alert"):
            assert hidden not in answer.data


# --- PDF files -------------------------------------------------------------------------------------------------------

PDFS: dict[str, Callable[[], bytes]] = {
    "5,000 empty revisions": lambda: bombs.many_revisions(5_000),
    "20 MB of one comment": lambda: b"%PDF-1.7\n%" + b"x" * 20_000_000 + b"\n%%EOF\n",
    "200,000 fields": lambda: bombs.pdf_of_many_fields(200_000),
    "140,000 fields, which is less than 10 MB": lambda: bombs.pdf_of_many_fields(140_000),
    "a tree of pages without end": lambda: bombs.pdf_of_nested_pages(5_000),
    "brackets in brackets": lambda: b"%PDF-1.7\n1 0 obj\n" + b"[\n" * 400_000,
    "dictionaries in dictionaries": lambda: b"%PDF-1.7\n1 0 obj\n" + b"<</A\n" * 200_000 + b"startxref\n9\n%%EOF\n",
    "a table of a billion objects": lambda: (
        b"%PDF-1.7\nxref\n0 1000000000\ntrailer<</Size 1000000000>>\nstartxref\n9\n"
    ),
}


@pytest.mark.parametrize("name", PDFS)
def test_no_pdf_costs_more_than_its_share(name: str) -> None:
    data = PDFS[name]()
    started = time.process_time()
    assert worked(lambda: inspect_upload(data, seconds=20)) < MOST_SECONDS
    assert time.process_time() - started < 1, "what is done before the child is cheap"


def test_papers_of_one_request_share_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three files that each take their time would otherwise hold a thread for three times as long."""
    monkeypatch.setattr(verification_upload, "CHILD", "tests.support.endless_child")
    monkeypatch.setattr(evidence_field, "MOST_SECONDS", 0.5)
    started = time.monotonic()
    answers = evidence_field.look_into([b"%PDF-1.7\n%" + bytes([48 + number]) for number in range(3)])
    assert time.monotonic() - started < 2
    assert ["gửi riêng" in str(answer) for answer in answers] == [False, True, True]


# --- Tables ----------------------------------------------------------------------------------------------------------


def test_a_table_by_an_institutions_link_has_a_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of the staff may take its minute: the worker reads it, and nobody waits for a page."""
    assert institution_routes.OPENING_SECONDS < MOST_SECONDS < sheets.CPU_SECONDS
    monkeypatch.setattr(sheets, "CHILD", "tests.support.endless_child")
    started = time.monotonic()
    with pytest.raises(SheetRefused, match="quá nhiều bộ nhớ hoặc thời gian"), open_sheets(b"a;b\n", seconds=1):
        pass
    assert time.monotonic() - started < MOST_SECONDS


# --- All of them -----------------------------------------------------------------------------------------------------


def test_every_child_caps_itself_before_it_reads() -> None:
    for module in (picture_child, verification_child, sheet_child, page_child, page_compare_child):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        [main] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
        first = main.body[0]
        assert isinstance(first, ast.Expr), module
        assert isinstance(first.value, ast.Call), module
        assert ast.unparse(first.value.func) == "cap", module
        assert module.MOST_MEMORY <= MOST_MEMORY, module
    assert max(picture_child.CPU_SECONDS, verification_child.CPU_SECONDS) < MOST_SECONDS
    assert max(page_child.CPU_SECONDS, page_compare_child.CPU_SECONDS) < MOST_SECONDS


READS = {
    re.compile(r"^\s*(from|import) PIL\b", re.MULTILINE): {
        "picture_child.py",
        "chart_pictures.py",
        "page_compare_child.py",
        "page_matching.py",
    },
    re.compile(r"^\s*(from|import) pypdfium2\b", re.MULTILINE): {"page_child.py"},
    # What lays pages over each other takes up a renderer, so that no process but its own may take it up.
    re.compile(r"import (page_matching|page_compare_child)\b|page_matching import"): {"page_compare_child.py"},
    re.compile(r"^\s*(from|import) python_calamine\b", re.MULTILINE): {"sheet_workbook.py"},
    re.compile(r"ZipFile\((?![^\n]*\"w\")"): {"sheet_formats.py"},
    re.compile(r"^\s*(from|import) (lxml|xml|pickle|yaml|marshal|tarfile)\b", re.MULTILINE): {"reading.py", "keys.py"},
}
"""What reads formats of strangers, and the modules of the children that may. The others read what is ours: charts, the
plans that come with the product, the backups of keys."""


def test_what_reads_strange_formats_is_used_in_the_children_alone() -> None:
    for path, source in SOURCES.items():
        for reads, allowed in READS.items():
            assert not reads.search(source) or path.name in allowed, (path, reads.pattern)


def test_children_are_started_in_one_way() -> None:
    """With a list of words, without our environment, and never through a shell."""
    starting = [path for path, source in SOURCES.items() if "CHILD = " in source]
    assert {path.name for path in starting} == {
        "pictures.py",
        "verification_upload.py",
        "sheets.py",
        "page_comparison.py",
    }
    for path, source in SOURCES.items():
        assert not re.search(r"shell=True|os\.system|os\.popen", source), path
        if path in starting:
            assert len(re.findall(r"subprocess\.(?:run|Popen)\(", source)) == 1, path
            assert re.search(r"subprocess\.(?:run|Popen)\([^\n]*\n\s+command\((?:CHILD|child)", source), path
            assert "env=ENVIRONMENT" in source, path
