"""Signing in and out, and choosing a password."""

from __future__ import annotations

import structlog
from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from pledges.accounts.models import Staff
from pledges.accounts.operations import LinkDead, choose_password, follow_set_up_link
from pledges.accounts.passwords import check_new, hash_password
from pledges.accounts.sign_in import check_password
from pledges.core.errors import DomainError
from pledges.core.tokens import Tokens
from pledges.web import current
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader
from pledges.web.i18n import error_text
from pledges.web.network import network
from pledges.web.officer.authentication import (
    safe_next,
    sign_in,
    sign_out,
    signed_in_staff,
)
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.forms import SetUpForm, SignInForm
from pledges.web.security import audience, soft_csrf

log = structlog.get_logger()


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
        log.warning("sign_in_refused", why=type(refusal).__name__)
        form.refuse(refusal)
        return _sign_in_form(form, refusal.status)
    return sign_in(staff) or redirect(safe_next(request.form.get("next", "")), 303)


def _sign_in_form(form: SignInForm, status: int = 200) -> ResponseReturnValue:
    wanted = request.form.get("next", "") or request.args.get("next", "")
    page = render_template(
        "officer/sign_in.html", form=form, next=wanted, password_chosen=request.args.get("xong") == "1"
    )
    return page, status


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


# --- Choosing a password -------------------------------------------------------------------------------------------


def _tokens() -> Tokens:
    return Tokens(product().settings.secret_key)


@blueprint.get("/thiet-lap/<token>")
@audience("signer")
def set_up_page(token: str) -> ResponseReturnValue:
    try:
        staff = follow_set_up_link(reader(), token, tokens=_tokens(), now=now())
    except LinkDead as dead:
        return _dead_link(dead)
    return _set_up_form(staff, SetUpForm(formdata=None))


@blueprint.post("/thiet-lap/<token>")
@audience("signer")
@soft_csrf
def set_up_post(token: str) -> ResponseReturnValue:
    try:
        staff = follow_set_up_link(reader(), token, tokens=_tokens(), now=now())
        form = SetUpForm()
        if not form.validate_on_submit():
            return _set_up_form(staff, form, 400)
        try:
            check_new(form.password.data, form.password_again.data, name=staff.name, email=staff.email)
        except DomainError as refusal:
            form.refuse(refusal)
            return _set_up_form(staff, form, 400)
        # Hashed before the write begins: it takes as long as a hundred small writes.
        password_hash = hash_password(form.password.data)
        current.write(lambda session: choose_password(session, token, password_hash, tokens=_tokens(), now=now()))
    except LinkDead as dead:
        return _dead_link(dead)
    return redirect(url_for("officer.sign_in_page", xong=1), 303)


def _set_up_form(staff: Staff, form: SetUpForm, status: int = 200) -> ResponseReturnValue:
    return render_template("officer/set_up.html", form=form, person=staff), status


def _dead_link(dead: LinkDead) -> Response:
    return make_response(render_template("officer/dead_link.html", message=error_text(dead)), dead.status)
