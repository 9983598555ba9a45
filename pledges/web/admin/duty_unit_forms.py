"""Forms about reporting units and the people who work for them; lists are pasted as lines."""

from __future__ import annotations

import hashlib
from typing import Any

from pledges.core.text import clean_block, clean_line
from pledges.plans.models import UnitKind
from pledges.web.admin.duty_words import KINDS
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, LongTextField, TextField, lazy

LONGEST = 40_000
"""A province has at most 168 communes; a line with a name, a person and an address is short."""


def clean_lines(raw: str) -> str:
    """Columns that were copied out of a spreadsheet come with tabs between them."""
    return clean_block(raw.replace("\t", "; "), most=LONGEST)


class SearchForm(PageForm):
    class Meta(PageForm.Meta):
        csrf = False

    tim = TextField(
        lazy("Tìm đơn vị hoặc người"),
        required=False,
        autocomplete="off",
        clean=lambda raw: clean_line(raw, most=100),
    )


class UnitForm(PageForm):
    name = TextField(
        lazy("Tên đơn vị"),
        hint=lazy("Đủ tên như trong văn bản, ví dụ: Sở Nông nghiệp và Môi trường tỉnh Ví Dụ."),
        clean=lambda raw: clean_line(raw, most=200),
        autocomplete="off",
    )
    kind = ChoiceField(
        lazy("Loại đơn vị"),
        hint=lazy("Nhiệm vụ giao cho “tất cả các sở, ngành” gồm mọi đơn vị thuộc loại đó."),
        choices=[Choice(kind.value, lazy(KINDS[kind])) for kind in KINDS if kind is not UnitKind.COMMUNE],
    )


class PasteForm(PageForm):
    """Lines that are first shown as they were understood; only what was shown is acted upon."""

    lines: Any

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256((self.lines.data or "").encode()).hexdigest()

    def was_shown(self, fingerprint: str) -> bool:
        return fingerprint == self.fingerprint


class PasteUnitsForm(PasteForm):
    lines = LongTextField(
        lazy("Danh sách đơn vị"),
        hint=lazy(
            "Mỗi dòng một đơn vị: tên; loại; thư điện tử; họ và tên người nhận việc. Hai mục sau bỏ trống được. "
            "Loại là sở, báo, quản lý thị trường hoặc cấp trên. Dán từ bảng tính cũng được."
        ),
        rows=12,
        clean=clean_lines,
    )


class InviteForm(PasteForm):
    lines = LongTextField(
        lazy("Ai làm cho đơn vị nào?"),
        hint=lazy(
            "Mỗi dòng một người: tên đơn vị; họ và tên; thư điện tử. Dòng chưa điền người thì được bỏ qua. "
            "Dán từ bảng tính cũng được."
        ),
        rows=14,
        clean=clean_lines,
    )
