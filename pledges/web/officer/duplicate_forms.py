"""Forms of the decisions about one suspected pair, and of pointing two out."""

from __future__ import annotations

from pledges.registry.duplicate_rules import BY_PERSON, NEAR_NAME, SAME_CHANNEL, SAME_CODE, SAME_NAME
from pledges.web.components import PageForm
from pledges.web.fields import (
    AgreeField,
    Choice,
    ChoiceField,
    LongTextField,
    SearchChoiceField,
    SelectField,
    lazy,
)
from pledges.web.officer.decision_forms import DecisionForm

RULES = {
    SAME_CODE: lazy("Cùng mã số"),
    SAME_CHANNEL: lazy("Cùng kênh"),
    SAME_NAME: lazy("Cùng tên, cùng nơi"),
    NEAR_NAME: lazy("Tên gần giống"),
    BY_PERSON: lazy("Cán bộ nêu"),
}


class PairFilterForm(PageForm):
    """Sent by GET; nothing chosen there is ever wrong."""

    class Meta(PageForm.Meta):
        csrf = False

    dau_hieu = SelectField(
        lazy("Dấu hiệu"),
        choices=[Choice(code, label) for code, label in RULES.items()],
        empty=lazy("Mọi dấu hiệu"),
        required=False,
    )
    xa = SelectField(lazy("Xã, phường, đặc khu"), empty=lazy("Mọi nơi"), required=False)


class MergeForm(DecisionForm):
    kept = ChoiceField(
        lazy("Giữ lại đối tượng nào"),
        hint=lazy("Đối tượng kia vẫn còn trong danh sách, nhưng mọi nơi sẽ dẫn về đối tượng giữ lại."),
        id="merge-kept",
    )
    note = LongTextField(
        lazy("Ghi chú"),
        hint=lazy("Vì sao biết đây là một: giấy đăng ký, đã gọi điện hỏi…"),
        required=False,
        rows=2,
        id="merge-note",
    )
    sure = AgreeField(
        lazy("Tôi đã so sánh: đây là cùng một đối tượng"),
        required=lazy("Hãy đánh dấu ô này nếu chắc chắn hai bên là một."),
        id="merge-sure",
    )


class KeepApartForm(DecisionForm):
    note = LongTextField(
        lazy("Vì sao là hai đối tượng khác nhau"),
        hint=lazy("Ghi lại để người sau không phải tìm hiểu lại: khác chủ, khác địa chỉ, hai chi nhánh…"),
        required=lazy("Hãy ghi vì sao đây là hai đối tượng khác nhau, để người sau biết."),
        rows=3,
        id="apart-note",
    )


class SuspectForm(PageForm):
    other = SearchChoiceField(lazy("Đối tượng có thể trùng"), required=lazy("Hãy tìm rồi chọn đối tượng có thể trùng."))
