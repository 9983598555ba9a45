"""Lists that an administrator pastes, line by line: reporting units, and the people who work for them.

Reading changes nothing, so that a page can show how each line was understood before anything is added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import clean_name
from pledges.accounts.permissions import unit_code_of
from pledges.core.errors import N_, DomainError
from pledges.core.identity import parse_email
from pledges.core.text import clean_line, fold
from pledges.duties.unit_queries import living_units
from pledges.plans.models import ReportingUnit, UnitKind

MOST_LINES = 500
LONGEST_NAME = 200
LONGEST_PERSON = 100

_KINDS = {
    "so": UnitKind.DEPARTMENT,
    "nganh": UnitKind.DEPARTMENT,
    "bao": UnitKind.PRESS,
    "dai": UnitKind.PRESS,
    "phat thanh": UnitKind.PRESS,
    "truyen hinh": UnitKind.PRESS,
    "quan ly thi truong": UnitKind.MARKET_CONTROL,
    "qltt": UnitKind.MARKET_CONTROL,
    "cap tren": UnitKind.SUPERIOR,
}
"""How people begin to write the kind of a unit, folded."""
_COMMUNE_KINDS = {"p": "phuong", "x": "xa", "dk": "dac khu"}


@dataclass(frozen=True)
class UnitLine:
    """ "tên; loại; thư điện tử; họ và tên"; the last two may be missing."""

    number: int
    text: str
    name: str = ""
    kind: UnitKind | None = None
    email: str = ""
    person: str = ""
    problem: DomainError | None = None
    known: bool = False
    """The unit is there already; its people are invited on their own page."""

    @property
    def ready(self) -> bool:
        return self.problem is None and not self.known


@dataclass(frozen=True)
class PersonLine:
    """ "đơn vị; họ và tên; thư điện tử"."""

    number: int
    text: str
    unit: ReportingUnit | None = None
    name: str = ""
    email: str = ""
    problem: DomainError | None = None
    known: bool = False
    """Has an account for this unit already."""

    @property
    def open(self) -> bool:
        """Nobody stands in it yet."""
        return self.problem is None and not self.name and not self.email

    @property
    def ready(self) -> bool:
        return self.problem is None and not self.known and not self.open


def unit_key(name: str) -> str:
    """Two ways of writing a unit's name give the same key: "UBND xã Đồng Đăng", "xã Đồng Đăng"."""
    folded = re.sub(r"^(uy ban nhan dan|ubnd) ", "", fold(name))
    return re.sub(r"^(dk|p|x)(\. *| )", lambda found: f"{_COMMUNE_KINDS[found[1]]} ", folded)


def read_units(session: Session, province_code: str, text: str, today: date) -> list[UnitLine]:
    known = {unit_key(unit.name) for unit in living_units(session, province_code, today)}
    accounts = _accounts(session, text)
    seen: set[str] = set()
    found = []
    for number, line in _lines(text):
        try:
            read = _unit(number, line, known, accounts, seen)
        except DomainError as problem:
            read = UnitLine(number, line, problem=problem)
        seen |= {unit_key(read.name), read.email} - {""}
        found.append(read)
    return found


def _unit(number: int, line: str, known: set[str], accounts: Mapping[str, Staff], seen: set[str]) -> UnitLine:
    name, kind, email, person = _cells(line, 4)
    name = clean_line(name, most=LONGEST_NAME)
    if not name:
        raise DomainError(N_("Dòng này thiếu tên đơn vị."))
    if unit_key(name) in seen:
        raise DomainError(N_("Đơn vị này đã có ở một dòng trên."))
    if unit_key(name) in known:
        return UnitLine(number, line, name, known=True)
    read = UnitLine(number, line, name, _kind(kind))
    if not email and not person:
        return read
    # Who only gives an address means the unit's own: its people are told apart once they have signed in.
    address, called = _person(email, person or name[:LONGEST_PERSON])
    if address in accounts or address in seen:
        raise DomainError(N_("Địa chỉ %(email)s đã có tài khoản. Hãy dùng địa chỉ khác."), email=address)
    return UnitLine(number, line, name, read.kind, address, called)


def _kind(typed: str) -> UnitKind:
    folded = fold(typed)
    for beginning, kind in _KINDS.items():
        if folded == beginning or folded.startswith((f"{beginning} ", f"{beginning},")):
            return kind
    raise DomainError(N_("Hãy ghi loại đơn vị ở mục thứ hai: sở, báo, quản lý thị trường hoặc cấp trên."))


def read_people(session: Session, province_code: str, text: str, today: date) -> list[PersonLine]:
    units: dict[str, list[ReportingUnit]] = {}
    for unit in living_units(session, province_code, today):
        for key in {unit_key(unit.name), fold(unit.code), _without_kind(unit)}:
            units.setdefault(key, []).append(unit)
    accounts = _accounts(session, text)
    seen: set[str] = set()
    found = []
    for number, line in _lines(text):
        try:
            read = _person_line(number, line, units, accounts, seen)
        except DomainError as problem:
            read = PersonLine(number, line, name=_cells(line, 3)[0], problem=problem)
        seen |= {read.email} - {""}
        found.append(read)
    return found


def _person_line(
    number: int, line: str, units: Mapping[str, list[ReportingUnit]], accounts: Mapping[str, Staff], seen: set[str]
) -> PersonLine:
    named, person, email = _cells(line, 3)
    unit = _one_unit(named, units.get(unit_key(named), []))
    if not person and not email:
        return PersonLine(number, line, unit)
    address, called = _person(email, person)
    if address in seen:
        raise DomainError(N_("Địa chỉ %(email)s đã có ở một dòng trên."), email=address)
    account = accounts.get(address)
    if account is None:
        return PersonLine(number, line, unit, called, address)
    if account.province_code == unit.province_code and unit_code_of(account) == unit.code:
        return PersonLine(number, line, unit, called, address, known=True)
    raise DomainError(N_("Địa chỉ %(email)s đã có tài khoản ở nơi khác. Hãy dùng địa chỉ khác."), email=address)


def _without_kind(unit: ReportingUnit) -> str:
    """People leave out the kind of a commune; where two have one name, both are found and the code is asked for."""
    key = unit_key(unit.name)
    return re.sub(r"^(dac khu|phuong|xa) ", "", key) if unit.kind is UnitKind.COMMUNE else key


def _one_unit(named: str, found: list[ReportingUnit]) -> ReportingUnit:
    exact = [unit for unit in found if unit.name.endswith(named)] if len(found) > 1 else found
    if len(exact) == 1:
        return exact[0]
    if not named:
        raise DomainError(N_("Dòng này thiếu tên đơn vị."))
    if found:
        raise DomainError(N_("Có nhiều đơn vị tên “%(name)s”. Hãy ghi mã đơn vị thay cho tên."), name=named)
    raise DomainError(
        N_("Không có đơn vị báo cáo “%(name)s”. Hãy ghi đúng tên như trong danh sách, hoặc thêm đơn vị trước."),
        name=named,
    )


def _person(email: str, name: str) -> tuple[str, str]:
    """Address and name, both needed."""
    if not name:
        raise DomainError(N_("Dòng này thiếu họ và tên."))
    address = parse_email(email, field=None).casefold()
    return address, clean_name(name)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Those with anything in them, numbered as they stand."""
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip(" ;\t")]
    if len(numbered) > MOST_LINES:
        raise DomainError(N_("Mỗi lần dán nhiều nhất %(most)s dòng. Hãy chia làm nhiều lần."), most=MOST_LINES)
    yield from numbered


def _cells(line: str, count: int) -> list[str]:
    cells = [" ".join(cell.split()) for cell in re.split(r"[;\t]", line)]
    return (cells + [""] * count)[:count]


def _accounts(session: Session, text: str) -> dict[str, Staff]:
    """Whose addresses stand anywhere in the text."""
    typed = {word.casefold().strip(",;") for word in re.split(r"[\s;]+", text) if "@" in word}
    found: dict[str, Staff] = {}
    for chunk in _chunks(sorted(typed)):
        found |= {person.email: person for person in session.scalars(select(Staff).where(Staff.email.in_(chunk)))}
    return found


def _chunks(addresses: list[str], size: int = 400) -> Iterator[list[str]]:
    for first in range(0, len(addresses), size):
        yield addresses[first : first + size]
