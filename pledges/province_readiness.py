"""What one province still has to decide or to repair before people sign for real: one list for page and command."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.errors import N_
from pledges.documents.sealing import SealState
from pledges.messaging.models import Message
from pledges.messaging.queries import MailState, mail_state
from pledges.plans.decisions import OWN_KEY
from pledges.plans.models import Agency, Plan, PledgeText, Province, TextApproval
from pledges.plans.queries import agencies_of, current_text, entries_of, operative_plan, provinces_in_use
from pledges.plans.readiness import ReadinessItem
from pledges.plans.readiness import province_readiness as decisions_of
from pledges.plans.settings import ProvinceSettings, province_settings
from pledges.product import Product
from pledges.review.waiting import count_countersigning
from pledges.signing.queries import count_waiting_for_seal

LONGEST_WAIT = timedelta(minutes=15)
"""Mail that waits longer stops people from signing: a code lives ten minutes."""
LOOK_BACK = timedelta(days=7)
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
class ProvinceReadiness:
    code: str
    name: str
    settings: ProvinceSettings
    items: tuple[ReadinessItem, ...]
    """Everything that is checked, ready or not."""
    wordings: tuple[Wording, ...]
    plan: Plan
    agencies: tuple[Agency, ...]
    """Those that receive pledges."""
    agency_keys: Mapping[str, SealState]
    """By code, of the agencies that countersign with a key of their own."""
    mail: MailState
    last_accepted: datetime | None
    seal: SealState
    waiting_for_seal: int

    @property
    def missing(self) -> tuple[ReadinessItem, ...]:
        return tuple(item for item in self.items if not item.ok)

    @property
    def ready(self) -> bool:
        return not self.missing

    def to_json(self) -> dict[str, Any]:
        """For scripts: what is open in words, and the figures beside it."""
        return {
            "name": self.name,
            "ready": self.ready,
            "open": [
                {"code": item.code, "title": filled(item.title, item), "what_to_do": filled(item.what_to_do, item)}
                for item in self.missing
            ],
            "wordings": {
                one.text_id: {"version": one.version, "approved": bool(one.approved_at)} for one in self.wordings
            },
            "mail": {
                "last_accepted": self.last_accepted.isoformat() if self.last_accepted else None,
                "waiting": self.mail.waiting,
                "failed": self.mail.failed,
                "uncertain": self.mail.uncertain,
            },
            "seal": {"trial": self.seal.trial, "usable": self.seal.error is None, "days_left": self.seal.days_left},
            "waiting_for_seal": self.waiting_for_seal,
        }


def filled(text: str, item: ReadinessItem) -> str:
    return text % item.params if item.params else text


def province_readiness(session: Session, product: Product, province_code: str) -> ProvinceReadiness | None:
    """The state of one province now; None where no plan of that province is loaded."""
    province = session.get(Province, province_code)
    if province is None or not province.in_use:
        return None
    now = product.clock()
    mail = mail_state(session, province_code, since=now - LOOK_BACK)
    seal = product.sealer.state(now)
    waiting = count_waiting_for_seal(session, province_code)
    unsigned = count_countersigning(session, province_code, since=now - LONGEST_WAIT)
    decisions = decisions_of(session, province_code)
    entries = [entry for entry in entries_of(session, province_code) if entry.enabled]
    agencies = _receiving(session, province_code, decisions)
    keys = _keys_of(product, agencies, now)
    return ProvinceReadiness(
        code=province.code,
        name=province.name,
        settings=province_settings(province),
        items=(
            *decisions,
            *_keys(agencies, keys),
            *_countersigning(unsigned),
            *_mail(mail, now),
            *_seal(seal, waiting),
        ),
        wordings=_wordings(session, province_code, decisions, {entry.text_id for entry in entries}),
        plan=operative_plan(session, province_code),
        agencies=agencies,
        agency_keys=keys,
        mail=mail,
        last_accepted=session.scalar(
            select(func.max(Message.accepted_at)).where(Message.province_code == province_code)
        ),
        seal=seal,
        waiting_for_seal=waiting,
    )


def _receiving(session: Session, province_code: str, decisions: list[ReadinessItem]) -> tuple[Agency, ...]:
    asked = {item.code for item in decisions}
    return tuple(
        agency for agency in agencies_of(session, province_code) if f"agency.{agency.code}.signing_title" in asked
    )


def _keys_of(product: Product, agencies: tuple[Agency, ...], now: datetime) -> dict[str, SealState]:
    return {
        agency.code: product.agency_keys.state(agency.province_code, agency.code, agency.name, now)
        for agency in agencies
        if agency.signature_method == OWN_KEY
    }


def provinces_readiness(session: Session, product: Product) -> list[ProvinceReadiness]:
    found = (province_readiness(session, product, province.code) for province in provinces_in_use(session))
    return [state for state in found if state is not None]


def _wordings(
    session: Session, province_code: str, decisions: list[ReadinessItem], asked: set[str]
) -> tuple[Wording, ...]:
    """The newest version of every wording that somebody can sign here; those that the plan asks for first."""
    approved = dict(
        session.execute(
            select(TextApproval.pledge_text_id, TextApproval.approved_at).where(
                TextApproval.province_code == province_code
            )
        ).all()
    )
    earlier = set(session.scalars(select(PledgeText.text_id).where(PledgeText.id.in_(approved))))
    found = []
    used = [item.code.removeprefix("wording.") for item in decisions if item.code.startswith("wording.")]
    for text_id in used:
        text = current_text(session, text_id)
        found.append(
            Wording(
                id=text.id,
                text_id=text_id,
                version=text.version,
                title=text.content.get("subtitle") or text.title,
                template_hash=text.template_hash,
                asked=text_id in asked,
                approved_at=approved.get(text.id),
                succeeded=text.id not in approved and text_id in earlier,
            )
        )
    return tuple(sorted(found, key=lambda wording: (not wording.asked, wording.text_id)))


def _keys(agencies: tuple[Agency, ...], keys: Mapping[str, SealState]) -> Iterator[ReadinessItem]:
    """Whether each agency that signs with its own key could do so now, with a key that is not a trial."""
    for agency in agencies:
        state = keys.get(agency.code)
        if state is None:
            continue
        trial = N_(
            "Đang dùng khóa THỬ NGHIỆM. Hãy cài khóa do tổ chức chứng thực cấp cho cơ quan, "
            "hoặc chọn cách duyệt ghi tên người duyệt."
        )
        unusable = N_(
            "Bản đã duyệt phải chờ cho đến khi khóa dùng được. Lý do ghi ở trang của cơ quan; "
            "cũng có thể chọn cách duyệt ghi tên người duyệt."
        )
        yield ReadinessItem(
            f"agency.{agency.code}.key",
            N_("Khóa ký số của %(agency)s"),
            state.error is None and not state.trial,
            unusable if state.error is not None else trial,
            {"agency": agency.name},
        )


def _countersigning(unsigned: int) -> Iterator[ReadinessItem]:
    yield ReadinessItem(
        "agency.countersigning",
        N_("Bản đã duyệt chờ ký"),
        not unsigned,
        N_("%(count)s bản đã duyệt quá 15 phút vẫn chưa ký được. Hãy xem khóa ký số ở trang của từng cơ quan."),
        {"count": str(unsigned)},
    )


def _mail(mail: MailState, now: datetime) -> Iterator[ReadinessItem]:
    waited = now - mail.waiting_since if mail.waiting_since else timedelta(0)
    yield ReadinessItem(
        "mail.queue",
        N_("Thư chờ gửi"),
        waited <= LONGEST_WAIT,
        N_("Thư chờ lâu nhất đã %(minutes)s phút. Hãy kiểm tra tiến trình nền (worker) và máy chủ thư."),
        {"minutes": str(round(waited.total_seconds() / 60))},
    )
    yield ReadinessItem(
        "mail.failed",
        N_("Thư không gửi được trong 7 ngày qua"),
        not (mail.failed or mail.uncertain),
        N_(
            "%(failed)s thư không gửi được, %(uncertain)s thư không rõ đã tới máy chủ hay chưa. Hãy liên hệ người nhận."
        ),
        {"failed": str(mail.failed), "uncertain": str(mail.uncertain)},
    )


def _seal(seal: SealState, waiting: int) -> Iterator[ReadinessItem]:
    yield ReadinessItem(
        "seal.usable",
        N_("Khóa niêm phong dùng được"),
        seal.error is None,
        N_("Bản đã ký phải chờ cho đến khi khóa được sửa hoặc thay. Lý do ghi ở mục Niêm phong."),
    )
    yield ReadinessItem(
        "seal.trial",
        N_("Khóa niêm phong thật"),
        not seal.trial,
        N_("Đang dùng khóa THỬ NGHIỆM, chữ này in trên mọi trang. Hãy cài khóa do tổ chức chứng thực cấp."),
    )
    yield ReadinessItem(
        "seal.expiry",
        N_("Hạn của chứng thư niêm phong"),
        seal.days_left is None or seal.days_left >= SEAL_WARNING_DAYS,
        N_("Chứng thư hết hạn sau %(days)s ngày. Hãy xin cấp chứng thư mới ngay từ bây giờ."),
        {"days": str(seal.days_left)},
    )
    yield ReadinessItem(
        "seal.waiting",
        N_("Bản đã ký chờ niêm phong"),
        not waiting,
        N_("%(count)s bản đang chờ; hệ thống tự thử lại."),
        {"count": str(waiting)},
    )
