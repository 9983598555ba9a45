"""What a comparison of pages says, in words: never that a file is real, and first of all which pages differ."""

from __future__ import annotations

import base64
from typing import Any

from flask import g
from flask_babel import gettext as _

from pledges.documents.page_comparison import ComparedPage, Looks, PageKind
from pledges.signing.comparing import ComparedFile
from pledges.signing.verification import Earlier
from pledges.web.public.verification_words import Words

MOST_NUMBERS = 10


def title_of(compared: ComparedFile) -> str | None:
    """The heading of the page; None where the finding itself is the heading."""
    titles = {
        Looks.SAME: _("Không phải tệp gốc, nhưng các trang nhìn giống bản gốc"),
        Looks.UNSURE: _("Tệp này không phải bản gốc"),
        Looks.INCOMPARABLE: _("Tệp này không phải bản gốc"),
    }
    if compared.pages.looks is Looks.DIFFERENT:
        pages = pages_text(compared)
        if not pages:
            return str(_("Tệp này thiếu trang so với bản gốc"))
        return str(_("Tệp này khác bản gốc ở trang %(pages)s", pages=pages))
    return str(titles[compared.pages.looks]) if compared.pages.looks in titles else None


def pages_text(compared: ComparedFile) -> str:
    numbers = [str(number) for number in compared.pages.different]
    return ", ".join(numbers[:MOST_NUMBERS]) + ("…" if len(numbers) > MOST_NUMBERS else "")


def banner_of(compared: ComparedFile) -> Words:
    looks = compared.pages.looks
    if looks is Looks.SAME:
        text = _(
            "Tệp này không phải bản gốc từng byte: có chương trình đã lưu lại tệp, nên tệp không còn niêm phong. "
            "Các trang nhìn giống bản gốc."
        )
        return Words("warning", str(_("Không phải bản gốc từng byte")), str(text))
    if looks is Looks.DIFFERENT:
        return Words("wrong", str(_("Nội dung khác bản gốc")), str(_("Đừng dựa vào tệp này.")))
    if looks is Looks.UNSURE:
        text = _(
            "Trên máy của chúng tôi các trang nhìn giống bản gốc, nhưng tệp bị hỏng hoặc có ghi chú, ô điền, lớp ẩn mà "
            "bản gốc không có; mở bằng chương trình khác, trang có thể hiện chữ khác. Đừng dựa vào tệp này."
        )
        return Words("wrong", str(_("Tệp có phần lạ so với bản gốc")), str(text))
    text = _(
        "Không trang nào giống bản gốc. Nếu đây là bản scan, ảnh chụp hoặc bản trình bày lại thì hệ thống không so "
        "được: đừng dựa vào tệp này, hãy xem bản thật theo mã và xin tệp gốc."
    )
    return Words("wrong", str(_("Không so được với bản gốc")), str(text))


def lines_of(compared: ComparedFile) -> list[str]:
    """What else there is to know, one sentence after the other."""
    pages, lines = compared.pages, []
    if pages.looks is Looks.DIFFERENT:
        lines += [page_line(page) for page in pages.pages if page.kind is not PageKind.SAME or page.notes][
            :MOST_NUMBERS
        ]
        if pages.missing:
            lines.append(_("Thiếu trang: bản gốc có thêm %(number)s trang.", number=pages.missing))
    if pages.looks is Looks.SAME:
        lines.append(
            _(
                "Không ai bảo đảm những gì không nhìn thấy trong tệp, như liên kết hay dữ liệu kèm theo. "
                "Cần làm bằng chứng thì hãy xin tệp gốc rồi kiểm tra lại."
            )
        )
        if pages.redrawn:
            lines.append(
                _(
                    "Chương trình đã vẽ lại các trang, nên chữ rất nhỏ chưa so được chắc chắn: "
                    "hãy tự xem các chữ ở chân trang."
                )
            )
    if compared.earlier is Earlier.BEFORE_APPROVAL:
        lines.append(_("Tệp được so với bản trước khi tiếp nhận; nay đã có bản cuối."))
    elif compared.earlier is Earlier.BEFORE_CORRECTION:
        lines.append(_("Tệp được so với bản cũ, trước khi người ký sửa và ký lại; nay đã có bản mới."))
    return [str(line) for line in lines]


def page_line(page: ComparedPage) -> str:
    """How one page compares."""
    said = {
        PageKind.SAME: _("Trang %(number)s: nhìn giống bản gốc.", number=page.number),
        PageKind.DIFFERS: _("Trang %(number)s: có chỗ khác bản gốc.", number=page.number),
        PageKind.OTHER: _("Trang %(number)s: khác hẳn bản gốc.", number=page.number),
        PageKind.ADDED: _("Trang %(number)s: bản gốc không có trang này.", number=page.number),
        PageKind.UNCOMPARED: _("Trang %(number)s: chưa kịp so.", number=page.number),
    }
    line = str(said[page.kind])
    return f"{line} {_('Trên trang có ghi chú hoặc ô điền mà bản gốc không có.')}" if page.notes else line


def shown(jpeg: bytes) -> str:
    """A picture for the page that is not stored anywhere; the policy of this one answer lets it through."""
    g.embedded_pictures = True
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def pictured(compared: ComparedFile) -> list[dict[str, Any]]:
    """The pages with pictures: those of the upload, and beside them ours where they were asked for."""
    return [
        {
            "page": page,
            "line": page_line(page),
            "upload": shown(page.upload),
            "original": shown(page.original) if page.original else "",
        }
        for page in compared.pages.pages
        if page.upload
    ]
