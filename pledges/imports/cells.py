"""What stands in one cell of a list: several phones, e-mails or channels, numbers and days in many shapes.

Nothing raises: what cannot be read is kept as typed, beside the reason.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pledges.core.identity import ChannelAddress

Value = TypeVar("Value")


@dataclass(frozen=True)
class Unread:
    """A cell or a part of it that could not be read: `reason` is a message with places for `params`."""

    typed: str
    """As typed; of a personal number only the last four digits."""
    reason: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    field: str = ""
    """The field that the column means (`rows.Field`)."""


@dataclass(frozen=True)
class Read(Generic[Value]):
    values: list[Value]
    unread: list[Unread]


class NumberKind(StrEnum):
    TAX_CODE = "tax_code"
    PERSONAL_NUMBER = "personal_number"


@dataclass(frozen=True)
class Number:
    """A tax code, or the personal number that households and citizens use in its place."""

    kind: NumberKind
    value: str


def read_phones(text: str) -> Read[str]:
    """Every phone number in E.164."""
    raise NotImplementedError


def read_emails(text: str) -> Read[str]:
    raise NotImplementedError


def read_channels(text: str) -> Read[ChannelAddress]:
    raise NotImplementedError


def read_tax_code(text: str) -> Read[Number]:
    """At most one value."""
    raise NotImplementedError


def read_personal_number(text: str) -> Read[Number]:
    """At most one value; a tax code in the wrong column is taken for what it is."""
    raise NotImplementedError


def read_date(text: str) -> Read[date]:
    """At most one value."""
    raise NotImplementedError
