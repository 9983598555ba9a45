"""What may be recorded of a violation, and how it is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from pledges.core.channels import canonical_channel
from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_block, clean_line, fold
from pledges.review.violation_models import Violation, ViolationField
from pledges.tips.rules import check_link

F = ViolationField

FIELD_LABELS: dict[ViolationField, str] = {
    F.FOOD: N_("Thực phẩm, thực phẩm bảo vệ sức khỏe"),
    F.MEDICINE: N_("Thuốc, dược phẩm"),
    F.COSMETICS: N_("Mỹ phẩm"),
    F.MILK: N_("Sữa"),
    F.MEDICAL_DEVICES: N_("Thiết bị y tế"),
    F.CONSUMER_GOODS: N_("Hàng tiêu dùng khác"),
    F.ADVERTISING: N_("Quảng cáo trên mạng"),
    F.OTHER: N_("Lĩnh vực khác"),
}

OLDEST = date(2015, 1, 1)
"""An earlier day is a slip of the fingers: nobody had pledged anything then."""
LARGEST_FINE = 1_000_000_000_000
LONGEST_NUMBER, LONGEST_AUTHORITY = 100, 200
LONGEST_WHAT = LONGEST_NOTE = LONGEST_REASON = 2000

_PERSONAL_NUMBER = re.compile(r"(?<!\d)0\d{2}[ .]?\d{3}[ .]?\d{6}(?!\d)|(?<!\d)0\d{2}(?:[ .]\d{3}){3}(?!\d)")
_FINE = re.compile(r"(\d+|\d{1,3}(?:[., ]\d{3})+)\s*(?:đồng|đ|vnd|vnđ)?\.?", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """What a record says of one decision, as typed."""

    field: ViolationField
    happened_on: date
    what: str
    decision_number: str
    decided_on: date
    decided_by: str
    fine: int | None = None
    channel: str = ""
    source_link: str = ""
    note: str = ""


def checked(said: Said, *, today: date) -> Said:
    """The same, clean; raises `DomainError` at the field that has to be corrected."""
    _check_days(said, today)
    number = clean_line(said.decision_number, most=LONGEST_NUMBER, field="decision_number")
    if not number_key(number):
        raise DomainError(N_("Hãy ghi số của quyết định, ví dụ 12/QĐ-XPHC."), field="decision_number")
    by = clean_line(said.decided_by, most=LONGEST_AUTHORITY, field="decided_by")
    if not by:
        raise DomainError(N_("Hãy ghi cơ quan hoặc chức danh đã ra quyết định."), field="decided_by")
    what = _block(said.what, LONGEST_WHAT, "what")
    if not what:
        raise DomainError(N_("Hãy ghi hành vi vi phạm như trong quyết định."), field="what")
    if said.fine is not None and not 0 <= said.fine <= LARGEST_FINE:
        raise DomainError(N_("Số tiền phạt này không hợp lý. Hãy xem lại số tiền trong quyết định."), field="fine")
    return Said(
        field=said.field,
        happened_on=said.happened_on,
        what=what,
        decision_number=number,
        decided_on=said.decided_on,
        decided_by=by,
        fine=said.fine or None,
        channel=canonical_channel(said.channel, field="channel").address if said.channel.strip() else "",
        source_link=_link(said.source_link),
        note=_block(said.note, LONGEST_NOTE, "note"),
    )


def _check_days(said: Said, today: date) -> None:
    if said.happened_on < OLDEST:
        raise DomainError(N_("Ngày vi phạm đã quá lâu. Hãy xem lại năm."), field="happened_on")
    if said.decided_on > today:
        raise DomainError(N_("Ngày quyết định không thể ở tương lai. Hãy xem lại ngày."), field="decided_on")
    if said.happened_on > said.decided_on:
        raise DomainError(N_("Ngày vi phạm không thể sau ngày quyết định. Hãy xem lại hai ngày."), field="happened_on")


def _block(typed: str, most: int, field: str) -> str:
    text = clean_block(typed, most=most, field=field)
    if _PERSONAL_NUMBER.search(text):
        raise DomainError(
            N_("Ô này có vẻ có số định danh cá nhân. Hãy bỏ số đó: bản ghi vi phạm không cần."), field=field
        )
    return text


def _link(typed: str) -> str:
    try:
        return check_link(typed)
    except DomainError as refusal:
        raise DomainError(
            N_("Đường dẫn chưa đúng. Hãy chép nguyên đường dẫn tới quyết định hoặc tin đăng, bắt đầu bằng https://."),
            field="source_link",
        ) from refusal


def reason_given(typed: str, missing: str) -> str:
    reason = _block(typed, LONGEST_REASON, "reason")
    if not reason:
        raise DomainError(missing, field="reason")
    return reason


def number_key(number: str) -> str:
    """12/QĐ-XPHC, 12 / QD-XPHC and 12/qđ-xphc are one number."""
    return fold(number).replace(" ", "")


def parse_fine(typed: str) -> int | None:
    """An amount in đồng as people write it: 15.000.000, 15000000 đồng; empty: no fine."""
    text = " ".join(typed.replace("\N{NO-BREAK SPACE}", " ").split())
    if not text:
        return None
    found = _FINE.fullmatch(text)
    if found is None:
        raise DomainError(N_("Số tiền chưa đúng. Hãy viết bằng số, tính bằng đồng, ví dụ 15.000.000."), field="fine")
    return int(re.sub(r"\D", "", found[1]))


def revocation_reason(violation: Violation) -> str:
    """What the signer may be told when their pledge is revoked: facts of the decision, in the words of an office."""
    label = FIELD_LABELS[violation.field]
    lines = (
        "Vi phạm nội dung đã cam kết:",
        f"Quyết định số {violation.decision_number} ngày {violation.decided_on:%d/%m/%Y} của {violation.decided_by}.",
        f"Lĩnh vực: {label[0].lower()}{label[1:]}. Ngày vi phạm: {violation.happened_on:%d/%m/%Y}.",
    )
    return "\n".join(lines)
