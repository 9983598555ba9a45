"""The frozen lists behind a workbook of figures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from python_calamine import CalamineWorkbook
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter
from pledges.core.db import Database, new_id
from pledges.reporting.frozen_lists import frozen_lists
from pledges.reporting.report import report_of
from pledges.reporting.rollup_xlsx import write_rollup_xlsx
from pledges.reporting.standing import Place
from pledges.rounds.list_models import ListKind, Snapshot
from pledges.rounds.models import Round, RoundState
from tests.support.signing import HUE

NOW = datetime(2026, 10, 8, 3, 0, tzinfo=UTC)
FROZEN_AT = datetime(2026, 10, 3, 18, 30, tzinfo=UTC)
"""Half past one of the next day in Vietnam."""


def _frozen(session: Session, agency: str, quarter: str, *, done: bool = True) -> None:
    round_ = Round(
        province_code=HUE,
        id=new_id(),
        agency_code=agency,
        quarter=quarter,
        state=RoundState.CLOSED,
        day=Quarter.parse(quarter).last_day,
        reminder_days=[],
        opened_at=NOW,
        opened_by="test",
    )
    session.add(round_)
    session.flush()
    session.add(
        Snapshot(
            province_code=HUE,
            id=new_id(),
            round_id=round_.id,
            as_of=round_.day,
            rule_version="1",
            begun_at=FROZEN_AT,
            frozen_at=FROZEN_AT if done else None,
            rows={"not_pledged": 12_345, "pledged": 7},
            sha256={"not_pledged": "a" * 64, "pledged": "b" * 64},
            files={},
            figures={},
        )
    )


def test_a_workbook_names_the_lists_by_number_of_lines_and_hash(sqlite_database: Database, tmp_path: Path) -> None:
    def fill(session: Session) -> None:
        _frozen(session, "46-SCT", "2026Q3")
        _frozen(session, "46-SYT", "2026Q3")
        _frozen(session, "46-SCT", "2026Q2")
        _frozen(session, "46-SYT", "2026Q2", done=False)

    sqlite_database.run(fill)
    with sqlite_database.read() as session:
        everything = frozen_lists(session, Place(HUE), date(2026, 9, 30))
        assert [(each.agency, str(each.quarter)) for each in everything[::2]] == [
            ("46-SCT", "2026Q3"),
            ("46-SYT", "2026Q3"),
            ("46-SCT", "2026Q2"),
        ], "what is not frozen yet is left out"
        assert {each.kind for each in everything} == set(ListKind)
        own = frozen_lists(session, Place(HUE, "46-SCT"), date(2026, 9, 29))
        assert {str(each.quarter) for each in own} == {"2026Q2"}, "as of a day before the quarter's end"
        report = report_of(session, Place(HUE, "46-SCT"), None, NOW, reason="thử nghiệm", who="người thử nghiệm")
    write_rollup_xlsx(report, tmp_path / "rollup.xlsx")
    book = CalamineWorkbook.from_path(tmp_path / "rollup.xlsx")
    rows = book.get_sheet_by_name("Danh sách đã chốt").to_python()
    assert rows[4] == [
        "Sở Công Thương thành phố Huế",
        "Quý III/2026",
        "Danh sách chưa cam kết",
        12_345,
        date(2026, 9, 30),
        datetime(2026, 10, 4, 1, 30),  # noqa: DTZ001 - a workbook knows no time zones; it is that of Vietnam
        "1",
        "a" * 64,
    ]
    assert len(rows) == 8
