"""What all commands share: the product, how they refuse, and how they say what they have done."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

from pledges.audit.operations import Actor
from pledges.core.errors import DomainError
from pledges.product import Product

F = TypeVar("F", bound=Callable[..., Any])

COMMAND = Actor("command")

json_option = click.option("--json", "as_json", is_flag=True, help="End with one line that is a JSON object.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")


def product() -> Product:
    return cast(Product, current_app.extensions["product"])


class CommandGroup(AppGroup):
    """Commands that say in one sentence, with exit status 1, that the database cannot be used."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except OperationalError as error:
            stop(f"The database cannot be used: {str(error.orig).strip()}")


def refusals_as_status(command: F) -> F:
    """A refusal of the domain is one sentence on standard error and exit status 1."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except DomainError as refusal:
            stop(str(refusal))

    return cast(F, run)


def stop(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    raise SystemExit(1)


def show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for name, value in result.items():
        click.echo(f"{name}: {value}")
