"""The register as a page: filters in the address, rows in words, what may not stand in an address."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from pledges.plans.queries import agencies_of, commune_names
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import Cohort, Entity, Obligation, Standing
from pledges.registry.register_list import About, about
from pledges.registry.scope_words import COHORT_LABELS
from pledges.registry.search_queries import LONGEST
from pledges.registry.searching import Within
from pledges.web.components import PageForm
from pledges.web.current import reader
from pledges.web.fields import AgreeField, Choice, SelectField, TextField, lazy
from pledges.web.i18n import translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.entity_search import shown_tax_code
from pledges.web.officer.entity_words import duty_label
from pledges.web.officer.words import Label

CHANNELS_SHOWN = 2

OWING = {
    "unsigned": lazy("Chưa ký"),
    "waiting": lazy("Đã ký, đang chờ cơ quan"),
    "in_force": lazy("Đang có hiệu lực"),
    "out": lazy("Không thuộc diện ký"),
    "claimed": lazy("Đang chờ xem xét"),
}


class SearchForm(PageForm):
    """Posted: what people look for may be somebody's number, and that must not stand in an address."""

    tim = TextField(
        lazy("Tìm đối tượng"),
        hint=lazy(
            "Tên (không dấu cũng được), tên cũ, mã số thuế, tên miền, kênh, điện thoại, thư điện tử, "
            "hoặc số định danh cá nhân."
        ),
        required=lazy("Hãy gõ tên, mã số, kênh hoặc số điện thoại cần tìm."),
        autocomplete="off",
    )


class FilterForm(PageForm):
    """Sent by GET, so that the address of a filtered list can be handed on; nothing chosen there is ever wrong."""

    class Meta(PageForm.Meta):
        csrf = False

    nhom = SelectField(
        lazy("Nhóm đối tượng"),
        choices=[Choice(code, lazy(info.label)) for code, info in SUBJECT_TYPES.items()],
        empty=lazy("Mọi nhóm"),
    )
    xa = SelectField(lazy("Xã, phường, đặc khu"), empty=lazy("Mọi nơi"))
    tinh_trang = SelectField(
        lazy("Tình trạng ký"),
        choices=[Choice(code, label) for code, label in OWING.items()],
        empty=lazy("Mọi tình trạng"),
    )
    dot = SelectField(
        lazy("Có từ khi nào"),
        choices=[Choice(cohort.value, lazy(label)) for cohort, label in COHORT_LABELS.items()],
        empty=lazy("Mọi thời điểm"),
    )
    cua_toi = AgreeField(lazy("Chỉ nghĩa vụ do cơ quan tôi chủ trì"))


def read_within(args: Mapping[str, str], communes: Collection[str]) -> Within:
    """The filter that stands in an address; what makes no sense there is left out."""
    cohort, owing, group, commune = (args.get(name, "") for name in ("dot", "tinh_trang", "nhom", "xa"))
    own = current_staff().agency_code if args.get("cua_toi") == "yes" else None
    return Within(
        commune=commune if commune in communes else "",
        subject_type=group if group in SUBJECT_TYPES else "",
        cohort=Cohort(cohort) if cohort in set(Cohort) else None,
        agency_code=own or "",
        owing=owing if owing in OWING else "",
    )


def read_text(args: Mapping[str, str]) -> str:
    return " ".join(args.get("tim", "").replace("\x00", "").split())[:LONGEST]


def read_id(args: Mapping[str, str], name: str) -> uuid.UUID | None:
    with suppress(ValueError):
        return uuid.UUID(args[name]) if name in args else None
    return None


def within_args(within: Within, text: str = "") -> dict[str, Any]:
    """The same filter as it stands in an address."""
    args = {
        "tim": text,
        "nhom": within.subject_type,
        "xa": within.commune,
        "tinh_trang": within.owing,
        "dot": within.cohort.value if within.cohort else "",
        "cua_toi": "yes" if within.agency_code else "",
    }
    return {name: value for name, value in args.items() if value}


def register_url(within: Within, text: str = "", **more: Any) -> str:
    return url_for("officer.register", **within_args(within, text), **more)


def chips_of(within: Within, text: str, communes: Mapping[str, str]) -> list[dict[str, str]]:
    """One chip for each chosen filter, with the address of the list without it."""
    chips = []
    if text:
        chips.append({"text": _("Tìm: %(text)s", text=text), "href": register_url(within)})
    named: list[tuple[bool, str, dict[str, Any]]] = [
        (
            bool(within.subject_type),
            _("Nhóm: %(group)s", group=translate(SUBJECT_TYPES[within.subject_type].label))
            if within.subject_type
            else "",
            {"subject_type": ""},
        ),
        (bool(within.commune), communes.get(within.commune, ""), {"commune": ""}),
        (bool(within.owing), str(OWING.get(within.owing, "")), {"owing": ""}),
        (
            within.cohort is not None,
            _("Có từ khi nào: %(when)s", when=translate(COHORT_LABELS[within.cohort])) if within.cohort else "",
            {"cohort": None},
        ),
        (bool(within.agency_code), _("Cơ quan tôi chủ trì"), {"agency_code": ""}),
    ]
    return chips + [
        {"text": words, "href": register_url(replace(within, **without), text)}
        for chosen, words, without in named
        if chosen
    ]


# --- Rows ----------------------------------------------------------------------------------------------------------


def table_rows(entities: Collection[Entity]) -> list[dict[str, Any]]:
    province_code = current_staff().province_code
    known = about(reader(), province_code, [entity.id for entity in entities])
    communes = commune_names(reader(), province_code, {entity.commune_code or "" for entity in entities})
    agencies = {agency.code: agency.name for agency in agencies_of(reader(), province_code)}
    return [
        {
            "href": url_for("officer.entity", entity_id=entity.id),
            "name": entity.name,
            "claimed": entity.standing is Standing.CLAIMED,
            "code": shown_tax_code(entity),
            "groups": [translate(SUBJECT_TYPES[code].label) for code in known[entity.id].subject_types],
            "commune": communes.get(entity.commune_code or "", ""),
            "channels": known[entity.id].channels[:CHANNELS_SHOWN],
            "more_channels": len(known[entity.id].channels[CHANNELS_SHOWN:]),
            "duties": _duties(known[entity.id], agencies),
        }
        for entity in entities
    ]


def _duties(known: About, agencies: Mapping[str, str]) -> list[dict[str, Any]]:
    """How far the obligations to each agency are; one of them that is not done is said, however many are."""
    of_agency: dict[str, list[Obligation]] = {}
    for agency_code, obligation in known.obligations:
        of_agency.setdefault(agency_code, []).append(obligation)
    own = current_staff().agency_code
    return [
        {"agency": agencies.get(code, code), "tags": _labels(obligations)}
        for code, obligations in sorted(of_agency.items(), key=lambda pair: (pair[0] != own, pair[0]))
    ]


def _labels(obligations: list[Obligation]) -> list[Label]:
    found: dict[Label, int] = {}
    for obligation in obligations:
        label = duty_label(obligation)
        found[label] = found.get(label, 0) + 1
    if len(obligations) == 1:
        return list(found)
    return [Label(f"{label.text}: {number}/{len(obligations)}", label.kind) for label, number in found.items()]


def sees_own_agency() -> bool:
    return current_staff().agency_code is not None
