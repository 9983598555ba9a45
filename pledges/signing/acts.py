"""The rows that one act of signing adds: pledge, evidence, named channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import VIETNAM, local_day
from pledges.core.db import new_id
from pledges.core.identity import clean_line, mask_email
from pledges.core.secrecy import Vault
from pledges.plans.wordings import signature_line
from pledges.registry.models import Channel, Entity
from pledges.signing.models import ConfirmationCode, Draft, Pledge, PledgeChannel, Signature, SignatureKind
from pledges.signing.rules import new_reference, new_verification_code
from pledges.signing.texts import DraftAnswers, TextToSign

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
class SigningAct:
    """One act of signing: whose draft, with which answers and codes, when."""

    draft: Draft
    answers: DraftAnswers
    confirmation: Confirmation
    codes: dict[str, ConfirmationCode]
    """By role: `signer`, and `representative` for a signer under age."""
    now: datetime
    public_url: str

    @property
    def people(self) -> dict[str, tuple[str, str]]:
        """Name and address of everybody who confirms, by role."""
        signer = self.answers.signer
        everybody = {
            "signer": (signer.name, self.answers.group.email),
            "representative": (signer.representative_name, signer.representative_email),
        }
        return {role: everybody[role] for role in self.codes}

    def agrees_to_publish(self, text: TextToSign) -> bool:
        """One box serves all texts; it says nothing about a text that does not ask, such as a receipt."""
        return self.confirmation.consent_publication and "publication" in text.rendered.consents


def new_pledge(session: Session, act: SigningAct, text: TextToSign, entity: Entity) -> Pledge:
    province_code, day = act.answers.group.province_code, local_day(act.now)
    reference = new_reference(province_code, day)
    while session.scalar(select(Pledge.id).where(Pledge.reference == reference)) is not None:
        reference = new_reference(province_code, day)
    verification_code = new_verification_code()
    paper = text.paper(
        act.answers,
        reference=reference,
        verification_url=f"{act.public_url}/xac-minh/{verification_code}",
        signature_lines=_signature_lines(act, text, verification_code),
        place_and_date=f"{act.answers.province.short_name}, {day_in_words(day)}",
    )
    return Pledge(
        province_code=province_code,
        id=new_id(),
        reference=reference,
        verification_code=verification_code,
        draft_id=act.draft.id,
        entity_id=entity.id,
        agency_code=text.agency.code,
        instrument=text.instrument,
        text_id=text.pledge_text.text_id,
        pledge_text_id=text.pledge_text.id,
        signed_at=act.now,
        state_since=act.now,
        contact_email=act.answers.group.email,
        language=act.draft.language,
        subject_types=list(text.subject_types),
        answers=act.answers.frozen(),
        wording_approved=text.approved,
        template_hash=text.pledge_text.template_hash,
        rendered_text=text.rendered.text,
        rendered_hash=text.rendered.sha256,
        paper=paper.to_json(),
        publish=act.agrees_to_publish(text),
        seal_due_at=act.now + SEAL_GRACE,
    )


def _signature_lines(act: SigningAct, text: TextToSign, verification_code: str) -> tuple[str, ...]:
    """One line for each person, saying how it was signed and nothing more."""
    local = act.now.astimezone(VIETNAM)
    return tuple(
        f"{name}: "
        + signature_line(
            text.pledge_text.content,
            SignatureKind.OTP_CONFIRM.value,
            noi_nhan_ma=f"thư điện tử {mask_email(address)}",
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
                kind=SignatureKind.OTP_CONFIRM,
                role=role,
                typed_name=clean_line(confirmation.typed_name) if role == "signer" else name,
                masked_address=mask_email(address),
                address_hash=act.codes[role].address_hash,
                code_id=act.codes[role].id,
                signed_at=act.now,
                rendered_hash=text.rendered.sha256,
                text_version=text.pledge_text.version,
                notice_hash=text.notice_hash,
                consent_processing_at=act.now,
                consent_publication_at=act.now if act.agrees_to_publish(text) else None,
                network=vault.encrypt("network", confirmation.network),
            )
        )


def add_channels(session: Session, pledge: Pledge, answers: DraftAnswers, channels: dict[str, Channel]) -> None:
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
