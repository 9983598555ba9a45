"""Choosing a subject of the register by searching for it: for every page of staff that needs one."""

from __future__ import annotations

import uuid
from contextlib import suppress

from flask_babel import gettext as _

from pledges.plans.queries import commune_names
from pledges.registry.matching import survivor
from pledges.registry.models import Entity, EntityKind, Standing
from pledges.registry.register_list import About, about
from pledges.registry.searching import EntityHit, Within, search_entities
from pledges.web.current import product, reader
from pledges.web.fields import Choice, SearchChoiceField
from pledges.web.officer.authentication import current_staff

MOST_TO_CHOOSE_FROM = 12
PERSONAL_DIGITS = 12
"""Tax codes of this length are personal numbers (Circular 86/2024)."""


def search_box(query: str, *, limit: int = MOST_TO_CHOOSE_FROM, within: Within | None = None) -> list[EntityHit]:
    """The hits of a query in the province of who is signed in."""
    return search_entities(
        reader(), current_staff().province_code, query, vault=product().vault, limit=limit, within=within
    )


def let_pick(field: SearchChoiceField, *, claimed: bool = False, without: uuid.UUID | None = None) -> None:
    """Tie a field to the register; `data` is the id of the subject as text.

    The form has to be one that posts: what is typed may be somebody's number, which must not stand in an address.
    `claimed`: also subjects that wait for a person's judgement. `without`: the one whom the page is about.
    """

    def fits(entity: Entity) -> bool:
        return entity.id != without and (claimed or entity.standing is Standing.REGISTERED)

    def search(query: str) -> list[Choice]:
        return entity_choices([hit.entity for hit in search_box(query) if fits(hit.entity)])

    def name_of(value: str) -> Choice | None:
        entity = picked(value)
        return entity_choices([entity])[0] if entity is not None and fits(entity) else None

    field.search, field.name_of = search, name_of


def picked(value: str) -> Entity | None:
    """The subject of this id within the reach of who is signed in; of a merged one, the one that stands for it."""
    with suppress(ValueError):
        entity = reader().get(Entity, (current_staff().province_code, uuid.UUID(value)))
        return survivor(reader(), entity) if entity is not None else None
    return None


def entity_choices(entities: list[Entity]) -> list[Choice]:
    """Each with what tells it from others of the same name."""
    if not entities:
        return []
    province_code = entities[0].province_code
    known = about(reader(), province_code, [entity.id for entity in entities])
    communes = commune_names(reader(), province_code, {entity.commune_code or "" for entity in entities})
    return [
        Choice(
            str(entity.id), entity.name, _hint(entity, known[entity.id], communes.get(entity.commune_code or "", ""))
        )
        for entity in entities
    ]


def _hint(entity: Entity, known: About, commune: str) -> str:
    code = shown_tax_code(entity)
    parts = [commune, _("mã số thuế %(code)s", code=code) if code else "", *known.channels[:2]]
    if entity.standing is Standing.CLAIMED:
        parts.append(_("đang chờ xem xét"))
    return " · ".join(part for part in parts if part)


def shown_tax_code(entity: Entity) -> str:
    """The tax code of an organisation; one that is somebody's personal number only by its end."""
    if entity.tax_code is None or entity.kind is not EntityKind.ORGANISATION:
        return ""
    return f"••••••••{entity.tax_code[-4:]}" if len(entity.tax_code) == PERSONAL_DIGITS else entity.tax_code
