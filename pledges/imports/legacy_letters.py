"""Vietnamese text from before Unicode: recognised by whether its words are syllables, and made into Unicode."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

ENOUGH = 0.6
"""The share of the words with marks that must be Vietnamese syllables before we believe an encoding."""
SAMPLE = 20_000
BROKEN_SHARE = 0.001

# TCVN 5712-3 ("ABC"). Its fonts for capitals draw the small letters large, so capitals with a tone come as small ones.
_TCVN3 = {
    ord(old): new
    for old, new in zip(
        "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\u00adõö÷øùúûüýþ¡¢£¤¥¦§",
        "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵĂÂÊÔƠƯĐ",
        strict=True,
    )
}

# VNI for Windows: a letter, then a sign that says which marks it carries; a few letters have signs of their own.
_VNI_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_VNI_ROOF = {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
_VNI_BOWL = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}
_VNI_SINGLE = {"ô": "ơ", "ö": "ư", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "ñ": "đ"}
_VNI_PAIR = re.compile(r"([aeouyôö])([ùøûõïâáàåãäêéèúüë])", re.IGNORECASE)

_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|kh|gh|gi|ph|th|tr|ch|qu|[bcdđghklmnprstvx])?"
    r"(?:uyê|iêu|yêu|uôi|ươi|ươu|oai|oay|oeo|uây|uyu|uya|iê|yê|ia|ua|uô|ưa|ươ|oa|oă|oe|uê|uy|uâ|uơ|ai|ao|au|ay|âu|ây"
    r"|eo|êu|iu|oi|ôi|ơi|ui|ưi|ưu|[aăâeêioôơuưy])(?:ch|nh|ng|[cmnpt])?"
)
_BETWEEN_WORDS = re.compile(r"[\s!-/:-@\[-`{-~0-9]+")


class LettersUnknown(ValueError):
    """No encoding that we know makes words of it."""


def decoded(data: bytes) -> tuple[str, str]:
    """The text of a file, and in which letters it was written ("" for Unicode). Raises `LettersUnknown`."""
    for mark, codec in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(codec, "replace"), ""
    head = data[:SAMPLE]
    if head.count(0) > len(head) // 4:
        return data.decode("utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be", "replace"), ""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _decoded_from_legacy(data)


def _decoded_from_legacy(data: bytes) -> tuple[str, str]:
    marked = data[: SAMPLE * 10]
    latin = marked.decode("latin-1")
    shares = {
        "cp1258": share_of_syllables(unicodedata.normalize("NFC", marked.decode("cp1258", "replace"))),
        "tcvn3": share_of_syllables(from_tcvn3(latin)),
        "vni": share_of_syllables(from_vni(latin)),
    }
    best = max(shares, key=lambda name: shares[name])
    if shares[best] >= ENOUGH:
        whole = data.decode("cp1258", "replace") if best == "cp1258" else CONVERSIONS[best](data.decode("latin-1"))
        return unicodedata.normalize("NFC", whole), best
    patched = data.decode("utf-8", "replace")
    if patched.count("\ufffd") <= len(patched) * BROKEN_SHARE:
        return patched, ""
    raise LettersUnknown


def letters_of(texts: Iterable[str]) -> str:
    """Whether cells hold the codes of an old font (`tcvn3`, `vni`) instead of letters; "" where they do not."""
    sample = " ".join(text for text in texts if _may_be_old(text))[:SAMPLE]
    if not sample or share_of_syllables(sample) >= ENOUGH:
        return ""
    shares = {name: share_of_syllables(convert(sample)) for name, convert in CONVERSIONS.items()}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] > ENOUGH else ""


def converted(text: str, letters: str) -> str:
    """A cell in the letters of its sheet; one that is Unicode already stays as it is."""
    return CONVERSIONS[letters](text) if letters and _may_be_old(text) else text


def _may_be_old(text: str) -> bool:
    return not text.isascii() and max(text) <= "\u00ff"


def from_tcvn3(text: str) -> str:
    return text.translate(_TCVN3)


def from_vni(text: str) -> str:
    return unicodedata.normalize("NFC", _rest_of_vni(text))


def _rest_of_vni(text: str) -> str:
    """Pairs first: their second signs are letters of their own elsewhere."""
    made: list[str] = []
    end = 0
    for match in _VNI_PAIR.finditer(text):
        made += [_single(text[end : match.start()]), _pair(match[1], match[2])]
        end = match.end()
    return "".join([*made, _single(text[end:])])


def _pair(letter: str, sign: str) -> str:
    low, mark = letter.lower(), sign.lower()
    base = _single(letter)
    if mark in _VNI_TONES:
        return base + _VNI_TONES[mark]
    if mark in _VNI_ROOF and low in "aeo":
        return letter + "\u0302" + _VNI_ROOF[mark]
    if mark in _VNI_BOWL and low == "a":
        return letter + "\u0306" + _VNI_BOWL[mark]
    return base + _single(sign)


def _single(text: str) -> str:
    return "".join(
        (_VNI_SINGLE[low].upper() if letter != low else _VNI_SINGLE[low])
        if (low := letter.lower()) in _VNI_SINGLE
        else letter
        for letter in text
    )


def share_of_syllables(text: str) -> float:
    """Of the words with a letter outside ASCII, how many can be Vietnamese; 0 where there are none."""
    words = [word for word in _BETWEEN_WORDS.split(text.lower()) if word and not word.isascii()]
    return sum(map(_is_syllable, words)) / len(words) if words else 0.0


def _is_syllable(word: str) -> bool:
    decomposed = unicodedata.normalize("NFD", word)
    plain = decomposed.translate(_TONES)
    if len(decomposed) - len(plain) > 1:
        return False
    return _SYLLABLE.fullmatch(unicodedata.normalize("NFC", plain)) is not None


CONVERSIONS: dict[str, Callable[[str], str]] = {"tcvn3": from_tcvn3, "vni": from_vni}
