"""Signer, officers and worker die at any moment between signing and the last mail; afterwards all is there, once.

`make soak` kills at least three hundred times on each engine and leaves its figures in `var/soak/the-whole-way.txt`,
for `docs/security/faults.md`.
"""

from __future__ import annotations

import os
import platform
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.documents.models import Document, DocumentKind
from pledges.messaging.models import Message, MessageState
from pledges.product import Product
from pledges.registry.recounting import recount
from pledges.review.models import Decision
from pledges.signing.models import Draft, Pledge, PledgeState
from pledges.signing.verification import verify_pledge
from pledges.transparency.models import LogEntry
from tests.support import way_process
from tests.support.databases import PostgresTemplate, SqliteTemplate
from tests.support.mail_process import Nursery, nursery
from tests.support.mail_sink import MailSink, mail_sink
from tests.support.processes import ROOT, Process, url_of, wait_until
from tests.support.signing import HUE
from tests.support.staff import add_person
from tests.support.way_process import Ledger, product_at

pytestmark = pytest.mark.fault

SOAK = bool(os.environ.get("PLEDGES_SOAK"))
KILLS = int(os.environ.get("PLEDGES_SOAK_KILLS", "320")) if SOAK else 5
FIGURES = ROOT / "var" / "soak" / "the-whole-way.txt"
AGENCY = "46-SCT"

ONCE_EACH = (
    "pledge.submitted",
    "pledge.sealed",
    "pledge.recommended",
    "pledge.approval_decided",
    "pledge.approved",
)
LETTERS = {"pledge_received", "pledge_approved"}


@dataclass(frozen=True)
class Figures:
    """What was found after the last death. All but the first four must be nothing."""

    kills: int
    approvals: int
    mails: int
    uncertain: int
    doubled: list[str]
    missing: list[str]
    half_made: list[str]

    def line(self, engine: str, seconds: float) -> str:
        return (
            f"| {datetime.now(UTC):%Y-%m-%d} | {engine} | {self.kills} | {self.approvals} | {self.mails} | "
            f"{self.uncertain} | {len(self.doubled)} | {len(self.missing)} | {len(self.half_made)} | {seconds:.0f} s | "
            f"{platform.machine()}, {os.cpu_count()} cores |\n"
        )


class Forked:
    """A process out of a nursery: hundreds of them need not import everything anew."""

    def __init__(self, workers: Nursery, *arguments: str) -> None:
        database_url, smtp_url, *more = arguments
        self._workers, self._pid = workers, workers.start(database_url, smtp_url, "-", *more)

    @property
    def running(self) -> bool:
        return self._workers.is_alive(self._pid)

    def kill(self) -> None:
        self._workers.kill(self._pid)
        wait_until(lambda: not self.running, 10, what="its end")

    def close(self) -> None:
        self.kill()


class Way:
    """A department of two people, its worker, and signers who come as fast as it can take them."""

    def __init__(self, database: Database, sink: MailSink, folder: Path, workers: Nursery | None = None) -> None:
        self.database, self.sink, self.folder, self._workers = database, sink, folder, workers
        self.product: Product = product_at(url_of(database), sink.url, folder)
        self.running: dict[str, Process | Forked] = {}
        self.kills = 0
        for role, title in ((Role.OFFICER, ""), (Role.APPROVER, "GIÁM ĐỐC")):
            self._hire(role, title)

    def _hire(self, role: Role, title: str) -> None:
        email = f"{role.value}@vidu.vn"
        staff = add_person(self.database, email, role=role, province_code=HUE, agency_code=AGENCY)

        def entitle(session: Session) -> None:
            session.get_one(Staff, (staff.province_code, staff.id)).signing_title = title

        self.database.run(entitle)

    def start(self, who: str) -> None:
        minutes = 0 if who == "office" else 1 + 3 * self.kills
        arguments = (url_of(self.database), self.sink.url, who, str(self.folder), str(minutes))
        if self._workers is None:
            self.running[who] = Process(way_process.__name__, *arguments)
        else:
            self.running[who] = Forked(self._workers, *arguments)

    def kill(self, who: str) -> None:
        victim = self.running.pop(who)
        assert victim.running, f"the {who} had died of itself"
        victim.kill()
        victim.close()
        self.kills += 1

    def close(self) -> None:
        for process in self.running.values():
            process.close()
        self.product.database.dispose()

    def done_so_far(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(Fact)) or 0

    def wait_for_work(self) -> None:
        before = self.done_so_far()
        wait_until(lambda: self.done_so_far() > before, what="somebody who works")

    def settled(self) -> bool:
        with self.database.read() as session:
            states = set(session.scalars(select(Pledge.state)))
            mails = set(session.scalars(select(Message.state)))
        kept = any((self.folder / "var" / "storage" / ".pending").glob("*.json"))
        ended = {MessageState.ACCEPTED, MessageState.UNCERTAIN, MessageState.FAILED}
        return states == {PledgeState.APPROVED} and mails <= ended and not kept

    # --- What must be true at the end --------------------------------------------------------------------------------

    def figures(self) -> Figures:
        doubled: list[str] = []
        missing: list[str] = []
        half_made: list[str] = []
        known = Ledger(self.folder).entries()
        with self.database.read() as session:
            pledges = {pledge.reference: pledge for pledge in session.scalars(select(Pledge))}
            self._compare_with_what_people_saw(session, pledges, known, missing, doubled)
            self._count_steps(session, pledges, missing, doubled)
            self._open_files(session, pledges, missing, half_made)
            mails, uncertain = self._count_mails(session, pledges, missing, doubled)
            self._count_entries(session, pledges, missing, doubled)
        half_made += [str(each) for each in self.database.run(lambda session: recount(session, repair=False))]
        half_made += [str(fault) for fault in self.product.log_worker().audit(storage=self.product.storage).faults]
        return Figures(self.kills, len(pledges), mails, uncertain, doubled, missing, half_made)

    def _compare_with_what_people_saw(
        self,
        session: Session,
        pledges: dict[str, Pledge],
        known: list[dict[str, Any]],
        missing: list[str],
        doubled: list[str],
    ) -> None:
        """Every answer that somebody saw is kept; every page that somebody filled in became one pledge."""
        seen = {name for entry in known for name in entry.get("references", ())}
        acted = {name for entry in known for name in (entry.get("recommended"), *entry.get("approved", ())) if name}
        missing += sorted((seen | acted) - pledges.keys())
        drafts = Counter(pledge.draft_id for pledge in pledges.values())
        doubled += [f"draft {draft}" for draft, count in drafts.items() if count > 1]
        signed = {uuid.UUID(entry["draft"]) for entry in known if "draft" in entry}
        missing += [f"draft {draft}" for draft in signed - drafts.keys()]
        unfinished = select(Draft.id).where(Draft.signed_at.is_(None), Draft.id.in_(signed))
        missing += [f"unsigned {draft}" for draft in session.scalars(unfinished)]
        entities = Counter(pledge.entity_id for pledge in pledges.values())
        doubled += [f"entity {entity}" for entity, count in entities.items() if count > 1]

    def _count_steps(
        self, session: Session, pledges: dict[str, Pledge], missing: list[str], doubled: list[str]
    ) -> None:
        """One fact and one decision of each kind for each pledge."""
        wanted = select(Fact.object_id, Fact.kind, func.count()).where(Fact.kind.in_(ONCE_EACH))
        facts = {
            (found[0], found[1]): found[2] for found in session.execute(wanted.group_by(Fact.object_id, Fact.kind))
        }
        counted = select(Decision.pledge_id, func.count()).group_by(Decision.pledge_id)
        decisions = {found[0]: found[1] for found in session.execute(counted)}
        for reference, pledge in pledges.items():
            steps = {kind: facts.get((pledge.id, kind), 0) for kind in ONCE_EACH} | {
                "both decisions": decisions.get(pledge.id, 0) / 2
            }
            missing += [f"{reference}: {kind}" for kind, count in steps.items() if count < 1]
            doubled += [f"{reference}: {kind}" for kind, count in steps.items() if count > 1]

    def _count_entries(
        self, session: Session, pledges: dict[str, Pledge], missing: list[str], doubled: list[str]
    ) -> None:
        """Each approval stands in the log once."""
        entered = Counter(session.scalars(select(LogEntry.object_id).where(LogEntry.kind == "pledge.approved")))
        for reference, pledge in pledges.items():
            count = entered[pledge.id]
            (missing if count < 1 else doubled if count > 1 else []).append(f"{reference}: its entry")

    def _open_files(
        self, session: Session, pledges: dict[str, Pledge], missing: list[str], half_made: list[str]
    ) -> None:
        """Two files for each pledge and no others, and both their signatures hold."""
        documents = session.scalars(select(Document)).all()
        kinds = Counter(document.kind for document in documents)
        if pledges and kinds != {DocumentKind.SEALED: len(pledges), DocumentKind.COUNTERSIGNED: len(pledges)}:
            missing.append(f"documents: {dict(kinds)}")
        folder = self.product.storage.folder
        stored = {path.name for path in folder.rglob("*") if path.is_file() and len(path.name) == 64}
        half_made += sorted(stored ^ {document.sha256 for document in documents})
        for reference, pledge in pledges.items():
            verdict = verify_pledge(session, self.product.storage, pledge)
            if not verdict.authentic or len(verdict.signatures) != 2:
                half_made.append(f"{reference}: {verdict.finding}")

    def _count_mails(
        self, session: Session, pledges: dict[str, Pledge], missing: list[str], doubled: list[str]
    ) -> tuple[int, int]:
        """Each letter written once and handed over once, or said to be uncertain where nobody can know."""
        arrived = Counter(str(mail["Message-ID"]) for mail in self.sink.mails)
        doubled += [f"mail {name}" for name, count in arrived.items() if count > 1]
        letters = session.scalars(select(Message).where(Message.kind.in_(LETTERS))).all()
        written = Counter((message.to_address, message.kind) for message in letters)
        for reference, pledge in pledges.items():
            for kind in LETTERS:
                count = written[(pledge.contact_email, kind)]
                (missing if count < 1 else doubled if count > 1 else []).append(f"{reference}: {kind}")
        accepted = {message.message_id for message in letters if message.state is MessageState.ACCEPTED}
        missing += [f"mail {name}" for name in accepted - arrived.keys()]
        return len(letters), sum(message.state is MessageState.UNCERTAIN for message in letters)


@pytest.fixture(scope="module")
def workers() -> Iterator[Nursery | None]:
    """For the long form; a few processes are forked from what other tests have imported already."""
    if not SOAK:
        yield None
        return
    with nursery(way_process.__name__) as opened:
        yield opened


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"] if SOAK else ["sqlite"])
def test_everybody_killed_at_random(
    sqlite_template: SqliteTemplate,
    postgres_template: PostgresTemplate,
    tmp_path: Path,
    workers: Nursery | None,
    engine: str,
) -> None:
    chance = random.Random(f"the whole way {engine}")  # noqa: S311 - moments of death
    began = time.monotonic()
    fresh = sqlite_template.fresh() if engine == "sqlite" else postgres_template.fresh()
    with fresh as database, mail_sink() as sink:
        way = Way(database, sink, tmp_path, workers)
        try:
            figures = _live_through(way, chance)
        finally:
            way.close()
    if SOAK:
        FIGURES.parent.mkdir(parents=True, exist_ok=True)
        with FIGURES.open("a") as file:
            file.write(figures.line(engine, time.monotonic() - began))
    assert (figures.doubled, figures.missing, figures.half_made) == ([], [], [])
    assert figures.approvals > 0
    assert figures.uncertain <= 4 * KILLS


def _live_through(way: Way, chance: random.Random) -> Figures:
    for who in ("office", "worker"):
        way.start(who)
    while way.kills < KILLS:
        way.wait_for_work()
        time.sleep(chance.random() * 0.5)
        who = chance.choice(("office", "worker", "worker"))
        way.kill(who)
        way.start(who)
    (way.folder / "no-more").touch()
    wait_until(way.settled, 300, what="the end of all that was begun")
    # Whoever would do something a second time gets the time to do so.
    time.sleep(0.5)
    return way.figures()


def test_the_figures_notice(sqlite_database: Database, tmp_path: Path) -> None:
    """Where nothing was done, what people say they have seen is missing."""
    with mail_sink() as sink:
        way = Way(sqlite_database, sink, tmp_path)
        Ledger(tmp_path).write(number=1, references=["CK-46-2026-ZZZZZZ"])
        Ledger(tmp_path).write(number=2, draft=str(uuid.uuid4()), gives={})
        assert len(way.figures().missing) == 2
        way.close()
