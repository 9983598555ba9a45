"""`/quan-tri/tinh-trang`: what works, what does not, and what the officer of IT does about it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pledges.accounts.models import Role
from pledges.continuity.machine import Disk
from pledges.core.errors import DomainError
from pledges.product import Product
from pledges.readiness import Part
from pledges.web.admin.status_words import ORDER, line_of
from tests.support.browsing import Browser
from tests.support.staff import add_person, app_around, enter

ADDRESS = "/quan-tri/tinh-trang"
AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
BAD: dict[tuple[str, str], dict[str, Any]] = {
    ("database", "migrations"): {},
    ("database", "silent"): {},
    ("writing", "refused"): {},
    ("data_key", "other"): {},
    ("plans", "missing"): {},
    ("mail", "late"): {"accepted": None, "since": AT, "minutes": 7},
    ("mail", "put_off"): {"accepted": AT, "since": AT, "count": 3},
    ("jobs", "waiting"): {"overdue": 6, "given_up": 1, "unsealed": 2, "unsigned": 4},
    ("worker", "hanging"): {"beat": AT, "task": "work_import", "minutes": 70},
    ("worker", "silent"): {"beat": None},
    ("clock", "back"): {"newest": AT, "minutes": 60},
    ("clock", "apart"): {"seconds": 90},
    ("backup", "never"): {},
    ("backup", "old"): {"at": AT, "hours": 30},
    ("drill", "never"): {},
    ("drill", "failed"): {"at": AT, "seconds": 12, "faults": 2},
    ("drill", "old"): {"at": AT, "seconds": 12},
    ("log", "shorter"): {"entries": 5, "at": AT},
    ("log", "unsigned"): {"entries": 5, "at": AT, "minutes": 12, "since": AT},
    ("audit", "never"): {},
    ("audit", "failed"): {"at": AT, "entries": 5, "faults": 2},
    ("audit", "old"): {"at": AT, "entries": 5, "faults": 0, "hours": 60},
    ("audit", "unreadable"): {},
    ("storage", "refused"): {},
    ("disk", "low"): {"disks": [Disk("storage", Path("/"), 5, 100)]},
    ("disk", "full"): {"disks": [Disk("database", Path("/"), 0, 100)]},
    ("seal", "refused"): {"why": DomainError("Chứng thư đã hết hạn.")},
    ("seal", "ends"): {"until": "01/12/2026", "days": 11},
}


@pytest.mark.parametrize(("name", "state"), BAD)
def test_everything_that_is_wrong_says_what_to_do(small_app: Flask, name: str, state: str) -> None:
    with small_app.test_request_context("/"):
        line = line_of(Part(name, False, state=state, figures=BAD[name, state]))
    assert line.kind == "wrong"
    assert len(line.said) > 10
    assert len(line.to_do) > 20
    assert "%" not in (line.said + line.to_do).replace("5%", "").replace("0%", "")


def test_the_page(small_product: Product) -> None:
    browser = Browser(app_around(small_product))
    enter(browser.client, small_product, add_person(small_product.database))
    assert browser.open(ADDRESS).status_code == 200
    for word in ("Tình trạng hệ thống", "Tiến trình nền", "Chưa có bản sao lưu nào", "Khóa THỬ NGHIỆM", "Cần để ý"):
        assert word in browser.text
    assert browser.page.count('scope="row"') == len(ORDER)
    assert str(small_product.settings.storage) not in browser.page
    browser.open("/can-bo")
    assert ADDRESS in browser.page


def test_others_do_not_see_it(small_product: Product) -> None:
    browser = Browser(app_around(small_product))
    officer = add_person(small_product.database, role=Role.OFFICER, province_code="46", agency_code="46-SCT")
    enter(browser.client, small_product, officer)
    assert browser.open(ADDRESS).status_code == 403
