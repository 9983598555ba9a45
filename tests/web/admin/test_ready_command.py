from __future__ import annotations

import json

from click.testing import Result
from flask import Flask

from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.plans.decisions import AGENCY, decide
from tests.support.clock import START


def ready(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["ops", "ready", *words])


def test_one_province_has_status_one_until_everything_is_decided(app: Flask, sqlite_database: Database) -> None:
    done = ready(app, "--province", "20", "--json")
    assert done.exit_code == 1
    found = json.loads(done.output.splitlines()[-1])
    assert list(found["provinces"]) == ["20"]
    province = found["provinces"]["20"]
    assert not province["ready"]
    codes = [item["code"] for item in province["open"]]
    assert {"wording.website_seller", "plan.number", "agency.20-SCT.signing_title", "seal.trial"} <= set(codes)
    assert province["wordings"]["website_seller"] == {"version": 1, "approved": False}
    assert province["mail"] == {"last_accepted": None, "waiting": 0, "failed": 0, "uncertain": 0}
    assert province["seal"]["usable"]

    def entitle(session) -> None:  # type: ignore[no-untyped-def]
        decide(session, "20", AGENCY, "20-SCT", {"signing_title": "GIÁM ĐỐC"}, actor=Actor("command"), now=START)

    sqlite_database.run(entitle)
    after = json.loads(ready(app, "--province", "20", "--json").output.splitlines()[-1])["provinces"]["20"]
    assert [code for code in codes if code not in {item["code"] for item in after["open"]}] == [
        "agency.20-SCT.signing_title"
    ]


def test_the_list_for_people_says_what_to_do(app: Flask) -> None:
    done = ready(app, "--province", "20")
    assert "tỉnh Lạng Sơn" in done.output
    assert "Cơ quan chủ trì đọc và duyệt mẫu" in done.output
    assert "%(" not in done.output


def test_a_province_without_plan_is_refused(app: Flask) -> None:
    done = ready(app, "--province", "01")
    assert done.exit_code == 1
    assert "No plan of province 01" in done.stderr
