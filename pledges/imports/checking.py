"""What a row of a list means for the register: new, known, something more about somebody known, or for a person."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from rapidfuzz import fuzz
from sqlalchemy.orm import Session

from pledges.core.db import new_id
from pledges.core.errors import N_
from pledges.core.identity import ChannelAddress
from pledges.core.secrecy import Vault
from pledges.imports.candidates import Candidate, Ids, Known, RowKeys
from pledges.imports.errors import Reason
from pledges.imports.models import Import, RowOutcome
from pledges.imports.rows import Field, ParsedRow, parse_row
from pledges.registry.operations import PERSONAL_NUMBER

TOTALLY_OTHER = 45.0
"""Below that two names have nothing in common but a few letters: a number that both bear is an error in one of them."""
NEAR = 88.0
"""From there on two names on one channel are two spellings of one. The branches of a chain share its website, and
names that differ in the town alone come to some 83: for those a person decides."""

OTHER_PROVINCE = N_("Địa chỉ nằm ở tỉnh, thành phố khác.")
PROVINCE_OPEN = N_("Chưa xác định được địa chỉ thuộc tỉnh, thành phố nào. Hãy ghi rõ trong danh sách rồi nhập lại.")
PROVINCE_ASSUMED = N_("Địa chỉ không ghi tỉnh, thành phố: xem như thuộc nơi nhập danh sách.")
SAME_AS_ROW = N_("Nói về cùng một đối tượng với dòng %(number)s.")
NUMBER_OTHER_NAME = N_("Mã số này đã có trong danh sách đối tượng nhưng với một tên khác hẳn.")
SEVERAL_BY_NUMBER = N_("Các mã số trên dòng này thuộc về những đối tượng khác nhau.")
CHANNEL_OF_ANOTHER = N_("Kênh trên dòng này đã có chủ là đối tượng khác.")
CHANNEL_OTHER_NAME = N_("Kênh trên dòng này đã có trong danh sách đối tượng nhưng với chủ mang tên khác.")
SEVERAL_BY_CHANNEL = N_("Các kênh trên dòng này thuộc về những đối tượng khác nhau.")
OTHER_NUMBER = N_("Cùng kênh hoặc cùng tên, nhưng mã số khác với mã số đã ghi.")
SEVERAL_BY_NAME = N_("Có nhiều đối tượng cùng tên ở cùng nơi hoặc cùng liên hệ.")
NEEDS_PERSON = N_("Cần người quyết định.")
NAMED_BY_CHANNEL = N_("Dòng này không có tên: tạm lấy địa chỉ kênh làm tên.")
SKIPPED = N_("Cán bộ đã quyết định bỏ qua dòng này.")


@dataclass(frozen=True)
class Additions:
    """What a row says of a known entity that is not known yet."""

    tax_code: str | None = None
    personal_number: str | None = None
    types: tuple[str, ...] = ()
    contacts: tuple[tuple[str, str], ...] = ()
    channels: tuple[ChannelAddress, ...] = ()
    owned: tuple[tuple[uuid.UUID, str], ...] = ()
    """Channels without owner (id and address), which get this one."""
    appeared_on: date | None = None

    @property
    def changes_duties(self) -> bool:
        return bool(self.types or self.channels or self.owned or self.appeared_on)

    def __bool__(self) -> bool:
        return self.changes_duties or bool(self.tax_code or self.personal_number or self.contacts)


@dataclass(frozen=True)
class Verdict:
    outcome: RowOutcome
    reasons: tuple[Reason, ...] = ()
    entity_id: uuid.UUID | None = None
    other_ids: tuple[uuid.UUID, ...] = ()
    other_province: str = ""
    additions: Additions = field(default_factory=Additions)
    matched_channels: int = 0


def judge(keys: RowKeys, known: Known, province_code: str) -> Verdict:
    """One row against everything that is known; changes nothing (`take_in` does, for the rows after it)."""
    row = keys.row
    if row.refusal is not None:
        return Verdict(RowOutcome.REFUSED, ((row.refusal[0], dict(row.refusal[1])),))
    elsewhere = _elsewhere(row, province_code)
    if elsewhere is not None:
        return elsewhere
    found, trouble = _find(keys, known)
    if trouble is not None:
        return Verdict(RowOutcome.CLASH, (trouble,), other_ids=tuple(sorted(found)))
    if not found:
        return as_new(keys, known)
    return as_same(keys, known, next(iter(found)))


def _elsewhere(row: ParsedRow, province_code: str) -> Verdict | None:
    """Put aside what surely lies in another province, refuse what lies nobody can tell where."""
    if row.province_code == province_code or row.country != "VN":
        return None
    if row.province_code is None:
        reason: Reason = (row.place_note or PROVINCE_OPEN, {})
        return Verdict(RowOutcome.REFUSED, (reason,))
    if not row.province_certain:
        return Verdict(RowOutcome.REFUSED, ((row.place_note or PROVINCE_OPEN, {}),))
    return Verdict(RowOutcome.OUTSIDE, ((OTHER_PROVINCE, {}),), other_province=row.province_code)


def as_new(keys: RowKeys, known: Known) -> Verdict:
    """A new entity under an id of its own; channels that belong to others stay with them."""
    row = keys.row
    fresh, owned, matched = _channels(row, known, None)
    additions = Additions(
        tax_code=row.tax_code if not known.with_tax_code(row.tax_code) else None,
        personal_number=row.personal_number if not known.with_number(keys.number_hash) else None,
        types=row.subject_types,
        contacts=tuple(dict.fromkeys(keys.contacts)),
        channels=fresh,
        owned=owned,
        appeared_on=row.appeared_on,
    )
    return Verdict(RowOutcome.NEW, _notes(row), new_id(), additions=additions, matched_channels=matched)


def as_same(keys: RowKeys, known: Known, entity_id: uuid.UUID) -> Verdict:
    """What the row adds to an entity that is known."""
    row, candidate = keys.row, known.get(entity_id)
    fresh, owned, matched = _channels(row, known, entity_id)
    earlier = row.appeared_on is not None and (candidate.appeared_on is None or row.appeared_on < candidate.appeared_on)
    free_code = candidate.tax_code is None and not known.with_tax_code(row.tax_code)
    free_number = candidate.number_hash is None and not known.with_number(keys.number_hash)
    additions = Additions(
        tax_code=row.tax_code if free_code else None,
        personal_number=row.personal_number if free_number else None,
        types=tuple(sorted(set(row.subject_types) - set(candidate.types))),
        contacts=tuple(each for each in dict.fromkeys(keys.contacts) if each not in candidate.contacts),
        channels=fresh,
        owned=owned,
        appeared_on=row.appeared_on if earlier else None,
    )
    outcome = RowOutcome.ADDS if additions else RowOutcome.MATCHED
    return Verdict(outcome, _notes(row), entity_id, additions=additions, matched_channels=matched)


def _channels(
    row: ParsedRow, known: Known, entity_id: uuid.UUID | None
) -> tuple[tuple[ChannelAddress, ...], tuple[tuple[uuid.UUID, str], ...], int]:
    """Channels that are new, channels without owner, and how many of the row's are registered already."""
    fresh, owned, matched = {}, [], 0
    for channel in row.channels:
        registered = known.channel(channel.address)
        if registered is None:
            fresh[channel.address] = channel
            continue
        matched += 1
        if registered[1] is None:
            owned.append((registered[0], channel.address))
    return tuple(fresh.values()), tuple(dict.fromkeys(owned)), matched


def _notes(row: ParsedRow) -> tuple[Reason, ...]:
    """What a person should know of a row that is used: an open place, and every cell that could not be read."""
    notes: list[Reason] = [(NAMED_BY_CHANNEL, {})] if _named_by_channel(row) else []
    if row.place_note:
        notes.append((row.place_note, {}))
    elif row.address and row.country == "VN" and not row.province_certain:
        notes.append((PROVINCE_ASSUMED, {}))
    notes += [(unread.reason, dict(unread.params)) for unread in row.unread]
    return tuple(notes)


# --- Who it is ----------------------------------------------------------------------------------------------------


def _find(keys: RowKeys, known: Known) -> tuple[Ids, Reason | None]:
    """Whom the row is about (nobody, or one), or among whom a person decides and why."""
    by_number = known.with_tax_code(keys.row.tax_code) | known.with_number(keys.number_hash)
    owners = {
        registered[1]
        for channel in keys.row.channels
        if (registered := known.channel(channel.address)) is not None and registered[1] is not None
    }
    if by_number:
        return _by_number(keys, known, by_number, owners)
    if owners:
        return _by_channel(keys, known, owners)
    same_name = {each for each in known.with_name(keys) if not _contradicts(known.get(each), keys)}
    return same_name, (SEVERAL_BY_NAME, {}) if len(same_name) > 1 else None


def _by_number(keys: RowKeys, known: Known, found: Ids, owners: Ids) -> tuple[Ids, Reason | None]:
    if len(found) > 1:
        return found, (SEVERAL_BY_NUMBER, {})
    candidate = known.get(next(iter(found)))
    if _unlike(keys, candidate):
        return found, (NUMBER_OTHER_NAME, {})
    if _contradicts(candidate, keys):
        return found, (OTHER_NUMBER, {})
    if owners - found:
        return found | owners, (CHANNEL_OF_ANOTHER, {})
    return found, None


def _by_channel(keys: RowKeys, known: Known, owners: Ids) -> tuple[Ids, Reason | None]:
    if len(owners) > 1:
        return owners, (SEVERAL_BY_CHANNEL, {})
    candidate = known.get(next(iter(owners)))
    if _contradicts(candidate, keys):
        return owners, (OTHER_NUMBER, {})
    if not _named_by_channel(keys.row) and not _near(keys, candidate):
        # Beside the owner stands whoever has the name of the row: a list says every quarter what it has said before.
        return owners | known.with_name(keys), (CHANNEL_OTHER_NAME, {})
    return owners, None


def _contradicts(candidate: Candidate, keys: RowKeys) -> bool:
    """Whether both have a tax code or both a personal number, and not the same one."""
    codes = (candidate.tax_code, keys.row.tax_code)
    numbers = (candidate.number_hash, keys.number_hash)
    pairs = [pair for pair in (codes, numbers) if None not in pair]
    return any(known != said and said not in candidate.numbers for known, said in pairs)


def _named_by_channel(row: ParsedRow) -> bool:
    """The list says no name (`Check.parse`)."""
    return bool(row.channels) and row.name == row.channels[0].display


def _unlike(keys: RowKeys, candidate: Candidate) -> bool:
    """Whether two names have nothing in common; whoever is named by a channel contradicts nobody's name."""
    if _named_by_channel(keys.row):
        return False
    return max((fuzz.token_set_ratio(keys.name, name) for name in candidate.names), default=0.0) < TOTALLY_OTHER


def _near(keys: RowKeys, candidate: Candidate) -> bool:
    return max((fuzz.token_sort_ratio(keys.name, name) for name in candidate.names), default=0.0) >= NEAR


# --- Going through a file -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checked:
    """One row of the file with what was understood and decided."""

    number: int
    cells: list[str]
    """Personal numbers masked."""
    row: ParsedRow
    verdict: Verdict


class Check:
    """The check of one file: rows are held against the register and against the rows before them."""

    def __init__(self, import_: Import, vault: Vault) -> None:
        self.import_ = import_
        self.vault = vault
        self.known = Known()
        self.first_rows: dict[uuid.UUID, int] = {}
        """Of entities that the file brings: the number of the row that brings them."""
        self.mapping = {int(column): Field(name) for column, name in import_.mapping.items()}

    def parse(self, cells: Sequence[str]) -> ParsedRow:
        row = parse_row(
            cells,
            self.mapping,
            province_code=self.import_.province_code,
            subject_type=self.import_.subject_type,
        )
        if row.name or row.refusal is not None or not row.channels:
            return row
        return replace(row, name=row.channels[0].display)

    def chunk(self, session: Session, rows: Sequence[tuple[int, list[str], ParsedRow]]) -> list[Checked]:
        """Check some rows, in the order of the file."""
        province_code = self.import_.province_code
        keys = [keys_of(row, self.vault) for _number, _cells, row in rows]
        self.known.load(session, province_code, keys, source_of(self.import_))
        checked = []
        for (number, cells, row), row_keys in zip(rows, keys, strict=True):
            verdict = self._note_first_row(judge(row_keys, self.known, province_code), number)
            take_in(row_keys, verdict, self.known)
            checked.append(Checked(number, mask_cells(cells, self.mapping, row), row, verdict))
        return checked

    def _note_first_row(self, verdict: Verdict, number: int) -> Verdict:
        if verdict.outcome is RowOutcome.NEW and verdict.entity_id is not None:
            self.first_rows[verdict.entity_id] = number
            return verdict
        ids = [verdict.entity_id] if verdict.entity_id is not None else verdict.other_ids
        notes = tuple((SAME_AS_ROW, {"number": self.first_rows[each]}) for each in ids if each in self.first_rows)
        return replace(verdict, reasons=(*notes, *verdict.reasons)) if notes else verdict


def keys_of(row: ParsedRow, vault: Vault) -> RowKeys:
    number = row.personal_number
    return RowKeys.of(row, vault.keyed_hash(PERSONAL_NUMBER, number) if number else None)


def source_of(import_: Import) -> tuple[str, date]:
    return import_.source, import_.seen_on


def take_in(keys: RowKeys, verdict: Verdict, known: Known) -> None:
    """Let the rows after this one know what it brings."""
    if verdict.entity_id is None:
        return
    additions = verdict.additions
    if verdict.outcome is RowOutcome.NEW:
        candidate = Candidate(
            id=verdict.entity_id,
            names=(keys.name,),
            commune_code=keys.row.commune_code,
            address=keys.address,
            location=keys.row.location,
            stored=False,
        )
    elif additions:
        candidate = known.get(verdict.entity_id)
    else:
        return
    candidate.tax_code = candidate.tax_code or additions.tax_code
    if additions.personal_number:
        candidate.number_hash = keys.number_hash
    candidate.contacts = (*candidate.contacts, *additions.contacts)
    candidate.types = (*candidate.types, *additions.types)
    candidate.appeared_on = additions.appeared_on or candidate.appeared_on
    known.keep(candidate)
    for channel in additions.channels:
        known.planned.channels[channel.address] = (new_id(), candidate.id)
    for channel_id, address in additions.owned:
        known.planned.channels[address] = (channel_id, candidate.id)


# --- Personal numbers ---------------------------------------------------------------------------------------------

_DIGITS = re.compile(r"\d(?:[ .\-]?\d){7,}")


def mask_cells(cells: Sequence[str], mapping: Mapping[int, Field], row: ParsedRow) -> list[str]:
    """The cells as they are kept: of personal numbers, wherever they stand, only the last four digits."""
    return [_masked(cell, mapping.get(column, Field.IGNORE), row) for column, cell in enumerate(cells)]


def _masked(cell: str, meaning: Field, row: ParsedRow) -> str:
    if len(cell) < 8 or _DIGITS.search(cell) is None:
        return cell

    def mask(found: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", found.group())
        return f"••••••••{digits[-4:]}" if _is_personal(digits, meaning, row) else found.group()

    return _DIGITS.sub(mask, cell)


def _is_personal(digits: str, meaning: Field, row: ParsedRow) -> bool:
    if row.personal_number is not None and (digits == row.personal_number or row.personal_number.endswith(digits)):
        return True
    if meaning is Field.PERSONAL_NUMBER:
        return digits != (row.tax_code or "").replace("-", "")
    # The number of a person stands in other columns too: in that of the tax code, beside the representative.
    return len(digits) == 12 and digits[0] == "0" and digits[3] in "0123"
