"""The clocks of the law, what each right is called, and why something may be kept.

Nghị định 356/2025/NĐ-CP, điều 5: acknowledged within 2 working days; decided within 10, 15 or 20 days by the kind of
request, and once as long again where that is told with the reason.
"""

from __future__ import annotations

from datetime import date, timedelta

from pledges.core.calendar import add_working_days
from pledges.core.errors import N_
from pledges.core.secrecy import random_code
from pledges.rights.models import Outcome, RequestKind, Way

ACKNOWLEDGE_WITHIN = 2
"""Working days."""

DECIDE_WITHIN: dict[RequestKind, timedelta] = {
    RequestKind.VIEW: timedelta(days=10),
    RequestKind.COPY: timedelta(days=10),
    RequestKind.CORRECT: timedelta(days=10),
    RequestKind.RESTRICT: timedelta(days=15),
    RequestKind.DELETE: timedelta(days=20),
}
"""Also by how much it may be extended, once."""

COPY_OPEN_FOR = timedelta(days=30)
"""How long the copy that was granted can be fetched from the file."""

KIND_LABELS: dict[RequestKind, str] = {
    RequestKind.VIEW: N_("Xem dữ liệu"),
    RequestKind.COPY: N_("Nhận bản sao dữ liệu"),
    RequestKind.CORRECT: N_("Chỉnh sửa dữ liệu"),
    RequestKind.RESTRICT: N_("Hạn chế xử lý dữ liệu"),
    RequestKind.DELETE: N_("Xóa dữ liệu"),
}

WAY_LABELS: dict[Way, str] = {
    Way.FILE: N_("Từ trang hồ sơ"),
    Way.IN_PERSON: N_("Đến trực tiếp"),
    Way.LETTER: N_("Gửi văn bản"),
}

OUTCOME_LABELS: dict[Outcome, str] = {
    Outcome.GRANTED: N_("Đã thực hiện"),
    Outcome.PARTLY: N_("Đã thực hiện một phần"),
    Outcome.REFUSED: N_("Không thực hiện"),
}

GROUNDS: dict[str, str] = {
    "archive": N_("Đây là hồ sơ của cơ quan nhà nước, phải lưu giữ theo pháp luật về lưu trữ."),
    "state_task": N_("Dữ liệu cần cho nhiệm vụ của cơ quan nhà nước theo luật định (Điều 19 Luật 91/2025/QH15)."),
    "case": N_("Dữ liệu cần cho việc xử lý vi phạm hoặc giải quyết khiếu nại, tố cáo đang tiến hành."),
    "elsewhere": N_("Hồ sơ này do cơ quan khác tiếp nhận và quyết định. Hãy gửi yêu cầu tới cơ quan đó."),
    "identity": N_("Chưa xác định được người yêu cầu là chủ thể dữ liệu hoặc người được ủy quyền."),
    "others": N_("Thực hiện yêu cầu sẽ làm lộ dữ liệu cá nhân của người khác."),
    "not_held": N_("Cơ quan không giữ dữ liệu được yêu cầu."),
    "correct": N_("Dữ liệu đang giữ đúng với giấy tờ mà cơ quan đã đối chiếu."),
}


def clocks(kind: RequestKind, received_on: date, days_off: frozenset[date]) -> tuple[date, date]:
    """The last days for acknowledging and for deciding."""
    return add_working_days(received_on, ACKNOWLEDGE_WITHIN, days_off), received_on + DECIDE_WITHIN[kind]


def new_number(province_code: str, day: date) -> str:
    return f"DL-{province_code}-{day.year}-{random_code(6)}"
