"""Showing again that it is oneself, before what the permission table marks as `fresh`.

The gate (`authentication._gate`) calls `ask_to_confirm` for a post that needs it. The page that asks carries all that
was typed and posts to the same address; once the confirmation is right, the view goes on as if nothing had been
asked. So nothing is lost and nothing is pressed twice. Views that take files are not for this: a page cannot keep them.
"""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.factor_models import FactorKind
from pledges.accounts.factors import factors_of
from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.second_step import check_code, check_password_again
from pledges.audit.operations import record
from pledges.core.errors import DomainError
from pledges.web.current import now, product, reader, write
from pledges.web.network import network
from pledges.web.officer.authentication import confirm_session, current_staff, kept_fields
from pledges.web.officer.forms import ConfirmForm
from pledges.web.officer.passkey_asking import passkey_owner, this_site

log = structlog.get_logger()


def set_up_confirming(app: Flask) -> None:
    app.extensions["ask_to_confirm"] = ask_to_confirm


def ask_to_confirm() -> ResponseReturnValue | None:
    """None once the post has brought a right confirmation along; the view then does what was asked for."""
    if "confirm" not in request.form:
        return _page(ConfirmForm(formdata=None), 403)
    form = ConfirmForm()
    if not form.validate_on_submit():
        return _page(form, 400)
    staff = current_staff()
    try:
        _check(staff, form)
    except DomainError as refusal:
        log.warning("confirmation_refused", why=type(refusal).__name__)
        form.refuse(refusal)
        return _page(form, refusal.status)
    write(
        lambda session: record(
            session,
            "staff.confirmed",
            province_code=staff.province_code,
            object_id=staff.id,
            actor=actor_of(staff),
            now=now(),
        )
    )
    confirm_session()
    return None


def _check(staff: Staff, form: ConfirmForm) -> None:
    checked: dict[str, Any] = {"network": network(), "now": now()}
    if form.confirm_credential.data:
        if passkey_owner(form.confirm_credential.data).id != staff.id:
            raise DomainError(_("Khóa truy cập này của người khác. Hãy dùng khóa của bạn."))
    elif form.confirm_code.data:
        try:
            check_code(product().database, product().vault, staff, form.confirm_code.data, **checked)
        except DomainError as refusal:
            refusal.field = "confirm_code"
            raise
    elif form.confirm_password.data:
        check_password_again(
            product().database,
            product().vault,
            staff,
            form.confirm_password.data,
            field="confirm_password",
            **checked,
        )
    else:
        raise DomainError(_("Hãy nhập mật khẩu, hoặc mã của ứng dụng xác thực."), field="confirm_password")


def _page(form: ConfirmForm, status: int) -> ResponseReturnValue:
    # One of them is enough, but none is "not needed" as a label would say.
    form.confirm_password.required = form.confirm_code.required = True
    kinds = {factor.kind for factor in factors_of(reader(), current_staff())}
    page = render_template(
        "officer/confirm.html",
        form=form,
        kept=kept_fields(),
        here=request.full_path.rstrip("?"),
        has_totp=FactorKind.TOTP in kinds,
        has_passkey=FactorKind.PASSKEY in kinds and this_site().possible,
    )
    return page, status
