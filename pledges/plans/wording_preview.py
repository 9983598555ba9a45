"""A whole wording with all its optional sentences, for the person who approves it: no condition may hide anything.

What the province knows is filled in; what a signer will type is shown by its name between ‹ and ›. Everything here is
Vietnamese whatever the language of the page, as the wording itself is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import ProvinceSettings
from pledges.plans.wordings import PLACEHOLDER, join_parts

SIGNER_PLACES: dict[str, str] = {
    "ten": "tên",
    "nguoi_cam_ket": "người cam kết",
    "ben_cam_ket": "tôi/đơn vị",
    "ben_cam_ket_dau_cau": "Tôi/Đơn vị",
    "ma_so_thue": "mã số thuế",
    "so_dinh_danh": "4 số cuối của số định danh",
    "nguoi_ky": "người ký",
    "chuc_vu": "chức vụ",
    "nguoi_dai_dien": "người đại diện theo pháp luật",
    "nhom_doi_tuong": "nhóm đối tượng",
    "noi_hoat_dong": "xã/phường, tỉnh/thành phố",
    "dia_chi": "địa chỉ",
    "dien_thoai": "điện thoại",
    "thu_dien_tu": "thư điện tử",
    "loai_kenh": "loại kênh",
    "danh_sach_kenh": "các kênh",
    "cac_kenh": "toàn bộ các kênh",
    "nghe_danh": "nghệ danh",
    "chuc_danh_chuyen_mon": "chức danh chuyên môn",
    "don_vi": "đơn vị công tác",
    "so_gphn": "số giấy phép hành nghề",
    "so_giay_phep": "số giấy phép",
    "ten_nen_tang": "tên nền tảng",
    "nganh_hang": "ngành hàng",
    "dia_diem": "địa điểm kinh doanh",
    "so_van_ban": "số văn bản",
    "ngay_van_ban": "ngày văn bản",
    "ke_hoach": "kế hoạch của tỉnh",
    "co_quan_tiep_nhan": "cơ quan tiếp nhận",
    "tinh": "tỉnh, thành phố",
    "thoi_han_luu": "thời hạn lưu",
    "dau_moi_du_lieu": "đầu mối về dữ liệu",
    "duong_day_nong": "đường dây nóng",
    "so_ngay_cap_nhat": "số ngày cập nhật",
}
_BASES = {"consent": "sự đồng ý của người ký", "task": "nhiệm vụ của cơ quan nhà nước"}
_ENTITIES = {"person": "cá nhân", "organisation": "tổ chức"}


@dataclass(frozen=True)
class PreviewLine:
    """One paragraph. `condition` says when it is printed (empty: always); `source` is for reviewers only."""

    kind: str
    text: str
    label: str = ""
    condition: str = ""
    source: str = ""


@dataclass(frozen=True)
class PreviewPlace:
    """What is known of the province whose wording is previewed."""

    province_code: str
    province_name: str
    settings: ProvinceSettings

    def known_values(self) -> dict[str, str]:
        values = {
            "tinh": self.province_name,
            "thoi_han_luu": self.settings.retention,
            "dau_moi_du_lieu": self.settings.data_contact,
            "duong_day_nong": self.settings.hotline,
            "so_ngay_cap_nhat": f"{self.settings.update_days:02d}",
        }
        return {name: value for name, value in values.items() if value}


def preview_wording(content: dict[str, Any], place: PreviewPlace) -> list[PreviewLine]:
    """The wording from title to consents, in the order of the paper."""
    return list(_Preview(content, place).lines())


class _Preview:
    def __init__(self, content: dict[str, Any], place: PreviewPlace) -> None:
        self.content = content
        self.place = place
        self.values = place.known_values()

    def lines(self) -> Iterator[PreviewLine]:
        content = self.content
        yield PreviewLine("title", content["title"])
        if content["subtitle"]:
            yield PreviewLine("subtitle", content["subtitle"])
        yield PreviewLine("addressee", self.fill(content["addressee"]))
        yield from self.items("party", content["party"])
        yield from self.items("basis", content["basis"], before="Căn cứ")
        yield PreviewLine("opening", self.fill(content["opening"]))
        yield from self.items("commitment", content["commitments"], numbered=True)
        if content["responsibility"]:
            yield PreviewLine("heading", content["responsibility"]["heading"])
            yield from self.items("responsibility", content["responsibility"]["items"], numbered=True)
        yield from self.items("note", content["notes"])
        yield PreviewLine("heading", content["notice"]["heading"])
        yield PreviewLine("notice", self.fill(content["notice"]["text"]))
        yield from self.items("consent", content["choices"])
        yield from self.items("consent", content["consents"])

    def items(
        self, kind: str, items: list[dict[str, Any]], *, before: str = "", numbered: bool = False
    ) -> Iterator[PreviewLine]:
        number = 0
        for item in items:
            condition = self.condition(_without_own_places(item) if kind == "party" else item["when"])
            if condition is None:
                continue
            number += 1
            text = self.fill(item["text"])
            yield PreviewLine(
                kind,
                f"{before} {text}" if before else text,
                label=f"{number}." if numbered else item.get("label", ""),
                condition=condition,
                source=item.get("source", ""),
            )

    def fill(self, parts: list[dict[str, Any]]) -> str:
        shown = []
        for part in parts:
            condition = self.condition(part["when"])
            if condition is not None:
                shown.append(f"[{condition}: {part['text'].strip()}]" if condition else part["text"])
        return re.sub(PLACEHOLDER, self._value, join_parts(shown))

    def _value(self, match: re.Match[str]) -> str:
        return self.values.get(match[1]) or f"‹{SIGNER_PLACES[match[1]]}›"

    def condition(self, when: dict[str, list[str]]) -> str | None:
        """In words what decides at signing; None where it can never hold in this province."""
        words = []
        for key, wanted in when.items():
            settled = self._settled(key, wanted)
            if settled is False:
                return None
            if settled is None:
                words.append(_in_words(key, wanted, self.content))
        return "; ".join(words)

    def _settled(self, key: str, wanted: list[str]) -> bool | None:
        """Whether a condition holds for ever in this province, never, or depends (None) on signer or settings.

        Settings can change after the approval, so what hangs on them is shown as well.
        """
        if key == "provinces":
            return self.place.province_code in wanted
        if key == "instrument":
            return self.content["instrument"] in wanted
        return None


def _without_own_places(row: dict[str, Any]) -> dict[str, list[str]]:
    """That a row about a thing is printed only where the thing is known goes without saying."""
    own = {name for part in row["text"] for name in PLACEHOLDER.findall(part["text"])}
    return {key: wanted for key, wanted in row["when"].items() if key != "has" or not own.issuperset(wanted)}


def _in_words(key: str, wanted: list[str], content: dict[str, Any]) -> str:
    if key == "entity":
        return "với " + ", ".join(_ENTITIES[word] for word in wanted)
    if key in {"subject_types", "not_subject_types"}:
        labels = ", ".join(SUBJECT_TYPES[word].label for word in wanted)
        return ("với nhóm" if key == "subject_types" else "trừ nhóm") + f" {labels}"
    if key in {"has", "lacks"}:
        places = ", ".join(SIGNER_PLACES[word] for word in wanted)
        return ("khi có" if key == "has" else "khi không có") + f" {places}"
    if key == "option":
        names = {option["id"]: option["label"] for option in content.get("options", [])}
        return "khi người ký chọn " + ", ".join(f"“{names.get(word, word)}”" for word in wanted)
    if key == "consent_basis":
        return "khi căn cứ xử lý dữ liệu là " + ", ".join(_BASES[word] for word in wanted)
    return "khi tỉnh, thành phố chọn in"
