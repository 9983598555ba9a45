from __future__ import annotations

import re

import pytest

from pledges.plans.loader import read_books
from pledges.plans.settings import ProvinceSettings
from pledges.plans.wording_preview import SIGNER_PLACES, PreviewPlace, preview_wording
from pledges.plans.wordings import PLACEHOLDERS

PLACE = PreviewPlace("20", "tỉnh Lạng Sơn", ProvinceSettings())
WORDINGS = {wording.text_id: wording.content for wording in read_books(None).wordings}


def test_every_place_has_a_name() -> None:
    assert set(SIGNER_PLACES) == PLACEHOLDERS


@pytest.mark.parametrize("text_id", sorted(WORDINGS))
def test_nothing_that_may_be_signed_is_hidden(text_id: str) -> None:
    content = WORDINGS[text_id]
    shown = "\n".join(line.text for line in preview_wording(content, PLACE))
    assert "{{" not in shown
    items = [*content["commitments"], *content["basis"], *content["notes"], *content["choices"], *content["consents"]]
    parts = [part for item in [*items, {"text": content["opening"]}] for part in item["text"]]
    assert len(parts) > 3
    for part in parts:
        longest = max(re.split(r"\{\{\w+\}\}", part["text"]), key=len).strip()
        assert longest in shown


def test_what_depends_on_the_signer_is_said_in_words() -> None:
    lines = preview_wording(WORDINGS["celebrity"], PLACE)
    conditions = {line.label: line.condition for line in lines if line.kind == "party"}
    assert conditions["Họ và tên"] == "với cá nhân"
    assert conditions["Nghệ danh"] == "", "an empty row is never printed, so nothing needs saying"
    assert conditions["Mã số thuế"] == "với cá nhân"
    [opening] = [line.text for line in lines if line.kind == "opening"]
    assert opening.startswith("‹người cam kết›")
    assert "[khi có nghệ danh:" in opening


def test_what_the_province_has_decided_is_filled_in() -> None:
    decided = PreviewPlace("20", "tỉnh Lạng Sơn", ProvinceSettings(retention="05 năm kể từ ngày ký"))
    before, after = (
        "\n".join(line.text for line in preview_wording(WORDINGS["health"], place)) for place in (PLACE, decided)
    )
    assert "05 năm kể từ ngày ký" in after
    assert "05 năm kể từ ngày ký" not in before
    assert "trang tra cứu của tỉnh Lạng Sơn" in before
