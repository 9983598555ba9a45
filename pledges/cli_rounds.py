"""The commands about the quarter: `flask --app wsgi rounds …` and `flask --app wsgi lists …`.

Every one is safe to run from cron each hour: what is done already is left alone, and a missed run is caught up.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from pledges.accounts.queries import province_of_agency
from pledges.cli_output import COMMAND, CommandGroup, dry_run_option, json_option, product, refusals_as_status, show
from pledges.core.calendar import Quarter
from pledges.core.errors import N_, DomainError
from pledges.messaging.delivery import read_bounces
from pledges.messaging.returned_mail import Mailbox
from pledges.plans.models import Agency
from pledges.plans.queries import get_agency
from pledges.rounds.asking import Asked, Key
from pledges.rounds.candidates import preview
from pledges.rounds.exports import write_list_file
from pledges.rounds.figures import Only, at_end_of, total
from pledges.rounds.list_models import FileFormat, Group, ListKind
from pledges.rounds.models import Round, RoundState
from pledges.rounds.operations import open_round, start_round
from pledges.rounds.population import Part
from pledges.rounds.queries import find_round
from pledges.rounds.runs import dry_run as rehearse
from pledges.rounds.schedule import is_over
from pledges.rounds.snapshots import snapshot_of

C = TypeVar("C", bound=Any)

rounds = CommandGroup("rounds", help="Each quarter's asking, agency by agency.")
lists = CommandGroup("lists", help="Who has not pledged, as files.")


class QuarterType(click.ParamType[Quarter]):
    name = "quarter"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Quarter:
        if isinstance(value, Quarter):
            return value
        try:
            return Quarter.parse(value)
        except ValueError:
            self.fail("a quarter is written like 2026Q3", param, ctx)


def of_agency(command: C) -> C:
    """`--agency` and `--quarter`, as every command about a round has them."""
    command = click.option("--quarter", required=True, type=QuarterType(), help="Such as 2026Q3.")(command)
    decorated: C = click.option("--agency", "agency_code", required=True, help="Code of the agency.")(command)
    return decorated


@rounds.command("open")
@of_agency
@dry_run_option
@json_option
@refusals_as_status
def rounds_open(agency_code: str, quarter: Quarter, dry_run: bool, as_json: bool) -> None:
    """Open the round of an agency and quarter, and count who would be asked; opening again changes nothing."""
    found = _opened(agency_code, quarter, dry_run=dry_run)
    show(found, as_json=as_json)


class _Rehearsed(Exception):
    """Carries what was found out of a transaction that is to be rolled back."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__()
        self.found = found


def _opened(agency_code: str, quarter: Quarter, *, dry_run: bool) -> dict[str, Any]:
    agency = _agency(agency_code)

    def work(session: Any) -> dict[str, Any]:
        now = product().clock()
        of_round = open_round(session, agency.province_code, agency.code, quarter, actor=COMMAND, now=now)
        seen = preview(session, of_round, now=now)
        found: dict[str, Any] = {"state": of_round.state.value, "to_ask": seen.entities, "by_mail": seen.by_mail}
        found |= {"without_contact": seen.without_contact, "obligations": sum(line.obligations for line in seen.lines)}
        for line in seen.lines:
            if line.part is not Part.TO_ASK:
                found[line.part.value] = found.get(line.part.value, 0) + line.obligations
        if dry_run:
            raise _Rehearsed(found)
        return found

    try:
        return product().database.run(work)
    except _Rehearsed as rehearsed:
        return rehearsed.found


@rounds.command("ask")
@of_agency
@dry_run_option
@json_option
@refusals_as_status
def rounds_ask(agency_code: str, quarter: Quarter, dry_run: bool, as_json: bool) -> None:
    """Ask everybody who has not been asked in this round; starts it where nobody has."""
    key = _key(agency_code, quarter)
    if dry_run:
        show(_rehearsed(key), as_json=as_json)
        return
    if _round(key).state is RoundState.OPENED and not is_over(_round(key), product().clock()):
        product().database.run(
            lambda session: start_round(session, key, seen_revision=None, actor=COMMAND, now=product().clock())
        )
    _show_asked(product().rounds().ask(key), key, as_json=as_json)


@rounds.command("remind")
@of_agency
@dry_run_option
@json_option
@refusals_as_status
def rounds_remind(agency_code: str, quarter: Quarter, dry_run: bool, as_json: bool) -> None:
    """Remind whose step is due today and who has not signed."""
    key = _key(agency_code, quarter)
    if dry_run:
        show(_rehearsed(key), as_json=as_json)
        return
    _show_asked(product().rounds().remind(key), key, as_json=as_json)


def _rehearsed(key: Key) -> dict[str, Any]:
    with product().database.read() as session:
        of_round = session.get_one(Round, key)
        return {"state": of_round.state.value, **asdict(rehearse(session, of_round, now=product().clock()))}


def _show_asked(done: Asked, key: Key, *, as_json: bool) -> None:
    show({"state": _round(key).state.value, **asdict(done)}, as_json=as_json)


@rounds.command("close")
@of_agency
@json_option
@refusals_as_status
def rounds_close(agency_code: str, quarter: Quarter, as_json: bool) -> None:
    """Freeze the lists of a quarter that is over; before that, and when it is done, nothing happens."""
    key = _key(agency_code, quarter)
    closed = product().round_worker().close_if_over(key, actor=COMMAND)
    of_round = _round(key)
    result: dict[str, Any] = {"state": of_round.state.value, "closed": int(closed)}
    with product().database.read() as session:
        snapshot = snapshot_of(session, of_round)
        if snapshot is None:
            result["closes_after"] = quarter.last_day.isoformat()
        else:
            moment = at_end_of(quarter.last_day)
            sums = total(session, of_round.province_code, moment, Only(agency=of_round.agency_code))
            result |= {group.value: sums[group] for group in Group}
            result |= {"in_scope": sums.in_scope, "rows": snapshot.rows, "sha256": snapshot.sha256}
    show(result, as_json=as_json)


@rounds.command("bounces")
@click.argument("mailbox", required=False, type=click.Path(exists=True, path_type=Path))
@json_option
@refusals_as_status
def rounds_bounces(mailbox: Path | None, as_json: bool) -> None:
    """Read the mail that came back from MAILBOX (mbox file or Maildir); without it from `PLEDGES_BOUNCES`."""
    path = mailbox or product().settings.bounces
    if path is None:
        raise DomainError(N_("Chưa đặt PLEDGES_BOUNCES; hãy ghi đường dẫn của hộp thư trả lại."))
    show(asdict(read_bounces(product().delivery(), Mailbox(path))), as_json=as_json)


@lists.command("not-pledged")
@of_agency
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, help="A past day; else as it stands now.")
@click.option("--format", "format_", type=click.Choice([each.value for each in FileFormat]), required=True)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option("--reason", required=True, help="Why the list is needed; it stands in the log and on the file.")
@json_option
@refusals_as_status
def lists_not_pledged(
    agency_code: str,
    quarter: Quarter,
    as_of: datetime | None,
    format_: str,
    out: Path,
    reason: str,
    as_json: bool,
) -> None:
    """Write the quarterly list of those who have not pledged; of a closed quarter the list that was frozen."""
    agency = _agency(agency_code)
    done = write_list_file(
        product().database,
        agency.province_code,
        agency.code,
        quarter,
        kind=ListKind.NOT_PLEDGED,
        as_of=as_of.date() if as_of is not None else None,
        format=FileFormat(format_),
        out=out,
        reason=reason,
        actor=COMMAND,
        now=product().clock(),
        fonts=product().settings.pdf_fonts,
    )
    show(done, as_json=as_json)


def _agency(code: str) -> Agency:
    with product().database.read() as session:
        return get_agency(session, province_of_agency(session, code), code)


def _key(agency_code: str, quarter: Quarter) -> Key:
    agency = _agency(agency_code)
    with product().database.read() as session:
        of_round = find_round(session, agency.province_code, agency.code, quarter)
    if of_round is None:
        raise DomainError(
            N_("Chưa mở đợt vận động %(quarter)s của cơ quan này. Hãy mở đợt trước: rounds open."),
            quarter=quarter.vietnamese,
        )
    return of_round.province_code, of_round.id


def _round(key: Key) -> Round:
    with product().database.read() as session:
        return session.get_one(Round, key)
