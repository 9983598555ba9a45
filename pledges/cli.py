"""The commands of operators: `flask --app wsgi …`. Exit status: 0 done, 1 refused or found wrong, 2 wrong usage."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import pyotp
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from pledges.accounts import operations as accounts
from pledges.accounts.administration import take_factors
from pledges.accounts.models import Role
from pledges.accounts.queries import count_staff, province_of_agency, staff_by_email
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.cli_continuity import COMMANDS as CONTINUITY
from pledges.cli_documents import documents
from pledges.cli_log import COMMANDS as LOG
from pledges.cli_output import (
    COMMAND,
    CommandGroup,
    dry_run_option,
    json_option,
    product,
    refusals_as_status,
    show,
    stop,
)
from pledges.cli_registry import registry
from pledges.cli_reports import reports
from pledges.cli_retention import retention
from pledges.cli_rounds import lists, rounds
from pledges.core import migrate
from pledges.core.errors import N_, NotFound
from pledges.core.tokens import Tokens
from pledges.demonstration import demonstrate
from pledges.jobs.operations import retry_failed_task
from pledges.jobs.queries import failed_tasks
from pledges.jobs.worker import run_worker
from pledges.plans.loading import load_from_files, recompute_everywhere
from pledges.province_readiness import provinces_readiness
from pledges.readiness import check_readiness
from pledges.registry.recounting import recount
from pledges.rounds.kept_lines import recheck_lines

DEVELOPMENT_DOMAIN = "vidu.vn"
MOST_RETRIED = 1_000


db = CommandGroup("db", help="The database schema.")
plans = CommandGroup("plans", help="Provinces, agencies, plans, clauses and wordings.")
jobs = CommandGroup("jobs", help="Background work: seals and mail.")
ops = CommandGroup("ops", help="Looking after an installation.")
staff = CommandGroup("staff", help="People who work with the product.")
for _command in CONTINUITY:
    ops.add_command(_command)


@db.command("upgrade")
@json_option
def db_upgrade(as_json: bool) -> None:
    """Run the migrations that are missing."""
    database = product().database
    before = migrate.current(database)
    migrate.upgrade(database)
    after = migrate.current(database)
    if before not in (None, after):
        database.run(recompute_everywhere)
    click.echo(f"The database is at {after}." if before == after else f"Migrated from {before or 'empty'} to {after}.")
    if as_json:
        show({"before": before, "after": after}, as_json=True)


@plans.command("load")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@dry_run_option
@json_option
@refusals_as_status
def plans_load(files: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """Load the plans that come with the product, or FILES in their place. Loading twice changes nothing."""
    counts = load_from_files(product().database, list(files) or None, COMMAND, product().clock(), dry_run=dry_run)
    show(asdict(counts), as_json=as_json)


@jobs.command("run")
@click.option("--once", is_flag=True, help="End when nothing is ready any more.")
@json_option
def jobs_run(once: bool, as_json: bool) -> None:
    """Do background work until told to stop."""
    running = product()
    done = run_worker(
        running.database,
        running.tasks(),
        running.schedules(),
        once=once,
        alive_seconds=running.settings.worker_alive_seconds,
    )
    if once:
        click.echo(f"{done.succeeded} done, {done.raised} raised")
    if as_json:
        show({"done": done.succeeded, "raised": done.raised}, as_json=True)


@jobs.command("retry")
@dry_run_option
@json_option
def jobs_retry(dry_run: bool, as_json: bool) -> None:
    """Give tasks that were given up all their attempts again. Each looks first whether its work is still to be done."""

    def retry(session: Session) -> dict[str, int]:
        failed = [
            task for task in failed_tasks(session, MOST_RETRIED) if dry_run or retry_failed_task(session, task.id)
        ]
        return dict(Counter(task.task for task in failed))

    tasks = product().database.run(retry)
    show({"retried": 0 if dry_run else sum(tasks.values()), "tasks": tasks}, as_json=as_json)


@ops.command("ready")
@click.option("--strict", is_flag=True, help="Also status 1 when a province has not decided everything.")
@click.option("--province", default=None, help="Only this province (two digits); status 1 when anything is open there.")
@json_option
@refusals_as_status
def ops_ready(strict: bool, province: str | None, as_json: bool) -> None:
    """Say whether everything that the product needs is usable, and what each province still has to decide."""
    parts = check_readiness(product())
    ready = all(part.ok for part in parts)
    provinces = _provinces(province) if all(part.ok for part in parts if part.name in {"database", "plans"}) else {}
    if as_json:
        shown = {part.name: {"ok": part.ok, "reason": part.reason, "detail": part.detail} for part in parts}
        click.echo(json.dumps({"ready": ready, "parts": shown, "provinces": provinces}, ensure_ascii=False))
    else:
        for part in parts:
            reasons = "; ".join(text for text in (part.reason, part.detail) if text)
            click.echo(f"{'ok    ' if part.ok else 'NOT OK'}  {part.name:9} {reasons}".rstrip())
        for code, state in provinces.items():
            click.echo(f"{'ok    ' if state['ready'] else 'OPEN  '}  {code} {state['name']}")
            for item in state["open"]:
                click.echo(f"          - {item['title']}: {item['what_to_do']}")
    if not ready or ((strict or province) and not all(state["ready"] for state in provinces.values())):
        raise SystemExit(1)


def _provinces(only: str | None) -> dict[str, dict[str, Any]]:
    """Per province in use: its name, what it has not decided yet, and what does not work for it."""
    with product().database.read() as session:
        found = {state.code: state.to_json() for state in provinces_readiness(session, product())}
    if only is not None and only not in found:
        stop(f"No plan of province {only} is loaded.")
    return {code: state for code, state in found.items() if only in {None, code}}


@ops.command("recount")
@dry_run_option
@json_option
def ops_recount(dry_run: bool, as_json: bool) -> None:
    """Compare counters with facts, and what lists show with the register; repair, or end with status 1 on a dry run."""
    found = product().database.run(lambda session: recount(session, repair=not dry_run))
    lines = product().database.run(lambda session: recheck_lines(session, repair=not dry_run))
    for drift in found if not as_json else ():
        click.echo(str(drift))
    for obligation_id in lines if not as_json else ():
        click.echo(f"What obligation {obligation_id} keeps for the lists is not what the register says.")
    count = len(found) + len(lines)
    show({"differences": count, "repaired": 0 if dry_run else count}, as_json=as_json)
    if dry_run and count:
        raise SystemExit(1)


@staff.command("add")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--province", default=None, help="Two digits; without it that of the agency, else the whole system.")
@click.option("--agency", default=None, help="Code of the agency.")
@click.option("--commune", default=None, help="Code of the commune, for commune officers.")
@click.option("--unit", default=None, help="Code of the reporting unit, for people who only report.")
@click.option("--title", default="", help="What is printed above an approver's name; without it that of the agency.")
@json_option
@refusals_as_status
def staff_add(
    email: str,
    name: str,
    role: str,
    province: str | None,
    agency: str | None,
    commune: str | None,
    unit: str | None,
    title: str,
    as_json: bool,
) -> None:
    """Add one person and print the link by which they choose their password, once."""
    settings, now = product().settings, product().clock()

    def add(session: Session) -> str:
        place = province or (province_of_agency(session, agency) if agency else WHOLE_SYSTEM)
        new = accounts.NewStaff(email, name, Role(role), place, agency, commune, title, unit)
        person = accounts.add_staff(session, new, actor=COMMAND, now=now)
        return accounts.make_set_up_link(session, person, tokens=Tokens(settings.secret_key), actor=COMMAND, now=now)

    token = product().database.run(add)
    show({"set_up_link": _set_up_address(token)}, as_json=as_json)


@staff.command("first-link")
@refusals_as_status
def staff_first_link() -> None:
    """Development: print how to sign in; where there is nobody yet, an administrator is added for it."""
    settings, now = product().settings, product().clock()
    if settings.production:
        stop("Only in development. In production: flask --app wsgi staff add --help")
    email = f"quan-tri@{DEVELOPMENT_DOMAIN}"

    def link(session: Session) -> str | None:
        person = staff_by_email(session, email)
        if person is None and count_staff(session) == 0:
            new = accounts.NewStaff(email, "Quản trị (thử nghiệm)", Role.ADMINISTRATOR)
            person = accounts.add_staff(session, new, actor=COMMAND, now=now)
        if person is None or person.password is not None:
            return None
        return accounts.make_set_up_link(session, person, tokens=Tokens(settings.secret_key), actor=COMMAND, now=now)

    token = product().database.run(link)
    if token is None:
        click.echo(f"Staff sign in at {settings.public_url}/can-bo/dang-nhap")
    else:
        click.echo(f"Administrator {email} chooses a password and a second factor at {_set_up_address(token)}")
        click.echo("  without an authenticator application: flask --app wsgi staff code KEY says what it would show")


@staff.command("reset-factor")
@click.argument("email")
@json_option
@refusals_as_status
def staff_reset_factor(email: str, as_json: bool) -> None:
    """Where no administrator can: take the second factors of EMAIL away. The person is written to and sets up anew."""
    running = product()

    def reset(session: Session) -> str:
        person = staff_by_email(session, email)
        if person is None:
            raise NotFound(N_("Không có tài khoản nào mang địa chỉ này."))
        take_factors(session, person, actor=COMMAND, vault=running.vault, now=running.clock())
        return person.email

    show({"reset": running.database.run(reset)}, as_json=as_json)


@staff.command("code")
@click.argument("key")
@refusals_as_status
def staff_code(key: str) -> None:
    """Development: the six digits that an authenticator application would show now for KEY."""
    if product().settings.production:
        stop("Only in development. In production the application on the telephone shows the code.")
    try:
        click.echo(pyotp.TOTP(key.replace(" ", "")).at(product().clock()))
    except ValueError:
        stop("That is no key: it is the long text below the picture, in capitals and digits.")


def _set_up_address(token: str) -> str:
    return f"{product().settings.public_url}/can-bo/thiet-lap/{token}"


@click.command("demo")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the files.")
@json_option
@with_appcontext
@refusals_as_status
def demo(out: Path, as_json: bool) -> None:
    """Play the main job on invented people, on a migrated and otherwise empty database, and leave the files in OUT."""
    played = demonstrate(product(), out)
    show({"reference": played.reference, **played.files}, as_json=as_json)


def set_up_commands(app: Flask) -> None:
    for command in (*CONTINUITY, *LOG, retention):
        ops.add_command(command)
    for command in (db, plans, jobs, ops, staff, documents, registry, rounds, lists, reports, demo):
        app.cli.add_command(command)
