"""What the log holds: one JSON line per event, and nothing that somebody typed."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from pledges.web.logging import one_line, set_up_logging
from pledges.web.security import public

SECRET = "bi.mat@example.vn"


@pytest.fixture
def log(small_app: Flask) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    set_up_logging(stream)
    yield stream
    set_up_logging()


def events(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize(
    "path",
    [
        f"/ho-so/CK-20-2026-ABC347?email={SECRET}",
        f"/khong-co/{SECRET}",
        "/ky-cam-ket/tiep-tuc/bi.mat@example.vn",
        f"/%0a%0d%e2%80%a8{SECRET}",
    ],
)
def test_a_request_is_named_by_its_route(small_app: Flask, log: io.StringIO, path: str) -> None:
    answer = small_app.test_client().get(path, headers={"User-Agent": SECRET, "Referer": f"http://localhost/{SECRET}"})
    [event] = [event for event in events(log) if event["event"] == "request"]
    assert event["request_id"] == answer.headers["X-Request-Id"]
    assert event["status"] == answer.status_code
    for personal in (SECRET, "bi.mat", "ABC347", "127.0.0.1"):
        assert personal not in log.getvalue()


def test_a_fault_is_logged_without_its_words(small_app: Flask, log: io.StringIO) -> None:
    def fail() -> str:
        cause = ValueError(f"Key (email)=({SECRET}) already exists")
        raise IntegrityError("INSERT INTO contact", {"value": SECRET}, cause)

    small_app.add_url_rule("/fail", "fail", public(fail))
    answer = small_app.test_client().get(f"/fail?x={SECRET}")
    assert answer.status_code == 500
    [event] = [event for event in events(log) if event["event"] == "request.fault"]
    assert event["fault"] == "IntegrityError"
    assert event["cause"] == "ValueError"
    assert any("test_logging.py" in place for place in event["at"])
    assert event["request_id"] == answer.headers["X-Request-Id"]
    assert SECRET not in log.getvalue()


def test_words_of_libraries_are_masked(log: io.StringIO) -> None:
    logging.getLogger("some.library").warning(f"no route to {SECRET} with 0912345678 and token {'aB3_' * 10}")
    logging.getLogger("some.library").error("arguments stay away: %s", SECRET)
    text = log.getvalue()
    assert [event["logger"] for event in events(log)] == ["some.library", "some.library"]
    for personal in (SECRET, "0912345678", "aB3_aB3_"):
        assert personal not in text


@given(words=st.text(max_size=80), key=st.text(min_size=1, max_size=20))
def test_whatever_is_logged_is_one_line_of_json(words: str, key: str) -> None:
    stream = io.StringIO()
    set_up_logging(stream)
    try:
        structlog.get_logger().warning(words, **{"field_" + key: [words, {"inner": words}]})
        logging.getLogger("x").warning("%s", words)
        logging.getLogger("x").warning(words.replace("%", ""))
    finally:
        set_up_logging()
    text = stream.getvalue()
    assert text.count("\n") == 3
    assert len(text.splitlines()) == 3
    for line in text.splitlines():
        assert json.loads(line)


@given(st.text())
def test_no_line_end_survives(words: str) -> None:
    line = one_line(words)
    assert len(line.splitlines()) <= 1
    assert not any(ord(letter) < 32 or letter in "\x7f\x85\u2028\u2029\u202e" for letter in line)


def test_setting_up_twice_does_not_double_lines(log: io.StringIO) -> None:
    set_up_logging(log)
    logging.getLogger("x").warning("once")
    structlog.get_logger().info("once")
    assert len(events(log)) == 2
