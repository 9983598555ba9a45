"""The commands about stored files: `flask --app wsgi documents …`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import click
from flask import current_app

from pledges.cli_output import CommandGroup
from pledges.core.errors import DomainError
from pledges.documents.validation import MOST_BYTES
from pledges.product import Product
from pledges.signing.verification import verify_file
from pledges.signing.verification_report import command_report

documents = CommandGroup("documents", help="Sealed and countersigned files.")


@documents.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Only the JSON object, without the sentence.")
def documents_verify(file: Path, as_json: bool) -> None:
    """Say whether FILE is one of ours: JSON; status 0 when it is authentic, 1 when not."""
    product = cast(Product, current_app.extensions["product"])
    with file.open("rb") as opened:
        # One byte more than allowed is enough to refuse a file, however large it is.
        data = opened.read(MOST_BYTES + 1)
    try:
        verdict = verify_file(product.database, product.storage, data)
    except DomainError as refusal:
        click.echo(str(refusal), err=True)
        raise SystemExit(1) from refusal
    if not as_json:
        click.echo(verdict.reason, err=True)
    click.echo(json.dumps(command_report(verdict), ensure_ascii=False))
    if not verdict.authentic:
        raise SystemExit(1)
