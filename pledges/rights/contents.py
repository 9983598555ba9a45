"""Emptying rows that have to stay: their contents go, and what remains says nothing about anybody.

Each function returns the SHA-256 of the files that the rows named. Taking them out of the storage is the caller's
matter once the transaction is through (`files.forget_files`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.documents.models import Document
from pledges.documents.paper import PledgePaper
from pledges.imports.models import ImportRow
from pledges.messaging.models import Message, MessageState
from pledges.rights.subjects import Subject
from pledges.signing.address_changes import OLD_MAILBOX, open_changes
from pledges.signing.address_models import AddressChange, ChangeState
from pledges.signing.dispute_models import Dispute, DisputeQuestion, Side
from pledges.signing.dispute_rules import OPEN as OPEN_DISPUTES
from pledges.signing.links import revoke_links
from pledges.signing.models import (
    AccessLink,
    ConfirmationCode,
    Draft,
    EarlierVersion,
    Pledge,
    PledgeChannel,
    Signature,
)

ENDED_MESSAGES = (MessageState.ACCEPTED, MessageState.UNCERTAIN, MessageState.FAILED)

ENDED_CHANGES = (ChangeState.DONE, ChangeState.REFUSED, ChangeState.STOPPED)

KEPT_PARAMS = ("reference", "references")
"""What a message is about, for the page of a pledge; it names nobody."""


# --- Drafts --------------------------------------------------------------------------------------------------------


def own_drafts(session: Session, subject: Subject) -> Sequence[Draft]:
    """What was begun with an address that has signed for this subject, and corrections of its pledges."""
    addresses = {address.casefold() for address in subject.signing_addresses}
    return session.scalars(
        select(Draft)
        .where(
            func.lower(Draft.email).in_(addresses)
            | ((Draft.pledge_province == subject.province_code) & Draft.pledge_id.in_(subject.pledge_ids))
        )
        .order_by(Draft.id)
    ).all()


def empty_draft(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> Sequence[str]:
    forget_drafts(session, [draft.id for draft in rows])
    return ()


def forget_drafts(session: Session, ids: Sequence[uuid.UUID]) -> None:
    """With their links and codes; a code that stands in a signature is evidence and stays, without an address."""
    evidence = select(Signature.code_id)
    session.execute(delete(AccessLink).where(AccessLink.subject_id.in_(ids)))
    session.execute(
        delete(ConfirmationCode).where(ConfirmationCode.subject_id.in_(ids), ConfirmationCode.id.not_in(evidence))
    )
    session.execute(delete(Draft).where(Draft.id.in_(ids)))


# --- Pledges -------------------------------------------------------------------------------------------------------


def empty_pledge(session: Session, pledge: Pledge, name: str, now: datetime) -> list[str]:
    """What was never accepted keeps its number, state, group and hashes; `name` stands where the name stood."""
    files = list(pledge.pictures)
    for earlier in _earlier(session, pledge):
        files += _forget_document(session, earlier.province_code, earlier.document_id, now)
        earlier.answers = _empty_answers(earlier.answers, name, now)
        earlier.paper = _empty_paper(earlier.paper, name)
        earlier.rendered_text = ""
    files += _forget_document(session, pledge.province_code, pledge.document_id, now)
    pledge.answers = _empty_answers(pledge.answers, name, now)
    pledge.paper = _empty_paper(pledge.paper, name)
    pledge.rendered_text = pledge.contact_email = pledge.paper_number = ""
    pledge.pictures = []
    pledge.publish = False
    for signature in _signatures(session, pledge):
        signature.typed_name, signature.masked_address, signature.address_hash = name, "", ""
        signature.network = None
    session.execute(
        delete(PledgeChannel).where(
            PledgeChannel.province_code == pledge.province_code, PledgeChannel.pledge_id == pledge.id
        )
    )
    return files


def _earlier(session: Session, pledge: Pledge) -> Iterable[EarlierVersion]:
    return session.scalars(
        select(EarlierVersion).where(
            EarlierVersion.province_code == pledge.province_code, EarlierVersion.pledge_id == pledge.id
        )
    )


def _signatures(session: Session, pledge: Pledge) -> Iterable[Signature]:
    return session.scalars(
        select(Signature).where(Signature.province_code == pledge.province_code, Signature.pledge_id == pledge.id)
    )


def _forget_document(
    session: Session, province_code: str, document_id: uuid.UUID | None, now: datetime
) -> tuple[str, ...]:
    """The row stays, so that whoever holds the file can still have it checked against its hash."""
    document = session.get(Document, (province_code, document_id)) if document_id is not None else None
    if document is None:
        return ()
    document.erased_at = now
    return (document.sha256,)


def _empty_answers(answers: dict[str, Any], name: str, now: datetime) -> dict[str, Any]:
    """The same shape with nothing in it: pages that show a file need no case of their own."""
    empty: dict[type, Any] = {str: "", list: [], dict: {}}
    kept = {key: empty.get(type(value), value) for key, value in answers.items()}
    kept |= {key: answers[key] for key in ("kind", "location") if key in answers}
    return kept | {"name": name, "signer_name": name, "erased_on": local_day(now).isoformat()}


def _empty_paper(paper: dict[str, Any], name: str) -> dict[str, Any]:
    """What it was called. Names stand in the other paragraphs as well, wherever a wording puts them."""
    held = PledgePaper.from_json(paper)
    return replace(
        held,
        blocks=tuple(block for block in held.blocks if block.kind in ("title", "subtitle")),
        signature_lines=(),
        signer_name=name,
        pictures=(),
    ).to_json()


# --- Messages ------------------------------------------------------------------------------------------------------


def ended_messages(session: Session, subject: Subject) -> Sequence[Message]:
    return session.scalars(
        select(Message).where(
            Message.province_code == subject.province_code,
            Message.to_address.in_(subject.addresses),
            Message.state.in_(ENDED_MESSAGES),
        )
    ).all()


def empty_messages(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> Sequence[str]:
    for message in rows:
        message.to_address = message.bounce_reason = message.last_error = ""
        empty_message(message)
    return ()


def empty_message(message: Message) -> None:
    """That it was sent, when and with what end stays."""
    message.params = {name: message.params[name] for name in KEPT_PARAMS if name in message.params} | {"emptied": "yes"}
    message.secret_params = message.attachment_sha256 = message.attachment_name = None


# --- Other mailboxes -----------------------------------------------------------------------------------------------


def ended_address_changes(session: Session, subject: Subject) -> Sequence[AddressChange]:
    """Those that still say something, and about which nobody has to decide any more."""
    return session.scalars(
        select(AddressChange).where(
            AddressChange.province_code == subject.province_code,
            AddressChange.pledge_id.in_(subject.pledge_ids),
            AddressChange.state.in_(ENDED_CHANGES),
            AddressChange.new_email != "",
        )
    ).all()


def empty_address_changes(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> list[str]:
    return [file for change in rows for file in empty_address_change(change)]


def empty_address_change(change: AddressChange) -> list[str]:
    """That the file was moved, and who decided it, stays; it cannot be moved back any more."""
    files = papers_named(change.evidence)
    change.name = change.phone = change.reason = change.new_email = change.old_email = ""
    change.evidence = []
    return files


def close_address_changes(session: Session, pledges: Iterable[Pledge], now: datetime) -> list[AddressChange]:
    """A file that is emptied goes to no mailbox any more."""
    open_ones = [change for pledge in pledges for change in open_changes(session, pledge)]
    for change in open_ones:
        change.state, change.decided_at, change.revision = ChangeState.REFUSED, now, change.revision + 1
        revoke_links(session, OLD_MAILBOX, change.id, now)
    return open_ones


def papers_named(papers: Iterable[str]) -> list[str]:
    """`picture:<SHA-256>` and `pdf:<SHA-256>` as the names of files."""
    return [paper.partition(":")[2] for paper in papers]


# --- Disputes --------------------------------------------------------------------------------------------------------


def sent_for_disputes(session: Session, subject: Subject) -> Sequence[DisputeQuestion]:
    """What this side has said and sent, as long as anything of it is held."""
    ids = subject.entity_ids
    disputes = select(Dispute.id).where(Dispute.province_code == subject.province_code)
    rows = session.scalars(
        select(DisputeQuestion)
        .where(
            DisputeQuestion.province_code == subject.province_code,
            (DisputeQuestion.dispute_id.in_(disputes.where(Dispute.claim_id.in_(ids))))
            & (DisputeQuestion.side == Side.CLAIM)
            | (DisputeQuestion.dispute_id.in_(disputes.where(Dispute.owner_id.in_(ids))))
            & (DisputeQuestion.side == Side.OWNER),
        )
        .order_by(DisputeQuestion.id)
    )
    return [row for row in rows if row.answer or row.papers]


def empty_sent_papers(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> list[str]:
    files = [file for question in rows for file in papers_named(question.papers)]
    for question in rows:
        question.answer, question.papers = "", []
    return files


def in_dispute(session: Session, subject: Subject) -> bool:
    """Whether somebody has still to decide whose something is."""
    ids = subject.entity_ids
    waiting = select(Dispute.id).where(
        Dispute.province_code == subject.province_code,
        Dispute.claim_id.in_(ids) | Dispute.owner_id.in_(ids),
        Dispute.state.in_(OPEN_DISPUTES),
    )
    return session.scalar(waiting.limit(1)) is not None


def forget_standing_before(session: Session, subject: Subject) -> None:
    """How the register stood before a decision, with numbers: from now on the decision cannot be taken back."""
    ids = subject.entity_ids
    for dispute in session.scalars(
        select(Dispute).where(
            Dispute.province_code == subject.province_code, Dispute.claim_id.in_(ids) | Dispute.owner_id.in_(ids)
        )
    ):
        dispute.before = {}


# --- Lists that were brought in -------------------------------------------------------------------------------------


def empty_rows(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> Sequence[str]:
    for row in rows:
        empty_row(row)
    return ()


def empty_row(row: ImportRow) -> None:
    """What the list added to the register can still be taken back: for that only ids are needed."""
    added = row.parsed.get("added")
    row.parsed = {"added": added} if added else {}
    row.cells, row.reasons = [], []
