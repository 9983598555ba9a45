"""Files of lists: what stands in them in each format, who may have them, and that a kill costs nothing."""

from __future__ import annotations

import csv
import io
import os
import uuid
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, select

from pledges.accounts.models import Role
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.audit.operations import Actor
from pledges.core.calendar import Quarter
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.identity import canonical_channel
from pledges.core.secrecy import Vault
from pledges.documents.errors import StorageUnavailable
from pledges.documents.list_pdf import ListColumn, ListLine, ListPaper, write_list_pdf
from pledges.documents.storage import Storage
from pledges.jobs.queries import in_queue
from pledges.jobs.queue import job_table
from pledges.plans.models import Agency, Clause
from pledges.registry.models import Entity
from pledges.registry.rules import set_name
from pledges.rounds.closing import Closing
from pledges.rounds.export_requests import KEPT, MAKE_EXPORT, make_again, start_export, take_again
from pledges.rounds.exports import ExportWorker, write_list_file
from pledges.rounds.list_heading import ListOrder, heading_of
from pledges.rounds.list_models import ExportState, FileFormat, Group, ListExport, ListKind
from pledges.rounds.list_pdf import write_pdf
from pledges.rounds.list_rows import ListFilters, ListRow
from pledges.rounds.list_words import RowWords
from pledges.rounds.list_xlsx import write_xlsx
from tests.support.clock import FixedClock
from tests.support.pdf_tools import assert_sound, families_of, other_faces, pages_of, squeezed
from tests.support.reviewing import officer_of, staff_of
from tests.support.signing import HUE
from tests.unit.rounds.list_support import list_row
from tests.unit.rounds.quarter import AGENCY, Q4, QuarterOffice

REASON = "Giao tổ công tác các phường nhắc ký"
LONG = "CÔNG TY TRÁCH NHIỆM HỮU HẠN MỘT THÀNH VIÊN THƯƠNG MẠI DỊCH VỤ XUẤT NHẬP KHẨU VÀ PHÂN PHỐI HÀNG THỬ NGHIỆM"
DANGEROUS = "=HYPERLINK(thử); @nghiệm"
LAST_DAY = Q4.last_day


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    """Three who have not pledged (one of them was not reached), one who has."""
    office = QuarterOffice(database, clock, vault)
    names = {office.subject("mot@vidu.vn").id: DANGEROUS, office.subject().id: LONG}
    website = canonical_channel("https://thu-nghiem.vn")
    office.subject("hai@vidu.vn", types=("ecommerce_website",), channels=(website,), tax_code="0123456789")
    signed = office.subject("ba@vidu.vn")

    def rename(session: Any) -> None:
        for entity_id, name in names.items():
            set_name(session.get_one(Entity, (HUE, entity_id)), name)
        session.get_one(Agency, (HUE, AGENCY)).signing_title = "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC"

    database.run(rename)
    of_round = office.start()
    office.rounds.ask((HUE, of_round.id))
    office.deliver()
    office.days(30)
    office.sign(signed)
    return office


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


@pytest.fixture
def worker(office: QuarterOffice, storage: Storage) -> ExportWorker:
    return ExportWorker(office.database, storage, office.clock)


def closed(office: QuarterOffice, storage: Storage) -> str:
    """Freeze the lists; the hash of the one of those who have not pledged."""
    office.clock.set(datetime(2027, 1, 1, 3, tzinfo=UTC))
    snapshot = Closing(office.database, storage, office.clock).close((HUE, office.open().id))
    assert snapshot is not None
    return str(snapshot.sha256["not_pledged"])


def written(office: QuarterOffice, out: Path, format: FileFormat, **told: Any) -> dict[str, Any]:
    wanted = {"kind": ListKind.NOT_PLEDGED, "as_of": None, "reason": REASON, "actor": Actor("command")}
    return write_list_file(
        office.database, HUE, AGENCY, Q4, format=format, out=out, now=office.clock(), **{**wanted, **told}
    )


def ordered(office: QuarterOffice, as_of: date | None = None, **filters: Any) -> ListOrder:
    return ListOrder(HUE, AGENCY, Q4, ListKind.NOT_PLEDGED, as_of, ListFilters(**filters))


def asked_for(office: QuarterOffice, format: FileFormat, *, number: int = 1, **filters: Any) -> ListExport:
    staff = officer_of(office.database, AGENCY, number)
    order = ordered(office, **filters)
    return office.database.run(
        lambda session: start_export(session, order, format, reason=REASON, staff=staff, now=office.clock())
    )


def reread(office: QuarterOffice, export: ListExport) -> ListExport:
    with office.database.read() as session:
        return session.get_one(ListExport, (export.province_code, export.id))


# --- What stands in a file -------------------------------------------------------------------------------------------


def test_the_three_formats_say_the_same(office: QuarterOffice, storage: Storage, tmp_path: Path) -> None:
    sha256 = closed(office, storage)
    said = written(office, tmp_path / "list.csv", FileFormat.CSV)
    assert (said["rows"], said["sha256"], said["as_of"]) == (3, sha256, "2026-12-31")
    text = (tmp_path / "list.csv").read_bytes().decode("utf-8-sig")
    table = list(csv.DictReader(text.splitlines()))
    about = [row.popitem() for row in table]
    assert [bool(each) for _title, each in about] == [True, False, False]
    assert sha256 in about[0][1]
    assert REASON in about[0][1]
    assert about[0][0].startswith("Lưu ý: Danh sách chỉ dùng để nhắc")
    assert "không phải đề xuất hay căn cứ kiểm tra" in about[0][0]
    assert {row["Tên"] for row in table} == {"'=HYPERLINK(thử); '@nghiệm", LONG, "Công ty Thử Nghiệm 3"}
    assert [row["Trang web"] for row in table if row["Mã số thuế"] == "0123456789"] == ["thu-nghiem.vn"]
    assert [row["Vì sao chưa liên hệ được"] for row in table if row["Tên"] == LONG] == ["Chưa có địa chỉ để gửi"]

    written(office, tmp_path / "list.xlsx", FileFormat.XLSX)
    book = CalamineWorkbook.from_path(str(tmp_path / "list.xlsx"))
    sheet, facts = (book.get_sheet_by_name(name).to_python() for name in ("Danh sách", "Thông tin"))
    assert ["SHA-256 của danh sách đã chốt", sha256] in facts
    assert "không phải đề xuất hay căn cứ kiểm tra" in str(sheet[2][0])
    assert next(text[:14] for name, text in facts if name == "Lưu ý") == "Danh sách chỉ "
    assert sheet[3] == list(table[0])
    rows = [dict(zip(sheet[3], row, strict=True)) for row in sheet[4:]]
    assert [row["Mã dòng"] for row in rows] == [row["Mã dòng"] for row in table]
    first = next(row for row in rows if row["Mã số thuế"] == "0123456789")
    assert first["Ngày được mời"] == date(2026, 10, 1), "days are days"
    assert first["Số thứ tự"] in {1.0, 2.0, 3.0}
    assert {row["Tên"] for row in rows} >= {"'=HYPERLINK(thử); @nghiệm", LONG}
    with zipfile.ZipFile(tmp_path / "list.xlsx") as packed:
        names = packed.namelist()
        content = packed.read("xl/worksheets/sheet1.xml").decode()
    assert not [name for name in names if "rels" in name and "worksheet" in name], "nothing is a link"
    assert "<f>" not in content
    assert 'state="frozen"' in content

    written(office, tmp_path / "list.pdf", FileFormat.PDF)
    pdf = (tmp_path / "list.pdf").read_bytes()
    assert_sound(pdf, tmp_path)
    page = squeezed("".join(pages_of(pdf, tmp_path)))
    for text in ("DANH SÁCH TỔ CHỨC, CÁ NHÂN CHƯA CAM KẾT", "Quý IV/2026, chốt hết ngày 31/12/2026", sha256, REASON):
        assert squeezed(text) in page, text
    for text in (LONG, DANGEROUS, "thu-nghiem.vn", "KT. GIÁM ĐỐC", "Trang 1/2", "Danh sách có 3 dòng."):
        assert squeezed(text) in page, text


def test_a_closed_quarter_gives_the_same_file_for_ever(office: QuarterOffice, storage: Storage, tmp_path: Path) -> None:
    """What is signed, renamed or asked later changes nothing but who took it and when."""
    closed(office, storage)
    written(office, tmp_path / "a.csv", FileFormat.CSV)
    late = office.subject("nam@vidu.vn")
    office.sign(late)
    office.clock.advance(timedelta(days=400))
    written(office, tmp_path / "b.csv", FileFormat.CSV)
    first, again = ((tmp_path / name).read_text("utf-8-sig").splitlines() for name in ("a.csv", "b.csv"))
    different = [line for line, other in zip(first, again, strict=True) if line != other]
    assert [line[:2] for line in different] == ["1,"], "who took it, and when"


@pytest.mark.parametrize(
    ("province", "agency", "clause"), [("20", "20-SCT", "langson-I.2.3"), ("82", "82-SCT", "dongthap-II.5")]
)
def test_the_plans_caution_stands_on_it_word_for_word(
    sqlite_database: Database, province: str, agency: str, clause: str
) -> None:
    with sqlite_database.read() as session:
        order = ListOrder(province, agency, Quarter(2026, 4), ListKind.NOT_PLEDGED, None, ListFilters())
        words = RowWords.read(session, province)
        heading = heading_of(session, order, words, reason=REASON, who="Thử", now=datetime(2026, 11, 20, tzinfo=UTC))
        quoted = session.get_one(Clause, (province, clause)).text
    assert quoted in heading.caution[1]
    assert quoted.startswith("đồng thời tuyệt đối không được lợi dụng hoạt động kiểm tra")


# --- Long lists ------------------------------------------------------------------------------------------------------


def invented(number: int, commune: str, group: Group = Group.NOT_PLEDGED) -> ListRow:
    return list_row(
        group=group,
        entry_id="hue-10",
        clause="hue-7.10",
        obligation_id=uuid.UUID(int=number),
        entity_id=uuid.UUID(int=number),
        commune_code=commune,
        subject_types=("digital_seller",),
        cohort="unknown",
        asked_on=date(2026, 10, 1),
        turns_on=date(2026, 10, 29),
        ways=(("mail", date(2026, 10, 1)),),
        unreached_reason=None,
        name=f"Hộ kinh doanh Thử Nghiệm {number:05}",
        tax_code="",
        channel="",
        first_seen_on=None,
    )


def test_a_long_list_becomes_one_pdf_per_commune(sqlite_database: Database, tmp_path: Path) -> None:
    """Both parts of a commune stand in one file; a commune with too many lines has several volumes."""
    rows = [invented(each, commune) for commune in ("a", "b") for each in range(4 if commune == "a" else 2)]
    rows += [invented(each, "b", Group.UNREACHABLE) for each in range(7, 9)]
    with sqlite_database.read() as session:
        order = ListOrder(HUE, AGENCY, Q4, ListKind.NOT_PLEDGED, None, ListFilters())
        words = replace(RowWords.read(session, HUE), communes={"a": "phường An Thử", "b": "xã Bình Thử"})
        heading = heading_of(session, order, words, reason=REASON, who="Thử", now=datetime(2026, 11, 20, tzinfo=UTC))
    assert write_pdf(iter(rows), heading, words, tmp_path / "list", fonts=other_faces(tmp_path), most=3) == "zip"
    with zipfile.ZipFile(tmp_path / "list") as packed:
        assert packed.testzip() is None
        files = {name: packed.read(name) for name in packed.namelist()}
    index = list(csv.DictReader(io.StringIO(files.pop("00-muc-luc.csv").decode("utf-8-sig"))))
    assert [(row["Xã, phường, đặc khu"], row["Số dòng"]) for row in index] == [
        ("phường An Thử", "3"),
        ("phường An Thử", "1"),
        ("xã Bình Thử", "3"),
        ("xã Bình Thử", "1"),
    ]
    assert [row["Tệp"] for row in index] == sorted(files)
    assert families_of(files["002-xa-binh-thu-2.pdf"], tmp_path) == {"NotoSerif"}
    pages = squeezed("".join(pages_of(files["002-xa-binh-thu-1.pdf"], tmp_path)))
    assert squeezed("II. Chưa liên hệ được") in pages
    assert squeezed("xã Bình Thử (quyển 1)") in pages
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("tmp")) == []


def test_every_page_has_the_heads_and_its_number(tmp_path: Path) -> None:
    columns = (ListColumn("Tên", 3), ListColumn("Ngày", 1, centred=True))
    paper = ListPaper(
        superior="",
        agency="Sở Thử Nghiệm",
        place="Huế",
        year=2026,
        title="Danh sách thử nghiệm",
        subtitle="Quý IV/2026",
        attached="",
        facts=(("Lý do", "thử nghiệm " * 40),),
        caution=("Lưu ý: thử.",),
        columns=columns,
        nothing="Không có ai.",
        foot="Sở Thử Nghiệm",
        signing_title=("GIÁM ĐỐC",),
    )
    endless = "https://" + "x" * 400 + ".vn"
    lines = [ListLine("I. Phần", f"phường {each // 70}", (f"Tên {each}", "01/10/2026")) for each in range(140)]
    lines.insert(70, ListLine("I. Phần", "phường 0", (endless, "")))
    out = io.BytesIO()
    assert write_list_pdf(paper, lines, out) == 141
    assert_sound(out.getvalue(), tmp_path)
    pages = [squeezed(page) for page in pages_of(out.getvalue(), tmp_path)]
    for number, page in enumerate(pages, start=1):
        assert squeezed(f"Trang {number}/{len(pages)}") in page
        assert "SốTT" in page
    assert squeezed("phường 0 (tiếp)") in pages[1]
    assert "GIÁMĐỐC" in pages[-1]
    assert "Tên139" in pages[-1], "nobody could lay the signature under another list"
    again, empty = io.BytesIO(), io.BytesIO()
    write_list_pdf(paper, lines, again)
    assert again.getvalue() == out.getvalue(), "equal input gives equal bytes"
    write_list_pdf(paper, [], empty)
    assert "KhôngcóaiDanhsáchcó0dòng." in squeezed("".join(pages_of(empty.getvalue(), tmp_path))).replace(".D", "D")


def test_a_full_sheet_goes_on_in_the_next(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pledges.rounds.list_xlsx.MOST_IN_SHEET", 4)
    with sqlite_database.read() as session:
        order = ListOrder(HUE, AGENCY, Q4, ListKind.NOT_PLEDGED, None, ListFilters())
        words = RowWords.read(session, HUE)
        heading = heading_of(session, order, words, reason=REASON, who="Thử", now=datetime(2026, 11, 20, tzinfo=UTC))
    write_xlsx((invented(each, "19753") for each in range(9)), heading, words, tmp_path / "list.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "list.xlsx"))
    assert book.sheet_names == ["Danh sách", "Danh sách 2", "Danh sách 3", "Thông tin"]
    numbers = [row[0] for name in book.sheet_names[:3] for row in book.get_sheet_by_name(name).to_python()[4:]]
    assert numbers == [float(each) for each in range(1, 10)]


# --- By the worker ---------------------------------------------------------------------------------------------------


def test_the_worker_makes_it_once_and_finds_what_a_kill_lost(
    office: QuarterOffice, worker: ExportWorker, storage: Storage
) -> None:
    export = asked_for(office, FileFormat.XLSX)
    key = (export.province_code, str(export.id))
    storage.folder.mkdir(parents=True)
    storage.folder.chmod(0o500)
    try:
        if os.geteuid() != 0:
            with pytest.raises(StorageUnavailable):
                worker.make(*key)
    finally:
        storage.folder.chmod(0o700)
    assert reread(office, export).state is ExportState.WAITING
    with office.database.read() as session:
        assert in_queue(session, MAKE_EXPORT, [key]) == {key}
    office.database.run(lambda session: session.execute(delete(job_table)))
    worker.sweep()
    with office.database.read() as session:
        assert in_queue(session, MAKE_EXPORT, [key]) == {key}, "work that was lost is asked for again"
    worker.make(*key)
    made = reread(office, export)
    assert (made.state, made.rows, made.filename) == (ExportState.READY, 2, "chua-cam-ket-2026Q4-2026-10-31.xlsx")
    assert made.file_sha256 is not None
    assert zipfile.is_zipfile(storage.checked_path(made.file_sha256))
    assert list((storage.folder / ".temporary").iterdir()) == [], "no part is left behind"
    office.clock.advance(timedelta(hours=1))
    worker.make(*key)
    assert reread(office, export).finished_at == made.finished_at, "what is ready is not made again"


def test_a_file_is_let_go_after_a_month(office: QuarterOffice, worker: ExportWorker, storage: Storage) -> None:
    export = asked_for(office, FileFormat.PDF)
    worker.make(export.province_code, str(export.id))
    made = reread(office, export)
    assert made.file_sha256 is not None
    office.clock.advance(KEPT - timedelta(minutes=1))
    worker.sweep()
    assert storage.holds(made.file_sha256)
    office.clock.advance(timedelta(minutes=2))
    worker.sweep()
    assert not storage.holds(made.file_sha256)
    staff = officer_of(office.database, AGENCY, 2)
    with pytest.raises(Conflict):
        office.database.run(
            lambda session: take_again(session, reread(office, export), staff=staff, now=office.clock())
        )
    with pytest.raises(Conflict):
        office.database.run(lambda session: make_again(session, reread(office, export), staff=staff))


def test_who_may_have_it_and_what_the_log_says(office: QuarterOffice, clock: FixedClock) -> None:
    order = ordered(office, text="Công ty Thử", commune="19753")

    def ask(role: Role, agency: str, reason: str = REASON, wanted: ListOrder = order) -> ListExport:
        staff = staff_of(office.database, role, agency, len(seen) + 1)
        seen.append(staff)
        return office.database.run(
            lambda session: start_export(session, wanted, FileFormat.PDF, reason=reason, staff=staff, now=clock())
        )

    seen: list[Any] = []
    with pytest.raises(NotFound):
        ask(Role.OFFICER, "46-SVHTT")
    with pytest.raises(NotPermitted):
        ask(Role.REPORTING_UNIT, AGENCY)
    with pytest.raises(DomainError, match="ít nhất"):
        ask(Role.OFFICER, AGENCY, "  ngắn   ")
    with pytest.raises(DomainError, match="chưa kết thúc"):
        ask(Role.OFFICER, AGENCY, wanted=replace(order, as_of=date(2026, 10, 31)))
    with office.database.read() as session:
        assert session.scalars(select(ListExport)).all() == []
    export = ask(Role.APPROVER, AGENCY)
    with office.database.read() as session:
        [fact] = session.scalars(select(Fact).where(Fact.kind == "list.exported")).all()
    assert (fact.object_id, fact.actor_id) == (export.id, str(seen[-1].id))
    assert fact.data["filters"] == {"commune": "19753"}
    assert fact.data["searched"] is True
    assert "Công ty Thử" not in str(fact.data), "what was searched for may be a name"
