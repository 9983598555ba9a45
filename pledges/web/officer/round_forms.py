"""Forms of the pages of a round."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from wtforms.validators import StopValidation

from pledges.core.text import clean_block, clean_line
from pledges.plans.decisions import MOST_DAYS_BEFORE, MOST_REMINDERS
from pledges.rounds.models import Round, Why
from pledges.rounds.population import PART_LABELS, Part
from pledges.rounds.progress import TROUBLE_LABELS
from pledges.rounds.rules import WHY_LABELS
from pledges.web.components import PageForm
from pledges.web.fields import Choice, DateField, LongTextField, SelectField, TextField, lazy
from pledges.web.officer.decision_forms import DecisionForm


def read_days(typed: str) -> list[int]:
    """`30, 14 và 7` as numbers, the earliest reminder first."""
    found = re.findall(r"\d+", typed)
    rest = re.sub(r"\d+|và|and|ngày|[\s,;.]", "", typed.lower())
    if rest or any(len(number) > 3 for number in found):
        raise StopValidation(str(lazy("Hãy ghi các số ngày cách nhau bằng dấu phẩy, ví dụ 30, 14, 7.")))
    return sorted({int(number) for number in found}, reverse=True)


def days_text(days: Sequence[int]) -> str:
    return ", ".join(map(str, days))


class ReminderDaysField(TextField):
    """The days before the day shown; nothing at all means that nobody is reminded. `data` is a list of numbers."""

    inputmode = "text"

    def __init__(self, **options: Any) -> None:
        super().__init__(
            lazy("Nhắc trước hạn bao nhiêu ngày"),
            hint=lazy(
                "Các số ngày cách nhau bằng dấu phẩy, ví dụ 30, 14, 7. Nhiều nhất %(most)s lần, mỗi lần từ 1 đến "
                "%(days)s ngày. Để trống nếu không nhắc.",
                most=MOST_REMINDERS,
                days=MOST_DAYS_BEFORE,
            ),
            required=False,
            clean=read_days,
            show=days_text,
            autocomplete="off",
            width="20",
            **options,
        )

    @property
    def chosen(self) -> list[int]:
        return list(self.data or ())


class ConfirmForm(DecisionForm):
    """Nothing but the button, and the revision that was looked at."""


class RoundDaysForm(DecisionForm):
    day = DateField(
        lazy("Ngày của đợt"),
        hint=lazy("Lời mời ghi ngày này làm hạn, trừ người có hạn muộn hơn. Phải nằm trong quý, ví dụ 31/12/2026."),
    )
    reminder_days = ReminderDaysField()


def whole_number(typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 4):
        raise StopValidation(str(lazy("Hãy ghi một số nguyên, ví dụ 10.")))
    return int(typed)


class RoundSettingsForm(PageForm):
    waiting_days = TextField(
        lazy("Thời gian chờ sau khi mời, tính bằng ngày làm việc"),
        hint=lazy("Hết thời gian này mà chưa ký thì vào phần “Chưa cam kết”. Thường là 10 ngày làm việc."),
        required=lazy("Hãy ghi số ngày làm việc, ví dụ 10."),
        clean=whole_number,
        inputmode="numeric",
        autocomplete="off",
        width="10",
    )
    reminder_days = ReminderDaysField()


# --- Who is asked ----------------------------------------------------------------------------------------------------

BY_MAIL, WITHOUT_MAIL = "thu", "khong"


class PeopleFilterForm(PageForm):
    """Which obligations the list of a round shows; it stands in the address, so its names are short and Vietnamese."""

    phan = SelectField(
        lazy("Trong đợt này"),
        required=False,
        choices=[Choice(part.value, lazy(label)) for part, label in PART_LABELS.items()],
        empty=lazy("Tất cả"),
    )
    vi_sao = SelectField(
        lazy("Vì sao mời"),
        required=False,
        choices=[Choice(why.value, lazy(label)) for why, label in WHY_LABELS.items()],
        empty=lazy("Tất cả"),
    )
    lien_he = SelectField(
        lazy("Thư điện tử"),
        required=False,
        choices=[
            Choice(BY_MAIL, lazy("Có thư điện tử dùng được")),
            Choice(WITHOUT_MAIL, lazy("Không có thư điện tử dùng được")),
        ],
        empty=lazy("Tất cả"),
    )
    nhom = SelectField(lazy("Nhóm đối tượng"), required=False, empty=lazy("Tất cả"))
    tim = TextField(
        lazy("Tên"),
        hint=lazy("Một phần của tên, viết không dấu cũng được."),
        required=False,
        clean=lambda raw: clean_line(raw, most=100),
        autocomplete="off",
    )

    def fit(self, entries: Mapping[str, str]) -> None:
        self.nhom.choices = [Choice(entry_id, label) for entry_id, label in entries.items()]

    def chosen(self) -> dict[str, Any]:
        """What `candidates.candidates` takes; a value that is no choice filters nothing."""

        def of(field: SelectField) -> str:
            return field.data if field.data in {choice.value for choice in field.choices} else ""

        part, why, mail = of(self.phan), of(self.vi_sao), of(self.lien_he)
        return {
            "in_part": Part(part) if part else None,
            "because": Why(why) if why else None,
            "by_mail": {BY_MAIL: True, WITHOUT_MAIL: False}.get(mail),
            "entry_id": of(self.nhom) or None,
            "text": clean_line(self.tim.data or "", most=100),
        }


class LeaveOutForm(PageForm):
    reason = LongTextField(
        lazy("Vì sao không mời trong đợt này"),
        hint=lazy("Ví dụ: đang giải thể; cơ quan đã mời bằng công văn riêng. Đồng nghiệp và thanh tra đọc được."),
        required=lazy("Hãy ghi lý do không mời, để đồng nghiệp và thanh tra hiểu được sau này."),
        rows=3,
        clean=lambda raw: clean_block(raw, most=500),
    )


class TroubleForm(PageForm):
    hien = SelectField(
        lazy("Hiện"),
        required=False,
        choices=[Choice(trouble.value, lazy(label)) for trouble, label in TROUBLE_LABELS.items()],
    )


# --- Looking back ----------------------------------------------------------------------------------------------------


class AsOfForm(PageForm):
    ngay = DateField(
        lazy("Số liệu tính đến hết ngày"),
        hint=lazy("Một ngày đã qua, ví dụ 30/11/2026. Để trống để xem hiện nay."),
        required=False,
    )

    def fit(self, of_round: Round, today: date) -> None:
        self._of_round, self._today = of_round, today

    def validate_ngay(self, field: DateField) -> None:
        if field.data is not None and field.data >= self._today:
            raise StopValidation(str(lazy("Hãy chọn một ngày đã qua.")))
