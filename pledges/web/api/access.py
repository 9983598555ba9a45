"""Who reads by a key: `Authorization: Bearer pk_…`, looked at before every view of the audience `program`.

A use is counted and its day kept, so that these addresses write although they are only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from flask import g, request
from sqlalchemy.orm import Session

from pledges.accounts.agency_keys import KeyStanding, key_actor, key_of, note_use, standing_of
from pledges.accounts.models import AgencyKey
from pledges.accounts.refusals import Reason
from pledges.audit.operations import Actor
from pledges.core import throttle
from pledges.core.errors import N_, DomainError
from pledges.plans.models import Agency, Province
from pledges.plans.queries import get_agency, get_province
from pledges.reporting.standing import Place
from pledges.web.current import now, product, reader, write
from pledges.web.refusing import note_refusal

REQUESTS_AN_HOUR = 1200
"""With one key: enough for the longest list of an agency, page by page."""

REFUSALS = {
    KeyStanding.ENDED: N_("Khóa này đã được chấm dứt. Hãy xin người quản trị một khóa mới."),
    KeyStanding.EXPIRED: N_("Khóa này đã hết hạn. Hãy xin người quản trị một khóa mới."),
}


class NoKey(DomainError):
    status = 401


class KeyReachesNothing(DomainError):
    status = 403


@dataclass(frozen=True)
class KeyHolder:
    """Whose key it is: everything that is read stays within this agency."""

    key: AgencyKey
    agency: Agency
    province: Province

    @property
    def place(self) -> Place:
        return Place(self.agency.province_code, self.agency.code)

    @property
    def actor(self) -> Actor:
        return key_actor(self.key)


def holder() -> KeyHolder:
    return cast(KeyHolder, g.key_holder)


def check_key() -> None:
    """The gate of the audience `program`."""
    scheme, _blank, shown = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not shown.strip():
        raise NoKey(N_("Hãy gửi khóa của cơ quan trong dòng “Authorization: Bearer …”."))
    key = key_of(reader(), shown.strip())
    if key is None:
        note_refusal(Reason.KEY, None)
        raise NoKey(N_("Không có khóa nào như vậy. Hãy kiểm tra xem khóa có được chép đủ không."))
    standing = standing_of(key, now())
    if standing is not KeyStanding.LIVING:
        note_refusal(Reason.KEY, key)
        raise NoKey(REFUSALS[standing])
    province = get_province(reader(), key.province_code)
    if not province.in_use:
        raise KeyReachesNothing(N_("Tỉnh, thành phố này không còn dùng hệ thống."))
    g.key_holder = KeyHolder(key, get_agency(reader(), key.province_code, key.agency_code), province)
    _count_use(key)


def _count_use(key: AgencyKey) -> None:
    hashed, at = product().vault.keyed_hash("agency_key", str(key.id)), now()

    def work(session: Session) -> None:
        throttle.use(session, "api.key", hashed, most=REQUESTS_AN_HOUR, per=timedelta(hours=1), now=at)
        note_use(session, key, at)

    write(work)
