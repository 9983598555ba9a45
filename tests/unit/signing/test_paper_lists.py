"""Rows of a list of papers: each becomes a pledge once, says why not, and goes away with its list."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.db import Database, new_id
from pledges.imports.models import Import, ImportPurpose, ImportState
from pledges.imports.rows import ParsedRow
from pledges.registry.models import Entity, EntityKind, Obligation
from pledges.signing.import_blockers import PLEDGED, built_on
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.paper_lists import PaperLists, Reason
from tests.support.clock import FixedClock
from tests.support.papers_recorded import TRADE, record, registered
from tests.support.signing import HUE, PUBLIC_URL
from tests.unit.signing.test_paper_pledges import in_force

LISTS = PaperLists(PUBLIC_URL)


def list_of_papers(session: Session, clock: FixedClock) -> Import:
    made = Import(
        province_code=HUE,
        id=new_id(),
        agency_code=TRADE,
        purpose=ImportPurpose.PAPER_PLEDGES,
        subject_type="digital_seller",
        entry_id="46-seller",
        source="Danh sách bản giấy thử nghiệm",
        source_fold="danh sach ban giay thu nghiem",
        seen_on=date(2026, 3, 1),
        filename="giay.xlsx",
        file_sha256="0" * 64,
        state=ImportState.COMMITTING,
        started_at=clock(),
        work_due_at=clock(),
    )
    session.add(made)
    session.flush()
    return made


def row(name: str, **said: Any) -> ParsedRow:
    known = {"signed_on": date(2026, 2, 12), "paper_number": "12/CK-TN", "signer": "Trần Thị Thử Nghiệm"}
    return ParsedRow(EntityKind.ORGANISATION, name, ("digital_seller",), **known | said)


def test_a_list_is_recorded_row_by_row_and_taken_back(database: Database, clock: FixedClock) -> None:
    one, two, three = (registered(database, number, now=clock()) for number in (1, 2, 3))
    record(database, three, now=clock(), number="3/CK-TN")
    made = database.run(lambda session: list_of_papers(session, clock))

    def bring_in(session: Session) -> list[Reason | None]:
        list_ = session.get_one(Import, (HUE, made.id))
        rows = [
            (one, row(one.name)),
            (one, row(one.name)),  # the same paper twice in the list
            (two, row(two.name)),  # the number of another subject
            (two, row(two.name, signed_on=None)),
            (two, row(two.name, paper_number="14/CK-TN", signed_on=date(2026, 1, 2))),
            (two, row(two.name, paper_number="13/CK-TN")),
            (three, row(three.name, paper_number="15/CK-TN")),
        ]
        return [
            LISTS.record(session, list_, said, session.get_one(Entity, (HUE, entity.id)), clock())
            for entity, said in rows
        ]

    reasons = database.run(bring_in)
    assert [reason is None for reason in reasons] == [True, True, False, False, False, True, False]
    said = " ".join(reason[0] % reason[1] for reason in reasons if reason is not None)
    for words in ("Số 12/CK-TN đã ghi cho", "Không đọc được ngày ký", "ban hành kế hoạch (09/01/2026)", "đã có bản"):
        assert words in said, words
    assert in_force(database) == 3

    def on(ids: list[uuid.UUID], ignored: uuid.UUID | None) -> dict[uuid.UUID, str]:
        with database.read() as session:
            return built_on(session, HUE, ids, ignored)

    with database.read() as session:
        duties = {each.entity_id: each.id for each in session.scalars(select(Obligation))}
    assert on([one.id, three.id, duties[one.id], duties[three.id]], made.id) == dict.fromkeys(
        (three.id, duties[three.id]), PLEDGED
    )
    assert set(on([one.id], None)) == {one.id}

    def take_back(session: Session) -> None:
        LISTS.undo(session, session.get_one(Import, (HUE, made.id)), [one.id, two.id, three.id], clock())

    database.run(take_back)
    assert in_force(database) == 1
    with database.read() as session:
        states = session.execute(
            select(Pledge.state, func.count()).where(Pledge.import_id == made.id).group_by(Pledge.state)
        ).all()
    assert [tuple(each) for each in states] == [(PledgeState.WITHDRAWN, 2)]
