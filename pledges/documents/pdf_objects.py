"""Objects of a PDF from plain values, for what is added to a sealed file."""

from __future__ import annotations

import zlib
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

# pyHanko leaves the makers of its objects untyped.
_make: Any = generic


def name(text: str) -> Any:
    return pdf_name(f"/{text}")


def number(value: float) -> Any:
    return _make.NumberObject(int(value)) if value == int(value) else _make.FloatObject(f"{value:.3f}")


def numbers(*values: float) -> Any:
    return _make.ArrayObject([number(value) for value in values])


def array(*values: Any) -> Any:
    return _make.ArrayObject(list(values))


def string(text: str) -> Any:
    return _make.pdf_string(text)


def dictionary(**entries: Any) -> Any:
    return _make.DictionaryObject({name(key): value for key, value in entries.items()})


def stream(data: bytes, **entries: Any) -> Any:
    return deflated(zlib.compress(data), **entries)


def deflated(data: bytes, **entries: Any) -> Any:
    """A stream whose bytes are deflated already."""
    return _make.StreamObject(dictionary(Filter=name("FlateDecode"), **entries), encoded_data=data)
