"""Workers that ask for rounds and deliver the mail of them, as processes that can be killed, and their office.

A nursery (`mail_process.py`) forks them: `<database url> <smtp url> <crash point or -> <storage> <shift>`. Their clock
runs, `shift` seconds from the real one.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from pledges.core.calendar import Clock, system_clock
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.jobs.tasks import Schedule, Task, TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging.bulk import Pace
from pledges.messaging.delivery import PACE_MAIL, SWEEP_MESSAGES, Delivery, delivery_tasks, pace_mail
from pledges.messaging.models import Message, MessageState
from pledges.messaging.rules import WITHOUT_SECRETS
from pledges.registry.models import Entity, Obligation
from pledges.registry.recounting import recount
from pledges.rounds.closing import Closing
from pledges.rounds.followers import FOLLOWERS
from pledges.rounds.models import Ask, Attempt, Outcome, Round
from pledges.rounds.runs import Rounds
from pledges.rounds.schedule import WORK_ROUNDS, RoundWorker
from tests.support.clock import FixedClock
from tests.support.mail_process import Nursery, main
from tests.support.mail_sink import MailSink
from tests.support.messages import DATA_KEY, delivery_for
from tests.support.processes import url_of
from tests.support.signing import HUE, PUBLIC_URL
from tests.unit.rounds.quarter import QuarterOffice

CHUNK = 7
"""So few at once that a round has many boundaries at which somebody may die."""
NO_LIMIT = Pace(per_minute=100_000, per_domain=100_000)


def worker_of(database: Database, storage: Path, clock: Clock) -> RoundWorker:
    rounds = Rounds(database, clock, Vault(DATA_KEY), PUBLIC_URL, chunk=CHUNK)
    return RoundWorker(rounds, Closing(database, Storage(storage), clock))


def delivery_of(database: Database, target: str, clock: Clock) -> Delivery:
    return delivery_for(database, target, clock=clock, followers=FOLLOWERS, pace=NO_LIMIT)


def work(database_url: str, target: str, storage: str, shift: str) -> None:
    """Like the product's worker, and more impatient."""
    database, moved = Database(database_url), timedelta(seconds=float(shift))

    def clock() -> datetime:
        return system_clock() + moved

    asking = Task(WORK_ROUNDS, worker_of(database, Path(storage), clock).work, attempts=1)
    tasks = TaskTable(*delivery_tasks(delivery_of(database, target, clock)), asking)
    every = (SWEEP_MESSAGES, PACE_MAIL, WORK_ROUNDS)
    run_worker(database, tasks, [Schedule(name, name, 0.4) for name in every], threads=3, alive_seconds=2)


class AskingOffice(QuarterOffice):
    """An agency with a running round, whose mail goes to a real relay."""

    def __init__(self, database: Database, clock: FixedClock, sink: MailSink, folder: Path) -> None:
        super().__init__(database, clock, Vault(DATA_KEY))
        self.sink, self.folder = sink, folder
        self.worker = worker_of(database, folder, clock)
        self.shift = (clock() - system_clock()).total_seconds()
        self.round: Round

    def begin(self, count: int) -> list[Entity]:
        """So many subjects that can be reached by mail, and the round."""
        found = [self.subject(f"chu.shop.{number}@vidu.vn") for number in range(1, count + 1)]
        self.round = self.start()
        return found

    def start_worker(self, workers: Nursery, crash_at: str = "-") -> int:
        return workers.start(url_of(self.database), self.sink.url, crash_at, self.folder, self.shift)

    def settled(self, count: int) -> bool:
        """Everybody has been written to, and of each mail it is known what became of it, or that nobody can."""
        mails = self.mails()
        return len(mails) == count and all(mail.state in WITHOUT_SECRETS for mail in mails)

    def deliver_all(self) -> None:
        """Let everything leave that stands in line and may go now, by this process."""
        delivery = delivery_of(self.database, self.sink.url, self.clock)
        pace_mail(delivery)
        run_worker(self.database, TaskTable(*delivery_tasks(delivery)), once=True, threads=2)

    def assert_each_asked_once(self, count: int) -> Counter[Outcome]:
        """One ask and one mail each; whoever is not shown as uncertain has it exactly once. How the attempts ended."""
        arrived = Counter(str(mail["Message-ID"]) for mail in self.sink.mails)
        assert set(arrived.values()) <= {1}, "nobody is written to twice"
        with self.database.read() as session:
            messages = {message.id: message for message in session.scalars(select(Message))}
            asks = {ask.id: ask for ask in session.scalars(select(Ask))}
            attempts = session.scalars(select(Attempt)).all()
            asked_on = {
                obligation.entity_id: obligation.asked_on
                for obligation in session.scalars(select(Obligation).where(Obligation.province_code == HUE))
            }
        assert len({ask.entity_id for ask in asks.values()}) == len(asks) == len(attempts) == len(messages) == count
        assert set(arrived) <= {message.message_id for message in messages.values()}
        for attempt in attempts:
            message = messages[attempt.message_id]  # type: ignore[index]
            assert message.secret_params is None
            reached = message.state is MessageState.ACCEPTED
            assert arrived[message.message_id] == 1 or not reached
            assert attempt.outcome is (Outcome.REACHED if reached else Outcome.UNCERTAIN)
            assert (asked_on[asks[attempt.ask_id].entity_id] is not None) is reached, "only who was reached was asked"
        assert (self.facts("ask.made"), self.facts("ask.reached")) == (
            count,
            sum(message.state is MessageState.ACCEPTED for message in messages.values()),
        )
        assert self.database.run(lambda session: recount(session, repair=False)) == []
        return Counter(attempt.outcome for attempt in attempts)


if __name__ == "__main__":
    main(work)
