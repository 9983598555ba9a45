"""The quarter before, played from end to end on invented shops: asked, some have signed, closed and frozen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.audit.operations import Actor
from pledges.core.calendar import Quarter, local_day
from pledges.core.channels import canonical_channel
from pledges.jobs.worker import run_worker
from pledges.plans.models import Commune
from pledges.plans.queries import duties_for
from pledges.product import Product
from pledges.registry.adding import NewEntity, Seen, add_entity
from pledges.registry.models import Entity, EntityKind
from pledges.reporting.exports import RollupFormat, RollupOrder, note_export, rollup_file
from pledges.reporting.rollup import rollup_data, rollup_of
from pledges.reporting.standing import Place
from pledges.rounds.asking import Key
from pledges.rounds.attempts import record_attempts
from pledges.rounds.exports import write_list_file
from pledges.rounds.list_models import FileFormat, ListKind
from pledges.rounds.models import Ask, Outcome, Way
from pledges.rounds.operations import open_round, start_round
from pledges.signing.paper_checks import PaperPledge
from pledges.signing.paper_pledges import Recorder, record_paper_pledge

SUBJECT_TYPE = "digital_seller"
WHO = "trình diễn (dữ liệu bịa)"
REASON = "Trình diễn trên dữ liệu bịa, không dùng cho việc khác"
_NAMES = (
    "Tiệm trà Lá Non",
    "Hộ kinh doanh Nguyễn Thị Thử Nghiệm Dài Tên Ở Chợ Trung Tâm",
    "Nước mắm Ví Dụ",
    "Cửa hàng mỹ phẩm Không Có Thật",
    "Đặc sản Quà Quê (dữ liệu bịa)",
    "Shop Áo Dài Mẫu",
    "Gốm Đất Nung Thử",
    "Nông sản Ví Dụ Hai",
    "Mật ong Rừng Mẫu",
    "Thời trang Minh Họa",
)
_WITHOUT_MAIL = {1, 4, 7}
_SIGNED_ON_PAPER = {2, 5}
_POSTED = {1, 4}


@dataclass(frozen=True)
class _Shop:
    number: int
    entity: Entity


def play_quarter(product: Product, folder: Path, *, province_code: str, officer: Staff, actor: Actor) -> dict[str, str]:
    """Leave the frozen list of the quarter before today's and its figures in `folder`.

    `not-pledged.csv`, `not-pledged.xlsx`, `rollup.json` and `rollup.pdf`.
    """
    quarter = _before(Quarter.of(local_day(product.clock())))
    agency = officer.agency_code or ""
    first = _at(quarter.first_day + timedelta(days=2))
    shops = _then(product, first).database.run(
        partial(_register, product=product, officer=officer, actor=actor, now=first)
    )
    asking = _then(product, first + timedelta(hours=1))
    key = asking.database.run(
        partial(_start, province_code=province_code, agency=agency, quarter=quarter, actor=actor, now=asking.clock())
    )
    asking.rounds().ask(key)
    _work(asking)
    later = _then(product, first + timedelta(days=20))
    later.database.run(partial(_answer, key=key, shops=shops, officer=officer, product=later))
    reminding = _then(product, _at(quarter.last_day - timedelta(days=7)))
    reminding.rounds().remind(key)
    _work(reminding)
    after = _then(product, _at(quarter.next().first_day))
    after.round_worker().close_if_over(key, actor=actor)
    files = {}
    for format_ in (FileFormat.CSV, FileFormat.XLSX):
        path = folder / f"not-pledged.{format_.value}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_list_file(
            product.database,
            province_code,
            agency,
            quarter,
            kind=ListKind.NOT_PLEDGED,
            as_of=None,
            format=format_,
            out=path,
            reason=REASON,
            actor=actor,
            now=product.clock(),
        )
        files[path.name] = str(path)
    return files | _rollup(product, folder, Place(province_code, agency), quarter, actor)


def _rollup(product: Product, folder: Path, place: Place, quarter: Quarter, actor: Actor) -> dict[str, str]:
    """The figures of the closed quarter as `rollup.json` and `rollup.pdf`."""
    now = product.clock()
    order = RollupOrder(place, quarter.last_day, RollupFormat.PDF, REASON)
    product.database.run(lambda session: note_export(session, order, actor=actor, now=now))
    with product.database.read() as session:
        figures = rollup_data([rollup_of(session, place, order.day, now)], quarter)
        paper = rollup_file(session, order, who=WHO, now=now, fonts=product.settings.pdf_fonts)
    told, printed = folder / "rollup.json", folder / "rollup.pdf"
    told.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    printed.write_bytes(paper)
    return {path.name: str(path) for path in (told, printed)}


def _before(quarter: Quarter) -> Quarter:
    return Quarter.of(quarter.first_day - timedelta(days=1))


def _at(day: date) -> datetime:
    """Ten o'clock in the morning of that day in Vietnam."""
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def _then(product: Product, moment: datetime) -> Product:
    return replace(product, clock=lambda: moment)


def _work(product: Product) -> None:
    run_worker(product.database, product.tasks(), product.schedules(), once=True)


def _register(session: Session, product: Product, officer: Staff, actor: Actor, now: datetime) -> list[_Shop]:
    province_code, day = officer.province_code, local_day(now)
    communes = session.scalars(
        select(Commune.code).where(Commune.province_code == province_code).order_by(Commune.code).limit(3)
    ).all()
    shops = []
    for number, name in enumerate(_NAMES):
        new = NewEntity(
            EntityKind.ORGANISATION,
            name,
            (SUBJECT_TYPE,),
            commune_code=communes[number % len(communes)],
            address=f"{number + 1} đường Ví Dụ",
            emails=() if number in _WITHOUT_MAIL else (f"shop{number}@vidu.vn",),
            channels=(canonical_channel(f"https://shopee.vn/vidu_thu_nghiem_{number}"),),
        )
        seen = Seen(
            "officer",
            day,
            source_name="Danh sách trình diễn (dữ liệu bịa)",
            appeared_on=date(2025, 6, 1) if number % 3 else day - timedelta(days=40),
            staff_id=officer.id,
        )
        entity = add_entity(session, new, seen, province_code=province_code, actor=actor, now=now, vault=product.vault)
        shops.append(_Shop(number, entity))
    return shops


def _start(session: Session, province_code: str, agency: str, quarter: Quarter, actor: Actor, now: datetime) -> Key:
    opened = open_round(session, province_code, agency, quarter, actor=actor, now=now)
    key = (opened.province_code, opened.id)
    start_round(session, key, seen_revision=None, actor=actor, now=now)
    return key


def _answer(session: Session, key: Key, shops: Sequence[_Shop], officer: Staff, product: Product) -> None:
    """Two come with a paper they have signed; to two without e-mail a letter is posted."""
    now = product.clock()
    duty = next(duty for duty in duties_for(session, officer.province_code, SUBJECT_TYPE) if duty.entry is not None)
    recorder = Recorder(Actor("staff", str(officer.id)), officer.name, officer.agency_code or "", officer.id)
    for shop in shops:
        if shop.number in _SIGNED_ON_PAPER:
            entity = session.get_one(Entity, (shop.entity.province_code, shop.entity.id))
            paper = PaperPledge(duty.entry_id, local_day(now), shop.entity.name)
            record_paper_pledge(
                session, entity, paper, by=recorder, now=now, public_url=product.settings.public_url, confirmed=True
            )
    posted = {shop.entity.id for shop in shops if shop.number in _POSTED}
    asks = session.scalars(
        select(Ask.id).where(Ask.province_code == key[0], Ask.round_id == key[1], Ask.entity_id.in_(posted))
    ).all()
    record_attempts(
        session, key, asks, way=Way.LETTER, outcome=Outcome.REACHED, made_on=local_day(now), staff=officer, now=now
    )
