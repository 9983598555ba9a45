"""The commands for the day on which everything is lost: `ops backup`, `ops drill`, `ops restore` and others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from pledges.accounts.data_key import accept_key
from pledges.audit.operations import WHOLE_SYSTEM, record
from pledges.cli_output import COMMAND, json_option, product, show, stop
from pledges.continuity.backup import Wanted, take_backup
from pledges.continuity.drill import Rehearsal, Report, look_at_restored, rehearse
from pledges.continuity.keys import lay_out, read_keys, read_password
from pledges.continuity.manifest import Manifest, NotPossible, find_backup
from pledges.continuity.marks import BACKUP, note_backup, note_drill
from pledges.continuity.pgbackrest import ask_pgbackrest, read_info
from pledges.continuity.restoring import damage_of
from pledges.continuity.restoring import restore as put_back

F = TypeVar("F", bound=Callable[..., Any])

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
password_option = click.option(
    "--keys-password", type=FILE, default=None, help="File whose first line is the password of the copy of the keys."
)


def impossible_as_status(command: F) -> F:
    """What cannot be done is one sentence on standard error and exit status 1."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except NotPossible as refusal:
            stop(str(refusal))

    return cast(F, run)


@click.command("backup")
@click.option(
    "--to", required=True, type=FOLDER, help="Folder of the backups; outside this machine's disk, if it can be."
)
@click.option("--keys-to", type=FOLDER, default=None, help="Folder for a copy of the keys, apart from the data.")
@password_option
@click.option("--keep", type=int, default=None, help="Let go all backups in the folder but the newest so many.")
@json_option
@with_appcontext
@impossible_as_status
def ops_backup(to: Path, keys_to: Path | None, keys_password: Path | None, keep: int | None, as_json: bool) -> None:
    """Copy database and files to a new folder below TO; interrupted, it goes on where it stood. Status 1 when a stored
    file is damaged: the rest is copied all the same."""
    running = product()
    at = running.clock()
    taken = take_backup(running, Wanted(to, keys_to, read_password(keys_password), keep))
    manifest = taken.manifest
    figures = {"engine": manifest.engine, "files": manifest.files, "bytes": manifest.bytes + manifest.database_size}
    running.database.run(
        lambda session: note_backup(session, shows=at, data=figures, actor=COMMAND, now=running.clock())
    )
    shown = {"backup": str(taken.folder), "keys": str(taken.keys or ""), **figures, "removed": taken.removed}
    show(shown | {"damaged": len(manifest.damaged)}, as_json=as_json)
    if manifest.damaged:
        stop(
            "\n".join(
                f"The stored file {sha256} is damaged: restore it from an older backup." for sha256 in manifest.damaged
            )
        )
    if keys_to is None:
        click.echo("The keys were not copied; whenever they change: --keys-to FOLDER.", err=True)


@click.command("drill")
@click.option(
    "--from",
    "backup",
    type=FOLDER,
    default=None,
    help="A backup, or a folder of backups (the newest). Without: one is taken for it.",
)
@click.option("--keys-from", type=click.Path(exists=True, path_type=Path), default=None, help="The copy of the keys.")
@password_option
@click.option("--without-keys", is_flag=True, help="The copy of the keys is not rehearsed.")
@click.option(
    "--into", default=None, help="Address of an empty database for the restored copy; it is empty again afterwards."
)
@click.option("--work", type=FOLDER, default=None, help="Folder for the restored copy; without it in PLEDGES_VAR.")
@click.option("--restored", default=None, help="Address of a database that was put back already, as by pgBackRest.")
@click.option("--restored-storage", type=FOLDER, default=None, help="The files that were put back with it.")
@click.option("--pgbackrest", "stanza", default=None, help="Also ask pgBackRest about this stanza.")
@click.option(
    "--checkpoint",
    "checkpoints",
    type=FILE,
    multiple=True,
    help="A file with a published checkpoint of the log, kept apart: what it speaks of must be in the copy.",
)
@json_option
@with_appcontext
@impossible_as_status
def ops_drill(
    backup: Path | None,
    keys_from: Path | None,
    keys_password: Path | None,
    without_keys: bool,
    into: str | None,
    work: Path | None,
    restored: str | None,
    restored_storage: Path | None,
    stanza: str | None,
    checkpoints: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Put a backup back into an empty place and prove that nothing is missing. Status 1: a sentence for each fault."""
    running = product()
    if (restored is None) != (restored_storage is None):
        raise click.UsageError("--restored and --restored-storage belong together.")
    if restored is not None and restored_storage is not None:
        report = look_at_restored(running, restored, restored_storage, checkpoints)
    else:
        password = read_password(keys_password)
        report = rehearse(running, Rehearsal(backup, keys_from, password, without_keys, into, work, checkpoints))
    continuous = asdict(ask_pgbackrest(stanza)) if stanza is not None else None
    if continuous is not None:
        continuous["ended_at"] = continuous["ended_at"].isoformat()
    figures = {
        "ok": report.ok,
        "own": backup is None and restored is None,
        "faults": len(report.sentences),
        "seconds": round(report.restore_seconds + report.check_seconds),
        "recovery_point_seconds": round(report.age_seconds),
    }
    running.database.run(lambda session: note_drill(session, data=figures, actor=COMMAND, now=running.clock()))
    if as_json:
        show(report.to_json() | ({"pgbackrest": continuous} if continuous else {}), as_json=True)
    else:
        _tell(report)
        if continuous is not None:
            click.echo("pgBackRest: {label}, ended {ended_at}, changes up to {archived_to}".format(**continuous))
    if not report.ok:
        stop("\n".join(report.sentences))


def _tell(report: Report) -> None:
    for check in report.checks:
        click.echo(f"{'ok    ' if check.ok else 'WRONG '}  {check.name:15} {check.looked_at}")
    click.echo(f"recovery point: {report.taken_at:%Y-%m-%d %H:%M:%S}Z, {_span(report.age_seconds)} ago")
    if report.newest_fact and report.newest_live_fact:
        behind = max(0.0, (report.newest_live_fact - report.newest_fact).total_seconds())
        click.echo(f"newest fact: {report.newest_fact:%Y-%m-%d %H:%M:%S}Z, {_span(behind)} behind the running system")
    total = report.restore_seconds + report.check_seconds
    parts = f"{report.restore_seconds:.1f} s restoring, {report.check_seconds:.1f} s checking"
    click.echo(f"recovery time: {_span(total)} ({parts})")


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


@click.command("note-backup")
@click.option("--pgbackrest", "stanza", required=True, help="The stanza whose last backup is to be noted.")
@click.option(
    "--info",
    type=click.File(),
    default=None,
    help="What `pgbackrest --output=json info` said to somebody who may read its repository; - for standard input.",
)
@json_option
@with_appcontext
@impossible_as_status
def ops_note_backup(stanza: str, info: TextIO | None, as_json: bool) -> None:
    """Note the last backup that pgBackRest has made, so that pages and alarms know how old it is."""
    running = product()
    found = ask_pgbackrest(stanza) if info is None else read_info(info.read(), stanza)
    figures = {"engine": "postgresql", "label": found.label, "archived_to": found.archived_to}
    running.database.run(
        lambda session: note_backup(session, shows=found.ended_at, data=figures, actor=COMMAND, now=running.clock())
    )
    show({**figures, "ended_at": found.ended_at.isoformat()}, as_json=as_json)


@click.command("restore")
@click.option("--from", "backup", required=True, type=FOLDER, help="A backup, or a folder of backups (the newest).")
@click.option("--files-only", is_flag=True, help="Not the database: it was put back by its own programs.")
@click.option(
    "--damaged-too", is_flag=True, help="Also where the backup is not whole: what is there is better than nothing."
)
@json_option
@with_appcontext
@impossible_as_status
def ops_restore(backup: Path, files_only: bool, damaged_too: bool, as_json: bool) -> None:
    """Put a backup into the database and the storage of the settings, both of which must be empty."""
    folder = find_backup(backup)
    manifest = Manifest.read(folder)
    wrong = damage_of(folder, manifest)
    if wrong and not damaged_too:
        stop("\n".join(wrong))
    missing = put_back(product(), folder, manifest, files_only=files_only)
    show({"backup": str(folder), "files": manifest.files - len(missing), "missing": len(missing)}, as_json=as_json)
    if missing:
        stop("\n".join(f"The file {sha256} is missing in the backup." for sha256 in missing))


@click.command("open-keys")
@click.argument("copy", type=click.Path(exists=True, path_type=Path))
@click.option("--to", required=True, type=FOLDER, help="A folder that does not exist yet.")
@password_option
@with_appcontext
@impossible_as_status
def ops_open_keys(copy: Path, to: Path, keys_password: Path | None) -> None:
    """Lay the keys of a COPY into the folder TO; settings.env holds the lines for pledges.env."""
    keys = read_keys(copy, read_password(keys_password))
    if to.exists():
        raise NotPossible(f"{to} exists already.")
    lay_out(keys, to)
    click.echo(f"{len(keys)} keys lie in {to}. Delete them there once they are in place.")


@click.command("accept-data-key")
@json_option
@with_appcontext
def ops_accept_data_key(as_json: bool) -> None:
    """Take PLEDGES_DATA_KEY of the settings from now on, because the old one is lost for good. What was encrypted with
    that one stays unreadable: `staff reset-factor` lets people in again."""
    running = product()

    def accept(session: Session) -> bool:
        accepted = accept_key(session, running.vault, running.clock())
        if accepted:
            record(
                session,
                "backup.data_key_accepted",
                province_code=WHOLE_SYSTEM,
                object_id=BACKUP,
                actor=COMMAND,
                now=running.clock(),
            )
        return accepted

    show({"accepted": running.database.run(accept)}, as_json=as_json)


COMMANDS = (ops_accept_data_key, ops_backup, ops_drill, ops_note_backup, ops_restore, ops_open_keys)
