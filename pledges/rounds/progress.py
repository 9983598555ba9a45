"""How far a round has come: the way from asked to accepted, and what has not arrived anywhere (`model.md` 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from pledges.core.calendar import end_of_day
from pledges.core.errors import N_
from pledges.registry.models import IN_SCOPE, Entity, Obligation, ObligationMove
from pledges.rounds.models import Ask, AskedObligation, Attempt, Outcome, Round, Way
from pledges.rounds.reminding import still_open

# --- The way from asked to accepted ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Journey:
    """How many asks have come so far. Somebody who signs on paper has signed without having opened anything."""

    asked: int = 0
    delivered: int = 0
    """A mail that a relay took and that did not come back, a letter that was sent, a call, a visit."""
    opened: int = 0
    """The button on the page behind the link; no picture in a mail tells anything."""
    started: int = 0
    signed: int = 0
    """For everything that they were asked about and still owe, nothing is left to sign."""
    approved: int = 0
    """All of that has been accepted by the agency."""

    def __add__(self, other: Journey) -> Journey:
        return Journey(*(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)))

    @property
    def counts(self) -> tuple[int, ...]:
        return (self.asked, self.delivered, self.opened, self.started, self.signed, self.approved)

    def as_data(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Journey:
        return cls(*(int(data.get(name, 0)) for name in cls.__dataclass_fields__))


@dataclass(frozen=True)
class Journeys:
    """The way of a round, and its parts. Whoever was asked about two entries stands in the lines of both."""

    by_commune: dict[str, Journey]
    """By the code of the commune; the empty text for those without one."""
    by_entry: dict[str, Journey]

    @property
    def total(self) -> Journey:
        return sum(self.by_commune.values(), Journey())

    def as_data(self) -> dict[str, Any]:
        return {
            name: {key: journey.as_data() for key, journey in part.items()}
            for name, part in (("by_commune", self.by_commune), ("by_entry", self.by_entry))
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Journeys:
        def part(name: str) -> dict[str, Journey]:
            return {str(key): Journey.from_data(each) for key, each in data.get(name, {}).items()}

        return cls(part("by_commune"), part("by_entry"))


def journeys(session: Session, of_round: Round, *, until: date | None = None) -> Journeys:
    """How the asks of a round stand now, or stood at the end of a day."""
    by_entry = _asks_by_entry(of_round, until)
    names = ("delivered", "opened", "started")
    asks = (
        select(
            by_entry.c.commune,
            *(func.max(by_entry.c[name]).label(name) for name in names),
            func.min(by_entry.c.level).label("level"),
        )
        .group_by(by_entry.c.ask_id, by_entry.c.commune)
        .subquery()
    )
    found: dict[str, dict[str, Journey]] = {"entry": {}, "commune": {}}
    both = union_all(_summed(by_entry, by_entry.c.entry, "entry"), _summed(asks, asks.c.commune, "commune"))
    for part, key, *counts in session.execute(both):
        found[part][str(key)] = Journey(*map(int, counts))
    return Journeys(by_commune=found["commune"], by_entry=found["entry"])


def funnel(session: Session, of_round: Round, *, until: date | None = None) -> Journey:
    return journeys(session, of_round, until=until).total


def count_asks(session: Session, of_round: Round) -> int:
    asks = select(func.count()).where(Ask.province_code == of_round.province_code, Ask.round_id == of_round.id)
    return session.scalar(asks.select_from(Ask)) or 0


def _summed(found: FromClause, key: ColumnElement[Any], part: str) -> Select[Any]:
    def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    return select(
        literal(part),
        key,
        func.count(),
        number(found.c.delivered > 0),
        number(found.c.opened > 0),
        number(found.c.started > 0),
        number(found.c.level >= 1),
        number(found.c.level >= 2),
    ).group_by(key)


def _asks_by_entry(of_round: Round, until: date | None) -> CTE:
    """Each ask, once per entry that it is about, with how far the least advanced of that has come.

    Read twice and therefore reckoned once, by either engine.
    """
    # As an expression: grouped by the bare column, SQLite reads all obligations of the province for every ask.
    entry = func.coalesce(Obligation.entry_id, "")
    commune = func.coalesce(Entity.commune_code, "")
    each = (
        select(Ask.id.label("ask_id"), entry.label("entry"), func.max(commune).label("commune"))
        .add_columns(*(func.max(step).label(name) for name, step in _steps(until).items()))
        .add_columns(_level(until).label("level"))
        .select_from(Ask)
        .join(Entity, and_(Entity.province_code == Ask.province_code, Entity.id == Ask.entity_id))
        .join(
            AskedObligation,
            and_(AskedObligation.province_code == Ask.province_code, AskedObligation.ask_id == Ask.id),
        )
        .join(
            Obligation,
            and_(
                Obligation.province_code == AskedObligation.province_code,
                Obligation.id == AskedObligation.obligation_id,
            ),
        )
        .where(Ask.province_code == of_round.province_code, Ask.round_id == of_round.id)
        .group_by(Ask.id, entry)
    )
    if until is not None:
        each = each.where(Ask.asked_at < end_of_day(until))
    return each.cte("asks_by_entry")


def _steps(until: date | None) -> dict[str, ColumnElement[int]]:
    """1 where an ask has come so far."""

    def happened(moment: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = moment.is_not(None) if until is None else moment < end_of_day(until)
        return found

    arrived = [Attempt.outcome == Outcome.REACHED]
    if until is not None:
        arrived.append(Attempt.made_on <= until)
    steps = {
        "delivered": _attempted(*arrived),
        "opened": happened(Ask.opened_at),
        "started": happened(Ask.started_at),
    }
    return {name: case((condition, 1), else_=0) for name, condition in steps.items()}


def _level(until: date | None) -> ColumnElement[int]:
    """0 something is left to sign, 1 the agency has to decide, 2 all is accepted; what left the scope says nothing."""
    if until is None:
        owed: ColumnElement[bool] = and_(Obligation.scope.in_(IN_SCOPE), Obligation.entity_id == Ask.entity_id)
        in_force, waiting = Obligation.in_force, Obligation.waiting_for_agency
        return func.min(case((~owed, None), (in_force > 0, 2), (waiting > 0, 1), else_=0))
    return func.min(
        case((_moved("in_scope", until) <= 0, None), (_moved("in_force", until) > 0, 2), else_=0)
        + case((and_(_moved("in_force", until) <= 0, _moved("waiting_for_agency", until) > 0), 1), else_=0)
    )


def _moved(figure: str, until: date) -> ColumnElement[int]:
    """How an obligation stood at the end of a day, by its ledger."""
    return (
        select(func.coalesce(func.sum(getattr(ObligationMove, figure)), 0))
        .where(
            ObligationMove.province_code == Obligation.province_code,
            ObligationMove.obligation_id == Obligation.id,
            ObligationMove.day <= until,
        )
        .scalar_subquery()
    )


# --- What has not arrived --------------------------------------------------------------------------------------------


class Trouble(StrEnum):
    """Why nobody has been reached by an ask of which something is still to be signed."""

    IN_LINE = "in_line"
    """A mail is still to be sent: nothing is wrong."""
    UNCERTAIN = "uncertain"
    BOUNCED = "bounced"
    REFUSED = "refused"
    """No relay took the mail, or it was cancelled."""
    NO_CONTACT = "no_contact"
    REVOKED = "revoked"
    """Its link was taken away."""


TROUBLE_LABELS: dict[Trouble, str] = {
    Trouble.BOUNCED: N_("Thư bị trả lại"),
    Trouble.REFUSED: N_("Thư không gửi được"),
    Trouble.UNCERTAIN: N_("Chưa rõ thư đã đến nơi hay chưa"),
    Trouble.NO_CONTACT: N_("Không có thư điện tử"),
    Trouble.IN_LINE: N_("Thư đang chờ gửi"),
    Trouble.REVOKED: N_("Liên kết đã bị hủy"),
}
"""In the order in which somebody should look at them."""


def _attempted(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Attempt.province_code == Ask.province_code, Attempt.ask_id == Ask.id, *which)


def _trouble() -> ColumnElement[str]:
    mail = Attempt.way == Way.MAIL
    return case(
        (Ask.revoked_at.is_not(None), Trouble.REVOKED.value),
        (_attempted(Attempt.outcome == Outcome.WAITING), Trouble.IN_LINE.value),
        (_attempted(Attempt.outcome == Outcome.UNCERTAIN), Trouble.UNCERTAIN.value),
        (_attempted(mail, Attempt.note == "bounced"), Trouble.BOUNCED.value),
        (_attempted(mail), Trouble.REFUSED.value),
        else_=Trouble.NO_CONTACT.value,
    )


def _in_trouble(of_round: Round) -> list[ColumnElement[bool]]:
    reached = _attempted(Attempt.outcome == Outcome.REACHED)
    return [
        Ask.province_code == of_round.province_code,
        Ask.round_id == of_round.id,
        or_(Ask.revoked_at.is_not(None), ~reached),
        still_open(of_round),
    ]


def troubles(session: Session, of_round: Round) -> dict[Trouble, int]:
    """How many asks stand in each trouble; every one in exactly one."""
    of_ask = select(_trouble().label("trouble")).where(*_in_trouble(of_round)).subquery()
    rows = session.execute(select(of_ask.c.trouble, func.count()).group_by(of_ask.c.trouble))
    found = {Trouble(name): int(number) for name, number in rows}
    return {trouble: found.get(trouble, 0) for trouble in TROUBLE_LABELS}


def troubled_asks(
    session: Session, of_round: Round, trouble: Trouble, *, page: int, size: int
) -> Sequence[tuple[Ask, Entity]]:
    """One page of them, commune by commune and by name."""
    rows = session.execute(
        select(Ask, Entity)
        .join(Entity, and_(Entity.province_code == Ask.province_code, Entity.id == Ask.entity_id))
        .where(*_in_trouble(of_round), _trouble() == trouble.value)
        .order_by(Entity.commune_code, Entity.name_fold, Ask.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return [(ask, entity) for ask, entity in rows]


# --- What comes next -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reminder:
    day: date
    shown_day: date
    asks: int
    """How many are asked until that day and still have something to sign."""


def next_reminders(session: Session, of_round: Round, today: date, most: int = 3) -> list[Reminder]:
    """The next days on which reminders leave, the nearest first; what was asked lately is spared some of them."""
    days = session.execute(
        select(Ask.shown_day, func.count())
        .where(
            Ask.province_code == of_round.province_code,
            Ask.round_id == of_round.id,
            Ask.shown_day >= today,
            Ask.revoked_at.is_(None),
            Ask.contact_id.is_not(None),
            still_open(of_round),
        )
        .group_by(Ask.shown_day)
    )
    coming = [
        Reminder(day, shown, int(number))
        for shown, number in days
        for days_before in of_round.reminder_days
        if (day := date.fromordinal(shown.toordinal() - days_before)) > today
    ]
    return sorted(coming, key=lambda each: (each.day, each.shown_day))[:most]
