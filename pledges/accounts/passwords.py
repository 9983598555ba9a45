"""Passwords: which are refused, how they are hashed, and a check that takes as long for accounts that do not exist."""

from __future__ import annotations

import functools
import gzip
import itertools
import re
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from pledges.core.errors import N_, DomainError

SHORTEST = 12
LONGEST = 200
COMMON_WORDS = Path(__file__).parent / "common_words.txt"
LEAKED = Path(__file__).parent / "leaked_passwords.txt.gz"
"""What other sites have lost; where it comes from stands beside it."""
FEWEST_LETTERS = 5
"""A password of fewer different characters is a pattern, whatever its length."""
MOST_COMMON_WORDS = 3
"""Up to three common words in a row are guessed early; four or more make a usable sentence."""

# 19 MiB and two passes is the first choice of OWASP for Argon2id; twenty sign-ins at once then need 400 MB at most.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)

_LOOKALIKES = str.maketrans("013457@$!", "oieastasi")


def hash_password(password: str) -> str:
    return _HASHER.hash(_normal(password))


@functools.cache
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody has this password")


def is_right(password: str, known_hash: str | None) -> bool:
    """Compare with the stored hash; without one the same work is done and the answer is no."""
    try:
        _HASHER.verify(known_hash or _nobodys_hash(), _normal(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return known_hash is not None


def check_new(password: str, again: str, *, name: str, email: str) -> None:
    """Refuse what is too short, too long, common, a pattern or the person's own name."""
    if len(_normal(password)) < SHORTEST:
        raise DomainError(
            N_("Mật khẩu cần ít nhất %(shortest)s ký tự. Một câu ngắn dễ nhớ là đủ mạnh."),
            field="password",
            shortest=SHORTEST,
        )
    if len(password) > LONGEST:
        raise DomainError(
            N_("Mật khẩu dài quá %(longest)s ký tự. Hãy chọn mật khẩu ngắn hơn."), field="password", longest=LONGEST
        )
    if is_easy_to_guess(password, own_words=(*name.split(), *re.split(r"[^\w]+", email))):
        raise DomainError(
            N_(
                "Mật khẩu này dễ đoán (từ thông dụng, tên riêng hoặc dãy lặp lại). "
                "Hãy ghép vài từ không liên quan đến nhau."
            ),
            field="password",
        )
    if password != again:
        raise DomainError(N_("Hai lần nhập mật khẩu chưa giống nhau. Hãy nhập lại."), field="password_again")


def is_easy_to_guess(password: str, own_words: tuple[str, ...] = ()) -> bool:
    plain = _fold(password)
    if len(set(plain)) < FEWEST_LETTERS or _is_run(plain) or _was_leaked(plain):
        return True
    words = _common_words() | {folded for word in own_words if len(folded := _letters(word)) >= 3}
    # Digits and signs are appended ("matkhau2026!") or stand for letters inside a word ("m@tkh4u"): both are read.
    core = _core(plain)
    return any(
        letters and _fewest_words(letters, words) <= MOST_COMMON_WORDS
        for letters in {_letters(plain), _letters(core.translate(_LOOKALIKES))}
    )


def _normal(password: str) -> str:
    """One form for what different keyboards and telephones send for the same Vietnamese letters."""
    return unicodedata.normalize("NFKC", password)


def _fold(text: str) -> str:
    # Not core.identity.fold, which searches names: here nothing may be stripped but marks and capitals.
    apart = unicodedata.normalize("NFKD", text.casefold()).replace("đ", "d")
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", _fold(text))


def _is_run(plain: str) -> bool:
    """`123456789012`, `abcabcabcabc`, `987654321098`: equal steps, or one short piece again and again."""
    steps = {
        (ord(b) - ord(a)) % 10 if a.isdigit() and b.isdigit() else ord(b) - ord(a) for a, b in itertools.pairwise(plain)
    }
    if len(steps) == 1:
        return True
    return any(plain == (plain[:size] * len(plain))[: len(plain)] for size in range(1, len(plain) // 2 + 1))


def _was_leaked(plain: str) -> bool:
    """Whether others have used it: as it is, or with digits and signs around it or in place of letters."""
    core = _core(plain)
    tried = {plain, "".join(plain.split()), core, core.translate(_LOOKALIKES), _core(plain.translate(_LOOKALIKES))}
    return not tried.isdisjoint(_leaked())


def _core(plain: str) -> str:
    """Without the digits and signs before the first letter and after the last."""
    return re.sub(r"^[^a-z]+|[^a-z]+$", "", plain)


def _fewest_words(letters: str, words: frozenset[str] | set[str]) -> float:
    """How few of `words` make up `letters` entirely; infinite where they do not."""
    longest = max(map(len, words))
    fewest: list[float] = [0.0] + [float("inf")] * len(letters)
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - longest), end):
            if letters[start:end] in words:
                fewest[end] = min(fewest[end], fewest[start] + 1)
    return fewest[-1]


@functools.cache
def _leaked() -> frozenset[str]:
    return frozenset(gzip.decompress(LEAKED.read_bytes()).decode("ascii").split())


@functools.cache
def _common_words() -> frozenset[str]:
    lines = COMMON_WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
