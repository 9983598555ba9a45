"""Programs of agencies that read with their keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from pledges.accounts.agency_keys import MadeKey, NewKey, end_key, make_key
from pledges.accounts.models import Role, Staff
from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.product import Product
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.support.staff import add_person

API = "/api/v1/agency"
AGENCY = "46-SCT"
REASON = "Nhắc các đơn vị chưa ký trong quý IV"


@dataclass
class Program:
    """One program with one key."""

    app: Flask
    made: MadeKey

    @property
    def header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.made.secret}"}

    def get(self, path: str = "", **parameters: Any) -> TestResponse:
        return self.app.test_client().get(f"{API}{path}", query_string=parameters or None, headers=self.header)

    def read(self, path: str = "", **parameters: Any) -> dict[str, Any]:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        return cast(dict[str, Any], answer.json)

    def refused(self, status: int, path: str = "", **parameters: Any) -> dict[str, Any]:
        return problem_of(self.get(path, **parameters), status)


def problem_of(answer: TestResponse, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    told = cast(dict[str, Any], answer.json)
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    return told


class Programs:
    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        self.product, self.app, self.clock = product, app, clock
        self._heads: dict[str, Staff] = {}

    def head(self, province: str = HUE) -> Staff:
        """The administrator of a province."""
        if province not in self._heads:
            email = f"quan-tri.{province}@vidu.vn"
            self._heads[province] = add_person(
                self.product.database, email, role=Role.ADMINISTRATOR, province_code=province, ready=False
            )
        return self._heads[province]

    def of(self, agency: str = AGENCY, *, expires_on: date | None = None, name: str = "Phần mềm thử nghiệm") -> Program:
        province = agency[:2]
        last = expires_on or local_day(self.clock()) + timedelta(days=365)
        new, head = NewKey(province, agency, name, last, new_id()), self.head(province)
        return Program(
            self.app, self.product.database.run(lambda session: make_key(session, new, by=head, now=self.clock()))
        )

    def end(self, program: Program) -> None:
        key = program.made.key
        head = self.head(key.province_code)
        self.product.database.run(
            lambda session: end_key(session, key.province_code, key.id, by=head, now=self.clock())
        )

    def facts(self, kind: str = "list.exported") -> list[Fact]:
        with self.product.database.read() as session:
            return list(session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.recorded_at, Fact.id)))
