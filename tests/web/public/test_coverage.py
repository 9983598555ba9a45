"""Coverage for everybody: only of provinces that publish it, only numbers, nothing that points to one person."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from pledges.audit.operations import SYSTEM
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.plans.decisions import PROVINCE, decide
from pledges.product import Product
from pledges.reporting.open_data import COLUMNS
from pledges.reporting.published import LEAST, public_coverage
from pledges.reporting.words import plain
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.unit.reporting.played import Quarterly
from tests.unit.rounds.quarter import QuarterOffice

FIGURES = "/so-lieu"
OWN = f"{FIGURES}/{HUE}"


def publish(database: Database, clock: FixedClock, province: str = HUE, *, on: bool = True) -> None:
    values = {"publish_coverage": on}
    database.run(lambda session: decide(session, province, PROVINCE, "", values, actor=SYSTEM, now=clock()))


@pytest.fixture
def played(small_product: Product, clock: FixedClock) -> Quarterly:
    """A quarter with a group of two subjects and groups of one."""
    found = Quarterly(small_product.database, clock, small_product.vault)
    for _ in range(LEAST):
        found.office.subject(types=("enterprise",))
    clock.advance(timedelta(days=1))
    return found


def rows_of(answer: Any) -> list[dict[str, str]]:
    lines = [line for line in answer.data.decode("utf-8-sig").splitlines() if not line.startswith("# ")]
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


def test_nothing_is_shown_until_a_province_decides_it(
    visitor: CheckedClient, small_product: Product, clock: FixedClock
) -> None:
    page = visitor.get(FIGURES)
    assert "Chưa có tỉnh, thành phố nào công bố số liệu" in page.text
    assert f'href="{FIGURES}"' not in visitor.get("/").text
    for path in (OWN, f"{OWN}.csv", f"{OWN}.json", f"{FIGURES}/99"):
        assert visitor.client.get(path).status_code == 404
    assert rows_of(visitor.client.get(f"{FIGURES}.csv")) == []
    publish(small_product.database, clock)
    fresh = CheckedClient(visitor.app)
    fresh.app.extensions.pop("figures_published")
    assert fresh.get("/").text.count(f'href="{FIGURES}"') == 2, "among the links, and in the foot"
    assert "thành phố Huế" in fresh.get(FIGURES).words
    nobody = fresh.get(OWN)
    assert "chưa có số liệu" in nobody.words, "nobody in scope has no share"
    publish(small_product.database, clock, on=False)
    assert visitor.client.get(OWN).status_code == 404


def test_small_groups_stand_together_and_no_number_gives_them_away(
    visitor: CheckedClient, played: Quarterly, clock: FixedClock
) -> None:
    publish(played.database, clock)
    with played.database.read() as session:
        found = public_coverage(session, HUE, clock(), plain)
    assert found.day == local_day(clock()) - timedelta(days=1)
    assert found.total is not None
    [joined] = [line for line in found.groups if len(line.codes) > 1]
    alone = [line for line in found.groups if len(line.codes) == 1]
    assert {"doctor", "scientist", "influencer", "artist"} <= set(joined.codes)
    assert all(line.figures.in_scope >= LEAST for line in found.groups)
    # With the total and every group that stands alone nobody reckons what is behind the small ones.
    assert found.total.in_scope - sum(line.figures.in_scope for line in alone) >= LEAST
    assert found.acknowledged is None, "one has to acknowledge something, and everybody knows who"
    page = visitor.get(OWN)
    assert "Các nhóm ít đối tượng, gộp chung" in page.words
    assert "lượt đếm trùng" in page.words
    assert "ít hơn 3, không nêu" in page.words
    assert "Công ty Thử Nghiệm" not in page.text
    for code in ("doctor", "artist"):
        assert not [row for row in rows_of(visitor.client.get(f"{OWN}.csv")) if row["group"] == code]


def test_open_data_explain_themselves_and_say_what_the_page_says(
    visitor: CheckedClient, played: Quarterly, clock: FixedClock
) -> None:
    publish(played.database, clock)
    yesterday = local_day(clock()) - timedelta(days=1)
    for path in (OWN, FIGURES):
        taken = visitor.client.get(f"{path}.csv")
        assert taken.data.startswith(b"\xef\xbb\xbf# ")
        assert "attachment" in taken.headers["Content-Disposition"]
        told = visitor.client.get(f"{path}.json").get_json()
        assert told["as_of"] == yesterday.isoformat()
        assert told["schema_version"] == 1
        assert "ghi nguồn" in told["licence"]
        assert told["columns"] == COLUMNS
        assert tuple(told["rows"][0]) == tuple(COLUMNS)
        written = [{name: "" if row[name] is None else str(row[name]) for name in COLUMNS} for row in told["rows"]]
        assert rows_of(taken) == written
        assert all(f"# {name}: " in taken.data.decode() for name in COLUMNS)
    more = visitor.client.get(f"{OWN}.json").get_json()
    assert date.fromisoformat(more["quarters"][-1]["as_of"]) == yesterday
    assert more["target"] == {"share": 1.0, "clause": None}


def test_who_has_the_answer_already_gets_it_no_more(
    visitor: CheckedClient, played: Quarterly, clock: FixedClock
) -> None:
    publish(played.database, clock)
    for path in (FIGURES, OWN, f"{OWN}.csv", f"{OWN}.json", f"{FIGURES}.json"):
        first = visitor.client.get(path)
        known = {"If-None-Match": first.headers["ETag"]}
        assert visitor.client.get(path, headers=known).status_code == 304, path
        assert "Access-Control-Allow-Origin" not in first.headers
    first = visitor.client.get(f"{OWN}.json")
    played.office.subject()
    assert visitor.client.get(f"{OWN}.json").data == first.data, "today is not over"
    clock.advance(timedelta(days=1))
    assert visitor.client.get(f"{OWN}.json").data != first.data


def test_what_counts_two_subjects_is_not_told(
    visitor: CheckedClient, small_product: Product, clock: FixedClock
) -> None:
    office = QuarterOffice(small_product.database, clock, small_product.vault)
    for number in range(LEAST):
        publish(small_product.database, clock)
        clock.advance(timedelta(days=1))
        told = number == 0
        total = next(row for row in visitor.client.get(f"{OWN}.json").get_json()["rows"] if row["line"] == "total")
        assert total["in_scope"] == (0 if told else None)
        page = visitor.get(OWN)
        assert ("Còn quá ít đối tượng để nêu số liệu" in page.words) is not told
        assert bool(page.all("//li[@class='tile']")) is told
        assert ("ít hơn 3, không nêu" in visitor.get(FIGURES).words) is not told
        office.subject()
    clock.advance(timedelta(days=1))
    assert "0/3" in visitor.get(OWN).words
