"""The weakest kind of signature that a clause accepts, as its province has decided; enforced wherever one comes in."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.errors import N_, Conflict
from pledges.plans.models import ObligationEntry
from pledges.signing.models import Pledge, Signature, SignatureKind
from pledges.signing.texts import TextToSign

STRENGTH = {
    SignatureKind.SCANNED_PAPER: 0,
    SignatureKind.OTP_CONFIRM: 1,
    SignatureKind.PUBLIC_DIGITAL_SIGNATURE: 2,
}
Wording = tuple[str, str]
"""Agency and text: what fulfils all their entries at once (`model.md` 3)."""


def wordings_of(texts: Iterable[TextToSign]) -> list[Wording]:
    return [(text.agency.code, text.pledge_text.text_id) for text in texts]


class TooWeak(Conflict):
    """The clause asks for a stronger kind of signature than this one."""


def least_kinds(session: Session, province_code: str, wordings: Collection[Wording]) -> dict[Wording, SignatureKind]:
    """The strictest of the entries of each wording; without an entry, as for voluntary pledges, every kind will do."""
    found = dict.fromkeys(wordings, SignatureKind.SCANNED_PAPER)
    rows = session.execute(
        select(ObligationEntry.lead_agency, ObligationEntry.text_id, ObligationEntry.least_signature).where(
            ObligationEntry.province_code == province_code,
            ObligationEntry.enabled.is_(True),
            ObligationEntry.text_id.in_({text_id for _agency, text_id in wordings}),
        )
    )
    for agency_code, text_id, least in rows:
        key, kind = (agency_code, text_id), SignatureKind(least)
        if key in found and STRENGTH[kind] > STRENGTH[found[key]]:
            found[key] = kind
    return found


def is_too_weak(kinds: Collection[SignatureKind], least: SignatureKind) -> bool:
    """A pledge is as weak as the weakest of those who signed it; one without any signature is another matter."""
    if least is SignatureKind.SCANNED_PAPER:
        return False
    return any(STRENGTH[kind] < STRENGTH[least] for kind in kinds)


def refuse_pen(session: Session, province_code: str, wordings: Collection[Wording]) -> None:
    """Before somebody prints, or records, what would not be accepted with a signature by hand."""
    least = least_kinds(session, province_code, wordings)
    if any(is_too_weak((SignatureKind.SCANNED_PAPER,), kind) for kind in least.values()):
        raise TooWeak(
            N_(
                "Tỉnh, thành phố không nhận bản ký tay cho điều khoản này: "
                "người ký phải xác nhận bằng mã dùng một lần. "
                "Hãy giúp họ ký bằng mã gửi tới điện thoại hoặc thư điện tử."
            )
        )


def refuse_weak(session: Session, pledge: Pledge) -> None:
    """Before a pledge is recommended or approved."""
    key = (pledge.agency_code, pledge.text_id)
    least = least_kinds(session, pledge.province_code, [key])[key]
    kinds = session.scalars(
        select(Signature.kind).where(
            Signature.province_code == pledge.province_code,
            Signature.pledge_id == pledge.id,
            Signature.version == pledge.version,
        )
    ).all()
    if is_too_weak(kinds, least):
        raise TooWeak(
            N_(
                "Tỉnh, thành phố không nhận bản ký tay cho điều khoản này. "
                "Hãy trả lại để người ký ký lại và xác nhận bằng mã dùng một lần."
            )
        )
