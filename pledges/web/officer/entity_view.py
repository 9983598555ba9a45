"""Everything that the page of one entity shows, cut down to what the person may see."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action
from pledges.audit.catalogue import FACT_KINDS
from pledges.audit.models import Fact
from pledges.core.identity import canonical_channel
from pledges.messaging.queries import messages_to
from pledges.plans.queries import agencies_of, get_clause, get_commune, get_province
from pledges.plans.rules import SUBJECT_TYPES, due_day
from pledges.registry.care_queries import first_seen, former_names_of, open_proposals_of, sightings_of, unread_of
from pledges.registry.claims import has_open_dispute
from pledges.registry.families import family
from pledges.registry.matching import survivor
from pledges.registry.models import Channel, Contact, Entity, EntityKind, Location, Sighting, Standing
from pledges.registry.queries import Owed, channels_of, obligations_of, types_of
from pledges.registry.scope_words import COHORT_LABELS
from pledges.registry.timeline import facts_about
from pledges.signing.queries import pledges_of_entity
from pledges.web.components import PageForm
from pledges.web.current import reader
from pledges.web.i18n import date_text, time_text, translate
from pledges.web.officer import entity_words as words
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.entity_pages import Refused
from pledges.web.officer.entity_search import shown_tax_code
from pledges.web.officer.reach import has_right
from pledges.web.officer.round_ask_view import invitations_of
from pledges.web.officer.violation_view import rows_of_entity
from pledges.web.officer.words import state_label


def entity_page(found: Entity, *, form: PageForm | None = None, refused: Refused | None = None) -> str:
    kept = survivor(reader(), found)
    rows = family(reader(), found) if kept.id == found.id else [found.id]
    editable = has_right(Action.ENTITY_EDIT) and kept.id == found.id and found.standing is Standing.REGISTERED
    contacts = has_right(Action.ENTITY_CONTACTS)
    return render_template(
        "officer/entity.html",
        entity=found,
        form=form if form is not None and form.stale else None,
        refused=refused,
        merged_into=url_for("officer.entity", entity_id=kept.id) if kept.id != found.id else "",
        claimed=found.standing is Standing.CLAIMED,
        rejected=found.standing is Standing.CLAIMED and found.claims_entity_id is None,
        disputed=has_open_dispute(reader(), found),
        editable=editable,
        judges=has_right(Action.CLAIM_DECIDE),
        compares=editable and has_right(Action.DUPLICATE_DECIDE),
        rows=_who(found, editable=editable),
        channels=[_channel(channel, editable=editable) for channel in channels_of(reader(), found)],
        duties=[_duty(owed, found) for owed in obligations_of(reader(), found)],
        contacts=_contacts(found.province_code, rows) if contacts else None,
        messages=_messages(found, rows) if contacts else None,
        unread=_unread(found, rows) if contacts else [],
        sightings=_sightings(found, rows),
        files=_own_files(found),
        invitations=invitations_of(found),
        violations=rows_of_entity(found, rows),
        records_violations=kept.id == found.id
        and found.standing is Standing.REGISTERED
        and has_right(Action.VIOLATION_RECORD),
        facts=_facts(found, rows),
    )


# --- Who -------------------------------------------------------------------------------------------------------------


def _who(found: Entity, *, editable: bool) -> list[dict[str, Any]]:
    def change(endpoint: str) -> str:
        return url_for(f"officer.{endpoint}", entity_id=found.id) if editable else ""

    organisation = found.kind is EntityKind.ORGANISATION
    former = [name.name for name in former_names_of(reader(), found) if name.name_fold != found.name_fold]
    rows: list[dict[str, Any]] = [{"key": _("Tên"), "value": found.name, "href": change("entity_name")}]
    if former:
        rows.append({"key": _("Tên trước đây"), "value": former})
    rows.append(
        {
            "key": _("Nhóm đối tượng"),
            "value": [translate(SUBJECT_TYPES[code].label) for code in types_of(reader(), found)],
            "href": change("entity_types"),
        }
    )
    kind = _("Tổ chức, hộ kinh doanh") if organisation else _("Cá nhân")
    rows.append({"key": _("Loại"), "value": kind, "href": change("entity_identifiers")})
    if code := shown_tax_code(found):
        rows.append({"key": _("Mã số thuế"), "value": code, "href": change("entity_identifiers")})
    if found.personal_number_last4 and has_right(Action.ENTITY_CONTACTS):
        number = f"••••••••{found.personal_number_last4}"
        rows.append({"key": _("Số định danh cá nhân"), "value": number, "href": change("entity_identifiers")})
    return [*rows, *_seat(found, change("entity_place"))]


def _seat(found: Entity, href: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if found.location is Location.LOCAL:
        commune = get_commune(reader(), found.province_code, found.commune_code) if found.commune_code else None
        value = commune.name if commune else _("Chưa rõ")
        rows.append({"key": _("Xã, phường, đặc khu"), "value": value, "href": href})
    else:
        place = _("Ở nước ngoài") if found.location is Location.ABROAD else _("Ở tỉnh, thành phố khác")
        rows.append({"key": _("Trụ sở hoặc nơi ở"), "value": place, "href": href})
    # Where a private person lives is no business of those who don't write to them.
    if found.address and (found.kind is EntityKind.ORGANISATION or has_right(Action.ENTITY_CONTACTS)):
        rows.append({"key": _("Địa chỉ"), "value": found.address, "href": href})
    rows.append({"key": _("Tỉnh, thành phố"), "value": get_province(reader(), found.province_code).name})
    rows.append({"key": _("Có trong danh sách từ"), "value": date_text(found.added_at)})
    return rows


# --- What hangs on it ------------------------------------------------------------------------------------------------


def _channel(channel: Channel, *, editable: bool) -> dict[str, Any]:
    both = canonical_channel(channel.address, platform_itself=True).display if channel.lookalike else channel.address
    return {
        "address": both,
        "kind": words.channel_kind(channel.kind),
        "since": channel.appeared_on,
        "seen": channel.first_seen_on,
        "dead": channel.dead_since,
        "lookalike": channel.lookalike,
        "typed": channel.as_typed if channel.as_typed != channel.address else "",
        "id": channel.id,
        "editable": editable,
    }


def _duty(owed: Owed, found: Entity) -> dict[str, Any]:
    entry, obligation = owed.entry, owed.obligation
    clause = get_clause(reader(), obligation.province_code, entry.clause_id) if entry.clause_id else None
    seen = owed.channel.first_seen_on if owed.channel is not None else first_seen(reader(), found)
    due = due_day(entry, cohort=obligation.cohort.value, first_seen_on=seen, asked_on=None)
    return {
        "clause": clause.place_in_words if clause is not None else entry.id,
        "agency": agency_names(obligation.province_code)[entry.lead_agency],
        "channel": owed.channel.address if owed.channel is not None else "",
        "state": words.duty_label(obligation),
        "scope": words.scope_label(obligation.scope),
        "cohort": translate(COHORT_LABELS[obligation.cohort]),
        "due": date_text(due) if due is not None else "",
        "href": url_for("officer.obligation", obligation_id=obligation.id),
        "proposals": len(open_proposals_of(reader(), obligation)),
    }


def agency_names(province_code: str) -> dict[str, str]:
    return {agency.code: agency.name for agency in agencies_of(reader(), province_code)}


def _contacts(province_code: str, rows: Sequence[uuid.UUID]) -> list[Contact]:
    return list(
        reader().scalars(
            select(Contact)
            .where(Contact.province_code == province_code, Contact.entity_id.in_(rows))
            .order_by(Contact.ended_at.is_not(None), Contact.kind, Contact.id)
        )
    )


def _unread(found: Entity, rows: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
    return [
        {
            "id": unread.id,
            "own": unread.entity_id == found.id,
            "kind": words.unread_kind(unread.kind),
            "typed": unread.typed,
            "why": translate(unread.reason, **unread.reason_params),
        }
        for unread in unread_of(reader(), found.province_code, rows)
    ]


def _sightings(found: Entity, rows: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
    seen = sightings_of(reader(), found.province_code, rows)
    channels = {channel.id: channel.address for channel in channels_of(reader(), found)}
    names = _staff_names(found.province_code, {sighting.staff_id for sighting in seen})
    return [_sighting(found, sighting, channels, names) for sighting in seen]


def _sighting(
    found: Entity, sighting: Sighting, channels: dict[uuid.UUID, str], names: dict[uuid.UUID, str]
) -> dict[str, Any]:
    who = names.get(sighting.staff_id, "") if sighting.staff_id is not None else ""
    picture = url_for("officer.sighting_picture", entity_id=found.id, sighting_id=sighting.id)
    return {
        "day": date_text(sighting.seen_on),
        "source": words.source_text(sighting.source),
        "name": sighting.source_name,
        "about": channels.get(sighting.channel_id, "") if sighting.channel_id is not None else "",
        "since": date_text(sighting.appeared_on) if sighting.appeared_on else "",
        "link": sighting.link,
        "note": sighting.note if has_right(Action.ENTITY_CONTACTS) else "",
        "who": who,
        "picture": picture if sighting.picture_sha256 and has_right(Action.ENTITY_CONTACTS) else "",
    }


def _staff_names(province_code: str, ids: set[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    found = reader().execute(
        select(Staff.id, Staff.name).where(Staff.province_code == province_code, Staff.id.in_(ids - {None}))
    )
    return {row.id: row.name for row in found}


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


def _messages(found: Entity, rows: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
    """What was sent to the contacts about files of one's own agency."""
    files = {file["reference"] for file in _own_files(found) or []}
    addresses = [contact.value for contact in _contacts(found.province_code, rows)]
    return [
        {
            "time": time_text(message.created_at),
            "what": words.message_kind(message.kind),
            "to": message.to_address,
            "about": ", ".join(sorted(about)),
            "state": words.message_state("bounced" if message.bounced_at else message.state.value),
        }
        for message in messages_to(reader(), found.province_code, addresses)
        if (about := files.intersection(_references(message.params)))
    ]


def _references(params: dict[str, Any]) -> list[str]:
    return [*params.get("references", []), *([params["reference"]] if "reference" in params else [])]


def _facts(found: Entity, rows: Sequence[uuid.UUID]) -> list[dict[str, str]]:
    facts = facts_about(reader(), found.province_code, rows, most=100)
    ids = {uuid.UUID(fact.actor_id) for fact in facts if fact.actor_kind == "staff"}
    names = _staff_names(found.province_code, {*ids})
    return [
        {
            "title": translate(FACT_KINDS[fact.kind].title),
            "who": _actor(fact, names),
            "time": time_text(fact.recorded_at),
        }
        for fact in facts
    ]


def _actor(fact: Fact, names: dict[uuid.UUID, str]) -> str:
    if fact.actor_kind == "staff":
        return names.get(uuid.UUID(fact.actor_id), str(_("Cán bộ")))
    return str(_("Người ký") if fact.actor_kind == "signer" else _("Hệ thống"))
