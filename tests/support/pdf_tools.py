"""Second opinions on PDFs, by programs that share no code with us."""

from __future__ import annotations

import html
import re
import subprocess
import unicodedata
from pathlib import Path

NOTO = Path("/usr/share/fonts/truetype/noto")


def run(*command: str | Path) -> str:
    """What the program says; its exit status must be 0."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def text_of(pdf: bytes, folder: Path) -> str:
    """The text as `pdftotext` reads it, in the order of drawing; asserts that it is NFC.

    Its other orders take away hyphens at line ends, which may be part of a web address.
    """
    path = folder / "text.pdf"
    path.write_bytes(pdf)
    text = run("pdftotext", "-raw", path, "-")
    assert text == unicodedata.normalize("NFC", text)
    return text


def pages_of(pdf: bytes, folder: Path) -> list[str]:
    return text_of(pdf, folder).split("\f")[:-1]


def running_text_of(pdf: bytes, folder: Path) -> str:
    """The text without blanks, header and footers: what was signed, whole across the page breaks."""
    return "".join(squeezed(page.split("Mã hồ sơ:")[0].split(" bằng chứng\n")[-1]) for page in pages_of(pdf, folder))


def other_faces(folder: Path) -> Path:
    """A folder with a family that is not the usual one, for `PLEDGES_PDF_FONTS`."""
    faces = folder / "faces"
    faces.mkdir()
    for style in ("Regular", "Bold", "Italic"):
        (faces / f"NotoSerif-{style}.ttf").write_bytes((NOTO / f"NotoSerif-{style}.ttf").read_bytes())
    return faces


def families_of(pdf: bytes, folder: Path) -> set[str]:
    """The families of the faces that its text is set in."""
    path = folder / "faces.pdf"
    path.write_bytes(pdf)
    names = [line.split()[0] for line in run("pdffonts", path).splitlines()[2:]]
    return {name.rpartition("+")[2].partition("-")[0] for name in names}


def squeezed(text: str) -> str:
    """Without any blanks, to compare across line ends."""
    return "".join(text.split())


def pdfsig(pdf: bytes, folder: Path) -> str:
    path = folder / "signed.pdf"
    path.write_bytes(pdf)
    return run("pdfsig", "-nocert", path)


def assert_sound(pdf: bytes, folder: Path) -> None:
    """`qpdf --check` finds nothing to complain about, not even a warning (which is exit status 3)."""
    path = folder / "sound.pdf"
    path.write_bytes(pdf)
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", path)


def words_of(pdf: bytes, folder: Path) -> list[tuple[int, str, tuple[float, float, float, float]]]:
    """Each printed word with its page (from 0) and its box: left, bottom, right, top in points."""
    path = folder / "words.pdf"
    path.write_bytes(pdf)
    found, page, height = [], -1, 0.0
    for line in run("pdftotext", "-bbox", path, "-").splitlines():
        if start := re.search(r'<page width="[\d.]+" height="([\d.]+)"', line):
            page, height = page + 1, float(start[1])
        elif word := re.search(r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*)</word>', line):
            left, upper, right, lower = (float(word[index]) for index in range(1, 5))
            found.append((page, html.unescape(word[5]), (left, height - lower, right, height - upper)))
    return found
