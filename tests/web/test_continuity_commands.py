"""`ops backup`, `ops drill`, `ops restore`, `ops open-keys` as the officer of IT types them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pledges.continuity.manifest import NotPossible, listed_files, place_in_pool
from pledges.continuity.pgbackrest import read_info
from pledges.core.db import Database
from pledges.documents.storage import Storage
from pledges.product import Product
from pledges.readiness import check_readiness
from tests.web.conftest import make_app


def run(app: Flask, *words: object, status: int = 0) -> dict[str, Any]:
    """The last line of a command that ends with JSON; else what it said on standard error."""
    result = app.test_cli_runner().invoke(args=["ops", *map(str, words)])
    assert result.exit_code == status, result.output
    lines = result.stdout.strip().splitlines()
    try:
        return json.loads(lines[-1]) | {"stderr": result.stderr}
    except (ValueError, IndexError):
        return {"stdout": result.stdout, "stderr": result.stderr}


def states(product: Product) -> dict[str, str]:
    return {part.name: part.state for part in check_readiness(product)}


def test_from_the_backup_to_another_machine(small_product: Product, small_app: Flask, tmp_path: Path) -> None:
    small_product.storage.put(b"a file that must come along")
    to, keys = tmp_path / "backups", tmp_path / "keys"
    password = tmp_path / "password"
    password.write_text("mật khẩu của tủ sắt\n")
    taken = run(small_app, "backup", "--to", to, "--keys-to", keys, "--keys-password", password, "--json")
    assert (taken["files"], taken["damaged"], Path(taken["backup"]).parent) == (1, 0, to)
    report = run(small_app, "drill", "--from", to, "--keys-from", keys, "--keys-password", password, "--json")
    assert report["ok"], report
    assert 0 <= report["recovery_point_seconds"] < 600
    assert states(small_product).items() >= {"backup": "fine", "drill": "fine"}.items()
    told = run(small_app, "drill")["stdout"]
    assert "recovery point: " in told
    assert "recovery time: " in told

    run(small_app, "open-keys", taken["keys"], "--to", tmp_path / "opened", "--keys-password", password)
    assert "PLEDGES_DATA_KEY='" in (tmp_path / "opened" / "settings.env").read_text()

    settings = replace(small_product.settings, storage=tmp_path / "new" / "storage")
    (tmp_path / "new").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'new' / 'pledges.sqlite'}")
    new = replace(small_product, settings=settings, database=database, storage=Storage(settings.storage))
    assert run(make_app(new), "restore", "--from", to, "--json")["missing"] == 0
    [sha256] = listed_files(Path(taken["backup"]))
    assert new.storage.get(sha256) == b"a file that must come along"
    assert states(new)["database"] == "fine"
    there = ("--restored", f"sqlite:///{tmp_path / 'new' / 'pledges.sqlite'}", "--restored-storage", settings.storage)
    assert run(small_app, "drill", *there, "--json")["ok"]
    new.storage.path_of(sha256).write_bytes(b"another")
    assert "is damaged" in run(small_app, "drill", *there, status=1)["stderr"]
    assert "is not empty" in run(make_app(new), "restore", "--from", to, status=1)["stderr"]
    database.dispose()


def test_what_is_lost_is_a_sentence_and_a_status(small_product: Product, small_app: Flask, tmp_path: Path) -> None:
    small_product.storage.put(b"a file")
    to = tmp_path / "backups"
    assert "no complete backup" in run(small_app, "drill", "--from", to, status=1)["stderr"]
    taken = run(small_app, "backup", "--to", to, "--json")
    [sha256] = listed_files(Path(taken["backup"]))
    (to / place_in_pool(sha256)).unlink()
    said = run(small_app, "drill", "--from", to, "--without-keys", status=1)["stderr"]
    assert said == f"The file {sha256} is missing in the backup.\n"
    assert states(small_product)["drill"] == "failed"
    shutil.rmtree(to / "files")
    (to / "files").write_text("a file where the folder should be")
    assert "cannot be written" in run(small_app, "backup", "--to", to, status=1)["stderr"]


STANZA: dict[str, Any] = {
    "name": "pledges",
    "status": {"code": 0, "message": "ok"},
    "archive": [{"id": "15-1", "min": "000000010000000000000001", "max": "00000001000000000000002A"}],
    "backup": [
        {"label": "20261120-010000F", "error": False, "timestamp": {"start": 1_795_136_000, "stop": 1_795_136_020}},
        {"label": "20261121-010000D", "error": True, "timestamp": {"start": 1_795_222_400, "stop": 1_795_222_420}},
    ],
}


def test_pgbackrest_is_understood() -> None:
    found = read_info(json.dumps([STANZA]), "pledges")
    assert (found.label, found.archived_to) == ("20261120-010000F", "00000001000000000000002A")
    broken = {**STANZA, "status": {"code": 2, "message": "no valid backups"}}
    for said, words in ((json.dumps([broken]), "no valid backups"), ("[]", "no stanza"), ("{", "cannot be read")):
        with pytest.raises(NotPossible, match=words):
            read_info(said, "pledges")


def test_what_pgbackrest_said_to_another_user_is_noted(small_app: Flask, tmp_path: Path) -> None:
    (tmp_path / "info").write_text(json.dumps([STANZA]))
    asked = ("note-backup", "--pgbackrest", "pledges", "--info", tmp_path / "info")
    assert run(small_app, *asked, "--json")["label"] == "20261120-010000F"
    (tmp_path / "info").write_text("")
    assert "cannot be read" in run(small_app, *asked, status=1)["stderr"]
