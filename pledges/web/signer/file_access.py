"""Whose file may be opened here, and what its page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pledges.documents.paper import PledgePaper
from pledges.plans.models import Province
from pledges.plans.queries import get_agency, get_province
from pledges.plans.settings import province_settings
from pledges.review.history import history
from pledges.review.models import DecisionKind
from pledges.review.operations import last_decision
from pledges.signing.consent import processing_withdrawal
from pledges.signing.models import ConsentWithdrawal, EarlierVersion, Pledge, PledgeState
from pledges.signing.queries import (
    amendment_under_way,
    earlier_versions,
    get_pledge,
    pledge_by_reference,
    replacement_of,
)
from pledges.signing.rules import WITH_AGENCY
from pledges.signing.withdrawing import can_withdraw
from pledges.web.current import reader
from pledges.web.signer.access import let_open_beside, may_open_file
from pledges.web.signer.summary import Said, Status, said_of, status_of, way_of

_TOLD = {
    PledgeState.RETURNED: DecisionKind.RETURNED,
    PledgeState.REJECTED: DecisionKind.REJECTED,
    PledgeState.REVOKED: DecisionKind.REVOKED,
}


def opened_pledge(reference: str) -> Pledge | None:
    """The pledge, where this browser has shown the code of that file."""
    if not may_open_file(reference):
        return None
    pledge = pledge_by_reference(reader(), reference)
    return pledge if pledge is not None and may_open_file(reference, since=pledge.contact_since) else None


@dataclass(frozen=True)
class FileView:
    """Everything that a signer's file page shows and offers."""

    pledge: Pledge
    paper: PledgePaper
    province: Province
    agency_name: str
    status: Status
    steps: list[dict[str, Any]]
    said: Said | None
    """What the department says about the state that the pledge is in."""
    earlier: tuple[EarlierVersion, ...]
    amends: Pledge | None
    amendment: Pledge | None
    replacement: Pledge | None
    data: ConsentWithdrawal | None
    """The consent to processing, taken back."""
    rests_on_consent: bool

    @property
    def waits_for_seal(self) -> bool:
        return self.pledge.document_id is None and self.pledge.state in WITH_AGENCY

    @property
    def on_paper(self) -> bool:
        """Without an address no code can confirm anything: the agency does it, on paper."""
        return not self.pledge.contact_email

    @property
    def can_withdraw(self) -> bool:
        return can_withdraw(self.pledge) and not self.on_paper

    @property
    def can_amend(self) -> bool:
        return not self.on_paper and self.pledge.state is PledgeState.APPROVED and self.amendment is None

    @property
    def can_withdraw_data(self) -> bool:
        """Of an amendment under way, or of one that was replaced, the consent is that of the pledge in force."""
        elsewhere = self.pledge.state is PledgeState.SUPERSEDED or (
            self.amends is not None
            and self.amends.state is PledgeState.APPROVED
            and self.pledge.state is not PledgeState.APPROVED
        )
        return self.rests_on_consent and self.data is None and not elsewhere and not self.on_paper


def said_about(pledge: Pledge, kind: DecisionKind, agency_name: str) -> Said | None:
    """The newest message of this kind to the signer."""
    decision = last_decision(reader(), (pledge.province_code, pledge.id), kind)
    return said_of(decision, agency_name) if decision is not None else None


def file_view(pledge: Pledge) -> FileView:
    session = reader()
    province = get_province(session, pledge.province_code)
    agency = get_agency(session, pledge.province_code, pledge.agency_code)
    settings = province_settings(province)
    told = _TOLD.get(pledge.state)
    amends = get_pledge(session, pledge.province_code, pledge.amends_id) if pledge.amends_id is not None else None
    view = FileView(
        pledge=pledge,
        paper=PledgePaper.from_json(pledge.paper),
        province=province,
        agency_name=agency.name,
        status=status_of(pledge, settings.days_to_answer),
        steps=way_of(pledge, history(session, pledge), agency.name),
        said=said_about(pledge, told, agency.name) if told is not None else None,
        earlier=tuple(earlier_versions(session, pledge)),
        amends=amends,
        amendment=amendment_under_way(session, pledge),
        replacement=replacement_of(session, pledge),
        data=processing_withdrawal(session, pledge),
        rests_on_consent=settings.consent_basis == "consent",
    )
    for other in (view.amends, view.amendment, view.replacement):
        if other is not None:
            let_open_beside(pledge.reference, other.reference)
    return view
