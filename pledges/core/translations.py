"""The catalogues of texts in other languages, read from the `.po` files themselves: a compiled copy could be stale."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

import pledges

FOLDER = Path(pledges.__path__[0]) / "translations"


def read_catalogue(language: str, folder: Path = FOLDER) -> NullTranslations:
    """What is not in it, or in no catalogue at all, stays as it is written in the source: Vietnamese."""
    path = folder / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Translations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return Translations(compiled)
