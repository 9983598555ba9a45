"""Deleting: what goes, what stays and why; nothing that others count on breaks."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.db import Database, new_id
from pledges.documents.models import Document, DocumentKind
from pledges.documents.storage import Storage
from pledges.messaging.models import Message, MessageState
from pledges.registry.models import Contact, Entity
from pledges.registry.recounting import recount
from pledges.rights.copying import data_of
from pledges.rights.erasing import ERASED, plan
from pledges.rights.files import forget_files
from pledges.rights.models import Outcome, RequestKind
from pledges.signing.address_models import AddressChange, ChangeState
from pledges.signing.dispute_models import Dispute, DisputeQuestion, Side
from pledges.signing.models import Draft, EarlierVersion, Pledge, PledgeState, Signature
from tests.support.signing import HUE, approve, lead_to, ready_draft, seller_pages
from tests.unit.rights.conftest import RightsDesk


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


def with_file(desk: RightsDesk, storage: Storage, pledge: Pledge) -> str:
    data = f"%PDF-1.7 {pledge.reference}".encode()

    def add(session: Session) -> str:
        document = Document(
            province_code=HUE,
            kind=DocumentKind.SEALED,
            sha256=storage.put(data),
            size=len(data),
            created_at=desk.clock(),
            signer_certificate=b"x",
            revocation_evidence=b"x",
            trial=True,
        )
        session.add(document)
        session.flush()
        session.get_one(Pledge, (HUE, pledge.id)).document_id = document.id
        return document.sha256

    return desk.database.run(add)


def accept_all_mail(database: Database) -> None:
    def accept(session: Session) -> None:
        for message in session.scalars(select(Message)):
            message.state, message.secret_params = MessageState.ACCEPTED, None

    database.run(accept)


def everything(desk: RightsDesk, entity_id: Any) -> dict[str, Any]:
    with desk.database.read() as session:
        return data_of(session, HUE, entity_id, vault=desk.vault, now=desk.clock())["tables"]  # type: ignore[no-any-return]


def test_a_pledge_that_was_never_accepted_is_emptied(desk: RightsDesk, storage: Storage) -> None:
    pledge = desk.signed(1, place__phone="0912345678")
    file = with_file(desk, storage, pledge)
    begin = seller_pages(1, who__name="Công ty Đang Viết")
    desk.database.run(lambda session: ready_draft(session, begin, now=desk.clock(), vault=desk.vault) and None)
    accept_all_mail(desk.database)
    asked = desk.ask(pledge, RequestKind.DELETE)
    with desk.database.read() as session:
        foreseen = plan(session, HUE, pledge.entity_id, contacts=True)
        assert session.scalars(select(Draft)).all(), "looking at it erases nothing"
    decided, erased = desk.decide(asked, contacts=True)
    assert erased is not None
    assert {piece.name for piece in foreseen.gone} == {piece.name for piece in erased.gone}
    assert {piece.name for piece in erased.kept} == {"register", "sightings"}
    assert decided.outcome is Outcome.PARTLY
    assert erased.files == [file]
    forget_files(desk.database, storage, erased.files)
    assert storage.holds(file), "somebody may be putting the same bytes just now"
    os.utime(storage.path_of(file), (0, 0))
    forget_files(desk.database, storage, erased.files)
    assert not storage.path_of(file).exists()
    with desk.database.read() as session:
        emptied = session.get_one(Pledge, (HUE, pledge.id))
        assert emptied.state is PledgeState.WITHDRAWN
        assert emptied.answers["name"] == emptied.answers["signer_name"] == ERASED
        assert session.scalars(select(Signature.typed_name)).all() == [ERASED]
        assert not session.scalars(select(Draft)).all()
        held = [emptied.answers, emptied.paper, emptied.rendered_text, emptied.contact_email]
        held += [[contact.value for contact in session.scalars(select(Contact))]]
        held += [[message.params for message in session.scalars(select(Message))]]
        whole = json.dumps(held, ensure_ascii=False)
        for word in ("Trần Thị Thử Nghiệm", "Công ty", "912345678", "chu.shop.1"):
            assert word not in whole, word
        assert recount(session, repair=False) == []
    assert desk.ask(pledge, RequestKind.COPY)
    assert {piece.name for piece in _plan(desk, pledge).gone} <= {"messages"}


def _plan(desk: RightsDesk, pledge: Pledge) -> Any:
    with desk.database.read() as session:
        return plan(session, HUE, pledge.entity_id, contacts=True)


def test_what_the_agency_accepted_stays_with_its_reason(desk: RightsDesk, storage: Storage) -> None:
    pledge = approve(desk.database, desk.signed(publish=True), now=desk.clock())
    file = with_file(desk, storage, pledge)
    decided, erased = desk.decide(desk.ask(pledge, RequestKind.DELETE), contacts=True)
    assert erased is not None
    kept = {piece.name: piece.ground for piece in erased.kept}
    assert kept == {
        "contacts": "state_task",
        "register": "state_task",
        "pledges_accepted": "archive",
        "sightings": "state_task",
    }
    assert (decided.outcome, erased.files) == (Outcome.PARTLY, [])
    forget_files(desk.database, storage, [file])
    assert storage.get(file), "a file that a row names is never taken away"
    with desk.database.read() as session:
        same = session.get_one(Pledge, (HUE, pledge.id))
        assert (same.answers, same.contact_email, same.state) == (pledge.answers, pledge.contact_email, pledge.state)
        answer = session.scalars(select(Message).where(Message.kind == "rights_answered")).one()
        assert len(answer.params["kept"]) == 4


def test_no_agency_erases_what_another_one_works_on(desk: RightsDesk) -> None:
    mine, theirs = desk.signed(1), desk.signed(2)

    def give_away(session: Session) -> None:
        pledge = session.get_one(Pledge, (HUE, theirs.id))
        pledge.entity_id, pledge.agency_code = mine.entity_id, "46-SYT"

    desk.database.run(give_away)
    _, erased = desk.decide(desk.ask(mine, RequestKind.DELETE), contacts=True)
    assert erased is not None
    assert {piece.name: piece.ground for piece in erased.kept}["pledges_elsewhere"] == "elsewhere"
    with desk.database.read() as session:
        rows = {row.id: row for row in session.scalars(select(Pledge))}
    assert (rows[theirs.id].state, rows[theirs.id].answers) == (theirs.state, theirs.answers)
    assert rows[mine.id].answers["name"] == ERASED


def test_a_request_to_move_an_emptied_file_goes_with_it(desk: RightsDesk) -> None:
    """Else it would wait for ever: the file has no mailbox any more."""
    pledge = desk.signed()
    mailbox = address_change(pledge, ChangeState.WAITING, desk.clock())
    desk.database.run(lambda session: session.add(mailbox))
    _, erased = desk.decide(desk.ask(pledge, RequestKind.DELETE))
    assert erased is not None
    assert "address_changes" in {piece.name for piece in erased.gone}
    assert PAPER in erased.files
    with desk.database.read() as session:
        closed = session.scalars(select(AddressChange)).one()
    assert (closed.state, closed.revision) == (ChangeState.REFUSED, 1)
    assert (closed.name, closed.phone, closed.reason, closed.new_email, closed.evidence) == ("", "", "", "", [])


def test_papers_for_a_dispute_stay_until_it_is_decided(desk: RightsDesk) -> None:
    pledge, other = desk.signed(1), desk.signed(2)
    sides = {"claim_id": other.entity_id, "owner_id": pledge.entity_id}
    dispute = Dispute(
        province_code=HUE, id=new_id(), agency_code="46-SCT", opened_at=desk.clock(), about=[], before={"x": 1}, **sides
    )

    def add(session: Session) -> None:
        session.add(dispute)
        session.flush()
        for side in Side:
            question = DisputeQuestion(province_code=HUE, dispute_id=dispute.id, side=side, question="Gửi giấy tờ.")
            question.asked_by, question.asked_at, question.answer = desk.officer.id, desk.clock(), side.value
            question.papers = [f"picture:{PAPER}"]
            session.add(question)

    desk.database.run(add)
    assert {piece.name: piece.ground for piece in _plan(desk, pledge).kept}["dispute_papers"] == "case"
    desk.database.run(lambda session: setattr(session.get_one(Dispute, (HUE, dispute.id)), "state", "decided"))
    _, erased = desk.decide(desk.ask(pledge, RequestKind.DELETE))
    assert erased is not None
    assert PAPER in erased.files
    with desk.database.read() as session:
        said = {row.side: (row.answer, row.papers) for row in session.scalars(select(DisputeQuestion))}
    assert said == {Side.OWNER: ("", []), Side.CLAIM: ("claim", [f"picture:{PAPER}"])}, "the other side's stay"


PAPER = "1" * 64


def address_change(pledge: Pledge, state: ChangeState, now: datetime) -> AddressChange:
    return AddressChange(
        province_code=HUE,
        pledge_id=pledge.id,
        agency_code=pledge.agency_code,
        state=state,
        revision=0,
        name="Người Lạ Thử Nghiệm",
        phone="+84912345678",
        reason="Thử nghiệm",
        new_email="la@vidu.vn",
        old_email=pledge.contact_email,
        evidence=[f"picture:{PAPER}"],
        asked_at=now,
        waits_until=now.date(),
    )


def test_nobody_whom_no_plan_binds_stays_in_the_register(desk: RightsDesk) -> None:
    pledge = lead_to(desk.database, desk.signed(), PledgeState.REJECTED, now=desk.clock())

    def out_of_scope(session: Session) -> None:
        from pledges.registry.models import Obligation, Scope

        for owed in session.scalars(select(Obligation).where(Obligation.entity_id == pledge.entity_id)):
            owed.scope = Scope.CONFIRMED_OUT

    desk.database.run(out_of_scope)
    desk.decide(desk.ask(pledge, RequestKind.DELETE), contacts=True)
    tables = everything(desk, pledge.entity_id)
    assert tables["entity"][0]["name"] == ERASED
    assert tables["entity"][0]["tax_code"] is None
    with desk.database.read() as session:
        assert session.get_one(Entity, (HUE, pledge.entity_id)).name_key
        assert not session.scalars(select(EarlierVersion)).all()
