"""Who may do what, as one table (ADR 0081). What does not stand here nobody may do."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pledges.accounts.models import Role, Staff
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.errors import N_, DomainError, NotFound


class Action(StrEnum):
    QUEUE_VIEW = "queue.view"
    PLEDGE_VIEW = "pledge.view"
    """The file: what was answered, evidence, decisions, internal notes."""
    PLEDGE_DOCUMENT = "pledge.document"
    PLEDGE_RECOMMEND = "pledge.recommend"
    PLEDGE_RETURN = "pledge.return"
    PLEDGE_DEFER = "pledge.defer"
    PLEDGE_RESUME = "pledge.resume"
    PLEDGE_REJECT = "pledge.reject"
    PLEDGE_APPROVE = "pledge.approve"
    BATCH_VIEW = "batch.view"
    REVOCATION_ASK = "revocation.ask"
    REVOCATION_DECIDE = "revocation.decide"
    VIOLATION_VIEW = "violation.view"
    """All that one's own agency has recorded; of others in the province only number, day, field and authority."""
    VIOLATION_RECORD = "violation.record"
    ENTITY_VIEW = "entity.view"
    """Who is registered and how far each of their obligations is; never files, evidence or notes."""
    ENTITY_CONTACTS = "entity.contacts"
    """Phones, e-mail addresses, private addresses and what was sent there."""
    ENTITY_EDIT = "entity.edit"
    """Names, types, identifiers, channels, contacts, sightings: shared facts of the province's register."""
    CLAIM_DECIDE = "claim.decide"
    DISPUTE_DECIDE = "dispute.decide"
    """Whose a channel or tax code is that two claim: the agency to which the newer one has signed."""
    MAILBOX_DECIDE = "mailbox.decide"
    """Move a file of one's own agency to another e-mail address, for a signer who does not reach the old one."""
    SCOPE_DECIDE = "scope.decide"
    """Scope and cohort of the obligations that one's own agency leads."""
    SCOPE_PROPOSE = "scope.propose"
    DUPLICATE_DECIDE = "duplicate.decide"
    IMPORT_MANAGE = "import.manage"
    TIP_SEND = "tip.send"
    """Report what was seen in the commune, and follow one's own reports."""
    TIP_DECIDE = "tip.decide"
    PAPER_RECORD = "paper.record"
    SIGNING_ASSIST = "signing.assist"
    INSTITUTION_MANAGE = "institution.manage"
    ROUND_VIEW = "round.view"
    """How the asking of a quarter goes. Viewers of the province see figures, never who."""
    ROUND_MANAGE = "round.manage"
    """Open, adjust, start, pause and close a round; record letters, calls and visits."""
    LIST_VIEW = "list.view"
    """Who has pledged and who has not, by name."""
    LIST_EXPORT = "list.export"
    COVERAGE_VIEW = "coverage.view"
    """How many have pledged, in numbers, and files of these numbers."""
    REPORT_VIEW = "report.view"
    """Reports that one's own unit owes, passes on or receives; viewers of the province see all of them."""
    REPORT_WRITE = "report.write"
    """Draft, send and correct what one's own unit owes."""
    REPORT_RECEIVE = "report.receive"
    """Take in, or return, what was sent to one's own unit or goes through it."""
    DUTY_MANAGE = "duty.manage"
    """Reporting units, their people, and what the plan's source lacks: days and further duties."""
    HOTLINE_MANAGE = "hotline.manage"
    AGENCY_KEY_MANAGE = "agency_key.manage"
    AUDIT_VIEW = "audit.view"
    """The log of facts, and the technical logs beside it."""
    AUDIT_EXPORT = "audit.export"
    """Take the log away as a file, which is a fact itself."""
    DELEGATION_MANAGE = "delegation.manage"
    STAFF_MANAGE = "staff.manage"
    PROVINCE_SET_UP = "province.set_up"
    """Readiness, wordings, agencies: what a province decides itself."""
    WORDING_APPROVE = "wording.approve"
    """What somebody else has asked to be approved."""
    CONSENT_HANDLE = "consent.handle"
    RIGHTS_HANDLE = "rights.handle"
    """Requests about personal data: write down what came on paper, acknowledge, extend, hand the copy over."""
    RIGHTS_DECIDE = "rights.decide"
    """Grant or refuse them: what is erased does not come back."""
    ACCOUNT_OWN = "account.own"
    """The first page, signing out, one's own sessions and password."""
    ACCOUNT_FACTORS = "account.factors"
    """One's own second factors and recovery codes."""


class Reach(StrEnum):
    SELF = "self"
    OWN_AGENCY = "own_agency"
    OWN_UNIT = "own_unit"
    """Of a reporting unit; agencies and communes are units under their own codes."""
    SAME_PROVINCE = "same_province"
    WHOLE_SYSTEM = "whole_system"


@dataclass(frozen=True)
class Rule:
    """How far each role reaches with one action; those of the whole system have columns of their own."""

    reach: Mapping[Role, Reach]
    system_administrator: Reach | None = None
    system_auditor: Reach | None = None
    states: frozenset[str] | None = None
    """Values of `signing.models.PledgeState` in which it is possible; None: it does not depend on a pledge."""
    delegable: bool = False
    """An officer with a living delegation reaches as far as an approver."""
    fresh: bool = False
    """Whoever does it has shown within a quarter of an hour that it is still them (`rules.FRESH`); looking is free."""


_AGENCY = {Role.OFFICER: Reach.OWN_AGENCY, Role.APPROVER: Reach.OWN_AGENCY}
_OFFICER = {Role.OFFICER: Reach.OWN_AGENCY}
_PROVINCE_OFFICER = {Role.OFFICER: Reach.SAME_PROVINCE}
_APPROVER = {Role.APPROVER: Reach.OWN_AGENCY}
_UNIT = dict.fromkeys((Role.OFFICER, Role.COMMUNE_OFFICER, Role.REPORTING_UNIT), Reach.OWN_UNIT)
_PROVINCE_ADMINISTRATOR = {Role.ADMINISTRATOR: Reach.SAME_PROVINCE}
_EVERYBODY_AT_WORK = [role for role in Role if role is not Role.AUDITOR]


def _in(*states: str) -> frozenset[str]:
    return frozenset(states)


PERMISSIONS: dict[Action, Rule] = {
    Action.QUEUE_VIEW: Rule(_AGENCY),
    Action.PLEDGE_VIEW: Rule(_AGENCY),
    Action.PLEDGE_DOCUMENT: Rule(_AGENCY),
    Action.PLEDGE_RECOMMEND: Rule(_OFFICER, states=_in("submitted", "deferred")),
    Action.PLEDGE_RETURN: Rule(_AGENCY, states=_in("submitted", "deferred", "recommended")),
    Action.PLEDGE_DEFER: Rule(_AGENCY, states=_in("submitted", "recommended")),
    Action.PLEDGE_RESUME: Rule(_OFFICER, states=_in("deferred")),
    Action.PLEDGE_REJECT: Rule(_AGENCY, states=_in("submitted", "deferred", "recommended")),
    Action.PLEDGE_APPROVE: Rule(_APPROVER, states=_in("recommended"), delegable=True, fresh=True),
    Action.BATCH_VIEW: Rule(_AGENCY),
    Action.REVOCATION_ASK: Rule(_AGENCY, states=_in("approved")),
    Action.REVOCATION_DECIDE: Rule(_APPROVER, states=_in("approved"), delegable=True, fresh=True),
    Action.VIOLATION_VIEW: Rule(_AGENCY),
    Action.VIOLATION_RECORD: Rule(_OFFICER),
    Action.ENTITY_VIEW: Rule(dict.fromkeys(_EVERYBODY_AT_WORK, Reach.SAME_PROVINCE)),
    Action.ENTITY_CONTACTS: Rule({Role.OFFICER: Reach.SAME_PROVINCE, Role.APPROVER: Reach.SAME_PROVINCE}),
    Action.ENTITY_EDIT: Rule(_PROVINCE_OFFICER),
    Action.CLAIM_DECIDE: Rule(_PROVINCE_OFFICER),
    Action.DISPUTE_DECIDE: Rule(_OFFICER, fresh=True),
    Action.MAILBOX_DECIDE: Rule(_OFFICER, fresh=True),
    Action.SCOPE_DECIDE: Rule(_OFFICER),
    Action.SCOPE_PROPOSE: Rule(_PROVINCE_OFFICER),
    Action.DUPLICATE_DECIDE: Rule(_PROVINCE_OFFICER),
    Action.IMPORT_MANAGE: Rule(_OFFICER),
    Action.TIP_SEND: Rule({Role.COMMUNE_OFFICER: Reach.SELF, Role.OFFICER: Reach.SELF}),
    Action.TIP_DECIDE: Rule(_OFFICER),
    Action.PAPER_RECORD: Rule(_OFFICER),
    Action.SIGNING_ASSIST: Rule({Role.COMMUNE_OFFICER: Reach.SELF, Role.OFFICER: Reach.SELF}),
    Action.INSTITUTION_MANAGE: Rule(_OFFICER),
    Action.ROUND_VIEW: Rule({**_AGENCY, Role.PROVINCE_VIEWER: Reach.SAME_PROVINCE}),
    Action.ROUND_MANAGE: Rule(_OFFICER),
    Action.LIST_VIEW: Rule(_AGENCY),
    Action.LIST_EXPORT: Rule(_AGENCY),
    Action.COVERAGE_VIEW: Rule(
        {**_AGENCY, Role.PROVINCE_VIEWER: Reach.SAME_PROVINCE}, system_administrator=Reach.WHOLE_SYSTEM
    ),
    Action.REPORT_VIEW: Rule({**_UNIT, Role.APPROVER: Reach.OWN_UNIT, Role.PROVINCE_VIEWER: Reach.SAME_PROVINCE}),
    Action.REPORT_WRITE: Rule(_UNIT),
    Action.REPORT_RECEIVE: Rule({**_UNIT, Role.APPROVER: Reach.OWN_UNIT}),
    Action.DUTY_MANAGE: Rule(_PROVINCE_ADMINISTRATOR, system_administrator=Reach.WHOLE_SYSTEM),
    Action.HOTLINE_MANAGE: Rule(_PROVINCE_ADMINISTRATOR, system_administrator=Reach.WHOLE_SYSTEM),
    Action.AGENCY_KEY_MANAGE: Rule(_PROVINCE_ADMINISTRATOR, system_administrator=Reach.WHOLE_SYSTEM, fresh=True),
    Action.AUDIT_VIEW: Rule(
        {**_PROVINCE_ADMINISTRATOR, Role.AUDITOR: Reach.SAME_PROVINCE},
        system_administrator=Reach.WHOLE_SYSTEM,
        system_auditor=Reach.WHOLE_SYSTEM,
    ),
    Action.AUDIT_EXPORT: Rule(_PROVINCE_ADMINISTRATOR, system_administrator=Reach.WHOLE_SYSTEM),
    Action.DELEGATION_MANAGE: Rule({Role.APPROVER: Reach.SELF, **_PROVINCE_ADMINISTRATOR}, fresh=True),
    Action.STAFF_MANAGE: Rule(_PROVINCE_ADMINISTRATOR, system_administrator=Reach.WHOLE_SYSTEM, fresh=True),
    Action.PROVINCE_SET_UP: Rule(_PROVINCE_ADMINISTRATOR, system_administrator=Reach.WHOLE_SYSTEM),
    Action.WORDING_APPROVE: Rule(_PROVINCE_ADMINISTRATOR, system_administrator=Reach.WHOLE_SYSTEM, fresh=True),
    # The law's clocks also run where a province has no administrator: then the whole system's are told.
    Action.CONSENT_HANDLE: Rule(_PROVINCE_ADMINISTRATOR, system_administrator=Reach.WHOLE_SYSTEM),
    Action.RIGHTS_HANDLE: Rule(_AGENCY),
    Action.RIGHTS_DECIDE: Rule(_AGENCY, fresh=True),
    Action.ACCOUNT_OWN: Rule(
        dict.fromkeys(Role, Reach.SELF), system_administrator=Reach.SELF, system_auditor=Reach.SELF
    ),
    Action.ACCOUNT_FACTORS: Rule(
        dict.fromkeys(Role, Reach.SELF), system_administrator=Reach.SELF, system_auditor=Reach.SELF, fresh=True
    ),
}


class NotPermitted(DomainError):
    """The role never has this right, wherever the object is."""

    status = 403

    def __init__(self) -> None:
        super().__init__(N_("Vai trò của bạn không làm được việc này. Hãy nhờ người có trách nhiệm trong cơ quan."))


class OutOfReach(NotFound):
    """It exists, and not for this person: answered like nothing, and counted for the auditor."""


@dataclass(frozen=True)
class Place:
    """Where an object stands; `staff_id`: whose own it is; `unit_codes`: the reporting units that it concerns."""

    province_code: str
    agency_code: str | None = None
    staff_id: uuid.UUID | None = None
    unit_codes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scope:
    """How far one person reaches with one action; lists are cut down to it, single objects are held against it."""

    reach: Reach
    province_code: str
    agency_code: str | None
    staff_id: uuid.UUID
    unit_code: str | None = None

    def contains(self, place: Place) -> bool:
        if self.reach is Reach.WHOLE_SYSTEM:
            return True
        if place.province_code != self.province_code:
            return False
        if self.reach is Reach.OWN_AGENCY:
            return self.agency_code is not None and place.agency_code == self.agency_code
        if self.reach is Reach.OWN_UNIT:
            return self.unit_code in place.unit_codes
        return self.reach is Reach.SAME_PROVINCE or place.staff_id == self.staff_id


def unit_code_of(staff: Staff) -> str | None:
    """The reporting unit for which somebody works: one of its own kind, their commune's, or their agency's."""
    return staff.unit_code or staff.commune_code or staff.agency_code


def reach_of(staff: Staff, action: Action, *, delegated: bool = False) -> Scope | None:
    """How far this person reaches; None where they may not do it anywhere.

    `delegated`: an approver of their agency has handed them the right to approve (`delegation.living_delegation`).
    """
    rule = PERMISSIONS[action]
    if not staff.active:
        return None
    if staff.province_code == WHOLE_SYSTEM:
        of_system = {Role.ADMINISTRATOR: rule.system_administrator, Role.AUDITOR: rule.system_auditor}
        reach = of_system.get(staff.role)
    else:
        reach = rule.reach.get(staff.role)
        if reach is None and delegated and rule.delegable and staff.role is Role.OFFICER:
            reach = rule.reach[Role.APPROVER]
    return (
        None if reach is None else Scope(reach, staff.province_code, staff.agency_code, staff.id, unit_code_of(staff))
    )


def allows(staff: Staff, action: Action, place: Place, *, state: str | None = None, delegated: bool = False) -> bool:
    """Whether this person may do it there; with a `state`, also whether it is possible in that state."""
    scope = reach_of(staff, action, delegated=delegated)
    return scope is not None and scope.contains(place) and (state is None or fits_state(action, state))


def possible(staff: Staff, action: Action, place: Place, state: str, *, delegated: bool = False) -> bool:
    """Whether a page shows the button: the operation itself still answers kindly when somebody else was faster."""
    return allows(staff, action, place, state=state, delegated=delegated)


def fits_state(action: Action, state: str) -> bool:
    states = PERMISSIONS[action].states
    return states is None or state in states


def require(staff: Staff, action: Action, place: Place, *, delegated: bool = False) -> None:
    """Raise `NotPermitted` for a role without the right, and for what is out of reach the answer of nothing."""
    scope = reach_of(staff, action, delegated=delegated)
    if scope is None:
        raise NotPermitted
    if not scope.contains(place):
        raise OutOfReach
