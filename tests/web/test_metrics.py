"""Figures for a monitoring: right, few, and for this machine only."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from pledges.audit.operations import SYSTEM
from pledges.continuity.marks import note_backup
from pledges.messaging.models import Message, MessageState
from pledges.product import Product
from pledges.settings import Settings
from tests.support.clock import FixedClock
from tests.support.signing import seller_pages, signed_by
from tests.web.conftest import make_app


def read(product: Product) -> dict[str, float]:
    answer = make_app(product).test_client().get("/metrics")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    found = dict(line.rsplit(" ", 1) for line in lines)
    assert len(found) == len(lines), "no figure stands twice"
    return {name: float(value) for name, value in found.items()}


def test_what_waits_is_counted_by_province_and_state(product: Product, clock: FixedClock) -> None:
    quiet = read(product)
    assert quiet["pledges_database_up"] == 1
    assert quiet['pledges_messages{state="failed"}'] == quiet["pledges_tasks_failed"] == 0
    assert not [name for name in quiet if name.startswith("pledges_open")]
    for number in (1, 2):
        signed_by(product.database, seller_pages(number), now=clock(), vault=product.vault)
    product.database.run(lambda session: session.execute(update(Message).values(state=MessageState.FAILED)))
    product.database.run(lambda session: note_backup(session, shows=clock(), data={}, actor=SYSTEM, now=clock()))
    product.storage.put("tệp thử nghiệm".encode())
    clock.advance(timedelta(seconds=31))
    busy = read(product)
    assert busy['pledges_open{province="46",state="submitted"}'] == 2
    assert busy['pledges_messages{state="failed"}'] >= 2
    assert busy["pledges_storage_free_bytes"] < busy["pledges_storage_size_bytes"]
    assert busy["pledges_seal_usable"] == 1
    assert "pledges_backup_age_seconds" not in quiet
    assert busy["pledges_backup_age_seconds"] == 31


def test_answers_are_counted_by_audience_and_nothing_finer(small_product: Product) -> None:
    client = make_app(small_product).test_client()
    before = read(small_product)
    for path in ("/", "/quyen-rieng-tu", "/khong-co-trang-nay", "/can-bo", "/ho-so/ABC"):
        client.get(path)
    after = read(small_product)
    public = 'pledges_answers_total{group="public",status="2xx"}'
    assert after[public] - before.get(public, 0) == 2
    missing = 'pledges_answers_total{group="none",status="4xx"}'
    assert after[missing] - before.get(missing, 0) == 1
    timed = 'pledges_request_seconds_bucket{group="public",le="+Inf"}'
    assert after[timed] - before.get(timed, 0) == 2
    labels = {label for name in after for label in re.findall(r'(\w+)="', name)}
    assert labels <= {"group", "status", "le", "state", "province"}
    groups = {group for name in after for group in re.findall(r'group="([^"]*)"', name)}
    assert groups <= {"public", "signer", "staff", "program", "none"}
    assert len(after) < 200


@pytest.mark.parametrize("proxies", [0, 1])
def test_nobody_reads_them_through_a_proxy_or_from_elsewhere(
    small_product: Product, settings_for_test: Settings, proxies: int
) -> None:
    product = replace(small_product, settings=replace(settings_for_test, trusted_proxies=proxies))
    client = make_app(product).test_client()
    assert client.get("/metrics").status_code == 200
    for name, value in (("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", "203.0.113.5"), ("Forwarded", "for=::1")):
        assert client.get("/metrics", headers={name: value}).status_code == 404, name
    for address in ("203.0.113.5", "10.0.0.4", ""):
        assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": address}).status_code == 404, address
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    assert client.post("/metrics").status_code == 405
