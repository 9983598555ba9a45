"""Invented lists that are read into the register of Huế, by the engine that the worker runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.imports.committing import Applying
from pledges.imports.models import Import, ImportRow, ImportState
from pledges.imports.operations import NewImport, choose_columns, commit_import, start_import, undo_import
from pledges.imports.rows import Field
from pledges.imports.undoing import Undoing
from pledges.imports.worker import ImportWorker
from pledges.registry.recounting import Drift, recount
from pledges.review.import_blockers import built_on
from pledges.signing.address_moves import Post
from pledges.signing.list_disputes import ListDisputes
from pledges.signing.paper_lists import PaperLists
from tests.support.clock import FixedClock
from tests.support.staff import add_person
from tests.support.workbooks import xlsx

HUE, AGENCY = "46", "46-SCT"
HEADINGS = (
    "Tên cơ sở",
    "Mã số thuế",
    "Số định danh cá nhân",
    "Địa chỉ",
    "Điện thoại",
    "Email",
    "Website",
    "Ngày hoạt động",
)
MEANINGS = (
    Field.NAME,
    Field.TAX_CODE,
    Field.PERSONAL_NUMBER,
    Field.ADDRESS,
    Field.PHONE,
    Field.EMAIL,
    Field.CHANNEL,
    Field.APPEARED_ON,
)
SEEN_ON = date(2026, 11, 2)
CHUNK = 3
"""So few rows in one transaction that short lists have several."""


def row(
    name: str,
    *,
    tax: str = "",
    number: str = "",
    address: str = "12 Lê Lợi, phường Thuận Hóa, thành phố Huế",
    phone: str = "",
    email: str = "",
    channel: str = "",
    since: str = "",
) -> tuple[str, ...]:
    return (name, tax, number, address, phone, email, channel, since)


class Lists:
    """An office in Huế with a register of its own."""

    def __init__(self, database: Database, folder: Path, clock: FixedClock, vault: Vault) -> None:
        self.database = database
        self.clock = clock
        self.vault = vault
        self.storage = Storage(folder / "storage")
        papers = PaperLists("http://localhost")
        disputes = ListDisputes(Post(vault, "http://localhost"))
        self.applying = Applying(vault, papers.record, disputes.watch)

        def undo(session: Session, *of_import: Any) -> None:
            papers.undo(session, *of_import)
            disputes.take_back(session, *of_import)

        undoing = Undoing(built_on, undo)
        self.worker = ImportWorker(database, self.storage, clock, self.applying, undoing, chunk=CHUNK)

    def officer(self, email: str = "can-bo@vidu.vn", agency: str = AGENCY, province: str = HUE) -> Staff:
        return add_person(self.database, email, role=Role.OFFICER, province_code=province, agency_code=agency)

    def start(
        self,
        rows: Sequence[Sequence[Any]],
        *,
        staff: Staff | None = None,
        headings: Sequence[str] = HEADINGS,
        **said: Any,
    ) -> Import:
        """Upload a list; the worker has not looked at it yet."""
        new = {"agency_code": AGENCY, "subject_type": "digital_seller", "source": "Danh sách thử nghiệm"} | said
        sha256 = self.storage.put(xlsx([headings, *rows]))
        stored = NewImport(
            **{"seen_on": SEEN_ON, "filename": "thu-nghiem.xlsx", "file_sha256": sha256, **new}  # type: ignore[arg-type]
        )
        return self.database.run(
            lambda session: start_import(
                session, stored, province_code=HUE, staff=staff, now=self.clock(), by_worker=False
            )
        )

    def work(self, import_: Import) -> Import:
        self.worker.work(import_.province_code, str(import_.id))
        return self.now(import_)

    def now(self, import_: Import) -> Import:
        with self.database.read() as session:
            return session.get_one(Import, (import_.province_code, import_.id))

    def check(
        self,
        rows: Sequence[Sequence[Any]],
        *,
        staff: Staff | None = None,
        meanings: Sequence[Field] = MEANINGS,
        **said: Any,
    ) -> Import:
        """Up to the preview."""
        read = self.work(self.start(rows, staff=staff, **said))
        assert read.state is ImportState.COLUMNS, read.problem
        return self.work(self.choose(read, staff=staff, meanings=meanings))

    def choose(self, read: Import, *, staff: Staff | None = None, meanings: Sequence[Field] = MEANINGS) -> Import:
        return self.database.run(
            lambda session: choose_columns(
                session,
                (read.province_code, read.id),
                dict(enumerate(meanings)),
                header_row=1,
                staff=staff,
                seen=read.revision,
                now=self.clock(),
                by_worker=False,
            )
        )

    def ask_commit(self, checked: Import, *, staff: Staff | None = None) -> Import:
        key, seen = (checked.province_code, checked.id), checked.revision
        return self.database.run(
            lambda session: commit_import(session, key, staff=staff, seen=seen, now=self.clock(), by_worker=False)
        )

    def bring_in(self, rows: Sequence[Sequence[Any]], *, staff: Staff | None = None, **said: Any) -> Import:
        """All the way into the register."""
        return self.work(self.ask_commit(self.check(rows, staff=staff, **said), staff=staff))

    def ask_undo(self, import_: Import, *, staff: Staff | None = None) -> Import:
        key, seen = (import_.province_code, import_.id), import_.revision
        return self.database.run(
            lambda session: undo_import(
                session, key, staff=staff, seen=seen, now=self.clock(), blockers=built_on, by_worker=False
            )
        )

    def undo(self, import_: Import) -> Import:
        return self.work(self.ask_undo(import_))

    def rows(self, import_: Import) -> list[ImportRow]:
        """Without the headings."""
        with self.database.read() as session:
            return list(
                session.scalars(
                    select(ImportRow)
                    .where(ImportRow.import_id == import_.id, ImportRow.outcome.is_not(None))
                    .order_by(ImportRow.number)
                )
            )

    def outcomes(self, import_: Import) -> list[str]:
        return [str(each.outcome.value) for each in self.rows(import_) if each.outcome is not None]

    def count(self, *models: Any) -> list[int]:
        with self.database.read() as session:
            return [session.scalar(select(func.count()).select_from(model)) or 0 for model in models]

    def drifts(self) -> list[Drift]:
        return self.database.run(lambda session: recount(session, repair=False))
