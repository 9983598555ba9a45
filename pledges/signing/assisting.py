"""Signing beside somebody of the staff: filled in together, printed, signed with a pen, photographed, handed in.

The draft is that of any signer (`drafts`), only that no address has to be confirmed; what it leads to is a pledge like
any other, which waits for the department. Nothing is sealed before the signed paper has come back.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, Place, require
from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.identity import mask_phone
from pledges.core.secrecy import PLAIN_LETTERS, Vault
from pledges.documents.paper import PledgePaper
from pledges.plans.queries import get_agency, get_commune
from pledges.plans.wordings import Consents
from pledges.signing.acts import Confirmation, Pen, SigningAct
from pledges.signing.codes import CodePurpose, address_hash, send_code, try_code
from pledges.signing.drafts import open_draft, resume_code_hash
from pledges.signing.least_kinds import refuse_pen, wordings_of
from pledges.signing.models import Draft, DraftPurpose, Origin, Pledge
from pledges.signing.operations import SigningOutcome, complete_signing
from pledges.signing.queries import pledges_of_draft
from pledges.signing.reopening import start_correction
from pledges.signing.rules import DRAFT_LIFETIME, Page, new_resume_code
from pledges.signing.signing_again import locked_pledge, the_one_text
from pledges.signing.texts import DraftAnswers, TextToSign, read_answers, texts_to_sign

PRINTED = "ban-in"
"""The page of a draft under which stands what was printed for the pen."""

SHOWN = 100


@dataclass(frozen=True)
class Printed:
    """What was printed: on which day, with which consent, which texts."""

    on: date
    publication: bool
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class SignedPaper:
    """What comes back: the day under the signature, the pictures, and the word of who saw it being signed."""

    signed_on: date
    pictures: tuple[str, ...]
    witnessed: bool


def start_assisted(session: Session, staff: Staff, *, now: datetime, vault: Vault, draft_id: uuid.UUID) -> Draft:
    """A draft of this member of staff, in their province; the same `draft_id` again finds the first one."""
    require(staff, Action.SIGNING_ASSIST, Place(staff.province_code, staff_id=staff.id))
    before = session.get(Draft, draft_id)
    if before is not None:
        return before
    draft = Draft(
        id=draft_id,
        # Nobody is shown this code: such a draft is opened from the list of its member of staff.
        resume_code_hash=resume_code_hash(vault, new_resume_code()),
        email="",
        language="vi",
        answers={Page.GROUP.value: {"email": "", "province": staff.province_code, "subject_type": ""}},
        created_at=now,
        changed_at=now,
        expires_at=now + DRAFT_LIFETIME,
        assisted_by=staff.id,
        assisted_province=staff.province_code,
    )
    session.add(draft)
    session.flush()
    return draft


def correct_assisted(
    session: Session, pledge: Pledge, staff: Staff, *, asked: list[str], now: datetime, vault: Vault
) -> Draft:
    """Open what the department has returned, to be filled in, printed and signed with a pen once more."""
    if pledge.origin is not Origin.ASSISTED or pledge.recorded_by != staff.id:
        raise NotFound
    draft = start_correction(session, pledge, asked=asked, now=now, vault=vault)
    draft.assisted_by, draft.assisted_province = staff.id, staff.province_code
    session.flush()
    return draft


# --- Printing --------------------------------------------------------------------------------------------------------


def prepare_print(session: Session, draft: Draft, *, publication: bool, now: datetime, vault: Vault) -> None:
    """Fix what is printed; a signature under anything else is not accepted later."""
    answers = read_answers(session, draft, vault=vault, today=local_day(now))
    texts = texts_for(session, draft, answers, publication, local_day(now))
    refuse_pen(session, answers.group.province_code, wordings_of(texts))
    draft.answers = {
        **draft.answers,
        PRINTED: {
            "on": local_day(now).isoformat(),
            "publication": "yes" if publication else "",
            "hashes": [text.rendered.sha256 for text in texts],
        },
    }
    draft.changed_at = now
    draft.expires_at = now + DRAFT_LIFETIME
    session.flush()


def printed(draft: Draft) -> Printed | None:
    kept: dict[str, Any] | None = draft.answers.get(PRINTED)
    if kept is None:
        return None
    return Printed(date.fromisoformat(kept["on"]), kept["publication"] == "yes", tuple(kept["hashes"]))


def is_print_current(draft: Draft, texts: list[TextToSign]) -> bool:
    """Whether the answers and the wording are still those that were printed."""
    last = printed(draft)
    return last is not None and {text.rendered.sha256 for text in texts} == set(last.hashes)


def texts_of_print(session: Session, draft: Draft, answers: DraftAnswers, today: date) -> list[TextToSign]:
    last = printed(draft)
    return texts_for(session, draft, answers, last.publication if last is not None else False, today)


def texts_for(
    session: Session, draft: Draft, answers: DraftAnswers, publication: bool, today: date
) -> list[TextToSign]:
    texts = texts_to_sign(session, answers, Consents(publication=publication), today=today)
    return texts if draft.purpose is DraftPurpose.NEW else [the_one_text(texts)]


def print_code(draft: Draft) -> str:
    """A short name of the print-out, for people: it opens nothing."""
    value, letters = draft.id.int, ""
    for _ in range(8):
        value, rest = divmod(value, len(PLAIN_LETTERS))
        letters += PLAIN_LETTERS[rest]
    return f"IN-{letters[:4]}-{letters[4:]}"


def paper_to_sign(draft: Draft, answers: DraftAnswers, text: TextToSign, public_url: str) -> PledgePaper:
    """The text with room for a signature; its code leads the member of staff back to the draft."""
    signer = answers.signer
    guardian = f"Người đại diện ({signer.representative_relation}) {signer.representative_name} ký: " + "." * 60
    return text.paper(
        answers,
        reference=print_code(draft),
        verification_url=f"{public_url}/can-bo/ky-ho/{draft.id}",
        signature_lines=(guardian,) if signer.under_age else (),
        place_and_date=f"{answers.province.short_name}, ngày ….. tháng ….. năm 20…..",
        form="by_hand",
    )


# --- Handing in ------------------------------------------------------------------------------------------------------


def hand_in(
    session: Session,
    draft_id: uuid.UUID,
    signed: SignedPaper,
    *,
    staff: Staff,
    now: datetime,
    vault: Vault,
    public_url: str,
) -> SigningOutcome:
    """Turn the signed paper into pledges that wait for the department; sent twice it gives the same pledges."""
    session.execute(select(Draft.id).where(Draft.id == draft_id).with_for_update())
    draft = open_draft(session, draft_id, now)
    place = Place(draft.assisted_province or "", staff_id=draft.assisted_by)
    require(staff, Action.SIGNING_ASSIST, place)
    if draft.signed_at is not None:
        return SigningOutcome(already=tuple(pledges_of_draft(session, draft.id)))
    last = printed(draft)
    if last is None:
        raise Conflict(N_("Hãy in bản cam kết để người ký ký tay trước đã."))
    _check_paper(signed, last, local_day(now))
    pledge = locked_pledge(session, draft)
    answers = read_answers(session, draft, vault=vault, today=local_day(now))
    texts = texts_for(session, draft, answers, last.publication, signed.signed_on)
    if not is_print_current(draft, texts):
        raise Conflict(N_("Nội dung đã thay đổi từ khi in. Hãy in lại và nhờ người ký ký vào bản mới."))
    confirmation = Confirmation(
        typed_name=answers.signer.name,
        code="",
        representative_code="",
        consent_processing=True,
        consent_publication=last.publication,
        shown_hashes=last.hashes,
        network="",
    )
    pen = Pen(signed.signed_on, signed.pictures, witness_name(session, staff), staff.id)
    act = SigningAct(draft, answers, confirmation, {}, now, public_url, pen)
    return complete_signing(session, act, texts, pledge, vault)


# --- By a code to the phone ------------------------------------------------------------------------------------------


def can_sign_by_phone(answers: DraftAnswers) -> bool:
    """One person with a phone of their own; whoever is under age signs on paper, with their representative."""
    return answers.place.phone is not None and not answers.signer.under_age


def send_phone_code(session: Session, draft: Draft, *, network: str, now: datetime, vault: Vault) -> str:
    """Send a code to the phone of the draft; within the limits that hold for mail. Returns the masked number."""
    answers = read_answers(session, draft, vault=vault, today=local_day(now))
    phone = _phone_of(answers)
    send_code(
        session,
        CodePurpose.SIGN,
        draft.id,
        phone,
        network=network,
        language="vi",
        now=now,
        vault=vault,
        province_code=answers.group.province_code,
        by_phone=True,
    )
    return mask_phone(phone)


def sign_by_phone(
    session: Session,
    draft_id: uuid.UUID,
    confirmation: Confirmation,
    *,
    staff: Staff,
    now: datetime,
    vault: Vault,
    public_url: str,
) -> SigningOutcome:
    """Sign by the code that the person has read out of their phone; a wrong one comes back as `refusal`."""
    session.execute(select(Draft.id).where(Draft.id == draft_id).with_for_update())
    draft = open_draft(session, draft_id, now)
    require(staff, Action.SIGNING_ASSIST, Place(draft.assisted_province or "", staff_id=draft.assisted_by))
    if draft.signed_at is not None:
        return SigningOutcome(already=tuple(pledges_of_draft(session, draft.id)))
    pledge = locked_pledge(session, draft)
    answers = replace(read_answers(session, draft, vault=vault, today=local_day(now)), by_phone=True)
    texts = texts_for(session, draft, answers, confirmation.consent_publication, local_day(now))
    if {text.rendered.sha256 for text in texts} - set(confirmation.shown_hashes):
        raise Conflict(N_("Nội dung cam kết vừa được cập nhật. Hãy đọc lại cùng người ký rồi nhập mã."))
    code = try_code(session, CodePurpose.SIGN, draft.id, confirmation.code, now=now, vault=vault)
    if isinstance(code, DomainError):
        return SigningOutcome(refusal=code, refusals={"code": code})
    if code.address_hash != address_hash(vault, _phone_of(answers)):
        raise Conflict(N_("Mã này đã gửi tới số điện thoại cũ. Hãy gửi mã mới."))
    act = SigningAct(draft, answers, confirmation, {"signer": code}, now, public_url)
    return complete_signing(session, act, texts, pledge, vault)


def _phone_of(answers: DraftAnswers) -> str:
    if answers.place.phone is None or not can_sign_by_phone(answers):
        raise DomainError(N_("Chỉ người đủ 18 tuổi có số điện thoại mới ký bằng mã được. Hãy in để ký tay."))
    return answers.place.phone


def _check_paper(signed: SignedPaper, last: Printed, today: date) -> None:
    if not last.on <= signed.signed_on <= today:
        raise DomainError(
            N_("Ngày ký phải từ ngày in (%(first)s) đến hôm nay."), field="signed_on", first=f"{last.on:%d/%m/%Y}"
        )
    if not signed.pictures:
        raise DomainError(N_("Hãy gửi ảnh các trang đã ký."), field="pictures")
    if not signed.witnessed:
        raise DomainError(
            N_("Chỉ gửi bản mà bạn đã thấy người ký ký trước mặt mình. Hãy đánh dấu để xác nhận."), field="witnessed"
        )


def witness_name(session: Session, staff: Staff) -> str:
    """Who saw it, as printed under the text: name, and agency or commune."""
    place = ""
    if staff.agency_code:
        place = get_agency(session, staff.province_code, staff.agency_code).name
    elif staff.commune_code:
        commune = get_commune(session, staff.province_code, staff.commune_code)
        place = commune.name if commune is not None else ""
    return f"{staff.name} ({place})" if place else staff.name


# --- Lists -----------------------------------------------------------------------------------------------------------


def open_drafts_of(session: Session, staff: Staff, now: datetime) -> list[Draft]:
    """What somebody has begun and not handed in, the last one first."""
    return list(
        session.scalars(
            select(Draft)
            .where(Draft.assisted_by == staff.id, Draft.signed_at.is_(None), Draft.expires_at > now)
            .order_by(Draft.changed_at.desc())
            .limit(SHOWN)
        )
    )


def pledges_helped_by(session: Session, staff: Staff) -> list[Pledge]:
    """What somebody has handed in, newest first."""
    return list(
        session.scalars(
            select(Pledge)
            .where(
                Pledge.province_code == staff.province_code,
                Pledge.recorded_by == staff.id,
                Pledge.origin == Origin.ASSISTED,
            )
            .order_by(Pledge.signed_at.desc(), Pledge.id.desc())
            .limit(SHOWN)
        )
    )
