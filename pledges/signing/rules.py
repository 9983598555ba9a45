"""The rules of signing that need no database: states, limits, references."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from pledges.core.calendar import VIETNAM
from pledges.core.errors import N_
from pledges.core.secrecy import random_code
from pledges.signing.models import PledgeState

DRAFT_LIFETIME = timedelta(days=30)
LINK_LIFETIME = timedelta(days=30)
CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5
CODE_LENGTH = 6
RESEND_AFTER = timedelta(seconds=60)
CODES_AN_HOUR = 3
CODES_A_DAY = 6
CODES_AN_HOUR_FROM_ONE_NETWORK = 30
DRAFTS_AN_HOUR_FROM_ONE_NETWORK = 60
RESUME_TRIES_AN_HOUR = 20
CLOCK_SKEW = timedelta(minutes=5)
MOST_CHANNELS = 20
NO_CODE_ID = uuid.UUID(int=0)
"""What stands for the code in the evidence of a signature by hand."""


class Page(StrEnum):
    """The pages of the form in their order; the value is the last part of the address."""

    GROUP = "nhom"
    WHO = "doi-tuong"
    PLACE = "dia-ban"
    SIGNER = "nguoi-ky"
    CHECK = "kiem-tra"
    SIGN = "ky"


class Correctable(StrEnum):
    """What an agency can ask a signer to correct; everything else stays as it was signed."""

    NAME = "name"
    TAX_CODE = "tax_code"
    DETAILS = "details"
    PLACE = "place"
    CHANNELS = "channels"
    SIGNER = "signer"


CORRECTABLE_LABELS: dict[Correctable, str] = {
    Correctable.NAME: N_("Tên đơn vị, hộ kinh doanh hoặc họ tên"),
    Correctable.TAX_CODE: N_("Mã số thuế hoặc số định danh"),
    Correctable.DETAILS: N_("Thông tin nghề nghiệp, ngành hàng, giấy phép"),
    Correctable.PLACE: N_("Địa bàn, địa chỉ, điện thoại"),
    Correctable.CHANNELS: N_("Trang web, gian hàng, tài khoản"),
    Correctable.SIGNER: N_("Người ký, chức vụ, người đại diện"),
}


S = PledgeState

TRANSITIONS: dict[PledgeState, frozenset[PledgeState]] = {
    S.SUBMITTED: frozenset({S.RECOMMENDED, S.RETURNED, S.DEFERRED, S.REJECTED, S.WITHDRAWN}),
    S.DEFERRED: frozenset({S.SUBMITTED, S.RECOMMENDED, S.RETURNED, S.REJECTED, S.WITHDRAWN}),
    S.RETURNED: frozenset({S.SUBMITTED, S.WITHDRAWN}),
    S.RECOMMENDED: frozenset({S.COUNTERSIGNING, S.RETURNED, S.DEFERRED, S.REJECTED, S.WITHDRAWN}),
    S.COUNTERSIGNING: frozenset({S.APPROVED, S.WITHDRAWN}),
    S.APPROVED: frozenset({S.SUPERSEDED, S.REVOKED, S.WITHDRAWN}),
    S.REJECTED: frozenset(),
    S.SUPERSEDED: frozenset(),
    S.REVOKED: frozenset(),
    S.WITHDRAWN: frozenset(),
}
"""Which state may follow which; `tests/unit/signing/test_rules.py` holds the same table in words.

`WITHDRAWN` is also where a paper pledge ends that an agency had recorded by mistake (`paper_pledges`).
"""

OPEN_STATES = frozenset({S.SUBMITTED, S.DEFERRED, S.RETURNED, S.RECOMMENDED, S.COUNTERSIGNING})


WITH_AGENCY = frozenset({S.SUBMITTED, S.DEFERRED, S.RECOMMENDED, S.COUNTERSIGNING})
"""Where the agency has to act; a returned pledge is with its signer."""


def states_before(after: PledgeState) -> frozenset[PledgeState]:
    """From where a pledge may come into this state."""
    return frozenset(state for state, following in TRANSITIONS.items() if after in following)


def hold_of(state: PledgeState) -> str:
    """What the two uniques per obligation and period read: `open`, `in_force` or `ended`."""
    if state in OPEN_STATES:
        return "open"
    return "in_force" if state is S.APPROVED else "ended"


def may_follow(before: PledgeState, after: PledgeState) -> bool:
    return after in TRANSITIONS[before]


def new_reference(province_code: str, signed_on: date) -> str:
    """`CK-46-2026-7KX3QA`: short, for people; it opens nothing by itself."""
    return f"CK-{province_code}-{signed_on.year}-{random_code(6)}"


def new_verification_code() -> str:
    """29 letters out of 23: 131 random bits, as they stand in the QR code."""
    return random_code(29)


def new_resume_code() -> str:
    """12 letters in three groups, shown on page one: 54 random bits, used together with the e-mail address."""
    letters = random_code(12)
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def plain_code(typed: str) -> str:
    """What people make of a code: lower case, blanks and dashes mean nothing."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def normal_reference(typed: str) -> str:
    """A typed reference in its one form, or the empty string where it cannot be one."""
    letters = plain_code(typed)
    if len(letters) == 14 and letters.startswith("CK"):
        return f"CK-{letters[2:4]}-{letters[4:8]}-{letters[8:]}"
    return ""


def midnight(day: date) -> datetime:
    """The first moment of a day in Vietnam: a paper says the day, and nobody knows the hour."""
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM).astimezone(UTC)
