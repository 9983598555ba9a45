"""Letters to somebody whose account has just changed: who did not do it themself learns of it that way."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from pledges.accounts.factor_models import FactorKind
from pledges.accounts.models import Staff
from pledges.core.db import new_id
from pledges.core.secrecy import Vault
from pledges.messaging.operations import queue_message


class Change(StrEnum):
    """What the letter says; nothing secret and no link stands in it, so that false ones are easier to tell."""

    TOTP_ADDED = "totp_added"
    PASSKEY_ADDED = "passkey_added"
    TOTP_REMOVED = "totp_removed"
    PASSKEY_REMOVED = "passkey_removed"
    CODES_MADE = "codes_made"
    CODE_USED = "code_used"
    PASSWORD = "password"  # noqa: S105 - what has changed


ADDED = {FactorKind.TOTP: Change.TOTP_ADDED, FactorKind.PASSKEY: Change.PASSKEY_ADDED}
REMOVED = {FactorKind.TOTP: Change.TOTP_REMOVED, FactorKind.PASSKEY: Change.PASSKEY_REMOVED}


def tell_owner(session: Session, staff: Staff, change: Change, *, vault: Vault, now: datetime) -> None:
    """Write to whose account it is, in the transaction that changes it."""
    queue_message(
        session,
        province_code=staff.province_code,
        kind="staff_secured",
        to_address=staff.email,
        dedupe_key=f"staff_secured:{new_id()}",
        params={"name": staff.name, "at": now, "change": change.value},
        language="vi",
        now=now,
        vault=vault,
    )
