"""An invented province with one agency and one commune, and a way to add people to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff, add_staff
from pledges.audit.operations import WHOLE_SYSTEM, Actor
from pledges.core.db import Database
from pledges.core.tokens import Tokens
from pledges.plans.models import Agency, Commune, Province
from tests.support.clock import FixedClock

PROVINCE = "98"
COMMAND = Actor("command")

AddStaff = Callable[..., Staff]


@pytest.fixture
def tokens() -> Tokens:
    return Tokens("tests-only-secret-key-0123456789abcdef")


@pytest.fixture
def invented_province(database: Database) -> None:
    def add(session: Session) -> None:
        session.add(Province(code=PROVINCE, name="tỉnh Thử Nghiệm", short_name="Thử Nghiệm", kind="tỉnh", settings={}))
        session.flush()
        session.add(Agency(province_code=PROVINCE, code="SCT", name="Sở Công Thương Thử Nghiệm"))
        session.add(
            Commune(
                province_code=PROVINCE,
                code="98001",
                name="xã Thử",
                name_fold="xa thu",
                valid_from=date(2025, 7, 1),
            )
        )

    database.run(add)


@pytest.fixture
def add(database: Database, clock: FixedClock, invented_province: None) -> AddStaff:
    """`add(email, role=…)`: an officer of the invented agency unless told otherwise."""

    def add_one(email: str = "can-bo@vidu.vn", **changes: object) -> Staff:
        values: dict[str, object] = {
            "email": email,
            "name": "Nguyễn Văn Thử",
            "role": Role.OFFICER,
            "province_code": PROVINCE,
            "agency_code": "SCT",
        }
        new = NewStaff(**(values | changes))  # type: ignore[arg-type]
        return database.run(lambda session: add_staff(session, new, actor=COMMAND, now=clock()))

    return add_one


@pytest.fixture
def administrator(add: AddStaff) -> Staff:
    return add("quan-tri@vidu.vn", role=Role.ADMINISTRATOR, province_code=WHOLE_SYSTEM, agency_code=None)
