"""Who is listed for everybody: those in force who agree to it, and nobody else. Everybody in here is invented."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.plans.decisions import PROVINCE, decide
from pledges.registry.models import Entity, Standing
from pledges.registry.names import remember_name
from pledges.registry.rules import set_name
from pledges.registry.search_documents import refresh
from pledges.signing import published
from pledges.signing.consent import withdraw_publication
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.public_pledges import public_pledge
from pledges.signing.published import PublishedFilter, SearchTooBroad, published_pledges
from tests.support.clock import START
from tests.support.signing import (
    COMMUNES,
    HUE,
    LANG_SON,
    PUBLIC_URL,
    approve,
    doctor_pages,
    invented_tax_code,
    seller_pages,
    signed_by,
)

Sign = Callable[..., Pledge]


@pytest.fixture
def sign(database: Database, vault: Vault) -> Sign:
    def work(pages: object, *, publish: bool = True, approved: bool = True) -> Pledge:
        [pledge] = signed_by(database, pages, now=START, vault=vault).signed  # type: ignore[arg-type]
        agree = update(Pledge).where(Pledge.id == pledge.id).values(publish=publish)
        database.run(lambda session: session.execute(agree))
        return approve(database, pledge, now=START) if approved else pledge

    return work


def names(database: Database, typed: str = "", **within: object) -> list[str]:
    with database.read() as session:
        page = published_pledges(session, PublishedFilter(text=typed, **within))  # type: ignore[arg-type]
    return [row.name for row in page.rows]


def test_only_who_is_in_force_and_agrees_is_found(database: Database, sign: Sign, vault: Vault) -> None:
    listed = sign(seller_pages(1, place__phone="0912345678"))
    sign(seller_pages(2), publish=False)
    sign(seller_pages(3), approved=False)
    sign(doctor_pages(4, LANG_SON))
    seller, doctor = "Công ty TNHH Thử Nghiệm 1", "Lê Văn Thử 4"
    assert sorted(names(database)) == [seller, doctor]
    found = {
        "cong ty tnhh thu nghiem": [seller],
        "THỬ NGHIỆM": [seller],
        "thu": [seller, doctor],
        "le van thu": [doctor],
        "le thi": [],
        "https://facebook.com/cuahang.thu.1": [seller],
        "cuahang.thu": [seller],
        "cuahang.thu.2": [],
        invented_tax_code(1): [seller],
        invented_tax_code(2): [],
        # What the register knows and nobody agreed to publish finds nobody.
        "chu.shop.1": [],
        "vidu.vn": [],
        "912345678": [],
        "": sorted([seller, doctor]),
    }
    assert {typed: sorted(names(database, typed)) for typed in found} == found
    assert names(database, province_code=LANG_SON) == [doctor]
    assert names(database, "thu", province_code=LANG_SON) == [doctor]
    assert names(database, province_code=HUE, commune_code=COMMUNES[HUE]) == [seller]
    assert names(database, subject_type="doctor") == [doctor]
    assert names(database, enterprises=True) == names(database, "thu", enterprises=True) == [seller]
    with database.read() as session:
        rows = {row.name: row for row in published_pledges(session, PublishedFilter()).rows}
    assert (rows[seller].tax_code, rows[doctor].tax_code) == (invented_tax_code(1), None)
    assert rows[seller].channels == ("facebook.com/cuahangthu1",)

    def into(state: PledgeState) -> None:
        database.run(lambda session: session.execute(update(Pledge).values(state=state)))

    for state in PledgeState:
        into(state)
        shown = names(database), names(database, "thu"), names(database, "cuahang.thu")
        assert all(shown) if state is PledgeState.APPROVED else not any(shown), state
    into(PledgeState.APPROVED)
    key = (listed.province_code, listed.id)
    database.run(lambda session: withdraw_publication(session, key, now=START, vault=vault, public_url=PUBLIC_URL))
    assert seller not in names(database) + names(database, "thu nghiem") + names(database, invented_tax_code(1))


def test_what_a_province_hides_is_neither_shown_nor_found(sqlite_database: Database, vault: Vault) -> None:
    database = sqlite_database
    [pledge] = signed_by(database, seller_pages(1), now=START, vault=vault).signed
    database.run(lambda session: session.execute(update(Pledge).values(publish=True)))
    approve(database, pledge, now=START)

    def hide(*fields: str) -> None:
        values = {"hidden_fields": list(fields)}
        database.run(lambda session: decide(session, HUE, PROVINCE, "", values, actor=Actor("command"), now=START))

    by_channel, by_number = "cuahang.thu.1", invented_tax_code(1)
    assert names(database, by_channel) == names(database, by_number) != []
    hide("commune", "channels", "tax_code")
    assert names(database, by_channel) == names(database, by_number) == []
    assert names(database, province_code=HUE, commune_code=COMMUNES[HUE]) == []
    with database.read() as session:
        [row] = published_pledges(session, PublishedFilter(text="thu nghiem")).rows
        shown = public_pledge(session, session.get_one(Pledge, (pledge.province_code, pledge.id)))
    assert (row.commune, row.channels, row.tax_code) == ("", (), None)
    assert (shown.name, shown.commune, shown.channels, shown.tax_code) == (row.name, None, (), None)
    hide("tax_code")
    assert names(database, by_channel) == [row.name]


def test_the_published_name_is_found_and_no_other_name(database: Database, sign: Sign) -> None:
    pledge = sign(seller_pages(1))

    def change(session: Session, standing: Standing, other: uuid.UUID | None = None) -> None:
        entity = session.get_one(Entity, (pledge.province_code, pledge.entity_id))
        entity.standing, entity.merged_into = standing, other
        name = str(pledge.answers["name"])
        set_name(entity, "Tiệm Tên Trong Sổ")
        remember_name(session, entity, name, now=START)
        refresh(session, pledge.province_code, [entity.id, *([other] if other else [])])

    database.run(partial(change, standing=Standing.REGISTERED))
    assert names(database, "thu nghiem 1") == ["Công ty TNHH Thử Nghiệm 1"]
    assert names(database, "ten trong so") == []
    kept = sign(seller_pages(2), publish=False)
    database.run(partial(change, standing=Standing.REGISTERED, other=kept.entity_id))
    assert names(database, "thu nghiem 1") == ["Công ty TNHH Thử Nghiệm 1"], "also where it was merged into another"
    assert names(database, "cuahang.thu.1") == ["Công ty TNHH Thử Nghiệm 1"]
    database.run(partial(change, standing=Standing.CLAIMED))
    assert names(database) == names(database, "thu nghiem") == [], "a claim is nobody's until a person decides"


def test_pages_follow_each_other_without_gaps(database: Database, sign: Sign) -> None:
    for number in range(1, 6):
        sign(seller_pages(number))
    for wanted in (PublishedFilter(), PublishedFilter(text="thu nghiem")):
        seen, cursor = [], ""
        with database.read() as session:
            while True:
                page = published_pledges(session, wanted, cursor=cursor, size=2)
                seen += [row.name for row in page.rows]
                if not (cursor := page.following):
                    break
        assert sorted(seen) == [f"Công ty TNHH Thử Nghiệm {number}" for number in range(1, 6)]
    with database.read() as session:
        made_up = published_pledges(session, PublishedFilter(), cursor="bịa đặt")
        # Python refuses to read so long a number.
        endless = published._mark("n", "9" * 5000)
        assert published_pledges(session, PublishedFilter(text="cong ty"), cursor=endless).following == ""
    assert len(made_up.rows) == 5


def test_any_text_and_any_cursor_is_answered(database: Database, sign: Sign) -> None:
    sign(seller_pages(1))

    @given(st.text(max_size=30), st.text(max_size=20) | st.text("abcdefghijklmnopqrstuvwxyz0123456789_-=", max_size=40))
    @given_settings(max_examples=20)
    def ask(typed: str, cursor: str) -> None:
        with database.read() as session:
            published_pledges(session, PublishedFilter(text=typed), cursor=cursor)
            published_pledges(session, PublishedFilter(province_code=HUE), cursor=cursor)

    ask()


def test_nobodys_question_keeps_the_database_busy(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "PATIENCE_MILLISECONDS", 50)

    def ask() -> None:
        with postgresql_database.read() as session:
            published_pledges(session, PublishedFilter(text="thu"))

    ask()
    with postgresql_database.engine.begin() as other:
        other.execute(text("LOCK TABLE pledge IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(SearchTooBroad):
            ask()
