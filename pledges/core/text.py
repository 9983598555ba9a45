"""What people type: made clean without changing its meaning, and folded into keys for searching."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

from pledges.core.errors import N_, DomainError

LONGEST_LINE = 200
LONGEST_BLOCK = 2000
FAR_TOO_LONG = 50_000
MOST_MARKS_IN_A_ROW = 4

# Zero-width characters, soft hyphens and fillers draw nothing: whoever pastes them cannot see them.
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)
_DROP_INVISIBLE = dict.fromkeys(map(ord, _INVISIBLE))
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK_LIKE = str.maketrans({"\u2800": " ", "\t": " ", "\x0b": " ", "\x0c": " "})

# U+0110, U+00D0 and U+0189 look the same and are all found in Vietnamese data; none has a decomposition.
_STROKE_D = str.maketrans("đðɖ", "ddd")

# Printing ASCII and the letters of Vietnamese: nothing in a line of these alone can be strange.
_HARMLESS = re.compile("[ -~À-ɏẠ-ỹ]*")

_LEGAL_FORM = re.compile(
    r"(?:(?:cong ty|c ty|cty)(?: (?:trach nhiem huu han|tnhh|co phan|cp|hop danh))?"
    r"|trach nhiem huu han|tnhh|ctcp|ho kinh doanh(?: ca the)?|ho kd|hkd|doanh nghiep tu nhan|dntn|hop tac xa|htx"
    r"|(?:mot|1|hai|2) thanh vien(?: tro len)?|mtv|1tv) "
)
_LEGAL_FORM_BEHIND = re.compile(r" (?:joint stock company|jsc|company limited|company|co ltd|ltd|corporation|corp)$")


def clean_line(raw: str, *, most: int = LONGEST_LINE, field: str | None = None) -> str:
    """One line as it may be stored: NFC, invisible characters dropped, blanks squeezed; empty stays empty.

    Raises `DomainError` for direction and control characters, `<` and `>`, heaped marks, and more than `most` letters.
    """
    text = _visible(raw, most, field)
    text = text.translate(_BLANK_LIKE).replace("\r", " ").replace("\n", " ")
    _refuse_strange(text, field)
    text = " ".join(text.split())
    if "<" in text or ">" in text:
        raise DomainError(N_("Ô này không dùng ký tự < hoặc >. Hãy xóa các ký tự đó."), field=field)
    return _bounded(text, most, field)


def clean_block(raw: str, *, most: int = LONGEST_BLOCK, field: str | None = None) -> str:
    """Several lines as they may be stored: as `clean_line`, with LF line ends, at most one empty line in a row."""
    text = _visible(raw, most, field)
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_BLANK_LIKE)
    lines = text.split("\n")
    for line in lines:
        _refuse_strange(line, field)
    text = "\n".join(" ".join(line.split()) for line in lines).strip("\n")
    return _bounded(re.sub(r"\n{3,}", "\n\n", text), most, field)


def _visible(raw: str, most: int, field: str | None) -> str:
    """NFC without invisible characters; what is too long by far is not even looked at letter by letter."""
    if len(raw) > FAR_TOO_LONG:
        _bounded(raw, min(most, FAR_TOO_LONG), field)
    if _HARMLESS.fullmatch(raw):
        return raw
    return unicodedata.normalize("NFC", raw.translate(_DROP_INVISIBLE))


def _refuse_strange(text: str, field: str | None) -> None:
    if _HARMLESS.fullmatch(text):
        return
    for letter in text:
        if letter in _BIDI:
            raise DomainError(
                N_(
                    "Trong ô này có ký tự ẩn đổi chiều chữ (U+%(code)s). "
                    "Hãy xóa nội dung và gõ lại bằng tay, không dán từ nơi khác."
                ),
                field=field,
                code=f"{ord(letter):04X}",
            )
        if unicodedata.category(letter) in _REFUSED_CATEGORIES:
            raise DomainError(
                N_("Trong ô này có ký tự không đọc được (U+%(code)s). Hãy xóa nội dung và gõ lại bằng tay."),
                field=field,
                code=f"{ord(letter):04X}",
            )
    for is_mark, run in groupby(text, _is_mark):
        if is_mark and sum(1 for _ in run) > MOST_MARKS_IN_A_ROW:
            raise DomainError(
                N_("Trong ô này có một chữ mang quá nhiều dấu chồng lên nhau. Hãy gõ lại chữ đó."), field=field
            )


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in {"Mn", "Me"}


def _bounded(text: str, most: int, field: str | None) -> str:
    if len(text) > most:
        raise DomainError(
            N_("Nội dung dài %(length)s ký tự; ô này nhận tối đa %(most)s ký tự. Hãy rút ngắn."),
            field=field,
            length=len(text),
            most=most,
        )
    return text


def fold(text: str) -> str:
    """The search key: without marks, đ as d, without case, blanks squeezed. Hoà and Hòa are the same."""
    # Almost all texts are through with this: letter by letter it says the same as the steps below.
    text = text.translate(_FOLDED_LETTERS)
    if text.isascii():
        return " ".join(text.lower().split())
    # Folding can uncover a letter that folds again (ẞ → ss, ﬃ, letters in circles), so it runs until nothing changes.
    before = None
    while before != text:
        before = text
        text = _folded_once(text)
    return " ".join(text.split())


def _folded_once(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_DROP_INVISIBLE)).casefold()
    return "".join(letter for letter in decomposed if not _is_mark(letter)).translate(_STROKE_D)


_FOLDED_LETTERS = {
    code: folded
    for code in (*range(0xC0, 0x250), *range(0x1EA0, 0x1EFA))
    if (folded := _folded_once(chr(code))).isascii() and folded.isalpha()
}


def name_key(text: str) -> str:
    """`fold` without punctuation and legal forms: two spellings of one firm's name get the same key."""
    folded = fold(text)
    # "C.P." and "J.S.C." are read as one word each.
    key = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", folded)
    key = " ".join(re.sub(r"[^\w]+|_", " ", key).split())
    whole = key
    while match := _LEGAL_FORM.match(key):
        key = key[match.end() :]
    while match := _LEGAL_FORM_BEHIND.search(key):
        key = key[: match.start()]
    return key or whole or folded
