"""Adding to the register by hand: an entity, a channel, something that was seen; and correcting channels."""

from __future__ import annotations

import uuid

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action
from pledges.core.calendar import local_day
from pledges.registry import care
from pledges.registry.adding import NewEntity, Seen, add_channel, add_entity, add_sighting
from pledges.registry.models import Channel, Entity, EntityKind, Location
from pledges.registry.queries import channels_of
from pledges.registry.rules import OFFICER
from pledges.web.communes import let_search
from pledges.web.current import now, product, reader
from pledges.web.fields import Choice
from pledges.web.officer import entity_forms as forms
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_change_routes import press
from pledges.web.officer.entity_pages import Refused, Words, attempt, change_page, done, row_of
from pledges.web.officer.reach import entity_for
from pledges.web.security import may, soft_csrf


@blueprint.route("/doi-tuong/them", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def new_entity() -> ResponseReturnValue:
    staff, at, vault = current_staff(), now(), product().vault
    today = local_day(at)
    form = forms.NewEntityForm(data={"location": Location.LOCAL.value, "seen_on": today})
    let_search(form.commune, staff.province_code)
    refused: Refused | None = None
    added: list[Entity] = []

    def work(session: Session) -> object:
        added[:] = [
            add_entity(
                session,
                _told(form),
                _seen(form, staff.id),
                province_code=staff.province_code,
                actor=actor_of(staff),
                now=at,
                vault=vault,
            )
        ]
        return added

    if form.validate_on_submit():
        refused = attempt(form, work)
        if refused is None:
            return done(added[0], _("Đã thêm đối tượng và tính các nghĩa vụ."))
    wrong = request.method == "POST" and (refused is not None or bool(form.problems) or form.stale)
    page = render_template("officer/entity_new.html", form=form, refused=refused)
    return page, (refused.status if refused is not None else 400) if wrong else 200


def _told(form: forms.NewEntityForm) -> NewEntity:
    location = Location(form.location.data)
    return NewEntity(
        kind=EntityKind(form.kind.data),
        name=form.name.data,
        subject_types=tuple(form.types.data),
        tax_code=form.tax_code.data or None,
        personal_number=form.personal_number.data or None,
        location=location,
        commune_code=(form.commune.data or None) if location is Location.LOCAL else None,
        address=form.address.data or "",
        emails=(form.email.data,) if form.email.data else (),
        phones=(form.phone.data,) if form.phone.data else (),
        channels=tuple(form.channels.data or ()),
    )


def _seen(form: forms.NewEntityForm | forms.SightingForm, staff_id: uuid.UUID) -> Seen:
    return Seen(
        OFFICER,
        form.seen_on.data,
        source_name=form.source_name.data or "",
        appeared_on=form.appeared_on.data or None,
        link=form.link.data or "",
        note=form.note.data or "" if isinstance(form, forms.SightingForm) else "",
        staff_id=staff_id,
    )


@blueprint.route("/doi-tuong/<uuid:entity_id>/kenh", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_new_channel(entity_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    staff, at = current_staff(), now()
    form = forms.ChannelForm()
    words = Words(
        _("Thêm kênh"),
        _("Thêm kênh"),
        lead=_("Trang web chưa rõ chủ mà thêm vào đây thì được tính cho đối tượng này."),
        done=_("Đã thêm kênh."),
    )

    def work(session: Session) -> object:
        seen = Seen(
            OFFICER,
            local_day(at),
            appeared_on=form.appeared_on.data or None,
            link=form.link.data or "",
            staff_id=staff.id,
        )
        return add_channel(
            session,
            session.get_one(Entity, (entity.province_code, entity.id)),
            form.channels.data,
            seen,
            province_code=entity.province_code,
            actor=actor_of(staff),
            now=at,
        )

    return change_page(entity, form, words, work)


@blueprint.route("/doi-tuong/<uuid:entity_id>/kenh/<uuid:channel_id>", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_channel(entity_id: uuid.UUID, channel_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    channel = row_of(entity, Channel, channel_id)
    staff, at = current_staff(), now()
    form = forms.CorrectChannelForm(data={"channel": channel.address})
    words = Words(
        _("Sửa địa chỉ kênh"),
        _("Lưu địa chỉ"),
        lead=_("Chỉ sửa khi địa chỉ bị ghi sai. Kênh khác thì thêm mới; bản cam kết giữ địa chỉ ghi lúc ký."),
        done=_("Đã sửa địa chỉ kênh."),
    )
    key = (entity.province_code, entity.id)
    return change_page(
        entity,
        form,
        words,
        lambda session: care.correct_channel(session, key, channel_id, form.channel.data, staff=staff, now=at),
    )


@blueprint.route("/doi-tuong/<uuid:entity_id>/kenh/<uuid:channel_id>/khong-mo-duoc", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_dead_channel(entity_id: uuid.UUID, channel_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    channel = row_of(entity, Channel, channel_id)
    staff, at = current_staff(), now()
    form = forms.DeadChannelForm(data={"dead_since": channel.dead_since or local_day(at)})
    words = Words(_("Kênh không mở được"), _("Lưu"), lead=channel.address, done=_("Đã ghi tình trạng của kênh."))
    key = (entity.province_code, entity.id)
    return change_page(
        entity,
        form,
        words,
        lambda session: care.mark_dead(session, key, channel_id, form.dead_since.data or None, staff=staff, now=at),
    )


@blueprint.post("/doi-tuong/<uuid:entity_id>/kenh/<uuid:channel_id>/bo-chu")
@may(Action.ENTITY_EDIT)
@soft_csrf
def remove_channel_owner(entity_id: uuid.UUID, channel_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    row_of(entity, Channel, channel_id)
    staff, at = current_staff(), now()
    key = (entity.province_code, entity.id)

    def work(session: Session) -> object:
        return care.remove_owner(session, key, channel_id, staff=staff, now=at)

    message = _("Kênh không còn ghi cho đối tượng này; trang web vẫn được tính riêng cho đến khi rõ chủ.")
    return press(entity, forms.PlainForm(), work, message)


@blueprint.route("/doi-tuong/<uuid:entity_id>/phat-hien", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_sighting(entity_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    staff, at = current_staff(), now()
    form = forms.SightingForm(data={"seen_on": local_day(at)})
    known = {str(channel.id): channel for channel in channels_of(reader(), entity)}
    form.about.choices = [Choice(each, channel.address) for each, channel in known.items()]
    words = Words(
        _("Ghi nhận lần phát hiện"),
        _("Lưu"),
        lead=_("Mỗi lần thấy được giữ lại cùng ngày, nguồn và người ghi; không ai sửa về sau."),
        done=_("Đã ghi nhận."),
    )

    def work(session: Session) -> object:
        chosen = known.get(form.about.data or "")
        return add_sighting(
            session,
            _seen(form, staff.id),
            province_code=entity.province_code,
            actor=actor_of(staff),
            now=at,
            entity=session.get_one(Entity, (entity.province_code, entity.id)),
            channel=session.get_one(Channel, (entity.province_code, chosen.id)) if chosen is not None else None,
        )

    return change_page(entity, form, words, work)
