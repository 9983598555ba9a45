"""What every step about a request shares: its fact, and telling the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.audit import operations as audit
from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.core.secrecy import Vault
from pledges.rights.letters import tell
from pledges.rights.models import DataRequest


@dataclass(frozen=True)
class Post:
    """What writing to people needs."""

    vault: Vault
    public_url: str


def acknowledge_now(session: Session, asked: DataRequest, actor: Actor, *, now: datetime, post: Post) -> None:
    asked.acknowledged_at = now
    record(session, "rights.acknowledged", asked, actor, now, in_time=local_day(now) <= asked.acknowledge_by)
    tell(
        session,
        asked,
        "rights_received",
        now=now,
        vault=post.vault,
        public_url=post.public_url,
        received_on=asked.received_on,
        decide_by=asked.decide_by,
    )


def record(session: Session, kind: str, asked: DataRequest, actor: Actor, now: datetime, **data: str | bool) -> None:
    audit.record(session, kind, province_code=asked.province_code, object_id=asked.id, actor=actor, now=now, data=data)
