"""How many days each kind of personal data is kept after its purpose is over: what a province may choose, and why.

The law names no number of days: data are kept no longer than their purpose needs (Luật 91/2025/QH15, Điều 3). Approved
pledges, decisions and facts are not here: they are records of an authority and follow the rules of its archive.
"""

from __future__ import annotations

from dataclasses import dataclass

from pledges.core.errors import N_


@dataclass(frozen=True)
class Kept:
    """One kind of data: its days are counted from the end of its purpose, as `label` says."""

    label: str
    reason: str
    """Why this many days: shown beside the field."""
    days: int
    """What holds until the province decides."""
    least: int
    most: int
    """`least == most`: the product has promised it to people, so a province does not change it."""

    @property
    def fixed(self) -> bool:
        return self.least == self.most


RETENTION: dict[str, Kept] = {
    "drafts": Kept(
        N_("Bản đang viết mà không ký, tính từ lần sửa cuối"),
        N_("Mọi trang và thư đều nói với người viết là giữ 30 ngày."),
        days=30,
        least=30,
        most=30,
    ),
    "uploads_unfinished": Kept(
        N_("Tệp tải lên mà không dùng đến, tính từ ngày tải lên"),
        N_("Dài bằng thời gian giữ bản đang viết: sau đó không còn bản nào cần đến tệp."),
        days=30,
        least=7,
        most=90,
    ),
    "sign_in_facts": Kept(
        N_("Phiên đăng nhập của cán bộ, địa chỉ mạng (đã mã hóa) lúc ký, tính từ lúc kết thúc, lúc ký"),
        N_("Đủ một năm để tra lại một sự cố an toàn thông tin; ngắn hơn 90 ngày thì khó tra."),
        days=365,
        least=90,
        most=1825,
    ),
    "messages_body": Kept(
        N_("Nội dung thư đã gửi, lời trong yêu cầu về dữ liệu đã trả lời; ngày và kết quả vẫn giữ"),
        N_("Đủ hai quý: người nhận còn có thể hỏi về thư mời ký và kết quả của quý trước."),
        days=180,
        least=30,
        most=1825,
    ),
    "tips_rejected": Kept(
        N_("Tin báo bị từ chối, tính từ ngày trả lời"),
        N_("Người báo tin còn xem lý do và báo lại; sau đó không còn việc gì cần đến nội dung."),
        days=180,
        least=30,
        most=1825,
    ),
    "evidence_pictures": Kept(
        N_("Ảnh kèm tin báo, lần phát hiện đã xử lý, tính từ ngày xử lý xong"),
        N_("Bằng thời hiệu xử phạt hành chính dài nhất, hai năm (Luật Xử lý vi phạm hành chính, Điều 6)."),
        days=730,
        least=90,
        most=3650,
    ),
    "import_files": Kept(
        N_("Tệp danh sách đã nhập và các dòng của tệp, tính từ ngày nhập xong"),
        N_("Đủ hai quý để đối chiếu chỗ sai với lần nhập sau; cơ sở đã ghi vào danh sách thì không bị ảnh hưởng."),
        days=180,
        least=30,
        most=1825,
    ),
}
