"""The commands about figures: `flask --app wsgi reports …`."""

from __future__ import annotations

from datetime import datetime

import click

from pledges.cli_output import CommandGroup, json_option, product, refusals_as_status, show
from pledges.core.calendar import Quarter
from pledges.reporting.rollup import FIELDS, day_of, places_of, rollup_data, rollup_of

reports = CommandGroup("reports", help="How far agencies and provinces are, in figures.")


def _quarter(_context: click.Context, _option: click.Parameter, value: str | None) -> Quarter | None:
    if value is None:
        return None
    try:
        return Quarter.parse(value)
    except ValueError:
        raise click.BadParameter("a quarter is written like 2026Q3") from None


@reports.command("rollup")
@click.option("--province", "province_code", required=True, help="Two digits, or `all` for every province with a plan.")
@click.option("--agency", "agency_code", default="", help="Code of the agency; else all of the province.")
@click.option("--quarter", callback=_quarter, help="Such as 2026Q3: one that is over as it stood on its last day.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, help="A past day; else as it stands now.")
@json_option
@refusals_as_status
def reports_rollup(
    province_code: str, agency_code: str, quarter: Quarter | None, as_of: datetime | None, as_json: bool
) -> None:
    """Figures per agency, obligation, subject type and commune; of a closed quarter those that were frozen."""
    now = product().clock()
    day = day_of(quarter, as_of.date() if as_of is not None else None, now)
    with product().database.read() as session:
        found = [rollup_of(session, place, day, now) for place in places_of(session, province_code, agency_code)]
    told = rollup_data(found, quarter)
    if as_json:
        show(told, as_json=True)
        return
    click.echo("\t".join(FIELDS))
    for row in (*told["rows"], *told["totals"]):
        click.echo("\t".join("" if row[name] is None else str(row[name]) for name in FIELDS))
