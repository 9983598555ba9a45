"""What the pages about requests show."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from pledges.accounts.permissions import Action, Place
from pledges.accounts.queries import get_staff
from pledges.core.calendar import local_day
from pledges.registry.models import Entity
from pledges.registry.restrictions import restriction_of
from pledges.rights.erasing import Erased, plan
from pledges.rights.models import DataRequest, Outcome, RequestKind
from pledges.rights.queries import Line, count_waiting, gives_copy, is_late, next_due, open_requests
from pledges.rights.rules import GROUNDS, KIND_LABELS, OUTCOME_LABELS, WAY_LABELS
from pledges.signing.queries import get_pledge
from pledges.web.components import PageForm
from pledges.web.current import now, reader
from pledges.web.i18n import date_text, translate
from pledges.web.officer.reach import has_right, reaches
from pledges.web.officer.rights_forms import AcknowledgeForm, ExtendForm, VerdictForm

MOST_ON_FIRST_PAGE = 5


def line_of(line: Line, today: date) -> dict[str, Any]:
    asked = line.request
    return {
        "href": url_for("officer.data_request", request_id=asked.id),
        "number": asked.number,
        "label": translate(KIND_LABELS[asked.kind]),
        "name": line.name,
        "reference": line.reference,
        "way": translate(WAY_LABELS[asked.way]),
        "received": asked.received_on,
        "decide_by": asked.decide_by,
        "next_due": next_due(asked),
        "late": is_late(asked, today),
        "unacknowledged": asked.acknowledged_at is None,
        "outcome": translate(OUTCOME_LABELS[asked.outcome]) if asked.outcome is not None else "",
        "decided": asked.decided_at,
    }


def page_of(asked: DataRequest, *, sent: PageForm | None = None) -> str:
    """One request; `sent`: the form that came back, with what was typed and what is wrong."""
    today, open_ = local_day(now()), asked.decided_at is None
    entity = reader().get_one(Entity, (asked.province_code, asked.entity_id))
    holds = restriction_of(reader(), asked.province_code, asked.entity_id)
    return render_template(
        "officer/data_request.html",
        asked=asked,
        label=translate(KIND_LABELS[asked.kind]),
        rows=_rows(asked, entity),
        late=is_late(asked, today),
        forms=_forms(asked, today, sent) if open_ else {},
        sent=sent,
        form=sent,
        seen=asked.revision,
        plan=_plan(asked),
        outcome=translate(OUTCOME_LABELS[asked.outcome]) if asked.outcome is not None else "",
        refused=asked.outcome is Outcome.REFUSED,
        ground=translate(GROUNDS[asked.ground]) if asked.ground else "",
        decided_by=_name_of(asked.province_code, asked.decided_by),
        gives_copy=gives_copy(asked),
        restricts=holds is not None and holds.request_id == asked.id,
        entity=entity,
        sees_entity=reaches(Action.ENTITY_CONTACTS, Place(entity.province_code)),
    )


def _rows(asked: DataRequest, entity: Entity) -> list[dict[str, Any]]:
    pledge = get_pledge(reader(), asked.province_code, asked.pledge_id) if asked.pledge_id is not None else None
    acknowledged = date_text(asked.acknowledged_at) if asked.acknowledged_at is not None else ""
    rows: list[dict[str, Any]] = [
        {"key": _("Số yêu cầu"), "value": asked.number},
        {"key": _("Đối tượng"), "value": entity.name},
        {"key": _("Mã hồ sơ"), "value": pledge.reference if pledge is not None else ""},
        {"key": _("Cách gửi"), "value": translate(WAY_LABELS[asked.way])},
        {"key": _("Ngày nhận"), "value": date_text(asked.received_on)},
        {
            "key": _("Xác nhận đã nhận"),
            "value": acknowledged or _("Chậm nhất ngày %(day)s", day=date_text(asked.acknowledge_by)),
        },
        {"key": _("Hạn trả lời"), "value": date_text(asked.decide_by)},
        {"key": _("Trả lời qua"), "value": asked.reply_to or _("Bản giấy")},
    ]
    if asked.extended_because:
        rows.append({"key": _("Đã gia hạn vì"), "value": asked.extended_because.splitlines()})
    if asked.details:
        rows.append({"key": _("Nội dung yêu cầu"), "value": asked.details.splitlines()})
    return rows


def _forms(asked: DataRequest, today: date, sent: PageForm | None) -> dict[str, PageForm]:
    """What can be done now; the one that came back stands as it was typed."""
    kinds: dict[str, type[PageForm]] = {"verdict": VerdictForm}
    if asked.acknowledged_at is None:
        kinds["acknowledge"] = AcknowledgeForm
    if asked.extended_at is None and today <= asked.decide_by:
        kinds["extend"] = ExtendForm
    forms = {}
    for name, kind in kinds.items():
        form = sent if isinstance(sent, kind) else kind(formdata=None, data={"seen": asked.revision})
        if isinstance(form, VerdictForm) and asked.kind is not RequestKind.DELETE:
            del form["contacts"]
        forms[name] = form
    return forms


def _plan(asked: DataRequest) -> dict[str, Any] | None:
    """What a deletion would do, or has done: what goes, and what stays with its ground."""
    if asked.kind is not RequestKind.DELETE or asked.outcome is Outcome.REFUSED:
        return None
    if asked.decided_at is not None:
        found = Erased.from_json(asked.result)
    else:
        found = plan(reader(), asked.province_code, asked.entity_id, contacts=True, agency_code=asked.agency_code)
    return {
        "gone": [(translate(piece.sentence), piece.count) for piece in found.gone],
        "kept": [(translate(piece.sentence), piece.count, translate(GROUNDS[piece.ground])) for piece in found.kept],
    }


def _name_of(province_code: str, staff_id: uuid.UUID | None) -> str:
    staff = get_staff(reader(), province_code, staff_id) if staff_id is not None else None
    return staff.name if staff is not None else ""


def is_restricted_now(entity: Entity) -> bool:
    """For the pages of subjects and files: nothing may be published or sent."""
    return restriction_of(reader(), entity.province_code, entity.id) is not None


def waiting_requests(province_code: str, agency_code: str | None) -> dict[str, Any]:
    """For the first page of an officer: how many, and the first few of what is due next."""
    if agency_code is None or not has_right(Action.RIGHTS_HANDLE):
        return {"open": 0, "late": 0, "next": []}
    today = local_day(now())
    found = count_waiting(reader(), province_code, agency_code, today)
    lines = open_requests(reader(), province_code, agency_code, limit=MOST_ON_FIRST_PAGE) if found.open else []
    return {"open": found.open, "late": found.late, "next": [line_of(line, today) for line in lines]}
