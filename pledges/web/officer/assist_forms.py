"""Forms for signing beside somebody of the staff."""

from __future__ import annotations

from pledges.web.components import PageForm
from pledges.web.fields import AgreeField, DateField, YesNoField, lazy
from pledges.web.officer.paper_forms import PictureForm


class PrintForm(PageForm):
    publication = YesNoField(
        lazy("Người ký có đồng ý công khai không?"),
        hint=lazy(
            "Hỏi người ký: tên, nhóm, xã, phường, kênh và ngày ký có được hiện ở trang tra cứu không. "
            "Câu trả lời được in vào bản cam kết; chọn Không vẫn ký được."
        ),
        yes=lazy("Đồng ý công khai"),
        no=lazy("Không công khai"),
    )


class HandInForm(PictureForm):
    signed_on = DateField(lazy("Ngày ký ghi dưới chữ ký"))
    witnessed = AgreeField(
        lazy(
            "Tôi đã đọc hoặc giải thích nội dung và thông báo về dữ liệu cá nhân cho người ký, "
            "và người ký đã ký trước mặt tôi."
        ),
        required=lazy("Chỉ gửi bản mà bạn đã thấy người ký ký trước mặt mình. Hãy đánh dấu để xác nhận."),
    )
