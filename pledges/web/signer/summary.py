"""Answers and states as the signer reads them: rows of a summary list, status words, the way of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from pledges.core.countries import countries
from pledges.core.identity import national_phone
from pledges.plans.queries import all_provinces
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import EntityKind, Location
from pledges.review.history import HistoryStep, StepKind
from pledges.review.models import Decision, DecisionKind
from pledges.signing.answers import Group, Place, Signer, Who
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.rules import CORRECTABLE_LABELS, OPEN_STATES, WITH_AGENCY, Correctable
from pledges.web.current import reader
from pledges.web.i18n import date_text, language, time_text, translate

Row = dict[str, Any]

EXTRA_LABELS = {
    "stage_name": lazy_gettext("Nghệ danh hoặc tên kênh"),
    "profession": lazy_gettext("Chức danh chuyên môn"),
    "workplace": lazy_gettext("Nơi công tác"),
    "licence_number": lazy_gettext("Số giấy phép"),
    "platform_name": lazy_gettext("Tên sàn, nền tảng hoặc mạng xã hội"),
    "goods": lazy_gettext("Ngành hàng chính"),
}


def _rows(*answers: tuple[str, str, Any]) -> list[Row]:
    """Rows of names of form fields (one or several with blanks between), what they are called, and the answer."""
    return [{"fields": frozenset(names.split()), "key": key, "value": value} for names, key, value in answers]


def province_names() -> dict[str, str]:
    return {province.code: province.name for province in all_provinces(reader())}


def group_rows(group: Group, subject_types: tuple[str, ...], province_name: str) -> list[Row]:
    labels = [_(SUBJECT_TYPES[code].label) for code in subject_types]
    return _rows(
        ("province", _("Tỉnh, thành phố"), province_name),
        ("subject_type", _("Nhóm đối tượng"), labels),
        ("email", _("Thư điện tử"), group.email),
    )


def location_text(who: Who, names: dict[str, str]) -> str:
    if who.location is Location.LOCAL:
        return str(_("Trong tỉnh, thành phố này"))
    if who.location is Location.ABROAD:
        return str(countries(language()).get(who.country, who.country))
    return names.get(who.home_province, "") or str(_("Ở tỉnh, thành phố khác của Việt Nam"))


def who_rows(who: Who, names: dict[str, str]) -> list[Row]:
    organisation = who.kind is EntityKind.ORGANISATION
    rows: list[tuple[str, str, Any]] = [
        ("kind", _("Loại"), _("Tổ chức, hộ kinh doanh") if organisation else _("Cá nhân")),
        ("name", _("Tên đầy đủ") if organisation else _("Họ và tên"), who.name),
        ("location home_province country", _("Trụ sở hoặc nơi ở"), location_text(who, names)),
    ]
    if organisation or who.tax_code:
        rows.append(("tax_code", _("Mã số thuế"), who.tax_code or ""))
    if who.personal_number:
        rows.append(("personal_number", _("Số định danh cá nhân"), f"••••••••{who.personal_number[-4:]}"))
    rows += [(name, str(EXTRA_LABELS[name]), value) for name, value in who.extra.items()]
    return _rows(*rows)


def place_rows(who: Who, place: Place) -> list[Row]:
    rows: list[tuple[str, str, Any]] = []
    if who.location is Location.LOCAL:
        rows.append(("commune", _("Xã, phường, đặc khu"), place.commune_name))
    rows += [
        ("address", _("Địa chỉ liên hệ"), place.address),
        ("channels", _("Các kênh"), [channel.display for channel in place.channels]),
        ("started_on", _("Hoạt động từ"), date_text(place.started_on)),
        ("phone", _("Điện thoại"), national_phone(place.phone) if place.phone else ""),
    ]
    return _rows(*rows)


def signer_rows(signer: Signer) -> list[Row]:
    rows: list[tuple[str, str, Any]] = [("name of_age", _("Người ký"), signer.name)]
    if signer.title:
        rows.append(("title authority", _("Chức vụ"), signer.title))
    if signer.under_age:
        guardian = f"{signer.representative_name} ({signer.representative_relation})"
        rows += [
            ("representative_name representative_relation", _("Người đại diện"), guardian),
            ("representative_email", _("Thư điện tử của người đại diện"), signer.representative_email),
        ]
    return _rows(*rows)


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
            _("Cơ quan cần bạn sửa vài chỗ. Hãy đọc lời nhắn dưới đây, sửa rồi ký lại; các câu trả lời khác được giữ."),
        ),
        PledgeState.APPROVED: (
            _("Đã tiếp nhận"),
            "success",
            _("Cơ quan đã tiếp nhận bản cam kết. Đây không phải giấy phép hay chứng nhận chất lượng."),
        ),
        PledgeState.REJECTED: (
            _("Không tiếp nhận"),
            "plain",
            _("Cơ quan không tiếp nhận bản cam kết này; lý do ở dưới. Bạn có thể ký một bản mới."),
        ),
        PledgeState.SUPERSEDED: (_("Đã thay thế"), "plain", _("Bản này đã được thay bằng một bản mới hơn.")),
        PledgeState.REVOKED: (
            _("Đã thu hồi"),
            "wrong",
            _("Cơ quan đã thu hồi bản cam kết này; lý do ở dưới. Bản không còn hiệu lực."),
        ),
        PledgeState.WITHDRAWN: (
            _("Đã rút"),
            "plain",
            _("Bạn đã rút bản cam kết này. Bản không còn hiệu lực; bạn có thể ký một bản mới."),
        ),
    }
    if pledge.document_id is None and pledge.state in WITH_AGENCY:
        return Status(
            _("Chờ niêm phong"),
            "info",
            _("Bạn đã ký xong. Hệ thống đang niêm phong bản PDF; việc này tự hoàn tất, bạn không cần ký lại."),
        )
    return Status(*words[pledge.state])


@dataclass(frozen=True)
class Said:
    """What the department wrote to the signer, and what it asks to correct."""

    heading: str
    lines: tuple[str, ...]
    asked: tuple[str, ...]


def said_of(decision: Decision, agency_name: str) -> Said:
    headings = {
        DecisionKind.RETURNED: _("%(agency)s đề nghị bạn sửa", agency=agency_name),
        DecisionKind.REJECTED: _("%(agency)s không tiếp nhận vì", agency=agency_name),
        DecisionKind.REVOKED: _("%(agency)s thu hồi vì", agency=agency_name),
    }
    return Said(
        heading=headings[decision.kind],
        lines=tuple(line for line in decision.message.splitlines() if line.strip()),
        asked=tuple(translate(CORRECTABLE_LABELS[Correctable(part)]) for part in decision.asked),
    )


_HAPPENED = {
    StepKind.SIGNED: lazy_gettext("Đã ký"),
    StepKind.CORRECTED: lazy_gettext("Đã sửa và ký lại"),
    StepKind.RETURNED: lazy_gettext("Cơ quan trả lại để bổ sung"),
    StepKind.REJECTED: lazy_gettext("Cơ quan không tiếp nhận"),
    StepKind.COUNTERSIGNED: lazy_gettext("Đã tiếp nhận"),
    StepKind.REVOKED: lazy_gettext("Cơ quan thu hồi"),
    StepKind.SUPERSEDED: lazy_gettext("Được thay bằng bản mới"),
    StepKind.WITHDRAWN: lazy_gettext("Bạn đã rút bản cam kết"),
    StepKind.PUBLICATION_ENDED: lazy_gettext("Thôi công khai"),
    StepKind.PROCESSING_ENDED: lazy_gettext("Bạn đã rút sự đồng ý xử lý dữ liệu"),
}
"""What a signer sees of the history: who in the agency did what, and its notes, stay there."""


def way_of(pledge: Pledge, steps: Sequence[HistoryStep], agency_name: str) -> list[Row]:
    """The way of a file from signing to where it is and what comes next; `steps` as `history` gives them."""
    way: list[Row] = [
        {"title": str(_HAPPENED[step.kind]), "time": time_text(step.time), "text": step.message, "state": "done"}
        for step in reversed(steps)
        if step.kind in _HAPPENED
    ]
    sealed = pledge.document_id is not None
    if pledge.state is PledgeState.RETURNED:
        way += [_ahead(_("Bạn sửa và ký lại"), now=True), _ahead(_("Cơ quan xem xét"), agency_name)]
    elif pledge.state in WITH_AGENCY:
        way.append(
            {**_ahead(_("Đã niêm phong bản PDF")), "state": "done"} if sealed else _ahead(_("Chờ niêm phong"), now=True)
        )
        way.append(_ahead(_("Cơ quan xem xét"), agency_name, now=sealed))
    if pledge.state in OPEN_STATES:
        way.append(_ahead(_("Đã tiếp nhận")))
    return way


def _ahead(title: str, text: str = "", *, now: bool = False) -> Row:
    return {"title": title, "time": "", "text": text, "state": "now" if now else "later"}
