"""Bringing checked data files into the database: what is the same stays untouched, what contradicts is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pledges.audit.operations import WHOLE_SYSTEM, Actor, record
from pledges.core.db import Base, new_id
from pledges.core.errors import N_, DataError
from pledges.plans.books import PlanBooks, ProvinceBook
from pledges.plans.decisions import (
    AGENCY,
    DUTY,
    ENTRY,
    PLAN,
    PROVINCE,
    decided_names,
    fact_id,
    put_decisions_into_force,
)
from pledges.plans.models import (
    Agency,
    Clause,
    Commune,
    EntrySubjectType,
    FormerCommune,
    ObligationEntry,
    Plan,
    PledgeText,
    Province,
    ReportingDuty,
    ReportingUnit,
    UnitKind,
)
from pledges.plans.places import Gazetteer, stored_key
from pledges.plans.settings import settings_to_json
from pledges.plans.wording_files import WordingTemplate

Row = dict[str, Any]


@dataclass(frozen=True)
class LoadCounts:
    """How many rows a load added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: LoadCounts) -> LoadCounts:
        return LoadCounts(self.added + other.added, self.changed + other.changed, self.removed + other.removed)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def load_plans(session: Session, books: PlanBooks, *, actor: Actor, now: datetime) -> LoadCounts:
    """Make the database say what the files say; loading the same files again changes nothing and records nothing.

    Provinces whose file is not among `books` stay as they are. What a province has decided itself stays as well.
    """
    session.flush()
    shared = _load_places(session, books.gazetteer) + _load_wordings(session, books.wordings, now)
    if shared:
        _record(session, WHOLE_SYSTEM, shared, actor=actor, now=now)
    total = shared
    for book in books.books:
        counts = _load_book(session, book)
        if counts:
            _record(session, book.province_code, counts, actor=actor, now=now, version=book.version)
        total += counts
    session.expire_all()
    return total


def _record(
    session: Session, province_code: str, counts: LoadCounts, *, actor: Actor, now: datetime, version: str = ""
) -> None:
    record(
        session,
        "plans.loaded",
        province_code=province_code,
        object_id=fact_id(province_code),
        actor=actor,
        now=now,
        data={**asdict(counts), "version": version},
    )


def _load_places(session: Session, gazetteer: Gazetteer) -> LoadCounts:
    """Provinces and communes are never removed: what was signed keeps pointing to them; `valid_to` ends one."""
    known = {row.code for row in session.execute(select(Province.code))}
    fresh = [{**vars(row), "in_use": False, "settings": {}} for row in gazetteer.provinces if row.code not in known]
    counts = LoadCounts(added=len(fresh))
    if fresh:
        session.execute(insert(Province), fresh)
    counts += _sync(session, Province, [dict(vars(row)) for row in gazetteer.provinces])
    counts += _sync(session, Commune, [{**vars(row), "name_fold": stored_key(row.name)} for row in gazetteer.communes])
    former = [
        {
            "province_code": row.province_code,
            "commune_code": row.commune_code,
            "former_code": row.code,
            "name": row.name,
            "district": row.district,
            "former_province": row.province,
            "name_fold": stored_key(f"{row.name} {row.district}"),
        }
        for row in gazetteer.former
    ]
    counts += _sync(session, FormerCommune, former)
    return counts + _remove_missing(session, FormerCommune, former, None, DataError)


def _load_wordings(session: Session, wordings: Sequence[WordingTemplate], now: datetime) -> LoadCounts:
    """A version that was loaded once never changes: people may have signed it."""
    found = session.execute(select(PledgeText.text_id, PledgeText.version, PledgeText.template_hash))
    known = {(row.text_id, row.version): row.template_hash for row in found}
    fresh: list[Row] = []
    for wording in wordings:
        held = known.get((wording.text_id, wording.version))
        if held is None:
            fresh.append(
                {
                    "id": new_id(),
                    "text_id": wording.text_id,
                    "version": wording.version,
                    "title": wording.title,
                    "template_hash": wording.hash,
                    "content": wording.content,
                    "loaded_at": now,
                }
            )
        elif held != wording.hash:
            wording.place.refuse(
                N_(
                    "mẫu “%(text_id)s” phiên bản %(version)s đã được dùng với câu chữ khác; "
                    "câu chữ mới phải có số phiên bản mới"
                ),
                text_id=wording.text_id,
                version=wording.version,
            )
    if fresh:
        session.execute(insert(PledgeText), fresh)
    return LoadCounts(added=len(fresh))


def _load_book(session: Session, book: ProvinceBook) -> LoadCounts:
    """First what others point to, then what points to it; what is gone from the file goes in the opposite order."""
    code = book.province_code
    rows = _rows_of(session, book)
    types = [
        {
            "province_code": code,
            "entry_id": entry.id,
            "subject_type": subject_type,
            "instrument": entry.instrument,
        }
        for entry in book.entries
        for subject_type in entry.subject_types
    ]

    def gone(model: type[Base]) -> Callable[[str], DataError]:
        return partial(_still_used, book, model)

    order: tuple[type[Base], ...] = (Agency, Plan, Clause, ReportingUnit, ReportingDuty, ObligationEntry)
    everything: tuple[type[Base], ...] = (*order, EntrySubjectType)
    in_province = {model: _column(model, "province_code") == code for model in everything}
    for added_by_hand in (ReportingUnit, ReportingDuty):
        in_province[added_by_hand] &= added_by_hand.added_at.is_(None)

    counts = _sync(session, Province, rows[Province])
    # A subject type may have moved from one entry to another, so the old rows leave before the new ones come.
    counts += _remove_missing(session, EntrySubjectType, types, in_province[EntrySubjectType], gone(EntrySubjectType))
    for model in order:
        counts += _sync(session, model, rows[model], scope=in_province[model])
    counts += _sync(session, EntrySubjectType, types, scope=in_province[EntrySubjectType])
    for model in reversed(order):
        counts += _remove_missing(session, model, rows[model], in_province[model], gone(model))
    session.expire_all()
    put_decisions_into_force(session, code)
    return counts


def _rows_of(session: Session, book: ProvinceBook) -> dict[type[Base], list[Row]]:
    """The rows of one province; values that it has decided itself are those that it decided."""
    code = book.province_code
    decided = decided_names(session, code)
    settings = settings_to_json(book.settings)
    province = session.get_one(Province, code)
    for name in settings:
        if (PROVINCE, "", name) in decided:
            settings[name] = province.settings.get(name, settings[name])

    def rows(items: Sequence[Any], *leave_out: str, **more: Any) -> list[Row]:
        return [
            {"province_code": code, **more, **{key: value for key, value in vars(item).items() if key not in leave_out}}
            for item in items
        ]

    def undecided(kind: str, made: list[Row], name: str = "code") -> list[Row]:
        return [{key: value for key, value in row.items() if (kind, row[name], key) not in decided} for row in made]

    return {
        Province: [{"code": code, "in_use": True, "settings": settings}],
        Agency: undecided(AGENCY, rows(book.agencies)),
        Plan: undecided(PLAN, rows(book.plans, version=book.version)),
        Clause: rows(book.clauses),
        ReportingUnit: [*rows(book.units, ended_on=None), *_commune_units(session, code)],
        ReportingDuty: undecided(DUTY, rows(book.duties), "id"),
        ObligationEntry: undecided(ENTRY, rows(book.entries, "subject_types"), "id"),
    }


def _commune_units(session: Session, province_code: str) -> list[Row]:
    """Every commune reports for itself; what one that has ended reported stays."""
    communes = select(Commune.code, Commune.name, Commune.valid_to).where(Commune.province_code == province_code)
    return [
        {
            "province_code": province_code,
            "code": code,
            "name": f"Ủy ban nhân dân {name}",
            "kind": UnitKind.COMMUNE,
            "ended_on": valid_to,
        }
        for code, name, valid_to in session.execute(communes)
    ]


def _still_used(book: ProvinceBook, model: type[Base], name: str) -> DataError:
    if model is ObligationEntry:
        return DataError(
            N_(
                "%(file)s: mục “%(name)s” đã phát sinh nghĩa vụ ký nên không xóa được; "
                "hãy giữ mục này và đặt enabled: false"
            ),
            file=book.file,
            name=name,
        )
    return DataError(N_("%(file)s: “%(name)s” đang được dùng nên không xóa được"), file=book.file, name=name)


def _column(model: type[Base], name: str) -> Any:
    return getattr(model, name)


def _keys(model: type[Base]) -> tuple[str, ...]:
    return tuple(inspect(model).get_property_by_column(column).key for column in inspect(model).primary_key)


def _held(
    session: Session, model: type[Base], names: Sequence[str], scope: ColumnElement[bool] | None
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """What the table says under `names`, by key, without objects: there are thousands of rows."""
    keys = _keys(model)
    query = select(*(_column(model, name) for name in (*keys, *names)))
    found = session.execute(query if scope is None else query.where(scope)).all()
    return {tuple(row[: len(keys)]): tuple(row[len(keys) :]) for row in found}


def _sync(
    session: Session, model: type[Base], rows: list[Row], *, scope: ColumnElement[bool] | None = None
) -> LoadCounts:
    """Add and change rows. A row that leaves a column out leaves it as it is."""
    keys = _keys(model)
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    held = _held(session, model, names, scope)
    fresh, changed = [], []
    for row in rows:
        before = held.get(tuple(row[key] for key in keys))
        if before is None:
            fresh.append(row)
        elif any(value != row.get(name, value) for name, value in zip(names, before, strict=True)):
            changed.append(row)
    if fresh:
        session.execute(insert(model), fresh)
    if changed:
        session.execute(update(model), changed)
    return LoadCounts(added=len(fresh), changed=len(changed))


def _remove_missing(
    session: Session,
    model: type[Base],
    rows: list[Row],
    scope: ColumnElement[bool] | None,
    refuse: Callable[[str], DataError],
) -> LoadCounts:
    """Delete what is in the table and not in `rows`, or raise what `refuse` makes of the row's last key."""
    keys = _keys(model)
    kept = {tuple(row[key] for key in keys) for row in rows}
    missing = [key for key in _held(session, model, (), scope) if key not in kept]
    for key in missing:
        own_row = and_(*(_column(model, name) == value for name, value in zip(keys, key, strict=True)))
        try:
            with session.begin_nested():
                session.execute(delete(model).where(own_row))
        except IntegrityError as error:
            # Areas above this one point here; the database knows about them, this area must not.
            raise refuse(str(key[-1])) from error
    return LoadCounts(removed=len(missing))
