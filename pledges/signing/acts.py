"""The rows that one act of signing adds: pledge, evidence, named channels, what it covers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import VIETNAM, local_day
from pledges.core.db import new_id
from pledges.core.identity import clean_line, mask_email, mask_phone
from pledges.core.secrecy import Vault
from pledges.jobs.operations import enqueue
from pledges.plans.wordings import signature_line
from pledges.registry.models import Channel, Entity
from pledges.registry.operations import Registered
from pledges.signing.covering import bind, owed_under, periods_of
from pledges.signing.models import (
    ConfirmationCode,
    Draft,
    Origin,
    Pledge,
    PledgeChannel,
    PledgeState,
    Signature,
    SignatureKind,
)
from pledges.signing.rules import NO_CODE_ID, midnight, new_reference, new_verification_code
from pledges.signing.states import settle
from pledges.signing.texts import DraftAnswers, TextToSign

SEAL_TASK = "seal_pledge"

SEAL_GRACE = timedelta(seconds=20)
"""How long the job has before the sweep asks for the seal a second time."""


@dataclass(frozen=True)
class Confirmation:
    """What the signer gives on the last page."""

    typed_name: str
    code: str
    representative_code: str
    consent_processing: bool
    consent_publication: bool
    shown_hashes: tuple[str, ...]
    """The hashes of the texts as they were shown; a text that changed meanwhile is not signed unseen."""
    network: str


@dataclass(frozen=True)
class Pen:
    """A signature by hand on a printed text, before somebody of the staff who photographed it."""

    signed_on: date
    pictures: tuple[str, ...]
    witness: str
    """Name of the member of staff and where they work, as it is printed."""
    staff_id: uuid.UUID


@dataclass(frozen=True)
class SigningAct:
    """One act of signing: whose draft, with which answers and codes (or which paper), when."""

    draft: Draft
    answers: DraftAnswers
    confirmation: Confirmation
    codes: dict[str, ConfirmationCode]
    """By role: `signer`, and `representative` for a signer under age."""
    now: datetime
    public_url: str
    pen: Pen | None = None

    @property
    def signed_at(self) -> datetime:
        """Of a paper only the day is known; on the day itself the moment in which it came here stands for it."""
        if self.pen is None or self.pen.signed_on == local_day(self.now):
            return self.now
        return midnight(self.pen.signed_on)

    @property
    def kind(self) -> SignatureKind:
        return SignatureKind.OTP_CONFIRM if self.pen is None else SignatureKind.SCANNED_PAPER

    def actor(self, pledge: Pledge) -> Actor:
        """Who hands it in."""
        return Actor("signer", str(pledge.id)) if self.pen is None else Actor("staff", str(self.pen.staff_id))

    @property
    def people(self) -> dict[str, tuple[str, str]]:
        """Name and address of everybody who confirms, by role; the address is where the code went."""
        signer, answers = self.answers.signer, self.answers
        everybody = {
            "signer": (signer.name, answers.place.phone or "" if answers.by_phone else answers.group.email),
            "representative": (signer.representative_name, signer.representative_email),
        }
        if self.pen is not None:
            return everybody if signer.under_age else {"signer": everybody["signer"]}
        return {role: everybody[role] for role in self.codes}

    def masked(self, address: str) -> str:
        """Where the code went; nowhere, where it was signed with a pen."""
        if self.pen is not None:
            return ""
        return mask_phone(address) if self.answers.by_phone else mask_email(address)

    def agrees_to_publish(self, text: TextToSign) -> bool:
        """One box serves all texts; it says nothing about a text that does not ask, such as a receipt."""
        return self.confirmation.consent_publication and "publication" in text.rendered.consents


def add_pledge(
    session: Session,
    act: SigningAct,
    text: TextToSign,
    registered: Registered,
    vault: Vault,
    *,
    amends: Pledge | None = None,
) -> Pledge:
    """A new pledge with all that belongs to it: evidence, channels, covers, counters, fact, and the job that seals."""
    pledge = _new_pledge(session, act, text, registered.entity)
    pledge.amends_id = amends.id if amends is not None else None
    session.add(pledge)
    session.flush()
    add_evidence(session, act, pledge, text, vault)
    name_channels(session, pledge, act.answers, registered.channels)
    bind(session, pledge, owed_under(registered, text), periods_of(text))
    data: dict[str, Any] = {"amends": str(amends.id)} if amends is not None else {}
    record(
        session,
        "pledge.submitted",
        province_code=pledge.province_code,
        object_id=pledge.id,
        actor=act.actor(pledge),
        now=act.now,
        effective_on=local_day(act.signed_at),
        data=data
        | signed_fact(act, pledge, text, claimed=registered.claimed, counts=settle(session, pledge, now=act.now)),
    )
    enqueue(session, SEAL_TASK, pledge.province_code, str(pledge.id))
    return pledge


def signed_fact(act: SigningAct, pledge: Pledge, text: TextToSign, **more: Any) -> dict[str, Any]:
    """What a fact says of one signing: which text, and how it was signed."""
    return {
        "text": f"{text.pledge_text.text_id}/{text.pledge_text.version}",
        "rendered_hash": text.rendered.sha256,
        "kind": act.kind.value,
        "version": pledge.version,
        **more,
    }


def _new_pledge(session: Session, act: SigningAct, text: TextToSign, entity: Entity) -> Pledge:
    province_code = act.answers.group.province_code
    reference = free_reference(session, province_code, local_day(act.now))
    verification_code = new_verification_code()
    return Pledge(
        province_code=province_code,
        id=new_id(),
        reference=reference,
        verification_code=verification_code,
        entity_id=entity.id,
        agency_code=text.agency.code,
        instrument=text.instrument,
        text_id=text.pledge_text.text_id,
        state=PledgeState.SUBMITTED,
        state_since=act.now,
        version=1,
        contact_email=act.answers.group.email,
        language=act.draft.language,
        subject_types=list(text.subject_types),
        institution_id=act.draft.institution_id,
        ask_id=act.draft.ask_id if act.draft.ask_province == act.answers.group.province_code else None,
        **signed_columns(act, text, reference, verification_code),
    )


def free_reference(session: Session, province_code: str, day: date) -> str:
    """A reference that no pledge has."""
    reference = new_reference(province_code, day)
    while session.scalar(select(Pledge.id).where(Pledge.reference == reference)) is not None:
        reference = new_reference(province_code, day)
    return reference


def signed_columns(act: SigningAct, text: TextToSign, reference: str, verification_code: str) -> dict[str, Any]:
    """What a pledge holds of its last signing: all of it is new when it is corrected and signed again."""
    paper = text.paper(
        act.answers,
        reference=reference,
        verification_url=f"{act.public_url}/xac-minh/{verification_code}",
        signature_lines=_signature_lines(act, text, verification_code),
        place_and_date=f"{act.answers.province.short_name}, {day_in_words(local_day(act.signed_at))}",
        pictures=act.pen.pictures if act.pen is not None else (),
    )
    return {
        "draft_id": act.draft.id,
        "pledge_text_id": text.pledge_text.id,
        "signed_at": act.signed_at,
        "answers": act.answers.frozen(),
        "wording_approved": text.approved,
        "template_hash": text.pledge_text.template_hash,
        "rendered_text": text.rendered.text,
        "rendered_hash": text.rendered.sha256,
        "paper": paper.to_json(),
        "publish": act.agrees_to_publish(text),
        "document_id": None,
        "seal_due_at": act.now + SEAL_GRACE,
        "seal_attempts": 0,
        "seal_error": "",
        "origin": Origin.ASSISTED if act.answers.assisted else Origin.ONLINE,
        "pictures": list(act.pen.pictures) if act.pen is not None else [],
        "recorded_by": act.draft.assisted_by,
    }


def _signature_lines(act: SigningAct, text: TextToSign, verification_code: str) -> tuple[str, ...]:
    """One line for each person, saying how it was signed and nothing more."""
    if act.pen is not None:
        day = f"{act.pen.signed_on:%d/%m/%Y}"
        said = signature_line(text.pledge_text.content, act.kind.value, can_bo=act.pen.witness, ngay=day)
        return tuple(f"{name}: {said}" for name, _address in act.people.values())
    local = act.now.astimezone(VIETNAM)
    return tuple(
        f"{name}: "
        + signature_line(
            text.pledge_text.content,
            SignatureKind.OTP_CONFIRM.value,
            noi_nhan_ma=f"{'số điện thoại' if act.answers.by_phone else 'thư điện tử'} {act.masked(address)}",
            thoi_gian=f"{local:%H:%M:%S} ngày {local:%d/%m/%Y} (+07:00)",
            ma_tra_cuu=verification_code,
            ma_bam=text.rendered.sha256,
        )
        for name, address in act.people.values()
    )


def day_in_words(day: date) -> str:
    """ "ngày 05 tháng 02 năm 2026": days below 10 and the months 1 and 2 get a 0 (Nghị định 30/2020, phụ lục I)."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def add_evidence(session: Session, act: SigningAct, pledge: Pledge, text: TextToSign, vault: Vault) -> None:
    confirmation = act.confirmation
    for role, (name, address) in act.people.items():
        session.add(
            Signature(
                province_code=pledge.province_code,
                pledge_id=pledge.id,
                kind=act.kind,
                version=pledge.version,
                role=role,
                typed_name=clean_line(confirmation.typed_name) if role == "signer" else name,
                masked_address=act.masked(address),
                address_hash=act.codes[role].address_hash if role in act.codes else "",
                code_id=act.codes[role].id if role in act.codes else NO_CODE_ID,
                signed_at=act.signed_at,
                rendered_hash=text.rendered.sha256,
                text_version=text.pledge_text.version,
                notice_hash=text.notice_hash,
                consent_processing_at=act.signed_at,
                consent_publication_at=act.signed_at if act.agrees_to_publish(text) else None,
                network=vault.encrypt("network", confirmation.network) if confirmation.network else None,
            )
        )


def name_channels(session: Session, pledge: Pledge, answers: DraftAnswers, channels: dict[str, Channel]) -> None:
    """Let the pledge name the channels of these answers and no others."""
    session.execute(
        delete(PledgeChannel).where(
            PledgeChannel.province_code == pledge.province_code, PledgeChannel.pledge_id == pledge.id
        )
    )
    for address in answers.place.channels:
        known = channels.get(address.address)
        session.add(
            PledgeChannel(
                province_code=pledge.province_code,
                pledge_id=pledge.id,
                channel_id=known.id if known is not None else None,
                kind=address.kind,
                address=address.address,
            )
        )
