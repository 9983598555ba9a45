"""Which states of a report follow which, and whom a report concerns."""

from __future__ import annotations

from collections.abc import Mapping

from pledges.accounts.permissions import Action, Place
from pledges.core.errors import N_
from pledges.duties.calendar import receivers
from pledges.duties.models import ReportState
from pledges.plans.models import ReportingDuty

S = ReportState

TRANSITIONS: Mapping[ReportState, frozenset[ReportState]] = {
    S.DRAFT: frozenset({S.SENT}),
    S.SENT: frozenset({S.ACCEPTED, S.RETURNED, S.REPLACED}),
    S.RETURNED: frozenset({S.REPLACED}),
    S.ACCEPTED: frozenset({S.REPLACED}),
    S.REPLACED: frozenset(),
}
"""A draft may also be discarded; then it is gone."""

CORRECTABLE = frozenset(state for state, after in TRANSITIONS.items() if S.REPLACED in after)
"""Versions of which a new one can be drafted."""


def states_before(after: ReportState) -> frozenset[ReportState]:
    return frozenset(state for state, follows in TRANSITIONS.items() if after in follows)


def place_of(duty: ReportingDuty, unit_code: str, action: Action = Action.REPORT_VIEW) -> Place:
    """Where the report of a unit stands for an action: with who owes it, with who receives it, or with both."""
    codes = {
        Action.REPORT_WRITE: frozenset({unit_code}),
        Action.REPORT_RECEIVE: receivers(duty),
        Action.REPORT_VIEW: receivers(duty) | {unit_code},
    }[action]
    return Place(duty.province_code, unit_codes=codes)


STATE_LABELS: Mapping[ReportState, str] = {
    S.DRAFT: N_("đang soạn"),
    S.SENT: N_("đã gửi"),
    S.RETURNED: N_("bị trả lại"),
    S.ACCEPTED: N_("đã nhận"),
    S.REPLACED: N_("đã có bản đính chính"),
}
