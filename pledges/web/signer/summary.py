"""Answers and states as the signer reads them: rows of a summary list, status words, the way of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from pledges.core.countries import countries
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import EntityKind, Location
from pledges.signing.answers import Group, Place, Signer, Who
from pledges.signing.models import Pledge, PledgeState
from pledges.web.i18n import date_text, language, time_text

Row = dict[str, Any]

EXTRA_LABELS = {
    "stage_name": lazy_gettext("Nghệ danh hoặc tên kênh"),
    "profession": lazy_gettext("Chức danh chuyên môn"),
    "workplace": lazy_gettext("Nơi công tác"),
    "licence_number": lazy_gettext("Số giấy phép"),
    "platform_name": lazy_gettext("Tên sàn, nền tảng hoặc mạng xã hội"),
    "goods": lazy_gettext("Ngành hàng chính"),
}


def _rows(href: str | None, *pairs: tuple[str, Any]) -> list[Row]:
    return [{"key": key, "value": value, "href": href} for key, value in pairs]


def group_rows(group: Group, province_name: str, href: str | None = None) -> list[Row]:
    labels = [_(SUBJECT_TYPES[code].label) for code in group.subject_types]
    return _rows(
        href,
        (_("Tỉnh, thành phố"), province_name),
        (_("Nhóm đối tượng"), labels),
        (_("Thư điện tử"), group.email),
    )


def location_text(who: Who, province_names: dict[str, str]) -> str:
    if who.location is Location.LOCAL:
        return str(_("Trong tỉnh, thành phố này"))
    if who.location is Location.ABROAD:
        return str(countries(language()).get(who.country, who.country))
    return province_names.get(who.home_province, "") or str(_("Ở tỉnh, thành phố khác của Việt Nam"))


def who_rows(who: Who, province_names: dict[str, str], href: str | None = None) -> list[Row]:
    organisation = who.kind is EntityKind.ORGANISATION
    pairs: list[tuple[str, Any]] = [
        (_("Loại"), _("Tổ chức, hộ kinh doanh") if organisation else _("Cá nhân")),
        (_("Tên đầy đủ") if organisation else _("Họ và tên"), who.name),
        (_("Trụ sở hoặc nơi ở"), location_text(who, province_names)),
    ]
    if organisation or who.tax_code:
        pairs.append((_("Mã số thuế"), who.tax_code or ""))
    if who.personal_number:
        pairs.append((_("Số định danh cá nhân"), f"••••••••{who.personal_number[-4:]}"))
    pairs += [(str(EXTRA_LABELS[name]), value) for name, value in who.extra.items()]
    return _rows(href, *pairs)


def place_rows(who: Who, place: Place, href: str | None = None) -> list[Row]:
    pairs: list[tuple[str, Any]] = []
    if who.location is Location.LOCAL:
        pairs.append((_("Xã, phường, đặc khu"), place.commune_name))
    pairs += [
        (_("Địa chỉ liên hệ"), place.address),
        (_("Các kênh"), [channel.display for channel in place.channels]),
        (_("Hoạt động từ"), date_text(place.started_on)),
        (_("Điện thoại"), place.phone or ""),
    ]
    return _rows(href, *pairs)


def signer_rows(signer: Signer, href: str | None = None) -> list[Row]:
    pairs: list[tuple[str, Any]] = [(_("Người ký"), signer.name)]
    if signer.title:
        pairs.append((_("Chức vụ"), signer.title))
    if signer.under_age:
        pairs += [
            (_("Người đại diện"), f"{signer.representative_name} ({signer.representative_relation})"),
            (_("Thư điện tử của người đại diện"), signer.representative_email),
        ]
    return _rows(href, *pairs)


@dataclass(frozen=True)
class Status:
    label: str
    kind: str
    text: str


def status_of(pledge: Pledge, days: int) -> Status:
    """The state in the signer's words; the one place where they are chosen."""
    waiting = _("Cơ quan thường trả lời trong %(days)s ngày làm việc. Bạn không cần làm gì thêm.", days=days)
    words = {
        PledgeState.SUBMITTED: (_("Chờ duyệt"), "info", waiting),
        PledgeState.DEFERRED: (_("Chờ duyệt"), "info", waiting),
        PledgeState.RECOMMENDED: (_("Chờ duyệt"), "info", waiting),
        PledgeState.COUNTERSIGNING: (_("Chờ duyệt"), "info", waiting),
        PledgeState.RETURNED: (
            _("Cần bổ sung"),
            "warning",
            _("Cơ quan đã gửi thư nói rõ phần cần sửa. Hãy mở liên kết trong thư đó."),
        ),
        PledgeState.APPROVED: (
            _("Đã tiếp nhận"),
            "success",
            _("Cơ quan đã tiếp nhận bản cam kết. Đây không phải giấy phép hay chứng nhận chất lượng."),
        ),
        PledgeState.REJECTED: (_("Không tiếp nhận"), "plain", _("Lý do đã được gửi tới thư điện tử của bạn.")),
        PledgeState.SUPERSEDED: (_("Đã thay thế"), "plain", _("Bản này đã được thay bằng một bản mới hơn.")),
        PledgeState.REVOKED: (_("Đã thu hồi"), "plain", _("Cơ quan đã thu hồi bản cam kết này.")),
        PledgeState.WITHDRAWN: (_("Đã rút"), "plain", _("Người ký đã rút bản cam kết này.")),
    }
    if pledge.document_id is None:
        return Status(
            _("Chờ niêm phong"),
            "info",
            _("Bạn đã ký xong. Hệ thống đang niêm phong bản PDF; việc này tự hoàn tất, bạn không cần ký lại."),
        )
    return Status(*words[pledge.state])


def way_of(pledge: Pledge, agency_name: str) -> list[Row]:
    """The steps of a file from signing to reception, as the timeline shows them."""
    sealed = pledge.document_id is not None
    received = pledge.state in {PledgeState.APPROVED, PledgeState.SUPERSEDED, PledgeState.REVOKED}
    return [
        {"title": _("Đã ký"), "time": time_text(pledge.signed_at), "text": "", "state": "done"},
        {
            "title": _("Đã niêm phong bản PDF") if sealed else _("Chờ niêm phong"),
            "time": "",
            "text": "",
            "state": "done" if sealed else "now",
        },
        {
            "title": _("Cơ quan xem xét"),
            "time": "",
            "text": agency_name,
            "state": "done" if received else ("now" if sealed else "later"),
        },
        {"title": _("Đã tiếp nhận"), "time": "", "text": "", "state": "done" if received else "later"},
    ]
