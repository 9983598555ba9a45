"""`demo`: the main job from end to end, on invented people and the real plans."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff, add_staff
from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError
from pledges.documents.queries import get_document
from pledges.jobs.worker import run_worker
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from pledges.plans.loading import load_from_files
from pledges.plans.models import Commune
from pledges.plans.queries import duties_for, provinces_in_use
from pledges.plans.wordings import Consents
from pledges.product import Product
from pledges.quarter_demonstration import SUBJECT_TYPE, play_quarter
from pledges.review.models import Decision
from pledges.review.operations import approve, recommend
from pledges.signing.acts import Confirmation
from pledges.signing.answers import Raw
from pledges.signing.codes import CodePurpose, send_code
from pledges.signing.drafts import save_page, start_draft
from pledges.signing.models import Draft, Pledge, PledgeState
from pledges.signing.operations import sign_draft
from pledges.signing.queries import get_pledge
from pledges.signing.rules import Page, new_resume_code
from pledges.signing.texts import read_answers, texts_to_sign

COMMAND = Actor("command", "demo")
NETWORK = "192.0.2.1"
SHOP = "Cửa hàng Thử Nghiệm (dữ liệu bịa)"
OWNER = "Trần Thị Thử Nghiệm"


@dataclass(frozen=True)
class Demonstration:
    """What the demonstration left in its folder."""

    reference: str
    files: dict[str, str]


def demonstrate(product: Product, folder: Path) -> Demonstration:
    """An invented shop owner signs, the department approves; the quarter before was asked and closed.

    `signed.pdf`, `approved.pdf`, `not-pledged.csv`, `not-pledged.xlsx`, `rollup.json` and `rollup.pdf` are left in
    `folder`.

    Refused where somebody has signed already: a demonstration never mixes with real pledges.
    """
    with product.database.read() as session:
        if session.scalar(select(func.count()).select_from(Pledge)):
            raise Conflict(N_("Cơ sở dữ liệu này đã có bản cam kết; chỉ trình diễn trên cơ sở dữ liệu trống."))
    load_from_files(product.database, None, COMMAND, product.clock())
    officer, approver = product.database.run(lambda session: _staff(session, product))
    lists = play_quarter(product, folder, province_code=officer.province_code, officer=officer, actor=COMMAND)
    draft_id = product.database.run(lambda session: _fill_in(session, product))
    confirmation = product.database.run(lambda session: _confirm(session, product, draft_id))
    outcome = product.database.run(
        lambda session: sign_draft(
            session,
            draft_id,
            confirmation,
            now=product.clock(),
            vault=product.vault,
            public_url=product.settings.public_url,
        )
    )
    if not outcome.signed:
        raise outcome.refusal or DomainError(N_("Chưa ký được bản cam kết trình diễn."))
    signed = outcome.signed[0]
    _work(product)
    files = {"signed.pdf": _leave(product, signed, folder / "signed.pdf", PledgeState.SUBMITTED)}
    product.database.run(lambda session: _decide(session, product, signed, officer, recommend))
    product.database.run(lambda session: _decide(session, product, signed, approver, approve))
    _work(product)
    files["approved.pdf"] = _leave(product, signed, folder / "approved.pdf", PledgeState.APPROVED)
    return Demonstration(signed.reference, files | lists)


def _work(product: Product) -> None:
    run_worker(product.database, product.tasks(), product.schedules(), once=True)


def _staff(session: Session, product: Product) -> tuple[Staff, Staff]:
    """An invented officer and an invented approver of the agency; neither can sign in."""
    province = provinces_in_use(session)[0]
    agency = duties_for(session, province.code, SUBJECT_TYPE)[0].agency
    people = []
    for role, name in ((Role.OFFICER, "Chuyên viên Thử Nghiệm"), (Role.APPROVER, "Lãnh đạo Thử Nghiệm")):
        address = f"{role.value.replace('_', '.')}.trinh.dien@vidu.vn"
        new = NewStaff(address, name, role, province.code, agency.code)
        person = add_staff(session, new, actor=COMMAND, now=product.clock())
        person.signing_title = "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC" if role is Role.APPROVER else ""
        people.append(person)
    return people[0], people[1]


def _decide(session: Session, product: Product, pledge: Pledge, staff: Staff, decide: Callable[..., Decision]) -> None:
    key = (pledge.province_code, pledge.id)
    seen = session.get_one(Pledge, key).revision
    decide(session, key, staff=staff, seen=seen, now=product.clock())


def _fill_in(session: Session, product: Product) -> uuid.UUID:
    province = provinces_in_use(session)[0]
    commune = session.scalars(select(Commune).where(Commune.province_code == province.code).limit(1)).one()
    now, vault = product.clock(), product.vault
    draft = start_draft(
        session,
        {"email": "chu.cua.hang@vidu.vn", "province": province.code, "subject_type": SUBJECT_TYPE},
        email="chu.cua.hang@vidu.vn",
        resume_code=new_resume_code(),
        network=NETWORK,
        language="vi",
        now=now,
        vault=vault,
        draft_id=new_id(),
    )
    pages: dict[Page, Raw] = {
        Page.WHO: {"kind": "organisation", "name": SHOP, "location": "local", "tax_code": "9999999002"},
        Page.PLACE: {"commune": commune.code, "channels": ["https://www.facebook.com/cuahang.thunghiem"]},
        Page.SIGNER: {"name": OWNER, "title": "Chủ cửa hàng", "authority": "yes"},
    }
    for page, raw in pages.items():
        save_page(session, draft, page, raw, now=now, vault=vault)
    return draft.id


def _confirm(session: Session, product: Product, draft_id: uuid.UUID) -> Confirmation:
    """Have the code sent, and read it out of the message that waits for delivery, as the owner reads it in the mail."""
    now, vault = product.clock(), product.vault
    draft = session.get_one(Draft, draft_id)
    answers = read_answers(session, draft, vault=vault, today=local_day(now))
    code = send_code(
        session,
        CodePurpose.SIGN,
        draft.id,
        draft.email,
        network=NETWORK,
        language=draft.language,
        now=now,
        vault=vault,
        province_code=answers.group.province_code,
    )
    message = session.scalars(select(Message).where(Message.dedupe_key == f"code:{code.id}")).one()
    texts = texts_to_sign(session, answers, Consents(publication=True), today=local_day(now))
    return Confirmation(
        typed_name=OWNER,
        code=str(secrets_of(message, vault)["code"]),
        representative_code="",
        consent_processing=True,
        consent_publication=True,
        shown_hashes=tuple(text.rendered.sha256 for text in texts),
        network=NETWORK,
    )


def _leave(product: Product, pledge: Pledge, path: Path, state: PledgeState) -> str:
    """Copy the newest file of the pledge, which has to be in `state` by now."""
    with product.database.read() as session:
        now = get_pledge(session, pledge.province_code, pledge.id)
        document = None
        if now is not None and now.state is state and now.document_id is not None:
            document = get_document(session, pledge.province_code, now.document_id)
    if document is None:
        raise DomainError(N_("Bản cam kết trình diễn còn chờ niêm phong hoặc ký số; xem lý do bằng lệnh ops ready."))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(product.storage.get(document.sha256))
    return str(path)
