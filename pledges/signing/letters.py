"""What a signer is told about their pledge: one message to everybody who signed, in the transaction of its cause."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from pledges.core.secrecy import Vault
from pledges.messaging.operations import Attachment, queue_message
from pledges.signing.models import Pledge


def file_link(public_url: str, pledge: Pledge) -> str:
    return f"{public_url}/ho-so/{pledge.reference}"


def people_of(pledge: Pledge) -> dict[str, str]:
    """The address of everybody who signed and gave one, by role; who signed on paper may have none."""
    people = {"signer": pledge.contact_email} if pledge.contact_email else {}
    if pledge.answers.get("under_age") and pledge.answers.get("representative_email"):
        people["representative"] = pledge.answers["representative_email"]
    return people


def tell_signer(
    session: Session,
    pledge: Pledge,
    kind: str,
    *,
    cause: str,
    now: datetime,
    vault: Vault,
    public_url: str,
    attachment: Attachment | None = None,
    **params: Any,
) -> None:
    """Queue one message of `kind` to everybody who signed; `cause` makes it unique, however often this is run."""
    for role, address in people_of(pledge).items():
        queue_message(
            session,
            province_code=pledge.province_code,
            kind=kind,
            to_address=address,
            dedupe_key=f"{kind}:{cause}:{role}",
            params={"reference": pledge.reference, "link": file_link(public_url, pledge), **params},
            language=pledge.language,
            now=now,
            vault=vault,
            attachment=attachment,
        )
