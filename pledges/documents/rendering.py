"""From plain data to the pages of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from pledges.documents.fonts import Faces, default_faces, one_at_a_time
from pledges.documents.layout import flowing_text
from pledges.documents.page import PledgeCanvas, PledgeDocument
from pledges.documents.paper import PledgePaper
from pledges.documents.printable import check_bounds


def render_pledge(
    paper: PledgePaper, *, trial: bool, faces: Faces | None = None, pictures: Sequence[bytes] = ()
) -> bytes:
    """The paper as PDF, with an empty field for the agency and one for the seal; equal input gives equal bytes.

    `pictures` are the bytes of `paper.pictures`: clean JPEGs. Raises `DomainError` when a text is outside of the
    bounds that every form of the product keeps.
    """
    check_bounds(paper)
    target = BytesIO()
    with one_at_a_time:
        chosen = faces or default_faces()
        document = PledgeDocument(target, paper, chosen, trial=trial)
        document.build(flowing_text(paper, chosen, pictures), canvasmaker=PledgeCanvas)
    return target.getvalue()
