"""One subject of the register: what every agency of its province may know about it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.plans.queries import get_agency, get_clause, get_commune, get_province
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.matching import survivor
from pledges.registry.models import IN_SCOPE, Entity, EntityKind, Location, Obligation, Standing
from pledges.registry.queries import Owed, channels_of, obligations_of, types_of
from pledges.signing.queries import pledges_of_entity
from pledges.web.current import reader
from pledges.web.i18n import date_text, translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.reach import entity_for, has_right
from pledges.web.officer.words import Label, state_label
from pledges.web.security import may

PERSONAL_DIGITS = 12
"""Tax codes of this length are personal numbers (Circular 86/2024)."""


@blueprint.get("/doi-tuong/<uuid:entity_id>")
@may(Action.ENTITY_VIEW)
def entity(entity_id: uuid.UUID) -> ResponseReturnValue:
    found = entity_for(entity_id)
    kept = survivor(reader(), found)
    return render_template(
        "officer/entity.html",
        entity=found,
        merged_into=url_for("officer.entity", entity_id=kept.id) if kept.id != found.id else "",
        claimed=found.standing is Standing.CLAIMED,
        rows=_who(found),
        channels=[channel.address for channel in channels_of(reader(), found)],
        duties=[_duty(owed) for owed in obligations_of(reader(), found)],
        files=_own_files(found),
    )


def _who(found: Entity) -> list[dict[str, Any]]:
    commune = get_commune(reader(), found.province_code, found.commune_code) if found.commune_code else None
    organisation = found.kind is EntityKind.ORGANISATION
    rows: list[dict[str, Any]] = [
        {"key": _("Loại"), "value": _("Tổ chức, hộ kinh doanh") if organisation else _("Cá nhân")},
        {
            "key": _("Nhóm đối tượng"),
            "value": [translate(SUBJECT_TYPES[code].label) for code in types_of(reader(), found)],
        },
    ]
    if found.location is Location.LOCAL:
        rows.append({"key": _("Xã, phường, đặc khu"), "value": commune.name if commune else _("Chưa rõ")})
    else:
        place = _("Ở nước ngoài") if found.location is Location.ABROAD else _("Ở tỉnh, thành phố khác")
        rows.append({"key": _("Trụ sở hoặc nơi ở"), "value": place})
    if code := _public_code(found):
        rows.append({"key": _("Mã số thuế"), "value": code})
    rows.append({"key": _("Tỉnh, thành phố"), "value": get_province(reader(), found.province_code).name})
    rows.append({"key": _("Có trong danh sách từ"), "value": date_text(found.added_at)})
    return rows


def _public_code(found: Entity) -> str:
    """The tax code of an organisation; one that is somebody's personal number only by its end."""
    if found.tax_code is None or found.kind is not EntityKind.ORGANISATION:
        return ""
    personal = len(found.tax_code) == PERSONAL_DIGITS
    return f"••••••••{found.tax_code[-4:]}" if personal else found.tax_code


def _duty(owed: Owed) -> dict[str, Any]:
    entry, province_code = owed.entry, owed.obligation.province_code
    clause = get_clause(reader(), province_code, entry.clause_id) if entry.clause_id else None
    return {
        "clause": clause.place if clause is not None else entry.id,
        "agency": get_agency(reader(), province_code, entry.lead_agency).name,
        "channel": owed.channel.address if owed.channel is not None else "",
        "state": duty_label(owed.obligation),
    }


def duty_label(obligation: Obligation) -> Label:
    """How far one obligation is: as much as other agencies of the province may know."""
    if obligation.in_force:
        return Label(str(_("Đang có hiệu lực")), "success")
    if obligation.waiting_for_agency:
        return Label(str(_("Đã ký, đang chờ cơ quan")), "info")
    if obligation.scope not in IN_SCOPE:
        return Label(str(_("Không thuộc diện ký")), "plain")
    return Label(str(_("Chưa ký")), "warning")


def _own_files(found: Entity) -> list[dict[str, Any]] | None:
    """The files of the person's own agency; None for those who see no files at all."""
    agency_code = current_staff().agency_code
    if agency_code is None or not has_right(Action.PLEDGE_VIEW):
        return None
    return [
        {
            "reference": pledge.reference,
            "signed": pledge.signed_at,
            "label": state_label(pledge),
            "href": url_for("officer.file", reference=pledge.reference),
        }
        for pledge in pledges_of_entity(reader(), found.province_code, found.id, agency_code)
    ]
