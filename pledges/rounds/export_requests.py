"""Asking for a file of a list: who takes which one and why stands in the log before the first byte leaves."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.accounts.queries import get_staff
from pledges.audit.operations import Actor, record
from pledges.core.calendar import Quarter, local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError
from pledges.jobs.operations import enqueue
from pledges.rounds.list_heading import ListOrder
from pledges.rounds.list_models import ExportState, FileFormat, ListExport, ListKind
from pledges.rounds.list_rows import ListFilters

MAKE_EXPORT = "make_export"

SHORTEST_REASON = 10
LONGEST_REASON = 300
KEPT = timedelta(days=30)
"""After so long a file is taken away; that it was made stays in the list of files."""
COMMAND = N_("người quản trị hệ thống (lệnh)")
"""Who took a list that was written by a command."""

_SLUGS = {ListKind.NOT_PLEDGED: "chua-cam-ket", ListKind.PLEDGED: "da-cam-ket"}


def start_export(
    session: Session, order: ListOrder, format: FileFormat, *, reason: str, staff: Staff, now: datetime
) -> ListExport:
    """Note who takes which list and why; XLSX and PDF are then made by the worker, CSV by `exports.csv_file`."""
    require(staff, Action.LIST_EXPORT, Place(order.province_code, order.agency_code))
    export = note_export(session, order, format, reason=reason, actor=actor_of(staff), now=now)
    if format is not FileFormat.CSV:
        enqueue(session, MAKE_EXPORT, export.province_code, str(export.id), behind_others=True)
    return export


def note_export(
    session: Session, order: ListOrder, format: FileFormat, *, reason: str, actor: Actor, now: datetime
) -> ListExport:
    """The same for whoever needs no right: commands, and `start_export` once it has asked."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise DomainError(
            N_("Hãy ghi lý do lấy danh sách, ít nhất %(least)s ký tự."), field="reason", least=SHORTEST_REASON
        )
    if order.as_of is not None and order.as_of >= local_day(now):
        raise DomainError(N_("Ngày này chưa kết thúc. Hãy chọn một ngày trước hôm nay."), field="as_of")
    export = ListExport(
        province_code=order.province_code,
        id=new_id(),
        agency_code=order.agency_code,
        quarter=str(order.quarter),
        list=order.kind,
        as_of=order.as_of or local_day(now),
        format=format,
        filters=order.filters.as_data(),
        reason=reason.strip(),
        requested_by=actor.id or actor.kind,
        requested_at=now,
        state=ExportState.READY if format is FileFormat.CSV else ExportState.WAITING,
    )
    export.filename = filename_of(export)
    session.add(export)
    session.flush()
    _log(session, export, actor, now, again=False)
    return export


def _log(session: Session, export: ListExport, actor: Actor, now: datetime, *, again: bool) -> None:
    # A text that was searched for may be somebody's name, which facts never hold.
    filters = {name: value for name, value in export.filters.items() if name != "text" and value is not None}
    record(
        session,
        "list.exported",
        province_code=export.province_code,
        object_id=export.id,
        actor=actor,
        now=now,
        data={
            "list": export.list.value,
            "agency": export.agency_code,
            "quarter": export.quarter,
            "as_of": export.as_of.isoformat(),
            "format": export.format.value,
            "filters": filters,
            "searched": bool(export.filters.get("text")),
            "reason": export.reason,
            "again": again,
        },
    )


def take_again(session: Session, export: ListExport, *, staff: Staff, now: datetime) -> None:
    """Note that somebody takes a file that was asked for before."""
    require(staff, Action.LIST_EXPORT, Place(export.province_code, export.agency_code))
    if not is_there(export):
        raise Conflict(N_("Tệp này không còn hoặc chưa làm xong. Hãy lấy lại danh sách."))
    _log(session, export, actor_of(staff), now, again=True)


def make_again(session: Session, export: ListExport, *, staff: Staff) -> None:
    """After a fault: the same file once more."""
    require(staff, Action.LIST_EXPORT, Place(export.province_code, export.agency_code))
    done = session.execute(
        update(ListExport)
        .where(
            ListExport.province_code == export.province_code,
            ListExport.id == export.id,
            ListExport.state == ExportState.FAILED,
        )
        .values(state=ExportState.WAITING, error="", rows=0)
        .returning(ListExport.id)
        .execution_options(synchronize_session=False)
    ).first()
    if done is None:
        raise Conflict(N_("Tệp này đang được làm hoặc đã xong."))
    enqueue(session, MAKE_EXPORT, export.province_code, str(export.id), behind_others=True)


def is_there(export: ListExport) -> bool:
    """Whether it can be taken: a CSV is made anew each time, the others are kept for a while."""
    if export.state is not ExportState.READY:
        return False
    return export.format is FileFormat.CSV or export.file_sha256 is not None


def is_by_command(export: ListExport) -> bool:
    """Written where the command said, so that there is nothing to take."""
    return export.file_sha256 is None and not _is_id(export.requested_by)


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def exports_of(
    session: Session, province_code: str, agency_code: str, quarter: str, limit: int = 100
) -> list[ListExport]:
    """Newest first."""
    return list(
        session.scalars(
            select(ListExport)
            .where(
                ListExport.province_code == province_code,
                ListExport.agency_code == agency_code,
                ListExport.quarter == quarter,
            )
            .order_by(ListExport.requested_at.desc(), ListExport.id.desc())
            .limit(limit)
        )
    )


def order_of(export: ListExport, now: datetime) -> ListOrder:
    """The list of a file. One that was wanted as it stood "now" is, from the next day on, that of the day's end."""
    return ListOrder(
        province_code=export.province_code,
        agency_code=export.agency_code,
        quarter=Quarter.parse(export.quarter),
        kind=export.list,
        as_of=export.as_of if export.as_of < local_day(now) else None,
        filters=ListFilters.from_data(export.filters),
    )


def filename_of(export: ListExport, suffix: str = "") -> str:
    return f"{_SLUGS[export.list]}-{export.quarter}-{export.as_of.isoformat()}.{suffix or export.format.value}"


def taker_of(session: Session, export: ListExport) -> str:
    """The name of who asked for it."""
    if not _is_id(export.requested_by):
        return COMMAND
    staff = get_staff(session, export.province_code, uuid.UUID(export.requested_by))
    return staff.name if staff is not None else ""
