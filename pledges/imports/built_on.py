"""What people have built on the entities that an import added: then it cannot be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.errors import N_
from pledges.imports.errors import Reason
from pledges.imports.models import Import, ImportRow, RowOutcome
from pledges.registry.claims import open_disputes
from pledges.registry.models import Channel, Contact, Entity, Obligation, Sighting
from pledges.registry.upkeep_models import (
    BoundSeller,
    DuplicatePair,
    Merge,
    ObligationDecision,
    PairState,
    ScopeProposal,
)

Blockers = Callable[[Session, str, Collection[uuid.UUID], uuid.UUID | None], dict[uuid.UUID, str]]
"""What lines above this one have built in a province on entities or obligations with these ids: per id a message.

Paper pledges that the import with the last id recorded itself do not count; None: all count.
"""

CHUNK = 500
MOST_DISPUTES = 5000

SEEN_BY_OTHERS = N_("nguồn khác cũng đã ghi nhận đối tượng này")
IN_OTHER_LIST = N_("một danh sách khác cũng có đối tượng này")
CHANGED = N_("đã có người sửa hoặc bổ sung thông tin")
DECIDED = N_("đã có quyết định về diện ký hoặc đợt")
PROPOSED = N_("có đề nghị của cơ quan khác")
REACHED = N_("liên hệ đã được xác nhận bằng mã")
CLAIMED = N_("có bản tự kê khai trùng với đối tượng này, chờ cán bộ xem")
MERGED = N_("đã được gộp hoặc được xác định là không trùng")
BOUND = N_("danh sách người bán của sàn dựa vào đối tượng này")
KEPT = N_("Giữ lại khi rút danh sách vì đã có việc dựa trên đối tượng này.")


def find_blockers(
    session: Session,
    import_: Import,
    blockers: Blockers,
    *,
    among: Collection[uuid.UUID] | None = None,
    own_papers_too: bool = False,
) -> dict[uuid.UUID, Reason]:
    """The entities on which something was built since the import added them or to them, and what it is.

    `among`: only of these entities, all of them added by the import.
    """
    created = _created(import_) if among is None else _listed(import_, among)
    found: dict[uuid.UUID, Reason] = {}
    for message, statement in _questions(import_, created):
        for entity_id in session.scalars(statement):
            found.setdefault(entity_id, (message, {}))
    ids = list(session.scalars(created))
    found |= {each: found.get(each, (CLAIMED, {})) for each in _disputed(session, import_) & set(ids)}
    if among is None:
        found |= _on_known_entities(session, import_, blockers)
    ignored = None if own_papers_too else import_.id
    for start in range(0, len(ids), CHUNK):
        for entity_id, message in blockers(session, import_.province_code, ids[start : start + CHUNK], ignored).items():
            found.setdefault(entity_id, (message, {}))
    return found


def _created(import_: Import) -> Select[Any]:
    return select(ImportRow.entity_id).where(
        ImportRow.province_code == import_.province_code,
        ImportRow.import_id == import_.id,
        ImportRow.outcome == RowOutcome.NEW,
        ImportRow.applied_at.is_not(None),
    )


def _listed(import_: Import, ids: Collection[uuid.UUID]) -> Select[Any]:
    return select(Entity.id).where(Entity.province_code == import_.province_code, Entity.id.in_(ids))


def _questions(import_: Import, created: Select[Any]) -> Iterator[tuple[str, Select[Any]]]:
    province = import_.province_code

    def of(model: Any, column: Any, *where: ColumnElement[bool]) -> Select[Any]:
        return select(column).where(model.province_code == province, column.in_(created), *where).distinct()

    yield SEEN_BY_OTHERS, of(Sighting, Sighting.entity_id, _not_of(import_, Sighting.import_id))
    yield (
        IN_OTHER_LIST,
        of(ImportRow, ImportRow.entity_id, ImportRow.import_id != import_.id, ImportRow.applied_at.is_not(None)),
    )
    yield CHANGED, of(Fact, Fact.object_id, Fact.object_kind == "entity", _foreign(import_))
    yield (
        CHANGED,
        (
            select(Channel.entity_id)
            .join(Fact, (Fact.province_code == Channel.province_code) & (Fact.object_id == Channel.id))
            .where(
                Channel.province_code == province,
                Channel.entity_id.in_(created),
                Fact.object_kind == "channel",
                _foreign(import_),
            )
        ),
    )
    for message, decision in ((DECIDED, ObligationDecision), (PROPOSED, ScopeProposal)):
        yield (
            message,
            (
                select(Obligation.entity_id)
                .join(
                    decision,
                    (decision.province_code == Obligation.province_code) & (decision.obligation_id == Obligation.id),
                )
                .where(Obligation.province_code == province, Obligation.entity_id.in_(created))
            ),
        )
    yield REACHED, of(Contact, Contact.entity_id, Contact.verified_at.is_not(None))
    yield CLAIMED, of(Entity, Entity.claims_entity_id, true())
    yield MERGED, of(Entity, Entity.id, Entity.merged_into.is_not(None))
    for side in (Merge.kept_id, Merge.merged_id):
        yield MERGED, of(Merge, side, true())
    for side in (DuplicatePair.first_id, DuplicatePair.second_id):
        yield MERGED, of(DuplicatePair, side, DuplicatePair.state != PairState.OPEN)
    yield BOUND, of(BoundSeller, BoundSeller.platform_id, true())
    yield BOUND, of(BoundSeller, BoundSeller.entity_id, _not_of(import_, BoundSeller.import_id))


def _disputed(session: Session, import_: Import) -> set[uuid.UUID]:
    """Those of whom a signer has named something in a correction that nobody has looked at yet."""
    disputes = open_disputes(session, import_.province_code, most=MOST_DISPUTES)
    return {uuid.UUID(each) for fact in disputes for each in fact.data["claims"]}


def _not_of(import_: Import, column: Any) -> ColumnElement[bool]:
    return or_(column.is_(None), column != import_.id)


def _foreign(import_: Import) -> ColumnElement[bool]:
    """Facts that this import did not record: everything that people do to an entity leaves one."""
    said = Fact.data["import"].as_string()
    return or_(said.is_(None), said != str(import_.id))


def _on_known_entities(session: Session, import_: Import, blockers: Blockers) -> dict[uuid.UUID, Reason]:
    """What was built on channels, types and contacts that the import added to entities that were there before."""
    opened = select(Obligation.id, Obligation.entity_id).where(
        Obligation.province_code == import_.province_code,
        Obligation.import_id == import_.id,
        Obligation.entity_id.not_in(_created(import_)),
    )
    owners = {row.id: row.entity_id for row in session.execute(opened)}
    found: dict[uuid.UUID, Reason] = {}
    ids = list(owners)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        for obligation_id, message in blockers(session, import_.province_code, chunk, import_.id).items():
            found.setdefault(owners[obligation_id], (message, {}))
        for model, message in ((ObligationDecision, DECIDED), (ScopeProposal, PROPOSED)):
            decided = select(model.obligation_id).where(
                model.province_code == import_.province_code, model.obligation_id.in_(chunk)
            )
            for obligation_id in session.scalars(decided):
                found.setdefault(owners[obligation_id], (message, {}))
    found |= _on_added(session, import_)
    return found


def _on_added(session: Session, import_: Import) -> dict[uuid.UUID, Reason]:
    rows = session.execute(
        select(ImportRow.entity_id, ImportRow.parsed["added"], ImportRow.applied_at).where(
            ImportRow.province_code == import_.province_code,
            ImportRow.import_id == import_.id,
            ImportRow.applied_at.is_not(None),
            ImportRow.parsed["added"].as_string().is_not(None),
        )
    ).all()
    channels = {uuid.UUID(each): entity for entity, added, _at in rows for each in added.get("channels", ())}
    contacts = {uuid.UUID(each): entity for entity, added, _at in rows for each in added.get("contacts", ())}
    numbers = {(entity, name): at for entity, added, at in rows for name in added.get("identifiers", ())}
    found: dict[uuid.UUID, Reason] = {}
    applied = {entity: at for entity, _added, at in rows}
    for ids in _chunks(list(applied)):
        found |= dict.fromkeys(_merged_since(session, import_, ids, applied), (MERGED, {}))
    for ids in _chunks([entity for entity, _name in numbers]):
        corrected = select(Fact.object_id, Fact.data["changed"], Fact.recorded_at).where(
            Fact.province_code == import_.province_code,
            Fact.object_id.in_(ids),
            Fact.kind.in_(("entity.changed", "entity.corrected")),
        )
        for entity, changed, at in session.execute(corrected):
            if any((entity, name) in numbers and at >= numbers[entity, name] for name in changed or ()):
                found.setdefault(entity, (CHANGED, {}))
    for ids in _chunks(list(channels)):
        touched = select(Fact.object_id).where(
            Fact.province_code == import_.province_code, Fact.object_id.in_(ids), _foreign(import_)
        )
        seen = select(Sighting.channel_id).where(
            Sighting.province_code == import_.province_code,
            Sighting.channel_id.in_(ids),
            _not_of(import_, Sighting.import_id),
        )
        for channel_id in (*session.scalars(touched), *session.scalars(seen)):
            if channel_id is not None:
                found.setdefault(channels[channel_id], (CHANGED, {}))
    for ids in _chunks(list(contacts)):
        reached = select(Contact.id).where(
            Contact.province_code == import_.province_code, Contact.id.in_(ids), Contact.verified_at.is_not(None)
        )
        for contact_id in session.scalars(reached):
            found.setdefault(contacts[contact_id], (REACHED, {}))
    return found


def _merged_since(
    session: Session, import_: Import, ids: list[uuid.UUID], applied: Mapping[uuid.UUID, datetime]
) -> set[uuid.UUID]:
    """Those of them that stand for another one now, or another one for them, by a merge after their row came in."""
    merges = session.scalars(
        select(Merge).where(
            Merge.province_code == import_.province_code,
            Merge.undone_at.is_(None),
            or_(Merge.kept_id.in_(ids), Merge.merged_id.in_(ids)),
        )
    )
    return {
        each
        for merge in merges
        for each in (merge.kept_id, merge.merged_id)
        if each in applied and merge.merged_at >= applied[each]
    }


def _chunks(ids: list[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
