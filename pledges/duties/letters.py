"""Mail about reports to the people of a unit: what is due soon, and what was returned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.core.secrecy import Vault
from pledges.duties.calendar import Due
from pledges.duties.models import Report
from pledges.duties.periods import vietnamese
from pledges.duties.unit_queries import staffed
from pledges.messaging.operations import queue_message
from pledges.plans.models import ReportingUnit

PATH = "/can-bo/bao-cao"


def path_of(due: Due) -> str:
    return f"{PATH}/{due.duty.id}/{due.period}/{due.unit.code}"


def reporters_of(session: Session, unit: ReportingUnit) -> Sequence[Staff]:
    """Who can write and send for a unit."""
    return staffed(session, unit.province_code, [unit])[0].reporters


def due_key(due: Due, step: int, person: Staff) -> str:
    return f"report_due:{due.duty.id}:{due.period}:{due.unit.code}:{step}:{person.id}"


def tell_of_due(
    session: Session,
    due: Due,
    step: int,
    person: Staff,
    recipients: Sequence[str],
    *,
    today: date,
    now: datetime,
    vault: Vault,
    public_url: str,
) -> None:
    """The same step twice writes one letter. A hundred communes are reminded on one day, so it stands in line."""
    queue_message(
        session,
        province_code=due.duty.province_code,
        kind="report_due",
        to_address=person.email,
        dedupe_key=due_key(due, step, person),
        params={
            "name": person.name,
            "unit_name": due.unit.name,
            "report": due.duty.report,
            "period": vietnamese(due.period),
            "recipients": list(recipients),
            "before": due.before,
            "days": (due.last_day - today).days,
            "link": f"{public_url}{path_of(due)}",
        },
        language="vi",
        now=now,
        vault=vault,
        batch=f"reports:{due.duty.id}"[:60],
    )


def tell_of_return(session: Session, due: Due, report: Report, *, now: datetime, vault: Vault, public_url: str) -> None:
    for person in reporters_of(session, due.unit):
        queue_message(
            session,
            province_code=report.province_code,
            kind="report_returned",
            to_address=person.email,
            dedupe_key=f"report_returned:{report.id}:{person.id}",
            params={
                "name": person.name,
                "unit_name": due.unit.name,
                "report": due.duty.report,
                "period": vietnamese(due.period),
                "message": report.answer,
                "link": f"{public_url}{path_of(due)}",
            },
            language="vi",
            now=now,
            vault=vault,
        )
