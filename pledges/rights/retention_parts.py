"""What retention empties: per kind of rows which of them have run out, and how they are emptied."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import StaffLink, StaffSession
from pledges.audit.operations import SYSTEM, record
from pledges.core.throttle import ThrottleCount
from pledges.imports.models import Import, ImportRow, ImportState
from pledges.imports.queries import forget_rows
from pledges.imports.states import Step, take_step
from pledges.messaging.models import Message
from pledges.registry.models import Sighting
from pledges.rights.contents import (
    ENDED_CHANGES,
    ENDED_MESSAGES,
    empty_address_change,
    empty_message,
    empty_row,
    forget_drafts,
)
from pledges.rights.models import DataRequest
from pledges.signing.address_models import AddressChange
from pledges.signing.dispute_models import Dispute, DisputeQuestion, DisputeState
from pledges.signing.models import Draft, Signature
from pledges.tips.models import Tip, TipState

RUN_OUT = "(đã hết thời hạn lưu)"
"""Stands where the name of a report stood."""

_UNFINISHED = (ImportState.READING, ImportState.COLUMNS, ImportState.CHECKING, ImportState.CHECKED)
_ENDED = (ImportState.COMMITTED, ImportState.UNDONE, ImportState.CANCELLED, ImportState.FAILED)


@dataclass(frozen=True)
class Place:
    """A province, and the moment before which its rows of one kind have run out."""

    province_code: str
    before: datetime
    now: datetime


@dataclass(frozen=True)
class Part:
    """One kind of rows: `due` selects those that still hold what has run out, `clear` empties some of them."""

    name: str
    period: str
    """The name of its period in `plans.retention`."""
    due: Callable[[Place], Select[Any]]
    """The key first: ordered by it, each step goes on where the last one ended."""
    clear: Callable[[Session, Place, Sequence[Any]], None]
    whole_system: bool = False
    """Of no province."""
    of_lists: bool = False
    """The key has two columns; what is emptied is not due any more, so that each step begins anew."""


def _holds(column: Any) -> ColumnElement[bool]:
    """A JSON list with something in it."""
    return cast(column, Text) != "[]"


# --- Drafts and traces of signing in -------------------------------------------------------------------------------


def _drafts(place: Place) -> Select[Any]:
    return select(Draft.id).where(Draft.changed_at < place.before).order_by(Draft.id)


def _clear_drafts(session: Session, place: Place, keys: Sequence[Any]) -> None:
    """Not one that somebody has just gone on with."""
    still = select(Draft.id).where(Draft.id.in_(keys), Draft.changed_at < place.before)
    forget_drafts(session, list(session.scalars(still.order_by(Draft.id).with_for_update(skip_locked=True))))


def _sessions(place: Place) -> Select[Any]:
    ended = func.coalesce(StaffSession.ended_at, StaffSession.last_seen_at)
    return (
        select(StaffSession.id)
        .where(StaffSession.province_code == place.province_code, ended < place.before)
        .order_by(StaffSession.id)
    )


def _clear_sessions(session: Session, place: Place, keys: Sequence[Any]) -> None:
    session.execute(delete(StaffSession).where(StaffSession.id.in_(keys)))


def _links(place: Place) -> Select[Any]:
    return (
        select(StaffLink.id)
        .where(StaffLink.province_code == place.province_code, StaffLink.expires_at < place.before)
        .order_by(StaffLink.id)
    )


def _clear_links(session: Session, place: Place, keys: Sequence[Any]) -> None:
    session.execute(delete(StaffLink).where(StaffLink.id.in_(keys)))


def _throttle(place: Place) -> Select[Any]:
    """Limits of the hour are forgotten every hour; this is what is left if that never ran."""
    keys = select(ThrottleCount.key_hash).where(ThrottleCount.expires_at < place.before)
    return keys.distinct().order_by(ThrottleCount.key_hash)


def _clear_throttle(session: Session, place: Place, keys: Sequence[Any]) -> None:
    session.execute(
        delete(ThrottleCount).where(ThrottleCount.key_hash.in_(keys), ThrottleCount.expires_at < place.before)
    )


def _networks(place: Place) -> Select[Any]:
    return (
        select(Signature.id)
        .where(
            Signature.province_code == place.province_code,
            Signature.network.is_not(None),
            Signature.signed_at < place.before,
        )
        .order_by(Signature.id)
    )


def _clear_networks(session: Session, place: Place, keys: Sequence[Any]) -> None:
    session.execute(
        update(Signature)
        .where(Signature.province_code == place.province_code, Signature.id.in_(keys))
        .values(network=None)
        .execution_options(synchronize_session=False)
    )


# --- Messages and requests -----------------------------------------------------------------------------------------


def _messages(place: Place) -> Select[Any]:
    """Whatever was emptied says so."""
    return (
        select(Message.id)
        .where(
            Message.province_code == place.province_code,
            Message.created_at < place.before,
            Message.state.in_(ENDED_MESSAGES),
            Message.params["emptied"].as_string().is_(None),
        )
        .order_by(Message.id)
    )


def _clear_messages(session: Session, place: Place, keys: Sequence[Any]) -> None:
    for message in _rows(session, Message, place, keys):
        empty_message(message)


def _requests(place: Place) -> Select[Any]:
    return (
        select(DataRequest.id)
        .where(
            DataRequest.province_code == place.province_code,
            DataRequest.decided_at < place.before,
            or_(DataRequest.details != "", DataRequest.reply_to != ""),
        )
        .order_by(DataRequest.id)
    )


def _clear_requests(session: Session, place: Place, keys: Sequence[Any]) -> None:
    for asked in _rows(session, DataRequest, place, keys):
        asked.details = asked.reply_to = ""


# --- Reports of citizens, and pictures -----------------------------------------------------------------------------


def _tips(place: Place) -> Select[Any]:
    return (
        select(Tip.id)
        .where(
            Tip.province_code == place.province_code,
            Tip.state == TipState.REJECTED,
            Tip.decided_at < place.before,
            Tip.name != RUN_OUT,
        )
        .order_by(Tip.id)
    )


def _clear_tips(session: Session, place: Place, keys: Sequence[Any]) -> None:
    for tip in _rows(session, Tip, place, keys):
        tip.name, tip.pictures, tip.network = RUN_OUT, [], None
        tip.typed = tip.address = tip.place = tip.link = tip.note = ""


def _tip_pictures(place: Place) -> Select[Any]:
    return (
        select(Tip.id)
        .where(
            Tip.province_code == place.province_code,
            Tip.state.in_((TipState.CONFIRMED, TipState.MERGED)),
            Tip.decided_at < place.before,
            _holds(Tip.pictures),
        )
        .order_by(Tip.id)
    )


def _clear_tip_pictures(session: Session, place: Place, keys: Sequence[Any]) -> None:
    for tip in _rows(session, Tip, place, keys):
        tip.pictures = []


def _sighting_pictures(place: Place) -> Select[Any]:
    return (
        select(Sighting.id)
        .where(
            Sighting.province_code == place.province_code,
            Sighting.recorded_at < place.before,
            Sighting.picture_sha256 != "",
        )
        .order_by(Sighting.id)
    )


def _clear_sighting_pictures(session: Session, place: Place, keys: Sequence[Any]) -> None:
    session.execute(
        update(Sighting)
        .where(Sighting.province_code == place.province_code, Sighting.id.in_(keys))
        .values(picture_sha256="")
        .execution_options(synchronize_session=False)
    )


def _change_papers(place: Place) -> Select[Any]:
    return (
        select(AddressChange.id)
        .where(
            AddressChange.province_code == place.province_code,
            AddressChange.state.in_(ENDED_CHANGES),
            func.coalesce(
                AddressChange.done_at, AddressChange.decided_at, AddressChange.objected_at, AddressChange.asked_at
            )
            < place.before,
            or_(AddressChange.new_email != "", _holds(AddressChange.evidence)),
        )
        .order_by(AddressChange.id)
    )


def _clear_change_papers(session: Session, place: Place, keys: Sequence[Any]) -> None:
    """Not the papers alone: a stranger's name, phone and address have no business here once it is decided."""
    for change in _rows(session, AddressChange, place, keys):
        empty_address_change(change)


def _dispute_papers(place: Place) -> Select[Any]:
    ended = select(Dispute.id).where(
        Dispute.province_code == place.province_code,
        Dispute.state.in_((DisputeState.DECIDED, DisputeState.LAPSED)),
        func.coalesce(Dispute.decided_at, Dispute.opened_at) < place.before,
    )
    return (
        select(DisputeQuestion.id)
        .where(
            DisputeQuestion.province_code == place.province_code,
            DisputeQuestion.dispute_id.in_(ended),
            or_(_holds(DisputeQuestion.papers), DisputeQuestion.answer != ""),
        )
        .order_by(DisputeQuestion.id)
    )


def _clear_dispute_papers(session: Session, place: Place, keys: Sequence[Any]) -> None:
    for question in _rows(session, DisputeQuestion, place, keys):
        question.answer, question.papers = "", []


# --- Lists that were brought in ------------------------------------------------------------------------------------


def _unfinished_imports(place: Place) -> Select[Any]:
    return (
        select(Import.id)
        .where(
            Import.province_code == place.province_code, Import.state.in_(_UNFINISHED), Import.started_at < place.before
        )
        .order_by(Import.id)
    )


def _clear_unfinished_imports(session: Session, place: Place, keys: Sequence[Any]) -> None:
    """Nobody has gone on with it: it ends as if its agency had given it up, and its file goes with the others."""
    for import_id in keys:
        key = (place.province_code, import_id)
        import_ = session.get(Import, key, with_for_update=True, populate_existing=True)
        if import_ is None or import_.state not in _UNFINISHED:
            continue  # somebody has, or another run was faster
        take_step(session, key, Step.CANCEL, seen=None, rows=0, done=0, totals={}, file_sha256="")
        forget_rows(session, key)
        record(
            session,
            "import.cancelled",
            province_code=place.province_code,
            object_id=import_id,
            actor=SYSTEM,
            now=place.now,
        )


def _ended_before(place: Place) -> ColumnElement[bool]:
    ended = func.coalesce(Import.undone_at, Import.committed_at, Import.started_at)
    return and_(Import.province_code == place.province_code, Import.state.in_(_ENDED), ended < place.before)


def _import_rows(place: Place) -> Select[Any]:
    keys: tuple[Any, ...] = (ImportRow.import_id, ImportRow.number)
    due: Select[Any] = (
        select(*keys)
        .join(Import, and_(Import.province_code == ImportRow.province_code, Import.id == ImportRow.import_id))
        .where(_ended_before(place), _holds(ImportRow.cells))
        .order_by(ImportRow.import_id, ImportRow.number)
    )
    return due


def _clear_import_rows(session: Session, place: Place, keys: Sequence[Any]) -> None:
    for import_id, number in keys:
        empty_row(session.get_one(ImportRow, (place.province_code, import_id, number)))


def _import_files(place: Place) -> Select[Any]:
    return select(Import.id).where(_ended_before(place), Import.file_sha256 != "").order_by(Import.id)


def _clear_import_files(session: Session, place: Place, keys: Sequence[Any]) -> None:
    session.execute(
        update(Import)
        .where(Import.province_code == place.province_code, Import.id.in_(keys))
        .values(file_sha256="")
        .execution_options(synchronize_session=False)
    )


def _rows(session: Session, model: Any, place: Place, ids: Sequence[uuid.UUID]) -> Sequence[Any]:
    return session.scalars(select(model).where(model.province_code == place.province_code, model.id.in_(ids))).all()


PARTS = (
    Part("drafts", "drafts", _drafts, _clear_drafts, whole_system=True),
    Part("throttle", "sign_in_facts", _throttle, _clear_throttle, whole_system=True),
    Part("sessions", "sign_in_facts", _sessions, _clear_sessions),
    Part("staff_links", "sign_in_facts", _links, _clear_links),
    Part("signature_networks", "sign_in_facts", _networks, _clear_networks),
    Part("messages_body", "messages_body", _messages, _clear_messages),
    Part("requests_words", "messages_body", _requests, _clear_requests),
    Part("tips_rejected", "tips_rejected", _tips, _clear_tips),
    Part("tip_pictures", "evidence_pictures", _tip_pictures, _clear_tip_pictures),
    Part("sighting_pictures", "evidence_pictures", _sighting_pictures, _clear_sighting_pictures),
    Part("mailbox_papers", "evidence_pictures", _change_papers, _clear_change_papers),
    Part("dispute_papers", "evidence_pictures", _dispute_papers, _clear_dispute_papers),
    Part("uploads_unfinished", "uploads_unfinished", _unfinished_imports, _clear_unfinished_imports),
    Part("import_rows", "import_files", _import_rows, _clear_import_rows, of_lists=True),
    Part("import_files", "import_files", _import_files, _clear_import_files),
)
"""Files follow last: what these steps empty is named by nobody from then on."""
