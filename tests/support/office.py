"""LibreOffice without a window, as a second opinion on files that people open in an office program."""

from __future__ import annotations

from pathlib import Path

from tests.support.pdf_tools import run


def as_pdf(folder: Path, *files: Path) -> list[bytes]:
    """Each file as LibreOffice prints it; one start for all, which takes longer than the files."""
    target = folder / "printed"
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    told = run("soffice", profile, "--headless", "--norestore", "--convert-to", "pdf", "--outdir", target, *files)
    for word in ("Error", "error", "could not", "corrupt"):
        assert word not in told, told
    return [(target / f"{file.stem}.pdf").read_bytes() for file in files]
