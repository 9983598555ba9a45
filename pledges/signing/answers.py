"""What a signer answers, page by page: raw as typed in the draft, checked here whenever it is read.

Each `check_…` returns a frozen dataclass or raises `AnswerErrors` with one message per field, so that a page can
show all of them at once and lose nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pledges.core.calendar import typed_day
from pledges.core.errors import N_, DomainError
from pledges.core.identity import (
    ChannelAddress,
    canonical_channel,
    clean_line,
    parse_email,
    parse_personal_number,
    parse_phone,
    parse_tax_code,
)
from pledges.plans.models import Commune
from pledges.plans.rules import SUBJECT_TYPES, SubjectTypeInfo
from pledges.registry.models import EntityKind, Location
from pledges.signing.rules import MOST_CHANNELS

T = TypeVar("T")

Raw = dict[str, Any]

EXTRA_FIELDS = ("stage_name", "licence_number", "profession", "workplace", "platform_name", "goods")
"""Fields of the page "who" that only some wordings print."""


class AnswerErrors(DomainError):
    """Everything that is wrong with one page, by field name."""

    def __init__(self, errors: dict[str, DomainError]) -> None:
        super().__init__(N_("Có thông tin cần xem lại."))
        self.errors = errors


class _Check:
    """Collects the refusals of one page, so that the signer sees all of them at once."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.errors: dict[str, DomainError] = {}

    def text(self, name: str) -> str:
        value = self.raw.get(name, "")
        return value if isinstance(value, str) else ""

    def typed(self, name: str) -> bool:
        return bool(self.text(name).strip())

    def refuse(self, name: str, message: str, **params: Any) -> None:
        self.errors.setdefault(name, DomainError(message, field=name, **params))

    def read(self, name: str, parse: Callable[[str], T], *, missing: str = "") -> T | None:
        """Parse a field; an empty one is refused with `missing`, or is None where `missing` is empty."""
        if not self.typed(name):
            if missing:
                self.refuse(name, missing)
            return None
        try:
            found = parse(self.text(name))
        except DomainError as error:
            self.errors.setdefault(name, error)
            return None
        if found == "":  # nothing but characters that nobody can see
            if missing:
                self.refuse(name, missing)
            return None
        return found

    def choice(self, name: str, allowed: tuple[str, ...], missing: str) -> str:
        value = self.text(name)
        if value not in allowed:
            self.refuse(name, missing)
            return ""
        return value

    def finish(self) -> None:
        if self.errors:
            raise AnswerErrors(self.errors)


@dataclass(frozen=True)
class Group:
    """Who is asked what: the first page."""

    email: str
    province_code: str
    subject_types: tuple[str, ...]
    """The chosen group first, then those added by "Ký thêm cho nhóm khác"."""

    @property
    def main_type(self) -> SubjectTypeInfo:
        return SUBJECT_TYPES[self.subject_types[0]]


@dataclass(frozen=True)
class Who:
    kind: EntityKind
    name: str
    tax_code: str | None
    personal_number: str | None
    location: Location
    home_province: str
    country: str
    extra: dict[str, str]


@dataclass(frozen=True)
class Place:
    commune_code: str | None
    commune_name: str
    address: str
    phone: str | None
    channels: tuple[ChannelAddress, ...]
    started_on: date | None


@dataclass(frozen=True)
class Signer:
    name: str
    title: str
    under_age: bool
    representative_name: str
    representative_relation: str
    representative_email: str


def check_group(raw: Raw, provinces: tuple[str, ...], *, by_hand: bool = False) -> Group:
    """`by_hand`: signed with a pen beside somebody of the staff, so that no code has to be sent anywhere."""
    check = _Check(raw)
    missing = "" if by_hand else N_("Hãy nhập địa chỉ thư điện tử để nhận mã xác nhận.")
    email = check.read("email", parse_email, missing=missing)
    province = check.choice("province", provinces, N_("Hãy chọn tỉnh, thành phố nơi bạn ký cam kết."))
    subject_type = check.choice(
        "subject_type", tuple(SUBJECT_TYPES), N_("Hãy chọn nhóm đúng nhất với việc bạn đang làm.")
    )
    more = raw.get("more_types", [])
    also = [code for code in more if code in SUBJECT_TYPES and code != subject_type] if isinstance(more, list) else []
    check.finish()
    return Group(email or "", province, (subject_type, *dict.fromkeys(also)))


def possible_kinds(group: Group) -> tuple[EntityKind, ...]:
    """Organisation, person or both, as the chosen group allows."""
    allowed = group.main_type.person_or_organisation
    if allowed == "person":
        return (EntityKind.PERSON,)
    if allowed == "organisation":
        return (EntityKind.ORGANISATION,)
    return (EntityKind.ORGANISATION, EntityKind.PERSON)


def needs_personal_number(group: Group) -> bool:
    """Whether the 12-digit number may stand for the tax code; nobody else is asked for it."""
    return any(SUBJECT_TYPES[code].needs_personal_number for code in group.subject_types)


def check_who(
    raw: Raw, group: Group, *, extra_fields: tuple[str, ...], countries: frozenset[str], provinces: frozenset[str]
) -> Who:
    """`extra_fields` are those that the wordings print; `countries` and `provinces` the codes to choose from."""
    check = _Check(raw)
    kinds = possible_kinds(group)
    chosen = kinds[0].value
    if len(kinds) > 1:
        chosen = check.choice(
            "kind", tuple(kind.value for kind in kinds), N_("Hãy chọn tổ chức, hộ kinh doanh hoặc cá nhân.")
        )
    kind = EntityKind(chosen) if chosen else kinds[0]
    person = kind is EntityKind.PERSON
    name = check.read(
        "name",
        lambda text: clean_line(text, most=200),
        missing=N_("Hãy nhập họ và tên đầy đủ.") if person else N_("Hãy nhập tên đầy đủ của đơn vị."),
    )
    where = check.choice(
        "location",
        tuple(location.value for location in Location),
        N_("Hãy cho biết trụ sở hoặc nơi ở nằm trong tỉnh, thành phố này, ở nơi khác hay ở nước ngoài."),
    )
    location = Location(where) if where else Location.LOCAL
    country = "VN"
    if location is Location.ABROAD:
        country = check.text("country")
        if country not in countries or country == "VN":
            check.refuse("country", N_("Hãy chọn quốc gia."))
    home_province = check.text("home_province") if location is Location.ELSEWHERE else ""
    if location is Location.ELSEWHERE and home_province not in provinces:
        check.refuse("home_province", N_("Hãy chọn tỉnh, thành phố nơi bạn đặt trụ sở hoặc sinh sống."))
    tax_code = personal_number = None
    if location is not Location.ABROAD:
        missing = N_("Hãy nhập mã số thuế của đơn vị.") if tax_code_required(group, kind) else ""
        tax_code = check.read("tax_code", parse_tax_code, missing=missing)
        if needs_personal_number(group):
            personal_number = check.read("personal_number", parse_personal_number)
            if not check.typed("tax_code") and not check.typed("personal_number"):
                check.refuse("tax_code", N_("Hãy nhập mã số thuế, hoặc số định danh cá nhân của chủ hộ ở ô dưới."))
    extra = {}
    for field in extra_fields:
        value = check.read(field, lambda text: clean_line(text, most=200), missing=_MISSING_EXTRA.get(field, ""))
        if value:
            extra[field] = value
    check.finish()
    return Who(kind, name or "", tax_code, personal_number, location, home_province, country, extra)


_MISSING_EXTRA = {
    "profession": N_("Hãy nhập chức danh chuyên môn, ví dụ: bác sĩ, điều dưỡng, giảng viên."),
    "workplace": N_("Hãy nhập nơi bạn đang công tác."),
    "platform_name": N_("Hãy nhập tên sàn, nền tảng hoặc mạng xã hội."),
    "goods": N_("Hãy nhập ngành hàng chính, ví dụ: thực phẩm, mỹ phẩm, quần áo."),
}


def tax_code_required(group: Group, kind: EntityKind) -> bool:
    """Organisations have one; where a household's owner may use the personal number, one of the two is enough."""
    return kind is EntityKind.ORGANISATION and not needs_personal_number(group)


def channel_required(group: Group) -> bool:
    return any(SUBJECT_TYPES[code].channel_required for code in group.subject_types)


def check_place(raw: Raw, group: Group, who: Who, *, commune: Commune | None, today: date) -> Place:
    """`commune` is the row chosen by `raw["commune"]` in this province, or None where there is none."""
    check = _Check(raw)
    if who.location is Location.LOCAL and commune is None:
        check.refuse("commune", N_("Hãy tìm và chọn xã, phường hoặc đặc khu trong danh sách hiện ra."))
    address = check.read(
        "address",
        lambda text: clean_line(text, most=300),
        missing="" if who.location is Location.LOCAL else N_("Hãy nhập địa chỉ liên hệ."),
    )
    phone = check.read("phone", parse_phone)
    channels = _check_channels(check, group)
    started_on = check.read("started_on", parse_day)
    if started_on is not None and started_on > today:
        check.refuse("started_on", N_("Ngày bắt đầu không thể ở sau hôm nay."))
    check.finish()
    local = who.location is Location.LOCAL and commune is not None
    return Place(
        commune_code=commune.code if local and commune else None,
        commune_name=commune.name if local and commune else "",
        address=address or "",
        phone=phone,
        channels=channels,
        started_on=started_on,
    )


def _check_channels(check: _Check, group: Group) -> tuple[ChannelAddress, ...]:
    typed = check.raw.get("channels", [])
    found: dict[str, ChannelAddress] = {}
    runs_platform = bool({"ecommerce_platform", "social_network"} & set(group.subject_types))
    for number, text in enumerate(typed if isinstance(typed, list) else []):
        if not str(text).strip():
            continue
        if number >= MOST_CHANNELS:
            check.refuse(f"channels-{number}", N_("Mỗi lần ký ghi được tối đa %(most)s kênh."), most=MOST_CHANNELS)
            break
        try:
            channel = canonical_channel(str(text), platform_itself=runs_platform)
        except DomainError as error:
            check.errors[f"channels-{number}"] = error
            continue
        if _has_another_alphabet(channel) and "xn--" not in str(text).casefold():
            check.refuse(
                f"channels-{number}",
                N_(
                    "Tên miền này có chữ không phải chữ Latinh nên dễ nhầm với tên miền khác. "
                    "Hãy gõ lại bằng bàn phím; nếu đây đúng là tên miền của bạn, hãy gõ dạng %(address)s."
                ),
                address=channel.address,
            )
            continue
        found.setdefault(channel.address, channel)
    wrong = any(name.startswith("channels-") for name in check.errors)
    if channel_required(group) and not found and not wrong:
        check.refuse("channels-0", N_("Hãy nhập ít nhất một trang web, ứng dụng, gian hàng hoặc tài khoản của bạn."))
    if (
        "ecommerce_website" in group.subject_types
        and not wrong
        and not any(channel.kind in {"website", "app"} for channel in found.values())
    ):
        check.refuse("channels-0", N_("Nhóm này cần ít nhất một trang web hoặc ứng dụng, ví dụ: tenshop.vn."))
    return tuple(found.values())


def _has_another_alphabet(channel: ChannelAddress) -> bool:
    """Whether a domain has letters of another alphabet, as in `shopeе.vn` with a Cyrillic last letter.

    Vietnamese letters are Latin. Who owns such a name types it as `xn--…`, which nobody does by mistake.
    """
    if channel.kind != "website" or not channel.lookalike:
        return False
    letters = (letter for letter in channel.display.partition(" (")[0] if letter.isalpha())
    return not all(unicodedata.name(letter, "").startswith("LATIN ") for letter in letters)


_MONTH = re.compile(r"(\d{1,2})[/.\-](\d{4})")


def parse_day(typed: str) -> date:
    """A day typed dd/mm/yyyy, or mm/yyyy for its first day; `-` and `.` will do."""
    text = clean_line(typed, most=20).replace(" ", "")
    month = _MONTH.fullmatch(text)
    day = typed_day(f"1/{month[1]}/{month[2]}" if month else text)
    if day is not None:
        return day
    raise DomainError(N_("Hãy viết ngày theo dạng ngày/tháng/năm, ví dụ 05/03/2026, hoặc tháng/năm, ví dụ 03/2026."))


def check_signer(raw: Raw, group: Group, who: Who, *, by_hand: bool = False) -> Signer:
    check = _Check(raw)
    person = who.kind is EntityKind.PERSON
    name: str | None = who.name
    title: str | None = ""
    under_age = False
    if person:
        under_age = check.choice("of_age", ("yes", "no"), N_("Hãy cho biết bạn đã đủ 18 tuổi chưa.")) == "no"
    else:
        name = check.read(
            "name", lambda text: clean_line(text, most=120), missing=N_("Hãy nhập họ và tên người ký cam kết.")
        )
        title = check.read(
            "title", lambda text: clean_line(text, most=120), missing=N_("Hãy nhập chức vụ, ví dụ: Giám đốc, Chủ hộ.")
        )
        if check.text("authority") != "yes":
            check.refuse("authority", N_("Chỉ người có quyền đại diện cho đơn vị mới ký được. Hãy xác nhận quyền này."))
    representative = ("", "", "")
    if under_age:
        representative = _check_representative(check, group, by_hand=by_hand)
    check.finish()
    return Signer(name or "", title or "", under_age, *representative)


def _check_representative(check: _Check, group: Group, *, by_hand: bool) -> tuple[str, str, str]:
    name = check.read(
        "representative_name",
        lambda text: clean_line(text, most=120),
        missing=N_("Hãy nhập họ và tên người đại diện theo pháp luật (cha, mẹ hoặc người giám hộ)."),
    )
    relation = check.read(
        "representative_relation",
        lambda text: clean_line(text, most=60),
        missing=N_("Hãy nhập quan hệ với bạn, ví dụ: mẹ, cha, người giám hộ."),
    )
    missing = "" if by_hand else N_("Hãy nhập thư điện tử riêng của người đại diện.")
    email = check.read("representative_email", parse_email, missing=missing)
    if email and email.casefold() == group.email.casefold():
        check.refuse(
            "representative_email", N_("Người đại diện cần địa chỉ thư điện tử riêng, khác với địa chỉ của bạn.")
        )
    return name or "", relation or "", email or ""
