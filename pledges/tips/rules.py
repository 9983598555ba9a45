"""What a report must say, what it is about, and how many of them one network may send."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from pledges.core.channels import LONGEST_KEPT, LONGEST_TYPED
from pledges.core.errors import N_, DomainError
from pledges.core.identity import ChannelAddress, canonical_channel
from pledges.core.secrecy import PLAIN_LETTERS
from pledges.core.text import clean_block, clean_line, fold

MOST_PICTURES = 3
LONGEST_NOTE = 1500
LONGEST_LINK = 1000
LONGEST_PLACE = 200
LONGEST_REASON = 1000
OLDEST_SIGHTING = timedelta(days=5 * 366)

UNKNOWN_SUBJECT = ""
"""What it is the reporter cannot say: the trade department finds out."""

CODE_LENGTH = 12

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

SENT_AN_HOUR_FROM_ONE_NETWORK = 30
"""A whole office or a mobile carrier's gateway shares one address."""
DOUBTFUL_AN_HOUR_FROM_ONE_NETWORK = 5
ABOUT_ONE_ADDRESS_A_DAY_FROM_ONE_NETWORK = 5
ABOUT_ONE_ADDRESS_A_DAY = 60
UPLOADS_AN_HOUR_FROM_ONE_NETWORK = 30
LOOK_UPS_AN_HOUR_FROM_ONE_NETWORK = 20
SENT_A_DAY_BY_ONE_PERSON = 300

NETWORK_KEPT = timedelta(days=30)
"""How long it is known, encrypted, from which network a report came; the page of citizens promises it."""


@dataclass(frozen=True)
class Subject:
    """What people can report, in words that need no knowledge of the plan."""

    code: str
    label: str
    hint: str
    subject_type: str


SUBJECTS = (
    Subject(
        "website",
        N_("Trang web hoặc ứng dụng bán hàng"),
        N_("Có địa chỉ riêng, ví dụ example.vn."),
        "ecommerce_website",
    ),
    Subject(
        "account",
        N_("Tài khoản hoặc gian hàng trên mạng"),
        N_("Trang Facebook, TikTok, Zalo, gian hàng Shopee, người bán qua phát trực tiếp…"),
        "digital_seller",
    ),
    Subject("shop", N_("Cửa hàng, hộ kinh doanh"), N_("Cửa hàng, sạp chợ, cơ sở nhỏ."), "household_business"),
    Subject("company", N_("Công ty, hợp tác xã"), "", "enterprise"),
    Subject(
        "influencer",
        N_("Người giới thiệu, quảng cáo sản phẩm trên mạng"),
        N_("Người có nhiều người theo dõi, người nổi tiếng."),
        "influencer",
    ),
    Subject("doctor", N_("Bác sĩ, dược sĩ, người làm nghề y quảng cáo sản phẩm"), "", "doctor"),
    Subject("press", N_("Báo, đài, trang tin"), "", "press"),
    Subject("advertising", N_("Công ty quảng cáo"), "", "ad_firm"),
    Subject("unknown", N_("Không rõ"), N_("Cơ quan phụ trách thương mại sẽ xem giúp bạn."), UNKNOWN_SUBJECT),
)


@dataclass(frozen=True)
class Report:
    """One report, cleaned. `channel` is None where no address was given or nobody can read it."""

    province_code: str
    subject_type: str
    typed: str
    channel: ChannelAddress | None
    name: str
    commune_code: str | None
    place: str
    seen_on: date
    link: str
    note: str
    pictures: tuple[str, ...]

    @property
    def about(self) -> str:
        """What several reports have in common that are about the same thing."""
        if self.channel is not None:
            return self.channel.address
        return fold(self.typed) or fold(f"{self.name} {self.commune_code or self.place}")


def check_report(
    *,
    province_code: str,
    subject: str,
    address: str,
    name: str,
    commune_code: str | None,
    place: str,
    seen_on: date,
    link: str,
    note: str,
    pictures: tuple[str, ...],
    today: date,
) -> Report:
    """The report as it is kept, or a refusal that names the field.

    An address that cannot be read is kept as typed: whoever helps is not sent away to learn about addresses.
    """
    known = {each.code: each.subject_type for each in SUBJECTS}
    if subject not in known:
        raise DomainError(N_("Hãy chọn bạn muốn báo về điều gì."), field="what")
    typed = clean_line(address, most=LONGEST_TYPED, field="address")
    called = clean_line(name, field="name")
    if not typed and not called:
        raise DomainError(
            N_("Hãy dán địa chỉ trang, tài khoản; nếu không có địa chỉ, hãy ghi tên và nơi bạn thấy."), field="address"
        )
    where = clean_line(place, most=LONGEST_PLACE, field="place")
    if not typed and not (commune_code or where):
        raise DomainError(
            N_("Khi không có địa chỉ trên mạng, hãy ghi nơi bạn thấy để cơ quan tìm được."), field="place"
        )
    return Report(
        province_code=province_code,
        subject_type=known[subject],
        typed=typed[:LONGEST_KEPT],
        channel=read_address(typed),
        name=called,
        commune_code=commune_code or None,
        place=where,
        seen_on=check_day(seen_on, today),
        link=check_link(link),
        note=clean_block(note, most=LONGEST_NOTE, field="note"),
        pictures=pictures[:MOST_PICTURES],
    )


def read_address(typed: str) -> ChannelAddress | None:
    if not typed:
        return None
    try:
        return canonical_channel(typed)
    except DomainError:
        return None


def check_day(seen_on: date, today: date) -> date:
    if seen_on > today:
        raise DomainError(N_("Ngày nhìn thấy không thể ở tương lai. Hãy sửa lại ngày."), field="seen_on")
    if seen_on < today - OLDEST_SIGHTING:
        raise DomainError(N_("Ngày nhìn thấy đã quá lâu. Hãy ghi ngày gần đây nhất bạn thấy."), field="seen_on")
    return seen_on


def check_link(typed: str) -> str:
    """An address of the web; no other scheme ever stands behind a link on our pages."""
    link = clean_line(typed, most=LONGEST_LINK, field="link")
    if not link:
        return ""
    if "://" not in link:
        link = f"https://{link}"
    try:
        parts = urlsplit(link)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.lower() not in {"http", "https"} or "." not in (parts.hostname or "") or " " in link:
        raise DomainError(
            N_("Đường dẫn chưa đúng. Hãy chép nguyên đường dẫn của bài đăng, bắt đầu bằng https://."), field="link"
        )
    return link


def code_letters(hexadecimal: str) -> str:
    """A private code out of a keyed hash: letters that nobody confuses."""
    number, letters = int(hexadecimal, 16), []
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, len(PLAIN_LETTERS))
        letters.append(PLAIN_LETTERS[place])
    return "".join(letters)


def printed_code(code: str) -> str:
    """In groups of four, as it is shown and written down."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def plain_code(typed: str) -> str:
    """A typed code without its groups; empty where it cannot be one."""
    code = re.sub(r"[\s.\-–_]", "", typed[:100]).upper()
    return code if len(code) == CODE_LENGTH and set(code) <= set(PLAIN_LETTERS) else ""
