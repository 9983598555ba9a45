"""The rules of a round that need no database: states, days, groups."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from pledges.core.calendar import Quarter, add_working_days
from pledges.core.errors import N_
from pledges.plans.rules import WAITING_DAYS
from pledges.rounds.list_models import Group
from pledges.rounds.models import Outcome, RoundState, Way, Why

RULE_VERSION = "2026-11"
"""Of the rules by which lists are made; printed on them. A change that moves anybody gets a new one."""

S = RoundState

TRANSITIONS: dict[RoundState, frozenset[RoundState]] = {
    S.OPENED: frozenset({S.RUNNING, S.CLOSING}),
    S.RUNNING: frozenset({S.PAUSED, S.CLOSING}),
    S.PAUSED: frozenset({S.RUNNING, S.CLOSING}),
    S.CLOSING: frozenset({S.CLOSED}),
    S.CLOSED: frozenset(),
}
"""Which state may follow which; `tests/unit/rounds/test_rules.py` holds the same table in words."""

ADJUSTABLE = frozenset({S.OPENED, S.RUNNING, S.PAUSED})
"""States in which who is asked, and until when, may still be changed."""

OVER = frozenset({S.CLOSING, S.CLOSED})
"""Its links, letters and calls lead nowhere any more."""

STATE_LABELS: dict[RoundState, str] = {
    S.OPENED: N_("Đã mở, chưa gửi"),
    S.RUNNING: N_("Đang vận động"),
    S.PAUSED: N_("Tạm dừng"),
    S.CLOSING: N_("Đang chốt danh sách"),
    S.CLOSED: N_("Đã đóng"),
}
WHY_LABELS: dict[Why, str] = {
    Why.CARRIED_OVER: N_("Có từ trước, chưa ký"),
    Why.NEWCOMER: N_("Mới phát sinh"),
    Why.RETURNED: N_("Đã ký, bị trả lại để bổ sung và chưa sửa"),
    Why.ENDED: N_("Bản cam kết trước đã bị từ chối, thu hồi hoặc đã rút"),
    Why.SIGN_AGAIN: N_("Ký lại theo quý"),
}
WAY_LABELS: dict[Way, str] = {
    Way.MAIL: N_("Thư điện tử"),
    Way.LETTER: N_("Thư giấy"),
    Way.CALL: N_("Gọi điện"),
    Way.VISIT: N_("Đến gặp"),
}
OUTCOME_LABELS: dict[Outcome, str] = {
    Outcome.WAITING: N_("Chờ gửi"),
    Outcome.REACHED: N_("Đã đến nơi"),
    Outcome.NOT_REACHED: N_("Chưa đến nơi"),
    Outcome.UNCERTAIN: N_("Chưa rõ đã đến nơi hay chưa"),
}
NOTE_LABELS: dict[str, str] = {
    "bounced": N_("Thư bị trả lại"),
    "failed": N_("Máy chủ thư không nhận"),
    "expired": N_("Quá ngày nên không gửi nữa"),
    "signed": N_("Không gửi nữa vì đã ký"),
    "out_of_scope": N_("Không gửi nữa vì ngoài diện ký"),
    "left_out": N_("Không gửi nữa vì được đưa ra khỏi đợt này"),
    "merged": N_("Không gửi nữa vì đã gộp vào đối tượng khác"),
    "revoked": N_("Không gửi nữa vì liên kết đã bị hủy"),
    "closed": N_("Không gửi nữa vì đợt vận động đã kết thúc"),
}
"""Why a mail did not arrive: what the system writes into `Attempt.note`. What people write stands as it is."""

ASK_STEP = "ask"
_TAKEN_BACK = "undone-"
_GAP = timedelta(days=3)
"""Nobody is reminded sooner after the ask."""


def batch_of(round_id: uuid.UUID) -> str:
    """Under which name the mail of a round is held, resumed and cancelled."""
    return f"round:{round_id}"


def dedupe_key(round_id: uuid.UUID, entity_id: uuid.UUID, step: str) -> str:
    """What makes each step of a round one mail per entity."""
    return f"round:{round_id}:{entity_id}:{step}"


def states_before(after: RoundState) -> frozenset[RoundState]:
    return frozenset(state for state, following in TRANSITIONS.items() if after in following)


def is_time_for(quarter: Quarter, today: date) -> bool:
    """Whether anybody is asked or reminded on that day in the round of this quarter."""
    return quarter.first_day <= today <= quarter.last_day


def shown_day(due: date | None, round_day: date, asked_on: date, days_off: Collection[date] = ()) -> date:
    """Until when somebody is asked to sign: never earlier than the entry's day, the round's, and 20 working days."""
    waited = add_working_days(asked_on, WAITING_DAYS, frozenset(days_off))
    return max(round_day, waited, due or waited)


class Step(NamedTuple):
    name: str
    day: date


def reminder_steps(shown: date, reminder_days: Collection[int], asked_on: date) -> list[Step]:
    """The reminders before the day shown, the earliest first, without those that would come on the heels of the ask."""
    steps = [Step(f"remind-{days}", shown - timedelta(days=days)) for days in sorted(set(reminder_days), reverse=True)]
    return [step for step in steps if asked_on <= latest_ask(step)]


def step_due(steps: Collection[Step], shown: date, today: date) -> Step | None:
    """The reminder for today: of several that a pause has missed only the last; none once the day shown is over."""
    passed = [step for step in steps if step.day <= today <= shown]
    return max(passed, key=lambda step: step.day, default=None)


def latest_ask(step: Step) -> date:
    """Who was asked later than this day is spared that reminder."""
    return step.day - _GAP


def again_step(mails: int) -> str:
    """The same ask to another address, because nothing arrived at those before."""
    return ASK_STEP if mails == 0 else f"{ASK_STEP}-{mails + 1}"


def more_step(today: date) -> str:
    """A second ask about what has come up since; one a day at most."""
    return f"more-{today:%Y%m%d}"


def taken_back_step(step: str) -> str:
    """What becomes of the step of a letter, call or visit that was recorded by mistake."""
    return f"{_TAKEN_BACK}{step}"[:20]


def is_taken_back(step: str) -> bool:
    return step.startswith(_TAKEN_BACK)


def group_of(*, in_force: int, waiting_for_agency: int, asked_on: date | None, turns_on: date, as_of: date) -> Group:
    """The one group of an obligation in scope at the end of a day (`model.md` 13)."""
    if in_force > 0:
        return Group.IN_FORCE
    if waiting_for_agency > 0:
        return Group.WAITING_FOR_AGENCY
    if asked_on is not None:
        return Group.NOT_PLEDGED if turns_on <= as_of else Group.WAITING_TIME
    return Group.UNREACHABLE if turns_on <= as_of else Group.NOT_DUE
