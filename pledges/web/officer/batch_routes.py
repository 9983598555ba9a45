"""Deciding about many files at once: a page that asks once more, and one that shows how far it has come."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from pledges.accounts.permissions import Action
from pledges.accounts.queries import get_staff
from pledges.core.db import new_id
from pledges.core.errors import DomainError, NotFound
from pledges.plans.queries import get_agency
from pledges.review.batches import MOST_ITEMS, ItemProgress, progress, start_batch
from pledges.review.models import Batch, BatchKind, ItemState
from pledges.review.queries import QueueFilter, Tab
from pledges.signing.models import Pledge
from pledges.web.components import PageForm
from pledges.web.current import now, reader, write
from pledges.web.i18n import translate
from pledges.web.officer import words
from pledges.web.officer.authentication import current_staff, recently_confirmed
from pledges.web.officer.batch_view import Selection, all_passing, ticked
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.file_view import printed_title
from pledges.web.officer.queue_routes import own_agency, queue_answer
from pledges.web.officer.queue_view import FILES, batch_kind, filter_args, queue_url, read_filter, read_size
from pledges.web.officer.reach import batch_for
from pledges.web.public.verification_words import receipt
from pledges.web.security import may, soft_csrf

ALL = "tat-ca"
WATCHED = timedelta(minutes=30)
"""How long an open page asks whether the signatures are there; a key that fails can take days."""


def _approves() -> bool:
    """Approving many is approving: the gate asks for a confirmation as for one (`Rule.fresh`)."""
    return batch_kind(read_filter(request.args).tab) is BatchKind.APPROVE


@blueprint.route("/hang-doi/xac-nhan", methods=["GET", "POST"])
@recently_confirmed(when=_approves)
@may(Action.QUEUE_VIEW)
@soft_csrf
def confirm_batch() -> ResponseReturnValue:
    wanted = read_filter(request.args)
    kind = batch_kind(wanted.tab)
    if kind is None:
        raise NotFound
    form = PageForm()
    batch_id = _batch_id()
    if request.method == "POST" and (known := _own_batch(batch_id)) is not None:
        return _to(known)
    selection = _selection(wanted, kind)
    if not selection.taken:
        return queue_answer(wanted, _nothing(selection), 400)
    if not form.validate_on_submit():
        return _confirm_page(wanted, kind, selection, form, batch_id)
    if request.form.get("mark") != selection.mark:
        return _confirm_page(wanted, kind, selection, form, batch_id, changed=True)
    staff, place = current_staff(), own_agency()
    items = [(pledge.id, pledge.revision) for pledge in selection.taken]
    try:
        write(
            lambda session: start_batch(
                session, kind, staff=staff, agency_code=place[1], items=items, now=now(), batch_id=batch_id
            )
        )
    except IntegrityError:
        # The same page was sent twice at the same moment, and the other one came first.
        if _own_batch(batch_id) is None:
            raise
    except DomainError as refusal:
        form.refuse(refusal)
        return _confirm_page(wanted, kind, selection, form, batch_id)
    return redirect(url_for("officer.batch", batch_id=batch_id), 303)


def _batch_id() -> uuid.UUID:
    """The id that the confirmed page brought along, so that the same page sent twice makes one batch."""
    try:
        return uuid.UUID(request.form["batch"])
    except (KeyError, ValueError):
        return new_id()


def _own_batch(batch_id: uuid.UUID) -> Batch | None:
    batch = reader().get(Batch, (current_staff().province_code, batch_id))
    return batch if batch is not None and batch.staff_id == current_staff().id else None


def _to(batch: Batch) -> ResponseReturnValue:
    return redirect(url_for("officer.batch", batch_id=batch.id), 303)


def _selection(wanted: QueueFilter, kind: BatchKind) -> Selection:
    place = own_agency()
    if request.args.get(ALL) == "yes":
        return all_passing(place, wanted, kind)
    return ticked(place, wanted, request.args.getlist(FILES), kind)


def _nothing(selection: Selection) -> str:
    if selection.left_out:
        why = selection.left_out[0][1]
        return str(_("Không hồ sơ nào đã chọn làm được theo cách này: %(why)s", why=why))
    if request.args.get(ALL) == "yes":
        return str(_("Trong danh sách này không có hồ sơ nào đạt mọi kiểm tra."))
    return str(_("Hãy chọn ít nhất một hồ sơ trên trang này."))


def _confirm_page(
    wanted: QueueFilter,
    kind: BatchKind,
    selection: Selection,
    form: PageForm,
    batch_id: uuid.UUID,
    *,
    changed: bool = False,
) -> ResponseReturnValue:
    agency = get_agency(reader(), *own_agency())
    number = len(selection.taken)
    approving = kind is BatchKind.APPROVE
    title = (
        _("Duyệt %(number)s hồ sơ", number=number) if approving else _("Đề nghị duyệt %(number)s hồ sơ", number=number)
    )
    page = render_template(
        "officer/confirm_batch.html",
        title=title,
        form=form,
        approving=approving,
        selection=selection,
        most=MOST_ITEMS,
        batch_id=batch_id,
        changed=changed,
        printed={"title": printed_title(agency), "name": current_staff().name},
        method=receipt(agency.signature_method),
        back=queue_url(wanted, read_size(request.args)),
        here=request.full_path.rstrip("?"),
        file_args=filter_args(wanted),
    )
    return page, 409 if changed else 400 if form.problems else 200


@blueprint.get("/loat/<uuid:batch_id>")
@may(Action.BATCH_VIEW)
def batch(batch_id: uuid.UUID) -> ResponseReturnValue:
    """How far a batch is; a script asks for the fragment until nothing changes any more."""
    found = batch_for(batch_id)
    state = progress(reader(), found)
    approving = found.kind is BatchKind.APPROVE
    signing = state.done - state.signed if approving else 0
    shown: dict[str, Any] = {
        "batch": found,
        "state": state,
        "approving": approving,
        "signing": signing,
        "unfinished": bool(state.waiting) or (bool(signing) and now() - found.created_at < WATCHED),
        "rows": [_item_row(item, approving) for item in state.items] if not state.waiting else [],
        "refused": [_item_row(item, approving) for item in state.items if item.state is ItemState.REFUSED],
        "here": url_for("officer.batch", batch_id=found.id),
    }
    if request.headers.get("X-Fragment"):
        return render_template("officer/_batch_state.html", **shown)
    tab = Tab.RECOMMENDED if approving else Tab.WAITING
    starter = get_staff(reader(), found.province_code, found.staff_id)
    return render_template(
        "officer/batch.html", back=queue_url(QueueFilter(tab=tab)), starter=starter.name if starter else "", **shown
    )


def _item_row(item: ItemProgress, approving: bool) -> dict[str, Any]:
    pledge = item.pledge
    label = words.Label(str(_("Đang chờ")), "plain")
    if item.state is ItemState.REFUSED:
        label = words.Label(str(_("Chưa làm được")), "warning")
    elif item.state is ItemState.DONE and approving:
        label = _signed_label(pledge)
    elif item.state is ItemState.DONE:
        label = words.Label(str(_("Đã đề nghị duyệt")), "success")
    return {
        "name": pledge.answers.get("name", ""),
        "reference": pledge.reference,
        "href": url_for("officer.file", reference=pledge.reference),
        "label": label,
        "reason": translate(item.reason) if item.reason else "",
    }


def _signed_label(pledge: Pledge) -> words.Label:
    """Approved is decided; only the agency's signature brings it into force."""
    if pledge.approved_at is not None:
        return words.Label(str(_("Đã duyệt, đang có hiệu lực")), "success")
    return words.state_label(pledge)
