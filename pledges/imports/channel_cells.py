"""The addresses in one cell: several of them, with words such as "fb:" before them, and what is no address."""

from __future__ import annotations

import functools
import re
import unicodedata

from pledges.core.errors import DomainError
from pledges.core.identity import ChannelAddress, canonical_channel

_HANDLES = {
    "facebook.com/": "fb face facebook fanpage page trang",
    "tiktok.com/@": "tiktok tik tt",
    "shopee.vn/": "shopee",
    "instagram.com/": "insta instagram ig",
    "youtube.com/@": "youtube yt",
    "zalo.me/": "zalo",
    "lazada.vn/shop/": "lazada",
    "t.me/": "telegram",
    "threads.com/@": "threads",
}
_BASES = {label: base for base, labels in _HANDLES.items() for label in labels.split()}
_LABEL = re.compile(
    r"(?:trang |kênh |gian hàng |tài khoản |link |địa chỉ )?([a-zà-ỹđ]+(?: ?(?:shop|oa|page))?)\s*[:：]\s*(?!//)"
)
_PARTING = re.compile(r"[;\n\r|]+|,\s+|,(?=https?:)|\s+[/\-–—+&]\s+|\s+(?:và|hoặc)\s+|\s*[/,]\s*(?=https?://)")
_LIKE_AN_ADDRESS = re.compile(r"https?:/|www\.|[^\s.]+\.[a-z]{2,}(?:[/?#:]|$)|.+@.+\.", re.IGNORECASE)
# After "fb:" a name may have a dot of its own.
_SITE = re.compile(r"https?:|www\.|[^@]*/|[^@].*\.(?:vn|com|net|org|info|biz)$", re.IGNORECASE)


def split_channels(text: str) -> tuple[list[ChannelAddress], list[tuple[str, DomainError]]]:
    """The addresses, and the parts that are none with the refusal."""
    found: dict[str, ChannelAddress] = {}
    unread: list[tuple[str, DomainError]] = []
    for part in _PARTING.split(unicodedata.normalize("NFC", text)):
        for piece in _pieces(part.strip(" \t\u00a0,/-–•*")):
            outcome = _read(piece)
            if isinstance(outcome, ChannelAddress):
                found.setdefault(outcome.address, outcome)
            else:
                unread.append((piece, outcome))
    return list(found.values()), unread


def _pieces(part: str) -> list[str]:
    """Words that look like addresses one by one, and the words between them together."""
    if not part:
        return []
    pieces: list[str] = []
    others: list[str] = []
    at = 0
    for label in [*_LABEL.finditer(part.lower()), None]:
        end = label.start() if label else len(part)
        for typed in part[at:end].split():
            (pieces if _LIKE_AN_ADDRESS.match(typed) else others).append(typed)
        if label is None:
            break
        at = label.end()
        base = _BASES.get(label[1].split()[0])
        handle = re.match(r"\s*@?([\w.\-]+)", part[at:])
        if base and handle and not _SITE.match(part[at:].split()[0]) and _ends_here(part, at + handle.end()):
            pieces.append(base + handle[1])
            at += handle.end()
    if others:
        pieces.append(" ".join(others))
    return pieces


def _ends_here(part: str, at: int) -> bool:
    """Whether a name is one word: "fb: tenpage" is an address, "fb: Hàng nhà Lan" is not."""
    rest = part[at:].strip()
    return not rest or _LIKE_AN_ADDRESS.match(rest) is not None or _LABEL.match(rest.lower()) is not None


@functools.lru_cache(maxsize=5_000)
def _read(typed: str) -> ChannelAddress | DomainError:
    """Lists repeat few addresses often, and the public suffixes are slow to ask."""
    try:
        return canonical_channel(typed)
    except DomainError as refusal:
        return refusal.with_traceback(None)
