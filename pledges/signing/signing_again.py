"""Signing a pledge that is signed already: the correction of a returned one, the amendment of one in force."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import record
from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict
from pledges.core.secrecy import Vault
from pledges.jobs.operations import enqueue
from pledges.registry.corrections import Former, correct_declared
from pledges.registry.families import family, kept_of
from pledges.registry.matching import survivor
from pledges.registry.models import Entity, Standing
from pledges.registry.operations import PERSONAL_NUMBER, Registered
from pledges.signing.acts import (
    SEAL_TASK,
    SigningAct,
    add_evidence,
    add_pledge,
    name_channels,
    signed_columns,
    signed_fact,
)
from pledges.signing.covering import bind, bind_waiting, covers_of, owed_under, periods_of
from pledges.signing.models import Draft, DraftPurpose, EarlierVersion, Pledge, PledgeCover, PledgeState
from pledges.signing.queries import amendment_under_way
from pledges.signing.reopening import AmendmentUnderWay, check_open, lock_pledge
from pledges.signing.states import change_state, settle
from pledges.signing.texts import DraftAnswers, TextToSign, declared_subject, pledge_of_draft


def locked_pledge(session: Session, draft: Draft) -> Pledge | None:
    """The pledge that the draft is about, held until the end; refused where it cannot be signed again any more."""
    if draft.purpose is DraftPurpose.NEW:
        return None
    found = pledge_of_draft(session, draft)
    if found is None:
        raise RuntimeError(f"draft {draft.id} is about no pledge")
    pledge = lock_pledge(session, found)
    check_open(pledge, draft.purpose, since=draft.created_at)
    if draft.purpose is DraftPurpose.AMENDMENT and (under_way := amendment_under_way(session, pledge)) is not None:
        raise AmendmentUnderWay(under_way)
    return pledge


def the_one_text(texts: list[TextToSign]) -> TextToSign:
    """The text of the pledge that is signed again; the plan may have changed since, so that it is no longer asked."""
    if len(texts) != 1:
        raise Conflict(
            N_("Mẫu cam kết này không còn dùng cho nhóm của bạn. Hãy ký một bản mới theo hướng dẫn ở trang đầu.")
        )
    return texts[0]


# --- Correction ------------------------------------------------------------------------------------------------------


def sign_correction(session: Session, act: SigningAct, text: TextToSign, pledge: Pledge, vault: Vault) -> Pledge:
    """Put the new signing in the place of the last one, which is kept as an earlier version, and hand it in again."""
    claimed_before = _entity_of(session, pledge).standing is Standing.CLAIMED
    registered = _correct_entity(session, act, pledge, vault)
    session.add(_earlier_version(pledge, act))
    periods = periods_of(text) | {cover.entry_id: cover.period for cover in covers_of(session, pledge) if cover.period}
    # While a pledge is returned it counts nowhere, so that what it covers can be exchanged before it counts again.
    bind(session, pledge, owed_under(registered, text), periods)
    name_channels(session, pledge, act.answers, registered.channels)
    changed = change_state(
        session,
        pledge.province_code,
        pledge.id,
        PledgeState.SUBMITTED,
        now=act.now,
        seen=pledge.revision,
        version=pledge.version + 1,
        entity_id=registered.entity.id,
        recommended_by=None,
        **signed_columns(act, text, pledge.reference, pledge.verification_code),
    )
    counts = list(changed.counts)
    if claimed_before and not registered.claimed:
        for other in bind_waiting(session, registered.entity, beside=changed.pledge):
            counts += settle(session, other, now=act.now)
    add_evidence(session, act, changed.pledge, text, vault)
    record(
        session,
        "pledge.corrected",
        province_code=pledge.province_code,
        object_id=pledge.id,
        actor=act.actor(pledge),
        now=act.now,
        effective_on=local_day(act.signed_at),
        data=signed_fact(act, changed.pledge, text, claimed=registered.claimed, counts=counts),
    )
    enqueue(session, SEAL_TASK, pledge.province_code, str(pledge.id))
    return changed.pledge


def _earlier_version(pledge: Pledge, act: SigningAct) -> EarlierVersion:
    return EarlierVersion(
        province_code=pledge.province_code,
        pledge_id=pledge.id,
        version=pledge.version,
        draft_id=pledge.draft_id,
        signed_at=pledge.signed_at,
        answers=pledge.answers,
        pledge_text_id=pledge.pledge_text_id,
        wording_approved=pledge.wording_approved,
        template_hash=pledge.template_hash,
        rendered_text=pledge.rendered_text,
        rendered_hash=pledge.rendered_hash,
        paper=pledge.paper,
        document_id=pledge.document_id,
        replaced_at=act.now,
    )


def _entity_of(session: Session, pledge: Pledge) -> Entity:
    return survivor(session, session.get_one(Entity, (pledge.province_code, pledge.entity_id)))


def _correct_entity(session: Session, act: SigningAct, pledge: Pledge, vault: Vault) -> Registered:
    return correct_declared(
        session,
        _entity_of(session, pledge),
        declared_subject(act.answers),
        former=Former(tax_code=pledge.answers["tax_code"], phone=pledge.answers["phone"]),
        actor=act.actor(pledge),
        now=act.now,
        vault=vault,
    )


# --- Amendment -------------------------------------------------------------------------------------------------------


def sign_amendment(session: Session, act: SigningAct, text: TextToSign, pledge: Pledge, vault: Vault) -> Pledge:
    """A new pledge beside the one in force, whose place it takes once the agency has approved it."""
    registered = _correct_entity(session, act, pledge, vault)
    return add_pledge(session, act, text, registered, vault, amends=pledge)


def refuse_unchanged(
    session: Session, pledge: Pledge, answers: DraftAnswers, text: TextToSign, *, publish: bool, vault: Vault
) -> None:
    """An amendment has to amend something: an answer, the consent to publish, or the version of the wording."""
    asks_to_publish = publish and "publication" in text.rendered.consents
    if is_changed(session, pledge, answers, vault):
        return
    if asks_to_publish != pledge.publish or text.pledge_text.id != pledge.pledge_text_id:
        return
    raise Conflict(
        N_("Chưa có gì thay đổi so với bản đang có hiệu lực, nên không cần ký lại. Hãy sửa câu trả lời trước.")
    )


def is_changed(session: Session, pledge: Pledge, answers: DraftAnswers, vault: Vault) -> bool:
    """Whether the answers say anything else than the pledge."""
    now, before = answers.frozen(), dict(pledge.answers)
    before["email"] = pledge.contact_email or before["email"]
    before.setdefault("has_personal_number", now["has_personal_number"])
    number = answers.who.personal_number
    known = _entity_of(session, pledge).personal_number_hash
    return now != before or (number is not None and vault.keyed_hash(PERSONAL_NUMBER, number) != known)


def amended_by(session: Session, registered: Registered, text: TextToSign, declared: Collection[str]) -> Pledge | None:
    """The pledge in force that a pledge signed through the ordinary form takes the place of; None: it stands beside.

    Only where it says all that the one in force says: the same wording and agency, every channel and obligation of it
    in the same period, and no other amendment under way.
    """
    periods = periods_of(text)
    owed = {(obligation.id, periods[obligation.entry_id]) for obligation in owed_under(registered, text)}
    in_force = session.scalars(
        select(Pledge)
        .where(
            Pledge.province_code == registered.entity.province_code,
            Pledge.entity_id.in_(family(session, registered.entity)),
            Pledge.text_id == text.pledge_text.text_id,
            Pledge.agency_code == text.agency.code,
            Pledge.state == PledgeState.APPROVED,
        )
        .order_by(Pledge.signed_at.desc(), Pledge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for pledge in in_force:
        covers = covers_of(session, pledge)
        if (
            _covered(session, covers) <= owed
            and set(pledge.answers["channels"]) <= set(declared)
            and amendment_under_way(session, pledge) is None
        ):
            return pledge
    return None


def _covered(session: Session, covers: Iterable[PledgeCover]) -> set[tuple[uuid.UUID, str]]:
    """The obligations and periods, as the survivor has them where entities were merged."""
    held = [(cover.province_code, cover.obligation_id, cover.period) for cover in covers if cover.obligation_id]
    kept = kept_of(session, held[0][0], [obligation_id for _code, obligation_id, _period in held]) if held else {}
    return {(kept.get(obligation_id, obligation_id), period) for _code, obligation_id, period in held}
