"""An address as words: without marks for finding, with marks for telling Huế from Huệ, and where one place ends."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from pledges.core.text import fold

MOST_LETTERS = 600
"""Of a longer text only the end is read: there stands the province."""


class Level(Enum):
    PROVINCE = "province"
    CITY = "city"
    """A city is a province of its own or lay in one: the name tells."""
    DISTRICT = "district"
    COMMUNE = "commune"
    BARE = "bare"
    """Without a word that says what it is: often a street."""


@dataclass(frozen=True, slots=True)
class Word:
    plain: str
    marked: str
    """In lower case, its tone at the end: Hoà and Hòa are one."""
    bare: bool
    """Typed without any mark: it may stand for every marked form."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A piece of the address that may name a place; `kind` as it was abbreviated or written ("" if not)."""

    level: Level
    kind: str
    words: tuple[Word, ...]

    @property
    def key(self) -> str:
        return " ".join(word.plain for word in self.words)


_TONES = "\u0300\u0301\u0303\u0309\u0323"
_TOKEN = re.compile(r"[^\W_]+(?:['’`ʼ][^\W_]+)*")
_GLUED_UNIT = re.compile(r"([pqf])(\d{1,2})")
_BREAKS = re.compile(r"[,;|()\[\]{}:\n\r\t•]+")
_DASHES = frozenset("-–—−‐‑/\\")
_FORMERLY = "cu\u0303"
_ENGLISH = {
    "citi": Level.CITY,
    "province": Level.PROVINCE,
    "district": Level.DISTRICT,
    "ward": Level.COMMUNE,
    "commune": Level.COMMUNE,
}

_KINDS: dict[tuple[str, ...], tuple[Level, str]] = {
    ("tỉnh",): (Level.PROVINCE, "tinh"),
    ("thành", "phố"): (Level.CITY, "thanh pho"),
    ("tp",): (Level.CITY, "thanh pho"),
    ("t", "p"): (Level.CITY, "thanh pho"),
    ("thị", "xã"): (Level.DISTRICT, "thi xa"),
    ("tx",): (Level.DISTRICT, "thi xa"),
    ("t", "x"): (Level.DISTRICT, "thi xa"),
    ("quận",): (Level.DISTRICT, "quan"),
    ("q",): (Level.DISTRICT, "quan"),
    ("huyện",): (Level.DISTRICT, "huien"),
    ("h",): (Level.DISTRICT, "huien"),
    ("thị", "trấn"): (Level.COMMUNE, "thi tran"),
    ("tt",): (Level.COMMUNE, "thi tran"),
    ("t", "t"): (Level.COMMUNE, "thi tran"),
    ("ttr",): (Level.COMMUNE, "thi tran"),
    ("phường",): (Level.COMMUNE, "phuong"),
    ("p",): (Level.COMMUNE, "phuong"),
    ("f",): (Level.COMMUNE, "phuong"),
    ("xã",): (Level.COMMUNE, "xa"),
    ("x",): (Level.COMMUNE, "xa"),
    ("đặc", "khu"): (Level.COMMUNE, "dac khu"),
    ("xã", "phường"): (Level.COMMUNE, ""),
    ("phường", "xã"): (Level.COMMUNE, ""),
}
_LETTERS_ONLY = frozenset({"q", "h", "p", "x", "f", "t"})

_PLAIN_LETTERS = str.maketrans(
    {
        chr(code): fold(chr(code)).replace("y", "i")
        for code in (*range(0x41, 0x5B), *range(0x61, 0x7B), *range(0xC0, 0x1B1), *range(0x1EA0, 0x1EFA))
        if unicodedata.category(chr(code))[0] == "L"
    }
)


@functools.lru_cache(maxsize=20_000)
def word(typed: str) -> Word:
    """One typed word; "y" and "i" are one letter, and 05 is 5."""
    lower = re.sub(r"['’`ʼ]", "", unicodedata.normalize("NFC", typed)).lower().replace("ð", "đ")
    if lower.isdecimal():
        number = str(int(lower)) if len(lower) < 5 else lower
        return Word(number, number, bare=True)
    plain = lower.translate(_PLAIN_LETTERS)
    if not plain.isascii():
        plain = fold(plain).replace("y", "i")
    if lower.isascii():
        return Word(plain, plain, bare=True)
    letters = unicodedata.normalize("NFD", lower).replace("y", "i")
    tones = "".join(letter for letter in letters if letter in _TONES)
    rest = "".join(letter for letter in letters if letter not in _TONES)
    return Word(plain, unicodedata.normalize("NFC", rest) + tones, bare=False)


def words_of(name: str) -> tuple[Word, ...]:
    return tuple(word(token) for token in _TOKEN.findall(name))


def agrees(typed: tuple[Word, ...], name: tuple[Word, ...]) -> bool:
    """Whether the marks that were typed are those of the name."""
    return all(one.bare or one.marked == other.marked for one, other in zip(typed, name, strict=True))


def _kind_words() -> dict[str, list[tuple[tuple[Word, ...], Level, str]]]:
    """By the first word, the longest first."""
    table: dict[str, list[tuple[tuple[Word, ...], Level, str]]] = {}
    for typed, (level, kind) in sorted(_KINDS.items(), key=lambda item: -len(item[0])):
        words = tuple(word(part) for part in typed)
        table.setdefault(words[0].plain, []).append((words, level, kind))
    return table


_KIND_WORDS = _kind_words()


@dataclass(frozen=True, slots=True)
class _Token:
    word: Word
    gap: str
    """What stands before it: "" nothing that parts, "-" a dash that may belong to a name, "." the end of a place."""
    dot: bool
    """Whether a full stop follows at once."""


@dataclass(frozen=True, slots=True)
class Pieces:
    mentions: list[Mention]
    formerly: bool
    """Somebody wrote "cũ" beside a name."""


def pieces_of(text: str, joined: frozenset[tuple[str, ...]]) -> Pieces:
    """The address from left to right; `joined` are the names in which people put dashes."""
    mentions: list[Mention] = []
    formerly = False
    for part in _BREAKS.split(text[-MOST_LETTERS:]):
        found, said = _part(part.strip(), joined)
        mentions += found
        formerly = formerly or said
    return Pieces(mentions, formerly)


@functools.lru_cache(maxsize=10_000)
def _part(text: str, joined: frozenset[tuple[str, ...]]) -> tuple[tuple[Mention, ...], bool]:
    """What stands between two commas; the same districts and provinces come again and again in a list."""
    mentions: list[Mention] = []
    formerly = False
    for segment in _segments(_without_dashes_in_names(_tokens(text), joined)):
        if len(segment) > 1 and segment[-1].word.marked == _FORMERLY:
            segment.pop()
            formerly = True
        mentions += _mentions(segment)
    return tuple(mentions), formerly


def _tokens(text: str) -> list[_Token]:
    text = unicodedata.normalize("NFC", text)
    found: list[_Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        gap = _gap(text, end, match.start(), found[-1].word if found else None)
        end = match.end()
        dot = text[end : end + 1] == "."
        typed = match[0]
        glued = _GLUED_UNIT.fullmatch(typed.lower())
        if glued:
            found.append(_Token(word(glued[1]), gap, dot=True))
            found.append(_Token(word(glued[2]), "", dot))
        elif len(typed) > 4 and typed[:2].lower() == "tp":
            found.append(_Token(word("tp"), gap, dot=True))
            found.append(_Token(word(typed[2:]), "", dot))
        else:
            found.append(_Token(word(typed), gap, dot))
    return found


def _gap(text: str, start: int, end: int, before: Word | None) -> str:
    between = text[start:end]
    if before is None or between == " ":
        return ""
    if not _DASHES.isdisjoint(between):
        digits = text[start - 1].isdigit() or text[end : end + 1].isdigit()
        return "" if digits and " " not in between else "-"
    # "Phường Thuận Hòa. Thành phố Huế" ends a place; "P. 5" and "TP. Huế" do not.
    return "." if ". " in between and len(before.plain) > 3 else ""


def _without_dashes_in_names(tokens: list[_Token], joined: frozenset[tuple[str, ...]]) -> list[_Token]:
    if not any(token.gap == "-" for token in tokens):
        return tokens
    plain = [token.word.plain for token in tokens]
    for start in range(len(tokens)):
        for length in range(min(6, len(plain) - start), 1, -1):
            if tuple(plain[start : start + length]) in joined:
                for place in range(start + 1, start + length):
                    if tokens[place].gap == "-":
                        tokens[place] = _Token(tokens[place].word, "", tokens[place].dot)
                break
    return tokens


def _segments(tokens: list[_Token]) -> list[list[_Token]]:
    segments: list[list[_Token]] = []
    for token in tokens:
        if token.gap or not segments:
            segments.append([])
        segments[-1].append(token)
    return segments


def _mentions(segment: list[_Token]) -> list[Mention]:
    """A segment parted before every word that says what kind of place follows."""
    found: list[Mention] = []
    level, kind, start, at = Level.BARE, "", 0, 0
    while at < len(segment):
        met = _kind_at(segment, at)
        if met is None:
            at += 1
            continue
        if at > start:
            found.append(Mention(level, kind, tuple(token.word for token in segment[start:at])))
        length, level, kind = met
        at += length
        start = at
    if start < len(segment):
        words = tuple(token.word for token in segment[start:])
        english = _ENGLISH.get(words[-1].plain) if len(words) > 1 and level is Level.BARE else None
        found.append(Mention(english, "", words[:-1]) if english else Mention(level, kind, words))
    return found


def _kind_at(segment: list[_Token], at: int) -> tuple[int, Level, str] | None:
    for words, level, kind in _KIND_WORDS.get(segment[at].word.plain, ()):
        length = len(words)
        typed = tuple(token.word for token in segment[at : at + length])
        if len(typed) < length or len(segment) <= at + length or not _same(typed, words):
            continue
        last = segment[at + length - 1]
        follows = segment[at + length].word.plain
        # A single letter says what follows only with a full stop, before a number, or where a place begins.
        if last.word.plain in _LETTERS_ONLY and not (last.dot or follows.isdigit() or at == 0):
            continue
        return length, level, kind
    return None


def _same(typed: tuple[Word, ...], words: tuple[Word, ...]) -> bool:
    return all(one.plain == other.plain for one, other in zip(typed, words, strict=True)) and agrees(typed, words)
