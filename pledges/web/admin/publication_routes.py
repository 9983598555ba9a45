"""Whether everybody may read how many have pledged: `/quan-tri/<province>/so-lieu-cong-khai`."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from pledges.core.errors import DomainError
from pledges.plans.decisions import PROVINCE
from pledges.plans.setting_changes import AT_PUBLICATION, keep_settings
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.forms import KEPT, PUBLIC, PublicationForm
from pledges.web.admin.readiness_routes import readiness_of, sets_up
from pledges.web.components import page_exists
from pledges.web.current import now, write
from pledges.web.officer.authentication import current_actor
from pledges.web.security import soft_csrf


@blueprint.route("/<code>/so-lieu-cong-khai", methods=["GET", "POST"])
@sets_up
@soft_csrf
def publication(code: str) -> ResponseReturnValue:
    state = readiness_of(code)
    form = PublicationForm(data={"publish": PUBLIC if state.settings.publish_coverage else KEPT})
    if form.validate_on_submit():
        values = {"publish_coverage": form.publish.data == PUBLIC}
        actor, at = current_actor(), now()
        try:
            write(
                lambda session: keep_settings(
                    session, code, PROVINCE, "", values, where=AT_PUBLICATION, actor=actor, now=at
                )
            )
            return redirect(url_for("admin.province", code=code, luu=1, _anchor="cong-khai"), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    address = f"/so-lieu/{code}"
    public_page = address if state.settings.publish_coverage and page_exists(address) else ""
    return render_template("admin/publication.html", state=state, form=form, public_page=public_page)
