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


def imported(app: Flask, file: Path, *more: str, province: str = "46") -> Result:
    return run(app, "registry", "import", str(file), "--province", province, "--subject-type", "digital_seller", *more)


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


DIRECTORY: list[list[Any]] = [
    ["Tên cơ sở", "Địa chỉ", "Điện thoại", "Email", "Website", "Fax"],
    ["Cửa hàng Thử Huế", "12 Lê Lợi, Phường Thuận Hòa, Thành phố Huế, Thừa Thiên Huế", "0234 3822 001", "", "", ""],
    ["Mè xửng Thử", "5 Chi Lăng,  Phường Phú Cát, TP Huế,  Thừa - Thiên - Huế", "0234.3822.002", "a@vidu.vn", "", ""],
    ["Siêu thị Thử Huế", "174 Bà Triệu, P. Xuân Phú, Huế, TT-Huế", "", "", "http://thu-hue.vidu.vn", ""],
    ["Phở Thử", "10 Phố Huế, quận Hai Bà Trưng, Hà Nội", "024 3822 003", "", "", ""],
    ["Lụa Thử", "Đường Huế, Phường 7, Quận 11, TP.HCM", "", "", "", ""],
    ["Chợ Thử Kỳ Lừa", "Phường Hoàng Văn Thụ, Thành phố Lạng Sơn, Lạng Sơn", "0205 3822 004", "", "", ""],
    ["Vịt quay Thử", "Thị trấn Đồng Đăng, huyện Cao Lộc, tỉnh Lạng Sơn", "", "", "", ""],
    ["Kẹo dừa Thử", "Phường 1, Thành phố Mỹ Tho, Tiền Giang", "0273 3822 005/ 0912 345 601", "", "", ""],
    ["Siêu thị Thử Mỹ Tho", "35 Ấp Bắc, P.5, TP Mỹ Tho, tỉnh Tiền Giang", "", "", "www.thu-sieuthi.vidu.vn", ""],
    ["Siêu thị Thử Cao Lãnh", "Phường 2, Thành phố Cao Lãnh, Đồng Tháp", "", "", "thu-sieuthi.vidu.vn", ""],
    ["Nem Thử Lai Vung", "Thị trấn Lai Vung, Huyện Lai Vung, Đồng Tháp", "0277 3822 006", "", "", ""],
    ["", "Phường Thuận Hòa, Thành phố Huế, Thừa Thiên Huế", "", "", "", ""],
    ["Ngọc trai Thử", "Vụng Tùng Sâu, vịnh Hạ  Long, Phường Bãi Cháy, Thành phố Hạ Long, Quảng Ninh", "", "", "", ""],
]
"""Written as a public directory is: provinces and districts that ended, blanks, a website that two branches share."""


def test_one_directory_for_three_provinces_leaves_no_row_unaccounted_for(small_app: Flask, tmp_path: Path) -> None:
    """Every row belongs to the province in which its address really lies; a second run adds nothing."""
    file = tmp_path / "danh ba.xlsx"
    file.write_bytes(xlsx(DIRECTORY))
    rows = len(DIRECTORY) - 1
    added = 0
    for province, own in (("46", 3), ("20", 2), ("82", 4)):
        first = figures(imported(small_app, file, "--json", province=province))
        assert first["rows"] == rows
        assert first["entities_added"] + first["refused"] in {own, own + 1}, (
            "the row without a name is refused everywhere"
        )
        assert first["outside"] == rows - first["entities_added"] - first["refused"]
        lines = CalamineWorkbook.from_path(first["report"]).get_sheet_by_index(0).to_python()
        assert len(lines) == rows + 1
        assert all(any("Thử" in str(cell) or "huế" in str(cell).lower() for cell in line) for line in lines[1:])
        again = figures(imported(small_app, file, "--json", province=province))
        assert (again["entities_added"], again["channels_added"], again["outside"]) == (0, 0, first["outside"])
        assert again["entities_matched"] == first["entities_added"]
        added += first["entities_added"]
    with small_app.extensions["product"].database.read() as session:
        names = session.execute(select(Entity.province_code, Entity.name).order_by(Entity.name)).all()
    assert len(names) == added
    assert {name for code, name in names if code == "46"} == {"Cửa hàng Thử Huế", "Mè xửng Thử", "Siêu thị Thử Huế"}
    assert {name for code, name in names if code == "20"} == {"Chợ Thử Kỳ Lừa", "Vịt quay Thử"}
    assert {"Kẹo dừa Thử", "Siêu thị Thử Mỹ Tho", "Nem Thử Lai Vung"} <= {name for code, name in names if code == "82"}


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
