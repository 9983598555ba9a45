"""The copy: everything, machine-readable; and every table in it or in the list of those that are not, with a reason."""

from __future__ import annotations

import importlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import JSON, select

import pledges
from pledges.core.db import Base
from pledges.documents.models import Document, DocumentKind
from pledges.documents.storage import Storage
from pledges.rights.copying import DATA_NAME, data_of, zip_of
from pledges.rights.files import NAMING_COLUMNS
from pledges.rights.models import RequestKind
from pledges.rights.sources import LEFT_OUT, NOT_IN_COPY, SOURCES
from pledges.signing.models import Draft, Pledge
from tests.support.signing import HUE, doctor_pages, ready_draft, seller_pages
from tests.unit.rights.conftest import RightsDesk

NAMES_OF_NO_FILE = frozenset(
    [
        "access_link.token_sha256",
        "agency_key.key_sha256",
        "ask.token_sha256",
        "clause.text_sha256",
        "institution.focal_token_sha256",
        "plan.source_sha256",
        "registration_turn.key_sha256",
        "snapshot.sha256",
        "staff_link.token_sha256",
        "staff_session.token_sha256",
        "staff_step.token_sha256",
        "address_change.applied",
        "agency.reminder_days",
        "clause.content",
        "data_request.result",
        "decision.asked",
        "dispute.about",
        "dispute.before",
        "draft.asked",
        "duplicate_pair.rules",
        "earlier_version.answers",
        "entity_merge.moved",
        "fact.data",
        "import.sheets",
        "import.headings",
        "import.mapping",
        "import.problem_params",
        "import.totals",
        "import_row.cells",
        "import_row.parsed",
        "import_row.reasons",
        "import_row.other_ids",
        "letter_batch.asks",
        "list_export.filters",
        "log_mark.data",
        "message.params",
        "plan.content",
        "pledge.subject_types",
        "pledge.answers",
        "pledge.paper",
        "pledge_text.content",
        "province.settings",
        "province_decision.value",
        "report.figures",
        "report.answers",
        "reporting_duty.content",
        "reporting_duty.senders",
        "reporting_duty.recipients",
        "round.reminder_days",
        "setting_change.before",
        "setting_change.after",
        "snapshot.rows",
        "snapshot.figures",
        "snapshot_row.values",
        "source_columns.fields",
        "unread_value.reason_params",
    ]
)
"""Columns that could name a file by their kind and do not: hashes of other things, and JSON. The pictures in a
pledge's paper stand in `pledge.pictures` as well."""


for models in Path(pledges.__path__[0]).glob("*/*models.py"):
    importlib.import_module(f"pledges.{models.parent.name}.{models.stem}")


def test_every_table_is_in_the_copy_or_says_why_not() -> None:
    tables = set(Base.metadata.tables)
    assert not set(SOURCES) & set(NOT_IN_COPY)
    assert tables == set(SOURCES) | set(NOT_IN_COPY)
    columns = {column.name for table in SOURCES for column in Base.metadata.tables[table].columns}
    assert not set(LEFT_OUT) - columns, "left out, but in no table of the copy"
    assert all(reason.endswith(".") for reason in (*NOT_IN_COPY.values(), *LEFT_OUT.values()))


def test_every_column_that_names_a_file_keeps_it_from_being_swept() -> None:
    could = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, JSON) or any(word in column.name for word in ("sha256", "picture", "file_"))
    }
    known = {*NAMING_COLUMNS, "document.sha256"}
    assert could - known == NAMES_OF_NO_FILE, "does it name files? then into NAMING_COLUMNS, or the sweep takes them"
    assert known <= could


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


def test_the_copy_holds_all_of_one_and_nothing_of_another(desk: RightsDesk, storage: Storage) -> None:
    pledge, other = desk.signed(1, place__phone="0912345678"), desk.signed(2)
    pdf = b"%PDF-1.7 stands for a sealed file"

    def more(session) -> None:  # type: ignore[no-untyped-def]
        document = Document(
            province_code=HUE,
            kind=DocumentKind.SEALED,
            sha256=storage.put(pdf),
            size=len(pdf),
            created_at=desk.clock(),
            signer_certificate=b"x",
            revocation_evidence=b"x",
            trial=True,
        )
        session.add(document)
        session.flush()
        session.get_one(Pledge, (HUE, pledge.id)).document_id = document.id
        ready_draft(session, seller_pages(1, who__name="Công ty Đang Viết"), now=desk.clock(), vault=desk.vault)

    desk.database.run(more)
    desk.ask(pledge, RequestKind.COPY)
    with desk.database.read() as session:
        packed = zip_of(session, storage, HUE, pledge.entity_id, vault=desk.vault, now=desk.clock())
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        data = json.loads(archive.read(DATA_NAME))
        [name] = [each for each in archive.namelist() if each != DATA_NAME]
        assert archive.read(name) == pdf
    tables = data["tables"]
    assert [row["name"] for row in tables["entity"]] == ["Công ty TNHH Thử Nghiệm 1"]
    assert [row["reference"] for row in tables["pledge"]] == [pledge.reference]
    assert {row["value"] for row in tables["contact"]} >= {pledge.contact_email, "+84912345678"}
    assert any("Công ty Đang Viết" in json.dumps(row, ensure_ascii=False) for row in tables["draft"])
    assert tables["signature"][0]["network"] == "192.0.2.1"
    assert {"code", "rights_received"} <= {row["kind"] for row in tables["message"]}
    assert {"pledge.submitted", "entity.added", "rights.asked"} <= {row["kind"] for row in tables["fact"]}
    for table in ("entity_type", "obligation", "pledge_cover", "pledge_channel", "channel", "data_request", "sighting"):
        assert tables[table], table
    whole = json.dumps(data, ensure_ascii=False)
    assert other.reference not in whole
    assert other.contact_email not in whole
    assert not any("address_hash" in row for rows in tables.values() for row in rows)


def test_a_personal_number_is_readable_in_the_copy(desk: RightsDesk) -> None:
    number = "046190000011"
    pages = doctor_pages()
    pledge = desk.signed(pages=pages)

    def identify(session) -> None:  # type: ignore[no-untyped-def]
        from pledges.registry.models import Entity
        from pledges.registry.operations import PERSONAL_NUMBER

        session.get_one(Entity, (HUE, pledge.entity_id)).personal_number = desk.vault.encrypt(PERSONAL_NUMBER, number)

    desk.database.run(identify)
    with desk.database.read() as session:
        data = data_of(session, HUE, pledge.entity_id, vault=desk.vault, now=desk.clock())
        assert not session.scalars(select(Draft).where(Draft.email == "nobody@vidu.vn")).all()
    assert data["tables"]["entity"][0]["personal_number"] == number
