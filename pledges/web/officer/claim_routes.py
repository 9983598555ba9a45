"""Claims on another's entry and disputed corrections, side by side with what is registered."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.permissions import Action, Place
from pledges.audit.models import Fact
from pledges.core.errors import NotFound
from pledges.plans.queries import get_agency
from pledges.registry.claims import Verdict, claimed_entity, has_open_dispute
from pledges.registry.matching import survivor
from pledges.registry.models import Entity, Standing
from pledges.signing.claims import Claim, both_sides, decide_claim, settle_dispute
from pledges.signing.dispute_queries import open_dispute_of
from pledges.web.current import now, reader
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.claim_view import lines_of
from pledges.web.officer.entity_pages import Refused, attempt
from pledges.web.officer.integrity_forms import ClaimForm, DisputeForm
from pledges.web.officer.reach import entity_for, reaches
from pledges.web.officer.words import state_label
from pledges.web.security import may, soft_csrf


@blueprint.route("/doi-tuong/<uuid:entity_id>/tu-ke-khai", methods=["GET", "POST"])
@may(Action.CLAIM_DECIDE)
@soft_csrf
def claim(entity_id: uuid.UUID) -> ResponseReturnValue:
    found = entity_for(entity_id, Action.CLAIM_DECIDE)
    if found.standing is not Standing.CLAIMED or found.claims_entity_id is None:
        return redirect(url_for("officer.entity", entity_id=found.id), 303)
    owner = claimed_entity(reader(), found)
    contested = open_dispute_of(reader(), found, owner)
    if contested is not None and reaches(Action.DISPUTE_DECIDE, Place(found.province_code, contested.agency_code)):
        return redirect(url_for("officer.ownership_dispute", dispute_id=contested.id), 303)
    sides = both_sides(reader(), found, owner)
    form, staff, at = ClaimForm(), current_staff(), now()
    refused: Refused | None = None
    decided: list[Entity] = []

    def work(session: Session) -> object:
        verdict = Verdict(form.verdict.data)
        key = (found.province_code, found.id)
        decided[:] = [decide_claim(session, key, verdict, note=form.note.data, staff=staff, now=at)]
        return decided

    if form.validate_on_submit():
        refused = attempt(form, work)
        if refused is None:
            flash(_("Đã ghi quyết định; hồ sơ và nghĩa vụ đã được tính lại."), "success")
            return redirect(url_for("officer.entity", entity_id=decided[0].id), 303)
    wrong = form.is_submitted() and (refused is not None or bool(form.problems) or form.stale)
    page = render_template(
        "officer/claim.html",
        entity=found,
        form=form,
        refused=refused,
        lines=lines_of(found, sides.owner),
        contested=_contested(sides),
        files=_files(sides),
        owner=sides.owner,
        decides=get_agency(reader(), found.province_code, contested.agency_code) if contested is not None else None,
    )
    return page, (refused.status if refused is not None else 400) if wrong else 200


def _contested(sides: Claim) -> list[str]:
    named = [channel.address for channel in sides.contested.channels]
    marks = [_("Mã số thuế")] if sides.contested.tax_code else []
    marks += [_("Số định danh cá nhân")] if sides.contested.personal_number else []
    return [*marks, *named]


def _files(sides: Claim) -> list[dict[str, Any]]:
    """Files of one's own agency lead to it; of the others only how far they are."""
    own = current_staff().agency_code
    return [
        {
            "reference": pledge.reference,
            "label": state_label(pledge),
            "href": url_for("officer.file", reference=pledge.reference) if pledge.agency_code == own else "",
        }
        for pledge in sides.pledges
    ]


@blueprint.route("/doi-tuong/<uuid:entity_id>/thong-tin-trung", methods=["GET", "POST"])
@may(Action.CLAIM_DECIDE)
@soft_csrf
def dispute(entity_id: uuid.UUID) -> ResponseReturnValue:
    found = entity_for(entity_id, Action.CLAIM_DECIDE)
    if not has_open_dispute(reader(), found):
        return redirect(url_for("officer.entity", entity_id=found.id), 303)
    form, staff, at = DisputeForm(), current_staff(), now()
    refused: Refused | None = None

    def work(session: Session) -> object:
        settle_dispute(session, (found.province_code, found.id), note=form.note.data, staff=staff, now=at)
        return None

    if form.validate_on_submit():
        refused = attempt(form, work)
        if refused is None:
            flash(_("Đã ghi quyết định."), "success")
            return redirect(url_for("officer.entity", entity_id=found.id), 303)
    wrong = form.is_submitted() and (refused is not None or bool(form.problems) or form.stale)
    data, owner = _disputed(found)
    page = render_template(
        "officer/dispute.html",
        entity=found,
        owner=owner,
        form=form,
        refused=refused,
        lines=lines_of(found, owner),
        contested=[_identifier(each) for each in data.get("identifiers", [])],
    )
    return page, 400 if wrong else 200


def _disputed(found: Entity) -> tuple[dict[str, Any], Entity]:
    """What the last correction named, and whose it is."""
    data = (
        reader()
        .scalars(
            select(Fact.data)
            .where(
                Fact.province_code == found.province_code, Fact.object_id == found.id, Fact.kind == "entity.disputed"
            )
            .order_by(Fact.recorded_at.desc(), Fact.id.desc())
            .limit(1)
        )
        .first()
    )
    if data is None:
        raise NotFound
    owner = reader().get_one(Entity, (found.province_code, uuid.UUID(data["claims"][0])))
    return data, survivor(reader(), owner)


def _identifier(name: str) -> str:
    names = {
        "tax_code": _("Mã số thuế"),
        "personal_number": _("Số định danh cá nhân"),
        "channel": _("Kênh"),
    }
    return str(names.get(name, name))
