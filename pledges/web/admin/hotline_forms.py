"""Forms of the directory of hotlines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms.validators import StopValidation

from pledges.core.calendar import local_day
from pledges.core.errors import N_, DomainError
from pledges.core.text import FAR_TOO_LONG, clean_line
from pledges.hotlines.models import Hotline
from pledges.hotlines.operations import Move
from pledges.hotlines.rules import LONGEST_NAME, LONGEST_PART, Said, read_phone
from pledges.plans.models import Agency
from pledges.web.communes import let_search
from pledges.web.components import PageForm
from pledges.web.current import now
from pledges.web.fields import (
    Choice,
    DateField,
    EmailField,
    LongTextField,
    SearchChoiceField,
    SelectField,
    TextField,
    lazy,
)
from pledges.web.officer.decision_forms import SeenField


def _line(most: int) -> Any:
    return lambda raw: clean_line(raw, most=most)


def _block(raw: str) -> str:
    """As it was pasted: line numbers and tabs must stay, each line is cleaned when it is read."""
    if len(raw) > FAR_TOO_LONG:
        raise DomainError(N_("Nội dung dán quá dài. Hãy dán làm nhiều lần."))
    return raw


class CheckedOnField(DateField):
    """A day up to today."""

    def clean(self, data: Any) -> date:
        day = super().clean(data)
        if day > local_day(now()):
            raise StopValidation(str(lazy("Ngày kiểm tra không thể ở tương lai. Hãy sửa lại ngày.")))
        return day


class HotlineForm(PageForm):
    name = TextField(
        lazy("Gọi cho ai"),
        hint=lazy("Tên cơ quan, bộ phận nhận cuộc gọi. Không ghi tên người."),
        clean=_line(LONGEST_NAME),
        autocomplete="off",
    )
    phone = TextField(
        lazy("Số điện thoại"),
        hint=lazy("Mỗi dòng một số, ví dụ 0205 3000 000, 1900 0000, 113. Có máy lẻ thì ghi: máy lẻ 12."),
        clean=read_phone,
        inputmode="tel",
        autocomplete="off",
        width="20",
    )
    about = TextField(
        lazy("Gọi về việc gì"),
        hint=lazy("Ví dụ: thuốc, mỹ phẩm, thực phẩm bảo vệ sức khỏe."),
        required=False,
        clean=_line(LONGEST_PART),
        autocomplete="off",
    )
    hours = TextField(
        lazy("Giờ nhận cuộc gọi"),
        hint=lazy("Ví dụ: 24 giờ mỗi ngày, hoặc 7 giờ 30 đến 17 giờ, thứ Hai đến thứ Sáu."),
        required=False,
        clean=_line(80),
        autocomplete="off",
    )
    email = EmailField(lazy("Thư điện tử"), required=False, autocomplete="off")
    address = TextField(lazy("Địa chỉ"), required=False, clean=_line(LONGEST_PART), autocomplete="off")
    agency = SelectField(
        lazy("Cơ quan"),
        hint=lazy("Chọn nếu là cơ quan có tên trong kế hoạch; các số của một cơ quan in chung một áp phích."),
        empty=lazy("Cơ quan khác"),
        required=False,
    )
    commune = SearchChoiceField(
        lazy("Xã, phường, đặc khu"),
        hint=lazy("Chỉ chọn nếu số này dành riêng cho một xã, phường, đặc khu."),
        search_label=lazy("Tìm theo tên mới hoặc tên cũ"),
        required=False,
    )
    source = TextField(
        lazy("Cơ quan công bố số này ở đâu"),
        hint=lazy("Đường dẫn hoặc số văn bản, để lần sau kiểm tra lại. Không hiện trên trang công khai."),
        required=False,
        clean=_line(300),
        autocomplete="off",
    )
    checked_on = CheckedOnField(
        lazy("Ngày kiểm tra gần nhất"), hint=lazy("Ngày có người gọi thử hoặc hỏi lại cơ quan.")
    )

    def fit(self, province_code: str, agencies: Sequence[Agency]) -> None:
        self.agency.choices = [Choice(agency.code, agency.name) for agency in agencies]
        let_search(self.commune, province_code)

    def said(self) -> Said:
        return Said(
            name=self.name.data,
            phone=self.phone.data,
            checked_on=self.checked_on.data,
            about=self.about.data or "",
            agency_code=self.agency.data or None,
            commune_code=self.commune.data or None,
            email=self.email.data or "",
            hours=self.hours.data or "",
            address=self.address.data or "",
            source=self.source.data or "",
        )


class ChangeHotlineForm(HotlineForm):
    seen = SeenField()


def as_said(hotline: Hotline) -> dict[str, Any]:
    names = ("name", "phone", "about", "hours", "email", "address", "source", "checked_on")
    return {
        **{name: getattr(hotline, name) for name in names},
        "agency": hotline.agency_code or "",
        "commune": hotline.commune_code or "",
        "seen": hotline.revision,
    }


class SeenForm(PageForm):
    """Nothing but a button, and the revision that was looked at."""

    seen = SeenField()


def _move(raw: str) -> Move:
    try:
        return Move(raw)
    except ValueError:
        raise DomainError(N_("Hãy bấm Lên, Xuống hoặc Lên đầu.")) from None


class MoveForm(SeenForm):
    move = TextField(lazy("Đổi thứ tự"), clean=_move)


class PasteForm(PageForm):
    lines = LongTextField(
        lazy("Các dòng"),
        hint=lazy(
            "Mỗi dòng một số: tên; số điện thoại; gọi về việc gì; giờ nhận cuộc gọi; xã, phường. "
            "Hai phần đầu là bắt buộc. Dán thẳng từ bảng tính cũng được."
        ),
        rows=12,
        clean=_block,
    )
    source = TextField(
        lazy("Cơ quan công bố các số này ở đâu"),
        hint=lazy("Đường dẫn hoặc số văn bản, để lần sau kiểm tra lại."),
        required=False,
        clean=_line(300),
        autocomplete="off",
    )
    checked_on = CheckedOnField(
        lazy("Ngày kiểm tra các số này"), hint=lazy("Ngày có người gọi thử hoặc hỏi lại các cơ quan.")
    )
