"""Structured logs: one event, one JSON line on standard error, and no personal data.

Paths, query strings, addresses and the texts of exceptions can hold names and tokens, so none of them is logged:
a request is named by the pattern of its route, a fault by its type and the places in the code that it passed.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
import unicodedata
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

LONGEST = 500
_SEPARATORS = {"\u2028", "\u2029"}


def one_line(text: str) -> str:
    """Without anything that a terminal or a log reader could take for a line end or a command."""
    text = text[:LONGEST]
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Cs"} or c in _SEPARATORS else c for c in text)


def _clean(value: Any) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, dict):
        return {one_line(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return one_line(str(value))


def clean_values(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    return {one_line(str(key)): _clean(value) for key, value in event.items()}


def describe_fault(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and its way through the code; its text may hold what somebody typed."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["fault"] = type(error).__qualname__
        event["at"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)][-8:]
        original = getattr(error, "orig", None)
        if original is not None:
            event["cause"] = f"{type(original).__qualname__} {getattr(original, 'sqlstate', '') or ''}".strip()
    return event


_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    describe_fault,
    clean_values,
]


_PERSONAL = re.compile(r"[^\s@]+@[^\s@]+|\d[\d.\s-]{5,}\d|[\w.~+/=-]{24,}")


class _LibraryFormatter(logging.Formatter):
    """Lines of other libraries: the message without its arguments, and without what looks personal or secret."""

    def format(self, record: logging.LogRecord) -> str:
        event: MutableMapping[str, Any] = {
            "event": _PERSONAL.sub("…", str(record.msg)),
            "logger": record.name,
            "level": record.levelname.lower(),
        }
        if record.exc_info:
            event["exc_info"] = record.exc_info
        for processor in (_PROCESSORS[0], _PROCESSORS[2], *_PROCESSORS[3:]):
            event = processor(None, record.levelname.lower(), event)
        return str(structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False)(None, "", event))


def set_up_logging(stream: TextIO | None = None) -> None:
    """All events as JSON lines to `stream` (standard error)."""
    structlog.configure(
        processors=[*_PROCESSORS, structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h.formatter, _LibraryFormatter)]:
        root.removeHandler(old)
    channel = logging.StreamHandler(stream or sys.stderr)
    channel.setFormatter(_LibraryFormatter())
    root.addHandler(channel)
    root.setLevel(logging.WARNING)
    # Its own level would write every request with the address of the visitor.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
