"""What a province still has to decide before its pledges are more than a draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from pledges.core.errors import N_
from pledges.plans.models import Instrument
from pledges.plans.queries import (
    agencies_of,
    current_text,
    duties_by_type,
    entries_of,
    get_province,
    is_approved,
    operative_plan,
    plan_number_missing,
)
from pledges.plans.settings import province_settings


@dataclass(frozen=True)
class ReadinessItem:
    """One thing to decide. `title` and `what_to_do` are Vietnamese with places for `params`."""

    code: str
    """`wording.<text id>`, `plan.number`, `setting.<name>`, `agency.<code>.signing_title`, `entry.<id>.document`."""
    title: str
    ok: bool
    what_to_do: str
    params: dict[str, str] = field(default_factory=dict)


def province_readiness(session: Session, province_code: str) -> list[ReadinessItem]:
    """Everything that is checked about the plans of a province, ready or not, in the order of the page."""
    duties = [duty for found in duties_by_type(session, province_code).values() for duty in found]
    return [
        *_wordings(session, province_code, sorted({duty.text_id for duty in duties})),
        _plan_number(session, province_code),
        *_settings(session, province_code),
        *_signing_titles(session, province_code, {duty.agency.code for duty in duties}),
        *_documents(session, province_code),
    ]


def _wordings(session: Session, province_code: str, text_ids: list[str]) -> Iterator[ReadinessItem]:
    """The wordings that somebody can sign in this province."""
    for text_id in text_ids:
        text = current_text(session, text_id)
        yield ReadinessItem(
            f"wording.{text_id}",
            N_("Mẫu “%(title)s”, phiên bản %(version)s"),
            is_approved(session, province_code, text.id),
            N_("Cơ quan chủ trì đọc và duyệt mẫu; đến lúc đó mọi trang PDF in chữ DỰ THẢO."),
            {"title": text.content.get("subtitle") or text.title, "version": str(text.version)},
        )


def _plan_number(session: Session, province_code: str) -> ReadinessItem:
    plan = operative_plan(session, province_code)
    return ReadinessItem(
        "plan.number",
        N_("Số và ngày ban hành của %(kind)s"),
        not plan_number_missing(session, province_code),
        N_("Bản nguồn để trống; nhập số và ngày ban hành để in đúng căn cứ trong bản cam kết."),
        {"kind": plan.kind},
    )


def _settings(session: Session, province_code: str) -> Iterator[ReadinessItem]:
    settings = province_settings(get_province(session, province_code))
    yield ReadinessItem(
        "setting.retention",
        N_("Thời hạn lưu dữ liệu cá nhân"),
        bool(settings.retention),
        N_("Quyết định lưu trong bao lâu; thông báo gửi người ký phải nêu thời hạn này."),
    )
    yield ReadinessItem(
        "setting.data_contact",
        N_("Đầu mối về dữ liệu cá nhân"),
        bool(settings.data_contact),
        N_("Nêu bộ phận tiếp nhận yêu cầu xem, sửa, xóa dữ liệu; khi chưa có, thông báo ghi tên cơ quan tiếp nhận."),
    )
    yield ReadinessItem(
        "setting.consent_basis",
        N_("Căn cứ xử lý dữ liệu cá nhân"),
        settings.consent_decided,
        N_("Xác nhận xử lý theo sự đồng ý của người ký, hay theo nhiệm vụ của cơ quan nhà nước."),
    )
    yield ReadinessItem(
        "setting.hotline",
        N_("Đường dây nóng"),
        bool(settings.hotline),
        N_("Nhập số đường dây nóng chống buôn lậu, hàng giả để in trong bản cam kết của cơ sở kinh doanh."),
    )


def _signing_titles(session: Session, province_code: str, receiving: set[str]) -> Iterator[ReadinessItem]:
    """Only of agencies that receive pledges: the others sign nothing here."""
    for agency in agencies_of(session, province_code):
        if agency.code in receiving:
            yield ReadinessItem(
                f"agency.{agency.code}.signing_title",
                N_("Chức danh người ký của %(agency)s"),
                bool(agency.signing_title),
                N_("Nhập chức danh in ở phần ký, ví dụ: KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC."),
                {"agency": agency.name},
            )


def _documents(session: Session, province_code: str) -> Iterator[ReadinessItem]:
    for entry in entries_of(session, province_code):
        if entry.enabled and entry.instrument is Instrument.ACKNOWLEDGEMENT:
            yield ReadinessItem(
                f"entry.{entry.id}.document",
                N_("Văn bản để các nhóm xác nhận đã nhận (mục %(entry)s)"),
                bool(entry.document_number and entry.document_date),
                N_("Ban hành văn bản rồi nhập số và ngày; trước đó chưa mời ai xác nhận."),
                {"entry": entry.id},
            )
