"""`demo --out DIR` on an empty, migrated database."""

from __future__ import annotations

from pathlib import Path

import pytest

from pledges.core.db import Database
from pledges.core.errors import Conflict
from pledges.demonstration import SHOP, demonstrate
from pledges.product import Product
from pledges.settings import read_settings
from tests.support.pdf_tools import assert_sound, pdfsig, text_of


def test_the_demonstration_leaves_a_signed_file_and_never_mixes_with_real_pledges(
    sqlite_database: Database, tmp_path: Path
) -> None:
    url = sqlite_database.url.render_as_string(hide_password=False)
    product = Product.from_settings(read_settings({"PLEDGES_VAR": str(tmp_path / "var"), "PLEDGES_DATABASE_URL": url}))
    played = demonstrate(product, tmp_path / "out")
    signed = (tmp_path / "out" / "signed.pdf").read_bytes()
    assert played.files == {"signed.pdf": str(tmp_path / "out" / "signed.pdf")}
    assert "Signature is Valid" in pdfsig(signed, tmp_path)
    assert_sound(signed, tmp_path)
    text = text_of(signed, tmp_path)
    assert played.reference in text
    assert SHOP in text
    with pytest.raises(Conflict):
        demonstrate(product, tmp_path / "again")
