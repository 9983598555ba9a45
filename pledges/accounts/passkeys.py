"""Passkeys (WebAuthn): what the browser is asked, and whether its answer is right. The user is always verified."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cbor2 import CBORDecodeError
from cryptography.exceptions import UnsupportedAlgorithm as UnsupportedByCryptography
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from pledges.accounts.factor_models import FactorKind, StaffFactor
from pledges.accounts.models import Staff
from pledges.core.errors import N_, DomainError

MOST_LETTERS = 20_000
"""Of an answer: the longest of known makers have some thousand."""

LONGEST_ID = 1_364
"""1,023 bytes, the most that the standard allows, as base64url; a longer one would fit into no index."""

_WRONG = (
    WebAuthnException,
    CBORDecodeError,
    UnsupportedByCryptography,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
)
"""What the library raises for answers that are none: not every malformed one has a name of its own there."""


class PasskeyRefused(DomainError):
    """The answer is not that of a passkey that we know, or not to our question: one answer for all."""

    status = 400

    def __init__(self) -> None:
        super().__init__(N_("Khóa truy cập chưa dùng được. Hãy thử lại, hoặc dùng cách khác."))


@dataclass(frozen=True)
class Site:
    """Where passkeys hold: the host of this site and its origin."""

    origin: str
    name: str

    @property
    def host(self) -> str:
        return urlsplit(self.origin).hostname or ""

    @property
    def possible(self) -> bool:
        """Browsers give passkeys to names only, never to numbers such as 127.0.0.1."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return bool(self.host)
        return False


@dataclass(frozen=True)
class NewPasskey:
    credential_id: str
    public_key: bytes
    sign_count: int


def registration_options(site: Site, staff: Staff, known: Sequence[StaffFactor]) -> tuple[dict[str, Any], str]:
    """What the browser is asked for a new passkey, and the challenge in it."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=staff.id.bytes,
        user_name=staff.email,
        user_display_name=staff.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(factor.credential_id))
            for factor in known
            if factor.kind is FactorKind.PASSKEY and factor.credential_id
        ],
    )
    return json.loads(options_to_json(options)), bytes_to_base64url(options.challenge)


def authentication_options(site: Site) -> tuple[dict[str, Any], str]:
    """What the browser is asked of any passkey of ours; it says itself whose it is."""
    options = generate_authentication_options(rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED)
    return json.loads(options_to_json(options)), bytes_to_base64url(options.challenge)


def credential_id_of(answer: str) -> str:
    """The passkey that an answer names; raises `PasskeyRefused` where it names none."""
    if len(answer) > MOST_LETTERS:
        raise PasskeyRefused
    try:
        found = json.loads(answer)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise PasskeyRefused from None
    if not isinstance(found, str) or not found or "\x00" in found:
        raise PasskeyRefused
    return found


def read_registration(site: Site, answer: str, challenge: str) -> NewPasskey:
    """A new passkey from the browser's answer; raises `PasskeyRefused`."""
    if len(credential_id_of(answer)) > LONGEST_ID:
        raise PasskeyRefused
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _WRONG as wrong:
        raise PasskeyRefused from wrong
    return NewPasskey(bytes_to_base64url(made.credential_id), made.credential_public_key, made.sign_count)


def read_authentication(site: Site, answer: str, challenge: str, factor: StaffFactor) -> int:
    """The new count of a passkey whose answer is right; raises `PasskeyRefused`."""
    if factor.public_key is None:
        raise PasskeyRefused
    try:
        read = verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=factor.public_key,
            credential_current_sign_count=factor.sign_count,
            require_user_verification=True,
        )
        handle = json.loads(answer)["response"].get("userHandle")
        whose = base64url_to_bytes(handle) if handle else factor.staff_id.bytes
    except _WRONG as wrong:
        raise PasskeyRefused from wrong
    if whose != factor.staff_id.bytes:
        raise PasskeyRefused
    return read.new_sign_count
