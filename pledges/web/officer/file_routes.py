"""One file: its page and its PDFs."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from pledges.accounts.permissions import Action
from pledges.core.errors import NotFound
from pledges.review.history import earlier_versions
from pledges.signing.rules import normal_reference
from pledges.web.current import reader
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.file_view import file_page
from pledges.web.officer.reach import pledge_for
from pledges.web.pdf_files import pdf_answer
from pledges.web.security import may

DECISIONS = (
    "de-nghi-duyet",
    "tra-lai",
    "tam-hoan",
    "xu-ly-tiep",
    "tu-choi",
    "duyet",
    "de-nghi-thu-hoi",
    "khong-thu-hoi",
    "thu-hoi",
)
"""The last parts of the addresses of `decision_routes`."""


@blueprint.get("/ho-so/<reference>")
@may(Action.PLEDGE_VIEW)
def file(reference: str) -> ResponseReturnValue:
    normal = normal_reference(reference)
    if normal and normal != reference:
        kept: dict[str, Any] = request.args.to_dict()
        return redirect(url_for("officer.file", reference=normal, **kept))
    return file_page(pledge_for(reference, Action.PLEDGE_VIEW))


@blueprint.get(f"/ho-so/<reference>/<any{DECISIONS}:decision>")
@may(Action.PLEDGE_VIEW)
def back_to_file(reference: str, decision: str) -> ResponseReturnValue:
    """Who signs in again after a decision could not be taken comes back to the address of its form."""
    pledge = pledge_for(reference, Action.PLEDGE_VIEW)
    kept: dict[str, Any] = request.args.to_dict()
    return redirect(url_for("officer.file", reference=pledge.reference, **kept))


@blueprint.get("/ho-so/<reference>/ban-cam-ket.pdf")
@may(Action.PLEDGE_DOCUMENT)
def file_pdf(reference: str) -> ResponseReturnValue:
    pledge = pledge_for(reference, Action.PLEDGE_DOCUMENT)
    return pdf_answer(pledge, pledge.document_id, pledge.reference, inline=True)


@blueprint.get("/ho-so/<reference>/ban-cam-ket-<int:version>.pdf")
@may(Action.PLEDGE_DOCUMENT)
def earlier_pdf(reference: str, version: int) -> ResponseReturnValue:
    """What was signed before a correction."""
    pledge = pledge_for(reference, Action.PLEDGE_DOCUMENT)
    for earlier in earlier_versions(reader(), pledge):
        if earlier.version == version:
            return pdf_answer(pledge, earlier.document_id, f"{pledge.reference}-ban-{version}", inline=True)
    raise NotFound
