"""The job that turns a signed pledge into its sealed PDF, once, whatever dies in between."""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, WHOLE_SYSTEM, record
from pledges.core.calendar import Clock, local_day
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.core.secrecy import Vault
from pledges.documents.models import DocumentKind
from pledges.documents.operations import seal_paper, store_document
from pledges.documents.paper import PledgePaper
from pledges.documents.pending import drop_pending_seal, keep_pending_seal, pending_seal
from pledges.documents.sealing import SealedPdf, Sealer
from pledges.documents.storage import Storage
from pledges.documents.writing import writing_files
from pledges.jobs.operations import enqueue
from pledges.messaging.operations import queue_message
from pledges.signing.log_entries import enter_recorded
from pledges.signing.models import Origin, Pledge
from pledges.signing.operations import SEAL_TASK
from pledges.signing.queries import count_waiting_for_seal, get_pledge, pledges_due_for_seal

FIRST_PAUSE = timedelta(seconds=20)

log = structlog.get_logger()


class PledgeSealer:
    """Everything that sealing needs; `seal` and `sweep` are the two tasks of the worker."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        sealer: Sealer,
        clock: Clock,
        vault: Vault,
        administrator_email: str,
    ) -> None:
        self._database = database
        self._storage = storage
        self._sealer = sealer
        self._clock = clock
        self._vault = vault
        self._administrator_email = administrator_email

    def seal(self, province_code: str, pledge_id_text: str) -> None:
        """Render, seal, store, and bind the file to the pledge; run again it changes nothing.

        The sealed bytes are first kept under the pledge's id and version. A second run after a crash finds and uses
        them, so that never two different sealed files of one version come into being.
        """
        pledge_id = uuid.UUID(pledge_id_text)
        with self._database.read() as session:
            pledge = get_pledge(session, province_code, pledge_id)
        if pledge is None:
            return
        kept = _kept_name(pledge)
        if pledge.document_id is not None:
            drop_pending_seal(self._storage, kept)
            return
        try:
            sealed = self._kept_seal(pledge)
            if self._is_bound(pledge):
                # Another run was faster and has cleared its kept seal away, so that ours looked like the first.
                drop_pending_seal(self._storage, kept)
                return
            self._store(sealed)
        except DomainError as refusal:
            reason = str(refusal)
            self._database.run(lambda session: self._note_failure(session, pledge, reason))
            return
        self._database.run(lambda session: self._bind(session, pledge, sealed))
        crash_point("seal.after_commit")
        drop_pending_seal(self._storage, kept)

    def _kept_seal(self, pledge: Pledge) -> SealedPdf:
        """The one seal of this pledge, made now or by an earlier run; a `DomainError` says why it has to wait."""
        with writing_files(self._storage):
            sealed = pending_seal(self._storage, _kept_name(pledge))
            if sealed is None:
                paper = PledgePaper.from_json(pledge.paper)
                pictures = [self._storage.get(sha256) for sha256 in paper.pictures]
                fresh = seal_paper(paper, self._sealer, self._clock(), pictures)
                sealed = keep_pending_seal(self._storage, _kept_name(pledge), fresh)
        crash_point("seal.after_keep")
        return sealed

    def _is_bound(self, pledge: Pledge) -> bool:
        with self._database.read() as session:
            now = get_pledge(session, pledge.province_code, pledge.id)
        return now is None or now.document_id is not None or now.version != pledge.version

    def _store(self, sealed: SealedPdf) -> None:
        with writing_files(self._storage):
            self._storage.put(sealed.data)
        crash_point("seal.after_store")

    def _bind(self, session: Session, pledge: Pledge, sealed: SealedPdf) -> None:
        """Binds nothing once the signer has corrected the pledge: each version is sealed by a job of its own."""
        now, province_code, pledge_id = self._clock(), pledge.province_code, pledge.id
        document = store_document(session, self._storage, sealed, DocumentKind.SEALED, province_code, now)
        session.flush()
        bound = session.execute(
            update(Pledge)
            .where(
                Pledge.province_code == province_code,
                Pledge.id == pledge_id,
                Pledge.version == pledge.version,
                Pledge.document_id.is_(None),
            )
            .values(document_id=document.id, seal_error="")
        )
        if bound.rowcount == 0:  # type: ignore[attr-defined]
            session.rollback()
            return
        record(
            session,
            "pledge.sealed",
            province_code=province_code,
            object_id=pledge_id,
            actor=SYSTEM,
            now=now,
            data={"sha256": sealed.sha256, "trial": sealed.trial},
        )
        if pledge.origin is Origin.PAPER_RECORD:
            enter_recorded(session, session.get_one(Pledge, (province_code, pledge_id), populate_existing=True), now)

    def _note_failure(self, session: Session, pledge: Pledge, reason: str) -> None:
        """The pledge goes on waiting ("chờ niêm phong"); the administrator is told once a day."""
        now = self._clock()
        session.execute(
            update(Pledge)
            .where(Pledge.province_code == pledge.province_code, Pledge.id == pledge.id)
            .values(
                seal_attempts=Pledge.seal_attempts + 1,
                seal_error=reason,
                seal_due_at=now + pause_after(pledge.seal_attempts),
            )
        )
        if pledge.seal_error != reason:
            record(
                session,
                "pledge.seal_failed",
                province_code=pledge.province_code,
                object_id=pledge.id,
                actor=SYSTEM,
                now=now,
                data={"attempt": pledge.seal_attempts + 1},
            )
        queue_message(
            session,
            province_code=WHOLE_SYSTEM,
            kind="seal_waiting",
            to_address=self._administrator_email,
            dedupe_key=f"seal_waiting:{local_day(now).isoformat()}",
            params={"count": count_waiting_for_seal(session), "reason": reason, "since": pledge.signed_at},
            language="vi",
            now=now,
            vault=self._vault,
        )
        log.warning("seal unavailable", pledge=str(pledge.id), attempts=pledge.seal_attempts + 1)

    def sweep(self) -> None:
        """Ask again for every seal that is overdue: this finds pledges whose job was lost or refused."""
        self._database.run(self._ask_again)

    def _ask_again(self, session: Session) -> None:
        now = self._clock()
        for pledge in pledges_due_for_seal(session, now):
            pledge.seal_due_at = now + pause_after(pledge.seal_attempts)
            enqueue(session, SEAL_TASK, pledge.province_code, str(pledge.id))


def _kept_name(pledge: Pledge) -> str:
    return f"{pledge.id}-{pledge.version}"


def pause_after(attempts: int) -> timedelta:
    """20 s, 40 s, … and at most ten minutes between two tries of one seal."""
    return min(FIRST_PAUSE * (1 << min(attempts, 5)), timedelta(minutes=10))
