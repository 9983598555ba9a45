"""A round of an agency with one of everything, for the walk over the pages of staff."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.rounds.list_models import ExportState, FileFormat, ListExport, ListKind
from pledges.rounds.models import Ask, AskedObligation, BatchState, LetterBatch, Round, RoundState, Why
from pledges.rounds.tried import keep_tried
from pledges.signing.models import Pledge
from tests.support.clock import START

QUARTERS = {"own": "2026Q4", "other agency": "2026Q3", "other province": "2026Q2"}


def round_beside(session: Session, name: str, pledge: Pledge, obligation_id: uuid.UUID) -> dict[str, Any]:
    """Values of a `Spot`: in the round of this pledge's agency its subject was asked about one obligation."""
    province = pledge.province_code
    of_round = Round(
        province_code=province,
        id=new_id(),
        agency_code=pledge.agency_code,
        quarter=QUARTERS[name],
        state=RoundState.RUNNING,
        day=date(2026, 12, 31),
        reminder_days=[14],
        opened_at=START,
        opened_by="test",
        started_at=START,
    )
    ask = Ask(
        province_code=province,
        id=new_id(),
        round_id=of_round.id,
        entity_id=pledge.entity_id,
        shown_day=date(2026, 12, 31),
        token_sha256=uuid.uuid4().hex,
        short_code=uuid.uuid4().hex[:9],
        asked_at=START,
    )
    session.add(of_round)
    session.flush()
    session.add(ask)
    session.flush()
    session.add(
        AskedObligation(
            province_code=province,
            ask_id=ask.id,
            obligation_id=obligation_id,
            why=Why.CARRIED_OVER,
            asked_at=ask.asked_at,
        )
    )
    keep_tried(session, province, [ask.id])
    letters = LetterBatch(
        province_code=province,
        id=new_id(),
        round_id=of_round.id,
        asks=[str(ask.id)],
        state=BatchState.FAILED,
        made_by=uuid.uuid4(),
        made_at=START,
    )
    export = ListExport(
        province_code=province,
        id=new_id(),
        agency_code=pledge.agency_code,
        quarter=of_round.quarter,
        list=ListKind.NOT_PLEDGED,
        as_of=local_day(START),
        format=FileFormat.XLSX,
        filters={},
        reason="thử nghiệm",
        requested_by="test",
        requested_at=START,
        state=ExportState.FAILED,
    )
    session.add_all([letters, export])
    session.flush()
    return {
        "quarter": of_round.quarter,
        "ask_id": ask.id,
        "letter_batch_id": letters.id,
        "export_id": export.id,
    }
