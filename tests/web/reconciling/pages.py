"""The pages of staff: every number of every table, chart, tile and fact of them."""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.calendar import Quarter
from pledges.reporting.standing import Place
from tests.support.checked_pages import Page
from tests.support.played_year import HEALTH
from tests.support.reckoned import ACKNOWLEDGEMENT, Line, Reckoned, charted, day_text, fraction, percent, written
from tests.support.signing import HUE
from tests.unit.rounds.quarter import AGENCY
from tests.web.reconciling.books import ALL, CULTURE, FIGURES, NAMES, ONCE, SUMS, Books, Rows

# --- Reading pages ---------------------------------------------------------------------------------------------------


def tables(page: Page) -> dict[str, Rows]:
    """Of every table its rows, in order of their labels."""
    found: dict[str, Rows] = {}
    for table in page.all("//table"):
        caption = table.findtext("caption")
        assert caption not in found, caption
        rows = [tuple(_said(cell) for cell in row) for row in table.xpath(".//tbody/tr")]
        found[caption] = sorted(rows)
    return found


def _said(cell: Any) -> str:
    for more in cell.xpath(".//span[@class='row-more']"):
        more.getparent().remove(more)
    return " ".join(cell.text_content().split())


def tiles(page: Page) -> list[tuple[str, str]]:
    return [
        (tile.xpath("string(p[@class='tile-value'])"), tile.xpath("string(p[@class='tile-note'])"))
        for tile in page.all("//li[@class='tile']")
    ]


def facts(page: Page) -> dict[str, str]:
    return {row.findtext("dt"): _said(row.find("dd")) for row in page.all("//dl/div")}


def rows(lines: Iterable[tuple[str, Line]], write: Callable[[Line], tuple[str, ...]] = written) -> Rows:
    return sorted((label, *write(line)) for label, line in lines)


def drawn(page: Page) -> Tally[str]:
    """The fractions beside the bars of all wide charts."""
    texts = page.all("//*[contains(@class, 'chart-picture--wide')]//*[local-name()='text']")
    return Tally(text.text for text in texts if text.text and re.fullmatch(r"\d+/\d+", text.text))


# --- What is checked -------------------------------------------------------------------------------------------------


def check_page(books: Books, place: Place, day: date | None) -> None:
    reckoned, where = books.at(day), (place.province_code, place.agency_code)
    query = f"?ngay={day_text(day)}" if day else ""
    address = f"{FIGURES}/{'/'.join(filter(None, where))}"
    page = books.viewers[HUE].get(f"{address}{query}")
    shown, total = tables(page), reckoned.line(*where)
    entries, kinds = books.by_entry(reckoned, place), books.by_type(reckoned, place)
    quarters = books.quarters(reckoned, place)
    expected = {
        "Mỗi nghĩa vụ của kế hoạch": rows([*entries, (ALL, total)] if len(entries) > 1 else entries),
        "Tình trạng của từng nhóm đối tượng": _type_rows(books, reckoned, place),
        "Cuối mỗi quý; mở từng quý để xem số liệu của ngày đó": sorted(
            (_quarter_name(reckoned, end), *written(line)[:3]) for end, line in quarters
        ),
    }
    told = [(label, line) for label, line in entries if line[0]]
    charts = {
        "Tỷ lệ cam kết cuối mỗi quý": rows([(_column_name(end), line) for end, line in quarters], charted),
        "Tỷ lệ cam kết theo nghĩa vụ": rows(told, charted),
        "Tỷ lệ cam kết theo nhóm đối tượng": rows(kinds, charted),
    }
    received = books.by_entry(reckoned, place, ACKNOWLEDGEMENT)
    if received:
        expected["Nghĩa vụ xác nhận văn bản"] = rows(received)
    if not place.agency_code:
        agencies = _agencies(books, reckoned)
        expected["Cơ quan chủ trì; mở từng cơ quan để xem chi tiết"] = sorted(
            (name, *written(line), fraction(acknowledged)) for name, line, acknowledged in agencies
        )
        charts["Tỷ lệ cam kết theo cơ quan"] = rows([each[:2] for each in agencies if each[1][0]], charted)
    stacks = sorted((label, *map(str, line[1:]), str(line[0])) for label, line in told)
    filled = {caption: lines for caption, lines in (charts | {"Tình trạng theo nghĩa vụ": stacks}).items() if lines}
    assert shown == expected | filled
    assert drawn(page) == Tally(f"{row[1]}/{row[2]}" for lines in charts.values() for row in lines if row[2] != "0")
    _check_tiles(page, reckoned, place, quarters)
    _check_facts(page, reckoned, place)
    communes = books.viewers[HUE].get(f"{address}{query}{'&' if query else '?'}theo=xa")
    _check_communes(books, communes, reckoned, place)


def _type_rows(books: Books, reckoned: Reckoned, place: Place) -> Rows:
    where, names = (place.province_code, place.agency_code), books.names[place.province_code]
    kinds = (reckoned.among(4, *where) | reckoned.among(4, *where, ACKNOWLEDGEMENT)) - {""}
    found = [
        (
            names.subject_type(kind),
            *written(reckoned.line(*where, kind=kind)),
            fraction(reckoned.line(*where, kind=kind, instrument=ACKNOWLEDGEMENT)),
            "0",
        )
        for kind in kinds
    ]
    for label, kind in ((SUMS, None), (ONCE, "")):
        received = fraction(reckoned.line(*where, kind=kind, instrument=ACKNOWLEDGEMENT))
        found.append((label, *written(reckoned.line(*where, kind=kind)), received, str(reckoned.voluntary(*where))))
    return sorted(found)


def _agencies(books: Books, reckoned: Reckoned) -> list[tuple[str, Line, Line]]:
    return [
        (
            books.names[HUE].agencies[code],
            reckoned.line(HUE, code),
            reckoned.line(HUE, code, instrument=ACKNOWLEDGEMENT),
        )
        for code in (AGENCY, HEALTH, CULTURE)
    ]


def _quarter_name(reckoned: Reckoned, end: date | None) -> str:
    quarter = Quarter.of(end or reckoned.shown)
    if end is None:
        return f"{quarter.vietnamese}, đến nay"
    return quarter.vietnamese if end == quarter.last_day else day_text(end)


def _column_name(end: date | None) -> str:
    if end is None:
        return "Hiện nay"
    return Quarter.of(end).vietnamese if end == Quarter.of(end).last_day else day_text(end)


def _check_tiles(page: Page, reckoned: Reckoned, place: Place, quarters: Sequence[tuple[date | None, Line]]) -> None:
    where = (place.province_code, place.agency_code)
    (_day, now), (end, then) = quarters[:2]
    before = next(found for found in reckoned.ends() if found.day == end)
    came, went = reckoned.owing(*where) - before.owing(*where), before.owing(*where) - reckoned.owing(*where)
    points = round(100 * (now[1] / now[0] - then[1] / then[0]), 1) if now[0] and then[0] else None
    late = reckoned.late_since(*where) if reckoned.day is None else ""
    assert tiles(page) == [
        (percent(now[1], now[0]), f"{now[1]}/{now[0]}" if now[0] else ""),
        (
            _signed(points) if points is not None else "chưa có số liệu",
            f"điểm phần trăm; {_signed(now[1] - then[1])} nghĩa vụ có hiệu lực",
        ),
        (str(len(came)), f"Ra khỏi diện: {len(went)}"),
        (str(now[4] + now[5]), f"Lâu nhất từ ngày {late}" if late else ""),
        (str(now[2]), ""),
    ]


def _signed(number: float) -> str:
    sign = "+" if number > 0 else "−" if number < 0 else "±"
    return f"{sign}{abs(number):g}".replace(".", ",")


def _check_facts(page: Page, reckoned: Reckoned, place: Place) -> None:
    where, told = (place.province_code, place.agency_code), facts(page)
    times = reckoned.times(*where)
    if times is None:
        assert "Chưa có hồ sơ nào được quyết định" in told["Thời gian ở cơ quan và ở người ký"]
    else:
        files, days = times
        assert f"không quá {round(days, 1):g} ngày".replace(".", ",") in told["Thời gian ở cơ quan và ở người ký"]
        assert f"Tính trên {files} hồ sơ" in told["Thời gian ở cơ quan và ở người ký"]
    decided = reckoned.scope_decided_on(*where)
    assert (f"gần nhất: {decided}." if decided else "Chưa lần nào") in told["Danh sách đối tượng được rà soát"]
    if reckoned.day is None:
        waiting = reckoned.oldest_waiting(*where)
        assert (waiting.reference if waiting else "Không có hồ sơ nào") in told["Hồ sơ chờ cơ quan lâu nhất"]


def _check_communes(books: Books, page: Page, reckoned: Reckoned, place: Place) -> None:
    where, names = (place.province_code, place.agency_code), books.names[place.province_code]
    pledged = books.by_commune(reckoned, place)
    codes = reckoned.among(5, *where) | reckoned.among(5, *where, ACKNOWLEDGEMENT)
    expected = [
        (
            names.commune(code),
            *written(reckoned.line(*where, commune=code)),
            fraction(reckoned.line(*where, commune=code, instrument=ACKNOWLEDGEMENT)),
        )
        for code in codes
    ]
    if codes:
        received = fraction(reckoned.line(*where, instrument=ACKNOWLEDGEMENT))
        expected.append((ALL, *written(reckoned.line(*where)), received))
    found = tables(page)
    assert found.get("Nơi đặt trụ sở hoặc cư trú", []) == sorted(expected)
    assert found.get("Tỷ lệ cam kết theo xã, phường, đặc khu", []) == rows(pledged, charted)


def check_nation(books: Books, day: date | None) -> None:
    reckoned = books.at(day)
    page = books.viewers[WHOLE_SYSTEM].get(f"{FIGURES}?ngay={day_text(day)}" if day else FIGURES)
    lines = [
        (name, reckoned.line(code), reckoned.line(code, instrument=ACKNOWLEDGEMENT)) for code, name in NAMES.items()
    ]
    whole = (ALL, reckoned.line(), reckoned.line(instrument=ACKNOWLEDGEMENT))
    assert tables(page) == {
        "Tỉnh, thành phố; mở từng nơi để xem chi tiết": sorted(
            (name, *written(line), fraction(received)) for name, line, received in (*lines, whole)
        ),
        "Tỷ lệ cam kết theo tỉnh, thành phố": rows([each[:2] for each in lines], charted),
    }
