"""Changing what the register knows about one entity: name, groups, identifiers, place, contacts."""

from __future__ import annotations

import uuid

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action
from pledges.core.errors import NotFound
from pledges.registry import care
from pledges.registry.adding import add_contact
from pledges.registry.deciding import Key
from pledges.registry.models import Contact, Entity, EntityKind, Location
from pledges.registry.queries import types_of
from pledges.registry.upkeep_models import UnreadValue
from pledges.web.communes import let_search
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader
from pledges.web.officer import entity_forms as forms
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_pages import Words, Work, attempt, change_page, done, row_of
from pledges.web.officer.entity_view import entity_page
from pledges.web.officer.reach import entity_for
from pledges.web.security import may, soft_csrf


def _key(entity: Entity) -> Key:
    return entity.province_code, entity.id


@blueprint.route("/doi-tuong/<uuid:entity_id>/ten", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_name(entity_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    staff, at = current_staff(), now()
    form = forms.NameForm(data={"name": entity.name})
    words = Words(_("Đổi tên"), _("Lưu tên mới"), done=_("Đã lưu tên mới; tên cũ vẫn tìm được."))
    return change_page(
        entity,
        form,
        words,
        lambda session: care.change_name(session, _key(entity), form.name.data, staff=staff, now=at),
    )


@blueprint.route("/doi-tuong/<uuid:entity_id>/nhom", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_types(entity_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    staff, at = current_staff(), now()
    form = forms.TypesForm(data={"types": types_of(reader(), entity)})
    words = Words(_("Nhóm đối tượng"), _("Lưu nhóm"), done=_("Đã lưu nhóm và tính lại nghĩa vụ."))
    return change_page(
        entity,
        form,
        words,
        lambda session: care.change_types(session, _key(entity), form.types.data, staff=staff, now=at),
    )


@blueprint.route("/doi-tuong/<uuid:entity_id>/ma-so", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_identifiers(entity_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    staff, at, vault = current_staff(), now(), product().vault
    form = forms.IdentifiersForm(data={"kind": entity.kind.value, "tax_code": entity.tax_code})
    if entity.personal_number_hash is None:
        del form.forget
    words = Words(
        _("Loại và mã số"),
        _("Lưu mã số"),
        lead=_("Số định danh đang lưu kết thúc bằng %(last)s.", last=entity.personal_number_last4)
        if entity.personal_number_last4
        else "",
        done=_("Đã lưu loại và mã số."),
    )

    def work(session: Session) -> object:
        what = care.Identifiers(
            EntityKind(form.kind.data),
            form.tax_code.data or None,
            form.personal_number.data or None,
            forget_number="forget" in form and bool(form.forget.data),
        )
        return care.change_identifiers(session, _key(entity), what, staff=staff, now=at, vault=vault)

    return change_page(entity, form, words, work)


@blueprint.route("/doi-tuong/<uuid:entity_id>/dia-ban", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_place(entity_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    staff, at = current_staff(), now()
    form = forms.PlaceForm(
        data={"location": entity.location.value, "commune": entity.commune_code, "address": entity.address}
    )
    let_search(form.commune, entity.province_code)
    words = Words(
        _("Địa bàn và địa chỉ"),
        _("Lưu địa bàn"),
        lead=_("Đối tượng ở nơi khác tạm tính ngoài diện ký cho đến khi cơ quan chủ trì quyết định."),
        done=_("Đã lưu địa bàn và địa chỉ."),
    )

    def work(session: Session) -> object:
        location = Location(form.location.data)
        local = location is Location.LOCAL
        seat = care.Seat(
            location,
            entity.country if location is entity.location else "VN",
            (form.commune.data or None) if local else None,
            form.address.data or "",
        )
        return care.change_place(session, _key(entity), seat, staff=staff, now=at)

    return change_page(entity, form, words, work)


# --- Contacts --------------------------------------------------------------------------------------------------------


@blueprint.route("/doi-tuong/<uuid:entity_id>/lien-he", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_new_contact(entity_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    staff, at = current_staff(), now()
    form = forms.ContactForm(data={"kind": "phone"})
    words = Words(_("Thêm liên hệ"), _("Thêm liên hệ"), done=_("Đã thêm liên hệ."))

    def work(session: Session) -> object:
        return add_contact(
            session,
            session.get_one(Entity, _key(entity)),
            form.kind.data,
            form.parsed(),
            formal=bool(form.formal.data),
            holder=form.holder.data or "",
            actor=actor_of(staff),
            now=at,
        )

    return change_page(entity, form, words, work)


@blueprint.route("/doi-tuong/<uuid:entity_id>/lien-he/<uuid:contact_id>", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def entity_contact(entity_id: uuid.UUID, contact_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    contact = row_of(entity, Contact, contact_id)
    staff, at = current_staff(), now()
    form = forms.OneContactForm(data={"formal": contact.formal, "holder": contact.holder})
    words = Words(_("Liên hệ"), _("Lưu liên hệ"), lead=contact.value, done=_("Đã lưu liên hệ."))
    return change_page(
        entity,
        form,
        words,
        lambda session: care.change_contact(
            session,
            _key(entity),
            contact_id,
            formal=bool(form.formal.data),
            holder=form.holder.data or "",
            staff=staff,
            now=at,
        ),
    )


@blueprint.post("/doi-tuong/<uuid:entity_id>/lien-he/<uuid:contact_id>/ngung")
@may(Action.ENTITY_EDIT)
@soft_csrf
def end_entity_contact(entity_id: uuid.UUID, contact_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    staff, at = current_staff(), now()

    def work(session: Session) -> object:
        return care.end_contact(session, _key(entity), contact_id, staff=staff, now=at)

    form = forms.PlainForm()
    return press(entity, form, work, _("Đã ngừng dùng liên hệ đó; danh sách nhập sau không đưa lại."))


@blueprint.post("/doi-tuong/<uuid:entity_id>/chua-doc-duoc/<uuid:unread_id>")
@may(Action.ENTITY_EDIT)
@soft_csrf
def settle_unread_value(entity_id: uuid.UUID, unread_id: uuid.UUID) -> ResponseReturnValue:
    entity = entity_for(entity_id, Action.ENTITY_EDIT)
    unread = reader().get(UnreadValue, (entity.province_code, unread_id))
    if unread is None or unread.entity_id != entity.id:
        raise NotFound
    staff, at = current_staff(), now()

    def work(session: Session) -> object:
        return care.settle_unread(session, _key(entity), unread_id, staff=staff, now=at)

    return press(entity, forms.PlainForm(), work, _("Đã ghi là xử lý xong."))


def press(entity: Entity, form: PageForm, work: Work, message: str) -> ResponseReturnValue:
    """A button on the page of the entity; a conflict brings the page back with a sentence."""
    if not form.validate_on_submit():
        return entity_page(entity, form=form), 400
    refused = attempt(form, work)
    if refused is None:
        return done(entity, message)
    return entity_page(entity_for(entity.id), form=form, refused=refused), refused.status
