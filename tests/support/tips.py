"""A department with reports in front of it; every name and address is invented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from pledges.accounts.models import Role, Staff
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.registry.models import EntityKind
from pledges.registry.recounting import recount
from pledges.tips.deciding import Finding, Page, confirm_tip
from pledges.tips.models import Tip
from pledges.tips.operations import send_tip
from pledges.tips.proof import new_stamp
from pledges.tips.rules import check_report, read_address
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.support.staff import add_person

TRADE, HEALTH = "46-SCT", "46-SYT"


class TipDesk:
    """`tip()` sends one; `confirm()` and `run()` decide as the officer."""

    def __init__(self, database: Database, clock: FixedClock, vault: Vault) -> None:
        self.database, self.clock, self.vault = database, clock, vault
        self.officer = self.person("chuyen.vien@vidu.vn", Role.OFFICER, TRADE)

    def person(self, email: str, role: Role, agency: str | None = None, commune: str | None = None) -> Staff:
        return add_person(
            self.database,
            email,
            role=role,
            province_code=HUE,
            agency_code=agency,
            commune_code=commune,
            ready=False,
        )

    def tip(self, address: str = "", **more: Any) -> Tip:
        self.clock.advance(timedelta(minutes=1))
        staff, doubtful = more.pop("staff", None), more.pop("doubtful", False)
        network = more.pop("network", f"192.0.2.{self.clock().minute}")
        given = {
            "subject": "website",
            "address": address,
            "name": "",
            "commune_code": None,
            "place": "",
            "seen_on": self.clock().date(),
            "link": "",
            "note": "",
            "pictures": (),
        } | more
        report = check_report(province_code=HUE, today=self.clock().date(), **given)
        return self.database.run(
            lambda session: (
                send_tip(
                    session,
                    report,
                    stamp=new_stamp(self.clock()),
                    now=self.clock(),
                    vault=self.vault,
                    network=network,
                    doubtful=doubtful,
                    staff=staff,
                ).tip
            )
        )

    def confirm(self, tip: Tip, seen: Page | None = None, staff: Staff | None = None, **found: Any) -> Tip:
        given = {
            "name": "Cửa hàng thử nghiệm",
            "kind": EntityKind.ORGANISATION,
            "subject_types": ("ecommerce_website",),
            "channel": read_address(tip.typed),
        } | found
        return self.database.run(
            lambda session: confirm_tip(
                session,
                (HUE, tip.id),
                Finding(**given),
                staff=staff or self.officer,
                seen=seen or Page(tip.revision),
                now=self.clock(),
                vault=self.vault,
            )
        )

    def run(self, decide: Any, tip: Tip, *args: Any, staff: Staff | None = None, **more: Any) -> Tip:
        found: Tip = self.database.run(
            lambda session: decide(session, (HUE, tip.id), *args, staff=staff or self.officer, now=self.clock(), **more)
        )
        return found

    def count(self, model: Any, *where: Any) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(model).where(*where)) or 0

    def figures_agree(self) -> bool:
        return self.database.run(lambda session: recount(session, repair=False)) == []
