from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from pledges.accounts import operations, queries
from pledges.accounts.models import Role, Staff, StaffLink, StaffSession
from pledges.accounts.operations import LinkDead
from pledges.accounts.passwords import hash_password
from pledges.accounts.rules import ABSOLUTE, IDLE, LINK_LIFETIME, SEEN_EVERY
from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError
from pledges.core.secrecy import Vault, sha256_hex
from pledges.core.tokens import Tokens
from tests.support.clock import FixedClock
from tests.unit.accounts.conftest import COMMAND, PROVINCE, AddStaff


def facts(database: Database, staff: Staff) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Fact.kind).where(Fact.object_id == staff.id).order_by(Fact.id)))


def make_link(database: Database, staff: Staff, tokens: Tokens, clock: FixedClock) -> str:
    return database.run(
        lambda session: operations.make_set_up_link(session, staff, tokens=tokens, actor=COMMAND, now=clock())
    )


def choose(database: Database, token: str, tokens: Tokens, clock: FixedClock, chosen: str = "$argon2id$x") -> Staff:
    return database.run(
        lambda session: operations.choose_password(
            session, token, chosen, tokens=tokens, vault=Vault("thử nghiệm"), now=clock()
        )
    )


def begin(database: Database, staff: Staff, clock: FixedClock) -> str:
    return database.run(lambda session: operations.begin_session(session, staff, clock()))


def alive(database: Database, token: str, clock: FixedClock) -> bool:
    with database.read() as session:
        return queries.living_session(session, token, clock()) is not None


class TestAddStaff:
    def test_writes_the_address_in_one_form_and_a_fact_without_personal_data(
        self, database: Database, add: AddStaff
    ) -> None:
        staff = add("  Can-Bo.Moi@ViDu.vn ", name="  Trần   Thị Mẫu ")
        assert (staff.email, staff.name, staff.password, staff.active) == (
            "can-bo.moi@vidu.vn",
            "Trần Thị Mẫu",
            None,
            True,
        )
        with database.read() as session:
            fact = session.scalars(select(Fact).where(Fact.object_id == staff.id)).one()
        assert fact.kind == "staff.added"
        assert fact.data == {"role": "officer", "agency": "SCT"}

    def test_the_same_address_twice_changes_nothing(self, database: Database, add: AddStaff) -> None:
        first = add("can-bo@vidu.vn")
        with pytest.raises(Conflict, match="đã có tài khoản"):
            add("CAN-BO@vidu.vn", name="Người Khác")
        with database.read() as session:
            found = queries.staff_by_email(session, "Can-bo@vidu.vn ")
        assert found is not None
        assert (found.id, found.name) == (first.id, first.name)

    def test_two_at_once_add_one(self, database: Database, add: AddStaff) -> None:
        def attempt(_: int) -> str:
            try:
                add("cung-luc@vidu.vn")
            except Conflict:
                return "refused"
            return "added"

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(attempt, range(8))) == ["added"] + ["refused"] * 7

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "khong-phai-thu"}, "email"),
            ({"name": "   "}, "name"),
            ({"province_code": "97"}, "province"),
            ({"agency_code": "KHONG"}, "agency"),
            ({"agency_code": None}, "agency"),
            ({"role": Role.COMMUNE_OFFICER, "agency_code": None, "commune_code": "00001"}, "commune"),
        ],
    )
    def test_refusals_name_their_field(self, add: AddStaff, changes: dict[str, object], field: str) -> None:
        values: dict[str, object] = {"email": "can-bo@vidu.vn"} | changes
        with pytest.raises(DomainError) as refused:
            add(**values)
        assert refused.value.field == field

    def test_a_commune_officer_has_a_commune(self, add: AddStaff) -> None:
        staff = add(role=Role.COMMUNE_OFFICER, agency_code=None, commune_code="98001")
        assert staff.commune_code == "98001"


class TestSetUpLink:
    def test_opens_once_and_looking_uses_nothing_up(
        self, database: Database, add: AddStaff, tokens: Tokens, clock: FixedClock
    ) -> None:
        staff = add()
        token = make_link(database, staff, tokens, clock)
        for _ in range(5):
            with database.read() as session:
                assert operations.follow_set_up_link(session, token, tokens=tokens, now=clock()).id == staff.id
        assert choose(database, token, tokens, clock, "$argon2id$first").password == "$argon2id$first"
        with pytest.raises(LinkDead):
            choose(database, token, tokens, clock, "$argon2id$second")
        with database.read() as session:
            found = queries.staff_by_email(session, staff.email)
            assert found is not None
            assert found.password == "$argon2id$first"
        assert facts(database, staff) == ["staff.added", "staff.link_made", "staff.password_chosen"]

    def test_twenty_posts_at_once_choose_one_password(
        self, database: Database, add: AddStaff, tokens: Tokens, clock: FixedClock
    ) -> None:
        staff = add()
        token = make_link(database, staff, tokens, clock)

        def attempt(number: int) -> int | None:
            try:
                choose(database, token, tokens, clock, f"$argon2id${number}")
            except LinkDead:
                return None
            return number

        with ThreadPoolExecutor(20) as pool:
            winners = [number for number in pool.map(attempt, range(20)) if number is not None]
        assert len(winners) == 1
        with database.read() as session:
            found = queries.staff_by_email(session, staff.email)
            assert found is not None
            assert found.password == f"$argon2id${winners[0]}"
        assert facts(database, staff).count("staff.password_chosen") == 1

    def test_a_newer_link_replaces_the_older(
        self, database: Database, add: AddStaff, tokens: Tokens, clock: FixedClock
    ) -> None:
        staff = add()
        older, newer = (make_link(database, staff, tokens, clock) for _ in range(2))
        with pytest.raises(LinkDead):
            choose(database, older, tokens, clock)
        choose(database, newer, tokens, clock)

    def test_runs_out(self, database: Database, add: AddStaff, tokens: Tokens, clock: FixedClock) -> None:
        token = make_link(database, add(), tokens, clock)
        clock.advance(LINK_LIFETIME)
        with pytest.raises(LinkDead):
            choose(database, token, tokens, clock)

    def test_is_refused_when_forged_or_made_for_something_else(
        self, database: Database, add: AddStaff, tokens: Tokens, clock: FixedClock
    ) -> None:
        token = make_link(database, add(), tokens, clock)
        other_purpose = tokens.make("resume-draft", "x")
        for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "", "abc", other_purpose):
            with pytest.raises(LinkDead):
                choose(database, wrong, tokens, clock)
        with pytest.raises(LinkDead):
            choose(database, token, Tokens("another-secret-key-another-secret-key"), clock)

    def test_the_database_holds_no_usable_token(
        self, database: Database, add: AddStaff, tokens: Tokens, clock: FixedClock
    ) -> None:
        token = make_link(database, add(), tokens, clock)
        with database.read() as session:
            row = session.scalars(select(StaffLink)).one()
        assert row.token_sha256 == sha256_hex(token.encode())

    def test_dies_with_the_account(self, database: Database, add: AddStaff, tokens: Tokens, clock: FixedClock) -> None:
        staff = add()
        token = make_link(database, staff, tokens, clock)

        def disable_and_enable(session) -> None:  # type: ignore[no-untyped-def]
            found = queries.staff_by_email(session, staff.email)
            assert found is not None
            operations.disable_staff(session, found, actor=COMMAND, now=clock())
            operations.enable_staff(session, found, actor=COMMAND, now=clock())

        database.run(disable_and_enable)
        with pytest.raises(LinkDead):
            choose(database, token, tokens, clock)


class TestSessions:
    def test_live_while_used_and_end_after_ten_hours(
        self, database: Database, add: AddStaff, clock: FixedClock
    ) -> None:
        started = clock()
        token = begin(database, add(), clock)
        while clock() - started < ABSOLUTE:
            assert alive(database, token, clock)
            with database.read() as session:
                found = queries.living_session(session, token, clock())
            assert found is not None
            database.run(lambda session, row=found[0]: operations.note_seen(session, row, clock()))
            clock.advance(timedelta(minutes=20))
        assert not alive(database, token, clock)

    def test_end_after_half_an_hour_of_silence(self, database: Database, add: AddStaff, clock: FixedClock) -> None:
        token = begin(database, add(), clock)
        clock.advance(IDLE)
        assert not alive(database, token, clock)

    def test_are_noted_at_most_once_a_minute(self, database: Database, add: AddStaff, clock: FixedClock) -> None:
        token = begin(database, add(), clock)
        began = clock()

        def note() -> StaffSession:
            with database.read() as session:
                found = queries.living_session(session, token, clock())
            assert found is not None
            database.run(lambda session: operations.note_seen(session, found[0], clock()))
            with database.read() as session:
                return session.scalars(select(StaffSession)).one()

        clock.advance(SEEN_EVERY - timedelta(seconds=1))
        assert note().last_seen_at == began
        clock.advance(timedelta(seconds=1))
        assert note().last_seen_at == clock()
        later = clock()
        clock.set(began)
        assert note().last_seen_at == later

    def test_only_a_hash_is_stored(self, database: Database, add: AddStaff, clock: FixedClock) -> None:
        token = begin(database, add(), clock)
        assert len(token) >= 43, "256 bits in base64"
        with database.read() as session:
            assert session.scalars(select(StaffSession.token_sha256)).one() == sha256_hex(token.encode())
        assert begin(database, add("khac@vidu.vn"), clock) != token

    def test_sign_out_ends_only_this_one(self, database: Database, add: AddStaff, clock: FixedClock) -> None:
        staff = add()
        first, second = begin(database, staff, clock), begin(database, staff, clock)
        for _ in range(2):
            database.run(lambda session: operations.end_session(session, first, clock()))
        assert not alive(database, first, clock)
        assert alive(database, second, clock)
        assert facts(database, staff).count("staff.signed_out") == 1

    def test_a_disabled_person_is_out_at_once(self, database: Database, add: AddStaff, clock: FixedClock) -> None:
        staff = add()
        token = begin(database, staff, clock)

        def disable(session) -> None:  # type: ignore[no-untyped-def]
            found = queries.staff_by_email(session, staff.email)
            assert found is not None
            operations.disable_staff(session, found, actor=COMMAND, now=clock())

        database.run(disable)
        assert not alive(database, token, clock)
        with database.read() as session:
            changed = queries.staff_by_email(session, staff.email)
            assert changed is not None
            assert changed.fs_uniquifier != staff.fs_uniquifier
            assert queries.sessions_of(session, changed, clock()) == []
        with pytest.raises(Conflict):
            database.run(disable)

    def test_a_new_password_ends_older_sessions(
        self, database: Database, add: AddStaff, tokens: Tokens, clock: FixedClock
    ) -> None:
        staff = add()
        token = begin(database, staff, clock)
        choose(database, make_link(database, staff, tokens, clock), tokens, clock, hash_password("một câu đủ dài"))
        assert not alive(database, token, clock)


def test_staff_are_listed_by_province(database: Database, add: AddStaff, administrator: Staff) -> None:
    add("b@vidu.vn", name="Bình Mẫu")
    add("a@vidu.vn", name="An Mẫu")
    with database.read() as session:
        assert [one.name for one in queries.staff_of(session, PROVINCE)] == ["An Mẫu", "Bình Mẫu"]
        assert queries.count_staff(session) == 3
        assert session.scalar(select(func.count()).select_from(Staff)) == 3
