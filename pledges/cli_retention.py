"""`ops retention`: what has been kept long enough, and emptying it."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from pledges.cli_output import COMMAND, json_option, product, refusals_as_status, show


@click.command("retention")
@click.option("--dry-run", is_flag=True, help="Count what would be emptied, change nothing; also without flags.")
@click.option("--apply", is_flag=True, help="Empty it. The worker does the same once a day.")
@click.option("--province", default=None, help="Only this province (two digits); 00 is what belongs to none.")
@json_option
@with_appcontext
@refusals_as_status
def retention(dry_run: bool, apply: bool, province: str | None, as_json: bool) -> None:
    """Count per province and kind what has been kept longer than the province has decided, or empty it."""
    if dry_run and apply:
        raise click.UsageError("Choose one of --dry-run and --apply.")
    found = product().retention().run(apply=apply, actor=COMMAND, only=province)
    if not as_json:
        for code, counts in found.items():
            for name, count in counts.items():
                if count:
                    click.echo(f"{code}  {name:20} {count}")
    total = sum(sum(counts.values()) for counts in found.values())
    result: dict[str, object] = {"applied": apply, "total": total}
    show(result | {"provinces": found} if as_json else result, as_json=as_json)
