"""Every page of staff × every role × own, other agency, other province, nothing × states, against the one table."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from pledges.accounts.permissions import PERMISSIONS, Action, fits_state
from pledges.product import Product
from pledges.web.security import action_of, audience_of
from tests.support.reach_samples import ALSO_INSIDE, HELPER, PERSON, SAMPLES, Sample, Spot
from tests.support.walk_world import Actor, World, make_world

STATES = ("submitted", "deferred", "recommended", "returned", "approved", "revoked")
BODY = {"message": "Thử nghiệm", "note": "Thử nghiệm", "asked": "name", "read": "yes", "sure": "yes", "agree": "yes"}
"""Enough for every decision about a pledge to be made: what must not happen is then stopped by reach or state alone."""
INSIDE = {"GET": {200, 302, 303}, "POST": {200, 302, 303, 400, 409}}


@pytest.fixture
def world(small_product: Product, small_app: Flask) -> Iterator[World]:
    made = make_world(small_product, small_app)
    yield made
    made.close()


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
    """Whom the gate turns away it turns away before it looks at the address: once is enough for them.

    Once is enough too for who holds a delegation where none counts: they are an officer like the other.
    """
    if first:
        return world.actors
    alike = set() if PERMISSIONS[action].delegable else {"delegate"}
    return [actor for actor in world.actors if actor.reach(action) is not None and actor.name not in alike]


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
        answer = self._answer()
        expected = self._expected()
        said = f"{self.method} {self.rule.endpoint} by {self.actor.name} at {self.spot.name}, {self.state}: "
        assert answer.status_code in expected, f"{said}{answer.status_code}, not {sorted(expected)}"
        if answer.status_code == 404 and self.rule.endpoint not in ALSO_INSIDE:
            absent[self.rule.endpoint, self.actor.name].add(_plain(answer))
        if self.actor.staff is None:
            assert "/can-bo/dang-nhap" in answer.headers["Location"], said
        decided = self.world.has_decided()
        if decided:
            assert expected == self._inside(), f"{said} decided although it must not"
            assert fits_state(self.action, self.state), f"{said} decided in a state that does not allow it"
        return decided

    def _answer(self) -> TestResponse:
        values = self.sample.args(self.spot) if self.sample else {}
        path = self.world.addresses.build(self.rule.endpoint, values, method=self.method)
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
