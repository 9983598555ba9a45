from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from pledges.app import create_app
from pledges.core.db import Database
from pledges.core.migrate import pending
from pledges.core.secrecy import Vault
from pledges.settings import Settings, SettingsError
from tests.support.clock import FixedClock
from tests.web.conftest import make_product

ROOT = Path(__file__).resolve().parents[2]


def run(app: Flask, *words: str) -> Result:
    runner: CliRunner = app.test_cli_runner()
    return runner.invoke(args=list(words))


def test_every_command_explains_itself(small_app: Flask) -> None:
    seen = 0
    for group in ("db", "plans", "jobs", "ops", "staff", "documents", "registry", "rounds", "lists"):
        for name, command in small_app.cli.commands[group].commands.items():  # type: ignore[attr-defined]
            done = run(small_app, group, name, "--help")
            assert done.exit_code == 0
            assert command.help
            assert "Usage:" in done.output
            seen += 1
    assert seen >= 8
    assert "--out" in run(small_app, "demo", "--help").output


def test_a_database_that_is_away_is_one_sentence(clock: FixedClock, vault: Vault, settings_for_test: Settings) -> None:
    away = Database("postgresql://nobody@127.0.0.1:9/nothing")
    app = create_app(product=make_product(away, clock, vault, settings_for_test))
    for words in (("ops", "audit"), ("plans", "load"), ("ops", "accept-data-key")):
        done = run(app, *words)
        assert done.exit_code == 1, words
        assert "The database cannot be used: " in done.output
        assert "Traceback" not in done.output
    away.dispose()


def test_migrating_and_loading_an_empty_database(
    empty_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings
) -> None:
    app = create_app(product=make_product(empty_database, clock, vault, settings_for_test))
    assert run(app, "ops", "ready").exit_code == 1
    upgraded = run(app, "db", "upgrade", "--json")
    assert upgraded.exit_code == 0
    report = json.loads(upgraded.output.splitlines()[-1])
    assert (report["before"], bool(report["after"])) == (None, True)
    assert not pending(empty_database)
    rehearsed = run(app, "plans", "load", "--dry-run", "--json")
    assert json.loads(rehearsed.output.splitlines()[-1])["added"] > 3_000
    loaded = run(app, "plans", "load", "--json")
    assert loaded.output == rehearsed.output
    assert json.loads(run(app, "plans", "load", "--json").output) == {"added": 0, "changed": 0, "removed": 0}
    assert run(app, "ops", "ready").exit_code == 0


def test_a_wrong_plan_is_refused_with_file_and_line(app: Flask, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("province: '99'\n")
    done = run(app, "plans", "load", str(wrong))
    assert done.exit_code == 1
    assert "wrong.yaml" in done.stderr
    assert "Traceback" not in done.output


def test_readiness_as_json(app: Flask) -> None:
    done = run(app, "ops", "ready", "--json")
    found = json.loads(done.output.splitlines()[-1])
    assert done.exit_code == 0
    assert found["ready"] is True
    assert set(found["provinces"]) == {"20", "46", "82"}
    assert all(item["title"] and "%(" not in item["title"] for item in found["provinces"]["20"]["open"])
    assert run(app, "ops", "ready", "--strict").exit_code == 1


def test_recount_of_nothing_finds_nothing(app: Flask) -> None:
    done = run(app, "ops", "recount", "--json")
    assert (done.exit_code, json.loads(done.output)) == (0, {"differences": 0, "repaired": 0})


def test_the_worker_ends_when_nothing_is_ready(app: Flask) -> None:
    done = run(app, "jobs", "run", "--once", "--json")
    assert done.exit_code == 0
    assert json.loads(done.output.splitlines()[-1])["raised"] == 0


def test_a_person_is_added_once(app: Flask) -> None:
    words = ["staff", "add", "--email", "can.bo@example.vn", "--name", "Trần Thị Ví Dụ", "--role", "administrator"]
    done = run(app, *words, "--json")
    assert done.exit_code == 0
    link = json.loads(done.output)["set_up_link"]
    path = link.removeprefix("http://localhost")
    assert app.test_client().get(path).status_code == 200
    again = run(app, *words)
    assert again.exit_code == 1
    assert "đã có tài khoản" in again.stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["staff", "add", "--email", "x", "--name", "y", "--role", "administrator"], 1),
        (["staff", "add", "--email", "a@example.vn", "--name", "y", "--role", "king"], 2),
        (["staff", "add"], 2),
        (["plans", "load", "/no/such/file"], 2),
        (["no-such-command"], 2),
    ],
)
def test_refused_is_one_and_wrong_usage_two(small_app: Flask, words: list[str], status: int) -> None:
    assert run(small_app, *words).exit_code == status


def test_a_developer_is_told_how_to_sign_in(small_app: Flask) -> None:
    first = run(small_app, "staff", "first-link")
    assert first.exit_code == 0
    assert "/can-bo/thiet-lap/" in first.output
    run(small_app, "staff", "add", "--email", "b@example.vn", "--name", "B", "--role", "administrator")
    assert "/can-bo/thiet-lap/" in run(small_app, "staff", "first-link").output


def test_a_wrong_setting_stops_the_start_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLEDGES_ENV", "production")
    with pytest.raises(SettingsError) as stopped:
        create_app()
    assert stopped.value.code == 2
    assert "PLEDGES_SECRET_KEY is missing" in capsys.readouterr().err


def test_the_real_command_stops_with_status_two(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "PLEDGES_VAR": str(tmp_path), "PLEDGES_CLOCK": "tomorrow"}
    flask = Path(sys.executable).parent / "flask"
    done = subprocess.run(
        [flask, "--app", "wsgi", "ops", "ready"], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "PLEDGES_CLOCK must be an ISO time" in done.stderr
    assert "Traceback" not in done.stderr
