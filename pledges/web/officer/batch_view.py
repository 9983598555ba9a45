"""Which files a batch would take: those ticked in the queue, or all that pass their checks under a filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from flask_babel import gettext as _

from pledges.core.secrecy import sha256_hex
from pledges.review.batches import MOST_ITEMS
from pledges.review.checks import check_pledges, passes_all
from pledges.review.models import BatchKind
from pledges.review.queries import QueueFilter, passing_pledges
from pledges.review.queue_filter import STATES
from pledges.signing.models import Pledge
from pledges.signing.queries import pledges_by_reference
from pledges.signing.rules import normal_reference
from pledges.web.current import reader
from pledges.web.officer.authentication import current_staff

MOST_TICKED = 100


@dataclass(frozen=True)
class Selection:
    taken: tuple[Pledge, ...]
    left_out: tuple[tuple[Pledge, str], ...]
    """With the reason, in words."""
    cut: bool = False
    """There are more than one batch takes."""

    @property
    def mark(self) -> str:
        """The same only for the same files as they are now: what was confirmed is what is done."""
        lines = sorted(f"{pledge.reference}:{pledge.revision}" for pledge in self.taken)
        return sha256_hex("\n".join(lines).encode())


def ticked(place: tuple[str, str], wanted: QueueFilter, typed: Iterable[str], kind: BatchKind) -> Selection:
    """The files of these references that stand in the tab; of what is not there nothing is told."""
    references = [reference for each in typed if (reference := normal_reference(each))]
    found = [
        pledge
        for pledge in pledges_by_reference(reader(), *place, references[:MOST_TICKED])
        if pledge.state in STATES[wanted.tab]
    ]
    return _sorted_out(place[0], found, kind)


def all_passing(place: tuple[str, str], wanted: QueueFilter, kind: BatchKind) -> Selection:
    """Everything under the filter that passes all checks."""
    passing = passing_pledges(reader(), *place, replace(wanted, only_passing=True))
    found = list(islice(passing, MOST_ITEMS + 1))
    selection = _sorted_out(place[0], found[:MOST_ITEMS], kind)
    return Selection(selection.taken, selection.left_out, cut=len(found) > MOST_ITEMS)


def _sorted_out(province_code: str, found: list[Pledge], kind: BatchKind) -> Selection:
    checks = check_pledges(reader(), province_code, found) if kind is BatchKind.RECOMMEND else {}
    taken, left_out = [], []
    for pledge in found:
        reason = ""
        if kind is BatchKind.APPROVE and pledge.recommended_by == current_staff().id:
            reason = _("Bạn đã đề nghị duyệt hồ sơ này; người khác phải duyệt.")
        elif kind is BatchKind.RECOMMEND and not passes_all(checks[pledge.id]):
            reason = _("Có kiểm tra cần xem; hãy mở từng hồ sơ.")
        if reason:
            left_out.append((pledge, reason))
        else:
            taken.append(pledge)
    return Selection(tuple(taken), tuple(left_out))
