"""Each of the groups, with the provinces and both kinds of signer in turn, comes to a text of its own to sign."""

from __future__ import annotations

from typing import Any

import pytest

from pledges.plans.rules import SUBJECT_TYPES
from pledges.product import Product
from pledges.signing.answers import EXTRA_FIELDS
from pledges.signing.rules import Page as Step
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.signing import COMMUNES, invented_tax_code
from tests.web.signer.steps import Pages, path_of, progress, walk

ORGANISATION = {"name": "Trần Thị Thử Nghiệm", "title": "Giám đốc", "authority": "yes"}
PERSON = {"of_age": "yes"}
PROVINCES = sorted(COMMUNES)
ALL = [
    (code, PROVINCES[(number + turn) % len(PROVINCES)], kind)
    for number, (code, info) in enumerate(SUBJECT_TYPES.items())
    for turn, kind in enumerate(("organisation", "person"))
    if info.person_or_organisation in {"either", kind}
]


def pages_of(code: str, province: str, kind: str) -> Pages:
    """Every answer that any group is asked for; what a page does not ask, it does not read."""
    who: dict[str, Any] = dict.fromkeys(EXTRA_FIELDS, "Thử Nghiệm")
    who |= {"name": "Thử Nghiệm", "kind": kind, "location": "local", "tax_code": invented_tax_code(21)}
    return {
        Step.GROUP: {"email": "moi.nhom@vidu.vn", "province": province, "subject_type": code},
        Step.WHO: who,
        Step.PLACE: {"commune": COMMUNES[province], "channels": ["nhomthu.vn"]},
        Step.SIGNER: ORGANISATION if kind == "organisation" else PERSON,
    }


@pytest.mark.parametrize(("code", "province", "kind"), ALL, ids=["-".join(case) for case in ALL])
def test_a_group_comes_to_its_text(
    visitor: CheckedClient, small_product: Product, clock: FixedClock, code: str, province: str, kind: str
) -> None:
    page = walk(visitor, pages_of(code, province, kind), Step.SIGN)
    assert path_of(page) == "/ky-cam-ket/ky"
    assert progress(small_product, small_product.vault, clock).complete().group.subject_types == (code,)
    assert "Thử Nghiệm" in page.words
    assert "{{" not in page.text
    assert page.all("//input[@name='consent_processing']")
    assert page.all("//input[@type='checkbox'][@checked]") == []
