"""The year that is reconciled, those who look at it, and rows as tables have to have them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from pledges.accounts.models import Role
from pledges.accounts.operations import begin_session
from pledges.audit.operations import SYSTEM, WHOLE_SYSTEM
from pledges.core.calendar import local_day
from pledges.plans.decisions import PROVINCE, decide
from pledges.product import Product
from pledges.reporting.exports import RollupFormat, RollupOrder, rollup_file
from pledges.reporting.rollup import entries_led
from pledges.reporting.standing import Place
from pledges.reporting.words import Names
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.played_year import HEALTH, PlayedYear
from tests.support.reckoned import PLEDGE, Line, Reckoned
from tests.support.signing import DONG_THAP, HUE, LANG_SON
from tests.support.staff import add_person
from tests.unit.rounds.quarter import AGENCY
from tests.web.api.reading import Programs

FIGURES = "/can-bo/so-lieu"
CULTURE = "46-SVHTT"
PLACES = (Place(HUE), Place(HUE, AGENCY), Place(HUE, HEALTH), Place(HUE, CULTURE))
NAMES = {HUE: "thành phố Huế", LANG_SON: "tỉnh Lạng Sơn", DONG_THAP: "tỉnh Đồng Tháp"}
ONCE, SUMS, ALL = "Mỗi nghĩa vụ đếm một lần", "Cộng các nhóm", "Cộng"
Rows = list[tuple[str, ...]]


class Books:
    """The year, what the facts say of some moments of it, and those who look at it."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock, folder: Path) -> None:
        self.product, self.app, self.clock, self.folder = product, app, clock, folder
        self.year = PlayedYear(product, clock)
        for province in (HUE, LANG_SON):
            product.database.run(partial(self._publish, province=province))
        self.viewers = {
            WHOLE_SYSTEM: self._sign_in(Role.ADMINISTRATOR, WHOLE_SYSTEM),
            HUE: self._sign_in(Role.PROVINCE_VIEWER, HUE),
            "anybody": CheckedClient(app),
        }
        self.key = Programs(product, app, clock).of(AGENCY)
        with product.database.read() as session:
            self.names = {province: Names.read(session, province) for province in NAMES}
        self._now = Reckoned(product.database, None, clock())

    def _publish(self, session: Session, province: str) -> None:
        values = {"publish_coverage": True}
        decide(session, province, PROVINCE, "", values, actor=SYSTEM, now=self.clock())

    def _sign_in(self, role: Role, province: str) -> CheckedClient:
        staff = add_person(
            self.product.database,
            f"{role.value}@vidu.vn".replace("_", "."),
            role=role,
            province_code=province,
            ready=False,
        )
        browser = CheckedClient(self.app)
        token = self.product.database.run(lambda session: begin_session(session, staff, self.clock()))
        with browser.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": staff.fs_uniquifier})
        return browser

    def at(self, day: date | None) -> Reckoned:
        return self._now.at(day)

    @property
    def yesterday(self) -> date:
        return local_day(self.clock()) - timedelta(days=1)

    def file(self, place: Place, day: date | None, kind: RollupFormat) -> bytes:
        order = RollupOrder(place, day, kind, "đối chiếu số liệu (thử nghiệm)")
        with self.product.database.read() as session:
            return rollup_file(session, order, who="Nguyễn Văn Thử", now=self.clock())

    # --- Rows as tables have to have them ---

    def entries(self, place: Place, instrument: str) -> list[str]:
        """Those of the plan, also where nobody owes them."""
        with self.product.database.read() as session:
            return [each.id for each in entries_led(session, place) if each.instrument.value == instrument]

    def by_entry(self, reckoned: Reckoned, place: Place, instrument: str = PLEDGE) -> list[tuple[str, Line]]:
        names = self.names[place.province_code]
        return [
            (names.entry(entry), reckoned.line(place.province_code, place.agency_code, entry, instrument=instrument))
            for entry in self.entries(place, instrument)
        ]

    def by_type(self, reckoned: Reckoned, place: Place) -> list[tuple[str, Line]]:
        where, names = (place.province_code, place.agency_code), self.names[place.province_code]
        kinds = reckoned.among(4, *where) - {""}
        return [(names.subject_type(kind), reckoned.line(*where, kind=kind)) for kind in kinds]

    def by_commune(self, reckoned: Reckoned, place: Place) -> list[tuple[str, Line]]:
        where, names = (place.province_code, place.agency_code), self.names[place.province_code]
        return [(names.commune(code), reckoned.line(*where, commune=code)) for code in reckoned.among(5, *where)]

    def quarters(self, reckoned: Reckoned, place: Place) -> list[tuple[date | None, Line]]:
        """The newest first; without those before there was anything."""
        where = (place.province_code, place.agency_code)
        found = [(end.day, end.line(*where)) for end in reckoned.ends()]
        while len(found) > 1 and not found[-1][1][0]:
            found.pop()
        return [(reckoned.day, reckoned.line(*where)), *found]
