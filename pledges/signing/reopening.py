"""Drafts about a pledge that is signed already: a correction that the agency asked for, or an amendment."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.core.errors import N_, Conflict
from pledges.core.secrecy import Vault
from pledges.registry.matching import survivor
from pledges.registry.models import Entity, EntityKind
from pledges.registry.operations import PERSONAL_NUMBER
from pledges.signing.answers import EXTRA_FIELDS
from pledges.signing.drafts import resume_code_hash
from pledges.signing.links import RESUME_DRAFT, revoke_links
from pledges.signing.models import Draft, DraftPurpose, Pledge, PledgeState
from pledges.signing.queries import amendment_under_way
from pledges.signing.rules import CLOCK_SKEW, DRAFT_LIFETIME, Correctable, Page, new_resume_code

_FIELDS: dict[Correctable, tuple[str, ...]] = {
    Correctable.NAME: ("doi-tuong.name", "doi-tuong.stage_name"),
    Correctable.TAX_CODE: ("doi-tuong.tax_code", "doi-tuong.personal_number"),
    Correctable.DETAILS: tuple(f"doi-tuong.{name}" for name in EXTRA_FIELDS),
    Correctable.PLACE: (
        "doi-tuong.location",
        "doi-tuong.home_province",
        "doi-tuong.country",
        "dia-ban.commune",
        "dia-ban.address",
        "dia-ban.phone",
    ),
    Correctable.CHANNELS: ("dia-ban.channels", "dia-ban.started_on"),
    Correctable.SIGNER: tuple(
        f"nguoi-ky.{name}"
        for name in (
            "name",
            "title",
            "authority",
            "of_age",
            "representative_name",
            "representative_relation",
            "representative_email",
        )
    ),
}
"""The fields of the form that belong to what an agency can ask about."""


class NotOpen(Conflict):
    """The pledge cannot be signed again (any more); what was typed stays in the draft."""

    def __init__(self, message: str, pledge: Pledge, **params: Any) -> None:
        super().__init__(message, **params)
        self.pledge = pledge


class AmendmentUnderWay(NotOpen):
    """Another amendment is with the agency already; `pledge` is that one."""

    def __init__(self, pledge: Pledge) -> None:
        super().__init__(
            N_("Bạn đã ký một bản mới và cơ quan đang xem xét. Hãy đợi kết quả, hoặc rút bản mới đó rồi thay đổi lại."),
            pledge,
        )


# --- What may be changed ---------------------------------------------------------------------------------------------


def open_fields(draft: Draft, page: Page, wrong: Collection[str] = ()) -> frozenset[str] | None:
    """The fields of a page that this draft may change; None: all of them.

    What has become `wrong` since the signature (a wording that asks for more, say) may always be answered.
    """
    if draft.purpose is DraftPurpose.NEW:
        return None
    if page is Page.GROUP:
        return frozenset()
    if draft.purpose is DraftPurpose.AMENDMENT:
        return None
    asked = [field for part in draft.asked for field in _FIELDS[Correctable(part)]]
    found = {field.partition(".")[2] for field in asked if field.startswith(f"{page.value}.")}
    return frozenset(found | {name.partition("-")[0] for name in wrong})


# --- Starting --------------------------------------------------------------------------------------------------------


def start_correction(session: Session, pledge: Pledge, *, asked: Sequence[str], now: datetime, vault: Vault) -> Draft:
    """The one draft that corrects a returned pledge; `asked` is what its agency asked about (`Correctable` values)."""
    pledge = lock_pledge(session, pledge)
    check_open(pledge, DraftPurpose.CORRECTION)
    return _living(session, pledge, DraftPurpose.CORRECTION, now) or _reopen(
        session, pledge, DraftPurpose.CORRECTION, asked=asked, now=now, vault=vault
    )


def start_amendment(session: Session, pledge: Pledge, *, now: datetime, vault: Vault) -> Draft:
    """The one draft that leads from a pledge in force to the one that shall take its place."""
    pledge = lock_pledge(session, pledge)
    check_open(pledge, DraftPurpose.AMENDMENT)
    if (under_way := amendment_under_way(session, pledge)) is not None:
        raise AmendmentUnderWay(under_way)
    return _living(session, pledge, DraftPurpose.AMENDMENT, now) or _reopen(
        session, pledge, DraftPurpose.AMENDMENT, asked=(), now=now, vault=vault
    )


def lock_pledge(session: Session, pledge: Pledge) -> Pledge:
    """The pledge as it is now, held until the transaction ends."""
    return session.get_one(Pledge, (pledge.province_code, pledge.id), with_for_update=True, populate_existing=True)


def check_open(pledge: Pledge, purpose: DraftPurpose, *, since: datetime | None = None) -> None:
    """Raise `NotOpen` unless the pledge may be signed again, on a draft that was started `since`."""
    if pledge.state is PledgeState.WITHDRAWN:
        raise NotOpen(N_("Bản cam kết này đã được rút nên không ký lại được. Bạn có thể ký một bản mới."), pledge)
    if purpose is DraftPurpose.CORRECTION:
        if pledge.state is not PledgeState.RETURNED or (since is not None and since < pledge.state_since):
            raise NotOpen(
                N_("Hồ sơ không còn ở bước chờ bạn sửa nên chưa ký lại. Hãy xem lại tình trạng hồ sơ."), pledge
            )
    elif pledge.state is PledgeState.REVOKED:
        raise NotOpen(N_("Cơ quan đã thu hồi bản cam kết này nên không thay đổi được nữa."), pledge)
    elif pledge.state is PledgeState.SUPERSEDED:
        raise NotOpen(
            N_("Bản cam kết này đã được thay bằng bản mới hơn. Hãy mở hồ sơ của bản mới để thay đổi."), pledge
        )
    elif pledge.state is not PledgeState.APPROVED:
        raise NotOpen(N_("Chỉ bản cam kết đã được tiếp nhận mới thay đổi theo cách này."), pledge)


def _living(session: Session, pledge: Pledge, purpose: DraftPurpose, now: datetime) -> Draft | None:
    """The unsigned draft that was started for the pledge as it stands now."""
    return session.scalars(
        select(Draft)
        .where(
            *_drafts_about(pledge),
            Draft.purpose == purpose,
            Draft.expires_at > now,
            Draft.created_at >= pledge.state_since,
        )
        .order_by(Draft.created_at.desc())
        .limit(1)
    ).first()


def _drafts_about(pledge: Pledge) -> tuple[Any, ...]:
    return Draft.pledge_province == pledge.province_code, Draft.pledge_id == pledge.id, Draft.signed_at.is_(None)


def _reopen(
    session: Session,
    pledge: Pledge,
    purpose: DraftPurpose,
    *,
    asked: Sequence[str],
    now: datetime,
    vault: Vault,
) -> Draft:
    entity = survivor(session, session.get_one(Entity, (pledge.province_code, pledge.entity_id)))
    draft = Draft(
        # Nobody is shown this code: such a draft is opened from the file, with a code sent to the signer.
        resume_code_hash=resume_code_hash(vault, new_resume_code()),
        email=pledge.contact_email,
        language=pledge.language,
        answers=typed_again(pledge, entity, vault),
        purpose=purpose,
        pledge_province=pledge.province_code,
        pledge_id=pledge.id,
        asked=[part.value for part in Correctable if part.value in asked],
        # Clocks of two machines may differ a little; a draft is never older than what it is about.
        created_at=max(now, pledge.state_since),
        changed_at=now,
        expires_at=now + DRAFT_LIFETIME,
    )
    session.add(draft)
    session.flush()
    return draft


def end_drafts(session: Session, pledge: Pledge, now: datetime) -> None:
    """Nothing can be signed for this pledge any more: let its unsigned drafts run out, and the links to them."""
    for draft_id in session.scalars(select(Draft.id).where(*_drafts_about(pledge))).all():
        revoke_links(session, RESUME_DRAFT, draft_id, now)
    session.execute(update(Draft).where(*_drafts_about(pledge)).values(expires_at=now - 2 * CLOCK_SKEW))


# --- The answers as the form would have kept them --------------------------------------------------------------------


def typed_again(pledge: Pledge, entity: Entity, vault: Vault) -> dict[str, Any]:
    """The frozen answers of a pledge, page by page as somebody would type them; the number stays encrypted."""
    frozen = pledge.answers
    return {
        Page.GROUP.value: {
            # What was signed stays as it was; a file that was moved is signed again from where it is read today.
            "email": pledge.contact_email or frozen["email"],
            "province": pledge.province_code,
            "subject_type": frozen["subject_types"][0],
            "more_types": list(frozen["subject_types"][1:]),
        },
        Page.WHO.value: {
            "kind": frozen["kind"],
            "name": frozen["name"],
            "location": frozen["location"],
            "home_province": frozen["home_province"],
            "country": frozen["country"],
            "tax_code": frozen["tax_code"] or "",
            "personal_number_sealed": _number_sealed(frozen, entity, vault),
            **{name: frozen["extra"].get(name, "") for name in EXTRA_FIELDS},
        },
        Page.PLACE.value: {
            "commune": frozen["commune"] or "",
            "address": frozen["address"],
            "phone": frozen["phone"] or "",
            "channels": list(frozen["channels"]),
            "started_on": _typed_day(frozen["started_on"]),
        },
        Page.SIGNER.value: _signer_typed(frozen),
    }


def _number_sealed(frozen: Mapping[str, Any], entity: Entity, vault: Vault) -> str:
    """The personal number, where this signer gave it; pledges of the first release do not say so."""
    given = frozen.get("has_personal_number", frozen["tax_code"] is None)
    if not given or entity.personal_number is None:
        return ""
    number = vault.decrypt(PERSONAL_NUMBER, entity.personal_number)
    return base64.b64encode(vault.encrypt("draft", number)).decode()


def _signer_typed(frozen: Mapping[str, Any]) -> dict[str, str]:
    if frozen["kind"] == EntityKind.ORGANISATION:
        return {"name": frozen["signer_name"], "title": frozen["signer_title"], "authority": "yes"}
    return {
        "of_age": "no" if frozen["under_age"] else "yes",
        "representative_name": frozen["representative_name"],
        "representative_relation": frozen["representative_relation"],
        "representative_email": frozen["representative_email"],
    }


def _typed_day(stored: str | None) -> str:
    return date.fromisoformat(stored).strftime("%d/%m/%Y") if stored else ""
