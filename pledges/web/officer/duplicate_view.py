"""Two subjects beside each other: what the register says of both, and where they differ."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from pledges.core.identity import national_phone
from pledges.plans.queries import commune_names, get_agency
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.duplicate_queries import PairFilter, PairOfTwo, merge_of_pair
from pledges.registry.families import family
from pledges.registry.models import Contact, Entity, EntityKind, Location, Sighting
from pledges.registry.queries import channels_of, obligations_of, types_of
from pledges.registry.upkeep_models import DuplicatePair, PairState
from pledges.signing.models import Pledge
from pledges.web.current import reader
from pledges.web.i18n import date_text, translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.duplicate_forms import RULES
from pledges.web.officer.entity_search import shown_tax_code
from pledges.web.officer.entity_words import duty_label
from pledges.web.officer.words import Label, state_label

PAIRS_A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """One row of the comparison; `differs` is None where a difference says nothing."""

    label: str
    first: list[str]
    second: list[str]
    differs: bool | None = None


def pairs_url(wanted: PairFilter, page: int = 1) -> str:
    args: dict[str, Any] = {"dau_hieu": wanted.rule, "xa": wanted.commune, "trang": page if page > 1 else ""}
    return url_for("officer.duplicates", **{name: value for name, value in args.items() if value})


def list_rows(pairs: Iterable[PairOfTwo]) -> list[dict[str, Any]]:
    """Pairs as a table shows them."""
    found = list(pairs)
    codes = {entity.commune_code or "" for each in found for entity in (each.first, each.second)}
    communes = commune_names(reader(), found[0].pair.province_code, codes) if found else {}

    def side(entity: Entity) -> dict[str, str]:
        return {
            "name": entity.name,
            "code": shown_tax_code(entity),
            "place": communes.get(entity.commune_code or "", "") or place_of(entity),
        }

    return [
        {
            "href": url_for("officer.duplicate", pair_id=each.pair.id),
            "first": side(each.first),
            "second": side(each.second),
            "rules": [str(RULES[rule]) for rule in each.pair.rules if rule in RULES],
            "score": each.pair.score,
            "state": decided_label(each.pair),
            "decided": each.pair.decided_at,
            "note": each.pair.note,
        }
        for each in found
    ]


def decided_label(pair: DuplicatePair) -> Label:
    labels = {
        PairState.OPEN: (_("Chờ xem"), "info"),
        PairState.MERGED: (_("Đã gộp"), "success"),
        PairState.KEPT_APART: (_("Hai đối tượng khác nhau"), "plain"),
    }
    text, kind = labels[pair.state]
    return Label(str(text), kind)


def place_of(entity: Entity) -> str:
    if entity.location is Location.ABROAD:
        return str(_("Ở nước ngoài"))
    return str(_("Ở tỉnh, thành phố khác") if entity.location is Location.ELSEWHERE else _("Chưa rõ xã, phường"))


def comparison(first: Entity, second: Entity) -> list[Line]:
    """All that helps to tell whether two are one. Names differ by more than case and marks only by their keys."""
    communes = commune_names(reader(), first.province_code, {first.commune_code or "", second.commune_code or ""})
    owed, known = _owed(first, second), (_Known.of(first), _Known.of(second))

    def line(label: str, one: Any, other: Any, *, compare: bool = True) -> Line:
        mine, theirs = _lines(one), _lines(other)
        return Line(label, mine, theirs, set(mine) != set(theirs) if compare and mine and theirs else None)

    one, two = known
    return [
        Line(_("Tên"), [first.name], [second.name], first.name_key != second.name_key),
        line(_("Loại"), _kind(first), _kind(second)),
        line(_("Nhóm đối tượng"), one.types, two.types),
        line(_("Mã số thuế"), shown_tax_code(first), shown_tax_code(second)),
        line(_("Số định danh cá nhân"), _number(first), _number(second)),
        line(
            _("Xã, phường, đặc khu"),
            communes.get(first.commune_code or "") or place_of(first),
            communes.get(second.commune_code or "") or place_of(second),
        ),
        line(_("Địa chỉ"), first.address, second.address),
        line(_("Các kênh"), one.channels, two.channels, compare=False),
        line(_("Thư điện tử, điện thoại"), one.contacts, two.contacts),
        line(_("Có trong danh sách từ"), date_text(first.added_at), date_text(second.added_at), compare=False),
        line(_("Số lần phát hiện"), str(one.sightings), str(two.sightings), compare=False),
        line(_("Nghĩa vụ ký cam kết"), owed[0], owed[1], compare=False),
        line(_("Bản cam kết"), one.pledges, two.pledges, compare=False),
    ]


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [str(each) for each in value]


def _kind(entity: Entity) -> str:
    return str(_("Tổ chức, hộ kinh doanh") if entity.kind is EntityKind.ORGANISATION else _("Cá nhân"))


def _number(entity: Entity) -> str:
    return f"••••••••{entity.personal_number_last4}" if entity.personal_number_last4 else ""


@dataclass(frozen=True)
class _Known:
    types: list[str]
    channels: list[str]
    contacts: list[str]
    sightings: int
    pledges: list[str]
    """References of the own agency's pledges with their states; of others only how many."""

    @classmethod
    def of(cls, entity: Entity) -> _Known:
        session, ids = reader(), family(reader(), entity) if entity.merged_into is None else [entity.id]
        contacts = session.scalars(
            select(Contact.value)
            .where(
                Contact.province_code == entity.province_code,
                Contact.entity_id.in_(ids),
                Contact.ended_at.is_(None),
            )
            .order_by(Contact.value)
        )
        sightings = session.scalar(
            select(func.count()).where(Sighting.province_code == entity.province_code, Sighting.entity_id.in_(ids))
        )
        return cls(
            types=[translate(SUBJECT_TYPES[code].label) for code in types_of(session, entity)],
            channels=[channel.address for channel in channels_of(session, entity)],
            contacts=list(dict.fromkeys(map(national_phone, contacts))),
            sightings=sightings or 0,
            pledges=_pledges(entity.province_code, ids),
        )


def _pledges(province_code: str, entity_ids: list[uuid.UUID]) -> list[str]:
    rows = reader().scalars(
        select(Pledge)
        .where(Pledge.province_code == province_code, Pledge.entity_id.in_(entity_ids))
        .order_by(Pledge.signed_at.desc(), Pledge.id)
    )
    own: list[str] = []
    others: dict[str, int] = defaultdict(int)
    for pledge in rows:
        if pledge.agency_code == current_staff().agency_code:
            own.append(f"{pledge.reference}: {state_label(pledge).text}")
        else:
            others[get_agency(reader(), province_code, pledge.agency_code).name] += 1
    return [*own, *(_("%(agency)s: %(number)s bản", agency=name, number=count) for name, count in others.items())]


def _owed(*entities: Entity) -> list[list[str]]:
    return [
        [
            f"{get_agency(reader(), owed.entry.province_code, owed.entry.lead_agency).name}: "
            f"{duty_label(owed.obligation).text}"
            for owed in obligations_of(reader(), entity)
        ]
        for entity in entities
    ]


def better_to_keep(first: Entity, second: Entity) -> Entity:
    """The one with more pledges, else the one with a tax code, else the older."""

    def worth(entity: Entity) -> tuple[int, bool, float]:
        ids = family(reader(), entity)
        signed = reader().scalar(
            select(func.count()).where(Pledge.province_code == entity.province_code, Pledge.entity_id.in_(ids))
        )
        return signed or 0, entity.tax_code is not None, -entity.added_at.timestamp()

    return max(first, second, key=worth)


def history_of(pair: DuplicatePair) -> dict[str, Any] | None:
    """What was decided about the pair and can be taken back; None while it is open."""
    if pair.state is PairState.OPEN:
        return None
    merge = merge_of_pair(reader(), pair) if pair.state is PairState.MERGED else None
    kept = reader().get_one(Entity, (pair.province_code, merge.kept_id)) if merge is not None else None
    return {"label": decided_label(pair), "at": pair.decided_at, "note": pair.note, "merge": merge, "kept": kept}
