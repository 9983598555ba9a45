"""Pledges signed on paper without the service: `/can-bo/ban-giay`."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.accounts.permissions import Action
from pledges.core.calendar import local_day
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.tokens import Tokens
from pledges.plans.queries import commune_names
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.adding import NewEntity, Seen, add_entity
from pledges.registry.models import Entity, EntityKind
from pledges.registry.queries import channels_of, types_of
from pledges.registry.rules import OFFICER
from pledges.registry.search_queries import LONGEST, is_personal
from pledges.registry.searching import search_entities
from pledges.review.paper_records import record_paper, remove_record
from pledges.signing.models import Origin, Pledge, PledgeState
from pledges.signing.paper_checks import AlreadyPledged, NeedsConfirming, PaperPledge
from pledges.signing.paper_queries import paper_entries, papers_of_agency, types_of_entry
from pledges.web.communes import let_search
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.errors import error_page
from pledges.web.fields import Choice, TextField, lazy
from pledges.web.i18n import error_text, translate
from pledges.web.officer.authentication import current_actor, current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.paper_forms import NewSubjectForm, PaperForm, RemoveForm
from pledges.web.officer.reach import entity_for, pledge_for, scope_of
from pledges.web.officer.words import state_label
from pledges.web.picture_fields import LARGEST_POST
from pledges.web.security import may, soft_csrf

SHOWN = 50


class SearchForm(PageForm):
    """Posted: what people look for may be somebody's number, and that must not stand in an address."""

    q = TextField(
        lazy("Tìm người đã ký trong danh sách"),
        hint=lazy("Tên, tên cũ, mã số thuế, tên miền, tài khoản hoặc điện thoại; viết không dấu cũng được."),
        required=False,
        autocomplete="off",
    )


def _agency() -> tuple[str, str]:
    scope = scope_of(Action.PAPER_RECORD)
    return scope.province_code, scope.agency_code or ""


@blueprint.route("/ban-giay", methods=["GET", "POST"])
@may(Action.PAPER_RECORD)
@soft_csrf
def papers() -> ResponseReturnValue:
    """Find who has signed, and what was recorded last; numbers of people are answered at once, in no address."""
    province_code, agency_code = _agency()
    text = request.args.get("q", "")[:LONGEST]
    misplaced = is_personal(text)
    form = SearchForm(data={"q": "" if misplaced else text})
    if form.validate_on_submit():
        typed = (form.q.data or "")[:LONGEST]
        if not is_personal(typed):
            return redirect(url_for("officer.papers", q=typed or None), 303)
        misplaced = False
    query = "" if misplaced else (form.q.data or "")[:LONGEST]
    hits = search_entities(reader(), province_code, query, vault=product().vault, limit=20) if query else []
    communes = commune_names(reader(), province_code, {hit.entity.commune_code or "" for hit in hits})
    return render_template(
        "officer/papers.html",
        search=form,
        misplaced=misplaced,
        query=query,
        hits=[(hit.entity, communes.get(hit.entity.commune_code or "", "")) for hit in hits],
        recorded=[
            (pledge, state_label(pledge)) for pledge in papers_of_agency(reader(), province_code, agency_code, SHOWN)
        ],
        has_duties=bool(paper_entries(reader(), province_code, agency_code)),
    )


@blueprint.route("/ban-giay/ghi", methods=["GET", "POST"])
@may(Action.PAPER_RECORD)
@soft_csrf
def record_paper_of() -> ResponseReturnValue:
    """What the paper of one subject says; any subject of the province may have signed for this agency."""
    request.max_content_length = LARGEST_POST
    entity_id = request.args.get("entity_id", type=uuid.UUID)
    if entity_id is None:
        raise NotFound
    entity = entity_for(entity_id)
    try:
        form = PaperForm()
    except RequestEntityTooLarge:
        return error_page(413, _("Các ảnh quá lớn. Hãy quay lại trang trước và chọn ít ảnh hơn hoặc ảnh nhỏ hơn."))
    _fit(form, entity)
    valid = form.validate_on_submit()
    if request.method != "POST" or form.stale:
        return _paper_page(form, entity)
    try:
        pictures = form.keep(Tokens(product().settings.secret_key), product().storage)
        if not valid or form.problems:
            return _paper_page(form, entity, status=400)
        paper = _paper(form, pictures)
        staff, at, public_url = current_staff(), now(), product().settings.public_url
        confirmed = bool(form.confirmed.data)
        done = write(
            lambda db: record_paper(db, entity, paper, staff=staff, now=at, public_url=public_url, confirmed=confirmed)
        )
    except AlreadyPledged as refusal:
        form.refuse(refusal)
        return _paper_page(form, entity, already=refusal.pledge, status=409)
    except NeedsConfirming as question:
        form.refuse(question)
        return _paper_page(form, entity, asks=True, status=400)
    except DomainError as refusal:
        form.refuse(refusal)
        return _paper_page(form, entity, status=refusal.status)
    if done.new:
        flash(_("Đã ghi nhận bản giấy của %(name)s.", name=entity.name), "success")
    else:
        flash(_("Bản giấy này đã được ghi nhận từ trước, nên không ghi thêm gì."), "info")
    return redirect(url_for("officer.file", reference=done.pledge.reference), 303)


def _fit(form: PaperForm, entity: Entity) -> None:
    """Keep the questions that this subject and this agency make sense of."""
    entries = paper_entries(reader(), *_agency())
    form.entry.choices = [Choice(entry.id, title, place) for entry, title, place in entries]
    types = set(types_of(reader(), entity))
    fitting = [entry.id for entry, _title, _place in entries if types & set(types_of_entry(reader(), entry))]
    if not form.is_submitted() and (len(entries) == 1 or len(fitting) == 1):
        form.entry.data = (fitting or [entries[0][0].id])[0]
    wanted = {code for entry, _title, _place in entries for code in types_of_entry(reader(), entry)}
    if types & wanted and len(fitting) == len(entries):
        del form["subject_type"]
    else:
        form.subject_type.required = not fitting
        form.subject_type.choices = [
            Choice(code, translate(SUBJECT_TYPES[code].label)) for code in SUBJECT_TYPES if code in wanted
        ]
    channels = channels_of(reader(), entity)
    form.channels.choices = [Choice(str(channel.id), channel.address) for channel in channels]
    if not channels:
        del form["channels"]


def _paper(form: PaperForm, pictures: tuple[str, ...]) -> PaperPledge:
    return PaperPledge(
        entry_id=form.entry.data,
        signed_on=form.signed_on.data,
        signer_name=form.signer_name.data,
        number=form.number.data or "",
        channel_ids=tuple(uuid.UUID(each) for each in (form.channels.data or ())) if "channels" in form else (),
        pictures=pictures,
        subject_type=(form.subject_type.data or "") if "subject_type" in form else "",
    )


def _paper_page(
    form: PaperForm, entity: Entity, *, asks: bool = False, already: Pledge | None = None, status: int = 200
) -> ResponseReturnValue:
    asks = asks or bool(form.confirmed.data)
    if not asks:
        del form["confirmed"]
    commune = commune_names(reader(), entity.province_code, {entity.commune_code or ""})
    tokens = Tokens(product().settings.secret_key)
    page = render_template(
        "officer/paper_record.html",
        form=form,
        entity=entity,
        commune=commune.get(entity.commune_code or "", ""),
        kept=form.number_kept(tokens),
        already=already if already is not None and already.agency_code == current_staff().agency_code else None,
    )
    return page, status


@blueprint.route("/ban-giay/doi-tuong-moi", methods=["GET", "POST"])
@may(Action.PAPER_RECORD)
@soft_csrf
def paper_of_new() -> ResponseReturnValue:
    """Whoever signed on paper and is in no list yet."""
    province_code, agency_code = _agency()
    form = NewSubjectForm()
    let_search(form.commune, province_code)
    entries = paper_entries(reader(), province_code, agency_code)
    wanted = {code for entry, _title, _place in entries for code in types_of_entry(reader(), entry)}
    form.subject_type.choices = [
        Choice(code, translate(SUBJECT_TYPES[code].label)) for code in SUBJECT_TYPES if code in wanted
    ]
    if not form.validate_on_submit():
        return render_template("officer/paper_new.html", form=form), 400 if form.problems else 200
    new = NewEntity(
        kind=EntityKind(form.kind.data),
        name=form.name.data,
        subject_types=(form.subject_type.data,),
        tax_code=form.tax_code.data or None,
        commune_code=form.commune.data or None,
        address=form.address.data or "",
        channels=tuple(form.channels.data or ()),
    )
    seen = Seen(OFFICER, local_day(now()), source_name=str(_("Bản cam kết giấy")), staff_id=current_staff().id)
    actor, at, vault = current_actor(), now(), product().vault

    def add(db: Session) -> Entity:
        return add_entity(db, new, seen, province_code=province_code, actor=actor, now=at, vault=vault)

    try:
        entity = write(add)
    except DomainError as refusal:
        form.refuse(refusal)
        return render_template("officer/paper_new.html", form=form), refusal.status
    return redirect(url_for("officer.record_paper_of", entity_id=entity.id), 303)


@blueprint.route("/ban-giay/ho-so/<reference>/xoa", methods=["GET", "POST"])
@may(Action.PAPER_RECORD)
@soft_csrf
def remove_paper(reference: str) -> ResponseReturnValue:
    """Take back what was recorded by mistake."""
    pledge = pledge_for(reference, Action.PAPER_RECORD)
    if pledge.origin is not Origin.PAPER_RECORD or pledge.state is not PledgeState.APPROVED:
        return redirect(url_for("officer.file", reference=pledge.reference), 303)
    form = RemoveForm()
    if request.method != "POST":
        form.seen.data = pledge.revision
    conflict: Any = None
    if form.validate_on_submit():
        key, staff, at = (pledge.province_code, pledge.id), current_staff(), now()
        seen, reason = form.seen.data, form.reason.data
        try:
            write(lambda db: remove_record(db, key, staff=staff, seen=seen, reason=reason, now=at))
        except Conflict as late:
            conflict = late
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Đã xóa ghi nhận bản giấy; các con số đã được tính lại."), "success")
            return redirect(url_for("officer.file", reference=pledge.reference), 303)
    if conflict is not None:
        flash(error_text(conflict), "warning")
        return redirect(url_for("officer.file", reference=pledge.reference), 303)
    return render_template("officer/paper_remove.html", form=form, pledge=pledge), 400 if form.problems else 200
