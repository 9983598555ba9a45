"""What is signed: every combination, the same hash for the same words, and nothing that a signer could smuggle in."""

from __future__ import annotations

import dataclasses
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.errors import DataError
from pledges.plans.books import PlanBooks
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import ProvinceSettings
from pledges.plans.wordings import (
    Consents,
    Details,
    NamedChannel,
    Party,
    RenderedText,
    WordingContext,
    join_parts,
    render_wording,
    signature_line,
    template_hash,
)
from tests.unit.plans.conftest import FILES

AGENCY = "Sở Công Thương tỉnh Bịa Đặt"
COMPANY = Party(
    name="Công ty TNHH Ví Dụ",
    tax_code="0100109106",
    signer_name="Nguyễn Văn Ví Dụ",
    signer_title="Giám đốc",
    place="phường Ví Dụ, tỉnh Bịa Đặt",
    address="Số 1 đường Ví Dụ",
    phone="0900 000 000",
    email="vi-du@example.com",
)
PERSON = Party(name="Trần Thị Ví Dụ", personal_number_last4="1234", place="xã Ví Dụ, tỉnh Bịa Đặt")
SETTINGS = ProvinceSettings(retention="05 năm kể từ ngày ký", data_contact="Văn phòng Sở", hotline="0236 000 0000")
SHOP = (NamedChannel("website", "vi-du.vn"), NamedChannel("social", "facebook.com/vi-du"))


def context(*subject_types: str, person: bool = False, party: Party | None = None, **changes: Any) -> WordingContext:
    values: dict[str, Any] = {
        "province_code": "48",
        "province_name": "tỉnh Bịa Đặt",
        "agency_name": AGENCY,
        "plan_citation": "Kế hoạch số 00/KH-BIADAT ngày 01/10/2026",
        "entity_kind": "person" if person else "organisation",
        "subject_types": subject_types,
        "party": party or (PERSON if person else COMPANY),
        "settings": SETTINGS,
        "channels": SHOP,
        "consents": Consents(processing=True),
        "document_number": "12/BIADAT",
        "document_date": date(2026, 3, 1),
    }
    return WordingContext(**{**values, **changes})


@pytest.fixture(scope="session")
def contents(books: PlanBooks) -> dict[str, dict[str, Any]]:
    return {wording.text_id: wording.content for wording in books.wordings}


def texts_of(rendered: RenderedText, kind: str) -> list[str]:
    return [block.text for block in rendered.blocks if block.kind == kind]


# English words that could leak from code or data into a signed text; "website" and "OTP" are used in Vietnamese.
ENGLISH = {"the", "and", "of", "pledge", "entity", "channel", "person", "organisation", "consent", "none", "null"}


@pytest.mark.parametrize("bare", [False, True], ids=["all answers", "few answers"])
@pytest.mark.parametrize("person", [False, True], ids=["organisation", "person"])
def test_every_wording_for_every_group_is_complete(
    books: PlanBooks, contents: dict[str, dict[str, Any]], person: bool, bare: bool
) -> None:
    full = Details(
        "Tiểu Ví Dụ", "Bác sĩ", "Bệnh viện Ví Dụ", "000001/VD-GPHN", "1/GP-VD", "Sàn Ví Dụ", "may mặc", "chợ"
    )
    for book in books.books:
        for subject_type in SUBJECT_TYPES:
            for text_id, content in contents.items():
                rendered = render_wording(
                    content,
                    context(
                        subject_type,
                        person=person,
                        party=Party(name="Ví Dụ") if bare else None,
                        province_code=book.province_code,
                        settings=ProvinceSettings() if bare else SETTINGS,
                        details=Details() if bare else full,
                        options=frozenset() if bare else frozenset(option["id"] for option in content["options"]),
                        consents=Consents(not bare, not bare),
                    ),
                )
                where = (book.province_code, subject_type, text_id)
                for mark in ("{{", "}}", "[nếu", "‹", "›", "  ", " ,", " .", " ;", ",,", "None", "\r"):
                    assert mark not in rendered.text.replace("[ ]", ""), where
                assert unicodedata.is_normalized("NFC", rendered.text), where
                assert not ENGLISH & set(rendered.text.lower().replace(",", " ").split()), where
                assert rendered.blocks[0].text == content["title"], where
                assert [block.kind for block in rendered.blocks][-1] == "consent", where
                numbers = [block.number for block in rendered.blocks if block.kind == "commitment"]
                assert numbers == [f"{number}." for number in range(1, len(numbers) + 1)], where


def test_a_whole_pledge_reads_well(contents: dict[str, dict[str, Any]]) -> None:
    rendered = render_wording(
        contents["health"],
        context(
            "doctor",
            person=True,
            channels=(),
            details=Details(
                professional_title="Bác sĩ", workplace="Bệnh viện Ví Dụ", practice_licence="000001/VD-GPHN"
            ),
        ),
    )
    assert rendered.text + "\n" == (FILES / "health_pledge.txt").read_text(encoding="utf-8")
    assert rendered.notice in rendered.text


# A changed hash means that a signed text would no longer be reproduced: a new version of the wording is needed.
GOLDEN = {
    "business": "658581a2f7df29b363b05b38e478b792cc94dae68fb83d8eb4443010a64dcf49",
    "celebrity": "5e4720c893f47c2072cf950eca4d0de5c0c3ba2942ea5a788ac8adda8548e56b",
    "guidance": "50d924aebb07b3eaf4d643f0a6deacfab40de46134063dd203779343449b5668",
    "health": "df7f3953266d9c2029d25f5474341ed897d4a5de78a5252027f6d7dd57cfd8b3",
    "instruction": "9fc5c9060f5ef21403bde3d682d57c71fd53382a745fb9746c48f07c332cb452",
    "platform": "b5e559868afcf308dd76494b349c2be4a76a25406ff16595f0d7bc0d8f479169",
    "press_ads": "ebd11fe0f63980524a28895aa136566b131205e01b134e3ac12bddad69140e3e",
    "website_seller": "29a1c1e7594d785dbf6724c58b049b3c83576b7706b28eaecf22399d1b36c8d3",
}


@pytest.mark.parametrize("text_id", GOLDEN)
def test_the_same_answers_give_the_same_hash_for_ever(contents: dict[str, dict[str, Any]], text_id: str) -> None:
    assert contents[text_id]["version"] == 1
    assert render_wording(contents[text_id], context("press")).sha256 == GOLDEN[text_id]


vietnamese = st.text(
    "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ ", min_size=1
)


@given(name=vietnamese.filter(str.strip), title=vietnamese, goods=vietnamese)
def test_decomposed_input_gives_the_same_hash(
    contents: dict[str, dict[str, Any]], name: str, title: str, goods: str
) -> None:
    def rendered(form: str) -> RenderedText:
        def written(text: str) -> str:
            return unicodedata.normalize(form, text)  # type: ignore[arg-type]

        party = Party(name=written(name), signer_name=written(title), place=written(goods))
        return render_wording(
            contents["business"], context("enterprise", party=party, details=Details(goods=written(goods)))
        )

    assert rendered("NFC") == rendered("NFD")


awkward = st.text("{}ten_ké\r\n\t \u2028‹›[nếu]%s\\1&<>", max_size=40)


@given(name=awkward, goods=awkward, channel=awkward)
def test_what_a_signer_types_stays_what_it_is(
    contents: dict[str, dict[str, Any]], name: str, goods: str, channel: str
) -> None:
    party = Party(name=f"N{name}")
    details = Details(goods=goods)
    given_context = context(
        "enterprise", party=party, details=details, channels=(NamedChannel("website", f"c{channel}"),)
    )
    rendered = render_wording(contents["business"], given_context)
    plain = render_wording(contents["business"], context("enterprise", party=Party(name="N"), details=details))
    assert f"Tên tổ chức: {' '.join(unicodedata.normalize('NFC', f'N{name}').split())}" in rendered.text.split("\n")
    # No line break of theirs becomes a line of the pledge.
    assert rendered.text.count("\n") == plain.text.count("\n")


def test_braces_are_not_filled_in_twice(contents: dict[str, dict[str, Any]]) -> None:
    rendered = render_wording(contents["business"], context("enterprise", party=Party(name="Ví Dụ {{ke_hoach}}")))
    assert texts_of(rendered, "opening") == ["Ví Dụ {{ke_hoach}}, cam kết:"]


def test_a_gap_is_refused(contents: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(DataError, match="Mẫu website_seller thiếu giá trị cho chỗ điền “loai_kenh”"):
        render_wording(contents["website_seller"], context("ecommerce_website", channels=()))
    with pytest.raises(DataError, match="“so_van_ban”"):
        render_wording(contents["instruction"], context("press", document_number=""))
    with pytest.raises(DataError, match="“co_quan_tiep_nhan”"):
        render_wording(contents["health"], context("doctor", person=True, agency_name=" "))


@pytest.mark.parametrize(
    ("text_id", "subject_types", "sentence"),
    [
        ("platform", ("social_network",), "Cung cấp cho người dùng cách đánh dấu nội dung quảng cáo"),
        ("celebrity", ("culture_manager",), "Phổ biến nội dung này đến nghệ sĩ, vận động viên"),
        ("health", ("health_manager",), "Quán triệt nội dung này đến viên chức"),
        ("health", ("doctor", "influencer"), "khi được trả tiền hoặc nhận lợi ích thì nói rõ"),
        ("press_ads", ("press",), "Luật Báo chí số 126/2025/QH15"),
        ("press_ads", ("broadcaster",), "Luật Báo chí số 126/2025/QH15"),
        ("press_ads", ("aggregated_news_site",), "Nghị định số 147/2024/NĐ-CP"),
    ],
)
def test_optional_sentences_follow_the_group(
    contents: dict[str, dict[str, Any]], text_id: str, subject_types: tuple[str, ...], sentence: str
) -> None:
    assert sentence in render_wording(contents[text_id], context(*subject_types)).text
    assert sentence not in render_wording(contents[text_id], context("ad_firm")).text


def test_what_a_signer_adds_of_their_own_accord(contents: dict[str, dict[str, Any]]) -> None:
    offered = render_wording(contents["press_ads"], context("press", options=frozenset({"introduce_goods"})))
    plain = render_wording(contents["press_ads"], context("press"))
    sentence = "Tham gia tuyên truyền, giới thiệu hàng hóa có nguồn gốc rõ ràng, bảo đảm chất lượng."
    assert sentence in texts_of(offered, "commitment")
    assert sentence not in texts_of(plain, "commitment")
    listed = render_wording(contents["platform"], context("ecommerce_platform", options=frozenset({"attached_list"})))
    assert any(text.startswith("Kèm danh sách chủ thể trên địa bàn") for text in texts_of(listed, "note"))


def test_the_hotline_and_the_receipt_note_are_settings(contents: dict[str, dict[str, Any]]) -> None:
    with_hotline = render_wording(contents["business"], context("enterprise")).text
    assert "báo cho cơ quan chức năng qua đường dây nóng 0236 000 0000." in with_hotline
    quiet = context("enterprise", settings=ProvinceSettings(receipt_note=False))
    without = render_wording(contents["business"], quiet).text
    assert "báo cho cơ quan chức năng.\n" in without
    assert "Việc tiếp nhận cam kết" in with_hotline
    assert "Việc tiếp nhận cam kết" not in without
    assert "gửi tới Sở Công Thương tỉnh Bịa Đặt;" in without
    assert "được lưu đến hết thời gian thực hiện kế hoạch này, sau đó" in without


def test_the_consent_record_says_what_was_ticked(contents: dict[str, dict[str, Any]]) -> None:
    def ticked(**changes: Any) -> list[tuple[str, bool | None]]:
        blocks = render_wording(contents["business"], context("enterprise", **changes)).blocks
        return [(block.text, block.checked) for block in blocks if block.kind == "consent"]

    assert [checked for _, checked in ticked(consents=Consents(True, True))] == [True, True]
    assert [checked for _, checked in ticked(consents=Consents())] == [False, False]
    hashes = {
        render_wording(contents["business"], context("enterprise", consents=Consents(True, public))).sha256
        for public in (True, False)
    }
    assert len(hashes) == 2
    task = ticked(settings=ProvinceSettings(consent_basis="task"))
    assert task[0] == ("Tôi đã đọc thông báo.", True)


def test_only_enterprises_publish_their_tax_code(contents: dict[str, dict[str, Any]]) -> None:
    def consent(*subject_types: str, **changes: Any) -> str:
        return texts_of(render_wording(contents["business"], context(*subject_types, **changes)), "consent")[-1]

    assert "mã tra cứu và mã số thuế trên trang" in consent("enterprise")
    assert "mã số thuế" not in consent("household_business")
    assert "mã số thuế" not in consent("enterprise", party=dataclasses.replace(COMPANY, tax_code=""))
    assert "mã số thuế" not in consent("enterprise", person=True, party=dataclasses.replace(PERSON, tax_code="1"))


def test_a_personal_number_shows_its_last_four_digits_only(contents: dict[str, dict[str, Any]]) -> None:
    rendered = render_wording(contents["health"], context("doctor", person=True))
    assert "Số định danh cá nhân: ••••••••1234" in rendered.text.split("\n")
    assert "số định danh cá nhân," in rendered.notice
    without = render_wording(contents["health"], context("doctor", person=True, party=Party(name="Ví Dụ")))
    assert "định danh cá nhân" not in without.text


def test_the_party_block_prints_only_what_there_is(contents: dict[str, dict[str, Any]]) -> None:
    rendered = render_wording(
        contents["health"], context("doctor", person=True, party=Party(name="Ví Dụ"), channels=())
    )
    rows = [(block.number, block.text) for block in rendered.blocks if block.kind == "party"]
    assert rows == [("Họ và tên", "Ví Dụ"), ("Nhóm đối tượng", "Y, bác sĩ")]
    minor = dataclasses.replace(PERSON, guardian="Lê Thị Ví Dụ (mẹ)")
    with_guardian = render_wording(contents["celebrity"], context("athlete", person=True, party=minor))
    assert "Người đại diện theo pháp luật: Lê Thị Ví Dụ (mẹ)" in with_guardian.text.split("\n")


@pytest.mark.parametrize(
    ("count", "opening"),
    [
        (1, "chủ website k0.vn, cam kết:"),
        (3, "chủ website, ứng dụng, kênh bán hàng k0.vn, k1.vn, k2.vn, cam kết:"),
        (10, "chủ website, ứng dụng, kênh bán hàng k0.vn, k1.vn và 8 kênh khác nêu trên, cam kết:"),
    ],
)
def test_many_channels_are_listed_above_and_counted_in_the_sentence(
    contents: dict[str, dict[str, Any]], count: int, opening: str
) -> None:
    kinds = ("website", "app", "platform_shop", "social")
    channels = tuple(NamedChannel(kinds[number % 4], f"k{number}.vn") for number in range(count))
    rendered = render_wording(contents["website_seller"], context("digital_seller", channels=channels))
    assert texts_of(rendered, "opening") == [f"Công ty TNHH Ví Dụ, {opening}"]
    row = next(block.text for block in rendered.blocks if block.kind == "party" and block.number.startswith("Tên miền"))
    assert row.split("; ") == [channel.display for channel in channels]


@pytest.mark.parametrize(("text_id", "kind"), [("guidance", "định hướng"), ("instruction", "quán triệt")])
def test_a_receipt_is_no_pledge(contents: dict[str, dict[str, Any]], text_id: str, kind: str) -> None:
    content = contents[text_id]
    organisation = render_wording(content, context("press"))
    person = render_wording(content, context("artist", person=True, options=frozenset({"also_pledge"})))
    assert texts_of(organisation, "title") == [f"XÁC NHẬN TIẾP NHẬN VĂN BẢN {kind.upper()}"]
    assert texts_of(organisation, "opening")[0].startswith(
        f"Công ty TNHH Ví Dụ xác nhận đã nhận và phổ biến trong đơn vị Văn bản {kind} số 12/BIADAT ngày 01/03/2026 của"
    )
    assert texts_of(person, "opening")[0].startswith("Tôi, Trần Thị Ví Dụ, xác nhận đã nhận và đọc Văn bản")
    assert texts_of(organisation, "commitment") == []
    assert "Bản này chỉ xác nhận đã nhận văn bản, không phải bản cam kết." in texts_of(person, "note")
    wish = next((block.text, block.checked) for block in person.blocks if block.kind == "consent")
    assert wish == ("(không bắt buộc) Tôi muốn ký thêm bản cam kết theo mẫu.", True)
    assert "công khai" not in organisation.text


def test_how_it_was_signed_is_said_apart_from_the_text(contents: dict[str, dict[str, Any]]) -> None:
    content = contents["business"]
    line = signature_line(
        content,
        "otp_confirm",
        noi_nhan_ma="thư điện tử v***@example.com",
        thoi_gian="10:00:00 20/11/2026 (+07:00)",
        ma_tra_cuu="ABC",
        ma_bam="0" * 64,
    )
    assert line.startswith("Xác nhận điện tử qua mã OTP gửi tới thư điện tử v***@example.com lúc 10:00:00")
    assert "chữ ký số" not in line
    assert "Xác nhận điện tử qua" not in render_wording(content, context("enterprise")).text
    with pytest.raises(DataError, match="ma_bam"):
        signature_line(content, "otp_confirm", noi_nhan_ma="x", thoi_gian="x", ma_tra_cuu="x")


def test_the_template_hash_covers_every_word_and_no_order_of_keys(contents: dict[str, dict[str, Any]]) -> None:
    content = contents["business"]
    assert template_hash(dict(reversed(content.items()))) == template_hash(content)
    for key in ("title", "subtitle", "version", "commitments", "notice", "consents", "signature_lines"):
        assert template_hash({**content, key: "khác"}) != template_hash(content)
    assert len({template_hash(each) for each in contents.values()}) == 8


def test_every_commitment_has_a_source_that_is_not_printed(contents: dict[str, dict[str, Any]]) -> None:
    for content in contents.values():
        rendered = render_wording(content, context(*SUBJECT_TYPES))
        items = [*content["commitments"], *content["notes"]]
        assert all(item["source"] for item in items)
        assert "Đề xuất" not in rendered.text
        assert "KH:" not in rendered.text


def test_parts_are_joined_as_sentences() -> None:
    assert join_parts(["Tôi", ", A", "là", "(B", ")", "."]) == "Tôi, A là (B)."
    assert join_parts([]) == ""
