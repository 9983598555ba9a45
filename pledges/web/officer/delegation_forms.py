"""The form by which an approver hands over the right to approve."""

from __future__ import annotations

from pledges.core.text import clean_line
from pledges.web.components import PageForm
from pledges.web.fields import DateField, SelectField, TextField, lazy


class DelegationForm(PageForm):
    to = SelectField(lazy("Người được ủy quyền"), hint=lazy("Chuyên viên đang làm việc trong cùng cơ quan."))
    title = TextField(
        lazy("Chức danh in ở phần ký"),
        hint=lazy("Bắt đầu bằng KT., TL. hoặc TUQ., ví dụ: TUQ. GIÁM ĐỐC – CHÁNH VĂN PHÒNG."),
        clean=lambda raw: clean_line(raw, most=200),
    )
    basis = TextField(
        lazy("Văn bản ủy quyền"),
        hint=lazy("Số và ngày của giấy ủy quyền, quyết định phân công."),
        required=False,
        clean=lambda raw: clean_line(raw, most=200),
    )
    starts_on = DateField(lazy("Từ ngày"), hint=lazy("Ngày/tháng/năm, từ hôm nay trở đi."))
    ends_on = DateField(lazy("Đến hết ngày"), hint=lazy("Dài nhất là một năm; chấm dứt sớm hơn lúc nào cũng được."))
