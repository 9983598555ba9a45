"""A running round of an agency with people who are asked and whom no mail reaches. Everybody is invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM
from pledges.core.calendar import local_day
from pledges.core.db import Database, new_id
from pledges.core.identity import canonical_channel
from pledges.core.secrecy import Vault
from pledges.plans.models import Commune
from pledges.registry.adding import NewEntity, Seen, add_entity
from pledges.registry.models import EntityKind, Obligation
from pledges.rounds.links import new_short_code, token_of, token_sha256
from pledges.rounds.models import Ask, AskedObligation, Round, RoundState, Why
from pledges.rounds.tried import keep_tried
from tests.support.clock import FixedClock

AGENCY = "20-SCT"
QUARTER = "2026Q4"

LONG_NAME = (
    "CÔNG TY TRÁCH NHIỆM HỮU HẠN MỘT THÀNH VIÊN THƯƠNG MẠI DỊCH VỤ XUẤT NHẬP KHẨU VÀ PHÂN PHỐI HÀNG TIÊU DÙNG "
    "CHẤT LƯỢNG CAO MIỀN NÚI PHÍA BẮC THỬ NGHIỆM"
)


@dataclass(frozen=True)
class Guest:
    name: str
    commune: int | None = 0
    """Which of the communes of the province, by code."""
    address: str = "Số 12 đường Thử Nghiệm"
    kind: EntityKind = EntityKind.ORGANISATION
    subject_types: tuple[str, ...] = ("digital_seller",)
    phones: tuple[str, ...] = ()
    websites: tuple[str, ...] = field(default=())


def open_running(database: Database, clock: FixedClock, agency: str = AGENCY, quarter: str = QUARTER) -> Round:
    def work(session: Session) -> Round:
        of_round = Round(
            province_code=agency[:2],
            id=new_id(),
            agency_code=agency,
            quarter=quarter,
            state=RoundState.RUNNING,
            day=date(2026, 12, 31),
            reminder_days=[14],
            opened_at=clock(),
            opened_by="test",
            started_at=clock(),
        )
        session.add(of_round)
        return of_round

    return database.run(work)


def invite(database: Database, of_round: Round, clock: FixedClock, vault: Vault, *guests: Guest) -> list[Ask]:
    """Bring them into the register and ask each about all they owe, without e-mail."""

    def work(session: Session) -> list[Ask]:
        codes = session.scalars(
            select(Commune.code).where(Commune.province_code == of_round.province_code).order_by(Commune.code)
        ).all()
        return [_ask(session, of_round, guest, codes, clock, vault) for guest in guests]

    return database.run(work)


def _ask(session: Session, of_round: Round, guest: Guest, codes: list[str], clock: FixedClock, vault: Vault) -> Ask:
    entity = add_entity(
        session,
        NewEntity(
            kind=guest.kind,
            name=guest.name,
            subject_types=guest.subject_types,
            commune_code=codes[guest.commune] if guest.commune is not None else None,
            address=guest.address,
            phones=guest.phones,
            channels=tuple(canonical_channel(website) for website in guest.websites),
        ),
        Seen("officer", local_day(clock()) - timedelta(days=30)),
        province_code=of_round.province_code,
        actor=SYSTEM,
        now=clock(),
        vault=vault,
    )
    session.flush()
    ask = Ask(
        province_code=of_round.province_code,
        id=new_id(),
        round_id=of_round.id,
        entity_id=entity.id,
        shown_day=date(2026, 12, 31),
        short_code=new_short_code(),
        asked_at=clock(),
    )
    ask.token_sha256 = token_sha256(token_of(vault, ask))
    session.add(ask)
    session.flush()
    for obligation in session.scalars(
        select(Obligation).where(Obligation.province_code == of_round.province_code, Obligation.entity_id == entity.id)
    ):
        session.add(
            AskedObligation(
                province_code=ask.province_code,
                ask_id=ask.id,
                obligation_id=obligation.id,
                why=Why.CARRIED_OVER,
                asked_at=ask.asked_at,
            )
        )
    keep_tried(session, ask.province_code, [ask.id])
    return ask


def guests(number: int, communes: int = 3) -> list[Guest]:
    """Many short ones."""
    return [
        Guest(f"Hộ kinh doanh Thử Nghiệm {each:04d}", commune=each % communes, phones=(f"+8491{each:07d}",))
        for each in range(number)
    ]
