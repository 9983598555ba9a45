"""The product put together from its settings: what the web, the commands and the worker share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Self
from uuid import UUID

from sqlalchemy.orm import Session

from pledges.accounts.data_key import keep_mark
from pledges.accounts.refusals import RECORD_REFUSALS, RECORD_REFUSALS_SECONDS, record_refusals
from pledges.accounts.steps import forget_old_steps
from pledges.core.calendar import Clock, clock_starting_at, system_clock
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.core.throttle import forget_old
from pledges.documents.agency_keys import AgencyKeys
from pledges.documents.errors import DocumentDamaged
from pledges.documents.sealing import Sealer
from pledges.documents.storage import TEMPORARY, Storage
from pledges.duties.reminders import REMIND_SECONDS, REMIND_TASK, Reminders
from pledges.imports.committing import Applying
from pledges.imports.models import Import
from pledges.imports.operations import WORK_IMPORT_TASK
from pledges.imports.undoing import Undoing
from pledges.imports.worker import SWEEP_IMPORTS, ImportWorker
from pledges.jobs.tasks import Schedule, Task, TaskTable
from pledges.messaging.delivery import DELIVERY_SCHEDULES, Delivery, delivery_tasks
from pledges.plans.loading import RECOMPUTE_TASK
from pledges.plans.queries import provinces_in_use
from pledges.registry.checkpoints import MAKE_CHECKPOINTS, MAKE_CHECKPOINTS_SECONDS, make_checkpoints
from pledges.registry.matching import forget_turns
from pledges.registry.obligations import recompute_province
from pledges.reporting.nation import COUNT_SUBJECTS, COUNT_SUBJECTS_SECONDS, count_subjects
from pledges.review.batches import SWEEP_BATCHES, WORK_BATCH_TASK, BatchWorker
from pledges.review.countersigning import Countersigner
from pledges.review.import_blockers import built_on
from pledges.review.morning import MORNING_SECONDS, MORNING_TASK, MorningMail
from pledges.review.operations import COUNTERSIGN_TASK
from pledges.rights.reminding import REMIND_OF_RIGHTS, REMIND_OF_RIGHTS_SECONDS, RightsReminders
from pledges.rights.retention import RETENTION_SECONDS, RETENTION_TASK, Retention
from pledges.rights.steps import Post as RightsPost
from pledges.rounds.closing import Closing
from pledges.rounds.export_requests import MAKE_EXPORT
from pledges.rounds.exports import SWEEP_EXPORTS, ExportWorker
from pledges.rounds.followers import FOLLOWERS
from pledges.rounds.letters import MAKE_LETTERS, SWEEP_LETTERS, LetterWorker
from pledges.rounds.log_entries import RoundBook
from pledges.rounds.runs import Rounds
from pledges.rounds.schedule import WORK_ROUNDS, WORK_ROUNDS_SECONDS, RoundWorker
from pledges.settings import Settings
from pledges.signing.address_deciding import MOVE_MAILBOXES, MOVE_MAILBOXES_SECONDS, MailboxMoves
from pledges.signing.address_moves import Post
from pledges.signing.disputes import LAPSE_DISPUTES, LAPSE_DISPUTES_SECONDS, lapse_idle
from pledges.signing.drafts import forget_old_drafts
from pledges.signing.duplicate_search import FIND_DUPLICATES, FIND_DUPLICATES_SECONDS, DuplicateSearch
from pledges.signing.list_disputes import ListDisputes
from pledges.signing.log_entries import PledgeBook
from pledges.signing.operations import SEAL_TASK
from pledges.signing.paper_lists import PaperLists
from pledges.signing.sealing import PledgeSealer
from pledges.tips.operations import forget_networks
from pledges.tips.proof import forget_old_proofs
from pledges.transparency.keys import LogKey
from pledges.transparency.mailing import MAIL_CHECKPOINT, MAIL_CHECKPOINT_SECONDS, CheckpointMail
from pledges.transparency.worker import (
    AUDIT_LOG,
    AUDIT_LOG_SECONDS,
    KEEP_LOG,
    KEEP_LOG_SECONDS,
    SIGN_CHECKPOINT,
    SIGN_CHECKPOINT_SECONDS,
    LogWorker,
)

SWEEP_SEALS = "sweep_seals"
SWEEP_COUNTERSIGNING = "sweep_countersigning"
CLEAN_UP = "clean_up"


@dataclass(frozen=True)
class Product:
    settings: Settings
    database: Database
    clock: Clock
    vault: Vault
    storage: Storage
    sealer: Sealer
    agency_keys: AgencyKeys

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        clock = clock_starting_at(settings.clock_start) if settings.clock_start else system_clock
        settings.var.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(
            settings=settings,
            database=Database(settings.database_url),
            clock=clock,
            vault=Vault(settings.data_key),
            storage=Storage(settings.storage),
            sealer=Sealer.from_settings(settings, clock),
            agency_keys=AgencyKeys.from_settings(settings, clock),
        )

    def tasks(self) -> TaskTable:
        """Everything that the worker knows how to do."""
        seals = PledgeSealer(
            self.database, self.storage, self.sealer, self.clock, self.vault, self.settings.administrator_email
        )
        letters = self.letter_worker()
        exports = ExportWorker(self.database, self.storage, self.clock, self.settings.pdf_fonts)
        agencies = self.countersigner()
        batches = BatchWorker(self.database, self.clock)
        imports = self.importer()
        mornings = MorningMail(self.database, self.clock, self.vault, self.settings.public_url)
        return TaskTable(
            *delivery_tasks(self.delivery()),
            Task(SEAL_TASK, seals.seal),
            Task(SWEEP_SEALS, seals.sweep, attempts=1),
            Task(COUNTERSIGN_TASK, agencies.countersign),
            Task(SWEEP_COUNTERSIGNING, agencies.sweep, attempts=1),
            Task(WORK_BATCH_TASK, batches.work),
            Task(SWEEP_BATCHES, batches.sweep, attempts=1),
            Task(WORK_IMPORT_TASK, imports.work),
            Task(SWEEP_IMPORTS, imports.sweep, attempts=1),
            Task(MORNING_TASK, mornings.send, attempts=1),
            Task(REMIND_TASK, self.reminders().remind, attempts=1),
            Task(WORK_ROUNDS, self.round_worker().work, attempts=1),
            Task(MAKE_LETTERS, letters.make),
            Task(SWEEP_LETTERS, letters.sweep, attempts=1),
            Task(MAKE_EXPORT, exports.make),
            Task(SWEEP_EXPORTS, exports.sweep, attempts=1),
            Task(MOVE_MAILBOXES, self.mailbox_moves().sweep, attempts=1),
            Task(LAPSE_DISPUTES, self.lapse_disputes, attempts=1),
            Task(FIND_DUPLICATES, DuplicateSearch(self.database, self.clock).search, attempts=1),
            Task(MAKE_CHECKPOINTS, self.make_checkpoints, attempts=1),
            Task(MAIL_CHECKPOINT, self.checkpoint_mail().send, attempts=1),
            Task(COUNT_SUBJECTS, self.count_subjects, attempts=1),
            Task(RECOMPUTE_TASK, self.recompute_obligations),
            Task(REMIND_OF_RIGHTS, self.rights_reminders().remind, attempts=1),
            Task(RETENTION_TASK, self.retention().task, attempts=1),
            Task(KEEP_LOG, self.log_worker().keep, attempts=1),
            Task(SIGN_CHECKPOINT, self.log_worker().sign, attempts=1),
            Task(AUDIT_LOG, self.log_worker().audit_at_night, attempts=1),
            Task(RECORD_REFUSALS, self.record_refusals, attempts=1),
            Task(CLEAN_UP, self.clean_up, attempts=1),
        )

    def delivery(self) -> Delivery:
        return Delivery.from_settings(
            self.settings,
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            read_file=self.read_attachment,
            followers=FOLLOWERS,
        )

    def checkpoint_mail(self) -> CheckpointMail:
        """Takes what the log has signed to an agency that does not run this system."""
        address = self.settings.log_witness_email
        return CheckpointMail(self.database, self.clock, self.vault, self.settings.public_url, address)

    def mailbox_moves(self) -> MailboxMoves:
        """Files that a person has granted to another mailbox."""
        return MailboxMoves(self.database, self.clock, self.vault, self.settings.public_url)

    def rounds(self) -> Rounds:
        """Who asks and reminds."""
        return Rounds(self.database, self.clock, self.vault, self.settings.public_url)

    def round_worker(self) -> RoundWorker:
        return RoundWorker(self.rounds(), Closing(self.database, self.storage, self.clock))

    def reminders(self) -> Reminders:
        """Of the reports that units owe."""
        return Reminders(self.database, self.clock, self.vault, self.settings.public_url)

    def letter_worker(self) -> LetterWorker:
        return LetterWorker(
            self.database,
            self.storage,
            self.clock,
            self.vault,
            self.settings.public_url,
            fonts=self.settings.pdf_fonts,
        )

    def countersigner(self) -> Countersigner:
        return Countersigner(
            self.database,
            self.storage,
            self.agency_keys,
            self.sealer,
            self.clock,
            self.vault,
            administrator_email=self.settings.administrator_email,
            public_url=self.settings.public_url,
        )

    def importer(self) -> ImportWorker:
        papers, disputes = PaperLists(self.settings.public_url), self.list_disputes()

        def undo(session: Session, import_: Import, entity_ids: Collection[UUID], now: datetime) -> None:
            papers.undo(session, import_, entity_ids, now)
            disputes.take_back(session, import_, entity_ids, now)

        undoing = Undoing(built_on, undo)
        return ImportWorker(self.database, self.storage, self.clock, self.applying(), undoing)

    def applying(self) -> Applying:
        """What bringing rows of a list into the register needs."""
        papers = PaperLists(self.settings.public_url)
        return Applying(self.vault, papers.record, self.list_disputes().watch)

    def list_disputes(self) -> ListDisputes:
        return ListDisputes(Post(self.vault, self.settings.public_url))

    def schedules(self) -> tuple[Schedule, ...]:
        return (
            *DELIVERY_SCHEDULES,
            Schedule(SWEEP_SEALS, SWEEP_SEALS, 10.0),
            Schedule(SWEEP_COUNTERSIGNING, SWEEP_COUNTERSIGNING, 10.0),
            Schedule(SWEEP_BATCHES, SWEEP_BATCHES, 10.0),
            Schedule(SWEEP_IMPORTS, SWEEP_IMPORTS, 10.0),
            Schedule(MORNING_TASK, MORNING_TASK, MORNING_SECONDS),
            Schedule(REMIND_TASK, REMIND_TASK, REMIND_SECONDS),
            Schedule(WORK_ROUNDS, WORK_ROUNDS, WORK_ROUNDS_SECONDS),
            Schedule(SWEEP_LETTERS, SWEEP_LETTERS, 10.0),
            Schedule(SWEEP_EXPORTS, SWEEP_EXPORTS, 10.0),
            Schedule(MOVE_MAILBOXES, MOVE_MAILBOXES, MOVE_MAILBOXES_SECONDS),
            Schedule(LAPSE_DISPUTES, LAPSE_DISPUTES, LAPSE_DISPUTES_SECONDS),
            Schedule(FIND_DUPLICATES, FIND_DUPLICATES, FIND_DUPLICATES_SECONDS),
            Schedule(MAKE_CHECKPOINTS, MAKE_CHECKPOINTS, MAKE_CHECKPOINTS_SECONDS),
            Schedule(MAIL_CHECKPOINT, MAIL_CHECKPOINT, MAIL_CHECKPOINT_SECONDS),
            Schedule(COUNT_SUBJECTS, COUNT_SUBJECTS, COUNT_SUBJECTS_SECONDS),
            Schedule(REMIND_OF_RIGHTS, REMIND_OF_RIGHTS, REMIND_OF_RIGHTS_SECONDS),
            Schedule(RETENTION_TASK, RETENTION_TASK, RETENTION_SECONDS),
            Schedule(KEEP_LOG, KEEP_LOG, KEEP_LOG_SECONDS),
            Schedule(SIGN_CHECKPOINT, SIGN_CHECKPOINT, SIGN_CHECKPOINT_SECONDS),
            Schedule(AUDIT_LOG, AUDIT_LOG, AUDIT_LOG_SECONDS),
            Schedule(RECORD_REFUSALS, RECORD_REFUSALS, RECORD_REFUSALS_SECONDS),
            Schedule(CLEAN_UP, CLEAN_UP, 3600.0),
        )

    def rights_reminders(self) -> RightsReminders:
        """Of the law's days for requests about data."""
        post = RightsPost(self.vault, self.settings.public_url)
        return RightsReminders(self.database, self.clock, post, self.settings.administrator_email)

    def retention(self) -> Retention:
        """What has been kept long enough."""
        return Retention(self.database, self.storage, self.clock)

    def log_worker(self) -> LogWorker:
        """The log of rare acts, and whatever it speaks of."""
        key = LogKey.from_settings(self.settings)
        return LogWorker(self.database, self.storage, self.clock, key, (PledgeBook(), RoundBook()))

    def recompute_obligations(self, province_code: str) -> None:
        recompute_province(self.database, province_code, clock=self.clock)

    def lapse_disputes(self) -> None:
        """Whose newer side no pledge stands any more."""
        with self.database.read() as session:
            codes = [province.code for province in provinces_in_use(session)]
        for code in codes:
            self.database.run(partial(lapse_idle, province_code=code, now=self.clock()))

    def read_attachment(self, sha256: str) -> bytes:
        """A stored file that is to be sent. OSError where the storage is away: then the letter waits for it."""
        try:
            return self.storage.get(sha256)
        except DocumentDamaged:
            if all(each.name == TEMPORARY for each in self.storage.folder.iterdir()):
                raise FileNotFoundError("the storage is empty: is its disk mounted?") from None
            raise

    def make_checkpoints(self) -> None:
        make_checkpoints(self.database, self.clock())

    def count_subjects(self) -> None:
        count_subjects(self.database, self.clock)

    def record_refusals(self) -> None:
        record_refusals(self.database, self.clock())

    def clean_up(self) -> None:
        """Forget what has run out: limits, drafts, used-up codes, and files that crashes left half written."""
        now = self.clock()
        self.database.run(lambda session: keep_mark(session, self.vault, now))
        self.database.run(lambda session: forget_old(session, now))
        self.database.run(lambda session: forget_old_steps(session, now))
        self.database.run(lambda session: forget_turns(session, now - timedelta(hours=1)))
        self.database.run(lambda session: forget_old_drafts(session, now))
        self.database.run(lambda session: forget_old_proofs(session, now))
        self.database.run(lambda session: forget_networks(session, now))
        self.storage.sweep_temporary(older_than=system_clock() - timedelta(hours=1))
