"""The sentences of verdicts: page, public address and command all say these, so that they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pledges.core.errors import N_
from pledges.signing.models import Origin, PledgeState
from pledges.signing.public_pledges import PublicPledge


class Finding(StrEnum):
    AUTHENTIC = "authentic"
    EARLIER = "earlier_version"
    """Sealed by us, and a newer file of the same pledge exists."""
    NOT_SEALED_YET = "not_sealed_yet"
    ALTERED = "altered"
    NOT_OURS = "not_ours"
    NOT_PDF = "not_pdf"
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    UNKNOWN_CODE = "unknown_code"
    DAMAGED = "damaged"
    """Our own copy does not pass its checks: an operator has to look."""


@dataclass(frozen=True)
class Sentence:
    """Vietnamese, marked for the catalogue, with `%(name)s` places for `params`."""

    text: str
    params: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text


REASONS = {
    Finding.AUTHENTIC: N_("Tệp đúng là bản do hệ thống phát hành và lưu giữ; các chữ ký trong tệp đều hợp lệ."),
    Finding.NOT_SEALED_YET: N_("Bản cam kết đã được ký; tệp PDF đang chờ hệ thống niêm phong."),
    Finding.NOT_OURS: N_("Tệp này không phải do hệ thống phát hành."),
    Finding.NOT_PDF: N_("Tệp này không phải là tệp PDF."),
    Finding.ENCRYPTED: N_("Tệp này có mật khẩu; bản do hệ thống phát hành không bao giờ có mật khẩu."),
    Finding.UNREADABLE: N_("Không đọc được tệp này như một tệp PDF bình thường."),
    Finding.TOO_LARGE: N_("Tệp lớn hơn 10 MB; bản do hệ thống phát hành nhỏ hơn nhiều."),
    Finding.UNKNOWN_CODE: N_("Không có bản cam kết nào mang mã này."),
    Finding.DAMAGED: N_("Bản lưu của hệ thống đang cần được kiểm tra lại; chưa thể xác nhận lúc này."),
}
BEFORE_APPROVAL = N_("Tệp đúng là bản do hệ thống phát hành, nhưng là bản trước khi tiếp nhận; nay đã có bản cuối.")
BEFORE_CORRECTION = N_(
    "Tệp đúng là bản do hệ thống phát hành, nhưng là bản cũ: người ký đã sửa và ký lại ngày %(day)s."
)
ADDED = N_("Tệp bắt đầu giống bản do hệ thống phát hành, nhưng sau đó đã bị thêm nội dung khác.")
BROKEN = N_("Nội dung tệp không còn khớp với niêm phong của hệ thống: tệp đã bị sửa sau khi phát hành.")
NO_SEAL = N_("Tệp mang mã của một bản cam kết có thật, nhưng không giống bản mà hệ thống đã phát hành.")

WAITING = N_("Người ký đã ký bản cam kết. %(agency)s đang xem xét và chưa tiếp nhận.")
STANDINGS = {
    PledgeState.APPROVED: N_("%(agency)s đã tiếp nhận bản cam kết ngày %(day)s. Bản cam kết đang có giá trị."),
    PledgeState.REJECTED: N_("%(agency)s đã xem xét và không tiếp nhận bản cam kết này; kết luận ngày %(day)s."),
    PledgeState.SUPERSEDED: N_(
        "Bản cam kết này đã được thay bằng bản mới hơn của cùng người ký ngày %(day)s và không còn giá trị."
    ),
    PledgeState.REVOKED: N_("%(agency)s đã thu hồi bản cam kết này ngày %(day)s. Đừng dựa vào bản này nữa."),
    PledgeState.WITHDRAWN: N_("Người ký đã rút bản cam kết này ngày %(day)s; bản này không còn giá trị."),
}
OWNER_IN_DOUBT = N_("Đang xác minh chủ kênh: %(agency)s chưa kết luận kênh hoặc mã số thuế ghi ở đây là của ai.")
PAPER_STANDINGS = {
    PledgeState.APPROVED: N_(
        "Người cam kết đã ký tay trên giấy; %(agency)s ghi nhận ngày %(day)s. Bản cam kết đang có giá trị."
    ),
    PledgeState.WITHDRAWN: N_(
        "%(agency)s đã xóa ghi nhận này ngày %(day)s vì ghi nhầm. Phiếu ghi nhận này không còn giá trị."
    ),
}
"""Of a pledge signed on paper that an agency recorded: where it ends differently from one signed here."""


def correction_sentence(replaced_on: date) -> Sentence:
    return Sentence(BEFORE_CORRECTION, {"day": day_text(replaced_on)})


def standing_sentence(pledge: PublicPledge) -> Sentence:
    """What the pledge is worth today, by whom and since when; never why."""
    on_paper = PAPER_STANDINGS if pledge.origin is Origin.PAPER_RECORD else {}
    template = on_paper.get(pledge.state) or STANDINGS.get(pledge.state)
    if template is None:
        return Sentence(WAITING, {"agency": pledge.agency_name})
    day = pledge.received_on if pledge.state is PledgeState.APPROVED else pledge.ended_on
    return Sentence(template, {"agency": pledge.agency_name, "day": day_text(day)})


def doubt_sentence(pledge: PublicPledge) -> Sentence:
    """That it is being found out whose the channels are."""
    return Sentence(OWNER_IN_DOUBT, {"agency": pledge.agency_name})


def day_text(day: date | None) -> str:
    """dd/mm/yyyy, as pages write days in both languages."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}" if day is not None else ""
