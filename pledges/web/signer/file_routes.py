"""The signer's own file: `/ho-so/<reference>`, opened with the reference and a code by e-mail."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.core.errors import N_, DomainError, NotFound
from pledges.documents.paper import PledgePaper
from pledges.documents.queries import get_document
from pledges.plans.queries import get_agency, get_province
from pledges.plans.settings import province_settings
from pledges.signing.codes import CodePurpose, newest_code, send_code, try_code
from pledges.signing.models import Pledge
from pledges.signing.queries import pledge_by_reference, signatures_of
from pledges.signing.rules import normal_reference
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import error_text, language
from pledges.web.network import network
from pledges.web.security import soft_csrf
from pledges.web.signer.access import let_open_file, may_open_file
from pledges.web.signer.forms import FileCodeForm, ReferenceForm
from pledges.web.signer.journey import blueprint
from pledges.web.signer.summary import status_of, way_of

_NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")


@blueprint.route("/ho-so", methods=["GET", "POST"])
@soft_csrf
def find_file() -> ResponseReturnValue:
    form = ReferenceForm()
    if form.validate_on_submit():
        reference = normal_reference(form.reference.raw)
        if reference:
            return redirect(url_for("signer.file", reference=reference))
        form.refuse(
            DomainError(
                N_("Mã hồ sơ có dạng CK-46-2026-7KXA3Q. Hãy chép lại từ bản cam kết hoặc từ thư."), field="reference"
            )
        )
    return render_template("signer/find_file.html", form=form)


@blueprint.get("/ho-so/<reference>")
def file(reference: str) -> ResponseReturnValue:
    normal = normal_reference(reference)
    if normal and normal != reference:
        return redirect(url_for("signer.file", reference=normal))
    if not normal:
        raise NotFound
    pledge = _opened(normal)
    if pledge is None:
        return _door(normal, FileCodeForm(formdata=None))
    province = get_province(reader(), pledge.province_code)
    agency = get_agency(reader(), pledge.province_code, pledge.agency_code)
    return render_template(
        "signer/file.html",
        pledge=pledge,
        paper=PledgePaper.from_json(pledge.paper),
        province=province,
        status=status_of(pledge, province_settings(province).days_to_answer),
        steps=way_of(pledge, agency.name),
        signatures=signatures_of(reader(), pledge),
    )


def _refuse_other_spelling(reference: str) -> None:
    """Only the one form: each spelling would have limits of its own, and would tell a known reference from others."""
    if normal_reference(reference) != reference:
        raise NotFound


def _opened(reference: str) -> Pledge | None:
    """The pledge, where this browser has shown the code of that file."""
    return pledge_by_reference(reader(), reference) if may_open_file(reference) else None


def _subject(pledge: Pledge | None, reference: str) -> uuid.UUID:
    """What a code is bound to; an unknown reference has codes as well, so that nothing tells it from a known one."""
    return pledge.id if pledge is not None else uuid.uuid5(_NOBODY, reference)


def _door(reference: str, form: FileCodeForm) -> ResponseReturnValue:
    pledge = pledge_by_reference(reader(), reference)
    sent = newest_code(reader(), CodePurpose.OPEN_FILE, _subject(pledge, reference))
    waiting = sent is not None and sent.void_at is None and sent.used_at is None and sent.expires_at > now()
    return render_template("signer/file_door.html", reference=reference, form=form, waiting=waiting)


@blueprint.post("/ho-so/<reference>/ma")
@soft_csrf
def send_file_code(reference: str) -> ResponseReturnValue:
    _refuse_other_spelling(reference)
    if not PageForm().validate_on_submit():
        flash(_("Phiên làm việc đã được làm mới. Hãy bấm gửi mã lần nữa."), "warning")
        return redirect(url_for("signer.file", reference=reference))
    pledge = pledge_by_reference(reader(), reference)
    peer, at, vault = network(), now(), product().vault

    def send(db: Any) -> None:
        send_code(
            db,
            CodePurpose.OPEN_FILE,
            _subject(pledge, reference),
            pledge.contact_email if pledge is not None else f"{reference}@khong-co.invalid",
            network=peer,
            language=pledge.language if pledge is not None else language(),
            now=at,
            vault=vault,
            province_code=pledge.province_code if pledge is not None else "00",
            deliver=pledge is not None,
            counted_as=f"{reference}@ho-so.invalid",
        )

    try:
        write(send)
    except DomainError as error:
        flash(error_text(error), "warning")
    else:
        flash(_("Nếu mã hồ sơ đúng, mã mở hồ sơ đã được gửi tới thư điện tử dùng khi ký."), "success")
    return redirect(url_for("signer.file", reference=reference))


@blueprint.post("/ho-so/<reference>")
@soft_csrf
def open_file(reference: str) -> ResponseReturnValue:
    form = FileCodeForm()
    _refuse_other_spelling(reference)
    if not form.validate_on_submit():
        return _door(reference, form)
    pledge = pledge_by_reference(reader(), reference)
    subject, typed, at, vault = _subject(pledge, reference), form.code.raw, now(), product().vault

    def check(db: Any) -> DomainError | None:
        found = try_code(db, CodePurpose.OPEN_FILE, subject, typed, now=at, vault=vault)
        if isinstance(found, DomainError):
            return found
        found.used_at = at
        return None

    refusal = write(check)
    if refusal is not None or pledge is None:
        form.refuse(
            refusal or DomainError(N_("Mã không đúng. Hãy xem lại thư mới nhất hoặc bấm gửi mã mới."), field="code")
        )
        return _door(reference, form)
    let_open_file(reference, at)
    return redirect(url_for("signer.file", reference=reference))


@blueprint.get("/ho-so/<reference>/ban-cam-ket.pdf")
def file_pdf(reference: str) -> ResponseReturnValue:
    pledge = _opened(reference)
    document = None
    if pledge is not None and pledge.document_id is not None:
        document = get_document(reader(), pledge.province_code, pledge.document_id)
    if pledge is None or document is None:
        raise NotFound
    data = product().storage.get(document.sha256)
    return Response(
        data,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{pledge.reference}.pdf"'},
    )
