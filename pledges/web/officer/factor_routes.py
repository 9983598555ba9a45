"""One's own account: second factors, recovery codes, password. `/can-bo/bao-mat`."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from pledges.accounts.factor_models import FactorKind, StepPurpose
from pledges.accounts.factors import (
    add_passkey,
    add_totp,
    end_factor,
    factors_of,
    hash_recovery_codes,
    keep_recovery_codes,
    matching_counter,
    new_recovery_codes,
    recovery_codes_left,
)
from pledges.accounts.models import Staff
from pledges.accounts.notices import ADDED, REMOVED, Change, tell_owner
from pledges.accounts.passwords import check_new, hash_password
from pledges.accounts.permissions import Action
from pledges.accounts.second_step import check_password_again
from pledges.accounts.sessions import change_password, end_others
from pledges.accounts.steps import StepOver, end_steps, finish_step
from pledges.core.errors import DomainError, NotFound
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.network import network
from pledges.web.officer.authentication import current_session, current_staff, renew_session
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.enrolling import ENROL_KEY, begin_application, begun, is_wrong, shown_key
from pledges.web.officer.enrolment_routes import wrong_first_code
from pledges.web.officer.forms import ChangePasswordForm, CodeForm, PasskeyForm
from pledges.web.officer.passkey_asking import new_passkey, this_site
from pledges.web.security import may, soft_csrf

DONE = frozenset({"ung-dung", "khoa", "go", "mat-khau", "du-phong", "het"})
"""What may stand in the address after something was done, for the banner that says so."""


def _to_page(done: str) -> ResponseReturnValue:
    return redirect(url_for("officer.account_security", xong=done), 303)


def _own_change(work: Callable[[Session, Staff], Change]) -> None:
    """Change something about the own account: its owner is written to, whatever is open or begun elsewhere is over, and
    this browser goes on under a new secret.
    """
    staff, keep, at, vault = current_staff(), current_session().id, now(), product().vault

    def change(writing: Session) -> None:
        made = work(writing, staff)
        end_others(writing, staff, keep, because="factor_changed", now=at)
        end_steps(writing, staff, at)
        tell_owner(writing, staff, made, vault=vault, now=at)

    write(change)
    renew_session()


# --- The page ------------------------------------------------------------------------------------------------------


@blueprint.get("/bao-mat")
@may(Action.ACCOUNT_OWN)
def account_security() -> ResponseReturnValue:
    return _page(PasskeyForm(formdata=None))


def _page(form: PasskeyForm, status: int = 200) -> ResponseReturnValue:
    staff, done = current_staff(), request.args.get("xong", "")
    factors = factors_of(reader(), staff)
    page = render_template(
        "officer/account_security.html",
        form=form,
        applications=[factor for factor in factors if factor.kind is FactorKind.TOTP],
        passkeys=[factor for factor in factors if factor.kind is FactorKind.PASSKEY],
        removable=len(factors) > 1,
        codes_left=recovery_codes_left(reader(), staff),
        has_passkeys=this_site().possible,
        done=done if done in DONE else "",
    )
    return page, status


# --- The application -----------------------------------------------------------------------------------------------


@blueprint.post("/bao-mat/ung-dung")
@may(Action.ACCOUNT_FACTORS)
def begin_own_application() -> ResponseReturnValue:
    begin_application(current_staff(), StepPurpose.ADD_TOTP)
    return redirect(url_for("officer.own_application"), 303)


@blueprint.get("/bao-mat/ung-dung")
@may(Action.ACCOUNT_FACTORS)
def own_application() -> ResponseReturnValue:
    try:
        return _application_form(CodeForm(formdata=None))
    except StepOver:
        return _to_page("het")


@blueprint.post("/bao-mat/ung-dung/ma")
@may(Action.ACCOUNT_FACTORS)
@soft_csrf
def add_own_application() -> ResponseReturnValue:
    try:
        step, staff, secret = begun(StepPurpose.ADD_TOTP)
        form = CodeForm()
        if not form.validate_on_submit():
            return _application_form(form, 400)
        counter = matching_counter(secret, form.code.data, now())
        if counter is None or staff.id != current_staff().id:
            form.refuse(wrong_first_code())
            return _application_form(form, 400)
        at, vault = now(), product().vault

        def work(writing: Session, me: Staff) -> Change:
            finish_step(writing, step, at)
            return ADDED[add_totp(writing, me, secret, counter, vault=vault, now=at).kind]

        _own_change(work)
    except StepOver:
        return _to_page("het")
    session.pop(ENROL_KEY, None)
    return _to_page("ung-dung")


def _application_form(form: CodeForm, status: int = 200) -> ResponseReturnValue:
    _step, staff, secret = begun(StepPurpose.ADD_TOTP)
    return render_template("officer/own_application.html", form=form, **shown_key(staff, secret)), status


# --- Passkeys and recovery codes -----------------------------------------------------------------------------------


@blueprint.post("/bao-mat/khoa-truy-cap")
@may(Action.ACCOUNT_FACTORS)
@soft_csrf
def add_own_passkey() -> ResponseReturnValue:
    form = PasskeyForm()
    if not form.validate_on_submit():
        return _page(form, 400)
    at, name = now(), form.name.data or ""
    try:
        made = new_passkey(current_staff(), form.credential.data)
        _own_change(lambda writing, me: ADDED[add_passkey(writing, me, made=made, name=name, now=at).kind])
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(form, refusal.status)
    return _to_page("khoa")


@blueprint.post("/bao-mat/go")
@may(Action.ACCOUNT_FACTORS)
def remove_own_factor() -> ResponseReturnValue:
    try:
        factor_id = uuid.UUID(request.form.get("factor", ""))
    except ValueError:
        raise NotFound from None
    at = now()
    _own_change(lambda writing, me: REMOVED[end_factor(writing, me, factor_id, now=at).kind])
    return _to_page("go")


@blueprint.post("/bao-mat/ma-du-phong")
@may(Action.ACCOUNT_FACTORS)
@soft_csrf
def new_own_recovery_codes() -> ResponseReturnValue:
    """The answer shows the codes, once; a page that asked for them twice has made the first ones worthless."""
    if not PageForm().validate_on_submit():
        return _to_page("het")
    codes, at = new_recovery_codes(), now()
    hashed = hash_recovery_codes(codes, product().vault)

    def work(writing: Session, me: Staff) -> Change:
        keep_recovery_codes(writing, me, hashed, now=at)
        return Change.CODES_MADE

    _own_change(work)
    return render_template(
        "officer/recovery_codes.html", codes=codes, next=url_for("officer.account_security"), first=False
    )


# --- The password --------------------------------------------------------------------------------------------------


@blueprint.route("/bao-mat/mat-khau", methods=["GET", "POST"])
@may(Action.ACCOUNT_OWN)
@soft_csrf
def change_own_password() -> ResponseReturnValue:
    form, staff = ChangePasswordForm(), current_staff()
    status = 200
    if form.validate_on_submit():
        try:
            check_password_again(
                product().database,
                product().vault,
                staff,
                form.old_password.data,
                network=network(),
                now=now(),
                field="old_password",
            )
            check_new(form.password.data, form.password_again.data, name=staff.name, email=staff.email)
        except DomainError as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            password_hash, at = hash_password(form.password.data), now()

            def work(writing: Session, me: Staff) -> Change:
                change_password(writing, me, password_hash, now=at)
                return Change.PASSWORD

            _own_change(work)
            return _to_page("mat-khau")
    page = render_template("officer/change_password.html", form=form, person=staff)
    return page, 400 if status == 200 and is_wrong(form) else status
