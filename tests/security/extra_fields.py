"""A client that sends what no form asks for: every column of every model, and every field a second time."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from functools import cache
from typing import Any

from flask import Flask
from sqlalchemy import Enum, select
from werkzeug.datastructures import MultiDict

from pledges.core.db import Base, Database
from tests.support.checked_pages import CheckedClient, Page

UNLIKELY = "ke-xau@vidu.vn"


@cache
def every_column() -> dict[str, str]:
    """The name of each column of the product, with a value that its type would take."""
    names: dict[str, str] = {}
    for mapper in Base.registry.mappers:
        for attribute in mapper.column_attrs:
            names[attribute.key] = _worst(attribute.columns[0].type)
    return names


def _worst(kind: Any) -> str:
    if isinstance(kind, Enum):
        worst = [value for value in kind.enums if value in {"approved", "administrator", "paper_record", "revoked"}]
        return (worst or list(kind.enums))[0]
    python = kind.python_type
    if python is uuid.UUID:
        return str(uuid.UUID(int=7))
    return {int: "7", float: "7", bool: "1", str: UNLIKELY}.get(python, "2020-01-02")


class PushyClient(CheckedClient):
    """Fills in a form as an honest client does, and adds to it; `sent` counts what was added."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.sent = 0

    def send(self, page: Page, answers: dict[str, Any] | None = None, *, form: int = 0, status: int = 200) -> Page:
        action = page.all("//form[@method='post']")[form].get("action") or page.response.request.full_path
        fields = MultiDict({**page.fields(form), **(answers or {})})
        known = {control.get("name") for control in page.all("//form//*[@name]")} | set(fields)
        added = [(name, value) for name, value in every_column().items() if name not in known]
        self.sent += len(added)
        twice = [(name, UNLIKELY) for name in fields if len(fields.getlist(name)) == 1 and name not in _LISTS]
        body = MultiDict([*fields.items(multi=True), *added, *twice])
        response = self.client.post(action, data=body, follow_redirects=True)
        assert response.status_code == status, response.text[:2000]
        return Page(response, self.app)


_LISTS = {"channels", "items", "more_types", "goods", "asked"}
"""Of these a form takes several, so that a second one is meant."""

_VARYING = {"dedupe_key", "size"}
"""What follows from something random: the end of a token, the length of a file with an invented key."""

_RANDOM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,}|CK-\d\d-\d{4}-\w{6}|[\w.~+/=-]{20,}"
)


def told(database: Database) -> dict[str, Counter[str]]:
    """Every row of the database, without what is random in it: two runs of one story tell the same."""
    tables: dict[str, Counter[str]] = {}
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(select(table)).mappings()
            tables[table.name] = Counter(
                json.dumps({name: _plain(value) for name, value in row.items() if name not in _VARYING}) for row in rows
            )
    return tables


def _plain(value: Any) -> str:
    if isinstance(value, bytes | uuid.UUID):
        return type(value).__name__
    text = json.dumps(value, sort_keys=True, default=str) if isinstance(value, dict | list) else str(value)
    return _RANDOM.sub("…", text)
