"""The forms of somebody who does not reach the mailbox of their file any more."""

from __future__ import annotations

from wtforms import HiddenField

from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_block, clean_line
from pledges.signing.address_rules import LONGEST_REASON, MOST_FILES
from pledges.signing.rules import normal_reference, plain_code
from pledges.web.components import PageForm
from pledges.web.evidence_field import EvidenceField
from pledges.web.fields import AgreeField, CodeField, EmailField, LongTextField, PhoneField, TextField, lazy


def _which(typed: str) -> str:
    """A reference or a verification code in its one form."""
    code = plain_code(typed)
    found = normal_reference(typed) or (code if 20 <= len(code) <= 40 else "")
    if not found:
        raise DomainError(
            N_("Mã hồ sơ có dạng CK-46-2026-7KXA3Q; mã xác minh in cạnh mã QR. Hãy chép lại từ bản cam kết.")
        )
    return found


class AskMailboxForm(PageForm):
    which = TextField(
        lazy("Mã hồ sơ hoặc mã xác minh"),
        hint=lazy("In trên bản cam kết, ví dụ CK-46-2026-7KXA3Q."),
        required=lazy("Hãy nhập mã hồ sơ hoặc mã xác minh in trên bản cam kết."),
        clean=_which,
        autocomplete="off",
    )
    email = EmailField(
        lazy("Thư điện tử mới"),
        hint=lazy("Chúng tôi gửi một mã tới đây ngay bây giờ, để chắc chắn bạn đọc được."),
        required=lazy("Hãy nhập thư điện tử mới mà bạn đang đọc được."),
    )


class ConfirmMailboxForm(PageForm):
    name = TextField(
        lazy("Họ và tên người ký"),
        required=lazy("Hãy ghi họ và tên như trên bản cam kết."),
        clean=clean_line,
        autocomplete="name",
    )
    phone = PhoneField(
        lazy("Số điện thoại"),
        hint=lazy("Cơ quan có thể gọi để hỏi thêm."),
        required=lazy("Hãy ghi số điện thoại để cơ quan hỏi thêm khi cần."),
    )
    reason = LongTextField(
        lazy("Vì sao bạn không còn dùng được hộp thư cũ"),
        hint=lazy("Ví dụ: đã nghỉ việc ở công ty cũ, mất mật khẩu."),
        required=lazy("Hãy ghi vì sao bạn không còn dùng được hộp thư cũ."),
        rows=3,
        clean=lambda typed: clean_block(typed, most=LONGEST_REASON),
    )
    papers = EvidenceField(
        lazy("Giấy tờ cho thấy hồ sơ là của bạn"),
        hint=lazy(
            "Ví dụ giấy đăng ký kinh doanh, giấy phép, ảnh trang quản lý gian hàng của bạn. Nhiều nhất 3 ảnh hoặc tệp "
            "PDF, mỗi tệp không quá 10 MB. Không cần gửi ảnh thẻ căn cước."
        ),
        most=MOST_FILES,
        required=lazy("Hãy gửi ít nhất một ảnh hoặc tệp PDF giấy tờ."),
    )
    drop = AgreeField(lazy("Bỏ các tệp đã gửi"), required=False)
    code = CodeField(lazy("Mã xác nhận gửi tới thư điện tử mới"))
    kept = HiddenField()


class OldMailboxForm(PageForm):
    """Two buttons; which one was pressed stands in the request."""
