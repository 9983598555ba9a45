from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from pledges.app import create_app
from pledges.core.calendar import system_clock
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.sealing import Sealer
from pledges.jobs.operations import enqueue
from pledges.jobs.queue import failed_table
from pledges.jobs.tasks import TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging.models import Message
from pledges.messaging.operations import DELIVER_MESSAGE, queue_message
from pledges.product import Product
from pledges.readiness import check_readiness
from pledges.settings import Settings
from pledges.signing.models import PledgeState
from pledges.signing.operations import SEAL_TASK
from tests.support.clock import FixedClock
from tests.support.offices import WAY_TO, Office
from tests.support.signing import seller_pages, signed_by
from tests.web.conftest import make_product


def parts(app: Flask) -> dict[str, dict[str, object]]:
    answer = app.test_client().get("/readyz")
    found: dict[str, dict[str, object]] = answer.json["parts"]
    ready = all(part["ok"] for part in found.values())
    assert answer.status_code == (200 if ready else 503)
    assert answer.json["status"] == ("ok" if ready else "not ready")
    return found


def test_the_process_is_up(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_everything_is_ready(app: Flask) -> None:
    found = parts(app)
    named = "database writing data_key plans mail jobs worker clock backup drill log audit storage disk seal"
    assert set(found) == set(named.split())
    assert all(part["ok"] for part in found.values())
    assert found["seal"]["reason"] == "trial key"


def test_a_database_without_schema_is_not_ready(
    empty_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings
) -> None:
    found = parts(create_app(product=make_product(empty_database, clock, vault, settings_for_test)))
    assert found["database"] == {"ok": False, "reason": "migrations are missing"}
    assert "mail" not in found


def test_a_database_that_does_not_answer_is_not_ready(
    clock: FixedClock, vault: Vault, settings_for_test: Settings
) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing")
    app = create_app(product=make_product(nowhere, clock, vault, settings_for_test))
    assert parts(app)["database"] == {"ok": False, "reason": "does not answer"}
    assert app.test_client().get("/healthz").status_code == 200


def test_mail_that_waits_too_long_is_not_ready(app: Flask, product: Product, clock: FixedClock) -> None:
    def write(session: object) -> None:
        row = queue_message(
            session,  # type: ignore[arg-type]
            province_code="20",
            kind="seal_waiting",
            to_address="quan-tri@example.vn",
            dedupe_key="test",
            params={"count": 1, "reason": "thử", "since": clock().isoformat()},
            language="vi",
            now=clock(),
            vault=product.vault,
        )
        assert isinstance(row, Message)

    product.database.run(write)
    assert parts(app)["mail"]["ok"]
    clock.advance(timedelta(minutes=6))
    assert parts(app)["mail"] == {"ok": False, "reason": "the oldest message is overdue by 6 minutes"}


def give_up(product: Product, task: str) -> None:
    """Run `task` with an address that is none, so that it raises at its only attempt."""
    product.database.run(lambda session: enqueue(session, task, "46", "not-an-id-nguyen.van.a@vidu.vn"))
    run_worker(
        product.database,
        TaskTable(*(dataclasses.replace(each, attempts=1) for each in product.tasks())),
        once=True,
    )


@pytest.mark.parametrize(("task", "words"), [(SEAL_TASK, "sealing"), (DELIVER_MESSAGE, "mail delivery")])
def test_a_task_that_was_given_up_is_not_ready_until_it_is_tried_again(
    app: Flask, product: Product, task: str, words: str
) -> None:
    give_up(product, task)
    reason = f"{words} was given up in the last 24 hours, tasks: 1"
    assert parts(app)["jobs"] == {"ok": False, "reason": reason}
    runner = app.test_cli_runner()
    rehearsed = runner.invoke(args=["jobs", "retry", "--dry-run", "--json"])
    assert json.loads(rehearsed.output) == {"retried": 0, "tasks": {task: 1}}
    assert not parts(app)["jobs"]["ok"]
    assert json.loads(runner.invoke(args=["jobs", "retry", "--json"]).output) == {"retried": 1, "tasks": {task: 1}}
    assert parts(app)["jobs"] == {"ok": True}
    assert json.loads(runner.invoke(args=["jobs", "retry", "--json"]).output) == {"retried": 0, "tasks": {}}


def test_a_task_that_was_given_up_long_ago_is_no_news(app: Flask, product: Product) -> None:
    give_up(product, SEAL_TASK)
    long_ago = system_clock().replace(tzinfo=None) - timedelta(hours=25)
    product.database.run(lambda session: session.execute(update(failed_table).values(created_at=long_ago)) and None)
    assert parts(app)["jobs"] == {"ok": True}


def test_a_pledge_that_waits_too_long_for_its_seal_is_not_ready(
    app: Flask, product: Product, clock: FixedClock
) -> None:
    signed_by(product.database, seller_pages(), now=clock(), vault=product.vault)
    clock.advance(timedelta(minutes=10))
    assert parts(app)["jobs"] == {"ok": True}
    clock.advance(timedelta(seconds=1))
    reason = "waiting for their seal for more than 10 minutes, pledges: 1"
    assert parts(app)["jobs"] == {"ok": False, "reason": reason}
    run_worker(product.database, product.tasks(), once=True)
    assert parts(app)["jobs"] == {"ok": True}


def test_a_pledge_that_waits_too_long_for_the_agency_s_signature_is_not_ready(
    small_app: Flask, small_product: Product, clock: FixedClock, vault: Vault
) -> None:
    office = Office(small_product.database, clock, vault)
    office.enter(*WAY_TO[PledgeState.COUNTERSIGNING])
    clock.advance(timedelta(minutes=10, seconds=1))
    reason = "waiting for the agency's signature for more than 10 minutes, pledges: 1"
    assert reason in str(parts(small_app)["jobs"])
    office.enter(PledgeState.APPROVED)
    assert reason not in str(parts(small_app)["jobs"])


def test_a_seal_that_cannot_be_used_is_not_ready(small_product: Product, clock: FixedClock, tmp_path: Path) -> None:
    key = tmp_path / "key.p12"
    key.write_bytes(b"no key")
    settings = dataclasses.replace(small_product.settings, seal_key=key)
    broken = dataclasses.replace(small_product, settings=settings, sealer=Sealer.from_settings(settings, clock))
    found = parts(create_app(product=broken))["seal"]
    assert found == {"ok": False, "reason": "the seal must not be used now; pledges wait for it"}


def test_nobody_outside_learns_where_files_lie(small_app: Flask, small_product: Product) -> None:
    folder = small_product.settings.storage
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be")
    answer = small_app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert str(folder) not in answer.text
    [storage] = [part for part in check_readiness(small_product) if part.name == "storage"]
    assert str(folder) in storage.detail
