"""Forms about one report: its signed file, what was sent elsewhere, why it is corrected or returned."""

from __future__ import annotations

from wtforms import HiddenField

from pledges.core.text import clean_line
from pledges.rounds.agency_documents import MOST_BYTES
from pledges.web.fields import DateField, LongTextField, TextField, UploadField, lazy
from pledges.web.officer.decision_forms import DecisionForm

LONGEST_NUMBER = 60


def _number(typed: str) -> str:
    return clean_line(typed, most=LONGEST_NUMBER)


class PressForm(DecisionForm):
    """For what needs nothing but a press: drafting, sending, taking in."""


class SignedFileForm(DecisionForm):
    kept = HiddenField()
    file = UploadField(
        lazy("Báo cáo đã ký"),
        hint=lazy("Bản PDF đã ký số hoặc bản quét đã ký, đóng dấu, tối đa 10 MB."),
        required=lazy("Hãy chọn tệp PDF của báo cáo đã ký."),
        accept=".pdf,application/pdf",
        most_bytes=MOST_BYTES,
    )
    number = TextField(
        lazy("Số, ký hiệu"),
        hint=lazy("Như in trên báo cáo, ví dụ 05/BC-SCT."),
        required=lazy("Hãy ghi số, ký hiệu của báo cáo."),
        clean=_number,
        width="20",
        autocomplete="off",
    )
    day = DateField(lazy("Ngày ký"), hint=lazy("Như in trên báo cáo, ví dụ 28/09/2026."))


class SentOutsideForm(DecisionForm):
    number = TextField(
        lazy("Số, ký hiệu"),
        hint=lazy("Như in trên báo cáo, ví dụ 05/BC-SCT."),
        required=lazy("Hãy ghi số, ký hiệu của báo cáo đã gửi."),
        clean=_number,
        width="20",
        autocomplete="off",
    )
    day = DateField(lazy("Ngày gửi"), hint=lazy("Ngày văn bản được gửi đi, ví dụ 28/09/2026."))


class CorrectionForm(DecisionForm):
    reason = LongTextField(
        lazy("Vì sao đính chính"),
        hint=lazy("Nơi nhận đọc được lý do này. Bản đã gửi vẫn được giữ để đối chiếu."),
        required=lazy("Hãy ghi vì sao đính chính, để nơi nhận hiểu."),
        rows=3,
    )


class ReturnReportForm(DecisionForm):
    reason = LongTextField(
        lazy("Lý do trả lại"),
        hint=lazy("Nói rõ cần sửa gì. Đơn vị gửi nhận nguyên văn lời này qua thư điện tử."),
        required=lazy("Hãy ghi lý do trả lại, để đơn vị gửi biết cần sửa gì."),
        rows=4,
    )
