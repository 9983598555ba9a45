"""A PDF that staff send beside other answers: stored before anything else is looked at, so that it is sent once."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from pledges.rounds.agency_documents import MOST_BYTES, check_document
from pledges.web.officer.import_forms import KeptFile
from pledges.web.officer.kept_files import keep_sent

LARGEST_REQUEST = MOST_BYTES + 1024 * 1024


def too_large() -> str:
    return str(_("Tệp lớn hơn %(size)s MB. Hãy chọn tệp nhỏ hơn.", size=MOST_BYTES // 1024 // 1024))


def keep_pdf(form: Any) -> KeptFile | None:
    """The file of a form with `file` and `kept`, from this request or from one before; None where there is none yet.

    What is wrong with the file stands at its field, which asks no more for one that is here.
    """
    kept = keep_sent(form, MOST_BYTES, check_document)
    if kept is not None:
        form.file.required = False
        form.file.hint = _("Đã nhận tệp “%(name)s”. Chỉ chọn lại nếu muốn dùng tệp khác.", name=kept.filename)
    return kept
