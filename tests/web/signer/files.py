"""A signer with a sealed pledge, and the agency behind it, for tests of what comes after signing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from pledges.core.secrecy import Vault
from pledges.product import Product
from pledges.signing.models import Draft, DraftPurpose, Pledge, PledgeState
from pledges.signing.rules import Page as Step
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.offices import Office
from tests.support.signing import seller_pages
from tests.web.signer.steps import seal_everything, sign, walk

MESSAGE = "Mã số thuế khác với giấy đăng ký.\nHãy sửa lại theo giấy mới."


class File:
    def __init__(
        self,
        app: Flask,
        product: Product,
        clock: FixedClock,
        vault: Vault,
        pages: Any = None,
        *,
        publish: bool = False,
    ) -> None:
        self.product, self.clock = product, clock
        self.client = CheckedClient(app)
        pages = pages or seller_pages()
        self.name = pages[Step.SIGNER].get("name") or pages[Step.WHO]["name"]
        agreed = {"consent_publication": "yes"} if publish else {}
        sign(self.client, product, walk(self.client, pages, Step.SIGN), self.name, **agreed)
        seal_everything(product)
        with product.database.read() as session:
            pledge = session.scalars(select(Pledge)).one()
        self.address = f"/ho-so/{pledge.reference}"
        clock.advance(timedelta(minutes=10))
        self.office = Office(product.database, clock, vault, pledge)

    @property
    def pledge(self) -> Pledge:
        return self.office.pledge()

    def put_into(self, state: PledgeState) -> None:
        """A state without the way to it: for what a page shows of it."""
        self.product.database.run(
            lambda session: session.execute(update(Pledge).values(state=state, revision=Pledge.revision + 1))
        )

    def returned(self, *asked: str) -> Page:
        self.office.do("return_for_correction", message=MESSAGE, asked=list(asked))
        self.clock.advance(timedelta(minutes=10))
        return self.client.get(self.address)

    def draft(self, purpose: DraftPurpose) -> Draft:
        with self.product.database.read() as session:
            return session.scalars(select(Draft).where(Draft.purpose == purpose)).one()
