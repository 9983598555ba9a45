"""The filter of the log and the question that is asked before it is taken away."""

from __future__ import annotations

from pledges.core.errors import N_
from pledges.core.text import clean_line
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, DateField, SelectField, TextField, lazy

GROUPS = {
    "entity": N_("Đối tượng"),
    "duplicate": N_("Trùng lặp"),
    "channel": N_("Kênh"),
    "contact": N_("Liên hệ"),
    "sighting": N_("Lần phát hiện"),
    "obligation": N_("Nghĩa vụ ký"),
    "proposal": N_("Đề nghị giữa các cơ quan"),
    "import": N_("Nhập danh sách"),
    "tip": N_("Tin báo"),
    "pledge": N_("Hồ sơ cam kết"),
    "batch": N_("Xử lý nhiều hồ sơ"),
    "violation": N_("Vi phạm"),
    "consent": N_("Sự đồng ý"),
    "rights": N_("Yêu cầu về dữ liệu cá nhân"),
    "retention": N_("Xóa dữ liệu hết thời gian lưu giữ"),
    "mailbox": N_("Chuyển hộp thư"),
    "dispute": N_("Tranh chấp kênh, mã số thuế"),
    "institution": N_("Ký qua đơn vị"),
    "round": N_("Đợt vận động"),
    "ask": N_("Lời mời ký"),
    "attempt": N_("Thư, cuộc gọi, lần gặp"),
    "letters": N_("Thư mời in giấy"),
    "list": N_("Danh sách theo quý"),
    "report": N_("Báo cáo, số liệu"),
    "unit": N_("Đơn vị báo cáo"),
    "duty": N_("Nhiệm vụ báo cáo"),
    "document": N_("Văn bản của cơ quan"),
    "hotline": N_("Đường dây nóng"),
    "plans": N_("Kế hoạch"),
    "staff": N_("Cán bộ"),
    "key": N_("Khóa API"),
    "delegation": N_("Ủy quyền"),
    "province": N_("Thông tin của tỉnh, thành phố"),
    "wording": N_("Mẫu cam kết"),
    "audit": N_("Nhật ký"),
    "backup": N_("Sao lưu, phục hồi"),
}
"""The first parts of the kinds of facts, as administrators call them."""

EXPORT_REASONS = {
    "inspection": N_("Kiểm tra, giám sát định kỳ"),
    "authority": N_("Theo yêu cầu của cơ quan có thẩm quyền"),
    "incident": N_("Xử lý sự cố, khiếu nại"),
    "archive": N_("Lưu trữ"),
}


class AuditFilterForm(PageForm):
    """Sent by GET, so that the address of what was found can be handed on."""

    class Meta(PageForm.Meta):
        csrf = False

    tu = DateField(lazy("Từ ngày"), required=False)
    den = DateField(lazy("Đến hết ngày"), required=False)
    nhom = SelectField(
        lazy("Loại việc"),
        choices=[Choice(code, lazy(label)) for code, label in GROUPS.items()],
        empty=lazy("Mọi việc"),
        required=False,
    )
    nguoi = SelectField(lazy("Người làm"), empty=lazy("Mọi người"), required=False)
    ma = TextField(
        lazy("Hồ sơ hoặc đối tượng"),
        hint=lazy("Mã hồ sơ (CK-…), hoặc mã trong địa chỉ trang của đối tượng."),
        required=False,
        clean=clean_line,
        autocomplete="off",
    )


class ExportForm(PageForm):
    reason = ChoiceField(
        lazy("Tải về để làm gì"),
        hint=lazy("Lý do được ghi vào chính nhật ký này, cùng tên bạn và bộ lọc đang dùng."),
        choices=[Choice(code, lazy(label)) for code, label in EXPORT_REASONS.items()],
        required=lazy("Hãy chọn lý do tải nhật ký."),
    )
