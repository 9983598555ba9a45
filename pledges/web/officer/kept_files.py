"""Files that staff send: stored before anything else is looked at, so that no other mistake asks for them again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import request

from pledges.core.errors import DomainError
from pledges.documents.writing import writing_files
from pledges.web.current import product
from pledges.web.i18n import error_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.import_forms import KeptFile


def keep_sent(form: Any, most_bytes: int, check: Callable[[bytes], None] | None = None) -> KeptFile | None:
    """The file of a form with `file` and `kept`, from this request or from one before; None where there is none yet.

    What `check` refuses is not stored, and its `DomainError` stands at the field.
    """
    if request.method != "POST" or form.looks_automated:
        return None
    sent = form.file.data
    if sent is None:
        return KeptFile.of(form.kept.data or "", current_staff().id)
    data = sent.stream.read(most_bytes + 1)
    sent.stream.seek(0)
    if not data or len(data) > most_bytes:
        return None
    try:
        if check is not None:
            check(data)
    except DomainError as refusal:
        form.file.errors = [error_text(refusal)]
        return None
    with writing_files(product().storage):
        kept = KeptFile(product().storage.put(data), plain_name(sent.filename))
    form.kept.data = kept.token(current_staff().id)
    return kept


def plain_name(sent: str) -> str:
    """The name of a file as it can be shown and stored: PostgreSQL takes no NUL, and a path tells where people work."""
    printable = "".join(letter for letter in sent if letter.isprintable())
    return re.split(r"[/\\]", printable)[-1][-150:]
