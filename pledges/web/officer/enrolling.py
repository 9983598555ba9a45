"""The first second factor: demanded after the password, before anything else can be opened."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from flask import redirect, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from segno import make
from sqlalchemy.orm import Session

from pledges.accounts.data_key import TOTP_PURPOSE
from pledges.accounts.factor_models import StaffFactor, StaffStep, StepPurpose
from pledges.accounts.factors import (
    factors_of,
    hash_recovery_codes,
    keep_recovery_codes,
    new_recovery_codes,
    new_secret,
    totp_address,
)
from pledges.accounts.models import Staff
from pledges.accounts.notices import ADDED, tell_owner
from pledges.accounts.queries import lock_staff
from pledges.accounts.steps import StepOver, begin_step, end_steps, finish_step, living_step, staff_of_step
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.officer.authentication import empty_session

ENROL_KEY = "enrolment"
"""Where the secret of an enrolment stands in the signed cookie, first or later."""


def begin_enrolment(staff: Staff, wanted: str, *, chosen: bool = False) -> ResponseReturnValue:
    """Lead somebody whose password was right, or has just been chosen, to the page that demands a second factor."""
    empty_session()
    begin_application(staff, StepPurpose.ENROL)
    return redirect(url_for("officer.enrol", next=wanted or None, xong=1 if chosen else None), 303)


def begin_application(staff: Staff, purpose: StepPurpose) -> None:
    """Make a key for an application and remember it on the server until its first code was right."""
    secret = product().vault.encrypt(TOTP_PURPOSE, new_secret())
    session[ENROL_KEY] = write(lambda writing: begin_step(writing, purpose, staff, now=now(), secret=secret))


def begun(purpose: StepPurpose) -> tuple[StaffStep, Staff, str]:
    """The step of this browser, whose it is, and the key of the application; raises `StepOver`."""
    step = living_step(reader(), session.get(ENROL_KEY), purpose, now())
    staff = staff_of_step(reader(), step)
    if step is None or staff is None or step.secret is None:
        raise StepOver
    try:
        return step, staff, product().vault.decrypt(TOTP_PURPOSE, step.secret)
    except InvalidTag:
        # The data key was exchanged since this step began; a step that begins now has a key of its own.
        raise StepOver from None


def shown_key(staff: Staff, secret: str) -> dict[str, object]:
    """The key as a picture to point a telephone at, and in groups of four letters to type."""
    settings = product().settings
    address = totp_address(secret, account=staff.email, issuer=settings.public_host)
    svg = make(address, error="m").svg_inline(scale=4, border=4, svgclass="qr-code", lineclass=None, omitsize=False)
    return {
        "picture": Markup(svg),  # noqa: S704 - made of our own key, by segno
        "key": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
    }


def first_factor(step: StaffStep, staff: Staff, add: Callable[[Session], StaffFactor]) -> list[str]:
    """Add the first factor and make the recovery codes, which are returned to be shown once."""
    codes = new_recovery_codes()
    hashed = hash_recovery_codes(codes, product().vault)

    def work(writing: Session) -> None:
        finish_step(writing, step, now())
        # Of two browsers that enrol for one person at once the slower one begins again.
        lock_staff(writing, staff)
        if factors_of(writing, staff):
            raise StepOver
        kind = add(writing).kind
        end_steps(writing, staff, now())
        keep_recovery_codes(writing, staff, hashed, now=now())
        tell_owner(writing, staff, ADDED[kind], vault=product().vault, now=now())

    write(work)
    return codes


def is_wrong(form: PageForm) -> bool:
    return bool(form.is_submitted() and (form.problems or form.stale))
