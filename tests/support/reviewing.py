"""Staff of an agency and submitted pledges for tests of the review. All people, firms and addresses are invented."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff, add_staff
from pledges.audit.operations import Actor
from pledges.core.db import Base, Database, new_id
from pledges.core.identity import fold
from pledges.core.secrecy import Vault
from pledges.documents.models import Document, DocumentKind
from pledges.registry.models import Entity
from pledges.signing.models import Pledge, PledgeChannel, PledgeCover, PledgeState, Signature
from pledges.signing.rules import new_reference, new_verification_code
from tests.support.clock import START
from tests.support.signing import HUE, invented_tax_code, seller_pages, signed_by

TRADE = "46-SCT"
"""The agency of Huế that receives what online sellers sign."""


def staff_of(database: Database, role: Role, agency_code: str, number: int = 1, *, title: str = "") -> Staff:
    """Somebody of an agency; the address and the name say which."""
    name = f"{'Phạm Thị' if role is Role.APPROVER else 'Đỗ Văn'} Thử Nghiệm {number}"
    new = NewStaff(f"{role.value}.{number}.{agency_code.lower()}@vidu.vn", name, role, agency_code[:2], agency_code)

    def add(session: Session) -> Staff:
        staff = add_staff(session, new, actor=Actor("command"), now=START)
        staff.signing_title = title
        return staff

    return database.run(add)


def officer_of(database: Database, agency_code: str = TRADE, number: int = 1) -> Staff:
    return staff_of(database, Role.OFFICER, agency_code, number)


def approver_of(database: Database, agency_code: str = TRADE, number: int = 1, *, title: str = "GIÁM ĐỐC") -> Staff:
    return staff_of(database, Role.APPROVER, agency_code, number, title=title)


def submitted(
    database: Database,
    *,
    now: datetime,
    vault: Vault,
    number: int = 1,
    province: str = HUE,
    pages: dict[Any, dict[str, Any]] | None = None,
    sealed: bool = True,
    trial: bool = False,
) -> Pledge:
    """A pledge that somebody has signed; its document is a row without a file."""
    outcome = signed_by(database, pages or seller_pages(number, province), now=now, vault=vault)
    assert outcome.signed, outcome.refusal
    signed = outcome.signed[0]
    if not sealed:
        return signed

    def seal(session: Session) -> Pledge:
        pledge = session.get_one(Pledge, (signed.province_code, signed.id))
        pledge.document_id = add_document(session, pledge.province_code, now=now, trial=trial).id
        return pledge

    return database.run(seal)


def add_document(session: Session, province_code: str, *, now: datetime, trial: bool = False) -> Document:
    document = Document(
        province_code=province_code,
        id=new_id(),
        kind=DocumentKind.SEALED,
        sha256="0" * 64,
        size=1,
        created_at=now,
        signer_certificate=b"",
        revocation_evidence=b"",
        trial=trial,
    )
    session.add(document)
    session.flush()
    return document


def submitted_copies(
    database: Database, like: Pledge, count: int, *, first: int = 1000, **changes: Any
) -> list[Pledge]:
    """Quickly many more pledges like one: each of another firm, with its own tax code, channel and evidence.

    `changes` are columns of the pledge, or functions that make a column's value of the number of the copy.
    """

    def add(session: Session) -> list[Pledge]:
        key = (like.province_code, like.id)
        pledge = session.get_one(Pledge, key)
        entity = session.get_one(Entity, (pledge.province_code, pledge.entity_id))
        of_pledge = [select(each).where(each.pledge_id == pledge.id) for each in (Signature, PledgeChannel)]
        signatures, channels = session.scalars(of_pledge[0]).all(), session.scalars(of_pledge[1]).all()
        rows: dict[type[Base], list[dict[str, Any]]] = {
            each: [] for each in (Entity, Pledge, PledgeCover, Signature, PledgeChannel)
        }
        for number in range(first, first + count):
            name = f"Công ty TNHH Thử Nghiệm {number}"
            code = f"{invented_tax_code(number // 900 * 100 + 50)}-{number % 900 + 1:03d}"
            rows[Entity].append(_copy(entity, name=name, name_fold=fold(name), tax_code=code))
            chosen = {column: given(number) if callable(given) else given for column, given in changes.items()}
            columns = {
                "entity_id": rows[Entity][-1]["id"],
                "draft_id": new_id(),
                "reference": new_reference(pledge.province_code, pledge.signed_at.date()),
                "verification_code": new_verification_code(),
                "answers": {**pledge.answers, "name": name, "tax_code": code},
                **chosen,
            }
            rows[Pledge].append(_copy(pledge, **columns))
            mine = rows[Pledge][-1]["id"]
            rows[PledgeCover].append({"province_code": pledge.province_code, "id": new_id(), "pledge_id": mine})
            rows[Signature] += [_copy(each, pledge_id=mine) for each in signatures]
            rows[PledgeChannel] += [
                _copy(each, pledge_id=mine, channel_id=None, address=f"facebook.com/cuahangthu{number}x{place}")
                for place, each in enumerate(channels)
            ]
        for table, values in rows.items():
            session.execute(insert(table), values)
        return [session.get_one(Pledge, (pledge.province_code, row["id"])) for row in rows[Pledge]]

    return database.run(add)


def _copy(row: Base, **changes: Any) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}
    return {**values, "id": new_id(), **changes}


def put_into(database: Database, pledge: Pledge, state: PledgeState, **columns: Any) -> Pledge:
    """Put a pledge into a state without deciding anything."""

    def change(session: Session) -> Pledge:
        found = session.get_one(Pledge, (pledge.province_code, pledge.id))
        found.state = state
        for name, value in columns.items():
            setattr(found, name, value)
        return found

    return database.run(change)
