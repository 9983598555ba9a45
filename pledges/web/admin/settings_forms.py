"""Forms of the plan settings: each part of them with the reason why it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pledges.core.calendar import typed_day
from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_line
from pledges.plans.decisions import AGENCY, ENTRY, LEAST_SIGNATURES, MOST_WORKING_DAYS
from pledges.plans.models import Agency, ObligationEntry
from pledges.plans.retention import RETENTION
from pledges.plans.setting_changes import LONGEST_REASON, Changes, province_values
from pledges.plans.settings import HIDEABLE, ProvinceSettings
from pledges.web.admin.settings_words import FIELD_LABELS, SIGNATURE_LABELS
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoicesField, SelectField, TextField, YesNoField, lazy
from pledges.web.i18n import date_text
from pledges.web.officer.round_forms import ReminderDaysField


def whole_number(typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 4):
        raise DomainError(N_("Hãy ghi một số nguyên, ví dụ 10."))
    return int(typed)


def days_of_year(typed: str) -> list[str]:
    """Days between commas or blanks, as JSON keeps them."""
    found: list[date] = []
    for each in typed.replace(",", " ").replace(";", " ").split():
        day = typed_day(each)
        if day is None:
            raise DomainError(N_("Không đọc được ngày %(day)s. Ghi ngày/tháng/năm, ví dụ 02/01/2026."), day=each[:20])
        found.append(day)
    return [day.isoformat() for day in sorted(set(found))]


def _days_text(days: Any) -> str:
    return ", ".join(date_text(date.fromisoformat(day)) for day in days)


class SettingsForm(PageForm):
    """What every part ends with."""

    reason = TextField(
        lazy("Lý do thay đổi"),
        hint=lazy("Ghi căn cứ, ví dụ số văn bản. Lý do hiện trong lịch sử; đừng ghi thông tin cá nhân."),
        required=lazy("Hãy ghi lý do thay đổi."),
        clean=lambda raw: clean_line(raw, most=LONGEST_REASON),
        autocomplete="off",
    )

    def changes(self) -> Changes:
        raise NotImplementedError


class DaysForm(SettingsForm):
    days_to_answer = TextField(
        lazy("Cơ quan thường trả lời trong bao nhiêu ngày làm việc?"),
        hint=lazy("Người ký đọc số này ở thư và trang hồ sơ; quá số này thì hồ sơ được đánh dấu chậm ở hàng đợi."),
        clean=whole_number,
        inputmode="numeric",
        width="5",
        autocomplete="off",
    )
    update_days = TextField(
        lazy("Khi thông tin thay đổi, người ký cập nhật trong bao nhiêu ngày làm việc?"),
        hint=lazy(
            "Số này in trong bản cam kết ký từ bây giờ. Từ 1 đến %(most)s.",
            most=MOST_WORKING_DAYS,
        ),
        clean=whole_number,
        inputmode="numeric",
        width="5",
        autocomplete="off",
    )
    receipt_note = YesNoField(
        lazy("In câu “Việc tiếp nhận cam kết … không phải là giấy phép” vào bản cam kết?"),
        hint=lazy("Câu này nhắc rằng bản cam kết không phải giấy phép, không phải chứng nhận chất lượng."),
    )
    days_off_in_lieu = TextField(
        lazy("Ngày nghỉ hoán đổi, không tính là ngày làm việc"),
        hint=lazy("Ghi các ngày cách nhau bằng dấu phẩy, ví dụ 02/01/2026, 31/12/2026. Ngày lễ đã được tính sẵn."),
        required=False,
        clean=days_of_year,
        show=_days_text,
        autocomplete="off",
    )

    @classmethod
    def of(cls, settings: ProvinceSettings) -> DaysForm:
        return cls(
            data={
                "days_to_answer": str(settings.days_to_answer),
                "update_days": str(settings.update_days),
                "receipt_note": "yes" if settings.receipt_note else "no",
                "days_off_in_lieu": sorted(day.isoformat() for day in settings.days_off_in_lieu),
            }
        )

    def changes(self) -> Changes:
        return province_values(
            {
                "days_to_answer": self.days_to_answer.data,
                "update_days": self.update_days.data,
                "receipt_note": bool(self.receipt_note.data),
                "days_off_in_lieu": list(self.days_off_in_lieu.data or ()),
            }
        )


class AgencyDaysForm(SettingsForm):
    waiting_days = TextField(
        lazy("Thời gian chờ sau khi mời, tính bằng ngày làm việc"),
        hint=lazy("Hết thời gian này mà chưa ký thì vào phần “Chưa cam kết”. Thường là 10 ngày làm việc."),
        required=lazy("Hãy ghi số ngày làm việc, ví dụ 10."),
        clean=whole_number,
        inputmode="numeric",
        width="5",
        autocomplete="off",
    )
    reminder_days = ReminderDaysField()
    agency_code = ""

    @classmethod
    def of(cls, agency: Agency) -> AgencyDaysForm:
        form = cls(data={"waiting_days": str(agency.waiting_days), "reminder_days": list(agency.reminder_days)})
        form.agency_code = agency.code
        return form

    def changes(self) -> Changes:
        values = {"waiting_days": self.waiting_days.data, "reminder_days": self.reminder_days.chosen}
        return {(AGENCY, self.agency_code): values}


class LeastSignatureForm(SettingsForm):
    """One field for each entry: `for_entries` makes a class with them."""

    entries: Sequence[ObligationEntry] = ()

    @classmethod
    def for_entries(cls, entries: Sequence[ObligationEntry], titles: Sequence[str]) -> LeastSignatureForm:
        choices = [Choice(kind, SIGNATURE_LABELS[kind]) for kind in LEAST_SIGNATURES]
        fields = {
            f"entry_{number}": SelectField(title, choices=choices, empty=lazy("Chọn…"))
            for number, title in enumerate(titles)
        }
        # The reason comes last on the page, as on every other part.
        made = type("EntriesForm", (cls,), {**fields, "reason": _again(SettingsForm.reason)})
        form: LeastSignatureForm = made(
            data={f"entry_{number}": entry.least_signature for number, entry in enumerate(entries)}
        )
        form.entries = entries
        return form

    @property
    def of_entries(self) -> list[Any]:
        return [self[f"entry_{number}"] for number in range(len(self.entries))]

    def changes(self) -> Changes:
        return {
            (ENTRY, entry.id): {"least_signature": field.data}
            for entry, field in zip(self.entries, self.of_entries, strict=True)
        }


class PublicFieldsForm(SettingsForm):
    shown = ChoicesField(
        lazy("Ngoài tên, nhóm đối tượng, ngày ký và tình trạng, trang tra cứu còn hiện gì?"),
        hint=lazy("Chỉ của người đã đồng ý công khai. Bỏ dấu là ẩn ngay ở trang tra cứu, trang xác minh và API."),
        choices=[Choice(name, FIELD_LABELS[name]) for name in HIDEABLE],
        required=False,
    )

    @classmethod
    def of(cls, settings: ProvinceSettings) -> PublicFieldsForm:
        return cls(data={"shown": [name for name in HIDEABLE if name not in settings.hidden_fields]})

    def changes(self) -> Changes:
        shown = set(self.shown.data or ())
        return province_values({"hidden_fields": [name for name in HIDEABLE if name not in shown]})


class RetentionForm(SettingsForm):
    """One field for each kind of data whose days a province decides: `of` makes a class with them."""

    held: Mapping[str, int] = {}

    @classmethod
    def of(cls, settings: ProvinceSettings) -> RetentionForm:
        fields = {
            kind: TextField(
                lazy(kept.label),
                hint=lazy(kept.reason),
                clean=whole_number,
                inputmode="numeric",
                width="5",
                autocomplete="off",
            )
            for kind, kept in RETENTION.items()
            if not kept.fixed
        }
        made = type("KindsForm", (cls,), {**fields, "reason": _again(SettingsForm.reason)})
        form: RetentionForm = made(data={kind: str(settings.days_kept(kind)) for kind in fields})
        form.held = {kind: settings.days_kept(kind) for kind in fields}
        return form

    @property
    def of_kinds(self) -> list[Any]:
        return [self[kind] for kind, kept in RETENTION.items() if not kept.fixed]

    def changes(self) -> Changes:
        """Only what differs: a default that nobody has touched stays a default."""
        moved = {field.name: field.data for field in self.of_kinds if field.data != self.held[field.name]}
        return province_values({"retention_days": moved})


def _again(field: Any) -> Any:
    """The same field behind those that were made later: their order is that of their making."""
    return field.field_class(*field.args, **field.kwargs)
