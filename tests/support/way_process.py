"""A signer after another and two officers, and the product's worker, as processes that can be killed at any moment.

`<database url> <smtp url> <office|worker> <folder> <minutes>`, or a nursery (`mail_process.py`) that forks them. The
clock of a worker runs so many minutes ahead, so that what a dead one held is given up without waiting for it.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.core.db import new_id
from pledges.jobs.tasks import Schedule
from pledges.jobs.worker import run_worker
from pledges.messaging.delivery import SWEEP_MESSAGES
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from pledges.product import SWEEP_COUNTERSIGNING, SWEEP_SEALS, Product
from pledges.review.batches import SWEEP_BATCHES, start_batch
from pledges.review.models import BatchItem, BatchKind, ItemState
from pledges.review.operations import approve, recommend
from pledges.settings import read_settings
from pledges.signing.acts import Confirmation
from pledges.signing.codes import CodePurpose, send_code
from pledges.signing.drafts import save_page, start_draft
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.operations import sign_draft
from pledges.signing.rules import Page, new_resume_code
from pledges.transparency.worker import KEEP_LOG, SIGN_CHECKPOINT
from tests.support.mail_process import main
from tests.support.signing import PUBLIC_URL, confirmation_for, seller_pages

IN_BATCH = 4
"""So many are approved in one press; a single one is approved by itself."""
PAUSE = 0.02


def product_at(database_url: str, smtp_url: str, folder: Path, minutes: int = 0) -> Product:
    environ = {
        "PLEDGES_VAR": str(folder / "var"),
        "PLEDGES_DATABASE_URL": database_url,
        "PLEDGES_PUBLIC_URL": PUBLIC_URL,
        "PLEDGES_SMTP_URL": smtp_url,
    }
    if minutes:
        environ["PLEDGES_CLOCK"] = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    return Product.from_settings(read_settings(environ))


class Ledger:
    """What people know: each line was written before they pressed, or after they saw the answer."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ledger"

    def write(self, **entry: Any) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def entries(self) -> list[dict[str, Any]]:
        """Without the line over which somebody died."""
        if not self._file.exists():
            return []
        lines = self._file.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


class People:
    """They go on where those before them died, with the same page in front of them."""

    def __init__(self, product: Product, folder: Path) -> None:
        self._product = product
        self._ledger = Ledger(folder)
        self._folder = folder
        known = self._ledger.entries()
        begun = {entry["number"]: entry for entry in known if "draft" in entry}
        seen = {entry["number"] for entry in known if "references" in entry}
        self._open: dict[int, dict[str, Any]] = {number: begun[number] for number in begun.keys() - seen}
        self._next = max(begun, default=0) + 1
        with product.database.read() as session:
            people = {staff.role: staff for staff in session.scalars(select(Staff))}
        self._officer, self._approver = people[Role.OFFICER], people[Role.APPROVER]

    def work(self) -> None:
        while True:
            busy = self._sign() if not (self._folder / "no-more").exists() or self._open else False
            busy |= self._recommend() | self._approve()
            if not busy:
                time.sleep(PAUSE)

    # --- Signers ---------------------------------------------------------------------------------------------------

    def _sign(self) -> bool:
        """Nobody signs while many still wait: what matters is how often each step is cut off."""
        if not self._open and self._waiting() > 3 * IN_BATCH:
            return False
        entry = self._open.popitem()[1] if self._open else self._begin()
        confirmation = Confirmation(**entry["gives"] | {"shown_hashes": tuple(entry["gives"]["shown_hashes"])})
        product, draft_id, now = self._product, uuid.UUID(entry["draft"]), datetime.now(UTC)
        outcome = product.database.run(
            lambda session: sign_draft(
                session, draft_id, confirmation, now=now, vault=product.vault, public_url=PUBLIC_URL
            )
        )
        self._ledger.write(number=entry["number"], references=[pledge.reference for pledge in outcome.signed])
        return True

    def _waiting(self) -> int:
        with self._product.database.read() as session:
            wanted = select(Pledge.id).where(Pledge.state != PledgeState.APPROVED)
            return len(session.scalars(wanted).all())

    def _begin(self) -> dict[str, Any]:
        number, self._next = self._next, self._next + 1
        draft_id, confirmation = self._product.database.run(partial(self._fill_in, number=number))
        entry = {"number": number, "draft": str(draft_id), "gives": asdict(confirmation)}
        self._ledger.write(**entry)
        return entry

    def _fill_in(self, session: Session, number: int) -> tuple[uuid.UUID, Confirmation]:
        """Each from a network of their own: one gets thirty codes an hour."""
        vault, now, pages = self._product.vault, datetime.now(UTC), seller_pages(number)
        email, network = pages[Page.GROUP]["email"], f"198.51.{number // 200}.{number % 200}"
        draft = start_draft(
            session,
            pages[Page.GROUP],
            email=email,
            resume_code=new_resume_code(),
            network=network,
            language="vi",
            now=now,
            vault=vault,
            draft_id=new_id(),
        )
        for page in (Page.WHO, Page.PLACE, Page.SIGNER):
            save_page(session, draft, page, pages[page], now=now, vault=vault)
        purpose, province = CodePurpose.SIGN, pages[Page.GROUP]["province"]
        sent = send_code(
            session,
            purpose,
            draft.id,
            email,
            network=network,
            language="vi",
            now=now,
            vault=vault,
            province_code=province,
        )
        message = session.scalars(select(Message).where(Message.dedupe_key == f"code:{sent.id}")).one()
        code = secrets_of(message, vault)["code"]
        # The mail of the code is no business of this: the worker is to die over the others.
        session.delete(message)
        given = confirmation_for(session, draft, code, now=now, vault=vault)
        return draft.id, replace(given, network=network)

    # --- Officers --------------------------------------------------------------------------------------------------

    def _in(self, state: PledgeState) -> Iterator[Pledge]:
        with self._product.database.read() as session:
            wanted = select(Pledge).where(Pledge.state == state, Pledge.document_id.is_not(None)).order_by(Pledge.id)
            yield from session.scalars(wanted).all()

    def _recommend(self) -> bool:
        done = False
        for pledge in self._in(PledgeState.SUBMITTED):
            key, seen = (pledge.province_code, pledge.id), pledge.revision
            press = partial(recommend, key=key, staff=self._officer, seen=seen, now=datetime.now(UTC))
            self._product.database.run(press)
            self._ledger.write(recommended=pledge.reference)
            done = True
        return done

    def _approve(self) -> bool:
        with self._product.database.read() as session:
            taken = set(session.scalars(select(BatchItem.pledge_id).where(BatchItem.state == ItemState.WAITING)))
        waiting = [pledge for pledge in self._in(PledgeState.RECOMMENDED) if pledge.id not in taken]
        if not waiting:
            return False
        database, staff, now = self._product.database, self._approver, datetime.now(UTC)
        if len(waiting) < IN_BATCH:
            key, seen = (waiting[0].province_code, waiting[0].id), waiting[0].revision
            database.run(partial(approve, key=key, staff=staff, seen=seen, now=now))
            self._ledger.write(approved=[waiting[0].reference])
            return True
        items = [(pledge.id, pledge.revision) for pledge in waiting]
        agency = waiting[0].agency_code
        press = partial(start_batch, kind=BatchKind.APPROVE, staff=staff, agency_code=agency, items=items, now=now)
        database.run(press)
        self._ledger.write(approved=[pledge.reference for pledge in waiting])
        return True


def work(database_url: str, smtp_url: str, who: str, folder: str, minutes: str) -> None:
    # What is logged must not stand among the numbers by which a nursery tells its children.
    os.dup2(2, 1)
    product = product_at(database_url, smtp_url, Path(folder), int(minutes))
    if who == "office":
        People(product, Path(folder)).work()
        return
    every = (SWEEP_MESSAGES, SWEEP_SEALS, SWEEP_COUNTERSIGNING, SWEEP_BATCHES, KEEP_LOG, SIGN_CHECKPOINT)
    run_worker(product.database, product.tasks(), [Schedule(name, name, 0.5) for name in every], alive_seconds=1)


if __name__ == "__main__":
    if sys.argv[1:]:
        work(*sys.argv[1:])
    else:
        main(work)
