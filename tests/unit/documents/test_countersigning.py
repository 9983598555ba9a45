"""The agency's signature over the seal: both stay valid, and the stamp says everything, legibly, inside of its box."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import zlib
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from pledges.core.errors import DomainError
from pledges.documents.countersigning import countersign
from pledges.documents.errors import CannotCountersign
from pledges.documents.fonts import NEEDED_LETTERS, default_faces
from pledges.documents.models import DocumentKind
from pledges.documents.operations import seal_paper
from pledges.documents.rendering import render_pledge
from pledges.documents.sealing import ReadySeal, SealedPdf
from pledges.documents.stamp import MOST_IN_NAME, MOST_IN_TITLE, Stamp
from pledges.documents.stamp_fonts import letter_font
from pledges.documents.validation import validate_sealed
from pledges.documents.verification import ExpectedSignature, verify_stored
from tests.support import forgeries
from tests.support.papers import invented_paper
from tests.support.pdf_tools import assert_sound, pdfsig, squeezed, words_of
from tests.support.seal_keys import AGENCY, NOW, AgencyFolder, Authority, SealFolder, p256, rsa_key

APPROVED = NOW - timedelta(minutes=9)
ROOT = hashlib.sha256(b"root").hexdigest()
STAMP = Stamp(AGENCY[2], "Trần Thị Thử Nghiệm", "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC", APPROVED, "key")
LONG_AGENCY = (
    "Trung tâm Xúc tiến thương mại và Phát triển kinh doanh điện tử thuộc Ban Quản lý Khu kinh tế cửa khẩu Đồng Đăng – "
    "Lạng Sơn, trực thuộc Ủy ban nhân dân tỉnh Lạng Sơn (cơ quan thử nghiệm có tên rất dài), "
)


@dataclass(frozen=True)
class Desk:
    """A sealed paper, and the keys that may sign over it."""

    root: Authority
    sealed: SealedPdf
    system: ReadySeal
    agency: dict[str, ReadySeal]

    def seal_for(self, method: str, key: str) -> ReadySeal:
        return self.agency[key] if method == "key" else self.system

    def expected(self, *later: SealedPdf) -> dict[str, ExpectedSignature]:
        kinds = [(self.sealed, DocumentKind.SEALED), *((each, DocumentKind.COUNTERSIGNED) for each in later)]
        return {each.sha256: ExpectedSignature(kind, each.certificate, each.evidence, NOW) for each, kind in kinds}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder, root, issuer = tmp_path_factory.mktemp("desk"), Authority(), Authority("Gốc của cơ quan")
    system = SealFolder(folder / "seal").lay_down(root, rsa_key(3072)).sealer().check(NOW)
    agency = {}
    for name, key, common in (
        ("P-256", p256(), "Sở Công Thương tỉnh Lạng Sơn"),
        ("RSA-2048", rsa_key(2048), "Sở Công Thương tỉnh Lạng Sơn"),
        ("trial", p256(), "THỬ NGHIỆM - Sở Công Thương tỉnh Lạng Sơn"),
    ):
        agency[name] = AgencyFolder(folder / name).lay_down(issuer, key, issuer.issue(key, common)).signer()
    sealed = seal_paper(invented_paper(1), SealFolder(folder / "seal").sealer(), NOW)
    return Desk(root, sealed, system, agency)


def stamped_words(both: SealedPdf, folder: Path) -> str:
    """All words in the agency's box, without blanks; each must lie inside of it as a whole."""
    reader = PdfFileReader(BytesIO(both.data))
    field = next(each for each in reader.embedded_regular_signatures if each.field_name == "AgencySignature").sig_field
    left, bottom, right, top = (float(edge) for edge in field["/Rect"])
    page = len(reader.root["/Pages"]["/Kids"]) - 1
    inside = []
    for number, word, (x, y, end, upper) in words_of(both.data, folder):
        if number == page and x < right and end > left and y < top and upper > bottom:
            assert left <= x <= end <= right, word
            assert bottom <= y <= upper <= top, word
            inside.append(word)
    return squeezed("".join(inside))


@pytest.mark.parametrize(("method", "key"), [("key", "P-256"), ("key", "RSA-2048"), ("named_approver", "")])
def test_everybody_finds_two_good_signatures(desk: Desk, tmp_path: Path, method: str, key: str) -> None:
    both = countersign(desk.sealed.data, desk.seal_for(method, key), replace(STAMP, method=method), NOW)
    assert both.data.startswith(desk.sealed.data)
    report = pdfsig(both.data, tmp_path)
    assert report.count("Signature is Valid") == 2
    assert "is not signed" not in report
    assert_sound(both.data, tmp_path)
    root = asn1_x509.Certificate.load(desk.root.certificate.public_bytes(Encoding.DER))
    first = PdfFileReader(BytesIO(both.data)).embedded_regular_signatures[0]
    status = asyncio.run(async_validate_pdf_signature(first, ValidationContext(trust_roots=[root], moment=NOW)))
    assert status.bottom_line
    assert status.modification_level == ModificationLevel.FORM_FILLING
    earlier = validate_sealed(both.data, desk.sealed.certificate, desk.sealed.evidence, NOW)
    assert (earlier.authentic, earlier.whole_file) == (True, False)
    verdict = verify_stored(both.data, desk.expected(both).get)
    assert verdict.sound, verdict.reason
    assert [(each.kind, each.covers, each.when) for each in verdict.signatures] == [
        ("system_seal", "earlier_revision", NOW),
        ("agency_signature", "whole_file", NOW),
    ]
    assert both.certificate == desk.seal_for(method, key).material.certificate_der


def test_the_stamp_says_who_signed_when_and_by_which_key(desk: Desk, tmp_path: Path) -> None:
    own = stamped_words(countersign(desk.sealed.data, desk.agency["P-256"], STAMP, NOW), tmp_path)
    who = "SởCôngThươngtỉnhLạngSơnKT.GIÁMĐỐCPHÓGIÁMĐỐC"
    assert own == f"{who}TrầnThịThửNghiệmKýsốlúc10:00ngày20/11/2026"
    named = countersign(desk.sealed.data, desk.system, replace(STAMP, method="named_approver"), NOW)
    said = "DuyệttrênhệthốngbởiTrầnThịThửNghiệmlúc09:51ngày20/11/2026;niêmphongbằngkhóacủahệthống"
    assert stamped_words(named, tmp_path) == who + said
    reasons = [
        PdfFileReader(BytesIO(each.data)).embedded_regular_signatures[1].sig_object["/Reason"]
        for each in (countersign(desk.sealed.data, desk.agency["P-256"], STAMP, NOW), named)
    ]
    assert reasons[0] == "Tiếp nhận bản cam kết; người duyệt: Trần Thị Thử Nghiệm"
    assert "không phải chữ ký số của cơ quan" in reasons[1]


def test_the_checkpoint_of_the_log_leaves_with_the_paper(desk: Desk, tmp_path: Path) -> None:
    """In the box while there is room for it, and in the signature always."""
    stamp = replace(STAMP, log_size=1_234_567, log_root=ROOT)
    for title, printed in ((STAMP.approver_title, True), ("\n".join(["KT. GIÁM ĐỐC"] * 10), False)):
        named = replace(stamp, approver_title=title)
        both = countersign(desk.sealed.data, desk.agency["P-256"], named, NOW)
        assert (f"Nhậtkýcôngkhai1234567mục:{ROOT}" in stamped_words(both, tmp_path)) is printed
        said = PdfFileReader(BytesIO(both.data)).embedded_regular_signatures[1].sig_object["/Reason"]
        assert said.endswith(f"; Nhật ký công khai 1234567 mục: {ROOT}")


def test_a_trial_key_is_seen_in_the_stamp(desk: Desk, tmp_path: Path) -> None:
    both = countersign(desk.sealed.data, desk.agency["trial"], STAMP, NOW)
    assert both.trial
    assert stamped_words(both, tmp_path).startswith("THỬNGHIỆM:khóathử,khôngdùnglàmbằngchứngSởCôngThương")


@pytest.mark.parametrize(
    ("agency", "title", "name"),
    [
        (LONG_AGENCY * 2, "KT. CHỦ TỊCH ỦY BAN NHÂN DÂN – PHÓ CHỦ TỊCH THƯỜNG TRỰC " * 4, "Công Tằng Tôn Nữ Thử " * 15),
        ("W" * MOST_IN_NAME, "Ộ" * MOST_IN_TITLE, "Ữ" * MOST_IN_NAME),
        ("Sở\nCông Thương", "TL. GIÁM ĐỐC\nTRƯỞNG PHÒNG", "Nguyễn ₫ № “Thử” – 測試"),
    ],
    ids=["many words", "words without end", "line feeds and letters that the faces lack"],
)
@pytest.mark.parametrize("method", ["key", "named_approver"])
def test_long_words_shrink_and_wrap_and_lose_no_letter(
    desk: Desk, tmp_path: Path, agency: str, title: str, name: str, method: str
) -> None:
    agency, title, name = agency[:MOST_IN_NAME].strip(), title[:MOST_IN_TITLE].strip(), name[:MOST_IN_NAME].strip()
    stamp = Stamp(agency, name, title, APPROVED, method, 1_234_567, ROOT)
    seal = desk.seal_for(method, "trial")
    both = countersign(desk.sealed.data, seal, stamp, NOW)
    found = stamped_words(both, tmp_path)
    shown = name.replace("測試", "[U+6E2C][U+8A66]")
    for text in (agency, shown, *title.replace("\n", " – ").split(" – ")):
        assert squeezed(text) in found
    assert verify_stored(both.data, desk.expected(both).get).sound


def test_what_no_form_lets_through_is_refused(desk: Desk) -> None:
    for change in (
        {"agency_name": "x" * (MOST_IN_NAME + 1)},
        {"approver_title": "x" * (MOST_IN_TITLE + 1)},
        {"approver_name": "Nguyễn \u202eVăn"},
    ):
        with pytest.raises(DomainError):
            replace(STAMP, **change)
    with pytest.raises(ValueError, match="not a way to countersign"):
        replace(STAMP, method="seal")


def test_only_a_sealed_file_with_an_empty_field_is_signed(desk: Desk) -> None:
    seal = desk.agency["P-256"]
    both = countersign(desk.sealed.data, seal, STAMP, NOW)
    for data, says in (
        (both.data, "đã có chữ ký của cơ quan"),
        (render_pledge(invented_paper(1), trial=False), "chưa được niêm phong"),
        (forgeries.other_document(), "chưa được niêm phong"),
        (b"not a PDF", "không phải là bản cam kết"),
        (b"", "không phải là bản cam kết"),
    ):
        with pytest.raises(CannotCountersign, match=says):
            countersign(data, seal, STAMP, NOW)


def test_codes_of_the_stamp_mean_the_glyphs_of_their_letters() -> None:
    """Programs read the letters from a map beside the font; the eye sees the glyphs. Both must be the same."""
    for face in (default_faces().regular, default_faces().bold):
        font = letter_font(face, NEEDED_LETTERS)
        program = zlib.decompress(font.program)
        tables = (program[12 + 16 * index : 28 + 16 * index] for index in range(struct.unpack(">H", program[4:6])[0]))
        start, size = next(struct.unpack(">II", entry[8:]) for entry in tables if entry[:4] == b"cmap")
        letters = sorted(font.codes)
        glyphs = struct.unpack(f">{len(letters)}H", program[start + size - 2 * len(letters) : start + size])
        assert [font.codes[letter] for letter in letters] == list(glyphs)
        assert len(font.widths) == max(glyphs) + 1
