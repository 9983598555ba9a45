"""Every message that the product sends, and what its templates need.

Times are given as aware datetimes or days and stored as ISO text; `link` is a whole address below the public one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

MOST_LETTERS = 500


@dataclass(frozen=True)
class MessageKind:
    """`secrets` are kept encrypted and erased once the message is sent or given up."""

    params: frozenset[str]
    secrets: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


MESSAGE_KINDS: dict[str, MessageKind] = {
    # Six digits for signing. purpose: sign (if not given) or sign_as_representative.
    "code": MessageKind(frozenset({"minutes"}), frozenset({"code"}), frozenset({"purpose"})),
    # The link that resumes a draft.
    "draft_link": MessageKind(frozenset({"days"}), frozenset({"link"})),
    # references: list of references signed together; agency_name: who has received them.
    "pledge_received": MessageKind(frozenset({"references", "agency_name", "signed_at", "working_days"})),
    # Six digits that open one's own file.
    "file_code": MessageKind(frozenset({"minutes"}), frozenset({"code"}), frozenset({"reference"})),
    # To the administrator: pledges wait for the seal.
    "seal_waiting": MessageKind(frozenset({"count", "reason", "since"})),
    # name: of the new member of staff; valid_until: when the link runs out.
    "staff_link": MessageKind(frozenset({"name", "valid_until"}), frozenset({"link"})),
}


def checked_params(
    kind: str, params: Mapping[str, Any], secrets: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both, ready to be stored; a missing or unknown one is our mistake and raises at once, not at delivery."""
    known = MESSAGE_KINDS[kind]
    missing = sorted((known.params - set(params)) | (known.secrets - set(secrets)))
    unknown = sorted((set(params) - known.params - known.optional) | (set(secrets) - known.secrets))
    if missing or unknown:
        raise ValueError(f"message {kind}: missing {missing}, unknown {unknown}")
    return (
        {name: _stored(value) for name, value in params.items()},
        {name: _stored(value) for name, value in secrets.items()},
    )


def _stored(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a time without time zone cannot stand in a message")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_stored(each) for each in value]
    if isinstance(value, str):
        return _one_line(value)
    if isinstance(value, int):
        return value
    raise TypeError(f"a message cannot carry {type(value).__name__}")


def _one_line(text: str) -> str:
    """Without line breaks and control characters: nobody's name may start a paragraph of ours."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.split())[:MOST_LETTERS]
