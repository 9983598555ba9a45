"""Every figure of every page, file, command and interface is the one that the facts give, to the last one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from pledges.product import Product
from pledges.registry.models import Counter
from pledges.registry.recounting import recount
from pledges.reporting.nation import subjects_counted
from pledges.reporting.standing import Place
from tests.support.clock import FixedClock
from tests.support.played_year import DAYS, HEALTH
from tests.support.signing import HUE, LANG_SON
from tests.unit.rounds.quarter import AGENCY
from tests.web.reconciling.books import CULTURE, Books
from tests.web.reconciling.files import check_command, check_csv, check_key, check_paper, check_workbook
from tests.web.reconciling.pages import check_nation, check_page
from tests.web.reconciling.published import check_published, check_published_everywhere

CLOSED, AMID, OPEN = DAYS
WHOLE, TRADE = Place(HUE), Place(HUE, AGENCY)


def checks(books: Books) -> list[Callable[[], None]]:
    """Of now, or of yesterday for everybody: each of them reads the counters that are spoiled below."""
    return [
        partial(check_page, books, WHOLE, None),
        partial(check_page, books, TRADE, None),
        partial(check_nation, books, None),
        partial(check_command, books, None),
        partial(check_key, books, None),
        partial(check_csv, books, TRADE, None),
        partial(check_workbook, books, WHOLE, None),
        partial(check_paper, books, TRADE, None),
        partial(check_published, books, HUE),
        partial(check_published_everywhere, books, [HUE, LANG_SON]),
    ]


@pytest.fixture
def books(small_product: Product, small_app: Flask, clock: FixedClock, tmp_path: Path) -> Books:
    return Books(small_product, small_app, clock, tmp_path)


def test_whatever_is_shown_is_what_the_facts_give(books: Books) -> None:
    for check in checks(books):
        check()
    check_published(books, LANG_SON)
    for place in (Place(HUE, HEALTH), Place(HUE, CULTURE)):
        check_page(books, place, None)
    for day in DAYS:
        check_page(books, WHOLE, day)
        check_command(books, day)
    check_page(books, TRADE, CLOSED)
    check_nation(books, CLOSED)
    check_key(books, CLOSED)
    check_csv(books, WHOLE, AMID)
    check_workbook(books, TRADE, CLOSED)
    check_paper(books, WHOLE, OPEN)
    check_subjects(books)
    books.product.database.run(_spoil)
    for check in checks(books):
        with pytest.raises(AssertionError):
            check()
    assert books.product.database.run(lambda session: recount(session, repair=False)), "the recount finds it as well"


def check_subjects(books: Books) -> None:
    """One enterprise of two provinces is two obligations and one subject."""
    with books.product.database.read() as session:
        found = subjects_counted(session)
    assert found is not None
    whole = books.at(None).line()
    assert (found.shared, found.in_provinces - found.subjects) == (1, 1)
    assert found.in_provinces <= whole[0]


def _spoil(session: Session) -> None:
    """One more pledge in force than there is, of one seller: in the figures of the group and in the distinct ones."""
    spoiled = (Counter.province_code == HUE, Counter.agency_code == AGENCY, Counter.entry_id == "46-seller")
    for kind in ("", "digital_seller"):
        one = session.query(Counter).where(*spoiled, Counter.subject_type == kind, Counter.in_force > 0).first()
        assert one is not None
        one.in_force += 1
        one.in_scope += 1
