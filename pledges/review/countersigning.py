"""The job that puts the agency's signature under an approved pledge and brings it into force, once, whatever dies."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, WHOLE_SYSTEM, record
from pledges.core.calendar import Clock, local_day
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.core.secrecy import Vault
from pledges.documents.agency_keys import AgencyKeys
from pledges.documents.countersigning import countersign
from pledges.documents.models import Document, DocumentKind
from pledges.documents.operations import store_document
from pledges.documents.pending import drop_pending_seal, keep_pending_seal, pending_seal
from pledges.documents.queries import get_document
from pledges.documents.sealing import SealedPdf, Sealer
from pledges.documents.stamp import Stamp
from pledges.documents.storage import Storage
from pledges.documents.writing import writing_files
from pledges.jobs.operations import enqueue
from pledges.messaging.operations import Attachment, queue_message
from pledges.plans.decisions import OWN_KEY, SIGNATURE_METHODS
from pledges.plans.models import Agency
from pledges.plans.queries import get_agency
from pledges.review.letters import tell_of_decision
from pledges.review.models import Decision, DecisionKind
from pledges.review.operations import COUNTERSIGN_TASK, last_decision
from pledges.review.waiting import count_countersigning, pledges_due_for_countersigning
from pledges.signing.log_entries import enter
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.queries import get_pledge
from pledges.signing.sealing import pause_after
from pledges.signing.states import StateChanged, change_state
from pledges.transparency.queries import latest_checkpoint

log = structlog.get_logger()


class Countersigner:
    """Everything that countersigning needs; `countersign` and `sweep` are the two tasks of the worker."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        agency_keys: AgencyKeys,
        sealer: Sealer,
        clock: Clock,
        vault: Vault,
        *,
        administrator_email: str,
        public_url: str,
    ) -> None:
        self._database = database
        self._storage = storage
        self._agency_keys = agency_keys
        self._sealer = sealer
        self._clock = clock
        self._vault = vault
        self._administrator_email = administrator_email
        self._public_url = public_url

    def countersign(self, province_code: str, pledge_id_text: str) -> None:
        """Sign the sealed file, store it, and bring the pledge into force; run again it changes nothing.

        As with the seal, the signed bytes are first kept under the pledge's id and version: two runs, or a run after
        a crash, never make two different final files.
        """
        with self._database.read() as session:
            pledge = get_pledge(session, province_code, uuid.UUID(pledge_id_text))
            decision = last_decision(session, (province_code, pledge.id), DecisionKind.APPROVED) if pledge else None
            if pledge is None or decision is None:
                return
            agency = get_agency(session, province_code, pledge.agency_code)
            document_id = pledge.document_id
            sealed = get_document(session, province_code, document_id) if document_id is not None else None
        if pledge.state is not PledgeState.COUNTERSIGNING or sealed is None:
            self._drop_kept(decision)
            return
        try:
            signed = self._kept_signature(agency, decision, sealed)
            if not self._still_waits(pledge):
                # Another run was faster and has cleared its kept file away, so that ours looked like the first.
                self._drop_kept(decision)
                return
            with writing_files(self._storage):
                self._storage.put(signed.data)
            crash_point("countersign.after_store")
        except DomainError as refusal:
            reason = str(refusal)
            self._database.run(lambda session: self._note_failure(session, pledge, agency, reason))
            return
        try:
            self._database.run(
                lambda session: self._bring_into_force(session, pledge, agency, decision, sealed, signed)
            )
        except StateChanged:
            log.info("countersigning overtaken", pledge=str(pledge.id))
        crash_point("countersign.after_commit")
        self._drop_kept(decision)

    def _still_waits(self, pledge: Pledge) -> bool:
        with self._database.read() as session:
            now = get_pledge(session, pledge.province_code, pledge.id)
        return now is not None and now.state is PledgeState.COUNTERSIGNING

    def _drop_kept(self, decision: Decision) -> None:
        for method in SIGNATURE_METHODS:
            drop_pending_seal(self._storage, _kept_name(decision, method))

    def _kept_signature(self, agency: Agency, decision: Decision, sealed: Document) -> SealedPdf:
        """The one countersigned file of this decision, made now or by an earlier run.

        By the agency's method of today: an administrator can let files go on whose agency's key does not come back.
        """
        kept = _kept_name(decision, agency.signature_method)
        signed = pending_seal(self._storage, kept)
        if signed is None:
            now = self._clock()
            if agency.signature_method == OWN_KEY:
                seal = self._agency_keys.signer(agency.province_code, agency.code, agency.name, now)
            else:
                seal = self._sealer.check(now)
            stamp = Stamp(
                agency_name=agency.name,
                approver_name=decision.staff_name,
                approver_title=decision.signing_title,
                approved_at=decision.decided_at,
                method=agency.signature_method,
                **self._checkpoint(),
            )
            fresh = countersign(self._storage.get(sealed.sha256), seal, stamp, now)
            crash_point("countersign.after_sign")
            with writing_files(self._storage):
                signed = keep_pending_seal(self._storage, kept, fresh)
        crash_point("countersign.after_keep")
        return signed

    def _checkpoint(self) -> dict[str, Any]:
        """The newest of the log, for the stamp: with the paper it goes where nobody can take it back."""
        with self._database.read() as session:
            found = latest_checkpoint(session)
        return {"log_size": found.size, "log_root": found.root.hex()} if found is not None else {}

    def _bring_into_force(
        self,
        session: Session,
        pledge: Pledge,
        agency: Agency,
        decision: Decision,
        sealed: Document,
        signed: SealedPdf,
    ) -> None:
        """One transaction: the pledge in force, the one it replaces out of force, counters, facts, the mail."""
        now = self._clock()
        document = store_document(session, self._storage, signed, DocumentKind.COUNTERSIGNED, pledge.province_code, now)
        session.flush()
        replaced = self._supersede(session, pledge)
        changed = change_state(
            session,
            pledge.province_code,
            pledge.id,
            PledgeState.APPROVED,
            now=now,
            where=(Pledge.document_id == sealed.id,),
            document_id=document.id,
            approved_at=decision.decided_at,
            seal_error="",
        )
        enter(session, changed.pledge, now, issued=sealed.sha256)
        record(
            session,
            "pledge.approved",
            province_code=pledge.province_code,
            object_id=pledge.id,
            actor=SYSTEM,
            now=now,
            data={
                "decision": str(decision.id),
                "sha256": signed.sha256,
                "method": agency.signature_method,
                "trial": signed.trial,
                **({"counts": changed.counts} if changed.counts else {}),
            },
        )
        tell_of_decision(
            session,
            changed.pledge,
            "pledge_approved",
            cause=str(decision.id),
            now=now,
            vault=self._vault,
            public_url=self._public_url,
            attachment=Attachment(signed.sha256, f"{pledge.reference}.pdf"),
            approved_at=decision.decided_at,
            verify_link=f"{self._public_url}/xac-minh/{pledge.verification_code}",
            **({"replaces": replaced.reference} if replaced is not None else {}),
        )
        crash_point("countersign.before_commit")

    def _supersede(self, session: Session, pledge: Pledge) -> Pledge | None:
        """Take the amended pledge out of force, if it still is; in this transaction, so that never both are or none."""
        old = get_pledge(session, pledge.province_code, pledge.amends_id) if pledge.amends_id is not None else None
        if old is None or old.state is not PledgeState.APPROVED:
            return None
        now = self._clock()
        changed = change_state(session, old.province_code, old.id, PledgeState.SUPERSEDED, now=now)
        enter(session, changed.pledge, now)
        record(
            session,
            "pledge.superseded",
            province_code=old.province_code,
            object_id=old.id,
            actor=SYSTEM,
            now=now,
            data={"by": str(pledge.id), **({"counts": changed.counts} if changed.counts else {})},
        )
        return changed.pledge

    def _note_failure(self, session: Session, pledge: Pledge, agency: Agency, reason: str) -> None:
        """The pledge goes on waiting for its signature; the administrator is told once a day and agency."""
        now = self._clock()
        waiting = session.get(Pledge, (pledge.province_code, pledge.id), with_for_update=True, populate_existing=True)
        if waiting is None or waiting.state is not PledgeState.COUNTERSIGNING:
            return
        new_reason = waiting.seal_error != reason
        waiting.seal_due_at = now + pause_after(waiting.seal_attempts)
        waiting.seal_attempts += 1
        waiting.seal_error = reason
        if new_reason:
            record(
                session,
                "pledge.countersign_failed",
                province_code=pledge.province_code,
                object_id=pledge.id,
                actor=SYSTEM,
                now=now,
                data={"attempt": waiting.seal_attempts},
            )
        queue_message(
            session,
            province_code=WHOLE_SYSTEM,
            kind="countersign_waiting",
            to_address=self._administrator_email,
            dedupe_key=f"countersign_waiting:{agency.province_code}-{agency.code}:{local_day(now).isoformat()}",
            params={
                "agency_name": agency.name,
                "count": count_countersigning(session, agency.province_code, agency.code),
                "reason": reason,
                "since": waiting.state_since,
            },
            language="vi",
            now=now,
            vault=self._vault,
        )
        log.warning("countersigning unavailable", pledge=str(pledge.id), attempts=waiting.seal_attempts)

    def sweep(self) -> None:
        """Ask again for every signature that is overdue: this finds pledges whose job was lost or refused."""
        self._database.run(self._ask_again)

    def _ask_again(self, session: Session) -> None:
        now = self._clock()
        for pledge in pledges_due_for_countersigning(session, now):
            pledge.seal_due_at = now + pause_after(pledge.seal_attempts)
            enqueue(session, COUNTERSIGN_TASK, pledge.province_code, str(pledge.id))


def _kept_name(decision: Decision, method: str) -> str:
    return f"{decision.pledge_id}-{decision.version}-{decision.id}-{method.replace('_', '-')}"
