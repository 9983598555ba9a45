"""Plan settings at their pages: changed with a reason, shown in a history, undone, and seen where they have effect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import Role
from pledges.audit.models import Fact
from pledges.plans.decisions import DECIDABLE
from pledges.plans.models import Agency, ObligationEntry, Province, SettingChange
from pledges.plans.settings import province_settings, retention_days
from pledges.product import Product
from pledges.web.admin.settings_words import ELSEWHERE, LABELS
from tests.support.admins import at, browser_of
from tests.support.checked_pages import CheckedClient
from tests.support.desk import form_to
from tests.support.signing import HUE
from tests.support.staff import add_person

PAGE = "/quan-tri/46/cai-dat"


@pytest.fixture
def head(small_product: Product, app: Flask) -> CheckedClient:
    return browser_of(small_product, app, "quan-tri.hue@vidu.vn")


def test_every_part_is_changed_with_a_reason(head: CheckedClient, small_product: Product) -> None:
    assert head.client.get("/quan-tri/cai-dat").headers["Location"] == PAGE
    first = head.get(PAGE)
    for words in (
        "Cài đặt của kế hoạch",
        "10 ngày làm việc",
        "Ký tay trên giấy cũng được",
        "Bản đang viết mà không ký",
    ):
        assert words in first.words
    form = head.get(f"{PAGE}/thoi-han")
    refused = head.send(form, {"days_to_answer": "0"}, form=1)
    assert "Hãy ghi lý do thay đổi." in refused.problems
    refused = head.send(form, {"days_to_answer": "0", "reason": "Thử"}, form=1)
    assert any("từ 1 đến 60" in problem for problem in refused.problems)
    answers = {"days_to_answer": "7", "days_off_in_lieu": "2/1/2026, 31/12/2026", "reason": "Công văn thử nghiệm 1"}
    saved = head.send(form, answers, form=1)
    assert "Đã lưu" in saved.words
    assert "7 ngày làm việc" in saved.words
    head.send(head.get(f"{PAGE}/cong-khai"), {"shown": ["commune"], "reason": "Thử"}, form=1)
    head.send(head.get(f"{PAGE}/luu-giu"), {"import_files": "90", "reason": "Thử"}, form=1)
    head.send(head.get(f"{PAGE}/cach-ky"), {"entry_0": "otp_confirm", "reason": "Thử"}, form=1)
    head.send(
        head.get(f"{PAGE}/co-quan/46-SCT"), {"waiting_days": "12", "reminder_days": "14, 3", "reason": "Thử"}, form=1
    )
    with small_product.database.read() as session:
        held = province_settings(session.get_one(Province, HUE))
        assert (held.days_to_answer, len(held.days_off_in_lieu)) == (7, 2)
        assert held.hidden_fields == {"channels", "tax_code"}
        assert retention_days(session, HUE, "import_files") == 90
        agency = session.get_one(Agency, (HUE, "46-SCT"))
        assert (agency.waiting_days, agency.reminder_days) == (12, [14, 3])
        asked = session.scalars(select(ObligationEntry.id).where(ObligationEntry.least_signature == "otp_confirm"))
        assert len(asked.all()) == 1
        facts = session.scalars(select(Fact).where(Fact.kind == "province.decided")).all()
    assert all(set(fact.data["before"]) == set(fact.data["after"]) != set() for fact in facts)
    log = head.get("/quan-tri/nhat-ky?nhom=province").words
    for words in ("Thời gian chờ sau khi mời (ngày làm việc): 10 → 12", "Tệp danh sách đã nhập", "→ 90"):
        assert words in log, words


def test_the_history_shows_before_and_after_and_undoes(head: CheckedClient, small_product: Product) -> None:
    head.send(head.get(f"{PAGE}/luu-giu"), {"import_files": "90", "reason": "Theo ý kiến thử nghiệm"}, form=1)
    history = head.get(f"{PAGE}/lich-su")
    for words in ("mặc định, 180 → 90", "Theo ý kiến thử nghiệm", "Nguyễn Văn Thử"):
        assert words in history.words
    with small_product.database.read() as session:
        change = session.scalars(select(SettingChange)).one()
    number = form_to(history, "/hoan-tac")
    assert "Đã hoàn tác" in head.send(history, form=number).words
    again = head.send(history, form=number, status=409)
    assert "đổi lần nữa" in again.words
    with small_product.database.read() as session:
        assert retention_days(session, HUE, "import_files") == 180
        undone = session.scalars(select(SettingChange).where(SettingChange.undoes == change.id)).one()
    assert undone.after == {"value": None}


def test_nothing_changes_without_a_difference(head: CheckedClient) -> None:
    same = head.send(head.get(f"{PAGE}/thoi-han"), {"reason": "Thử"}, form=1)
    assert same.problems == ["Chưa có gì thay đổi so với hiện nay."]


def test_what_is_changed_elsewhere_stands_in_the_history_too(
    head: CheckedClient, small_product: Product, app: Flask
) -> None:
    person = add_person(
        small_product.database, "cv@vidu.vn", province_code=HUE, agency_code="46-SCT", role=Role.OFFICER, ready=False
    )
    officer = at(small_product, app, person)
    officer.send(officer.get("/can-bo/dot-van-dong/cai-dat"), {"waiting_days": "12"}, form=1)
    head.send(head.get("/quan-tri/san-sang/46/co-quan/46-SCT"), {"signing_title": "PHÓ GIÁM ĐỐC"}, form=1)
    head.send(head.get("/quan-tri/46/so-lieu-cong-khai"), {"publish": "public"}, form=1)
    history = head.get(f"{PAGE}/lich-su")
    for words in ("10 → 12", "Đổi ở trang đợt vận động", "→ PHÓ GIÁM ĐỐC", "Công khai số liệu", "không → có"):
        assert words in history.words, words
    assert len(history.all("//form[contains(@action, '/hoan-tac')]")) == 1, "only what is a setting is undone here"
    with small_product.database.read() as session:
        title = session.scalars(select(SettingChange).where(SettingChange.name == "signing_title")).one()
    forged = f"{PAGE}/lich-su/{title.id}/hoan-tac"
    token = history.all("//input[@name='csrf_token']")[0].get("value")
    assert head.client.post(forged, data={"csrf_token": token}).status_code == 409


def test_every_setting_has_its_words_and_no_way_round_the_history() -> None:
    assert {one.name for one in DECIDABLE} == set(LABELS) | set(ELSEWHERE)
    importing = re.compile(r"^from pledges\.plans\.decisions import (?:[^()\n]*|\([^)]*)\bdecide\b", re.MULTILINE)
    callers = {path.name for path in Path("pledges").rglob("*.py") if importing.search(path.read_text("utf-8"))}
    assert callers == {"setting_changes.py"}
