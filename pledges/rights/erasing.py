"""What is erased when somebody asks for it, what has to stay, and why (`rules.GROUNDS`).

Rows that others count on stay without their contents: a withdrawn pledge is still one, but of nobody. Audit facts
hold no personal data and are never touched.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.audit.operations import record
from pledges.core.errors import N_
from pledges.core.secrecy import Vault
from pledges.imports.models import ImportRow
from pledges.registry.models import IN_SCOPE, Entity, EntityKind, Obligation, Sighting
from pledges.registry.rules import set_name
from pledges.registry.search_documents import refresh
from pledges.registry.upkeep_models import FormerName, UnreadValue
from pledges.review.models import Decision
from pledges.review.violation_models import Violation
from pledges.rights.contents import (
    close_address_changes,
    empty_address_changes,
    empty_draft,
    empty_messages,
    empty_pledge,
    empty_rows,
    empty_sent_papers,
    ended_address_changes,
    ended_messages,
    forget_standing_before,
    in_dispute,
    own_drafts,
    sent_for_disputes,
)
from pledges.rights.models import DataRequest
from pledges.rights.sources import SOURCES
from pledges.rights.subjects import Subject, subject_of
from pledges.rounds.list_models import SnapshotRow
from pledges.rounds.snapshots import erase_values
from pledges.signing.address_models import AddressChange
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.rules import OPEN_STATES
from pledges.signing.withdrawing import end_pledge

ERASED = N_("(đã xóa theo yêu cầu)")


@dataclass(frozen=True)
class Piece:
    """One part of what is held about a subject: how many rows of it, and, if it stays, the ground."""

    name: str
    count: int
    ground: str = ""

    @property
    def sentence(self) -> str:
        """For a person, marked for the catalogue."""
        return PIECES[self.name]


PIECES: dict[str, str] = {
    "drafts": N_("Bản đang viết"),
    "pledges_never_accepted": N_("Bản cam kết chưa từng được tiếp nhận: nội dung, chữ ký, tệp, ảnh"),
    "messages": N_("Nội dung thư đã gửi và địa chỉ nhận"),
    "address_changes": N_("Yêu cầu đổi hộp thư đã xong: tên, điện thoại, lý do, giấy tờ"),
    "dispute_papers": N_("Trả lời, giấy tờ đã gửi khi cơ quan xác minh chủ kênh"),
    "contacts": N_("Điện thoại, thư điện tử trong danh sách đối tượng"),
    "unread": N_("Nội dung chưa đọc được trong các danh sách đã nhập"),
    "import_rows": N_("Dòng của các danh sách đã nhập"),
    "frozen_lists": N_("Tên trong các danh sách đã chốt"),
    "register": N_("Tên, mã số, địa chỉ trong danh sách đối tượng"),
    "pledges_accepted": N_("Bản cam kết đã được cơ quan tiếp nhận, cùng tệp và thông tin trong đó"),
    "pledge_countersigning": N_("Bản cam kết cơ quan đã duyệt, đang ký số"),
    "pledges_elsewhere": N_("Bản cam kết do cơ quan khác tiếp nhận"),
    "decisions": N_("Quyết định của cơ quan về bản cam kết"),
    "members": N_("Tên trong danh sách do đơn vị lập"),
    "sightings": N_("Lần phát hiện do cơ quan ghi nhận"),
    "violations": N_("Quyết định xử lý vi phạm"),
}
"""In the order in which pages and letters name them."""


@dataclass
class Erased:
    """What a deletion did, or would do."""

    pieces: list[Piece] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """SHA-256 of files that no row names any more."""

    @property
    def gone(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.count and not piece.ground]

    @property
    def kept(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.count and piece.ground]

    def to_json(self) -> dict[str, Any]:
        return {
            "erased": {piece.name: piece.count for piece in self.gone},
            "kept": {piece.name: [piece.count, piece.ground] for piece in self.kept},
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Erased:
        gone = [Piece(name, count) for name, count in stored.get("erased", {}).items()]
        kept = [Piece(name, count, ground) for name, (count, ground) in stored.get("kept", {}).items()]
        return cls([*gone, *kept])


@dataclass(frozen=True)
class _Part:
    """`find` gives the rows, `clear` erases them and returns files that may go; None: they are always kept."""

    name: str
    find: Callable[[Session, Subject], Sequence[Any]]
    clear: Callable[[Session, Subject, Sequence[Any], datetime], Sequence[str]] | None
    ground: str = ""
    needed: Callable[[Session, Subject], bool] = lambda session, subject: False
    """Whether the rows of this subject have to stay after all, with the ground."""


def plan(
    session: Session, province_code: str, entity_id: uuid.UUID, *, contacts: bool, agency_code: str = ""
) -> Erased:
    """What `erase` would do now; changes nothing."""
    subject = subject_of(session, province_code, entity_id, agency_code)
    found = Erased()
    for part in _parts(contacts):
        stays = part.clear is None or part.needed(session, subject)
        found.pieces.append(Piece(part.name, len(part.find(session, subject)), part.ground if stays else ""))
    return found


def erase(
    session: Session,
    asked: DataRequest,
    *,
    contacts: bool,
    staff: Staff,
    now: datetime,
    post: tuple[Vault, str],
) -> Erased:
    """Erase what no law keeps; `post`: the vault and the public address, for letters about pledges that end by it."""
    subject = subject_of(session, asked.province_code, asked.entity_id, asked.agency_code)
    for change in close_address_changes(session, _never_accepted(session, subject), now):
        _record_refused(session, change, staff, now)
    for pledge in _never_accepted(session, subject):
        if pledge.state in OPEN_STATES and pledge.state is not PledgeState.COUNTERSIGNING:
            end_pledge(session, pledge, now=now, vault=post[0], public_url=post[1])
    session.flush()
    done = Erased()
    for part in _parts(contacts):
        rows = part.find(session, subject)
        if part.clear is None or part.needed(session, subject):
            done.pieces.append(Piece(part.name, len(rows), part.ground))
            continue
        done.pieces.append(Piece(part.name, len(rows)))
        done.files += part.clear(session, subject, rows, now) if rows else ()
    session.flush()
    refresh(session, subject.province_code, subject.entity_ids)
    record(
        session,
        "rights.erased",
        province_code=subject.province_code,
        object_id=asked.id,
        actor=actor_of(staff),
        now=now,
        data=done.to_json(),
    )
    return done


def _record_refused(session: Session, change: AddressChange, staff: Staff, now: datetime) -> None:
    record(
        session,
        "mailbox.refused",
        province_code=change.province_code,
        object_id=change.id,
        actor=actor_of(staff),
        now=now,
        data={"pledge": str(change.pledge_id)},
    )


def _parts(contacts: bool) -> tuple[_Part, ...]:
    """Whether contacts are still needed is for a person to say, except while a pledge is in force."""
    return (
        _Part("drafts", own_drafts, empty_draft),
        _Part("pledges_never_accepted", _never_accepted, _empty_pledges),
        _Part("messages", ended_messages, empty_messages),
        _Part("address_changes", ended_address_changes, empty_address_changes),
        _Part("dispute_papers", sent_for_disputes, empty_sent_papers, "case", in_dispute),
        _Part("contacts", _contacts, _forget_contacts, "state_task", lambda s, of: not contacts or _in_force(of)),
        _Part("unread", _unread, _forget_unread),
        _Part("import_rows", _import_rows, empty_rows),
        _Part("frozen_lists", _frozen, _forget_frozen),
        _Part("register", _register, _forget_register, "state_task", _is_needed),
        _Part("pledges_accepted", lambda s, of: [one for one in of.pledges if _accepted(one)], None, "archive"),
        _Part("pledge_countersigning", _countersigning, None, "archive"),
        _Part("pledges_elsewhere", _elsewhere, None, "elsewhere"),
        _Part("decisions", _decisions, None, "archive"),
        _Part("members", SOURCES["institution_member"], None, "state_task"),
        _Part("sightings", _sightings, None, "state_task"),
        _Part("violations", _violations, None, "case"),
    )


# --- Pledges -------------------------------------------------------------------------------------------------------


def _never_accepted(session: Session, subject: Subject) -> list[Pledge]:
    """Those that hold anything: an emptied one has no address and says so."""
    return [
        pledge
        for pledge in subject.pledges
        if not _accepted(pledge)
        and pledge.state is not PledgeState.COUNTERSIGNING
        and "erased_on" not in pledge.answers
        and not subject.is_elsewhere(pledge)
    ]


def _elsewhere(session: Session, subject: Subject) -> list[Pledge]:
    """Of those that hold anything and could go: no agency erases what another one works on."""
    return [
        pledge
        for pledge in subject.pledges
        if subject.is_elsewhere(pledge)
        and not _accepted(pledge)
        and pledge.state is not PledgeState.COUNTERSIGNING
        and "erased_on" not in pledge.answers
    ]


def _accepted(pledge: Pledge) -> bool:
    """By the agency, now or before it ended: then it is a record of an authority."""
    ended = (PledgeState.APPROVED, PledgeState.SUPERSEDED, PledgeState.REVOKED)
    return pledge.approved_at is not None or pledge.state in ended


def _countersigning(session: Session, subject: Subject) -> list[Pledge]:
    return [pledge for pledge in subject.pledges if pledge.state is PledgeState.COUNTERSIGNING]


def _in_force(subject: Subject) -> bool:
    return any(pledge.state in (PledgeState.APPROVED, PledgeState.COUNTERSIGNING) for pledge in subject.pledges)


def _empty_pledges(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> list[str]:
    return [file for pledge in rows for file in empty_pledge(session, pledge, ERASED, now)]


def _decisions(session: Session, subject: Subject) -> Sequence[Any]:
    return session.scalars(
        select(Decision.id).where(
            Decision.province_code == subject.province_code, Decision.pledge_id.in_(subject.pledge_ids)
        )
    ).all()


# --- The register --------------------------------------------------------------------------------------------------


def _contacts(session: Session, subject: Subject) -> Sequence[Any]:
    return [contact for contact in subject.contacts if not contact.value.startswith(FORGOTTEN)]


FORGOTTEN = "da-xoa:"
"""Begins what stands in place of a contact. The row stays: invitations name it."""


def _forget_contacts(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> tuple[str, ...]:
    for contact in rows:
        contact.value = f"{FORGOTTEN}{contact.id}"
        contact.holder = contact.bounce_reason = ""
        contact.verified_at, contact.formal = None, False
        contact.ended_at = contact.ended_at or now
    return ()


def _of_entity(session: Session, model: Any, subject: Subject) -> Sequence[Any]:
    return session.scalars(
        select(model).where(model.province_code == subject.province_code, model.entity_id.in_(subject.entity_ids))
    ).all()


def _unread(session: Session, subject: Subject) -> Sequence[Any]:
    return _of_entity(session, UnreadValue, subject)


def _forget_unread(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> tuple[str, ...]:
    for value in rows:
        session.delete(value)
    return ()


def _import_rows(session: Session, subject: Subject) -> Sequence[Any]:
    return [row for row in _of_entity(session, ImportRow, subject) if row.cells and row.applied_at is not None]


def _frozen(session: Session, subject: Subject) -> Sequence[Any]:
    """Names of organisations are no personal data."""
    if subject.entity.kind is not EntityKind.PERSON:
        return ()
    return session.scalars(
        select(SnapshotRow.position).where(
            SnapshotRow.province_code == subject.province_code,
            SnapshotRow.entity_id.in_(subject.entity_ids),
            SnapshotRow.salt != "",
        )
    ).all()


def _forget_frozen(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> tuple[str, ...]:
    for entity_id in subject.entity_ids:
        erase_values(session, subject.province_code, entity_id)
    return ()


def _register(session: Session, subject: Subject) -> Sequence[Any]:
    return () if subject.entity.name == ERASED else subject.entity_ids


def _is_needed(session: Session, subject: Subject) -> bool:
    """The register keeps whom a plan binds, whose pledge was accepted, and against whom something was decided."""
    bound = session.scalar(
        select(func.count())
        .select_from(Obligation)
        .where(
            Obligation.province_code == subject.province_code,
            Obligation.entity_id.in_(subject.entity_ids),
            Obligation.scope.in_(IN_SCOPE),
        )
    )
    accepted = any(_accepted(pledge) for pledge in subject.pledges)
    stays = (_countersigning(session, subject), _violations(session, subject), _elsewhere(session, subject))
    return bool(bound) or accepted or any(stays)


def _forget_register(session: Session, subject: Subject, rows: Sequence[Any], now: datetime) -> tuple[str, ...]:
    forget_standing_before(session, subject)
    for entity_id in subject.entity_ids:
        entity = session.get_one(Entity, (subject.province_code, entity_id))
        set_name(entity, ERASED)
        entity.tax_code = entity.personal_number = entity.personal_number_hash = entity.personal_number_last4 = None
        entity.address = ""
    session.execute(
        delete(FormerName).where(
            FormerName.province_code == subject.province_code, FormerName.entity_id.in_(subject.entity_ids)
        )
    )
    return ()


def _sightings(session: Session, subject: Subject) -> Sequence[Any]:
    return _of_entity(session, Sighting, subject)


def _violations(session: Session, subject: Subject) -> Sequence[Any]:
    return _of_entity(session, Violation, subject)
