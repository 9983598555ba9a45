"""Who may read with a key: living ones of agencies in use, so often in an hour; everything else is told kindly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.accounts.models import AgencyKey
from pledges.core.calendar import local_day
from pledges.plans.models import Province
from pledges.web.api import access
from pledges.web.security import audience_of
from tests.support.clock import FixedClock
from tests.support.signing import HUE, LANG_SON
from tests.web.api.reading import API, Programs, problem_of

PATHS = ("", "/coverage", "/obligations", "/reports")


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer pk_" + "a" * 43},
        {"Authorization": "Bearer ' OR 1=1 --"},
        {"Authorization": "Bearer \xff\xfe"},
        {"Authorization": "Basic cGs6cGs="},
        {"Authorization": "pk_"},
        {"Authorization": "Bearer " + "x" * 7000},
    ],
)
def test_nothing_without_a_key(programs: Programs, header: dict[str, str]) -> None:
    for path in PATHS:
        answer = programs.app.test_client().get(f"{API}{path}", headers=header)
        problem_of(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Cache-Control"] == "no-store"


def test_who_is_refused_at_the_gate_reads_why_in_english_when_asked_so(programs: Programs) -> None:
    told = [
        problem_of(programs.app.test_client().get(f"{API}/coverage", query_string={"lang": language}), 401)
        for language in ("vi", "en")
    ]
    assert "Hãy gửi khóa" in told[0]["detail"]
    assert told[1]["detail"].startswith("Send the agency's key")


def test_every_address_of_agencies_has_the_gate(programs: Programs) -> None:
    app: Flask = programs.app
    rules = {rule.rule: rule for rule in app.url_map.iter_rules() if rule.rule.startswith(API)}
    assert set(rules) == {f"{API}{path}" for path in PATHS}
    assert {audience_of(app, rule.endpoint) for rule in rules.values()} == {"program"}
    program = programs.of()
    given = {"/obligations": {"reason": "Đọc thử để kiểm tra"}}
    assert {program.get(path, **given.get(path, {})).status_code for path in PATHS} == {200}
    app.extensions.pop("program_gate")
    assert program.get().status_code == 403


def test_a_key_ends_by_its_day_and_by_hand(programs: Programs, clock: FixedClock) -> None:
    program, other = programs.of(expires_on=local_day(clock()) + timedelta(days=2)), programs.of("46-SYT")
    assert program.read()["key"]["beginning"] == program.made.secret[:12]
    clock.advance(timedelta(days=2))
    assert program.read()["agency"] == "46-SCT", "its last day is a good one"
    clock.advance(timedelta(days=1))
    assert "hết hạn" in program.refused(401)["detail"]
    other.read()
    programs.end(other)
    assert "chấm dứt" in other.refused(401)["detail"]


def test_a_key_of_a_province_that_is_not_in_use_opens_nothing(programs: Programs) -> None:
    program, elsewhere = programs.of(), programs.of("20-SCT")

    def leave(session: Session) -> None:
        session.get_one(Province, HUE).in_use = False

    programs.product.database.run(leave)
    for path in PATHS:
        program.refused(403, path)
    assert elsewhere.read()["province"] == LANG_SON


def test_so_many_requests_in_an_hour(programs: Programs, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "REQUESTS_AN_HOUR", 3)
    program, other = programs.of(), programs.of()
    for _ in range(3):
        program.read()
    refused = program.get()
    problem_of(refused, 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    other.read()
    clock.advance(timedelta(hours=1))
    program.read()


def test_the_day_of_the_last_use_is_kept(programs: Programs, clock: FixedClock) -> None:
    program, key = programs.of(), programs.of().made.key

    def last_used(of: AgencyKey) -> object:
        with programs.product.database.read() as session:
            return session.get_one(AgencyKey, (HUE, of.id)).last_used_on

    program.read()
    assert last_used(program.made.key) == local_day(clock())
    assert last_used(key) is None
    programs.product.database.run(lambda session: session.execute(update(AgencyKey).values(last_used_on=None)))
    clock.advance(timedelta(days=1))
    program.refused(400, "/coverage", quarter="bad")
    assert last_used(program.made.key) == local_day(clock())


def test_errors_under_the_interface_are_problems(programs: Programs) -> None:
    client = programs.app.test_client()
    problem_of(client.get("/api/v1/nothing"), 404)
    problem_of(client.get("/api/v1/verify/x?lang=%00"), 400)
    answer = client.post(f"{API}/coverage")
    problem_of(answer, 405)
    assert "GET" in answer.headers["Allow"]
