"""The background work of an import: reading, checking, committing, undoing; killed anywhere, the next run goes on."""

from __future__ import annotations

import logging
import uuid
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import Clock
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database
from pledges.documents.storage import Storage
from pledges.imports import columns
from pledges.imports.claims import CHUNK, Claim, Progress, claim_import, hold
from pledges.imports.committing import Applying, apply_rows, next_rows
from pledges.imports.errors import ImportChanged
from pledges.imports.models import Import, ImportState
from pledges.imports.operations import COMMAND, LEASE, WORK_IMPORT_TASK
from pledges.imports.queries import count_gone
from pledges.imports.reading import FileReader
from pledges.imports.states import RUNNING, Step, take_step
from pledges.imports.totals import final_totals
from pledges.imports.undoing import Undoing, undo_chunk
from pledges.jobs.operations import enqueue

SWEEP_IMPORTS = "sweep_imports"

log = logging.getLogger("pledges.imports")


class ImportWorker:
    """The two tasks of the worker: `work` does the running step of one import, `sweep` finds those that lost theirs."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        clock: Clock,
        applying: Applying,
        undoing: Undoing,
        chunk: int = CHUNK,
    ) -> None:
        self._database = database
        self._clock = clock
        self._applying = applying
        self._undoing = undoing
        self._chunk = chunk
        reader = FileReader(database, storage, clock, applying.vault, chunk)
        self._steps = {
            ImportState.READING: reader.read,
            ImportState.CHECKING: reader.check,
            ImportState.COMMITTING: self._commit,
            ImportState.UNDOING: self._undo,
        }

    def work(self, province_code: str, import_id_text: str, progress: Progress | None = None) -> None:
        """Do what the state of the import asks for, until a person is asked again or all is done."""
        key = (province_code, uuid.UUID(import_id_text))
        while (claim := self._database.run(partial(claim_import, key=key, now=self._clock()))) is not None:
            try:
                self._steps[claim.import_.state](claim, progress or _silent)
            except ImportChanged:
                log.info("Somebody else goes on with an import", extra={"import": import_id_text})
                return

    def sweep(self) -> None:
        """Ask again for every running step that nobody works on."""
        self._database.run(self._ask_again)

    def _ask_again(self, session: Session) -> None:
        now = self._clock()
        due = session.scalars(
            select(Import).where(Import.state.in_(RUNNING), Import.work_due_at <= now).order_by(Import.work_due_at)
        )
        for import_ in due.all():
            import_.work_due_at = now + LEASE
            enqueue(session, WORK_IMPORT_TASK, import_.province_code, str(import_.id))

    # --- Committing -----------------------------------------------------------------------------------------------

    def _commit(self, claim: Claim, progress: Progress) -> None:
        after: int | None = 0
        while after is not None:
            after = self._database.run(partial(self._commit_chunk, claim=claim, after=after))
            crash_point("import.after_chunk")
            if after is not None:
                progress(ImportState.COMMITTING, after, claim.import_.rows)
        self._database.run(partial(self._finish_commit, claim=claim))

    def _commit_chunk(self, session: Session, claim: Claim, after: int) -> int | None:
        """Apply the next rows; returns the number of the last one, None when there was none left."""
        now = self._clock()
        import_ = hold(session, claim, now)
        rows = next_rows(session, claim.key, after, self._chunk)
        if not rows:
            return None
        applied = apply_rows(session, import_, rows, applying=self._applying, actor=actor_of_import(import_), now=now)
        import_.done += len(rows)
        import_.totals = applied.add_to(import_.totals)
        session.flush()
        crash_point("import.before_chunk_commit")
        return rows[-1].number

    def _finish_commit(self, session: Session, claim: Claim) -> None:
        now = self._clock()
        import_ = hold(session, claim, now)
        columns.remember(session, import_, now=now)
        totals = final_totals(session, import_)
        import_ = take_step(
            session,
            claim.key,
            Step.COMMITTED,
            seen=claim.revision,
            done=import_.rows,
            totals=totals,
            committed_at=now,
            gone=count_gone(session, import_),
        )
        self._record(session, "import.committed", import_, **{name: totals[name] for name in sorted(totals)})
        crash_point("import.before_end")

    # --- Undoing --------------------------------------------------------------------------------------------------

    def _undo(self, claim: Claim, progress: Progress) -> None:
        going_on = True
        while going_on:
            going_on = self._database.run(partial(self._undo_chunk, claim=claim))
            crash_point("import.after_undo_chunk")
            progress(ImportState.UNDOING, 0, claim.import_.rows)
        self._database.run(partial(self._finish_undo, claim=claim))

    def _undo_chunk(self, session: Session, claim: Claim) -> bool:
        now = self._clock()
        import_ = hold(session, claim, now)
        undone = undo_chunk(
            session, import_, undoing=self._undoing, actor=actor_of_import(import_), now=now, most=self._chunk
        )
        import_.done += undone
        session.flush()
        crash_point("import.before_undo_commit")
        return undone > 0

    def _finish_undo(self, session: Session, claim: Claim) -> None:
        now = self._clock()
        import_ = take_step(session, claim.key, Step.UNDONE, seen=claim.revision, undone_at=now)
        self._record(session, "import.undone", import_)

    def _record(self, session: Session, kind: str, import_: Import, **data: object) -> None:
        record(
            session,
            kind,
            province_code=import_.province_code,
            object_id=import_.id,
            actor=actor_of_import(import_),
            now=self._clock(),
            data=dict(data),
        )


def actor_of_import(import_: Import) -> Actor:
    """Whoever started it is the one who acts, also when the worker does the writing."""
    return Actor("staff", str(import_.staff_id)) if import_.staff_id is not None else COMMAND


def _silent(_state: ImportState, _done: int, _rows: int) -> None:
    return None
