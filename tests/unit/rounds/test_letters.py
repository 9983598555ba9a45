"""Letters: who gets one, what stands in them, made in steps that survive a kill, recorded as sent and taken back."""

from __future__ import annotations

import csv
import uuid
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database, new_id
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.documents.fonts import Faces
from pledges.documents.storage import Storage
from pledges.jobs.queries import in_queue
from pledges.jobs.queue import job_table
from pledges.plans.models import Agency
from pledges.registry.models import Entity, EntityKind, Obligation
from pledges.registry.recounting import recount
from pledges.rounds import letters
from pledges.rounds.attempts import take_back_batch
from pledges.rounds.call_list import (
    Show,
    call_page,
    call_table,
    count_calls,
    record_call_export,
    record_results,
    recorded_results,
)
from pledges.rounds.letters import LetterWorker, record_sent, start_letters, take_back_sent
from pledges.rounds.links import link_of
from pledges.rounds.models import (
    Ask,
    Attempt,
    BatchState,
    LetterBatch,
    Outcome,
    Round,
    RoundState,
    Way,
)
from pledges.rounds.operations import leave_out
from pledges.rounds.tried import keep_tried
from pledges.rounds.unsigned import Need, Recipients, count_needed
from tests.support.clock import FixedClock
from tests.support.invited import AGENCY, LONG_NAME, Guest, guests, invite, open_running
from tests.support.pdf_tools import assert_sound, families_of, other_faces, pages_of, squeezed
from tests.support.reviewing import approver_of, officer_of
from tests.support.signing import run_together

URL = "https://camket.vidu.vn"


@pytest.fixture
def of_round(database: Database, clock: FixedClock) -> Round:
    return open_running(database, clock)


@pytest.fixture
def officer(database: Database) -> Staff:
    return officer_of(database, AGENCY)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


@pytest.fixture
def worker(database: Database, storage: Storage, clock: FixedClock, vault: Vault) -> LetterWorker:
    return LetterWorker(database, storage, clock, vault, URL, chunk=4)


def started(database: Database, of_round: Round, staff: Staff, clock: FixedClock, **chosen: object) -> LetterBatch:
    wanted = {"recipients": Recipients.UNREACHED, "commune_code": None, "again": False, **chosen}
    return database.run(
        lambda session: start_letters(session, of_round, staff=staff, now=clock(), **wanted)  # type: ignore[arg-type]
    )


def now(database: Database, batch: LetterBatch) -> LetterBatch:
    with database.read() as session:
        return session.get_one(LetterBatch, (batch.province_code, batch.id))


def queued(database: Database, batch: LetterBatch) -> bool:
    args = (batch.province_code, str(batch.id))
    with database.read() as session:
        return in_queue(session, letters.MAKE_LETTERS, [args]) == {args}


def attempt(session: Session, ask: Ask, outcome: Outcome, way: Way = Way.CALL) -> None:
    session.add(
        Attempt(
            province_code=ask.province_code,
            id=new_id(),
            ask_id=ask.id,
            step="ask" if way is Way.MAIL else way.value,
            way=way,
            outcome=outcome,
            made_on=ask.asked_at.date(),
            recorded_at=ask.asked_at,
        )
    )
    keep_tried(session, ask.province_code, [ask.id])


# --- Who gets one --------------------------------------------------------------------------------------------------


def test_those_who_were_reached_have_signed_or_have_a_letter_already_get_none(
    database: Database, of_round: Round, officer: Staff, clock: FixedClock, vault: Vault
) -> None:
    asks = invite(database, of_round, clock, vault, *guests(8, communes=1))

    def settle(session: Session) -> None:
        attempt(session, asks[0], Outcome.REACHED)
        attempt(session, asks[1], Outcome.WAITING, Way.MAIL)
        attempt(session, asks[2], Outcome.NOT_REACHED, Way.MAIL)
        attempt(session, asks[3], Outcome.UNCERTAIN, Way.MAIL)
        session.execute(update(Obligation).where(Obligation.entity_id == asks[4].entity_id).values(in_force=1))
        session.get_one(Ask, (asks[5].province_code, asks[5].id)).revoked_at = clock()
        left = session.scalars(select(Obligation).where(Obligation.entity_id == asks[7].entity_id)).one()
        key = (of_round.province_code, of_round.id)
        leave_out(session, key, [left.id], reason="đã đóng cửa, chờ xác minh", staff=officer, now=clock())

    database.run(settle)
    batch = started(database, of_round, officer, clock)
    assert batch.asks == [str(asks[2].id), str(asks[3].id), str(asks[6].id)]
    with pytest.raises(DomainError, match="Không còn ai"):
        started(database, of_round, officer, clock)
    everybody = started(database, of_round, officer, clock, recipients=Recipients.ALL)
    assert everybody.asks == [str(asks[0].id), str(asks[1].id)]
    assert len(started(database, of_round, officer, clock, again=True).asks) == 3
    with database.read() as session:
        assert count_needed(session, of_round, Recipients.UNREACHED) == Need(0, 3)


def test_the_order_is_commune_by_commune_then_by_name_and_one_commune_can_be_chosen(
    database: Database, of_round: Round, officer: Staff, clock: FixedClock, vault: Vault
) -> None:
    asks = invite(
        database,
        of_round,
        clock,
        vault,
        Guest("Ông Ấn Thử", commune=None),
        Guest("Cơ sở Đào Thử", commune=5),
        Guest("Cơ sở Ba Thử", commune=5),
        Guest("Cơ sở Ất Thử", commune=9),
    )
    order = started(database, of_round, officer, clock).asks
    with database.read() as session:
        names = letters.bundle_of(
            session, letters.sender_of(session, of_round, vault=vault, public_url=URL), [uuid.UUID(x) for x in order]
        )
    assert [line.name for group in names.groups for line in group.lines][-1] == "Ông Ấn Thử"
    assert [order.index(str(ask.id)) for ask in (asks[2], asks[1])] in ([0, 1], [1, 2])
    assert len(names.groups) == 3
    with database.read() as session:
        code = session.get_one(Entity, (asks[3].province_code, asks[3].entity_id)).commune_code
    assert started(database, of_round, officer, clock, again=True, commune_code=code).asks == [str(asks[3].id)]


def test_only_an_officer_of_the_agency_prints_and_only_while_the_round_runs(
    database: Database, of_round: Round, officer: Staff, clock: FixedClock, vault: Vault
) -> None:
    invite(database, of_round, clock, vault, Guest("Cơ sở Thử"))
    for staff, refusal in ((approver_of(database, AGENCY), NotPermitted), (officer_of(database, "20-SYT"), NotFound)):
        with pytest.raises(refusal):
            started(database, of_round, staff, clock)
    database.run(lambda session: session.execute(update(Round).values(state=RoundState.PAUSED)))
    with pytest.raises(Conflict):
        started(database, of_round, officer, clock)


def test_twenty_officers_at_once_print_each_letter_once(
    database: Database, of_round: Round, officer: Staff, clock: FixedClock, vault: Vault
) -> None:
    invite(database, of_round, clock, vault, *guests(5))

    def one(_number: int) -> str:
        try:
            started(database, of_round, officer, clock)
        except DomainError as refusal:
            return str(refusal)
        return ""

    answers = run_together(one, 20)
    assert answers.count("") == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(LetterBatch)) == 1


# --- Printing ------------------------------------------------------------------------------------------------------


def test_a_letter_bears_what_the_decree_asks_and_what_its_reader_needs(
    database: Database,
    of_round: Round,
    officer: Staff,
    clock: FixedClock,
    vault: Vault,
    storage: Storage,
    worker: LetterWorker,
    tmp_path: Path,
) -> None:
    asks = invite(
        database,
        of_round,
        clock,
        vault,
        Guest(LONG_NAME, websites=("cuahangthu.vn",), subject_types=("ecommerce_website",), commune=3),
        Guest("Nguyễn Thị Thử", kind=EntityKind.PERSON, commune=4, address=""),
    )
    title = "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC"
    database.run(lambda session: session.execute(update(Agency).values(signing_title=title)))
    batch = started(database, of_round, officer, clock)
    worker.make(batch.province_code, str(batch.id))
    done = now(database, batch)
    assert (done.state, done.done) == (BatchState.READY, 2)
    data = storage.get(done.file_sha256 or "")
    assert_sound(data, tmp_path)
    sheet, *pages = pages_of(data, tmp_path)
    assert "PHIẾU GỬI THƯ MỜI KÝ CAM KẾT" in sheet
    assert "2 thư" in sheet
    assert "(chưa có địa chỉ)" in sheet
    assert squeezed(LONG_NAME) in squeezed(sheet)
    order = [next(ask for ask in asks if str(ask.id) == ask_id) for ask_id in batch.asks]
    assert len(pages) == 2
    for page, ask in zip(pages, order, strict=True):
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in page
        assert "UBND TỈNH LẠNG SƠN" in page
        assert "SỞ CÔNG THƯƠNG\n" in page
        assert squeezed("V/v mời ký cam kết không kinh doanh, không quảng cáo hàng giả, Quý IV/2026") in squeezed(page)
        assert ask.short_code in page
        assert "camket.vidu.vn/ky-cam-ket/ma-moi" in page
        assert "31/12/2026" in page
        assert "KT. GIÁM ĐỐC\nPHÓ GIÁM ĐỐC" in page
        assert "Lưu: VT." in page
    whole = squeezed("".join(pages))
    assert squeezed(LONG_NAME) in whole
    assert "(cuahangthu.vn)" in whole
    assert squeezed("Ông/Bà Nguyễn Thị Thử") in whole


def test_letters_and_their_list_are_set_in_the_faces_of_the_setting(
    sqlite_database: Database, clock: FixedClock, vault: Vault, storage: Storage, tmp_path: Path
) -> None:
    of_round = open_running(sqlite_database, clock)
    invite(sqlite_database, of_round, clock, vault, *guests(1))
    batch = started(sqlite_database, of_round, officer_of(sqlite_database, AGENCY), clock)
    worker = LetterWorker(sqlite_database, storage, clock, vault, URL, fonts=other_faces(tmp_path))
    worker.make(batch.province_code, str(batch.id))
    data = storage.get(now(sqlite_database, batch).file_sha256 or "")
    assert families_of(data, tmp_path) == {"NotoSerif"}


def test_the_printed_code_opens_the_personal_link(
    database: Database, of_round: Round, officer: Staff, clock: FixedClock, vault: Vault
) -> None:
    [ask] = invite(database, of_round, clock, vault, Guest("Cơ sở Thử"))
    with database.read() as session:
        sender = letters.sender_of(session, of_round, vault=vault, public_url=URL)
        [recipient] = letters.recipients_of(session, ask.province_code, [ask.id])
    letter = letters.letter_to(recipient, sender, 1, 1)
    assert letter.link == link_of(URL, vault, ask)
    assert letter.link.startswith(f"{URL}/ky-cam-ket/loi-moi/")


class _Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


def test_a_killed_worker_goes_on_behind_the_last_part_and_lost_work_is_found(
    database: Database,
    of_round: Round,
    officer: Staff,
    clock: FixedClock,
    vault: Vault,
    storage: Storage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invite(database, of_round, clock, vault, *guests(10))
    batch = started(database, of_round, officer, clock)
    parts: list[int] = []
    write = letters.write_letters

    def counted(pages: list[object], faces: Faces) -> bytes:
        if len(parts) == 2:
            parts.append(0)
            raise _Killed
        parts.append(len(pages))
        return write(pages, faces)  # type: ignore[arg-type]

    monkeypatch.setattr(letters, "write_letters", counted)
    worker = LetterWorker(database, storage, clock, vault, URL, chunk=4)
    with pytest.raises(_Killed):
        worker.make(batch.province_code, str(batch.id))
    assert now(database, batch).done == 8
    database.run(lambda session: session.execute(job_table.delete()))
    assert not queued(database, batch)
    worker.sweep()
    worker.sweep()
    assert queued(database, batch)
    worker.make(batch.province_code, str(batch.id))
    worker.make(batch.province_code, str(batch.id))
    assert parts == [4, 4, 0, 2]
    done = now(database, batch)
    assert (done.state, done.done) == (BatchState.READY, 10)
    with pikepdf.open(BytesIO(storage.get(done.file_sha256 or ""))) as pdf:
        assert len(pdf.pages) == 11
        assert pdf.Root.ViewerPreferences.Duplex == "/Simplex"


def test_a_fault_is_told_and_can_be_tried_again(
    database: Database,
    of_round: Round,
    officer: Staff,
    clock: FixedClock,
    vault: Vault,
    worker: LetterWorker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invite(database, of_round, clock, vault, Guest("Cơ sở Thử"))
    batch = started(database, of_round, officer, clock)
    monkeypatch.setattr(letters, "join_pdfs", lambda *_parts, **_said: 1 / 0)
    worker.make(batch.province_code, str(batch.id))
    assert now(database, batch).state is BatchState.FAILED
    assert now(database, batch).error == letters.FAULT
    monkeypatch.undo()
    database.run(lambda session: letters.print_again(session, batch, officer))
    worker.make(batch.province_code, str(batch.id))
    assert now(database, batch).state is BatchState.READY
    with pytest.raises(Conflict):
        database.run(lambda session: letters.print_again(session, batch, officer))


# --- Sending, calling, visiting --------------------------------------------------------------------------------------


def asked_days(database: Database, asks: list[Ask]) -> list[date | None]:
    with database.read() as session:
        return [
            session.scalars(select(Obligation.asked_on).where(Obligation.entity_id == ask.entity_id)).one()
            for ask in asks
        ]


def test_a_file_is_noted_as_sent_once_for_everybody_and_the_undo_makes_all_unreached_again(
    database: Database,
    of_round: Round,
    officer: Staff,
    clock: FixedClock,
    vault: Vault,
    worker: LetterWorker,
) -> None:
    asks = invite(database, of_round, clock, vault, *guests(3))
    batch = started(database, of_round, officer, clock)
    today = local_day(clock())

    def sent(on: date) -> int:
        return database.run(lambda session: record_sent(session, batch, on, staff=officer, now=clock()))

    with pytest.raises(Conflict):
        sent(today)
    worker.make(batch.province_code, str(batch.id))
    with pytest.raises(DomainError):
        sent(today + timedelta(days=1))
    assert sent(today) == 3
    assert asked_days(database, asks) == [today] * 3
    with pytest.raises(Conflict):
        sent(today)
    with database.read() as session:
        assert count_needed(session, of_round, Recipients.UNREACHED).all == 0
    assert database.run(lambda session: recount(session, repair=False)) == []
    taken = database.run(
        lambda session: take_back_sent(session, batch, "ghi nhầm ngày gửi", staff=officer, now=clock())
    )
    assert taken == 3
    assert asked_days(database, asks) == [None] * 3
    assert now(database, batch).sent_on is None
    assert sent(today) == 3


def test_a_letter_that_came_back_leaves_its_reader_unreached_and_others_alone(
    database: Database, of_round: Round, officer: Staff, clock: FixedClock, vault: Vault
) -> None:
    asks = invite(database, of_round, clock, vault, *guests(3, communes=1))
    key, today = (of_round.province_code, of_round.id), local_day(clock())

    def result(chosen: list[Ask], way: Way, outcome: Outcome) -> int:
        clock.advance(timedelta(minutes=1))
        ids = [ask.id for ask in chosen]
        said = {"made_on": today, "note": "thử nghiệm", "staff": officer}
        return database.run(lambda session: record_results(session, key, ids, way, outcome, now=clock(), **said))

    assert result(asks, Way.LETTER, Outcome.REACHED) == 3
    assert result(asks[:1], Way.LETTER, Outcome.NOT_REACHED) == 1
    assert result(asks[1:2], Way.CALL, Outcome.REACHED) == 1
    assert asked_days(database, asks) == [None, today, today]
    with database.read() as session:
        assert count_calls(session, of_round, Show.PHONE, None) == 1
        assert count_calls(session, of_round, Show.ALL, None) == 3
        [row] = call_page(session, of_round, Show.PHONE, None, 1)
        assert (row.ask.id, [each.outcome for each in row.attempts]) == (asks[0].id, [Outcome.NOT_REACHED])
        called, returned, sent = recorded_results(session, of_round)
    assert [(each.way, each.number) for each in (called, returned, sent)] == [
        (Way.CALL, 1),
        (Way.LETTER, 1),
        (Way.LETTER, 2),
    ]
    database.run(lambda session: take_back_batch(session, key, sent.id, reason="ghi nhầm", staff=officer, now=clock()))
    assert asked_days(database, asks) == [None, today, None]


def test_the_call_table_is_logged_before_it_leaves_and_runs_nothing(
    database: Database, of_round: Round, officer: Staff, clock: FixedClock, vault: Vault
) -> None:
    invite(
        database,
        of_round,
        clock,
        vault,
        Guest("=HYPERLINK(vidu.vn)", phones=("+842053812345", "+84912345678")),
        Guest("Cơ sở không số"),
    )
    export = {"staff": officer, "now": clock()}
    with pytest.raises(DomainError):
        database.run(lambda session: record_call_export(session, of_round, Show.PHONE, None, reason="xem", **export))
    reason = "giao tổ công tác gọi trong tuần"
    rows = database.run(
        lambda session: record_call_export(session, of_round, Show.UNREACHED, None, reason=reason, **export)
    )
    with database.read() as session:
        text = "".join(call_table(session, of_round, Show.UNREACHED, None))
        fact = session.scalars(select(Fact).where(Fact.kind == "list.exported")).one()
    lines = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    assert rows == fact.data["rows"] == 2 == len(lines) - 1
    assert fact.data["reason"] == reason
    assert {line[2] for line in lines[1:]} == {"'=HYPERLINK(vidu.vn)", "Cơ sở không số"}
    assert "0205 3812 345; 0912 345 678" in {line[4] for line in lines}
