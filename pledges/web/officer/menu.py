"""The pages of the staff, by what somebody has come to do: the menu of every page and the first page show them."""

from __future__ import annotations

from dataclasses import dataclass

from pledges.accounts.permissions import Action
from pledges.core.errors import N_
from pledges.web.components import page_exists
from pledges.web.i18n import translate
from pledges.web.officer.reach import has_right


@dataclass(frozen=True)
class Page:
    action: Action
    path: str
    title: str
    what: str


@dataclass(frozen=True)
class Section:
    title: str
    pages: tuple[Page, ...]


SECTIONS = (
    Section(
        N_("Hồ sơ cam kết"),
        (
            Page(
                Action.QUEUE_VIEW,
                "/can-bo/hang-doi",
                N_("Hàng đợi"),
                N_("Hồ sơ của cơ quan: đề nghị duyệt, trả lại, duyệt, thu hồi."),
            ),
            Page(
                Action.SIGNING_ASSIST,
                "/can-bo/ky-ho",
                N_("Giúp người dân ký"),
                N_("Điền thay người không có thư điện tử, in ra, ký tay, chụp gửi lên."),
            ),
            Page(
                Action.PAPER_RECORD,
                "/can-bo/ban-giay",
                N_("Bản cam kết giấy"),
                N_("Ghi nhận các bản đã ký trên giấy, từng bản hoặc theo danh sách."),
            ),
            Page(
                Action.INSTITUTION_MANAGE,
                "/can-bo/don-vi",
                N_("Ký qua đơn vị"),
                N_("Bệnh viện, tòa soạn, đoàn nghệ thuật: một liên kết cho cả đơn vị, một bộ hồ sơ."),
            ),
            Page(
                Action.MAILBOX_DECIDE,
                "/can-bo/doi-hop-thu",
                N_("Chuyển hộp thư"),
                N_("Người ký không còn mở được hộp thư cũ: xem giấy tờ, chuyển hồ sơ sang hộp thư mới."),
            ),
            Page(
                Action.VIOLATION_VIEW,
                "/can-bo/vi-pham",
                N_("Vi phạm"),
                N_("Quyết định xử lý người đã ký: ghi nhận, sửa, đề nghị thu hồi bản cam kết."),
            ),
            Page(
                Action.RIGHTS_HANDLE,
                "/can-bo/quyen-du-lieu",
                N_("Yêu cầu về dữ liệu cá nhân"),
                N_("Xem, bản sao, chỉnh sửa, hạn chế, xóa: thời hạn của luật và câu trả lời."),
            ),
            Page(
                Action.DELEGATION_MANAGE,
                "/can-bo/uy-quyen",
                N_("Ủy quyền duyệt"),
                N_("Giao quyền duyệt cho chuyên viên cùng cơ quan trong một số ngày."),
            ),
        ),
    ),
    Section(
        N_("Vận động theo quý"),
        (
            Page(
                Action.ROUND_VIEW,
                "/can-bo/dot-van-dong",
                N_("Đợt vận động"),
                N_("Mời, nhắc những đối tượng chưa ký; cuối quý chốt danh sách chưa cam kết."),
            ),
        ),
    ),
    Section(
        N_("Số liệu, báo cáo"),
        (
            Page(
                Action.COVERAGE_VIEW,
                "/can-bo/so-lieu",
                N_("Số liệu"),
                N_("Tỷ lệ cam kết hiện nay và của từng quý, theo nghĩa vụ, nhóm, xã; lấy tệp để báo cáo."),
            ),
            Page(
                Action.REPORT_VIEW,
                "/can-bo/bao-cao",
                N_("Báo cáo"),
                N_("Đơn vị phải gửi, sẽ nhận báo cáo nào, trước ngày nào; soạn, gửi, nhận, tổng hợp."),
            ),
        ),
    ),
    Section(
        N_("Danh sách đối tượng"),
        (
            Page(
                Action.ENTITY_VIEW,
                "/can-bo/doi-tuong",
                N_("Tìm đối tượng"),
                N_("Ai phải ký, đã ký hay chưa; tìm theo tên, mã số thuế, kênh, điện thoại."),
            ),
            Page(
                Action.IMPORT_MANAGE,
                "/can-bo/nhap",
                N_("Nhập danh sách"),
                N_("Danh sách website, cửa hàng, người hành nghề từ tệp Excel, LibreOffice, CSV."),
            ),
            Page(
                Action.TIP_SEND,
                "/can-bo/bao-moi",
                N_("Báo trang, tài khoản mới thấy"),
                N_("Trang web, tài khoản, cửa hàng, người quảng cáo mới thấy ở địa bàn."),
            ),
            Page(
                Action.TIP_DECIDE,
                "/can-bo/tin-bao",
                N_("Tin báo"),
                N_("Trang, tài khoản do xã, phường và người dân báo, chờ cơ quan xem."),
            ),
            Page(
                Action.SCOPE_DECIDE,
                "/can-bo/de-nghi",
                N_("Đề nghị của cơ quan khác"),
                N_("Đối tượng đã đóng cửa, chuyển đi, không làm ngành đó: chờ cơ quan bạn quyết định."),
            ),
            Page(
                Action.DUPLICATE_DECIDE,
                "/can-bo/trung-lap",
                N_("Trùng lặp"),
                N_("Những đối tượng có thể là một: gộp lại hoặc giữ riêng."),
            ),
            Page(
                Action.DISPUTE_DECIDE,
                "/can-bo/tranh-chap",
                N_("Tranh chấp kênh, mã số thuế"),
                N_("Hai bên cùng khai một trang web, gian hàng hoặc mã số thuế: xem giấy tờ, quyết định của ai."),
            ),
            Page(
                Action.ENTITY_EDIT,
                "/can-bo/can-xem-lai",
                N_("Cần xem lại"),
                N_("Thiếu liên hệ, chưa rõ ngày xuất hiện, địa bàn không khớp, tự kê khai trùng."),
            ),
        ),
    ),
    Section(
        N_("Quản trị"),
        (
            Page(
                Action.PROVINCE_SET_UP,
                "/quan-tri/san-sang",
                N_("Mức độ sẵn sàng của từng tỉnh, thành phố"),
                N_("Duyệt mẫu cam kết, ghi số kế hoạch, chức danh người ký, đầu mối về dữ liệu."),
            ),
            Page(
                Action.PROVINCE_SET_UP,
                "/quan-tri/cai-dat",
                N_("Cài đặt của kế hoạch"),
                N_("Thời hạn, cách ký thấp nhất được nhận, phần công khai, thời gian lưu giữ; lịch sử và hoàn tác."),
            ),
            Page(
                Action.PROVINCE_SET_UP,
                "/quan-tri/khoa",
                N_("Khóa và chứng thư"),
                N_("Khóa niêm phong, khóa ký của cơ quan, khóa API: dùng từ khi nào, hết hạn khi nào."),
            ),
            Page(
                Action.STAFF_MANAGE,
                "/quan-tri/can-bo",
                N_("Cán bộ và tài khoản"),
                N_("Mời cán bộ, đổi vai trò và cơ quan, gửi lại liên kết đặt mật khẩu, khóa tài khoản."),
            ),
            Page(
                Action.CONSENT_HANDLE,
                "/quan-tri/du-lieu",
                N_("Rút lại sự đồng ý xử lý dữ liệu"),
                N_("Yêu cầu của người ký, hạn trả lời, và câu trả lời."),
            ),
            Page(
                Action.HOTLINE_MANAGE,
                "/quan-tri/duong-day-nong",
                N_("Đường dây nóng"),
                N_("Các số mà người dân gọi khi thấy hàng giả: thêm, sửa, kiểm tra, in áp phích."),
            ),
            Page(
                Action.AGENCY_KEY_MANAGE,
                "/quan-tri/khoa-api",
                N_("Khóa API"),
                N_("Cho phần mềm của một cơ quan đọc số liệu, danh sách, báo cáo của cơ quan đó."),
            ),
            Page(
                Action.AUDIT_VIEW,
                "/quan-tri/nhat-ky",
                N_("Nhật ký"),
                N_("Ai đã thay đổi gì, lúc nào."),
            ),
            Page(
                Action.AUDIT_VIEW,
                "/quan-tri/nhat-ky/ky-thuat",
                N_("Nhật ký kỹ thuật"),
                N_("Việc nền và thư bị lỗi, đăng nhập của cán bộ, tệp đã tải về."),
            ),
            Page(
                Action.AUDIT_VIEW,
                "/quan-tri/tinh-trang",
                N_("Tình trạng hệ thống"),
                N_("Ổ đĩa, thư, tiến trình nền, đồng hồ, sao lưu: phần nào hỏng và phải làm gì."),
            ),
        ),
    ),
)


@dataclass(frozen=True)
class Entry:
    href: str
    title: str
    what: str


def menu() -> list[tuple[str, list[Entry]]]:
    """What the person who is signed in can open, section by section; empty sections are left out."""
    shown = [
        (
            translate(section.title),
            [
                Entry(page.path, translate(page.title), translate(page.what))
                for page in section.pages
                if has_right(page.action) and page_exists(page.path)
            ],
        )
        for section in SECTIONS
    ]
    return [(title, entries) for title, entries in shown if entries]
