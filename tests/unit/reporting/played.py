"""A quarter of two agencies and more, at whose end somebody stands in every group."""

from __future__ import annotations

from datetime import date, timedelta

from pledges.core.calendar import end_of_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.rounds.attempts import record_attempts
from pledges.rounds.figures import Moment, at, at_end_of
from pledges.rounds.models import Outcome, Way
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.unit.rounds.quarter import Q4, QuarterOffice

OTHER_COMMUNE = "19774"


class Quarterly:
    """A quarter of subjects of two agencies, in two communes, some of two types, in all six groups at its end."""

    def __init__(self, database: Database, clock: FixedClock, vault: Vault) -> None:
        office = self.office = QuarterOffice(database, clock, vault)
        self.database, self.clock = database, clock
        mailed = [office.subject(f"nguoi.{number}@vidu.vn") for number in range(4)]
        doctor = office.subject("bac.si@vidu.vn", types=("doctor", "scientist"))
        silent = office.subject(commune_code=OTHER_COMMUNE)
        abroad = office.subject("xa@vidu.vn", commune_code=None)
        office.subject(types=("influencer", "artist"))
        self.round = office.start()
        office.rounds.ask((HUE, self.round.id))
        office.deliver()
        self.days = [office.days(0), office.days(3)]
        for entity in (*mailed[:3], doctor):
            office.sign(entity)
        self.days.append(office.days(2))
        for entity in (mailed[0], mailed[2], doctor):
            office.approve(entity)
        self.days.append(office.days(40))
        office.revoke(mailed[0])
        staff = office.officer()
        self.database.run(
            lambda session: record_attempts(
                session,
                (HUE, self.round.id),
                [office.ask_of(silent).id],
                way=Way.LETTER,
                outcome=Outcome.REACHED,
                made_on=self.days[-1],
                staff=staff,
                now=clock(),
            )
        )
        office.sign(abroad)
        self.days.append(office.days(1))
        office.subject()
        self.days.append(office.days(38))
        office.subject("cuoi.quy@vidu.vn")
        office.rounds.ask((HUE, self.round.id))
        office.deliver()
        clock.set(end_of_day(Q4.last_day) + timedelta(hours=2))
        self.days.append(Q4.last_day)

    def moments(self) -> list[tuple[date | None, Moment]]:
        return [(None, at(self.clock())), *((day, at_end_of(day)) for day in self.days)]
