"""A department and what people ask it about their data; everybody in here is invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from pledges.accounts.models import Role, Staff
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.rights import operations
from pledges.rights.asking import ask_from_file
from pledges.rights.erasing import Erased
from pledges.rights.models import DataRequest, Outcome, RequestKind
from pledges.rights.operations import Verdict
from pledges.rights.steps import Post
from pledges.signing.models import Pledge
from tests.support.clock import FixedClock
from tests.support.signing import HUE, PUBLIC_URL, seller_pages, signed_by
from tests.support.staff import add_person

GRANT = Verdict(Outcome.GRANTED, "Đã làm như yêu cầu (thử nghiệm).")
REFUSE = Verdict(Outcome.REFUSED, "Chưa làm được (thử nghiệm).", ground="identity")


class RightsDesk:
    def __init__(self, database: Database, clock: FixedClock, vault: Vault) -> None:
        self.database, self.clock, self.vault = database, clock, vault
        self.post = Post(vault, PUBLIC_URL)
        self.officer = self.person("cv@vidu.vn", "46-SCT")

    def person(self, email: str, agency: str) -> Staff:
        return add_person(self.database, email, role=Role.OFFICER, province_code=HUE, agency_code=agency, ready=False)

    def signed(self, number: int = 1, **more: Any) -> Pledge:
        typed = {name: more.pop(name) for name in list(more) if "__" in name}
        pages = more.pop("pages", None) or seller_pages(number, **typed)
        [pledge] = signed_by(self.database, pages, now=self.clock(), vault=self.vault, **more).signed
        return pledge

    def ask(self, pledge: Pledge, kind: RequestKind, details: str = "") -> DataRequest:
        work = partial(ask_from_file, now=self.clock(), post=self.post)
        return self.database.run(lambda session: work(session, pledge, kind, details))

    def decide(
        self, asked: DataRequest, verdict: Verdict = GRANT, *, staff: Staff | None = None, **more: Any
    ) -> tuple[DataRequest, Erased | None]:
        return self.database.run(
            lambda session: operations.decide(
                session,
                (asked.province_code, asked.id),
                replace(verdict, **more),
                seen=asked.revision,
                staff=staff or self.officer,
                now=self.clock(),
                post=self.post,
            )
        )

    def on(self, day: date) -> None:
        """Nine o'clock of that day in Vietnam."""
        self.clock.set(self.clock().replace(year=day.year, month=day.month, day=day.day, hour=2))


@pytest.fixture
def desk(database: Database, clock: FixedClock, vault: Vault) -> RightsDesk:
    return RightsDesk(database, clock, vault)
