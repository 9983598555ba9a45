"""The file page in every state: what it says, what it offers; withdrawing the pledge and the consents from there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.core.secrecy import Vault
from pledges.product import Product
from pledges.signing.consent import answer_withdrawal
from pledges.signing.models import ConsentWithdrawal, PledgeState
from tests.support.checked_pages import Page
from tests.support.clock import FixedClock
from tests.support.offices import WAY_TO
from tests.web.signer.files import File
from tests.web.signer.steps import messages, newest_code, path_of, wrong_names

S = PledgeState

# Label and a word of the text, and what may be done: c(orrect), a(mend), w(ithdraw), d(ata).
SHOWN = {
    S.SUBMITTED: ("Chờ duyệt", "ngày làm việc", "wd"),
    S.DEFERRED: ("Chờ duyệt", "ngày làm việc", "wd"),
    S.RECOMMENDED: ("Chờ duyệt", "ngày làm việc", "wd"),
    S.COUNTERSIGNING: ("Chờ duyệt", "ngày làm việc", "wd"),
    S.RETURNED: ("Cần bổ sung", "sửa rồi ký lại", "cwd"),
    S.APPROVED: ("Đã tiếp nhận", "không phải giấy phép", "awd"),
    S.REJECTED: ("Không tiếp nhận", "ký một bản mới", "d"),
    S.SUPERSEDED: ("Đã thay thế", "bản mới hơn", ""),
    S.REVOKED: ("Đã thu hồi", "không còn hiệu lực", "d"),
    S.WITHDRAWN: ("Đã rút", "không còn hiệu lực", "d"),
}
OFFERS = {"c": "/sua", "a": "/thay-doi", "w": "/rut", "d": "/du-lieu"}


@pytest.fixture
def file(small_app: Flask, small_product: Product, clock: FixedClock, vault: Vault) -> File:
    return File(small_app, small_product, clock, vault)


def offered(page: Page, address: str) -> str:
    found = page.all("//main//a/@href | //main//form/@action")
    return "".join(letter for letter, end in OFFERS.items() if f"{address}{end}" in found)


def test_in_every_state(file: File) -> None:
    """One file, put into each state in turn without a decision: neither notes nor names of officers are ever there."""
    for state, (label, words, may) in SHOWN.items():
        file.put_into(state)
        page = file.client.get(file.address)
        assert page.all("//main//strong[contains(@class, 'tag')]/text()") == [label], state
        assert words in page.words, state
        assert sorted(offered(page, file.address)) == sorted(may), state
        assert page.all("//main//a[contains(@href, 'ban-cam-ket.pdf')]"), state
        for act in ("rut", "du-lieu"):
            status = file.client.client.get(f"{file.address}/{act}").status_code
            assert status == (200 if {"rut": "w", "du-lieu": "d"}[act] in may else 302), (state, act)
    assert set(SHOWN) == set(PledgeState) == set(WAY_TO)


@pytest.mark.parametrize(
    ("verb", "kind"), [("reject", "không tiếp nhận vì"), ("return_for_correction", "đề nghị bạn sửa")]
)
def test_what_the_department_says_is_shown_and_its_notes_are_not(file: File, verb: str, kind: str) -> None:
    file.office.do("defer", note="Ghi chú nội bộ thử nghiệm.")
    file.office.do(verb, message="Dòng một.\nDòng hai <b>.", note="Chỉ để trong cơ quan.")
    page = file.client.get(file.address)
    assert kind in page.words
    assert "Dòng hai <b>." in page.words
    for hidden in ("nội bộ", "Chỉ để trong", "Nguyễn Văn Thử", "lanh.dao", "Tạm hoãn"):
        assert hidden not in page.text


def test_withdrawing_from_the_first_look_to_the_last(file: File, small_product: Product) -> None:
    page = file.client.get(f"{file.address}/rut")
    assert "không hoàn lại được" in page.words
    assert file.pledge.state is S.SUBMITTED
    page = file.client.send(page)
    assert path_of(page) == f"{file.address}/rut"
    code = newest_code(small_product)
    wrong = file.client.send(page, {"code": f"{(int(code) + 1) % 1_000_000:06d}"})
    assert wrong_names(wrong) == {"code"}
    assert wrong_names(file.client.send(page, {"code": ""})) == {"code"}
    done = file.client.send(wrong, {"code": code})
    assert path_of(done) == file.address
    assert "Bạn đã rút bản cam kết." in done.words
    assert "Đã rút" in done.words
    again = file.client.send(wrong, {"code": code})
    assert path_of(again) == file.address
    assert len(messages(small_product, "pledge_withdrawn")) == 1
    file.put_into(S.REVOKED)
    late = file.client.send(wrong, {"code": code})
    assert "không cần rút" in late.words


def test_a_code_for_the_file_or_for_the_data_does_not_withdraw(file: File, small_product: Product) -> None:
    page = file.client.send(file.client.get(f"{file.address}/du-lieu"))
    code = newest_code(small_product)
    file.clock.advance(timedelta(minutes=2))
    page = file.client.send(file.client.get(f"{file.address}/rut"))
    assert wrong_names(file.client.send(page, {"code": code})) == {"code"}
    assert file.pledge.state is S.SUBMITTED


def test_taking_the_consent_to_processing_back(file: File, small_product: Product) -> None:
    page = file.client.send(file.client.get(f"{file.address}/du-lieu"))
    done = file.client.send(page, {"code": newest_code(small_product)})
    assert "Đã ghi nhận" in done.words
    assert file.pledge.state is S.WITHDRAWN
    with small_product.database.read() as session:
        withdrawal = session.scalars(select(ConsentWithdrawal)).one()
    for day in (withdrawal.acknowledge_by, withdrawal.answer_by):
        assert day is not None
        assert f"{day:%d/%m/%Y}" in done.words
    [told] = messages(small_product, "data_withdrawal")
    assert told.to_address == small_product.settings.administrator_email
    small_product.database.run(
        lambda session: answer_withdrawal(
            session,
            withdrawal.province_code,
            withdrawal.id,
            "Đã xóa số điện thoại.\nBản cam kết được lưu theo luật.",
            staff_id=file.office.officer.id,
            now=file.clock(),
            vault=small_product.vault,
            public_url=small_product.settings.public_url,
        )
    )
    page = file.client.get(file.address)
    assert "Đã xóa số điện thoại." in page.words
    assert "Nguyễn Văn Thử" not in page.text


def test_ending_the_publication(small_app: Flask, small_product: Product, clock: FixedClock, vault: Vault) -> None:
    file = File(small_app, small_product, clock, vault, publish=True)
    assert file.pledge.publish
    page = file.client.get(f"{file.address}/cong-khai")
    assert "chữ ký mới" in page.words
    done = file.client.send(page)
    assert "không còn được công khai" in done.words
    assert file.office.pledge().publish is False
    assert path_of(file.client.send(page)) == file.address
    assert len(messages(small_product, "publication_ended")) == 1
    assert done.all("//a[contains(@href, 'cong-khai')]") == []
