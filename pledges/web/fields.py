"""Field classes. Each renders itself, with label, hint and error, through one macro of `templates/components/fields.html`.

Messages are our own and in Vietnamese: WTForms brings none in this language. A field keeps what was typed (`as_typed()`)
whether it is right or wrong, and offers the cleaned value as `data` once the form is valid.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import get_template_attribute
from flask_babel import lazy_gettext
from markupsafe import Markup
from wtforms import Field
from wtforms.validators import StopValidation

from pledges.core.errors import DomainError
from pledges.web.i18n import date_text, error_text

Text = Any
"""A string, or one that is translated when shown (`lazy`)."""


def lazy(message: str, **params: Any) -> Text:
    return lazy_gettext(message, **params)


class MacroWidget:
    """Renders a field by the macro of this name."""

    def __init__(self, macro: str) -> None:
        self.macro = macro

    def __call__(self, field: Any, **options: Any) -> Markup:
        macro = get_template_attribute("components/fields.html", self.macro)
        return Markup(macro(field, **options))  # noqa: S704 - the macro escapes


@dataclass(frozen=True)
class Choice:
    """One radio button or check box; `group` is a heading above the first choice that carries it."""

    value: str
    label: Text
    hint: Text = ""
    group: Text = ""


class BaseField(Field):  # type: ignore[misc]
    """What all fields share: hint, whether an answer is needed, and the message when it is missing."""

    needed = lazy("Hãy điền mục này.")

    def __init__(
        self,
        label: Text,
        *,
        hint: Text = "",
        required: bool | Text = True,
        autocomplete: str = "",
        width: str = "",
        validators: Iterable[Any] = (),
        **options: Any,
    ) -> None:
        """`required`: True, False (the label then says so), or the message when nothing is given."""
        super().__init__(label, validators=list(validators), **options)
        self.hint = hint
        self.required = required is not False
        self.needed_message = self.needed if isinstance(required, bool) else required
        self.autocomplete = autocomplete
        self.width = width
        self.raw = ""

    @property
    def hint_id(self) -> str:
        return f"{self.id}-hint"

    @property
    def error_id(self) -> str:
        return f"{self.id}-error"

    @property
    def described_by(self) -> str:
        ids = [self.hint_id] if self.hint else []
        return " ".join([*ids, self.error_id] if self.errors else ids)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.raw = str(valuelist[0]) if valuelist else ""
        self.data = trimmed(self.raw)

    def is_empty(self) -> bool:
        return self.data in (None, "", [], False)

    def pre_validate(self, form: Any) -> None:
        if self.is_empty():
            if self.required:
                raise StopValidation(str(self.needed_message))
            raise StopValidation  # an optional field left empty: nothing more to check
        try:
            self.data = self.clean(self.data)
        except DomainError as error:
            raise StopValidation(error_text(error)) from error

    def clean(self, data: Any) -> Any:
        return data

    def as_typed(self) -> Any:
        return storable(self.raw or self._value())

    def _value(self) -> str:
        """What stands in the control: as typed while it is wrong."""
        if self.errors and self.raw:
            return self.raw
        return "" if self.data is None else str(self.data)


LONGEST_KEPT = 12_000


def storable(typed: str) -> str:
    """What was typed, as a database can keep it: PostgreSQL's JSON knows no NUL, and a flood is cut off."""
    return typed.replace("\x00", "")[:LONGEST_KEPT]


def trimmed(raw: str) -> str:
    """Composed letters (NFC), without blanks at the ends; line ends as one sign."""
    return unicodedata.normalize("NFC", raw.replace("\r\n", "\n")).strip()


class TextField(BaseField):
    """One line. `clean` is a function of `core.identity` that returns the clean value or refuses with a message."""

    widget = MacroWidget("text_field")
    input_type = "text"
    inputmode = ""

    def __init__(
        self,
        label: Text,
        *,
        clean: Callable[[str], Any] | None = None,
        show: Callable[[Any], str] = str,
        inputmode: str | None = None,
        prefix: Text = "",
        **options: Any,
    ) -> None:
        super().__init__(label, **options)
        self._clean = clean
        self._show = show
        self.inputmode = inputmode if inputmode is not None else self.inputmode
        self.prefix_text = prefix

    def clean(self, data: str) -> Any:
        if self._clean is not None:
            return self._clean(data)
        from pledges.core.identity import clean_line

        return clean_line(data)

    def _value(self) -> str:
        if self.errors and self.raw:
            return self.raw
        if self.data is None or isinstance(self.data, str):
            return self.data or ""
        return self._show(self.data)


class LongTextField(TextField):
    widget = MacroWidget("long_text_field")

    def __init__(self, label: Text, *, rows: int = 5, **options: Any) -> None:
        super().__init__(label, **options)
        self.rows = rows

    def clean(self, data: str) -> Any:
        if self._clean is not None:
            return self._clean(data)
        from pledges.core.identity import clean_block

        return clean_block(data)


class EmailField(TextField):
    input_type = "email"
    inputmode = "email"

    def __init__(self, label: Text, *, autocomplete: str = "email", **options: Any) -> None:
        super().__init__(label, autocomplete=autocomplete, **options)

    def clean(self, data: str) -> Any:
        from pledges.core.identity import parse_email

        return parse_email(data)


class PhoneField(TextField):
    input_type = "tel"
    inputmode = "tel"

    def __init__(self, label: Text, *, autocomplete: str = "tel", **options: Any) -> None:
        super().__init__(label, autocomplete=autocomplete, width="20", **options)

    def clean(self, data: str) -> Any:
        from pledges.core.identity import parse_phone

        return parse_phone(data)


class CodeField(TextField):
    """A code from a mail: digits, blanks and dots between them do not matter."""

    widget = MacroWidget("code_field")
    inputmode = "numeric"
    needed = lazy("Hãy nhập mã gồm 6 chữ số trong thư.")

    def __init__(self, label: Text, *, digits: int = 6, **options: Any) -> None:
        super().__init__(label, autocomplete="one-time-code", width="10", **options)
        self.digits = digits

    def clean(self, data: str) -> str:
        code = re.sub(r"[\s.\-]", "", unicodedata.normalize("NFKC", data))
        if not (code.isascii() and code.isdecimal() and len(code) == self.digits):
            raise StopValidation(str(lazy("Mã gồm %(digits)s chữ số, ví dụ 482 913.", digits=self.digits)))
        return code


class DateField(TextField):
    """A day as text: dd/mm/yyyy, also d/m/yy and with dots or hyphens. `data` is a `date`."""

    inputmode = "numeric"
    needed = lazy("Hãy điền ngày theo dạng ngày/tháng/năm, ví dụ 02/09/2026.")

    def __init__(self, label: Text, **options: Any) -> None:
        super().__init__(label, show=date_text, width="10", **options)

    def clean(self, data: Any) -> date:
        if isinstance(data, date):
            return data
        found = re.fullmatch(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4}|\d{2})", data)
        if found is not None:
            day, month, year = (int(part) for part in found.groups())
            try:
                return date(year + 2000 if year < 100 else year, month, day)
            except ValueError:
                pass
        raise StopValidation(str(lazy("Ngày chưa đúng. Hãy viết ngày/tháng/năm, ví dụ 02/09/2026.")))


class HoneypotField(BaseField):
    """Hidden from people by its class; only machines fill it in."""

    widget = MacroWidget("honeypot_field")

    def __init__(self, label: Text = lazy("Để trống ô này"), **options: Any) -> None:
        super().__init__(label, required=False, **options)


class ChoiceField(BaseField):
    """Radio buttons: one of `choices`."""

    widget = MacroWidget("choice_field")
    needed = lazy("Hãy chọn một mục.")

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

    def clean(self, data: str) -> str:
        if data not in {choice.value for choice in self.choices}:
            raise StopValidation(str(lazy("Hãy chọn một mục trong danh sách.")))
        return data


class SelectField(ChoiceField):
    """A drop-down list; only where radio buttons would be too many."""

    widget = MacroWidget("select_field")

    def __init__(self, label: Text, *, empty: Text = lazy("Chọn…"), **options: Any) -> None:
        super().__init__(label, **options)
        self.empty = empty

    @property
    def focus_id(self) -> str:
        return str(self.id)


class YesNoField(ChoiceField):
    """`data` is True, False, or None while unanswered."""

    needed = lazy("Hãy chọn Có hoặc Không.")

    def __init__(self, label: Text, *, yes: Text = lazy("Có"), no: Text = lazy("Không"), **options: Any) -> None:
        super().__init__(label, choices=(Choice("yes", yes), Choice("no", no)), **options)

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.data = {"yes": True, "no": False}.get(self.raw)

    def is_empty(self) -> bool:
        return self.data is None

    def is_chosen(self, value: str) -> bool:
        return self.data is not None and self.data is (value == "yes")

    def clean(self, data: Any) -> Any:
        return data


class ChoicesField(ChoiceField):
    """Check boxes: any of `choices`; `data` is a list."""

    widget = MacroWidget("choices_field")
    needed = lazy("Hãy chọn ít nhất một mục.")

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
    needed = lazy("Hãy đánh dấu ô này để tiếp tục.")

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = bool(valuelist and valuelist[0] == "yes")

    def as_typed(self) -> bool:
        return bool(self.data)


class UploadField(BaseField):
    """A file; `data` is Werkzeug's FileStorage. Check the content, not the name."""

    widget = MacroWidget("upload_field")
    needed = lazy("Hãy chọn một tệp.")

    def __init__(self, label: Text, *, accept: str = "", most_bytes: int = 3_000_000, **options: Any) -> None:
        super().__init__(label, **options)
        self.accept = accept
        self.most_bytes = most_bytes

    def process_formdata(self, valuelist: list[Any]) -> None:
        given = [file for file in valuelist if getattr(file, "filename", "")]
        self.data = given[0] if given else None

    def clean(self, data: Any) -> Any:
        data.stream.seek(0, 2)
        size = data.stream.tell()
        data.stream.seek(0)
        if size > self.most_bytes:
            megabytes = self.most_bytes // 1_000_000
            raise StopValidation(str(lazy("Tệp lớn hơn %(size)s MB. Hãy chọn tệp nhỏ hơn.", size=megabytes)))
        if size == 0:
            raise StopValidation(str(lazy("Tệp này trống. Hãy chọn tệp khác.")))
        return data

    def as_typed(self) -> None:
        return None


class RowsField(BaseField):
    """Several lines of one kind (channels), with buttons that add and remove a row; they work without scripts.

    `data` is the list of cleaned values without the empty rows. `clean` checks one row.
    """

    widget = MacroWidget("rows_field")

    def __init__(
        self,
        label: Text,
        *,
        row_label: Text,
        clean: Callable[[str], Any] | None = None,
        show: Callable[[Any], str] = str,
        most: int = 10,
        add_label: Text = lazy("Thêm một dòng"),
        inputmode: str = "text",
        **options: Any,
    ) -> None:
        super().__init__(label, **options)
        self.row_label, self.add_label = row_label, add_label
        self._clean, self._show, self.most, self.inputmode = clean, show, most, inputmode
        self.row_errors: dict[int, str] = {}
        self.raw_rows: list[str] = []
        self._asked = ""

    def row_id(self, row: int) -> str:
        return f"{self.id}-{row + 1}"

    @property
    def focus_id(self) -> str:
        return self.row_id(0)

    @property
    def rows(self) -> list[str]:
        """The controls to show: as typed, at least one."""
        typed = self.raw_rows if self.raw_rows else [self._show(value) for value in self.data or ()]
        return typed or [""]

    def process(self, formdata: Any, *given: Any, **options: Any) -> None:
        super().process(formdata, *given, **options)
        self._asked = "" if formdata is None else "".join(formdata.getlist(f"{self.name}-rows")[:1])

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.raw_rows = [trimmed(str(value)) for value in valuelist][: self.most + 1]
        self.data = [value for value in self.raw_rows if value]

    def pre_validate(self, form: Any) -> None:
        self.row_errors = {}
        if self.is_empty():
            super().pre_validate(form)
        if len(self.data) > self.most:
            raise StopValidation(str(lazy("Mỗi lần kê khai tối đa %(most)s dòng.", most=self.most)))
        cleaned = []
        for row, value in enumerate(self.raw_rows):
            if not value:
                continue
            try:
                cleaned.append(self._clean(value) if self._clean else value)
            except DomainError as error:
                self.row_errors[row] = error_text(error)
        if self.row_errors:
            raise StopValidation(next(iter(self.row_errors.values())))
        self.data = cleaned

    def change_shape(self) -> bool:
        """Add or remove the row whose button was pressed; true when one was."""
        if self._asked == "add":
            self.raw_rows = [*self.raw_rows, ""][: self.most]
        elif self._asked.isdecimal() and len(self._asked) < 3:
            self.raw_rows = [value for row, value in enumerate(self.raw_rows) if row != int(self._asked)]
        else:
            return False
        self.row_errors = {}
        return True

    def as_typed(self) -> list[str]:
        return [storable(row) for row in self.rows]


class SearchChoiceField(ChoiceField):
    """A choice out of too many to list (communes): a search text, and radio buttons for what it finds.

    The view sets `search(query)`, which gives choices, and `name_of(value)`, which names one or gives None.
    Without scripts the button "Tìm" sends the page; with them the list follows the typing (`live_url`).
    """

    widget = MacroWidget("search_choice_field")

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
