"""Whether this installation can do its work now: database, plans, mail, worker, disks, seal, clock, backups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pledges.accounts.data_key import KeyState, key_state
from pledges.continuity.machine import clock_state, disks, probe_writing
from pledges.continuity.marks import first_fact, last_backup, last_drill
from pledges.core.calendar import system_clock
from pledges.core.errors import DomainError
from pledges.core.migrate import pending
from pledges.jobs.queries import failed_lately, failed_tasks, queue_age, worker_state, workers_alive
from pledges.messaging.models import Message, MessageState
from pledges.messaging.operations import DELIVER_MESSAGE
from pledges.messaging.queries import last_accepted
from pledges.plans.models import Province
from pledges.product import Product
from pledges.review.batches import WORK_BATCH_TASK
from pledges.review.operations import COUNTERSIGN_TASK
from pledges.review.waiting import count_countersigning
from pledges.signing.operations import SEAL_TASK
from pledges.signing.queries import count_signed_and_unsealed
from pledges.transparency.checkpoints import has_shrunk, unsigned_since
from pledges.transparency.queries import latest_checkpoint
from pledges.transparency.queries import size as log_size
from pledges.transparency.worker import last_audit

LONGEST_WAIT = timedelta(minutes=5)
"""A code lives ten minutes: mail that is overdue for longer makes signing impossible."""
LONGEST_WAIT_FOR_SEAL = timedelta(minutes=10)
"""The longest pause between two tries of one seal: who waits longer was refused more than once."""
LONGEST_SILENCE = timedelta(minutes=5)
"""A worker gives a sign of life every few seconds; with less than this its machine may just have started anew."""
LONGEST_TASK = timedelta(hours=1)
"""No task takes so long: lists and exports are written in short parts."""
BACKUP_EVERY = timedelta(hours=26)
"""A night, and two hours for a copy that takes its time."""
DRILL_EVERY = timedelta(days=35)
LONGEST_UNSIGNED = timedelta(minutes=10)
"""The worker looks every minute and signs every three."""
AUDIT_EVERY = timedelta(hours=50)
"""Each night, and one night may be missed."""
SEAL_WARNING_DAYS = 30
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
    warning: bool = False
    """It works, but somebody should look after it soon."""
    state: str = "fine"
    """Which case this is, for pages that say it in other words; `figures` are what they need for it."""
    figures: dict[str, Any] = field(default_factory=dict)


def check_readiness(product: Product) -> list[Part]:
    """Every part, in a fixed order; after a database that does not answer the rest of it is not asked."""
    parts = [_database(product)]
    if parts[0].ok:
        parts.append(_writing(product))
        parts += [_from_database(product, name, look) for name, look in _LOOKS]
    return [*parts, _storage(product), _disks(product), _seal(product)]


def _database(product: Product) -> Part:
    try:
        if pending(product.database):
            said = "run: flask --app wsgi db upgrade"
            return Part("database", False, "migrations are missing", said, state="migrations")
    except DBAPIError as error:
        return Part("database", False, "does not answer", type(error.orig).__name__, state="silent")
    return Part("database", True)


def _writing(product: Product) -> Part:
    try:
        probe_writing(product.database)
    except DBAPIError as error:
        return Part("writing", False, "the database takes no rows", str(error.orig).partition("\n")[0], state="refused")
    return Part("writing", True)


def _from_database(product: Product, name: str, look: Callable[[Product, Session, datetime], Part]) -> Part:
    try:
        with product.database.read() as session:
            return look(product, session, product.clock())
    except DBAPIError as error:
        return Part(name, False, "cannot be read", type(error.orig).__name__, state="unreadable")


def _plans(_product: Product, session: Session, _now: datetime) -> Part:
    count = session.scalar(select(func.count()).select_from(Province).where(Province.in_use)) or 0
    if not count:
        return Part("plans", False, "no plan is loaded", "run: flask --app wsgi plans load", state="missing")
    return Part("plans", True, detail=f"{count} provinces in use", figures={"provinces": count})


def _mail(_product: Product, session: Session, now: datetime) -> Part:
    oldest = session.scalar(select(func.min(Message.next_attempt_at)).where(Message.state == MessageState.QUEUED))
    states = (MessageState.FAILED, MessageState.UNCERTAIN)
    counted = session.execute(
        select(Message.state, func.count()).where(Message.state.in_(states)).group_by(Message.state)
    )
    detail = ", ".join(f"{count} {state.value}" for state, count in counted)
    figures: dict[str, Any] = {"accepted": last_accepted(session)}
    if oldest is not None and now - oldest > LONGEST_WAIT:
        minutes = _minutes(now - oldest)
        said = f"the oldest message is overdue by {minutes} minutes"
        return Part("mail", False, said, detail, state="late", figures=figures | {"minutes": minutes, "since": oldest})
    # What is tried again later is not overdue: the relay refuses it, which is no fault of the worker.
    waiting = session.execute(
        select(func.count(), func.min(Message.created_at)).where(
            Message.state == MessageState.QUEUED, Message.attempts > 0, Message.batch.is_(None)
        )
    ).one()
    if waiting[0] and now - waiting[1] > LONGEST_WAIT:
        figures |= {"count": waiting[0], "since": waiting[1]}
        reason = f"put off by the relay, messages: {waiting[0]}"
        return Part("mail", True, reason, detail, warning=True, state="put_off", figures=figures)
    return Part("mail", True, detail=detail, figures=figures)


def _jobs(_product: Product, session: Session, now: datetime) -> Part:
    failed = len(failed_tasks(session, limit=100))
    detail = f"{workers_alive(session)} workers, {failed} failed tasks"
    reasons = []
    age = timedelta(seconds=queue_age(session))
    if age > LONGEST_WAIT:
        reasons.append(f"the oldest task is overdue by {_minutes(age)} minutes; is the worker running?")
    given_up = failed_lately(session, GIVEN_UP)
    for task, count in sorted(given_up.items()):
        reasons.append(f"{GIVEN_UP[task]} was given up in the last 24 hours, tasks: {count}")
    minutes = _minutes(LONGEST_WAIT_FOR_SEAL)
    unsealed = count_signed_and_unsealed(session, now - LONGEST_WAIT_FOR_SEAL)
    if unsealed:
        reasons.append(f"waiting for their seal for more than {minutes} minutes, pledges: {unsealed}")
    unsigned = count_countersigning(session, since=now - LONGEST_WAIT_FOR_SEAL)
    if unsigned:
        reasons.append(f"waiting for the agency's signature for more than {minutes} minutes, pledges: {unsigned}")
    figures = {
        "overdue": _minutes(age) if age > LONGEST_WAIT else 0,
        "given_up": sum(given_up.values()),
        "unsealed": unsealed,
        "unsigned": unsigned,
        "failed": failed,
    }
    state = "waiting" if reasons else "fine"
    return Part("jobs", not reasons, "; ".join(reasons), detail, state=state, figures=figures)


def _worker(product: Product, session: Session, _now: datetime) -> Part:
    """By the machine's clock, which stamps signs of life. On a machine for development nobody is called for it."""
    now, seen = system_clock(), worker_state(session)
    figures: dict[str, Any] = {"beat": seen.last_beat, "task": seen.longest_task, "since": seen.longest_since}
    if seen.longest_since is not None and now - seen.longest_since > LONGEST_TASK:
        minutes = _minutes(now - seen.longest_since)
        reason = f"one task has been running for {minutes} minutes"
        return Part("worker", False, reason, seen.longest_task, state="hanging", figures=figures | {"minutes": minutes})
    if seen.last_beat is None or now - seen.last_beat > LONGEST_SILENCE:
        reason = "no worker has given a sign of life lately"
        serious = product.settings.production
        return Part("worker", not serious, reason, warning=True, state="silent", figures=figures)
    return Part("worker", True, figures=figures)


def _clock(_product: Product, session: Session, now: datetime) -> Part:
    state = clock_state(session, now)
    if state.set_back:
        minutes = _minutes(state.ahead)
        reason = f"the clock is {minutes} minutes behind the newest record: it was set back"
        return Part("clock", False, reason, state="back", figures={"minutes": minutes, "newest": state.newest_fact})
    if state.apart and state.beside_database is not None:
        seconds = round(abs(state.beside_database).total_seconds())
        reason = f"this machine and the database server differ by {seconds} seconds"
        return Part("clock", False, reason, state="apart", figures={"seconds": seconds})
    return Part("clock", True, figures={"newest": state.newest_fact})


def _backup(product: Product, session: Session, now: datetime) -> Part:
    """Only production has something to lose; elsewhere it is said and nobody is called."""
    last = last_backup(session)
    serious = product.settings.production
    if last is None:
        begun = first_fact(session)
        late = begun is not None and now - begun > BACKUP_EVERY
        return Part("backup", not (late and serious), "none was made yet", warning=True, state="never")
    figures = {"at": last.at, "hours": round((now - last.at).total_seconds() / 3600)}
    if now - last.at > BACKUP_EVERY:
        reason = f"the last one is {figures['hours']} hours old"
        return Part("backup", not serious, reason, warning=True, state="old", figures=figures)
    return Part("backup", True, detail=f"shows {last.at:%Y-%m-%d %H:%M}Z", figures=figures)


def _drill(_product: Product, session: Session, now: datetime) -> Part:
    last = last_drill(session)
    if last is None:
        return Part("drill", True, "restoring was never rehearsed", warning=True, state="never")
    figures = {"at": last.at, "seconds": last.data.get("seconds", 0), "faults": last.data.get("faults", 0)}
    if not last.data.get("ok"):
        return Part("drill", False, "the last rehearsal found faults in the backup", state="failed", figures=figures)
    if now - last.at > DRILL_EVERY:
        days = (now - last.at).days
        figures["days"] = days
        return Part("drill", True, f"the last one was {days} days ago", warning=True, state="old", figures=figures)
    return Part("drill", True, detail=f"passed {last.at:%Y-%m-%d}", figures=figures)


def _log(product: Product, session: Session, now: datetime) -> Part:
    """Of the log of acts: whether what was entered is also signed. Elsewhere than in production a worker may be off."""
    last, entries, waits_since = latest_checkpoint(session), log_size(session), unsigned_since(session)
    figures: dict[str, Any] = {"entries": entries, "at": last.made_at if last is not None else None}
    if has_shrunk(session):
        return Part("log", False, "there are less entries than were signed for", state="shorter", figures=figures)
    detail = f"{entries} entries, checkpoint of {last.made_at:%Y-%m-%d %H:%M}Z" if last else f"{entries} entries"
    if waits_since is not None and now - waits_since > LONGEST_UNSIGNED:
        minutes = _minutes(now - waits_since)
        figures |= {"minutes": minutes, "since": waits_since}
        reason = f"an entry has waited for its checkpoint for {minutes} minutes"
        serious = product.settings.production
        return Part("log", not serious, reason, detail, warning=True, state="unsigned", figures=figures)
    return Part("log", True, detail=detail, figures=figures)


def _audit(_product: Product, session: Session, now: datetime) -> Part:
    last = last_audit(session)
    if last is None:
        return Part("audit", True, "the log was never audited", warning=True, state="never")
    figures = {"at": last.at, "entries": last.data["entries"], "faults": last.data["faults"]}
    if not last.data["ok"]:
        detail = "; ".join(last.data["first"])
        return Part("audit", False, "the last audit of the log found faults", detail, state="failed", figures=figures)
    if now - last.at > AUDIT_EVERY:
        hours = round((now - last.at).total_seconds() / 3600)
        reason = f"the last audit of the log was {hours} hours ago"
        return Part("audit", True, reason, warning=True, state="old", figures=figures | {"hours": hours})
    return Part("audit", True, detail=f"passed {last.at:%Y-%m-%d %H:%M}Z", figures=figures)


def _storage(product: Product) -> Part:
    try:
        product.storage.check()
    except DomainError as error:
        return Part("storage", False, "files cannot be kept safely", str(error), state="refused")
    return Part("storage", True)


def _disks(product: Product) -> Part:
    found = list(disks(product.settings, product.database))
    figures = {"disks": found}
    detail = ", ".join(f"{disk.what} {disk.percent} % free" for disk in found)
    if any(disk.full for disk in found):
        return Part("disk", False, "full: nothing can be sent in", detail, state="full", figures=figures)
    if any(disk.low for disk in found):
        return Part("disk", False, "less than a tenth is free", detail, state="low", figures=figures)
    return Part("disk", True, detail=detail, figures=figures)


def _seal(product: Product) -> Part:
    # The web may not read the key itself where it runs as a user of its own: what can be told without it is told.
    state = product.sealer.state(product.clock())
    if state.error is not None:
        reason = "the seal must not be used now; pledges wait for it"
        return Part("seal", False, reason, str(state.error), state="refused", figures={"why": state.error})
    figures = {"until": state.expires_on, "days": state.days_left}
    ends = state.days_left is not None and state.days_left <= SEAL_WARNING_DAYS and not state.trial
    detail = f"{state.subject}, until {state.expires_on}"
    shown = "trial" if state.trial else "ends" if ends else "fine"
    return Part("seal", True, "trial key" if state.trial else "", detail, warning=ends, state=shown, figures=figures)


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)


def _data_key(product: Product, session: Session, _now: datetime) -> Part:
    if key_state(session, product.vault) is KeyState.OTHER:
        said = "put the old PLEDGES_DATA_KEY back; lost for good: flask --app wsgi ops accept-data-key"
        return Part("data_key", False, "not the key with which this database was written", said, state="other")
    return Part("data_key", True)


_LOOKS: tuple[tuple[str, Callable[[Product, Session, datetime], Part]], ...] = (
    ("data_key", _data_key),
    ("plans", _plans),
    ("mail", _mail),
    ("jobs", _jobs),
    ("worker", _worker),
    ("clock", _clock),
    ("backup", _backup),
    ("drill", _drill),
    ("log", _log),
    ("audit", _audit),
)
