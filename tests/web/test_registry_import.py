"""`registry import`: figures that add up, a trial run without a trace, and refusals in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import Result
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.imports.models import Import
from pledges.product import Product
from pledges.registry.models import Channel, Entity
from tests.support.workbooks import xlsx
from tests.web.test_commands import run

UNTIDY: list[list[Any]] = [
    ["DANH SÁCH CỬA HÀNG (THỬ NGHIỆM)"],
    [],
    ["STT", "Tên cơ sở", "MST", "Địa chỉ", "Điện thoại / Zalo", "Gian hàng, website", "Ngày HĐ"],
    [
        1,
        "  Cửa hàng   HOA MAI ",
        "0123456787",
        "12 Lê Lợi, P. Thuận Hòa, TP Huế, Thừa Thiên Huế",
        "0912.345.678",
        "",
        "",
    ],
    [2, "Tiệm bánh Ví Dụ", 100109106, "Phường An Cựu - TP. Huế", "0234 3822 549 / 0987654321", "vidu-banh.vn", 45352],
    [
        3,
        "Cửa hàng Hoa Mai",
        "",
        "12 Lê Lợi, phường Thuận Hòa, Huế, Thừa - Thiên - Huế",
        "0912345678",
        "shopee.vn/hoamai",
        "",
    ],
    [4, "Quán ở Hà Nội", "", "Số 5 Phố Huế, quận Hai Bà Trưng, Hà Nội", "", "", ""],
    [5, "", "", "", "0912345670", "", ""],
    ["", "Tổng cộng", "", "", "", "", 5],
]


def imported(app: Flask, file: Path, *more: str) -> Result:
    return run(app, "registry", "import", str(file), "--province", "46", "--subject-type", "digital_seller", *more)


def figures(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["rows"] == sum(found[name] for name in ("entities_added", "entities_matched", "outside", "refused"))
    return found


def count(database: Database, *models: Any) -> list[int]:
    with database.read() as session:
        return [session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


def test_an_untidy_list_from_the_command_line(small_app: Flask, tmp_path: Path) -> None:
    product: Product = small_app.extensions["product"]
    file = tmp_path / "cua hang.xlsx"
    file.write_bytes(xlsx(UNTIDY))
    before = count(product.database, Entity, Channel, Import, Fact)
    trial = figures(imported(small_app, file, "--dry-run", "--json"))
    assert count(product.database, Entity, Channel, Import, Fact) == before
    first = figures(imported(small_app, file, "--seen-on", "2026-11-02", "--source", "Danh bạ thử", "--json"))
    names = ("rows", "entities_added", "entities_matched", "channels_added", "channels_matched", "outside", "refused")
    assert [first[name] for name in names] == [6, 2, 1, 2, 0, 1, 2]
    assert [trial[name] for name in names] == [first[name] for name in names]
    for report in (trial["report"], first["report"]):
        lines = CalamineWorkbook.from_path(report).get_sheet_by_index(0).to_python()
        assert [line[0] for line in lines[1:]] == [4, 5, 6, 7, 8, 9]
        assert Path(report).is_relative_to(product.settings.var / "reports")
    again = figures(imported(small_app, file, "--json"))
    assert [again[name] for name in names] == [6, 0, 3, 0, 2, 1, 2]


def test_what_cannot_be_read_is_refused_in_a_sentence(small_app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "anh.xlsx"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    for more in ((), ("--dry-run",)):
        refused = imported(small_app, file, *more)
        assert (refused.exit_code, "hình ảnh" in refused.stderr) == (1, True)
    file.write_bytes(xlsx([["Ghi chú"], ["Không có tên"]]))
    assert imported(small_app, file).exit_code == 1
    assert imported(small_app, file, "--agency", "khong-co").exit_code == 1
    assert run(small_app, "registry", "import", str(file), "--province", "46").exit_code == 2
    assert run(small_app, "registry", "import", str(tmp_path / "khong-co.xlsx"), "--province", "46").exit_code == 2
