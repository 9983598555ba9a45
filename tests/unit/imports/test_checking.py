"""Whom a row is about: a table of rows against one register."""

from __future__ import annotations

from typing import Any

import pytest

from pledges.imports import checking
from pledges.imports.checking import mask_cells
from pledges.imports.models import RowOutcome
from pledges.imports.rows import Field, parse_row
from pledges.registry.models import Channel, Entity, Standing
from pledges.registry.upkeep_models import FormerName
from tests.support.lists import HUE, Lists, row
from tests.unit.registry.declarations import NUMBER, OTHER_NUMBER, OTHER_TAX_CODE, TAX_CODE

PHU_XUAN = "3 Đinh Tiên Hoàng, phường Phú Xuân, thành phố Huế"
OPEN = "Khu chợ cũ, thành phố Huế"

REGISTER = (
    row("Công ty TNHH Hoa Mai (thử nghiệm)", tax=TAX_CODE, channel="hoamai-thunghiem.vn"),
    row("Nguyễn Văn Thử", number=NUMBER, phone="0912345678"),
    row("Tiệm bánh Ví Dụ", email="banh@vidu.vn"),
    row("Quán ở chợ", address=OPEN),
)

CASES: list[tuple[Any, str, str]] = [
    (row("CTY TNHH HOA MAI THỬ NGHIỆM", tax=TAX_CODE), "matched", ""),
    (row("Xưởng gỗ Phúc Lộc", tax=TAX_CODE), "clash", checking.NUMBER_OTHER_NAME),
    (row("Hoa Mai thử nghiệm", tax=OTHER_TAX_CODE, channel="hoamai-thunghiem.vn"), "clash", checking.OTHER_NUMBER),
    (row("Hoa Mai thử-nghiệm", channel="www.hoamai-thunghiem.vn/lien-he"), "matched", ""),
    (row("Quán chị Bốn", channel="hoamai-thunghiem.vn"), "clash", checking.CHANNEL_OTHER_NAME),
    (row("", channel="hoamai-thunghiem.vn"), "matched", checking.NAMED_BY_CHANNEL),
    (row("", channel="chuathay-thunghiem.vn"), "new", checking.NAMED_BY_CHANNEL),
    (row("Nguyễn Văn Thử", number=NUMBER, channel="hoamai-thunghiem.vn"), "clash", checking.CHANNEL_OF_ANOTHER),
    (row("Nguyễn Văn Thử", number=NUMBER, tax=TAX_CODE), "clash", checking.SEVERAL_BY_NUMBER),
    (row("Nguyễn Văn Thử", number=OTHER_NUMBER), "new", ""),
    (row("Tiệm Bánh Ví Dụ"), "matched", ""),
    (row("Tiệm bánh ví dụ", address=PHU_XUAN), "new", ""),
    (row("Tiệm bánh ví dụ", address=PHU_XUAN, email="banh@vidu.vn"), "matched", ""),
    (row("Tiệm bánh ví dụ", phone="0987654321"), "adds", ""),
    (row("Tiệm bánh ví dụ", since="01/02/2026"), "adds", ""),
    (row("quán ở chợ", address=OPEN.upper()), "matched", ""),
    (row("Quán ở chợ", address="Khu chợ mới, thành phố Huế"), "new", ""),
    (row("Tên cũ của công ty", address="12 Lê Lợi, phường Thuận Hóa, thành phố Huế", tax=TAX_CODE), "matched", ""),
    (row("Cửa hàng ở xa", address="phường Chi Lăng, thành phố Lạng Sơn, tỉnh Lạng Sơn"), "outside", ""),
]


def test_whom_a_row_is_about(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    lists.bring_in(REGISTER, source="Danh sách đầu")

    def rename(session: Any) -> None:
        entity = session.query(Entity).filter_by(tax_code=TAX_CODE).one()
        session.add(
            FormerName(
                province_code=HUE,
                entity_id=entity.id,
                name="Tên cũ của công ty",
                name_fold="ten cu cua cong ty",
                recorded_at=lists.clock(),
            )
        )

    lists.database.run(rename)
    for cells, outcome, reason in CASES:
        [checked] = lists.rows(lists.check([cells], source=f"Một dòng: {cells[0]}"))
        said = [message for message, _params in checked.reasons]
        assert checked.outcome is not None
        assert (checked.outcome.value, reason in said or not reason) == (outcome, True), (cells, checked.outcome, said)


def test_merged_claimed_and_unowned(lists_on_sqlite: Lists) -> None:
    """Whoever was merged is found as the survivor; a claim is nobody; a channel without owner gets one."""
    lists = lists_on_sqlite
    lists.bring_in([*REGISTER, row("Chi nhánh cũ", tax=OTHER_TAX_CODE)], source="Danh sách đầu")

    def change(session: Any) -> Any:
        kept = session.query(Entity).filter_by(tax_code=TAX_CODE).one()
        session.query(Entity).filter_by(tax_code=OTHER_TAX_CODE).one().merged_into = kept.id
        session.query(Entity).filter_by(name="Tiệm bánh Ví Dụ").one().standing = Standing.CLAIMED
        session.query(Channel).one().entity_id = None
        return kept.id

    kept = lists.database.run(change)
    rows = [
        row("Chi nhánh cũ", tax=OTHER_TAX_CODE),
        row("Tiệm bánh Ví Dụ"),
        row("Quán mới", channel="hoamai-thunghiem.vn"),
    ]
    [merged, claimed, owner] = lists.rows(lists.check(rows))
    assert (merged.outcome, merged.entity_id) == (RowOutcome.MATCHED, kept)
    assert (claimed.outcome, owner.outcome) == (RowOutcome.NEW, RowOutcome.NEW)


@pytest.mark.parametrize(
    ("cells", "masked"),
    [
        (["Nguyễn Văn Thử", "001199012345"], ["Nguyễn Văn Thử", "••••••••2345"]),
        (["Nguyễn Văn Thử", "001 199 012 345"], ["Nguyễn Văn Thử", "••••••••2345"]),
        (["Nguyễn Văn Thử", "1199012345"], ["Nguyễn Văn Thử", "••••••••2345"]),
        (["CCCD: 001199012345 (bản sao)", ""], ["CCCD: ••••••••2345 (bản sao)", ""]),
        (["0912 345 678", "12 Lê Lợi"], ["0912 345 678", "12 Lê Lợi"]),
    ],
)
def test_personal_numbers_are_masked(cells: list[str], masked: list[str]) -> None:
    mapping = {0: Field.NAME, 1: Field.PERSONAL_NUMBER}
    parsed = parse_row(cells, mapping, province_code=HUE, subject_type="digital_seller")
    assert mask_cells(cells, mapping, parsed) == masked
