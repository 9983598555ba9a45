"""Keeping the directory: in its order, with facts, and never over somebody else's change."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.hotlines.models import Hotline
from pledges.hotlines.operations import (
    Move,
    add_hotline,
    add_hotlines,
    bring_back_hotline,
    change_hotline,
    check_hotline,
    end_hotline,
    move_hotline,
)
from pledges.hotlines.queries import commune_lines, directory, everywhere_by_province
from pledges.hotlines.rules import Said, is_old
from pledges.plans.models import Commune
from tests.support.clock import START, FixedClock
from tests.support.staff import add_person

TODAY = local_day(START)


def said(name: str, phone: str = "1900 0000", **more: Any) -> Said:
    return Said(name, phone, TODAY, **more)


class Desk:
    """An administrator of one province with its directory."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database, self.clock = database, clock
        self.staff = add_person(database, "ls@vidu.vn", province_code="20", ready=False)

    def do(self, verb: Callable[..., Any], *given: Any, staff: Staff | None = None, **more: Any) -> Any:
        who = staff or self.staff
        return self.database.run(lambda session: verb(session, *given, staff=who, now=self.clock(), **more))

    def add(self, *names: str) -> list[Hotline]:
        lines = [said(name, f"0205 3000 {number:03d}") for number, name in enumerate(names)]
        added: list[Hotline] = self.do(add_hotlines, "20", lines)
        return added

    def names(self) -> list[str]:
        with self.database.read() as session:
            return [line.name for line in directory(session, "20").everywhere]

    def facts(self) -> list[str]:
        with self.database.read() as session:
            kinds = select(Fact.kind).where(Fact.object_kind == "hotline").order_by(Fact.id)
            return list(session.scalars(kinds))


@pytest.fixture
def desk(database: Database, clock: FixedClock) -> Desk:
    return Desk(database, clock)


def test_from_adding_to_the_end_and_back(desk: Desk) -> None:
    line = desk.do(add_hotline, "20", said("Đội thử nghiệm", agency_code="20-SCT"))
    key = ("20", line.id)
    with pytest.raises(DomainError, match="đã có trong danh bạ"):
        desk.do(add_hotline, "20", said("ĐỘI  thử nghiệm", "19000000"))
    line = desk.do(change_hotline, key, said("Đội thử nghiệm", "1900 0001", hours="24 giờ"), seen=line.revision)
    assert (line.phone, line.hours, line.agency_code) == ("1900 0001", "24 giờ", None)
    desk.clock.advance(timedelta(days=181))
    assert is_old(line, local_day(desk.clock()))
    line = desk.do(check_hotline, key, seen=line.revision)
    assert not is_old(line, local_day(desk.clock()))
    line = desk.do(end_hotline, key, seen=line.revision)
    assert desk.names() == []
    with pytest.raises(Conflict):
        desk.do(check_hotline, key, seen=line.revision)
    desk.do(bring_back_hotline, key, seen=line.revision)
    assert desk.names() == ["Đội thử nghiệm"]
    ways = ("added", "changed", "checked", "ended", "brought_back")
    assert desk.facts() == [f"hotline.{way}" for way in ways]
    with desk.database.read() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "hotline.changed")).one()
    assert fact.data == {"changed": ["agency_code", "hours", "phone"]}, "which, never what"


def test_the_slower_of_two_together_changes_nothing(desk: Desk) -> None:
    [line] = desk.add("Đội thử nghiệm")
    key, seen = ("20", line.id), line.revision
    desk.do(change_hotline, key, said("Đội thứ nhất"), seen=seen)
    slower: tuple[Callable[[], Any], ...] = (
        lambda: desk.do(change_hotline, key, said("Đội thứ hai"), seen=seen),
        lambda: desk.do(check_hotline, key, seen=seen),
        lambda: desk.do(move_hotline, key, Move.UP, seen=seen),
        lambda: desk.do(end_hotline, key, seen=seen),
    )
    for attempt in slower:
        with pytest.raises(Conflict):
            attempt()
    assert desk.names() == ["Đội thứ nhất"]
    assert desk.facts() == ["hotline.added", "hotline.changed"]


def test_the_order_follows_every_move(desk: Desk) -> None:
    lines = {line.name: line for line in desk.add("A thử", "B thử", "C thử", "D thử")}

    def move(name: str, way: Move) -> list[str]:
        with desk.database.read() as session:
            seen = session.get_one(Hotline, ("20", lines[name].id)).revision
        desk.do(move_hotline, ("20", lines[name].id), way, seen=seen)
        return [each[0] for each in desk.names()]

    assert move("D thử", Move.TOP) == ["D", "A", "B", "C"]
    assert move("A thử", Move.DOWN) == ["D", "B", "A", "C"]
    assert move("C thử", Move.UP) == ["D", "B", "C", "A"]
    facts = len(desk.facts())
    assert move("D thử", Move.UP) == ["D", "B", "C", "A"], "the first one stays where it is"
    assert len(desk.facts()) == facts
    desk.do(add_hotline, "20", said("E thử"))
    assert [name[0] for name in desk.names()][-1] == "E"


def test_communes_stand_by_name_and_apart(desk: Desk) -> None:
    with desk.database.read() as session:
        communes = session.execute(select_communes("20", "phường Tam Thanh", "phường Đông Kinh", "phường Kỳ Lừa")).all()
    for code, name in communes:
        desk.do(add_hotline, "20", said(f"{name} thử", commune_code=code))
    desk.add("Cả tỉnh thử")
    with desk.database.read() as session:
        found = directory(session, "20")
        assert [commune for commune, _line in found.in_communes] == [
            "phường Đông Kinh",
            "phường Kỳ Lừa",
            "phường Tam Thanh",
        ]
        assert [line.name for line in everywhere_by_province(session, ["20", "46"])["20"]] == ["Cả tỉnh thử"]
        assert commune_lines(session, ["20", "46"]) == {"20": 3}
        line = found.in_communes[0][1]
    with pytest.raises(Conflict, match="xếp theo tên"):
        desk.do(move_hotline, ("20", line.id), Move.UP, seen=line.revision)
    with pytest.raises(DomainError) as refusal:
        desk.do(add_hotline, "20", said("Lạc", "113", commune_code="19753"))
    assert refusal.value.field == "commune"


def select_communes(province: str, *names: str) -> Any:
    return select(Commune.code, Commune.name).where(Commune.province_code == province, Commune.name.in_(names))


def test_many_lines_come_all_or_not_at_all(desk: Desk) -> None:
    with pytest.raises(DomainError):
        desk.do(add_hotlines, "20", [said("Một thử"), said("Hai thử", "không có số")])
    assert desk.names() == []
    assert desk.facts() == []


def test_others_may_not(desk: Desk) -> None:
    elsewhere = add_person(desk.database, "hue@vidu.vn", province_code="46", ready=False)
    officer = add_person(
        desk.database, "cb@vidu.vn", role=Role.OFFICER, province_code="20", agency_code="20-SCT", ready=False
    )
    [line] = desk.add("Đội thử nghiệm")
    key = ("20", line.id)
    for staff, refusal in ((elsewhere, NotFound), (officer, NotPermitted)):
        with pytest.raises(refusal):
            desk.do(add_hotline, "20", said("Khác"), staff=staff)
        for verb in (check_hotline, end_hotline, bring_back_hotline):
            with pytest.raises(refusal):
                desk.do(verb, key, seen=line.revision, staff=staff)
    with pytest.raises(NotFound):
        desk.do(end_hotline, ("20", uuid.uuid4()), seen=0)
    assert desk.facts() == ["hotline.added"]
