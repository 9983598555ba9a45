"""The rules of institutions that need no database: limits, lines of a list, and who of a list has signed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pledges.core.errors import N_, DomainError
from pledges.core.identity import clean_line, fold, parse_email
from pledges.imports.cells import without_personal_numbers
from pledges.institutions.models import InstitutionMember
from pledges.signing.models import Pledge, PledgeState

MOST_MEMBERS = 2_000
MOST_REGISTERED_AT_ONCE = 300
"""People put into the register by one press: each is a few statements, and the page waits for all."""
LINK_LIFETIME = timedelta(days=180)
LONGEST_NAME = 120

ENDED = frozenset({PledgeState.REJECTED, PledgeState.SUPERSEDED, PledgeState.REVOKED, PledgeState.WITHDRAWN})


@dataclass(frozen=True)
class Person:
    """One line of a list, clean."""

    name: str
    detail: str = ""
    email: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return fold(self.name), fold(self.detail)


@dataclass(frozen=True)
class BadLine:
    """A line that could not be read: kept as typed, with the reason."""

    number: int
    typed: str
    refusal: DomainError


def read_line(typed: str) -> Person:
    """`Name; detail; address`, in any order behind the name, separated by semicolons, tabs or bars.

    Staff lists often carry personal numbers, which nobody asked for: of them only the last four digits are kept.
    """
    parts = [part.strip() for part in typed.replace("\t", ";").replace("|", ";").split(";")]
    name = clean_line(without_personal_numbers(parts[0]), most=LONGEST_NAME)
    if not name:
        raise DomainError(N_("Dòng này không có họ tên ở đầu."))
    if "@" in name:
        raise DomainError(N_("Hãy ghi họ tên trước, rồi đến thư điện tử, cách nhau bằng dấu chấm phẩy."))
    if not any(letter.isalpha() for letter in name):
        raise DomainError(N_("Họ tên phải có chữ cái."))
    emails = [part for part in parts[1:] if "@" in part]
    details = [part for part in parts[1:] if part and "@" not in part]
    if len(emails) > 1:
        raise DomainError(N_("Mỗi người chỉ ghi một thư điện tử."))
    return Person(
        name=name,
        detail=clean_line(", ".join(without_personal_numbers(part) for part in details), most=200),
        email=parse_email(emails[0]) if emails else "",
    )


def read_lines(lines: Iterable[str]) -> tuple[list[Person], list[BadLine]]:
    """Every line that says something, read or refused; the same person twice counts once."""
    people: dict[tuple[str, str], Person] = {}
    bad = []
    for number, line in enumerate(lines, start=1):
        if not line.strip(" ;\t|"):
            continue
        try:
            person = read_line(line)
        except DomainError as refusal:
            bad.append(BadLine(number, line.strip()[:200], refusal))
        else:
            people.setdefault(person.key, person)
    return list(people.values()), bad


@dataclass(frozen=True)
class Matched:
    """Who of the list has signed, and who has signed through the link without standing in the list."""

    signed: dict[int, Pledge]
    """By position in the list of members."""
    strangers: tuple[Pledge, ...]


def match_members(members: Sequence[InstitutionMember], pledges: Sequence[Pledge]) -> Matched:
    """Give each pledge to one member: the one somebody chose, the same entity, the same address, the same name.

    Of two members with one name the one without another pledge gets it; an address decides before a name does.
    A pledge that has ended counts for nobody.
    """
    living = [pledge for pledge in pledges if pledge.state not in ENDED]
    signed: dict[int, Pledge] = {}
    free = {pledge.id: pledge for pledge in living}

    def give(place: int, pledge: Pledge) -> None:
        signed[place] = free.pop(pledge.id)

    for place, member in enumerate(members):
        own = free.get(member.pledge_id) if member.pledge_id is not None else None
        if own is None and member.entity_id is not None:
            own = next((each for each in free.values() if each.entity_id == member.entity_id), None)
        if own is not None:
            give(place, own)
    for by_address in (True, False):
        for place, member in enumerate(members):
            if place in signed or (by_address and not member.email):
                continue
            found = next((each for each in free.values() if _is_about(each, member, by_address)), None)
            if found is not None:
                give(place, found)
    return Matched(signed, tuple(free.values()))


def _is_about(pledge: Pledge, member: InstitutionMember, by_address: bool) -> bool:
    same_name = fold(str(pledge.answers.get("name", ""))) == member.name_fold
    if by_address:
        return same_name and pledge.contact_email == member.email
    return same_name


_NAME_HEADINGS = ("ho va ten", "ho ten", "ho, ten", "ten nhan vien", "full name", "name", "ten")
_EMAIL_HEADINGS = ("mail", "thu dien tu")
_DETAIL_HEADINGS = ("khoa", "phong", "chuc", "don vi", "bo phan", "giay phep", "gphn", "cchn", "vi tri", "nghe danh")
_ROWS_WITH_HEADINGS = 15


def lines_of_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows of a spreadsheet as the lines that `read_lines` reads; its headings say which column is what.

    Without headings the first column that holds letters is the name, and whatever has an @ the address.
    """
    for place, row in enumerate(rows[:_ROWS_WITH_HEADINGS]):
        headings = [fold(cell) for cell in row]
        name = next((headings.index(word) for word in _NAME_HEADINGS if word in headings), None)
        if name is None:
            name = next((at for at, text in enumerate(headings) if "ho va ten" in text or "ho ten" in text), None)
        if name is None:
            continue
        email = next((at for at, text in enumerate(headings) if any(word in text for word in _EMAIL_HEADINGS)), None)
        details = [
            at
            for at, text in enumerate(headings)
            if at not in {name, email} and any(word in text for word in _DETAIL_HEADINGS)
        ]
        return [_line(row, name, details, email) for row in rows[place + 1 :]]
    return [_line_without_headings(row) for row in rows]


def _line(row: Sequence[str], name: int, details: Sequence[int], email: int | None) -> str:
    def cell(at: int) -> str:
        return row[at].replace(";", ",").strip() if at < len(row) else ""

    chosen = [cell(at) for at in details if cell(at)]
    address = cell(email) if email is not None else ""
    return "; ".join([cell(name), *([", ".join(chosen)] if chosen else []), *([address] if address else [])])


def _line_without_headings(row: Sequence[str]) -> str:
    cells = [cell.replace(";", ",").strip() for cell in row]
    spoken = [cell for cell in cells if any(letter.isalpha() for letter in cell) and "@" not in cell]
    return "; ".join([*spoken[:2], *[cell for cell in cells if "@" in cell][:1]])
