"""Encryption at rest, keyed hashes, codes."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.secrecy import PLAIN_LETTERS, Vault, random_code, sha256_hex

VAULT = Vault("tests-only-data-key-0123456789abcdef")


@given(st.text())
def test_what_was_encrypted_comes_back(text: str) -> None:
    assert VAULT.decrypt("personal_number", VAULT.encrypt("personal_number", text)) == text


def test_the_same_text_never_looks_the_same() -> None:
    assert VAULT.encrypt("personal_number", "012345678901") != VAULT.encrypt("personal_number", "012345678901")
    assert b"012345678901" not in VAULT.encrypt("personal_number", "012345678901")


def test_another_purpose_or_key_opens_nothing() -> None:
    sealed = VAULT.encrypt("personal_number", "012345678901")
    with pytest.raises(InvalidTag):
        VAULT.decrypt("network", sealed)
    with pytest.raises(InvalidTag):
        Vault("another-data-key-0123456789abcdefgh").decrypt("personal_number", sealed)


def test_a_changed_byte_is_noticed() -> None:
    sealed = bytearray(VAULT.encrypt("personal_number", "012345678901"))
    for place in range(len(sealed)):
        sealed[place] ^= 1
        with pytest.raises(InvalidTag):
            VAULT.decrypt("personal_number", bytes(sealed))
        sealed[place] ^= 1


def test_keyed_hashes_match_only_with_key_and_purpose() -> None:
    found = VAULT.keyed_hash("email", "a@example.vn")
    assert found == VAULT.keyed_hash("email", "a@example.vn")
    assert len(found) == 64
    assert found != VAULT.keyed_hash("phone", "a@example.vn")
    assert found != Vault("another-data-key-0123456789abcdefgh").keyed_hash("email", "a@example.vn")
    assert found != sha256_hex(b"a@example.vn")


def test_codes_have_no_letters_that_look_alike() -> None:
    assert not set("0O1IL5S2Z8BUV") & set(PLAIN_LETTERS)
    code = random_code(6)
    assert len(code) == 6
    assert set(code) <= set(PLAIN_LETTERS)
    assert len({random_code(12) for _ in range(200)}) == 200
    assert set(random_code(200, "0123456789")) <= set("0123456789")
