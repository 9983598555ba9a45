"""An honest program wrote a file of ours anew, or somebody changed it: its pages beside those that we issued."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.documents.page_comparison import (
    MOST_ORIGINALS,
    DrawnFile,
    Looks,
    PageComparison,
    compare_pages,
    draw_file,
)
from pledges.documents.storage import Storage
from pledges.signing.models import Pledge
from pledges.signing.public_pledges import PublicPledge, public_pledge
from pledges.signing.verification import Earlier, Verdict, issued_files, pledge_by_code
from pledges.signing.verification_sentences import Finding

COMPARED = {Finding.ALTERED, Finding.NOT_OURS, Finding.UNREADABLE}
"""What may be a copy of ours that lost its seal. A file with a password is asked for without it."""


@dataclass(frozen=True)
class ComparedFile:
    """A file that is not ours byte for byte, beside the pledge whose code it carries or was sent with."""

    code: str
    pledge: PublicPledge
    pages: PageComparison
    earlier: Earlier | None = None
    """The pages are nearest to this earlier file."""


def compare_upload(
    database: Database,
    storage: Storage,
    data: bytes,
    verdict: Verdict,
    *,
    typed: str = "",
    until: float = math.inf,
) -> ComparedFile | None:
    """Compare with the pledge of the code in the file, of the typed one, or of the one in the text of its pages.

    None where there is nothing to compare; given up `until` then (`time.monotonic`). Raises `DrawingBusy`. Both
    children work between two short readings.
    """
    if verdict.finding not in COMPARED:
        return None
    drawn = draw_file(data, until)
    codes = [verdict.code, typed, *(drawn.codes if drawn is not None else ())]
    with database.read() as session:
        pledge = next((found for code in codes if code and (found := pledge_by_code(session, code))), None)
        if pledge is None:
            return None
        public, originals = public_pledge(session, pledge), _originals(session, storage, pledge)
    return _compared(public, drawn, originals, layered=verdict.layered, closely=False, until=until)


def compare_closely(session: Session, storage: Storage, pledge: Pledge, data: bytes, *, layered: bool) -> ComparedFile:
    """The same for those who may see the original: with pictures of both. Raises `DrawingBusy`."""
    public, originals = public_pledge(session, pledge), _originals(session, storage, pledge)
    return _compared(public, draw_file(data), originals, layered=layered, closely=True)


def _originals(session: Session, storage: Storage, pledge: Pledge) -> list[tuple[bytes, Earlier | None]]:
    return list(islice(issued_files(session, storage, pledge), MOST_ORIGINALS))


def _compared(
    public: PublicPledge,
    drawn: DrawnFile | None,
    originals: list[tuple[bytes, Earlier | None]],
    *,
    layered: bool,
    closely: bool,
    until: float = math.inf,
) -> ComparedFile:
    files = [data for data, _earlier in originals]
    pages = compare_pages(drawn, files, closely=closely, layered=layered, until=until)
    known = pages.looks in {Looks.SAME, Looks.DIFFERENT, Looks.UNSURE}
    return ComparedFile(public.code, public, pages, originals[pages.original][1] if known else None)
