"""What the person who asks is told, at the address that they have named; who named none gets it on paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from pledges.core.secrecy import Vault
from pledges.messaging.operations import queue_message
from pledges.plans.queries import get_agency
from pledges.rights.models import DataRequest
from pledges.rights.rules import KIND_LABELS
from pledges.signing.letters import file_link
from pledges.signing.queries import get_pledge


def tell(
    session: Session, asked: DataRequest, kind: str, *, now: datetime, vault: Vault, public_url: str, **params: Any
) -> None:
    if not asked.reply_to:
        return
    pledge = get_pledge(session, asked.province_code, asked.pledge_id) if asked.pledge_id is not None else None
    queue_message(
        session,
        province_code=asked.province_code,
        kind=kind,
        to_address=asked.reply_to,
        dedupe_key=f"{kind}:{asked.id}",
        params={
            "reference": asked.number,
            "right": KIND_LABELS[asked.kind],
            "agency_name": get_agency(session, asked.province_code, asked.agency_code).name,
            "link": file_link(public_url, pledge) if pledge is not None and pledge.contact_email else None,
            **params,
        },
        language=pledge.language if pledge is not None else "vi",
        now=now,
        vault=vault,
    )
