"""The component base of the pages: forms, template globals. The fields are in `fields.py`, the HTML in the macros."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, current_app, g, request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.exceptions import HTTPException

from pledges.core.errors import DomainError
from pledges.core.identity import national_phone
from pledges.web import current
from pledges.web.fields import HoneypotField, RowsField, lazy
from pledges.web.i18n import LANGUAGES, error_text

STALE = lazy("Phiên làm việc đã được làm mới, hãy gửi lại.")


class PageForm(FlaskForm):
    """The base of every form: our own Vietnamese messages, a soft answer to a stale token, rows that grow."""

    class Meta(FlaskForm.Meta):
        locales = ("vi",)

        def get_translations(self, form: Any) -> None:
            """None: no message of WTForms itself may reach a page, so each field brings its own."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            bound = unbound_field.bind(form=form, **options)
            # The browser may not check anything: its own messages follow the browser's language, not ours.
            bound.flags.required = False
            return bound

    @property
    def stale(self) -> bool:
        """The token was missing or belonged to another session; everything typed is still in the fields."""
        return bool("csrf_token" in self and self.csrf_token.errors)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """What the error summary shows: the id of the control and the message, in page order."""
        found: list[tuple[str, str]] = []
        for field in self:
            if field.name == "csrf_token":
                continue
            if isinstance(field, RowsField) and field.row_errors:
                found += [(field.row_id(row), message) for row, message in sorted(field.row_errors.items())]
                continue
            found += [(getattr(field, "focus_id", field.id), str(message)) for message in field.errors[:1]]
        return found + [("", str(message)) for message in self.form_errors]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check everything; asking for one more row or for a search is no submission yet, so nothing is wrong."""
        valid = bool(super().validate(extra_validators))
        if any(field.change_shape() for field in self if hasattr(field, "change_shape")):
            for field in self:
                field.errors = []
            return False
        return valid

    @property
    def looks_automated(self) -> bool:
        """The hidden trap is filled in: answer with the normal page, and do nothing."""
        return any(bool(field.data) for field in self if isinstance(field, HoneypotField))

    def refuse(self, error: DomainError) -> None:
        """Show a refusal of the domain at its field, or above the form where it names none."""
        field = self._fields.get(error.field or "")
        if field is None:
            self.form_errors.append(error_text(error))
        else:
            field.errors = [*field.errors, error_text(error)]

    def kept(self) -> dict[str, Any]:
        """The fields as typed, right or wrong, for a draft: whatever JSON can hold, without token and trap."""
        return {
            field.name: field.as_typed()
            for field in self
            if hasattr(field, "as_typed") and not isinstance(field, HoneypotField)
        }


@functools.cache
def _file(folder: str | None, name: str) -> Path:
    return Path(folder or "") / name


@functools.cache
def _fingerprint(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file, with its fingerprint, so that it may be cached for ever."""
    path = _file(current_app.static_folder, name)
    # Written out: the page that refuses a foreign host name has no routes to build addresses from.
    return f"{current_app.static_url_path}/{name}?v={_fingerprint(path, path.stat().st_mtime_ns)}"


def page_exists(path: str) -> bool:
    """Whether this version of the product has a page at `path`: nothing links to what is not there."""
    try:
        current_app.url_map.bind("localhost").match(path.partition("?")[0])
    except HTTPException as refusal:
        return refusal.code in {301, 308}
    return True


def language_links() -> list[tuple[str, str, str]]:
    """(code, own name, address of this page in it) of every language."""
    links = []
    # A page that answers a post to an address of its own cannot be opened again; home can.
    rule = request.url_rule
    path = request.path if rule is None or "GET" in (rule.methods or ()) else "/"
    for code, name in LANGUAGES.items():
        args = request.args.to_dict(flat=False) | {"lang": [code]}
        links.append((code, name, f"{quote(path)}?{urlencode(args, doseq=True)}"))
    return links


def set_up_components(app: Flask) -> None:
    settings = current.product_of(app).settings
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.globals.update(
        asset=asset,
        page_exists=page_exists,
        national_phone=national_phone,
        language_links=language_links,
        site=settings,
        request_id=lambda: g.get("request_id", ""),
        service_name=lambda: _("Cam kết không kinh doanh, quảng cáo hàng giả"),
    )
