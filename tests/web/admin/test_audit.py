"""The log: who did what, found by day, kind, person and object, taken away only with a reason."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.models import Fact
from pledges.audit.operations import SIGNER, SYSTEM, Actor, record
from pledges.audit.queries import FactFilter, fact_groups, newest_facts, position_of
from pledges.core.db import Database, new_id
from pledges.product import Product
from pledges.web.admin.audit_forms import GROUPS
from tests.support.browsing import Browser
from tests.support.checked_pages import CheckedClient
from tests.support.clock import START, FixedClock
from tests.support.desk import Desk, form_to
from tests.support.signing import HUE, LANG_SON
from tests.support.staff import add_person, sign_in

LOG = "/quan-tri/nhat-ky"


class Log(Desk):
    """The desk with a province administrator, and facts of this province and another one."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        super().__init__(product, app, clock)
        self.head = self.administrator("quan-tri.hue@vidu.vn", HUE)
        self.browser: CheckedClient = self.at(self.head)

    def administrator(self, email: str, province_code: str) -> Staff:
        return add_person(self.database, email, role=Role.ADMINISTRATOR, province_code=province_code, ready=False)

    def say(self, kind: str, *, by: Actor = SYSTEM, province: str = HUE, days: int = 0, **data: object) -> uuid.UUID:
        about = new_id()

        def work(session: Session) -> None:
            at = START + timedelta(days=days)
            record(session, kind, province_code=province, object_id=about, actor=by, now=at, data=data)

        self.database.run(work)
        return about


@pytest.fixture
def log(small_product: Product, app: Flask, clock: FixedClock) -> Log:
    return Log(small_product, app, clock)


def test_every_kind_of_fact_has_a_group() -> None:
    assert set(fact_groups()) == set(GROUPS)


def test_an_administrator_reads_who_did_what(log: Log) -> None:
    officer = Actor("staff", str(log.officer.id))
    log.say(
        "obligation.scope_decided", by=officer, days=1, before="presumed_in", after="confirmed_out", reason="closed"
    )
    log.say("entity.changed", by=officer, days=2, changed=["tax_code", "address"], counts=[{"secret": "1"}])
    log.say("entity.changed", province=LANG_SON, days=3)
    page = log.browser.get(LOG)
    rows = [" ".join(row.text_content().split()) for row in page.all("//tbody/tr")]
    assert "Cán bộ sửa thông tin của đối tượng" in rows[0]
    assert "Đã sửa: mã số thuế, địa chỉ" in rows[0]
    assert "tạm tính thuộc diện ký → ngoài diện ký" in rows[1]
    assert "Lý do: Đã ngừng hoạt động" in rows[1]
    assert log.officer.name in rows[0]
    assert any("Người ký" in row and log.reference in row for row in rows)
    # An administrator opens no files, but every subject of the province.
    assert not [link for link in page.all("//tbody//a/@href") if "/ho-so/" in link]
    assert f"/can-bo/doi-tuong/{log.pledge().entity_id}" in page.all("//tbody//a/@href")
    assert "secret" not in page.text
    assert sum("Cán bộ sửa" in row for row in rows) == 1, "nothing of another province"


def test_filters_and_pages(log: Log) -> None:
    officer = Actor("staff", str(log.officer.id))
    wanted = log.say("entity.changed", by=officer, days=40)
    for day in range(60):
        log.say("contact.added", days=50 + day % 3)

    def count(query: str) -> int:
        return len(log.browser.get(f"{LOG}?{query}").all("//tbody/tr"))

    first = log.browser.get(f"{LOG}?nhom=contact")
    assert len(first.all("//tbody/tr")) == 50
    [older] = first.all("//a[@rel='next']/@href")
    assert len(log.browser.get(older).all("//tbody/tr")) == 10
    for query, found in (
        ("nhom=entity&tu=01/12/2026", 1),
        (f"nguoi={log.officer.id}&nhom=entity", 1),
        (f"ma={wanted}", 1),
        (f"ma=https://vidu.vn/can-bo/doi-tuong/{wanted}", 1),
        (f"ma={log.reference}&nhom=pledge", 2),
        ("ma=CK-46-2026-KKKKKK", 0),
        ("den=19/11/2026", 0),
        ("tu=09/01/2027&den=09/01/2027", 20),
        ("nhom=khong-co&nhom=contact&truoc=x", 50),
    ):
        assert count(query) == found, query
    wrong = log.browser.get(f"{LOG}?tu=hom+nay")
    assert "Ngày chưa đúng" in wrong.words
    assert "Không có việc nào được ghi" in log.browser.get(f"{LOG}?den=01/01/2020").words


def test_the_list_is_taken_away_with_a_reason_only(log: Log) -> None:
    log.say("entity.changed", days=1, reason="=1+1")
    page = log.browser.get(f"{LOG}?nhom=entity")
    refused = log.browser.send(page, form=form_to(page, "/nhat-ky"), status=400)
    assert refused.problems == ["Hãy chọn lý do tải nhật ký."]
    answer = log.browser.client.post(f"{LOG}?nhom=entity", data={**_token(refused), "reason": "authority"})
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:3] == ["Lúc", "Người làm", "Việc"]
    assert [row[2] for row in rows[1:]] == ["Cán bộ sửa thông tin của đối tượng", "Thêm đối tượng vào danh sách"]
    with log.database.read() as session:
        [fact] = session.scalars(select(Fact).where(Fact.kind == "audit.exported")).all()
    assert (fact.actor_id, fact.data["reason"], fact.data["filter"]) == (
        str(log.head.id),
        "authority",
        {"nhom": "entity"},
    )


def _token(page: object) -> dict[str, str]:
    return {"csrf_token": page.all("//input[@name='csrf_token']/@value")[0]}  # type: ignore[attr-defined]


def test_the_whole_systems_administrator_chooses_and_others_stay_at_home(log: Log, visitor: Browser) -> None:
    log.say("entity.changed", province=LANG_SON, days=3)
    add_person(log.database)
    sign_in(visitor)
    visitor.open(LOG)
    assert "Cán bộ đăng nhập" in visitor.text
    visitor.open(f"{LOG}?tinh={LANG_SON}")
    assert "Cán bộ sửa thông tin của đối tượng" in visitor.text
    assert visitor.open(f"{LOG}?tinh=77").status_code == 404
    for address in (f"{LOG}?tinh={LANG_SON}", f"{LOG}?tinh=00"):
        log.browser.get(address, status=404)
    log.at(log.officer).get(LOG, status=403)


def test_pages_follow_each_other_on_both_engines(database: Database) -> None:
    """Facts of one moment and of several kinds: none twice, none left out."""

    def work(session: Session) -> None:
        for number in range(30):
            record(
                session,
                ("entity.added", "entity.changed", "staff.added")[number % 3],
                province_code=HUE,
                object_id=new_id(),
                actor=SIGNER,
                now=START + timedelta(minutes=number // 10),
            )

    database.run(work)
    for group, expected in (("", 31), ("entity", 20)):  # The plan was loaded before.
        seen: list[uuid.UUID] = []
        wanted = FactFilter(HUE, group=group)
        with database.read() as session:
            while facts := newest_facts(session, wanted, 7):
                seen += [fact.id for fact in facts]
                wanted = FactFilter(HUE, group=group, before=position_of(facts[-1]))
        assert len(seen) == len(set(seen)) == expected
