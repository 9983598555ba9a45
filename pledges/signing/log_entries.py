"""What the log says about pledges: in force, replaced, revoked, withdrawn; and whether it is still so.

An entry names a pledge by its id and holds states and hashes, no person. The hash over what was accepted (`content`)
covers the verification code, 131 random bits, so that nobody can try out names against it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select, tuple_
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.secrecy import sha256_hex
from pledges.documents.errors import DocumentDamaged
from pledges.documents.models import Document, DocumentKind
from pledges.documents.storage import Storage
from pledges.signing.models import Origin, Pledge, PledgeState, Signature
from pledges.transparency.books import Fault, Said
from pledges.transparency.models import LogEntry
from pledges.transparency.operations import append, canonical, time_text

Named = tuple[str, str, str]
"""Province, which file of a pledge, and its SHA-256."""

OBJECT_KIND = "pledge"
FOUND = "pledge.found"
RECORDED = "pledge.recorded"

_S = PledgeState
KINDS = {
    _S.APPROVED: "pledge.approved",
    _S.SUPERSEDED: "pledge.superseded",
    _S.REVOKED: "pledge.revoked",
    _S.WITHDRAWN: "pledge.withdrawn",
}
"""States that the log knows, with the kind of entry that leads into each."""

# By name: a column that is added to a table one day must not change the hashes of what was accepted before.
PLEDGE_COLUMNS = [
    "province_code",
    "id",
    "reference",
    "verification_code",
    "draft_id",
    "agency_code",
    "instrument",
    "text_id",
    "pledge_text_id",
    "version",
    "recommended_by",
    "approved_at",
    "amends_id",
    "signed_at",
    "language",
    "subject_types",
    "answers",
    "wording_approved",
    "template_hash",
    "rendered_text",
    "rendered_hash",
    "paper",
    "origin",
    "paper_number",
    "pictures",
    "recorded_by",
    "import_id",
    "institution_id",
    "ask_id",
]
CHANGE_LATER = [
    "state",
    "state_since",
    "revision",
    "entity_id",
    "publish",
    "contact_email",
    "contact_since",
    "document_id",
    "seal_due_at",
    "seal_attempts",
    "seal_error",
]
"""Columns that may rightly change after a pledge was accepted; whatever else changes was not us."""
SIGNATURE_COLUMNS = [
    "province_code",
    "id",
    "pledge_id",
    "kind",
    "version",
    "role",
    "typed_name",
    "masked_address",
    "address_hash",
    "code_id",
    "signed_at",
    "rendered_hash",
    "text_version",
    "notice_hash",
    "consent_processing_at",
    "consent_publication_at",
]


def enter(session: Session, pledge: Pledge, now: datetime, *, issued: str | None = None) -> None:
    """Append the state that this transaction leads the pledge into; `issued`: the sealed file under a countersigned."""
    _append(session, KINDS[pledge.state], pledge, now, {"issued": issued} if issued else {})


def enter_recorded(session: Session, pledge: Pledge, now: datetime) -> None:
    """Append a paper whose sheet is sealed now; it may have been taken back before that."""
    _append(session, RECORDED, pledge, now, {})


def content_hash(pledge: Pledge, signatures: Sequence[Signature], document: Document | None) -> str:
    """SHA-256 over what was signed and accepted: the row, its evidence, and the row of its file."""
    content = {
        "pledge": _as_data(pledge, PLEDGE_COLUMNS),
        "signatures": [_as_data(each, SIGNATURE_COLUMNS) for each in sorted(signatures, key=lambda one: one.id)],
        "document": _document_data(document),
    }
    return sha256_hex(canonical(content).encode())


def _signatures(session: Session, pledges: Sequence[Pledge]) -> dict[uuid.UUID, list[Signature]]:
    found: dict[uuid.UUID, list[Signature]] = {pledge.id: [] for pledge in pledges}
    for each in session.scalars(select(Signature).where(Signature.pledge_id.in_(found))):
        found[each.pledge_id].append(each)
    return found


def _append(session: Session, kind: str, pledge: Pledge, now: datetime, files: dict[str, Any]) -> None:
    document = _document(session, pledge)
    if document is not None:
        files[_name_of(document)] = document.sha256
    data = {"province": pledge.province_code, "state": pledge.state.value, "version": pledge.version, **files}
    if kind in (KINDS[_S.APPROVED], RECORDED, FOUND) and pledge.approved_at is not None:
        data["content"] = content_hash(pledge, _signatures(session, [pledge])[pledge.id], document)
    append(session, kind, OBJECT_KIND, pledge.id, data, now)


def _name_of(document: Document) -> str:
    return "countersigned" if document.kind is DocumentKind.COUNTERSIGNED else "issued"


def _document(session: Session, pledge: Pledge) -> Document | None:
    if pledge.document_id is None:
        return None
    return session.get(Document, (pledge.province_code, pledge.document_id))


def _document_data(document: Document | None) -> dict[str, Any]:
    if document is None:
        return {}
    proofs = {name: sha256_hex(getattr(document, name)) for name in ("signer_certificate", "revocation_evidence")}
    return proofs | {"sha256": document.sha256, "size": document.size, "trial": document.trial, "kind": document.kind}


def _as_data(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return time_text(value)
    return str(value) if isinstance(value, date | uuid.UUID) else value


class PledgeBook:
    """How entries about pledges are checked, and how those are entered that are older than the log."""

    object_kind = OBJECT_KIND

    def enter_former(self, session: Session, after: str, count: int, now: datetime) -> str:
        statement = select(Pledge).where(_lacks_entry()).order_by(Pledge.province_code, Pledge.id).limit(count)
        if after:
            province_code, _, pledge_id = after.partition("/")
            place = tuple_(Pledge.province_code, Pledge.id)
            statement = statement.where(place > (province_code, uuid.UUID(pledge_id)))
        # Held, so that nobody revokes one between this look and its entry.
        pledges = session.scalars(statement.with_for_update(of=Pledge)).all()
        for pledge in pledges:
            countersigned = pledge.origin is not Origin.PAPER_RECORD and pledge.approved_at is not None
            issued = self._sealed_file(session, pledge) if countersigned else None
            _append(session, FOUND, pledge, now, {"issued": issued} if issued else {})
        return f"{pledges[-1].province_code}/{pledges[-1].id}" if len(pledges) == count else ""

    def _sealed_file(self, session: Session, pledge: Pledge) -> str | None:
        fact = session.scalar(
            select(Fact)
            .where(
                Fact.province_code == pledge.province_code, Fact.object_id == pledge.id, Fact.kind == "pledge.sealed"
            )
            .order_by(Fact.recorded_at.desc(), Fact.id.desc())
            .limit(1)
        )
        return str(fact.data["sha256"]) if fact is not None else None

    def check(self, session: Session, said: Sequence[Said], storage: Storage | None) -> Iterator[Fault]:
        ids = {each.object_id for each in said}
        pledges = {each.id: each for each in session.scalars(select(Pledge).where(Pledge.id.in_(ids)))}
        signatures = _signatures(session, list(pledges.values()))
        documents = _documents(session, said, list(pledges.values()))
        kept = {(each.province_code, _name_of(each), each.sha256): each for each in documents}
        by_id = {(each.province_code, each.id): each for each in documents}
        entries = select(LogEntry.object_id, LogEntry.index).where(LogEntry.object_id.in_(ids))
        newest = {each[0]: each[1] for each in session.execute(entries.order_by(LogEntry.index))}
        for each in said:
            pledge = pledges.get(each.object_id)
            if pledge is None or pledge.province_code != each.data["province"]:
                yield Fault(each.index, f"the pledge {each.object_id} is not there")
                continue
            if newest[pledge.id] == each.index and pledge.state.value != each.data["state"]:
                yield Fault(each.index, f"the pledge {pledge.id} is {pledge.state}, not {each.data['state']}")
            if "content" in each.data:
                document = by_id.get((pledge.province_code, pledge.document_id)) if pledge.document_id else None
                if content_hash(pledge, signatures[pledge.id], document) != each.data["content"]:
                    yield Fault(each.index, f"the pledge {pledge.id} is not what was accepted")
            yield from _check_files(each, kept, storage)

    def missing(self, session: Session) -> Iterator[Fault]:
        for pledge_id, state in session.execute(select(Pledge.id, Pledge.state).where(_lacks_entry()).limit(100)):
            yield Fault(None, f"the pledge {pledge_id} is {state.value}, and the log does not say so")


def _lacks_entry() -> Any:
    """In a state that the log knows, and without any entry; a paper waits for its sheet first."""
    waits = (Pledge.origin == Origin.PAPER_RECORD) & Pledge.document_id.is_(None) & (Pledge.state == _S.APPROVED)
    return Pledge.state.in_(KINDS) & ~waits & ~exists().where(LogEntry.object_id == Pledge.id)


def _documents(session: Session, said: Sequence[Said], pledges: Sequence[Pledge]) -> list[Document]:
    """Those that the entries name by their hash, and those that the pledges name now."""
    named = {each.data[name] for each in said for name in ("issued", "countersigned") if each.data.get(name)}
    ids = {pledge.document_id for pledge in pledges if pledge.document_id is not None}
    return list(session.scalars(select(Document).where(Document.sha256.in_(named) | Document.id.in_(ids))))


def _check_files(said: Said, kept: Mapping[Named, Document], storage: Storage | None) -> Iterator[Fault]:
    for name in ("issued", "countersigned"):
        sha256 = said.data.get(name)
        if sha256 is None:
            continue
        document = kept.get((said.data["province"], name, sha256))
        if document is None:
            yield Fault(said.index, f"the {name} file {sha256} has no row")
        elif storage is not None and document.erased_at is None:
            try:
                storage.get(sha256)
            except (DocumentDamaged, OSError):
                yield Fault(said.index, f"the {name} file {sha256} is lost or damaged")
