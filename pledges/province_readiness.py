"""What one province still has to decide or to repair before people sign for real: one list for page and command."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.errors import N_
from pledges.documents.sealing import SealState
from pledges.messaging.models import Message
from pledges.messaging.queries import MailState, mail_state
from pledges.plans.models import (
    Agency,
    Instrument,
    ObligationEntry,
    Plan,
    PledgeText,
    Province,
    TextApproval,
)
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import ProvinceSettings, province_settings
from pledges.product import Product
from pledges.signing.queries import count_waiting_for_seal

LONGEST_WAIT = timedelta(minutes=15)
"""Mail that waits longer stops people from signing: a code lives ten minutes."""
SEAL_WARNING_DAYS = 30


@dataclass(frozen=True)
class Wording:
    """The newest version of one wording, and whether this province has approved exactly that version."""

    id: uuid.UUID
    text_id: str
    version: int
    title: str
    """What tells it apart: its subtitle, because most are titled "BẢN CAM KẾT"."""
    template_hash: str
    asked: bool
    """A clause of the plan asks for it; the others serve voluntary pledges."""
    approved_at: datetime | None
    succeeded: bool
    """An earlier version was approved, this one not yet."""


@dataclass(frozen=True)
class Missing:
    """One thing to decide or repair. `name` is stable, for scripts; `message` is for people."""

    name: str
    message: str
    params: dict[str, Any]


@dataclass(frozen=True)
class ProvinceReadiness:
    code: str
    name: str
    settings: ProvinceSettings
    wordings: tuple[Wording, ...]
    plans: tuple[Plan, ...]
    agencies: tuple[Agency, ...]
    """Those that receive pledges."""
    documents_without_number: tuple[ObligationEntry, ...]
    mail: MailState
    last_accepted: datetime | None
    seal: SealState
    waiting_for_seal: int
    checked_at: datetime

    @property
    def missing(self) -> tuple[Missing, ...]:
        return tuple(_missing(self))

    @property
    def ready(self) -> bool:
        return not self.missing

    def to_json(self) -> dict[str, Any]:
        return {
            "province": self.code,
            "ready": self.ready,
            "missing": [
                {"name": one.name, "message": one.message % one.params if one.params else one.message}
                for one in self.missing
            ],
            "wordings": [
                {"text_id": one.text_id, "version": one.version, "approved": one.approved_at is not None}
                for one in self.wordings
            ],
            "plans": [{"code": one.code, "number": one.number, "issued_on": _iso(one.issued_on)} for one in self.plans],
            "agencies": [
                {"code": one.code, "name": one.name, "signing_title": one.signing_title} for one in self.agencies
            ],
            "settings": {"retention": self.settings.retention, "data_contact": self.settings.data_contact},
            "mail": asdict(self.mail)
            | {"waiting_since": _iso(self.mail.waiting_since), "last_accepted": _iso(self.last_accepted)},
            "seal": {
                "trial": self.seal.trial,
                "usable": self.seal.error is None,
                "expires_on": self.seal.expires_on,
                "days_left": self.seal.days_left,
            },
            "waiting_for_seal": self.waiting_for_seal,
        }


def province_readiness(session: Session, product: Product, province_code: str) -> ProvinceReadiness | None:
    """The state of one province now; None where no plan of that province is loaded."""
    province = session.get(Province, province_code)
    if province is None or not province.in_use:
        return None
    now = product.clock()
    entries = session.scalars(
        select(ObligationEntry)
        .where(ObligationEntry.province_code == province_code, ObligationEntry.enabled)
        .order_by(ObligationEntry.id)
    ).all()
    receiving = {entry.lead_agency for entry in entries}
    agencies = session.scalars(select(Agency).where(Agency.province_code == province_code).order_by(Agency.code))
    plans = session.scalars(select(Plan).where(Plan.province_code == province_code, Plan.operative).order_by(Plan.code))
    return ProvinceReadiness(
        code=province.code,
        name=province.name,
        settings=province_settings(province),
        wordings=_wordings(session, province_code, {entry.text_id for entry in entries}),
        plans=tuple(plans),
        agencies=tuple(one for one in agencies if one.code in receiving or one.field),
        documents_without_number=tuple(
            entry for entry in entries if entry.instrument is Instrument.ACKNOWLEDGEMENT and not entry.document_number
        ),
        mail=mail_state(session, province_code, since=now - timedelta(days=7)),
        last_accepted=session.scalar(
            select(func.max(Message.accepted_at)).where(Message.province_code == province_code)
        ),
        seal=product.sealer.state(now),
        waiting_for_seal=count_waiting_for_seal(session, province_code),
        checked_at=now,
    )


def provinces_readiness(session: Session, product: Product) -> list[ProvinceReadiness]:
    codes = session.scalars(select(Province.code).where(Province.in_use).order_by(Province.code)).all()
    return [found for code in codes if (found := province_readiness(session, product, code)) is not None]


def _wordings(session: Session, province_code: str, asked: set[str]) -> tuple[Wording, ...]:
    """The newest version of every wording that somebody of this province may be shown; asked ones first."""
    offered = asked | {info.text_id for info in SUBJECT_TYPES.values()}
    approvals = {
        approval.pledge_text_id: approval.approved_at
        for approval in session.scalars(select(TextApproval).where(TextApproval.province_code == province_code))
    }
    versions: dict[str, list[PledgeText]] = {}
    for text in session.scalars(select(PledgeText).order_by(PledgeText.text_id, PledgeText.version)):
        versions.setdefault(text.text_id, []).append(text)
    found = [
        Wording(
            id=(newest := texts[-1]).id,
            text_id=text_id,
            version=newest.version,
            title=newest.content.get("subtitle") or newest.title,
            template_hash=newest.template_hash,
            asked=text_id in asked,
            approved_at=approvals.get(newest.id),
            succeeded=newest.id not in approvals and any(text.id in approvals for text in texts),
        )
        for text_id, texts in versions.items()
        if text_id in offered
    ]
    return tuple(sorted(found, key=lambda wording: (not wording.asked, wording.text_id)))


def _missing(state: ProvinceReadiness) -> Iterator[Missing]:
    yield from _undecided(state)
    yield from _broken(state)


def _undecided(state: ProvinceReadiness) -> Iterator[Missing]:
    drafts = sum(wording.approved_at is None for wording in state.wordings)
    if drafts:
        yield Missing(
            "wordings",
            N_("%(count)s mẫu cam kết chưa được duyệt: bản ký theo mẫu đó mang dòng DỰ THẢO trên mọi trang."),
            {"count": drafts},
        )
    if any(not plan.number or plan.issued_on is None for plan in state.plans):
        yield Missing("plan_number", N_("Kế hoạch chưa có số hoặc ngày ban hành."), {})
    if not state.settings.retention:
        yield Missing("retention", N_("Chưa có thời hạn lưu dữ liệu cá nhân."), {})
    if not state.settings.data_contact:
        yield Missing("data_contact", N_("Chưa có đầu mối trả lời về dữ liệu cá nhân."), {})
    if not state.settings.consent_decided:
        yield Missing("consent_basis", N_("Cơ quan chủ trì chưa xác nhận căn cứ xử lý dữ liệu cá nhân."), {})
    untitled = [agency.name for agency in state.agencies if not agency.signing_title]
    if untitled:
        yield Missing(
            "signing_title",
            N_("Chưa có chức danh người ký của: %(agencies)s."),
            {"agencies": "; ".join(untitled)},
        )
    if state.documents_without_number:
        yield Missing(
            "documents",
            N_("%(count)s văn bản quán triệt, định hướng chưa có số và ngày: chưa thể xin xác nhận đã nhận."),
            {"count": len(state.documents_without_number)},
        )


def _broken(state: ProvinceReadiness) -> Iterator[Missing]:
    since = state.mail.waiting_since
    if since is not None and state.checked_at - since > LONGEST_WAIT:
        minutes = round((state.checked_at - since).total_seconds() / 60)
        yield Missing("mail_queue", N_("Thư chờ gửi lâu nhất đã %(minutes)s phút."), {"minutes": minutes})
    if state.mail.failed or state.mail.uncertain:
        yield Missing(
            "mail_failed",
            N_("Trong 7 ngày qua: %(failed)s thư không gửi được, %(uncertain)s thư không rõ đã gửi hay chưa."),
            {"failed": state.mail.failed, "uncertain": state.mail.uncertain},
        )
    if state.seal.error is not None:
        yield Missing("seal", N_("Khóa niêm phong không dùng được; bản đã ký phải chờ."), {})
    elif state.seal.trial:
        yield Missing("seal_trial", N_("Đang dùng khóa THỬ NGHIỆM: bản cam kết không có giá trị khi dùng thật."), {})
    elif state.seal.days_left is not None and state.seal.days_left < SEAL_WARNING_DAYS:
        yield Missing(
            "seal_expiry", N_("Chứng thư niêm phong hết hạn sau %(days)s ngày."), {"days": state.seal.days_left}
        )
    if state.waiting_for_seal:
        yield Missing(
            "waiting_for_seal", N_("%(count)s bản đã ký đang chờ niêm phong."), {"count": state.waiting_for_seal}
        )


def _iso(moment: date | datetime | None) -> str | None:
    return moment.isoformat() if moment else None
