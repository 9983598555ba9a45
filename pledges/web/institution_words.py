"""The list of an institution as its focal person and the office see it, and the link and QR code for its people."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import segno
from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup

from pledges.institutions.models import Institution, InstitutionMember
from pledges.institutions.rules import Matched
from pledges.signing.models import Pledge, PledgeState
from pledges.web.current import product
from pledges.web.officer.words import Label, state_label


@dataclass(frozen=True)
class MemberRow:
    id: uuid.UUID
    name: str
    more: str
    label: Label
    signed: bool
    reference: str
    """Only for the office."""
    registered: bool


def join_address(institution: Institution) -> str:
    """The whole address for the institution's people, as it is printed and held by the QR code."""
    return f"{product().settings.public_url}{url_for('signer.join', code=institution.join_code)}"


def qr_svg(address: str) -> Markup:
    """The QR code as an image inside the page, without styles of its own."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, scale=5, border=3, title=str(_("Mã QR để ký cam kết"))
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - made by segno from an address of our own


def member_rows(members: Sequence[InstitutionMember], matched: Matched, *, staff: bool) -> list[MemberRow]:
    """Who has not signed stands first: that is whom somebody has to remind."""
    rows = [_row(member, matched.signed.get(place), staff) for place, member in enumerate(members)]
    return sorted(rows, key=lambda row: row.signed)


def _row(member: InstitutionMember, pledge: Pledge | None, staff: bool) -> MemberRow:
    more = " · ".join(text for text in (member.detail, member.email) if text)
    label = Label(str(_("Chưa ký")), "warning")
    if pledge is not None:
        label = state_label(pledge) if staff else _told(pledge)
    return MemberRow(
        id=member.id,
        name=member.name,
        more=more,
        label=label,
        signed=pledge is not None,
        reference=pledge.reference if pledge is not None and staff else "",
        registered=member.entity_id is not None,
    )


def _told(pledge: Pledge) -> Label:
    """What the focal person may know: whether somebody has signed, not how the office finds the file."""
    if pledge.state is PledgeState.APPROVED:
        return Label(str(_("Đã tiếp nhận")), "success")
    return Label(str(_("Đã ký")), "success")
