"""Keys by which a program of an agency reads what is that agency's: made, looked up, used, ended."""

from __future__ import annotations

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import AgencyKey, Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import Actor, record
from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.secrecy import sha256_hex
from pledges.core.text import clean_line
from pledges.plans.models import Agency

PREFIX = "pk_"
"""By which people, and programs that search for leaked secrets, know what they have found."""
RANDOM_BYTES = 32
BEGINNING = 12
"""Characters that stay readable; more than two hundred random bits are behind them."""
LONGEST_LIFE = timedelta(days=731)
MOST_LIVING = 10
"""Of one agency: whoever needs more has forgotten to end old ones."""


class KeyStanding(StrEnum):
    LIVING = "living"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True)
class NewKey:
    province_code: str
    agency_code: str
    name: str
    expires_on: date
    id: uuid.UUID
    """Chosen by the form, so that a form that is sent twice makes one key."""


@dataclass(frozen=True)
class MadeKey:
    key: AgencyKey
    secret: str
    """Shown once and kept nowhere."""


def make_key(session: Session, new: NewKey, *, by: Staff, now: datetime) -> MadeKey:
    require(by, Action.AGENCY_KEY_MANAGE, Place(new.province_code))
    if session.get(AgencyKey, (new.province_code, new.id)) is not None:
        raise Conflict(N_("Khóa này đã được tạo và chỉ hiện một lần. Nếu chưa kịp chép, hãy chấm dứt nó và tạo lại."))
    name = _checked(session, new, now)
    secret = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    key = AgencyKey(
        province_code=new.province_code,
        id=new.id,
        agency_code=new.agency_code,
        name=name,
        key_sha256=sha256_hex(secret.encode()),
        beginning=secret[:BEGINNING],
        created_at=now,
        created_by=by.id,
        expires_on=new.expires_on,
    )
    session.add(key)
    session.flush()
    data = {"agency": key.agency_code, "key": key.beginning, "expires_on": key.expires_on.isoformat()}
    record(
        session,
        "key.made",
        province_code=key.province_code,
        object_id=key.id,
        actor=actor_of(by),
        now=now,
        data=data,
    )
    return MadeKey(key, secret)


def _checked(session: Session, new: NewKey, now: datetime) -> str:
    """The clean name; refused (`DomainError`) for an agency that is not there and a day that makes no sense."""
    today = local_day(now)
    name = clean_line(new.name, most=100, field="name")
    if not name:
        raise DomainError(N_("Hãy ghi chương trình nào dùng khóa này."), field="name")
    if session.get(Agency, (new.province_code, new.agency_code)) is None:
        raise DomainError(N_("Hãy chọn một mục trong danh sách."), field="agency")
    if not today <= new.expires_on <= today + LONGEST_LIFE:
        raise DomainError(N_("Ngày hết hạn phải từ hôm nay đến hai năm sau."), field="expires_on")
    living = session.scalar(
        select(func.count())
        .select_from(AgencyKey)
        .where(
            AgencyKey.province_code == new.province_code,
            AgencyKey.agency_code == new.agency_code,
            AgencyKey.ended_at.is_(None),
            AgencyKey.expires_on >= today,
        )
    )
    if (living or 0) >= MOST_LIVING:
        raise DomainError(
            N_("Cơ quan này đã có %(most)s khóa đang dùng. Hãy chấm dứt khóa không còn cần."),
            field="agency",
            most=MOST_LIVING,
        )
    return name


def end_key(session: Session, province_code: str, key_id: uuid.UUID, *, by: Staff, now: datetime) -> AgencyKey:
    """From the next request on it opens nothing; an ended key stays in the list and never lives again."""
    require(by, Action.AGENCY_KEY_MANAGE, Place(province_code))
    key = session.get(AgencyKey, (province_code, key_id))
    if key is None:
        raise NotFound
    ended = session.execute(
        update(AgencyKey)
        .where(AgencyKey.province_code == province_code, AgencyKey.id == key_id, AgencyKey.ended_at.is_(None))
        .values(ended_at=now)
        .returning(AgencyKey.id)
        .execution_options(synchronize_session=False)
    ).first()
    if ended is None:
        raise Conflict(N_("Khóa này đã được chấm dứt từ trước."))
    record(
        session,
        "key.ended",
        province_code=province_code,
        object_id=key_id,
        actor=actor_of(by),
        now=now,
        data={"agency": key.agency_code, "key": key.beginning},
    )
    return key


def keys_of(session: Session, province_code: str) -> list[AgencyKey]:
    """The newest first."""
    found = select(AgencyKey).where(AgencyKey.province_code == province_code)
    return list(session.scalars(found.order_by(AgencyKey.created_at.desc(), AgencyKey.id.desc())))


def standing_of(key: AgencyKey, now: datetime) -> KeyStanding:
    if key.ended_at is not None:
        return KeyStanding.ENDED
    return KeyStanding.LIVING if local_day(now) <= key.expires_on else KeyStanding.EXPIRED


def key_of(session: Session, presented: str) -> AgencyKey | None:
    """The key that somebody shows, living or not.

    It is looked for by its hash: how long that takes tells something about the hash and nothing about the key.
    """
    sha256 = sha256_hex(presented.encode("utf-8", "surrogatepass"))
    found = session.scalar(select(AgencyKey).where(AgencyKey.key_sha256 == sha256))
    return found if found is not None and hmac.compare_digest(found.key_sha256, sha256) else None


def note_use(session: Session, key: AgencyKey, now: datetime) -> None:
    """Keep the day of the last use; written at most once a day."""
    today = local_day(now)
    if key.last_used_on == today:
        return
    session.execute(
        update(AgencyKey)
        .where(
            AgencyKey.province_code == key.province_code,
            AgencyKey.id == key.id,
            or_(AgencyKey.last_used_on.is_(None), AgencyKey.last_used_on < today),
        )
        .values(last_used_on=today)
        .execution_options(synchronize_session=False)
    )


def key_actor(key: AgencyKey) -> Actor:
    """Who read, as facts name it."""
    return Actor("agency_key", str(key.id))
