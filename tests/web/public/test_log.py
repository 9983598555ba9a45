"""The public log as strangers read it: pages and addresses, checked by the program that they download."""

from __future__ import annotations

import copy
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.product import Product
from pledges.signing.models import Pledge
from pledges.transparency.mailing import CheckpointMail
from pledges.transparency.models import Checkpoint
from pledges.transparency.operations import append
from pledges.transparency.tree import leaf_hash
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.public_log import Journalist, signed
from tests.support.signing import seller_pages, signed_by
from tests.web.public.test_openapi import faults

SHA256 = "ab" * 32


def enter(database: Database, count: int, clock: FixedClock, about: uuid.UUID | None = None) -> None:
    def acts(session: Any) -> None:
        for number in range(count):
            about_id = about or uuid.UUID(int=number)
            append(session, "pledge.approved", "pledge", about_id, {"sha256": SHA256}, clock())

    database.run(acts)


@pytest.fixture
def pledge(small_product: Product, clock: FixedClock, vault: Vault) -> Pledge:
    [pledge] = signed_by(small_product.database, seller_pages(), now=clock(), vault=vault).signed
    return pledge


@pytest.fixture
def journalist(tmp_path: Path) -> Journalist:
    return Journalist(tmp_path)


def fetched(app: Flask, path: str, status: int = 200) -> Any:
    answer = app.test_client().get(path)
    assert answer.status_code == status, answer.text
    return answer.get_json()


def test_the_page_of_a_code_gives_a_proof_that_a_stranger_can_check(
    small_product: Product, small_app: Flask, visitor: CheckedClient, clock: FixedClock, pledge: Pledge,
    journalist: Journalist, tmp_path: Path,
) -> None:  # fmt: skip
    page, proof = f"/xac-minh/{pledge.verification_code}", f"/xac-minh/{pledge.verification_code}/bang-chung.json"
    database = small_product.database
    enter(database, 5, clock)
    enter(database, 2, clock, pledge.id)
    assert "Bằng chứng tải được sau ít phút" in visitor.get(page).text
    assert "Hãy thử lại sau ít phút" in visitor.get(proof, status=404).text
    checkpoint = signed(small_product, clock)
    enter(database, 1, clock, pledge.id)
    shown = visitor.get(page).text
    assert f"mục số {checkpoint.size}, ngày 20/11/2026" in shown
    assert proof in shown
    found = fetched(small_app, proof)
    assert journalist.checks(found, "--key", checkpoint.key) == 0, journalist.said
    assert f"root {checkpoint.root.hex()}" in journalist.said
    assert journalist.checks(found) == 0
    assert "only named by the file itself" in journalist.said
    _alterations_are_refused(found, checkpoint, journalist)

    pdf = tmp_path / "paper.pdf"
    pdf.write_bytes(b"another paper")
    assert journalist.checks(found, "--pdf", str(pdf)) == 1
    assert "No entry names this PDF" in journalist.said
    assert "chưa có gì về mã này" in visitor.get("/xac-minh/KHONGCO/bang-chung.json", status=404).text


def _alterations_are_refused(found: Any, checkpoint: Checkpoint, journalist: Journalist) -> None:
    """One by one: whatever a swindler changes, the program says so."""
    note, body = found["checkpoint"], found["entries"][0]["body"]
    forged = leaf_hash(body.replace(SHA256, "cd" * 32).encode())
    size = f"\n{checkpoint.size}\n"
    other_key = checkpoint.key[:-6] + ("AAAAA=" if not checkpoint.key.endswith("AAAAA=") else "BBBBB=")
    changes: tuple[tuple[tuple[Any, ...], Any], ...] = (
        (("entries", 0, "body"), body.replace(SHA256, "cd" * 32)),
        (("entries", 0, "index"), found["entries"][0]["index"] - 1),
        (("entries", 0, "proof"), found["entries"][0]["proof"][1:]),
        (("entries", 0, "proof"), [*found["entries"][0]["proof"], forged.hex()]),
        (("entries", 0, "proof", 0), forged.hex()),
        (("entries",), []),
        (("checkpoint",), note.replace(size, f"\n{checkpoint.size + 1}\n")),
        (("checkpoint",), note[: note.rindex(" ") + 1] + "A" * (len(note) - note.rindex(" ") - 2) + "\n"),
        (("checkpoint",), note.partition("\n\n")[0]),
        (("log_key",), other_key),
        (("format",), "something-else/1"),
    )
    for path, value in changes:
        altered = copy.deepcopy(found)
        place = altered
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        assert altered != found
        assert journalist.checks(altered) == 1, (path, journalist.said)
    assert journalist.checks(json.dumps(found)[:-9]) == 2


def test_anybody_reads_the_log_and_checks_that_it_has_only_grown(
    small_product: Product, small_app: Flask, clock: FixedClock, journalist: Journalist, tmp_path: Path
) -> None:
    client = small_app.test_client()
    for path in ("/log/checkpoint", "/log/key", "/log/entries", "/log/proof/0", "/log/consistency?old=1"):
        fetched(small_app, path, 404)
    checkpoints = []
    for count in (3, 1, 4):
        enter(small_product.database, count, clock)
        checkpoints.append(signed(small_product, clock))
    enter(small_product.database, 1, clock)
    first, middle, last = checkpoints
    assert client.get("/log/checkpoint").text == last.note
    tag = {"If-None-Match": client.get("/log/checkpoint").headers["ETag"]}
    assert client.get("/log/checkpoint", headers=tag).status_code == 304
    assert client.get(f"/log/checkpoint?size={first.size}").text == first.note
    assert client.get("/log/key").text == f"{last.key}\n"

    lines = client.get("/log/entries?start=0&count=99").text.splitlines()
    assert [json.loads(line)["index"] for line in lines] == list(range(last.size)), "nothing beyond the checkpoint"
    assert client.get(f"/log/entries?start={last.size - 1}").text.splitlines() == lines[-1:]
    assert client.get(f"/log/entries?start={last.size}").text == ""
    described = fetched(small_app, "/api/v1/openapi.json")
    for path, schema in (("/log/proof/1", "LogProof"), ("/log/consistency?old=2", "LogConsistency")):
        told = described["components"]["schemas"][schema]
        assert list(faults(fetched(small_app, path), told, described)) == []
    for index in range(last.size):
        assert journalist.checks(fetched(small_app, f"/log/proof/{index}"), "--key", last.key) == 0
    fetched(small_app, f"/log/proof/{last.size}", 404)
    fetched(small_app, f"/log/proof/{first.size}?size={first.size}", 404)
    assert journalist.checks(fetched(small_app, f"/log/proof/0?size={first.size}")) == 0

    kept = tmp_path / "kept.txt"
    kept.write_text(first.note, encoding="utf-8")
    for old in range(1, last.size + 1):
        found = fetched(small_app, f"/log/consistency?old={old}")
        assert journalist.checks(found, "--key", last.key) == 0, journalist.said
    between = fetched(small_app, f"/log/consistency?old={first.size}&new={middle.size}")
    assert journalist.checks(between, "--checkpoint", str(kept), "--root", first.root.hex()) == 0, journalist.said
    assert journalist.checks(between, "--root", middle.root.hex()) == 1
    assert journalist.checks(fetched(small_app, "/log/consistency?old=2"), "--checkpoint", str(kept)) == 1
    assert journalist.checks({**between, "old": {"size": first.size, "root": SHA256}}) == 1
    assert journalist.checks({**between, "proof": between["proof"][1:]}) == 1
    for path in ("old=0", f"old={last.size + 1}", "old=1&new=2", "old=-1", "old=x", "", f"old={'9' * 40}", "old=١"):
        assert client.get(f"/log/consistency?{path}").status_code in {400, 404}, path


def test_a_log_that_was_rewritten_is_told_by_what_was_kept(
    small_product: Product, small_app: Flask, clock: FixedClock, journalist: Journalist
) -> None:
    """The operator has every key and the whole database; what others hold is enough."""
    enter(small_product.database, 3, clock)
    printed = signed(small_product, clock)

    def rewrite(session: Any) -> None:
        for table in ("log_checkpoint", "log_node", "log_entry"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
        session.connection().exec_driver_sql("UPDATE log_head SET size = 0")

    small_product.database.run(rewrite)
    enter(small_product.database, 4, clock, uuid.UUID(int=99))
    signed(small_product, clock)
    found = fetched(small_app, f"/log/consistency?old={printed.size}")
    assert journalist.checks(found) == 0, "the new log agrees with itself"
    assert journalist.checks(found, "--root", printed.root.hex()) == 1
    assert "has another root at 3 entries" in journalist.said


def test_the_page_explains_in_both_languages(small_product: Product, visitor: CheckedClient, clock: FixedClock) -> None:
    assert "chưa có điểm chốt" in visitor.get("/nhat-ky-cong-khai").text
    enter(small_product.database, 1, clock)
    assert signed(small_product, clock).root.hex() in visitor.get("/nhat-ky-cong-khai").text


def test_the_checkpoint_leaves_the_house_once_a_day_and_only_if_it_grew(
    small_product: Product, clock: FixedClock, vault: Vault, journalist: Journalist
) -> None:
    database = small_product.database
    mail = CheckpointMail(database, clock, vault, "https://camket.vidu.vn", "thanh-tra@vidu.vn")

    def letters() -> list[Message]:
        mail.send()
        CheckpointMail(database, clock, vault, "https://camket.vidu.vn", "").send()
        with database.read() as session:
            return list(session.scalars(select(Message).where(Message.kind == "log_checkpoint")))

    assert letters() == []
    enter(database, 2, clock)
    first = signed(small_product, clock)
    assert len(letters()) == 1
    enter(database, 1, clock)
    signed(small_product, clock)
    [letter] = letters()
    assert journalist.program.open_checkpoint("\n".join(letter.params["note"]), first.key) == (2, first.root)
    clock.set(clock().replace(day=21))
    assert [each.params.get("before") for each in letters()] == [None, 2]
    clock.set(clock().replace(day=22))
    assert len(letters()) == 2
