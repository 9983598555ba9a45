"""Keys by which programs of agencies read: `/quan-tri/<code>/khoa-api`."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.agency_keys import KeyStanding, end_key, keys_of, make_key, standing_of
from pledges.accounts.models import AgencyKey
from pledges.accounts.permissions import Action
from pledges.accounts.queries import get_staff
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.errors import DomainError, NotFound
from pledges.plans.models import Province
from pledges.plans.queries import agencies_of, get_agency
from pledges.web.admin.api_key_forms import NewKeyForm
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.reach import own_or_chosen, province_within
from pledges.web.current import now, product, reader, write
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.words import Label
from pledges.web.security import may, soft_csrf

keeps_keys = may(Action.AGENCY_KEY_MANAGE)


def _province(code: str) -> Province:
    return province_within(code, Action.AGENCY_KEY_MANAGE)


def _key(code: str, key_id: uuid.UUID) -> AgencyKey:
    found = reader().get(AgencyKey, (_province(code).code, key_id))
    if found is None:
        raise NotFound
    return found


def _label(key: AgencyKey) -> Label:
    labels = {
        KeyStanding.LIVING: (_("Đang dùng"), "success"),
        KeyStanding.EXPIRED: (_("Đã hết hạn"), "plain"),
        KeyStanding.ENDED: (_("Đã chấm dứt"), "plain"),
    }
    text, kind = labels[standing_of(key, now())]
    return Label(str(text), kind)


# --- The list --------------------------------------------------------------------------------------------------------


@blueprint.get("/khoa-api")
@keeps_keys
def api_key_provinces() -> ResponseReturnValue:
    return own_or_chosen(Action.AGENCY_KEY_MANAGE, "admin.api_keys", _("Khóa API"))


@blueprint.get("/<code>/khoa-api")
@keeps_keys
def api_keys(code: str) -> ResponseReturnValue:
    province = _province(code)
    return render_template(
        "admin/api_keys.html",
        province=province,
        agencies={agency.code: agency.name for agency in agencies_of(reader(), code)},
        keys=[(key, _label(key)) for key in keys_of(reader(), code)],
    )


# --- Making ----------------------------------------------------------------------------------------------------------


@blueprint.route("/<code>/khoa-api/them", methods=["GET", "POST"])
@keeps_keys
@soft_csrf
def new_api_key(code: str) -> ResponseReturnValue:
    """The answer to the post shows the key: it is kept nowhere from which another page could read it."""
    province, form = _province(code), NewKeyForm()
    form.fit(agencies_of(reader(), code))
    status = 200
    if form.validate_on_submit():
        new, staff, at = form.new_key(code), current_staff(), now()
        try:
            made = write(lambda session: make_key(session, new, by=staff, now=at))
        except DomainError as refusal:
            form.refuse(refusal)
            form.begin_anew()
            status = refusal.status
        else:
            return render_template(
                "admin/api_key_made.html",
                province=province,
                key=made.key,
                secret=made.secret,
                agency=get_agency(reader(), code, made.key.agency_code).name,
                example=_example(made.secret),
            )
    page = render_template("admin/api_key_new.html", province=province, form=form)
    return page, 400 if form.problems and status == 200 else status


def _example(secret: str) -> str:
    """For a terminal; quotation marks keep the shell away from `&` and `?`."""
    base = f"{product().settings.public_url}/api/v1/agency"
    lines = (
        f"KHOA='{secret}'",
        f'curl -H "Authorization: Bearer $KHOA" "{base}"',
        f'curl -H "Authorization: Bearer $KHOA" "{base}/coverage"',
        f'curl -G -H "Authorization: Bearer $KHOA" "{base}/obligations" \\',
        "  --data-urlencode 'group=not_pledged' --data-urlencode 'reason=Nhắc đơn vị chưa ký'",
    )
    return "\n".join(lines)


# --- One key ---------------------------------------------------------------------------------------------------------


@blueprint.get("/<code>/khoa-api/<uuid:key_id>")
@keeps_keys
def api_key(code: str, key_id: uuid.UUID) -> ResponseReturnValue:
    key = _key(code, key_id)
    maker = get_staff(reader(), code, key.created_by) or get_staff(reader(), WHOLE_SYSTEM, key.created_by)
    agencies = {agency.code: agency.name for agency in agencies_of(reader(), code)}
    return render_template(
        "admin/api_key.html",
        province=_province(code),
        key=key,
        label=_label(key),
        agency=agencies.get(key.agency_code, key.agency_code),
        maker=maker.name if maker is not None else "",
    )


@blueprint.post("/<code>/khoa-api/<uuid:key_id>/cham-dut")
@keeps_keys
def end_api_key(code: str, key_id: uuid.UUID) -> ResponseReturnValue:
    key, staff, at = _key(code, key_id), current_staff(), now()
    write(lambda session: end_key(session, code, key.id, by=staff, now=at))
    flash(_("Khóa %(beginning)s… đã chấm dứt, từ bây giờ không mở được gì nữa.", beginning=key.beginning), "success")
    return redirect(url_for("admin.api_keys", code=code), 303)
