"""Fields with a choice: radio buttons, check boxes, drop-down lists, and the search in a long list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wtforms.validators import StopValidation

from pledges.core.errors import N_
from pledges.web.field_base import BaseField, MacroWidget, Text, lazy, storable, trimmed


@dataclass(frozen=True)
class Choice:
    """One radio button or check box; `group` is a heading above the first choice that carries it."""

    value: str
    label: Text
    hint: Text = ""
    group: Text = ""


class ChoiceField(BaseField):
    """Radio buttons: one of `choices`."""

    widget = MacroWidget("choice_field")
    needed = N_("Hãy chọn câu trả lời cho mục “%(label)s”.")

    def __init__(self, label: Text, *, choices: Sequence[Choice] = (), **options: Any) -> None:
        super().__init__(label, **options)
        self.choices: Sequence[Choice] = choices

    @property
    def focus_id(self) -> str:
        return self.choice_id(0)

    def choice_id(self, index: int) -> str:
        return f"{self.id}-{index + 1}"

    def is_chosen(self, value: str) -> bool:
        return bool(self.data == value)

    def clean(self, data: Any) -> Any:
        if data not in {choice.value for choice in self.choices}:
            raise StopValidation(str(lazy("Hãy chọn một mục trong danh sách.")))
        return data


class SelectField(ChoiceField):
    """A drop-down list; only where radio buttons would be too many."""

    widget = MacroWidget("select_field")

    def __init__(self, label: Text, *, empty: Text = "", **options: Any) -> None:
        super().__init__(label, **options)
        self.empty = empty or lazy("Chọn…")

    @property
    def focus_id(self) -> str:
        return str(self.id)


class YesNoField(ChoiceField):
    """`data` is True, False, or None while unanswered."""

    needed = N_("Hãy chọn Có hoặc Không cho câu “%(label)s”.")

    def __init__(self, label: Text, *, yes: Text = "", no: Text = "", **options: Any) -> None:
        answers = (Choice("yes", yes or lazy("Có")), Choice("no", no or lazy("Không")))
        super().__init__(label, choices=answers, **options)

    def process_data(self, value: Any) -> None:
        """A draft keeps the answer as typed, `yes` or `no`."""
        self.data = {"yes": True, "no": False}.get(value, value)

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.data = {"yes": True, "no": False}.get(self.raw)

    def is_empty(self) -> bool:
        return self.data is None

    def is_chosen(self, value: str) -> bool:
        return self.data is (value == "yes")

    def as_typed(self) -> str:
        return {True: "yes", False: "no"}.get(self.data, "")

    def clean(self, data: Any) -> Any:
        return data


class ChoicesField(ChoiceField):
    """Check boxes: any of `choices`; `data` is a list."""

    widget = MacroWidget("choices_field")
    needed = N_("Hãy chọn ít nhất một câu trả lời cho mục “%(label)s”.")

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = [storable(str(value)) for value in valuelist][:100]

    def is_chosen(self, value: str) -> bool:
        return value in (self.data or ())

    def clean(self, data: Any) -> list[str]:
        known = {choice.value for choice in self.choices}
        if any(value not in known for value in data):
            raise StopValidation(str(lazy("Hãy chọn trong danh sách.")))
        return list(dict.fromkeys(data))

    def as_typed(self) -> list[str]:
        return list(self.data or ())


class AgreeField(BaseField):
    """One check box that is never ticked beforehand; `data` is a bool."""

    widget = MacroWidget("agree_field")
    needed = N_("Hãy đánh dấu ô này để tiếp tục.")

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = bool(valuelist and valuelist[0] == "yes")

    def as_typed(self) -> bool:
        return bool(self.data)


class SearchChoiceField(ChoiceField):
    """A choice out of too many to list (communes): a search text, and radio buttons for what it finds.

    The view sets `search(query)`, which gives choices, and `name_of(value)`, which names one or gives None.
    Without scripts the button "Tìm" sends the page; with them the list follows the typing (`live_url`).
    """

    widget = MacroWidget("search_choice_field")
    needed = N_("Hãy tìm rồi chọn “%(label)s” trong danh sách.")

    def __init__(self, label: Text, *, search_label: Text = "", live_url: str = "", **options: Any) -> None:
        super().__init__(label, **options)
        self.search_label = search_label
        self.live_url = live_url
        self.query = ""
        self.search: Callable[[str], Sequence[Choice]] = lambda query: ()
        self.name_of: Callable[[str], Choice | None] = lambda value: None
        self._asked = False

    @property
    def focus_id(self) -> str:
        return f"{self.id}-search"

    def process(self, formdata: Any, *given: Any, **options: Any) -> None:
        super().process(formdata, *given, **options)
        if formdata is not None:
            self.query = trimmed("".join(formdata.getlist(f"{self.name}-search")[:1]))[:100]
            self._asked = f"{self.name}-find" in formdata

    @property
    def found(self) -> Sequence[Choice]:
        """What to show: the hits of the search, and first of all the one that is chosen already."""
        hits = list(self.search(self.query)) if self.query else []
        chosen = self.name_of(self.data) if self.data else None
        return hits if chosen is None else [chosen, *(hit for hit in hits if hit.value != chosen.value)]

    def clean(self, data: str) -> str:
        if self.name_of(data) is None:
            raise StopValidation(str(lazy("Hãy chọn một mục trong danh sách tìm được.")))
        return data

    def change_shape(self) -> bool:
        return self._asked
