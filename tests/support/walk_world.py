"""Who walks over the pages of staff, and what there is to reach."""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.accounts.permissions import Action, reach_of
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.product import Product
from pledges.review.models import Decision, Revocation, RevocationState
from pledges.signing.models import Pledge, PledgeCover, PledgeState
from pledges.signing.rules import hold_of
from tests.support.clock import START
from tests.support.reach_samples import Spot
from tests.support.signing import HUE, LANG_SON, doctor_pages, seller_pages, signed_by
from tests.support.walk_spots import add_member, delegate, helps, spot_beside


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

    def __post_init__(self) -> None:
        # To a connection that only watches, SQLite says whether any other has written since.
        self._watch = sqlite3.connect(str(self.product.database.url.database))
        self.addresses = self.app.url_map.bind("localhost")
        self._version: tuple[int, ...] = ()
        self._known: tuple[Any, ...] = ()
        self.has_decided()

    def close(self) -> None:
        self._watch.close()

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
        self.has_decided()

    def has_decided(self) -> bool:
        """Whether a pledge or a decision has changed since this was last asked, or since the last reset."""
        version = self._watch.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return False
        self._version = version
        before, self._known = self._known, self._fingerprint()
        return before != self._known

    def _fingerprint(self) -> tuple[Any, ...]:
        with self.product.database.read() as session:
            pledges = session.execute(select(Pledge.id, Pledge.state, Pledge.revision).order_by(Pledge.id)).all()
            return (*pledges, session.scalar(select(func.count()).select_from(Decision)))


def make_world(product: Product, app: Flask) -> World:
    app.config["WTF_CSRF_ENABLED"] = False
    database, vault = product.database, product.vault
    for pages in (seller_pages(1, HUE), doctor_pages(2, HUE), seller_pages(3, LANG_SON)):
        signed_by(database, pages, now=START, vault=vault)
    with database.read() as session:
        pledges = {(pledge.province_code, pledge.agency_code): pledge for pledge in session.scalars(select(Pledge))}
    [own_key, other_key] = sorted(key for key in pledges if key[0] == HUE)
    [foreign_key] = [key for key in pledges if key[0] == LANG_SON]
    named = (("own", own_key), ("other agency", other_key), ("other province", foreign_key))
    spots = [spot_beside(product, name, pledges[key]) for name, key in named]
    own = spots[0]
    actors = _actors(product, app, own)
    approver = next(actor.staff for actor in actors if actor.name == "approver")
    assert approver is not None
    officer = next(actor.staff for actor in actors if actor.name == "officer")
    assert officer is not None
    helped = signed_by(database, seller_pages(4, HUE), now=START, vault=vault).signed[0]
    draft_id = database.run(lambda session: helps(session, officer, helped))
    spots += [
        replace(
            own,
            name="self",
            giver_id=approver.id,
            delegation_id=_delegation(product, approver, own),
            helper_id=officer.id,
            draft_id=draft_id,
            helped_reference=helped.reference,
        ),
        Spot("nothing", HUE, "46-KHONG", exists=False),
        Spot("nowhere", "99", "99-KHONG", exists=False),
    ]
    made = World(app, product, own, spots, actors)
    for actor in actors:
        made.enter(actor)
    return made


def _delegation(product: Product, giver: Staff, spot: Spot) -> uuid.UUID:
    return product.database.run(lambda session: delegate(session, giver, spot.person_id).id)


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
        "auditor": (Role.AUDITOR, province, None, None),
        "system": (Role.ADMINISTRATOR, WHOLE_SYSTEM, None, None),
        "system-auditor": (Role.AUDITOR, WHOLE_SYSTEM, None, None),
    }

    def work(session: Session) -> dict[str, Staff]:
        people = {name: add_member(session, name, *post) for name, post in posts.items()}
        delegate(session, people["approver"], people["delegate"].id)
        return people

    people = product.database.run(work)
    return [Actor("nobody", None, app.test_client())] + [
        Actor(name, staff, app.test_client()) for name, staff in people.items()
    ]
