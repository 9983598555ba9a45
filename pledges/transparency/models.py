"""The log of rare acts: entries, the complete subtrees above them, signed checkpoints, and where tasks stand."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base


class LogHead(Base):
    """How long the log is: one row, which whoever appends holds until the end of the transaction."""

    __tablename__ = "log_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)


class LogEntry(Base):
    """One act; never changed, never deleted, without personal data."""

    __tablename__ = "log_entry"
    __table_args__ = (Index("ix_log_entry_object", "object_id", "position"),)

    index: Mapped[int] = mapped_column("position", BigInteger, primary_key=True, autoincrement=False)
    """From 0 on, without a gap."""
    kind: Mapped[str] = mapped_column(String(40))
    object_kind: Mapped[str] = mapped_column(String(30))
    object_id: Mapped[uuid.UUID]
    recorded_at: Mapped[datetime]
    body: Mapped[str]
    """Canonical JSON of all of it (`operations.canonical`); its UTF-8 bytes are the leaf."""
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class LogNode(Base):
    """The hash of a complete subtree of two leaves or more."""

    __tablename__ = "log_node"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column("number", BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Checkpoint(Base):
    """What the worker has signed of the log: so many entries with this root. Never changed, never deleted."""

    __tablename__ = "log_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str]
    """A signed note (C2SP): origin, size and root, then the signature."""
    key: Mapped[str]
    """The verifier key that belongs to the signature, as the same convention writes it."""
    made_at: Mapped[datetime]


class FactGap(Base):
    """Numbers of facts that were missing when the facts around them were sealed: rolled back, or not committed yet."""

    __tablename__ = "fact_gap"
    __table_args__ = (Index("ix_fact_gap_first", "first"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)


class LogMark(Base):
    """How far a task of the log has come, and what the last audit found: one row for each."""

    __tablename__ = "log_mark"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    data: Mapped[dict[str, Any]]
