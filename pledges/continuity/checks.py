"""What a restored copy must show: whole, of the schema it says, with every file, row and fact that belongs together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, and_, exists, func, select, text
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.audit.models import Fact
from pledges.continuity.databases import count_rows
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.models import Document
from pledges.documents.storage import Storage
from pledges.institutions.models import Institution
from pledges.registry.models import Entity, Obligation
from pledges.registry.operations import PERSONAL_NUMBER
from pledges.registry.recounting import recount
from pledges.review.violation_models import Violation
from pledges.rights.files import NAMING_COLUMNS, names_in_column
from pledges.rounds.models import Round
from pledges.signing.models import Pledge
from pledges.signing.verification import verify_code
from pledges.signing.verification_sentences import Finding
from pledges.tips.models import Tip

VERIFIED = 100
MOST_SAID = 10
"""Of one kind of fault; the rest is counted."""
MARGIN = timedelta(minutes=15)
"""So long a write may take between its time and its commit: what is younger than this may lack in an honest copy."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `wrong`: a sentence for each fault; none: it is as it must be."""

    name: str
    looked_at: int
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.wrong


_BORN: dict[type[Any], tuple[tuple[str, ...], tuple[str, ...]]] = {
    Pledge: (("pledge.submitted", "pledge.paper_recorded"), ()),
    Entity: (("entity.added", "entity.claimed"), ("entity.removed",)),
    Obligation: (("obligation.opened",), ("obligation.removed",)),
    Round: (("round.opened",), ()),
    Staff: (("staff.added",), ()),
    Violation: (("violation.recorded",), ()),
    Institution: (("institution.added",), ()),
    Tip: (("tip.sent",), ()),
}
"""By which facts a row comes into being, and by which it goes."""


def compare_counts(connection: Any, wanted: dict[str, int]) -> Check:
    """Against the rows that were counted when the copy was made."""
    found = count_rows(connection)
    wrong = [
        f"The table {name} has {found.get(name, 0)} rows and had {count} when the backup was made."
        for name, count in sorted(wanted.items())
        if found.get(name) != count
    ]
    return Check("rows", sum(found.values()), wrong)


def check_integrity(database: Database) -> Check:
    """What the engine itself can say; PostgreSQL has checked its keys and constraints while the copy was put back."""
    with database.read() as session:
        if session.get_bind().dialect.name != "sqlite":
            invalid = session.scalars(text("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"))
            return Check("integrity", 1, [f"The index {name} is not valid." for name in invalid])
        said = [line for line in session.scalars(text("PRAGMA integrity_check(20)")) if line != "ok"]
        wrong = [f"The database is damaged: {line}." for line in said]
        orphans = session.execute(text("PRAGMA foreign_key_check")).fetchmany(MOST_SAID)
        wrong += [f"A row of {row[0]} belongs to one of {row[2]} that is not there." for row in orphans]
        return Check("integrity", 1, wrong)


def check_facts(session: Session) -> Check:
    """Rows against the audit facts, both ways: what a fact says has come is there, and what is there has its fact."""
    wrong: list[str] = []
    for model, (born, gone) in _BORN.items():
        lost = session.scalars(_facts_without_row(model, born, gone)).all()
        wrong += [f"A row of {model.__tablename__} is missing: {key}. Its facts are there." for key in lost]
        unborn = session.scalars(_rows_without_fact(model, born)).all()
        wrong += [f"A fact is missing: how {key} came into {model.__tablename__}." for key in unborn]
    counted = session.scalar(select(func.count()).select_from(Fact)) or 0
    return Check("facts", counted, wrong)


def _facts_without_row(model: type[Any], born: tuple[str, ...], gone: tuple[str, ...]) -> Any:
    """Staff are the one kind whose facts stand under the whole system or a province: their id alone is compared."""
    same: list[ColumnElement[bool]] = [model.id == Fact.object_id]
    if hasattr(model, "province_code") and model is not Staff:
        same.append(model.province_code == Fact.province_code)
    end = Fact.__table__.alias("gone")
    left = exists().where(
        end.c.province_code == Fact.province_code, end.c.object_id == Fact.object_id, end.c.kind.in_(gone)
    )
    return (
        select(Fact.object_id)
        .where(Fact.kind.in_(born), ~exists().where(and_(*same)), ~left)
        .distinct()
        .limit(MOST_SAID)
    )


def _rows_without_fact(model: type[Any], born: tuple[str, ...]) -> Any:
    same: list[ColumnElement[bool]] = [Fact.object_id == model.id, Fact.kind.in_(born)]
    if model is not Staff:
        same.append(Fact.province_code == model.province_code)
    return select(model.id).where(~exists().where(and_(*same))).limit(MOST_SAID)


def check_counters(database: Database) -> Check:
    """`ops recount` on the copy: figures, ledger and obligations against the facts."""
    found = database.run(lambda session: recount(session, repair=False))
    return Check("counters", 1, [f"A figure does not agree with the facts: {drift}" for drift in found[:MOST_SAID]])


def check_files(session: Session, listed: set[str], missing: list[str], damaged: list[str]) -> Check:
    """Every listed file is there and is what it was; and the list holds every file that a row or a fact names."""
    wrong = [f"The file {sha256} is missing in the backup." for sha256 in missing[:MOST_SAID]]
    wrong += [
        f"The file {sha256} is damaged in the backup. Delete it there and back up again: it is copied anew."
        for sha256 in damaged[:MOST_SAID]
    ]
    unlisted = {sha256: who for sha256, who in named_files(session) if sha256 not in listed}
    wrong += [f"The file {sha256}, named by {who}, is not in the backup." for sha256, who in sorted(unlisted.items())]
    return Check("files", len(listed), wrong[: 3 * MOST_SAID])


def named_files(session: Session) -> Iterator[tuple[str, str]]:
    """Every file that the database needs, and where it is named. In drafts other hashes look the same."""
    for sha256 in session.scalars(select(Document.sha256).where(Document.erased_at.is_(None))):
        yield sha256, "document.sha256"
    for column in NAMING_COLUMNS:
        if column != "draft.answers":
            yield from ((sha256, column) for sha256 in names_in_column(session, column))


def check_documents(session: Session) -> Check:
    """Every sealed or countersigned file of which a fact tells has its row, and every pledge the file that it names."""
    told = Fact.data["sha256"].as_string()
    lost = select(told, Fact.province_code, Fact.object_id).where(
        Fact.kind.in_(("pledge.sealed", "pledge.approved")),
        told.is_not(None),
        ~exists().where(Document.sha256 == told),
    )
    wrong = [
        f"The row of the document {sha256} of the pledge {province}/{pledge_id} is missing."
        for sha256, province, pledge_id in session.execute(lost.limit(MOST_SAID))
    ]
    unnamed = select(Pledge.reference).where(
        Pledge.document_id.is_not(None),
        ~exists().where(Document.province_code == Pledge.province_code, Document.id == Pledge.document_id),
    )
    wrong += [
        f"The pledge {reference} names a document that is not there."
        for reference in session.scalars(unnamed.limit(MOST_SAID))
    ]
    return Check("documents", session.scalar(select(func.count()).select_from(Document)) or 0, wrong)


def check_verifications(session: Session, storage: Storage) -> Check:
    """A hundred pledges, the newest among them, by their printed codes as a stranger would."""
    named = and_(Document.province_code == Pledge.province_code, Document.id == Pledge.document_id)
    sealed = (
        select(Pledge.reference, Pledge.verification_code).join(Document, named).where(Document.erased_at.is_(None))
    )
    newest = session.execute(sealed.order_by(Pledge.signed_at.desc()).limit(1)).all()
    others = session.execute(sealed.order_by(func.random()).limit(VERIFIED - len(newest))).all()
    wrong, chosen = [], {row.reference: row.verification_code for row in (*newest, *others)}
    for reference, code in chosen.items():
        finding = verify_code(session, storage, code).finding
        if finding is not Finding.AUTHENTIC:
            wrong.append(f"The pledge {reference} cannot be verified out of the restored copy: {finding}.")
    return Check("verifications", len(chosen), wrong[:MOST_SAID])


def check_data_key(session: Session, data_key: str) -> Check:
    """The key of the copy opens what is encrypted in the copy."""
    vault, looked_at = Vault(data_key), 0
    for sealed in session.scalars(select(Entity.personal_number).where(Entity.personal_number.is_not(None)).limit(20)):
        looked_at += 1
        try:
            vault.decrypt(PERSONAL_NUMBER, sealed or b"")
        except (InvalidTag, ValueError):
            return Check("data key", looked_at, ["PLEDGES_DATA_KEY of the copy of the keys does not open the numbers."])
    return Check("data key", looked_at)


def compare_with_live(copy: Session, live: Session, newest: datetime | None) -> Check:
    """Facts are never deleted: what the running system recorded before the copy was made is in the copy, or lost."""
    if newest is None:
        return Check("running system", 0)
    before = newest - MARGIN
    wrong = []
    counts = select(Fact.province_code, func.count()).where(Fact.recorded_at < before).group_by(Fact.province_code)
    here, there = _as_dict(copy.execute(counts)), _as_dict(live.execute(counts))
    for province in sorted(here.keys() | there.keys()):
        kept, has = here.get(province, 0), there.get(province, 0)
        if kept != has:
            wrong.append(
                f"Of province {province} the copy has {kept} facts from before {before:%Y-%m-%d %H:%M}Z, "
                f"and the running system has {has}."
            )
    return Check("running system", sum(here.values()), wrong)


def _as_dict(rows: Iterable[Any]) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in rows}
