"""What the register showed of a subject at the end of a day: its values of now, led back by what was recorded since.

Kept, and led back here: subject types, cohorts, whom a merge put into whom, a name that another one followed, a tax
code that was not known yet. Not kept anywhere, and therefore shown as it is now: a name whose letters are the same
without marks, or that the subject had had before; a tax code, kind of subject or website address that was replaced.
What an undone import removed has no name any more. Frozen lists keep all of it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.registry.models import Entity, EntityType, Sighting
from pledges.registry.upkeep_models import FormerName, Merge
from pledges.rounds.evidence import Reader
from pledges.rounds.list_rows import Column, ListRow

_KINDS = (
    "entity.types_added",
    "entity.types_removed",
    "entity.renamed",
    "entity.corrected",
    "entity.changed",
    "entity.identified",
    "obligation.cohort_presumed",
    "obligation.cohort_decided",
)

Ids = Collection[uuid.UUID]


def changed_since(province_code: str, entity_id: Column, obligation_id: Column, until: datetime) -> ColumnElement[bool]:
    """Whether something was recorded since that a line shows."""
    changed = select(Fact.object_id).where(
        Fact.province_code == province_code, Fact.recorded_at >= until, Fact.kind.in_(_KINDS)
    )
    return or_(entity_id.in_(changed), obligation_id.in_(changed))


@dataclass(frozen=True)
class _Step:
    """One thing that happened since: a fact, or a merge (`undone`: its undoing)."""

    at: datetime
    fact: Fact | None = None
    merge: Merge | None = None
    undone: bool = False

    def added_to(self, entity_id: uuid.UUID) -> tuple[set[str], set[str]]:
        """The subject types that it gave the entity, and those that it took."""
        if self.merge is not None:
            types = set(self.merge.moved.get("types", ())) if self.merge.kept_id == entity_id else set()
            return (set(), types) if self.undone else (types, set())
        types = set(self.fact.data.get("types", ())) if self.fact is not None else set()
        if self.fact is not None and self.fact.kind == "entity.types_added":
            return types, set()
        return (set(), types) if self.fact is not None and self.fact.kind == "entity.types_removed" else (set(), set())

    def changed(self, what: str) -> bool:
        """Whether a fact says that it replaced this value."""
        if self.fact is None:
            return False
        return what in self.fact.data.get("changed", ()) or (what == "name" and self.fact.kind == "entity.renamed")


@dataclass
class FormerValues:
    """For one list. Merges are the work of people, few enough to be read at once; the rest is read chunk by chunk."""

    session: Session
    province_code: str
    until: datetime
    _merges: list[_Step] = field(default_factory=list)
    _of: defaultdict[uuid.UUID, list[_Step]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        merges = self.session.scalars(
            select(Merge).where(
                Merge.province_code == self.province_code,
                or_(Merge.merged_at >= self.until, Merge.undone_at >= self.until),
            )
        )
        for merge in merges:
            if merge.merged_at >= self.until:
                self._merges.append(_Step(merge.merged_at, merge=merge))
            if merge.undone_at is not None and merge.undone_at >= self.until:
                self._merges.append(_Step(merge.undone_at, merge=merge, undone=True))
        self._merges.sort(key=lambda step: step.at)
        for step in self._merges:
            if step.merge is not None:
                for entity_id in (step.merge.kept_id, step.merge.merged_id):
                    self._of[entity_id].append(step)
        self._seen = self._first_seen()

    def merged(self, entity_id: uuid.UUID | None) -> bool:
        """Whether it was merged, or parted again, since."""
        return entity_id in self._of

    def lead_back(self, lines: list[ListRow], places: Sequence[int], reader: Reader) -> None:
        """Replace these lines by what they said at the end of the day."""
        if not places:
            return
        entities = {line.entity_id for line in (lines[place] for place in places) if line.entity_id is not None}
        facts = self._facts(entities | {lines[place].obligation_id for place in places})
        types, names = self._types(entities), self._names(entities)
        for place in places:
            line = lines[place]
            if line.entity_id is not None:
                steps = sorted([*facts[line.entity_id], *self._of.get(line.entity_id, ())], key=lambda step: step.at)
                line = self._subject(line, line.entity_id, steps, types[line.entity_id], names, reader)
            lines[place] = line.saying(cohort=self._cohort(line, facts[line.obligation_id]))

    def _subject(
        self,
        line: ListRow,
        entity_id: uuid.UUID,
        steps: list[_Step],
        types: set[str],
        names: dict[tuple[uuid.UUID, datetime], str],
        reader: Reader,
    ) -> ListRow:
        for step in reversed(steps):
            given, taken = step.added_to(entity_id)
            types = (types - given) | taken
        renamed = next((step for step in steps if step.changed("name")), None)
        name = names.get((entity_id, renamed.at)) if renamed is not None else None
        told = line.saying(
            subject_types=reader.types(line.entry_id, " ".join(sorted(types))),
            first_seen_on=line.first_seen_on if line.channel else self._seen.get(entity_id, line.first_seen_on),
        )
        return told._replace(name=name or line.name, tax_code=self._tax_code(line, entity_id, steps))

    def _tax_code(self, line: ListRow, entity_id: uuid.UUID, steps: list[_Step]) -> str:
        """The first change since decides; what was replaced nobody knows any more."""
        for step in steps:
            if step.fact is not None:
                if step.changed("tax_code"):
                    return line.tax_code
                if "tax_code" in step.fact.data.get("identifiers", ()) and step.fact.kind == "entity.identified":
                    return ""
            elif step.merge is not None and step.merge.kept_id == entity_id:
                if "tax_code" not in step.merge.moved.get("identifiers", ()):
                    continue
                if not step.undone:
                    return ""
                lent = self.session.get(Entity, (self.province_code, step.merge.merged_id))
                return (lent.tax_code if lent is not None else None) or ""
        return line.tax_code

    def _cohort(self, line: ListRow, facts: list[_Step]) -> str:
        """What the first change since says that it was before."""
        steps = [*facts, *(self._of.get(line.entity_id, ()) if line.entity_id is not None else ())]
        for step in sorted(steps, key=lambda step: step.at):
            if step.fact is not None and "cohort" in step.fact.data:
                return str(step.fact.data.get("before") or line.cohort)
            if step.merge is not None:
                judged = step.merge.moved.get("judged", {}).get(str(line.obligation_id))
                before = judged[1 if step.undone else 0][1] if judged is not None else ""
                if before:
                    return str(before)
        return line.cohort

    # --- Reading -----------------------------------------------------------------------------------------------------

    def _facts(self, objects: Ids) -> defaultdict[uuid.UUID, list[_Step]]:
        found: defaultdict[uuid.UUID, list[_Step]] = defaultdict(list)
        facts = self.session.scalars(
            select(Fact)
            .where(
                Fact.province_code == self.province_code,
                Fact.object_id.in_(objects),
                Fact.recorded_at >= self.until,
                Fact.kind.in_(_KINDS),
            )
            .order_by(Fact.recorded_at, Fact.id)
        )
        for fact in facts:
            found[fact.object_id].append(_Step(fact.recorded_at, fact=fact))
        return found

    def _types(self, entity_ids: Ids) -> defaultdict[uuid.UUID, set[str]]:
        found: defaultdict[uuid.UUID, set[str]] = defaultdict(set)
        rows = self.session.execute(
            select(EntityType.entity_id, EntityType.subject_type).where(
                EntityType.province_code == self.province_code, EntityType.entity_id.in_(entity_ids)
            )
        )
        for entity_id, subject_type in rows:
            found[entity_id].add(subject_type)
        return found

    def _names(self, entity_ids: Ids) -> dict[tuple[uuid.UUID, datetime], str]:
        rows = self.session.execute(
            select(FormerName.entity_id, FormerName.recorded_at, FormerName.name).where(
                FormerName.province_code == self.province_code,
                FormerName.entity_id.in_(entity_ids),
                FormerName.recorded_at >= self.until,
            )
        )
        return {(entity_id, recorded_at): name for entity_id, recorded_at, name in rows}

    def _first_seen(self) -> dict[uuid.UUID, date]:
        """Sightings went along with merges: for those who took part in one, count them where they were."""
        if not self._of:
            return {}
        rows = self.session.execute(
            select(Sighting.id, Sighting.entity_id, Sighting.seen_on).where(
                Sighting.province_code == self.province_code,
                Sighting.entity_id.in_(self._of),
                Sighting.recorded_at < self.until,
            )
        ).all()
        whose = {sighting_id: entity_id for sighting_id, entity_id, _seen_on in rows}
        for step in reversed(self._merges):
            for sighting_id in _moved_sightings(step):
                if sighting_id in whose and step.merge is not None:
                    whose[sighting_id] = step.merge.kept_id if step.undone else step.merge.merged_id
        seen: dict[uuid.UUID, date] = {}
        for sighting_id, _entity_id, seen_on in rows:
            owner = whose[sighting_id]
            if owner is not None:
                seen[owner] = min(seen.get(owner, seen_on), seen_on)
        return seen


def _moved_sightings(step: _Step) -> Iterator[uuid.UUID]:
    moved: dict[str, Any] = step.merge.moved if step.merge is not None else {}
    return (uuid.UUID(each) for each in moved.get("sightings", ()))
