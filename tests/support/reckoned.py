"""Every figure of one moment reckoned in plain Python from the facts, and as pages and files have to write it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from statistics import median

from sqlalchemy import select

from pledges.audit.models import Fact
from pledges.core.calendar import Quarter, local_day
from pledges.core.db import Database
from pledges.plans.models import Instrument
from pledges.rounds.figures import Moment, at, at_end_of
from pledges.signing.models import Pledge, PledgeState
from tests.unit.reporting.from_facts import Owed, replayed

GROUPS = ("in_force", "waiting_for_agency", "waiting_time", "not_pledged", "unreachable", "not_due")
"""In the order of the columns of every table."""
PLEDGE, ACKNOWLEDGEMENT = "pledge", "acknowledgement"
Key = tuple[str, str, str, str, str, str]
"""Province, agency, entry, instrument, subject type (empty: the subject itself), commune."""
Line = tuple[int, ...]
"""In scope, and the six groups."""


class Reckoned:
    def __init__(
        self, database: Database, day: date | None, now: datetime, known: dict[date | None, Reckoned] | None = None
    ) -> None:
        self.database, self.day, self.now = database, day, now
        self._known = known if known is not None else {}
        self._known[day] = self
        self.moment: Moment = at(now) if day is None else at_end_of(day)
        self.owed = replayed(database, self.moment.recorded)

    @cached_property
    def cells(self) -> dict[Key, Line]:
        found: dict[Key, list[int]] = {}
        for owed in self.owed.values():
            for (kind, commune), count in owed.where.items():
                if count > 0:
                    key = (owed.province, owed.agency, owed.entry, owed.instrument, kind, commune)
                    line = found.setdefault(key, [0] * 7)
                    line[0] += 1
                    line[1 + GROUPS.index(owed.group(self.moment.turned).value)] += 1
        return {key: tuple(line) for key, line in found.items()}

    def line(
        self,
        province: str = "",
        agency: str = "",
        entry: str = "",
        *,
        instrument: str = PLEDGE,
        kind: str | None = "",
        commune: str | None = None,
    ) -> Line:
        """The sum of what fits; `kind` None: of all types, whoever has two counts twice."""
        total = [0] * 7
        for key, line in self.cells.items():
            of_province, of_agency, of_entry, of_instrument, of_kind, of_commune = key
            if (
                (not province or province == of_province)
                and (not agency or agency == of_agency)
                and (not entry or entry == of_entry)
                and instrument == of_instrument
                and (of_kind != "" if kind is None else kind == of_kind)
                and (commune is None or commune == of_commune)
            ):
                total = [one + other for one, other in zip(total, line, strict=True)]
        return tuple(total)

    def among(self, which: int, province: str, agency: str = "", instrument: str = PLEDGE) -> set[str]:
        """What occurs at a place of the key."""
        return {
            key[which]
            for key in self.cells
            if key[0] == province and (not agency or key[1] == agency) and key[3] == instrument
        }

    # --- Over time ---------------------------------------------------------------------------------------------------

    def at(self, day: date | None) -> Reckoned:
        """Another moment of the same facts, reckoned once."""
        return self._known.get(day) or Reckoned(self.database, day, self.now, self._known)

    @property
    def shown(self) -> date:
        return self.day or local_day(self.now)

    def ends(self) -> Iterator[Reckoned]:
        """The ends of the eight quarters before, the newest first."""
        day = Quarter.of(self.shown).first_day - timedelta(days=1)
        for _ in range(8):
            yield self.at(day)
            day = Quarter.of(day).first_day - timedelta(days=1)

    def owing(self, province: str, agency: str = "") -> set[str]:
        return {
            key
            for key, owed in self.owed.items()
            if owed.province == province
            and (not agency or owed.agency == agency)
            and owed.instrument == PLEDGE
            and any(count > 0 for count in owed.where.values())
        }

    def late_since(self, province: str, agency: str = "") -> str:
        """The earliest day that has passed for somebody who was asked."""
        days = [
            turns_on
            for key in self.owing(province, agency)
            if self._group(owed := self.owed[key]) == "not_pledged"
            for (_asked, turns_on), count in owed.openings.items()
            if count > 0
        ]
        return day_text(date.fromisoformat(min(days))) if days else ""

    def _group(self, owed: Owed) -> str:
        return owed.group(self.moment.turned).value

    # --- Files -------------------------------------------------------------------------------------------------------

    def facts(self, province: str, *kinds: str) -> list[Fact]:
        with self.database.read() as session:
            found = session.scalars(select(Fact).where(Fact.province_code == province, Fact.kind.in_(kinds))).all()
        return [fact for fact in found if fact.recorded_day <= self.moment.recorded]

    def pledges(self, province: str, agency: str = "") -> list[Pledge]:
        with self.database.read() as session:
            found = session.scalars(select(Pledge).where(Pledge.province_code == province)).all()
        return [pledge for pledge in found if not agency or pledge.agency_code == agency]

    def times(self, province: str, agency: str = "") -> tuple[int, float] | None:
        """How many files were accepted in ninety days, and the median of the days at the agency; nobody corrected."""
        ours = {pledge.id for pledge in self.pledges(province, agency)}
        handed_in = {fact.object_id: fact.recorded_at for fact in self.facts(province, "pledge.submitted")}
        spent = [
            (fact.recorded_at - handed_in[fact.object_id]) / timedelta(days=1)
            for fact in self.facts(province, "pledge.approved")
            if fact.object_id in ours and self.shown - fact.recorded_day < timedelta(days=90)
        ]
        return (len(spent), median(spent)) if spent else None

    def oldest_waiting(self, province: str, agency: str = "") -> Pledge | None:
        waiting = [each for each in self.pledges(province, agency) if each.state is PledgeState.SUBMITTED]
        return min(waiting, key=lambda pledge: pledge.signed_at, default=None)

    def voluntary(self, province: str, agency: str = "") -> int:
        return sum(
            pledge.instrument is Instrument.VOLUNTARY
            and pledge.approved_at is not None
            and local_day(pledge.approved_at) <= self.moment.recorded
            for pledge in self.pledges(province, agency)
        )

    def scope_decided_on(self, province: str, agency: str = "") -> str:
        days = [
            fact.recorded_day
            for fact in self.facts(province, "obligation.scope_decided")
            if not agency or self.owed[str(fact.object_id)].agency == agency
        ]
        return day_text(max(days)) if days else ""


# --- As it has to be written -----------------------------------------------------------------------------------------


def day_text(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%".replace(".", ",") if whole else "chưa có số liệu"


def fraction(line: Line) -> str:
    return f"{line[1]}/{line[0]}" if line[0] else "–"


def written(line: Line) -> tuple[str, ...]:
    """In scope, in force, the share, the other groups, as tables have them."""
    whole, in_force, *others = line
    return (str(whole), str(in_force), percent(in_force, whole), *map(str, others))


def charted(line: Line) -> tuple[str, ...]:
    """As the table of a chart has them."""
    return (str(line[1]), str(line[0]), percent(line[1], line[0]))
