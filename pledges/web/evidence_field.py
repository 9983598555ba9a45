"""Papers that somebody sends to prove something: pictures and PDFs, looked into by children, stored at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_babel import gettext as _

from pledges.core.errors import N_, DomainError, NotFound
from pledges.core.tokens import Tokens
from pledges.documents.errors import DocumentDamaged
from pledges.documents.pictures import ACCEPT, MOST_BYTES, clean_picture
from pledges.documents.storage import Storage
from pledges.documents.verification_upload import inspect_upload
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
    for number, file in enumerate(files, start=1):
        try:
            kind, data = _checked(file.stream.read(MOST_BYTES + 1))
        except DomainError as refusal:
            why = error_text(refusal)
            refused.append(_("Tệp thứ %(number)s: %(why)s", number=number, why=why) if len(files) > 1 else why)
            continue
        with writing_files(storage):
            kept.append(f"{kind}:{storage.put(data)}")
    field.errors = [*field.errors, *refused]
    return tuple(dict.fromkeys(kept))


def _checked(data: bytes) -> tuple[str, bytes]:
    """A clean picture, or a PDF that a child could open; raises `DomainError`."""
    if b"%PDF-" not in data[:1024]:
        return PICTURE, clean_picture(data).data
    if len(data) > MOST_BYTES:
        raise DomainError(N_("Tệp lớn hơn 10 MB. Hãy chụp ảnh giấy tờ rồi gửi ảnh."))
    found = inspect_upload(data)
    if found.encrypted or not found.readable:
        raise DomainError(_PDF_CLOSED)
    return PDF, data


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
