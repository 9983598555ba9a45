"""Every page of staff × every role × own, other agency, other province, nothing × states, against the one table."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from pledges.accounts.models import AgencyKey, Delegation, Role, Staff
from pledges.accounts.operations import begin_session
from pledges.accounts.permissions import Action, fits_state, reach_of
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.calendar import local_day
from pledges.documents.models import Document, DocumentKind
from pledges.hotlines.models import Hotline
from pledges.imports.models import Import, ImportRow, ImportState, RowOutcome
from pledges.institutions.models import Institution
from pledges.plans.models import Agency, ObligationEntry
from pledges.plans.queries import current_text
from pledges.product import Product
from pledges.registry.duplicates import suspect
from pledges.registry.models import Channel, Contact, Entity, EntityKind, Obligation, Sighting
from pledges.registry.rules import set_name
from pledges.registry.upkeep_models import ScopeProposal, ScopeReason, UnreadValue
from pledges.review.models import Batch, BatchKind, Decision, Revocation, RevocationState
from pledges.review.violation_models import Violation, ViolationField
from pledges.signing.models import Consent, ConsentWithdrawal, Draft, Origin, Pledge, PledgeCover, PledgeState
from pledges.signing.rules import hold_of
from pledges.tips.models import Tip, TipSource
from pledges.web.security import action_of, audience_of
from tests.support.clock import START
from tests.support.duty_spots import duty_beside
from tests.support.reach_samples import ALSO_INSIDE, HELPER, PERSON, SAMPLES, Sample, Spot
from tests.support.report_spots import reports_beside
from tests.support.round_spots import round_beside
from tests.support.signing import HUE, LANG_SON, doctor_pages, seller_pages, signed_by

STATES = ("submitted", "deferred", "recommended", "returned", "approved", "revoked")
BODY = {"message": "Thử nghiệm", "note": "Thử nghiệm", "asked": "name", "read": "yes", "sure": "yes", "agree": "yes"}
"""Enough for every decision about a pledge to be made: what must not happen is then stopped by reach or state alone."""
PAPER = b"%PDF-1.7 stands for a sealed file"
INSIDE = {"GET": {200, 302, 303}, "POST": {200, 302, 303, 400, 409}}


@dataclass
class Actor:
    name: str
    staff: Staff | None
    client: FlaskClient

    def reach(self, action: Action) -> Any:
        return reach_of(self.staff, action, delegated=self.name == "delegate") if self.staff else None


@dataclass
class World:
    app: Flask
    product: Product
    own: Spot
    spots: list[Spot]
    actors: list[Actor]

    def enter(self, actor: Actor) -> None:
        """Sign in without the password: a row and a cookie."""
        if actor.staff is None:
            return
        staff = actor.staff
        token = self.product.database.run(lambda session: begin_session(session, staff, self.product.clock()))
        with actor.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": staff.fs_uniquifier})

    def reset(self, state: str, action: Action) -> None:
        """Every pledge back to one state, recommended by nobody of the walk; a revocation is asked to decide on it."""

        def work(session: Session) -> None:
            session.execute(
                update(Pledge).values(state=PledgeState(state), revision=0, recommended_by=self.own.person_id)
            )
            session.execute(update(PledgeCover).values(hold=hold_of(PledgeState(state))))
            session.execute(update(Revocation).values(state=RevocationState.REFUSED))
            asked = RevocationState.ASKED if action is Action.REVOCATION_DECIDE else RevocationState.REFUSED
            session.execute(update(Revocation).where(Revocation.reason == "walk").values(state=asked))

        self.product.database.run(work)

    def fingerprint(self) -> tuple[Any, ...]:
        with self.product.database.read() as session:
            pledges = session.execute(select(Pledge.id, Pledge.state, Pledge.revision).order_by(Pledge.id)).all()
            return (*pledges, session.scalar(select(func.count()).select_from(Decision)))


# --- The world -----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(small_product: Product, small_app: Flask) -> World:
    small_app.config["WTF_CSRF_ENABLED"] = False
    database, vault = small_product.database, small_product.vault
    for pages in (seller_pages(1, HUE), doctor_pages(2, HUE), seller_pages(3, LANG_SON)):
        signed_by(database, pages, now=START, vault=vault)
    with database.read() as session:
        pledges = {(pledge.province_code, pledge.agency_code): pledge for pledge in session.scalars(select(Pledge))}
    [own_key, other_key] = sorted(key for key in pledges if key[0] == HUE)
    [foreign_key] = [key for key in pledges if key[0] == LANG_SON]
    named = (("own", own_key), ("other agency", other_key), ("other province", foreign_key))
    spots = [_spot(small_product, name, pledges[key]) for name, key in named]
    own = spots[0]
    actors = _actors(small_product, small_app, own)
    approver = next(actor.staff for actor in actors if actor.name == "approver")
    assert approver is not None
    officer = next(actor.staff for actor in actors if actor.name == "officer")
    assert officer is not None
    helped = signed_by(database, seller_pages(4, HUE), now=START, vault=vault).signed[0]
    draft_id = database.run(lambda session: _helps(session, officer, helped))
    spots += [
        replace(
            own,
            name="self",
            giver_id=approver.id,
            delegation_id=_delegation(small_product, approver, own),
            helper_id=officer.id,
            draft_id=draft_id,
            helped_reference=helped.reference,
        ),
        Spot("nothing", HUE, "46-KHONG", exists=False),
        Spot("nowhere", "99", "99-KHONG", exists=False),
    ]
    made = World(small_app, small_product, own, spots, actors)
    for actor in actors:
        made.enter(actor)
    return made


def _person(session: Session, name: str, role: Role, province: str, agency: str | None, commune: str | None) -> Staff:
    staff = Staff(
        province_code=province,
        email=f"{name}@vidu.vn",
        name=f"Thử {name}",
        role=role,
        agency_code=agency,
        commune_code=commune,
        password="no password",
        fs_uniquifier=uuid.uuid4().hex,
        created_at=START,
    )
    session.add(staff)
    session.flush()
    return staff


def _pair(session: Session, pledge: Pledge) -> uuid.UUID:
    """The subject of the pledge, and another one that may be the same."""
    other = Entity(province_code=pledge.province_code, kind=EntityKind.ORGANISATION, added_at=START)
    set_name(other, "Công ty Thử Nghiệm")
    session.add(other)
    session.flush()
    pair = suspect(session, pledge.province_code, pledge.entity_id, other.id, ["person"], 75, now=START)
    assert pair is not None
    return pair.id


def _spot(product: Product, name: str, pledge: Pledge) -> Spot:
    """One of everything beside a pledge of the same agency."""
    province, agency = pledge.province_code, pledge.agency_code

    def work(session: Session) -> Spot:
        session.get_one(Agency, (province, agency)).signing_title = "GIÁM ĐỐC"
        mark = name.replace(" ", "-")
        person = _person(session, f"cv-{mark}", Role.OFFICER, province, agency, None)
        giver = _person(session, f"ld-{mark}", Role.APPROVER, province, agency, None)
        batch = Batch(
            province_code=province,
            agency_code=agency,
            kind=BatchKind.RECOMMEND,
            staff_id=person.id,
            created_at=START,
            work_due_at=START,
        )
        session.add(batch)
        session.add(
            Revocation(
                province_code=province,
                id=pledge.id,  # the form of the second person names it
                pledge_id=pledge.id,
                agency_code=agency,
                reason="walk",
                asked_by=person.id,
                asked_at=START,
            )
        )
        withdrawal = ConsentWithdrawal(
            province_code=province, pledge_id=pledge.id, consent=Consent.PROCESSING, withdrawn_at=START
        )
        session.add(withdrawal)
        tip = Tip(
            province_code=province,
            source=TipSource.CITIZEN,
            agency_code=agency,
            subject_type="",
            name="Cửa hàng thử nghiệm",
            seen_on=local_day(START),
            pictures=[product.storage.put(PAPER)],
            code_hash=mark,
            sent_at=START,
        )
        session.add(tip)
        pair = _pair(session, pledge)
        delegation = _delegate(session, giver, person.id)
        document = Document(
            province_code=province,
            kind=DocumentKind.SEALED,
            sha256=product.storage.put(PAPER),
            size=len(PAPER),
            created_at=START,
            signer_certificate=b"",
            revocation_evidence=b"",
            trial=True,
        )
        session.add(document)
        session.flush()
        session.get_one(Pledge, (province, pledge.id)).document_id = document.id
        return Spot(
            name,
            province,
            agency,
            pledge.reference,
            pledge_id=pledge.id,
            entity_id=pledge.entity_id,
            batch_id=batch.id,
            person_id=person.id,
            giver_id=giver.id,
            delegation_id=delegation.id,
            withdrawal_id=withdrawal.id,
            import_id=_import(session, province, agency),
            tip_id=tip.id,
            pair_id=pair,
            institution_id=_institution(session, province, agency, person.id),
            helper_id=person.id,
            draft_id=_helps(session, person, pledge),
            helped_reference=pledge.reference,
            key_id=_key(session, province, agency, person.id),
            text_id=current_text(session, "website_seller").id,
            **(hanging := _looked_after(product, session, pledge, person)),
            **round_beside(session, name, pledge, hanging["obligation_id"]),
            **reports_beside(session, province, agency, person, product.storage.put(PAPER)),
            **duty_beside(session, province, agency),
        )

    return product.database.run(work)


def _helps(session: Session, helper: Staff, pledge: Pledge) -> uuid.UUID:
    """Somebody has handed this pledge in with its signer, and has begun a draft with the next one."""
    kept = session.get_one(Pledge, (pledge.province_code, pledge.id))
    kept.origin, kept.recorded_by = Origin.ASSISTED, helper.id
    draft = Draft(
        resume_code_hash=uuid.uuid4().hex,
        email="",
        answers={"nhom": {"email": "", "province": helper.province_code, "subject_type": ""}},
        created_at=START,
        changed_at=START,
        expires_at=START + timedelta(days=30),
        assisted_by=helper.id,
        assisted_province=helper.province_code,
    )
    session.add(draft)
    session.flush()
    return draft.id


def _looked_after(product: Product, session: Session, pledge: Pledge, person: Staff) -> dict[str, uuid.UUID]:
    """One of everything that hangs on the entity of this pledge."""
    province, agency, entity = pledge.province_code, pledge.agency_code, pledge.entity_id
    obligation = session.scalars(
        select(Obligation)
        .join(ObligationEntry, ObligationEntry.id == Obligation.entry_id)
        .where(Obligation.entity_id == entity, ObligationEntry.lead_agency == agency)
    ).first()
    assert obligation is not None
    own = {"province_code": province, "entity_id": entity}
    address = f"thu-{entity}.vn"
    channel = Channel(
        kind="website", address=address, as_typed=address, first_seen_on=local_day(START), added_at=START, **own
    )
    contact = Contact(kind="phone", value=f"+849{entity.int % 10**8:08d}", **own)
    unread = UnreadValue(kind="phone", typed="không rõ", reason="Chưa đọc được.", recorded_at=START, **own)
    sighting = Sighting(
        source="officer",
        seen_on=local_day(START),
        recorded_at=START,
        picture_sha256=product.storage.put(PAPER),
        **own,
    )
    proposal = ScopeProposal(
        province_code=province,
        obligation_id=obligation.id,
        from_agency=agency,
        to_agency=agency,
        in_scope=False,
        reason=ScopeReason.CLOSED,
        effective_on=local_day(START),
        proposed_by=person.id,
        proposed_at=START,
    )
    violation = Violation(
        province_code=province,
        agency_code=agency,
        entity_id=entity,
        field=ViolationField.OTHER,
        happened_on=local_day(START),
        what="Thử nghiệm",
        decision_number="1",
        number_key="1",
        decided_on=local_day(START),
        decided_by="Thử nghiệm",
        recorded_by=person.id,
        recorded_at=START,
    )
    hotline = Hotline(
        province_code=province, name="Thử nghiệm", phone="1900 0000", checked_on=local_day(START), added_at=START
    )
    session.add_all([channel, contact, unread, sighting, proposal, violation, hotline])
    session.flush()
    return {
        "channel_id": channel.id,
        "contact_id": contact.id,
        "unread_id": unread.id,
        "sighting_id": sighting.id,
        "obligation_id": obligation.id,
        "proposal_id": proposal.id,
        "violation_id": violation.id,
        "hotline_id": hotline.id,
    }


def _institution(session: Session, province: str, agency: str, added_by: uuid.UUID) -> uuid.UUID:
    made = Institution(
        province_code=province,
        agency_code=agency,
        name="Bệnh viện Thử Nghiệm",
        name_fold="benh vien thu nghiem",
        subject_type="doctor",
        focal_name="Đầu Mối",
        focal_email="dau.moi@vidu.vn",
        join_code=uuid.uuid4().hex[:8],
        added_by=added_by,
        added_at=START,
    )
    session.add(made)
    session.flush()
    return made.id


def _key(session: Session, province: str, agency: str, made_by: uuid.UUID) -> uuid.UUID:
    """Of a program of the agency."""
    key = AgencyKey(
        province_code=province,
        agency_code=agency,
        name="Thử nghiệm",
        key_sha256=uuid.uuid4().hex,
        beginning="pk_thu",
        created_at=START,
        created_by=made_by,
        expires_on=local_day(START),
    )
    session.add(key)
    session.flush()
    return key.id


def _import(session: Session, province: str, agency: str) -> uuid.UUID:
    """A checked list with one clash; its revision is none that the walk sends, so that it stays as it is."""
    made = Import(
        province_code=province,
        agency_code=agency,
        subject_type="digital_seller",
        source="Danh sách thử nghiệm",
        source_fold="danh sach thu nghiem",
        seen_on=local_day(START),
        filename="thu.csv",
        file_sha256="0" * 64,
        headings=["Tên"],
        mapping={"0": "name"},
        header_row=1,
        state=ImportState.CHECKED,
        revision=7,
        rows=1,
        started_at=START,
        work_due_at=START,
    )
    session.add(made)
    session.flush()
    parsed = {"kind": "organisation", "name": "Thử nghiệm", "subject_types": ["digital_seller"]}
    row = {"cells": ["Thử nghiệm"], "parsed": parsed, "outcome": RowOutcome.CLASH}
    session.add(ImportRow(province_code=province, import_id=made.id, number=2, **row))
    session.flush()
    return made.id


def _delegate(session: Session, giver: Staff, to: uuid.UUID) -> Delegation:
    today = local_day(START)
    made = Delegation(
        province_code=giver.province_code,
        agency_code=giver.agency_code or "",
        from_staff_id=giver.id,
        to_staff_id=to,
        title="TUQ. GIÁM ĐỐC – CHÁNH VĂN PHÒNG",
        starts_on=today,
        ends_on=today + timedelta(days=9),
        created_at=START,
    )
    session.add(made)
    session.flush()
    return made


def _delegation(product: Product, giver: Staff, spot: Spot) -> uuid.UUID:
    return product.database.run(lambda session: _delegate(session, giver, spot.person_id).id)


def _actors(product: Product, app: Flask, own: Spot) -> list[Actor]:
    province, agency = own.province_code, own.agency_code
    posts = {
        "officer": (Role.OFFICER, province, agency, None),
        "delegate": (Role.OFFICER, province, agency, None),
        "approver": (Role.APPROVER, province, agency, None),
        "administrator": (Role.ADMINISTRATOR, province, None, None),
        "viewer": (Role.PROVINCE_VIEWER, province, None, None),
        "commune": (Role.COMMUNE_OFFICER, province, None, "19753"),
        "reporting": (Role.REPORTING_UNIT, province, agency, None),
        "system": (Role.ADMINISTRATOR, WHOLE_SYSTEM, None, None),
    }

    def work(session: Session) -> dict[str, Staff]:
        people = {name: _person(session, name, *post) for name, post in posts.items()}
        _delegate(session, people["approver"], people["delegate"].id)
        return people

    people = product.database.run(work)
    return [Actor("nobody", None, app.test_client())] + [
        Actor(name, staff, app.test_client()) for name, staff in people.items()
    ]


# --- The walk ------------------------------------------------------------------------------------------------------


def staff_rules(app: Flask) -> list[Rule]:
    return sorted(
        (rule for rule in app.url_map.iter_rules() if audience_of(app, rule.endpoint) == "staff"),
        key=lambda rule: (rule.endpoint, rule.rule),
    )


def test_every_page_with_an_object_has_a_sample(small_app: Flask) -> None:
    """A new page says in tests/support/reach_samples.py what stands in its address; a page that is gone leaves it."""
    with_object = {rule.endpoint for rule in staff_rules(small_app) if rule.arguments}
    assert with_object == set(SAMPLES)


def test_the_walk(world: World) -> None:
    absent: dict[tuple[str, str], set[str]] = defaultdict(set)
    effective: set[str] = set()
    decisive: set[str] = set()
    for rule in staff_rules(world.app):
        action = action_of(world.app, rule.endpoint)
        assert action is not None, rule.endpoint
        sample = SAMPLES.get(rule.endpoint)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            if sample is not None and sample.pledge and method == "POST":
                decisive.add(rule.endpoint)
            cases = _cases(world, sample, action, method)
            for spot, state in cases:
                if sample is not None and sample.pledge:
                    world.reset(state, action)
                for actor in _who(world, action, first=(spot, state) == cases[0]):
                    visit = Visit(world, rule, method, actor, action, sample, spot, state)
                    if visit.go(absent):
                        effective.add(rule.endpoint)
                        world.reset(state, action)
    different = {key: len(bodies) for key, bodies in absent.items() if len(bodies) > 1}
    assert different == {}, "what is out of reach must look exactly like nothing"
    assert effective == decisive, "a decision that the walk cannot make at all proves nothing about who may not make it"


def _cases(world: World, sample: Sample | None, action: Action, method: str) -> list[tuple[Spot, str]]:
    """Where, and in which state of the pledges: several in the own agency, elsewhere the one that stops nothing."""
    fitting = next(state for state in STATES if fits_state(action, state))
    if sample is None:
        return [(world.own, fitting)]
    only_province = set(sample.args(world.own)) == {"code"}
    spots = [
        spot
        for spot in world.spots
        if not (spot.name == "self" and sample.of not in (PERSON, HELPER))
        and not (spot.name == "nothing" and only_province)
    ]
    states = STATES if sample.pledge and method == "POST" else (fitting,)
    return [(spot, state) for spot in spots for state in (states if spot.name == "own" else (fitting,))]


def _who(world: World, action: Action, *, first: bool) -> list[Actor]:
    """Whom the gate turns away it turns away before it looks at the address: once is enough for them."""
    return [actor for actor in world.actors if first or actor.reach(action) is not None]


@dataclass
class Visit:
    world: World
    rule: Rule
    method: str
    actor: Actor
    action: Action
    sample: Sample | None
    spot: Spot
    state: str

    def go(self, absent: dict[tuple[str, str], set[str]]) -> bool:
        """Open the page and compare the answer with the table; true when something was decided."""
        before = self.world.fingerprint() if self.method == "POST" else None
        answer = self._answer()
        expected = self._expected()
        said = f"{self.method} {self.rule.endpoint} by {self.actor.name} at {self.spot.name}, {self.state}: "
        assert answer.status_code in expected, f"{said}{answer.status_code}, not {sorted(expected)}"
        if answer.status_code == 404 and self.rule.endpoint not in ALSO_INSIDE:
            absent[self.rule.endpoint, self.actor.name].add(_plain(answer))
        if self.actor.staff is None:
            assert "/can-bo/dang-nhap" in answer.headers["Location"], said
        decided = before is not None and before != self.world.fingerprint()
        if decided:
            assert expected == self._inside(), f"{said} decided although it must not"
            assert fits_state(self.action, self.state), f"{said} decided in a state that does not allow it"
        return decided

    def _answer(self) -> TestResponse:
        values = self.sample.args(self.spot) if self.sample else {}
        with self.world.app.test_request_context():
            path = self.world.app.url_map.bind("localhost").build(self.rule.endpoint, values, method=self.method)
        if self.method == "GET":
            return self.actor.client.get(path)
        answer = self.actor.client.post(path, data=BODY | {"seen": "0", "request": str(self.spot.pledge_id)})
        if self.rule.endpoint == "officer.sign_out_post":
            self.world.enter(self.actor)
        return answer

    def _expected(self) -> set[int]:
        if self.actor.staff is None:
            return {303}
        scope = self.actor.reach(self.action)
        if scope is None:
            return {403}
        if self.sample is None:
            return self._inside()
        if not self.spot.exists or not scope.contains(self.sample.place(self.spot)):
            return {404}
        return self._inside()

    def _inside(self) -> set[int]:
        return INSIDE[self.method] | ALSO_INSIDE.get(self.rule.endpoint, set())


def _plain(answer: TestResponse) -> str:
    """The page without what differs at every request: its own address and its number."""
    body = re.sub(r"[0-9a-f]{16}", "#", answer.text.replace(answer.request.path, "PATH"))
    return f"{answer.status_code} {answer.headers['Content-Type']} {body}"
