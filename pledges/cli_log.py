"""The command that audits the log of rare acts: `ops audit`."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from pledges.cli_output import json_option, product, show, stop


@click.command("audit")
@click.option("--without-files", is_flag=True, help="Do not read the files that entries name: quicker, and less sure.")
@json_option
@with_appcontext
def ops_audit(without_files: bool, as_json: bool) -> None:
    """Reckon the log anew and compare it with what it speaks of: pledges, files, frozen lists, facts.

    Status 1: a sentence for each fault, with the entry that names it. What was found also stands at /readyz.
    """
    running = product()
    report = running.log_worker().audit(storage=None if without_files else running.storage)
    if as_json:
        show(report.to_json(), as_json=True)
    else:
        click.echo(f"entries: {report.size}\nroot: {report.root}")
        click.echo(f"checkpoints: {report.checkpoints}\nfacts: {report.facts}")
        for notice in report.notices:
            click.echo(notice)
    if not report.ok:
        stop("\n".join(str(fault) for fault in report.faults))


COMMANDS = (ops_audit,)
