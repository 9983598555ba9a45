"""Forms of the pages of coverage: as of which day and of which entry, and why somebody takes the figures along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from wtforms.validators import StopValidation

from pledges.core.text import clean_line
from pledges.reporting.exports import LONGEST_REASON, SHORTEST_REASON, RollupFormat
from pledges.reporting.standing import Place
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, DateField, SelectField, TextField, lazy
from pledges.web.i18n import date_text


@dataclass(frozen=True)
class Chosen:
    """What the address of a page of coverage says."""

    place: Place
    day: date | None
    """None: now."""
    entry_id: str = ""

    def url(self, endpoint: str = "", **more: Any) -> str:
        """Of this page, or of another one about the same place and day."""
        place = self.place
        where = {"code": place.province_code}
        if place.agency_code:
            where = {"province_code": place.province_code, "agency_code": place.agency_code}
        args = {"ngay": date_text(self.day) if self.day else "", "muc": self.entry_id}
        kept = {name: value for name, value in (where | args | more).items() if value}
        return url_for(endpoint or PAGES[bool(place.province_code) + bool(place.agency_code)], **kept)

    def at(self, **changed: Any) -> Chosen:
        return replace(self, **changed)


PAGES = ("officer.coverage", "officer.coverage_of_province", "officer.coverage_of_agency")


class CoverageForm(PageForm):
    """Sent by GET, so that the address of the figures can be handed on."""

    class Meta(PageForm.Meta):
        csrf = False

    ngay = DateField(
        lazy("Số liệu tính đến hết ngày"),
        hint=lazy("Một ngày đã qua, ví dụ 30/11/2026. Để trống để xem hiện nay."),
        required=False,
        autocomplete="off",
    )
    muc = SelectField(lazy("Nghĩa vụ"), required=False, empty=lazy("Mọi nghĩa vụ"))

    def fit(self, entries: Mapping[str, str], today: date) -> None:
        self._today = today
        self.muc.choices = [Choice(entry_id, label) for entry_id, label in entries.items()]
        if self.muc.data not in entries:
            # Somebody made this address by hand, or the entry has gone: it narrows nothing.
            self.muc.data = self.muc.raw = ""

    def read_day(self) -> date | None:
        """None: now; `problems` says where something else was typed."""
        return self.ngay.data or None if self.validate() else None

    def validate_ngay(self, field: DateField) -> None:
        if field.data is not None and field.data >= self._today:
            raise StopValidation(_("Hãy chọn một ngày đã qua."))


class RollupForm(PageForm):
    format = ChoiceField(
        lazy("Loại tệp"),
        required=lazy("Hãy chọn loại tệp."),
        choices=[
            Choice(RollupFormat.PDF.value, lazy("PDF"), lazy("Biểu số liệu và biểu đồ, để in, trình ký.")),
            Choice(
                RollupFormat.XLSX.value,
                lazy("Excel (XLSX)"),
                lazy("Tổng hợp, theo xã, theo nhóm; có công thức cộng để kiểm tra lại."),
            ),
            Choice(RollupFormat.CSV.value, lazy("CSV"), lazy("Từng dòng số liệu, để đưa vào phần mềm khác.")),
        ],
        default=RollupFormat.PDF.value,
    )
    reason = TextField(
        lazy("Lý do lấy số liệu"),
        hint=lazy("In trên tệp và ghi vào nhật ký, ví dụ: báo cáo quý gửi UBND tỉnh, thành phố."),
        required=lazy("Hãy ghi lý do lấy số liệu, ít nhất 10 ký tự."),
        clean=lambda raw: clean_line(raw, most=LONGEST_REASON),
        autocomplete="off",
    )

    def validate_reason(self, field: TextField) -> None:
        if len(field.data) < SHORTEST_REASON:
            raise StopValidation(_("Hãy ghi lý do lấy số liệu, ít nhất %(least)s ký tự.", least=SHORTEST_REASON))
