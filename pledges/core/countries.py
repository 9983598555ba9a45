"""Countries by their ISO 3166 codes, named in Vietnamese or English (Unicode CLDR, through Babel)."""

from __future__ import annotations

import functools

from babel import Locale

from pledges.core.text import fold


@functools.cache
def countries(language: str = "vi") -> dict[str, str]:
    """Code to name, in the order of the names; Vietnam itself is left out."""
    names = {
        code: name
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in {"VN", "ZZ", "XA", "XB", "EU", "EZ", "UN", "QO"}
    }
    return dict(sorted(names.items(), key=lambda item: fold(item[1])))
