"""Letting people find a commune by its name of today or of before July 2025, in any form that asks for one."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _

from pledges.plans.queries import get_commune, search_communes
from pledges.web.current import reader
from pledges.web.fields import Choice, SearchChoiceField


def let_search(field: SearchChoiceField, province_code: str) -> None:
    """Tie the field to the communes of one province."""
    field.live_url = url_for("signer.communes", tinh=province_code)
    field.search = lambda query: commune_choices(province_code, query)
    field.name_of = lambda code: commune_choice(province_code, code)


def commune_choice(province_code: str, code: str) -> Choice | None:
    commune = get_commune(reader(), province_code, code)
    return Choice(commune.code, commune.name) if commune is not None else None


def commune_choices(province_code: str, query: str) -> list[Choice]:
    """Each commune once; several of its old names may have matched."""
    names: dict[str, str] = {}
    former: dict[str, list[str]] = {}
    for hit in search_communes(reader(), province_code, query):
        names[hit.code] = hit.name
        former.setdefault(hit.code, []).extend([hit.former] if hit.former else [])
    return [
        Choice(code, name, _("tên cũ: %(name)s", name="; ".join(former[code])) if former[code] else "")
        for code, name in names.items()
    ]
