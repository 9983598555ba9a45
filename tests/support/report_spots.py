"""Reports of an agency for the walk over the pages of staff: one that it has sent, one that it has received."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.core.db import new_id
from pledges.duties import forms
from pledges.duties.models import Report, ReportState
from pledges.plans.models import Plan, ReportForm, ReportingDuty
from tests.support.clock import START


def add_duty(session: Session, province: str, duty_id: str, **how: Any) -> ReportingDuty:
    """A yearly report of invented name, due before the end of December; `how`: what is different."""
    plan = session.scalars(select(Plan.code).where(Plan.province_code == province)).first()
    assert plan is not None
    usual: dict[str, Any] = {
        "plan_code": plan,
        "position": 900,
        "report": "Báo cáo thử nghiệm",
        "cadence": "yearly",
        "recurs": "--12-31",
        "followed": True,
        "content": {},
        "form": ReportForm.GENERAL,
        "follow_as": "yearly",
        "added_at": START,
    }
    duty = ReportingDuty(province_code=province, id=duty_id, **(usual | how))
    session.add(duty)
    session.flush()
    return duty


def reports_beside(session: Session, province: str, agency: str, person: Staff, sha256: str) -> dict[str, uuid.UUID]:
    """Values of a `Spot`. Drafts are their unit's alone, so what both sides may open was sent."""
    press = f"{province}-BAO"
    owed = add_duty(session, province, f"walk-{agency}", senders=[agency], recipients=[f"{province}-UBND"])
    received = add_duty(session, province, f"walk-in-{agency}", senders=[press], recipients=[agency])
    sent = [
        Report(
            province_code=province,
            id=new_id(),
            duty_id=duty.id,
            period="2026",
            unit_code=unit,
            version=1,
            state=ReportState.SENT,
            figures={},
            answers=forms.as_json(forms.empty(duty.form)),
            document_number="1/BC",
            document_date=date(2026, 11, 20),
            file_sha256=sha256,
            filename="thu.pdf",
            drafted_at=START,
            drafted_by=person.id,
            sent_at=START,
            sent_by=person.id,
        )
        for duty, unit in ((owed, agency), (received, press))
    ]
    session.add_all(sent)
    session.flush()
    return {"report_id": sent[0].id}
