"""An office at its pages: real sealed pledges, and people who are signed in."""

from __future__ import annotations

from typing import Any

from flask import Flask

from pledges.accounts.models import Staff
from pledges.accounts.operations import begin_session
from pledges.product import Product
from pledges.review.batches import BatchWorker
from pledges.review.models import Batch
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.issuing import IssuingOffice


class Desk(IssuingOffice):
    """`at(person)` gives their browser; every page in it is checked."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock, **options: Any) -> None:
        super().__init__(product, clock, **options)
        self.app = app

    def at(self, person: Staff) -> CheckedClient:
        browser = CheckedClient(self.app)
        token = self.database.run(lambda session: begin_session(session, person, self.clock()))
        with browser.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": person.fs_uniquifier})
        return browser

    @property
    def reference(self) -> str:
        return self.pledge().reference

    @property
    def address(self) -> str:
        return f"/can-bo/ho-so/{self.reference}"

    def work(self, batch: Batch) -> None:
        """What the worker does with a batch."""
        BatchWorker(self.database, self.clock).work(batch.province_code, str(batch.id))


def form_to(page: Page, ending: str) -> int:
    """The number of the posting form whose address ends like this, without the filter of the list."""
    actions = [form.get("action", "").partition("?")[0] for form in page.all("//form[@method='post']")]
    [number] = [number for number, action in enumerate(actions) if action.endswith(ending)]
    return number


def offers(page: Page) -> set[str]:
    """The last parts of the addresses to which the forms of a file's page post."""
    actions = page.all("//*[@data-decide]//form/@action")
    return {action.partition("?")[0].rpartition("/")[2] for action in actions}
