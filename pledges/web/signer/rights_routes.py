"""What the signer may ask about their data: `/ho-so/<reference>/quyen`, from their own open file."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError, NotFound
from pledges.registry.restrictions import restriction_of
from pledges.rights.asking import ask_from_file
from pledges.rights.models import DataRequest, Outcome, RequestKind
from pledges.rights.operations import lift_own_restriction
from pledges.rights.queries import copy_is_of_whom_it_was, gives_copy, requests_of_file
from pledges.rights.rules import COPY_OPEN_FOR, GROUNDS, KIND_LABELS, OUTCOME_LABELS
from pledges.rights.steps import Post
from pledges.signing.models import Pledge, PledgeState
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.fields import LongTextField, lazy
from pledges.web.i18n import error_text, translate
from pledges.web.rights_copy import copy_answer
from pledges.web.security import soft_csrf
from pledges.web.signer.file_access import file_view, opened_pledge
from pledges.web.signer.journey import blueprint

SLUGS = {
    "xem": RequestKind.VIEW,
    "ban-sao": RequestKind.COPY,
    "chinh-sua": RequestKind.CORRECT,
    "han-che": RequestKind.RESTRICT,
    "xoa": RequestKind.DELETE,
}
SLUG_OF = {kind: slug for slug, kind in SLUGS.items()}


class RightForm(PageForm):
    details = LongTextField(lazy("Bạn muốn cơ quan biết thêm gì"), required=False, rows=4)

    def fit(self, kind: RequestKind) -> None:
        if kind is RequestKind.CORRECT:
            self.details.label.text = _("Nội dung nào chưa đúng, và đúng ra là gì")
            self.details.required = True
            self.details.own_message = _("Hãy viết nội dung nào chưa đúng và đúng ra là gì.")


def post() -> Post:
    return Post(product().vault, product().settings.public_url)


@blueprint.get("/ho-so/<reference>/quyen")
def rights(reference: str) -> ResponseReturnValue:
    """All rights, where each of them leads, and what was asked before with its answer."""
    pledge = opened_pledge(reference)
    if pledge is None:
        return redirect(url_for("signer.file", reference=reference))
    found = [_shown(asked, pledge) for asked in requests_of_file(reader(), pledge)]
    waiting = {one["asked"].kind for one in found if one["asked"].decided_at is None}
    return render_template(
        "signer/rights.html",
        view=file_view(pledge),
        requests=found,
        slugs={kind.value: slug for kind, slug in SLUG_OF.items() if kind not in waiting},
        restricted=restriction_of(reader(), pledge.province_code, pledge.entity_id) is not None,
    )


def _shown(asked: DataRequest, pledge: Pledge) -> dict[str, Any]:
    today = local_day(now())
    open_until = local_day(asked.decided_at + COPY_OPEN_FOR) if asked.decided_at is not None else None
    if gives_copy(asked) and not copy_is_of_whom_it_was(reader(), asked, pledge):
        open_until = None
    holds = restriction_of(reader(), asked.province_code, asked.entity_id)
    return {
        "asked": asked,
        "label": translate(KIND_LABELS[asked.kind]),
        "outcome": translate(OUTCOME_LABELS[asked.outcome]) if asked.outcome is not None else "",
        "ground": translate(GROUNDS[asked.ground]) if asked.ground else "",
        "copy_until": open_until if gives_copy(asked) and open_until is not None and today <= open_until else None,
        "restricts": holds is not None and holds.request_id == asked.id and asked.outcome is not Outcome.REFUSED,
    }


@blueprint.route(
    "/ho-so/<reference>/quyen/<any('xem','ban-sao','chinh-sua','han-che','xoa'):right>", methods=["GET", "POST"]
)
@soft_csrf
def ask_right(reference: str, right: str) -> ResponseReturnValue:
    """What the request means, and sending it; correcting leads first to what the signer can change without asking."""
    if right not in SLUGS:
        raise NotFound
    pledge = opened_pledge(reference)
    if pledge is None:
        return redirect(url_for("signer.file", reference=reference))
    kind, form = SLUGS[right], RightForm()
    form.fit(kind)
    if form.validate_on_submit():
        at, details = now(), form.details.data
        try:
            asked = write(lambda session: ask_from_file(session, pledge, kind, details, now=at, post=post()))
        except DomainError as refusal:
            form.refuse(refusal)
            return _right_page(pledge, kind, form), refusal.status
        flash(_("Đã nhận yêu cầu %(number)s. Thư xác nhận đang được gửi tới bạn.", number=asked.number), "success")
        return redirect(url_for("signer.rights", reference=reference), 303)
    return _right_page(pledge, kind, form), 400 if form.problems else 200


def _right_page(pledge: Pledge, kind: RequestKind, form: RightForm) -> str:
    return render_template(
        "signer/right.html",
        view=file_view(pledge),
        kind=kind.value,
        label=translate(KIND_LABELS[kind]),
        form=form,
        accepted=pledge.state is PledgeState.APPROVED,
    )


@blueprint.post("/ho-so/<reference>/quyen/<uuid:request_id>/ban-sao")
@soft_csrf
def fetch_copy(reference: str, request_id: uuid.UUID) -> ResponseReturnValue:
    """The copy that was granted, while it can be fetched."""
    pledge = opened_pledge(reference)
    if pledge is None or not PageForm().validate_on_submit():
        return redirect(url_for("signer.rights", reference=reference))
    asked = _own(pledge, request_id)
    if _shown(asked, pledge)["copy_until"] is None:
        flash(_("Bản sao này không còn tải được. Nếu vẫn cần, hãy gửi yêu cầu mới."), "warning")
        return redirect(url_for("signer.rights", reference=reference))
    return copy_answer(asked, Actor("signer", str(pledge.id)))


@blueprint.post("/ho-so/<reference>/quyen/<uuid:request_id>/thoi-han-che")
@soft_csrf
def lift_own(reference: str, request_id: uuid.UUID) -> ResponseReturnValue:
    """The signer lets the agency use their data again."""
    pledge = opened_pledge(reference)
    if pledge is None or not PageForm().validate_on_submit():
        return redirect(url_for("signer.rights", reference=reference))
    asked, at = _own(pledge, request_id), now()
    try:
        write(lambda session: lift_own_restriction(session, asked, pledge, now=at))
    except DomainError as refusal:
        flash(error_text(refusal), "warning")
    else:
        flash(_("Đã thôi hạn chế. Cơ quan lại được dùng dữ liệu như trước."), "success")
    return redirect(url_for("signer.rights", reference=reference), 303)


def _own(pledge: Pledge, request_id: uuid.UUID) -> DataRequest:
    found = [asked for asked in requests_of_file(reader(), pledge) if asked.id == request_id]
    if not found:
        raise NotFound
    return found[0]
