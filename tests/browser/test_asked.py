"""Invited by mail, on a phone: from the letter over the code to a signature under the invitation."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy import select

from pledges.audit.operations import Actor
from pledges.core.calendar import Quarter, local_day
from pledges.core.secrecy import Vault
from pledges.registry.models import Obligation
from pledges.rounds.asking import only_this_one
from pledges.rounds.models import Ask
from pledges.rounds.operations import open_round
from pledges.settings import read_settings
from pledges.signing.models import Pledge
from tests.browser.conftest import PHONE
from tests.browser.walking import Contexts, Walker, fill_signature, go_on, mail_about, path_in, read_code
from tests.support.invitations import registered, shop
from tests.support.live_server import LiveServer
from tests.support.signing import HUE, invented_tax_code

SIGNER = "Trần Thị Thử Nghiệm"
LONG = "Công ty TNHH Một thành viên Thương mại Dịch vụ Xuất nhập khẩu Thực phẩm và Mỹ phẩm Thử Nghiệm Hương Giang"


def invite(server: LiveServer, email: str) -> Ask:
    """Register a shop and let its agency ask it, and nobody else."""
    now, settings = datetime.now(UTC), read_settings(server.environ)
    vault = Vault(settings.data_key)
    new = shop(name=LONG, emails=(email,), tax_code=invented_tax_code(secrets.randbelow(10**6)), channels=())
    entity = registered(server.database, new, now=now, vault=vault)
    quarter, actor = Quarter.of(local_day(now)), Actor("command")

    def ask(session):  # type: ignore[no-untyped-def]
        of_round = open_round(session, HUE, "46-SCT", quarter, actor=actor, now=now)
        key = (HUE, of_round.id)
        only_this_one(session, key, entity.id, now=now, vault=vault, public_url=settings.public_url, actor=actor)
        return session.scalars(select(Ask).where(Ask.entity_id == entity.id)).one()

    return server.database.run(ask)  # type: ignore[no-any-return]


def test_from_the_mail_to_the_signature_on_a_phone(new_context: Contexts, live_server: LiveServer) -> None:
    email = f"moi.{secrets.token_hex(4)}@vidu.vn"
    ask = invite(live_server, email)
    mail = mail_about(live_server, email, "mời Ông/Bà ký cam kết")
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    walker = Walker(page, live_server)
    page.goto(path_in(mail, "/ky-cam-ket/loi-moi/"))
    walker.look()
    assert "Hương Giang" not in page.locator("main").inner_text()
    go_on(page)
    walker.look()
    walker.answer({"code": read_code(live_server, email)}, "/ky-cam-ket/doi-tuong")
    assert page.locator("[name=name]").input_value() == LONG
    walker.look()
    walker.answer({}, "/ky-cam-ket/dia-ban")
    walker.answer({"channels": ["facebook.com/cua.hang.thu.moi"]}, "/ky-cam-ket/nguoi-ky")
    walker.answer({"name": SIGNER, "title": "Giám đốc", "authority": "yes"}, "/ky-cam-ket/kiem-tra")
    go_on(page)
    walker.arrived("/ky-cam-ket/ky")
    fill_signature(page, SIGNER, read_code(live_server, email, number=2))
    go_on(page)
    walker.arrived("/ky-cam-ket/xong")
    with live_server.database.read() as session:
        pledge = session.scalars(select(Pledge).where(Pledge.ask_id == ask.id)).one()
        owed = session.scalars(select(Obligation).where(Obligation.entity_id == ask.entity_id)).all()
        known = session.get_one(Ask, (HUE, ask.id))
    assert pledge.entity_id == ask.entity_id
    assert [each.waiting_for_agency for each in owed] == [1]
    assert known.opened_at is not None
    assert known.started_at is not None
