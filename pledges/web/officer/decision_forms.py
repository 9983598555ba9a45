"""Forms of the decisions about one file. Several stand on one page, so their controls have ids of their own."""

from __future__ import annotations

from wtforms import Field, HiddenField
from wtforms.widgets import HiddenInput

from pledges.signing.rules import CORRECTABLE_LABELS
from pledges.web.components import PageForm
from pledges.web.fields import AgreeField, Choice, ChoicesField, LongTextField, lazy

INNER = lazy("Chỉ cán bộ trong cơ quan đọc được.")


class SeenField(Field):
    """The revision that stood on the page; something that is no number is none that anybody has seen."""

    widget = HiddenInput()
    data: int

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = valuelist[0] if valuelist else ""
        self.data = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else -1

    def _value(self) -> str:
        return str(self.data)


class DecisionForm(PageForm):
    seen = SeenField()


class RecommendForm(DecisionForm):
    note = LongTextField(lazy("Ghi chú cho người duyệt"), hint=INNER, required=False, rows=3, id="recommend-note")


class ReturnForm(DecisionForm):
    message = LongTextField(
        lazy("Lời nhắn gửi người ký"),
        hint=lazy("Nói rõ sửa gì và sửa thế nào. Lời nhắn được gửi nguyên văn qua thư điện tử."),
        required=lazy("Hãy viết cho người ký biết cần sửa gì và sửa thế nào."),
        id="return-message",
    )
    asked = ChoicesField(
        lazy("Người ký được sửa"),
        hint=lazy("Phần không đánh dấu giữ nguyên như đã ký. Người ký sửa xong sẽ ký lại."),
        required=lazy("Hãy đánh dấu ít nhất một phần mà người ký cần sửa."),
        choices=[Choice(part.value, lazy(label)) for part, label in CORRECTABLE_LABELS.items()],
        id="return-asked",
    )
    note = LongTextField(lazy("Ghi chú nội bộ"), hint=INNER, required=False, rows=2, id="return-note")


class DeferForm(DecisionForm):
    note = LongTextField(
        lazy("Vì sao tạm hoãn"),
        hint=lazy("Chỉ cán bộ trong cơ quan đọc được. Với người ký, hồ sơ vẫn đang chờ cơ quan."),
        required=lazy("Hãy ghi vì sao tạm hoãn, để đồng nghiệp cùng biết."),
        rows=3,
        id="defer-note",
    )


class RejectForm(DecisionForm):
    message = LongTextField(
        lazy("Lý do từ chối"),
        hint=lazy("Gửi nguyên văn cho người ký. Nếu sửa được thì nên trả lại để bổ sung thay vì từ chối."),
        required=lazy("Hãy viết lý do từ chối; người ký sẽ đọc được."),
        id="reject-message",
    )
    note = LongTextField(lazy("Ghi chú nội bộ"), hint=INNER, required=False, rows=2, id="reject-note")
    sure = AgreeField(
        lazy("Tôi hiểu hồ sơ bị từ chối thì không mở lại được"),
        required=lazy("Hãy đánh dấu ô này nếu chắc chắn từ chối."),
        id="reject-sure",
    )


class PlainForm(DecisionForm):
    """For what needs nothing but a press: resuming, approving."""


class AskRevocationForm(DecisionForm):
    message = LongTextField(
        lazy("Lý do thu hồi"),
        hint=lazy("Người ký đọc được nguyên văn khi việc thu hồi có hiệu lực. Chưa có gì thay đổi cho đến lúc đó."),
        required=lazy("Hãy viết lý do thu hồi; người ký sẽ đọc được khi việc thu hồi có hiệu lực."),
        id="revoke-message",
    )


class RevocationForm(DecisionForm):
    """For the second person, who answers the request whose reason stood on the page and no other one."""

    request = HiddenField()


class RefuseRevocationForm(RevocationForm):
    note = LongTextField(
        lazy("Vì sao không thu hồi"),
        hint=INNER,
        required=lazy("Hãy ghi vì sao không thu hồi, để đồng nghiệp cùng biết."),
        rows=3,
        id="keep-note",
    )
