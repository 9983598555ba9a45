"""What an account must look like, how long a session lives, and what each role needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pledges.accounts.models import Role, StaffSession
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.errors import N_, DomainError

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=10)
SEEN_EVERY = timedelta(minutes=1)
"""How exactly "last seen" is kept: writing it at every request would make each page a write."""
FRESH = timedelta(minutes=15)
"""For so long after signing in or confirming, what `permissions.Rule.fresh` marks is done without asking again."""
WARNING_BEFORE = timedelta(minutes=2)
LINK_LIFETIME = timedelta(hours=72)
STEP_LIFETIME = timedelta(minutes=10)
"""Between the right password and the second factor, or between a challenge and the answer of a passkey."""
ENROL_LIFETIME = timedelta(minutes=30)
"""Whoever enrols for the first time may have to install an application."""

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 5
FAILURES_PER_DAY = 30
"""Of codes per person: six digits may be tried so often that a day's guesses find one in ten thousand codes."""
CHALLENGES_PER_NETWORK = 600
FAILURES_PER_NETWORK = 60
"""An office shares one address, so the limit per network only stops somebody who tries many accounts."""


@dataclass(frozen=True)
class RoleInfo:
    """`agency`, `commune`, `unit`: whether accounts of this role belong to one."""

    label: str
    agency: bool
    commune: bool
    whole_system: bool
    unit: bool = False
    """A reporting unit; whoever was added for one before units existed has its agency instead."""


ROLES: dict[Role, RoleInfo] = {
    Role.OFFICER: RoleInfo(N_("Chuyên viên"), agency=True, commune=False, whole_system=False),
    Role.APPROVER: RoleInfo(N_("Lãnh đạo duyệt"), agency=True, commune=False, whole_system=False),
    Role.ADMINISTRATOR: RoleInfo(N_("Quản trị"), agency=False, commune=False, whole_system=True),
    Role.PROVINCE_VIEWER: RoleInfo(
        N_("Người theo dõi số liệu của tỉnh, thành phố"), agency=False, commune=False, whole_system=False
    ),
    Role.COMMUNE_OFFICER: RoleInfo(N_("Cán bộ xã, phường, đặc khu"), agency=False, commune=True, whole_system=False),
    Role.REPORTING_UNIT: RoleInfo(N_("Đơn vị báo cáo"), agency=False, commune=False, whole_system=False, unit=True),
    Role.AUDITOR: RoleInfo(N_("Kiểm toán nội bộ"), agency=False, commune=False, whole_system=True),
}


def check_post(
    role: Role, *, province_code: str, agency_code: str | None, commune_code: str | None, unit_code: str | None = None
) -> None:
    """Refuse a role at a place where it has no meaning."""
    info = ROLES[role]
    if province_code == WHOLE_SYSTEM and not info.whole_system:
        raise DomainError(N_("Vai trò này thuộc về một tỉnh, thành phố. Hãy chọn tỉnh, thành phố."), field="province")
    _check_unit(info, agency_code, unit_code)
    if info.agency and not agency_code:
        raise DomainError(N_("Vai trò này thuộc về một cơ quan. Hãy chọn cơ quan."), field="agency")
    if not info.agency and agency_code and not info.unit:
        raise DomainError(N_("Vai trò này không gắn với cơ quan nào. Hãy bỏ trống cơ quan."), field="agency")
    if info.commune and not commune_code:
        raise DomainError(N_("Vai trò này thuộc về một xã, phường, đặc khu. Hãy chọn đơn vị."), field="commune")
    if not info.commune and commune_code:
        raise DomainError(N_("Vai trò này không gắn với xã, phường, đặc khu nào. Hãy bỏ trống ô này."), field="commune")


def _check_unit(info: RoleInfo, agency_code: str | None, unit_code: str | None) -> None:
    if info.unit and not unit_code and not agency_code:
        raise DomainError(N_("Vai trò này thuộc về một đơn vị báo cáo. Hãy chọn đơn vị."), field="unit")
    if unit_code and (not info.unit or agency_code):
        raise DomainError(N_("Vai trò này không gắn với đơn vị báo cáo nào. Hãy bỏ trống ô này."), field="unit")


def is_alive(session: StaffSession, now: datetime) -> bool:
    """Not ended, used within half an hour, and begun within ten hours."""
    return session.ended_at is None and now - session.last_seen_at < IDLE and now - session.created_at < ABSOLUTE
