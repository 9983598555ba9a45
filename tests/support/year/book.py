"""A book of what happened in the year, and who stands where because of it: what the lists are held against.

It is written from `model.md` alone, in plain Python without a database: events go in one after the other, each with
its day, and `as_of` reads those up to a day again from the beginning.
"""

from __future__ import annotations

from datetime import date

from tests.support.year.duties import end_of_quarter, last_day, turning, working_days_after
from tests.support.year.register_book import ALIVE, Ask, Owed, RegisterBook, Try


class Book(RegisterBook):
    # --- Rounds ------------------------------------------------------------------------------------------------------

    def _left_out(self, _day: date, agency: str, quarter: str, entry: str, where: int | str) -> None:
        self.left_out.setdefault((agency, quarter), set()).add(self.owed[entry, where])

    def _brought_back(self, _day: date, agency: str, quarter: str, entry: str, where: int | str) -> None:
        self.left_out[agency, quarter].discard(self.owed[entry, where])

    def _ran(self, day: date, agency: str, quarter: str) -> dict[int, list[Owed]]:
        """The worker has asked everybody who was to be asked; whom about what."""
        self._end_periods(day, agency, quarter)
        found: dict[int, list[Owed]] = {}
        for owed in self.of_agency[agency]:
            if self._is_to_be_asked(owed, day, quarter):
                assert owed.subject is not None
                found.setdefault(owed.subject, []).append(owed)
        for number, about in found.items():
            if (agency, quarter, number) not in self.asks:
                self.asks[agency, quarter, number] = Ask(agency, quarter, number)
                self.asks_in.setdefault((agency, quarter), []).append(self.asks[agency, quarter, number])
            ask = self.asks[agency, quarter, number]
            ask.told_more = day if ask.about and self._reachable(number) else ask.told_more
            for owed in about:
                ask.about[owed] = day, len(ask.tries)
                self.asks_of.setdefault(owed, []).append(ask)
        return found

    def asked(self, agency: str, quarter: str) -> dict[int, int]:
        """Per subject of a round about how much it has been asked."""
        asks = self.asks_in.get((agency, quarter), ())
        return {ask.subject: len(ask.about) for ask in asks}

    def _is_to_be_asked(self, owed: Owed, day: date, quarter: str) -> bool:
        duty, number = owed.duty, owed.subject
        if number is None or not owed.open or self.subjects[number].merged_into is not None:
            return False
        if not duty.enabled or (duty.ask_from is not None and day < duty.ask_from):
            return False
        if duty.instrument == "acknowledgement" and duty.id not in self.documents:
            return False
        ask = self.asks.get((duty.agency, quarter, number))
        known = ask is not None and (owed in ask.about or ask.told_more == day)
        return not known and owed not in self.left_out.get((duty.agency, quarter), ())

    def _reachable(self, number: int) -> bool:
        return bool(self.subjects[number].addresses)

    def _end_periods(self, day: date, agency: str, quarter: str) -> None:
        """Where everybody signs each quarter, what was signed for an earlier one has run out, and nobody has asked."""
        if not any(duty.resign and duty.agency == agency for duty in self.duties.values()):
            return
        over: list[Owed] = []
        for pledge in self.pledges.values():
            for owed, period in pledge.covers.items():
                holds = owed not in pledge.ended and pledge.state in ALIVE
                if owed.duty.resign and owed.duty.agency == agency and period < quarter and holds:
                    pledge.ended.add(owed)
                    over.append(owed)
        self._settle(day, over)
        for owed in over:
            if not (owed.waiting or owed.in_force):
                owed.asked_on, owed.because, owed.waits_until = None, None, last_day(quarter)

    # --- Mail, letters, calls ----------------------------------------------------------------------------------------

    def _written(self, day: date, agency: str, quarter: str, number: int, step: str) -> None:
        self.asks[agency, quarter, number].tries[step] = Try("mail", day, "in line")

    def _mail(self, day: date, agency: str, quarter: str, number: int, step: str, outcome: str) -> None:
        """`reached`, `refused`, `uncertain`, or `called off` before any relay had it."""
        ask = self.asks[agency, quarter, number]
        mail = ask.tries[step]
        mail.outcome = outcome
        if outcome == "reached":
            mail.day = day
            self._reach(ask, mail)

    def _bounced(self, day: date, agency: str, quarter: str, number: int, step: str, address: str) -> None:
        """The address is dead; who had been asked only so was not, if that is known within the waiting time."""
        for holder in self.holders.pop(address, ()):
            self.subjects[holder].addresses.discard(address)
        ask = self.asks[agency, quarter, number]
        mail = ask.tries[step]
        if mail.outcome == "reached" and day > working_days_after(mail.day, self.waiting_days.get(agency, 10)):
            return
        mail.outcome = "bounced"
        self._unreach(day, ask, mail)

    def _recorded(
        self, day: date, letter: int, agency: str, quarter: str, number: int, way: str, outcome: str, made_on: date
    ) -> None:
        ask = self.asks[agency, quarter, number]
        ask.tries[f"{way} {letter}"] = found = Try(way, made_on, outcome)
        self.letters[letter] = ask, f"{way} {letter}"
        if outcome == "reached":
            self._reach(ask, found)

    def _taken_back(self, day: date, letter: int) -> None:
        ask, name = self.letters[letter]
        found = ask.tries[name]
        was, found.outcome = found.outcome, "taken back"
        if was == "reached":
            self._unreach(day, ask, found)

    def _reach(self, ask: Ask, found: Try) -> None:
        for owed in ask.about:
            if not any(each is found for each in self.tries_about(owed, ask)):
                continue
            if owed.subject == ask.subject and owed.open and owed.asked_on is None:
                self._asked(owed, found.day, found)

    @staticmethod
    def tries_about(owed: Owed, ask: Ask) -> list[Try]:
        """Mails written since it was asked about, and letters, calls and visits since that day."""
        since, before = ask.about[owed]
        numbered = enumerate(ask.tries.values())
        return [each for number, each in numbered if (number >= before if each.way == "mail" else each.day >= since)]

    def _unreach(self, day: date, ask: Ask, lost: Try) -> None:
        for owed in ask.about:
            if owed.subject != ask.subject or owed.because is not lost:
                continue
            others = [
                each
                for other in self.asks_of[owed]
                for each in self.tries_about(owed, other)
                if each.outcome == "reached" and each.day >= lost.day
            ]
            first = min(others, key=lambda each: each.day, default=None)
            self._asked(owed, first.day if first else None, first)
            if first is None and owed.duty.resign:
                # Whom nobody reached the agency has the quarter to ask again.
                owed.waits_until = end_of_quarter(day)

    # --- How it stands -----------------------------------------------------------------------------------------------

    def turns_on(self, owed: Owed) -> date:
        seen = self.websites[owed.website].seen if owed.website else min(self.subjects[owed.subject or 0].seen)
        return turning(owed.duty, owed.cohort, seen, owed.asked_on, owed.waits_until)

    def group(self, owed: Owed, day: date) -> str:
        """Of the six; empty out of scope."""
        if owed.scope == "out":
            return ""
        if owed.in_force:
            return "in_force"
        if owed.waiting:
            return "waiting_for_agency"
        over = self.turns_on(owed) <= day
        if owed.asked_on is not None:
            return "not_pledged" if over else "waiting_time"
        return "unreachable" if over else "not_due"
