"""Whether this installation can do its work now: database, plans, storage, seal, mail, background work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pledges.core.errors import DomainError
from pledges.core.migrate import pending
from pledges.jobs.queries import failed_lately, failed_tasks, queue_age, workers_alive
from pledges.messaging.models import Message, MessageState
from pledges.messaging.operations import DELIVER_MESSAGE
from pledges.plans.models import Province
from pledges.product import Product
from pledges.review.batches import WORK_BATCH_TASK
from pledges.review.operations import COUNTERSIGN_TASK
from pledges.review.waiting import count_countersigning
from pledges.signing.operations import SEAL_TASK
from pledges.signing.queries import count_signed_and_unsealed

LONGEST_WAIT = timedelta(minutes=5)
"""A code lives ten minutes: mail that is overdue for longer makes signing impossible."""
LONGEST_WAIT_FOR_SEAL = timedelta(minutes=10)
"""The longest pause between two tries of one seal: who waits longer was refused more than once."""
GIVEN_UP = {
    SEAL_TASK: "sealing",
    COUNTERSIGN_TASK: "countersigning",
    WORK_BATCH_TASK: "deciding in bulk",
    DELIVER_MESSAGE: "mail delivery",
}
"""Tasks that citizens and offices wait for, in the words of the operator."""


@dataclass(frozen=True)
class Part:
    """One thing that must work. `reason` may be shown to anybody, `detail` is for the operator at the terminal."""

    name: str
    ok: bool
    reason: str = ""
    detail: str = ""


def check_readiness(product: Product) -> list[Part]:
    """Every part, in a fixed order; after a database that does not answer the rest of it is not asked."""
    parts = [_database(product)]
    if parts[0].ok:
        parts += [_from_database(product, name, look) for name, look in _LOOKS]
    return [*parts, _storage(product), _seal(product)]


def _database(product: Product) -> Part:
    try:
        if pending(product.database):
            return Part("database", False, "migrations are missing", "run: flask --app wsgi db upgrade")
    except DBAPIError as error:
        return Part("database", False, "does not answer", type(error.orig).__name__)
    return Part("database", True)


def _from_database(product: Product, name: str, look: Callable[[Session, datetime], Part]) -> Part:
    try:
        with product.database.read() as session:
            return look(session, product.clock())
    except DBAPIError as error:
        return Part(name, False, "cannot be read", type(error.orig).__name__)


def _plans(session: Session, _now: datetime) -> Part:
    count = session.scalar(select(func.count()).select_from(Province).where(Province.in_use)) or 0
    if not count:
        return Part("plans", False, "no plan is loaded", "run: flask --app wsgi plans load")
    return Part("plans", True, detail=f"{count} provinces in use")


def _mail(session: Session, now: datetime) -> Part:
    oldest = session.scalar(select(func.min(Message.next_attempt_at)).where(Message.state == MessageState.QUEUED))
    states = (MessageState.FAILED, MessageState.UNCERTAIN)
    counted = session.execute(
        select(Message.state, func.count()).where(Message.state.in_(states)).group_by(Message.state)
    )
    detail = ", ".join(f"{count} {state.value}" for state, count in counted)
    if oldest is not None and now - oldest > LONGEST_WAIT:
        return Part("mail", False, f"the oldest message is overdue by {_minutes(now - oldest)} minutes", detail)
    return Part("mail", True, detail=detail)


def _jobs(session: Session, now: datetime) -> Part:
    failed = len(failed_tasks(session, limit=100))
    detail = f"{workers_alive(session)} workers, {failed} failed tasks"
    reasons = []
    age = timedelta(seconds=queue_age(session))
    if age > LONGEST_WAIT:
        reasons.append(f"the oldest task is overdue by {_minutes(age)} minutes; is the worker running?")
    for task, count in sorted(failed_lately(session, GIVEN_UP).items()):
        reasons.append(f"{GIVEN_UP[task]} was given up in the last 24 hours, tasks: {count}")
    if waiting := count_signed_and_unsealed(session, now - LONGEST_WAIT_FOR_SEAL):
        minutes = _minutes(LONGEST_WAIT_FOR_SEAL)
        reasons.append(f"waiting for their seal for more than {minutes} minutes, pledges: {waiting}")
    if waiting := count_countersigning(session, since=now - LONGEST_WAIT_FOR_SEAL):
        minutes = _minutes(LONGEST_WAIT_FOR_SEAL)
        reasons.append(f"waiting for the agency's signature for more than {minutes} minutes, pledges: {waiting}")
    return Part("jobs", not reasons, "; ".join(reasons), detail)


def _storage(product: Product) -> Part:
    try:
        product.storage.check()
    except DomainError as error:
        return Part("storage", False, "files cannot be kept safely", str(error))
    return Part("storage", True)


def _seal(product: Product) -> Part:
    now = product.clock()
    try:
        product.sealer.check(now)
    except DomainError as error:
        return Part("seal", False, "the seal must not be used now; pledges wait for it", str(error))
    state = product.sealer.state(now)
    return Part("seal", True, "trial key" if state.trial else "", f"{state.subject}, until {state.expires_on}")


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)


_LOOKS: tuple[tuple[str, Callable[[Session, datetime], Part]], ...] = (
    ("plans", _plans),
    ("mail", _mail),
    ("jobs", _jobs),
)
