"""Who changes the register and when: passed along while one operation is written, so that its facts say the same."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import local_day
from pledges.registry.counts import Count


@dataclass(frozen=True)
class Act:
    session: Session
    province_code: str
    actor: Actor
    now: datetime

    @property
    def day(self) -> date:
        return local_day(self.now)

    def record(
        self,
        kind: str,
        object_id: uuid.UUID,
        data: Mapping[str, Any] | None = None,
        *,
        counts: Sequence[Count] = (),
        effective_on: date | None = None,
    ) -> None:
        record(
            self.session,
            kind,
            province_code=self.province_code,
            object_id=object_id,
            actor=self.actor,
            now=self.now,
            effective_on=effective_on,
            data={**(data or {}), **({"counts": list(counts)} if counts else {})},
        )
