"""Every kind of fact, what it is about and what it says to an administrator."""

from __future__ import annotations

from dataclasses import dataclass

from pledges.core.errors import N_


@dataclass(frozen=True)
class FactKind:
    object_kind: str
    title: str


FACT_KINDS: dict[str, FactKind] = {
    "entity.added": FactKind("entity", N_("Thêm đối tượng vào danh sách")),
    "entity.types_added": FactKind("entity", N_("Thêm nhóm đối tượng")),
    "entity.types_removed": FactKind("entity", N_("Bỏ nhóm đối tượng")),
    "entity.claimed": FactKind("entity", N_("Tự kê khai trùng với đối tượng đã có, chờ cán bộ xem")),
    "entity.identified": FactKind("entity", N_("Bổ sung mã số của đối tượng")),
    "entity.corrected": FactKind("entity", N_("Người ký sửa thông tin của đối tượng")),
    "entity.disputed": FactKind("entity", N_("Thông tin sửa lại trùng với đối tượng khác, chờ cán bộ xem")),
    "entity.merged": FactKind("entity", N_("Gộp hai đối tượng trùng nhau")),
    "entity.merge_undone": FactKind("entity", N_("Hoàn tác việc gộp đối tượng")),
    "duplicate.suspected": FactKind("duplicate", N_("Nêu hai đối tượng có thể trùng nhau")),
    "duplicate.kept_apart": FactKind("duplicate", N_("Xác định là hai đối tượng khác nhau")),
    "duplicate.opened_again": FactKind("duplicate", N_("Xem lại cặp đã xác định là khác nhau")),
    "audit.exported": FactKind("audit", N_("Tải nhật ký về máy")),
    "channel.owner_found": FactKind("channel", N_("Xác định chủ của kênh")),
    "channel.added": FactKind("channel", N_("Thêm kênh")),
    "contact.added": FactKind("contact", N_("Thêm liên hệ")),
    "contact.changed": FactKind("contact", N_("Sửa liên hệ")),
    "sighting.recorded": FactKind("sighting", N_("Ghi nhận lần phát hiện")),
    "obligation.opened": FactKind("obligation", N_("Phát sinh nghĩa vụ ký")),
    "obligation.presumed_in": FactKind("obligation", N_("Tạm tính thuộc diện ký theo quy tắc")),
    "obligation.presumed_out": FactKind("obligation", N_("Tạm tính ngoài diện ký theo quy tắc")),
    "obligation.cohort_presumed": FactKind("obligation", N_("Xếp lại đợt theo ngày bắt đầu hoạt động")),
    "pledge.submitted": FactKind("pledge", N_("Ký và nộp bản cam kết")),
    "pledge.corrected": FactKind("pledge", N_("Sửa theo yêu cầu và ký lại")),
    "pledge.withdrawn": FactKind("pledge", N_("Người ký rút bản cam kết")),
    "pledge.sealed": FactKind("pledge", N_("Niêm phong bản đã ký")),
    "pledge.seal_failed": FactKind("pledge", N_("Chưa niêm phong được bản đã ký")),
    "pledge.recommended": FactKind("pledge", N_("Đề nghị duyệt")),
    "pledge.returned": FactKind("pledge", N_("Trả lại để bổ sung")),
    "pledge.deferred": FactKind("pledge", N_("Tạm hoãn")),
    "pledge.resumed": FactKind("pledge", N_("Đưa trở lại hàng đợi")),
    "pledge.rejected": FactKind("pledge", N_("Từ chối tiếp nhận")),
    "pledge.approval_decided": FactKind("pledge", N_("Duyệt, chờ ký số")),
    "pledge.countersign_failed": FactKind("pledge", N_("Chưa ký số được bản đã duyệt")),
    "pledge.approved": FactKind("pledge", N_("Ký số và tiếp nhận")),
    "pledge.superseded": FactKind("pledge", N_("Được thay bằng bản mới")),
    "pledge.revocation_asked": FactKind("pledge", N_("Đề nghị thu hồi")),
    "pledge.revocation_refused": FactKind("pledge", N_("Không đồng ý thu hồi")),
    "pledge.revoked": FactKind("pledge", N_("Thu hồi")),
    "pledge.paper_recorded": FactKind("pledge", N_("Ghi nhận bản cam kết giấy")),
    "pledge.paper_removed": FactKind("pledge", N_("Xóa ghi nhận bản cam kết giấy")),
    "batch.started": FactKind("batch", N_("Xử lý nhiều hồ sơ cùng lúc")),
    "consent.withdrawn": FactKind("consent", N_("Người ký rút một sự đồng ý")),
    "consent.answered": FactKind("consent", N_("Trả lời yêu cầu rút đồng ý xử lý dữ liệu")),
    "institution.added": FactKind("institution", N_("Thêm đơn vị ký tập thể")),
    "institution.changed": FactKind("institution", N_("Sửa thông tin đơn vị ký tập thể")),
    "institution.link_sent": FactKind("institution", N_("Gửi liên kết cho đầu mối của đơn vị")),
    "institution.listed": FactKind("institution", N_("Thêm người vào danh sách của đơn vị")),
    "institution.unlisted": FactKind("institution", N_("Bỏ người khỏi danh sách của đơn vị")),
    "institution.matched": FactKind("institution", N_("Gắn hồ sơ với người trong danh sách của đơn vị")),
    "institution.registered": FactKind("institution", N_("Đưa danh sách của đơn vị vào danh sách đối tượng")),
    "institution.closed": FactKind("institution", N_("Đóng đơn vị ký tập thể")),
    "institution.reopened": FactKind("institution", N_("Mở lại đơn vị ký tập thể")),
    "tip.sent": FactKind("tip", N_("Gửi tin báo")),
    "tip.confirmed": FactKind("tip", N_("Xác nhận tin báo, thêm vào danh sách")),
    "tip.merged": FactKind("tip", N_("Gộp tin báo vào đối tượng đã có")),
    "tip.rejected": FactKind("tip", N_("Từ chối tin báo")),
    "tip.reopened": FactKind("tip", N_("Mở lại tin báo đã từ chối")),
    "plans.loaded": FactKind("plan", N_("Nạp dữ liệu kế hoạch")),
    "staff.added": FactKind("staff", N_("Thêm cán bộ")),
    "staff.signed_in": FactKind("staff", N_("Cán bộ đăng nhập")),
    "staff.signed_out": FactKind("staff", N_("Cán bộ đăng xuất")),
    "staff.link_made": FactKind("staff", N_("Tạo liên kết đặt mật khẩu cho cán bộ")),
    "staff.password_chosen": FactKind("staff", N_("Cán bộ đặt mật khẩu")),
    "staff.disabled": FactKind("staff", N_("Khóa tài khoản cán bộ")),
    "staff.enabled": FactKind("staff", N_("Mở lại tài khoản cán bộ")),
    "staff.changed": FactKind("staff", N_("Thay đổi vai trò, cơ quan hoặc tên của cán bộ")),
    "staff.sessions_ended": FactKind("staff", N_("Kết thúc mọi phiên làm việc của cán bộ")),
    "delegation.made": FactKind("delegation", N_("Ủy quyền duyệt")),
    "delegation.ended": FactKind("delegation", N_("Chấm dứt ủy quyền duyệt")),
    "province.decided": FactKind("province", N_("Tỉnh, thành phố ghi thông tin của mình")),
    "wording.approved": FactKind("wording", N_("Duyệt mẫu cam kết")),
}
