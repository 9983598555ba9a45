"""Sending a report: kept once, with limits that slow floods down and ask nobody who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.audit.operations import Actor, record
from pledges.core import throttle
from pledges.core.db import new_id
from pledges.core.errors import N_, TooMany
from pledges.core.secrecy import Vault
from pledges.tips import rules
from pledges.tips.errors import FormUsed, TooManyTips
from pledges.tips.models import Tip, TipSource
from pledges.tips.proof import Stamp, use_stamp
from pledges.tips.queries import CODE, agency_for, tip_of_code
from pledges.tips.rules import DAY, HOUR, Report, code_letters

CITIZEN = Actor("citizen")
"""Nobody knows who, and nothing here ever asks."""

NETWORK = "tip-network"
"""The purpose under which the vault encrypts where a report came from."""


@dataclass(frozen=True)
class Sent:
    """The report, and the private code that only its sender gets."""

    tip: Tip
    code: str


def send_tip(
    session: Session,
    report: Report,
    *,
    stamp: Stamp,
    now: datetime,
    vault: Vault,
    network: str = "",
    doubtful: bool = False,
    staff: Staff | None = None,
) -> Sent:
    """Keep one report for the agency that decides about it; the same form sent again gives the same answer.

    `network` of a citizen is counted and kept encrypted; of `staff` the account stands with the report instead.
    """
    code = code_letters(vault.keyed_hash(CODE, f"letters:{stamp.challenge}"))
    if not use_stamp(session, stamp, now=now):
        return Sent(_sent_before(session, vault, code, report), code)
    if staff is None:
        _count_citizen(session, report, network, doubtful=doubtful, now=now, vault=vault)
    else:
        _count(session, "tip.staff", str(staff.id), rules.SENT_A_DAY_BY_ONE_PERSON, DAY, now, vault)
    tip = Tip(
        province_code=report.province_code,
        id=new_id(),
        source=TipSource.CITIZEN if staff is None else TipSource.COMMUNE,
        agency_code=agency_for(session, report.province_code, report.subject_type).code,
        subject_type=report.subject_type,
        typed=report.typed,
        kind=report.channel.kind.value if report.channel is not None else "",
        address=report.channel.address if report.channel is not None else "",
        name=report.name,
        commune_code=report.commune_code,
        place=report.place,
        seen_on=report.seen_on,
        link=report.link,
        note=report.note,
        pictures=list(report.pictures),
        staff_id=staff.id if staff is not None else None,
        code_hash=vault.keyed_hash(CODE, code),
        doubtful=doubtful,
        network=vault.encrypt(NETWORK, network) if network and staff is None else None,
        sent_at=now,
    )
    session.add(tip)
    session.flush()
    record(
        session,
        "tip.sent",
        province_code=tip.province_code,
        object_id=tip.id,
        actor=actor_of(staff) if staff is not None else CITIZEN,
        now=now,
        data={"source": tip.source.value, "agency": tip.agency_code, "doubtful": doubtful},
    )
    return Sent(tip, code)


def _sent_before(session: Session, vault: Vault, code: str, report: Report) -> Tip:
    """What this form has brought already; with other words in it, it is a second report on a used form."""
    tip = tip_of_code(session, vault, code)
    if tip is None or _words(tip) != _words_of(report):
        raise FormUsed(
            N_("Tin báo trước đã được ghi nhận. Nếu bạn muốn gửi thêm tin báo này, hãy bấm gửi một lần nữa.")
        )
    return tip


def _words(tip: Tip) -> tuple[object, ...]:
    return (
        tip.province_code,
        tip.subject_type,
        tip.typed,
        tip.name,
        tip.commune_code,
        tip.place,
        tip.seen_on,
        tip.link,
        tip.note,
    )


def _words_of(report: Report) -> tuple[object, ...]:
    return (
        report.province_code,
        report.subject_type,
        report.typed,
        report.name,
        report.commune_code,
        report.place,
        report.seen_on,
        report.link,
        report.note,
    )


# --- Limits --------------------------------------------------------------------------------------------------------


def _count_citizen(
    session: Session, report: Report, network: str, *, doubtful: bool, now: datetime, vault: Vault
) -> None:
    about = f"{report.province_code}:{report.about}"
    if doubtful:
        _count(session, "tip.doubtful", network, rules.DOUBTFUL_AN_HOUR_FROM_ONE_NETWORK, HOUR, now, vault)
    _count(session, "tip.network", network, rules.SENT_AN_HOUR_FROM_ONE_NETWORK, HOUR, now, vault)
    once = rules.ABOUT_ONE_ADDRESS_A_DAY_FROM_ONE_NETWORK
    _count(session, "tip.network.address", f"{network} {about}", once, DAY, now, vault)
    _count(session, "tip.address", about, rules.ABOUT_ONE_ADDRESS_A_DAY, DAY, now, vault)


def count_upload(session: Session, network: str, *, now: datetime, vault: Vault) -> None:
    """Count before pictures are decoded: that costs more than a report of words."""
    _count(session, "tip.pictures", network, rules.UPLOADS_AN_HOUR_FROM_ONE_NETWORK, HOUR, now, vault)


def count_look_up(session: Session, network: str, *, now: datetime, vault: Vault) -> None:
    """Count one try at a private code."""
    most = rules.LOOK_UPS_AN_HOUR_FROM_ONE_NETWORK
    try:
        throttle.use(session, "tip.look_up", vault.keyed_hash("network", network), most=most, per=HOUR, now=now)
    except TooMany as refusal:
        raise TooManyTips(
            N_("Mạng bạn đang dùng đã thử nhiều mã. Hãy thử lại sau %(minutes)s phút."), **refusal.params
        ) from None


def give_back_look_up(session: Session, network: str, *, now: datetime, vault: Vault) -> None:
    """A right code harms nobody, however often it is looked up."""
    throttle.give_back(session, "tip.look_up", vault.keyed_hash("network", network), per=HOUR, now=now)


def _count(session: Session, limit: str, key: str, most: int, per: timedelta, now: datetime, vault: Vault) -> None:
    try:
        throttle.use(session, limit, vault.keyed_hash(limit, key), most=most, per=per, now=now)
    except TooMany as refusal:
        raise TooManyTips(
            N_(
                "Hệ thống vừa nhận nhiều tin báo tương tự nên tạm dừng nhận thêm. Những gì bạn viết vẫn còn trên "
                "trang; hãy bấm gửi lại sau %(minutes)s phút."
            ),
            **refusal.params,
        ) from None


def forget_networks(session: Session, now: datetime) -> None:
    """Where a report came from is of no use once the flood is over."""
    session.execute(
        update(Tip)
        .where(Tip.network.is_not(None), Tip.sent_at < now - rules.NETWORK_KEPT)
        .values(network=None)
        .execution_options(synchronize_session=False)
    )
