"""The commands about the register: `flask --app wsgi registry …`."""

from __future__ import annotations

import json
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import click
from flask import current_app

from pledges.audit.operations import Actor
from pledges.cli_output import CommandGroup
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, DomainError
from pledges.imports.models import Import, ImportState
from pledges.imports.operations import NewImport, choose_columns, commit_import, start_import
from pledges.imports.queries import lead_agency
from pledges.imports.rehearsal import Rehearsal
from pledges.imports.report import line_of, lines_of, write_xlsx
from pledges.imports.rows import Field
from pledges.imports.sheets import MOST_BYTES
from pledges.plans.queries import get_agency
from pledges.plans.rules import SUBJECT_TYPES
from pledges.product import Product
from pledges.registry.obligations import recompute_province

registry = CommandGroup("registry", help="Who should sign: lists that are read into the register.")

FIGURES = ("entities_added", "entities_matched", "channels_added", "channels_matched", "outside", "refused")
_SECONDS_BETWEEN = 1.0


@registry.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--province", required=True, help="Two digits: whose register it is.")
@click.option("--subject-type", required=True, type=click.Choice(list(SUBJECT_TYPES)), help="Of rows that say none.")
@click.option("--agency", default=None, help="Code of the agency; without it the one that leads this subject type.")
@click.option("--seen-on", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day of the list; else today.")
@click.option("--source", default="", help="Name of the list; else that of the file.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="End with one line that is a JSON object.")
def registry_import(
    file: Path,
    province: str,
    subject_type: str,
    agency: str | None,
    seen_on: datetime | None,
    source: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read FILE (XLSX, XLS, ODS or CSV) into the register; twice adds nothing. Rows that need a person stay aside."""
    product = cast(Product, current_app.extensions["product"])
    try:
        new = _new_import(product, file, province, subject_type, agency, seen_on, source)
        with file.open("rb") as opened:
            # One byte more than allowed is enough to refuse a file, however large it is.
            data = opened.read(MOST_BYTES + 1)
        result = _rehearse(product, province, new, data) if dry_run else _import(product, province, new, data)
    except DomainError as refusal:
        click.echo(str(refusal), err=True)
        raise SystemExit(1) from refusal
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for name, value in result.items():
        click.echo(f"{name}: {value}")


@registry.command("recompute")
@click.option("--province", required=True, help="Two digits: whose register it is.")
def registry_recompute(province: str) -> None:
    """Bring up to date what everybody owes, after plans were loaded or entries switched; decisions stay."""
    product = cast(Product, current_app.extensions["product"])
    done = recompute_province(product.database, province, clock=product.clock, actor=Actor("command"))
    click.echo(f"opened: {len(done.opened)}")
    click.echo(f"presumed_in: {done.presumed_in}")
    click.echo(f"presumed_out: {done.presumed_out}")
    click.echo(f"cohorts: {done.cohorts}")


def _new_import(
    product: Product,
    file: Path,
    province: str,
    subject_type: str,
    agency: str | None,
    seen_on: datetime | None,
    source: str,
) -> NewImport:
    with product.database.read() as session:
        code = agency or lead_agency(session, province, subject_type)
        if code is None:
            raise DomainError(N_("Tỉnh, thành phố này chưa có kế hoạch trong hệ thống. Hãy nạp kế hoạch trước."))
        get_agency(session, province, code)
    return NewImport(
        agency_code=code,
        subject_type=subject_type,
        source=source or file.name,
        seen_on=seen_on.date() if seen_on is not None else _today(product),
        filename=file.name,
        file_sha256="",
    )


def _today(product: Product) -> date:
    return local_day(product.clock())


def _import(product: Product, province: str, new: NewImport, data: bytes) -> dict[str, Any]:
    database, clock = product.database, product.clock
    stored = NewImport(**{**new.__dict__, "file_sha256": product.storage.put(data)})
    worker, progress = product.importer(), _Progress()
    import_ = database.run(
        lambda session: start_import(session, stored, province_code=province, staff=None, now=clock(), by_worker=False)
    )
    key = (province, import_.id)

    def work() -> Import:
        worker.work(province, str(import_.id), progress)
        with database.read() as session:
            found = session.get_one(Import, key)
        if found.state is ImportState.FAILED:
            raise DomainError(found.problem, **found.problem_params)
        return found

    read = work()
    mapping = {int(column): Field(name) for column, name in read.mapping.items()}
    database.run(
        lambda session: choose_columns(
            session,
            key,
            mapping,
            header_row=read.header_row,
            staff=None,
            seen=read.revision,
            now=clock(),
            by_worker=False,
        )
    )
    checked = work()
    database.run(
        lambda session: commit_import(session, key, staff=None, seen=checked.revision, now=clock(), by_worker=False)
    )
    done = work()
    path = _report_path(product, f"import-{province}-{import_.id}.xlsx")
    with database.read() as session:
        write_xlsx(lines_of(session, key), done.headings, path)
    return _result(done.rows, done.totals, path)


def _rehearse(product: Product, province: str, new: NewImport, data: bytes) -> dict[str, Any]:
    import_ = Import(
        province_code=province,
        agency_code=new.agency_code,
        purpose=new.purpose,
        subject_type=new.subject_type,
        source=new.source,
        source_fold="",
        seen_on=new.seen_on,
        filename=new.filename,
    )
    rehearsal = Rehearsal(product.database, product.vault, import_, data)
    path = _report_path(product, f"dry-run-{province}-{new_id()}.xlsx")
    lines = (line_of(checked) for checked in rehearsal.go_through(_Progress()))
    write_xlsx(lines, import_.headings, path)
    totals = rehearsal.totals()
    return _result(sum(totals["outcomes"].values()), totals, path)


def _report_path(product: Product, name: str) -> Path:
    folder = product.settings.var / "reports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    path.touch(mode=0o600)
    return path


def _result(rows: int, totals: dict[str, Any], report: Path) -> dict[str, Any]:
    return {"rows": rows, **{name: int(totals.get(name, 0)) for name in FIGURES}, "report": str(report)}


class _Progress:
    """One line a second on standard error."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, state: ImportState, done: int, rows: int) -> None:
        if time.monotonic() - self._last < _SECONDS_BETWEEN:
            return
        self._last = time.monotonic()
        of_all = f" of {rows}" if rows else ""
        click.echo(f"{state.value}: {done}{of_all} rows", file=sys.stderr)
