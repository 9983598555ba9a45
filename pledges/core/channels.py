"""What people type or paste as the address of a site, app, shop or account, as one canonical address and a kind."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, unquote

import idna
import tldextract

from pledges.core.errors import N_, DomainError
from pledges.core.platform_rules import Pasted
from pledges.core.platforms import HOSTED, find_platform
from pledges.core.text import clean_line

LONGEST_TYPED = 2000
LONGEST_ADDRESS = 250
LONGEST_KEPT = 500

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):(?=/)|([a-zA-Z][a-zA-Z0-9+-]*):(?!\d{1,5}(?:[/?#]|$))")
# Hosts of these labels are their own A-labels: idna would say the same, slowly.
_PLAIN_HOST = re.compile(r"(?=.{1,253}$)(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.|$))+(?<!\.)")
_ENDS_IN_LETTERS = re.compile(r"\.[a-zA-Z]{2,}\Z")
_PHONE = re.compile(r"(?:zalo|sđt|sdt|đt|dt|tel)?[\s.:]*\+?[\d\s.()-]{8,20}")
_ONE_ADDRESS = N_("Hãy dán địa chỉ của kênh, ví dụ example.vn hoặc facebook.com/tenpage.")


class ChannelKind(StrEnum):
    WEBSITE = "website"
    APP = "app"
    PLATFORM_SHOP = "platform_shop"
    SOCIAL = "social"


@dataclass(frozen=True)
class ChannelAddress:
    """`address` identifies the channel; `display` is what people read; a `lookalike` name shows both its forms."""

    kind: ChannelKind
    address: str
    display: str
    lookalike: bool
    as_typed: str = dataclasses.field(default="", compare=False)


def canonical_channel(raw: str, *, platform_itself: bool = False, field: str | None = "channels") -> ChannelAddress:
    """The canonical address of what was typed; raises `DomainError` with what to do instead.

    The home page of a platform names no shop and is refused, except where the platform itself signs.
    """
    typed = _without_wrapping(clean_line(raw, most=LONGEST_TYPED, field=field))
    if not typed:
        raise DomainError(_ONE_ADDRESS, field=field)
    try:
        found = _identify(typed, platform_itself=platform_itself)
    except DomainError as refusal:
        raise DomainError(refusal.message, field=field, **refusal.params) from None
    if len(found.address) > LONGEST_ADDRESS:
        raise DomainError(
            N_("Địa chỉ này quá dài. Hãy chép địa chỉ của trang chính của kênh, không phải của một bài đăng."),
            field=field,
        )
    return dataclasses.replace(found, as_typed=typed[:LONGEST_KEPT])


def _without_wrapping(typed: str) -> str:
    return typed.strip(" \"'“”‘’()[]{},;").rstrip(".") if not typed.startswith("[") else typed


def _identify(typed: str, *, platform_itself: bool) -> ChannelAddress:
    if _PHONE.fullmatch(typed.lower()) and not _is_strictly_ip(typed):
        raise DomainError(
            N_(
                "Đây là số điện thoại, không phải địa chỉ kênh. "
                "Nếu bạn bán hàng qua Zalo, hãy ghi zalo.me/ rồi đến số đó."
            )
        )
    rest = _without_scheme(typed.replace("\\", "/"))
    authority, path, query = _parts(rest)
    _refuse_other_things(typed, rest, authority)
    host = _ascii_host(_without_port(authority))
    platform = find_platform(host)
    if platform is None:
        return _website(_site(host, platform_itself=platform_itself))
    pasted = Pasted(host, _segments(path), _query(query))
    if not pasted.segments and platform_itself and platform.home:
        return _website(platform.home)
    kind, address = platform.read(pasted)
    return ChannelAddress(ChannelKind(kind), address, address, lookalike=not address.isascii())


def _website(site: str) -> ChannelAddress:
    unicode_form = idna.decode(site) if "xn--" in site else site
    lookalike = unicode_form != site
    display = f"{unicode_form} ({site})" if lookalike else site
    return ChannelAddress(ChannelKind.WEBSITE, site, display, lookalike)


def _without_scheme(rest: str) -> str:
    """Drop `https://`, also doubled or misspelt as `http:/`; every other scheme is refused."""
    first = True
    while True:
        rest = rest.lstrip("/ ")
        match = _SCHEME.match(rest)
        scheme = (match[1] or match[2]).lower() if match else ""
        if match is None or (not first and scheme not in {"http", "https"}):
            return rest
        if scheme == "mailto":
            raise _email_instead()
        if scheme == "market":
            return "play.google.com/store/apps/" + rest[match.end() :].lstrip("/")
        if scheme not in {"http", "https"}:
            raise DomainError(
                N_(
                    "Địa chỉ bắt đầu bằng “%(scheme)s:” không dùng được. "
                    "Hãy dán địa chỉ mở được bằng trình duyệt, ví dụ https://example.vn."
                ),
                scheme=_short(scheme),
            )
        rest, first = rest[match.end() :], False


def _parts(rest: str) -> tuple[str, str, str]:
    before_fragment = rest.partition("#")[0]
    before_query, _, query = before_fragment.partition("?")
    authority, _, path = before_query.partition("/")
    return authority, path, query


def _refuse_other_things(typed: str, rest: str, authority: str) -> None:
    if not rest:
        raise DomainError(_ONE_ADDRESS)
    if " " in rest:
        raise DomainError(N_("Địa chỉ không có dấu cách. Mỗi ô chỉ ghi một địa chỉ, không ghi thêm chữ nào khác."))
    if authority.startswith("@"):
        raise DomainError(
            N_("Hãy ghi cả tên mạng xã hội trước tên tài khoản, ví dụ tiktok.com/%(handle)s."), handle=_short(authority)
        )
    if "@" in authority:
        if rest == typed and "." in authority.rpartition("@")[2]:
            raise _email_instead()
        raise DomainError(
            N_("Địa chỉ có tên đăng nhập hoặc mật khẩu trước dấu @. Hãy chỉ ghi địa chỉ trang, ví dụ example.vn.")
        )
    if _is_ip(authority):
        raise DomainError(
            N_("Đây là địa chỉ số (IP), không phải tên miền. Hãy ghi tên miền của trang, ví dụ example.vn.")
        )


def _email_instead() -> DomainError:
    return DomainError(
        N_("Đây là địa chỉ thư điện tử. Ô này cần địa chỉ trang web, ứng dụng hoặc tài khoản, ví dụ example.vn.")
    )


def _without_port(authority: str) -> str:
    host, colon, port = authority.partition(":")
    if colon and port and not (port.isdecimal() and len(port) <= 5):
        raise DomainError(N_("Địa chỉ “%(host)s” không đúng. Hãy bỏ phần sau dấu hai chấm."), host=_short(authority))
    return host


def _is_ip(authority: str) -> bool:
    if authority.startswith("["):
        return True
    host = authority.partition(":")[0].rstrip(".")
    if _ENDS_IN_LETTERS.search(host):
        return False
    # Browsers read 2130706433 and 0x7f.1 as addresses too; a top-level domain is never a number.
    return _is_strictly_ip(host) or bool(re.fullmatch(r"(?:.*\.)?(?:0x[0-9a-fA-F]*|[0-9]+)", host))


def _is_strictly_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ascii_host(typed: str) -> str:
    """The host as A-labels after UTS 46 and IDNA 2008."""
    host = unicodedata.normalize("NFKC", typed).replace("。", ".").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        raise DomainError(N_("“localhost” chỉ là máy của bạn. Hãy ghi tên miền mà khách hàng mở được."))
    if "." not in host:
        raise DomainError(
            N_("“%(typed)s” chưa phải là địa chỉ đầy đủ. Hãy ghi cả phần đuôi, ví dụ example.vn."), typed=_short(typed)
        )
    if _PLAIN_HOST.fullmatch(host):
        return host
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode("ascii").lower()
    except (UnicodeError, IndexError):
        raise DomainError(
            N_("Tên miền “%(typed)s” không đúng. Tên miền chỉ gồm chữ, số và dấu gạch ngang giữa các dấu chấm."),
            typed=_short(typed),
        ) from None


def _segments(path: str) -> tuple[str, ...]:
    """The path's parts, decoded; a part that hides a delimiter, a blank or a broken code is refused."""
    parts = []
    for part in path.split("/"):
        try:
            decoded = unicodedata.normalize("NFC", unquote(part, errors="strict"))
        except UnicodeDecodeError:
            raise _unreadable() from None
        if any(letter in '/?#%\\<>"' or not letter.isprintable() or letter.isspace() for letter in decoded):
            raise _unreadable()
        if decoded not in {"", "."}:
            parts.append(decoded)
    if ".." in parts:
        raise _unreadable()
    return tuple(parts)


def _query(query: str) -> Mapping[str, str]:
    return dict(reversed(parse_qsl(query[:LONGEST_TYPED], errors="replace")))


def _unreadable() -> DomainError:
    return DomainError(N_("Không đọc được đường dẫn này. Hãy mở trang đó rồi chép lại địa chỉ trên thanh địa chỉ."))


@functools.cache
def _suffixes() -> tldextract.TLDExtract:
    """The Public Suffix List as bundled: neither network nor cache folder is touched."""
    return tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, fallback_to_snapshot=True, include_psl_private_domains=True
    )


def has_public_suffix(host: str) -> bool:
    """Whether the host ends in a suffix under which names are registered."""
    found = _suffixes().extract_str(host)
    return bool(found.suffix and found.domain)


def _site(host: str, *, platform_itself: bool) -> str:
    """The registrable domain; below a site builder's domain the shop's own subdomain."""
    found = _suffixes().extract_str(host)
    if not found.suffix:
        raise DomainError(
            N_("Không có tên miền nào kết thúc bằng “.%(ending)s”. Hãy kiểm tra lại địa chỉ."),
            ending=_short(host.rpartition(".")[2]),
        )
    if found.is_private:
        builder = found.suffix
    else:
        domain = f"{found.domain}.{found.suffix}" if found.domain else ""
        if not domain:
            raise DomainError(
                N_("“%(host)s” chỉ là phần đuôi tên miền. Hãy ghi cả tên, ví dụ example.%(host)s."), host=_short(host)
            )
        if domain not in HOSTED:
            return domain
        builder = domain
    own = host.removesuffix(builder).rstrip(".").rpartition(".")[2]
    if own not in {"", "www", "m"}:
        return f"{own}.{builder}"
    if platform_itself:
        return builder
    raise DomainError(
        N_("Đây là trang chung của %(builder)s. Hãy dán địa chỉ của chính trang bạn, ví dụ tenshop.%(builder)s."),
        builder=builder,
    )


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
