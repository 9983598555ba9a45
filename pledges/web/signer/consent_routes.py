"""Ending the publication of a pledge: `/ho-so/<reference>/cong-khai`."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.signing.consent import withdraw_publication
from pledges.web.components import PageForm
from pledges.web.current import now, product, write
from pledges.web.security import soft_csrf
from pledges.web.signer.file_access import file_view, opened_pledge
from pledges.web.signer.journey import blueprint


@blueprint.route("/ho-so/<reference>/cong-khai", methods=["GET", "POST"])
@soft_csrf
def publication(reference: str) -> ResponseReturnValue:
    """What ending it means, and the button that ends it; the open file is proof enough, as nothing is lost by it."""
    pledge = opened_pledge(reference)
    form = PageForm()
    if pledge is None:
        return redirect(url_for("signer.file", reference=reference))
    if form.validate_on_submit():
        key, at, vault, public_url = (
            (pledge.province_code, pledge.id),
            now(),
            product().vault,
            product().settings.public_url,
        )
        write(lambda db: withdraw_publication(db, key, now=at, vault=vault, public_url=public_url))
        flash(_("Bản cam kết này không còn được công khai. Việc này có hiệu lực ngay."), "success")
        return redirect(url_for("signer.file", reference=reference))
    if not pledge.publish:
        return redirect(url_for("signer.file", reference=reference))
    return render_template("signer/publication.html", view=file_view(pledge), form=form)
