"""Where a Vietnamese address lies today, as people write it: before and after July 2025, with and without marks.

The last place that is named decides. A commune is named only where there is no other reading; a person does the rest.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pledges.core.countries import countries
from pledges.core.errors import N_
from pledges.core.platform_rules import words
from pledges.plans.address_names import DistrictName, PlaceNames, ProvinceName, place_names
from pledges.plans.address_words import Level, Mention, pieces_of, words_of

NO_PROVINCE = N_("Địa chỉ không ghi tỉnh, thành phố. Hãy bổ sung.")
MANY_PROVINCES = N_("Địa danh này có ở nhiều tỉnh, thành phố. Hãy ghi thêm tên tỉnh, thành phố.")
CONTRADICTION = N_("Các địa danh trong địa chỉ không cùng một tỉnh, thành phố. Hãy kiểm tra lại.")
NO_COMMUNE = N_("Địa chỉ không ghi rõ xã, phường, đặc khu. Hãy bổ sung.")
UNKNOWN_COMMUNE = N_(
    "Không tìm thấy xã, phường này trong tỉnh, thành phố; có thể tên đã đổi. Hãy chọn xã, phường, đặc khu hiện nay."
)
PARTED_COMMUNE = N_("Tên xã, phường này nay ứng với nhiều xã, phường khác nhau. Hãy chọn xã, phường, đặc khu hiện nay.")
ABROAD = N_("Địa chỉ ở nước ngoài.")

# After these words a name is that of a street, a market or a building, not the place where it stands.
_STREETS = words(
    "duong d dl pho lo dai so cau cho ga ben xe ngo ngach hem kiet khu nghiep ql quoc tl dt cong ti thi nga san nha"
    " hang khach quan truong vien dao cang bai bien song nui ho va qua di goc doi dien"
)
_OF_NO_MEANING = frozenset({"vn", "vietnam", "viet nam", "cong hoa xa hoi chu nghia viet nam", "chxhcn viet nam"})


@dataclass(frozen=True)
class Located:
    """`certain` is about the province; a commune is named only if it is certain. `note`: why something is open."""

    province_code: str | None
    commune_code: str | None
    certain: bool
    former: bool
    """Written with names of before July 2025."""
    note: str = ""
    country: str = "VN"


def locate(text: str, *, province_hint: str | None = None) -> Located:
    """Today's province and commune of an address; never raises.

    `province_hint` is whose list it is: it decides only where the address names no province.
    """
    names = place_names()
    pieces = pieces_of(text, names.joined)
    mentions = _inside_vietnam(pieces.mentions)
    if not mentions:
        return Located(province_hint, None, certain=False, former=False, note=NO_PROVINCE)
    if (country := _country(mentions[-1])) is not None:
        return Located(None, None, certain=True, former=False, note=ABROAD, country=country)
    found = _Reading(names, mentions, pieces.formerly).located()
    return _by_hint(names, mentions, found, province_hint) if found.province_code is None else found


def _inside_vietnam(mentions: list[Mention]) -> list[Mention]:
    """Without the country and the postal code at the end."""
    while mentions:
        last = mentions[-1]
        left = last.words
        while left and left[-1].plain.isdigit() and len(left[-1].plain) in (5, 6):
            left = left[:-1]
        key = " ".join(word.plain for word in left)
        if key in _OF_NO_MEANING:
            mentions = mentions[:-1]
            continue
        for ending in (("viet", "nam"), ("vietnam",), ("vn",)):
            if len(left) > len(ending) and tuple(word.plain for word in left[-len(ending) :]) == ending:
                left = left[: -len(ending)]
        if left == last.words:
            return mentions
        mentions = [*mentions[:-1], replace(last, words=left)] if left else mentions[:-1]
    return mentions


@functools.cache
def _foreign() -> dict[str, str]:
    """Countries by their Vietnamese and English names; those that are also Vietnamese places are left out."""
    known = place_names()
    found = {}
    for language in ("en", "vi"):
        for code, name in countries(language).items():
            key = " ".join(word.plain for word in words_of(name))
            if key not in known.districts and key not in known.communes:
                found[key] = code
    return found


def _country(last: Mention) -> str | None:
    return _foreign().get(last.key) if last.level is Level.BARE else None


class _Reading:
    """One address that is being read; provinces first, then what lies left of them."""

    def __init__(self, names: PlaceNames, mentions: Sequence[Mention], formerly: bool) -> None:
        self.names = names
        self.mentions = list(mentions)
        self.former = formerly
        self.certain = True
        self.note = ""

    def located(self) -> Located:
        province = self._province()
        if province is None:
            return self._by_district()
        if not self._fits(province.code):
            self.certain, self.note = False, CONTRADICTION
        return self._within(province.code, former=province.former)

    def _province(self) -> ProvinceName | None:
        """The last province that is named, taken out of the mentions."""
        for at in range(len(self.mentions) - 1, -1, -1):
            mention = self.mentions[at]
            found = self._whole(mention)
            if found is not None:
                if mention.level is Level.BARE and self._others_contradict(found.code, at):
                    continue
                self.certain = mention.level is not Level.BARE or at == len(self.mentions) - 1 or self._is_placed(at)
                del self.mentions[at]
                return found
            if at == len(self.mentions) - 1 and (tail := self._tail(mention)) is not None:
                self.mentions[at] = replace(mention, words=mention.words[: -len(tail.words)])
                return tail
        return None

    def _whole(self, mention: Mention) -> ProvinceName | None:
        if mention.level is Level.PROVINCE:
            return self.names.find_province(mention.words)
        if mention.level is Level.CITY:
            found = self.names.find_province(mention.words)
            return found if found and _central(found) else None
        if mention.level is Level.BARE or (mention.kind == "thi tran" and mention.key == "hue"):
            return self.names.find_province(mention.words)
        return None

    def _is_placed(self, at: int) -> bool:
        """Whether only what names no place stands right of it: "Huế, gần chợ Đông Ba"."""
        return not any(mention.level is not Level.BARE for mention in self.mentions[at + 1 :])

    def _others_contradict(self, code: str, at: int) -> bool:
        """A bare name left of a district or commune that lies elsewhere is that of a street."""
        right = [mention for mention in self.mentions[at + 1 :] if mention.level is not Level.BARE]
        if not right:
            return any(
                (districts := self.names.find_districts(mention.words, "")) and not _some_in(code, districts)
                for mention in self.mentions[at + 1 :]
            )
        return not all(self._lies_in(code, mention) for mention in right)

    def _lies_in(self, code: str, mention: Mention) -> bool:
        if mention.level is Level.COMMUNE:
            return bool(self.names.find_communes(mention.words, mention.kind, code))
        return _some_in(code, self.names.find_districts(mention.words, mention.kind))

    def _tail(self, mention: Mention) -> ProvinceName | None:
        """A province at the end of a piece without a comma before it: "12 Lê Lợi Huế"."""
        typed = mention.words
        for length in range(min(self.names.longest_province, len(typed) - 1), 0, -1):
            found = self.names.find_province(typed[-length:], strictly=True)
            if found is None:
                continue
            before = typed[-length - 1]
            numbered = mention.level in (Level.COMMUNE, Level.DISTRICT) and len(typed) == length + 1
            if before.plain in _STREETS or (any(map(str.isdigit, before.plain)) and not numbered):
                return None
            if length == 1 and typed[-1].bare and before.plain in ("nguien", "hoa"):
                return None  # Nguyễn Huệ and hoa huệ without their marks.
            if mention.level is Level.BARE and typed[0].plain in _STREETS and len(self.mentions) == 1:
                self.certain = False
            return replace(found, words=typed[-length:])
        return None

    def _fits(self, code: str) -> bool:
        """Whether no district that is called so lies only in another province."""
        for mention in self.mentions:
            if mention.level is Level.PROVINCE:
                other = self.names.find_province(mention.words)
                if other is not None and other.code != code:
                    return False
            elif mention.level in (Level.DISTRICT, Level.CITY):
                districts = self.names.find_districts(mention.words, mention.kind)
                if districts and districts[0].kind == mention.kind and not _some_in(code, districts):
                    return False
        return True

    def _by_district(self) -> Located:
        """Without a province: a district or a commune may lie in only one."""
        for mention in reversed(self.mentions):
            if mention.level in (Level.DISTRICT, Level.CITY) or mention is self.mentions[-1]:
                districts = self._districts_of(mention)
                codes = {district.province_code for district in districts}
                if len(codes) == 1 and (mention.level is not Level.COMMUNE):
                    return self._within(codes.pop(), former=True)
                if len(codes) > 1 and mention.level is not Level.COMMUNE:
                    return self._by_commune(codes) or self._open(MANY_PROVINCES)
        return self._by_commune(None) or self._open(NO_PROVINCE)

    def _districts_of(self, mention: Mention) -> list[DistrictName]:
        """Also at the end of a piece without a comma before it."""
        found = self.names.find_districts(mention.words, mention.kind)
        if found or mention.level is not Level.BARE or len(mention.words) < 4 or mention.words[0].plain in _STREETS:
            return found
        before = mention.words[-3].plain
        return [] if before in _STREETS or before.isdigit() else self.names.find_districts(mention.words[-2:], "")

    def _by_commune(self, codes: set[str] | None) -> Located | None:
        """The only province (of `codes`) in which there is a commune of this kind and name."""
        for mention in reversed(self.mentions):
            if mention.level is Level.COMMUNE and mention.kind:
                found = [
                    name
                    for name in self.names.find_communes(mention.words, mention.kind)
                    if name.kind == mention.kind and (codes is None or name.province_code in codes)
                ]
                provinces = {name.province_code for name in found}
                if len(provinces) == 1:
                    return self._within(provinces.pop(), former=codes is not None)
                if provinces:
                    return self._open(MANY_PROVINCES)
        return None

    def _open(self, note: str) -> Located:
        return Located(None, None, certain=False, former=self.former, note=note)

    def _within(self, code: str, *, former: bool) -> Located:
        self._part_districts(code)
        districts, district_named = self._districts_in(code)
        former = former or self.former or district_named
        commune, note = self._commune(code, districts, former=former)
        return Located(code, commune, self.certain, former, self.note or note)

    def _districts_in(self, code: str) -> tuple[list[DistrictName], bool]:
        for mention in reversed(self.mentions):
            if mention.level in (Level.DISTRICT, Level.CITY) or (
                mention.level is Level.BARE and len(mention.words) > 1
            ):
                found = [
                    district
                    for district in self.names.find_districts(mention.words, mention.kind)
                    if district.province_code == code
                ]
                if found:
                    return found, True
        return [], any(mention.level is Level.DISTRICT for mention in self.mentions)

    def _commune(self, code: str, districts: list[DistrictName], *, former: bool) -> tuple[str | None, str]:
        """The one commune that every reading leads to, or why there is none."""
        left: set[str] | None = None
        for mention in self.mentions:
            if mention.level is Level.COMMUNE:
                codes = self._codes(mention, code, districts, former=former)
                if codes:
                    left = codes if left is None else (left & codes)
                elif left is None and mention is [m for m in self.mentions if m.level is Level.COMMUNE][-1]:
                    return None, UNKNOWN_COMMUNE
        if left is None:
            whole = {commune for district in districts for commune in district.communes}
            # An island that was a district is one special zone today.
            return (whole.pop(), "") if len(whole) == 1 else (None, NO_COMMUNE)
        return (left.pop(), "") if len(left) == 1 else (None, PARTED_COMMUNE)

    def _codes(self, mention: Mention, code: str, districts: list[DistrictName], *, former: bool) -> set[str]:
        """Every commune of today that this name can mean."""
        named = self.names.find_communes(mention.words, mention.kind, code)
        today = [name for name in named if name.district is None]
        old = [name for name in named if name.district is not None]
        known = {district.key for district in districts if district.communes}
        if known:
            old = [name for name in old if name.district in known]
            within = {commune for district in districts for commune in district.communes}
            today = [name for name in today if name.codes <= within]
        chosen = old or today if former else [*old, *today]
        return {commune for name in chosen for commune in name.codes}

    def _part_districts(self, code: str) -> None:
        """ "Phường 5 Mỹ Tho" without a comma is a commune and a district."""
        for at, mention in enumerate(self.mentions):
            if mention.level is not Level.COMMUNE or self.names.find_communes(mention.words, mention.kind, code):
                continue
            for length in range(min(4, len(mention.words) - 1), 0, -1):
                name = mention.words[-length:]
                if _some_in(code, self.names.find_districts(name, "")):
                    commune = replace(mention, words=mention.words[:-length])
                    self.mentions[at : at + 1] = [commune, Mention(Level.DISTRICT, "", name)]
                    return


def _central(found: ProvinceName) -> bool:
    return found.code in place_names().central_cities


def _some_in(code: str, districts: Sequence[DistrictName]) -> bool:
    return any(district.province_code == code for district in districts)


def _by_hint(names: PlaceNames, mentions: list[Mention], found: Located, hint: str | None) -> Located:
    """Whose list it is decides, unless the address names a place that is elsewhere."""
    if hint is None or found.note == CONTRADICTION:
        return found
    reading = _Reading(names, mentions, formerly=found.former)
    for mention in mentions:
        if mention.level in (Level.DISTRICT, Level.CITY):
            districts = names.find_districts(mention.words, mention.kind)
            if districts and not _some_in(hint, districts):
                return found
    inside = reading._within(hint, former=found.former)
    if inside.commune_code is not None:
        return replace(inside, certain=True, note="")
    return replace(inside, certain=False, note=found.note)
