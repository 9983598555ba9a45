"""The subject types and the kind of a subject from the words that lists use."""

from __future__ import annotations

import functools
import re

from pledges.core.identity import fold
from pledges.core.platform_rules import words
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import EntityKind

# The first that is found in the folded words wins: the narrower ones stand first.
_SYNONYMS = (
    ("ecommerce_platform", "san thuong mai dien tu|san tmdt|san giao dich|nen tang trung gian|platform"),
    ("social_network", "mang xa hoi|mxh"),
    ("aggregated_news_site", "thong tin dien tu tong hop|trang tin tong hop|ttdt tong hop|trang tong hop"),
    ("ecommerce_website", "website|web ban hang|ung dung|trang web|tmdt ban hang|nen tang kinh doanh truc tiep|app"),
    (
        "digital_seller",
        "ban hang online|ban hang qua mang|ban hang tren mang|ban hang truc tuyen|kinh doanh online|nguoi ban",
    ),
    ("household_business", "ho kinh doanh|ho kd|hkd|kinh doanh ca the|ho ca the|tieu thuong|ca the"),
    ("ad_firm", "quang cao|truyen thong|mcn"),
    ("enterprise", "doanh nghiep|cong ty|cty|dntn|tnhh|co phan|ctcp|hop tac xa|htx|chi nhanh"),
    ("health_manager", "quan ly y te|quan li y te|quan ly nganh y te|lanh dao benh vien|giam doc benh vien"),
    ("doctor", "bac si|bac sy|bsck|bs|y si|y sy|duoc si|duoc sy|dieu duong|nhan vien y te|nguoi hanh nghe"),
    ("scientist", "nha khoa hoc|nghien cuu|giao su|tien si"),
    ("culture_manager", "quan ly van hoa|quan ly the thao|quan ly du lich"),
    ("influencer", "nguoi noi tieng|nguoi co anh huong|kol|koc|tiktoker|youtuber|influencer|blogger|reviewer"),
    ("athlete", "van dong vien|vdv|huan luyen vien|hlv"),
    ("artist", "nghe si|nghe sy|ca si|ca sy|dien vien|nhac si|nguoi mau|mc|van nghe si|hoa si"),
    ("culture_worker", "huong dan vien|hoat dong van hoa|hoat dong nghe thuat|nguoi hoat dong"),
    ("broadcaster", "dai phat thanh|truyen hinh|phat thanh|dai pt|th tinh"),
    ("press", "bao chi|toa soan|tap chi|bao dien tu|bao in|co quan bao"),
)
_PATTERNS = tuple((code, re.compile(rf"\b(?:{synonyms})\b")) for code, synonyms in _SYNONYMS)

_LEGAL_FORM = re.compile(
    r"\b(?:cong ty|c ty|cty|tnhh|ctcp|dntn|doanh nghiep|hop tac xa|htx|ho kinh doanh|hkd|ho kd|tap doan|tong cong ty"
    r"|chi nhanh|van phong|benh vien|phong kham|nha thuoc|truong|trung tam|so y te|ban quan ly|co so|xi nghiep|nha may"
    r"|sieu thi|cua hang|cho|khach san|nha hang|shop|store|mart|plaza|co ltd|jsc|corp|company)\b"
)
_SURNAMES = words(
    "an au bach bui cao chau che chu chung cu dam dang danh dao dau dinh do doan dong duong giang ha han hoang ho"
    " hong hua huynh khuat kieu kim la lac lai lam le lieu luc luong luu ly mac mai nghiem ngo nguyen nong on ong pham"
    " phan phi phu phung quach quan ta tang thach thai than thieu tieu to ton tong tran trieu trinh truong"
    " tu ung van vi vo vu vuong vy"
)


@functools.lru_cache(maxsize=2_000)
def read_subject_types(text: str) -> tuple[str, ...]:
    """The codes that a cell means, in its order; empty: none is recognised."""
    folded = fold(text)
    if folded in _labels():
        return (_labels()[folded],)
    # The labels have commas of their own, so that only their absence lets a comma part two of them.
    found = dict.fromkeys(filter(None, map(_one_type, re.split(r"[;,/+\n]| va ", folded))))
    return tuple(found)


@functools.cache
def _labels() -> dict[str, str]:
    return {fold(info.label): code for code, info in SUBJECT_TYPES.items()} | {code: code for code in SUBJECT_TYPES}


def _one_type(folded: str) -> str | None:
    label = folded.strip(" .-")
    if label in _labels():
        return _labels()[label]
    return next((code for code, pattern in _PATTERNS if pattern.search(label)), None)


def kind_of(name: str, subject_types: tuple[str, ...], *, tax_code: bool, personal_number: bool) -> EntityKind:
    """A person or an organisation: by the name's legal form, by the subject type, then by what else is known."""
    folded = fold(name)
    if _LEGAL_FORM.search(folded):
        return EntityKind.ORGANISATION
    who = {SUBJECT_TYPES[code].person_or_organisation for code in subject_types if code in SUBJECT_TYPES}
    if who == {"person"}:
        return EntityKind.PERSON
    if "organisation" in who or tax_code:
        return EntityKind.ORGANISATION
    return EntityKind.PERSON if personal_number or _is_personal(folded) else EntityKind.ORGANISATION


def _is_personal(folded: str) -> bool:
    parts = folded.split()
    return 2 <= len(parts) <= 5 and parts[0] in _SURNAMES and all(part.isalpha() for part in parts)
