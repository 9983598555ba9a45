"""Documents of agencies (văn bản quán triệt, định hướng) whose receipt is acknowledged; earlier versions are kept."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, DomainError, NotFound
from pledges.core.text import clean_line
from pledges.documents.verification_upload import PATIENT_SECONDS, inspect_upload
from pledges.plans.decisions import ENTRY
from pledges.plans.models import Instrument, ObligationEntry
from pledges.plans.setting_changes import BY_DOCUMENT, keep_settings
from pledges.rounds.models import AgencyDocument

MOST_BYTES = 10 * 1024 * 1024
LONGEST_NAME = 100


@dataclass(frozen=True)
class NewDocument:
    """What an officer says of a file that is stored already."""

    number: str
    """As printed: "1234/SYT-NVY"."""
    issued_on: date
    title: str
    file_sha256: str
    filename: str


def check_document(data: bytes) -> None:
    """Refuse (`DomainError`) whatever is not a PDF that everybody can open."""
    if len(data) > MOST_BYTES:
        raise DomainError(
            N_("Tệp lớn hơn %(size)s MB. Hãy chọn tệp nhỏ hơn."), field="file", size=MOST_BYTES // 1024 // 1024
        )
    found = inspect_upload(data, seconds=PATIENT_SECONDS)
    if not found.is_pdf:
        raise DomainError(N_("Tệp này không phải là PDF. Hãy lưu văn bản thành PDF rồi gửi lại."), field="file")
    if found.encrypted:
        raise DomainError(N_("Tệp PDF có mật khẩu nên người nhận không mở được. Hãy bỏ mật khẩu."), field="file")
    if not found.readable:
        raise DomainError(
            N_("Không đọc được tệp PDF này. Hãy gửi lại một lần; nếu vẫn vậy, mở văn bản gốc và lưu lại thành PDF."),
            field="file",
        )


def upload_document(
    session: Session, entry_id: str, new: NewDocument, *, staff: Staff, now: datetime
) -> AgencyDocument:
    """Put a checked and stored file into force for an entry; what it replaces stays to be looked at.

    From now on the entry bears its number and day, so that its subjects may be asked. The same again changes nothing.
    """
    entry = session.get(ObligationEntry, (staff.province_code, entry_id), with_for_update=True)
    if entry is None or entry.instrument is not Instrument.ACKNOWLEDGEMENT:
        raise NotFound
    require(staff, Action.ROUND_MANAGE, Place(entry.province_code, entry.lead_agency))
    number, title = clean_line(new.number, most=60, field="number"), clean_line(new.title, most=300, field="title")
    if not number:
        raise DomainError(N_("Hãy ghi số, ký hiệu của văn bản, ví dụ 1234/SYT-NVY."), field="number")
    if new.issued_on > local_day(now):
        raise DomainError(N_("Ngày ban hành ở tương lai. Hãy ghi ngày in trên văn bản."), field="issued_on")
    before = current_document(session, entry.province_code, entry.id)
    said = (number, new.issued_on, title, new.file_sha256)
    if before is not None and (before.number, before.issued_on, before.title, before.file_sha256) == said:
        return before
    if before is not None:
        before.replaced_at = now
        session.flush()
    document = AgencyDocument(
        province_code=entry.province_code,
        id=new_id(),
        entry_id=entry.id,
        number=number,
        issued_on=new.issued_on,
        title=title,
        file_sha256=new.file_sha256,
        filename=new.filename[-LONGEST_NAME:],
        uploaded_by=staff.id,
        uploaded_at=now,
    )
    session.add(document)
    session.flush()
    actor = actor_of(staff)
    values = {"document_number": number, "document_date": new.issued_on}
    keep_settings(session, entry.province_code, ENTRY, entry.id, values, where=BY_DOCUMENT, actor=actor, now=now)
    record(
        session,
        "document.uploaded",
        province_code=entry.province_code,
        object_id=document.id,
        actor=actor,
        now=now,
        data={
            "entry": entry.id,
            "number": number,
            "issued_on": new.issued_on.isoformat(),
            "sha256": new.file_sha256,
            "replaces": str(before.id) if before is not None else "",
        },
    )
    return document


# --- Reading -------------------------------------------------------------------------------------------------------


def current_document(session: Session, province_code: str, entry_id: str) -> AgencyDocument | None:
    """What is in force now."""
    return session.scalars(
        select(AgencyDocument).where(
            AgencyDocument.province_code == province_code,
            AgencyDocument.entry_id == entry_id,
            AgencyDocument.replaced_at.is_(None),
        )
    ).first()


def documents_of(session: Session, province_code: str, entry_id: str) -> list[AgencyDocument]:
    """All versions, newest first."""
    return list(
        session.scalars(
            select(AgencyDocument)
            .where(AgencyDocument.province_code == province_code, AgencyDocument.entry_id == entry_id)
            .order_by(AgencyDocument.uploaded_at.desc(), AgencyDocument.id.desc())
        )
    )


def document_at(session: Session, province_code: str, entry_id: str, moment: datetime) -> AgencyDocument | None:
    """What was in force then: an acknowledgement is of the version that its signer could read."""
    return session.scalars(
        select(AgencyDocument)
        .where(
            AgencyDocument.province_code == province_code,
            AgencyDocument.entry_id == entry_id,
            AgencyDocument.uploaded_at <= moment,
        )
        .order_by(AgencyDocument.uploaded_at.desc(), AgencyDocument.id.desc())
        .limit(1)
    ).first()


def acknowledged_entries(session: Session, province_code: str, agency_code: str) -> list[ObligationEntry]:
    """The entries of an agency that need a document."""
    return list(
        session.scalars(
            select(ObligationEntry)
            .where(
                ObligationEntry.province_code == province_code,
                ObligationEntry.lead_agency == agency_code,
                ObligationEntry.instrument == Instrument.ACKNOWLEDGEMENT,
                ObligationEntry.enabled.is_(True),
            )
            .order_by(ObligationEntry.id)
        )
    )


def get_agency_document(session: Session, province_code: str, document_id: uuid.UUID) -> AgencyDocument:
    document = session.get(AgencyDocument, (province_code, document_id))
    if document is None:
        raise NotFound
    return document
