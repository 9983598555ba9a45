"""Forms of the decisions about a request to move a file to another mailbox; they stand on one page."""

from __future__ import annotations

from pledges.core.text import clean_block
from pledges.signing.address_rules import LONGEST_NOTE
from pledges.web.fields import AgreeField, LongTextField, lazy
from pledges.web.officer.decision_forms import DecisionForm


class GrantForm(DecisionForm):
    note = LongTextField(
        lazy("Căn cứ của quyết định"),
        hint=lazy("Ví dụ: đã gọi số điện thoại khai khi ký và được xác nhận. Chỉ cán bộ trong cơ quan đọc được."),
        required=lazy("Hãy ghi căn cứ của quyết định, để đồng nghiệp xem lại được."),
        rows=3,
        clean=lambda typed: clean_block(typed, most=LONGEST_NOTE),
        id="grant-note",
    )
    sure = AgreeField(
        lazy("Tôi đã so giấy tờ với hồ sơ và tin rằng người yêu cầu là người ký"),
        required=lazy("Hãy đánh dấu ô này sau khi đã so giấy tờ với hồ sơ."),
        id="grant-sure",
    )


class RefuseForm(DecisionForm):
    note = LongTextField(
        lazy("Lý do không đồng ý"),
        hint=lazy(
            "Gửi nguyên văn tới thư điện tử mới. Đừng ghi thông tin của hồ sơ: người đọc có thể không phải người ký."
        ),
        required=lazy("Hãy viết lý do; người yêu cầu đọc được."),
        rows=3,
        clean=lambda typed: clean_block(typed, most=LONGEST_NOTE),
        id="refuse-note",
    )


class TakeBackForm(DecisionForm):
    """For what needs nothing but a press."""
