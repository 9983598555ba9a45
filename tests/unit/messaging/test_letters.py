"""What recipients read, and that nobody can slip anything into it."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from pledges.messaging.catalogue import MESSAGE_KINDS, checked_params
from pledges.messaging.letters import TEMPLATES, Letters, as_day, as_hour
from pledges.messaging.models import Message
from tests.support.mail_sink import parsed, text_of
from tests.support.messages import ADDRESS, letters

SIGNED = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
LINK = "https://camket.vidu.vn/ky-cam-ket/tiep-tuc/abc.def"

SAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "code": ({"minutes": 10}, {"code": "471902"}),
    "draft_link": ({"days": 30}, {"link": LINK}),
    "pledge_received": (
        {
            "references": ["CK-2026-A7C4", "CK-2026-A7C6"],
            "agency_name": "Sở Công Thương tỉnh Lạng Sơn",
            "signed_at": SIGNED,
            "working_days": 5,
        },
        {},
    ),
    "file_code": ({"minutes": 10, "reference": "CK-2026-A7C4"}, {"code": "471902"}),
    "seal_waiting": ({"count": 3, "reason": "Chứng thư số đã hết hạn.", "since": SIGNED}, {}),
    "staff_link": ({"name": "Nguyễn Thị Ánh", "valid_until": SIGNED}, {"link": LINK}),
}


def written(kind: str, *, language: str = "vi", maker: Letters | None = None, **changes: Any) -> EmailMessage:
    params, secrets = SAMPLES[kind]
    plain, secret = checked_params(kind, {**params, **changes}, secrets)
    message = Message(
        id=uuid.UUID("01900000-0000-7000-8000-000000000001"),
        kind=kind,
        to_address=ADDRESS,
        language=language,
        params=json.loads(json.dumps(plain)),
        created_at=datetime(2026, 11, 20, 3, tzinfo=UTC),
        message_id="<1@camket.vidu.vn>",
    )
    return parsed((maker or letters()).compose(message, secret).data)


def test_every_kind_has_its_folder_and_every_folder_its_kind() -> None:
    folders = {folder.name for folder in TEMPLATES.iterdir() if folder.is_dir()}
    assert folders == set(MESSAGE_KINDS) == set(SAMPLES)
    for folder in folders:
        assert {file.name for file in (TEMPLATES / folder).iterdir()} == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_every_letter_says_who_writes_and_what_is_never_asked(kind: str) -> None:
    mail = written(kind)
    for subtype in ("plain", "html"):
        body = text_of(mail, subtype)
        assert "Hệ thống ký cam kết (dữ liệu kiểm thử)" in body
        assert "lien-he@vidu.vn" in body
        assert "https://camket.vidu.vn" in body
        assert "không gửi tệp đính kèm, không thu phí" in body
        assert "{{" not in body
        assert "None" not in body
    assert list(mail.iter_attachments()) == []
    assert mail["To"] == ADDRESS
    assert mail["From"].addresses[0].addr_spec == "khong-tra-loi@vidu.vn"
    assert mail["From"].addresses[0].display_name == "Cam kết Thương mại điện tử"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<1@camket.vidu.vn>"
    assert mail["Date"].datetime == datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert mail["Content-Language"] == "vi"


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_html_is_plain(kind: str) -> None:
    html = text_of(written(kind), "html")
    assert re.search(r"<img|style=|<style|<script|<link|background|color:", html) is None
    assert '<html lang="vi">' in html


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("code", ["471902", "trong 10 phút", "Không chuyển tiếp"]),
        ("draft_link", [LINK, "30 ngày", "chưa phải là ký"]),
        (
            "pledge_received",
            [
                "https://camket.vidu.vn/ho-so/CK-2026-A7C4",
                "https://camket.vidu.vn/ho-so/CK-2026-A7C6",
                "Sở Công Thương tỉnh Lạng Sơn",
                "lúc 00:30 ngày 21/11/2026",
                "5 ngày làm việc",
            ],
        ),
        ("file_code", ["471902", "CK-2026-A7C4", "10 phút"]),
        ("seal_waiting", ["3 bản", "Chứng thư số đã hết hạn.", "từ lúc 00:30 ngày 21/11/2026"]),
        ("staff_link", ["Nguyễn Thị Ánh", LINK, "đến 00:30 ngày 21/11/2026"]),
    ],
)
def test_contents(kind: str, wanted: list[str]) -> None:
    mail = written(kind)
    for each in wanted:
        assert each in text_of(mail)
        assert each in text_of(mail, "html")


def test_no_code_and_no_link_stands_in_a_subject() -> None:
    for kind in ("code", "file_code", "draft_link", "staff_link"):
        subject = str(written(kind)["Subject"])
        assert "471902" not in subject
        assert "http" not in subject


def test_a_representative_is_told_for_whom_the_code_is() -> None:
    assert "dưới 18 tuổi" in text_of(written("code", purpose="sign_as_representative"))
    assert "dưới 18 tuổi" not in text_of(written("code"))


def test_what_people_type_cannot_become_a_header_a_paragraph_or_markup() -> None:
    typed = 'An\r\nBcc: ke.xau@vidu.vn\r\n\r\n<a href="https://lua-dao.example">Nhận quà</a>'
    mail = written("staff_link", name=typed)
    assert mail.get_all("Bcc") is None
    assert "Kính gửi An Bcc: ke.xau@vidu.vn <a href=" in text_of(mail)
    assert "&lt;a href=" in text_of(mail, "html")
    received = written("pledge_received", references=["CK-1\nBcc: ke.xau@vidu.vn"])
    assert received.get_all("Bcc") is None
    assert received["Subject"] == "Đã ghi nhận bản cam kết CK-1 Bcc: ke.xau@vidu.vn"


def test_a_long_vietnamese_subject_survives_folding() -> None:
    reference = "CK-2026 " + "Hợp tác xã Nông nghiệp và Dịch vụ Thương mại điện tử Đồng Tháp Mười " * 3
    mail = written("pledge_received", references=[reference])
    assert mail["Subject"] == f"Đã ghi nhận bản cam kết {reference.strip()}"


def test_lines_on_the_wire_are_short_and_ascii() -> None:
    params, _ = SAMPLES["pledge_received"]
    message = Message(
        id=uuid.UUID(int=1),
        kind="pledge_received",
        to_address=ADDRESS,
        language="vi",
        params=checked_params("pledge_received", params, {})[0],
        created_at=SIGNED,
        message_id="<1@camket.vidu.vn>",
    )
    first, second = letters().compose(message, {}).data, letters().compose(message, {}).data
    assert first == second, "every attempt sends the same bytes"
    assert first.isascii()
    assert max(map(len, first.split(b"\r\n"))) < 200
    assert b"\n" not in first.replace(b"\r\n", b"")


def test_english_comes_from_the_catalogue_and_falls_back_to_vietnamese(tmp_path: Path) -> None:
    catalogue = Catalog(locale="en")
    catalogue.add("Mã xác nhận để ký bản cam kết", "Code for signing the pledge")
    catalogue.add(
        "Mã có hiệu lực trong %(minutes)s phút và chỉ dùng được một lần. Hãy nhập mã vào trang Ông/Bà đang mở.",
        "The code is valid for %(minutes)s minutes.",
    )
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.po").open("wb") as file:
        write_po(file, catalogue)
    maker = Letters(
        mail_from="a@vidu.vn",
        public_url="https://camket.vidu.vn",
        owner_name="Tên",
        owner_contact="a@vidu.vn",
        translations=tmp_path,
    )
    mail = written("code", language="en", maker=maker)
    assert mail["Subject"] == "Code for signing the pledge"
    assert "valid for 10 minutes" in text_of(mail)
    assert "Trân trọng" in text_of(mail)
    assert '<html lang="en">' in text_of(mail, "html")


@pytest.mark.parametrize(
    ("params", "secrets", "complaint"),
    [
        ({}, {"code": "1"}, "minutes"),
        ({"minutes": 10}, {}, "code"),
        ({"minutes": 10, "code": "1"}, {"code": "1"}, "unknown"),
        ({"minutes": 10, "colour": "red"}, {"code": "1"}, "colour"),
    ],
)
def test_wrong_parameters_are_noticed_at_once(params: dict[str, Any], secrets: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        checked_params("code", params, secrets)


def test_an_unknown_kind_and_unusable_values_are_noticed_at_once() -> None:
    with pytest.raises(KeyError):
        checked_params("no such kind", {}, {})
    with pytest.raises(TypeError):
        checked_params("code", {"minutes": 1.5}, {"code": "1"})
    with pytest.raises(ValueError, match="time zone"):
        checked_params("staff_link", {"name": "An", "valid_until": datetime(2026, 1, 1)}, {"link": LINK})  # noqa: DTZ001


def test_days_and_hours_are_vietnamese() -> None:
    assert as_day(date(2026, 2, 3)) == as_day("2026-02-03") == "03/02/2026"
    assert as_day("2026-12-31T17:00:00+00:00") == "01/01/2027"
    assert as_hour("2026-12-31T17:05:00+00:00") == "00:05"
