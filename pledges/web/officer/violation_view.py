"""Recorded violations in words: the list of an agency, one record, and what other agencies may know of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action, Place
from pledges.accounts.queries import get_staff
from pledges.plans.queries import agencies_of
from pledges.registry.families import family
from pledges.registry.models import Entity
from pledges.review.revocations import open_revocation
from pledges.review.violation_models import Violation
from pledges.review.violation_queries import (
    ViolationFilter,
    ViolationPage,
    corrected_by,
    correction_of,
    revocable,
    violations_of,
)
from pledges.review.violation_rules import FIELD_LABELS, revocation_reason
from pledges.signing.models import Pledge
from pledges.signing.queries import get_pledge
from pledges.web.current import reader
from pledges.web.i18n import date_text, number_text, time_text, translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.reach import can, has_right, reaches
from pledges.web.officer.words import Label, state_label

FOR_VIOLATION = "vi-pham"
"""Names the violation in the address of a file whose revocation is asked for."""


def field_text(violation: Violation) -> str:
    return translate(FIELD_LABELS[violation.field])


def fine_text(fine: int | None) -> str:
    return str(_("%(amount)s đồng", amount=number_text(fine))) if fine else str(_("Không phạt tiền"))


def record_label(violation: Violation, *, corrected: bool = False) -> Label | None:
    """None: the record is valid."""
    if violation.ended_at is None:
        return None
    return Label(str(_("Đã sửa") if corrected else _("Đã rút lại")), "plain")


# --- Lists -----------------------------------------------------------------------------------------------------------


def table_rows(page: ViolationPage) -> list[dict[str, Any]]:
    return [
        {
            "name": entity.name,
            "entity": url_for("officer.entity", entity_id=entity.id),
            "href": url_for("officer.violation", violation_id=violation.id),
            "number": violation.decision_number,
            "decided": date_text(violation.decided_on),
            "by": violation.decided_by,
            "field": field_text(violation),
            "happened": date_text(violation.happened_on),
            "channel": violation.channel,
            "fine": fine_text(violation.fine),
            "pledged": violation.pledge_id is not None,
            "label": record_label(violation),
        }
        for violation, entity in page.rows
    ]


def filter_args(wanted: ViolationFilter, **more: Any) -> dict[str, Any]:
    """The same filter as it stands in an address."""
    args = {
        "tim": wanted.text,
        "linh_vuc": wanted.field.value if wanted.field else "",
        "tu": date_text(wanted.first),
        "den": date_text(wanted.last),
    }
    return {name: value for name, value in (args | more).items() if value}


def violations_url(wanted: ViolationFilter, **more: Any) -> str:
    return url_for("officer.violations", **filter_args(wanted, **more))


def chips_of(wanted: ViolationFilter) -> list[dict[str, str]]:
    args = filter_args(wanted)
    texts = {
        "tim": wanted.text,
        "linh_vuc": translate(FIELD_LABELS[wanted.field]) if wanted.field else "",
        "tu": _("từ %(day)s", day=date_text(wanted.first)),
        "den": _("đến %(day)s", day=date_text(wanted.last)),
    }
    return [
        {
            "text": str(texts[name]),
            "href": url_for("officer.violations", **{key: value for key, value in args.items() if key != name}),
        }
        for name in args
    ]


def rows_of_entity(entity: Entity, ids: Sequence[uuid.UUID]) -> list[dict[str, Any]] | None:
    """What stands on the page of a subject; None for those who see no violations at all."""
    if not has_right(Action.VIOLATION_VIEW):
        return None
    names = {agency.code: agency.name for agency in agencies_of(reader(), entity.province_code)}
    return [
        {
            "number": violation.decision_number,
            "href": url_for("officer.violation", violation_id=violation.id) if _is_own(violation) else "",
            "decided": date_text(violation.decided_on),
            "happened": date_text(violation.happened_on),
            "field": field_text(violation),
            "by": violation.decided_by,
            "agency": "" if _is_own(violation) else names[violation.agency_code],
            "label": record_label(violation),
            "revoke": [offer for offer in revocation_offers(violation) if offer["href"]],
        }
        for violation in violations_of(reader(), entity.province_code, ids)
    ]


def _is_own(violation: Violation) -> bool:
    return reaches(Action.VIOLATION_VIEW, Place(violation.province_code, violation.agency_code))


# --- Revoking --------------------------------------------------------------------------------------------------------


def revocation_offers(violation: Violation) -> list[dict[str, Any]]:
    """The pledges of one's own agency that may be revoked for it; without `href` where somebody has asked already."""
    agency_code = current_staff().agency_code
    if violation.ended_at is not None or agency_code is None:
        return []
    return [
        {
            "reference": pledge.reference,
            "file": url_for("officer.file", reference=pledge.reference),
            "href": _ask_url(violation, pledge)
            if open_revocation(reader(), (pledge.province_code, pledge.id)) is None
            else "",
        }
        for pledge in revocable(reader(), violation, agency_code)
        if can(Action.REVOCATION_ASK, pledge)
    ]


def _ask_url(violation: Violation, pledge: Pledge) -> str:
    named: dict[str, Any] = {FOR_VIOLATION: str(violation.id)}
    return url_for("officer.file", reference=pledge.reference, _anchor="quyet-dinh", **named)


def reason_in_address(pledge: Pledge) -> str:
    """The reason for revoking this pledge where the address of its file names a violation that may lead to it."""
    with suppress(ValueError):
        key = (pledge.province_code, uuid.UUID(request.args.get(FOR_VIOLATION, "")))
        violation = reader().get(Violation, key)
        if violation is None or violation.ended_at is not None or not has_right(Action.VIOLATION_VIEW):
            return ""
        if pledge.id in {each.id for each in revocable(reader(), violation, pledge.agency_code)}:
            return revocation_reason(violation)
    return ""


# --- One record ------------------------------------------------------------------------------------------------------


def record_page(violation: Violation, *, conflict: str = "", status: int = 200) -> ResponseReturnValue:
    entity = _subject(violation)
    newer = correction_of(reader(), violation)
    page = render_template(
        "officer/violation.html",
        violation=violation,
        entity=entity,
        conflict=conflict,
        label=record_label(violation, corrected=newer is not None),
        ended=_ended(violation),
        newer=url_for("officer.violation", violation_id=newer.id) if newer is not None else "",
        rows=_rows(violation),
        what=violation.what.splitlines(),
        note=violation.note.splitlines(),
        pledge=_pledge(violation),
        offers=revocation_offers(violation),
        changes=violation.ended_at is None
        and reaches(Action.VIOLATION_RECORD, Place(violation.province_code, violation.agency_code)),
        earlier=_earlier(violation),
    )
    return page, status


def _subject(violation: Violation) -> Entity:
    """Who is meant today: the one that stands for a merged entity."""
    entity = reader().get_one(Entity, (violation.province_code, violation.entity_id))
    return reader().get_one(Entity, (entity.province_code, family(reader(), entity)[0]))


def _rows(violation: Violation) -> list[dict[str, Any]]:
    return [
        {"key": _("Lĩnh vực"), "value": field_text(violation)},
        {"key": _("Ngày vi phạm"), "value": date_text(violation.happened_on)},
        {"key": _("Kênh vi phạm"), "value": violation.channel or _("Không phải trên kênh nào")},
        {"key": _("Quyết định"), "value": [violation.decision_number, _day(violation)]},
        {"key": _("Cơ quan, chức danh ra quyết định"), "value": violation.decided_by},
        {"key": _("Phạt tiền"), "value": fine_text(violation.fine)},
        {"key": _("Ghi nhận"), "value": [_name(violation, violation.recorded_by), time_text(violation.recorded_at)]},
    ]


def _day(violation: Violation) -> str:
    return str(_("ngày %(day)s", day=date_text(violation.decided_on)))


def _name(violation: Violation, staff_id: uuid.UUID | None) -> str:
    staff = get_staff(reader(), violation.province_code, staff_id) if staff_id is not None else None
    return staff.name if staff is not None else ""


def _ended(violation: Violation) -> dict[str, Any] | None:
    if violation.ended_at is None:
        return None
    return {
        "who": _name(violation, violation.ended_by),
        "time": time_text(violation.ended_at),
        "reason": violation.end_reason.splitlines(),
    }


def _pledge(violation: Violation) -> dict[str, Any] | None:
    """The pledge of that day; the files of other agencies stay closed."""
    if violation.pledge_id is None:
        return None
    pledge = get_pledge(reader(), violation.province_code, violation.pledge_id)
    if pledge is None:
        return None
    if reaches(Action.PLEDGE_VIEW, Place(pledge.province_code, pledge.agency_code)):
        href = url_for("officer.file", reference=pledge.reference)
        return {"reference": pledge.reference, "href": href, "label": state_label(pledge)}
    names = {agency.code: agency.name for agency in agencies_of(reader(), pledge.province_code)}
    return {"agency": names[pledge.agency_code]}


def _earlier(violation: Violation) -> list[dict[str, Any]]:
    """What was recorded before corrections, newest first, each with why it was corrected and what is different."""
    shown, later = [], violation
    for record in corrected_by(reader(), violation):
        shown.append({"ended": _ended(record), "changes": _changes(record, later)})
        later = record
    return shown


def _changes(old: Violation, new: Violation) -> list[list[str]]:
    labels = {
        "field": (_("Lĩnh vực"), field_text),
        "happened_on": (_("Ngày vi phạm"), lambda each: date_text(each.happened_on)),
        "what": (_("Hành vi vi phạm"), lambda each: each.what),
        "channel": (_("Kênh vi phạm"), lambda each: each.channel),
        "decision_number": (_("Số quyết định"), lambda each: each.decision_number),
        "decided_on": (_("Ngày quyết định"), lambda each: date_text(each.decided_on)),
        "decided_by": (_("Cơ quan, chức danh ra quyết định"), lambda each: each.decided_by),
        "fine": (_("Phạt tiền"), lambda each: fine_text(each.fine)),
        "source_link": (_("Đường dẫn"), lambda each: each.source_link),
        "note": (_("Ghi chú nội bộ"), lambda each: each.note),
    }
    return [
        [str(label), said(old) or "–", said(new) or "–"]
        for name, (label, said) in labels.items()
        if getattr(old, name) != getattr(new, name)
    ]
