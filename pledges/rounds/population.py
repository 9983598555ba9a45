"""Whom a round is about, as conditions that counting, paging and asking share."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from pledges.core.aliases import shared_alias
from pledges.core.errors import N_
from pledges.plans.models import Instrument, ObligationEntry
from pledges.plans.rules import may_be_asked
from pledges.registry.models import Cohort, Contact, Entity, Obligation, Standing
from pledges.registry.restrictions import restricted
from pledges.registry.rules import COUNTED_INSTRUMENTS
from pledges.rounds.models import AgencyDocument, Ask, AskedObligation, LeftOut, Round, Why
from pledges.signing.models import Pledge, PledgeCover, PledgeState

EMAIL = "email"


class Part(StrEnum):
    """Every obligation that an agency leads is in exactly one, when a round is looked at."""

    TO_ASK = "to_ask"
    """Will be asked at the next run."""
    ASKED = "asked"
    """Was asked in this round and has not signed."""
    LEFT_OUT = "left_out"
    """By a person's decision, with a reason."""
    NOT_YET = "not_yet"
    """Its entry asks nobody before a later day, or is switched off."""
    NO_DOCUMENT = "no_document"
    """The agency has not uploaded the document whose receipt is to be acknowledged."""
    OWNER_UNKNOWN = "owner_unknown"
    """A website of which nobody knows whose it is."""
    WAITING_FOR_AGENCY = "waiting_for_agency"
    IN_FORCE = "in_force"
    OUT_OF_SCOPE = "out_of_scope"


PART_LABELS: dict[Part, str] = {
    Part.TO_ASK: N_("Sẽ được mời"),
    Part.ASKED: N_("Đã mời, chưa ký"),
    Part.LEFT_OUT: N_("Không mời trong đợt này theo quyết định của cán bộ"),
    Part.NOT_YET: N_("Chưa đến thời gian vận động nhóm này"),
    Part.NO_DOCUMENT: N_("Chưa có văn bản để xác nhận"),
    Part.OWNER_UNKNOWN: N_("Trang web chưa rõ chủ"),
    Part.WAITING_FOR_AGENCY: N_("Đã ký, chờ cơ quan duyệt"),
    Part.IN_FORCE: N_("Đã có bản cam kết được tiếp nhận"),
    Part.OUT_OF_SCOPE: N_("Ngoài diện ký"),
}


@dataclass(frozen=True)
class Entries:
    """The entries that an agency leads, and which of them it may ask about today."""

    by_id: dict[str, ObligationEntry]
    askable: tuple[str, ...]
    without_document: tuple[str, ...]
    documents: dict[str, AgencyDocument]


def entries_led(session: Session, province_code: str, agency_code: str, today: date) -> Entries:
    """Acknowledgements are asked only once the agency's document is there."""
    found = session.scalars(
        select(ObligationEntry)
        .where(
            ObligationEntry.province_code == province_code,
            ObligationEntry.lead_agency == agency_code,
            ObligationEntry.instrument.in_(COUNTED_INSTRUMENTS),
        )
        .order_by(ObligationEntry.id)
    )
    by_id = {entry.id: entry for entry in found}
    documents = {
        document.entry_id: document
        for document in session.scalars(
            select(AgencyDocument).where(
                AgencyDocument.province_code == province_code,
                AgencyDocument.entry_id.in_(by_id),
                AgencyDocument.replaced_at.is_(None),
            )
        )
    }
    due = [entry for entry in by_id.values() if may_be_asked(entry, today)]
    lacking = {e.id for e in due if e.instrument is Instrument.ACKNOWLEDGEMENT and e.id not in documents}
    askable = tuple(entry.id for entry in due if entry.id not in lacking)
    return Entries(by_id, askable, tuple(sorted(lacking)), documents)


def is_open() -> ColumnElement[bool]:
    """In scope and without a pledge. Written out, so that the index of the open ones is used by every plan."""
    in_scope = Obligation.scope.in_([literal_column("'presumed_in'"), literal_column("'confirmed_in'")])
    nothing: ColumnElement[int] = literal_column("0")
    return and_(in_scope, Obligation.in_force == nothing, Obligation.waiting_for_agency == nothing)


def owned() -> ColumnElement[bool]:
    """Of the joined entity: it stands for itself.

    Said so that the index of those that were merged does not serve: PostgreSQL would go through all that were not for
    every obligation, as long as it has no statistics of a list that has just been brought in.
    """
    return and_(Entity.standing == Standing.REGISTERED, func.coalesce(Entity.merged_into, Entity.id) == Entity.id)


def owner_joined() -> ColumnElement[bool]:
    return and_(Entity.province_code == Obligation.province_code, Entity.id == Obligation.entity_id)


def left_out(of_round: Round) -> ColumnElement[bool]:
    """By a person's decision, or because its owner has asked that their data be used for nothing."""
    decided = exists().where(
        LeftOut.province_code == Obligation.province_code,
        LeftOut.round_id == of_round.id,
        LeftOut.obligation_id == Obligation.id,
        LeftOut.brought_back_at.is_(None),
    )
    return or_(decided, restricted(Obligation.province_code, Obligation.entity_id))


def asked_about(of_round: Round) -> ColumnElement[bool]:
    """Its owner of today was asked about it in this round."""
    return exists().where(
        AskedObligation.province_code == Obligation.province_code,
        AskedObligation.obligation_id == Obligation.id,
        Ask.province_code == AskedObligation.province_code,
        Ask.id == AskedObligation.ask_id,
        Ask.round_id == of_round.id,
        Ask.entity_id == Obligation.entity_id,
    )


_Writer = shared_alias(Entity, "contact_owner")


def usable(contact: Any = Contact) -> ColumnElement[bool]:
    """An e-mail address that is in use and from which nothing came back.

    Like `owned`, said so that it is looked for under its owner and never among all addresses of the province.
    """
    return and_(func.coalesce(contact.kind, "") == EMAIL, contact.ended_at.is_(None), contact.bounced_at.is_(None))


def reachable(province_code: str) -> ColumnElement[bool]:
    """The owner, or a name that was merged into it, has such an address."""
    own = exists().where(
        Contact.province_code == Obligation.province_code, Contact.entity_id == Obligation.entity_id, usable()
    )
    # Few were merged: they are read once, and not for every obligation.
    merged = (
        select(_Writer.merged_into)
        .join(Contact, and_(Contact.province_code == _Writer.province_code, Contact.entity_id == _Writer.id))
        .where(_Writer.province_code == province_code, _Writer.merged_into.is_not(None), usable())
    )
    return own | Obligation.entity_id.in_(merged)


def why() -> ColumnElement[Why]:
    """Why an open obligation is asked; the entry has to be joined.

    Only where a pledge has come to an end is anything looked up: then, and else after an ask, `asked_on` is set.
    """
    returned = exists().where(
        PledgeCover.province_code == Obligation.province_code,
        PledgeCover.obligation_id == Obligation.id,
        PledgeCover.hold == literal_column("'open'"),
        Pledge.province_code == PledgeCover.province_code,
        Pledge.id == PledgeCover.pledge_id,
        Pledge.state == PledgeState.RETURNED,
    )
    known = Obligation.asked_on.is_not(None)
    return case(
        (and_(known, returned), Why.RETURNED.value),
        (and_(ObligationEntry.resign, _pledged(PledgeState.APPROVED)), Why.SIGN_AGAIN.value),
        (
            and_(known, _pledged(PledgeState.REJECTED, PledgeState.WITHDRAWN, PledgeState.REVOKED)),
            Why.ENDED.value,
        ),
        (Obligation.cohort == Cohort.NEWCOMER, Why.NEWCOMER.value),
        else_=Why.CARRIED_OVER.value,
    )


def _pledged(*states: PledgeState) -> ColumnElement[bool]:
    """Its owner has signed this wording, and that has come to stand so."""
    return exists().where(
        Pledge.province_code == Obligation.province_code,
        Pledge.entity_id == Obligation.entity_id,
        Pledge.agency_code == ObligationEntry.lead_agency,
        Pledge.text_id == ObligationEntry.text_id,
        Pledge.state.in_(states),
    )


def part(of_round: Round, entries: Entries) -> ColumnElement[Part]:
    """The part of every obligation of these entries; the owner has to be joined as far as there is one."""
    in_scope = Obligation.scope.in_([literal_column("'presumed_in'"), literal_column("'confirmed_in'")])
    return case(
        (~in_scope, Part.OUT_OF_SCOPE.value),
        (Obligation.in_force > 0, Part.IN_FORCE.value),
        (Obligation.waiting_for_agency > 0, Part.WAITING_FOR_AGENCY.value),
        (Obligation.entity_id.is_(None), Part.OWNER_UNKNOWN.value),
        (~owned(), Part.OUT_OF_SCOPE.value),
        (left_out(of_round), Part.LEFT_OUT.value),
        (asked_about(of_round), Part.ASKED.value),
        (Obligation.entry_id.in_(entries.askable), Part.TO_ASK.value),
        (Obligation.entry_id.in_(entries.without_document), Part.NO_DOCUMENT.value),
        else_=Part.NOT_YET.value,
    )


def to_ask(of_round: Round, entries: Entries) -> Sequence[ColumnElement[bool]]:
    """The same as `Part.TO_ASK`, for picking; the owner has to be joined."""
    return (
        Obligation.province_code == of_round.province_code,
        Obligation.entry_id.in_(entries.askable),
        is_open(),
        owned(),
        ~left_out(of_round),
        ~asked_about(of_round),
    )


def contacts_of(
    session: Session, province_code: str, entity_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, list[Contact]]:
    """Per entity its usable addresses, those of merged names among them: formal ones first, then confirmed ones."""
    rows = session.execute(
        select(Entity.id, Entity.merged_into, Contact)
        .join(Contact, and_(Contact.province_code == Entity.province_code, Contact.entity_id == Entity.id))
        .where(
            Entity.province_code == province_code,
            Entity.id.in_(entity_ids) | Entity.merged_into.in_(entity_ids),
            usable(),
        )
        .order_by(Contact.formal.desc(), Contact.verified_at.is_(None), Contact.id)
    )
    found: dict[uuid.UUID, list[Contact]] = {}
    for entity_id, merged_into, contact in rows:
        found.setdefault(merged_into or entity_id, []).append(contact)
    return found
