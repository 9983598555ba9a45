"""How each platform's addresses name a shop or an account: one reader per platform."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pledges.core.errors import N_, DomainError


@dataclass(frozen=True)
class Pasted:
    """An address on a platform: A-label host, decoded path, and the first value of each query parameter."""

    host: str
    segments: tuple[str, ...]
    query: Mapping[str, str]

    def part(self, number: int) -> str:
        return self.segments[number] if number < len(self.segments) else ""


Found = tuple[str, str]
"""Kind and canonical address."""

Reader = Callable[[Pasted], Found]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _home(title: str, example: str) -> DomainError:
    return DomainError(
        N_(
            "Đây là trang chung của %(platform)s. Hãy dán đường dẫn tới đúng gian hàng hoặc tài khoản của bạn, "
            "ví dụ %(example)s."
        ),
        platform=title,
        example=example,
    )


def _not_the_shop(title: str, example: str) -> DomainError:
    return DomainError(
        N_(
            "Đường dẫn %(platform)s này không phải trang chính của gian hàng hay tài khoản (có thể là bài đăng, video, "
            "sản phẩm hoặc tìm kiếm). Hãy mở trang chính rồi chép địa chỉ, ví dụ %(example)s."
        ),
        platform=title,
        example=example,
    )


def _lower(name: str) -> str:
    return unicodedata.normalize("NFC", name.lower())


def read_shortener(_: Pasted) -> Found:
    raise DomainError(
        N_("Đây là đường dẫn rút gọn. Hãy mở nó, đợi trang hiện ra rồi chép địa chỉ đầy đủ trên thanh địa chỉ.")
    )


# Facebook

_FACEBOOK = ("Facebook", "facebook.com/tenpage")
_FACEBOOK_OTHER = words(
    "ads business dialog events flx friends gaming hashtag help home.php login login.php messages notifications"
    " permalink.php photo photo.php photos places policies reel reels search settings share share.php sharer"
    " sharer.php story.php stories video.php videos watch marketplace groups people pages pg p profile.php l.php"
    " plugins bookmarks"
)


def read_facebook(pasted: Pasted) -> Found:
    if not pasted.segments:
        raise _home(*_FACEBOOK)
    first, second = _lower(pasted.part(0)), pasted.part(1)
    if first == "groups" and second and _lower(pasted.part(2)) != "user":
        return "social", f"facebook.com/groups/{_facebook_name(second)}"
    number = _facebook_number(first, pasted)
    if number:
        return "social", f"facebook.com/{number}"
    name = second if first == "pg" else first
    if not name or _lower(name) in _FACEBOOK_OTHER:
        raise _not_the_shop(*_FACEBOOK)
    return "social", f"facebook.com/{_facebook_name(name)}"


def _facebook_number(first: str, pasted: Pasted) -> str:
    """The number of a profile or page, wherever the address carries it."""
    if first in {"profile.php", "story.php", "permalink.php"}:
        number = pasted.query.get("id", "")
    elif (first == "groups" and len(pasted.segments) > 3) or (
        first == "pages" and _lower(pasted.part(1)) == "category"
    ):
        number = pasted.part(3)
    elif first in {"people", "pages"} or (first == "marketplace" and _lower(pasted.part(1)) == "profile"):
        number = pasted.part(2)
    elif first in {"p", "stories"}:
        number = pasted.part(1)
    else:
        number = first if re.search(r"-\d{8,}$", first) else ""
    # "Ten-Trang-100063512345678": the number counts, the words before it change with the page's title.
    match = re.fullmatch(r"(?:.*-)?0*([0-9]{5,20})", number)
    return match[1] if match else ""


def _facebook_name(name: str) -> str:
    """Facebook itself ignores case and dots in names."""
    plain = _lower(name).replace(".", "")
    if not re.fullmatch(r"[a-z0-9_-]{1,80}", plain):
        raise _not_the_shop(*_FACEBOOK)
    return plain


def read_messenger(pasted: Pasted) -> Found:
    """m.me/tenpage is the page that answers there."""
    if not pasted.segments:
        raise _home(*_FACEBOOK)
    return "social", f"facebook.com/{_facebook_name(pasted.part(0))}"


# Video, pictures and short texts


def read_tiktok(pasted: Pasted) -> Found:
    title, example = "TikTok", "tiktok.com/@ten"
    if not pasted.segments:
        raise _home(title, example)
    first = _lower(pasted.part(0))
    if first.startswith("@"):
        if not re.fullmatch(r"@[a-z0-9_.]{1,30}", first):
            raise _not_the_shop(title, example)
        return "social", f"tiktok.com/{first}"
    # Shops carry a number at the end: /shop/store/<name>/<number>, also with a country or as /view/shop/<number>.
    number = pasted.segments[-1]
    in_shop = {_lower(part) for part in pasted.segments[:-1]} & {"store"} or _lower(pasted.part(1)) == "shop"
    if in_shop and re.fullmatch(r"[0-9]{6,25}", number):
        return "platform_shop", f"tiktok.com/shop/store/{number}"
    raise _not_the_shop("TikTok Shop" if "shop" in (pasted.host.split(".")[0], first) else title, example)


def read_youtube(pasted: Pasted) -> Found:
    title, example = "YouTube", "youtube.com/@ten"
    if not pasted.segments:
        raise _home(title, example)
    first, second = pasted.part(0), pasted.part(1)
    if first.startswith("@"):
        handle = _lower(first)
        if re.fullmatch(r"@[\w.·-]{1,60}", handle):
            return "social", f"youtube.com/{handle}"
    elif first == "channel" and re.fullmatch(r"UC[A-Za-z0-9_-]{10,30}", second):
        return "social", f"youtube.com/channel/{second}"
    elif first in {"c", "user"} and re.fullmatch(r"[\w.-]{1,60}", _lower(second)):
        return "social", f"youtube.com/{first}/{_lower(second)}"
    raise _not_the_shop(title, example)


def _account(title: str, base: str, pattern: str, other: str, *, at: bool = False) -> Reader:
    """Platforms whose accounts are one name behind the host; `at` where it is written with @."""
    example = f"{base}/{'@' if at else ''}ten"
    reserved = words(other)

    def read(pasted: Pasted) -> Found:
        if not pasted.segments:
            raise _home(title, example)
        first = _lower(pasted.part(0))
        if first in {"stories", "s"} and pasted.part(1):
            first = _lower(pasted.part(1))
        if at and not first.startswith("@"):
            raise _not_the_shop(title, example)
        name = first.removeprefix("@")
        if name in reserved or not re.fullmatch(pattern, name):
            raise _not_the_shop(title, example)
        return "social", f"{base}/{'@' if at else ''}{name}"

    return read


read_instagram = _account(
    "Instagram", "instagram.com", r"[a-z0-9_.]{1,30}", "p reel reels tv explore accounts share direct about"
)
read_threads = _account("Threads", "threads.com", r"[a-z0-9_.]{1,30}", "", at=True)
_X_ACCOUNT = _account(
    "X",
    "x.com",
    r"[a-z0-9_]{1,15}",
    "i home search hashtag intent share explore settings login notifications messages s",
)


def read_x(pasted: Pasted) -> Found:
    if pasted.segments[:2] == ("i", "user") and re.fullmatch(r"[0-9]{1,20}", pasted.part(2)):
        return "social", f"x.com/i/user/{pasted.part(2)}"
    return _X_ACCOUNT(pasted)


def read_zalo(pasted: Pasted) -> Found:
    title, example = "Zalo", "zalo.me/0912345678"
    if not pasted.segments:
        raise _home(title, example)
    first, second = pasted.part(0), pasted.part(1)
    if first in {"g", "s", "p"} and re.fullmatch(r"[A-Za-z0-9_-]{1,40}", second):
        return "social", f"zalo.me/{first}/{second}"
    if first == "pc" or not re.fullmatch(r"[a-z0-9_.+-]{2,40}", _lower(first)):
        raise _not_the_shop(title, example)
    # Phone numbers are written with 84 or 0; the numbers of official accounts are longer than any phone.
    phone = re.fullmatch(r"\+?(?:84|0)([1-9][0-9]{8,9})", first)
    return "social", "zalo.me/" + ("0" + phone[1] if phone else _lower(first))


# Shops on platforms

_SHOPEE_OTHER = words(
    "search cart user buyer mall m flash_sale universal-link daily_discover docs events web seller shop product"
    " checkout verify login all-categories find_similar_products top_products collections brands list"
)


def read_shopee(pasted: Pasted) -> Found:
    base = ".".join(pasted.host.split(".")[-3 if pasted.host.endswith((".com.my", ".co.th", ".co.id")) else -2 :])
    title, example = "Shopee", "shopee.vn/tenshop"
    if not pasted.segments:
        raise _home(title, example)
    first, second = _lower(pasted.part(0)), pasted.part(1)
    number = second if first in {"shop", "product"} else ""
    # A product's address ends in -i.<shop>.<product>: it still says whose shop it is.
    if match := re.search(r"-i\.([0-9]+)\.[0-9]+$", first):
        number = match[1]
    if re.fullmatch(r"[0-9]{1,15}", number):
        return "platform_shop", f"{base}/shop/{number}"
    if first in _SHOPEE_OTHER or "-cat." in first or not re.fullmatch(r"[a-z0-9_.-]{2,50}", first):
        raise _not_the_shop(title, example)
    return "platform_shop", f"{base}/{first}"


def _shop_page(title: str, base: str, spelt: Mapping[str, str], *, bare: bool = False, other: str = "") -> Reader:
    """Shops behind a word of the path (`spelt`: as typed → canonical), or, if `bare`, right behind the host."""
    word = next(iter(spelt.values()))
    example = f"{base}/{word}/tenshop"
    reserved = words(other)

    def read(pasted: Pasted) -> Found:
        if not pasted.segments:
            raise _home(title, example)
        first, second = _lower(pasted.part(0)), _lower(pasted.part(1))
        if first in spelt and re.fullmatch(r"[\w.-]{1,100}", second):
            return "platform_shop", f"{base}/{spelt[first]}/{second}"
        alone = bare and len(pasted.segments) == 1 and first not in spelt and first not in reserved
        if alone and re.fullmatch(r"[\w.-]{2,100}", first) and not first.endswith((".html", ".htm")):
            return "platform_shop", f"{base}/{first}"
        raise _not_the_shop(title, example)

    return read


read_lazada = _shop_page(
    "Lazada", "lazada.vn", {"shop": "shop"}, bare=True, other="products catalog tag wow cart search customer helpcenter"
)
read_tiki = _shop_page("Tiki", "tiki.vn", {"cua-hang": "cua-hang", "thuong-hieu": "thuong-hieu"})
read_sendo = _shop_page("Sendo", "sendo.vn", {"shop": "shop"}, bare=True, other="search tim-kiem cart checkout")


# Apps


def read_google_play(pasted: Pasted) -> Found:
    name = pasted.query.get("id", "")
    if pasted.segments[:3] != ("store", "apps", "details") or not re.fullmatch(
        r"[A-Za-z]\w*(?:\.\w+)+", name, re.ASCII
    ):
        raise _not_the_shop("Google Play", "play.google.com/store/apps/details?id=vn.vidu.app")
    return "app", f"play.google.com/store/apps/details?id={name}"


def read_app_store(pasted: Pasted) -> Found:
    for part in reversed(pasted.segments):
        if match := re.fullmatch(r"id([0-9]{5,15})", _lower(part)):
            if "developer" in pasted.segments:
                break
            return "app", f"apps.apple.com/app/id{match[1]}"
    raise _not_the_shop("App Store", "apps.apple.com/vn/app/ten/id1234567890")


# Hosts without a rule of their own


def whole_path(title: str, kind: str, base: str, *, most: int = 8) -> Reader:
    """Keep host and path as they are, case included: some of these platforms give every shop a subdomain."""

    def read(pasted: Pasted) -> Found:
        host = re.sub(r"^(?:www|m)\.", "", pasted.host)
        if host == base and not pasted.segments:
            raise _home(title, f"{base}/…")
        return kind, "/".join((host, *pasted.segments[:most]))

    return read


def not_a_channel(title: str) -> Reader:
    def read(_: Pasted) -> Found:
        raise DomainError(
            N_(
                "Địa chỉ %(platform)s này không phải kênh bán hàng. "
                "Hãy dán địa chỉ trang web, gian hàng hoặc tài khoản."
            ),
            platform=title,
        )

    return read
