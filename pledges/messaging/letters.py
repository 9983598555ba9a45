"""From a message to a letter: templates, language, headers. The same message always gives the same bytes."""

from __future__ import annotations

import textwrap
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

import pledges
from pledges.core.calendar import VIETNAM
from pledges.core.translations import FOLDER, read_catalogue
from pledges.messaging.catalogue import MESSAGE_KINDS
from pledges.messaging.models import Message

TEMPLATES = Path(pledges.__path__[0]).parent / "templates" / "email"
MOST_ATTACHED = 5_000_000
"""Bytes. A relay may refuse ten million, and an attachment grows by a third on its way."""


@dataclass(frozen=True)
class Letter:
    """What goes to the relay."""

    id: uuid.UUID
    sender: str
    to_address: str
    data: bytes


def as_day(value: str | date) -> str:
    """dd/mm/yyyy in Vietnam, of a day or a time or its ISO text."""
    given = _parsed(value)
    day = given.astimezone(VIETNAM) if isinstance(given, datetime) else given
    return f"{day.day:02}/{day.month:02}/{day.year}"


def as_hour(value: str | datetime) -> str:
    """hh:mm in Vietnam, of a time or its ISO text."""
    given = _parsed(value)
    if not isinstance(given, datetime):
        raise TypeError("a day has no hour")
    return given.astimezone(VIETNAM).strftime("%H:%M")


def _parsed(value: str | date) -> date:
    if not isinstance(value, str):
        return value
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)


def as_quotation(lines: list[str]) -> str:
    """For plain text: each line so short and so marked that it cannot be taken for one of ours."""
    return "\n".join(f"> {part}" for line in lines for part in textwrap.wrap(line, 70, break_on_hyphens=False))


class _Folding(EmailPolicy):
    """Folds our two headers with Vietnamese text by the older class `Header`.

    The newer code of Python 3.11 loses blanks between encoded words where a line is broken.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "Subject":
            folded = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
        elif name == "From":
            (sender,) = value.addresses
            display = Header(sender.display_name, "utf-8", header_name=name).encode(linesep=self.linesep)
            folded = f"{display} <{sender.addr_spec}>".strip()
        else:
            return super().fold_binary(name, value)
        return f"{name}: {folded}{self.linesep}".encode("ascii")


_POLICY = _Folding(linesep="\r\n")


class Letters:
    """Writes letters in the name of one installation."""

    def __init__(
        self,
        *,
        mail_from: str,
        public_url: str,
        owner_name: str,
        owner_contact: str,
        bounce_address: str = "",
        templates: Path = TEMPLATES,
        translations: Path = FOLDER,
    ) -> None:
        name, self.sender = parseaddr(mail_from)
        self._from = Address(display_name=name, addr_spec=self.sender)
        self.bounce_address = bounce_address
        self._templates = templates
        self._translations = translations
        self._about = {"public_url": public_url, "owner_name": owner_name, "owner_contact": owner_contact}
        self._environments: dict[str, Environment] = {}
        self.host = urlsplit(public_url).hostname or "localhost"

    def compose(self, message: Message, secrets: Mapping[str, Any], file: bytes | None = None) -> Letter:
        """The finished letter, with the `file` that the message names unless it is too large.

        Raises when a template asks for what the message does not carry, or without the file that it names.
        """
        if (file is None) != (message.attachment_sha256 is None):
            raise ValueError("a letter goes with exactly the file that its message names")
        if MESSAGE_KINDS[message.kind].by_phone:
            return Letter(message.id, "", message.to_address, self._line(message, secrets).encode())
        attached = file if file is not None and len(file) <= MOST_ATTACHED else None
        subject, text, html = self._texts(message, secrets, attached=attached is not None)
        letter = EmailMessage(policy=_POLICY)
        letter["From"] = self._from
        letter["To"] = Address(addr_spec=message.to_address)
        letter["Subject"] = " ".join(subject.split())
        letter["Date"] = message.created_at.astimezone(VIETNAM)
        letter["Message-ID"] = message.message_id
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text.strip() + "\n", charset="utf-8", cte="quoted-printable")
        letter.add_alternative(html.strip() + "\n", subtype="html", charset="utf-8", cte="quoted-printable")
        letter.set_boundary(f"=_{message.id.hex}")
        if attached is not None:
            letter.add_attachment(attached, maintype="application", subtype="pdf", filename=message.attachment_name)
            letter.set_boundary(f"=_{message.id.hex}_file")
        letter["Content-Language"] = message.language
        return Letter(message.id, self._sender_of(message), message.to_address, letter.as_bytes())

    def _sender_of(self, message: Message) -> str:
        """For the envelope. Whatever comes back of mail to many says in its address what it is about."""
        if message.batch is None or not self.bounce_address:
            return self.sender
        mailbox, _, domain = self.bounce_address.partition("@")
        return f"{mailbox}+{message.id.hex}@{domain}"

    def _line(self, message: Message, secrets: Mapping[str, Any]) -> str:
        values = {**message.params, **secrets, **self._about, "host": self.host}
        template = self._environment(message.language).get_template(f"{message.kind}.txt")
        return " ".join(template.render(values).split())

    def _texts(self, message: Message, secrets: Mapping[str, Any], *, attached: bool) -> tuple[str, str, str]:
        values = {
            **dict.fromkeys(MESSAGE_KINDS[message.kind].optional),
            **message.params,
            **secrets,
            **self._about,
            "attached_name": message.attachment_name if attached else None,
            "too_large": message.attachment_name is not None and not attached,
        }
        environment = self._environment(message.language)
        subject, text, html = (
            environment.get_template(f"{message.kind}/{part}").render(values)
            for part in ("subject.txt", "body.txt", "body.html")
        )
        return subject, text, html

    def _environment(self, language: str) -> Environment:
        if language not in self._environments:
            environment = Environment(
                loader=FileSystemLoader(self._templates),
                undefined=StrictUndefined,
                autoescape=select_autoescape(["html"]),
                extensions=["jinja2.ext.i18n"],
                trim_blocks=True,
                lstrip_blocks=True,
            )
            catalogue = read_catalogue(language, self._translations)
            environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
            # A name given as a value is translated by the filter: what `_` returns counts as finished HTML.
            environment.filters.update(day=as_day, hour=as_hour, quotation=as_quotation, translated=catalogue.gettext)
            environment.globals["language"] = language
            self._environments[language] = environment
        return self._environments[language]
