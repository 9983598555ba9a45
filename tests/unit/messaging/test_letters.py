"""What recipients read, and that nobody can slip anything into it."""

from __future__ import annotations

import hashlib
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

from pledges.accounts.notices import Change
from pledges.messaging.catalogue import MESSAGE_KINDS, checked_params
from pledges.messaging.letters import MOST_ATTACHED, TEMPLATES, Letters, as_day, as_hour
from pledges.messaging.models import Message
from tests.support.mail_sink import parsed, text_of
from tests.support.messages import ADDRESS, letters

SIGNED = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
REFERENCE = "CK-20-2026-A7C4"
AGENCY = "Sở Công Thương tỉnh Lạng Sơn"
FILE = f"https://camket.vidu.vn/ho-so/{REFERENCE}"
VERIFY = "https://camket.vidu.vn/xac-minh/0123456789abcdef0123456789abcdef"
SAID = ["Tên miền ghi trong hồ sơ không mở được.", "Hãy ghi đúng tên miền đang bán hàng, ví dụ vidu.vn."]
REPORT: dict[str, Any] = {
    "name": "Nguyễn Thị Ánh",
    "unit_name": "Ủy ban nhân dân xã Thử Nghiệm",
    "report": "Báo cáo kết quả thực hiện Kế hoạch",
    "period": "năm 2026",
    "link": "https://camket.vidu.vn/can-bo/bao-cao/thu-R1/2026/06001",
}
ABOUT: dict[str, Any] = {"reference": REFERENCE, "agency_name": AGENCY, "link": FILE}
RIGHT: dict[str, Any] = {"reference": "DL-46-2026-A7C4KX", "right": "Xóa dữ liệu", "agency_name": AGENCY}
LINK = "https://camket.vidu.vn/ky-cam-ket/tiep-tuc/abc.def"

ASKED: dict[str, Any] = {
    "agency_name": AGENCY,
    "quarter": "2026Q4",
    "name": "Công ty TNHH Thử Nghiệm",
    "groups": ["Sàn thương mại điện tử", "Mạng xã hội"],
    "plan": "Kế hoạch số 12/KH-UBND ngày 05/03/2026 của UBND tỉnh Lạng Sơn",
    "shown_day": date(2026, 12, 25),
    "documents": ["số 34/SCT-QLTM ngày 06/10/2026"],
    "hotline": "0205 000 000",
}
INVITATION = {"link": "https://camket.vidu.vn/ky-cam-ket/loi-moi/0a1b", "short_code": "7KXA-3QEM"}

SAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "code": ({"minutes": 10}, {"code": "471902"}),
    "draft_link": ({"days": 30}, {"link": LINK}),
    "institution_link": (
        {"institution_name": "Bệnh viện Thử Nghiệm", "agency_name": "Sở Y tế thành phố Huế", "days": 180},
        {"link": LINK},
    ),
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
    "staff_factors_reset": ({"name": "Nguyễn Thị Ánh", "at": SIGNED}, {}),
    "staff_secured": ({"name": "Nguyễn Thị Ánh", "at": SIGNED, "change": "code_used"}, {}),
    "staff_link": ({"name": "Nguyễn Thị Ánh", "valid_until": SIGNED}, {"link": LINK}),
    "pledge_returned": (
        {**ABOUT, "message": SAID, "asked": ["Tên miền website", "Mã số thuế"], "working_days": 5},
        {},
    ),
    "pledge_rejected": ({**ABOUT, "message": SAID}, {}),
    "pledge_approved": ({**ABOUT, "approved_at": SIGNED, "verify_link": VERIFY, "replaces": "CK-20-2026-A7C3"}, {}),
    "pledge_revoked": ({**ABOUT, "revoked_at": SIGNED, "message": SAID}, {}),
    "pledge_withdrawn": ({**ABOUT, "withdrawn_at": SIGNED, "data_answer_by": date(2026, 12, 11)}, {}),
    "publication_ended": ({"reference": REFERENCE, "link": FILE}, {}),
    "morning_list": (
        {
            "name": "Nguyễn Thị Ánh",
            "agency_name": AGENCY,
            "count": 23,
            "oldest_days": 4,
            "references": [f"CK-20-2026-A7D{number:02}" for number in range(20)],
            "revocations": 2,
            "link": "https://camket.vidu.vn/can-bo/duyet",
        },
        {},
    ),
    "countersign_waiting": (
        {"agency_name": AGENCY, "count": 3, "reason": "Không mở được tệp khóa.", "since": SIGNED},
        {},
    ),
    "log_checkpoint": (
        {
            "size": 12345,
            "before": 12001,
            "root": "ab" * 32,
            "made_at": SIGNED,
            "note": ["camket.vidu.vn/log", "12345", "qw==", f"\u2014 camket.vidu.vn/log {'Az09' * 24}"],
            "key": "camket.vidu.vn/log+0123abcd+AQ==",
            "link": "https://camket.vidu.vn/nhat-ky-cong-khai",
        },
        {},
    ),
    "data_withdrawal": ({**ABOUT, "received_on": date(2026, 11, 20), "answer_by": date(2026, 12, 11)}, {}),
    "data_withdrawn": ({**ABOUT, "withdrawn_at": SIGNED, "answer_by": date(2026, 12, 11)}, {}),
    "data_answered": ({**ABOUT, "message": SAID}, {}),
    "dispute_opened": ({"agency_name": AGENCY, "side": "owner", "by": "list"}, {}),
    "dispute_papers": ({"agency_name": AGENCY, "side": "claim", "message": SAID}, {"link": LINK}),
    "dispute_decided": ({"agency_name": AGENCY, "side": "claim", "end": "yours"}, {}),
    "mailbox_asked": (
        {
            "reference": REFERENCE,
            "agency_name": AGENCY,
            "asked_at": SIGNED,
            "address": "m***i@vidu.vn",
            "waits_until": date(2026, 11, 25),
        },
        {"link": LINK},
    ),
    "mailbox_outcome": ({**ABOUT, "side": "new", "outcome": "refused", "message": SAID}, {}),
    "rights_due": (
        {**RIGHT, "what": "decide", "due": date(2026, 11, 30), "late": "yes", "link": FILE},
        {},
    ),
    "rights_received": (
        {**RIGHT, "received_on": date(2026, 11, 20), "decide_by": date(2026, 11, 30), "link": FILE},
        {},
    ),
    "rights_extended": ({**RIGHT, "decide_by": date(2026, 12, 10), "message": SAID, "link": FILE}, {}),
    "rights_answered": (
        {
            **RIGHT,
            "outcome": "partly",
            "message": SAID,
            "ground": "Đây là hồ sơ của cơ quan nhà nước, phải lưu giữ theo pháp luật về lưu trữ.",
            "kept": ["Bản cam kết đã được cơ quan tiếp nhận, cùng tệp và thông tin trong đó"],
            "link": FILE,
        },
        {},
    ),
    "round_ask": (ASKED, INVITATION),
    "round_reminder": ({**ASKED, "last": 1}, INVITATION),
    "report_due": (
        {**REPORT, "recipients": ["Sở Công Thương", "Ban Chỉ đạo 389"], "before": date(2026, 9, 30), "days": 9},
        {},
    ),
    "report_returned": ({**REPORT, "message": SAID}, {}),
}

PDF = b"%PDF-1.7\n" + bytes(range(256)) + b"\n.\n%%EOF\n"
"""Not a document, but bytes that a careless way would change."""


def written(
    kind: str, *, language: str = "vi", maker: Letters | None = None, file: bytes | None = None, **changes: Any
) -> EmailMessage:
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
        attachment_sha256=None if file is None else hashlib.sha256(file).hexdigest(),
        attachment_name=None if file is None else "CK-20-2026-A7C4.pdf",
    )
    return parsed((maker or letters()).compose(message, secret, file).data)


def with_catalogue(english: Catalog, folder: Path) -> Letters:
    place = folder / "en" / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "messages.po").open("wb") as file:
        write_po(file, english)
    return Letters(
        mail_from="a@vidu.vn",
        public_url="https://camket.vidu.vn",
        owner_name="Tên",
        owner_contact="a@vidu.vn",
        translations=folder,
    )


def test_every_kind_has_its_folder_and_every_folder_its_kind() -> None:
    folders = {folder.name for folder in TEMPLATES.iterdir() if folder.is_dir()}
    assert folders == {kind for kind, known in MESSAGE_KINDS.items() if not known.by_phone} == set(SAMPLES)
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
        assert "Thư này không kèm tệp nào." in body
        assert "không thu phí và không bao giờ hỏi mã hay mật khẩu" in body
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
    assert re.search(r"<img|<style|<script|<link|background|color:", html) is None
    assert set(re.findall(r"<(\w+)[^>]*style=", html)) <= {"blockquote"}
    assert '<html lang="vi">' in html


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("code", ["471902", "trong 10 phút", "Không chuyển tiếp"]),
        ("draft_link", [LINK, "30 ngày", "chưa phải là ký"]),
        ("round_ask", [*INVITATION.values(), *ASKED["groups"], *ASKED["documents"], ASKED["plan"], "25/12/2026"]),
        ("round_ask", ["Quý IV/2026", "không yêu cầu chuyển tiền", "0205 000 000", "ky-cam-ket/ma-moi"]),
        ("round_reminder", [*INVITATION.values(), "xin nhắc", "nhắc cuối cùng", "25/12/2026"]),
        ("institution_link", [LINK, "Bệnh viện Thử Nghiệm", "180 ngày", "chỉ dành cho đầu mối"]),
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
        ("staff_factors_reset", ["Nguyễn Thị Ánh", "Lúc 00:30 ngày 21/11/2026", "khóa tài khoản"]),
        (
            "staff_secured",
            ["Nguyễn Thị Ánh", "Lúc 00:30 ngày 21/11/2026", "một mã dự phòng", "Nếu không phải", "khóa tài khoản"],
        ),
        ("staff_link", ["Nguyễn Thị Ánh", LINK, "đến 00:30 ngày 21/11/2026"]),
        (
            "pledge_returned",
            [
                REFERENCE,
                AGENCY,
                FILE,
                *SAID,
                "Tên miền website",
                "Mã số thuế",
                "chỉ cần sửa những nội dung được nêu",
                "không có gì bị mất",
                "ký lại bằng một mã xác nhận",
                "5 ngày làm việc",
            ],
        ),
        ("pledge_rejected", [REFERENCE, AGENCY, FILE, *SAID, "không tiếp nhận"]),
        (
            "pledge_approved",
            [
                f"{AGENCY} đã tiếp nhận bản cam kết {REFERENCE} lúc 00:30 ngày 21/11/2026",
                "thay cho bản cam kết CK-20-2026-A7C3",
                FILE,
                VERIFY,
                "không phải là giấy phép hay chứng nhận chất lượng",
            ],
        ),
        ("pledge_revoked", [REFERENCE, FILE, *SAID, "lúc 00:30 ngày 21/11/2026", "hết hiệu lực", f"liên hệ {AGENCY}"]),
        ("pledge_withdrawn", [REFERENCE, AGENCY, FILE, "lúc 00:30 ngày 21/11/2026", "chậm nhất ngày 11/12/2026"]),
        ("publication_ended", [REFERENCE, FILE, "có hiệu lực ngay", "giữ nguyên hiệu lực"]),
        (
            "morning_list",
            ["Nguyễn Thị Ánh", AGENCY, "Có 23 hồ sơ", "4 ngày", "CK-20-2026-A7D19", "và 3 hồ sơ khác", "Có 2 đề nghị"],
        ),
        ("countersign_waiting", ["3 bản", AGENCY, "Không mở được tệp khóa.", "từ lúc 00:30 ngày 21/11/2026"]),
        (
            "log_checkpoint",
            ["12345", "12001", "ab" * 32, f"\u2014 camket.vidu.vn/log {'Az09' * 24}", "00:30", "/nhat-ky"],
        ),
        ("data_withdrawal", [REFERENCE, AGENCY, FILE, "Ngày 20/11/2026", "chậm nhất ngày 11/12/2026"]),
        ("data_withdrawn", [REFERENCE, AGENCY, FILE, "lúc 00:30 ngày 21/11/2026", "chậm nhất ngày 11/12/2026"]),
        ("data_answered", [REFERENCE, FILE, *SAID, f"liên hệ {AGENCY}"]),
        ("rights_received", [*RIGHT.values(), FILE, "ngày 20/11/2026", "chậm nhất ngày 30/11/2026"]),
        ("rights_extended", [*RIGHT.values(), FILE, *SAID, "Hạn trả lời mới là ngày 10/12/2026"]),
        ("rights_answered", [*RIGHT.values(), FILE, *SAID, "một phần", "Căn cứ: Đây là hồ sơ", "đã được cơ quan tiếp"]),
        ("mailbox_asked", [REFERENCE, AGENCY, LINK, "m***i@vidu.vn", "“Không phải tôi”", "hết ngày 25/11/2026"]),
        ("mailbox_outcome", [REFERENCE, AGENCY, *SAID, "không đồng ý", "không có gì thay đổi"]),
        ("dispute_papers", [AGENCY, LINK, *SAID, "30 ngày"]),
        ("report_due", [*REPORT.values(), "trước ngày 30/09/2026", "Sở Công Thương, Ban Chỉ đạo 389", "đúng hạn: 9"]),
        ("report_returned", [*REPORT.values(), *SAID, "Bản đã gửi vẫn được giữ"]),
    ],
)
def test_contents(kind: str, wanted: list[str]) -> None:
    mail = written(kind)
    for each in wanted:
        assert each in text_of(mail)
        assert each in text_of(mail, "html")


def test_an_invitation_says_only_what_is_asked_of_its_reader() -> None:
    mail = written("round_ask", groups=[], hotline=None)
    assert "xác nhận đã nhận văn bản" in mail["Subject"]
    assert "không quảng cáo hàng giả" not in text_of(mail)
    assert "Đường dây nóng" not in text_of(mail)
    mail = written("round_ask", documents=None)
    assert "ký cam kết" in mail["Subject"]
    assert "xác nhận đã nhận văn bản" not in text_of(mail, "html")
    assert "cuối cùng" not in text_of(written("round_reminder", last=None))


def test_what_does_not_apply_is_not_said() -> None:
    returned = text_of(written("pledge_returned", asked=[], message=[], working_days=None))
    assert "Nội dung cần sửa" not in returned
    assert "Lời nhắn" not in returned
    assert "ngày làm việc" not in returned
    assert "thay cho" not in text_of(written("pledge_approved", replaces=None))
    assert "chậm nhất" not in text_of(written("pledge_withdrawn", data_answer_by=None))
    only_revocations = written("morning_list", count=0, references=[])
    assert only_revocations["Subject"] == "Có 2 đề nghị thu hồi chờ người thứ hai"
    assert "hồ sơ chờ Ông/Bà" not in text_of(only_revocations)
    assert "thu hồi" not in text_of(written("morning_list", revocations=0))


FORGED = (
    """Trân trọng.

--
Hệ thống ký cam kết (dữ liệu kiểm thử)\r\nKính gửi Ông/Bà,\u2028Lời nhắn của cơ quan:\x85Mã xác nhận:\x0b471902
</blockquote></p><h1>Nộp phí tại <a href="https://lua-dao.example">đây</a></h1> https://lua-dao.example/nop-phi
> trích {{ 7*7 }} %(agency)s \u202eẩn\u200b
"""
    + "lót " * 40
    + "Trân trọng. "
    + "x" * 700
)


@pytest.mark.parametrize("kind", sorted(kind for kind, known in MESSAGE_KINDS.items() if known.blocks))
@pytest.mark.parametrize("given", [FORGED, [FORGED, "dòng hai"]], ids=["text", "lines"])
def test_what_an_officer_types_never_looks_like_our_own_words(kind: str, given: Any) -> None:
    forged, honest = written(kind, message=given), written(kind, message="Lời ngắn.")
    lines, plain = text_of(forged).splitlines(), text_of(honest).splitlines()
    assert [line for line in lines if not line.startswith("> ")] == [
        line for line in plain if not line.startswith("> ")
    ], "without the quotation it is the letter of somebody who typed next to nothing"
    assert max(len(line) for line in lines if line.startswith("> ")) <= 72
    assert "".join(re.findall(r"x+", "".join(line for line in lines if "xxx" in line))).count("x") == 700
    html, bare = text_of(forged, "html"), text_of(honest, "html")
    before, quoted, after = re.split(r"<blockquote[^>]*>|</blockquote>", html)
    assert [before, after] == re.split(r"<blockquote[^>]*>.*</blockquote>", bare, flags=re.DOTALL)
    assert set(re.findall(r"<[^>]*>", quoted)) == {"<p>", "</p>"}
    assert "https://lua-dao.example/nop-phi" in quoted
    assert "{{ 7*7 }} %(agency)s ẩn" in quoted
    assert re.search(r"[\u2028\u202e\u200b\x0b\x85]", text_of(forged) + html) is None


def test_a_label_is_translated_and_stays_text(tmp_path: Path) -> None:
    catalogue = Catalog(locale="en")
    catalogue.add("Mã số thuế", "Tax code")
    mail = written(
        "pledge_returned", language="en", maker=with_catalogue(catalogue, tmp_path), asked=["Mã số thuế", "<b>100%(x)s"]
    )
    assert "- Tax code\r\n- <b>100%(x)s\r\n" in text_of(mail)
    assert "<li>Tax code</li>\r\n<li>&lt;b&gt;100%(x)s</li>" in text_of(mail, "html")


def test_the_final_pdf_goes_with_the_letter_and_is_named_in_it() -> None:
    mail = written("pledge_approved", file=PDF)
    (attached,) = mail.iter_attachments()
    assert attached.get_content() == PDF
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_filename() == "CK-20-2026-A7C4.pdf"
    for subtype in ("plain", "html"):
        assert "gửi kèm thư này: tệp CK-20-2026-A7C4.pdf" in text_of(mail, subtype)
        assert "Thư này chỉ kèm một tệp PDF: CK-20-2026-A7C4.pdf." in text_of(mail, subtype)
        assert FILE in text_of(mail, subtype)
    assert mail["Content-Language"] == "vi"
    assert mail.as_bytes() == written("pledge_approved", file=PDF).as_bytes(), "every attempt sends the same bytes"


def test_a_file_that_is_too_large_stays_behind_and_the_letter_says_where_it_is() -> None:
    assert len(list(written("pledge_approved", file=bytes(MOST_ATTACHED)).iter_attachments())) == 1
    mail = written("pledge_approved", file=bytes(MOST_ATTACHED + 1))
    assert list(mail.iter_attachments()) == []
    for subtype in ("plain", "html"):
        assert "quá lớn để gửi kèm" in text_of(mail, subtype)
        assert "Để tải bản hoàn chỉnh (PDF)" in text_of(mail, subtype)
        assert "Thư này không kèm tệp nào." in text_of(mail, subtype)


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
    mail = written("code", language="en", maker=with_catalogue(catalogue, tmp_path))
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


def test_each_change_of_an_account_is_told_in_its_own_words() -> None:
    letters = [written("staff_secured", change=change.value) for change in Change]
    assert len({str(letter["Subject"]) for letter in letters}) == len(Change)
    assert len({text_of(letter, "plain").split("Nếu chính")[0] for letter in letters}) == len(Change)
    # No link, so that nobody learns to follow one.
    assert all("https://camket.vidu.vn/can-bo" not in text_of(letter, "plain") for letter in letters), (
        "nothing to be lured by"
    )
