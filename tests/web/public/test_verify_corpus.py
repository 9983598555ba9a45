"""Files that pretend to be an approved pledge: the page and the command refuse each of them, in time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from pledges.product import Product
from tests.support import forgeries
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.issuing import IssuingOffice
from tests.support.signing import seller_pages
from tests.web.public.test_verify import upload

SECONDS = 6.0
"""For three children together: one that looks, one that draws the pages and one that lays them over ours."""

NOT_OURS, NOT_PDF = "Tệp này không phải của hệ thống", "Tệp này không phải PDF"
BROKEN_OFF, DIFFERENT = "Tệp này không phải bản gốc", "Tệp này khác bản gốc ở trang "
ALTERED = {BROKEN_OFF, DIFFERENT}
ENCRYPTED, UNREADABLE, TOO_LARGE = "Tệp này có mật khẩu", "Không đọc được tệp này", "Tệp này quá lớn"

Forgery = Callable[[bytes, bytes, Path], bytes]

CORPUS: dict[str, tuple[str, Forgery]] = {
    "the agency's signature cut in the middle": (
        BROKEN_OFF,
        lambda final, sealed, _folder: final[: (len(sealed) + len(final)) // 2],
    ),
    "a stranger signs for the agency": (
        DIFFERENT,
        lambda _final, sealed, _folder: forgeries.signed_by_stranger(sealed),
    ),
    "encrypted": (ENCRYPTED, lambda final, _sealed, folder: forgeries.encrypted(final, folder, "secret")),
    "another document": (NOT_OURS, lambda _final, _sealed, _folder: forgeries.other_document()),
    "only a beginning": (UNREADABLE, lambda final, _sealed, _folder: final[:9]),
    "not a PDF": (NOT_PDF, lambda _final, _sealed, _folder: b"PK\x03\x04 a picture of the pledge"),
    "10 MB and a byte": (
        TOO_LARGE,
        lambda final, _sealed, _folder: final + b"\n" * (10 * 1024 * 1024 + 1 - len(final)),
    ),
}
"""One of each kind: many more are tried on `verify_file` itself (`unit/documents/test_verification.py`)."""

BY_COMMAND = {"a stranger signs for the agency", "another document", "not a PDF", "10 MB and a byte"}
"""Each file that has to be looked into costs a second, so the command gets only some of them."""


@pytest.fixture
def office(small_product: Product, clock: FixedClock) -> IssuingOffice:
    return IssuingOffice(small_product, clock)


def test_nothing_that_pretends_to_be_an_approved_pledge_is_accepted(
    office: IssuingOffice, visitor: CheckedClient, small_app: Flask, tmp_path: Path
) -> None:
    final = office.approve()
    sealed = office.issued[0]
    for name, (title, forge) in CORPUS.items():
        data = forge(final, sealed, tmp_path)
        started = time.monotonic()
        page = upload(visitor, data)
        took = time.monotonic() - started
        assert page.title.startswith(title), name
        assert "là thật" not in page.words, name
        assert bool(page.all(f"//main//a[@href='/xac-minh/{office.code}']")) is (title in ALTERED), name
        assert page.all("//main//a[@href='/xac-minh']"), name
        assert took < SECONDS, (name, took)
        if name not in BY_COMMAND:
            continue
        file = tmp_path / "file.pdf"
        file.write_bytes(data)
        done = small_app.test_cli_runner().invoke(args=["documents", "verify", str(file), "--json"])
        report = json.loads(done.stdout)
        assert (done.exit_code, report["authentic"], report["state"]) == (1, False, None), name
        assert report["reason"] in page.words, name
        assert all(not each["confirmed"] for each in report["signatures"]), name


def test_without_the_agencys_signature_it_is_the_sealed_file_again(
    office: IssuingOffice, visitor: CheckedClient
) -> None:
    """Cutting the countersignature off exactly gives what was issued before; it is never taken for the final file."""
    final = office.approve()
    page = upload(visitor, final[: len(office.issued[0])])
    assert page.title.startswith("Tệp này là thật, nhưng là bản trước khi tiếp nhận")
    assert "Tệp bắt đầu giống" in upload(visitor, office.issued[0] + b"\n").words


def test_the_file_of_one_pledge_never_speaks_for_another(office: IssuingOffice, visitor: CheckedClient) -> None:
    final, code = office.approve(), office.code
    other = office.next_pledge(pages=seller_pages(2))
    assert code in upload(visitor, final).words
    page = upload(visitor, office.issued[0])
    assert other.verification_code in page.words
    assert "Đã ký, đang chờ cơ quan duyệt" in page.words
