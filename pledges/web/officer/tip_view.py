"""One report as the department reads it, with what the register has already and what can be done."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from pledges.accounts.models import Role
from pledges.accounts.queries import get_staff
from pledges.core.errors import Conflict
from pledges.plans.queries import commune_names, get_commune
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import Channel, Entity
from pledges.registry.queries import channels_of
from pledges.tips.models import Tip, TipSource, TipState
from pledges.tips.queries import candidates, known_channel, search_registered, together_with
from pledges.web.communes import let_search
from pledges.web.current import reader
from pledges.web.fields import Choice, SearchChoiceField
from pledges.web.i18n import date_text, error_text, time_text, translate
from pledges.web.officer.tip_forms import ConfirmForm, MergeForm, RejectTipForm, ReopenForm, TipDecisionForm
from pledges.web.officer.words import Label

CONFIRM, MERGE, REJECT, REOPEN = "confirm", "merge", "reject", "reopen"


@dataclass(frozen=True)
class Sent:
    """The form that came back, and why it was not taken."""

    name: str
    form: Any
    conflict: Conflict | None = None


def state_label(tip: Tip) -> Label:
    labels = {
        TipState.NEW: (_("Chờ xem xét"), "info"),
        TipState.CONFIRMED: (_("Đã xác nhận"), "success"),
        TipState.MERGED: (_("Đã gộp"), "success"),
        TipState.REJECTED: (_("Đã từ chối"), "plain"),
    }
    text, kind = labels[tip.state]
    return Label(str(text), kind)


def about(tip: Tip) -> str:
    """What one line of a list calls the report."""
    return tip.name or tip.address or tip.typed


def group_of(tip: Tip) -> str:
    info = SUBJECT_TYPES.get(tip.subject_type)
    return translate(info.label) if info is not None else str(_("Không rõ nhóm"))


def source_of(tip: Tip) -> str:
    """Who reported; of a citizen nothing is known, and nothing is shown."""
    if tip.source is TipSource.CITIZEN:
        return str(_("Người dân"))
    sender = get_staff(reader(), tip.province_code, tip.staff_id) if tip.staff_id is not None else None
    if sender is None:
        return str(_("Cán bộ"))
    if sender.role is Role.COMMUNE_OFFICER and sender.commune_code:
        commune = get_commune(reader(), tip.province_code, sender.commune_code)
        return str(_("%(name)s, cán bộ %(commune)s", name=sender.name, commune=commune.name if commune else "")).strip()
    return sender.name


def place_of_tip(tip: Tip) -> list[str]:
    names = commune_names(reader(), tip.province_code, [tip.commune_code] if tip.commune_code else [])
    return [*names.values(), *([tip.place] if tip.place else [])]


def report_of(tip: Tip) -> dict[str, Any]:
    """One report with everything that its sender said."""
    rows: list[dict[str, Any]] = [
        {"key": _("Gửi lúc"), "value": time_text(tip.sent_at)},
        {"key": _("Nguồn"), "value": source_of(tip)},
        {"key": _("Nhóm"), "value": group_of(tip)},
        {"key": _("Tên"), "value": tip.name},
        {"key": _("Địa chỉ đã ghi"), "value": tip.typed},
        {"key": _("Nơi nhìn thấy"), "value": place_of_tip(tip)},
        {"key": _("Ngày nhìn thấy"), "value": date_text(tip.seen_on)},
        {"key": _("Nội dung"), "value": tip.note.split("\n") if tip.note else ""},
    ]
    return {
        "tip": tip,
        "rows": [row for row in rows if row["value"]],
        "link": tip.link,
        "pictures": [
            url_for("officer.tip_picture", tip_id=tip.id, number=number)
            for number, _sha256 in enumerate(tip.pictures, start=1)
        ],
    }


def let_search_register(field: SearchChoiceField, province_code: str) -> None:
    """Tie the field to the register of one province."""

    def name_of(value: str) -> Choice | None:
        found = (
            reader()
            .scalars(select(Entity).where(Entity.province_code == province_code, Entity.id == _uuid(value)))
            .first()
        )
        return entity_choice(found) if found is not None else None

    field.search = lambda query: [entity_choice(each) for each in search_registered(reader(), province_code, query)]
    field.name_of = name_of


def _uuid(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        return uuid.UUID(int=0)


def entity_choice(entity: Entity) -> Choice:
    communes = commune_names(reader(), entity.province_code, [entity.commune_code] if entity.commune_code else [])
    known = [*communes.values(), *(channel.address for channel in channels_of(reader(), entity)[:3])]
    return Choice(str(entity.id), entity.name, " · ".join(known))


def tip_page(tip: Tip, sent: Sent | None = None, status: int = 200) -> ResponseReturnValue:
    """The page of a report; a form that came back stands open with what was typed."""
    others = together_with(reader(), tip) if tip.state is TipState.NEW else []
    forms = _forms(tip, sent)
    return (
        render_template(
            "officer/tip.html",
            tip=tip,
            title=about(tip),
            label=state_label(tip),
            report=report_of(tip),
            others=[report_of(other) for other in others],
            together=",".join(str(other.id) for other in others),
            forms=forms,
            sent=sent,
            form=sent.form if sent is not None and sent.name in forms else None,
            conflict=error_text(sent.conflict) if sent is not None and sent.conflict is not None else "",
            channel=_known(tip),
            candidates=_candidates(tip),
            became=_became(tip),
            back=url_for("officer.tips"),
        ),
        status,
    )


def _forms(tip: Tip, sent: Sent | None) -> dict[str, Any]:
    """Fresh forms for what is possible in this state, but for the one that came back."""
    if tip.state is not TipState.NEW:
        return {REOPEN: ReopenForm(formdata=None)} if tip.state is TipState.REJECTED else {}
    confirm, merge = ConfirmForm(formdata=None), MergeForm(formdata=None)
    confirm.suggest(tip)
    forms: dict[str, TipDecisionForm] = {
        CONFIRM: confirm,
        MERGE: merge,
        REJECT: RejectTipForm(formdata=None),
    }
    if sent is not None and sent.name in forms:
        forms[sent.name] = sent.form
    let_search(forms[CONFIRM]["commune"], tip.province_code)
    let_search_register(forms[MERGE]["entity"], tip.province_code)
    return forms


def _known(tip: Tip) -> Channel | None:
    return known_channel(reader(), tip) if tip.state is TipState.NEW else None


def _candidates(tip: Tip) -> list[dict[str, Any]]:
    if tip.state is not TipState.NEW:
        return []
    return [
        {
            "choice": entity_choice(each.entity),
            "by_channel": each.by_channel,
            "href": url_for("officer.entity", entity_id=each.entity.id),
        }
        for each in candidates(reader(), tip)
    ]


def _became(tip: Tip) -> dict[str, Any]:
    """What was decided, by whom, and what it led to."""
    if tip.decided_by is None:
        return {}
    who = get_staff(reader(), tip.province_code, tip.decided_by)
    return {
        "who": who.name if who is not None else "",
        "at": tip.decided_at,
        "entity": url_for("officer.entity", entity_id=tip.entity_id) if tip.entity_id is not None else "",
        "reason": tip.reason.split("\n") if tip.reason else [],
    }
