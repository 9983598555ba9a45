"""Settings in words: their names, and what stood in them before and after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _

from pledges.plans.decisions import AGENCY, DUTY, ENTRY, NAMED_APPROVER, OWN_KEY
from pledges.plans.models import SettingChange
from pledges.plans.retention import RETENTION
from pledges.plans.setting_changes import PLACES
from pledges.plans.settings import HIDEABLE
from pledges.web.admin.forms import CONSENT, TASK
from pledges.web.fields import lazy
from pledges.web.i18n import date_text, translate

SIGNATURE_LABELS = {
    "scanned_paper": lazy("Ký tay trên giấy cũng được"),
    "otp_confirm": lazy("Ít nhất xác nhận bằng mã dùng một lần"),
}
FIELD_LABELS = {
    "commune": lazy("Xã, phường, đặc khu"),
    "channels": lazy("Tên miền và kênh"),
    "tax_code": lazy("Mã số thuế của doanh nghiệp"),
}
LABELS = {
    "days_to_answer": lazy("Cơ quan thường trả lời trong (ngày làm việc)"),
    "update_days": lazy("Người ký cập nhật thông tin trong (ngày làm việc)"),
    "receipt_note": lazy("In câu về việc tiếp nhận"),
    "days_off_in_lieu": lazy("Ngày không tính là ngày làm việc"),
    "waiting_days": lazy("Thời gian chờ sau khi mời (ngày làm việc)"),
    "reminder_days": lazy("Nhắc trước hạn (ngày)"),
    "least_signature": lazy("Cách ký thấp nhất được nhận"),
    "hidden_fields": lazy("Phần không hiện ở trang tra cứu"),
    "retention_days": lazy("Lưu giữ (ngày)"),
}
ELSEWHERE = {
    "signing_title": lazy("Chức danh người ký của cơ quan"),
    "signature_method": lazy("Cách ký duyệt"),
    "document_number": lazy("Số, ký hiệu văn bản"),
    "document_date": lazy("Ngày văn bản"),
    "due_day": lazy("Hạn: trước ngày trong tháng"),
    "starts_on": lazy("Theo dõi từ ngày"),
    "number": lazy("Số của kế hoạch"),
    "issued_on": lazy("Ngày ban hành"),
    "retention": lazy("Thời hạn lưu dữ liệu cá nhân"),
    "data_contact": lazy("Đầu mối về dữ liệu cá nhân"),
    "hotline": lazy("Đường dây nóng báo hàng giả"),
    "consent_basis": lazy("Căn cứ xử lý dữ liệu cá nhân"),
    "consent_decided": lazy("Đã xác nhận căn cứ xử lý dữ liệu cá nhân"),
    "publish_coverage": lazy("Công khai số liệu"),
}
"""What is changed on pages of its own, as the history calls it."""

CHOSEN = {
    "consent_basis": {CONSENT: lazy("Sự đồng ý của người ký"), TASK: lazy("Nhiệm vụ của cơ quan nhà nước theo luật")},
    "signature_method": {
        OWN_KEY: lazy("Ký số bằng khóa của cơ quan"),
        NAMED_APPROVER: lazy("Niêm phong của hệ thống, ghi tên người duyệt"),
    },
}


def label_of(name: str, part: str = "") -> str:
    """The name of a setting, with the kind of data where it has parts; empty for what is no setting."""
    if name not in LABELS:
        return ""
    own = str(LABELS[name])
    return f"{own}: {translate(RETENTION[part].label)}" if part in RETENTION else own


def value_text(name: str, value: Any, part: str = "") -> str:
    if value is None and part in RETENTION:
        return str(_("mặc định, %(days)s", days=RETENTION[part].days))
    if isinstance(value, bool):
        return str(_("có") if value else _("không"))
    if name == "least_signature":
        return str(SIGNATURE_LABELS.get(value, value))
    if name in CHOSEN:
        return str(CHOSEN[name].get(value, value))
    if name in {"document_date", "starts_on", "issued_on"} and value:
        return date_text(date.fromisoformat(value))
    if isinstance(value, list):
        return ", ".join(_element(name, each) for each in value) or str(_("không có"))
    return str(value) if value not in (None, "") else str(_("không có"))


def _element(name: str, value: Any) -> str:
    if name == "hidden_fields" and value in HIDEABLE:
        return str(FIELD_LABELS[value])
    return date_text(date.fromisoformat(value)) if name == "days_off_in_lieu" else str(value)


def change_line(change: SettingChange, people: Mapping[str, str], agencies: Mapping[str, str]) -> dict[str, Any]:
    """One row of the history."""
    place = ""
    if change.object_kind == AGENCY:
        place = agencies.get(change.object_code, change.object_code)
    if change.object_kind == ENTRY:
        place = str(_("điều khoản %(entry)s", entry=change.object_code))
    if change.object_kind == DUTY:
        place = str(_("nhiệm vụ báo cáo %(duty)s", duty=change.object_code))
    return {
        "id": change.id,
        "at": change.changed_at,
        "who": people.get(change.changed_by, ""),
        "what": label_of(change.name, change.part) or str(ELSEWHERE.get(change.name, change.name)),
        "elsewhere": change.name in ELSEWHERE,
        "place": place,
        "before": value_text(change.name, change.before["value"], change.part),
        "after": value_text(change.name, change.after["value"], change.part),
        "reason": _reason(change.reason),
    }


def _reason(reason: str) -> str:
    if not reason:
        return str(_("Hoàn tác một thay đổi trước"))
    return translate(reason) if reason in PLACES else reason
