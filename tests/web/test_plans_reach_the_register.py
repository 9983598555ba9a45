"""What the plans ask is what subjects owe: where a load changes a plan, the worker lets the register follow."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM
from pledges.jobs.queue import job_table
from pledges.plans.loading import RECOMPUTE_TASK, load_from_files
from pledges.plans.models import ObligationEntry
from pledges.product import Product
from pledges.registry.models import Obligation, Scope
from pledges.registry.recounting import recount
from tests.support.clock import START
from tests.support.signing import HUE, seller_pages, signed_by

ENTRY = "46-seller"


def asked(product: Product) -> list[str]:
    with product.database.read() as session:
        rows = session.execute(select(job_table.c.arguments).where(job_table.c.class_name == RECOMPUTE_TASK))
        return [str(row.arguments) for row in rows]


def test_a_changed_plan_is_followed_and_an_unchanged_one_asks_for_nothing(small_product: Product) -> None:
    database = small_product.database
    signed_by(database, seller_pages(), now=START, vault=small_product.vault)
    assert not load_from_files(database, None, SYSTEM, START)
    assert asked(small_product) == []

    def switch_off(session: Session) -> None:
        """As if the plan had not asked it until today's load."""
        session.get_one(ObligationEntry, (HUE, ENTRY)).enabled = False

    database.run(switch_off)
    [task] = [task for task in small_product.tasks() if task.name == RECOMPUTE_TASK]
    task.run(HUE)
    assert load_from_files(database, None, SYSTEM, START).changed
    assert any(HUE in arguments for arguments in asked(small_product))
    task.run(HUE)
    with database.read() as session:
        scope = session.scalars(select(Obligation.scope).where(Obligation.entry_id == ENTRY)).one()
    assert scope is Scope.PRESUMED_IN
    assert database.run(lambda session: recount(session, repair=False)) == []
