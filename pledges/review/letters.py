"""What the signer is told of the department's decisions: a message in the transaction of each."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from pledges.plans.queries import get_agency
from pledges.signing.letters import tell_signer
from pledges.signing.models import Pledge


def tell_of_decision(session: Session, pledge: Pledge, kind: str, **told: Any) -> None:
    """`signing.letters.tell_signer` in the name of the pledge's agency."""
    agency = get_agency(session, pledge.province_code, pledge.agency_code)
    tell_signer(session, pledge, kind, agency_name=agency.name, **told)
