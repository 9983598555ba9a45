"""The guides name only buttons and words that the product shows, and only pictures that are there."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.guards.repository import ROOT, below, name

PICTURES = ROOT / "docs" / "screenshots"
GUIDES = [path for path in below("docs", ending=".md") if path.parent.name == "huong-dan"]
WITH_PICTURES = [ROOT / "README.md", *GUIDES]
CATALOGUE = ROOT / "pledges" / "translations" / "en" / "LC_MESSAGES" / "messages.po"

PICTURE = re.compile(r"""(?:src="|!\[[^\]]*\]\()([^")\s]+)""")
LINK = re.compile(r"\]\(([^)#:\s]+)\)")
LABEL = re.compile(r"\*\*(.+?)\*\*")
VALUE = re.compile(r"%\(\w+\)s")

MOST_PICTURES = 38
LARGEST = 120_000


def shown_by(path: Path) -> list[Path]:
    return [(path.parent / given).resolve() for given in PICTURE.findall(path.read_text())]


def labels_of(text: str) -> list[str]:
    """What stands in bold and begins like a button: with a capital; questions and whole sentences are emphasis."""
    return [label for label in LABEL.findall(text) if label[0].isupper() and label[-1] not in ".?:,"]


def _pattern(text: str) -> str:
    """A text of the product, with anything in the places of its values; the colon before a value is no part of it."""
    return ".+".join(re.escape(part) for part in VALUE.split(text.strip().removesuffix(":")))


@pytest.fixture(scope="module")
def said() -> re.Pattern[str]:
    """Every text that the product shows, and nothing else."""
    with CATALOGUE.open("rb") as file:
        texts = [message.id for message in read_po(file) if isinstance(message.id, str) and message.id]
    return re.compile("|".join(map(_pattern, texts)))


def test_a_guide_for_everybody_is_there() -> None:
    of_roles = {"nguoi-ky.md", "chuyen-vien.md", "lanh-dao.md", "quan-tri.md", "can-bo-xa.md"}
    assert {path.name for path in GUIDES} == of_roles | {"danh-sach-doi-tuong.md", "dot-van-dong.md"}


@pytest.mark.parametrize("path", GUIDES, ids=name)
def test_what_stands_in_bold_is_what_a_page_says(path: Path, said: re.Pattern[str]) -> None:
    labels = labels_of(path.read_text())
    assert len(labels) > 10
    assert [label for label in labels if said.fullmatch(label) is None] == []


def test_a_label_that_is_gone_is_noticed(said: re.Pattern[str]) -> None:
    assert labels_of("Bấm **Duyệt 3 hồ sơ**, rồi **Duyệt hết luôn**. **Chú ý.** **mã hồ sơ**") == [
        "Duyệt 3 hồ sơ",
        "Duyệt hết luôn",
    ]
    assert said.fullmatch("Duyệt 3 hồ sơ")
    assert not said.fullmatch("Duyệt hết luôn")


@pytest.mark.parametrize("path", GUIDES, ids=name)
def test_a_guide_is_composed_and_leads_to_files_that_exist(path: Path) -> None:
    text = path.read_text()
    assert unicodedata.is_normalized("NFC", text)
    assert [given for given in LINK.findall(text) if not (path.parent / given).is_file()] == []


@pytest.mark.parametrize("path", WITH_PICTURES, ids=name)
def test_every_picture_exists(path: Path) -> None:
    shown = shown_by(path)
    assert shown
    assert [picture.name for picture in shown if not picture.is_file()] == []


def test_every_picture_is_shown_and_small() -> None:
    there = set(PICTURES.glob("*.png"))
    assert there == {picture for path in WITH_PICTURES for picture in shown_by(path)}
    assert len(there) <= MOST_PICTURES
    assert {picture.name: size for picture in there if (size := picture.stat().st_size) > LARGEST} == {}
