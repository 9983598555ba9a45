"""The subject types, and when something is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pledges.core.calendar import Quarter, add_working_days
from pledges.core.errors import N_
from pledges.plans.models import ObligationEntry

WAITING_DAYS = 20
"""Working days that everybody has after being asked."""

Who = Literal["person", "organisation", "either"]
Field = Literal["trade", "culture", "health"]

INITIAL, NEWCOMER, UNKNOWN = "initial", "newcomer", "unknown"
"""The three cohorts of `model.md` 8, as they are stored with an obligation."""


@dataclass(frozen=True)
class SubjectTypeInfo:
    """What the first page says about a group, and what follows from belonging to it."""

    code: str
    label: str
    hint: str
    """One line in plain words: how somebody recognises themselves."""
    group: str
    """The heading under which it stands."""
    person_or_organisation: Who
    text_id: str
    """The wording of its voluntary pledge."""
    field_agency_kind: Field
    """Which agency reviews its voluntary pledge."""
    needs_personal_number: bool = False
    """A 12-digit number may stand for the tax code (household businesses use their owner's)."""
    channel_required: bool = False


_SELLING = N_("Bán hàng trên mạng")
_PLATFORMS = N_("Sàn thương mại điện tử, mạng xã hội")
_SHOPS = N_("Doanh nghiệp, cửa hàng")
_HEALTH = N_("Y tế, khoa học")
_CULTURE = N_("Người có ảnh hưởng, văn hóa, thể thao, du lịch")
_MEDIA = N_("Báo chí, truyền hình, quảng cáo")

_ALL = (
    SubjectTypeInfo(
        "ecommerce_website",
        N_("Website, ứng dụng bán hàng"),
        N_("Bạn có trang web hoặc ứng dụng riêng để bán hàng, cung cấp dịch vụ."),
        _SELLING,
        "either",
        "website_seller",
        "trade",
        channel_required=True,
    ),
    SubjectTypeInfo(
        "digital_seller",
        N_("Người bán hàng trên sàn, mạng xã hội"),
        N_("Bạn bán hàng qua gian hàng trên sàn, trang Facebook, TikTok, Zalo hoặc phát trực tiếp."),
        _SELLING,
        "either",
        "website_seller",
        "trade",
        channel_required=True,
    ),
    SubjectTypeInfo(
        "ecommerce_platform",
        N_("Sàn thương mại điện tử"),
        N_("Đơn vị vận hành sàn hoặc nền tảng để nhiều người khác cùng bán hàng."),
        _PLATFORMS,
        "organisation",
        "platform",
        "trade",
        channel_required=True,
    ),
    SubjectTypeInfo(
        "social_network",
        N_("Mạng xã hội"),
        N_("Đơn vị cung cấp dịch vụ mạng xã hội, trong nước hoặc nước ngoài."),
        _PLATFORMS,
        "organisation",
        "platform",
        "trade",
        channel_required=True,
    ),
    SubjectTypeInfo(
        "enterprise",
        N_("Doanh nghiệp"),
        N_("Công ty, hợp tác xã sản xuất hoặc kinh doanh hàng hóa."),
        _SHOPS,
        "organisation",
        "business",
        "trade",
    ),
    SubjectTypeInfo(
        "household_business",
        N_("Hộ kinh doanh"),
        N_("Cửa hàng, sạp chợ, cơ sở nhỏ đăng ký theo hộ kinh doanh."),
        _SHOPS,
        "organisation",
        "business",
        "trade",
        needs_personal_number=True,
    ),
    SubjectTypeInfo(
        "doctor",
        N_("Y, bác sĩ"),
        N_("Bác sĩ, y sĩ, dược sĩ, điều dưỡng và người hành nghề khám bệnh, chữa bệnh."),
        _HEALTH,
        "person",
        "health",
        "health",
    ),
    SubjectTypeInfo(
        "scientist",
        N_("Nhà khoa học"),
        N_("Người nghiên cứu, giảng dạy có lời giới thiệu sản phẩm liên quan đến sức khỏe."),
        _HEALTH,
        "person",
        "health",
        "health",
    ),
    SubjectTypeInfo(
        "health_manager",
        N_("Nhà quản lý ngành y tế"),
        N_("Lãnh đạo bệnh viện, trung tâm y tế, phòng khám, cơ quan y tế."),
        _HEALTH,
        "person",
        "health",
        "health",
    ),
    SubjectTypeInfo(
        "influencer",
        N_("Người nổi tiếng, người có ảnh hưởng"),
        N_("Người có nhiều người theo dõi và giới thiệu, nhận xét sản phẩm trên mạng (KOL, KOC, TikToker…)."),
        _CULTURE,
        "person",
        "celebrity",
        "culture",
        channel_required=True,
    ),
    SubjectTypeInfo(
        "artist",
        N_("Văn nghệ sĩ"),
        N_("Ca sĩ, diễn viên, nhạc sĩ, người mẫu, người dẫn chương trình…"),
        _CULTURE,
        "person",
        "celebrity",
        "culture",
    ),
    SubjectTypeInfo(
        "athlete",
        N_("Vận động viên"),
        N_("Vận động viên, huấn luyện viên tham gia quảng cáo, giới thiệu sản phẩm."),
        _CULTURE,
        "person",
        "celebrity",
        "culture",
    ),
    SubjectTypeInfo(
        "culture_manager",
        N_("Nhà quản lý văn hóa, thể thao, du lịch"),
        N_("Người phụ trách đoàn nghệ thuật, đội thể thao, khu du lịch, cơ quan văn hóa."),
        _CULTURE,
        "person",
        "celebrity",
        "culture",
    ),
    SubjectTypeInfo(
        "culture_worker",
        N_("Người hoạt động văn hóa, nghệ thuật, thể thao, du lịch"),
        N_("Hướng dẫn viên du lịch, người làm nghề trong các lĩnh vực này mà không thuộc nhóm trên."),
        _CULTURE,
        "person",
        "celebrity",
        "culture",
    ),
    SubjectTypeInfo(
        "press",
        N_("Cơ quan báo chí"),
        N_("Báo in, báo điện tử, tạp chí có giấy phép hoạt động báo chí."),
        _MEDIA,
        "organisation",
        "press_ads",
        "culture",
    ),
    SubjectTypeInfo(
        "broadcaster",
        N_("Đài phát thanh, truyền hình"),
        N_("Đài, kênh phát thanh, truyền hình."),
        _MEDIA,
        "organisation",
        "press_ads",
        "culture",
    ),
    SubjectTypeInfo(
        "aggregated_news_site",
        N_("Trang thông tin điện tử tổng hợp"),
        N_("Trang đăng lại tin của báo chí, có giấy phép thiết lập trang tổng hợp."),
        _MEDIA,
        "organisation",
        "press_ads",
        "culture",
        channel_required=True,
    ),
    SubjectTypeInfo(
        "ad_firm",
        N_("Doanh nghiệp dịch vụ quảng cáo"),
        N_("Công ty làm, đặt hoặc phát hành quảng cáo; công ty quản lý người có ảnh hưởng."),
        _MEDIA,
        "organisation",
        "press_ads",
        "culture",
    ),
)

SUBJECT_TYPES: dict[str, SubjectTypeInfo] = {info.code: info for info in _ALL}
"""The 18 subject types in the order of the first page."""


def cohort_of(entry: ObligationEntry, appeared_on: date | None) -> str:
    """Which cohort a subject belongs to; nobody is a newcomer merely because we noticed them late (`model.md` 8)."""
    if appeared_on is None:
        return UNKNOWN
    if entry.cutoff is None or appeared_on <= entry.cutoff:
        return INITIAL
    return NEWCOMER


def due_day(
    entry: ObligationEntry,
    *,
    cohort: str,
    first_seen_on: date,
    asked_on: date | None,
    days_off: frozenset[date] = frozenset(),
) -> date | None:
    """The last day in time, or None while no day can be named yet (`model.md` 5).

    The initial cohort has the printed day, or 20 working days after the first ask where the duty is continuous.
    Newcomers have until the end of the quarter in which they were first seen, and never less than the 20 days after
    the ask. Where it is not known when somebody appeared, only the ask counts, and never an earlier day than the
    initial cohort's. An ask before `ask_from` counts from that day.
    """
    if entry.cutoff is None:
        return None
    waited = None
    if asked_on is not None:
        waited = add_working_days(max(asked_on, entry.ask_from or asked_on), WAITING_DAYS, days_off)
    if cohort == NEWCOMER and entry.newcomers == "quarter_end":
        due: date | None = _latest(Quarter.of(first_seen_on).last_day, waited)
    elif cohort == INITIAL and entry.first_due is not None:
        due = entry.first_due
    else:
        due = _latest(waited, entry.first_due) if waited else None
    return due and _latest(due, entry.ask_from)


def turning_day(
    entry: ObligationEntry,
    *,
    cohort: str,
    first_seen_on: date,
    asked_on: date | None,
    waits_until: date | None,
    days_off: frozenset[date] = frozenset(),
) -> date:
    """The day at whose end a subject without a pledge counts as silent (asked) or as not reached (never asked).

    Who was asked has the waiting time, and never less than the entry's day (`model.md` 5, 13). Who was not asked has
    the entry's day too; where only an ask could name one, the agency has the quarter in which the subject was first
    seen to ask. `waits_until` without `asked_on`: the agency has until then to ask again, because what was signed for
    an earlier quarter has run out.
    """
    due = due_day(entry, cohort=cohort, first_seen_on=first_seen_on, asked_on=asked_on, days_off=days_off)
    if asked_on is not None:
        return _latest(waits_until or asked_on, due)
    unasked = due or _latest(Quarter.of(first_seen_on).last_day, entry.first_due, entry.ask_from)
    return _latest(unasked, waits_until)


def _latest(day: date, *others: date | None) -> date:
    return max(day, *(other for other in others if other is not None), day)


def may_be_asked(entry: ObligationEntry, today: date) -> bool:
    """Before `ask_from` nobody is asked, nor late."""
    return entry.enabled and (entry.ask_from is None or today >= entry.ask_from)


@dataclass(frozen=True)
class DueText:
    """When a duty is due, as sentences for the first page: each has places for `params`."""

    sentences: tuple[str, ...]
    params: dict[str, str]

    def __str__(self) -> str:
        return " ".join(self.sentences) % self.params


def due_text(entry: ObligationEntry, today: date) -> DueText:
    """Plain words for a shop owner who does not know what a cohort is."""
    if entry.cutoff is None:
        return DueText((N_("Kế hoạch không đặt thời hạn cho nhóm này; ký lúc nào cũng được."),), {})
    sentences: list[str] = []
    if not may_be_asked(entry, today) and entry.ask_from is not None:
        sentences.append(N_("Cơ quan bắt đầu vận động nhóm này từ %(ask_from)s; ký sớm hơn vẫn được."))
    if entry.first_due is None:
        sentences.append(N_("Thực hiện thường xuyên: trong %(days)s ngày làm việc kể từ khi cơ quan mời ký."))
    elif today <= entry.first_due:
        sentences.append(N_("Hạn của nhóm đã hoạt động trước ngày %(next_day)s: %(first_due)s."))
    else:
        sentences.append(
            N_(
                "Hạn của nhóm đã hoạt động trước ngày %(next_day)s: %(first_due)s "
                "(đã qua; ký ngay bây giờ vẫn được ghi nhận)."
            )
        )
    if entry.newcomers == "quarter_end":
        sentences.append(
            N_(
                "Nếu bắt đầu hoạt động từ ngày %(next_day)s trở đi: hạn là hết quý được phát hiện, "
                "và có ít nhất %(days)s ngày làm việc sau khi được mời."
            )
        )
    params = {
        "days": str(WAITING_DAYS),
        "next_day": _vietnamese(entry.cutoff + timedelta(days=1)),
        "first_due": _vietnamese(entry.first_due),
        "ask_from": _vietnamese(entry.ask_from),
    }
    return DueText(tuple(sentences), params)


def _vietnamese(day: date | None) -> str:
    return "" if day is None else f"{day:%d/%m/%Y}"
