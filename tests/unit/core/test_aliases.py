"""What two threads would each make for themselves is there before they come."""

from sqlalchemy import inspect

from pledges.core.aliases import shared_alias
from pledges.registry.models import Entity


def test_the_columns_of_an_alias_are_there_at_once() -> None:
    columns = vars(inspect(shared_alias(Entity, "thu")).selectable).get("_columns")
    assert columns is not None
    assert columns._proxy_index, "by this index SQLAlchemy finds the column of an attribute"
