"""Real pledges led through every state: page, upload, address for programs and command say one and the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pledges.product import Product
from pledges.signing.models import PledgeState
from pledges.signing.verification import verify_file, verify_pledge
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.issuing import IssuingOffice
from tests.web.public.test_verify import upload

S = PledgeState
PUBLIC = dict.fromkeys((S.DEFERRED, S.RETURNED, S.RECOMMENDED, S.COUNTERSIGNING), S.SUBMITTED)
NO_PERMIT = "Đây không phải giấy phép"


@dataclass
class Answers:
    """What anybody is told about the pledge in front of the office, by all four ways."""

    office: IssuingOffice
    visitor: CheckedClient
    app: Flask
    folder: Path

    def by_code(self) -> Page:
        return self.visitor.get(f"/xac-minh/{self.office.code}")

    def program(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.visitor.client.get(f"/api/v1/verify/{self.office.code}").json
        return answer

    def command(self, data: bytes) -> dict[str, Any]:
        file = self.folder / "file.pdf"
        file.write_bytes(data)
        done = self.app.test_cli_runner().invoke(args=["documents", "verify", str(file), "--json"])
        report: dict[str, Any] = json.loads(done.stdout)
        assert done.exit_code == (0 if report["authentic"] else 1)
        return report

    def agree(self, state: PledgeState) -> tuple[Page, Page, dict[str, Any]]:
        """Check every file ever issued; returns the page of the code, that of the newest file and the JSON."""
        page, program = self.by_code(), self.program()
        shown = page
        for place, data in enumerate(self.office.issued):
            newest = place == len(self.office.issued) - 1
            uploaded, report = upload(self.visitor, data), self.command(data)
            assert (report["authentic"], report["state"]) == (True, state.value)
            assert report["finding"] == ("authentic" if newest else "earlier_version")
            assert "Tệp này là thật" in uploaded.title
            assert all(each["confirmed"] for each in report["signatures"])
            assert report["reason"] in _reasons_on(uploaded), (state, report["reason"])
            if newest:
                shown = uploaded
                same = ("authentic", "finding", "reason", "signatures", "sha256", "code", "signed_on", "trial")
                same += ("received_on", "received_by", "ended_on", "replaced_by")
                assert {name: report[name] for name in same} == {name: program[name] for name in same}
                assert program["reason"] in _reasons_on(page)
        assert program["state"] == PUBLIC.get(state, state).value
        for each in (page, shown):
            assert NO_PERMIT in each.words
            assert each.response.headers["Cache-Control"] == "private, no-cache"
        return page, shown, program


def _reasons_on(page: Page) -> list[str]:
    """What is said of the file, followed by each other sentence of the page: one of them has to be the reason."""
    sentences = [node.text_content().strip() for node in page.all("//p")]
    return [f"{about} {then}" for about in sentences if about.startswith("Tệp đúng là") for then in sentences]


@pytest.fixture
def answers(
    small_product: Product, small_app: Flask, visitor: CheckedClient, clock: FixedClock, tmp_path: Path
) -> Answers:
    return Answers(IssuingOffice(small_product, clock), visitor, small_app, tmp_path)


def test_from_signature_to_revocation_with_the_agencys_own_key(answers: Answers) -> None:
    office = answers.office
    page, _shown, program = answers.agree(S.SUBMITTED)
    assert "đang xem xét và chưa tiếp nhận" in page.words
    assert (program["received_on"], program["ended_on"]) == (None, None)
    for verb, state in (("defer", S.DEFERRED), ("resume", S.SUBMITTED), ("recommend", S.RECOMMENDED)):
        office.do(verb)
        answers.agree(state)
    office.do("approve")
    answers.agree(S.COUNTERSIGNING)
    office.countersign()
    page, shown, program = answers.agree(S.APPROVED)
    assert "Đã tiếp nhận" in page.words
    assert "Sở Công Thương thành phố Huế đã tiếp nhận bản cam kết ngày 20/11/2026" in page.words
    assert "Cơ quan ký số bằng khóa của chính cơ quan" in shown.words
    assert [each["kind"] for each in program["signatures"]] == ["system_seal", "agency_signature"]
    sealed = upload(answers.visitor, office.issued[0])
    assert sealed.title.startswith("Tệp này là thật, nhưng là bản trước khi tiếp nhận")
    assert sealed.all("//main//a[@href='/ho-so']"), "the way to the final file"
    office.revoke()
    page, shown, program = answers.agree(S.REVOKED)
    assert "đã thu hồi bản cam kết này ngày 21/11/2026. Đừng dựa vào bản này nữa." in page.words
    assert "bản cam kết đã bị thu hồi" in shown.title
    assert (program["received_on"], program["ended_on"]) == ("2026-11-20", "2026-11-21")
    assert "ngừng bán" not in page.text + shown.text + json.dumps(program), "the reason is the signer's alone"


def test_from_a_correction_to_an_amendment_where_a_person_is_named(answers: Answers) -> None:
    office = answers.office
    office.sign_by("named_approver")
    office.do("return_for_correction")
    answers.agree(S.RETURNED)
    office.correct(who__name="Công ty TNHH Thử Nghiệm Tên Mới")
    page, _shown, _program = answers.agree(S.SUBMITTED)
    assert "21/11/2026" in page.words, "the day of the last signature"
    first = upload(answers.visitor, office.issued[0])
    assert first.title.startswith("Tệp này là thật, nhưng là bản cũ, trước khi người ký sửa")
    assert "người ký đã sửa và ký lại ngày 21/11/2026" in first.words
    assert first.all("//dt[.='Ngày ký']/following-sibling::dd")[0].text_content() == "20/11/2026"
    office.approve()
    page, shown, program = answers.agree(S.APPROVED)
    assert "Đây không phải chữ ký số của cơ quan" in page.words
    assert "Chữ ký số của cơ quan" not in shown.words
    assert [each["kind"] for each in program["signatures"]] == ["system_seal", "named_approver"]
    old_key, old_issued = office.key, office.issued
    office.amend(place__channels=["https://www.facebook.com/cuahang.thu.moi"])
    answers.agree(S.SUBMITTED)
    office.approve()
    answers.agree(S.APPROVED)
    newer = office.code
    office.key, office.issued = old_key, old_issued
    page, shown, program = answers.agree(S.SUPERSEDED)
    assert program["replaced_by"] == newer
    for each in (page, shown):
        assert "đã có bản cam kết mới thay thế" in each.title
        assert each.all(f"//main//a[@href='/xac-minh/{newer}']")


def test_what_was_rejected_or_withdrawn_stays_real_and_is_worth_nothing(answers: Answers) -> None:
    office = answers.office
    office.do("reject")
    page, shown, program = answers.agree(S.REJECTED)
    assert "không được tiếp nhận" in shown.title
    assert "Đây không phải trang bán hàng" not in page.text
    assert (program["received_on"], program["ended_on"]) == (None, "2026-11-20")
    office.next_pledge(publish=True)
    assert "Công ty TNHH Thử Nghiệm 1" in answers.by_code().words
    office.approve()
    office.enter(S.WITHDRAWN)
    page, shown, _program = answers.agree(S.WITHDRAWN)
    assert "người ký đã rút bản cam kết" in shown.title
    assert "Công ty TNHH Thử Nghiệm 1" not in page.text + shown.text


def test_a_revocation_is_told_on_the_very_next_request(answers: Answers) -> None:
    """Files are remembered once they were found sound; what they are worth never is."""
    office = answers.office
    office.approve()
    assert "đang có giá trị" in answers.by_code().words
    office.clock.advance(timedelta(minutes=1))
    office.revoke()
    assert "đang có giá trị" not in answers.by_code().words
    assert answers.program()["state"] == "revoked"
    assert upload(answers.visitor, office.issued[0]).title.startswith("Tệp này là thật, nhưng bản cam kết đã bị thu")


def test_other_languages_say_the_same(answers: Answers) -> None:
    answers.office.approve()
    vietnamese, english = (
        answers.program(),
        answers.visitor.client.get(f"/api/v1/verify/{answers.office.code}?lang=en").json,
    )
    assert {**vietnamese, "reason": ""} == {**english, "reason": ""}


@pytest.mark.parametrize("lost", ["sealed", "countersigned"])
def test_a_lost_copy_is_damage_and_the_holders_files_stay_good(answers: Answers, lost: str) -> None:
    """No row names the sealed file once it is countersigned, so that the code in it has to lead to its pledge."""
    office, product = answers.office, answers.office.product
    final = office.approve()
    data = office.issued[0] if lost == "sealed" else final
    [path] = [path for path in product.storage.folder.rglob("*") if path.is_file() and path.read_bytes() == data]
    path.write_bytes(b"%PDF-1.7 lost")
    with product.database.read() as session:
        verdict = verify_pledge(session, product.storage, office.pledge())
    assert verdict.authentic is (lost == "sealed")
    for each in office.issued:
        assert verify_file(product.database, product.storage, each).authentic
