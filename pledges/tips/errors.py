"""Refusals of the tips area."""

from __future__ import annotations

from pledges.core.calendar import VIETNAM
from pledges.core.errors import N_, Conflict, TooMany
from pledges.tips.models import Tip, TipState

_ALREADY = {
    TipState.CONFIRMED: N_("%(name)s đã xác nhận tin báo này lúc %(time)s. Bạn không cần làm gì thêm."),
    TipState.MERGED: N_("%(name)s đã gộp tin báo này lúc %(time)s. Bạn không cần làm gì thêm."),
    TipState.REJECTED: N_("%(name)s đã từ chối tin báo này lúc %(time)s. Bạn không cần làm gì thêm."),
    TipState.NEW: N_("Tin báo này vừa được mở lại hoặc đã thay đổi. Hãy xem lại rồi quyết định."),
}


class TipDecided(Conflict):
    """Of several people at once one has decided; the others learn who and when."""

    def __init__(self, tip: Tip, name: str) -> None:
        if tip.state is TipState.NEW or tip.decided_at is None:
            super().__init__(_ALREADY[TipState.NEW])
            return
        local = tip.decided_at.astimezone(VIETNAM)
        super().__init__(_ALREADY[tip.state], name=name, time=f"{local:%H:%M, %d/%m/%Y}")


class FormUsed(Conflict):
    """This form has already brought another report."""


class TooManyTips(TooMany):
    """Everything typed stays on the page; the message says when to send it again."""
