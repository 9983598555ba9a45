"""From the first page of a draft to a signed, sealed pledge."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column, new_id
from pledges.plans.models import Instrument


class PledgeState(StrEnum):
    SUBMITTED = "submitted"
    RECOMMENDED = "recommended"
    COUNTERSIGNING = "countersigning"
    APPROVED = "approved"
    RETURNED = "returned"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


class SignatureKind(StrEnum):
    OTP_CONFIRM = "otp_confirm"
    PUBLIC_DIGITAL_SIGNATURE = "public_digital_signature"
    SCANNED_PAPER = "scanned_paper"


class DraftPurpose(StrEnum):
    NEW = "new"
    CORRECTION = "correction"
    """Of a returned pledge: only what the agency asked about is open, and the same pledge is signed again."""
    AMENDMENT = "amendment"
    """Of a pledge in force: leads to a new pledge that takes its place once it is approved (`model.md` 3)."""


class Origin(StrEnum):
    ONLINE = "online"
    """Signed by the person in the service."""
    ASSISTED = "assisted"
    """Filled in with an officer, printed, signed by hand, photographed."""
    PAPER_RECORD = "paper_record"
    """Signed on paper outside the service and recorded afterwards by the agency (`model.md` 12)."""


class Draft(Base):
    """What a signer has typed so far; kept 30 days after the last change, and of no province until it is signed."""

    __tablename__ = "draft"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)

    resume_code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Keyed hash of the code shown on page one."""
    email: Mapped[str]
    language: Mapped[str] = mapped_column(String(2), default="vi")
    answers: Mapped[dict[str, Any]]
    """Per page, as typed, right or wrong; personal numbers only encrypted."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    signed_at: Mapped[datetime | None]
    purpose: Mapped[DraftPurpose] = mapped_column(enum_column(DraftPurpose), default=DraftPurpose.NEW)
    pledge_province: Mapped[str | None] = mapped_column(String(2))
    pledge_id: Mapped[uuid.UUID | None]
    """The pledge that is corrected or amended."""
    asked: Mapped[list[str]] = mapped_column(default=list)
    """What a correction may change (`rules.Correctable`)."""
    assisted_by: Mapped[uuid.UUID | None]
    """The member of staff who fills it in beside the person; signed by hand on paper, or by a code to the phone."""
    assisted_province: Mapped[str | None] = mapped_column(String(2))
    institution_id: Mapped[uuid.UUID | None]
    """The institution through whose link it was begun, in the province of the draft."""
    ask_province: Mapped[str | None] = mapped_column(String(2))
    ask_id: Mapped[uuid.UUID | None]
    """The invitation through whose link it was begun."""


class AccessLink(Base):
    """An e-mailed link: expiring and revocable here, whatever its signature says."""

    __tablename__ = "access_link"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)

    purpose: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[uuid.UUID] = mapped_column(index=True)
    """The draft that it resumes."""
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ConfirmationCode(Base):
    """A six-digit code sent to one address for one purpose; only its hash is kept."""

    __tablename__ = "confirmation_code"
    __table_args__ = (Index("ix_confirmation_code_subject", "purpose", "subject_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)

    purpose: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[uuid.UUID]
    """The draft to be signed or the pledge to be opened."""
    address_hash: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    void_at: Mapped[datetime | None]


_PUBLISHED = "state = 'approved' AND publish"
"""What everybody may look up (`model.md` 24)."""

_UNDER_WAY = "amends_id IS NOT NULL AND state NOT IN ('approved', 'rejected', 'superseded', 'revoked', 'withdrawn')"
"""One amendment of a pledge at a time; the states are those that `rules.OPEN_STATES` leaves out."""


class Pledge(InProvince, Base):
    """One signed commitment in one wording."""

    __tablename__ = "pledge"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        ForeignKeyConstraint(["province_code", "document_id"], ["document.province_code", "document.id"]),
        UniqueConstraint("province_code", "draft_id", "text_id"),
        Index("ix_pledge_queue", "province_code", "agency_code", "state", "signed_at"),
        Index("ix_pledge_entity", "province_code", "entity_id"),
        Index("ix_pledge_approved", "province_code", "agency_code", "approved_at"),
        Index(
            "ix_pledge_voluntary",
            "province_code",
            "agency_code",
            sqlite_where=text("instrument = 'voluntary'"),
            postgresql_where=text("instrument = 'voluntary'"),
        ),
        Index("ix_pledge_import", "province_code", "import_id"),
        Index("ix_pledge_institution", "province_code", "institution_id"),
        Index(
            "ix_pledge_paper_number",
            "province_code",
            "agency_code",
            "paper_number",
            sqlite_where=text("paper_number <> ''"),
            postgresql_where=text("paper_number <> ''"),
        ),
        Index(
            "uq_pledge_amendment",
            "province_code",
            "amends_id",
            unique=True,
            sqlite_where=text(_UNDER_WAY),
            postgresql_where=text(_UNDER_WAY),
        ),
        Index(
            "ix_pledge_published",
            "state_since",
            "id",
            sqlite_where=text(f"{_PUBLISHED} = 1"),
            postgresql_where=text(_PUBLISHED),
        ),
        Index(
            "ix_pledge_published_province",
            "province_code",
            "state_since",
            "id",
            sqlite_where=text(f"{_PUBLISHED} = 1"),
            postgresql_where=text(_PUBLISHED),
        ),
        Index(
            "ix_pledge_waiting_for_seal",
            "seal_due_at",
            sqlite_where=text("document_id IS NULL"),
            postgresql_where=text("document_id IS NULL"),
        ),
        Index(
            "ix_pledge_countersigning",
            "seal_due_at",
            sqlite_where=text("state = 'countersigning'"),
            postgresql_where=text("state = 'countersigning'"),
        ),
    )

    reference: Mapped[str] = mapped_column(String(20), unique=True)
    verification_code: Mapped[str] = mapped_column(String(40), unique=True)
    draft_id: Mapped[uuid.UUID]
    entity_id: Mapped[uuid.UUID]
    agency_code: Mapped[str] = mapped_column(String(20))
    instrument: Mapped[Instrument] = mapped_column(enum_column(Instrument))
    text_id: Mapped[str] = mapped_column(String(40))
    pledge_text_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge_text.id"))
    state: Mapped[PledgeState] = mapped_column(enum_column(PledgeState), default=PledgeState.SUBMITTED)
    state_since: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=0)
    """Grows with every change of state: who decides names the one they saw (`states.change_state`)."""
    version: Mapped[int] = mapped_column(default=1)
    """Which signing of this pledge the columns below are about; earlier ones are `EarlierVersion` rows."""
    recommended_by: Mapped[uuid.UUID | None]
    """The officer who recommended it last: somebody else has to approve."""
    approved_at: Mapped[datetime | None]
    amends_id: Mapped[uuid.UUID | None]
    """The pledge in force whose place this one takes when it is approved."""
    signed_at: Mapped[datetime]
    contact_email: Mapped[str]
    contact_since: Mapped[datetime | None]
    """When a person moved the file to another address: what was opened with the former one is closed since then."""
    language: Mapped[str] = mapped_column(String(2), default="vi")
    subject_types: Mapped[list[str]]
    answers: Mapped[dict[str, Any]]
    """What was answered, frozen at signing."""
    wording_approved: Mapped[bool]
    """False: signed on a wording that the province had not approved yet, so DỰ THẢO stands on it."""
    template_hash: Mapped[str] = mapped_column(String(64))
    rendered_text: Mapped[str]
    rendered_hash: Mapped[str] = mapped_column(String(64))
    paper: Mapped[dict[str, Any]]
    """The blocks of the signed text, from which the PDF is drawn."""
    publish: Mapped[bool] = mapped_column(default=False)
    document_id: Mapped[uuid.UUID | None]
    """The sealed PDF; None while it waits for the seal ("chờ niêm phong")."""
    seal_due_at: Mapped[datetime]
    """When the sweep asks (again) for the seal, or in `countersigning` for the agency's signature."""
    seal_attempts: Mapped[int] = mapped_column(default=0)
    seal_error: Mapped[str] = mapped_column(default="")
    origin: Mapped[Origin] = mapped_column(enum_column(Origin), default=Origin.ONLINE)
    paper_number: Mapped[str] = mapped_column(default="")
    """Number of a pledge that was signed on paper, as the list or the paper says, in capital letters."""
    pictures: Mapped[list[str]] = mapped_column(default=list)
    """SHA-256 of the pictures of the signed paper, in their order."""
    recorded_by: Mapped[uuid.UUID | None]
    """Who recorded the paper or helped to sign."""
    import_id: Mapped[uuid.UUID | None]
    """The list of paper pledges that it came with."""
    institution_id: Mapped[uuid.UUID | None]
    ask_id: Mapped[uuid.UUID | None]
    """The invitation through whose link it was signed."""


class EarlierVersion(InProvince, Base):
    """What was signed before a correction, as it was: it stays true and checkable for ever."""

    __tablename__ = "earlier_version"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),
        ForeignKeyConstraint(["province_code", "document_id"], ["document.province_code", "document.id"]),
        UniqueConstraint("province_code", "pledge_id", "version"),
    )

    pledge_id: Mapped[uuid.UUID]
    version: Mapped[int]
    draft_id: Mapped[uuid.UUID]
    signed_at: Mapped[datetime]
    answers: Mapped[dict[str, Any]]
    pledge_text_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge_text.id"))
    wording_approved: Mapped[bool]
    template_hash: Mapped[str] = mapped_column(String(64))
    rendered_text: Mapped[str]
    rendered_hash: Mapped[str] = mapped_column(String(64))
    paper: Mapped[dict[str, Any]]
    document_id: Mapped[uuid.UUID | None]
    replaced_at: Mapped[datetime]


class Consent(StrEnum):
    PUBLICATION = "publication"
    PROCESSING = "processing"


class ConsentWithdrawal(InProvince, Base):
    """A consent taken back by the signer (`model.md` 24); for `processing` the law's clocks run from here."""

    __tablename__ = "consent_withdrawal"
    __table_args__ = (ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),)

    pledge_id: Mapped[uuid.UUID]
    consent: Mapped[Consent] = mapped_column(enum_column(Consent))
    withdrawn_at: Mapped[datetime]
    acknowledge_by: Mapped[date | None]
    answer_by: Mapped[date | None]
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[uuid.UUID | None]
    answer: Mapped[str] = mapped_column(default="")


class PledgeCover(InProvince, Base):
    """What a pledge covers: one obligation, or (obligation None) an entry of a claimed entity or a voluntary text."""

    __tablename__ = "pledge_cover"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),
        ForeignKeyConstraint(["province_code", "obligation_id"], ["obligation.province_code", "obligation.id"]),
        Index("ix_pledge_cover_pledge", "province_code", "pledge_id"),
        Index("ix_pledge_cover_obligation", "province_code", "obligation_id"),
        Index(
            "uq_pledge_cover_open",
            "province_code",
            "obligation_id",
            "period",
            unique=True,
            sqlite_where=text("hold = 'open' AND obligation_id IS NOT NULL"),
            postgresql_where=text("hold = 'open' AND obligation_id IS NOT NULL"),
        ),
        Index(
            "uq_pledge_cover_in_force",
            "province_code",
            "obligation_id",
            "period",
            unique=True,
            sqlite_where=text("hold = 'in_force' AND obligation_id IS NOT NULL"),
            postgresql_where=text("hold = 'in_force' AND obligation_id IS NOT NULL"),
        ),
    )

    pledge_id: Mapped[uuid.UUID]
    entry_id: Mapped[str] = mapped_column(String(40), default="")
    obligation_id: Mapped[uuid.UUID | None]
    period: Mapped[str] = mapped_column(String(6), default="")
    """Empty, or the quarter where the entry makes everybody sign again (`model.md` 6)."""
    hold: Mapped[str] = mapped_column(String(10), default="open")
    """`open`, `in_force` or `ended`: what the two partial uniques read; follows the state of the pledge."""


class PledgeChannel(InProvince, Base):
    """A channel that the pledge names."""

    __tablename__ = "pledge_channel"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),
        UniqueConstraint("province_code", "pledge_id", "address"),
        Index("ix_pledge_channel_address", "province_code", "address"),
    )

    pledge_id: Mapped[uuid.UUID]
    channel_id: Mapped[uuid.UUID | None]
    kind: Mapped[str] = mapped_column(String(20))
    address: Mapped[str]


class Signature(InProvince, Base):
    """The evidence of one signing act, with its honest kind; two rows where a representative signs too."""

    __tablename__ = "signature"
    __table_args__ = (ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),)

    pledge_id: Mapped[uuid.UUID]
    kind: Mapped[SignatureKind] = mapped_column(enum_column(SignatureKind))
    version: Mapped[int] = mapped_column(default=1)
    """Of the pledge, as it was signed then."""
    role: Mapped[str] = mapped_column(String(20))
    """`signer` or `representative`."""
    typed_name: Mapped[str]
    masked_address: Mapped[str]
    address_hash: Mapped[str] = mapped_column(String(64))
    code_id: Mapped[uuid.UUID]
    signed_at: Mapped[datetime]
    rendered_hash: Mapped[str] = mapped_column(String(64))
    text_version: Mapped[int]
    notice_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the data protection notice that was shown."""
    consent_processing_at: Mapped[datetime]
    consent_publication_at: Mapped[datetime | None]
    network: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The IP address, encrypted; erased by retention."""
