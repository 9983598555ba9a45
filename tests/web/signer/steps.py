"""The form without a browser: `CheckedClient` pages, and what the database then holds."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import select

from pledges.core.calendar import local_day
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from pledges.product import Product
from pledges.signing.models import Draft, Pledge
from pledges.signing.operations import SEAL_TASK
from pledges.signing.rules import Page as Step
from pledges.signing.texts import Progress, read_progress
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock

Answers = dict[str, Any]
Pages = dict[Step, Answers]


def path_of(page: Page) -> str:
    return str(page.response.request.path)


def walk(visitor: CheckedClient, pages: Pages, to: Step) -> Page:
    """Answer everything before the page `to`, and open it."""
    page = visitor.get(f"/ky-cam-ket?tinh={pages[Step.GROUP]['province']}")
    for step in Step:
        if step is to:
            return page
        form = 0
        if step is Step.CHECK:
            return visitor.send(page)
        page = visitor.send(page, pages[step], form=form)
        assert page.problems == [], (step, page.problems)
    raise AssertionError(to)


def sign(visitor: CheckedClient, product: Product, page: Page, name: str, code: str = "", **more: str) -> Page:
    """Send the signing page with the code of the newest mail."""
    code = code or newest_code(product)
    return visitor.send(page, {"consent_processing": "yes", "typed_name": name, "code": code, **more})


def seal_everything(product: Product) -> None:
    with product.database.read() as session:
        pledges = session.scalars(select(Pledge).where(Pledge.document_id.is_(None))).all()
    [task] = [task for task in product.tasks() if task.name == SEAL_TASK]
    for pledge in pledges:
        task.run(pledge.province_code, str(pledge.id))


def newest_code(product: Product) -> str:
    return str(secrets_of(messages(product, "code", "file_code")[-1], product.vault)["code"])


def messages(product: Product, *kinds: str) -> list[Message]:
    with product.database.read() as session:
        rows = session.scalars(select(Message).where(Message.kind.in_(kinds)).order_by(Message.created_at, Message.id))
        return list(rows)


def only_draft(product: Product) -> Draft:
    with product.database.read() as session:
        return session.scalars(select(Draft)).one()


def progress(product: Product, vault: Vault, clock: FixedClock) -> Progress:
    """The answers as the domain reads them."""
    with product.database.read() as session:
        draft = session.scalars(select(Draft)).one()
        return read_progress(session, draft, vault=vault, today=local_day(clock()))


def wrong_names(page: Page) -> set[str]:
    """The names of the controls that the list of errors leads to."""
    ids = [link.get("href")[1:] for link in page.all("//*[@data-error-summary]//a")]
    return {str(page.control(id).get("name")).removesuffix("-search") for id in ids}


def is_vietnamese(message: str) -> bool:
    """Whether a message has letters that English does not have."""
    marks = unicodedata.normalize("NFD", message)
    return any(unicodedata.combining(letter) or letter in "đĐ" for letter in marks)
