"""What all field classes share. A field renders itself, with label, hint and error, through one macro of `fields.html`.

Messages are our own and in Vietnamese: WTForms brings none in this language. A field keeps what was typed
(`as_typed()`) whether it is right or wrong, and offers the cleaned value as `data` once the form is valid.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from flask import get_template_attribute
from flask_babel import lazy_gettext
from markupsafe import Markup
from wtforms import Field
from wtforms.validators import StopValidation

from pledges.core.errors import N_, DomainError
from pledges.web.i18n import error_text, translate

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


class BaseField(Field):
    """What all fields share: hint, whether an answer is needed, and the message when it is missing."""

    needed = N_("Hãy điền mục “%(label)s”.")
    data: Any

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
        self.own_message = "" if isinstance(required, bool) else required
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
                raise StopValidation(str(self.own_message) or translate(str(self.needed), label=str(self.label.text)))
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
