"""What people do with a list: start it, say what its columns mean, decide clashes, commit it, take it back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import Actor, record
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.identity import clean_line, fold
from pledges.core.secrecy import Vault
from pledges.imports.committing import Applying, apply_decided_row
from pledges.imports.errors import BuiltOn, ImportChanged, Reason
from pledges.imports.models import ClashDecision, Import, ImportPurpose, ImportRow, ImportState, RowOutcome
from pledges.imports.queries import forget_rows, lead_agency, name_blockers, outside_rows
from pledges.imports.rows import Field
from pledges.imports.states import Key, Step, take_step
from pledges.imports.undoing import Blockers, find_blockers
from pledges.jobs.operations import enqueue
from pledges.plans.queries import get_agency, get_entry
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import Entity

__all__ = [
    "Blockers",
    "BuiltOn",
    "ImportChanged",
    "Key",
    "NewImport",
    "Reason",
    "cancel_import",
    "choose_columns",
    "choose_sheet",
    "commit_import",
    "decide_clash",
    "hand_over_rows",
    "start_import",
    "undo_import",
]

WORK_IMPORT_TASK = "work_import"
LEASE = timedelta(minutes=2)
"""After that long without a sign of life of its job an import is given another one."""

COMMAND = Actor("command")


@dataclass(frozen=True)
class NewImport:
    """What somebody says of a file; the file itself is in the storage already."""

    agency_code: str
    subject_type: str
    source: str
    """The name of the list: under it its columns are remembered and its repetition is compared."""
    seen_on: date
    filename: str
    file_sha256: str
    purpose: ImportPurpose = ImportPurpose.SUBJECTS
    platform_id: uuid.UUID | None = None
    entry_id: str = ""


def start_import(
    session: Session,
    new: NewImport,
    *,
    province_code: str,
    staff: Staff | None,
    now: datetime,
    by_worker: bool = True,
) -> Import:
    """Begin with a stored file; `staff` None: a command, which does the work itself (`by_worker` False)."""
    _require(staff, province_code, new.agency_code)
    _check_what_is_said(session, new, province_code)
    source = clean_line(new.source, field="source") or clean_line(new.filename, field="source")
    import_ = Import(
        province_code=province_code,
        agency_code=new.agency_code,
        staff_id=staff.id if staff is not None else None,
        purpose=new.purpose,
        platform_id=new.platform_id,
        subject_type=new.subject_type,
        entry_id=new.entry_id,
        source=source,
        source_fold=fold(source),
        seen_on=new.seen_on,
        filename=new.filename,
        file_sha256=new.file_sha256,
        started_at=now,
        work_due_at=now + LEASE,
    )
    session.add(import_)
    session.flush()
    _record(session, "import.started", import_, staff, now, purpose=new.purpose.value, agency=new.agency_code)
    _ask_worker(session, import_, by_worker)
    return import_


def _check_what_is_said(session: Session, new: NewImport, province_code: str) -> None:
    get_agency(session, province_code, new.agency_code)
    if new.subject_type not in SUBJECT_TYPES:
        raise DomainError(N_("Hãy chọn nhóm đối tượng của danh sách."), field="subject_type")
    if new.purpose is ImportPurpose.PAPER_PLEDGES and get_entry(session, province_code, new.entry_id) is None:
        raise DomainError(N_("Hãy chọn nội dung mà các bản giấy đã cam kết."), field="entry_id")
    if new.purpose is ImportPurpose.SELLERS and (
        new.platform_id is None or session.get(Entity, (province_code, new.platform_id)) is None
    ):
        raise DomainError(N_("Hãy chọn sàn hoặc mạng xã hội gửi danh sách này."), field="platform_id")


def choose_sheet(session: Session, key: Key, sheet: str, *, staff: Staff | None, seen: int, now: datetime) -> Import:
    """Read another sheet of the file."""
    import_ = _in_reach(session, key, staff)
    if sheet not in import_.sheets:
        raise DomainError(N_("Tệp không có trang tính này. Hãy chọn một trang trong danh sách."), field="sheet")
    import_ = take_step(
        session,
        key,
        Step.READ_AGAIN,
        seen=seen,
        sheet=sheet,
        mapping={},
        headings=[],
        header_row=0,
        rows=0,
        done=0,
        totals={},
        work_due_at=now + LEASE,
    )
    _ask_worker(session, import_, by_worker=True)
    return import_


def choose_columns(
    session: Session,
    key: Key,
    mapping: Mapping[int, Field],
    *,
    header_row: int,
    staff: Staff | None,
    seen: int,
    now: datetime,
    headings: Sequence[str] | None = None,
    by_worker: bool = True,
) -> Import:
    """Say what the columns mean (they count from 0) and begin the check; possible again until it is committed."""
    import_ = _in_reach(session, key, staff)
    if not import_.file_sha256:
        raise Conflict(N_("Danh sách này được tỉnh, thành phố khác chuyển đến nên các cột đã cố định."))
    check_columns(mapping)
    import_ = take_step(
        session,
        key,
        Step.CHECK,
        seen=seen,
        mapping={str(column): field.value for column, field in sorted(mapping.items())},
        header_row=header_row,
        headings=import_.headings if headings is None else list(headings),
        done=0,
        totals={},
        work_due_at=now + LEASE,
    )
    _ask_worker(session, import_, by_worker)
    return import_


def check_columns(mapping: Mapping[int, Field]) -> None:
    """Refuse what nobody could be recognised by."""
    if not {Field.NAME, Field.CHANNEL} & set(mapping.values()):
        raise DomainError(N_("Hãy chỉ ra cột nào ghi tên hoặc kênh của đối tượng."), field="mapping")


def decide_clash(
    session: Session,
    key: Key,
    number: int,
    decision: ClashDecision,
    entity_id: uuid.UUID | None,
    *,
    staff: Staff,
    applying: Applying,
    now: datetime,
) -> ImportRow:
    """Decide one clash; `entity_id` with SAME. After the commit the row is applied at once."""
    import_ = _in_reach(session, key, staff, lock=True)
    row = session.get(ImportRow, (*key, number), with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.outcome is not RowOutcome.CLASH or row.applied_at is not None:
        raise Conflict(N_("Dòng này không còn cần quyết định. Hãy tải lại trang."))
    if import_.state not in {ImportState.CHECKED, ImportState.COMMITTED}:
        raise ImportChanged
    if decision is ClashDecision.SAME and (entity_id is None or str(entity_id) not in row.other_ids):
        raise DomainError(N_("Hãy chọn đối tượng mà dòng này nói đến."), field="entity_id")
    row.decision = decision
    row.entity_id = entity_id if decision is ClashDecision.SAME else None
    session.flush()
    if import_.state is ImportState.COMMITTED and decision is not ClashDecision.SKIP:
        apply_decided_row(session, import_, row, applying=applying, actor=actor_of(staff), now=now)
    return row


def commit_import(
    session: Session, key: Key, *, staff: Staff | None, seen: int, now: datetime, by_worker: bool = True
) -> Import:
    """Bring what the preview shows into the register; clashes that nobody has decided stay aside."""
    _in_reach(session, key, staff)
    import_ = take_step(session, key, Step.COMMIT, seen=seen, done=0, work_due_at=now + LEASE)
    _ask_worker(session, import_, by_worker)
    return import_


def cancel_import(session: Session, key: Key, *, staff: Staff | None, seen: int, now: datetime) -> Import:
    """Give up an import that has changed nothing yet; its rows are forgotten."""
    _in_reach(session, key, staff)
    import_ = take_step(session, key, Step.CANCEL, seen=seen, rows=0, done=0, totals={})
    forget_rows(session, key)
    _record(session, "import.cancelled", import_, staff, now)
    return import_


def undo_import(
    session: Session,
    key: Key,
    *,
    staff: Staff | None,
    seen: int,
    now: datetime,
    blockers: Blockers,
    by_worker: bool = True,
) -> Import:
    """Take back what a committed import added, or raise `BuiltOn`: who is in the way, and what was built on it."""
    import_ = _in_reach(session, key, staff, lock=True)
    found = find_blockers(session, import_, blockers)
    if found:
        raise BuiltOn(len(found), name_blockers(session, key[0], found))
    import_ = take_step(session, key, Step.UNDO, seen=seen, done=0, work_due_at=now + LEASE)
    _ask_worker(session, import_, by_worker)
    return import_


def hand_over_rows(
    session: Session, key: Key, to_province: str, *, staff: Staff, vault: Vault, now: datetime
) -> Import:
    """Give the rows that certainly lie in `to_province` to the agency there that leads the same subject type.

    They become an import of that agency, which is checked against its own register and waits for its officers. The
    personal numbers stay encrypted, and the file itself is not handed over.
    """
    import_ = _in_reach(session, key, staff, lock=True)
    if import_.state not in {ImportState.CHECKED, ImportState.COMMITTED}:
        raise ImportChanged
    agency = lead_agency(session, to_province, import_.subject_type)
    if agency is None:
        raise Conflict(N_("Tỉnh, thành phố đó chưa dùng hệ thống này nên chưa chuyển được. Các dòng vẫn được giữ lại."))
    rows = outside_rows(session, key, to_province)
    if not rows:
        raise Conflict(N_("Không còn dòng nào chờ chuyển đến tỉnh, thành phố đó."))
    given = Import(
        province_code=to_province,
        id=new_id(),
        agency_code=agency,
        staff_id=None,
        purpose=ImportPurpose.SUBJECTS,
        subject_type=import_.subject_type,
        source=import_.source,
        source_fold=import_.source_fold,
        seen_on=import_.seen_on,
        filename=import_.filename,
        file_sha256="",
        headings=import_.headings,
        mapping=import_.mapping,
        state=ImportState.CHECKING,
        rows=len(rows),
        started_at=now,
        work_due_at=now + LEASE,
    )
    session.add(given)
    session.flush()
    session.add_all(_handed_over(row, given) for row in rows)
    for row in rows:
        row.handed_over_at = now
    _record(session, "import.handed_over", import_, staff, now, to=to_province, rows=len(rows))
    _record(session, "import.started", given, None, now, purpose=given.purpose.value, agency=agency, handed_over=True)
    _ask_worker(session, given, by_worker=True)
    return given


def _handed_over(row: ImportRow, to: Import) -> ImportRow:
    return ImportRow(
        province_code=to.province_code, import_id=to.id, number=row.number, cells=row.cells, parsed=row.parsed
    )


def _in_reach(session: Session, key: Key, staff: Staff | None, *, lock: bool = False) -> Import:
    import_ = session.get(Import, key, with_for_update=lock or None, populate_existing=True)
    if import_ is None:
        raise NotFound
    _require(staff, import_.province_code, import_.agency_code)
    return import_


def _require(staff: Staff | None, province_code: str, agency_code: str) -> None:
    if staff is not None:
        require(staff, Action.IMPORT_MANAGE, Place(province_code, agency_code))


def _ask_worker(session: Session, import_: Import, by_worker: bool) -> None:
    if by_worker:
        enqueue(session, WORK_IMPORT_TASK, import_.province_code, str(import_.id))


def _record(session: Session, kind: str, import_: Import, staff: Staff | None, now: datetime, **data: Any) -> None:
    record(
        session,
        kind,
        province_code=import_.province_code,
        object_id=import_.id,
        actor=actor_of(staff) if staff is not None else COMMAND,
        now=now,
        data=data,
    )
