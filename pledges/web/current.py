"""What a view needs of the running product: `product()`, `now()`, a session to read with, one way to write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar, cast

from flask import Flask, current_app, g
from sqlalchemy.orm import Session

from pledges.product import Product

T = TypeVar("T")


def product_of(app: Flask) -> Product:
    return cast(Product, app.extensions["product"])


def product() -> Product:
    return product_of(current_app)


def now() -> datetime:
    return product().clock()


def reader() -> Session:
    """The reading session of this request; after `write()` the next call sees what was written."""
    if "reader" not in g:
        g.reading = product().database.read()
        g.reader = g.reading.__enter__()
    return cast(Session, g.reader)


def write(work: Callable[[Session], T]) -> T:
    """Run `work(session)` as the one business write of this request and commit it."""
    close_reader()
    return product().database.run(work)


def close_reader(_error: BaseException | None = None) -> None:
    reading = g.pop("reading", None)
    g.pop("reader", None)
    if reading is not None:
        reading.__exit__(None, None, None)
