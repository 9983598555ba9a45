"""Facts in the words of an administrator: who, what, about which object, and what changed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import Select, select

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import Action, Place
from pledges.accounts.refusals import NOBODY
from pledges.accounts.rules import ROLES
from pledges.audit.catalogue import FACT_KINDS
from pledges.audit.models import Fact
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.plans.decisions import DUTY
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import Channel, Entity, Obligation, Scope
from pledges.registry.scope_words import COHORT_LABELS, REASON_LABELS
from pledges.signing.models import Pledge
from pledges.web.admin.audit_forms import EXPORT_REASONS, GROUPS
from pledges.web.admin.settings_words import label_of, value_text
from pledges.web.current import reader
from pledges.web.fields import lazy
from pledges.web.i18n import date_text, time_text, translate
from pledges.web.officer.reach import reaches

T = TypeVar("T", Channel, Obligation)

ACTORS = {
    "signer": lazy("Người ký"),
    "system": lazy("Hệ thống"),
    "command": lazy("Lệnh trên máy chủ"),
    "citizen": lazy("Người dân"),
    "focal": lazy("Đầu mối của đơn vị"),
    "agency_key": lazy("Chương trình của cơ quan (khóa API)"),
}
DETAILS = {
    "changed": lazy("Đã sửa"),
    "identifiers": lazy("Mã số"),
    "types": lazy("Nhóm đối tượng"),
    "added": lazy("Thêm"),
    "removed": lazy("Bỏ"),
    "reason": lazy("Lý do"),
    "scope": lazy("Diện ký"),
    "cohort": lazy("Đợt"),
    "entry": lazy("Điều khoản"),
    "text": lazy("Mẫu cam kết"),
    "version": lazy("Phiên bản"),
    "items": lazy("Số hồ sơ"),
    "rows": lazy("Số dòng"),
    "role": lazy("Vai trò"),
    "agency": lazy("Cơ quan"),
    "unit": lazy("Đơn vị báo cáo"),
    "source": lazy("Nguồn"),
    "effective_on": lazy("Có hiệu lực từ"),
    "key": lazy("Khóa API"),
    "expires_on": lazy("Hết hạn"),
    "since": lazy("Trong 15 phút từ"),
    "wrong_passwords": lazy("Sai mật khẩu"),
    "wrong_codes": lazy("Sai mã của ứng dụng"),
    "wrong_recovery_codes": lazy("Sai mã dự phòng"),
    "wrong_passkeys": lazy("Sai khóa truy cập"),
    "wrong_confirmations": lazy("Xác nhận sai"),
    "wrong_keys": lazy("Sai khóa API"),
    "refused_acts": lazy("Việc ngoài quyền"),
    "throttled": lazy("Bị chặn vì thử quá nhiều lần"),
    "networks": lazy("Số mạng gửi đến"),
    "accounts": lazy("Số tài khoản"),
}
"""What of a fact's data is shown, and under which name; ids, hashes and moves of counters are for machines."""
_NOBODYS = {
    "staff.sign_in_refused": lazy("Địa chỉ không có tài khoản"),
    "staff.act_refused": lazy("Những tài khoản khác"),
    "key.refused": lazy("Khóa không có trong danh sách"),
}
SCOPES = {
    Scope.PRESUMED_IN.value: lazy("tạm tính thuộc diện ký"),
    Scope.CONFIRMED_IN.value: lazy("thuộc diện ký"),
    Scope.PRESUMED_OUT.value: lazy("tạm tính ngoài diện ký"),
    Scope.CONFIRMED_OUT.value: lazy("ngoài diện ký"),
}
FIELDS = {
    "name": lazy("tên"),
    "tax_code": lazy("mã số thuế"),
    "personal_number": lazy("số định danh cá nhân"),
    "kind": lazy("loại"),
    "location": lazy("nơi có trụ sở"),
    "address": lazy("địa chỉ"),
    "commune": lazy("xã, phường"),
    "channel": lazy("kênh"),
    "standing": lazy("tình trạng trong danh sách"),
    "self_declared": lazy("tự kê khai"),
    "import": lazy("nhập danh sách"),
    "citizen": lazy("người dân báo"),
    "officer": lazy("cán bộ"),
    "role": lazy("vai trò"),
    "agency": lazy("cơ quan"),
    "ended": lazy("không dùng nữa"),
    "formal": lazy("nơi nhận văn bản"),
    "holder": lazy("của ai"),
    "title": lazy("chức danh"),
    "signing_title": lazy("chức danh khi ký duyệt"),
    "agency_code": lazy("cơ quan"),
    "commune_code": lazy("xã, phường"),
    "unit_code": lazy("đơn vị báo cáo"),
    "due_day": lazy("hạn: trước ngày trong tháng"),
    "starts_on": lazy("theo dõi từ ngày"),
    "publish_coverage": lazy("công khai số liệu"),
    "number": lazy("số"),
    "issued_on": lazy("ngày ban hành"),
    "document_number": lazy("số văn bản"),
    "document_date": lazy("ngày văn bản"),
    "retention": lazy("thời hạn lưu in trong bản cam kết"),
    "signature_method": lazy("cách ký duyệt"),
    "consent_basis": lazy("căn cứ xử lý dữ liệu"),
    "consent_decided": lazy("đã xác nhận căn cứ xử lý"),
    "version": lazy("phiên bản"),
    "key": lazy("ký số bằng khóa của cơ quan"),
    "named_approver": lazy("niêm phong của hệ thống, ghi tên người duyệt"),
    "consent": lazy("sự đồng ý của người ký"),
    "task": lazy("nhiệm vụ của cơ quan nhà nước"),
    "about": lazy("gọi về việc gì"),
    "phone": lazy("số điện thoại"),
    "email": lazy("thư điện tử"),
    "hours": lazy("giờ nhận cuộc gọi"),
    "source": lazy("nơi công bố số này"),
    "checked_on": lazy("ngày kiểm tra"),
}


@dataclass(frozen=True)
class Line:
    """One fact as the page and the file show it."""

    fact: Fact
    who: str
    what: str
    about: str
    href: str
    details: list[str] = field(default_factory=list)


def lines_of(facts: Sequence[Fact]) -> list[Line]:
    """Names are looked up for the whole page at once."""
    names = _Names.of(facts)
    return [
        Line(
            fact,
            names.who(fact),
            translate(FACT_KINDS[fact.kind].title) if fact.kind in FACT_KINDS else fact.kind,
            *names.about(fact),
            details_of(fact),
        )
        for fact in facts
    ]


@dataclass(frozen=True)
class _Names:
    staff: dict[str, Staff]
    entities: dict[uuid.UUID, Entity]
    subjects: dict[uuid.UUID, uuid.UUID | None]
    """Whose the channels and obligations are."""
    channels: dict[uuid.UUID, str]
    pledges: dict[uuid.UUID, str]

    @classmethod
    def of(cls, facts: Sequence[Fact]) -> _Names:
        province_code = next((fact.province_code for fact in facts), WHOLE_SYSTEM)
        people = {_id(fact.actor_id) for fact in facts if fact.actor_kind == "staff"}
        people |= {fact.object_id for fact in facts if fact.object_kind == "staff"}
        staff = reader().scalars(
            select(Staff).where(Staff.province_code.in_([province_code, WHOLE_SYSTEM]), Staff.id.in_(people - {None}))
        )
        channels = reader().scalars(_rows(Channel, province_code, facts, "channel")).all()
        owed = reader().scalars(_rows(Obligation, province_code, facts, "obligation")).all()
        subjects = {row.id: row.entity_id for rows in (channels, owed) for row in rows}
        entities = {_subject(fact, subjects) for fact in facts} - {None}
        found = reader().scalars(select(Entity).where(Entity.province_code == province_code, Entity.id.in_(entities)))
        pledges = reader().execute(
            select(Pledge.id, Pledge.reference).where(
                Pledge.province_code == province_code,
                Pledge.id.in_({fact.object_id for fact in facts if fact.object_kind == "pledge"}),
            )
        )
        return cls(
            {str(person.id): person for person in staff},
            {entity.id: entity for entity in found},
            subjects,
            {channel.id: channel.address for channel in channels},
            {row.id: row.reference for row in pledges},
        )

    def who(self, fact: Fact) -> str:
        person = self.staff.get(fact.actor_id)
        if person is not None:
            return person.name
        return str(ACTORS.get(fact.actor_kind, _("Cán bộ đã xóa")))

    def about(self, fact: Fact) -> tuple[str, str]:
        """Its name and address, as far as the person may know and open it."""
        if reference := self.pledges.get(fact.object_id):
            return reference, ""
        if fact.object_id == NOBODY:
            return str(_NOBODYS[fact.kind] if "accounts" not in fact.data else _("Những tài khoản khác")), ""
        person = self.staff.get(str(fact.object_id)) if fact.object_kind == "staff" else None
        if person is not None:
            manages = reaches(Action.STAFF_MANAGE, Place(person.province_code))
            page = url_for("admin.person", code=person.province_code, staff_id=person.id) if manages else ""
            return person.name, page
        if (reporting := _reporting(fact)) is not None:
            return reporting
        entity = self.entities.get(_subject(fact, self.subjects) or fact.id)
        if entity is not None and reaches(Action.ENTITY_VIEW, Place(entity.province_code)):
            name = self.channels.get(fact.object_id, entity.name)
            return name, url_for("officer.entity", entity_id=entity.id)
        group = GROUPS.get(fact.kind.partition(".")[0], "")
        return (translate(group) if group else ""), ""


def _reporting(fact: Fact) -> tuple[str, str] | None:
    """Code and page of the reporting unit or duty that was added, changed or ended."""
    data, code = fact.data, fact.province_code
    of_unit = data.get("unit") if fact.object_kind == "unit" else None
    of_duty = data.get("duty") if fact.object_kind == "duty" else None
    if fact.kind == "province.decided" and data.get("object") == DUTY:
        of_duty = data.get("code")
    if not (of_unit or of_duty) or not reaches(Action.DUTY_MANAGE, Place(code)):
        return None
    if of_unit:
        return of_unit, url_for("admin.unit", code=code, unit_code=of_unit)
    return str(of_duty), url_for("admin.duty", code=code, duty_id=of_duty)


def _rows(table: type[T], province_code: str, facts: Sequence[Fact], object_kind: str) -> Select[T]:
    ids = {fact.object_id for fact in facts if fact.object_kind == object_kind}
    return select(table).where(table.province_code == province_code, table.id.in_(ids))


def _subject(fact: Fact, subjects: Mapping[uuid.UUID, uuid.UUID | None]) -> uuid.UUID | None:
    """The entity that a fact is about, or whose channel, obligation, contact or sighting."""
    if fact.object_kind == "entity":
        return fact.object_id
    return subjects.get(fact.object_id) or _id(fact.data.get("entity"))


def _id(text: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None


def details_of(fact: Fact) -> list[str]:
    """What changed: before and after where the fact has both, then the rest that has a name."""
    data = fact.data
    details = []
    if "before" in data and "after" in data:
        details += _changes(data["before"], data["after"])
    elif "before" in data and (after := data.get("scope") or data.get("cohort")):
        details.append(f"{_value(data['before'])} → {_value(after)}")
    shown = {"scope", "cohort"} if details else set()
    for name, label in DETAILS.items():
        if name == "since" and name in data:
            details.append(f"{label} {time_text(datetime.fromisoformat(data[name]))}")
        elif name == "role" and data.get(name) in set(Role):
            details.append(f"{label}: {translate(ROLES[Role(data[name])].label)}")
        elif name in data and name not in shown and (said := _value(data[name])):
            details.append(f"{label}: {said}")
    return details


def _changes(before: Any, after: Any) -> list[str]:
    """One line, or one for each field where a fact has several; facts hold no personal data, so values can be shown."""
    if isinstance(before, dict) and isinstance(after, dict):
        fields = [name for name in before if name in after]
        return [f"{_label(name)}: {_field(name, before[name])} → {_field(name, after[name])}" for name in fields]
    said = [_value(before), _value(after)]
    return [" → ".join(said)] if any(said) else []


def _label(name: str) -> str:
    setting, _dot, part = name.partition(".")
    return str(label_of(setting, part) or FIELDS.get(name, name))


def _field(name: str, value: Any) -> str:
    setting, _dot, part = name.partition(".")
    if label_of(setting):
        return value_text(setting, value, part)
    if name == "role" and value in set(Role):
        return translate(ROLES[Role(value)].label)
    if name in {"starts_on", "issued_on", "document_date"} and value:
        return date_text(date.fromisoformat(value))
    return _value(value) or str(_("không có"))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("có") if value else _("không"))
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value)
    if isinstance(value, dict) or value is None:
        return ""
    text = str(value)
    words: dict[str, Any] = {
        **SCOPES,
        **FIELDS,
        **{code: translate(label) for code, label in COHORT_LABELS.items()},
        **{code: translate(label) for code, label in REASON_LABELS.items()},
        **{code: translate(label) for code, label in EXPORT_REASONS.items()},
        **{code: translate(info.label) for code, info in SUBJECT_TYPES.items()},
    }
    return str(words.get(text, text))
