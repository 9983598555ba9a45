"""Whom an agency still has to call or visit in a round: page by page, and as a table to take along."""

from __future__ import annotations

import csv
import io
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.db import new_id
from pledges.core.errors import N_, DomainError
from pledges.core.formulas import csv_safe
from pledges.core.identity import national_phone
from pledges.plans.queries import get_province
from pledges.registry.models import Contact, Location
from pledges.rounds.attempts import record_attempts, take_back_attempts
from pledges.rounds.letter_pdf import Recipient, recipients_of
from pledges.rounds.models import Ask, Attempt, LetterBatch, Outcome, Round, Way
from pledges.rounds.rules import is_taken_back
from pledges.rounds.unsigned import Recipients, open_asks

Key = tuple[str, uuid.UUID]
"""Province and id of a round."""

BY_HAND = (Way.LETTER, Way.CALL, Way.VISIT)
RETURNED = "thư bị trả lại"
PAGE_SIZE = 50
MOST_PICKED = 100
SHORTEST_REASON = 10
_AT_ONCE = 500

COLUMNS = (
    "Số thứ tự",
    "Xã, phường, đặc khu",
    "Tên",
    "Địa chỉ",
    "Điện thoại",
    "Người giữ số",
    "Việc cần làm",
    "Hạn",
    "Mã mời",
    "Kết quả liên hệ",
    "Ghi chú",
)


class Show(StrEnum):
    """Who stands on the page."""

    PHONE = "phone"
    """Reached by nobody, with a phone."""
    UNREACHED = "unreached"
    ALL = "all"
    """Everybody who has not signed."""


@dataclass(frozen=True)
class CallRow:
    recipient: Recipient
    phones: tuple[Contact, ...]
    attempts: tuple[Attempt, ...]
    """Newest first."""

    @property
    def ask(self) -> Ask:
        return self.recipient.ask


def _has_phone() -> ColumnElement[bool]:
    return (
        select(Contact.id)
        .where(
            Contact.province_code == Ask.province_code,
            Contact.entity_id == Ask.entity_id,
            Contact.kind == "phone",
            Contact.ended_at.is_(None),
        )
        .exists()
    )


def _wanted(of_round: Round, show: Show, commune_code: str | None) -> Select[uuid.UUID]:
    recipients = Recipients.ALL if show is Show.ALL else Recipients.UNREACHED
    found = open_asks(of_round, recipients, commune_code)
    return found.where(_has_phone()) if show is Show.PHONE else found


def count_calls(session: Session, of_round: Round, show: Show, commune_code: str | None) -> int:
    wanted = _wanted(of_round, show, commune_code).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(wanted)) or 0


def call_page(session: Session, of_round: Round, show: Show, commune_code: str | None, page: int) -> list[CallRow]:
    """One page, commune by commune and by name."""
    wanted = _wanted(of_round, show, commune_code).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return rows_of(session, of_round, list(session.scalars(wanted)))


def rows_of(session: Session, of_round: Round, ask_ids: Sequence[uuid.UUID]) -> list[CallRow]:
    """The rows of some asks, in the given order."""
    recipients = recipients_of(session, of_round.province_code, ask_ids)
    phones: dict[uuid.UUID, list[Contact]] = defaultdict(list)
    for contact in session.scalars(
        select(Contact)
        .where(
            Contact.province_code == of_round.province_code,
            Contact.entity_id.in_([each.entity.id for each in recipients]),
            Contact.kind == "phone",
            Contact.ended_at.is_(None),
        )
        .order_by(Contact.formal.desc(), Contact.id)
    ):
        phones[contact.entity_id].append(contact)
    attempts: dict[uuid.UUID, list[Attempt]] = defaultdict(list)
    for attempt in session.scalars(
        select(Attempt)
        .where(Attempt.province_code == of_round.province_code, Attempt.ask_id.in_(ask_ids))
        .order_by(Attempt.made_on.desc(), Attempt.recorded_at.desc(), Attempt.id.desc())
    ):
        if not is_taken_back(attempt.step):
            attempts[attempt.ask_id].append(attempt)
    return [CallRow(each, tuple(phones[each.entity.id]), tuple(attempts[each.ask.id])) for each in recipients]


def picked_asks(session: Session, of_round: Round, ask_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Those of the ids that are asks of this round, in the given order: nobody records anything about others'."""
    found = set(
        session.scalars(
            select(Ask.id).where(
                Ask.province_code == of_round.province_code, Ask.round_id == of_round.id, Ask.id.in_(ask_ids)
            )
        )
    )
    return [ask_id for ask_id in dict.fromkeys(ask_ids) if ask_id in found]


# --- What came of it -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recorded:
    """What somebody has recorded for several at once; taken back the same way."""

    id: uuid.UUID
    way: Way
    outcome: Outcome
    made_on: date
    recorded_at: datetime
    recorded_by: uuid.UUID | None
    number: int


def record_results(
    session: Session,
    key: Key,
    ask_ids: Sequence[uuid.UUID],
    way: Way,
    outcome: Outcome,
    *,
    made_on: date,
    note: str,
    staff: Staff,
    now: datetime,
) -> int:
    """One result for all of them. A letter that came back also takes away that it had arrived."""
    if (way, outcome) == (Way.LETTER, Outcome.NOT_REACHED):
        _take_back_letters(session, key, ask_ids, staff, now)
    return record_attempts(
        session,
        key,
        ask_ids,
        way=way,
        outcome=outcome,
        made_on=made_on,
        note=note,
        staff=staff,
        now=now,
        batch_id=new_id(),
    )


def _take_back_letters(session: Session, key: Key, ask_ids: Sequence[uuid.UUID], staff: Staff, now: datetime) -> None:
    sent = session.scalars(
        select(Attempt.id).where(
            Attempt.province_code == key[0],
            Attempt.ask_id.in_(ask_ids),
            Attempt.step == Way.LETTER.value,
            Attempt.outcome == Outcome.REACHED,
        )
    ).all()
    if sent:
        take_back_attempts(session, key, sent, reason=RETURNED, staff=staff, now=now)


def recorded_results(session: Session, of_round: Round, limit: int = 20) -> list[Recorded]:
    """What was recorded lately and not taken back, newest first; files of letters have a page of their own."""
    files = select(LetterBatch.id).where(
        LetterBatch.province_code == of_round.province_code, LetterBatch.round_id == of_round.id
    )
    columns = (
        *(Attempt.batch_id, Attempt.way, Attempt.outcome),
        *(Attempt.made_on, Attempt.recorded_at, Attempt.recorded_by),
    )
    rows = session.execute(
        select(*columns, func.count())
        .join(Ask, (Ask.province_code == Attempt.province_code) & (Ask.id == Attempt.ask_id))
        .where(
            Attempt.province_code == of_round.province_code,
            Ask.round_id == of_round.id,
            # What was taken back has another step, and mail has no batch.
            Attempt.step.in_([way.value for way in BY_HAND]),
            Attempt.batch_id.is_not(None),
            Attempt.batch_id.not_in(files),
        )
        .group_by(*columns)
        .order_by(Attempt.recorded_at.desc(), Attempt.batch_id)
        .limit(limit)
    )
    return [
        Recorded(batch_id, way, outcome, made_on, recorded_at, recorded_by, number)
        for batch_id, way, outcome, made_on, recorded_at, recorded_by, number in rows
        if batch_id is not None
    ]


# --- As a table ----------------------------------------------------------------------------------------------------


def record_call_export(
    session: Session,
    of_round: Round,
    show: Show,
    commune_code: str | None,
    *,
    reason: str,
    staff: Staff,
    now: datetime,
) -> int:
    """Note who takes the phones of how many along, and why; before the first byte leaves."""
    place = Place(of_round.province_code, of_round.agency_code)
    require(staff, Action.ROUND_MANAGE, place)
    require(staff, Action.ENTITY_CONTACTS, place)
    if len(reason) < SHORTEST_REASON:
        raise DomainError(N_("Hãy ghi lý do tải, ít nhất %(least)s ký tự."), field="reason", least=SHORTEST_REASON)
    rows = count_calls(session, of_round, show, commune_code)
    record(
        session,
        "list.exported",
        province_code=of_round.province_code,
        object_id=of_round.id,
        actor=actor_of(staff),
        now=now,
        data={
            "list": "calls",
            "format": "csv",
            "round": str(of_round.id),
            "filters": {"show": show.value, "commune": commune_code or ""},
            "rows": rows,
            "reason": reason,
        },
    )
    return rows


def call_table(session: Session, of_round: Round, show: Show, commune_code: str | None) -> Iterator[str]:
    """The lines of the CSV; spreadsheet programs read UTF-8 only with the mark at the beginning."""
    yield "\ufeff" + _line(COLUMNS)
    province = get_province(session, of_round.province_code)
    number = 0
    ids = session.scalars(_wanted(of_round, show, commune_code).execution_options(yield_per=_AT_ONCE))
    for part in ids.partitions(_AT_ONCE):
        for row in rows_of(session, of_round, part):
            number += 1
            entity, commune = row.recipient.entity, row.recipient.commune
            local = commune is not None and entity.location is Location.LOCAL
            yield _line(
                (
                    str(number),
                    commune.name if commune is not None and local else f"ngoài {province.name}",
                    entity.name,
                    entity.address,
                    "; ".join(national_phone(each.value) for each in row.phones),
                    "; ".join(each.holder for each in row.phones if each.holder),
                    "; ".join(matters(row.recipient)),
                    f"{row.ask.shown_day:%d/%m/%Y}",
                    row.ask.short_code,
                    "",
                    "",
                )
            )


def matters(recipient: Recipient) -> list[str]:
    """What somebody is to be asked for, in a few words."""
    return [
        *(f"Ký cam kết: {group}" for group in recipient.pledges),
        *(f"Xác nhận đã nhận {document}" for document in recipient.documents),
    ]


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([csv_safe(cell) for cell in cells])
    return out.getvalue()
