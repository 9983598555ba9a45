"""Documents whose receipt is acknowledged: checked, put into force, replaced and kept."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pikepdf
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.errors import DomainError, NotFound
from pledges.plans.models import ObligationEntry
from pledges.rounds.agency_documents import (
    NewDocument,
    acknowledged_entries,
    check_document,
    current_document,
    document_at,
    documents_of,
    upload_document,
)
from tests.support.clock import FixedClock
from tests.support.reviewing import approver_of, officer_of

ENTRY, AGENCY, PROVINCE = "20-guidance", "20-SVHTTDL", "20"


def document(number: str = "1234/SVHTTDL-QLVH", sha256: str = "a" * 64, **said: object) -> NewDocument:
    values = {"issued_on": date(2026, 11, 2), "title": "V/v thử nghiệm", "filename": "van-ban.pdf", **said}
    return NewDocument(number=number, file_sha256=sha256, **values)  # type: ignore[arg-type]


@pytest.fixture
def officer(database: Database) -> Staff:
    return officer_of(database, AGENCY)


def upload(database: Database, new: NewDocument, staff: Staff, clock: FixedClock, entry: str = ENTRY) -> None:
    database.run(lambda session: upload_document(session, entry, new, staff=staff, now=clock()))


def facts(session: Session, kind: str) -> int:
    return session.scalar(select(func.count()).select_from(Fact).where(Fact.kind == kind)) or 0


def test_number_and_day_go_to_the_entry_and_a_replacement_keeps_the_old_version(
    database: Database, officer: Staff, clock: FixedClock
) -> None:
    upload(database, document(), officer, clock)
    first_moment = clock()
    upload(database, document(), officer, clock)  # the same again
    clock.advance(timedelta(days=1))
    upload(database, document("1300/SVHTTDL-QLVH", "b" * 64), officer, clock)
    with database.read() as session:
        entry = session.get_one(ObligationEntry, (PROVINCE, ENTRY))
        assert (entry.document_number, entry.document_date) == ("1300/SVHTTDL-QLVH", date(2026, 11, 2))
        versions = documents_of(session, PROVINCE, ENTRY)
        assert [each.number for each in versions] == ["1300/SVHTTDL-QLVH", "1234/SVHTTDL-QLVH"]
        assert versions[1].replaced_at == clock()
        assert current_document(session, PROVINCE, ENTRY) == versions[0]
        assert document_at(session, PROVINCE, ENTRY, first_moment) == versions[1]
        assert document_at(session, PROVINCE, ENTRY, first_moment - timedelta(seconds=1)) is None
        assert facts(session, "document.uploaded") == 2
        assert facts(session, "province.decided") == 2
        assert [each.id for each in acknowledged_entries(session, PROVINCE, AGENCY)] == [ENTRY]


def test_only_the_officer_of_the_lead_agency_and_only_for_an_acknowledgement(
    database: Database, officer: Staff, clock: FixedClock
) -> None:
    for staff, entry, refusal in (
        (approver_of(database, AGENCY), ENTRY, NotPermitted),
        (officer_of(database, "20-SCT"), ENTRY, NotFound),
        (officer, "20-media", NotFound),
        (officer_of(database, "46-SVHTT"), ENTRY, NotFound),
    ):
        with pytest.raises(refusal):
            upload(database, document(), staff, clock, entry)
    with database.read() as session:
        assert documents_of(session, PROVINCE, ENTRY) == []


@pytest.mark.parametrize(
    ("said", "field"),
    [({"number": "  "}, "number"), ({"issued_on": date(2026, 11, 21)}, "issued_on"), ({"title": "<b>"}, "title")],
)
def test_refusals_name_their_field(
    database: Database, officer: Staff, clock: FixedClock, said: dict[str, object], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        upload(database, document(**said), officer, clock)  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_what_nobody_could_open_is_refused() -> None:
    files = {}
    for name, options in (("good", {}), ("locked", {"encryption": pikepdf.Encryption(user="x", owner="y")})):
        out = BytesIO()
        with pikepdf.new() as pdf:
            pdf.add_blank_page()
            pdf.save(out, **options)
        files[name] = out.getvalue()
    check_document(files["good"])
    for data, word in (
        (b"PK\x03\x04 a Word file", "không phải là PDF"),
        (files["locked"], "mật khẩu"),
        (files["good"][:200], "Không đọc được"),
    ):
        with pytest.raises(DomainError, match=word):
            check_document(data)
