from __future__ import annotations

import gzip
import unicodedata

import pytest

from pledges.accounts.passwords import (
    COMMON_WORDS,
    LEAKED,
    LONGEST,
    _fold,
    check_new,
    hash_password,
    is_easy_to_guess,
    is_right,
)
from pledges.core.errors import DomainError

GOOD = "con trâu đỏ ăn mây chiều"


def test_a_hash_is_argon2id_and_answers_only_to_its_password() -> None:
    known = hash_password(GOOD)
    assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_right(GOOD, known)
    assert not is_right(GOOD + " ", known)
    assert not is_right(GOOD.upper(), known)
    assert hash_password(GOOD) != known


def test_the_same_letters_from_another_keyboard_are_the_same_password() -> None:
    known = hash_password(unicodedata.normalize("NFC", GOOD))
    assert is_right(unicodedata.normalize("NFD", GOOD), known)


def test_no_password_is_right_where_there_is_no_hash() -> None:
    assert not is_right("nobody has this password", None)
    assert not is_right(GOOD, "not a hash")


@pytest.mark.parametrize(
    "password", [GOOD, "xK4$mQ9!vT2z", "thang-canh-giua-7-ngon-doi", "Zb" * 3 + "tưởng niệm 2 sông"]
)
def test_what_is_accepted(password: str) -> None:
    check_new(password, password, name="Nguyễn Văn Thử", email="thu@vidu.vn")


@pytest.mark.parametrize(
    "password",
    [
        "matkhau123456",
        "M@tKh4u!2026",
        "Mật khẩu 2026!",
        "congthuong2026",
        "socongthuonglangson",
        "SoCongThuong@LangSon1",
        "Cam kết Đồng Tháp 123",
        "password12345",
        "P@ssw0rd2026!",
        "qwertyuiop123",
        "anhyeuem12345",
        "123456789012",
        "210987654321",
        "111111111111",
        "abcabcabcabc",
        "aB1!aB1!aB1!aB1!",
        "abcdefghijklmn",
        "NguyễnVănThử2026",
        "thu.nguyen.vidu1",
        "1qaz2wsx3edc",
        "International",
        "yfdbufnjh10305070",
        "Sunshine-2026!",
        "just1nb1eb3r",
        "m0nk3y!2026!!!",
    ],
)
def test_what_is_easy_to_guess(password: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_new(password, password, name="Nguyễn Văn Thử", email="thu.nguyen@vidu.vn")
    assert refused.value.field == "password"
    assert "dễ đoán" in str(refused.value)


def test_the_leaked_list_holds_folded_entries_that_can_matter() -> None:
    leaked = gzip.decompress(LEAKED.read_bytes()).decode("ascii").splitlines()
    assert len(leaked) == len(set(leaked)) > 20_000
    assert all(entry == _fold(entry) and len(entry) >= 5 for entry in leaked)
    assert "Copyright" in LEAKED.with_name("leaked_passwords.md").read_text(encoding="utf-8")


def test_length_is_counted_in_letters() -> None:
    for password, word in (("ngắn quá 11", "ít nhất 12"), ("", "ít nhất 12"), ("x9 " * LONGEST, "dài quá")):
        with pytest.raises(DomainError, match=word):
            check_new(password, password, name="", email="")


def test_both_times_the_same() -> None:
    with pytest.raises(DomainError) as refused:
        check_new(GOOD, GOOD + "u", name="", email="")
    assert refused.value.field == "password_again"


def test_a_sentence_of_several_common_words_is_strong_enough() -> None:
    assert not is_easy_to_guess("gia đình bình yên mùa thu hà nội")


def test_the_list_holds_folded_words_once() -> None:
    words = [line for line in COMMON_WORDS.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert len(words) > 250
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
    assert sorted({word for word in words if words.count(word) > 1}) == []
