"""Sellers whom a platform has bound by its own commitments: `/can-bo/doi-tuong/<id>/nguoi-ban`."""

from __future__ import annotations

import uuid
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.accounts.permissions import Action
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError, NotFound
from pledges.imports import operations
from pledges.imports.models import ImportPurpose
from pledges.plans.queries import commune_names
from pledges.registry.models import Entity
from pledges.registry.sellers import count_sellers, is_platform, platforms_binding, sellers_of
from pledges.web.current import now, reader, write
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_search import shown_tax_code
from pledges.web.officer.import_forms import NewImportForm
from pledges.web.officer.import_routes import LARGEST_REQUEST, keep_file, known_sources, own_place, to_import
from pledges.web.officer.reach import entity_for, has_right
from pledges.web.security import may, soft_csrf

SELLERS_A_PAGE = 100
SELLER_TYPE = "digital_seller"


def platform_for(entity_id: uuid.UUID) -> Entity:
    found = entity_for(entity_id)
    if found.merged_into is not None or not is_platform(reader(), found):
        raise NotFound
    return found


@blueprint.get("/doi-tuong/<uuid:entity_id>/nguoi-ban")
@may(Action.ENTITY_VIEW)
def bound_sellers(entity_id: uuid.UUID) -> ResponseReturnValue:
    platform = platform_for(entity_id)
    total = count_sellers(reader(), platform)
    last = max(1, -(-total // SELLERS_A_PAGE))
    page = min(max(1, request.args.get("trang", 1, type=int)), last)
    found = sellers_of(reader(), platform, skip=(page - 1) * SELLERS_A_PAGE, limit=SELLERS_A_PAGE)
    communes = commune_names(reader(), platform.province_code, {each.commune_code or "" for each in found})
    rows = [
        {
            "name": each.name,
            "href": url_for("officer.entity", entity_id=each.id),
            "commune": communes.get(each.commune_code or "", ""),
            "code": shown_tax_code(each),
        }
        for each in found
    ]
    return render_template(
        "officer/sellers.html",
        entity=platform,
        rows=rows,
        total=total,
        page=page,
        last=last,
        address=lambda number: url_for("officer.bound_sellers", entity_id=platform.id, trang=number),
        may_add=has_right(Action.IMPORT_MANAGE),
    )


@blueprint.route("/doi-tuong/<uuid:entity_id>/nguoi-ban/nhap", methods=["GET", "POST"])
@may(Action.IMPORT_MANAGE)
@soft_csrf
def new_sellers(entity_id: uuid.UUID) -> ResponseReturnValue:
    """A list of the platform goes the way of every list: columns, preview, commit, and it can be taken back."""
    platform = platform_for(entity_id)
    request.max_content_length = LARGEST_REQUEST
    place, staff = own_place(), current_staff()
    too_large = False
    try:
        form = NewImportForm()
    except RequestEntityTooLarge:
        form, too_large = NewImportForm(formdata=None), True
    form.fit([SELLER_TYPE], known_sources(*place), local_day(now()))
    form.subject_type.data = SELLER_TYPE
    if too_large:
        form.file.errors = [_("Tệp quá lớn. Hãy chọn tệp nhỏ hơn.")]
        return _new_page(platform, form, None, 413)
    kept = keep_file(form)
    if kept is not None:
        form.show_kept(kept)
    if not form.validate_on_submit() or kept is None:
        return _new_page(platform, form, kept, 400 if form.problems else 200)
    new = operations.NewImport(
        agency_code=place[1],
        subject_type=SELLER_TYPE,
        source=form.source.data,
        seen_on=form.seen_on.data,
        filename=kept.filename,
        file_sha256=kept.sha256,
        purpose=ImportPurpose.SELLERS,
        platform_id=platform.id,
    )
    try:
        started = write(
            lambda session: operations.start_import(session, new, province_code=place[0], staff=staff, now=now())
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return _new_page(platform, form, kept, refusal.status)
    return to_import(started)


def _new_page(platform: Entity, form: NewImportForm, kept: Any, status: int) -> ResponseReturnValue:
    return render_template("officer/sellers_new.html", entity=platform, form=form, kept=kept), status


def bound_by(entity: Entity) -> list[dict[str, str]]:
    """The platforms that name this subject among the sellers they have bound."""
    return [
        {"name": each.name, "href": url_for("officer.entity", entity_id=each.id)}
        for each in platforms_binding(reader(), entity)
    ]


def sellers_address(entity: Entity) -> str:
    """The page of a platform's sellers; empty for everybody else."""
    if entity.merged_into is not None or not is_platform(reader(), entity):
        return ""
    return url_for("officer.bound_sellers", entity_id=entity.id)
