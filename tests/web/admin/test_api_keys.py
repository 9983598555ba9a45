"""Keys for programs of agencies, as an administrator makes and ends them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.agency_keys import MOST_LIVING, NewKey, make_key
from pledges.accounts.models import AgencyKey, Role, Staff
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database, new_id
from pledges.core.errors import DomainError, NotFound
from pledges.core.secrecy import sha256_hex
from tests.support.browsing import Browser
from tests.support.clock import START
from tests.support.staff import add_person, sign_in

LIST = "/quan-tri/20/khoa-api"
TODAY = local_day(START)
SAID = {"agency": "20-SCT", "name": "Kho dữ liệu thử nghiệm", "expires_on": "31/12/2026"}


@pytest.fixture
def own(app: Flask, sqlite_database: Database) -> Browser:
    """The administrator of one province, signed in."""
    add_person(sqlite_database, "ls@vidu.vn", province_code="20")
    browser = Browser(app)
    sign_in(browser, "ls@vidu.vn")
    return browser


def kept(database: Database) -> list[AgencyKey]:
    with database.read() as session:
        return list(session.scalars(select(AgencyKey).order_by(AgencyKey.created_at)))


def request_of(browser: Browser) -> str:
    found = re.search(r'name="request"[^>]* value="([^"]+)"', browser.page)
    assert found is not None
    return found.group(1)


def read(app: Flask, secret: str) -> int:
    return app.test_client().get("/api/v1/agency", headers={"Authorization": f"Bearer {secret}"}).status_code


def test_a_key_is_shown_once_and_ended(own: Browser, app: Flask, sqlite_database: Database) -> None:
    own.follow(own.open("/quan-tri/khoa-api"))
    assert "Chưa có khóa nào" in own.text
    own.open(f"{LIST}/them")
    assert 'value="20/11/2027"' in own.page
    sent = SAID | {"request": request_of(own)}
    made = own.send(f"{LIST}/them", sent)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    secret = re.findall(r"pk_[A-Za-z0-9_-]{43}", made.text)[0]
    assert f"KHOA=&#39;{secret}&#39;" in made.text
    assert read(app, secret) == 200

    own.open(f"{LIST}/them")
    again = own.send(f"{LIST}/them", sent)
    assert again.status_code == 409
    assert "chỉ hiện một lần" in own.text
    assert request_of(own) != sent["request"]
    [key] = kept(sqlite_database)
    assert (key.key_sha256, key.beginning) == (sha256_hex(secret.encode()), secret[:12])

    own.open(LIST)
    assert secret not in own.page
    assert secret[:12] in own.text
    assert "20/11/2026" in own.text, "it was used today"
    own.open(f"{LIST}/{key.id}")
    assert secret not in own.page
    own.follow(own.send(f"{LIST}/{key.id}/cham-dut"))
    assert "đã chấm dứt" in own.text
    assert read(app, secret) == 401
    own.open(f"{LIST}/{key.id}")
    assert "cham-dut" not in own.page
    assert own.send(f"{LIST}/{key.id}/cham-dut").status_code == 409

    with sqlite_database.read() as session:
        facts = session.scalars(select(Fact).where(Fact.kind.startswith("key.")).order_by(Fact.id)).all()
    assert [fact.kind for fact in facts] == ["key.made", "key.ended"]
    assert {fact.data["key"] for fact in facts} == {secret[:12]}
    assert not [fact for fact in facts if secret in str(fact.data)]
    own.open("/quan-tri/nhat-ky")
    assert "Tạo khóa API cho cơ quan" in own.text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"agency": "46-SCT"}, "Hãy chọn một mục"),
        ({"name": ""}, "Chương trình nào dùng khóa"),
        ({"name": "<b>"}, "không dùng ký tự"),
        ({"expires_on": "19/11/2026"}, "đến hai năm sau"),
        ({"expires_on": "01/01/2099"}, "đến hai năm sau"),
        ({"expires_on": "31/02/2027"}, "Ngày chưa đúng"),
        ({"request": "x\x00"}, ""),
    ],
)
def test_what_was_typed_stays_while_it_is_wrong(
    own: Browser, sqlite_database: Database, wrong: dict[str, str], says: str
) -> None:
    own.open(f"{LIST}/them")
    answer = own.send(f"{LIST}/them", SAID | wrong)
    assert answer.status_code == (400 if says else 200)
    assert says in own.text
    assert len(kept(sqlite_database)) == (0 if says else 1)
    if says and "name" not in wrong:
        assert SAID["name"] in own.page


def test_only_administrators_of_the_province(own: Browser, sqlite_database: Database) -> None:
    assert own.open("/quan-tri/46/khoa-api").status_code == 404
    officer = add_person(
        sqlite_database, "cb@vidu.vn", role=Role.OFFICER, province_code="20", agency_code="20-SCT", ready=False
    )
    other = add_person(sqlite_database, "hue@vidu.vn", province_code="46", ready=False)
    system = add_person(sqlite_database, "ca-nuoc@vidu.vn", ready=False)

    def made_by(staff: Staff, number: int = 1) -> None:
        def work(session: Session) -> None:
            for _ in range(number):
                make_key(session, NewKey("20", "20-SYT", "Thử nghiệm", TODAY, new_id()), by=staff, now=START)

        sqlite_database.run(work)

    with pytest.raises(NotPermitted):
        made_by(officer)
    with pytest.raises(NotFound):
        made_by(other)
    made_by(system, MOST_LIVING)
    with pytest.raises(DomainError, match="khóa đang dùng"):
        made_by(system)
    sqlite_database.run(
        lambda session: make_key(
            session,
            NewKey("20", "20-SYT", "Thử nghiệm", TODAY + timedelta(days=1), new_id()),
            by=system,
            now=START + timedelta(days=1),
        )
    )
