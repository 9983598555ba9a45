"""Forms of letters, calls and visits of a round."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _
from wtforms.validators import StopValidation

from pledges.core.text import clean_line
from pledges.plans.models import Commune
from pledges.rounds.call_list import Show
from pledges.rounds.models import Outcome, Way
from pledges.rounds.unsigned import Recipients
from pledges.web.components import PageForm
from pledges.web.fields import (
    AgreeField,
    Choice,
    ChoiceField,
    DateField,
    SelectField,
    TextField,
    lazy,
)

SHORTEST_REASON = 10


def _commune_field() -> SelectField:
    """One commune, or nothing for all of them."""
    return SelectField(
        lazy("Xã, phường, đặc khu"), required=False, empty=lazy("Tất cả xã, phường, đặc khu"), autocomplete="off"
    )


def commune_choices(communes: Sequence[Commune]) -> list[Choice]:
    return [Choice(commune.code, commune.name) for commune in communes]


class LettersForm(PageForm):
    recipients = ChoiceField(
        lazy("In thư cho ai?"),
        choices=[
            Choice(
                Recipients.UNREACHED.value,
                lazy("Những người chưa liên hệ được"),
                lazy("Không có thư điện tử, thư bị trả lại, gọi chưa gặp."),
            ),
            Choice(
                Recipients.ALL.value,
                lazy("Mọi người chưa ký"),
                lazy("Cả những người đã nhận được thư điện tử hoặc cuộc gọi."),
            ),
        ],
        default=Recipients.UNREACHED.value,
    )
    commune = _commune_field()
    again = AgreeField(
        lazy("In lại cả những thư đã có trong các tệp trước"), required=False, hint=lazy("Thường không cần.")
    )


def _not_in_future(day: date, today: date) -> None:
    if day > today:
        raise StopValidation(str(lazy("Ngày này ở tương lai. Hãy ghi ngày đã làm việc đó.")))


class SentForm(PageForm):
    sent_on = DateField(
        lazy("Ngày đã gửi"),
        hint=lazy("Ngày đưa ra bưu điện hoặc giao cho xã, phường, ví dụ 05/12/2026."),
    )

    def fit(self, today: date) -> None:
        self._today = today

    def validate_sent_on(self, field: DateField) -> None:
        _not_in_future(field.data, self._today)


class TakeBackForm(PageForm):
    reason = TextField(
        lazy("Vì sao bỏ ghi nhận này"),
        required=lazy("Hãy ghi lý do, để đồng nghiệp hiểu được sau này."),
        clean=lambda raw: clean_line(raw, most=300),
        autocomplete="off",
    )


RESULTS = (
    (
        "call:reached",
        lazy("Đã gọi, nói chuyện được"),
        lazy("Đúng người hoặc người trong đơn vị; đã nói việc cần làm và hạn. Thời gian chờ tính từ ngày này."),
    ),
    ("call:not_reached", lazy("Đã gọi, chưa gặp được"), lazy("Không nghe máy, sai số. Không tính là đã mời.")),
    (
        "visit:reached",
        lazy("Đã đến gặp, giao thư hoặc nói trực tiếp"),
        lazy("Thời gian chờ tính từ ngày này."),
    ),
    ("visit:not_reached", lazy("Đã đến, chưa gặp được"), lazy("Vắng nhà, sai địa chỉ. Không tính là đã mời.")),
    ("letter:reached", lazy("Đã gửi thư riêng"), lazy("Thư in lẻ, không theo tệp. Thời gian chờ tính từ ngày này.")),
    (
        "letter:not_reached",
        lazy("Thư giấy bị trả lại"),
        lazy("Ghi nhận đã gửi thư trước đây của người này được bỏ."),
    ),
)
"""Way and outcome in one, so that nothing has to be chosen that goes without saying."""


class ResultsForm(PageForm):
    """One result for all that were ticked."""

    result = ChoiceField(
        lazy("Kết quả"), required=lazy("Hãy chọn kết quả."), choices=[Choice(*each) for each in RESULTS]
    )
    made_on = DateField(lazy("Ngày làm việc đó"), hint=lazy("Ví dụ 05/12/2026."))
    note = TextField(
        lazy("Ghi chú"),
        hint=lazy("Ví dụ: hẹn ký tại phường chiều thứ Sáu. Chỉ cán bộ trong cơ quan đọc được."),
        required=False,
        clean=lambda raw: clean_line(raw, most=200),
        autocomplete="off",
    )

    @property
    def chosen(self) -> tuple[Way, Outcome]:
        way, _colon, outcome = self.result.data.partition(":")
        return Way(way), Outcome(outcome)

    def fit(self, today: date) -> None:
        self._today = today

    def validate_made_on(self, field: DateField) -> None:
        _not_in_future(field.data, self._today)


SHOWN = (
    Choice(Show.PHONE.value, lazy("Chưa liên hệ được, có số điện thoại")),
    Choice(Show.UNREACHED.value, lazy("Mọi người chưa liên hệ được")),
    Choice(Show.ALL.value, lazy("Mọi người chưa ký")),
)


class CallFilterForm(PageForm):
    hien = SelectField(lazy("Hiện"), required=False, choices=SHOWN, empty=SHOWN[0].label)
    xa = _commune_field()


class CallExportForm(PageForm):
    reason = TextField(
        lazy("Lý do tải"),
        hint=lazy("Tệp có số điện thoại. Lý do được ghi vào nhật ký, ví dụ: giao tổ công tác phường gọi trong tuần."),
        required=lazy("Hãy ghi lý do tải, ít nhất 10 ký tự."),
        clean=lambda raw: clean_line(raw, most=200),
        autocomplete="off",
    )

    def validate_reason(self, field: TextField) -> None:
        if len(field.data) < SHORTEST_REASON:
            raise StopValidation(_("Hãy ghi lý do tải, ít nhất %(least)s ký tự.", least=SHORTEST_REASON))
