"""Whatever is recorded later, the list of a day stays what it was at the end of that day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from pledges.core.calendar import end_of_day, local_day
from pledges.core.db import Database
from pledges.core.identity import canonical_channel
from pledges.core.secrecy import Vault
from pledges.registry import care
from pledges.registry.models import Cohort, Entity, Location
from pledges.registry.scope import Said, decide_cohort, decide_scope
from pledges.registry.scope_words import CohortReason
from pledges.registry.upkeep_models import Merge, ScopeReason
from pledges.rounds import attempts
from pledges.rounds.figures import at_end_of
from pledges.rounds.list_models import Group
from pledges.rounds.list_rows import PARTS, ListRow
from pledges.rounds.models import Outcome, Way
from pledges.signing.merging import merge_entities, undo_merge
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.unit.rounds.list_support import NOT_PLEDGED, PLEDGED, figures, now_at_end_of, paged, stood
from tests.unit.rounds.quarter import QuarterOffice

TAX_CODE = "0123456787"


class Life:
    """Subjects to whom something happens every few days, and the lists as they looked at the end of each of them."""

    def __init__(self, office: QuarterOffice) -> None:
        self.office, self.staff = office, office.officer()
        self.lists: dict[date, dict[str, list[ListRow]]] = {}

    def do(self, change: Callable[..., Any], *told: Any, **named: Any) -> Any:
        work = partial(change, **named, staff=self.staff, now=self.office.clock())
        return self.office.database.run(lambda session: work(session, *told))

    def end_day(self) -> date:
        """Remember how everything stands at this day's end, and go on in the middle of the next."""
        day = local_day(self.office.clock())
        self.lists[day] = {kind: now_at_end_of(self.office.database, day, kind) for kind in (NOT_PLEDGED, PLEDGED)}
        self.office.clock.set(end_of_day(day) + timedelta(hours=9))
        return day

    def check(self) -> None:
        for day, lists in self.lists.items():
            for kind in (NOT_PLEDGED, PLEDGED):
                assert stood(self.office.database, day, kind) == lists[kind], (day, kind)


@pytest.fixture
def life(database: Database, clock: FixedClock, vault: Vault) -> Life:
    return Life(QuarterOffice(database, clock, vault))


def key(entity: Entity) -> tuple[str, Any]:
    return HUE, entity.id


def test_no_list_found_for_a_past_day_ever_changes(life: Life) -> None:
    office = life.office
    mailed, silent = office.subject("an@vidu.vn", tax_code=TAX_CODE), office.subject()
    signing = office.subject("ky@vidu.vn")
    web = office.subject("web@vidu.vn", types=("ecommerce_website",), channels=(canonical_channel("mot-vidu.vn"),))
    round_key = (HUE, office.start().id)
    office.rounds.ask(round_key)
    life.end_day()
    office.deliver()
    life.end_day()
    office.come_back(next(mail for mail in office.mails() if mail.to_address == "web@vidu.vn"))
    office.days(100)
    life.end_day()
    assert {row.group for row in life.lists[max(life.lists)][NOT_PLEDGED]} == {Group.NOT_PLEDGED, Group.UNREACHABLE}
    office.sign(signing)
    life.do(care.change_name, key(silent), "Công ty Đổi Tên Thử Nghiệm")
    life.end_day()
    office.approve(signing)
    life.do(care.change_types, key(mailed), ["digital_seller", "ecommerce_platform"])
    life.do(care.change_types, key(silent), ["digital_seller", "enterprise"])
    life.end_day()
    life.do(care.change_place, key(silent), care.Seat(Location.LOCAL, commune_code="19774"))
    [website] = office.owed(web)
    life.do(care.remove_owner, key(web), website.channel_id)
    life.end_day()
    [owed] = [each for each in office.owed(mailed) if each.entry_id == "46-seller"]
    life.do(
        decide_cohort,
        (HUE, owed.id),
        cohort=Cohort.INITIAL,
        reason=CohortReason.OTHER,
        seen=None,
        note="Có từ năm 2024 (thử nghiệm)",
    )
    closed = Said(False, ScopeReason.CLOSED, local_day(office.clock()), evidence="Thông báo số 01/TB (thử nghiệm)")
    life.do(decide_scope, (HUE, office.owed(silent)[0].id), closed, seen=None)
    life.end_day()
    office.revoke(signing)
    life.end_day()
    life.check()
    office.check_counters()


def test_what_two_merged_entities_showed_is_led_back(life: Life) -> None:
    office = life.office
    merged = office.subject(types=("ecommerce_website", "digital_seller"), tax_code=TAX_CODE)
    noticed = office.days(5)
    kept = office.subject()
    office.days(200)
    before = life.end_day()
    merge: Merge = life.do(merge_entities, HUE, kept.id, merged.id, note="Trùng nhau (thử nghiệm)")
    together = life.end_day()
    life.do(undo_merge, HUE, merge.id)
    life.end_day()
    assert [len(life.lists[day][NOT_PLEDGED]) for day in (before, together)] == [2, 1]
    assert life.lists[together][NOT_PLEDGED][0].tax_code == TAX_CODE
    seen = [{row.entity_id: row.first_seen_on for row in life.lists[day][NOT_PLEDGED]} for day in (before, together)]
    assert seen[0][kept.id] == noticed > seen[1][kept.id]
    life.check()


def test_a_letter_taken_back_later_still_stands_in_the_list_found_for_its_day(life: Life) -> None:
    office = life.office
    subject = office.subject()
    round_key = (HUE, office.start().id)
    office.rounds.ask(round_key)
    asks = [office.ask_of(subject).id]
    made = {"outcome": Outcome.NOT_REACHED, "made_on": local_day(office.clock())}
    life.do(attempts.record_attempts, round_key, asks, way=Way.LETTER, **made)
    office.days(120)
    day = life.end_day()
    [letter] = office.attempts(subject)
    life.do(attempts.take_back_attempts, round_key, [letter.id], reason="Ghi nhầm (thử nghiệm)")
    later = life.end_day()
    made_later = made | {"made_on": local_day(office.clock())}
    life.do(attempts.record_attempts, round_key, asks, way=Way.CALL, **made_later)
    life.end_day()
    assert [life.lists[each][NOT_PLEDGED][0].ways for each in (day, later)] == [(("letter", made["made_on"]),), ()]
    life.check()


def test_figures_of_any_day_count_what_its_lists_hold(life: Life) -> None:
    office = life.office
    subjects = [office.subject(f"so-{number}@vidu.vn") for number in range(4)] + [office.subject()]
    office.rounds.ask((HUE, office.start().id))
    office.deliver()
    life.end_day()
    office.sign(subjects[0])
    life.end_day()
    office.approve(subjects[0])
    office.sign(subjects[1])
    office.days(120)
    life.end_day()
    for day, lists in life.lists.items():
        found = figures(office, at_end_of(day))
        assert sum(found.values()) == len(subjects)
        for kind, parts in PARTS.items():
            assert {part: found[part] for part in parts} == {
                part: sum(row.group is part for row in lists[kind]) for part in parts
            }
            rows, total = paged(office, kind, day)
            assert (rows, total) == (stood(office.database, day, kind), len(rows))
