"""Bodies without end, headers that lie, methods that are none, parameters given twice, guesses by the thousand."""

from __future__ import annotations

import dataclasses
import itertools
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import event, select

from pledges.accounts.models import Staff
from pledges.accounts.passwords import hash_password
from pledges.accounts.sign_in import check_password
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.core.secrecy import Vault
from pledges.messaging.operations import secrets_of
from pledges.product import Product
from pledges.signing.rules import Page as Step
from pledges.signing.rules import new_reference, new_verification_code
from pledges.signing.verification import verify_code
from pledges.signing.verification_sentences import Finding
from pledges.web.security import LARGEST_REQUEST
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.databases import SqliteTemplate
from tests.support.live_server import LiveServer
from tests.support.signing import HUE, LANG_SON, seller_pages, signed_by
from tests.support.staff import add_person
from tests.web.signer.steps import messages, walk

# --- Bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/ky-cam-ket", "/ho-so", "/can-bo/dang-nhap", "/bao-trang-web", "/khong-co"])
def test_a_body_that_is_too_large_gets_a_page_that_says_how_much(visitor: CheckedClient, address: str) -> None:
    size = 41 * 1024 * 1024 if address == "/bao-trang-web" else LARGEST_REQUEST + 1
    body = {"wsgi.input": _Endless(), "CONTENT_LENGTH": str(size)}
    response = visitor.client.post(address, content_type="multipart/form-data; boundary=x", environ_overrides=body)
    assert response.status_code == (404 if address == "/khong-co" else 413)
    page = Page(response, visitor.app)
    assert "Hãy" in page.words
    if response.status_code == 413 and address != "/bao-trang-web":
        assert "nhỏ hơn 4 MB" in page.words


class _Endless:
    """A body that nobody should read to its end."""

    def read(self, size: int = -1) -> bytes:
        assert 0 <= size <= 1 << 20, "read whole"
        return b"x" * size

    readline = read


def test_more_fields_than_any_form_has_are_refused(visitor: CheckedClient) -> None:
    many = {f"field{number}": (b"x" * 10, f"{number}.txt") for number in range(1_200)}
    response = visitor.client.post("/ky-cam-ket", data=many, content_type="multipart/form-data")
    assert response.status_code == 413
    assert "Hãy rút ngắn nội dung" in Page(response, visitor.app).words


@pytest.mark.fault
def test_the_page_arrives_although_the_body_was_never_read(sqlite_template: SqliteTemplate, tmp_path: Path) -> None:
    """A server that closes too early would show the visitor the fault of a browser instead."""
    with sqlite_template.fresh() as database:
        server = LiveServer(tmp_path, database, warm=True)
        try:
            server.start_web()
            for size in (LARGEST_REQUEST + 1, 8_000_000, 60_000_000):
                assert "chọn tệp nhỏ hơn 4 MB" in _answer_to(server.port, size), size
        finally:
            server.stop()


def _answer_to(port: int, size: int) -> str:
    head = f"POST /ky-cam-ket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {size}\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode())
        try:
            for _ in range(size // 65_536 + 1):
                line.sendall(b"a" * 65_536)
        except OSError:
            pass  # It has read enough.
        while part := line.recv(65_536):
            answer += part
    return answer.decode()


# --- Headers and methods ---------------------------------------------------------------------------------------------

LIES = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-For": "evil.example, 127.0.0.1",
    "X-Forwarded-Prefix": "/evil.example",
    "X-Forwarded-Port": "666",
    "X-Original-URL": "/quan-tri",
    "X-Rewrite-URL": "/quan-tri",
    "X-HTTP-Method-Override": "DELETE",
    "Forwarded": "host=evil.example;proto=http",
    "Referer": "http://evil.example/",
    "X-Real-IP": "evil.example",
}


@pytest.mark.parametrize("proxies", [0, 1])
def test_no_header_leads_a_mail_or_a_page_elsewhere(small_product: Product, proxies: int) -> None:
    from tests.web.conftest import make_app

    settings = dataclasses.replace(small_product.settings, trusted_proxies=proxies)
    product = dataclasses.replace(small_product, settings=settings)
    visitor = CheckedClient(make_app(product))
    visitor.client.environ_base.update({"HTTP_" + name.upper().replace("-", "_"): lie for name, lie in LIES.items()})
    page = walk(visitor, seller_pages(), Step.PLACE)
    assert "evil" not in page.text
    assert "evil" not in str(page.response.headers)
    [mail] = messages(product, "draft_link")
    assert secrets_of(mail, product.vault)["link"].startswith(f"{settings.public_url}/ky-cam-ket/")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "CONNECT", "GET\x0b"])
def test_methods_that_no_page_takes(small_app: Flask, method: str) -> None:
    for address in ("/", "/ky-cam-ket", "/can-bo/dang-nhap", "/xac-minh"):
        assert small_app.test_client().open(address, method=method).status_code in {400, 405}, address


def test_looking_in_any_way_changes_nothing(small_app: Flask, small_product: Product, clock: FixedClock) -> None:
    """Scanners of mail open each link with every method that is no post, five times each."""
    visitor = CheckedClient(small_app)
    walk(visitor, seller_pages(), Step.PLACE)
    link = secrets_of(messages(small_product, "draft_link")[0], small_product.vault)["link"]
    path = link.removeprefix(small_product.settings.public_url)
    with _written(small_product.database) as statements:
        for _ in range(5):
            for method in ("GET", "HEAD", "OPTIONS"):
                answer = small_app.test_client().open(path, method=method)
                assert answer.status_code == 200
    assert statements == []
    clock.advance(timedelta(hours=1))
    assert "Tiếp tục" in visitor.get(path).words


@contextmanager
def _written(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN")):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_of_a_parameter_given_twice_only_one_counts(visitor: CheckedClient) -> None:
    """The first, everywhere: what was checked is what is used."""
    once = visitor.get(f"/ky-cam-ket?tinh={HUE}")
    twice = visitor.get(f"/ky-cam-ket?tinh={HUE}&tinh={LANG_SON}")
    assert once.fields()["province"] == twice.fields()["province"] == [HUE]
    searched = visitor.client.get(f"/ky-cam-ket/xa-phuong?tinh={HUE}&tinh={LANG_SON}&q=Kỳ+Lừa")
    assert "Không tìm thấy" in searched.text
    assert "Không tìm thấy" not in visitor.client.get(f"/ky-cam-ket/xa-phuong?tinh={LANG_SON}&q=Kỳ+Lừa").text


# --- Guesses ---------------------------------------------------------------------------------------------------------


def test_thousands_of_guesses_around_a_code_open_nothing(
    small_product: Product, clock: FixedClock, vault: Vault
) -> None:
    """One letter changed at each place, two swapped, one left out: no code lies beside another."""
    outcome = signed_by(small_product.database, seller_pages(), now=clock(), vault=vault)
    code = outcome.signed[0].verification_code
    letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    drawn = {letter for _ in range(50) for letter in new_verification_code()}
    assert len(drawn) ** len(code) > 2**100
    near = {code[:place] + letter + code[place + 1 :] for place, letter in itertools.product(range(len(code)), letters)}
    near |= {code[:place] + code[place + 1 :] for place in range(len(code))}
    near.discard(code)
    with small_product.database.read() as session:
        findings = Counter(verify_code(session, small_product.storage, guess).finding for guess in sorted(near)[:1_000])
        assert verify_code(session, small_product.storage, code).pledge is not None
    assert set(findings) == {Finding.UNKNOWN_CODE}


def test_references_are_no_series(clock: FixedClock) -> None:
    ends = [new_reference(HUE, clock())[-6:] for _ in range(200)]
    assert len(set(ends)) == 200
    assert ends != sorted(ends)
    for place in range(6):
        assert len({end[place] for end in ends}) > 15, "every letter is drawn"


def test_a_wrong_sign_in_costs_the_same_work_whoever_it_names(
    sqlite_database: Database, clock: FixedClock, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, and not measured by the clock: hashes by their cost, and questions to the database."""
    for email in ("can-bo@vidu.vn", "da-khoa@vidu.vn", "chua-dat@vidu.vn"):
        add_person(sqlite_database, email, ready=False)
    real = hash_password("con trâu đỏ ăn mây chiều")

    def set_up(session: Any) -> None:
        for staff in session.scalars(select(Staff)):
            staff.password = None if staff.email.startswith("chua-dat") else real
            staff.active = not staff.email.startswith("da-khoa")

    sqlite_database.run(set_up)
    costs: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, known: str, typed: str) -> bool:
        costs.append(known.rsplit("$", 2)[0])
        return verify(self, known, typed)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    work = {}
    for number, email in enumerate(("can-bo", "khong-co", "da-khoa", "chua-dat")):
        costs.clear()
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any, seen: list[str] = statements) -> None:
            if not statement.startswith("PRAGMA"):
                seen.append(statement)

        event.listen(sqlite_database.engine, "before_cursor_execute", note)
        with pytest.raises(DomainError):
            check_password(
                sqlite_database,
                vault,
                email=f"{email}@vidu.vn",
                password="sai mật khẩu rồi",
                network=f"198.51.100.{number}",
                now=clock(),
            )
        event.remove(sqlite_database.engine, "before_cursor_execute", note)
        work[email] = (tuple(costs), tuple(statements))
    assert len(set(work.values())) == 1, work
    assert len(work["can-bo"][0]) == 1
