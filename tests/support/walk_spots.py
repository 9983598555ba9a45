"""One of everything that belongs to an agency, for the walk over the pages of staff."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import AgencyKey, Delegation, Role, Staff
from pledges.core.calendar import local_day
from pledges.documents.models import Document, DocumentKind
from pledges.hotlines.models import Hotline
from pledges.imports.models import Import, ImportRow, ImportState, RowOutcome
from pledges.institutions.models import Institution
from pledges.plans.decisions import PROVINCE
from pledges.plans.models import Agency, ObligationEntry, SettingChange
from pledges.plans.queries import current_text
from pledges.product import Product
from pledges.registry.duplicates import suspect
from pledges.registry.models import Channel, Contact, Entity, EntityKind, Obligation, Sighting
from pledges.registry.rules import set_name
from pledges.registry.upkeep_models import ScopeProposal, ScopeReason, UnreadValue
from pledges.review.models import Batch, BatchKind, Revocation
from pledges.review.violation_models import Violation, ViolationField
from pledges.rights.models import DataRequest, RequestKind, Way
from pledges.signing.address_models import AddressChange
from pledges.signing.dispute_models import Dispute, DisputeQuestion, Side
from pledges.signing.models import Consent, ConsentWithdrawal, Draft, Origin, Pledge
from pledges.tips.models import Tip, TipSource
from tests.support.clock import START
from tests.support.duty_spots import duty_beside
from tests.support.reach_samples import Spot
from tests.support.report_spots import reports_beside
from tests.support.round_spots import round_beside

PAPER = b"%PDF-1.7 stands for a sealed file"


def add_member(
    session: Session, name: str, role: Role, province: str, agency: str | None, commune: str | None
) -> Staff:
    staff = Staff(
        province_code=province,
        email=f"{name}@vidu.vn",
        name=f"Thử {name}",
        role=role,
        agency_code=agency,
        commune_code=commune,
        password="no password",
        fs_uniquifier=uuid.uuid4().hex,
        created_at=START,
    )
    session.add(staff)
    session.flush()
    return staff


def _pair(session: Session, pledge: Pledge) -> uuid.UUID:
    """The subject of the pledge, and another one that may be the same."""
    other = Entity(province_code=pledge.province_code, kind=EntityKind.ORGANISATION, added_at=START)
    set_name(other, "Công ty Thử Nghiệm")
    session.add(other)
    session.flush()
    pair = suspect(session, pledge.province_code, pledge.entity_id, other.id, ["person"], 75, now=START)
    assert pair is not None
    return pair.id


def spot_beside(product: Product, name: str, pledge: Pledge) -> Spot:
    """One of everything beside a pledge of the same agency."""
    province, agency = pledge.province_code, pledge.agency_code

    def work(session: Session) -> Spot:
        session.get_one(Agency, (province, agency)).signing_title = "GIÁM ĐỐC"
        mark = name.replace(" ", "-")
        person = add_member(session, f"cv-{mark}", Role.OFFICER, province, agency, None)
        giver = add_member(session, f"ld-{mark}", Role.APPROVER, province, agency, None)
        batch = Batch(
            province_code=province,
            agency_code=agency,
            kind=BatchKind.RECOMMEND,
            staff_id=person.id,
            created_at=START,
            work_due_at=START,
        )
        session.add(batch)
        session.add(
            Revocation(
                province_code=province,
                id=pledge.id,  # the form of the second person names it
                pledge_id=pledge.id,
                agency_code=agency,
                reason="walk",
                asked_by=person.id,
                asked_at=START,
            )
        )
        withdrawal = ConsentWithdrawal(
            province_code=province, pledge_id=pledge.id, consent=Consent.PROCESSING, withdrawn_at=START
        )
        session.add(withdrawal)
        tip = Tip(
            province_code=province,
            source=TipSource.CITIZEN,
            agency_code=agency,
            subject_type="",
            name="Cửa hàng thử nghiệm",
            seen_on=local_day(START),
            pictures=[product.storage.put(PAPER)],
            code_hash=mark,
            sent_at=START,
        )
        session.add(tip)
        pair = _pair(session, pledge)
        delegation = delegate(session, giver, person.id)
        document = Document(
            province_code=province,
            kind=DocumentKind.SEALED,
            sha256=product.storage.put(PAPER),
            size=len(PAPER),
            created_at=START,
            signer_certificate=b"",
            revocation_evidence=b"",
            trial=True,
        )
        session.add(document)
        session.flush()
        session.get_one(Pledge, (province, pledge.id)).document_id = document.id
        return Spot(
            name,
            province,
            agency,
            pledge.reference,
            pledge_id=pledge.id,
            entity_id=pledge.entity_id,
            batch_id=batch.id,
            person_id=person.id,
            giver_id=giver.id,
            delegation_id=delegation.id,
            withdrawal_id=withdrawal.id,
            request_id=_data_request(session, pledge),
            import_id=_import(session, province, agency),
            tip_id=tip.id,
            pair_id=pair,
            institution_id=_institution(session, province, agency, person.id),
            helper_id=person.id,
            draft_id=helps(session, person, pledge),
            helped_reference=pledge.reference,
            key_id=_key(session, province, agency, person.id),
            change_id=_mailbox(session, product, pledge),
            **_dispute(session, product, pledge, person),
            text_id=current_text(session, "website_seller").id,
            setting_change_id=_setting_change(session, province, person.id),
            **(hanging := _looked_after(product, session, pledge, person)),
            **round_beside(session, name, pledge, hanging["obligation_id"]),
            **reports_beside(session, province, agency, person, product.storage.put(PAPER)),
            **duty_beside(session, province, agency),
        )

    return product.database.run(work)


def _setting_change(session: Session, province: str, person_id: uuid.UUID) -> uuid.UUID:
    change = SettingChange(
        province_code=province,
        object_kind=PROVINCE,
        object_code="",
        name="days_to_answer",
        before={"value": 9},
        after={"value": 10},
        reason="Thử nghiệm",
        changed_at=START,
        changed_by=str(person_id),
    )
    session.add(change)
    session.flush()
    return change.id


def _data_request(session: Session, pledge: Pledge) -> uuid.UUID:
    """Somebody wants to see what is held; nothing follows from an answer."""
    made = DataRequest(
        province_code=pledge.province_code,
        number=f"DL-{pledge.reference[3:]}",
        entity_id=pledge.entity_id,
        pledge_id=pledge.id,
        agency_code=pledge.agency_code,
        kind=RequestKind.VIEW,
        way=Way.LETTER,
        received_on=local_day(START),
        recorded_at=START,
        acknowledge_by=local_day(START),
        decide_by=local_day(START),
        revision=7,
        result={},
    )
    session.add(made)
    session.flush()
    return made.id


def helps(session: Session, helper: Staff, pledge: Pledge) -> uuid.UUID:
    """Somebody has handed this pledge in with its signer, and has begun a draft with the next one."""
    kept = session.get_one(Pledge, (pledge.province_code, pledge.id))
    kept.origin, kept.recorded_by = Origin.ASSISTED, helper.id
    draft = Draft(
        resume_code_hash=uuid.uuid4().hex,
        email="",
        answers={"nhom": {"email": "", "province": helper.province_code, "subject_type": ""}},
        created_at=START,
        changed_at=START,
        expires_at=START + timedelta(days=30),
        assisted_by=helper.id,
        assisted_province=helper.province_code,
    )
    session.add(draft)
    session.flush()
    return draft.id


def _looked_after(product: Product, session: Session, pledge: Pledge, person: Staff) -> dict[str, uuid.UUID]:
    """One of everything that hangs on the entity of this pledge."""
    province, agency, entity = pledge.province_code, pledge.agency_code, pledge.entity_id
    obligation = session.scalars(
        select(Obligation)
        .join(ObligationEntry, ObligationEntry.id == Obligation.entry_id)
        .where(Obligation.entity_id == entity, ObligationEntry.lead_agency == agency)
    ).first()
    assert obligation is not None
    own = {"province_code": province, "entity_id": entity}
    address = f"thu-{entity}.vn"
    channel = Channel(
        kind="website", address=address, as_typed=address, first_seen_on=local_day(START), added_at=START, **own
    )
    contact = Contact(kind="phone", value=f"+849{entity.int % 10**8:08d}", **own)
    unread = UnreadValue(kind="phone", typed="không rõ", reason="Chưa đọc được.", recorded_at=START, **own)
    sighting = Sighting(
        source="officer",
        seen_on=local_day(START),
        recorded_at=START,
        picture_sha256=product.storage.put(PAPER),
        **own,
    )
    proposal = ScopeProposal(
        province_code=province,
        obligation_id=obligation.id,
        from_agency=agency,
        to_agency=agency,
        in_scope=False,
        reason=ScopeReason.CLOSED,
        effective_on=local_day(START),
        proposed_by=person.id,
        proposed_at=START,
    )
    violation = Violation(
        province_code=province,
        agency_code=agency,
        entity_id=entity,
        field=ViolationField.OTHER,
        happened_on=local_day(START),
        what="Thử nghiệm",
        decision_number="1",
        number_key="1",
        decided_on=local_day(START),
        decided_by="Thử nghiệm",
        recorded_by=person.id,
        recorded_at=START,
    )
    hotline = Hotline(
        province_code=province, name="Thử nghiệm", phone="1900 0000", checked_on=local_day(START), added_at=START
    )
    session.add_all([channel, contact, unread, sighting, proposal, violation, hotline])
    session.flush()
    return {
        "channel_id": channel.id,
        "contact_id": contact.id,
        "unread_id": unread.id,
        "sighting_id": sighting.id,
        "obligation_id": obligation.id,
        "proposal_id": proposal.id,
        "violation_id": violation.id,
        "hotline_id": hotline.id,
    }


def _institution(session: Session, province: str, agency: str, added_by: uuid.UUID) -> uuid.UUID:
    made = Institution(
        province_code=province,
        agency_code=agency,
        name="Bệnh viện Thử Nghiệm",
        name_fold="benh vien thu nghiem",
        subject_type="doctor",
        focal_name="Đầu Mối",
        focal_email="dau.moi@vidu.vn",
        join_code=uuid.uuid4().hex[:8],
        added_by=added_by,
        added_at=START,
    )
    session.add(made)
    session.flush()
    return made.id


def _dispute(session: Session, product: Product, pledge: Pledge, person: Staff) -> dict[str, uuid.UUID]:
    """The subject against itself; its revision is none that the walk sends, so that it stays as it is."""
    dispute = Dispute(
        province_code=pledge.province_code,
        claim_id=pledge.entity_id,
        owner_id=pledge.entity_id,
        agency_code=pledge.agency_code,
        revision=7,
        opened_at=START,
        about=["tax_code"],
    )
    session.add(dispute)
    session.flush()
    question = DisputeQuestion(
        province_code=pledge.province_code,
        dispute_id=dispute.id,
        side=Side.CLAIM,
        question="Thử nghiệm",
        papers=[f"picture:{product.storage.put(PAPER)}"],
        asked_by=person.id,
        asked_at=START,
    )
    session.add(question)
    session.flush()
    return {"dispute_id": dispute.id, "question_id": question.id}


def _mailbox(session: Session, product: Product, pledge: Pledge) -> uuid.UUID:
    """A request about the mailbox of a file; its revision is none that the walk sends, so that it stays as it is."""
    change = AddressChange(
        province_code=pledge.province_code,
        pledge_id=pledge.id,
        agency_code=pledge.agency_code,
        revision=7,
        name="Thử Nghiệm",
        phone="+84912345678",
        reason="Thử nghiệm",
        new_email="moi@vidu.vn",
        old_email="cu@vidu.vn",
        evidence=[f"picture:{product.storage.put(PAPER)}"],
        asked_at=START,
        waits_until=local_day(START),
    )
    session.add(change)
    session.flush()
    return change.id


def _key(session: Session, province: str, agency: str, made_by: uuid.UUID) -> uuid.UUID:
    """Of a program of the agency."""
    key = AgencyKey(
        province_code=province,
        agency_code=agency,
        name="Thử nghiệm",
        key_sha256=uuid.uuid4().hex,
        beginning="pk_thu",
        created_at=START,
        created_by=made_by,
        expires_on=local_day(START),
    )
    session.add(key)
    session.flush()
    return key.id


def _import(session: Session, province: str, agency: str) -> uuid.UUID:
    """A checked list with one clash; its revision is none that the walk sends, so that it stays as it is."""
    made = Import(
        province_code=province,
        agency_code=agency,
        subject_type="digital_seller",
        source="Danh sách thử nghiệm",
        source_fold="danh sach thu nghiem",
        seen_on=local_day(START),
        filename="thu.csv",
        file_sha256="0" * 64,
        headings=["Tên"],
        mapping={"0": "name"},
        header_row=1,
        state=ImportState.CHECKED,
        revision=7,
        rows=1,
        started_at=START,
        work_due_at=START,
    )
    session.add(made)
    session.flush()
    parsed = {"kind": "organisation", "name": "Thử nghiệm", "subject_types": ["digital_seller"]}
    row = {"cells": ["Thử nghiệm"], "parsed": parsed, "outcome": RowOutcome.CLASH}
    session.add(ImportRow(province_code=province, import_id=made.id, number=2, **row))
    session.flush()
    return made.id


def delegate(session: Session, giver: Staff, to: uuid.UUID) -> Delegation:
    today = local_day(START)
    made = Delegation(
        province_code=giver.province_code,
        agency_code=giver.agency_code or "",
        from_staff_id=giver.id,
        to_staff_id=to,
        title="TUQ. GIÁM ĐỐC – CHÁNH VĂN PHÒNG",
        starts_on=today,
        ends_on=today + timedelta(days=9),
        created_at=START,
    )
    session.add(made)
    session.flush()
    return made
