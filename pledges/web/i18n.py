"""The two languages: Vietnamese is written in the source, English is the catalogue beside this package."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from typing import Any

from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations
from flask import Flask, Response, has_request_context, request, session
from flask_babel import Babel, Domain, get_locale, gettext

from pledges.core.calendar import VIETNAM, Quarter, local_day
from pledges.core.errors import DomainError, Said
from pledges.core.translations import read_catalogue

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
LOCALES = {"vi": "vi", "en": "en_GB"}


class SourceCatalogues(Domain):
    """The catalogues that mails are written from as well."""

    def get_translations(self) -> NullTranslations:
        code = language()
        if code not in self.cache:
            self.cache[code] = read_catalogue(code)
        found: NullTranslations = self.cache[code]
        return found


class Languages(Babel):
    @cached_property
    def domain_instance(self) -> Domain:
        return SourceCatalogues()


def language() -> str:
    """`vi` or `en`: of the request, or of the block inside `force_locale`."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "vi"


def _choose_locale() -> str:
    chosen = session.get("language", "vi") if has_request_context() else "vi"
    return LOCALES.get(chosen, "vi")


def _switch_language() -> None:
    """`?lang=en` on any page: the session keeps the language, the page stays where it is."""
    wanted = request.args.get("lang", "")
    if wanted in LANGUAGES:
        session["language"] = wanted


def _name_language(response: Response) -> Response:
    response.headers.setdefault("Content-Language", language())
    return response


def translate(message: str, **params: Any) -> str:
    """A message marked with `N_()` in the language of the reader."""
    return str(gettext(message, **params))


def error_text(error: DomainError) -> str:
    said = {name: translate(value) if isinstance(value, Said) else value for name, value in error.params.items()}
    return translate(error.message, **said)


def date_text(value: date | datetime | None) -> str:
    """dd/mm/yyyy in both languages; a time counts as its Vietnamese day."""
    if value is None:
        return ""
    day = local_day(value) if isinstance(value, datetime) else value
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def time_text(value: datetime | None) -> str:
    """HH:mm dd/mm/yyyy in Vietnamese time."""
    if value is None:
        return ""
    local = value.astimezone(VIETNAM)
    return f"{local.hour:02d}:{local.minute:02d} {date_text(value)}"


def quarter_text(value: Quarter | date) -> str:
    quarter = value if isinstance(value, Quarter) else Quarter.of(value)
    return quarter.vietnamese if language() == "vi" else f"Q{quarter.number} {quarter.year}"


def number_text(value: float) -> str:
    return format_decimal(value, locale=LOCALES[language()])


def percent_text(value: float | None) -> str:
    """One decimal; without a denominator there is no share, and the page says so."""
    if value is None:
        return str(gettext("chưa có số liệu"))
    return format_percent(value, "#,##0.0%", locale=LOCALES[language()])


def set_up_languages(app: Flask) -> None:
    Languages().init_app(app, default_locale="vi", default_timezone="Asia/Ho_Chi_Minh", locale_selector=_choose_locale)
    app.before_request(_switch_language)
    app.after_request(_name_language)
    app.jinja_env.filters.update(
        date=date_text,
        time=time_text,
        quarter=quarter_text,
        number=number_text,
        percent=percent_text,
        translate=translate,
    )
    app.jinja_env.globals.update(language=language, languages=LANGUAGES)
