"""Reading a mail that came back: which message it is about, and whether that will never arrive.

Anybody may write to the mailbox, so that everything here is bounded: the part of a mail that is looked at, the number
of its parts, and the length of what is kept of it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import Message as Mail
from email.parser import BytesParser
from itertools import islice

from pledges.messaging.rules import one_line

MOST_BYTES = 256 * 1024
"""Of one mail; what follows is the returned letter with its file."""
_MOST_LINES = 5000
_MOST_PARTS = 100
_MOST_TEXT = 64 * 1024
_LONGEST_REASON = 200
_WITHOUT_REASON = "undeliverable"

_TO_US = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_RETURNED = {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}
_STATUS = {"message/delivery-status", "message/global-delivery-status"}
_OUR_ID = r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@([a-z0-9.-]{1,255})>"
_OUR_ID_IN_TEXT = re.compile(rf"^[ \t>]{{0,8}}message-id:[ \t]{{0,8}}{_OUR_ID}", re.IGNORECASE | re.MULTILINE)
_FROM_A_MAIL_SYSTEM = re.compile(r"\b(mailer-daemon|postmaster)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?:^|[:>(#] {0,3})5[0-5]\d[ -]|(?<![\d.])5\.\d{1,3}\.\d{1,3}(?![\d.])")
_PERMANENT = re.compile(rf"{_NUMBER.pattern}|\bpermanent (?:error|failure)", re.IGNORECASE)
_ONLY_LATE = re.compile(r"\b(?:delay|delayed|warning)\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:]{1,64}@[^\s<>()\[\]\",;:]{1,255}")
_LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Bounce:
    """One message of ours that will never arrive, as a mail system reports."""

    message_id: uuid.UUID
    reason: str
    """As the report says it: one line, which may still hold addresses."""


def parse_bounce(data: bytes, *, host: str, bounce_address: str = "") -> Bounce | None:
    """What the mail reports; None: nothing, or only a delay, or it names no message of ours.

    `host` is the right side of our Message-IDs; `bounce_address` the one that mail to many is returned to.
    """
    data = b"\n".join(data[:MOST_BYTES].split(b"\n", _MOST_LINES)[:_MOST_LINES])
    if data.count(b"\n--") > 2 * _MOST_PARTS:
        return None
    try:
        mail = BytesParser(policy=policy.compat32).parsebytes(data)
        parts = list(islice(mail.walk(), _MOST_PARTS))
    except (RecursionError, ValueError, LookupError):
        return None
    reason = _why_never(mail, parts)
    if reason is None:
        return None
    message_id = _from_address(mail, bounce_address) or _from_returned_part(mail, parts, host)
    return Bounce(message_id, one_line(reason, _LONGEST_REASON)) if message_id is not None else None


def without_others(reason: str, address: str) -> str:
    """The reason without addresses of anybody else, as where mail is passed on, and without links."""

    def keep(found: re.Match[str]) -> str:
        return found.group() if found.group().lower() == address.lower() else "…"

    return one_line(_ADDRESS.sub(keep, _LINK.sub("…", reason)), _LONGEST_REASON)


def _why_never(mail: Mail, parts: list[Mail]) -> str | None:
    """What the report says about a delivery that has been given up; None: there is none."""
    reports = [part for part in parts if part.get_content_type() in _STATUS]
    if reports:
        reasons = (_reason_of(block) for report in reports for block in _blocks(report))
        return next((reason for reason in reasons if reason is not None), None)
    text = _text_of(parts)
    if mail["X-Failed-Recipients"] is not None:
        return _telling_line(text) or _WITHOUT_REASON
    # Answers of people who are away come without a sender too, but in their own name.
    answers = _header(mail, "Auto-Submitted").lower().startswith("auto-replied")
    without_sender = _header(mail, "Return-Path") == "<>" and not answers
    from_a_system = without_sender or _FROM_A_MAIL_SYSTEM.search(_header(mail, "From"))
    if not from_a_system or _ONLY_LATE.search(_header(mail, "Subject")):
        return None
    return _telling_line(text)


def _blocks(report: Mail) -> Iterator[Mail]:
    blocks = report.get_payload()
    if isinstance(blocks, list):
        yield from (block for block in islice(blocks, _MOST_PARTS) if isinstance(block, Mail))


def _reason_of(block: Mail) -> str | None:
    """Of the part of a report about one recipient. What it did decides: a system that gives up after days of waiting
    reports `failed` beside the number of a passing trouble."""
    action = _header(block, "Action").lower()
    status = _header(block, "Status")
    if action != "failed" and (action or not status.startswith("5.")):
        return None
    said = _header(block, "Diagnostic-Code").split(";", 1)[-1].strip()
    return said if said and status.split(" ")[0] in said else f"{status} {said}".strip() or _WITHOUT_REASON


def _telling_line(text: str) -> str | None:
    """The line that says why, in a report written for people; None: it tells of no end."""
    ours = re.split(r"(?im)^.{0,40}(?:below this line is a copy|this is a copy of)", text, maxsplit=1)[0]
    lines = [line.strip() for line in ours.splitlines() if _PERMANENT.search(line)]
    # A line with a number says more than the sentence that introduces it.
    return max(lines, key=lambda line: _NUMBER.search(line) is not None, default=None)


def _text_of(parts: list[Mail]) -> str:
    for part in parts:
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            given = payload[:_MOST_TEXT] if isinstance(payload, bytes) else b""
            return given.decode("utf-8", errors="replace")
    return ""


def _from_address(mail: Mail, bounce_address: str) -> uuid.UUID | None:
    """The message that stands behind the `+` of the address to which the report was sent."""
    if not bounce_address:
        return None
    mailbox, _, domain = bounce_address.partition("@")
    ours = re.compile(
        rf"(?<![\w.+-]){re.escape(mailbox)}\+([0-9a-f]{{32}})@{re.escape(domain)}(?![\w-])", re.IGNORECASE
    )
    for name in _TO_US:
        for value in islice(_headers(mail, name), 5):
            if found := ours.search(value):
                return uuid.UUID(found[1])
    return None


def _from_returned_part(mail: Mail, parts: list[Mail], host: str) -> uuid.UUID | None:
    """The Message-ID in what was returned, or where the report says that it answers it."""
    texts = [_returned_headers(part) for part in parts if part is not mail and part.get_content_type() in _RETURNED]
    for text in (*texts, _text_of(parts), f"Message-ID: {_header(mail, 'In-Reply-To')}"):
        for found in _OUR_ID_IN_TEXT.finditer(text):
            if found[2].lower() == host.lower():
                return uuid.UUID(found[1])
    return None


def _returned_headers(part: Mail) -> str:
    returned = part.get_payload()
    if isinstance(returned, list):
        return "".join(f"Message-ID: {_header(each, 'Message-ID')}\n" for each in returned if isinstance(each, Mail))
    return str(returned)[:_MOST_TEXT]


def _header(mail: Mail, name: str) -> str:
    """The first header of that name in one line; whatever cannot be read of it is replaced."""
    return next(_headers(mail, name), "")


def _headers(mail: Mail, name: str) -> Iterator[str]:
    for given, value in mail.raw_items():
        if given.lower() == name.lower():
            yield one_line(str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace"), 1000)
