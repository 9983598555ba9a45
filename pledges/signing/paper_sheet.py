"""The sheet "Phiếu ghi nhận bản cam kết giấy": what an agency says of a pledge that was signed on paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from pledges.core.calendar import VIETNAM, local_day
from pledges.core.secrecy import sha256_hex
from pledges.documents.paper import Block, PledgePaper
from pledges.plans.models import Agency, ObligationEntry, PledgeText
from pledges.plans.queries import get_clause, get_commune, get_province, plan_citation
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import Channel, Entity
from pledges.signing.acts import day_in_words

PERSONAL_DIGITS = 12
"""Tax codes of this length are personal numbers (Circular 86/2024) and are printed by their end only."""


@dataclass(frozen=True)
class Sheet:
    paper: PledgePaper
    text: str
    """What the rendered hash covers."""


def record_paper(
    session: Session,
    entity: Entity,
    entry: ObligationEntry,
    agency: Agency,
    *,
    subject_types: Sequence[str],
    number: str,
    signed_on: date,
    signer_name: str,
    channels: Sequence[Channel],
    pictures: tuple[str, ...],
    text: PledgeText,
    recorder: str,
    now: datetime,
    reference: str,
    verification_url: str,
) -> Sheet:
    """The sheet as it is sealed, and its canonical text."""
    rows = [
        ("Người cam kết", entity.name),
        ("Mã số thuế", _printed_code(entity)),
        ("Nhóm đối tượng", "; ".join(SUBJECT_TYPES[code].label for code in subject_types)),
        ("Địa chỉ", _place(session, entity)),
        ("Nội dung cam kết", text.title),
        ("Theo", _basis(session, entry)),
        ("Số bản cam kết giấy", number or "bản giấy không ghi số"),
        ("Ngày ký trên giấy", f"{signed_on:%d/%m/%Y}"),
        ("Người ký", signer_name),
        ("Kênh ghi trên giấy", ", ".join(channel.address for channel in channels)),
    ]
    behind = "Ảnh bản giấy in ở các trang sau." if pictures else "Hồ sơ điện tử không kèm ảnh bản giấy."
    blocks = (
        Block("title", "PHIẾU GHI NHẬN BẢN CAM KẾT GIẤY"),
        Block("subtitle", "Do cơ quan lập theo bản giấy mà cơ quan lưu giữ"),
        *(Block("party", _clean(value), number=label) for label, value in rows if value),
        Block(
            "opening",
            _clean(
                f"{agency.name} ghi nhận người cam kết nêu trên đã ký tay bản cam kết trên giấy, với các thông tin như "
                "trên. Cam kết có giá trị từ ngày ký trên giấy."
            ),
        ),
        Block(
            "note",
            "Phiếu này ghi lại việc đã ký trên giấy; phiếu không phải là bản cam kết và không thay cho chữ ký của "
            f"người cam kết. {behind}",
        ),
    )
    plain = "\n".join(f"{block.number}: {block.text}" if block.number else block.text for block in blocks)
    local = now.astimezone(VIETNAM)
    paper = PledgePaper(
        language="vi",
        reference=reference,
        verification_url=verification_url,
        blocks=blocks,
        signature_lines=(
            f"Bản ký giấy, ghi nhận vào hệ thống bởi {_clean(recorder)} lúc {local:%H:%M} ngày {local:%d/%m/%Y}.",
        ),
        place_and_date=f"{get_province(session, entity.province_code).short_name}, {day_in_words(local_day(now))}",
        signer_title="Người cam kết",
        signer_name=signer_name,
        agency_name=agency.name,
        template_hash=text.template_hash,
        rendered_hash=sha256_hex(plain.encode()),
        text_version=f"{text.text_id} v{text.version}",
        form="record",
        pictures=pictures,
    )
    return Sheet(paper, plain)


def frozen_answers(
    entity: Entity, subject_types: list[str], channels: Sequence[Channel], signer_name: str
) -> dict[str, Any]:
    """The register's answers in the shape of a signer's (`texts.DraftAnswers.frozen`): every page reads one shape."""
    return {
        "email": "",
        "subject_types": subject_types,
        "kind": entity.kind.value,
        "name": entity.name,
        "tax_code": entity.tax_code,
        "has_personal_number": entity.personal_number is not None,
        "location": entity.location.value,
        "home_province": "",
        "country": entity.country,
        "extra": {},
        "commune": entity.commune_code,
        "address": entity.address,
        "phone": None,
        "channels": [channel.address for channel in channels],
        "started_on": None,
        "signer_name": signer_name or entity.name,
        "signer_title": "",
        "under_age": False,
        "representative_name": "",
        "representative_relation": "",
        "representative_email": "",
    }


def _printed_code(entity: Entity) -> str:
    code = entity.tax_code or ""
    return f"••••••••{code[-4:]}" if len(code) == PERSONAL_DIGITS else code


def _place(session: Session, entity: Entity) -> str:
    commune = get_commune(session, entity.province_code, entity.commune_code) if entity.commune_code else None
    province = get_province(session, entity.province_code).name if commune is not None else ""
    return ", ".join(part for part in (entity.address, commune.name if commune else "", province) if part)


def _basis(session: Session, entry: ObligationEntry) -> str:
    clause = get_clause(session, entry.province_code, entry.clause_id) if entry.clause_id else None
    citation = plan_citation(session, entry.province_code)
    return f"{clause.place_in_words}, {citation}" if clause is not None else citation


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
