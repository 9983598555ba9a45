"""Keys and certificates in words: what each is for, since when it is used, and when it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from pledges.accounts.models import AgencyKey, Staff
from pledges.accounts.permissions import Action, Place
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.calendar import local_day
from pledges.documents.sealing import SealState
from pledges.plans.decisions import OWN_KEY
from pledges.plans.models import Agency
from pledges.plans.queries import provinces_in_use
from pledges.web.current import now, product, reader
from pledges.web.i18n import date_text, error_text
from pledges.web.officer.reach import has_right, reaches

SOON = 60
"""Days before the end from which the first page of those who can do something about it says so."""


@dataclass(frozen=True)
class KeyLine:
    what: str
    owner: str
    since: str
    until: str
    days_left: int | None
    trial: bool = False
    problem: str = ""
    href: str = ""
    """Where it is changed, for whoever may."""

    @property
    def soon(self) -> bool:
        """A trial renews itself, so that its end is nobody's business."""
        return self.days_left is not None and self.days_left <= SOON and not self.trial


def seal_line() -> KeyLine:
    state = product().sealer.state(now())
    return _line(str(_("Khóa niêm phong")), str(_("Hệ thống")), state, "")


def agency_lines(province_codes: Collection[str], agency_code: str = "") -> list[KeyLine]:
    """The signing keys of agencies that sign with their own, or of one of them."""
    return [
        _line(
            str(_("Khóa ký số của cơ quan")),
            agency.name,
            product().agency_keys.state(agency.province_code, agency.code, agency.name, now()),
            _own_page(agency),
        )
        for agency in _signing(province_codes)
        if agency_code in {"", agency.code}
    ]


def _signing(province_codes: Collection[str]) -> Iterator[Agency]:
    """Only those that receive pledges sign anything."""
    found = reader().scalars(
        select(Agency)
        .where(Agency.province_code.in_(province_codes), Agency.signature_method == OWN_KEY, Agency.field != "")
        .order_by(Agency.province_code, Agency.code)
    )
    yield from found


def _own_page(agency: Agency) -> str:
    if not reaches(Action.PROVINCE_SET_UP, Place(agency.province_code)):
        return ""
    return url_for("admin.agency", code=agency.province_code, agency_code=agency.code)


def api_lines(province_codes: Collection[str]) -> list[KeyLine]:
    """Keys of programs that open something today."""
    today = local_day(now())
    keys = (
        reader()
        .scalars(
            select(AgencyKey)
            .where(
                AgencyKey.province_code.in_(province_codes), AgencyKey.ended_at.is_(None), AgencyKey.expires_on >= today
            )
            .order_by(AgencyKey.expires_on, AgencyKey.id)
        )
        .all()
    )
    names = {
        (agency.province_code, agency.code): agency.name
        for agency in reader().scalars(select(Agency).where(Agency.province_code.in_(province_codes)))
    }
    return [_api_line(key, names.get((key.province_code, key.agency_code), key.agency_code), today) for key in keys]


def _api_line(key: AgencyKey, owner: str, today: date) -> KeyLine:
    href = ""
    if reaches(Action.AGENCY_KEY_MANAGE, Place(key.province_code)):
        href = url_for("admin.api_key", code=key.province_code, key_id=key.id)
    return KeyLine(
        what=str(_("Khóa API: %(name)s", name=key.name)),
        owner=owner,
        since=date_text(local_day(key.created_at)),
        until=date_text(key.expires_on),
        days_left=(key.expires_on - today).days,
        href=href,
    )


def _line(what: str, owner: str, state: SealState, href: str) -> KeyLine:
    return KeyLine(
        what=what,
        owner=owner,
        since=state.begins_on,
        until=state.expires_on,
        days_left=state.days_left,
        trial=state.trial,
        problem=error_text(state.error) if state.error is not None else "",
        href=href,
    )


def ending_soon(staff: Staff) -> list[KeyLine]:
    """For the first page: all keys within reach of an administrator, the own agency's of an officer or approver."""
    if has_right(Action.PROVINCE_SET_UP):
        codes = codes_within(staff)
        return _soon([seal_line(), *agency_lines(codes), *api_lines(codes)])
    if staff.agency_code and has_right(Action.QUEUE_VIEW):
        return _soon(agency_lines([staff.province_code], staff.agency_code))
    return []


def ending_next(staff: Staff) -> KeyLine | None:
    """For the first page of an administrator: the key that ends first, while none ends soon; a trial never does."""
    if not has_right(Action.PROVINCE_SET_UP):
        return None
    codes = codes_within(staff)
    lines = [seal_line(), *agency_lines(codes), *api_lines(codes)]
    dated = [line for line in lines if line.days_left is not None and not line.trial]
    return min(dated, key=lambda line: line.days_left or 0, default=None)


def codes_within(staff: Staff) -> list[str]:
    if staff.province_code != WHOLE_SYSTEM:
        return [staff.province_code]
    return [province.code for province in provinces_in_use(reader())]


def _soon(lines: Iterable[KeyLine]) -> list[KeyLine]:
    return sorted((line for line in lines if line.soon), key=lambda line: line.days_left or 0)
