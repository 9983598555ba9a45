"""The English catalogue holds every Vietnamese text of code and templates, with the same places for values."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from tests.guards.repository import ROOT, name

ENGLISH = ROOT / "pledges" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
PLACE = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯạảãàáầấậẩẫằắặẳẵẹẻẽèéềếệểễịỉĩìíọỏõòóồốộổỗờớợởỡụủũùúừứựửữỵỷỹỳý]")


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Every text with the files where it stands."""
    template = tmp_path_factory.mktemp("texts") / "messages.pot"
    subprocess.run([ROOT / "scripts" / "translations", "--extract", template], check=True, cwd=ROOT)
    return {_single(m.id): [place for place, _ in m.locations] for m in read(template) if m.id}


def _single(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


@pytest.fixture(scope="module")
def catalogue() -> dict[str, str]:
    assert ENGLISH.exists(), f"{name(ENGLISH)} is missing: make translations"
    return {_single(m.id): _single(m.string or "") for m in read(ENGLISH) if m.id and not m.fuzzy}


def test_the_texts_are_found(wanted: dict[str, list[str]]) -> None:
    assert len(wanted) > 100
    assert any(place.startswith("templates/") for places in wanted.values() for place in places)
    assert any(place.startswith("pledges/") for places in wanted.values() for place in places)


def test_every_text_is_translated(wanted: dict[str, list[str]], catalogue: dict[str, str]) -> None:
    missing = {text: places for text, places in wanted.items() if not catalogue.get(text, "").strip()}
    assert missing == {}, "run `make translations`, then write the English texts"


def test_the_catalogue_holds_nothing_that_is_gone(wanted: dict[str, list[str]], catalogue: dict[str, str]) -> None:
    assert sorted(set(catalogue) - set(wanted)) == []


def test_the_places_for_values_are_the_same(catalogue: dict[str, str]) -> None:
    def places(text: str) -> list[tuple[str, ...]]:
        return sorted(set(PLACE.findall(text)))

    assert {vi: en for vi, en in catalogue.items() if places(vi) != places(en)} == {}


def test_texts_in_the_source_are_vietnamese(wanted: dict[str, list[str]]) -> None:
    """An English sentence in the source would stand on Vietnamese pages."""
    sentences = [text for text in wanted if len(text.split()) > 3]
    assert [text for text in sentences if not VIETNAMESE.search(text)] == []
