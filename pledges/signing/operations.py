"""Signing: from a complete draft and a right code to pledges, evidence, facts, counters, mail and the seal's job,
all in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import SIGNER, Actor
from pledges.core.calendar import local_day
from pledges.core.crashpoints import crash_point
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.identity import clean_line, fold
from pledges.core.secrecy import Vault
from pledges.messaging.operations import queue_message
from pledges.plans.settings import province_settings
from pledges.plans.wordings import Consents
from pledges.registry.families import family, twins_of
from pledges.registry.models import Entity, Obligation
from pledges.registry.operations import register_declared
from pledges.registry.rules import Presumed
from pledges.signing.acts import SEAL_TASK, Confirmation, SigningAct, add_pledge
from pledges.signing.address_moves import Post
from pledges.signing.codes import NO_CODE, CodePurpose, address_hash, try_code
from pledges.signing.covering import owed_under
from pledges.signing.disputes import watch_claims
from pledges.signing.drafts import open_draft
from pledges.signing.least_kinds import refuse_pen, wordings_of
from pledges.signing.links import RESUME_DRAFT, revoke_links
from pledges.signing.models import ConfirmationCode, Draft, DraftPurpose, Pledge, PledgeChannel, PledgeCover
from pledges.signing.queries import pledges_of_draft
from pledges.signing.signing_again import (
    amended_by,
    locked_pledge,
    refuse_unchanged,
    sign_amendment,
    sign_correction,
    the_one_text,
)
from pledges.signing.texts import DraftAnswers, TextToSign, declared_subject, read_answers, texts_to_sign

__all__ = ["SEAL_TASK", "ConfirmationErrors", "Presume", "SigningOutcome", "complete_signing", "sign_draft"]

Presume = Callable[[Session, Draft, str, str], Presumed | None]
"""Whom somebody of this name in this province is by what the draft was begun with; None where that says nothing."""


@dataclass(frozen=True)
class SigningOutcome:
    """Either `refusal`, or the pledges: those signed now and those that this signer already had."""

    signed: tuple[Pledge, ...] = ()
    already: tuple[Pledge, ...] = ()
    refusal: DomainError | None = None
    refusals: dict[str, DomainError] = field(default_factory=dict)


class ConfirmationErrors(DomainError):
    """What is missing on the signing page, by field; no try of the code has been counted."""

    def __init__(self, errors: dict[str, DomainError]) -> None:
        super().__init__(N_("Chưa ký được: có mục cần xem lại."))
        self.errors = errors


def sign_draft(
    session: Session,
    draft_id: uuid.UUID,
    confirmation: Confirmation,
    *,
    now: datetime,
    vault: Vault,
    public_url: str,
    presume: Presume | None = None,
) -> SigningOutcome:
    """Sign every text that the draft asks for; the same draft signed twice gives the same pledges.

    Wrong codes come back as `refusal`, because their counted tries must be committed; everything else that is
    wrong is raised: `ConfirmationErrors`, `AnswerErrors`, `Conflict` where a text changed since it was shown.
    """
    session.execute(select(Draft.id).where(Draft.id == draft_id).with_for_update())
    draft = open_draft(session, draft_id, now)
    if draft.signed_at is not None:
        return SigningOutcome(already=tuple(pledges_of_draft(session, draft.id)))
    if draft.assisted_by is not None:
        raise NotFound  # signed with a pen (`assisting`)
    pledge = locked_pledge(session, draft)
    answers = read_answers(session, draft, vault=vault, today=local_day(now))
    consents = Consents(publication=confirmation.consent_publication)
    texts = texts_to_sign(session, answers, consents, today=local_day(now))
    _check_confirmation(confirmation, answers)
    if {text.rendered.sha256 for text in texts} - set(confirmation.shown_hashes):
        raise Conflict(N_("Nội dung cam kết vừa được cập nhật. Hãy đọc lại nội dung dưới đây rồi ký."))
    if pledge is not None and draft.purpose is DraftPurpose.AMENDMENT:
        publish = confirmation.consent_publication
        refuse_unchanged(session, pledge, answers, the_one_text(texts), publish=publish, vault=vault)
    codes = _confirm_codes(session, draft, confirmation, answers, now=now, vault=vault)
    if isinstance(codes, SigningOutcome):
        return codes
    act = SigningAct(draft, answers, confirmation, codes, now, public_url)
    return complete_signing(session, act, texts, pledge, vault, presume)


def complete_signing(
    session: Session,
    act: SigningAct,
    texts: list[TextToSign],
    pledge: Pledge | None,
    vault: Vault,
    presume: Presume | None = None,
) -> SigningOutcome:
    """What follows once it is sure who signs what: the pledges, the end of the draft, the mail. `pledge`: the one
    that is signed again."""
    if act.pen is not None:
        refuse_pen(session, act.answers.group.province_code, wordings_of(texts))
    if pledge is not None:
        outcome = _sign_again(session, act, texts, pledge, vault)
    else:
        outcome = _add_pledges(session, act, texts, vault, presume)
    for code in act.codes.values():
        code.used_at = act.now
    act.draft.signed_at = act.now
    revoke_links(session, RESUME_DRAFT, act.draft.id, act.now)
    _queue_mail(session, act, outcome, vault)
    watch_claims(session, outcome.signed, now=act.now, post=Post(vault, act.public_url))
    session.flush()
    crash_point("sign.before_commit")
    return outcome


def _check_confirmation(confirmation: Confirmation, answers: DraftAnswers) -> None:
    errors: dict[str, DomainError] = {}
    if not confirmation.consent_processing:
        errors["consent_processing"] = DomainError(
            N_("Hãy đánh dấu ô đồng ý xử lý dữ liệu cá nhân; thiếu sự đồng ý này thì chưa ký được."),
            field="consent_processing",
        )
    if not confirmation.typed_name.strip():
        errors["typed_name"] = DomainError(N_("Hãy gõ họ và tên của bạn để ký."), field="typed_name")
    elif not _same_name(confirmation.typed_name, answers.signer.name):
        errors["typed_name"] = DomainError(
            N_("Họ và tên gõ ở đây phải giống tên người ký đã khai: %(name)s."),
            field="typed_name",
            name=answers.signer.name,
        )
    if not confirmation.code.strip():
        errors["code"] = DomainError(NO_CODE, field="code")
    if answers.signer.under_age and not confirmation.representative_code.strip():
        errors["representative_code"] = DomainError(NO_CODE, field="representative_code")
    if errors:
        raise ConfirmationErrors(errors)


def _same_name(typed: str, declared: str) -> bool:
    """Marks and case may differ; what nobody can read or see is no name, because it is kept as evidence."""
    try:
        return fold(clean_line(typed)) == fold(declared)
    except DomainError:
        return False


def _confirm_codes(
    session: Session,
    draft: Draft,
    confirmation: Confirmation,
    answers: DraftAnswers,
    *,
    now: datetime,
    vault: Vault,
) -> dict[str, ConfirmationCode] | SigningOutcome:
    """The confirmed codes by role, or the outcome with the refusals."""
    wanted = [("signer", CodePurpose.SIGN, confirmation.code, "code", answers.group.email)]
    if answers.signer.under_age:
        wanted.append(
            (
                "representative",
                CodePurpose.SIGN_AS_REPRESENTATIVE,
                confirmation.representative_code,
                "representative_code",
                answers.signer.representative_email,
            )
        )
    codes: dict[str, ConfirmationCode] = {}
    refusals: dict[str, DomainError] = {}
    for role, purpose, typed, field_name, address in wanted:
        found = try_code(session, purpose, draft.id, typed, now=now, vault=vault, field=field_name)
        if isinstance(found, DomainError):
            refusals[field_name] = found
        elif found.address_hash != address_hash(vault, address):
            refusals[field_name] = DomainError(
                N_("Mã này đã gửi tới địa chỉ cũ. Hãy bấm gửi mã mới tới địa chỉ hiện nay."), field=field_name
            )
        else:
            codes[role] = found
    if refusals:
        return SigningOutcome(refusal=next(iter(refusals.values())), refusals=refusals)
    return codes


def _sign_again(
    session: Session, act: SigningAct, texts: list[TextToSign], pledge: Pledge, vault: Vault
) -> SigningOutcome:
    sign = sign_correction if act.draft.purpose is DraftPurpose.CORRECTION else sign_amendment
    return SigningOutcome(signed=(sign(session, act, the_one_text(texts), pledge, vault),))


def _add_pledges(
    session: Session, act: SigningAct, texts: list[TextToSign], vault: Vault, presume: Presume | None
) -> SigningOutcome:
    subject, province_code = declared_subject(act.answers), act.answers.group.province_code
    registered = register_declared(
        session,
        subject,
        province_code=province_code,
        actor=SIGNER if act.pen is None else Actor("staff", str(act.pen.staff_id)),
        now=act.now,
        vault=vault,
        presumed=presume(session, act.draft, province_code, subject.name) if presume is not None else None,
    )
    declared = {channel.address for channel in act.answers.place.channels}
    signed: list[Pledge] = []
    already: list[Pledge] = []
    for text in texts:
        standing = _standing_pledge(session, registered.entity, text, owed_under(registered, text), declared)
        if standing is not None:
            already.append(standing)
            continue
        amends = amended_by(session, registered, text, declared)
        signed.append(add_pledge(session, act, text, registered, vault, amends=amends))
    return SigningOutcome(signed=tuple(signed), already=tuple(already))


def _standing_pledge(
    session: Session, entity: Entity, text: TextToSign, owed: list[Obligation], declared: set[str]
) -> Pledge | None:
    """The pledge that already covers all of this for the same signer, so that nothing is signed twice.

    None where an obligation or a declared channel (by address) stands in no pledge yet: that has to be signed.
    """
    standing = session.scalars(
        select(Pledge)
        .join(
            PledgeCover,
            (PledgeCover.province_code == Pledge.province_code) & (PledgeCover.pledge_id == Pledge.id),
        )
        .where(
            Pledge.province_code == entity.province_code,
            Pledge.entity_id.in_(family(session, entity)),
            Pledge.text_id == text.pledge_text.text_id,
            PledgeCover.hold != "ended",
        )
        .order_by(Pledge.signed_at, Pledge.id)
    ).unique()
    pledges = {pledge.id: pledge for pledge in standing}
    preferred = list(pledges)
    if owed:
        covering = _covering_pledges(session, text, owed)
        if None in covering:
            return None
        preferred.sort(key=lambda pledge_id: pledge_id not in covering)
    named = _channels_named(session, entity, pledges)
    if declared - set().union(*named.values()):
        return None
    whole = [pledge_id for pledge_id in preferred if declared <= named[pledge_id]]
    return next((pledges[pledge_id] for pledge_id in [*whole, *preferred]), None)


def _covering_pledges(session: Session, text: TextToSign, owed: list[Obligation]) -> set[uuid.UUID | None]:
    """The pledges that hold these obligations in the period of now; with None where one is free."""
    ids = [obligation.id for obligation in owed]
    speaks_for = twins_of(session, owed[0].province_code, ids)
    covered = {
        (speaks_for.get(cover.obligation_id, cover.obligation_id), cover.period): cover.pledge_id
        for cover in session.scalars(
            select(PledgeCover).where(
                PledgeCover.province_code == owed[0].province_code,
                PledgeCover.obligation_id.in_([*ids, *speaks_for]),
                PledgeCover.hold != "ended",
            )
        )
        if cover.obligation_id is not None
    }
    periods = {entry.id: text.period_of(entry) for entry in text.entries}
    return {covered.get((obligation.id, periods[obligation.entry_id])) for obligation in owed}


def _channels_named(session: Session, entity: Entity, pledge_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    named: dict[uuid.UUID, set[str]] = {pledge_id: set() for pledge_id in pledge_ids}
    rows = session.execute(
        select(PledgeChannel.pledge_id, PledgeChannel.address).where(
            PledgeChannel.province_code == entity.province_code, PledgeChannel.pledge_id.in_(named)
        )
    )
    for pledge_id, address in rows:
        named[pledge_id].add(address)
    return named


def _queue_mail(session: Session, act: SigningAct, outcome: SigningOutcome, vault: Vault) -> None:
    """Tell everybody who confirmed, once per draft."""
    if not outcome.signed:
        return
    for role, (_name, confirmed) in act.people.items():
        address = act.answers.group.email if act.answers.by_phone else confirmed
        if not address:
            continue
        queue_message(
            session,
            province_code=act.answers.group.province_code,
            kind="pledge_received",
            to_address=address,
            dedupe_key=f"pledge_received:{act.draft.id}:{role}",
            params={
                "references": [pledge.reference for pledge in outcome.signed],
                "agency_name": ", ".join(dict.fromkeys(pledge.paper["agency_name"] for pledge in outcome.signed)),
                "signed_at": act.now,
                "working_days": province_settings(act.answers.province).days_to_answer,
            },
            language=act.draft.language,
            now=act.now,
            vault=vault,
        )
