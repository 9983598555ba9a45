"""Coverage as everybody may read it: numbers by province and group, of provinces that publish them, of yesterday.

Nobody's name stands here, and no number points to one person: what counts fewer than `LEAST` subjects is withheld, and
groups so small are put together with the next one, so that nobody reckons them from the total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.errors import NotFound
from pledges.plans.models import Instrument, Province
from pledges.plans.queries import provinces_in_use
from pledges.plans.settings import province_settings
from pledges.reporting.circumstances import last_reviewed, voluntary_pledges
from pledges.reporting.coverage import Goal, QuarterEnd, coverage_of, goal_of
from pledges.reporting.standing import DISTINCT, Place, standing_of
from pledges.reporting.words import Names, Say
from pledges.rounds.figures import Figures, together

LEAST = 3
"""Fewer subjects than these could be known by name to their neighbours."""


@dataclass(frozen=True)
class GroupLine:
    """One group, or the small ones together."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    figures: Figures


@dataclass(frozen=True)
class ProvinceLine:
    province: Province
    pledged: Figures | None
    """None: too few to be told."""
    acknowledged: Figures | None


@dataclass(frozen=True)
class PublicCoverage:
    """Of one province."""

    province: Province
    day: date
    """Everything that was recorded until its end."""
    frozen: bool
    total: Figures | None
    """Every obligation once; None: too few to be told, and then nothing else is."""
    groups: tuple[GroupLine, ...]
    acknowledged: Figures | None
    voluntary: int | None
    quarters: tuple[QuarterEnd, ...]
    goal: Goal
    reviewed_on: date | None
    """When a list of subjects was last brought in, or somebody last decided who is bound."""

    @property
    def sums(self) -> Figures:
        """Of the groups: whoever belongs to two of them counts twice."""
        return together(line.figures for line in self.groups)


def publishing(session: Session) -> list[Province]:
    """The provinces that have decided to publish their coverage, in alphabetical order."""
    return [each for each in provinces_in_use(session) if province_settings(each).publish_coverage]


def day_published(now: datetime) -> date:
    """Yesterday: its figures do not change any more."""
    return local_day(now) - timedelta(days=1)


def public_coverage(session: Session, province_code: str, now: datetime, say: Say) -> PublicCoverage:
    """`NotFound` where the province does not publish; `say` puts the names of groups into the reader's language."""
    province = next((each for each in publishing(session) if each.code == province_code), None)
    if province is None:
        raise NotFound
    place, day = Place(province_code), day_published(now)
    found = coverage_of(session, place, day, now)
    parts = found.standing.parts
    told = _enough(_of(parts, Instrument.PLEDGE))
    volunteers = voluntary_pledges(session, place, day).total
    reviewed = last_reviewed(session, place, day)
    times = (reviewed.imported_at, reviewed.decided_at)
    return PublicCoverage(
        province=province,
        day=day,
        frozen=bool(found.standing.frozen),
        total=found.total if told else None,
        groups=_groups(parts, Names.read(session, province_code, say)) if told else (),
        acknowledged=found.acknowledged if _enough(_of(parts, Instrument.ACKNOWLEDGEMENT)) else None,
        voluntary=volunteers if volunteers >= LEAST or not volunteers else None,
        quarters=tuple(end for end in found.quarters if end.in_scope >= LEAST) if told else (),
        goal=goal_of(session, province_code),
        reviewed_on=max((local_day(each) for each in times if each is not None), default=None),
    )


def public_provinces(session: Session, now: datetime) -> list[ProvinceLine]:
    """All provinces that publish, as they stood at the end of `day_published`."""
    provinces = publishing(session)
    if not provinces:
        return []
    standing = standing_of(session, Place(), day_published(now), now)
    parts = defaultdict[str, list[Figures]](list)
    for part in standing.parts:
        parts[part.key["province_code"]].append(part)
    return [
        ProvinceLine(
            province,
            _told(_of(parts[province.code], Instrument.PLEDGE)),
            _told(_of(parts[province.code], Instrument.ACKNOWLEDGEMENT)),
        )
        for province in provinces
    ]


# --- Too few to be told ----------------------------------------------------------------------------------------------


def _of(parts: Iterable[Figures], instrument: Instrument, *, typed: bool = False) -> list[Figures]:
    return [
        part
        for part in parts
        if part.key["instrument"] == instrument.value and (part.key["subject_type"] != DISTINCT) == typed
    ]


def _enough(parts: Iterable[Figures]) -> bool:
    """Whether at least `LEAST` subjects stand behind these parts, or none at all.

    Obligations of one entry and group are those of as many subjects; two entries may ask the same subject twice.
    """
    counts = defaultdict[tuple[str, str], int](int)
    for part in parts:
        counts[part.key["entry_id"], part.key["subject_type"]] += part.in_scope
    return max(counts.values(), default=0) >= LEAST or not any(counts.values())


def _told(parts: Sequence[Figures]) -> Figures | None:
    return together(parts) if _enough(parts) else None


def _groups(parts: Iterable[Figures], names: Names) -> tuple[GroupLine, ...]:
    """By group, in the order in which groups stand everywhere; the small ones and the next one together at the end."""
    by_type = defaultdict[str, list[Figures]](list)
    for part in _of(parts, Instrument.PLEDGE, typed=True):
        by_type[part.key["subject_type"]].append(part)
    lines = names.by_type([together(found, {"subject_type": code}) for code, found in sorted(by_type.items())])
    small = {code for code, _name, _figures in lines if not _enough(by_type[code])}
    if small:
        others = [(figures.in_scope, code) for code, _name, figures in lines if code not in small]
        small |= {code for _count, code in sorted(others)[:1]}
    kept = [GroupLine((code,), (name,), figures) for code, name, figures in lines if code not in small]
    joined = [line for line in lines if line[0] in small]
    if joined:
        codes, labels, figures = zip(*joined, strict=True)
        kept.append(GroupLine(codes, labels, together(figures)))
    return tuple(kept)
