"""Two lists about the same subjects are brought in at the same time: everybody is registered once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pledges.imports.models import ImportState
from pledges.registry.models import Channel, Entity, Obligation
from tests.support.lists import Lists, row
from tests.unit.registry.declarations import OTHER_TAX_CODE, TAX_CODE


def at_once(*works: Callable[[], object]) -> None:
    begin, faults = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        begin.wait()
        try:
            work()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_two_lists_at_once(lists: Lists) -> None:
    rows = [
        row("Cửa hàng Hoa Mai", tax=TAX_CODE),
        row("Tiệm bánh Ví Dụ"),
        row("Quán chị Bốn", channel="quanchibon.thunghiem.vn"),
        row("Nhà hàng Xuân", tax=OTHER_TAX_CODE, phone="0912345678"),
        row("Trà sữa Ví Dụ"),
    ]
    one, other = (lists.check(order, source=name) for order, name in ((rows, "Một"), (rows[::-1], "Hai")))
    lists.ask_commit(one)
    lists.ask_commit(other)
    at_once(lambda: lists.work(one), lambda: lists.work(other))
    assert {lists.now(each).state for each in (one, other)} == {ImportState.COMMITTED}
    added = [lists.now(each).totals["entities_added"] for each in (one, other)]
    assert sum(added) == 5
    assert lists.count(Entity, Channel, Obligation) == [5, 1, 5]
    assert lists.drifts() == []


def test_two_workers_at_one_list(lists: Lists) -> None:
    """A worker that was taken for dead and one that took over: one of them gives way."""
    checked = lists.check([row(f"Cửa hàng {number}", channel=f"thunghiem{number}.vn") for number in range(8)])
    lists.ask_commit(checked)
    at_once(lambda: lists.work(checked), lambda: lists.work(checked))
    assert lists.now(checked).state is ImportState.COMMITTED
    assert lists.now(checked).totals["channels_added"] == 8
    assert (lists.count(Entity, Channel, Obligation), lists.drifts()) == ([8, 8, 8], [])
