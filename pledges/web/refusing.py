"""Counting what this request was refused, for the auditor."""

from __future__ import annotations

from pledges.accounts.models import AgencyKey, Staff
from pledges.accounts.refusals import Reason, count_refusal
from pledges.web.current import now, product
from pledges.web.degraded import write_if_room
from pledges.web.network import network


def note_refusal(reason: Reason, whose: Staff | AgencyKey | None) -> None:
    """Also for pages that are only read: like the time of the last use, it is a note about the asking."""
    network_hash, at = product().vault.keyed_hash("network", network()), now()
    write_if_room(lambda session: count_refusal(session, reason, whose, network_hash=network_hash, now=at))
