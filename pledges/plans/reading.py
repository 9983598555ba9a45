"""YAML read as located values: every value knows its file and line, so that a refusal can name both."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Never

import yaml

from pledges.core.errors import N_, DataError

LARGEST_FILE = 2_000_000
DEEPEST = 12


@dataclass(frozen=True)
class Place:
    """Where a value stands."""

    file: str
    line: int

    def refuse(self, message: str, **params: object) -> Never:
        """Raise the `DataError`; `message` is Vietnamese with places for `params`."""
        text = message % params if params else message
        raise DataError(N_("%(file)s:%(line)s: %(problem)s"), file=self.file, line=self.line, problem=text)


@dataclass(frozen=True)
class Scalar:
    text: str
    plain: bool
    place: Place

    @property
    def value(self) -> str | None:
        """None for an empty or `null` plain scalar."""
        return None if self.plain and self.text in {"", "null", "~"} else self.text


@dataclass(frozen=True)
class Listing:
    items: tuple[Located, ...]
    place: Place


@dataclass(frozen=True)
class Record:
    """One mapping. The readers refuse a missing or wrong value naming its line."""

    values: dict[str, Located]
    keys: dict[str, Place]
    place: Place

    def only(self, *allowed: str) -> None:
        """Refuse every key that is not `allowed`: a typing error must not be silently ignored."""
        for key, place in self.keys.items():
            if key not in allowed:
                place.refuse(
                    N_("không có trường “%(key)s”; các trường được dùng: %(allowed)s"),
                    key=key,
                    allowed=", ".join(allowed),
                )

    def at(self, key: str) -> Place:
        return self.keys.get(key, self.place)

    def has(self, key: str) -> bool:
        found = self.values.get(key)
        return found is not None and not (isinstance(found, Scalar) and found.value is None)

    def _scalar(self, key: str) -> str | None:
        found = self.values.get(key)
        if found is None:
            return None
        if not isinstance(found, Scalar):
            self.at(key).refuse(N_("“%(key)s” phải là một giá trị, không phải danh sách"), key=key)
        return found.value

    def text(self, key: str, *, blank: bool = False) -> str:
        """A text that must be there; `blank`: it may be empty."""
        found = self._scalar(key)
        if key not in self.values or (not blank and not (found or "").strip()):
            self.at(key).refuse(N_("thiếu “%(key)s”"), key=key)
        return found or ""

    def optional(self, key: str) -> str | None:
        return self._scalar(key)

    def one_of(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        found = self._scalar(key)
        if found is None and default is not None:
            return default
        names = sorted(str(each) for each in allowed)
        if found not in names:
            self.at(key).refuse(
                N_("“%(key)s” là “%(found)s”; phải là một trong: %(names)s"),
                key=key,
                found=found,
                names=", ".join(names),
            )
        return found

    def reference(self, key: str, known: Collection[str]) -> str | None:
        """The id of something in the same file; `null` must be written out."""
        if key not in self.values:
            self.place.refuse(N_("thiếu “%(key)s”; viết null nếu không có"), key=key)
        found = self.optional(key)
        if found is not None and found not in known:
            self.at(key).refuse(N_("không có “%(found)s” trong tệp này"), found=found)
        return found

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        if default is not None and key not in self.values:
            return default
        return self.one_of(key, ("true", "false")) == "true"

    def number(self, key: str, *, most: int, default: int | None = None) -> int:
        found = self._scalar(key)
        if found is None and default is not None:
            return default
        if found is None or not found.isascii() or not found.isdecimal() or not 0 < int(found) <= most:
            self.at(key).refuse(N_("“%(key)s” phải là số từ 1 đến %(most)s"), key=key, most=most)
        return int(found)

    def day(self, key: str) -> date | None:
        found = self._scalar(key)
        return None if found is None else _as_day(found, self.at(key))

    def days(self, key: str) -> tuple[date, ...]:
        return tuple(_as_day(item.text, item.place) for item in self.scalars(key))

    def scalars(self, key: str) -> tuple[Scalar, ...]:
        """The items of a list of plain values; none when the key is missing."""
        found = self.values.get(key)
        if found is None:
            return ()
        if not isinstance(found, Listing) or not all(isinstance(item, Scalar) for item in found.items):
            self.at(key).refuse(N_("“%(key)s” phải là danh sách các giá trị"), key=key)
        return tuple(item for item in found.items if isinstance(item, Scalar))

    def record(self, key: str) -> Record:
        found = self.values.get(key)
        if not isinstance(found, Record):
            self.at(key).refuse(N_("“%(key)s” phải gồm các trường con"), key=key)
        return found

    def records(self, key: str, *, required: bool = True) -> tuple[Record, ...]:
        found = self.values.get(key)
        if found is None and not required:
            return ()
        if not isinstance(found, Listing) or not all(isinstance(item, Record) for item in found.items):
            self.at(key).refuse(N_("“%(key)s” phải là danh sách các mục"), key=key)
        return tuple(item for item in found.items if isinstance(item, Record))

    def plain(self, *keys: str) -> dict[str, Any]:
        """These keys as values for a JSON column; keys that are not there are left out."""
        return {key: as_json(self.values[key]) for key in keys if key in self.values}


Located = Scalar | Listing | Record


def as_json(value: Located) -> Any:
    """The value without its places; plain `null`, `true`, `false` and whole numbers get their meaning."""
    if isinstance(value, Record):
        return {key: as_json(item) for key, item in value.values.items()}
    if isinstance(value, Listing):
        return [as_json(item) for item in value.items]
    if not value.plain or value.value is None:
        return value.value
    if value.text in {"true", "false"}:
        return value.text == "true"
    if value.text.isascii() and value.text.isdecimal() and len(value.text) < 10:
        return int(value.text)
    return value.text


def _as_day(text: str, place: Place) -> date:
    try:
        if len(text) != len("2026-02-28"):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        place.refuse(N_("“%(text)s” không phải ngày; viết dạng năm-tháng-ngày, ví dụ 2026-02-28"), text=text)


def read_yaml(path: Path) -> Record:
    """The mapping that a file holds. Anchors are refused: a small file could unfold into a huge one."""
    start = Place(str(path), 1)
    try:
        data = path.read_bytes()
    except OSError:
        start.refuse(N_("không mở được tệp"))
    if len(data) > LARGEST_FILE:
        start.refuse(N_("tệp lớn hơn %(most)s byte"), most=LARGEST_FILE)
    try:
        events = yaml.parse(data.decode("utf-8"), Loader=_fast_loader())
        found = _document(events, str(path))
    except UnicodeDecodeError:
        start.refuse(N_("tệp không phải UTF-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        Place(str(path), mark.line + 1 if mark else 1).refuse(
            N_("không đọc được YAML: %(problem)s"), problem=error.problem or error.context or ""
        )
    except yaml.YAMLError as error:
        start.refuse(N_("không đọc được YAML: %(problem)s"), problem=str(error))
    if not isinstance(found, Record):
        start.refuse(N_("tệp phải gồm các trường, không phải danh sách hay một giá trị"))
    return found


def _fast_loader() -> Any:
    """The loader in C where PyYAML has it: it reads a plan in a tenth of the time."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _place(event: yaml.Event, file: str) -> Place:
    return Place(file, event.start_mark.line + 1 if event.start_mark else 1)


def _document(events: Iterator[yaml.Event], file: str) -> Located | None:
    found: Located | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if found is not None:
                _place(event, file).refuse(N_("một tệp chỉ chứa một tài liệu YAML"))
            found = _value(next(events), events, file, 0)
    return found


def _value(event: yaml.Event, events: Iterator[yaml.Event], file: str, depth: int) -> Located:
    place = _place(event, file)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        place.refuse(N_("không dùng neo (&) và tham chiếu (*) của YAML"))
    if depth > DEEPEST:
        place.refuse(N_("lồng quá %(most)s tầng"), most=DEEPEST)
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(event.value, not event.style, place)

    def nested(end: type[yaml.Event], take: Callable[[yaml.Event], None]) -> None:
        while not isinstance(following := next(events), end):
            take(following)

    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Located] = []
        nested(yaml.SequenceEndEvent, lambda following: items.append(_value(following, events, file, depth + 1)))
        return Listing(tuple(items), place)

    values: dict[str, Located] = {}
    keys: dict[str, Place] = {}

    def pair(following: yaml.Event) -> None:
        key = _value(following, events, file, depth + 1)
        if not isinstance(key, Scalar):
            key.place.refuse(N_("tên trường phải là chữ"))
        if key.text in values:
            key.place.refuse(N_("trường “%(key)s” có hai lần"), key=key.text)
        values[key.text] = _value(next(events), events, file, depth + 1)
        keys[key.text] = key.place

    nested(yaml.MappingEndEvent, pair)
    return Record(values, keys, place)
