"""Taking a consent back (`model.md` 24): publication ends at once; for processing the clocks of the law begin."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.operations import WHOLE_SYSTEM, Actor, record
from pledges.core.calendar import add_working_days, local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.identity import parse_email
from pledges.core.secrecy import Vault
from pledges.core.text import clean_block
from pledges.messaging.operations import queue_message
from pledges.plans.models import Province
from pledges.plans.queries import get_agency
from pledges.plans.settings import province_settings
from pledges.signing.codes import CodePurpose, try_code
from pledges.signing.letters import tell_signer
from pledges.signing.models import Consent, ConsentWithdrawal, Pledge, PledgeState
from pledges.signing.reopening import NotOpen
from pledges.signing.rules import OPEN_STATES
from pledges.signing.withdrawing import Key, Withdrawal, can_withdraw, end_pledge, locked_pledge

ACKNOWLEDGE_WITHIN = 2
"""Working days (Nghị định 356/2025/NĐ-CP, điều 5)."""
ANSWER_WITHIN = timedelta(days=15)
"""For who withdraws a consent or objects; the same article."""


def withdraw_publication(
    session: Session, key: Key, *, now: datetime, vault: Vault, public_url: str, actor: Actor | None = None
) -> bool:
    """Hide the pledge, and with it what it amends and what amends it, at once; False where nothing was public.

    The evidence that it had been agreed to stays with the signature. Only a new signature can agree again.
    `actor`: who of the agency writes it down for a signer who has come or written.
    """
    if not _hide(session, key):
        return False
    pledge = locked_pledge(session, key)
    _note(session, pledge, Consent.PUBLICATION, now=now, handled_at=now, actor=actor)
    tell_signer(
        session,
        pledge,
        "publication_ended",
        cause=f"{pledge.id}:{now.isoformat()}",
        now=now,
        vault=vault,
        public_url=public_url,
    )
    return True


def _hide(session: Session, key: Key) -> bool:
    hidden = session.execute(
        update(Pledge)
        .where(Pledge.province_code == key[0], Pledge.id.in_(_line_of(session, key)), Pledge.publish)
        .values(publish=False)
        .returning(Pledge.id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(hidden)


def _line_of(session: Session, key: Key) -> set[uuid.UUID]:
    """The pledge with all that it follows and all that follow it by amendments."""
    province_code, pledge_id = key
    line = {pledge_id}
    found = {pledge_id}
    while found:
        rows = session.execute(
            select(Pledge.id, Pledge.amends_id).where(
                Pledge.province_code == province_code, Pledge.id.in_(found) | Pledge.amends_id.in_(found)
            )
        )
        found = {each for row in rows for each in row if each is not None} - line
        line |= found
    return line


def withdraw_processing(
    session: Session,
    key: Key,
    *,
    typed_code: str,
    now: datetime,
    vault: Vault,
    public_url: str,
    administrator_email: str,
) -> Withdrawal:
    """Take back the consent to processing, and the pledge that rests on it; confirmed by a fresh code.

    It may be taken back in every state, because the data are kept in every state.
    """
    pledge = locked_pledge(session, key)
    if processing_withdrawal(session, pledge) is not None:
        return Withdrawal(already=True)
    province = session.get_one(Province, pledge.province_code)
    refuse_where_not_consent(session, pledge, province)
    code = try_code(session, CodePurpose.WITHDRAW_CONSENT, pledge.id, typed_code, now=now, vault=vault)
    if isinstance(code, DomainError):
        return Withdrawal(refusal=code)
    code.used_at = now
    ended = end_processing(
        session, pledge, now=now, vault=vault, public_url=public_url, administrator_email=administrator_email
    )
    return Withdrawal(withdrawn=ended)


def end_processing(
    session: Session,
    pledge: Pledge,
    *,
    now: datetime,
    vault: Vault,
    public_url: str,
    administrator_email: str,
    actor: Actor | None = None,
) -> tuple[Pledge, ...]:
    """The consent is taken back, by whoever has shown that they may: the pledges that end, and the clocks begin.

    `actor`: who of the agency writes it down for a signer who has come or written.
    """
    key = (pledge.province_code, pledge.id)
    province = session.get_one(Province, pledge.province_code)
    today = local_day(now)
    answer_by = today + ANSWER_WITHIN
    ended: tuple[Pledge, ...] = ()
    if can_withdraw(pledge):
        ended = end_pledge(session, pledge, now=now, vault=vault, public_url=public_url, data_answer_by=answer_by)
    _hide(session, key)
    settings = province_settings(province)
    withdrawal = _note(
        session,
        pledge,
        Consent.PROCESSING,
        now=now,
        acknowledge_by=add_working_days(today, ACKNOWLEDGE_WITHIN, settings.days_off_in_lieu),
        answer_by=answer_by,
        actor=actor,
    )
    if not ended:
        # The letter about the withdrawn pledge would have acknowledged this too.
        tell_signer(
            session,
            pledge,
            "data_withdrawn",
            cause=str(withdrawal.id),
            now=now,
            vault=vault,
            public_url=public_url,
            agency_name=get_agency(session, pledge.province_code, pledge.agency_code).name,
            withdrawn_at=now,
            answer_by=answer_by,
        )
    _tell_who_answers(session, pledge, withdrawal, settings.data_contact, administrator_email, now, vault, public_url)
    session.flush()
    return ended


def refuse_where_not_consent(session: Session, pledge: Pledge, province: Province) -> None:
    """Raise `NotOpen` where there is no consent to take back here, and say where there is."""
    if province_settings(province).consent_basis != "consent":
        raise NotOpen(
            N_(
                "Ở tỉnh, thành phố này dữ liệu được xử lý theo nhiệm vụ của cơ quan nhà nước, "
                "không dựa trên sự đồng ý. Bạn vẫn có thể rút bản cam kết."
            ),
            pledge,
        )
    if pledge.state is PledgeState.SUPERSEDED:
        raise NotOpen(N_("Bản này đã được thay bằng bản mới hơn. Hãy mở hồ sơ của bản mới để rút sự đồng ý."), pledge)
    before = session.get(Pledge, (pledge.province_code, pledge.amends_id)) if pledge.amends_id else None
    if before is not None and pledge.state in OPEN_STATES and before.state is PledgeState.APPROVED:
        raise NotOpen(
            N_("Bản đang có hiệu lực là %(reference)s. Hãy mở hồ sơ đó để rút sự đồng ý; bản mới này được rút theo."),
            before,
            reference=before.reference,
        )


def processing_withdrawal(session: Session, pledge: Pledge) -> ConsentWithdrawal | None:
    return session.scalars(
        select(ConsentWithdrawal).where(
            ConsentWithdrawal.province_code == pledge.province_code,
            ConsentWithdrawal.pledge_id == pledge.id,
            ConsentWithdrawal.consent == Consent.PROCESSING,
        )
    ).first()


def _note(
    session: Session,
    pledge: Pledge,
    consent: Consent,
    *,
    now: datetime,
    acknowledge_by: date | None = None,
    answer_by: date | None = None,
    handled_at: datetime | None = None,
    actor: Actor | None = None,
) -> ConsentWithdrawal:
    withdrawal = ConsentWithdrawal(
        province_code=pledge.province_code,
        id=new_id(),
        pledge_id=pledge.id,
        consent=consent,
        withdrawn_at=now,
        acknowledge_by=acknowledge_by,
        answer_by=answer_by,
        handled_at=handled_at,
    )
    session.add(withdrawal)
    record(
        session,
        "consent.withdrawn",
        province_code=pledge.province_code,
        object_id=withdrawal.id,
        actor=actor or Actor("signer", str(pledge.id)),
        now=now,
        data={"consent": consent.value, "pledge": str(pledge.id)},
    )
    return withdrawal


# --- Who answers -----------------------------------------------------------------------------------------------------


def _tell_who_answers(
    session: Session,
    pledge: Pledge,
    withdrawal: ConsentWithdrawal,
    data_contact: str,
    administrator_email: str,
    now: datetime,
    vault: Vault,
    public_url: str,
) -> None:
    agency = get_agency(session, pledge.province_code, pledge.agency_code)
    for number, address in enumerate(who_answers(session, pledge.province_code, data_contact, administrator_email)):
        queue_message(
            session,
            province_code=pledge.province_code,
            kind="data_withdrawal",
            to_address=address,
            dedupe_key=f"data_withdrawal:{withdrawal.id}:{number}",
            params={
                "reference": pledge.reference,
                "agency_name": agency.name,
                "received_on": local_day(now),
                "answer_by": withdrawal.answer_by,
                "link": f"{public_url}/quan-tri/du-lieu/{withdrawal.id}",
            },
            language="vi",
            now=now,
            vault=vault,
        )


def who_answers(session: Session, province_code: str, data_contact: str, administrator_email: str) -> list[str]:
    """The address that the province has named, else its administrators, else those of the whole system."""
    try:
        return [parse_email(data_contact)]
    except DomainError:
        pass
    for place in (province_code, WHOLE_SYSTEM):
        found = session.scalars(
            select(Staff.email)
            .where(Staff.province_code == place, Staff.role == Role.ADMINISTRATOR, Staff.active)
            .order_by(Staff.email)
        ).all()
        if found:
            return list(found)
    return [administrator_email]


def get_withdrawal(session: Session, province_code: str, withdrawal_id: uuid.UUID) -> ConsentWithdrawal | None:
    return session.get(ConsentWithdrawal, (province_code, withdrawal_id))


def waiting_withdrawals(session: Session, province_code: str) -> list[tuple[ConsentWithdrawal, Pledge]]:
    """What has to be answered, the most urgent first, and then what has been."""
    rows = session.execute(
        select(ConsentWithdrawal, Pledge)
        .join(
            Pledge,
            (Pledge.province_code == ConsentWithdrawal.province_code) & (Pledge.id == ConsentWithdrawal.pledge_id),
        )
        .where(ConsentWithdrawal.province_code == province_code, ConsentWithdrawal.consent == Consent.PROCESSING)
        .order_by(ConsentWithdrawal.handled_at.is_not(None), ConsentWithdrawal.answer_by, ConsentWithdrawal.id)
    )
    return [(withdrawal, pledge) for withdrawal, pledge in rows]


def answer_withdrawal(
    session: Session,
    province_code: str,
    withdrawal_id: uuid.UUID,
    answer: str,
    *,
    staff_id: uuid.UUID,
    now: datetime,
    vault: Vault,
    public_url: str,
) -> ConsentWithdrawal:
    """Tell the signer what became of their data, once; they read it in their file too."""
    text = clean_block(answer, field="answer")
    if not text:
        raise DomainError(N_("Hãy viết cơ quan đã làm gì với dữ liệu và vì sao; người ký đọc câu này."), field="answer")
    withdrawal = session.get(
        ConsentWithdrawal, (province_code, withdrawal_id), with_for_update=True, populate_existing=True
    )
    if withdrawal is None or withdrawal.consent is not Consent.PROCESSING:
        raise NotFound
    if withdrawal.handled_at is not None:
        raise Conflict(N_("Yêu cầu này đã được trả lời. Hãy mở lại trang để đọc câu trả lời."))
    withdrawal.handled_at, withdrawal.handled_by, withdrawal.answer = now, staff_id, text
    record(
        session,
        "consent.answered",
        province_code=province_code,
        object_id=withdrawal.id,
        actor=Actor("staff", str(staff_id)),
        now=now,
        data={"in_time": withdrawal.answer_by is None or local_day(now) <= withdrawal.answer_by},
    )
    pledge = session.get_one(Pledge, (province_code, withdrawal.pledge_id))
    tell_signer(
        session,
        pledge,
        "data_answered",
        cause=str(withdrawal.id),
        now=now,
        vault=vault,
        public_url=public_url,
        agency_name=get_agency(session, province_code, pledge.agency_code).name,
        message=text,
    )
    session.flush()
    return withdrawal
