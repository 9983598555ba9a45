"""An administrator at work: the second factor, the settings, a wording, the state of the system; and three requests."""

from __future__ import annotations

from playwright.sync_api import Page
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.plans.queries import current_text
from pledges.signing.dispute_models import Dispute
from pledges.signing.models import Pledge
from scripts.pictures.agency import sign_in
from scripts.pictures.camera import Camera
from scripts.pictures.people import ADMINISTRATOR, OFFICER, Stage
from tests.browser.walking import fill
from tests.support.signing import HUE
from tests.support.walk_spots import _data_request, _dispute, _mailbox


def settings(camera: Camera, stage: Stage) -> None:
    page = camera.page
    sign_in(page, ADMINISTRATOR)
    page.goto("/can-bo/bao-mat")
    camera.take("factors", start=page.locator("h1"), tall=620, column=True)
    page.goto(f"/quan-tri/{HUE}/cai-dat/thoi-han")
    fill(page, {"days_to_answer": "7", "reason": "Công văn thử nghiệm số 12/CV-VP"})
    page.get_by_role("button", name="Lưu").click()
    camera.take("settings", start=page.locator("h1"), tall=620)
    page.goto(f"/quan-tri/{HUE}/cai-dat/lich-su")
    camera.take("history", start=page.locator("h1"), end=page.locator("main tbody tr").last)
    with stage.product.database.read() as session:
        text_id = current_text(session, "website_seller").id
    page.goto(f"/quan-tri/san-sang/{HUE}/mau/{text_id}")
    camera.take("wording", start=page.locator("h1"), tall=560, column=True)
    page.goto("/quan-tri/tinh-trang")
    camera.take("status", start=page.locator("h1"), tall=620)


def requests(camera: Camera, stage: Stage) -> None:
    """What an officer decides about data, a lost mailbox, and one channel that two have declared."""

    def ask(session: Session) -> None:
        pledge = session.scalars(select(Pledge).where(Pledge.reference == stage.references[0])).one()
        officer = session.scalars(select(Staff).where(Staff.email == OFFICER)).one()
        _data_request(session, pledge)
        _mailbox(session, stage.product, pledge)
        _dispute(session, stage.product, pledge, officer)
        other = session.scalars(select(Pledge).where(Pledge.reference == stage.references[1])).one()
        session.execute(update(Dispute).values(claim_id=other.entity_id))

    stage.product.database.run(ask)
    page = camera.page
    sign_in(page, OFFICER)
    _first_of(page, "/can-bo/quyen-du-lieu")
    camera.take("data-request", start=page.locator("h1"), tall=620, column=True)
    _first_of(page, "/can-bo/doi-hop-thu")
    camera.take("mailbox", start=page.locator("h1"), tall=620)
    _first_of(page, "/can-bo/tranh-chap")
    camera.take("dispute", start=page.locator("h1"), tall=620)


def _first_of(page: Page, path: str) -> None:
    page.goto(path)
    page.locator("main tbody a").first.click()
