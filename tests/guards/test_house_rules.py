"""House rules that a machine can hold: size and names of files, direction of imports, letters in one form."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from pledges.audit.catalogue import FACT_KINDS
from tests.guards.repository import ROOT, below, files, name

PROGRAM = below("pledges", ending=".py")
MOST_LINES = 400
EMPTY_NAMES = {"manager", "helper", "utils", "util", "handler", "service", "common"}


def test_the_guards_look_at_the_program() -> None:
    assert len(PROGRAM) > 30
    assert ROOT / "pledges" / "core" / "db.py" in PROGRAM


def test_no_file_is_too_long() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in PROGRAM}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    words = {name(path): set(path.stem.split("_")) for path in PROGRAM}
    singular = {path: {word.removesuffix("s") for word in given} | given for path, given in words.items()}
    folders = {name(path.parent) for path in PROGRAM if path.parent.name.removesuffix("s") in EMPTY_NAMES}
    assert [path for path, given in singular.items() if given & EMPTY_NAMES] == []
    assert folders == set()


def test_imports_go_down_only() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def text_files() -> list[Path]:
    return [path for path in files() if b"\0" not in path.read_bytes()[:8000]]


def test_every_text_is_in_composed_letters() -> None:
    """Decomposed Vietnamese looks the same and matches nothing; tests that need it write escapes."""
    texts = text_files()
    assert len(texts) > 60
    assert [name(path) for path in texts if not unicodedata.is_normalized("NFC", path.read_text())] == []


def recorded_kinds() -> set[str]:
    """The literal kinds in calls of `record(…)`, of what areas wrap around it under that name, and in their tables
    of facts."""
    kinds = set()
    for path in PROGRAM:
        for node in ast.walk(ast.parse(path.read_text())):
            given: list[ast.expr] = []
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                given = node.args if called.lstrip("_") == "record" else []
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                named = any(isinstance(target, ast.Name) and target.id.endswith("FACTS") for target in node.targets)
                given = node.value.values if named else []
            texts = [str(each.value) for each in given if isinstance(each, ast.Constant)]
            kinds |= {text for text in texts if re.fullmatch(r"[a-z]+\.[a-z_]+", text)}
    return kinds


def test_the_catalogue_holds_exactly_the_facts_that_are_recorded() -> None:
    """A kind that no call names literally cannot be searched for, and one that nothing records says nothing."""
    assert recorded_kinds() == set(FACT_KINDS)


@pytest.mark.parametrize("kind", sorted(FACT_KINDS))
def test_a_kind_of_fact_begins_with_its_object(kind: str) -> None:
    about, _, verb = kind.partition(".")
    assert verb
    assert FACT_KINDS[kind].title.strip()
    assert FACT_KINDS[kind].object_kind == about or about in {"plans", "wording"}


def test_what_all_threads_share_is_ready_when_it_is_imported() -> None:
    """A plain `aliased()` gets its columns at first use, and two threads that come at once each get their own."""
    named = {
        f"{name(path)}:{node.lineno}"
        for path in PROGRAM
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and "aliased(" in ast.unparse(node)
    }
    assert named == set()
