"""A second row of the same table within one statement."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import inspect
from sqlalchemy.orm import aliased

T = TypeVar("T")


def shared_alias(entity: type[T], name: str) -> type[T]:
    """An alias that is made when its module is loaded, and then used by all threads.

    SQLAlchemy makes the columns of an alias, and an index of them, when it is first used. Of two threads that come at
    once each makes its own, and statements that got hold of both fail for as long as the process lives.
    """
    alias = aliased(entity, name=name)
    own = inspect(alias).selectable
    for column in inspect(entity).local_table.c:
        own.corresponding_column(column)
    return alias
