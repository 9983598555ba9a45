"""Forms about two who claim one channel or tax code; several stand on one page."""

from __future__ import annotations

from pledges.core.text import clean_block
from pledges.registry.claims import Verdict
from pledges.signing.dispute_models import Side
from pledges.signing.dispute_rules import LONGEST_QUESTION
from pledges.web.fields import Choice, ChoiceField, LongTextField, lazy
from pledges.web.officer.decision_forms import DecisionForm

_VERDICTS = (
    Choice(
        Verdict.OTHER.value,
        lazy("Của bên có trước"),
        lazy("Bên khai sau thành đối tượng riêng, có nghĩa vụ riêng, không có phần trùng."),
    ),
    Choice(
        Verdict.OTHER_TAKES.value,
        lazy("Của bên khai sau"),
        lazy("Mã số và kênh trùng chuyển sang bên khai sau."),
    ),
    Choice(
        Verdict.BOTH.value,
        lazy("Của cả hai, ví dụ hai chi nhánh dùng chung"),
        lazy("Hai đối tượng riêng cùng dùng; trong danh sách, phần trùng vẫn ghi ở bên có trước."),
    ),
    Choice(
        Verdict.NEITHER.value,
        lazy("Không của bên nào"),
        lazy("Hai đối tượng riêng; mã số và kênh trùng không ghi cho ai, trang web thành chưa rõ chủ."),
    ),
    Choice(
        Verdict.SAME.value,
        lazy("Hai bên là một đối tượng"),
        lazy("Bên khai sau gộp vào bên có trước; hồ sơ đã ký được tính chung."),
    ),
    Choice(
        Verdict.REJECTED.value,
        lazy("Của bên có trước; không chấp nhận bên khai sau"),
        lazy("Bên khai sau không được tính vào đâu. Hồ sơ đã ký thì từ chối hoặc thu hồi ở trang hồ sơ."),
    ),
)
_ONLY_CLAIMED = {Verdict.SAME.value, Verdict.REJECTED.value}


class DecideDisputeForm(DecisionForm):
    verdict = ChoiceField(
        lazy("Phần trùng là của ai"),
        required=lazy("Hãy chọn phần trùng là của ai."),
        choices=_VERDICTS,
        id="decide-verdict",
    )
    note = LongTextField(
        lazy("Căn cứ của quyết định"),
        hint=lazy("Ví dụ: giấy đăng ký tên miền đứng tên bên có trước. Cán bộ trong tỉnh đọc được."),
        required=lazy("Hãy ghi căn cứ của quyết định, để đồng nghiệp xem lại được."),
        rows=4,
        id="decide-note",
    )

    def between_registered(self, *, merged: bool) -> None:
        """Both stand in the register: they are merged elsewhere, and neither is turned away."""
        self.verdict.choices = [
            choice
            for choice in _VERDICTS
            if (choice.value == Verdict.SAME.value if merged else choice.value not in _ONLY_CLAIMED)
        ]


class AskPapersForm(DecisionForm):
    side = ChoiceField(
        lazy("Đề nghị bên nào"),
        required=lazy("Hãy chọn bên cần gửi giấy tờ."),
        choices=(
            Choice(Side.CLAIM.value, lazy("Bên khai sau")),
            Choice(Side.OWNER.value, lazy("Bên có trước")),
        ),
        id="ask-side",
    )
    question = LongTextField(
        lazy("Cần giấy tờ gì"),
        hint=lazy("Gửi nguyên văn cho bên đó, kèm liên kết để gửi giấy tờ. Đừng nêu tên hay thông tin của bên kia."),
        required=lazy("Hãy viết cần giấy tờ gì; người nhận đọc được nguyên văn."),
        rows=3,
        clean=lambda typed: clean_block(typed, most=LONGEST_QUESTION),
        id="ask-question",
    )
