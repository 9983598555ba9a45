"""Post every column of every model to one form, and see what was read of it and what was written."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Flask, Request
from lxml import html
from sqlalchemy import event
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.test import TestResponse

from tests.security.extra_fields import UNLIKELY, every_column
from tests.support.walk_world import Actor, World

PUSHED = {UNLIKELY, uuid.UUID(int=7), date(2020, 1, 2)}
TYPED = {
    "email": "moi@vidu.vn",
    "tel": "0912345678",
    "textarea": "Thử nghiệm",
    "text": "Thử nghiệm",
}
"""What an honest officer writes into an empty control, by its type."""


class Recorded(ImmutableMultiDict[str, str]):
    """What was sent, and which names of it anybody has asked for; `*` stands for all of them at once."""

    read: set[str] = set()

    def get(self, key: str, *args: Any, **options: Any) -> Any:
        self.read.add(key)
        return super().get(key, *args, **options)

    def getlist(self, key: str, *args: Any, **options: Any) -> Any:
        self.read.add(key)
        return super().getlist(key, *args, **options)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)

    def _all(self) -> None:
        self.read.add("*")

    def __iter__(self) -> Iterator[str]:
        self._all()
        return super().__iter__()

    def items(self, *args: Any, **options: Any) -> Any:
        self._all()
        return super().items(*args, **options)

    def lists(self) -> Any:
        self._all()
        return super().lists()

    def keys(self) -> Any:
        self._all()
        return super().keys()

    def values(self) -> Any:
        self._all()
        return super().values()

    def to_dict(self, *args: Any, **options: Any) -> Any:
        self._all()
        return super().to_dict(*args, **options)


class RecordingRequest(Request):
    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.__dict__["form"] = Recorded(self.__dict__["form"])


@dataclass
class Pushed:
    answer: TestResponse
    unlisted: set[str]
    """Names that were read although no form shows them."""
    written: set[str]
    """Statements that carried a value which nobody could type."""
    changed: bool


@dataclass
class Pusher:
    """Of one staged database, which is as it was before each post."""

    app: Flask
    world: World
    pages: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app.request_class = RecordingRequest
        self._connection = sqlite3.connect(str(self.world.product.database.url.database))
        self._before = sqlite3.connect(":memory:")
        self._connection.backup(self._before)
        self._cookies = {actor.name: dict(actor.client._cookies or {}) for actor in self.world.actors}

    def close(self) -> None:
        self._connection.close()
        self._before.close()

    def restore(self, actor: Actor) -> None:
        self._before.backup(self._connection)
        actor.client._cookies = dict(self._cookies[actor.name])

    def forms(self, actor: Actor, path: str) -> list[Any]:
        """The posting forms of a page, as (address, form)."""
        if (actor.name, path) not in self.pages:
            answer = actor.client.get(path)
            self.pages[actor.name, path] = _forms(answer, path)
        return self.pages[actor.name, path]

    def push(self, actor: Actor, path: str, near: list[str], shown: set[str]) -> Pushed:
        """`near`: pages on which the form may stand, the likeliest first; `shown`: what it has besides, elsewhere."""
        forms: list[Any] = []
        for page in near:
            forms = [form for action, form in self.forms(actor, page) if action == path]
            if forms:
                break
        body = filled(forms[0]) if forms else MultiDict()
        listed = shown | {name for form in forms for name in form.xpath(".//@name")}
        extra = {name: value for name, value in every_column().items() if name not in listed}
        Recorded.read = set()
        before = self._version()
        with _writes(self.world) as written:
            answer = actor.client.post(path, data=MultiDict([*body.items(multi=True), *extra.items()]))
        changed = self._version() != before
        listed |= {name for _action, form in _forms(answer, path) for name in form.xpath(".//@name")}
        if changed:
            self.restore(actor)
        return Pushed(answer, Recorded.read - listed - {"csrf_token"}, written, changed)

    def _version(self) -> Any:
        return self._connection.execute("PRAGMA data_version").fetchone()


def _forms(answer: TestResponse, path: str) -> list[Any]:
    if not answer.content_type.startswith("text/html") or not answer.text:
        return []
    tree = html.document_fromstring(answer.text)
    return [((form.get("action") or path).partition("?")[0], form) for form in tree.xpath("//form[@method='post']")]


def filled(form: Any) -> MultiDict[str, str]:
    """As an honest officer sends it: what stands there stays, what is empty gets something, the first of a choice."""
    sent: MultiDict[str, str] = MultiDict()
    for control in form.xpath(".//input[@name] | .//textarea[@name] | .//select[@name] | .//button[@name]"):
        kind = control.get("type") or control.tag
        name = control.get("name")
        if kind in {"file", "submit", "button"} or (kind == "radio" and name in sent):
            continue
        if kind == "select":
            options = [option.get("value") for option in control.xpath(".//option") if option.get("value")]
            value = control.value or (options[0] if options else "")
        elif kind == "textarea":
            value = control.text_content().strip() or TYPED[kind]
        else:
            value = control.get("value") or _typed(control, kind)
        sent.add(name, value)
    return sent


def _typed(control: Any, kind: str) -> str:
    hint = " ".join(control.xpath("ancestor::*[position() < 4]//*[contains(@class, 'hint')]/text()"))
    if "/20" in hint or "Ngày" in hint:
        return "01/09/2026"
    return "10" if control.get("inputmode") == "numeric" else TYPED.get(kind, "")


@contextmanager
def _writes(world: World) -> Iterator[set[str]]:
    found: set[str] = set()

    def look(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")) and _holds_pushed(given):
            found.add(statement)

    engine = world.product.database.engine
    event.listen(engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", look)


def _holds_pushed(given: Any) -> bool:
    if isinstance(given, dict):
        return any(map(_holds_pushed, given.values()))
    if isinstance(given, list | tuple):
        return any(map(_holds_pushed, given))
    text = str(given)
    return UNLIKELY in text or text in {"2020-01-02", uuid.UUID(int=7).hex, str(uuid.UUID(int=7))}
