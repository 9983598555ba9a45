"""What people decide about registered subjects: names, scope, cohorts, proposals, duplicates; and the search index."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class FormerName(InProvince, Base):
    """A name that the entity had before, so that it is still found by it."""

    __tablename__ = "former_name"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        UniqueConstraint("province_code", "entity_id", "name_fold"),
    )

    entity_id: Mapped[uuid.UUID]
    name: Mapped[str]
    name_fold: Mapped[str]
    recorded_at: Mapped[datetime]


class UnreadValue(InProvince, Base):
    """What a source says about an entity and nobody could read: kept as typed, beside the reason."""

    __tablename__ = "unread_value"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        UniqueConstraint("province_code", "entity_id", "kind", "typed"),
        Index("ix_unread_value_import", "province_code", "import_id"),
    )

    entity_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(String(20))
    """`phone`, `email`, `channel`, `tax_code`, `personal_number`, `date`, `address`."""
    typed: Mapped[str]
    reason: Mapped[str]
    """The message of the refusal (its msgid), so that it is shown in the reader's language."""
    reason_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    import_id: Mapped[uuid.UUID | None]
    recorded_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    """When a person corrected it or found it worthless."""


class Matter(StrEnum):
    """What an `ObligationDecision` is about."""

    SCOPE = "scope"
    COHORT = "cohort"


class ScopeReason(StrEnum):
    CONFIRMED = "confirmed"
    """It is what the clause means."""
    CLOSED = "closed"
    MOVED = "moved"
    FOREIGN = "foreign"
    DUPLICATE = "duplicate"
    NOT_IN_TRADE = "not_in_trade"
    OTHER = "other"


class ObligationDecision(InProvince, Base):
    """One decision about the scope or the cohort of an obligation; appended, never changed (`model.md` 7, 9)."""

    __tablename__ = "obligation_decision"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "obligation_id"], ["obligation.province_code", "obligation.id"]),
        Index("ix_obligation_decision_obligation", "province_code", "obligation_id", "decided_at"),
    )

    obligation_id: Mapped[uuid.UUID]
    matter: Mapped[Matter] = mapped_column(enum_column(Matter))
    before: Mapped[str] = mapped_column(String(32))
    after: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(default="")
    evidence: Mapped[str] = mapped_column(default="")
    """A link, or the number and day of a document."""
    effective_on: Mapped[date]
    decided_at: Mapped[datetime]
    staff_id: Mapped[uuid.UUID]
    proposal_id: Mapped[uuid.UUID | None]


class ProposalState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"


class ScopeProposal(InProvince, Base):
    """One agency tells another what it knows: closed, moved, not in that trade; the other decides its own (9)."""

    __tablename__ = "scope_proposal"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "obligation_id"], ["obligation.province_code", "obligation.id"]),
        Index("ix_scope_proposal_agency", "province_code", "to_agency", "state"),
        Index(
            "uq_scope_proposal_open",
            "province_code",
            "obligation_id",
            "from_agency",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    obligation_id: Mapped[uuid.UUID]
    from_agency: Mapped[str] = mapped_column(String(20))
    to_agency: Mapped[str] = mapped_column(String(20))
    in_scope: Mapped[bool]
    """What is proposed: in (True) or out of scope."""
    reason: Mapped[ScopeReason] = mapped_column(enum_column(ScopeReason))
    note: Mapped[str] = mapped_column(default="")
    evidence: Mapped[str] = mapped_column(default="")
    effective_on: Mapped[date]
    proposed_by: Mapped[uuid.UUID]
    proposed_at: Mapped[datetime]
    state: Mapped[ProposalState] = mapped_column(enum_column(ProposalState), default=ProposalState.OPEN)
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")


class PairState(StrEnum):
    OPEN = "open"
    MERGED = "merged"
    KEPT_APART = "kept_apart"
    """For good: the rules do not suspect the two again."""


class DuplicatePair(InProvince, Base):
    """Two entities that may be one; `first_id` is the smaller id, so that a pair stands here once."""

    __tablename__ = "duplicate_pair"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "first_id"], ["entity.province_code", "entity.id"]),
        ForeignKeyConstraint(["province_code", "second_id"], ["entity.province_code", "entity.id"]),
        UniqueConstraint("province_code", "first_id", "second_id"),
        Index("ix_duplicate_pair_state", "province_code", "state", "score"),
        Index("ix_duplicate_pair_second", "province_code", "second_id"),
    )

    first_id: Mapped[uuid.UUID]
    second_id: Mapped[uuid.UUID]
    rules: Mapped[list[str]]
    """Why: `tax_code`, `channel`, `name_and_commune`, `near_name`, `person` (somebody pointed it out)."""
    score: Mapped[int]
    """0 to 100: how sure the rules are; the surest stand first."""
    found_at: Mapped[datetime]
    state: Mapped[PairState] = mapped_column(enum_column(PairState), default=PairState.OPEN)
    revision: Mapped[int] = mapped_column(default=0)
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")


class Merge(InProvince, Base):
    """One entity put into another; `moved` says what changed place, so that it can be taken back (`model.md` 17)."""

    __tablename__ = "entity_merge"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "kept_id"], ["entity.province_code", "entity.id"]),
        ForeignKeyConstraint(["province_code", "merged_id"], ["entity.province_code", "entity.id"]),
        Index("ix_entity_merge_kept", "province_code", "kept_id"),
        Index("ix_entity_merge_merged", "province_code", "merged_id"),
    )

    kept_id: Mapped[uuid.UUID]
    merged_id: Mapped[uuid.UUID]
    staff_id: Mapped[uuid.UUID]
    merged_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")
    moved: Mapped[dict[str, Any]]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[uuid.UUID | None]


class BoundSeller(InProvince, Base):
    """A local seller whom a platform has bound by its own commitments, as the platform's list says."""

    __tablename__ = "bound_seller"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "platform_id"], ["entity.province_code", "entity.id"]),
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        UniqueConstraint("province_code", "platform_id", "entity_id"),
    )

    platform_id: Mapped[uuid.UUID]
    entity_id: Mapped[uuid.UUID]
    import_id: Mapped[uuid.UUID | None]
    recorded_at: Mapped[datetime]


class SearchDocument(Base):
    """What an entity is found by, folded; on SQLite a full-text index stands beside it, on PostgreSQL on it."""

    __tablename__ = "search_document"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        UniqueConstraint("number"),
    )

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    entity_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    """63 bits of the entity's id: the row number that SQLite's full-text index needs."""
    words: Mapped[str]
    """Names of now and before, folded."""
    handles: Mapped[str]
    """Domains, handles, tax code, phones and e-mail addresses, each surrounded by blanks. Never a personal number."""
