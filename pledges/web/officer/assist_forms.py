"""Forms for signing beside somebody of the staff."""

from __future__ import annotations

from wtforms import HiddenField

from pledges.web.components import PageForm
from pledges.web.fields import AgreeField, CodeField, DateField, YesNoField, lazy
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


class PhoneForm(PageForm):
    """Signing by a code to the phone, where the site has a gateway for text messages."""

    shown = HiddenField()
    publication = YesNoField(
        lazy("Người ký có đồng ý công khai không? (ký bằng mã)"),
        yes=lazy("Đồng ý công khai"),
        no=lazy("Không công khai"),
        id="phone-publication",
    )
    code = CodeField(lazy("Mã mà người ký đọc từ tin nhắn"), required=lazy("Hãy nhập mã gồm 6 chữ số trong tin nhắn."))
    agreed = AgreeField(
        lazy("Người ký đã nghe nội dung và thông báo về dữ liệu cá nhân, đồng ý xử lý dữ liệu và tự đọc mã cho tôi."),
        required=lazy("Người ký phải đồng ý xử lý dữ liệu cá nhân thì mới ký được. Hãy đánh dấu để xác nhận."),
    )
