"""Asking a browser for a passkey, and reading its answer within a request."""

from __future__ import annotations

from typing import Any

from flask import request, session

from pledges.accounts.factor_models import StepPurpose
from pledges.accounts.factors import factors_of, note_passkey_used, passkey_by_credential
from pledges.accounts.models import Staff
from pledges.accounts.passkeys import (
    NewPasskey,
    PasskeyRefused,
    Site,
    authentication_options,
    credential_id_of,
    read_authentication,
    read_registration,
    registration_options,
)
from pledges.accounts.queries import get_staff
from pledges.accounts.refusals import Reason
from pledges.accounts.rules import CHALLENGES_PER_NETWORK, FAILURE_WINDOW
from pledges.accounts.second_step import CHALLENGE_LIMIT
from pledges.accounts.steps import StepOver, begin_step, finish_step, living_step
from pledges.core import throttle
from pledges.web.current import now, product, reader, write
from pledges.web.network import network
from pledges.web.refusing import note_refusal

CHALLENGE_KEY = "passkey"
"""Where the secret of the open challenge stands in the signed cookie."""


def this_site() -> Site:
    """The site as passkeys know it. On a developer's machine also `localhost`, whatever the settings say."""
    settings = product().settings
    host = request.host.partition(":")[0]
    local = not settings.production and host == "localhost"
    return Site(f"{request.scheme}://{request.host}" if local else settings.public_url, settings.owner_name)


def new_passkey_options(staff: Staff) -> dict[str, Any]:
    options, challenge = registration_options(this_site(), staff, factors_of(reader(), staff))
    _remember(StepPurpose.REGISTER, staff, challenge)
    return options


def any_passkey_options() -> dict[str, Any]:
    options, challenge = authentication_options(this_site())
    _remember(StepPurpose.AUTHENTICATE, None, challenge)
    return options


def _remember(purpose: StepPurpose, staff: Staff | None, challenge: str) -> None:
    network_hash = product().vault.keyed_hash("network", network())

    def remember(writing: Any) -> str:
        most = CHALLENGES_PER_NETWORK
        throttle.use(writing, CHALLENGE_LIMIT, network_hash, most=most, per=FAILURE_WINDOW, now=now())
        return begin_step(writing, purpose, staff, now=now(), challenge=challenge)

    session[CHALLENGE_KEY] = write(remember)


def _use_challenge(purpose: StepPurpose, staff: Staff | None = None) -> str:
    """The challenge that this browser was given, once."""
    step = living_step(reader(), session.pop(CHALLENGE_KEY, None), purpose, now())
    if step is None or (staff is not None and step.staff_id != staff.id):
        raise PasskeyRefused
    try:
        write(lambda writing: finish_step(writing, step, now()))
    except StepOver:
        raise PasskeyRefused from None
    return step.challenge


def new_passkey(staff: Staff, answer: str) -> NewPasskey:
    challenge = _use_challenge(StepPurpose.REGISTER, staff)
    return read_registration(this_site(), answer, challenge)


def passkey_owner(answer: str) -> Staff:
    """Whose passkey has answered; raises `PasskeyRefused`."""
    staff = None
    try:
        challenge = _use_challenge(StepPurpose.AUTHENTICATE)
        factor = passkey_by_credential(reader(), credential_id_of(answer))
        if factor is None:
            raise PasskeyRefused
        staff = get_staff(reader(), factor.province_code, factor.staff_id)
        count = read_authentication(this_site(), answer, challenge, factor)
        if staff is None or not staff.active:
            raise PasskeyRefused
        if not write(lambda writing: note_passkey_used(writing, factor, count, now())):
            raise PasskeyRefused
    except PasskeyRefused:
        note_refusal(Reason.PASSKEY, staff)
        raise
    return staff
