"""States, decisions and durations in the words of the department; the one place where they are chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _

from pledges.review.queue_filter import Tab
from pledges.signing.models import Origin, Pledge, PledgeState, SignatureKind


@dataclass(frozen=True)
class Label:
    """`kind` is the kind of the tag: plain, info, success, warning, wrong."""

    text: str
    kind: str


def state_label(pledge: Pledge) -> Label:
    """The state as the agency sees it, finer than what the signer is told."""
    if pledge.document_id is None:
        return Label(str(_("Chờ niêm phong")), "info")
    labels = {
        PledgeState.SUBMITTED: (_("Chờ xử lý"), "info"),
        PledgeState.DEFERRED: (_("Tạm hoãn"), "warning"),
        PledgeState.RECOMMENDED: (_("Chờ duyệt"), "info"),
        PledgeState.COUNTERSIGNING: (_("Đã duyệt, đang hoàn tất bản PDF"), "info"),
        PledgeState.RETURNED: (_("Chờ người ký bổ sung"), "plain"),
        PledgeState.APPROVED: (_("Đang có hiệu lực"), "success"),
        PledgeState.REJECTED: (_("Không tiếp nhận"), "plain"),
        PledgeState.SUPERSEDED: (_("Đã thay bằng bản mới"), "plain"),
        PledgeState.REVOKED: (_("Đã thu hồi"), "plain"),
        PledgeState.WITHDRAWN: (_("Người ký đã rút"), "plain"),
    }
    if pledge.origin is Origin.PAPER_RECORD:
        labels |= {
            PledgeState.APPROVED: (_("Bản giấy, đang có hiệu lực"), "success"),
            PledgeState.WITHDRAWN: (_("Bản giấy, đã xóa ghi nhận"), "plain"),
        }
    text, kind = labels[pledge.state]
    return Label(str(text), kind)


def check_label(outcome: str) -> Label:
    """One automatic check, or the worst of several."""
    labels = {
        "ok": (_("Đạt"), "success"),
        "note": (_("Lưu ý"), "plain"),
        "warning": (_("Cần xem"), "warning"),
        "failed": (_("Có vấn đề"), "wrong"),
    }
    text, kind = labels[outcome]
    return Label(str(text), kind)


def duration(span: timedelta) -> str:
    """How long something has lasted, as exactly as anybody needs: minutes, hours, then whole days."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 60:
        return str(_("%(number)s phút", number=max(minutes, 0)))
    if minutes < 48 * 60:
        return str(_("%(number)s giờ", number=minutes // 60))
    return str(_("%(number)s ngày", number=minutes // (24 * 60)))


def signature_kind(kind: SignatureKind) -> str:
    """How somebody confirmed, named for what it is."""
    kinds = {
        SignatureKind.OTP_CONFIRM: _("Xác nhận bằng mã dùng một lần gửi qua thư điện tử; không phải chữ ký số"),
        SignatureKind.PUBLIC_DIGITAL_SIGNATURE: _("Chữ ký số công cộng của người ký"),
        SignatureKind.SCANNED_PAPER: _("Ký tay trên giấy; không phải chữ ký số"),
    }
    return str(kinds[kind])


def tab_text(tab: Tab) -> str:
    texts = {
        Tab.WAITING: _("Chờ xử lý"),
        Tab.DEFERRED: _("Tạm hoãn"),
        Tab.RECOMMENDED: _("Chờ duyệt"),
        Tab.COUNTERSIGNING: _("Đang hoàn tất"),
        Tab.RETURNED: _("Chờ bổ sung"),
        Tab.REVOCATION: _("Chờ thu hồi"),
        Tab.DONE: _("Đã xong"),
    }
    return str(texts[tab])
