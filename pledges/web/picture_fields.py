"""Uploading pictures: several at once, stored as soon as they are clean, so that no other mistake loses them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from pledges.core.tokens import Tokens
from pledges.documents.pictures import ACCEPT, MOST_BYTES, PictureRefused, clean_each
from pledges.documents.storage import Storage
from pledges.documents.writing import writing_files
from pledges.web.field_base import Text
from pledges.web.fields import UploadField
from pledges.web.i18n import error_text

KEPT = "kept-pictures"

LARGEST_POST = 40 * 1024 * 1024
"""Room for several pictures as telephones take them; one that is too large is told at its field."""


class PicturesField(UploadField):
    """Some pictures; `data` is the list of files. Their content is judged by `keep_pictures`."""

    multiple = True

    def __init__(self, label: Text, *, most: int = 3, **options: Any) -> None:
        super().__init__(label, accept=ACCEPT, most_bytes=MOST_BYTES, **options)
        self.most = most

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = [file for file in valuelist if getattr(file, "filename", "")]

    def clean(self, data: Any) -> Any:
        return data

    @property
    def sent(self) -> bool:
        return bool(self.data)


def kept_pictures(tokens: Tokens, token: str | None) -> tuple[str, ...]:
    """What this form brought earlier: the list is signed, so nobody names files that are not theirs."""
    value = tokens.read_carried(KEPT, token) if token else None
    return tuple(value.split(",")) if value else ()


def seal_pictures(tokens: Tokens, pictures: Sequence[str]) -> str:
    return tokens.make_carried(KEPT, ",".join(pictures)) if pictures else ""


def keep_pictures(field: PicturesField, before: Sequence[str], storage: Storage) -> tuple[str, ...]:
    """Store the good ones among the pictures that were sent; the others are told at the field."""
    files = field.data or []
    if len(before) + len(files) > field.most:
        field.errors = [*field.errors, _("Gửi kèm được nhiều nhất %(most)s ảnh. Hãy chọn lại.", most=field.most)]
        return tuple(before)
    kept, refused = list(before), []
    answers = clean_each([file.stream.read(MOST_BYTES + 1) for file in files])
    with writing_files(storage):
        for number, answer in enumerate(answers, start=1):
            if isinstance(answer, PictureRefused):
                why = error_text(answer)
                refused.append(_("Ảnh thứ %(number)s: %(why)s", number=number, why=why) if len(files) > 1 else why)
            else:
                kept.append(storage.put(answer.data))
    field.errors = [*field.errors, *refused]
    return tuple(dict.fromkeys(kept))
