"""Pages between the first password and the first session: a second factor, then the recovery codes."""

from __future__ import annotations

import structlog
from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.factor_models import StepPurpose
from pledges.accounts.factors import add_passkey, add_totp, matching_counter
from pledges.accounts.models import SignInWay, Staff
from pledges.accounts.second_step import CodeRefused
from pledges.accounts.steps import StepOver
from pledges.core.errors import DomainError
from pledges.web.current import now, product
from pledges.web.i18n import error_text
from pledges.web.officer.authentication import safe_next, sign_in, signed_in_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.enrolling import begun, first_factor, is_wrong, shown_key
from pledges.web.officer.forms import CodeForm, PasskeyForm
from pledges.web.officer.passkey_asking import any_passkey_options, new_passkey, new_passkey_options, this_site
from pledges.web.security import audience, soft_csrf

log = structlog.get_logger()


def _wanted() -> str:
    return request.form.get("next", "") or request.args.get("next", "")


def _from_the_beginning() -> ResponseReturnValue:
    return redirect(url_for("officer.sign_in_page", het=1, next=_wanted() or None), 303)


@blueprint.get("/dang-nhap/thiet-lap-xac-thuc")
@audience("signer")
def enrol() -> ResponseReturnValue:
    try:
        _step, staff, secret = begun(StepPurpose.ENROL)
    except StepOver:
        return _from_the_beginning()
    return _form(staff, secret, CodeForm(formdata=None), PasskeyForm(formdata=None))


@blueprint.post("/dang-nhap/thiet-lap-xac-thuc")
@audience("signer")
@soft_csrf
def enrol_post() -> ResponseReturnValue:
    """The answer shows the recovery codes: they are kept nowhere from which another page could read them."""
    try:
        step, staff, secret = begun(StepPurpose.ENROL)
        form = CodeForm()
        if not form.validate_on_submit():
            return _form(staff, secret, form, PasskeyForm(formdata=None), 400)
        counter = matching_counter(secret, form.code.data, now())
        if counter is None:
            form.refuse(wrong_first_code())
            return _form(staff, secret, form, PasskeyForm(formdata=None), 400)
        at, vault = now(), product().vault
        codes = first_factor(
            step, staff, lambda writing: add_totp(writing, staff, secret, counter, vault=vault, now=at)
        )
    except StepOver:
        return _from_the_beginning()
    return _in(staff, codes)


@blueprint.post("/dang-nhap/thiet-lap-xac-thuc/khoa-truy-cap")
@audience("signer")
@soft_csrf
def enrol_passkey() -> ResponseReturnValue:
    try:
        step, staff, secret = begun(StepPurpose.ENROL)
        form = PasskeyForm()
        if not form.validate_on_submit():
            return _form(staff, secret, CodeForm(formdata=None), form, 400)
        at, name = now(), form.name.data or ""
        try:
            made = new_passkey(staff, form.credential.data)
            codes = first_factor(step, staff, lambda writing: add_passkey(writing, staff, made=made, name=name, now=at))
        except StepOver:
            raise
        except DomainError as refusal:
            log.warning("passkey_refused", why=type(refusal).__name__)
            form.refuse(refusal)
            return _form(staff, secret, CodeForm(formdata=None), form, refusal.status)
    except StepOver:
        return _from_the_beginning()
    return _in(staff, codes)


def wrong_first_code() -> CodeRefused:
    return CodeRefused(
        _("Mã chưa đúng. Hãy nhập mã đang hiện trong ứng dụng; giờ của điện thoại cần đúng."), field="code"
    )


def _in(staff: Staff, codes: list[str]) -> ResponseReturnValue:
    wanted = safe_next(_wanted())
    sign_in(staff, SignInWay.ENROLMENT)
    return render_template("officer/recovery_codes.html", codes=codes, next=wanted, first=True)


def _form(staff: Staff, secret: str, code: CodeForm, passkey: PasskeyForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "officer/enrol.html",
        form=passkey if is_wrong(passkey) else code,
        code_form=code,
        passkey_form=passkey,
        person=staff,
        password_chosen=request.args.get("xong") == "1",
        next=_wanted(),
        has_passkeys=this_site().possible,
        **shown_key(staff, secret),
    )
    return page, status


@blueprint.post("/khoa-truy-cap/cau-hoi")
@audience("signer")
def passkey_question() -> ResponseReturnValue:
    """What a script hands to the browser: for a new passkey (`kind=new`) or for any that we know."""
    if not this_site().possible:
        return jsonify(error=_("Khóa truy cập chưa dùng được. Hãy thử lại, hoặc dùng cách khác.")), 400
    if request.form.get("kind") != "new":
        return jsonify(any_passkey_options())
    staff = signed_in_staff()
    if staff is None:
        try:
            staff = begun(StepPurpose.ENROL)[1]
        except StepOver as over:
            return jsonify(error=error_text(over)), over.status
    return jsonify(new_passkey_options(staff))
