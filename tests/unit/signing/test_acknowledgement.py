"""Confirming receipt of a document that the agency has issued: no pledge, but what the plan asks for, and counted."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.plans.models import Instrument, ObligationEntry
from pledges.registry.counts import DISTINCT
from pledges.registry.models import Counter, Obligation
from pledges.registry.recounting import recount
from pledges.signing.acts import Confirmation
from pledges.signing.models import Pledge, PledgeCover, Signature
from pledges.signing.operations import sign_draft
from pledges.signing.rules import Page
from tests.support.clock import FixedClock
from tests.support.signing import (
    HUE,
    LANG_SON,
    PUBLIC_URL,
    code_for,
    confirmation_for,
    doctor_pages,
    ready_draft,
    seller_pages,
    signed_by,
)

NUMBER, DAY = "7/VB-THU", date(2026, 3, 5)
GIVEN = f"số {NUMBER} ngày 05/03/2026"

Pages = dict[Page, dict[str, Any]]


def press_pages(province: str) -> Pages:
    return seller_pages(
        province=province, group__subject_type="press", who__licence_number="01/GP-THU", place__channels=[]
    )


def artist_pages(province: str) -> Pages:
    return doctor_pages(province=province, group__subject_type="artist")


def issue(database: Database, province: str) -> None:
    """The agency issues the document whose receipt is to be confirmed."""
    database.run(
        lambda session: session.execute(
            update(ObligationEntry)
            .where(ObligationEntry.province_code == province, ObligationEntry.instrument == Instrument.ACKNOWLEDGEMENT)
            .values(document_number=NUMBER, document_date=DAY)
        )
    )


def counted(session: Session, instrument: Instrument) -> tuple[int, int]:
    """In scope and waiting for the agency, over all communes and days."""
    sums = [func.sum(figure) for figure in (Counter.in_scope, Counter.waiting_for_agency)]
    found = session.execute(
        select(*sums).where(Counter.instrument == instrument, Counter.subject_type == DISTINCT)
    ).one()
    return int(found[0]), int(found[1])


@pytest.mark.parametrize(
    ("province", "entry_id", "text_id", "pages", "reads"),
    [
        (LANG_SON, "20-guidance", "guidance", press_pages(LANG_SON), "xác nhận đã nhận và phổ biến trong đơn vị"),
        (LANG_SON, "20-guidance", "guidance", artist_pages(LANG_SON), ", xác nhận đã nhận và đọc"),
        (HUE, "46-instruction", "instruction", press_pages(HUE), "xác nhận đã nhận và phổ biến trong đơn vị"),
        (HUE, "46-instruction", "instruction", artist_pages(HUE), ", xác nhận đã nhận và đọc"),
    ],
    ids=["press of Lạng Sơn", "artist of Lạng Sơn", "press of Huế", "artist of Huế"],
)
def test_receipt_of_the_document_is_confirmed(
    database: Database,
    clock: FixedClock,
    vault: Vault,
    province: str,
    entry_id: str,
    text_id: str,
    pages: Pages,
    reads: str,
) -> None:
    issue(database, province)
    outcome = signed_by(database, pages, now=clock(), vault=vault)
    assert text_id in {pledge.text_id for pledge in outcome.signed}
    with database.read() as session:
        pledge = session.scalars(select(Pledge).where(Pledge.text_id == text_id)).one()
        assert pledge.instrument is Instrument.ACKNOWLEDGEMENT
        assert f"{reads} Văn bản" in pledge.rendered_text
        assert GIVEN in pledge.rendered_text
        obligation = session.scalars(select(Obligation).where(Obligation.entry_id == entry_id)).one()
        cover = session.scalars(select(PledgeCover).where(PledgeCover.pledge_id == pledge.id)).one()
        assert (cover.obligation_id, cover.entry_id, cover.hold) == (obligation.id, entry_id, "open")
        assert obligation.waiting_for_agency == 1
        assert counted(session, Instrument.ACKNOWLEDGEMENT) == (1, 1)
        assert not pledge.publish
        signature = session.scalars(select(Signature).where(Signature.pledge_id == pledge.id)).one()
        assert signature.consent_processing_at is not None
        assert signature.consent_publication_at is None
    assert database.run(lambda session: recount(session, repair=False)) == []


@pytest.mark.parametrize("pages", [press_pages(LANG_SON), artist_pages(HUE)], ids=["press", "artist"])
def test_consent_to_publish_belongs_to_the_pledge_beside_it_alone(
    database: Database, clock: FixedClock, vault: Vault, pages: Pages
) -> None:
    """The receipt does not ask whether it may be published, so nobody has agreed to that."""
    issue(database, pages[Page.GROUP]["province"])

    def prepare(session: Session) -> tuple[uuid.UUID, Confirmation]:
        draft = ready_draft(session, pages, now=clock(), vault=vault)
        code = code_for(session, draft, draft.email, now=clock(), vault=vault)
        return draft.id, confirmation_for(session, draft, code, now=clock(), vault=vault, publish=True)

    draft_id, confirmation = database.run(prepare)
    database.run(
        lambda session: sign_draft(session, draft_id, confirmation, now=clock(), vault=vault, public_url=PUBLIC_URL)
    )
    with database.read() as session:
        rows = session.execute(
            select(Pledge.instrument, Pledge.publish, Signature.consent_publication_at).join(
                Signature, Signature.pledge_id == Pledge.id
            )
        )
        found = {instrument: (publish, consented is not None) for instrument, publish, consented in rows}
    assert found == {Instrument.PLEDGE: (True, True), Instrument.ACKNOWLEDGEMENT: (False, False)}
