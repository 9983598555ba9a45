"""Forms about recorded violations, and the filter of their list."""

from __future__ import annotations

from datetime import date
from typing import Any

from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_line
from pledges.review.violation_models import Violation, ViolationField
from pledges.review.violation_queries import LONGEST_TEXT, ViolationFilter
from pledges.review.violation_rules import (
    FIELD_LABELS,
    LONGEST_AUTHORITY,
    LONGEST_NUMBER,
    Said,
    parse_fine,
)
from pledges.web.components import PageForm
from pledges.web.fields import Choice, DateField, LongTextField, SelectField, TextField, lazy
from pledges.web.i18n import number_text

NO_NUMBERS = lazy("Không ghi số định danh cá nhân, số điện thoại hay tên người không liên quan.")
FIELDS = [Choice(field.value, lazy(label)) for field, label in FIELD_LABELS.items()]


def _number(typed: str) -> str:
    return clean_line(typed, most=LONGEST_NUMBER)


def _authority(typed: str) -> str:
    return clean_line(typed, most=LONGEST_AUTHORITY)


class ViolationForm(PageForm):
    decision_number = TextField(
        lazy("Số quyết định"),
        hint=lazy("Như trên văn bản, ví dụ 12/QĐ-XPHC."),
        clean=_number,
        width="20",
        autocomplete="off",
    )
    decided_on = DateField(
        lazy("Ngày quyết định"), required=lazy("Hãy điền ngày quyết định dạng ngày/tháng/năm, ví dụ 02/09/2026.")
    )
    decided_by = TextField(
        lazy("Cơ quan, chức danh ra quyết định"),
        hint=lazy("Ví dụ: Chủ tịch UBND phường, Đội Quản lý thị trường số 1. Không ghi tên người."),
        clean=_authority,
        autocomplete="off",
    )
    field = SelectField(lazy("Lĩnh vực"), choices=FIELDS, required=lazy("Hãy chọn lĩnh vực của vi phạm."))
    happened_on = DateField(
        lazy("Ngày vi phạm"),
        hint=lazy("Nếu kéo dài nhiều ngày: ngày cuối cùng ghi trong quyết định."),
        required=lazy("Hãy điền ngày vi phạm dạng ngày/tháng/năm, ví dụ 02/09/2026."),
    )
    what = LongTextField(lazy("Hành vi vi phạm"), hint=NO_NUMBERS, rows=4)
    channel = TextField(
        lazy("Trang web, tài khoản, gian hàng vi phạm"),
        hint=lazy("Chỉ ghi khi vi phạm xảy ra trên một kênh, ví dụ vidu.vn hoặc facebook.com/tentrang."),
        required=False,
        inputmode="url",
        autocomplete="off",
    )
    fine = TextField(
        lazy("Số tiền phạt (đồng)"),
        hint=lazy("Để trống nếu không phạt tiền. Ví dụ 15.000.000."),
        clean=parse_fine,
        show=number_text,
        required=False,
        width="20",
        inputmode="numeric",
        autocomplete="off",
    )
    source_link = TextField(
        lazy("Đường dẫn tới quyết định hoặc tin đăng"), required=False, inputmode="url", autocomplete="off"
    )
    note = LongTextField(
        lazy("Ghi chú nội bộ"),
        hint=lazy("Chỉ cán bộ trong cơ quan đọc được. Không ghi số định danh cá nhân."),
        required=False,
        rows=3,
    )

    def said(self) -> Said:
        return Said(
            field=ViolationField(self.field.data),
            happened_on=self.happened_on.data,
            what=self.what.data,
            decision_number=self.decision_number.data,
            decided_on=self.decided_on.data,
            decided_by=self.decided_by.data,
            fine=self.fine.data or None,
            channel=self.channel.data or "",
            source_link=self.source_link.data or "",
            note=self.note.data or "",
        )


class CorrectViolationForm(ViolationForm):
    reason = LongTextField(
        lazy("Vì sao sửa"),
        hint=lazy("Bản ghi cũ vẫn được giữ cùng lý do này."),
        required=lazy("Hãy ghi vì sao sửa, để người sau hiểu."),
        rows=2,
    )


class TakeBackForm(PageForm):
    reason = LongTextField(
        lazy("Vì sao rút lại"),
        hint=lazy("Ví dụ: ghi nhầm đối tượng, quyết định đã bị hủy. Bản ghi vẫn được giữ cùng lý do này."),
        required=lazy("Hãy ghi vì sao rút lại, để người sau hiểu."),
        rows=3,
    )


def as_said(violation: Violation) -> dict[str, Any]:
    """What a record says, for the form that corrects it."""
    return {
        "field": violation.field.value,
        "happened_on": violation.happened_on,
        "what": violation.what,
        "decision_number": violation.decision_number,
        "decided_on": violation.decided_on,
        "decided_by": violation.decided_by,
        "fine": violation.fine,
        "channel": violation.channel,
        "source_link": violation.source_link,
        "note": violation.note,
    }


class ViolationFilterForm(PageForm):
    """Sent by GET, so that the address of a filtered list can be handed on."""

    class Meta(PageForm.Meta):
        csrf = False

    tim = TextField(
        lazy("Từ khóa"),
        hint=lazy("Tên đối tượng, số quyết định hoặc địa chỉ kênh; viết không dấu cũng được."),
        required=False,
        autocomplete="off",
    )
    linh_vuc = SelectField(lazy("Lĩnh vực"), choices=FIELDS, empty=lazy("Mọi lĩnh vực"), required=False)
    tu = DateField(lazy("Quyết định từ ngày"), required=False)
    den = DateField(lazy("Đến ngày"), required=False)

    def wanted(self) -> ViolationFilter:
        """What is right of it; a day that makes no sense is shown with its mistake, and leaves nothing out."""
        self.validate()
        first, last = self._day("tu"), self._day("den")
        if first is not None and last is not None and first > last:
            self.refuse(DomainError(N_("Ngày đầu phải trước ngày cuối. Hãy đổi lại."), field="den"))
            last = None
        field = self.linh_vuc.data if not self.linh_vuc.errors else None
        return ViolationFilter(
            first,
            last,
            ViolationField(field) if field else None,
            "" if self.tim.errors else (self.tim.data or "")[:LONGEST_TEXT],
        )

    def _day(self, name: str) -> date | None:
        found = self[name].data
        return found if isinstance(found, date) and not self[name].errors else None
