"""Forms of requests about personal data."""

from __future__ import annotations

from wtforms import HiddenField

from pledges.rights.asking import Withdrawn
from pledges.rights.models import Outcome, Way
from pledges.rights.rules import GROUNDS, KIND_LABELS, WAY_LABELS
from pledges.web.components import PageForm
from pledges.web.fields import (
    AgreeField,
    Choice,
    ChoiceField,
    DateField,
    EmailField,
    LongTextField,
    SelectField,
    TextField,
    lazy,
)
from pledges.web.officer.decision_forms import DecisionForm


class RecordForm(PageForm):
    reference = TextField(
        lazy("Mã hồ sơ của bản cam kết"),
        hint=lazy("Có dạng CK-46-2026-7KXA3Q, in trên bản cam kết. Không có bản cam kết thì mở từ trang đối tượng."),
        required=lazy("Hãy nhập mã hồ sơ, hoặc mở trang này từ trang đối tượng."),
        width="30",
        autocomplete="off",
    )
    entity = HiddenField()
    kind = ChoiceField(
        lazy("Người đó yêu cầu gì"),
        choices=[
            *(Choice(kind.value, lazy(label)) for kind, label in KIND_LABELS.items()),
            Choice(
                Withdrawn.PUBLICATION.value,
                lazy("Thôi công khai bản cam kết"),
                lazy("Có hiệu lực ngay khi bạn ghi nhận."),
            ),
            Choice(
                Withdrawn.PROCESSING.value,
                lazy("Rút sự đồng ý xử lý dữ liệu"),
                lazy("Có hiệu lực ngay; bản cam kết được rút theo."),
            ),
        ],
        required=lazy("Hãy chọn người đó yêu cầu gì."),
    )
    way = ChoiceField(
        lazy("Yêu cầu đến bằng cách nào"),
        choices=[Choice(way.value, lazy(WAY_LABELS[way])) for way in (Way.IN_PERSON, Way.LETTER)],
        required=lazy("Hãy chọn yêu cầu đến bằng cách nào."),
    )
    received_on = DateField(lazy("Ngày nhận"), hint=lazy("Thời hạn của luật tính từ ngày này."))
    details = LongTextField(
        lazy("Nội dung yêu cầu"),
        hint=lazy("Theo lời người yêu cầu. Không ghi số định danh, không ghi số giấy tờ."),
        required=False,
        rows=4,
    )
    reply_to = EmailField(
        lazy("Thư điện tử nhận trả lời"),
        hint=lazy("Để trống nếu trả lời bằng giấy."),
        required=False,
        autocomplete="off",
    )
    identified = AgreeField(
        lazy("Tôi đã đối chiếu giấy tờ của người yêu cầu (hoặc giấy ủy quyền), không giữ bản sao"),
        required=lazy("Hãy đối chiếu giấy tờ của người yêu cầu rồi đánh dấu ô này."),
    )


class AcknowledgeForm(DecisionForm):
    """A press: the person has the receipt in their hands."""


class ExtendForm(DecisionForm):
    because = LongTextField(
        lazy("Vì sao cần thêm thời gian"),
        hint=lazy("Người yêu cầu đọc nguyên văn. Chỉ gia hạn được một lần."),
        required=lazy("Hãy viết vì sao cần thêm thời gian; người yêu cầu đọc được."),
        rows=3,
        id="extend-because",
    )


class VerdictForm(DecisionForm):
    outcome = ChoiceField(
        lazy("Cách trả lời"),
        choices=[
            Choice(Outcome.GRANTED.value, lazy("Thực hiện")),
            Choice(Outcome.PARTLY.value, lazy("Thực hiện một phần")),
            Choice(Outcome.REFUSED.value, lazy("Không thực hiện")),
        ],
        required=lazy("Hãy chọn cách trả lời."),
    )
    contacts = AgreeField(
        lazy("Xóa cả điện thoại, thư điện tử trong danh sách đối tượng: cơ quan không còn cần"), required=False
    )
    ground = SelectField(
        lazy("Căn cứ"),
        hint=lazy("Chỉ khi không thực hiện, hoặc chỉ thực hiện một phần."),
        choices=[Choice(name, lazy(text)) for name, text in GROUNDS.items()],
        required=False,
    )
    answer = LongTextField(
        lazy("Câu trả lời gửi người yêu cầu"),
        hint=lazy("Đã làm gì, giữ lại gì và vì sao. Người yêu cầu đọc nguyên văn."),
        required=lazy("Hãy viết câu trả lời; người yêu cầu đọc nguyên văn."),
    )
