"""Choosing a password by the link that an administrator has sent."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from pledges.accounts.factors import factors_of
from pledges.accounts.models import Staff
from pledges.accounts.operations import LinkDead, choose_password, follow_set_up_link
from pledges.accounts.passwords import check_new, hash_password
from pledges.core.errors import DomainError
from pledges.core.tokens import Tokens
from pledges.web import current
from pledges.web.current import now, product, reader
from pledges.web.i18n import error_text
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.enrolling import begin_enrolment
from pledges.web.officer.forms import SetUpForm
from pledges.web.security import audience, soft_csrf


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
        at, vault = now(), product().vault
        current.write(
            lambda session: choose_password(session, token, password_hash, tokens=_tokens(), vault=vault, now=at)
        )
    except LinkDead as dead:
        return _dead_link(dead)
    if not factors_of(reader(), staff):
        return begin_enrolment(staff, "", chosen=True)
    # A new password takes no second factor away: whoever holds the link alone comes no further than this.
    return redirect(url_for("officer.sign_in_page", xong=1), 303)


def _set_up_form(staff: Staff, form: SetUpForm, status: int = 200) -> ResponseReturnValue:
    return render_template("officer/set_up.html", form=form, person=staff), status


def _dead_link(dead: LinkDead) -> Response:
    return make_response(render_template("officer/dead_link.html", message=error_text(dead)), dead.status)
