"""Who should sign: entities, their channels and contacts, the evidence that they exist, and what they owe."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column
from pledges.plans.models import Instrument, Unit


class EntityKind(StrEnum):
    ORGANISATION = "organisation"
    PERSON = "person"


class Location(StrEnum):
    LOCAL = "local"
    ELSEWHERE = "elsewhere"
    """In another province of Vietnam."""
    ABROAD = "abroad"


class Standing(StrEnum):
    REGISTERED = "registered"
    CLAIMED = "claimed"
    """Somebody gave a tax code or channel that is registered for another contact: a person decides (`model.md` 23).
    A claimed entity has no obligations, no channels and no place in any count."""


class Cohort(StrEnum):
    INITIAL = "initial"
    NEWCOMER = "newcomer"
    UNKNOWN = "unknown"


class Scope(StrEnum):
    PRESUMED_IN = "presumed_in"
    CONFIRMED_IN = "confirmed_in"
    PRESUMED_OUT = "presumed_out"
    CONFIRMED_OUT = "confirmed_out"


IN_SCOPE = (Scope.PRESUMED_IN, Scope.CONFIRMED_IN)


class Entity(InProvince, Base):
    __tablename__ = "entity"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "commune_code"], ["commune.province_code", "commune.code"]),
        Index(
            "uq_entity_tax_code",
            "province_code",
            "tax_code",
            unique=True,
            sqlite_where=text("standing = 'registered' AND tax_code IS NOT NULL AND merged_into IS NULL"),
            postgresql_where=text("standing = 'registered' AND tax_code IS NOT NULL AND merged_into IS NULL"),
        ),
        Index(
            "uq_entity_personal_number",
            "province_code",
            "personal_number_hash",
            unique=True,
            sqlite_where=text("standing = 'registered' AND personal_number_hash IS NOT NULL AND merged_into IS NULL"),
            postgresql_where=text(
                "standing = 'registered' AND personal_number_hash IS NOT NULL AND merged_into IS NULL"
            ),
        ),
        Index("ix_entity_name_fold", "province_code", "name_fold"),
        Index("ix_entity_name_key", "province_code", "name_key"),
        Index("ix_entity_merged", "province_code", "merged_into"),
    )

    kind: Mapped[EntityKind] = mapped_column(enum_column(EntityKind))
    standing: Mapped[Standing] = mapped_column(enum_column(Standing), default=Standing.REGISTERED)
    claims_entity_id: Mapped[uuid.UUID | None]
    merged_into: Mapped[uuid.UUID | None]
    name: Mapped[str]
    name_fold: Mapped[str]
    name_key: Mapped[str] = mapped_column(default="")
    """`core.text.name_key`: without legal form and punctuation, for finding the same subject again."""
    tax_code: Mapped[str | None] = mapped_column(String(14))
    personal_number: Mapped[bytes | None] = mapped_column(LargeBinary)
    """12 digits, encrypted."""
    personal_number_hash: Mapped[str | None] = mapped_column(String(64))
    personal_number_last4: Mapped[str | None] = mapped_column(String(4))
    location: Mapped[Location] = mapped_column(enum_column(Location), default=Location.LOCAL)
    country: Mapped[str] = mapped_column(String(2), default="VN")
    commune_code: Mapped[str | None] = mapped_column(String(5))
    address: Mapped[str] = mapped_column(default="")
    added_at: Mapped[datetime]


class EntityType(Base):
    """One entity may have several subject types."""

    __tablename__ = "entity_type"
    __table_args__ = (ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),)

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    entity_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(40), primary_key=True)


class Contact(InProvince, Base):
    """An address under which the entity can be reached; `verified_at` when a code sent there came back."""

    __tablename__ = "contact"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        UniqueConstraint("province_code", "entity_id", "kind", "value"),
        Index("ix_contact_value", "province_code", "kind", "value"),
    )

    entity_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(String(10))
    """`email` or `phone`."""
    value: Mapped[str]
    verified_at: Mapped[datetime | None]
    formal: Mapped[bool] = mapped_column(default=False)
    """Where formal letters go; the others are for the daily routine."""
    holder: Mapped[str] = mapped_column(default="")
    """Whose it is ("kế toán", a name), where somebody said so."""
    ended_at: Mapped[datetime | None]
    """Since then nobody is reached there; the row stays so that the same import does not bring it back."""
    bounced_at: Mapped[datetime | None]
    """When mail came back from there; None again once a mail was accepted later or somebody corrected it."""
    bounce_reason: Mapped[str] = mapped_column(default="")


class Channel(InProvince, Base):
    """A website, app, shop on a platform or social account, identified by its canonical address."""

    __tablename__ = "channel"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        UniqueConstraint("province_code", "address"),
        Index("ix_channel_entity", "province_code", "entity_id"),
    )

    entity_id: Mapped[uuid.UUID | None]
    """None: the owner is not known."""
    kind: Mapped[str] = mapped_column(String(20))
    address: Mapped[str]
    """Canonical (`core.identity.canonical_channel`)."""
    as_typed: Mapped[str]
    lookalike: Mapped[bool] = mapped_column(default=False)
    appeared_on: Mapped[date | None]
    first_seen_on: Mapped[date]
    added_at: Mapped[datetime]
    dead_since: Mapped[date | None]
    """The day on which an officer found that it does not open any more."""


class Sighting(InProvince, Base):
    """Dated, sourced evidence that an entity or a channel exists."""

    __tablename__ = "sighting"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        ForeignKeyConstraint(["province_code", "channel_id"], ["channel.province_code", "channel.id"]),
        Index("ix_sighting_entity", "province_code", "entity_id", "seen_on"),
        Index("ix_sighting_import", "province_code", "import_id"),
    )

    entity_id: Mapped[uuid.UUID | None]
    channel_id: Mapped[uuid.UUID | None]
    source: Mapped[str] = mapped_column(String(30))
    """`self_declared`, `import`, `citizen`, `commune`, `officer`."""
    seen_on: Mapped[date]
    appeared_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    source_name: Mapped[str] = mapped_column(default="")
    """The list, office or person that says so: "Danh sách website thông báo 2026"."""
    import_id: Mapped[uuid.UUID | None]
    tip_id: Mapped[uuid.UUID | None]
    staff_id: Mapped[uuid.UUID | None]
    link: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    picture_sha256: Mapped[str] = mapped_column(String(64), default="")


NOT_RECKONED = date(9999, 12, 31)
"""The day of an obligation that recomputing has not looked at yet: until then nothing is said against anybody."""

_IN_SCOPE = "scope IN ('presumed_in', 'confirmed_in')"
_OPEN = f"{_IN_SCOPE} AND in_force = 0 AND waiting_for_agency = 0"
"""Asked for and without a pledge."""


def _part(name: str, rows: str, *columns: str) -> Index:
    """An index of the obligations in one part of the quarterly lists, in the order of its pages."""
    return Index(name, "province_code", "entry_id", *columns, sqlite_where=text(rows), postgresql_where=text(rows))


class Obligation(InProvince, Base):
    """One subject × one entry (`model.md` 1): `entity_id` is who owes, `channel_id` the website if that is the unit."""

    __tablename__ = "obligation"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entry_id"], ["obligation_entry.province_code", "obligation_entry.id"]),
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        ForeignKeyConstraint(["province_code", "channel_id"], ["channel.province_code", "channel.id"]),
        Index(
            "uq_obligation_entity",
            "province_code",
            "entry_id",
            "entity_id",
            unique=True,
            sqlite_where=text("unit = 'entity'"),
            postgresql_where=text("unit = 'entity'"),
        ),
        Index(
            "uq_obligation_channel",
            "province_code",
            "entry_id",
            "channel_id",
            unique=True,
            sqlite_where=text("unit = 'channel'"),
            postgresql_where=text("unit = 'channel'"),
        ),
        Index("ix_obligation_entity", "province_code", "entity_id"),
        Index("ix_obligation_state", "province_code", "entry_id", "scope", "cohort"),
        Index(
            "ix_obligation_open",
            "province_code",
            "entry_id",
            "id",
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        _part("ix_obligation_asked", f"{_OPEN} AND asked_on IS NOT NULL", "turns_on", "id"),
        _part("ix_obligation_unasked", f"{_OPEN} AND asked_on IS NULL", "turns_on", "id"),
        _part("ix_obligation_waiting", f"{_IN_SCOPE} AND in_force = 0 AND waiting_for_agency > 0", "id"),
        _part("ix_obligation_in_force", f"{_IN_SCOPE} AND in_force > 0", "id"),
    )

    entry_id: Mapped[str] = mapped_column(String(40))
    unit: Mapped[Unit] = mapped_column(enum_column(Unit))
    entity_id: Mapped[uuid.UUID | None]
    channel_id: Mapped[uuid.UUID | None]
    cohort: Mapped[Cohort] = mapped_column(enum_column(Cohort))
    scope: Mapped[Scope] = mapped_column(enum_column(Scope), default=Scope.PRESUMED_IN)
    waiting_for_agency: Mapped[int] = mapped_column(default=0)
    """Pledges that wait for the agency and count for this obligation; `counters.move_counters` keeps it."""
    in_force: Mapped[int] = mapped_column(default=0)
    asked_on: Mapped[date | None]
    """Since when its waiting time runs: the first ask that reached its subject, or the day a pledge came to an end."""
    waits_until: Mapped[date | None]
    """The last day of that waiting time. Without `asked_on`: until when it is to be asked again, because what was
    signed for an earlier quarter has run out."""
    turns_on: Mapped[date] = mapped_column(default=NOT_RECKONED)
    """At the end of this day it is, without a pledge, "chưa cam kết" (if asked) or "chưa liên hệ được"."""
    opened_at: Mapped[datetime]
    import_id: Mapped[uuid.UUID | None]
    """The import that opened it, so that it can be undone."""
    subject_types: Mapped[str] = mapped_column(default="")
    """Of the types that its entry asks those that its subject has, separated by blanks; `recompute_many` keeps it."""
    first_seen_on: Mapped[date] = mapped_column(default=NOT_RECKONED)
    """When the website or the entity was first noticed; `recompute_many` keeps it."""
    tried: Mapped[str] = mapped_column(default="")
    """How and when it was tried to reach its subject, as `rounds.tried` writes and keeps it. These three stand here so
    that a list of a million lines need not gather them."""


class RegistrationTurn(Base):
    """Whoever holds this row registers this tax code, number, channel or address; the others wait for the commit."""

    __tablename__ = "registration_turn"

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    taken_at: Mapped[datetime]


class Counter(Base):
    """Deltas per local day recorded; a figure as of D is their sum up to D (`model.md` 18).

    `subject_type` is empty in the rows of distinct totals, `commune_code` where there is none.
    """

    __tablename__ = "counter"
    __table_args__ = (Index("ix_counter_day", "province_code", "day", "agency_code"),)

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(20), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    instrument: Mapped[Instrument] = mapped_column(enum_column(Instrument), primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    commune_code: Mapped[str] = mapped_column(String(5), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    in_scope: Mapped[int] = mapped_column(default=0)
    waiting_for_agency: Mapped[int] = mapped_column(default=0)
    in_force: Mapped[int] = mapped_column(default=0)


class OpenCounter(Base):
    """Deltas of obligations in scope without a pledge, by the day at whose end they turn (`Obligation.turns_on`).

    As of D: those asked that turn later wait, those that have turned have not pledged; those not asked are not due
    yet, or could not be reached. So the passing of a day changes figures without touching a row.
    """

    __tablename__ = "open_counter"
    __table_args__ = (Index("ix_open_counter_day", "province_code", "day", "agency_code"),)

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(20), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    instrument: Mapped[Instrument] = mapped_column(enum_column(Instrument), primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    commune_code: Mapped[str] = mapped_column(String(5), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    turns_on: Mapped[date] = mapped_column(primary_key=True)
    asked: Mapped[int] = mapped_column(default=0)
    unasked: Mapped[int] = mapped_column(default=0)


class ObligationMove(InProvince, Base):
    """The ledger of one obligation: what each fact added, on the local day recorded. Appended, never changed.

    How an obligation stood at the end of D is the sum of its moves up to D: the counters, taken apart.
    """

    __tablename__ = "obligation_move"
    __table_args__ = (
        Index("ix_obligation_move_entry", "province_code", "entry_id", "day"),
        Index("ix_obligation_move_obligation", "province_code", "obligation_id"),
        Index(
            "ix_obligation_move_left",
            "province_code",
            "entry_id",
            "day",
            "obligation_id",
            sqlite_where=text("in_scope < 0"),
            postgresql_where=text("in_scope < 0"),
        ),
    )

    entry_id: Mapped[str] = mapped_column(String(40))
    obligation_id: Mapped[uuid.UUID]
    entity_id: Mapped[uuid.UUID | None]
    commune_code: Mapped[str] = mapped_column(String(5))
    day: Mapped[date]
    in_scope: Mapped[int] = mapped_column(default=0)
    waiting_for_agency: Mapped[int] = mapped_column(default=0)
    in_force: Mapped[int] = mapped_column(default=0)
    opened: Mapped[int] = mapped_column(default=0)
    turns_on: Mapped[date | None]
    asked_on: Mapped[date | None]
