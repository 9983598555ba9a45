"""Which faces are taken, and which are refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from pledges.core.errors import DataError
from pledges.documents.fonts import DEFAULT_FOLDER, NEEDED_LETTERS, default_faces, read_faces

NOTO = Path("/usr/share/fonts/truetype/noto")


def lay(folder: Path, **sources: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, source in sources.items():
        (folder / f"{name}.ttf").write_bytes(source.read_bytes())
    return folder


def test_the_default_faces_have_all_letters() -> None:
    faces = default_faces()
    assert faces.family == "IBM Plex Serif"
    assert set(NEEDED_LETTERS) <= faces.letters
    assert "中" not in faces.letters
    assert read_faces(None) is faces


def test_a_folder_needs_three_styles_of_one_family(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="đủ ba kiểu Regular, Bold và Italic"):
        read_faces(tmp_path)
    two = lay(
        tmp_path / "two",
        a=DEFAULT_FOLDER / "IBMPlexSerif-Regular.ttf",
        b=DEFAULT_FOLDER / "IBMPlexSerif-Bold.ttf",
        c=NOTO / "NotoSerif-Italic.ttf",
    )
    with pytest.raises(DataError, match="đủ ba kiểu"):
        read_faces(two)


def test_faces_that_lack_a_needed_letter_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Liberation Serif 1 would be, which bears the name of its usable successor; no such face is at hand."""
    sources = {style: DEFAULT_FOLDER / f"IBMPlexSerif-{style}.ttf" for style in ("Regular", "Bold", "Italic")}
    folder = lay(tmp_path / "faces", **sources)
    monkeypatch.setattr("pledges.documents.fonts.NEEDED_LETTERS", NEEDED_LETTERS + "中")
    with pytest.raises(DataError, match="IBM Plex Serif Bold thiếu 1 ký tự cần cho bản cam kết, ví dụ “中”"):
        read_faces(folder)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "times.ttf").write_bytes(b"not a font")
    with pytest.raises(DataError, match=r"times\.ttf"):
        read_faces(tmp_path)


def test_two_folders_with_equal_file_names_stay_apart(tmp_path: Path) -> None:
    styles = ("Regular", "Bold", "Italic")
    plex = read_faces(lay(tmp_path / "a", **{style: DEFAULT_FOLDER / f"IBMPlexSerif-{style}.ttf" for style in styles}))
    noto = read_faces(lay(tmp_path / "b", **{style: NOTO / f"NotoSerif-{style}.ttf" for style in styles}))
    assert {plex.regular, plex.bold, plex.italic}.isdisjoint({noto.regular, noto.bold, noto.italic})
