"""Werkzeug writes and compiles two functions for every route; every test has an application, and all have one set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]

_compile = Rule._compile_builder
_compiled: dict[Any, Builder] = {}


def _compile_once(rule: Rule, append_unknown: bool = True) -> Builder:
    """The function depends on nothing but what the route says: it is bound to a rule only afterwards."""
    converters = tuple((name, type(found), found.regex) for name, found in sorted(rule._converters.items()))
    defaults = tuple(sorted((rule.defaults or {}).items()))
    says = (rule.rule, tuple(rule._trace), converters, defaults, append_unknown)
    if says not in _compiled:
        _compiled[says] = _compile(rule, append_unknown)
    return _compiled[says]


def compile_routes_once() -> None:
    Rule._compile_builder = _compile_once  # type: ignore[method-assign]
