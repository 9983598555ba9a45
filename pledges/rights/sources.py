"""Where everything that the product holds about one signer stands: every table is here, or says why not.

A guard (tests/unit/rights/test_copying.py) holds both lists against all tables: a new one fails it until it stands in
one of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.documents.models import Document
from pledges.imports.models import ImportRow
from pledges.institutions.models import InstitutionMember
from pledges.messaging.models import Message
from pledges.registry.models import Channel, Contact, Entity, EntityType, Obligation, Sighting
from pledges.registry.restriction_models import Restriction
from pledges.registry.upkeep_models import BoundSeller, FormerName, ObligationDecision, UnreadValue
from pledges.review.models import Decision, Revocation, RevocationState
from pledges.review.violation_models import Violation
from pledges.rights.contents import own_drafts
from pledges.rights.models import DataRequest
from pledges.rights.subjects import Subject
from pledges.rounds.list_models import SnapshotRow
from pledges.rounds.models import Ask, AskedObligation, Attempt
from pledges.signing.address_models import AddressChange, ChangeState
from pledges.signing.dispute_models import Dispute, DisputeQuestion, Side
from pledges.signing.models import (
    ConsentWithdrawal,
    EarlierVersion,
    PledgeChannel,
    PledgeCover,
    Signature,
)

Source = Callable[[Session, Subject], Sequence[Any]]


def _all(session: Session, model: Any, subject: Subject, which: ColumnElement[bool]) -> Sequence[Any]:
    found = select(model).where(model.province_code == subject.province_code, which)
    return session.scalars(found.order_by(*model.__mapper__.primary_key)).all()


def _of_entity(model: Any) -> Source:
    return lambda session, subject: _all(session, model, subject, model.entity_id.in_(subject.entity_ids))


def _of_pledge(model: Any) -> Source:
    return lambda session, subject: _all(session, model, subject, model.pledge_id.in_(subject.pledge_ids))


def _entities(session: Session, subject: Subject) -> Sequence[Any]:
    return _all(session, Entity, subject, Entity.id.in_(subject.entity_ids))


def _revoked(session: Session, subject: Subject) -> Sequence[Any]:
    """What one officer has asked and another not granted, or not yet, is the agency's own matter."""
    which = Revocation.pledge_id.in_(subject.pledge_ids) & (Revocation.state == RevocationState.REVOKED)
    return _all(session, Revocation, subject, which)


def _documents(session: Session, subject: Subject) -> Sequence[Any]:
    earlier = select(EarlierVersion.document_id).where(
        EarlierVersion.province_code == subject.province_code, EarlierVersion.pledge_id.in_(subject.pledge_ids)
    )
    own = [pledge.document_id for pledge in subject.pledges if pledge.document_id is not None]
    return _all(session, Document, subject, Document.id.in_(own) | Document.id.in_(earlier))


def _messages(session: Session, subject: Subject) -> Sequence[Any]:
    return session.scalars(
        select(Message)
        .where(Message.province_code.in_((subject.province_code, "00")), Message.to_address.in_(subject.addresses))
        .order_by(Message.created_at, Message.id)
    ).all()


def _asked(session: Session, subject: Subject) -> Sequence[Any]:
    return _all(session, AskedObligation, subject, AskedObligation.ask_id.in_(_ask_ids(session, subject)))


def _attempts(session: Session, subject: Subject) -> Sequence[Any]:
    return _all(session, Attempt, subject, Attempt.ask_id.in_(_ask_ids(session, subject)))


def _ask_ids(session: Session, subject: Subject) -> list[uuid.UUID]:
    return [ask.id for ask in _of_entity(Ask)(session, subject)]


def _obligation_decisions(session: Session, subject: Subject) -> Sequence[Any]:
    owed = [one.id for one in _of_entity(Obligation)(session, subject)]
    return _all(session, ObligationDecision, subject, ObligationDecision.obligation_id.in_(owed))


def _members(session: Session, subject: Subject) -> Sequence[Any]:
    which = InstitutionMember.pledge_id.in_(subject.pledge_ids) | InstitutionMember.entity_id.in_(subject.entity_ids)
    return _all(session, InstitutionMember, subject, which)


def _address_changes(session: Session, subject: Subject) -> Sequence[Any]:
    """Those that came true; the others may have been asked for by strangers."""
    which = AddressChange.pledge_id.in_(subject.pledge_ids) & (AddressChange.state == ChangeState.DONE)
    return _all(session, AddressChange, subject, which)


def _dispute_questions(session: Session, subject: Subject) -> Sequence[Any]:
    """What this side was asked for and has sent, never what the other one has."""
    claims = select(Dispute.id).where(Dispute.claim_id.in_(subject.entity_ids))
    owns = select(Dispute.id).where(Dispute.owner_id.in_(subject.entity_ids))
    which = or_(
        DisputeQuestion.dispute_id.in_(claims) & (DisputeQuestion.side == Side.CLAIM),
        DisputeQuestion.dispute_id.in_(owns) & (DisputeQuestion.side == Side.OWNER),
    )
    return _all(session, DisputeQuestion, subject, which)


def _facts(session: Session, subject: Subject) -> Sequence[Any]:
    """About the subject, the pledges, the contacts, channels, obligations and requests."""
    about: set[uuid.UUID] = {*subject.entity_ids, *subject.pledge_ids, *(one.id for one in subject.contacts)}
    for model in (Channel, Obligation, DataRequest, Ask):
        about |= {one.id for one in _of_entity(model)(session, subject)}
    about |= {one.id for one in _of_pledge(ConsentWithdrawal)(session, subject)}
    return session.scalars(
        select(Fact)
        .where(Fact.province_code == subject.province_code, Fact.object_id.in_(about))
        .order_by(Fact.recorded_at, Fact.id)
    ).all()


def _pledges(session: Session, subject: Subject) -> Sequence[Any]:
    return subject.pledges


SOURCES: dict[str, Source] = {
    "entity": _entities,
    "entity_type": _of_entity(EntityType),
    "former_name": _of_entity(FormerName),
    "contact": _of_entity(Contact),
    "channel": _of_entity(Channel),
    "sighting": _of_entity(Sighting),
    "unread_value": _of_entity(UnreadValue),
    "bound_seller": _of_entity(BoundSeller),
    "import_row": _of_entity(ImportRow),
    "institution_member": _members,
    "obligation": _of_entity(Obligation),
    "obligation_decision": _obligation_decisions,
    "draft": own_drafts,
    "pledge": _pledges,
    "earlier_version": _of_pledge(EarlierVersion),
    "pledge_cover": _of_pledge(PledgeCover),
    "pledge_channel": _of_pledge(PledgeChannel),
    "signature": _of_pledge(Signature),
    "consent_withdrawal": _of_pledge(ConsentWithdrawal),
    "document": _documents,
    "decision": _of_pledge(Decision),
    "revocation": _revoked,
    "violation": _of_entity(Violation),
    "ask": _of_entity(Ask),
    "asked_obligation": _asked,
    "attempt": _attempts,
    "snapshot_row": _of_entity(SnapshotRow),
    "message": _messages,
    "data_request": _of_entity(DataRequest),
    "address_change": _address_changes,
    "dispute_question": _dispute_questions,
    "restriction": _of_entity(Restriction),
    "fact": _facts,
}

_PLANS = "What plans, agencies and provinces say to everybody: no personal data of signers."
_STAFF = "About members of staff, not about signers."
_FIGURES = "Numbers of many subjects together."
_WORK = "How the work is done inside the product: no data about people."
_SECRET = "Hashes of codes and links, worthless to their subject; they run out by themselves."  # noqa: S105
_AGENCY = "Inner work of an agency about files that are in the copy themselves."

NOT_IN_COPY: dict[str, str] = {
    **dict.fromkeys(
        (
            "agency",
            "clause",
            "commune",
            "entry_subject_type",
            "former_commune",
            "hotline",
            "obligation_entry",
            "plan",
            "pledge_text",
            "province",
            "province_decision",
            "reporting_duty",
            "reporting_unit",
            "setting_change",
            "text_approval",
            "text_proposal",
            "agency_document",
        ),
        _PLANS,
    ),
    **dict.fromkeys(
        (
            "agency_key",
            "delegation",
            "staff",
            "staff_factor",
            "staff_link",
            "staff_recovery_code",
            "staff_session",
            "staff_step",
        ),
        _STAFF,
    ),
    **dict.fromkeys(
        (
            "checkpoint",
            "counter",
            "counter_sum",
            "obligation_move",
            "open_counter",
            "open_sum",
            "report",
            "snapshot",
            "subject_count",
        ),
        _FIGURES,
    ),
    **dict.fromkeys(
        (
            "bounce_seen",
            "mail_turn",
            "data_key_mark",
            "paused_batch",
            "refusal_count",
            "registration_turn",
            "round",
            "schedule_mark",
            "throttle_count",
            "work_proof",
        ),
        _WORK,
    ),
    **dict.fromkeys(
        ("fact_gap", "log_checkpoint", "log_entry", "log_head", "log_mark", "log_node"),
        "Public by itself: states and hashes, of nobody by name.",
    ),
    **dict.fromkeys(("access_link", "confirmation_code"), _SECRET),
    **dict.fromkeys(
        (
            "batch",
            "batch_item",
            "duplicate_pair",
            "entity_merge",
            "import",
            "left_out",
            "letter_batch",
            "list_export",
            "scope_proposal",
            "source_columns",
        ),
        _AGENCY,
    ),
    "dispute": "About two subjects: the copy of one would tell of the other.",
    "institution": "About the institution and its focal person; who signed through it is in `institution_member`.",
    "search_document": "Words out of `entity`, `former_name`, `contact` and `channel`, which are in the copy.",
    "tip": "What somebody else has reported: the copy would tell who it was.",
}
"""Tables that are not in the copy, each with the reason."""

LEFT_OUT: dict[str, str] = {
    "note": "Internal to the agency.",
    "evidence": "Internal to the agency.",
    "recorded_by": _STAFF,
    "recommended_by": _STAFF,
    "staff_id": _STAFF,
    "staff_name": _STAFF,
    "asked_by": _STAFF,
    "assisted_by": _STAFF,
    "decided_by": _STAFF,
    "ended_by": _STAFF,
    "handled_by": _STAFF,
    "revoked_by": _STAFF,
    "actor_id": _STAFF,
    "tip_id": "It would tell that, and by whom, something was reported.",
    "picture_sha256": "Evidence of the agency, perhaps made by somebody else.",
    "resume_code_hash": _SECRET,
    "address_hash": _SECRET,
    "personal_number_hash": _SECRET,
    "token_sha256": _SECRET,
    "short_code": _SECRET,
    "secret_params": _SECRET,
    "salt": "It would let anybody try out names against a frozen list.",
    "signer_certificate": "In the PDF itself.",
    "revocation_evidence": "In the PDF itself.",
    "leased_until": _WORK,
    "seal_error": _WORK,
    "last_error": _WORK,
}
"""Columns that are left out of every table, each with the reason."""
