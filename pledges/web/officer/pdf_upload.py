"""A PDF that staff send beside other answers: stored before anything else is looked at, so that it is sent once."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _

from pledges.core.errors import DomainError
from pledges.documents.writing import writing_files
from pledges.rounds.agency_documents import MOST_BYTES, check_document
from pledges.web.current import product
from pledges.web.i18n import error_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.import_forms import KeptFile
from pledges.web.officer.import_routes import plain_name

LARGEST_REQUEST = MOST_BYTES + 1024 * 1024


def too_large() -> str:
    return str(_("Tệp lớn hơn %(size)s MB. Hãy chọn tệp nhỏ hơn.", size=MOST_BYTES // 1024 // 1024))


def keep_pdf(form: Any) -> KeptFile | None:
    """The file of a form with `file` and `kept`, from this request or from one before; None where there is none yet.

    What is wrong with the file stands at its field, which asks no more for one that is here.
    """
    if request.method != "POST" or form.looks_automated:
        return None
    kept = _stored(form)
    if kept is not None:
        form.file.required = False
        form.file.hint = _("Đã nhận tệp “%(name)s”. Chỉ chọn lại nếu muốn dùng tệp khác.", name=kept.filename)
    return kept


def _stored(form: Any) -> KeptFile | None:
    sent = form.file.data
    if sent is None:
        return KeptFile.of(form.kept.data or "", current_staff().id)
    data = sent.stream.read(MOST_BYTES + 1)
    sent.stream.seek(0)
    if not data or len(data) > MOST_BYTES:
        return None
    try:
        check_document(data)
    except DomainError as refusal:
        form.file.errors = [error_text(refusal)]
        return None
    with writing_files(product().storage):
        kept = KeptFile(product().storage.put(data), plain_name(sent.filename))
    form.kept.data = kept.token(current_staff().id)
    return kept
