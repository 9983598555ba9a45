"""What the log says about closed rounds: the hashes of their frozen lists and figures; and whether it is still so."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select, tuple_
from sqlalchemy.orm import Session

from pledges.core.secrecy import sha256_hex
from pledges.documents.errors import DocumentDamaged
from pledges.documents.storage import Storage
from pledges.rounds.list_models import ListKind, Snapshot
from pledges.rounds.models import Round, RoundState
from pledges.rounds.snapshots import verify_list
from pledges.transparency.books import Fault, Said
from pledges.transparency.models import LogEntry
from pledges.transparency.operations import append, canonical

OBJECT_KIND = "round"
CLOSED = "round.closed"
FOUND = "round.found"


def enter_closed(session: Session, of_round: Round, snapshot: Snapshot, now: datetime, kind: str = CLOSED) -> None:
    append(session, kind, OBJECT_KIND, of_round.id, _data(of_round, snapshot), now)


def _data(of_round: Round, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "province": of_round.province_code,
        "agency": of_round.agency_code,
        "quarter": of_round.quarter,
        "state": of_round.state.value,
        "snapshot": str(snapshot.id),
        "as_of": snapshot.as_of.isoformat(),
        "rules": snapshot.rule_version,
        "rows": snapshot.rows,
        "sha256": snapshot.sha256,
        # As they are read again, whatever was put together in memory.
        "figures": sha256_hex(canonical(json.loads(json.dumps(snapshot.figures))).encode()),
    }


class RoundBook:
    """How entries about rounds are checked, and how those are entered that were closed before there was a log."""

    object_kind = OBJECT_KIND

    def enter_former(self, session: Session, after: str, count: int, now: datetime) -> str:
        statement = (
            select(Round).where(_lacks_entry()).order_by(Round.province_code, Round.id).limit(count).with_for_update()
        )
        if after:
            province_code, _, round_id = after.partition("/")
            statement = statement.where(tuple_(Round.province_code, Round.id) > (province_code, uuid.UUID(round_id)))
        rounds = session.scalars(statement).all()
        for of_round in rounds:
            snapshot = _snapshot_of(session, of_round)
            if snapshot is not None:
                enter_closed(session, of_round, snapshot, now, FOUND)
        return f"{rounds[-1].province_code}/{rounds[-1].id}" if len(rounds) == count else ""

    def check(self, session: Session, said: Sequence[Said], storage: Storage | None) -> Iterator[Fault]:
        for each in said:
            of_round = session.get(Round, (each.data["province"], each.object_id))
            snapshot = _snapshot_of(session, of_round) if of_round is not None else None
            if of_round is None or snapshot is None:
                yield Fault(each.index, f"the round {each.object_id} or its frozen lists are not there")
                continue
            now = _data(of_round, snapshot)
            for name in sorted(name for name in now if now[name] != each.data.get(name)):
                yield Fault(each.index, f"the {name} of the round {of_round.id} is not what it was when it was closed")
            for kind in ListKind:
                if not verify_list(session, snapshot, kind).good:
                    yield Fault(each.index, f"the frozen list {kind.value} of the round {of_round.id} was changed")
            if storage is not None:
                yield from _check_files(each, storage)

    def missing(self, session: Session) -> Iterator[Fault]:
        for round_id in session.scalars(select(Round.id).where(_lacks_entry()).limit(100)):
            yield Fault(None, f"the round {round_id} is closed, and the log does not say so")


def _check_files(said: Said, storage: Storage) -> Iterator[Fault]:
    for kind, sha256 in said.data["sha256"].items():
        try:
            storage.get(sha256)
        except (DocumentDamaged, OSError):
            yield Fault(said.index, f"the file {sha256} of the frozen list {kind} is lost or damaged")


def _lacks_entry() -> ColumnElement[bool]:
    return (Round.state == RoundState.CLOSED) & ~exists().where(LogEntry.object_id == Round.id)


def _snapshot_of(session: Session, of_round: Round) -> Snapshot | None:
    return session.scalar(
        select(Snapshot).where(
            Snapshot.province_code == of_round.province_code,
            Snapshot.round_id == of_round.id,
            Snapshot.frozen_at.is_not(None),
        )
    )
