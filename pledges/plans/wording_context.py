"""What a wording may depend on, and the values that it makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import ProvinceSettings

CHANNELS_IN_A_SENTENCE = 3

_CHANNEL_WORDS = {"website": "website", "app": "ứng dụng"}
_OTHER_CHANNELS = "kênh bán hàng"


@dataclass(frozen=True)
class Party:
    """Who commits themselves. Empty fields are not printed."""

    name: str
    tax_code: str = ""
    personal_number_last4: str = ""
    signer_name: str = ""
    """Who signs for an organisation."""
    signer_title: str = ""
    guardian: str = ""
    """The legal representative of somebody under 18, with the relation: "Trần Thị B (mẹ)"."""
    place: str = ""
    """ "phường Thuận Hóa, thành phố Huế"; the country of somebody abroad."""
    address: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class NamedChannel:
    kind: str
    """A kind of `core.channels`: website, app, platform_shop, social."""
    display: str


@dataclass(frozen=True)
class Details:
    """What only some groups are asked; empty parts leave their sentence out."""

    stage_name: str = ""
    professional_title: str = ""
    workplace: str = ""
    practice_licence: str = ""
    licence_number: str = ""
    """Of a press agency or an aggregated news site."""
    platform_name: str = ""
    goods: str = ""
    business_place: str = ""


@dataclass(frozen=True)
class Consents:
    processing: bool = False
    publication: bool = False


@dataclass(frozen=True)
class WordingContext:
    """Everything that a wording may depend on."""

    province_code: str
    province_name: str
    """With its kind: "thành phố Huế"."""
    agency_name: str
    plan_citation: str
    """`plans.queries.plan_citation`."""
    entity_kind: Literal["organisation", "person"]
    subject_types: tuple[str, ...]
    party: Party
    settings: ProvinceSettings
    channels: tuple[NamedChannel, ...] = ()
    details: Details = field(default_factory=Details)
    consents: Consents = field(default_factory=Consents)
    options: frozenset[str] = frozenset()
    """What the signer ticked of their own accord: ids of the wording's `options`."""
    document_number: str = ""
    """Acknowledgements: the agency's document."""
    document_date: date | None = None


def placeholder_values(context: WordingContext) -> dict[str, str]:
    """Every placeholder that a wording may use, filled or empty."""
    party, details, settings = context.party, context.details, context.settings
    person = context.entity_kind == "person"
    labels = [SUBJECT_TYPES[code].label for code in context.subject_types]
    return {
        "ten": party.name,
        "nguoi_cam_ket": f"Tôi, {party.name}" if person else party.name,
        "ben_cam_ket": "tôi" if person else "đơn vị",
        "ben_cam_ket_dau_cau": "Tôi" if person else "Đơn vị",
        "ma_so_thue": party.tax_code,
        "so_dinh_danh": f"••••••••{party.personal_number_last4}" if party.personal_number_last4 else "",
        "nguoi_ky": party.signer_name,
        "chuc_vu": party.signer_title,
        "nguoi_dai_dien": party.guardian,
        "nhom_doi_tuong": "; ".join(labels),
        "noi_hoat_dong": party.place,
        "dia_chi": party.address,
        "dien_thoai": party.phone,
        "thu_dien_tu": party.email,
        "loai_kenh": _kinds_of_channels(context.channels),
        "danh_sach_kenh": _channels_in_a_sentence(context.channels),
        "cac_kenh": "; ".join(channel.display for channel in context.channels),
        "nghe_danh": details.stage_name,
        "chuc_danh_chuyen_mon": details.professional_title,
        "don_vi": details.workplace,
        "so_gphn": details.practice_licence,
        "so_giay_phep": details.licence_number,
        "ten_nen_tang": details.platform_name,
        "nganh_hang": details.goods,
        "dia_diem": details.business_place,
        "ke_hoach": context.plan_citation,
        "co_quan_tiep_nhan": context.agency_name,
        "tinh": context.province_name,
        "so_van_ban": context.document_number,
        "ngay_van_ban": f"{context.document_date:%d/%m/%Y}" if context.document_date else "",
        "thoi_han_luu": settings.retention,
        "dau_moi_du_lieu": settings.data_contact or context.agency_name,
        "duong_day_nong": settings.hotline,
        "so_ngay_cap_nhat": f"{settings.update_days:02d}",
    }


def _kinds_of_channels(channels: tuple[NamedChannel, ...]) -> str:
    kinds = {_CHANNEL_WORDS.get(channel.kind, _OTHER_CHANNELS) for channel in channels}
    return ", ".join(word for word in (*_CHANNEL_WORDS.values(), _OTHER_CHANNELS) if word in kinds)


def _channels_in_a_sentence(channels: tuple[NamedChannel, ...]) -> str:
    """All of a few; of many the first, because the rest already stands in the block above."""
    names = [channel.display for channel in channels]
    if len(names) <= CHANNELS_IN_A_SENTENCE:
        return ", ".join(names)
    shown = CHANNELS_IN_A_SENTENCE - 1
    return f"{', '.join(names[:shown])} và {len(names) - shown} kênh khác nêu trên"


PLACEHOLDERS = frozenset(
    placeholder_values(WordingContext("", "", "", "", "person", (), Party(""), ProvinceSettings()))
)
