"""Who wants to know what became of a message: the area that caused it, in the transaction in which it is known."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pledges.core.db import is_retriable
from pledges.messaging.models import Message

log = logging.getLogger("pledges.messaging")

Follower = Callable[[Session, Message, datetime], None]
"""Called when the message is accepted, failed or uncertain, and when it is found bounced (`bounced_at` is set).

It may be called twice for one message: a late answer settles an uncertain one, a bounce follows the acceptance or even
comes before it. It looks at the row, writes what that means, never commits, and does not change the message.
"""

Followers = Mapping[str, Follower]
"""By kind of message, or by the beginning of kinds if it ends in `_`."""

NO_FOLLOWERS: Followers = MappingProxyType({})


def tell(followers: Followers, session: Session, message: Message, now: datetime) -> None:
    """Call whoever follows this kind of message.

    A fault of a follower undoes what it wrote and is logged. It must not undo what is known about the message:
    an acceptance that cannot be recorded would make it uncertain.
    """
    follower = _follower_of(followers, message.kind)
    if follower is None:
        return
    try:
        with session.begin_nested():
            follower(session, message, now)
    except Exception as error:
        if isinstance(error, DBAPIError) and is_retriable(error):
            raise
        log.exception("What became of a message could not be told", extra={"message_kind": message.kind})


def _follower_of(followers: Followers, kind: str) -> Follower | None:
    if kind in followers:
        return followers[kind]
    beginnings = [each for each in followers if each.endswith("_") and kind.startswith(each)]
    return followers[max(beginnings, key=len)] if beginnings else None
