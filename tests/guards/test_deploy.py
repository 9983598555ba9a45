"""What is shipped for operation fits the program: settings, commands, limits of size, and what a log must not hold."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
from granian.cli import cli as granian

from pledges import cli
from pledges.app import create_app
from pledges.jobs.worker import DRAIN_SECONDS
from pledges.settings import Settings, SettingsError, read_settings
from pledges.web.security import HEADERS, LARGEST_REQUEST
from tests.guards.repository import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
EXAMPLE = (DEPLOY / "pledges.env.example").read_text()
INSTALL = (ROOT / "docs" / "install.md").read_text()
OPERATION = (ROOT / "docs" / "operation.md").read_text()
NGINX = (DEPLOY / "nginx" / "pledges.conf").read_text()
NAMES = sorted(set(re.findall(r"PLEDGES_[A-Z_]+", (ROOT / "pledges" / "settings.py").read_text())))
MEGABYTE = 1024 * 1024


# --- Settings ------------------------------------------------------------------------------------------------------


def shipped() -> dict[str, str]:
    """The example as systemd and a shell read it: every value in single quotes."""
    lines = [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")]
    found = [re.fullmatch(r"(PLEDGES_[A-Z_]+)='([^']*)'", line) for line in lines]
    assert all(found), lines
    return {match[1]: match[2] for match in found if match}


def test_every_setting_stands_in_the_example_and_in_both_documents() -> None:
    assert len(NAMES) > 20
    assert set(re.findall(r"(?m)^#?(PLEDGES_[A-Z_]+)=", EXAMPLE)) == set(NAMES)
    for document in (INSTALL, OPERATION):
        assert [name for name in NAMES if f"`{name}`" not in document] == []


def test_a_comment_explains_each_setting_of_the_example() -> None:
    lines = EXAMPLE.splitlines()
    first = [i for i, line in enumerate(lines) if re.match(r"#?PLEDGES_[A-Z_]+=", line)]
    loose = [lines[i] for i in first if not re.match(r"#(?!PLEDGES_)|PLEDGES_(OWNER|RESP)", lines[i - 1])]
    assert loose == []


def test_the_untouched_example_refuses_to_start() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(shipped())
    named = {word for problem in refused.value.problems for word in re.findall(r"PLEDGES_[A-Z_]+", problem)}
    assert {"PLEDGES_SECRET_KEY", "PLEDGES_DATA_KEY", "PLEDGES_OWNER_NAME", "PLEDGES_SEAL_KEY"} <= named
    assert not {name for name in shipped() if re.search("SECRET|DATA_KEY|PASSWORD|TOKEN|DATABASE|SMTP", name)}


def test_the_filled_in_example_starts(tmp_path: Path) -> None:
    given = {name: value or f"{name} thử nghiệm" for name, value in shipped().items()}
    for name in ("SEAL_KEY", "SEAL_TRUST", "SEAL_REVOCATION", "LOG_KEY", "AGENCY_KEYS"):
        given[f"PLEDGES_{name}"] = str(tmp_path)
    secrets = {
        "shared_PLEDGES_SECRET_KEY": "s" * 40,
        "shared_PLEDGES_DATA_KEY": "d" * 40,
        "shared_PLEDGES_DATABASE_URL": "postgresql://pledges:mat-khau-thu@127.0.0.1/pledges",
        "shared_PLEDGES_SMTP_URL": "smtp://127.0.0.1",
    }
    for name, value in secrets.items():
        (tmp_path / name).write_text(f"{value}\n")
    settings = read_settings({**given, "CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert (settings.production, settings.trusted_proxies, settings.clock_start) == (True, 1, None)


# --- Units ---------------------------------------------------------------------------------------------------------


def lines_of(unit: Path, key: str) -> list[str]:
    return re.findall(rf"(?m)^{key}=(.*)$", unit.read_text())


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_starts_what_exists(unit: Path) -> None:
    for command in lines_of(unit, "ExecStart"):
        program, *words = shlex.split(command)
        assert program.startswith("/opt/pledges/current/")
        own = ROOT / program.removeprefix("/opt/pledges/current/")
        if own.name == "flask":
            found: click.Command = getattr(cli, words[2])
            for place, word in enumerate(words[3:], start=3):
                if not isinstance(found, click.Group):
                    options = {name for option in found.params for name in option.opts}
                    assert {each for each in words[place:] if each.startswith("--")} <= options
                    break
                found = found.commands[word]
        elif own.name == "granian":
            known = {name for option in granian.params for name in (*option.opts, *option.secondary_opts)}
            assert {word for word in words if word.startswith("--")} <= known
            assert words[-1] == "wsgi:app"
        else:
            assert os.access(own, os.X_OK), own


def test_the_web_runs_as_in_development() -> None:
    """The options of `make run`, so that what people try out is what is served."""
    (served,) = lines_of(DEPLOY / "systemd" / "pledges-web.service", "ExecStart")
    web = re.findall(r"(?m)^ +web \+?= (.*)$", (ROOT / "scripts" / "run").read_text())
    tried = set(re.findall(r'"(--[a-z-]+)"', "".join(web)))
    assert {word for word in served.split() if word.startswith("--")} == tried


def test_web_and_worker_are_two_users_and_only_one_reads_the_keys() -> None:
    web, worker = (DEPLOY / "systemd" / f"pledges-{name}.service" for name in ("web", "worker"))
    assert (lines_of(web, "User"), lines_of(worker, "User")) == (["pledges-web"], ["pledges-worker"])
    assert (lines_of(web, "SupplementaryGroups"), lines_of(worker, "SupplementaryGroups")) == ([], ["pledges-keys"])
    users = (DEPLOY / "systemd" / "sysusers.conf").read_text()
    assert re.findall(r"(?m)^m (\S+) +(\S+)$", users) == [("pledges-worker", "pledges-keys")]
    assert not [line for line in lines_of(web, "LoadCredential") if "worker" in line or "migrate" in line]
    for unit in (web, worker):
        assert "StateDirectory=" not in unit.read_text().replace("(StateDirectory=)", ""), (
            "it would take the folder over"
        )


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_has_no_rights_that_it_does_not_need(unit: Path) -> None:
    assert lines_of(unit, "User")[0].startswith("pledges")
    for wall in ("NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "PrivateTmp=yes"):
        assert f"\n{wall}\n" in unit.read_text(), wall
    assert lines_of(unit, "SystemCallFilter")[0] == "@system-service"


def test_what_opens_files_from_strangers_may_cap_itself() -> None:
    """setrlimit belongs to @resources: without it every upload would be called unreadable."""
    assert "resource.setrlimit" in (ROOT / "pledges" / "core" / "child_limits.py").read_text()
    for name in ("web", "worker"):
        assert "@resources" not in " ".join(
            lines_of(DEPLOY / "systemd" / f"pledges-{name}.service", "SystemCallFilter")
        )


def test_the_worker_is_given_the_time_to_finish() -> None:
    (seconds,) = lines_of(DEPLOY / "systemd" / "pledges-worker.service", "TimeoutStopSec")
    assert int(seconds) > DRAIN_SECONDS + 5


@pytest.mark.parametrize("script", sorted((DEPLOY / "bin").iterdir()), ids=lambda path: path.name)
def test_a_script_can_be_read_by_a_plain_shell(script: Path) -> None:
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0


# --- nginx ---------------------------------------------------------------------------------------------------------


def block(begin: str) -> str:
    """The text of one block of the site without its comments."""
    bare = re.sub(r"(?m)^\s*#.*$", "", NGINX)
    depth, start = 0, bare.index(begin)
    for end in range(bare.index("{", start), len(bare)):
        depth += {"{": 1, "}": -1}.get(bare[end], 0)
        if depth == 0:
            return bare[start : end + 1]
    raise AssertionError(f"{begin} is not closed")


def place_of(path: str) -> str:
    """The block that nginx chooses for a path: of the same name, or the first whose pattern fits, or the rest."""
    site = block("server {\n    listen 443")
    patterns = re.findall(r"location ~ (\S+) \{", site)
    fitting = [f"location ~ {pattern} " for pattern in patterns if re.search(pattern, path)]
    same = f"location = {path} "
    return block(same) if same in site else block(fitting[0]) if fitting else site


def most_megabytes(text: str) -> int:
    return int(re.findall(r"client_max_body_size (\d+)m;", text)[0])


def test_the_product_itself_refuses_what_is_somewhat_too_large() -> None:
    """nginx lets more through than the product, so that people get the page that says what to do."""
    site = block("server {\n    listen 443")
    assert most_megabytes(site) * MEGABYTE > LARGEST_REQUEST
    assert most_megabytes(site) * MEGABYTE < 2 * LARGEST_REQUEST


def test_nginx_lets_through_every_large_form_that_the_product_takes(settings_for_test: Settings) -> None:
    app = create_app(settings_for_test)
    app.extensions["product"].database.dispose()
    large: dict[str, int] = {}
    for rule in app.url_map.iter_rules():
        view = inspect.unwrap(app.view_functions[rule.endpoint])
        if names := re.findall(r"request\.max_content_length = (\w+)", inspect.getsource(view)):
            large[re.sub(r"<[^>]+>", "1", rule.rule)] = view.__globals__[names[0]]
    assert len(large) > 6
    small = {path: most for path, most in large.items() if most_megabytes(place_of(path)) * MEGABYTE <= most}
    assert small == {}


def test_the_address_of_the_visitor_cannot_be_invented() -> None:
    site = block("server {\n    listen 443")
    assert re.findall(r"X-Forwarded-For (\S+);", site) == ["$remote_addr"]
    assert re.findall(r"X-Forwarded-Proto (\S+);", site) == ["$scheme"]
    assert site.index("proxy_set_header") < site.index("location /")
    assert "proxy_set_header" not in site[site.index("location /") :], "a place with one of its own loses all others"


def test_figures_for_a_monitoring_do_not_leave_the_machine() -> None:
    assert "return 404;" in block("location = /metrics ")
    assert "proxy_pass" not in block("location = /metrics ")


def test_no_header_stands_twice() -> None:
    """What the product sends already is added only where nginx answers itself."""
    site = block("server {\n    listen 443")
    for place in re.findall(r"location [^{]*\{[^}]*\}", site):
        assert not ("proxy_pass" in place and "add_header" in place), place
    assert "add_header" not in site[: site.index("location")]
    static = block("location /static/ ")
    assert "nosniff always;" in static
    assert HEADERS["X-Content-Type-Options"] == "nosniff"


def masked(path: str) -> str:
    """The path as the map of the site writes it into the log."""
    (pattern,) = re.findall(r'(?m)^\s*"~(\^.*?)"\s+\$kept/-;', block("map $uri $pledges_path"))
    found = re.match(pattern.replace("(?<", "(?P<"), path)
    return f"{found['kept']}/-" if found else path


def test_the_log_keeps_no_token_reference_or_code(settings_for_test: Settings) -> None:
    app = create_app(settings_for_test)
    rules = [rule.rule for rule in app.url_map.iter_rules()]
    app.extensions["product"].database.dispose()
    secret = [rule for rule in rules if re.search(r"<(token|reference|path:code)>", rule)]
    assert len(secret) > 5
    assert [rule for rule in secret if "<" in masked(rule)] == []
    assert masked("/ky-cam-ket/nhom") == "/ky-cam-ket/nhom"


def test_the_log_keeps_neither_queries_nor_referers() -> None:
    (form,) = re.findall(r"log_format pledges (.*?);", NGINX, re.DOTALL)
    assert "$pledges_path" in form
    kept = set(re.findall(r"\$(\w+)", form))
    assert not kept & {"request", "request_uri", "uri", "args", "query_string", "http_referer", "http_cookie"}
    assert set(re.findall(r"access_log (\S+)(?: (\w+))?;", NGINX)) == {
        ("/var/log/pledges/access.log", "pledges"),
        ("off", ""),
    }
    assert set(re.findall(r"error_log \S+ (\w+);", NGINX)) == {"crit"}


# --- The document --------------------------------------------------------------------------------------------------


def test_the_document_names_every_file_that_is_shipped() -> None:
    assert [unit.stem for unit in UNITS if f"`{unit.stem}`" not in INSTALL] == []
    for path in re.findall(r"(?:/opt/pledges/current/|^cd /opt/pledges/current/|\s)(deploy/[\w./-]+[\w])", INSTALL):
        assert (ROOT / path).exists(), path


def test_the_commands_of_the_document_exist() -> None:
    """`pledges ops ready …` is a command of the program."""
    said = set(re.findall(r"\bpledges (db|plans|jobs|ops|staff|documents) ([a-z-]+)", INSTALL))
    assert len(said) >= 4
    for group, command in said:
        assert command in getattr(cli, group).commands, (group, command)
