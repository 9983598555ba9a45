from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest

from pledges.core.tokens import CARRIED_SECONDS, Tokens

TOKENS = Tokens("tests-only-secret-key-0123456789abcdef")


def test_a_token_gives_back_its_value_for_its_purpose_only() -> None:
    token = TOKENS.make("staff-set-up", "giá trị")
    assert TOKENS.read("staff-set-up", token) == "giá trị"
    assert TOKENS.read("resume-draft", token) is None
    assert Tokens("another-key-another-key-another-key!").read("staff-set-up", token) is None


@pytest.mark.parametrize("wrong", ["", ".", "abc", "abc.def", "é.ü", "x" * 10_000, "\x00"])
def test_anything_else_is_nothing(wrong: str) -> None:
    assert TOKENS.read("staff-set-up", wrong) is None


def test_a_changed_letter_is_noticed() -> None:
    token = TOKENS.make("staff-set-up", "value")
    for index in range(len(token)):
        changed = token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :]
        # The last letter of the signature carries spare bits, so that two spellings may mean the same bytes.
        if index < len(token) - 1:
            assert TOKENS.read("staff-set-up", changed) is None


def test_the_signature_is_sha_256_and_not_the_library_default() -> None:
    signature = TOKENS.make("staff-set-up", "value").rpartition(".")[2]
    assert len(base64.urlsafe_b64decode(signature + "==")) == hmac.new(b"", b"", hashlib.sha256).digest_size


def test_what_a_form_carries_along_is_good_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    token = TOKENS.make_carried("kept", "a;b")
    assert TOKENS.read_carried("kept", token) == "a;b"
    assert TOKENS.read_carried("kept", TOKENS.make("kept", "a;b")) is None
    assert TOKENS.read_carried("other", token) is None
    later = time.time() + CARRIED_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert TOKENS.read_carried("kept", token) is None
