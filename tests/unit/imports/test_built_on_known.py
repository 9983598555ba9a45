"""What people have made of what a list added, beside that it was signed or seen: then the list stays in."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import SIGNER
from pledges.imports.built_on import CLAIMED
from pledges.imports.errors import BuiltOn
from pledges.imports.models import Import
from pledges.registry import care
from pledges.registry.models import Entity
from pledges.registry.operations import register_declared
from pledges.signing.merging import merge_entities
from tests.support.lists import HUE, Lists, row
from tests.unit.registry.declarations import OTHER_TAX_CODE, TAX_CODE, declared

SHOP = "Cửa hàng Hoa Mai thử nghiệm"


def entity(lists: Lists, name: str) -> Entity:
    with lists.database.read() as session:
        return session.scalars(select(Entity).where(Entity.name == name)).one()


def add_to_known(lists: Lists) -> Import:
    lists.bring_in([row(SHOP, phone="0912345678"), row("Tiệm bánh Ví Dụ")], source="Danh sách đầu")
    more = row(SHOP, tax=TAX_CODE, channel="hoamai-thunghiem.vn")
    return lists.bring_in([more], source="Danh sách sau", subject_type="ecommerce_website")


def test_a_number_that_was_corrected_since_is_not_wiped_out(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    second, staff, shop = add_to_known(lists), lists.officer(), entity(lists, SHOP)
    assert shop.tax_code == TAX_CODE

    def correct(session: Session) -> None:
        what = care.Identifiers(shop.kind, OTHER_TAX_CODE)
        care.change_identifiers(session, (HUE, shop.id), what, staff=staff, now=lists.clock(), vault=lists.vault)

    lists.database.run(correct)
    with pytest.raises(BuiltOn):
        lists.undo(second)
    assert entity(lists, SHOP).tax_code == OTHER_TAX_CODE


def test_who_was_merged_since_keeps_what_the_list_added(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    second, staff = add_to_known(lists), lists.officer()
    shop, bakery = entity(lists, SHOP), entity(lists, "Tiệm bánh Ví Dụ")
    lists.database.run(
        lambda session: merge_entities(
            session, HUE, bakery.id, shop.id, staff=staff, note="Cùng một chủ.", now=lists.clock()
        )
    )
    with pytest.raises(BuiltOn):
        lists.undo(second)
    assert entity(lists, "Tiệm bánh Ví Dụ").tax_code == TAX_CODE
    assert lists.drifts() == []


def test_whom_somebody_claims_to_be_stays(lists_on_sqlite: Lists) -> None:
    """Without the registered one nobody could decide the claim any more."""
    lists = lists_on_sqlite
    first = lists.bring_in([row(SHOP, tax=TAX_CODE)])
    subject = declared(tax_code=TAX_CODE, name="Công ty Khác Hẳn Ví Dụ", email="khac@vidu.vn", commune=None)
    claim = lists.database.run(
        lambda session: register_declared(
            session, subject, province_code=HUE, actor=SIGNER, now=lists.clock(), vault=lists.vault
        )
    )
    assert claim.claimed
    with pytest.raises(BuiltOn) as refused:
        lists.undo(first)
    assert refused.value.blockers == ((SHOP, (CLAIMED, {})),)
