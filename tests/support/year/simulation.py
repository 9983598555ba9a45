"""The year 2026 of three provinces, week by week: who arrives, signs, moves, and what rounds do about it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from pledges.core.calendar import VIETNAM
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.rounds.closing import Closing
from pledges.rounds.runs import Rounds
from pledges.rounds.schedule import RoundWorker
from pledges.signing.models import PledgeState
from tests.support.clock import FixedClock
from tests.support.signing import PUBLIC_URL
from tests.support.year.book import Book
from tests.support.year.duties import first_day, last_day, read_duties
from tests.support.year.office import Office
from tests.support.year.register import Arrival
from tests.support.year.register_book import Owed
from tests.support.year.relay import Relay

T = TypeVar("T")

QUARTERS = ("2026Q1", "2026Q2", "2026Q3", "2026Q4")
RESIGN = frozenset({"82-celebrity"})
"""No clause of the start data asks for it; a province may decide it, so that the year has one."""
WORDS = ("digital_seller", "ecommerce_website", "doctor", "influencer", "artist", "press", "enterprise")
PEOPLE = {"doctor", "scientist", "health_manager", "influencer", "artist", "athlete", "culture_manager"}
EVENTS = ("scope", "scope", "leave", "cohort", "move", "rename", "types", "again", "address", "leave", "merge")
FATES = ("", "", "", *("ok",) * 9, "late", "late", "dead3", "dead40", "refused", "unsure")
"""How addresses behave; the empty one: none is known."""


@dataclass(frozen=True)
class Size:
    entities: int = 150
    """At the end of the year; a third is there from the beginning."""
    busy: float = 0.03
    """For what share of them an office does something in a week, beside asking and deciding about pledges."""
    turns: int = 1
    """Each round is asked in every week (1), or in turn with others: a run costs the same whatever there is to do."""


class Year:
    """Runs the year and stops at each quarter's end, after its lists have been frozen."""

    def __init__(
        self, database: Database, storage: Storage, clock: FixedClock, vault: Vault, size: Size, seed: int = 1
    ) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - an invented year
        self.size, self.clock = size, clock
        self.book = Book(read_duties(RESIGN))
        self.office = Office(database, clock, vault, self.book)
        self.relay = Relay(database, self.book, self.office.numbers)
        rounds = Rounds(database, clock, vault, PUBLIC_URL)
        self.worker = RoundWorker(rounds, Closing(database, storage, clock))
        self.running: list[tuple[str, str]] = []
        self.paused: list[tuple[str, str]] = []
        self.coming = 0
        self.websites = 0
        self.weeks = 0
        self.spent: Callable[[str], None] = lambda _what: None
        """Told after each step what it was."""

    # --- Time --------------------------------------------------------------------------------------------------------

    def at(self, day: date, hour: int = 9, minute: int = 0, second: int = 0) -> datetime:
        return self.clock.set(datetime.combine(day, time(hour, minute, second), VIETNAM).astimezone(UTC))

    def run(self) -> Iterator[str]:
        """Each quarter, once its lists are frozen and the next has not begun to ask."""
        self.at(date(2025, 12, 22))
        self.office.begin()
        self.arrive(self.size.entities // 3)
        for quarter in QUARTERS:
            self.begin_quarter(quarter)
            day = first_day(quarter)
            while day <= last_day(quarter):
                self.week(day, min(day + timedelta(days=6), last_day(quarter)), quarter)
                day += timedelta(days=7)
            self.end_quarter(quarter)
            yield quarter

    def begin_quarter(self, quarter: str) -> None:
        agencies = sorted(self.office.officers)
        self.at(first_day(quarter), 7)
        for agency in agencies:
            self.office.open_round(agency, quarter)
        self.at(first_day(quarter), 8)
        for agency in agencies:
            self.office.lead_round("start_round", agency, quarter)
            self.running.append((agency, quarter))

    def week(self, monday: date, last: date, quarter: str) -> None:
        """Seven days, fewer at the end of a quarter; the worker runs on the first of them."""
        days = [min(monday + timedelta(days=number), last) for number in range(6)]
        self.at(days[0], 9)
        self.arrive(round(self.size.entities * 2 / 3 / 52))
        self.spent("arrivals")
        self.at(days[0], 10)
        self.ask(quarter)
        self.at(days[1], 8)
        self.relay.deliver(self.clock(), late=True)
        self.relay.return_mail(self.clock())
        self.spent("mail")
        self.at(days[2], 11)
        self.sign(quarter)
        self.spent("signing")
        self.at(days[3], 15)
        self.decide_pledges()
        self.relay.return_mail(self.clock())
        self.spent("deciding")
        self.at(days[4], 14)
        self.look_after(quarter)
        self.spent("looking after")

    def ask(self, quarter: str) -> None:
        """What the worker and the commands do: whom it asks about what is what the book says."""
        self.weeks += 1
        going = [each for number, each in enumerate(self.running) if (number + self.weeks) % self.size.turns == 0]
        if self.size.turns == 1:
            self.worker.work()
        for agency, of_quarter in going:
            if self.size.turns > 1:
                key = (agency[:2], self.office.rounds[agency, of_quarter])
                self.worker.rounds.ask(key)
                self.worker.rounds.remind(key)
            self.book.write(self.office.today, "ran", agency, of_quarter)
            asked = self.office.asked(agency, quarter)
            assert asked == self.book.asked(agency, quarter), (agency, quarter, self.office.today)
        self.spent("asking")
        self.relay.collect(self.clock())
        self.relay.deliver(self.clock(), late=False)
        self.spent("mail")

    # --- Arrivals ----------------------------------------------------------------------------------------------------

    def arrive(self, count: int) -> None:
        self.office.arrive([self._arrival() for _ in range(count)])
        if self.chance.random() < 0.3:
            self.websites += 1
            province = self.chance.choice(("20", "82", "46"))
            appeared = self.chance.choice((None, self.office.today - timedelta(days=30)))
            self.office.see_website(province, f"vo-chu-{self.websites}.vn", None, appeared)

    def _arrival(self) -> Arrival:
        self.coming += 1
        chance, today, number = self.chance, self.office.today, self.coming
        province = chance.choice(("20", "82", "46"))
        duties = [duty for duty in self.book.duties.values() if duty.province == province]
        kinds = [next(iter(sorted(duty.types))) for duty in duties] + list(WORDS)
        first = chance.choice(kinds)
        types = {first}
        if chance.random() < 0.25:
            types.add(chance.choice([kind for kind in kinds if (kind in PEOPLE) == (first in PEOPLE)]))
        local = chance.random() < 0.93
        fate = chance.choice(FATES)
        websites = chance.randrange(1, 3) if "ecommerce_website" in types else 0
        lately = today - timedelta(days=chance.randrange(1, 60))
        appeared = chance.choice((None, date(2024, 5, 6), date(2025, 11, 3), lately))
        return Arrival(
            number=number,
            province=province,
            person=first in PEOPLE,
            types=tuple(sorted(types)),
            local=local,
            commune=chance.choice([*self.office.communes[province], ""]) if local else "",
            source=chance.choice(("import", "citizen", "officer")),
            seen=today - timedelta(days=chance.choice((0, 0, 0, 2, 20))),
            appeared=appeared,
            address=f"{fate}.{number}@vidu.vn" if fate else "",
            websites=tuple(f"thu-nghiem-{number}-{each}.vn" for each in range(websites)),
        )

    # --- Signing and deciding ----------------------------------------------------------------------------------------

    def sign(self, quarter: str) -> None:
        """Some of those who were asked more than a week ago, and a few who come by themselves."""
        today, signers = self.office.today, []
        for number, subject in self.book.subjects.items():
            if subject.merged_into is not None:
                continue
            wordings = {(owed.duty.agency, owed.duty.text): owed for owed in self.book.of_subject[number] if owed.open}
            for (agency, text), owed in sorted(wordings.items(), key=lambda each: each[0]):
                asked = owed.asked_on is not None and (today - owed.asked_on).days > 3
                if self.chance.random() < (0.09 if asked else 0.006) and self.book.free(number, agency, text, today):
                    signers.append((number, agency, text))
        for start in range(0, len(signers), 50):
            self.office.sign(signers[start : start + 50])

    def decide_pledges(self) -> None:
        moves: dict[PledgeState, list[int]] = {}
        for number, pledge in self.book.pledges.items():
            chance = self.chance.random()
            if pledge.state == "submitted":
                for share, state in ((0.4, "approved"), (0.5, "returned"), (0.53, "rejected"), (0.55, "withdrawn")):
                    if chance < share:
                        moves.setdefault(PledgeState(state), []).append(number)
                        break
            elif pledge.state == "returned" and chance < 0.3:
                moves.setdefault(PledgeState.SUBMITTED if chance < 0.25 else PledgeState.WITHDRAWN, []).append(number)
            elif pledge.state == "approved" and chance < 0.006:
                moves.setdefault(PledgeState.REVOKED if chance < 0.003 else PledgeState.WITHDRAWN, []).append(number)
        for state, numbers in moves.items():
            for start in range(0, len(numbers), 50):
                self.office.lead_to(numbers[start : start + 50], state)

    # --- Everything else ---------------------------------------------------------------------------------------------

    def look_after(self, quarter: str) -> None:
        """What an office does on a Friday: decisions, corrections, letters and calls."""
        self._decide_at_certain_days()
        self._record_letters(quarter)
        office, chance = self.office, self.chance
        living = [number for number, subject in self.book.subjects.items() if subject.merged_into is None]
        for number in self._some(living, self.size.busy):
            subject = self.book.subjects[number]
            what = chance.choice(EVENTS)
            owed = self._one_owed(number)
            match what:
                case "scope" if owed is not None:
                    office.decide_scope(owed, owed.scope == "out" or chance.random() < 0.3)
                case "cohort" if owed is not None:
                    office.decide_cohort(owed, chance.choice(("initial", "newcomer")))
                case "move" if subject.local:
                    office.move(number, chance.choice(office.communes[subject.province]))
                case "rename":
                    office.rename(number, f"{subject.name} đổi tên {len(self.book.events)}")
                case "types":
                    office.give_types(number, self._other_types(number))
                case "again":
                    early = office.today - timedelta(days=chance.randrange(0, 100))
                    office.see_again(number, chance.choice(("citizen", "officer")), early, chance.choice((None, early)))
                case "address":
                    office.give_address(number, f"ok.moi.{number}.{len(self.book.events)}@vidu.vn")
                case "leave" if owed is not None and (owed.duty.agency, quarter) in self.running:
                    self._leave_out(quarter, owed)
                case "merge":
                    self._merge(number, living)
        for website in self._some([each for each in self.book.websites.values() if each.owner is None], 0.1):
            province = next(owed.duty.province for owed in self.book.owed.values() if owed.website == website.address)
            owners = [each for each in living if self.book.subjects[each].province == province and self._living(each)]
            if owners:
                office.see_website(province, website.address, chance.choice(owners), None)
        for letter in self._some(list(self.book.letters), 0.01):
            ask, name = self.book.letters[letter]
            if ask.tries[name].outcome != "taken back" and (ask.agency, ask.quarter) in self.running:
                office.take_back(letter)

    def _leave_out(self, quarter: str, owed: Owed) -> None:
        """This one, or bring back another that was left out."""
        known = self.book.left_out.get((owed.duty.agency, quarter), ())
        if known and self.chance.random() < 0.6:
            owed = min(known, key=lambda each: (each.duty.id, str(each.website or each.subject)))
        self.office.leave_out(quarter, owed, back=owed in known)

    def _living(self, number: int) -> bool:
        return self.book.subjects[number].merged_into is None

    def _some(self, found: Sequence[T], share: float) -> list[T]:
        return [each for each in found if self.chance.random() < share]

    def _one_owed(self, number: int) -> Owed | None:
        found = self.book.of_subject[number]
        return self.chance.choice(found) if found else None

    def _other_types(self, number: int) -> tuple[str, ...]:
        """One more, or one less."""
        types = set(self.book.subjects[number].types)
        if len(types) > 1 and self.chance.random() < 0.5:
            types.discard(self.chance.choice(sorted(types)))
        else:
            types.add(self.chance.choice([each for each in WORDS if each != "ecommerce_website"]))
        return tuple(sorted(types))

    def _merge(self, number: int, living: list[int]) -> None:
        subject = self.book.subjects[number]
        others = [
            each
            for each in living
            if each != number
            and self._living(each)
            and self.book.subjects[each].province == subject.province
            and self.book.subjects[each].person == subject.person
        ]
        if others and self._living(number):
            self.office.merge(number, self.chance.choice(others))

    def _decide_at_certain_days(self) -> None:
        """Documents come late, one never; an agency gives more time from June on."""
        today = self.office.today
        for entry, day in (("20-guidance", date(2026, 3, 2)), ("46-instruction", date(2026, 5, 20))):
            if today >= day and entry not in self.book.documents:
                self.office.upload(entry)
        if today >= date(2026, 6, 1) and "46-SCT" not in self.book.waiting_days:
            self.office.set_waiting_days("46-SCT", 15)

    def _record_letters(self, quarter: str) -> None:
        """To those whom no mail reaches."""
        today = self.office.today
        for agency, of_quarter in self.running:
            silent = [
                ask.subject
                for ask in self.book.asks_in.get((agency, of_quarter), ())
                if not any(found.outcome == "reached" for found in ask.tries.values())
                and any(owed.open for owed in ask.about)
            ]
            chosen = self._some(silent, 0.12)
            if chosen:
                way, reached = self.chance.choice((("letter", True), ("call", True), ("call", False), ("visit", True)))
                made_on = max(first_day(quarter), today - timedelta(days=self.chance.randrange(0, 4)))
                self.office.record(agency, of_quarter, chosen, way, made_on, reached=reached)

    # --- The end of a quarter ----------------------------------------------------------------------------------------

    def end_quarter(self, quarter: str) -> None:
        """To the second: what happens before midnight counts, what happens after it does not, and then it is closed."""
        last = last_day(quarter)
        self.at(last, 18)
        self.arrive(2)
        self.ask(quarter)
        self.at(last, 23, 59, 59)
        self.sign(quarter)
        self.decide_pledges()
        self.relay.deliver(self.clock(), late=True, share=2)
        self.arrive(2)
        self.at(last + timedelta(days=1), 0, 0, 0)
        # What a slow relay has not taken by now has lost its sense.
        self.relay.deliver(self.clock(), late=True)
        self.sign(quarter)
        self.decide_pledges()
        self.arrive(2)
        self.running = [each for each in self.running if each[1] != quarter]
        self.spent("the last second")
        self.at(last + timedelta(days=1), 0, 0, 30)
        self.worker.work()
        self.relay.collect(self.clock())
        self.at(last + timedelta(days=1), 0, 2)
        self.worker.work()
        self.spent("closing")
