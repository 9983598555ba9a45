"""Taking back what an import added: chunk by chunk from the last row, with counters and facts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record_many
from pledges.core.calendar import local_day
from pledges.imports.built_on import KEPT, Blockers, find_blockers
from pledges.imports.committing import ADDED
from pledges.imports.models import Import, ImportRow, RowOutcome
from pledges.imports.writing import lock_entities
from pledges.plans.models import ObligationEntry
from pledges.registry.counters import move_to_owner
from pledges.registry.counts import DISTINCT, Count, add_counts, new_count
from pledges.registry.models import IN_SCOPE, Channel, Contact, Entity, EntityType, Obligation, Sighting
from pledges.registry.obligations import recompute_many
from pledges.registry.owing import read_rules
from pledges.registry.search_documents import refresh
from pledges.registry.subject_types import remove_types
from pledges.registry.upkeep_models import BoundSeller, DuplicatePair, SearchDocument, UnreadValue

__all__ = ["Blockers", "Undoing", "find_blockers", "undo_chunk"]

UndoPapers = Callable[[Session, Import, Collection[uuid.UUID], datetime], None]
"""Takes back the paper pledges of these entities that the import recorded."""

Ids = Collection[uuid.UUID]


@dataclass(frozen=True)
class Undoing:
    """What lines above this one know of pledges, tips and institutions."""

    blockers: Blockers
    undo_papers: UndoPapers | None = None


def undo_chunk(session: Session, import_: Import, *, undoing: Undoing, actor: Actor, now: datetime, most: int) -> int:
    """Take back the last rows that are still applied; returns how many, 0 at the end.

    Where somebody has built on an entity since the undoing began, the entity stays and its row says so.
    """
    rows = session.scalars(
        select(ImportRow)
        .where(
            ImportRow.province_code == import_.province_code,
            ImportRow.import_id == import_.id,
            ImportRow.applied_at.is_not(None),
        )
        .order_by(ImportRow.number.desc())
        .limit(most)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        return 0
    removal = _Removal(session, import_, actor, now)
    named = {row.entity_id for row in rows if row.entity_id is not None}
    lock_entities(session, import_.province_code, named)
    if undoing.undo_papers is not None:
        undoing.undo_papers(session, import_, named, now)
    created = {row.entity_id for row in rows if row.outcome is RowOutcome.NEW and row.entity_id is not None}
    kept = find_blockers(session, import_, undoing.blockers, among=created, own_papers_too=True) if created else {}
    for row in rows:
        if row.entity_id in kept:
            row.reasons = [[KEPT, {}], *row.reasons]
        elif row.outcome is not RowOutcome.NEW:
            removal.take_back_row(row)
        row.applied_at = None
    removal.take_back_evidence(named - created)
    removal.remove_entities(created - kept.keys())
    if kept:
        import_.totals = {**import_.totals, "kept": int(import_.totals.get("kept", 0)) + len(kept)}
    removal.finish(named - created)
    return len(rows)


@dataclass
class _Removal:
    session: Session
    import_: Import
    actor: Actor
    now: datetime
    facts: list[tuple[str, uuid.UUID, dict[str, Any]]] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)

    @property
    def _province(self) -> str:
        return self.import_.province_code

    def take_back_row(self, row: ImportRow) -> None:
        """What a row added to an entity that was there before."""
        added = row.parsed.get(ADDED, {})
        entity = self.session.get(Entity, (self._province, row.entity_id))
        if not added or entity is None:
            return
        self._delete(Contact, Contact.id.in_(_ids(added.get("contacts", ()))))
        self._remove_channels(self._channels(Channel.id.in_(_ids(added.get("channels", ())))))
        self._disown(_ids(added.get("owned", ())))
        remove_types(self.session, entity, added.get("types", ()), actor=self.actor, now=self.now)
        if "tax_code" in added.get("identifiers", ()) and entity.tax_code == row.parsed.get("tax_code"):
            entity.tax_code = None
        if "personal_number" in added.get("identifiers", ()):
            entity.personal_number = entity.personal_number_hash = entity.personal_number_last4 = None
        self.session.flush()
        self._record("entity.taken_back", entity.id, what=sorted(added))

    def _channels(self, *where: Any) -> Sequence[Channel]:
        return self.session.scalars(select(Channel).where(Channel.province_code == self._province, *where)).all()

    def _disown(self, channel_ids: Ids) -> None:
        for channel in self._channels(Channel.id.in_(channel_ids)) if channel_ids else ():
            counts = move_to_owner(self.session, channel, None, day=local_day(self.now))
            self._record("channel.owner_removed", channel.id, **({"counts": counts} if counts else {}))
            self._delete(Sighting, Sighting.channel_id == channel.id, Sighting.import_id == self.import_.id)

    def _remove_channels(self, channels: Sequence[Channel]) -> None:
        if not channels:
            return
        ids = [channel.id for channel in channels]
        self._remove_obligations(Obligation.channel_id.in_(ids))
        self._delete(Sighting, Sighting.channel_id.in_(ids))
        self._delete(Channel, Channel.id.in_(ids))
        for channel in channels:
            self._record("channel.removed", channel.id)

    def _remove_obligations(self, *where: Any) -> None:
        """They leave the counters where they stand now: under the commune and types that their subject has today."""
        rows = self.session.execute(
            select(Obligation, Entity)
            .outerjoin(Entity, (Entity.province_code == Obligation.province_code) & (Entity.id == Obligation.entity_id))
            .where(Obligation.province_code == self._province, *where)
            .order_by(Obligation.id)
            .execution_options(populate_existing=True)
        ).all()
        rules = read_rules(self.session, self._province)
        types = self._types_of({entity.id for _obligation, entity in rows if entity is not None})
        for obligation, entity in rows:
            entry: ObligationEntry = rules.entries[obligation.entry_id]
            counts = []
            if obligation.scope in IN_SCOPE:
                covered = rules.types[entry.id] & types.get(entity.id, set()) if entity else rules.types[entry.id]
                counts = [new_count(obligation, entry, entity, (DISTINCT, *sorted(covered)), (-1, 0, 0))]
            self.counts += counts
            data = {"entry": entry.id, "entity": str(obligation.entity_id)}
            self._record("obligation.removed", obligation.id, **data, **({"counts": counts} if counts else {}))
        self._delete(Obligation, Obligation.id.in_([obligation.id for obligation, _entity in rows]))

    def _types_of(self, ids: Ids) -> dict[uuid.UUID, set[str]]:
        found: dict[uuid.UUID, set[str]] = {}
        for row in self.session.execute(
            select(EntityType.entity_id, EntityType.subject_type).where(
                EntityType.province_code == self._province, EntityType.entity_id.in_(ids)
            )
        ):
            found.setdefault(row.entity_id, set()).add(row.subject_type)
        return found

    def take_back_evidence(self, ids: Ids) -> None:
        """What this list said of entities that stay."""
        if not ids:
            return
        for model in (Sighting, UnreadValue, BoundSeller):
            self._delete(model, model.entity_id.in_(ids), model.import_id == self.import_.id)
        self._remove_obligations(Obligation.entity_id.in_(ids), Obligation.import_id == self.import_.id, ~_is_pledged())

    def remove_entities(self, ids: Ids) -> None:
        if not ids:
            return
        channels = self._channels(Channel.entity_id.in_(ids))
        before = {
            uuid.UUID(each)
            for row in self.session.scalars(
                select(ImportRow).where(
                    ImportRow.province_code == self._province,
                    ImportRow.import_id == self.import_.id,
                    ImportRow.entity_id.in_(ids),
                )
            )
            for each in row.parsed.get(ADDED, {}).get("owned", ())
        }
        self._disown(before)
        self._remove_obligations(Obligation.entity_id.in_(ids))
        self._remove_channels([channel for channel in channels if channel.id not in before])
        for model in (SearchDocument, UnreadValue, BoundSeller, Sighting, Contact, EntityType):
            self._delete(model, model.entity_id.in_(ids))
        self._delete(DuplicatePair, or_(DuplicatePair.first_id.in_(ids), DuplicatePair.second_id.in_(ids)))
        self._delete(Entity, Entity.id.in_(ids))
        for entity_id in sorted(ids):
            self._record("entity.removed", entity_id)

    def finish(self, staying: Ids) -> None:
        """The facts and counters of all that was removed, and what still follows for those who stay."""
        record_many(self.session, self.facts, province_code=self._province, actor=self.actor, now=self.now)
        add_counts(self.session, self._province, self.counts, day=local_day(self.now))
        there = self.session.scalars(
            select(Entity.id).where(Entity.province_code == self._province, Entity.id.in_(staying))
        ).all()
        if there:
            recompute_many(self.session, self._province, sorted(there), actor=self.actor, now=self.now)
            refresh(self.session, self._province, there)

    def _record(self, fact: str, object_id: uuid.UUID, **data: Any) -> None:
        self.facts.append((fact, object_id, {**data, "import": str(self.import_.id)}))

    def _delete(self, model: Any, *where: Any) -> None:
        self.session.execute(
            delete(model)
            .where(model.province_code == self._province, *where)
            .execution_options(synchronize_session=False)
        )


def _is_pledged() -> Any:
    return or_(Obligation.in_force != 0, Obligation.waiting_for_agency != 0)


def _ids(texts: Iterable[str]) -> list[uuid.UUID]:
    return [uuid.UUID(text) for text in texts]
