"""Coming back to a draft: by the code of page one, or by the link in the mail."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from pledges.core.errors import DomainError, NotFound
from pledges.signing.drafts import find_by_code
from pledges.signing.links import RESUME_DRAFT, follow_link
from pledges.signing.models import Draft
from pledges.web.current import now, product, reader, write
from pledges.web.network import network
from pledges.web.security import soft_csrf
from pledges.web.signer.access import hold_draft, tokens
from pledges.web.signer.forms import ActForm, ResumeForm
from pledges.web.signer.journey import blueprint, page_url, progress_of


@blueprint.route("/ky-cam-ket/tiep-tuc", methods=["GET", "POST"])
@soft_csrf
def resume() -> ResponseReturnValue:
    form = ResumeForm()
    if form.validate_on_submit():
        email, code, peer, at, vault = form.email.raw, form.resume_code.raw, network(), now(), product().vault
        try:
            found = write(lambda db: find_by_code(db, email.strip(), code, network=peer, now=at, vault=vault))
            if isinstance(found, DomainError):
                raise found
        except DomainError as error:
            form.refuse(error)
        else:
            hold_draft(found.id)
            return redirect(page_url(progress_of(found).first_open))
    return render_template("signer/resume.html", form=form)


@blueprint.get("/ky-cam-ket/tiep-tuc/<token>")
def resume_link(token: str) -> ResponseReturnValue:
    """Only a button: a mail scanner that opens the link changes nothing."""
    follow_link(reader(), tokens(), RESUME_DRAFT, token, now())
    return render_template("signer/resume_link.html", form=ActForm())


@blueprint.post("/ky-cam-ket/tiep-tuc/<token>")
@soft_csrf
def resume_link_post(token: str) -> ResponseReturnValue:
    draft_id = follow_link(reader(), tokens(), RESUME_DRAFT, token, now())
    form = ActForm()
    if not form.validate_on_submit():
        return render_template("signer/resume_link.html", form=form)
    draft = reader().get(Draft, draft_id)
    if draft is None:
        raise NotFound
    hold_draft(draft.id)
    if draft.signed_at is not None:
        return redirect(url_for("signer.done"))
    return redirect(page_url(progress_of(draft).first_open))
