"""`demo --out DIR` on an empty, migrated database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from pledges.core.db import Database
from pledges.core.errors import Conflict
from pledges.demonstration import SHOP, demonstrate
from pledges.product import Product
from pledges.rounds.list_models import Group
from pledges.settings import read_settings
from pledges.signing.models import Origin, Pledge, PledgeState
from tests.support.pdf_tools import assert_sound, pdfsig, text_of


def test_the_demonstration_leaves_its_files_and_never_mixes_with_real_pledges(
    sqlite_database: Database, tmp_path: Path
) -> None:
    url = sqlite_database.url.render_as_string(hide_password=False)
    product = Product.from_settings(read_settings({"PLEDGES_VAR": str(tmp_path / "var"), "PLEDGES_DATABASE_URL": url}))
    played = demonstrate(product, tmp_path / "out")
    names = ("signed.pdf", "approved.pdf", "not-pledged.csv", "not-pledged.xlsx", "rollup.json", "rollup.pdf")
    assert played.files == {name: str(tmp_path / "out" / name) for name in names}
    signed, approved = ((tmp_path / "out" / name).read_bytes() for name in names[:2])
    figures = json.loads((tmp_path / "out" / "rollup.json").read_text())
    assert figures["frozen"]
    assert sum(row["in_scope"] for row in figures["rows"]) == sum(row["in_scope"] for row in figures["totals"]) == 10
    for row in (*figures["rows"], *figures["totals"]):
        assert row["in_scope"] == sum(row[group.value] for group in Group)
    rollup = (tmp_path / "out" / "rollup.pdf").read_bytes()
    assert_sound(rollup, tmp_path)
    assert "số liệu đã chốt" in text_of(rollup, tmp_path)
    assert approved.startswith(signed)
    assert pdfsig(signed, tmp_path).count("Signature is Valid") == 1
    assert pdfsig(approved, tmp_path).count("Signature is Valid") == 2
    for pdf in (signed, approved):
        assert_sound(pdf, tmp_path)
        text = text_of(pdf, tmp_path)
        assert played.reference in text
        assert SHOP in text
    assert "PHÓ GIÁM ĐỐC" in text_of(approved, tmp_path)
    with product.database.read() as session:
        states = session.scalars(select(Pledge.state).where(Pledge.origin == Origin.ONLINE)).all()
        assert states == [PledgeState.APPROVED]
    with pytest.raises(Conflict):
        demonstrate(product, tmp_path / "again")
