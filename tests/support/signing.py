"""Drafts and signatures of invented people, for tests and benchmarks. No name, number or address here is real."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum.vn import mst

from pledges.audit.operations import SYSTEM, record
from pledges.core.calendar import local_day
from pledges.core.db import Database, new_id
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from pledges.plans.wordings import Consents
from pledges.signing.acts import Confirmation
from pledges.signing.codes import CodePurpose, send_code
from pledges.signing.drafts import save_page, start_draft
from pledges.signing.models import Draft, Pledge, PledgeState
from pledges.signing.operations import SigningOutcome, sign_draft
from pledges.signing.rules import Page, new_resume_code
from pledges.signing.states import change_state
from pledges.signing.texts import read_answers, texts_to_sign

T = TypeVar("T")

PUBLIC_URL = "https://camket.vidu.vn"

HUE, LANG_SON, DONG_THAP = "46", "20", "82"
COMMUNES = {HUE: "19753", LANG_SON: "05977", DONG_THAP: "28249"}


def invented_tax_code(number: int) -> str:
    """A tax code with a right check digit that no authority has given out to anybody we know."""
    while True:
        digits = f"99{number % 10**7:07d}"
        check = mst.calc_check_digit(digits)
        if len(check) == 1:
            return digits + check
        number += 1


def seller_pages(number: int = 1, province: str = HUE, **changes: Any) -> dict[Page, dict[str, Any]]:
    """The typed answers of an invented online seller; `changes` by field name."""
    pages: dict[Page, dict[str, Any]] = {
        Page.GROUP: {"email": f"chu.shop.{number}@vidu.vn", "province": province, "subject_type": "digital_seller"},
        Page.WHO: {
            "kind": "organisation",
            "name": f"Công ty TNHH Thử Nghiệm {number}",
            "location": "local",
            "tax_code": invented_tax_code(number),
        },
        Page.PLACE: {
            "commune": COMMUNES[province],
            "address": "",
            "phone": "",
            "channels": [f"https://www.facebook.com/cuahang.thu.{number}"],
            "started_on": "",
        },
        Page.SIGNER: {"name": "Trần Thị Thử Nghiệm", "title": "Giám đốc", "authority": "yes"},
    }
    return _changed(pages, changes)


def doctor_pages(number: int = 1, province: str = HUE, **changes: Any) -> dict[Page, dict[str, Any]]:
    pages: dict[Page, dict[str, Any]] = {
        Page.GROUP: {"email": f"bac.si.{number}@vidu.vn", "province": province, "subject_type": "doctor"},
        Page.WHO: {
            "name": f"Lê Văn Thử {number}",
            "location": "local",
            "profession": "Bác sĩ",
            "workplace": "Bệnh viện Thử Nghiệm",
        },
        Page.PLACE: {"commune": COMMUNES[province], "channels": [], "address": "", "phone": "", "started_on": ""},
        Page.SIGNER: {"of_age": "yes"},
    }
    return _changed(pages, changes)


def _changed(pages: dict[Page, dict[str, Any]], changes: dict[str, Any]) -> dict[Page, dict[str, Any]]:
    """Each change goes to every page that has the field, or to page one."""
    for name, value in changes.items():
        page_name, _, field = name.partition("__")
        pages[Page[page_name.upper()]][field] = value
    return pages


def ready_draft(session: Session, pages: dict[Page, dict[str, Any]], *, now: datetime, vault: Vault) -> Draft:
    draft = start_draft(
        session,
        pages[Page.GROUP],
        email=pages[Page.GROUP]["email"],
        resume_code=new_resume_code(),
        network="192.0.2.1",
        language="vi",
        now=now,
        vault=vault,
        draft_id=new_id(),
    )
    for page in (Page.WHO, Page.PLACE, Page.SIGNER):
        save_page(session, draft, page, pages[page], now=now, vault=vault)
    return draft


def code_for(
    session: Session,
    draft: Draft,
    address: str,
    *,
    now: datetime,
    vault: Vault,
    purpose: CodePurpose = CodePurpose.SIGN,
) -> str:
    """Have a code sent and read it out of the message that waits for delivery."""
    code = send_code(
        session,
        purpose,
        draft.id,
        address,
        network="192.0.2.1",
        language="vi",
        now=now,
        vault=vault,
        province_code=HUE,
    )
    message = session.scalars(select(Message).where(Message.dedupe_key == f"code:{code.id}")).one()
    return str(secrets_of(message, vault)["code"])


def confirmation_for(
    session: Session, draft: Draft, code: str, *, now: datetime, vault: Vault, publish: bool = False
) -> Confirmation:
    """What an honest signer gives: the name, the code, the consents, for the texts as they are now."""
    answers = read_answers(session, draft, vault=vault, today=local_day(now))
    texts = texts_to_sign(session, answers, Consents(publication=publish), today=local_day(now))
    return Confirmation(
        typed_name=answers.signer.name,
        code=code,
        representative_code="",
        consent_processing=True,
        consent_publication=publish,
        shown_hashes=tuple(text.rendered.sha256 for text in texts),
        network="192.0.2.1",
    )


def signed_by(
    database: Database,
    pages: dict[Page, dict[str, Any]],
    *,
    now: datetime,
    vault: Vault,
    publish: bool = False,
    **changes: Any,
) -> SigningOutcome:
    """Draft, code and signature of one signer; `changes` alter the confirmation."""

    def prepare(session: Session) -> tuple[uuid.UUID, Confirmation]:
        draft = ready_draft(session, pages, now=now, vault=vault)
        code = code_for(session, draft, draft.email, now=now, vault=vault)
        given = confirmation_for(session, draft, code, now=now, vault=vault, publish=publish)
        return draft.id, replace(given, **changes)

    draft_id, confirmation = database.run(prepare)
    return database.run(
        lambda session: sign_draft(session, draft_id, confirmation, now=now, vault=vault, public_url=PUBLIC_URL)
    )


def run_together(work: Callable[[int], T], times: int) -> list[T]:
    """Run `work(0)`, `work(1)` … each in a thread of its own; none may raise."""
    results: list[T] = []
    failures: list[BaseException] = []

    def one(number: int) -> None:
        try:
            results.append(work(number))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    return results


def lead_to(database: Database, pledge: Pledge, *states: PledgeState, now: datetime) -> Pledge:
    """Lead a pledge through these states as the review does, with the facts that its counters need."""

    def change(session: Session) -> Pledge:
        led = pledge
        for state in states:
            changed = change_state(session, pledge.province_code, pledge.id, state, now=now)
            led = changed.pledge
            if changed.counts:
                record(
                    session,
                    "pledge.approved",
                    province_code=pledge.province_code,
                    object_id=pledge.id,
                    actor=SYSTEM,
                    now=now,
                    data={"counts": changed.counts},
                )
        return led

    return database.run(change)


def approve(database: Database, pledge: Pledge, *, now: datetime) -> Pledge:
    """In force, without the file and the people whom the review needs; what it amends makes room first."""
    lead_to(database, pledge, PledgeState.RECOMMENDED, PledgeState.COUNTERSIGNING, now=now)
    if pledge.amends_id is not None:
        with database.read() as session:
            old = session.get_one(Pledge, (pledge.province_code, pledge.amends_id))
        lead_to(database, old, PledgeState.SUPERSEDED, now=now)
    return lead_to(database, pledge, PledgeState.APPROVED, now=now)


def change_answers(session: Session, draft: Draft, *, now: datetime, vault: Vault, **changes: Any) -> None:
    """Type something else on pages of a draft: `who__name="…"`."""
    for page in (Page.WHO, Page.PLACE, Page.SIGNER):
        prefix = f"{page.name.lower()}__"
        typed = {name.removeprefix(prefix): value for name, value in changes.items() if name.startswith(prefix)}
        if typed:
            kept = {name: value for name, value in draft.answers[page.value].items() if name[-7:] != "_sealed"}
            save_page(session, draft, page, kept | typed, now=now, vault=vault)


def sign_again(
    database: Database, draft_id: uuid.UUID, *, now: datetime, vault: Vault, publish: bool = False, **changes: Any
) -> SigningOutcome:
    """Change answers of a correction or an amendment, and sign it with a code of its own."""

    def prepare(session: Session) -> Confirmation:
        draft = session.get_one(Draft, draft_id)
        change_answers(session, draft, now=now, vault=vault, **changes)
        code = code_for(session, draft, draft.email, now=now, vault=vault)
        return confirmation_for(session, draft, code, now=now, vault=vault, publish=publish)

    confirmation = database.run(prepare)
    return database.run(
        lambda session: sign_draft(session, draft_id, confirmation, now=now, vault=vault, public_url=PUBLIC_URL)
    )
