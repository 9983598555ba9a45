"""Every column of every model is posted to every form, and every field twice: the same happens as without them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from pledges.core.secrecy import Vault
from pledges.product import Product
from pledges.settings import read_settings
from pledges.signing.rules import Page as Step
from pledges.web.security import action_of
from tests.security.extra_fields import UNLIKELY, PushyClient, every_column, told
from tests.security.pushing import Pushed, Pusher
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.databases import SqliteTemplate
from tests.support.reach_samples import HELPER, PERSON, SAMPLES
from tests.support.signing import seller_pages
from tests.support.walk_world import make_world
from tests.web.conftest import make_app, make_product
from tests.web.signer.steps import newest_code, path_of, sign, walk
from tests.web.test_permission_walk import staff_rules


def a_signer(product: Product, app: Flask, client: type[CheckedClient]) -> CheckedClient:
    """From the first page to the signature, and back to the file by a code."""
    visitor, pages = client(app), seller_pages(place__address="12 Đường Thử", place__phone="0912345678")
    signing = walk(visitor, pages, Step.SIGN)
    done = sign(visitor, product, signing, pages[Step.SIGNER]["name"])
    [reference] = done.all("//main//*[contains(@class, 'confirmation')]//strong/text()")
    stranger = client(app)
    door = stranger.send(stranger.get(f"/ho-so/{reference}"))
    opened = stranger.send(door, {"code": newest_code(product)})
    assert "Thử" in opened.words
    assert path_of(opened) == f"/ho-so/{reference}"
    return visitor


def test_nothing_but_the_listed_fields_counts(sqlite_template: SqliteTemplate, vault: Vault, tmp_path: Path) -> None:
    outcomes = []
    for client in (CheckedClient, PushyClient):
        settings = read_settings(
            {"PLEDGES_VAR": str(tmp_path / client.__name__), "PLEDGES_PUBLIC_URL": "http://localhost"}
        )
        with sqlite_template.fresh() as database:
            product = make_product(database, FixedClock(), vault, settings)
            visitor = a_signer(product, make_app(product), client)
            outcomes.append(told(database))
    assert isinstance(visitor, PushyClient)
    assert visitor.sent > 200
    honest, pushy = outcomes
    assert UNLIKELY not in str(pushy)
    different = {
        table: (honest[table] - pushy[table], pushy[table] - honest[table])
        for table in honest
        if honest[table] != pushy[table]
    }
    assert different == {}


def test_the_columns_are_those_that_would_hurt() -> None:
    assert {"state", "role", "province_code", "agency_code", "approved_at", "document_id", "signed_at"} <= set(
        every_column()
    )


SHOWN_LATER = {
    "admin.send_wording_back": {"answer"},  # to the second person only
    "officer.call_file": {"reason"},
    "officer.letters_not_sent": {"reason"},
    "officer.letters_sent": {"sent_on"},
    "officer.leave_people_out": {"reason"},
    "officer.take_round_list": {"reason", "format"},
    "officer.confirm_batch": {"batch"},  # once some are picked
    "officer.hand_in": {"pictures"},  # once the draft has been printed
    "officer.import_sheet": {"sheet"},  # of a file with several
}
"""Columns that a form asks for which does not stand on the page in the state of the walk."""
STAFF_FIRST = ("officer", "approver", "administrator", "commune", "reporting", "system")


@pytest.fixture
def pusher(small_product: Product, small_app: Flask) -> Iterator[Pusher]:
    made = Pusher(small_app, make_world(small_product, small_app))
    yield made
    made.close()
    made.world.close()


def test_every_form_of_staff_reads_only_what_it_shows(pusher: Pusher) -> None:
    columns = {*every_column(), "*"}
    unlisted, written, changing = {}, {}, set()
    for rule in staff_rules(pusher.app):
        if "POST" not in (rule.methods or set()):
            continue
        pushed = _push(pusher, rule)
        if found := pushed.unlisted & columns:
            unlisted[rule.endpoint] = found
        if pushed.written:
            written[rule.endpoint] = pushed.written
        if pushed.changed:
            changing.add(rule.endpoint)
    assert unlisted == {}, unlisted
    assert written == {}
    assert len(changing) > 60, "posts that change nothing prove little"


def _push(pusher: Pusher, rule: Rule) -> Pushed:
    action, sample, world = action_of(pusher.app, rule.endpoint), SAMPLES.get(rule.endpoint), pusher.world
    assert action is not None
    actors = {actor.name: actor for actor in world.actors}
    actor = next(actors[name] for name in STAFF_FIRST if actors[name].reach(action) is not None)
    own = sample is not None and sample.of in {PERSON, HELPER}
    spot = next(spot for spot in world.spots if spot.name == ("self" if own else "own"))
    path = world.addresses.build(rule.endpoint, sample.args(spot) if sample else {}, method="POST")
    near = [path] if "GET" in (rule.methods or set()) else []
    parts = path.split("/")
    near += ["/".join(parts[:-dropped]) for dropped in (1, 2) if len(parts) - dropped > 2]
    return pusher.push(actor, path, near, SHOWN_LATER.get(rule.endpoint, set()))


ASKED_BY_NAME = re.compile(r'request\.(form|values|files)(\.get(list)?\(|\[)|" (not )?in request\.form\b')
WHOLE = re.compile(
    r"(?<!form\.)request\.(form|values|files|json|data|get_json|get_data)\b|populate_obj|\*\*\w*form\.data"
)
HANDED_ON = {
    "look_up.py": 2,  # the filter reads four names
    "register_routes.py": 1,  # the search reads one
    "round_people_routes.py": 2,  # who was picked, and the filter
    "round_call_routes.py": 1,
    "authentication.py": 1,  # what was typed is asked to be sent again
}
"""Where everything that was sent is handed on, and how often."""


def test_no_page_takes_whatever_is_sent() -> None:
    """Also of pages whose address holds a secret, which the walk does not know: fields are asked for by name."""
    whole = Counter(
        path.name
        for path in Path("pledges").rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if WHOLE.search(line) and not ASKED_BY_NAME.search(line)
    )
    assert whole == HANDED_ON
