"""The statements by which a chunk of rows reaches the register: one for each table, however many rows there are."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record_many
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.identity import ChannelAddress, fold, name_key
from pledges.core.secrecy import Vault
from pledges.imports.candidates import RowKeys
from pledges.imports.checking import Verdict
from pledges.imports.models import Import, ImportPurpose, RowOutcome
from pledges.imports.newcomers import Newcomer, open_first_obligations, write_documents
from pledges.imports.rows import ParsedRow
from pledges.plans.models import Commune
from pledges.registry.counters import move_counters_for_types, move_to_owner
from pledges.registry.models import Channel, Contact, Entity, EntityType, Obligation, Sighting, Standing
from pledges.registry.obligations import recompute_many
from pledges.registry.operations import PERSONAL_NUMBER
from pledges.registry.queries import obligations_of
from pledges.registry.search_documents import Findable, refresh
from pledges.registry.upkeep_models import BoundSeller, UnreadValue

SOURCE = "import"

Rows = list[dict[str, Any]]


@dataclass
class Writing:
    """What a chunk adds, gathered row by row and written by `flush`."""

    session: Session
    import_: Import
    actor: Actor
    now: datetime
    vault: Vault
    communes: frozenset[str] = frozenset()
    entities: Rows = field(default_factory=list)
    types: Rows = field(default_factory=list)
    contacts: Rows = field(default_factory=list)
    channels: Rows = field(default_factory=list)
    sightings: Rows = field(default_factory=list)
    unread: Rows = field(default_factory=list)
    sellers: Rows = field(default_factory=list)
    facts: list[tuple[str, uuid.UUID, dict[str, Any]]] = field(default_factory=list)
    found: set[uuid.UUID] = field(default_factory=set)
    """Entities to be found by something new."""
    owing: set[uuid.UUID] = field(default_factory=set)
    """Entities that may owe something new."""
    _fresh: dict[uuid.UUID, Newcomer] = field(default_factory=dict)
    _channel_ids: dict[str, uuid.UUID] = field(default_factory=dict)
    _later: list[tuple[uuid.UUID, Verdict, RowKeys]] = field(default_factory=list)

    @property
    def _province(self) -> str:
        return self.import_.province_code

    def add(self, keys: RowKeys, verdict: Verdict, *, sighted: bool) -> dict[str, Any]:
        """Take in one row; returns what it adds to an entity that was there before, so that it can be undone.

        `sighted`: this list has said of the entity on this day already.
        """
        entity_id = verdict.entity_id
        assert entity_id is not None  # noqa: S101 - only rows that name an entity come here
        fresh = verdict.outcome is RowOutcome.NEW
        if fresh:
            self._add_entity(entity_id, keys, verdict)
        added = self._add_belongings(entity_id, keys, verdict, of_known=not fresh)
        if entity_id in self._fresh:
            self._tell_newcomer(self._fresh[entity_id], keys.row, verdict)
        if not sighted or verdict.additions.appeared_on is not None:
            self._sight(entity_id, None, keys.row)
        self._keep_unread(entity_id, keys.row)
        if self.import_.purpose is ImportPurpose.SELLERS:
            self.sellers.append(self._row(platform_id=self.import_.platform_id, entity_id=entity_id))
        return {} if entity_id in self._fresh else added

    def _row(self, **columns: Any) -> dict[str, Any]:
        return {"province_code": self._province, "import_id": self.import_.id, "recorded_at": self.now, **columns}

    def _add_entity(self, entity_id: uuid.UUID, keys: RowKeys, verdict: Verdict) -> None:
        row, additions = keys.row, verdict.additions
        number = additions.personal_number
        self.entities.append(
            {
                "province_code": self._province,
                "id": entity_id,
                "kind": row.kind,
                "standing": Standing.REGISTERED,
                "name": row.name,
                "name_fold": fold(row.name),
                "name_key": name_key(row.name),
                "tax_code": additions.tax_code,
                "personal_number": self.vault.encrypt(PERSONAL_NUMBER, number) if number else None,
                "personal_number_hash": keys.number_hash if number else None,
                "personal_number_last4": number[-4:] if number else None,
                "location": row.location,
                "country": row.country,
                "commune_code": row.commune_code if row.commune_code in self.communes else None,
                "address": row.address,
                "added_at": self.now,
            }
        )
        self.types += [self._type(entity_id, each) for each in additions.types]
        data = {"kind": row.kind.value, "types": sorted(additions.types), "location": row.location.value}
        self._record("entity.added", entity_id, source=SOURCE, **data)
        self._fresh[entity_id] = Newcomer(
            entity_id, row.location, self.entities[-1]["commune_code"], Findable(names={row.name})
        )

    def _tell_newcomer(self, newcomer: Newcomer, row: ParsedRow, verdict: Verdict) -> None:
        additions = verdict.additions
        if verdict.outcome is not RowOutcome.NEW:
            self.types += [self._type(newcomer.id, each) for each in additions.types]
        newcomer.types.update(additions.types)
        newcomer.appears(additions.appeared_on)
        newcomer.found_by.contacts.update(value for _kind, value in additions.contacts)
        newcomer.found_by.tax_codes.update({additions.tax_code} if additions.tax_code else ())
        if additions.channels:
            for channel in self.channels[-len(additions.channels) :]:
                newcomer.add_channel(channel)

    def _type(self, entity_id: uuid.UUID, subject_type: str) -> dict[str, Any]:
        return {"province_code": self._province, "entity_id": entity_id, "subject_type": subject_type}

    def _add_belongings(
        self, entity_id: uuid.UUID, keys: RowKeys, verdict: Verdict, *, of_known: bool
    ) -> dict[str, Any]:
        additions, added = verdict.additions, {}
        contacts = [self._contact(entity_id, kind, value) for kind, value in additions.contacts]
        channels = [self._channel(entity_id, channel, keys.row) for channel in additions.channels]
        self.contacts += contacts
        self.channels += channels
        identified = additions.tax_code or additions.personal_number
        if additions.owned or (of_known and (additions.types or identified)):
            # What exists already is changed after the new rows are there.
            self._later.append((entity_id, verdict, keys))
        known_before = entity_id not in self._fresh
        if additions.owned or (known_before and (additions.contacts or additions.channels or additions.tax_code)):
            self.found.add(entity_id)
        if additions.owned or (known_before and additions.changes_duties):
            self.owing.add(entity_id)
        if of_known:
            ids = {"contacts": contacts, "channels": channels}
            added = {name: [str(row["id"]) for row in rows] for name, rows in ids.items() if rows}
        if additions.owned:
            added["owned"] = [str(channel_id) for channel_id, _address in additions.owned]
        if of_known and additions.types:
            added["types"] = list(additions.types)
        if of_known and (additions.tax_code or additions.personal_number):
            names = {"tax_code": additions.tax_code, "personal_number": additions.personal_number}
            added["identifiers"] = [name for name, value in names.items() if value]
        return added

    def _contact(self, entity_id: uuid.UUID, kind: str, value: str) -> dict[str, Any]:
        return {
            "province_code": self._province,
            "id": new_id(),
            "entity_id": entity_id,
            "kind": kind,
            "value": value,
            "formal": False,
            "holder": "",
        }

    def _channel(self, entity_id: uuid.UUID, channel: ChannelAddress, row: ParsedRow) -> dict[str, Any]:
        channel_id = self._channel_ids.setdefault(channel.address, new_id())
        self._record("channel.added", channel_id, kind=channel.kind.value, lookalike=channel.lookalike)
        self._sight(entity_id, channel_id, row)
        return {
            "province_code": self._province,
            "id": channel_id,
            "entity_id": entity_id,
            "kind": channel.kind.value,
            "address": channel.address,
            "as_typed": channel.as_typed or channel.display,
            "lookalike": channel.lookalike,
            "appeared_on": row.appeared_on,
            "first_seen_on": self.import_.seen_on,
            "added_at": self.now,
        }

    def _sight(self, entity_id: uuid.UUID, channel_id: uuid.UUID | None, row: ParsedRow) -> None:
        self.sightings.append(
            self._row(
                id=new_id(),
                entity_id=entity_id,
                channel_id=channel_id,
                source=SOURCE,
                source_name=self.import_.source,
                seen_on=self.import_.seen_on,
                appeared_on=row.appeared_on,
                staff_id=self.import_.staff_id,
                link="",
                note="",
                picture_sha256="",
            )
        )

    def _keep_unread(self, entity_id: uuid.UUID, row: ParsedRow) -> None:
        self.unread += [
            self._row(
                entity_id=entity_id,
                kind=unread.field,
                typed=unread.typed,
                reason=unread.reason,
                reason_params=dict(unread.params),
            )
            for unread in row.unread
        ]

    def _record(self, fact: str, object_id: uuid.UUID, **data: Any) -> None:
        self.facts.append((fact, object_id, {**data, "import": str(self.import_.id)}))

    # --- Writing --------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write everything: first the rows that are new, then what changes in others, then what follows from both."""
        if self.session.get_bind().dialect.name == "postgresql":
            # The plans that PostgreSQL keeps for foreign keys may be from when the register was empty: then they read
            # all of it for every row, until somebody gathers statistics.
            self.session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        self._insert(Entity, self.entities)
        self._insert(EntityType, self.types)
        self._insert(Contact, self.contacts, or_ignore=True)
        self._insert(Channel, self.channels)
        self._insert(Sighting, self.sightings)
        self._insert(UnreadValue, self.unread, or_ignore=True)
        self._insert(BoundSeller, self.sellers, or_ignore=True)
        newcomers = list(self._fresh.values())
        write_documents(self.session, self._province, newcomers)
        self.facts += open_first_obligations(
            self.session, self._province, newcomers, self.import_.id, self.now, seen_on=self.import_.seen_on
        )
        for entity_id, verdict, keys in self._later:
            self._change(entity_id, verdict, keys)
        record_many(self.session, self.facts, province_code=self._province, actor=self.actor, now=self.now)
        self.owing |= self._seen_earlier()
        if self.owing:
            recompute_many(
                self.session,
                self._province,
                sorted(self.owing),
                actor=self.actor,
                now=self.now,
                import_id=self.import_.id,
            )
        if self.found:
            refresh(self.session, self._province, sorted(self.found))

    def _seen_earlier(self) -> set[uuid.UUID]:
        """Who was thought to have been first noticed after the day of this list."""
        known = {row["entity_id"] for row in self.sightings if row["channel_id"] is None} - self._fresh.keys()
        later = select(Obligation.entity_id).where(
            Obligation.province_code == self._province,
            Obligation.entity_id.in_(known),
            Obligation.channel_id.is_(None),
            Obligation.first_seen_on > self.import_.seen_on,
        )
        return {entity_id for entity_id in self.session.scalars(later) if entity_id is not None} if known else set()

    def _insert(self, model: Any, rows: Rows, *, or_ignore: bool = False) -> None:
        if not rows:
            return
        if not or_ignore:
            self.session.connection().execute(insert(model), rows)
            return
        dialect = postgresql if self.session.get_bind().dialect.name == "postgresql" else sqlite
        statement = dialect.insert(model).on_conflict_do_nothing()
        self.session.connection().execute(statement, rows)

    def _change(self, entity_id: uuid.UUID, verdict: Verdict, keys: RowKeys) -> None:
        """Fill in what an entity had not, and give it the channels that had no owner."""
        entity = self.session.get_one(Entity, (self._province, entity_id))
        additions = verdict.additions
        if verdict.outcome is not RowOutcome.NEW:
            if additions.tax_code:
                entity.tax_code = additions.tax_code
            if additions.personal_number:
                entity.personal_number = self.vault.encrypt(PERSONAL_NUMBER, additions.personal_number)
                entity.personal_number_hash = keys.number_hash
                entity.personal_number_last4 = additions.personal_number[-4:]
            filled = {"tax_code": additions.tax_code, "personal_number": additions.personal_number}
            if names := [name for name, value in filled.items() if value]:
                self._record("entity.identified", entity_id, identifiers=names)
        if entity_id not in self._fresh:
            self._add_types(entity, additions.types)
        for channel_id, _address in additions.owned:
            self._give_owner(channel_id, entity, keys.row)

    def _add_types(self, entity: Entity, types: Sequence[str]) -> None:
        """Types that come to an entity; what it owes already is counted under them too."""
        if not types:
            return
        self._insert(EntityType, [self._type(entity.id, each) for each in types], or_ignore=True)
        counts = []
        for owed in obligations_of(self.session, entity):
            counts += move_counters_for_types(self.session, owed.obligation, entity, types, day=local_day(self.now))
        self._record("entity.types_added", entity.id, types=list(types), **({"counts": counts} if counts else {}))

    def _give_owner(self, channel_id: uuid.UUID, entity: Entity, row: ParsedRow) -> None:
        channel = self.session.get_one(Channel, (self._province, channel_id))
        counts = move_to_owner(self.session, channel, entity, day=local_day(self.now))
        data = {"counts": counts} if counts else {}
        self._record("channel.owner_found", channel.id, entity=str(entity.id), **data)
        rows = len(self.sightings)
        self._sight(entity.id, channel.id, row)
        self._insert(Sighting, self.sightings[rows:])


def known_communes(session: Session, province_code: str, rows: Iterable[ParsedRow]) -> frozenset[str]:
    """Of the communes that these rows name those that the loaded data know: others stay open."""
    codes = {row.commune_code for row in rows} - {None}
    if not codes:
        return frozenset()
    return frozenset(
        session.scalars(
            select(Commune.code).where(
                Commune.province_code == province_code, Commune.code.in_(codes), Commune.valid_to.is_(None)
            )
        )
    )


def lock_entities(session: Session, province_code: str, ids: Iterable[uuid.UUID]) -> None:
    """Let nobody else change these entities until the chunk is committed; in the order in which everybody locks."""
    session.execute(
        select(Entity.id)
        .where(Entity.province_code == province_code, Entity.id.in_(list(ids)))
        .order_by(Entity.id)
        .with_for_update(key_share=True)
    )
