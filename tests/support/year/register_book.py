"""The part of the book that tells who is in the register, what they owe, and what they have signed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from tests.support.year.duties import (
    Duty,
    cohort,
    quarter_of,
    working_days_after,
)

BY_DECISION = {"ecommerce_platform", "social_network"}
ALIVE = ("submitted", "approved", "returned")
"""States of pledges that still hold what they cover."""


@dataclass
class Website:
    address: str
    owner: int | None
    seen: date
    appeared: date | None


@dataclass
class Subject:
    number: int
    province: str
    person: bool
    name: str
    tax_code: str
    types: set[str]
    local: bool
    commune: str
    seen: list[date] = field(default_factory=list)
    said: list[tuple[str, date]] = field(default_factory=list)
    """Source and day of each piece of evidence that says since when."""
    addresses: set[str] = field(default_factory=set)
    """To which mail can be written."""
    merged_into: int | None = None

    @property
    def appeared(self) -> date | None:
        found = [day for source, day in self.said if source == "officer"]
        return found[-1] if found else min((day for _source, day in self.said), default=None)


@dataclass
class Try:
    """One mail, letter, call or visit."""

    way: str
    day: date
    outcome: str


@dataclass
class Ask:
    """One invitation of one subject in one round."""

    agency: str
    quarter: str
    subject: int
    about: dict[Owed, tuple[date, int]] = field(default_factory=dict)
    """Each with the day since when, and the number of tries that came before: those were about something else."""
    tries: dict[str, Try] = field(default_factory=dict)
    told_more: date | None = None


@dataclass(eq=False)
class Owed:
    """One duty of one subject, or of one website."""

    duty: Duty
    subject: int | None
    website: str
    cohort: str
    scope: str = "in"
    scope_decided: str = ""
    """The reason of the last decision about the scope; empty: presumed."""
    cohort_decided: bool = False
    asked_on: date | None = None
    waits_until: date | None = None
    because: Try | None = None
    """Through what it counts as asked; None: nothing, or a pledge that came to an end."""
    waiting: bool = False
    in_force: bool = False

    @property
    def open(self) -> bool:
        return self.scope == "in" and not self.waiting and not self.in_force


@dataclass
class Pledge:
    subject: int
    state: str
    covers: dict[Owed, str]
    """Each with the quarter that it was signed for, where the duty is signed anew each quarter."""
    ended: set[Owed] = field(default_factory=set)
    """What had been signed for a quarter that is over."""


Event = tuple[date, str, tuple[Any, ...]]


class RegisterBook:
    def __init__(self, duties: Sequence[Duty]) -> None:
        self.duties = {duty.id: duty for duty in duties}
        self.events: list[Event] = []
        self.subjects: dict[int, Subject] = {}
        self.websites: dict[str, Website] = {}
        self.websites_of: dict[int, list[Website]] = {}
        self.holders: dict[str, set[int]] = {}
        """Per address the subjects that are written to there."""
        self.owed: dict[tuple[str, int | str], Owed] = {}
        """By entry, and number of the subject or address of the website."""
        self.of_agency: dict[str, list[Owed]] = {duty.agency: [] for duty in duties}
        self.of_subject: dict[int, list[Owed]] = {}
        self.pledges: dict[int, Pledge] = {}
        self.pledges_of: dict[Owed, list[Pledge]] = {}
        self.merged: dict[int, list[int]] = {}
        self.asks: dict[tuple[str, str, int], Ask] = {}
        self.asks_in: dict[tuple[str, str], list[Ask]] = {}
        self.asks_of: dict[Owed, list[Ask]] = {}
        self.letters: dict[int, tuple[Ask, str]] = {}
        self.left_out: dict[tuple[str, str], set[Owed]] = {}
        self.documents: set[str] = set()
        self.waiting_days: dict[str, int] = {}

    def write(self, day: date, what: str, *told: Any) -> Any:
        self.events.append((day, what, told))
        return getattr(self, f"_{what}")(day, *told)

    def as_of(self, day: date) -> Self:
        """How it stood at the end of that day."""
        book = type(self)(list(self.duties.values()))
        for recorded, what, told in self.events:
            if recorded <= day:
                getattr(book, f"_{what}")(recorded, *told)
        return book

    # --- Who there is ------------------------------------------------------------------------------------------------

    def _arrived(
        self,
        _day: date,
        number: int,
        province: str,
        person: bool,
        name: str,
        tax_code: str,
        types: tuple[str, ...],
        local: bool,
        commune: str,
        evidence: tuple[str, date, date | None],
        address: str,
        websites: tuple[str, ...],
    ) -> None:
        source, seen, appeared = evidence
        subject = Subject(number, province, person, name, tax_code, set(types), local, commune, [seen])
        subject.said += [(source, appeared)] if appeared is not None else []
        self.subjects[number], self.of_subject[number] = subject, []
        if address:
            self._given_address(_day, number, address)
        for website in websites:
            self.websites[website] = Website(website, number, seen, appeared)
            self.websites_of.setdefault(number, []).append(self.websites[website])
        self._recompute(subject)

    def _website_seen(
        self, _day: date, province: str, website: str, owner: int | None, seen: date, appeared: date | None
    ) -> None:
        """A website of somebody, or of nobody who is known; one that stood without owner may find one so."""
        known = self.websites.setdefault(website, Website(website, None, seen, appeared))
        if owner is None:
            for duty in self._duties_of(province):
                if duty.by_website:
                    self._open(duty, None, known)
            return
        subject = self.subjects[owner]
        subject.seen.append(seen)
        if known.owner is None:
            known.owner = owner
            self.websites_of.setdefault(owner, []).append(known)
            for duty in self._duties_of(province):
                if duty.by_website and (duty.id, website) in self.owed:
                    subject.types |= duty.types
                    self._hand_over(self.owed[duty.id, website], owner)
        self._recompute(subject)

    def _seen_again(self, _day: date, number: int, source: str, seen: date, appeared: date | None) -> None:
        subject = self.subjects[number]
        subject.seen.append(seen)
        subject.said += [(source, appeared)] if appeared is not None else []
        self._recompute(subject)

    def _renamed(self, _day: date, number: int, name: str) -> None:
        self.subjects[number].name = name

    def _moved(self, _day: date, number: int, commune: str) -> None:
        self.subjects[number].commune = commune

    def _given_types(self, _day: date, number: int, types: tuple[str, ...]) -> None:
        self.subjects[number].types = set(types)
        self._recompute(self.subjects[number])

    def _given_address(self, _day: date, number: int, address: str) -> None:
        self.subjects[number].addresses.add(address)
        self.holders.setdefault(address, set()).add(number)

    def _duties_of(self, province: str) -> Iterator[Duty]:
        return (duty for duty in self.duties.values() if duty.province == province and duty.counted)

    def _recompute(self, subject: Subject) -> None:
        """What follows from types, place, websites and evidence; what people decided stays."""
        for duty in self._duties_of(subject.province):
            covered = subject.types & duty.types
            places: list[Website | None] = [*self.websites_of.get(subject.number, ())] if duty.by_website else [None]
            for website in places:
                owed = self.owed.get((duty.id, website.address if website else subject.number))
                if owed is None:
                    if covered:
                        self._open(duty, subject, website)
                    continue
                signed = owed.waiting or owed.in_force
                into = covered and (signed or (subject.local and covered - BY_DECISION))
                if not owed.scope_decided:
                    owed.scope = "in" if into else "out"
                appeared = website.appeared if website else subject.appeared
                if covered and not owed.cohort_decided and appeared is not None:
                    owed.cohort = cohort(duty, appeared)

    def _open(self, duty: Duty, subject: Subject | None, website: Website | None) -> None:
        where = website.address if website else subject.number if subject else ""
        appeared = website.appeared if website else subject.appeared if subject else None
        owed = Owed(duty, subject.number if subject else None, website.address if website else "", "unknown")
        owed.cohort = cohort(duty, appeared)
        if subject is not None:
            covered = subject.types & duty.types
            owed.scope = "in" if subject.local and covered - BY_DECISION else "out"
            self.of_subject[subject.number].append(owed)
        self.owed[duty.id, where] = owed
        self.of_agency[duty.agency].append(owed)

    def _hand_over(self, owed: Owed, number: int) -> None:
        if owed.subject is not None:
            self.of_subject[owed.subject].remove(owed)
        if not owed.website:
            self.owed[owed.duty.id, number] = self.owed.pop((owed.duty.id, owed.subject or 0))
        owed.subject = number
        self.of_subject[number].append(owed)

    # --- What people decide ------------------------------------------------------------------------------------------

    def _scope_decided(self, _day: date, entry: str, where: int | str, into: bool) -> None:
        owed = self.owed[entry, where]
        owed.scope, owed.scope_decided = "in" if into else "out", "decided"

    def _cohort_decided(self, _day: date, entry: str, where: int | str, found: str) -> None:
        owed = self.owed[entry, where]
        owed.cohort, owed.cohort_decided = found, True

    def _document_uploaded(self, _day: date, entry: str) -> None:
        self.documents.add(entry)

    def _waiting_days_set(self, _day: date, agency: str, days: int) -> None:
        self.waiting_days[agency] = days

    def _merged(self, day: date, kept: int, gone: int) -> None:
        """`kept` stands for both from now on."""
        survivor, other = self.subjects[kept], self.subjects[gone]
        for owed in list(self.of_subject[gone]):
            own = self.owed.get((owed.duty.id, kept))
            if owed.website or own is None:
                self._hand_over(owed, kept)
                continue
            if own.cohort == "unknown" or owed.cohort == "initial":
                own.cohort = owed.cohort
            if owed.scope == "in" and not own.scope_decided:
                own.scope, own.scope_decided = "in", owed.scope_decided
            owed.scope, owed.scope_decided = "out", ""
        other.merged_into = kept
        self.merged.setdefault(kept, []).append(gone)
        survivor.types |= other.types
        survivor.tax_code = survivor.tax_code or other.tax_code
        for website in self.websites_of.pop(gone, ()):
            website.owner = kept
            self.websites_of.setdefault(kept, []).append(website)
        survivor.seen += other.seen
        survivor.said += other.said
        other.seen, other.said = [], []
        for address in other.addresses:
            self._given_address(day, kept, address)
        self._settle(day, self.of_subject[kept])
        self._recompute(survivor)

    # --- Pledges -----------------------------------------------------------------------------------------------------

    def free(self, number: int, agency: str, text: str, day: date) -> list[Owed]:
        """What a pledge of this wording would cover if it were signed now."""
        wanted = [owed for owed in self.of_subject[number] if (owed.duty.agency, owed.duty.text) == (agency, text)]
        return [owed for owed in wanted if not any(self._holds(owed, self._period(owed.duty, day)))]

    def _holds(self, owed: Owed, period: str) -> Iterator[bool]:
        for pledge, about in self._pledges_about(owed):
            if about not in pledge.ended and pledge.covers[about] == period:
                yield pledge.state in ALIVE

    def _pledges_about(self, owed: Owed) -> Iterator[tuple[Pledge, Owed]]:
        """Those of its subject, and those that somebody signed who is merged into it."""
        yield from ((pledge, owed) for pledge in self.pledges_of.get(owed, ()))
        if owed.website or owed.subject is None:
            return
        for gone in self.merged.get(owed.subject, ()):
            twin = self.owed.get((owed.duty.id, gone))
            if twin is not None and twin is not owed:
                yield from ((pledge, twin) for pledge in self.pledges_of.get(twin, ()))

    @staticmethod
    def _period(duty: Duty, day: date) -> str:
        return quarter_of(day) if duty.resign else ""

    def _signed(self, day: date, number: int, subject: int, agency: str, text: str) -> None:
        found = self.free(subject, agency, text, day)
        pledge = Pledge(subject, "submitted", {owed: self._period(owed.duty, day) for owed in found})
        self.pledges[number] = pledge
        for owed in found:
            self.pledges_of.setdefault(owed, []).append(pledge)
        self._settle(day, found)

    def _pledge_became(self, day: date, number: int, state: str) -> None:
        """`approved`, `returned`, `submitted` again; `rejected`, `withdrawn`, `revoked` for good."""
        pledge = self.pledges[number]
        pledge.state = state
        self._settle(day, pledge.covers)

    def _settle(self, day: date, owed: Collection[Owed]) -> None:
        """Whether each has a pledge. Whose pledge has come to an end was told so that day: the time runs anew."""
        survivors = [
            found
            for each in owed
            if each.subject is not None and (kept := self.subjects[each.subject].merged_into) is not None
            if (found := self.owed.get((each.duty.id, kept))) is not None
        ]
        for each in [*owed, *survivors]:
            had = each.waiting or each.in_force
            states = {pledge.state for pledge, about in self._pledges_about(each) if about not in pledge.ended}
            each.in_force, each.waiting = "approved" in states, "submitted" in states and "approved" not in states
            if had and not (each.waiting or each.in_force):
                self._asked(each, day, None)

    def _asked(self, owed: Owed, day: date | None, because: Try | None) -> None:
        owed.asked_on, owed.because = day, because
        days = self.waiting_days.get(owed.duty.agency, 10)
        owed.waits_until = working_days_after(day, days) if day is not None else None
