"""What may be public of a pledge (`model.md` 24): names only where the signer agreed to it, and only while they do."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.identity import fold
from pledges.plans.queries import get_agency, get_commune, get_province
from pledges.plans.settings import province_settings
from pledges.registry.models import EntityKind
from pledges.registry.restrictions import is_restricted
from pledges.signing.dispute_queries import owner_in_doubt
from pledges.signing.models import EarlierVersion, Origin, Pledge, PledgeState, SignatureKind
from pledges.signing.queries import channels_of, get_pledge, signatures_of
from pledges.signing.rules import OPEN_STATES

ENTERPRISE_WORDS = ("cong ty", "tong cong ty", "tap doan", "doanh nghiep", "hop tac xa", "lien hiep hop tac xa")
"""How the names of enterprises begin. The tax code of a household business is its owner's, and is never shown."""

APPROVED_FACT, SUPERSEDED_FACT = "pledge.approved", "pledge.superseded"


@dataclass(frozen=True)
class PublicPledge:
    """A pledge as outsiders may know it: who received it and when, and what became of it, but nobody's reasons."""

    code: str
    province_name: str
    agency_name: str
    subject_types: tuple[str, ...]
    signed_on: date
    state: PledgeState
    origin: Origin
    confirmations: tuple[SignatureKind, ...]
    wording_approved: bool
    template_hash: str
    published: bool
    received_on: date | None = None
    """The day on which the agency received it, also where it has ended since."""
    received_by: str | None = None
    """How the agency signed: `key`, its own, or `named_approver`, the system's seal naming who approved."""
    ended_on: date | None = None
    """The day on which it was rejected, replaced, revoked or withdrawn."""
    replaced_by: str | None = None
    """The code of the newer pledge that took its place."""
    name: str | None = None
    commune: str | None = None
    channels: tuple[str, ...] = ()
    tax_code: str | None = None
    rendered_hash: str | None = None
    owner_in_doubt: bool = False
    """Somebody else is registered with a channel or the tax code of it, and a person has not decided yet."""

    @property
    def public_state(self) -> PledgeState:
        """How far the agency's work has come before its decision is no business of outsiders."""
        return PledgeState.SUBMITTED if self.state in OPEN_STATES else self.state


def public_pledge(session: Session, pledge: Pledge, earlier: EarlierVersion | None = None) -> PublicPledge:
    """A pledge that was withdrawn is shown without names, whatever was agreed to before.

    With `earlier`, what is said of the signing is that of the version before a correction; names are those of today.
    """
    signing = earlier or pledge
    published = (
        pledge.publish
        and pledge.state is not PledgeState.WITHDRAWN
        and not is_restricted(session, pledge.province_code, pledge.entity_id)
    )
    named = {**_named(session, pledge), "rendered_hash": signing.rendered_hash} if published else {}
    recorded = _recorded(session, pledge)
    ended = pledge.state is not PledgeState.APPROVED and pledge.state not in OPEN_STATES
    return PublicPledge(
        code=pledge.verification_code,
        province_name=get_province(session, pledge.province_code).name,
        agency_name=get_agency(session, pledge.province_code, pledge.agency_code).name,
        subject_types=tuple(pledge.subject_types),
        signed_on=local_day(signing.signed_at),
        state=pledge.state,
        origin=pledge.origin,
        confirmations=tuple(each.kind for each in signatures_of(session, pledge, version=signing.version)),
        wording_approved=signing.wording_approved,
        template_hash=signing.template_hash,
        published=published,
        received_on=_received_on(pledge),
        received_by=recorded.get(APPROVED_FACT, {}).get("method"),
        ended_on=local_day(pledge.state_since) if ended else None,
        owner_in_doubt=pledge.state is PledgeState.APPROVED and owner_in_doubt(session, pledge),
        replaced_by=_code_of(session, pledge.province_code, recorded.get(SUPERSEDED_FACT, {}).get("by")),
        **named,
    )


def _received_on(pledge: Pledge) -> date | None:
    if pledge.approved_at is not None:
        return local_day(pledge.approved_at)
    return local_day(pledge.state_since) if pledge.state is PledgeState.APPROVED else None


def _recorded(session: Session, pledge: Pledge) -> dict[str, dict[str, Any]]:
    """What the facts say of its approval and its end: by which key it was signed, and which pledge took its place.

    Certificates alone do not tell whose key it is, and several amendments may have been tried.
    """
    if pledge.approved_at is None:
        return {}
    rows = session.execute(
        select(Fact.kind, Fact.data)
        .where(
            Fact.province_code == pledge.province_code,
            Fact.object_id == pledge.id,
            Fact.kind.in_((APPROVED_FACT, SUPERSEDED_FACT)),
        )
        .order_by(Fact.recorded_at)
    )
    return {row.kind: row.data for row in rows}


def _code_of(session: Session, province_code: str, pledge_id: str | None) -> str | None:
    newer = get_pledge(session, province_code, uuid.UUID(pledge_id)) if pledge_id is not None else None
    return newer.verification_code if newer is not None else None


def _named(session: Session, pledge: Pledge) -> dict[str, Any]:
    """What the province shows of what the signer agreed to."""
    hidden = province_settings(get_province(session, pledge.province_code)).hidden_fields
    named = _named_fully(session, pledge)
    return {name: value for name, value in named.items() if name not in hidden}


def _named_fully(session: Session, pledge: Pledge) -> dict[str, Any]:
    answers = pledge.answers
    commune = get_commune(session, pledge.province_code, answers["commune"]) if answers.get("commune") else None
    return {
        "name": answers.get("name"),
        "commune": commune.name if commune is not None else None,
        "channels": tuple(channel.address for channel in channels_of(session, pledge)),
        "tax_code": answers.get("tax_code") if is_enterprise(pledge) else None,
    }


def is_enterprise(pledge: Pledge) -> bool:
    organisation = pledge.answers.get("kind") == EntityKind.ORGANISATION
    return organisation and fold(str(pledge.answers.get("name", ""))).startswith(ENTERPRISE_WORDS)
