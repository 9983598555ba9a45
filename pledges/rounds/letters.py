"""Letters of a round for those whom no mail reaches: chosen, printed by the worker into one PDF, recorded as sent."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.calendar import Clock
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database, new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.documents.errors import StorageUnavailable
from pledges.documents.fonts import Faces, one_at_a_time, read_faces
from pledges.documents.joining import join_pdfs
from pledges.documents.letter import write_letters
from pledges.documents.letter_list import write_list
from pledges.documents.storage import Storage
from pledges.documents.writing import writing_files
from pledges.jobs.operations import enqueue
from pledges.jobs.queries import in_queue
from pledges.rounds.attempts import record_attempts, take_back_batch
from pledges.rounds.letter_pdf import bundle_of, letter_to, recipients_of, sender_of
from pledges.rounds.models import BatchState, LetterBatch, Outcome, Round, RoundState, Way
from pledges.rounds.unsigned import Recipients, open_asks, printed_asks

MAKE_LETTERS = "make_letters"
SWEEP_LETTERS = "sweep_letters"

MOST_LETTERS = 2000
CHUNK = 50
"""Letters in one step of the worker: about a second, while others wait for the faces."""

FAULT = N_("Hệ thống gặp lỗi khi làm tệp thư này. Hãy bấm “Làm lại”; nếu vẫn lỗi, báo người quản trị.")

Key = tuple[str, uuid.UUID]

log = logging.getLogger("pledges.rounds")


# --- Choosing ------------------------------------------------------------------------------------------------------


def start_letters(
    session: Session,
    of_round: Round,
    *,
    recipients: Recipients,
    commune_code: str | None,
    again: bool,
    staff: Staff,
    now: datetime,
) -> LetterBatch:
    """Freeze who gets a letter and have the worker print them. `again`: also those that were printed before."""
    of_round = _managed(session, of_round, staff)
    if of_round.state is not RoundState.RUNNING:
        raise Conflict(N_("Chỉ in được thư khi đợt vận động đang chạy."))
    printed = set() if again else printed_asks(session, of_round)
    asks = _first_of(session, open_asks(of_round, recipients, commune_code), without=printed)
    if not asks:
        raise DomainError(N_("Không còn ai cần thư theo lựa chọn này. Hãy chọn rộng hơn, hoặc in lại thư đã in."))
    batch = LetterBatch(
        province_code=of_round.province_code,
        id=new_id(),
        round_id=of_round.id,
        commune_code=commune_code,
        asks=asks,
        made_by=staff.id,
        made_at=now,
    )
    session.add(batch)
    session.flush()
    record(
        session,
        "letters.made",
        province_code=batch.province_code,
        object_id=batch.id,
        actor=actor_of(staff),
        now=now,
        data={"round": str(of_round.id), "letters": len(asks), "commune": commune_code or "", "again": again},
    )
    enqueue(session, MAKE_LETTERS, batch.province_code, str(batch.id))
    return batch


def _first_of(session: Session, wanted: Select[uuid.UUID], *, without: set[str]) -> list[str]:
    taken: list[str] = []
    for ask_id in session.scalars(wanted.execution_options(yield_per=1000)):
        if str(ask_id) not in without:
            taken.append(str(ask_id))
        if len(taken) == MOST_LETTERS:
            break
    return taken


def print_again(session: Session, batch: LetterBatch, staff: Staff) -> None:
    """After a fault: the same letters once more."""
    _managed_batch(session, batch, staff)
    done = session.execute(
        update(LetterBatch)
        .where(*_is(batch), LetterBatch.state == BatchState.FAILED)
        .values(state=BatchState.WAITING, error="", done=0)
        .returning(LetterBatch.id)
        .execution_options(synchronize_session=False)
    ).first()
    if done is None:
        raise Conflict(N_("Tệp thư này đang được làm hoặc đã xong."))
    enqueue(session, MAKE_LETTERS, batch.province_code, str(batch.id))


def batches_of(session: Session, of_round: Round, limit: int = 100) -> list[LetterBatch]:
    """Newest first."""
    return list(
        session.scalars(
            select(LetterBatch)
            .where(LetterBatch.province_code == of_round.province_code, LetterBatch.round_id == of_round.id)
            .order_by(LetterBatch.made_at.desc(), LetterBatch.id.desc())
            .limit(limit)
        )
    )


def _managed(session: Session, of_round: Round, staff: Staff) -> Round:
    """The round, locked, within reach: who prints at the same moment waits, and then finds nothing left to print."""
    require(staff, Action.ROUND_MANAGE, Place(of_round.province_code, of_round.agency_code))
    key = (of_round.province_code, of_round.id)
    return session.get_one(Round, key, with_for_update=True, populate_existing=True)


def _managed_batch(session: Session, batch: LetterBatch, staff: Staff) -> tuple[LetterBatch, Round]:
    of_round = session.get(Round, (batch.province_code, batch.round_id))
    if of_round is None:
        raise NotFound
    of_round = _managed(session, of_round, staff)
    key = (batch.province_code, batch.id)
    return session.get_one(LetterBatch, key, with_for_update=True, populate_existing=True), of_round


def _is(batch: LetterBatch) -> tuple[ColumnElement[bool], ...]:
    return (LetterBatch.province_code == batch.province_code, LetterBatch.id == batch.id)


# --- Sending -------------------------------------------------------------------------------------------------------


def record_sent(session: Session, batch: LetterBatch, sent_on: date, *, staff: Staff, now: datetime) -> int:
    """Note for all letters of a file that they were posted or handed over on that day; how many were not noted yet."""
    batch, of_round = _managed_batch(session, batch, staff)
    if batch.state is not BatchState.READY:
        raise Conflict(N_("Tệp thư này chưa làm xong nên chưa thể gửi."))
    if batch.sent_on is not None:
        raise Conflict(
            N_("Tệp này đã được ghi nhận gửi ngày %(day)s. Hãy bỏ ghi nhận đó trước."), day=f"{batch.sent_on:%d/%m/%Y}"
        )
    number = record_attempts(
        session,
        (of_round.province_code, of_round.id),
        [uuid.UUID(ask_id) for ask_id in batch.asks],
        way=Way.LETTER,
        outcome=Outcome.REACHED,
        made_on=sent_on,
        staff=staff,
        now=now,
        batch_id=batch.id,
    )
    batch.sent_on = sent_on
    return number


def take_back_sent(session: Session, batch: LetterBatch, reason: str, *, staff: Staff, now: datetime) -> int:
    """Take that note back for the whole file; the file stays and can be noted as sent again."""
    batch, of_round = _managed_batch(session, batch, staff)
    if batch.sent_on is None:
        raise Conflict(N_("Tệp này chưa được ghi nhận là đã gửi."))
    batch.sent_on = None
    key = (of_round.province_code, of_round.id)
    return take_back_batch(session, key, batch.id, reason=reason, staff=staff, now=now)


# --- Printing ------------------------------------------------------------------------------------------------------


class LetterWorker:
    """The two tasks of the worker: `make` prints one file in steps, `sweep` finds files whose work was lost.

    Every step leaves its part beside the storage. Killed anywhere, the next run goes on behind the last part.
    """

    def __init__(
        self,
        database: Database,
        storage: Storage,
        clock: Clock,
        vault: Vault,
        public_url: str,
        *,
        fonts: Path | None = None,
        chunk: int = CHUNK,
    ) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock
        self._vault = vault
        self._public_url = public_url
        self._fonts = fonts
        self._chunk = chunk

    def make(self, province_code: str, batch_id_text: str) -> None:
        key = (province_code, uuid.UUID(batch_id_text))
        with self._database.read() as session:
            batch = session.get(LetterBatch, key)
            if batch is None or batch.state is not BatchState.WAITING:
                return
            asks = [uuid.UUID(ask_id) for ask_id in batch.asks]
        try:
            with writing_files(self._storage):
                sha256 = self._print(key, asks)
        except (DBAPIError, StorageUnavailable):
            raise  # The job comes again, and goes on where this one stopped.
        except Exception:
            log.exception("A file of letters could not be made", extra={"batch": batch_id_text})
            self._database.run(partial(_settle, key=key, state=BatchState.FAILED, error=FAULT))
            return
        crash_point("letters.before_end")
        self._database.run(partial(_settle, key=key, state=BatchState.READY, sha256=sha256, done=len(asks)))

    def _print(self, key: Key, asks: Sequence[uuid.UUID]) -> str:
        names = []
        for start in range(0, len(asks), self._chunk):
            name = f"letters-{key[1]}-{self._chunk}-{start:05}"
            names.append(name)
            if self._storage.laid_aside(name) is None:
                self._storage.lay_aside(name, self._part(key, asks[start : start + self._chunk], start, len(asks)))
            self._database.run(partial(_tell_done, key=key, done=min(start + self._chunk, len(asks))))
            crash_point("letters.after_part")
        with self._database.read() as session:
            batch = session.get_one(LetterBatch, key)
            sender = sender_of(session, _round_of(session, batch), vault=self._vault, public_url=self._public_url)
            listed = bundle_of(session, sender, asks)
        title = f"{listed.title}, {sender.quarter.vietnamese}"
        return self._storage.put(join_pdfs(self._parts(write_list(listed, self._faces()), names), title=title))

    def _parts(self, first: bytes, names: Sequence[str]) -> Iterator[bytes]:
        yield first
        for name in names:
            part = self._storage.laid_aside(name)
            if part is None:
                raise StorageUnavailable(N_("Phần vừa làm của tệp thư đã bị dọn mất; hệ thống sẽ làm lại."))
            yield part

    def _part(self, key: Key, asks: Sequence[uuid.UUID], start: int, total: int) -> bytes:
        with self._database.read() as session:
            batch = session.get_one(LetterBatch, key)
            sender = sender_of(session, _round_of(session, batch), vault=self._vault, public_url=self._public_url)
            recipients = recipients_of(session, key[0], asks)
        return write_letters(
            [letter_to(each, sender, number, total) for number, each in enumerate(recipients, start=start + 1)],
            self._faces(),
        )

    def _faces(self) -> Faces:
        with one_at_a_time:
            return read_faces(self._fonts)

    def sweep(self) -> None:
        """Ask again for every file that waits although nobody works on it."""
        self._database.run(self._ask_again)

    def _ask_again(self, session: Session) -> None:
        waiting = session.execute(
            select(LetterBatch.province_code, LetterBatch.id)
            .where(LetterBatch.state == BatchState.WAITING)
            .order_by(LetterBatch.made_at)
            .limit(50)
        ).all()
        args = [(province_code, str(batch_id)) for province_code, batch_id in waiting]
        queued = in_queue(session, MAKE_LETTERS, args) if args else set()
        for each in args:
            if each not in queued:
                enqueue(session, MAKE_LETTERS, *each)


def _round_of(session: Session, batch: LetterBatch) -> Round:
    return session.get_one(Round, (batch.province_code, batch.round_id))


def _tell_done(session: Session, key: Key, done: int) -> None:
    _change(session, key, done=done)


def _settle(session: Session, key: Key, state: BatchState, sha256: str | None = None, **values: object) -> None:
    _change(session, key, state=state, file_sha256=sha256, **values)


def _change(session: Session, key: Key, **values: object) -> None:
    """Only while it waits: somebody else may have finished the same work."""
    session.execute(
        update(LetterBatch)
        .where(LetterBatch.province_code == key[0], LetterBatch.id == key[1], LetterBatch.state == BatchState.WAITING)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
