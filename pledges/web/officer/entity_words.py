"""An obligation, a channel, a sighting in the words of the department."""

from __future__ import annotations

from flask_babel import gettext as _

from pledges.registry.models import IN_SCOPE, Obligation, Scope
from pledges.web.officer.words import Label


def duty_label(obligation: Obligation) -> Label:
    """How far one obligation is: as much as other agencies of the province may know."""
    if obligation.in_force:
        return Label(str(_("Đang có hiệu lực")), "success")
    if obligation.waiting_for_agency:
        return Label(str(_("Đã ký, đang chờ cơ quan")), "info")
    if obligation.scope not in IN_SCOPE:
        return Label(str(_("Không thuộc diện ký")), "plain")
    return Label(str(_("Chưa ký")), "warning")


def scope_label(scope: Scope) -> Label:
    labels = {
        Scope.PRESUMED_IN: (_("Thuộc diện ký (theo quy tắc)"), "plain"),
        Scope.CONFIRMED_IN: (_("Thuộc diện ký (đã quyết định)"), "info"),
        Scope.PRESUMED_OUT: (_("Chờ quyết định, tạm ngoài diện ký"), "warning"),
        Scope.CONFIRMED_OUT: (_("Ngoài diện ký (đã quyết định)"), "plain"),
    }
    text, kind = labels[scope]
    return Label(str(text), kind)


def channel_kind(kind: str) -> str:
    kinds = {
        "website": _("Trang web"),
        "app": _("Ứng dụng"),
        "platform_shop": _("Gian hàng trên sàn"),
        "social": _("Tài khoản mạng xã hội"),
    }
    return str(kinds.get(kind, kind))


def source_text(source: str) -> str:
    sources = {
        "self_declared": _("Tự kê khai"),
        "import": _("Nhập từ danh sách"),
        "citizen": _("Người dân báo"),
        "commune": _("Xã, phường báo"),
        "officer": _("Cán bộ ghi"),
        "institution": _("Đơn vị gửi"),
    }
    return str(sources.get(source, source))


def unread_kind(kind: str) -> str:
    kinds = {
        "phone": _("Điện thoại"),
        "email": _("Thư điện tử"),
        "channel": _("Kênh"),
        "tax_code": _("Mã số thuế"),
        "personal_number": _("Số định danh"),
        "date": _("Ngày"),
        "address": _("Địa chỉ"),
        "commune": _("Xã, phường, đặc khu"),
    }
    return str(kinds.get(kind, kind))


def message_kind(kind: str) -> str:
    kinds = {
        "code": _("Mã xác nhận"),
        "draft_link": _("Liên kết mở lại bản đang viết"),
        "pledge_received": _("Báo đã nhận bản cam kết"),
        "pledge_approved": _("Báo đã tiếp nhận, kèm bản PDF"),
        "pledge_returned": _("Trả lại để bổ sung"),
        "pledge_rejected": _("Báo không tiếp nhận"),
        "pledge_revoked": _("Báo đã thu hồi"),
        "pledge_withdrawn": _("Xác nhận đã rút"),
    }
    return str(kinds.get(kind, _("Thư khác")))


def message_state(state: str) -> Label:
    labels = {
        "held": (_("Chờ đến lượt gửi"), "info"),
        "accepted": (_("Đã gửi"), "success"),
        "bounced": (_("Thư bị trả lại"), "wrong"),
        "failed": (_("Không gửi được"), "wrong"),
        "uncertain": (_("Chưa rõ đã tới"), "warning"),
    }
    text, kind = labels.get(state, (_("Đang gửi"), "info"))
    return Label(str(text), kind)
