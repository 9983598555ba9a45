"""Kind answers to those who come second, and to those who may not decide alone."""

from __future__ import annotations

from pledges.core.calendar import VIETNAM
from pledges.core.errors import N_, Conflict, DomainError
from pledges.review.models import Decision, DecisionKind

K = DecisionKind

_ALREADY: dict[DecisionKind, str] = {
    K.RECOMMENDED: N_("%(name)s đã đề nghị duyệt hồ sơ này lúc %(time)s. Bạn không cần làm gì thêm."),
    K.RETURNED: N_("%(name)s đã trả lại hồ sơ này để bổ sung lúc %(time)s. Bạn không cần làm gì thêm."),
    K.DEFERRED: N_("%(name)s đã tạm hoãn hồ sơ này lúc %(time)s. Hãy xem lại hồ sơ rồi quyết định."),
    K.RESUMED: N_("%(name)s đã đưa hồ sơ này trở lại hàng đợi lúc %(time)s. Hãy xem lại hồ sơ rồi quyết định."),
    K.REJECTED: N_("%(name)s đã từ chối tiếp nhận hồ sơ này lúc %(time)s. Bạn không cần làm gì thêm."),
    K.APPROVED: N_("%(name)s đã duyệt hồ sơ này lúc %(time)s. Bạn không cần làm gì thêm."),
    K.REVOCATION_ASKED: N_("%(name)s đã đề nghị thu hồi lúc %(time)s; đề nghị đang chờ người thứ hai xác nhận."),
    K.REVOCATION_REFUSED: N_("%(name)s đã không đồng ý thu hồi lúc %(time)s. Hãy xem lại hồ sơ."),
    K.REVOKED: N_("%(name)s đã thu hồi bản cam kết này lúc %(time)s. Bạn không cần làm gì thêm."),
}


class AlreadyDecided(Conflict):
    """Of several people at once one has decided; the others learn who and when."""

    def __init__(self, decision: Decision) -> None:
        local = decision.decided_at.astimezone(VIETNAM)
        super().__init__(_ALREADY[decision.kind], name=decision.staff_name, time=f"{local:%H:%M, %d/%m/%Y}")


class SecondPersonNeeded(DomainError):
    """Nobody confirms what they proposed themselves."""

    status = 403
