"""Papers that somebody sends to prove something: pictures and PDFs, looked into by children, stored at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_babel import gettext as _

from pledges.core.errors import N_, DomainError, NotFound
from pledges.core.tokens import Tokens
from pledges.documents.errors import DocumentDamaged
from pledges.documents.pictures import ACCEPT, MOST_BYTES, clean_each
from pledges.documents.storage import Storage
from pledges.documents.verification_upload import WALL_SECONDS, inspect_upload
from pledges.documents.writing import writing_files
from pledges.web.current import product
from pledges.web.i18n import error_text
from pledges.web.picture_fields import PicturesField

KEPT = "kept-evidence"
PICTURE, PDF = "picture", "pdf"

_PDF_CLOSED = N_("Tệp PDF này có mật khẩu hoặc không đọc được. Hãy chụp ảnh giấy tờ rồi gửi ảnh.")


class EvidenceField(PicturesField):
    """Some papers; `data` is the list of files. Their content is judged by `keep_evidence`."""

    def __init__(self, label: Any, *, most: int = 3, **options: Any) -> None:
        super().__init__(label, most=most, **options)
        self.accept = f"{ACCEPT},application/pdf"


def kept_evidence(tokens: Tokens, token: str | None) -> tuple[str, ...]:
    """What this form brought earlier: the list is signed, so nobody names files that are not theirs."""
    value = tokens.read_carried(KEPT, token) if token else None
    return tuple(value.split(",")) if value else ()


def seal_evidence(tokens: Tokens, papers: Sequence[str]) -> str:
    return tokens.make_carried(KEPT, ",".join(papers)) if papers else ""


def keep_evidence(field: EvidenceField, before: Sequence[str], storage: Storage) -> tuple[str, ...]:
    """Store what can be kept of the papers that were sent; the others are told at the field."""
    files = field.data or []
    if len(before) + len(files) > field.most:
        field.errors = [*field.errors, _("Gửi kèm được nhiều nhất %(most)s tệp. Hãy chọn lại.", most=field.most)]
        return tuple(before)
    kept, refused = list(before), []
    for number, answer in enumerate(look_into([file.stream.read(MOST_BYTES + 1) for file in files]), start=1):
        if isinstance(answer, DomainError):
            why = error_text(answer)
            refused.append(_("Tệp thứ %(number)s: %(why)s", number=number, why=why) if len(files) > 1 else why)
            continue
        kind, data = answer
        with writing_files(storage):
            kept.append(f"{kind}:{storage.put(data)}")
    field.errors = [*field.errors, *refused]
    return tuple(dict.fromkeys(kept))


MOST_SECONDS = 6.0
"""For all files of one request together, whatever they are."""


def look_into(files: Sequence[bytes]) -> list[tuple[str, bytes] | DomainError]:
    """Clean pictures, and PDFs that could be opened: one child looks at all pictures, and PDFs share what is left."""
    until = time.monotonic() + MOST_SECONDS
    pictures = iter(clean_each([data for data in files if not _says_pdf(data)]))
    seen: list[tuple[str, bytes] | DomainError] = []
    for data in files:
        picture = None if _says_pdf(data) else next(pictures)
        if picture is None:
            seen.append((PDF, data))
        else:
            seen.append(picture if isinstance(picture, DomainError) else (PICTURE, picture.data))
    return [_checked_pdf(each, until) for each in seen]


def _says_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:1024]


def _checked_pdf(answer: tuple[str, bytes] | DomainError, until: float) -> tuple[str, bytes] | DomainError:
    if isinstance(answer, DomainError) or answer[0] != PDF:
        return answer
    left = until - time.monotonic()
    if len(answer[1]) > MOST_BYTES:
        return DomainError(N_("Tệp lớn hơn 10 MB. Hãy chụp ảnh giấy tờ rồi gửi ảnh."))
    if left <= 0:
        return DomainError(N_("Các tệp khác quá nặng nên chưa xem được tệp này. Hãy gửi riêng tệp này."))
    found = inspect_upload(answer[1], seconds=min(left, WALL_SECONDS))
    return DomainError(_PDF_CLOSED) if found.encrypted or not found.readable else answer


def paper_answer(papers: Sequence[str], number: int) -> Response:
    """One paper for whoever may see it. A stranger's PDF is only handed out: no page of ours opens it."""
    if not 0 < number <= len(papers):
        raise NotFound
    kind, _colon, sha256 = papers[number - 1].partition(":")
    try:
        data = product().storage.get(sha256)
    except (OSError, DocumentDamaged):
        raise NotFound from None
    if kind == PICTURE:
        return Response(data, mimetype="image/jpeg")
    name = f'attachment; filename="giay-to-{number}.pdf"'
    return Response(data, mimetype="application/pdf", headers={"Content-Disposition": name})


def shown_papers(papers: Sequence[str]) -> list[dict[str, Any]]:
    """For pages: the number of each in its address, and whether it is a picture."""
    return [{"number": number, "picture": each.startswith(PICTURE)} for number, each in enumerate(papers, start=1)]
