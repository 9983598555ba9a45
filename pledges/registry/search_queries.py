"""What people type into a search box, read: words of a name, numbers, and addresses whole or in part. Nothing errs."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from pledges.core.errors import DomainError
from pledges.core.identity import (
    canonical_channel,
    name_key,
    parse_email,
    parse_personal_number,
    parse_phone,
    parse_tax_code,
)
from pledges.plans.places import search_key

LONGEST = 200
MOST_WORDS = 8
FEWEST_LETTERS = 3
"""Of a part of an address: fewer are in most addresses of the register."""

_BETWEEN_DIGITS = re.compile(r"[\s.()\-–+]")
_LEADS = re.compile(r"^(?:mst|ma so thue|sdt|dt|tel|cccd|cmnd)\s*:?\s*(?=[\d+])", re.IGNORECASE)
_AROUND_ADDRESS = re.compile(r"^[a-z]+://(?:www\.)?|^www\.|/+$")


@dataclass(frozen=True)
class SearchQuery:
    """Everything that one text may mean; what it cannot mean is empty."""

    words: tuple[str, ...] = ()
    """Of a name, folded; the last one may be only begun."""
    name_key: str = ""
    """The same as a whole name (`core.text.name_key`)."""
    parts: tuple[str, ...] = ()
    """A part of an address or number, as the handles of a document may have it."""
    tax_code: str = ""
    phone: str = ""
    email: str = ""
    channel: str = ""
    personal_number: str = ""

    @property
    def exact(self) -> bool:
        return bool(self.tax_code or self.phone or self.email or self.channel or self.personal_number)

    @property
    def empty(self) -> bool:
        return not (self.words or self.parts or self.exact)


def read_query(typed: str) -> SearchQuery:
    text = _printable(typed)
    number = _LEADS.sub("", text)
    digits = _BETWEEN_DIGITS.sub("", number)
    if digits.isascii() and digits.isdecimal():
        return _read_number(number, digits)
    if re.search(r"[\s,;]", text):
        return SearchQuery(words=_words(text), name_key=name_key(text))
    part = _AROUND_ADDRESS.sub("", text.casefold())
    letters = sum(letter.isalnum() for letter in part)
    is_name = not re.search(r"[@/]", text)
    channel = ""
    with suppress(DomainError):
        channel = canonical_channel(text, platform_itself=True).address
    return SearchQuery(
        words=_words(text) if is_name else (),
        name_key=name_key(text) if is_name else "",
        # Facebook knows no dots in names: "cuahang.vidu" is the page "cuahangvidu".
        parts=tuple(dict.fromkeys((part, part.replace(".", "")))) if letters >= FEWEST_LETTERS else (),
        email=_or_empty(parse_email, text),
        channel=channel,
    )


def is_personal(typed: str) -> bool:
    """Whether this may be somebody's number or address, which must not stand in the address of a page."""
    text = _printable(typed)
    runs = re.findall(r"\d+", _BETWEEN_DIGITS.sub("", text))
    return any(len(run) in {9, 12} for run in runs) or "@" in text[1:] or bool(_or_empty(parse_phone, text))


def _printable(typed: str) -> str:
    """Without what no database takes; PostgreSQL knows no NUL, and nothing encodes half of a pair."""
    visible = "".join(letter if letter.isprintable() else " " for letter in typed[: 4 * LONGEST])
    return " ".join(visible.split())[:LONGEST]


def _read_number(number: str, digits: str) -> SearchQuery:
    if len(digits) == 12:
        # Looked up by its keyed hash or as a phone with its country, and nothing else is done with it.
        return SearchQuery(
            personal_number=_or_empty(parse_personal_number, digits), phone=_or_empty(parse_phone, number)
        )
    return SearchQuery(
        words=_words(digits),
        name_key=digits,
        parts=(digits,) if len(digits) >= FEWEST_LETTERS else (),
        tax_code=_or_empty(parse_tax_code, digits),
        phone=_or_empty(parse_phone, number),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(search_key(name_key(text)).split()[:MOST_WORDS])


def _or_empty(parse: object, text: str) -> str:
    try:
        return str(parse(text))  # type: ignore[operator]
    except DomainError:
        return ""
