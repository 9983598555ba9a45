"""What has happened to one pledge, from its own rows: signings, decisions, withdrawals."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.queries import get_staff
from pledges.review.models import Decision, DecisionKind
from pledges.signing.models import Consent, ConsentWithdrawal, EarlierVersion, Origin, Pledge, PledgeState


class StepKind(StrEnum):
    """The kinds of decision bear the values of `DecisionKind`."""

    SIGNED = "signed"
    CORRECTED = "corrected"
    RECOMMENDED = "recommended"
    RETURNED = "returned"
    DEFERRED = "deferred"
    RESUMED = "resumed"
    REJECTED = "rejected"
    APPROVED = "approved"
    COUNTERSIGNED = "countersigned"
    REVOCATION_ASKED = "revocation_asked"
    REVOCATION_REFUSED = "revocation_refused"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    RECORDED = "recorded"
    RECORD_REMOVED = "record_removed"
    PUBLICATION_ENDED = "publication_ended"
    PROCESSING_ENDED = "processing_ended"


SIGNER, SYSTEM = "signer", "system"
"""Who acted where it was nobody of the agency."""


@dataclass(frozen=True)
class HistoryStep:
    time: datetime
    kind: StepKind
    who: str
    """`SIGNER`, `SYSTEM`, or the name of who acted for the agency."""
    version: int = 1
    message: str = ""
    """What the signer was told."""
    note: str = ""
    """Internal to the agency."""
    asked: tuple[str, ...] = ()
    batch_id: uuid.UUID | None = None


def history(session: Session, pledge: Pledge) -> list[HistoryStep]:
    """Everything that happened, newest first; for eyes of the pledge's own agency, because notes are in it."""
    earlier = earlier_versions(session, pledge)
    steps = [*_signings(pledge, earlier), *_decisions(session, pledge), *_endings(session, pledge)]
    # The sort is stable: what happened in one instant stays in the order of its causes.
    return sorted(steps, key=lambda step: step.time)[::-1]


def earlier_versions(session: Session, pledge: Pledge) -> Sequence[EarlierVersion]:
    """What was signed before each correction, newest first."""
    return session.scalars(
        select(EarlierVersion)
        .where(EarlierVersion.province_code == pledge.province_code, EarlierVersion.pledge_id == pledge.id)
        .order_by(EarlierVersion.version.desc())
    ).all()


def _signings(pledge: Pledge, earlier: Sequence[EarlierVersion]) -> Iterator[HistoryStep]:
    signed = sorted([(version.version, version.signed_at) for version in earlier])
    for number, moment in [*signed, (pledge.version, pledge.signed_at)]:
        kind = StepKind.SIGNED if number == 1 else StepKind.CORRECTED
        yield HistoryStep(moment, kind, SIGNER, version=number)


def _decisions(session: Session, pledge: Pledge) -> Iterator[HistoryStep]:
    decisions = session.scalars(
        select(Decision)
        .where(Decision.province_code == pledge.province_code, Decision.pledge_id == pledge.id)
        .order_by(Decision.decided_at, Decision.id)
    )
    for decision in decisions:
        yield HistoryStep(
            decision.decided_at,
            StepKind(decision.kind.value),
            decision.staff_name,
            version=decision.version,
            message=decision.message,
            note=decision.note,
            asked=tuple(decision.asked),
            batch_id=decision.batch_id,
        )


def _endings(session: Session, pledge: Pledge) -> Iterator[HistoryStep]:
    if pledge.origin is Origin.PAPER_RECORD:
        yield from _recording(session, pledge)
    elif pledge.approved_at is not None:
        yield HistoryStep(pledge.approved_at, StepKind.COUNTERSIGNED, SYSTEM, version=pledge.version)
    if pledge.state is PledgeState.SUPERSEDED:
        yield HistoryStep(pledge.state_since, StepKind.SUPERSEDED, SYSTEM, version=pledge.version)
    if pledge.state is PledgeState.WITHDRAWN and pledge.origin is not Origin.PAPER_RECORD:
        yield HistoryStep(pledge.state_since, StepKind.WITHDRAWN, SIGNER, version=pledge.version)
    kinds = {Consent.PUBLICATION: StepKind.PUBLICATION_ENDED, Consent.PROCESSING: StepKind.PROCESSING_ENDED}
    withdrawals = session.scalars(
        select(ConsentWithdrawal)
        .where(ConsentWithdrawal.province_code == pledge.province_code, ConsentWithdrawal.pledge_id == pledge.id)
        .order_by(ConsentWithdrawal.withdrawn_at)
    )
    for withdrawal in withdrawals:
        yield HistoryStep(withdrawal.withdrawn_at, kinds[withdrawal.consent], SIGNER, version=pledge.version)


def _recording(session: Session, pledge: Pledge) -> Iterator[HistoryStep]:
    """When an agency wrote a paper down, and that it took it back; with a whole list nobody decides single papers."""
    assert pledge.approved_at is not None  # noqa: S101 - a record is in force from the moment it is written
    recorder = get_staff(session, pledge.province_code, pledge.recorded_by) if pledge.recorded_by is not None else None
    yield HistoryStep(pledge.approved_at, StepKind.RECORDED, recorder.name if recorder is not None else SYSTEM)
    decided = session.scalar(
        select(Decision.id).where(
            Decision.province_code == pledge.province_code,
            Decision.pledge_id == pledge.id,
            Decision.kind == DecisionKind.RECORD_REMOVED,
        )
    )
    if pledge.state is PledgeState.WITHDRAWN and decided is None:
        yield HistoryStep(pledge.state_since, StepKind.RECORD_REMOVED, SYSTEM)
