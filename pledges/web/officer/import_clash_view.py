"""A row that contradicts the register beside the entities that it may be about, with what differs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from pledges.core.identity import mask_personal_number, national_phone
from pledges.core.text import fold
from pledges.imports.models import ImportRow
from pledges.imports.queries import Candidate
from pledges.imports.rows import ParsedRow
from pledges.plans.queries import commune_names
from pledges.registry.models import Entity
from pledges.registry.queries import channels_of, contacts_of, types_of
from pledges.web.current import reader
from pledges.web.officer.import_view import communes_of_rows, parsed_of, place_text, province_names, type_text


def comparison(row: ImportRow, candidates: Sequence[Candidate]) -> tuple[list[str], list[dict[str, Any]]]:
    """The names over the columns, and per attribute the cells of row and candidates; `differs` where both say other."""
    own = _of_row(parsed_of(row))
    others = [_of_candidate(candidate) for candidate in candidates]
    names = [str(_("Dòng %(number)s của tệp", number=row.number)), *map(_place_name, range(len(others)))]
    attributes = {
        "name": _("Tên"),
        "numbers": _("Mã số"),
        "types": _("Nhóm"),
        "place": _("Nơi"),
        "address": _("Địa chỉ"),
        "phones": _("Điện thoại"),
        "emails": _("Thư"),
        "channels": _("Kênh"),
    }
    lines = [
        {
            "label": str(label),
            "own": own[key],
            "others": [{"value": other[key], "differs": _differ(key, own[key], other[key])} for other in others],
        }
        for key, label in attributes.items()
        if own[key] or any(other[key] for other in others)
    ]
    return names, lines


def _differ(key: str, own: str, other: str) -> bool:
    """Both say something, and nothing of it is the same."""
    if not own or not other:
        return False
    if key in {"phones", "emails", "channels", "types", "numbers"}:
        return not set(own.split(", ")) & set(other.split(", "))
    return fold(own) != fold(other)


def _of_row(parsed: ParsedRow) -> dict[str, str]:
    numbers = [parsed.tax_code or "", mask_personal_number(parsed.personal_number) if parsed.personal_number else ""]
    return {
        "name": parsed.name,
        "numbers": ", ".join(filter(None, numbers)),
        "types": ", ".join(map(type_text, parsed.subject_types)),
        "place": place_text(parsed, province_names(), communes_of_rows([parsed])),
        "address": parsed.address,
        "phones": ", ".join(map(national_phone, parsed.phones)),
        "emails": ", ".join(parsed.emails),
        "channels": ", ".join(channel.address for channel in parsed.channels),
    }


def _of_candidate(candidate: Candidate) -> dict[str, str]:
    if candidate.entity is not None:
        return _of_entity(candidate.entity)
    if candidate.row is not None:
        said = _of_row(parsed_of(candidate.row))
        return said | {"name": f"{said['name']} ({_('dòng %(number)s', number=candidate.row.number)})"}
    return dict.fromkeys(("name", "numbers", "types", "place", "address", "phones", "emails", "channels"), "")


def _of_entity(entity: Entity) -> dict[str, str]:
    by_kind: dict[str, list[str]] = {}
    for contact in contacts_of(reader(), entity):
        if contact.ended_at is None:
            by_kind.setdefault(contact.kind, []).append(contact.value)
    number = mask_personal_number("0" * 8 + entity.personal_number_last4) if entity.personal_number_last4 else ""
    communes = commune_names(reader(), entity.province_code, [entity.commune_code] if entity.commune_code else [])
    place = (communes.get(entity.commune_code or "", ""), province_names().get(entity.province_code, ""))
    return {
        "name": entity.name,
        "numbers": ", ".join(filter(None, (entity.tax_code or "", number))),
        "types": ", ".join(map(type_text, types_of(reader(), entity))),
        "place": ", ".join(filter(None, place)),
        "address": entity.address,
        "phones": ", ".join(map(national_phone, by_kind.get("phone", ()))),
        "emails": ", ".join(by_kind.get("email", ())),
        "channels": ", ".join(channel.address for channel in channels_of(reader(), entity)),
    }


def _place_name(place: int) -> str:
    """Short, for a telephone: the name itself stands in the first line."""
    return str(_("Đối tượng %(number)s", number=place + 1))


def names_of(candidates: Sequence[Candidate]) -> list[tuple[uuid.UUID, str]]:
    nameless = str(_("chưa có tên"))
    return [
        (candidate.id, f"{_place_name(place)}, {_of_candidate(candidate)['name'] or nameless}")
        for place, candidate in enumerate(candidates)
    ]
