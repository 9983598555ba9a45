"""Signing in (password and second step, or a passkey alone) and out."""

from __future__ import annotations

import structlog
from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from pledges.accounts.data_key import KeyLost
from pledges.accounts.factor_models import FactorKind, StaffStep, StepPurpose
from pledges.accounts.factors import factors_of, recovery_codes_left
from pledges.accounts.models import SignInWay, Staff
from pledges.accounts.second_step import check_code, check_recovery_code
from pledges.accounts.sign_in import check_password
from pledges.accounts.steps import StepOver, begin_step, finish_step, living_step, staff_of_step
from pledges.core.errors import DomainError
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.network import network
from pledges.web.officer.authentication import (
    empty_session,
    safe_next,
    sign_in,
    sign_out,
    signed_in_staff,
)
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.enrolling import begin_enrolment
from pledges.web.officer.forms import CodeForm, PasskeyForm, RecoveryForm, SignInForm
from pledges.web.officer.passkey_asking import passkey_owner, this_site
from pledges.web.security import audience, soft_csrf

log = structlog.get_logger()

STEP_KEY = "second_step"
"""Where the secret of the step after the password stands in the signed cookie."""


# --- The password --------------------------------------------------------------------------------------------------


@blueprint.get("/dang-nhap")
@audience("signer")
def sign_in_page() -> ResponseReturnValue:
    if signed_in_staff() is not None:
        return redirect(safe_next(request.args.get("next", "")))
    return _sign_in_form(SignInForm(formdata=None))


@blueprint.post("/dang-nhap")
@audience("signer")
@soft_csrf
def sign_in_post() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_form(form, 400)
    try:
        staff = check_password(
            product().database,
            product().vault,
            email=form.email.data,
            password=form.password.data,
            network=network(),
            now=now(),
        )
    except DomainError as refusal:
        _log(refusal)
        form.refuse(refusal)
        return _sign_in_form(form, refusal.status)
    if not factors_of(reader(), staff):
        return begin_enrolment(staff, _wanted())
    empty_session()
    session[STEP_KEY] = write(lambda writing: begin_step(writing, StepPurpose.CODE, staff, now=now()))
    return redirect(url_for("officer.second_step", next=_wanted() or None), 303)


def _sign_in_form(form: SignInForm, status: int = 200, passkey: PasskeyForm | None = None) -> ResponseReturnValue:
    page = render_template(
        "officer/sign_in.html",
        form=passkey or form,
        sign_in_form=form,
        next=_wanted(),
        password_chosen=request.args.get("xong") == "1",
        step_over=request.args.get("het") == "1",
        has_passkeys=this_site().possible,
    )
    return page, status


def _wanted() -> str:
    return request.form.get("next", "") or request.args.get("next", "")


def _log(refusal: DomainError) -> None:
    log.warning("sign_in_refused", why=type(refusal).__name__)


# --- The second step -----------------------------------------------------------------------------------------------


def _begun() -> tuple[StaffStep, Staff]:
    """The step that this browser has begun, and whose; raises `StepOver`."""
    step = living_step(reader(), session.get(STEP_KEY), StepPurpose.CODE, now())
    staff = staff_of_step(reader(), step)
    if step is None or staff is None:
        raise StepOver
    return step, staff


def _from_the_beginning() -> ResponseReturnValue:
    return redirect(url_for("officer.sign_in_page", het=1, next=_wanted() or None), 303)


@blueprint.get("/dang-nhap/buoc-hai")
@audience("signer")
def second_step() -> ResponseReturnValue:
    try:
        staff = _begun()[1]
    except StepOver:
        return _from_the_beginning()
    return _second_step_form(staff, CodeForm(formdata=None), RecoveryForm(formdata=None))


@blueprint.post("/dang-nhap/buoc-hai")
@audience("signer")
@soft_csrf
def second_step_post() -> ResponseReturnValue:
    try:
        step, staff = _begun()
        form = CodeForm()
        if not form.validate_on_submit():
            return _second_step_form(staff, form, RecoveryForm(formdata=None), 400)
        try:
            check_code(product().database, product().vault, staff, form.code.data, network=network(), now=now())
        except KeyLost:
            raise
        except DomainError as refusal:
            _log(refusal)
            form.refuse(refusal)
            return _second_step_form(staff, form, RecoveryForm(formdata=None), refusal.status)
        write(lambda writing: finish_step(writing, step, now()))
    except StepOver:
        return _from_the_beginning()
    sign_in(staff, SignInWay.TOTP)
    return redirect(safe_next(_wanted()), 303)


@blueprint.post("/dang-nhap/ma-du-phong")
@audience("signer")
@soft_csrf
def recovery_code_post() -> ResponseReturnValue:
    try:
        step, staff = _begun()
        form = RecoveryForm()
        if not form.validate_on_submit():
            return _second_step_form(staff, CodeForm(formdata=None), form, 400)
        try:
            check_recovery_code(
                product().database, product().vault, staff, form.recovery_code.data, network=network(), now=now()
            )
        except KeyLost:
            raise
        except DomainError as refusal:
            _log(refusal)
            form.refuse(refusal)
            return _second_step_form(staff, CodeForm(formdata=None), form, refusal.status)
        write(lambda writing: finish_step(writing, step, now()))
    except StepOver:
        return _from_the_beginning()
    sign_in(staff, SignInWay.RECOVERY_CODE)
    # Whoever had to use one has lost something: the page shows how many are left, and how to set up anew.
    return redirect(url_for("officer.account_security", xong="du-phong"), 303)


def _second_step_form(staff: Staff, code: CodeForm, recovery: RecoveryForm, status: int = 200) -> ResponseReturnValue:
    kinds = {factor.kind for factor in factors_of(reader(), staff)}
    page = render_template(
        "officer/second_step.html",
        form=recovery if recovery.is_submitted() and (recovery.problems or recovery.stale) else code,
        code_form=code,
        recovery_form=recovery,
        next=_wanted(),
        has_totp=FactorKind.TOTP in kinds,
        has_passkey=FactorKind.PASSKEY in kinds and this_site().possible,
        codes_left=recovery_codes_left(reader(), staff),
    )
    return page, status


# --- A passkey alone -----------------------------------------------------------------------------------------------


@blueprint.post("/dang-nhap/khoa-truy-cap")
@audience("signer")
@soft_csrf
def passkey_sign_in() -> ResponseReturnValue:
    """Also as the second step: a passkey says by itself whose it is, and that its owner unlocked it."""
    form = PasskeyForm()
    if not form.validate_on_submit():
        return _sign_in_form(SignInForm(formdata=None), 400, form)
    try:
        staff = passkey_owner(form.credential.data)
    except DomainError as refusal:
        _log(refusal)
        form.refuse(refusal)
        return _sign_in_form(SignInForm(formdata=None), refusal.status, form)
    sign_in(staff, SignInWay.PASSKEY)
    return redirect(safe_next(_wanted()), 303)


# --- Out -----------------------------------------------------------------------------------------------------------


@blueprint.post("/dang-xuat")
@audience("signer")
@soft_csrf
def sign_out_post() -> ResponseReturnValue:
    """Also for who pressed the button of a page whose session had ended by itself: they are signed out already."""
    if signed_in_staff() is not None:
        if not PageForm().validate_on_submit():
            return redirect(url_for("officer.landing"), 303)
        sign_out()
    response = redirect(url_for("officer.signed_out"), 303)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.get("/da-dang-xuat")
@audience("public")
def signed_out() -> ResponseReturnValue:
    return render_template("officer/signed_out.html")
