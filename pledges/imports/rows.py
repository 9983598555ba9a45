"""One row of a list as a subject: what each column means, and what a row says once it is read."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from pledges.core.errors import N_, DomainError
from pledges.core.identity import ChannelAddress, ChannelKind, clean_line, fold
from pledges.core.secrecy import Vault
from pledges.core.text import LONGEST_LINE
from pledges.imports.cells import (
    OLD_HOUSEHOLD_NUMBER,
    NumberKind,
    Read,
    Unread,
    kept,
    read_channels,
    read_date,
    read_emails,
    read_personal_number,
    read_phones,
    read_tax_code,
    without_personal_numbers,
)
from pledges.imports.subject_words import kind_of, read_subject_types
from pledges.plans.addresses import CONTRADICTION, Located, locate
from pledges.registry.models import EntityKind, Location
from pledges.registry.operations import PERSONAL_NUMBER

Value = TypeVar("Value")


class Field(StrEnum):
    """What a column can mean."""

    NAME = "name"
    SUBJECT_TYPE = "subject_type"
    TAX_CODE = "tax_code"
    PERSONAL_NUMBER = "personal_number"
    ADDRESS = "address"
    COMMUNE = "commune"
    PROVINCE = "province"
    PHONE = "phone"
    EMAIL = "email"
    CHANNEL = "channel"
    APPEARED_ON = "appeared_on"
    REPRESENTATIVE = "representative"
    LICENCE = "licence"
    NOTE = "note"
    SIGNED_ON = "signed_on"
    PAPER_NUMBER = "paper_number"
    SIGNER = "signer"
    IGNORE = "ignore"

    @property
    def label(self) -> str:
        """A message: what people choose from."""
        return _LABELS[self]


_LABELS = {
    Field.NAME: N_("Tên"),
    Field.SUBJECT_TYPE: N_("Nhóm đối tượng"),
    Field.TAX_CODE: N_("Mã số thuế"),
    Field.PERSONAL_NUMBER: N_("Số định danh cá nhân"),
    Field.ADDRESS: N_("Địa chỉ"),
    Field.COMMUNE: N_("Xã, phường, đặc khu"),
    Field.PROVINCE: N_("Tỉnh, thành phố"),
    Field.PHONE: N_("Điện thoại"),
    Field.EMAIL: N_("Thư điện tử"),
    Field.CHANNEL: N_("Kênh: trang web, gian hàng, tài khoản"),
    Field.APPEARED_ON: N_("Ngày bắt đầu hoạt động"),
    Field.REPRESENTATIVE: N_("Người đại diện"),
    Field.LICENCE: N_("Số giấy phép, giấy đăng ký"),
    Field.NOTE: N_("Ghi chú"),
    Field.SIGNED_ON: N_("Ngày ký"),
    Field.PAPER_NUMBER: N_("Số bản cam kết giấy"),
    Field.SIGNER: N_("Người ký"),
    Field.IGNORE: N_("Không dùng cột này"),
}

NOTHING_NAMED = N_("Dòng này không có tên và không có kênh nào. Hãy bổ sung tên hoặc địa chỉ kênh.")
NAME_WITHOUT_LETTERS = N_("Tên không có chữ nào. Hãy kiểm tra cột tên.")
SUM_ROW = N_("Đây là dòng tổng cộng, không phải một đối tượng.")
UNKNOWN_TYPE = N_("Không rõ đây là nhóm đối tượng nào; được xếp vào nhóm chung của danh sách.")

LONGEST_ADDRESS = 300
LONGEST_NOTE = 500
_SUM = re.compile(r"(?:tong cong|tong so)\s*[:=(]?\s*\d")
_SUMS = frozenset({"tong", "cong", "tong cong", "tong so", "cong cong"})
_KIND_OF_COMMUNE = re.compile(r"(?:xa|phuong|thi tran|dac khu|tt|ttr|[px])\b|p\d")


@dataclass(frozen=True)
class ParsedRow:
    kind: EntityKind
    name: str
    """Empty, if only a channel is known."""
    subject_types: tuple[str, ...]
    tax_code: str | None = None
    personal_number: str | None = dataclasses.field(default=None, repr=False)
    province_code: str | None = None
    """Where the address lies today; None: it cannot be told, or abroad."""
    province_certain: bool = False
    commune_code: str | None = None
    location: Location = Location.LOCAL
    country: str = "VN"
    place_note: str = ""
    """A message: why province or commune are open."""
    address: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    channels: tuple[ChannelAddress, ...] = ()
    appeared_on: date | None = None
    signed_on: date | None = None
    paper_number: str = ""
    signer: str = ""
    representative: str = ""
    licence: str = ""
    note: str = ""
    unread: tuple[Unread, ...] = ()
    refusal: tuple[str, Mapping[str, Any]] | None = None
    """Why the row cannot be used at all: a message and its params."""

    def to_json(self, vault: Vault) -> dict[str, Any]:
        """For the database: the personal number encrypted, the rest plain; what is empty is left out."""
        data: dict[str, Any] = {"kind": self.kind.value, "name": self.name, "subject_types": list(self.subject_types)}
        for name, empty in _DEFAULTS.items():
            value = getattr(self, name)
            if value != empty:
                data[name] = _as_json(name, value)
        if self.personal_number is not None:
            data["personal_number"] = vault.encrypt(PERSONAL_NUMBER, self.personal_number).hex()
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any], vault: Vault) -> ParsedRow:
        values: dict[str, Any] = {name: _from_json(name, value) for name, value in data.items()}
        if "personal_number" in data:
            values["personal_number"] = vault.decrypt(PERSONAL_NUMBER, bytes.fromhex(data["personal_number"]))
        return cls(**values)


_DEFAULTS = {
    field.name: field.default
    for field in dataclasses.fields(ParsedRow)
    if field.default is not dataclasses.MISSING and field.name != "personal_number"
}


def _as_json(name: str, value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if name in ("channels", "unread"):
        return [dataclasses.asdict(one) for one in value]
    return list(value) if isinstance(value, tuple) else value


def _from_json(name: str, value: Any) -> Any:
    match name:
        case "kind":
            return EntityKind(value)
        case "location":
            return Location(value)
        case "appeared_on" | "signed_on":
            return date.fromisoformat(value)
        case "channels":
            return tuple(ChannelAddress(**{**one, "kind": ChannelKind(one["kind"])}) for one in value)
        case "unread":
            return tuple(Unread(**one) for one in value)
        case _:
            return tuple(value) if isinstance(value, list) else value


def parse_row(
    cells: Sequence[str], mapping: Mapping[int, Field], *, province_code: str, subject_type: str
) -> ParsedRow:
    """What a row says, in a list of `province_code` about `subject_type`; never raises.

    Several columns may mean the same field; columns count from 0.
    """
    return _RowReader(cells, mapping).parsed(province_code, subject_type)


class _RowReader:
    """One row that is being read; `unread` grows on the way."""

    def __init__(self, cells: Sequence[str], mapping: Mapping[int, Field]) -> None:
        self.typed: dict[Field, list[str]] = {}
        self.unread: list[Unread] = []
        for column in sorted(mapping):
            text = cells[column].strip() if 0 <= column < len(cells) else ""
            if text and mapping[column] is not Field.IGNORE:
                self.typed.setdefault(mapping[column], []).append(text)

    def parsed(self, province_code: str, subject_type: str) -> ParsedRow:
        name, refusal = self._name()
        tax_code, personal_number = self._numbers()
        emails, channels = self._emails_and_channels()
        subject_types = self._subject_types() or (subject_type,)
        address, located = self._place(province_code)
        licence = self._line(Field.LICENCE) or self._old_household_number()
        elsewhere = located.province_code not in (None, province_code)
        if refusal is None and not name and not channels:
            refusal = (NOTHING_NAMED, {})
        return ParsedRow(
            kind=kind_of(
                name, subject_types, tax_code=tax_code is not None, personal_number=personal_number is not None
            ),
            name=name,
            subject_types=subject_types,
            tax_code=tax_code,
            personal_number=personal_number,
            province_code=located.province_code,
            province_certain=located.certain,
            commune_code=located.commune_code,
            location=(
                Location.ABROAD if located.country != "VN" else Location.ELSEWHERE if elsewhere else Location.LOCAL
            ),
            country=located.country,
            place_note=located.note,
            address=address,
            phones=tuple(self._read(Field.PHONE, read_phones)),
            emails=tuple(emails),
            channels=tuple(channels),
            appeared_on=self._first(Field.APPEARED_ON, read_date),
            signed_on=self._first(Field.SIGNED_ON, read_date),
            paper_number=self._line(Field.PAPER_NUMBER),
            signer=self._line(Field.SIGNER),
            representative=self._line(Field.REPRESENTATIVE),
            licence=licence,
            note=self._line(Field.NOTE, most=LONGEST_NOTE),
            # Last: everything above adds to it.
            unread=tuple(self.unread),
            refusal=refusal,
        )

    def _name(self) -> tuple[str, tuple[str, Mapping[str, Any]] | None]:
        typed = " ".join(self.typed.get(Field.NAME, ()))
        try:
            name = without_personal_numbers(clean_line(typed))
        except DomainError as refusal:
            return "", (refusal.message, refusal.params)
        if name and not any(map(str.isalpha, name)):
            self.unread.append(Unread(name, NAME_WITHOUT_LETTERS, field=Field.NAME))
            return "", None
        if fold(name).strip(" :.") in _SUMS or _SUM.match(fold(name)):
            return name, (SUM_ROW, {})
        return name, None

    def _line(self, field: Field, most: int = LONGEST_LINE) -> str:
        """The cells of a field as one line of text; what may not be stored is kept as not read."""
        typed = ", ".join(self.typed.get(field, ()))
        if not typed:
            return ""
        try:
            return without_personal_numbers(clean_line(typed, most=most))
        except DomainError as refusal:
            self.unread.append(Unread(kept(typed), refusal.message, refusal.params, field))
            return ""

    def _read(self, field: Field, read: Callable[[str], Read[Value]]) -> list[Value]:
        found: list[Value] = []
        for typed in self.typed.get(field, ()):
            outcome = read(typed)
            found += [value for value in outcome.values if value not in found]
            self.unread += [dataclasses.replace(one, field=field.value) for one in outcome.unread]
        return found

    def _first(self, field: Field, read: Callable[[str], Read[Value]]) -> Value | None:
        return next(iter(self._read(field, read)), None)

    def _numbers(self) -> tuple[str | None, str | None]:
        """Tax code and personal number, whichever column they stand in."""
        numbers = self._read(Field.TAX_CODE, read_tax_code) + self._read(Field.PERSONAL_NUMBER, read_personal_number)
        by_kind: dict[NumberKind, str] = {}
        for number in numbers:
            by_kind.setdefault(number.kind, number.value)
        return by_kind.get(NumberKind.TAX_CODE), by_kind.get(NumberKind.PERSONAL_NUMBER)

    def _old_household_number(self) -> str:
        return next((one.typed for one in self.unread if one.reason == OLD_HOUSEHOLD_NUMBER), "")

    def _emails_and_channels(self) -> tuple[list[str], list[ChannelAddress]]:
        """People put an e-mail address into the column of the website, and the other way round."""
        emails = self._read(Field.EMAIL, read_emails)
        channels = self._read(Field.CHANNEL, read_channels)
        left: list[Unread] = []
        for one in self.unread:
            mails, sites = [], []
            if one.field == Field.CHANNEL and "@" in one.typed:
                mails = read_emails(one.typed).values
            elif one.field == Field.EMAIL and ("://" in one.typed or one.typed.lower().startswith("www.")):
                sites = read_channels(one.typed).values
            emails += [mail for mail in mails if mail not in emails]
            channels += [site for site in sites if site not in channels]
            left += [] if mails or sites else [one]
        self.unread = left
        return emails, channels

    def _subject_types(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for typed in self.typed.get(Field.SUBJECT_TYPE, ()):
            codes = read_subject_types(typed)
            found |= dict.fromkeys(codes)
            if not codes:
                self.unread.append(Unread(kept(typed), UNKNOWN_TYPE, field=Field.SUBJECT_TYPE))
        return tuple(found)

    def _place(self, province_code: str) -> tuple[str, Located]:
        address = self._line(Field.ADDRESS, most=LONGEST_ADDRESS)
        commune, province = self._line(Field.COMMUNE), self._line(Field.PROVINCE)
        kindless = commune and not _KIND_OF_COMMUNE.match(fold(commune))
        text = ", ".join(filter(None, (address, f"xã/phường {commune}" if kindless else commune, province)))
        located = locate(text, province_hint=province_code)
        if province and address and located.province_code is not None:
            said = locate(address)
            if said.certain and said.province_code not in (None, located.province_code):
                located = dataclasses.replace(located, certain=False, note=CONTRADICTION)
        known = fold(address)
        parts = (address, *(part for part in (commune, province) if part and fold(part) not in known))
        return ", ".join(filter(None, parts))[:LONGEST_ADDRESS], located
