"""What the lists of an agency must say of a day, by the book; and what the product's lines say, in the same words."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from pledges.rounds.list_rows import ListRow
from tests.support.year.book import Book
from tests.support.year.register_book import Ask, Owed, Try

PARTS = {"not_pledged": ("not_pledged", "unreachable"), "pledged": ("in_force", "waiting_for_agency")}
NEVER_LEFT, TAKEN_BACK = "called off", "taken back"


class Line(NamedTuple):
    """Everything that a line says, subjects by their numbers."""

    group: str
    commune: str
    entry: str
    subject: int
    website: str
    clause: str
    types: tuple[str, ...]
    cohort: str
    asked_on: date | None
    turns_on: date | None
    ways: tuple[tuple[str, date], ...]
    reason: str
    name: str
    tax_code: str
    first_seen: date


def lines_of(book: Book, agency: str, kind: str, day: date) -> list[Line]:
    """In the order of a document, as far as the book knows it."""
    found = [(book.group(owed, day), owed) for owed in book.of_agency[agency]]
    return sorted(_line(book, group, owed) for group, owed in found if group in PARTS[kind])


def groups_of(book: Book, agency: str, day: date) -> Counter[tuple[str, str, str]]:
    """How many stand in each of the six groups, by entry and commune."""
    found = ((owed.duty.id, _commune(book, owed), book.group(owed, day)) for owed in book.of_agency[agency])
    return Counter(each for each in found if each[2])


def _commune(book: Book, owed: Owed) -> str:
    return book.subjects[owed.subject].commune if owed.subject is not None else ""


def _line(book: Book, group: str, owed: Owed) -> Line:
    subject = book.subjects[owed.subject] if owed.subject is not None else None
    asks = book.asks_of.get(owed, [])
    found = [each for ask in asks for each in book.tries_about(owed, ask)]
    tries = [each for each in found if each.outcome not in (NEVER_LEFT, TAKEN_BACK)]
    written = any(each.way == "mail" for each in found)
    days = sorted({(each.day, each.way) for each in tries})
    open_ = group in PARTS["not_pledged"]
    return Line(
        group=group,
        commune=_commune(book, owed),
        entry=owed.duty.id,
        subject=owed.subject or 0,
        website=owed.website,
        clause=owed.duty.clause,
        types=tuple(sorted(owed.duty.types & subject.types if subject else owed.duty.types)),
        cohort=owed.cohort,
        asked_on=owed.asked_on if open_ else None,
        turns_on=book.turns_on(owed) if open_ else None,
        ways=tuple((way, day) for day, way in days),
        reason=_reason(book, owed, asks, tries, written=written) if group == "unreachable" else "",
        name=subject.name if subject else "",
        tax_code=subject.tax_code if subject else "",
        first_seen=book.websites[owed.website].seen if owed.website else min(subject.seen if subject else ()),
    )


def _reason(book: Book, owed: Owed, asks: list[Ask], tries: list[Try], *, written: bool) -> str:
    """`written`: a mail about it stood in line at some time, so that there was an address."""
    mails = {each.outcome for each in tries if each.way == "mail"}
    for outcome in ("bounced", "refused", "uncertain"):
        if outcome in mails:
            return outcome
    if mails:
        return "on_its_way"
    if tries:
        return "not_met"
    if asks and not written:
        return "no_contact"
    if any(owed in found for found in book.left_out.values()):
        return "left_out"
    missing = owed.duty.instrument == "acknowledgement" and owed.duty.id not in book.documents
    return "no_document" if missing else "not_asked"


def told(rows: Iterable[ListRow], numbers: Mapping[uuid.UUID, int]) -> list[Line]:
    """The product's lines in these words and in this order."""
    return sorted(_told(row, numbers) for row in rows)


def _told(row: ListRow, numbers: Mapping[uuid.UUID, int]) -> Line:
    assert row.first_seen_on is not None
    return Line(
        group=row.group.value,
        commune=row.commune_code,
        entry=row.entry_id,
        subject=numbers[row.entity_id] if row.entity_id is not None else 0,
        website=row.channel,
        clause=row.clause,
        types=row.subject_types,
        cohort=row.cohort,
        asked_on=row.asked_on,
        turns_on=row.turns_on,
        ways=row.ways,
        reason=row.unreached_reason.value if row.unreached_reason is not None else "",
        name=row.name,
        tax_code=row.tax_code,
        first_seen=row.first_seen_on,
    )
