"""Who has pledged and agreed to be listed (`model.md` 24): read from the pledges themselves, so that consent taken
back hides at once. Nothing here tells anything about those who have not agreed."""

from __future__ import annotations

import binascii
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, exists, or_, select, text, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, defer

from pledges.core.calendar import local_day
from pledges.core.errors import N_, DomainError
from pledges.core.identity import fold, name_key
from pledges.plans.models import Commune, Instrument
from pledges.plans.places import search_key
from pledges.plans.queries import all_provinces
from pledges.plans.settings import province_settings
from pledges.registry.models import Entity, EntityKind, Standing
from pledges.registry.restrictions import restricted
from pledges.registry.search_queries import SearchQuery, read_query
from pledges.registry.searching import MOST_LOOKED_AT, having_part, matching_words
from pledges.registry.upkeep_models import SearchDocument
from pledges.signing.models import Pledge, PledgeChannel
from pledges.signing.public_pledges import ENTERPRISE_WORDS, is_enterprise

PAGE_SIZE = 25
LARGEST_PAGE = 100
PATIENCE_MILLISECONDS = 1000
LISTED = (Instrument.PLEDGE, Instrument.VOLUNTARY)
"""Receipt of a document is no pledge."""

_CANCELLED = "57014"


class SearchTooBroad(DomainError):
    """The database gave up; the session has to be closed."""

    status = 503

    def __init__(self) -> None:
        super().__init__(N_("Từ tìm quá rộng. Hãy gõ thêm chữ hoặc chọn tỉnh, thành phố rồi tìm lại."))


@dataclass(frozen=True)
class PublishedFilter:
    province_code: str = ""
    subject_type: str = ""
    commune_code: str = ""
    """Of the province."""
    enterprises: bool = False
    text: str = ""


@dataclass(frozen=True)
class PublishedPledge:
    """One line: everything that may be public, and nothing else."""

    code: str
    name: str
    province_code: str
    province: str
    commune: str
    subject_types: tuple[str, ...]
    channels: tuple[str, ...]
    signed_on: date
    voluntary: bool
    enterprise: bool
    tax_code: str | None


@dataclass(frozen=True)
class PublishedPage:
    rows: tuple[PublishedPledge, ...]
    following: str
    """Where the next page begins; empty on the last one."""


def published_pledges(
    session: Session, wanted: PublishedFilter, *, cursor: str = "", size: int = PAGE_SIZE
) -> PublishedPage:
    """The newest first, or for a text the best hits of the first `MOST_LOOKED_AT`."""
    size = min(max(size, 1), LARGEST_PAGE)
    with _patience(session):
        if not wanted.text:
            return _newest(session, wanted, cursor, size)
        hits = _found(session, wanted)
        start = _read_number(cursor)
        rows = _lines(session, hits[start : start + size])
        return PublishedPage(rows, _mark("n", start + size) if len(hits) > start + size else "")


@contextmanager
def _patience(session: Session) -> Iterator[None]:
    """Anybody may ask anything here, so nobody's question may keep the database busy."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text("SELECT set_config('statement_timeout', :span, true)"), {"span": str(PATIENCE_MILLISECONDS)}
        )
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _CANCELLED:
            raise SearchTooBroad from error
        raise


# --- The list ------------------------------------------------------------------------------------------------------


def _published(session: Session, wanted: PublishedFilter, *columns: Any) -> Select[Any]:
    # Written out as in the partial indexes: with values bound later neither engine sees that these serve.
    true = "pledge.publish" if session.get_bind().dialect.name == "postgresql" else "pledge.publish = 1"
    statement = (
        select(*(columns or (Pledge,)))
        .join(Entity, (Entity.province_code == Pledge.province_code) & (Entity.id == Pledge.entity_id))
        .where(
            text(f"pledge.state = 'approved' AND {true}"),
            Pledge.instrument.in_(LISTED),
            Entity.standing == Standing.REGISTERED,
            ~restricted(Pledge.province_code, Pledge.entity_id),
        )
        .options(defer(Pledge.paper), defer(Pledge.rendered_text))
    )
    if wanted.province_code:
        statement = statement.where(Pledge.province_code == wanted.province_code)
    if wanted.commune_code:
        # Who finds somebody by what is hidden knows it.
        hiding = [code for code, hidden in hidden_fields(session).items() if "commune" in hidden]
        statement = statement.where(Pledge.province_code.not_in(hiding))
        statement = statement.where(Pledge.answers["commune"].as_string() == wanted.commune_code)
    if wanted.subject_type:
        # The list is JSON: on both engines its text holds each code in quotation marks.
        statement = statement.where(
            cast(Pledge.subject_types, Text).contains(f'"{wanted.subject_type}"', autoescape=True)
        )
    if wanted.enterprises:
        statement = statement.where(
            Pledge.answers["kind"].as_string() == EntityKind.ORGANISATION.value,
            or_(*(Entity.name_fold.startswith(words) for words in ENTERPRISE_WORDS)),
        )
    return statement


def _newest(session: Session, wanted: PublishedFilter, cursor: str, size: int) -> PublishedPage:
    statement = _published(session, wanted).order_by(Pledge.state_since.desc(), Pledge.id.desc())
    if place := _read_place(cursor):
        statement = statement.where(tuple_(Pledge.state_since, Pledge.id) < tuple_(*place))
    found = list(session.scalars(statement.limit(size + 1)))
    shown = found[:size]
    following = _mark("p", f"{shown[-1].state_since.isoformat()} {shown[-1].id}") if len(found) > size else ""
    return PublishedPage(_lines(session, [pledge for pledge in shown if _fits(pledge, wanted)]), following)


def _fits(pledge: Pledge, wanted: PublishedFilter) -> bool:
    """The name that is published may be another one than the register's."""
    return is_enterprise(pledge) or not wanted.enterprises


# --- Searching in it -----------------------------------------------------------------------------------------------


def _found(session: Session, wanted: PublishedFilter) -> list[Pledge]:
    query = read_query(wanted.text)
    found: dict[tuple[str, uuid.UUID], Pledge] = {}
    for statement in _statements(session, wanted, query):
        for pledge in session.scalars(statement.limit(MOST_LOOKED_AT)):
            found.setdefault((pledge.province_code, pledge.id), pledge)
    hidden = hidden_fields(session)
    channels = _shown_channels(session, found.values(), hidden)
    hits = [
        pledge
        for key, pledge in found.items()
        if _fits(pledge, wanted) and _matches(pledge, channels.get(key, ()), query, hidden[pledge.province_code])
    ]
    return sorted(hits, key=lambda pledge: (_rank(pledge, query), fold(_name(pledge)), pledge.id))


def _statements(session: Session, wanted: PublishedFilter, query: SearchQuery) -> Iterator[Select[Any]]:
    """Who may be meant. Documents also hold old names and contacts, so each hit is held against what is public."""
    published = _published(session, wanted)
    if query.channel:
        yield published.where(_has_channel(PledgeChannel.address == query.channel))
    provinces = [wanted.province_code] if wanted.province_code else [each.code for each in all_provinces(session)]
    if query.words:
        yield from _through_documents(published, matching_words(session, provinces, query.words))
    if query.tax_code:
        yield from _through_documents(published, having_part(session, provinces, [query.tax_code]))
    if query.parts:
        named = or_(*(PledgeChannel.address.icontains(part, autoescape=True) for part in query.parts))
        yield from _through_documents(
            published.where(_has_channel(named)), having_part(session, provinces, query.parts)
        )


def _through_documents(statement: Select[Any], condition: ColumnElement[bool]) -> Iterator[Select[Any]]:
    """By the subject's own document, and by that of the one that it was merged into."""
    for owner in (Entity.id, Entity.merged_into):
        yield statement.join(
            SearchDocument,
            (SearchDocument.province_code == Entity.province_code) & (SearchDocument.entity_id == owner),
        ).where(condition)


def _has_channel(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        PledgeChannel.province_code == Pledge.province_code, PledgeChannel.pledge_id == Pledge.id, condition
    )


def _matches(pledge: Pledge, channels: Iterable[str], query: SearchQuery, hidden: frozenset[str]) -> bool:
    numbered = is_enterprise(pledge) and "tax_code" not in hidden
    if query.tax_code and numbered and pledge.answers.get("tax_code") == query.tax_code:
        return True
    if query.words and _words_match(_name(pledge), query.words):
        return True
    return any(
        address == query.channel or any(part in address.casefold() for part in query.parts) for address in channels
    )


def _words_match(name: str, typed: tuple[str, ...]) -> bool:
    words = {*search_key(name).split(), *search_key(name_key(name)).split()}
    return words.issuperset(typed[:-1]) and any(word.startswith(typed[-1]) for word in words)


def _rank(pledge: Pledge, query: SearchQuery) -> int:
    if not query.words or not _words_match(_name(pledge), query.words):
        return 0 if query.exact else 3
    name, typed = search_key(name_key(_name(pledge))), " ".join(query.words)
    return 0 if name == typed else 1 if name.startswith(typed) else 2


# --- Lines ---------------------------------------------------------------------------------------------------------


def _name(pledge: Pledge) -> str:
    return str(pledge.answers.get("name") or "")


def _lines(session: Session, pledges: list[Pledge]) -> tuple[PublishedPledge, ...]:
    provinces = {province.code: province.name for province in all_provinces(session)}
    hidden = hidden_fields(session)
    channels = _shown_channels(session, pledges, hidden)
    codes = {(pledge.province_code, str(pledge.answers.get("commune") or "")) for pledge in pledges}
    rows = session.execute(
        select(Commune.province_code, Commune.code, Commune.name).where(Commune.code.in_([code for _, code in codes]))
    )
    communes = {(row.province_code, row.code): row.name for row in rows if "commune" not in hidden[row.province_code]}
    return tuple(
        PublishedPledge(
            code=pledge.verification_code,
            name=_name(pledge),
            province_code=pledge.province_code,
            province=provinces[pledge.province_code],
            commune=communes.get((pledge.province_code, str(pledge.answers.get("commune") or "")), ""),
            subject_types=tuple(pledge.subject_types),
            channels=channels.get((pledge.province_code, pledge.id), ()),
            signed_on=local_day(pledge.signed_at),
            voluntary=pledge.instrument is Instrument.VOLUNTARY,
            enterprise=is_enterprise(pledge),
            tax_code=_tax_code(pledge, hidden[pledge.province_code]),
        )
        for pledge in pledges
    )


def hidden_fields(session: Session) -> dict[str, frozenset[str]]:
    """By province: what it leaves out although the signers agreed to it."""
    return {province.code: province_settings(province).hidden_fields for province in all_provinces(session)}


def _tax_code(pledge: Pledge, hidden: frozenset[str]) -> str | None:
    return pledge.answers.get("tax_code") if is_enterprise(pledge) and "tax_code" not in hidden else None


def _shown_channels(
    session: Session, pledges: Iterable[Pledge], hidden: dict[str, frozenset[str]]
) -> dict[tuple[str, uuid.UUID], tuple[str, ...]]:
    return _channels(session, [pledge for pledge in pledges if "channels" not in hidden[pledge.province_code]])


def _channels(session: Session, pledges: Iterable[Pledge]) -> dict[tuple[str, uuid.UUID], tuple[str, ...]]:
    found: dict[tuple[str, uuid.UUID], tuple[str, ...]] = {}
    rows = session.execute(
        select(PledgeChannel.province_code, PledgeChannel.pledge_id, PledgeChannel.address)
        .where(PledgeChannel.pledge_id.in_([pledge.id for pledge in pledges]))
        .order_by(PledgeChannel.address)
    )
    for province_code, pledge_id, address in rows:
        found[province_code, pledge_id] = (*found.get((province_code, pledge_id), ()), address)
    return found


# --- Cursors -------------------------------------------------------------------------------------------------------


def _mark(kind: str, value: object) -> str:
    return urlsafe_b64encode(f"{kind} {value}".encode()).decode().rstrip("=")


def _unmark(kind: str, cursor: str) -> str:
    """What stands in a cursor of this kind; one that somebody made up begins anew."""
    try:
        known, _, value = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
    except (binascii.Error, UnicodeError, ValueError):
        return ""
    return value if known == kind else ""


def _read_number(cursor: str) -> int:
    value = _unmark("n", cursor)
    # Python itself refuses to read numbers of thousands of digits.
    return min(int(value), MOST_LOOKED_AT) if value.isascii() and value.isdecimal() and len(value) < 9 else 0


def _read_place(cursor: str) -> tuple[datetime, uuid.UUID] | None:
    since, _, pledge_id = _unmark("p", cursor).partition(" ")
    try:
        moment = datetime.fromisoformat(since)
        return (moment, uuid.UUID(pledge_id)) if moment.tzinfo is not None else None
    except ValueError:
        return None
