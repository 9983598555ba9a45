"""Lists of pledges signed on paper: what the engine of imports calls for each row, and for taking a list back."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.errors import N_, DomainError
from pledges.imports.models import Import
from pledges.imports.rows import ParsedRow
from pledges.registry.models import Entity, EntityKind
from pledges.registry.queries import channels_of
from pledges.signing.models import Origin, Pledge, PledgeState
from pledges.signing.paper_checks import NeedsConfirming, PaperPledge
from pledges.signing.paper_pledges import Recorder, record_paper_pledge, remove_paper_pledge

Reason = tuple[str, dict[str, Any]]
"""A message with its params, as it is kept beside a row."""


@dataclass(frozen=True)
class PaperLists:
    """Bound to the address that stands on the sheets; `record` and `undo` go to the worker of imports."""

    public_url: str

    def record(self, session: Session, import_: Import, row: ParsedRow, entity: Entity, now: datetime) -> Reason | None:
        """Record the paper of one row; None where it stands now, also if it stood there before."""
        if row.signed_on is None:
            return N_("Không đọc được ngày ký nên chưa ghi nhận bản giấy."), {}
        signer = row.signer or row.representative or (row.name if row.kind is EntityKind.PERSON else "")
        addresses = {channel.address for channel in row.channels}
        paper = PaperPledge(
            entry_id=import_.entry_id,
            signed_on=row.signed_on,
            signer_name=signer or entity.name,
            number=row.paper_number,
            channel_ids=tuple(each.id for each in channels_of(session, entity) if each.address in addresses),
            subject_type=import_.subject_type,
        )
        by = Recorder(_actor(import_), str(import_.source), import_.agency_code, import_.staff_id)
        try:
            record_paper_pledge(
                session, entity, paper, by=by, now=now, public_url=self.public_url, import_id=import_.id
            )
        except NeedsConfirming as question:
            return _open_question(question)
        except DomainError as refusal:
            return refusal.message, dict(refusal.params)
        return None

    def undo(self, session: Session, import_: Import, entity_ids: Collection[uuid.UUID], now: datetime) -> None:
        """Take back the papers of these subjects that came with this list and are still in force."""
        papers = session.scalars(
            select(Pledge)
            .where(
                Pledge.province_code == import_.province_code,
                Pledge.import_id == import_.id,
                Pledge.entity_id.in_(list(entity_ids)),
                Pledge.origin == Origin.PAPER_RECORD,
                Pledge.state == PledgeState.APPROVED,
            )
            .order_by(Pledge.id)
        ).all()
        for pledge in papers:
            remove_paper_pledge(session, pledge, actor=_actor(import_), now=now)


def _actor(import_: Import) -> Actor:
    return Actor("staff", str(import_.staff_id)) if import_.staff_id is not None else Actor("command")


def _open_question(question: NeedsConfirming) -> Reason:
    """What a person has to look at: in a list nobody can be asked."""
    if "number" in question.params:
        return (
            N_("Số %(number)s đã ghi cho %(name)s (%(reference)s). Nếu đúng là hai bản cùng số, hãy ghi riêng."),
            {name: question.params[name] for name in ("number", "name", "reference")},
        )
    return N_("Ngày ký đứng trước ngày ban hành kế hoạch (%(day)s). Nếu đúng vậy, hãy ghi riêng bản này."), dict(
        question.params
    )
