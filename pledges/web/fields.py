"""The field classes that forms use. Their HTML is in `templates/components/fields.html` and nowhere else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

from wtforms.validators import StopValidation

from pledges.core.calendar import typed_day
from pledges.core.errors import N_, DomainError
from pledges.core.identity import clean_block, clean_line, parse_email, parse_phone
from pledges.web.choice_fields import (
    AgreeField,
    Choice,
    ChoiceField,
    ChoicesField,
    SearchChoiceField,
    SelectField,
    YesNoField,
)
from pledges.web.field_base import BaseField, MacroWidget, Text, lazy, storable, trimmed
from pledges.web.i18n import date_text, error_text

__all__ = [
    "AgreeField",
    "BaseField",
    "Choice",
    "ChoiceField",
    "ChoicesField",
    "CodeField",
    "DateField",
    "EmailField",
    "HoneypotField",
    "LongTextField",
    "PhoneField",
    "RowsField",
    "SearchChoiceField",
    "SelectField",
    "TextField",
    "UploadField",
    "YesNoField",
    "lazy",
]


class TextField(BaseField):
    """One line. `clean` is a function of `core.identity` that returns the clean value or refuses with a message."""

    widget = MacroWidget("text_field")
    input_type = "text"
    inputmode = ""
    suggestions: tuple[str, ...] = ()
    """What the browser offers while somebody types; anything else can be typed as well."""

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
        return clean_block(data)


class EmailField(TextField):
    input_type = "email"
    inputmode = "email"

    def __init__(self, label: Text, *, autocomplete: str = "email", **options: Any) -> None:
        super().__init__(label, autocomplete=autocomplete, **options)

    def clean(self, data: str) -> Any:
        return parse_email(data)


class PhoneField(TextField):
    input_type = "tel"
    inputmode = "tel"

    def __init__(self, label: Text, *, autocomplete: str = "tel", **options: Any) -> None:
        super().__init__(label, autocomplete=autocomplete, width="20", **options)

    def clean(self, data: str) -> Any:
        return parse_phone(data)


class CodeField(TextField):
    """A code from a mail: digits, blanks and dots between them do not matter."""

    widget = MacroWidget("code_field")
    inputmode = "numeric"
    needed = N_("Hãy nhập mã gồm 6 chữ số trong thư.")

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
    needed = N_("Hãy điền ngày theo dạng ngày/tháng/năm, ví dụ 02/09/2026.")

    def __init__(self, label: Text, **options: Any) -> None:
        super().__init__(label, show=date_text, width="10", **options)

    def clean(self, data: Any) -> date:
        if isinstance(data, date):
            return data
        if (day := typed_day(data)) is not None:
            return day
        raise StopValidation(str(lazy("Ngày chưa đúng. Hãy viết ngày/tháng/năm, ví dụ 02/09/2026.")))


class HoneypotField(BaseField):
    """Hidden from people by its class; only machines fill it in."""

    widget = MacroWidget("honeypot_field")

    def __init__(self, label: Text = "", **options: Any) -> None:
        super().__init__(label or lazy("Để trống ô này"), required=False, **options)


class UploadField(BaseField):
    """A file; `data` is Werkzeug's FileStorage. Check the content, not the name."""

    widget = MacroWidget("upload_field")
    needed = N_("Hãy chọn một tệp cho mục “%(label)s”.")

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
        add_label: Text = "",
        inputmode: str = "text",
        **options: Any,
    ) -> None:
        super().__init__(label, **options)
        self.row_label, self.add_label = row_label, add_label or lazy("Thêm một dòng")
        self._clean, self._show, self.most, self.inputmode = clean, show, most, inputmode
        self.row_errors: dict[int, str] = {}
        self.raw_rows: list[str] = []
        self._asked = ""

    @property
    def described_by(self) -> str:
        """Errors of single rows stand at their rows."""
        return (self.hint_id if self.hint else "") if self.row_errors else super().described_by

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

    def show_row_error(self, row: int, error: DomainError) -> None:
        """Show a refusal of the domain at one row."""
        self.row_errors[row] = error_text(error)

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
