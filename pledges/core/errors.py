"""Refusals in the user's words. The web turns them into pages and field messages, the commands into exit codes."""

from __future__ import annotations

from typing import Any


def N_(message: str) -> str:
    """Mark a Vietnamese message for the catalogue; it is translated where it is shown."""
    return message


class Said(str):
    """A word of ours inside a message: it is translated with it, unlike names and texts that people have written."""

    __slots__ = ()


class DomainError(Exception):
    """A rule refuses. `message` is Vietnamese with `%(name)s` places for `params`; `field` names the form field."""

    status = 400

    def __init__(self, message: str, *, field: str | None = None, **params: Any) -> None:
        super().__init__(message % params if params else message)
        self.message = message
        self.field = field
        self.params = params


class NotFound(DomainError):
    """Nothing there, or nothing that this person may see: the answer is the same."""

    status = 404

    def __init__(self, message: str = N_("Không tìm thấy trang hoặc hồ sơ này.")) -> None:
        super().__init__(message)


class TooMany(DomainError):
    """A limit is reached; the message says when to try again."""

    status = 429


class Conflict(DomainError):
    """Somebody else was first; the message says what holds now."""

    status = 409


class DataError(DomainError):
    """A data file or a setting is wrong: the message names file and line."""
