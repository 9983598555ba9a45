"""`rounds open|ask|remind|close` and `lists not-pledged`, as cron and a person call them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pledges.audit.operations import SYSTEM
from pledges.core.calendar import local_day
from pledges.jobs.worker import run_worker
from pledges.messaging.folder import read_mail_folder
from pledges.product import Product
from pledges.registry.adding import NewEntity, Seen, add_entity
from pledges.registry.models import EntityKind
from tests.support.clock import FixedClock
from tests.web.test_commands import run

ROUND = ("--agency", "46-SCT", "--quarter", "2026Q4")
MORNING = datetime(2026, 10, 2, 3, tzinfo=UTC)
OLD = date(2025, 1, 1)


@pytest.fixture
def shops(small_product: Product, clock: FixedClock) -> None:
    """Three shops that have been there for long, two of which can be written to."""
    clock.set(MORNING)
    for number, emails in enumerate([("mot@vidu.vn",), ("hai@vidu.vn",), ()]):
        new = NewEntity(EntityKind.ORGANISATION, f"Tiệm Thử Nghiệm {number}", ("digital_seller",), emails=emails)
        small_product.database.run(
            partial(
                add_entity,
                new=new,
                seen=Seen("officer", local_day(MORNING), appeared_on=OLD),
                province_code="46",
                actor=SYSTEM,
                now=MORNING,
                vault=small_product.vault,
            )
        )


def said(app: Flask, *words: str, status: int = 0) -> dict[str, Any]:
    done = run(app, *words, "--json")
    assert done.exit_code == status, done.output
    found: dict[str, Any] = json.loads(done.output.strip().splitlines()[-1])
    return found


def work(product: Product) -> None:
    run_worker(product.database, product.tasks(), product.schedules(), once=True)


def test_a_quarter_by_commands(
    small_app: Flask, small_product: Product, clock: FixedClock, shops: None, tmp_path: Path
) -> None:
    tried = said(small_app, "rounds", "open", *ROUND, "--dry-run")
    assert (tried["to_ask"], tried["by_mail"], tried["without_contact"]) == (3, 2, 1)
    assert run(small_app, "rounds", "ask", *ROUND).exit_code == 1, "a trial run leaves nothing behind"
    for _twice in range(2):
        assert said(small_app, "rounds", "open", *ROUND)["state"] == "opened"
    assert said(small_app, "rounds", "ask", *ROUND, "--dry-run")["messages"] == 2
    asked = said(small_app, "rounds", "ask", *ROUND)
    assert (asked["state"], asked["asked"], asked["messages"]) == ("running", 3, 2)
    assert said(small_app, "rounds", "ask", *ROUND)["asked"] == 0
    work(small_product)
    assert sorted(mail.to for mail in read_mail_folder(small_product.settings.mail_folder)) == [
        "hai@vidu.vn",
        "mot@vidu.vn",
    ]
    early = said(small_app, "rounds", "close", *ROUND)
    assert (early["closed"], early["closes_after"]) == (0, "2026-12-31")
    clock.set(datetime(2026, 12, 17, 3, tzinfo=UTC))
    assert said(small_app, "rounds", "remind", *ROUND)["reminded"] == 2
    assert said(small_app, "rounds", "remind", *ROUND)["reminded"] == 0
    clock.set(datetime(2026, 12, 31, 17, 2, tzinfo=UTC))
    closed = said(small_app, "rounds", "close", *ROUND)
    assert (closed["closed"], closed["not_pledged"], closed["unreachable"]) == (1, 2, 1)
    again = said(small_app, "rounds", "close", *ROUND)
    assert (again["closed"], again["sha256"]) == (0, closed["sha256"])
    assert said(small_app, "rounds", "ask", *ROUND)["asked"] == 0, "a closed round asks nobody, and cron goes on"
    file = tmp_path / "list.csv"
    wanted = ("lists", "not-pledged", *ROUND, "--format", "csv", "--out", str(file))
    assert run(small_app, *wanted).exit_code == 2, "without a reason there is no list"
    assert said(small_app, *wanted, "--reason", "Báo cáo quý của cơ quan")["rows"] == 3
    assert "Tiệm Thử Nghiệm 2" in file.read_text("utf-8")


def test_the_worker_does_the_same_by_itself(
    small_app: Flask, small_product: Product, clock: FixedClock, shops: None
) -> None:
    said(small_app, "rounds", "open", *ROUND)
    said(small_app, "rounds", "ask", *ROUND)
    clock.advance(timedelta(days=120))
    work(small_product)
    closed = said(small_app, "rounds", "close", *ROUND)
    assert (closed["state"], closed["closed"], closed["in_scope"]) == ("closed", 0, 3)


def test_refusals_are_sentences(small_app: Flask, clock: FixedClock) -> None:
    clock.set(MORNING)
    for words in (("--agency", "46-XYZ", "--quarter", "2026Q4"), ("--agency", "46-UBND", "--quarter", "2026Q4")):
        done = run(small_app, "rounds", "open", *words)
        assert (done.exit_code, len(done.output.strip().splitlines())) == (1, 1)
    assert run(small_app, "rounds", "open", "--agency", "46-SCT", "--quarter", "2026-4").exit_code == 2
    far = run(small_app, "rounds", "open", "--agency", "46-SCT", "--quarter", "2031Q1")
    assert far.exit_code == 1
    assert "chưa bắt đầu" in far.output
