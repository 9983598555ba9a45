"""What the program says by itself about a file: each rule by a table, and the whole with real rows on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.core.db import Database, new_id
from pledges.core.secrecy import Vault, sha256_hex
from pledges.documents.models import Document, DocumentKind
from pledges.plans.models import PledgeText
from pledges.registry.models import Entity, EntityKind, Sighting, Standing
from pledges.review.check_rules import Check, CheckOutcome, Elsewhere, Findings, judge
from pledges.review.checks import check_pledges, passes_all
from pledges.review.doubtful import one_slip_apart, resembled_platform, resembled_provider
from pledges.signing.models import Pledge, PledgeChannel, PledgeState, Signature
from tests.support.clock import START, FixedClock
from tests.support.reviewing import submitted
from tests.support.signing import HUE, doctor_pages, invented_tax_code, seller_pages, signed_by

TEXT = "Bản cam kết thử nghiệm"
CODE = invented_tax_code(1)


def signature(role: str = "signer", **changes: Any) -> Signature:
    known = {"typed_name": "Trần Thị Thử", "rendered_hash": sha256_hex(TEXT.encode()), "address_hash": role}
    return Signature(role=role, version=1, **{**known, **changes})


def entity(**changes: Any) -> Entity:
    known = {"id": new_id(), "name": "Công ty TNHH Thử Nghiệm", "kind": EntityKind.ORGANISATION, "tax_code": CODE}
    known |= {"standing": Standing.REGISTERED, "commune_code": "19753", "personal_number_hash": None}
    return Entity(**{**known, **changes})


OTHER = entity(name="Công ty TNHH Khác")


def channel(address: str, kind: str = "social") -> PledgeChannel:
    return PledgeChannel(address=address, kind=kind)


def document(**changes: Any) -> Document:
    return Document(**{"kind": DocumentKind.SEALED, "trial": False, **changes})


def pledge_with(**changes: Any) -> Pledge:
    answers = {
        "kind": "organisation",
        "location": "local",
        "tax_code": CODE,
        "commune": "19753",
        "signer_name": "Trần Thị Thử",
        "signer_title": "Giám đốc",
        "under_age": False,
        **changes.pop("answers", {}),
    }
    known = {
        "province_code": HUE,
        "state": PledgeState.SUBMITTED,
        "contact_email": "chu.shop@vidu.vn",
        "subject_types": ["digital_seller"],
        "rendered_text": TEXT,
        "rendered_hash": sha256_hex(TEXT.encode()),
        "template_hash": "t" * 64,
        "wording_approved": True,
        "answers": answers,
    }
    return Pledge(**{**known, **changes})


GOOD = Findings(
    pledge=pledge_with(),
    entity=entity(),
    channels=(channel("facebook.com/cuahang.thu"),),
    signatures=(signature(),),
    text=PledgeText(template_hash="t" * 64),
    document=document(),
)


def found(findings: Findings, code: str) -> list[Check]:
    return [check for check in judge(findings) if check.code == code]


def test_a_good_file_passes_everything() -> None:
    checks = judge(GOOD)
    assert {check.outcome for check in checks} == {CheckOutcome.OK}
    assert passes_all(checks)
    assert [check.code for check in checks] == (
        "tax_code register duplicate channels text wording seal address email place signer".split()  # noqa: SIM905
    )


MINOR = {"under_age": True, "signer_name": "Trần Thị Thử"}
PERSON = {"kind": "person", "tax_code": None}


@pytest.mark.parametrize(
    ("changes", "pledge", "code", "outcome", "said"),
    [
        ({}, {"answers": {"tax_code": "0100000001"}}, "tax_code", "failed", "0100000001 không đúng"),
        ({}, {"answers": {"tax_code": None}}, "tax_code", "failed", "bắt buộc"),
        ({}, {"answers": {"tax_code": None, "location": "abroad"}}, "tax_code", "ok", "nước ngoài"),
        ({}, {"answers": PERSON}, "tax_code", "ok", "không bắt buộc"),
        (
            {"entity": entity(tax_code=None)},
            {"answers": {"tax_code": None}, "subject_types": ["household_business"]},
            "tax_code",
            "failed",
            "Thiếu cả mã số thuế",
        ),
        (
            {"entity": entity(tax_code=None, personal_number_hash="h")},
            {"answers": {"tax_code": None}, "subject_types": ["household_business"]},
            "tax_code",
            "ok",
            "thay cho mã số thuế",
        ),
        ({"same_code": OTHER}, {}, "tax_code", "failed", "Công ty TNHH Khác"),
        ({"entity": entity(tax_code=invented_tax_code(2))}, {}, "tax_code", "warning", "khác với danh sách"),
        ({"entity": entity(standing=Standing.CLAIMED), "claimed": OTHER}, {}, "register", "failed", "cần người xem"),
        ({"known_otherwise": True}, {}, "register", "ok", "nguồn khác"),
        ({"same_name": OTHER}, {}, "duplicate", "warning", "cùng tên"),
        ({"owners": {"facebook.com/cuahang.thu": OTHER}}, {}, "channels", "failed", "đã được đăng ký cho"),
        (
            {"elsewhere": (Elsewhere("facebook.com/cuahang.thu", "Công ty TNHH Khác", "CK-46-2026-ABCDEF"),)},
            {},
            "channels",
            "warning",
            "CK-46-2026-ABCDEF",
        ),
        ({"elsewhere": (Elsewhere("a.vn", "Công ty TNHH Khác", ""),)}, {}, "channels", "warning", "cơ quan khác"),
        ({"channels": ()}, {}, "channels", "failed", "ít nhất một kênh"),
        ({"channels": ()}, {"subject_types": ["doctor"]}, "channels", "ok", "không bắt buộc"),
        ({}, {"rendered_text": TEXT + "."}, "text", "failed", "không còn khớp"),
        ({"signatures": ()}, {}, "text", "failed", "Không có xác nhận"),
        ({"signatures": (signature(rendered_hash="0" * 64),)}, {}, "text", "failed", "khác với nội dung đã lưu"),
        ({"text": None}, {}, "text", "failed", "mẫu cam kết"),
        ({"text": PledgeText(template_hash="u" * 64)}, {}, "text", "failed", "mẫu cam kết"),
        ({}, {"wording_approved": False}, "wording", "note", "DỰ THẢO"),
        ({"document": None}, {}, "seal", "failed", "chờ niêm phong"),
        ({"document": document(kind=DocumentKind.COUNTERSIGNED)}, {}, "seal", "failed", "không phải là tệp"),
        ({"document": document(trial=True)}, {}, "trial", "note", "khóa thử nghiệm"),
        ({"channels": (channel("xn--shope-9na.vn", "website"),)}, {}, "address", "warning", "dễ nhầm"),
        ({"lookalikes": frozenset({"facebook.com/cuahang.thu"})}, {}, "address", "warning", "dễ nhầm"),
        ({"channels": (channel("shopee.vn", "website"),)}, {}, "address", "warning", "trang chung"),
        (
            {"channels": (channel("shopee.vn", "website"),)},
            {"subject_types": ["ecommerce_platform"]},
            "address",
            "ok",
            "không có gì đáng ngờ",
        ),
        ({"channels": (channel("shoppee-sale.vn", "website"),)}, {}, "address", "ok", "đáng ngờ"),
        ({"channels": (channel("shopee-sale.vn", "website"),)}, {}, "address", "warning", "gần giống tên shopee"),
        ({}, {"subject_types": ["ecommerce_website"]}, "address", "warning", "cần trang web"),
        ({}, {"contact_email": "a@mailinator.com"}, "email", "warning", "hộp thư dùng tạm"),
        ({}, {"contact_email": "a@gmial.com"}, "email", "warning", "gần giống gmail.com"),
        ({}, {"contact_email": "a@gmail.com"}, "email", "ok", ""),
        ({}, {"answers": {"commune": None}}, "place", "warning", "xã, phường"),
        ({}, {"answers": {"commune": None, "location": "elsewhere"}}, "place", "ok", ""),
        ({}, {"answers": {"signer_title": ""}}, "signer", "warning", "chức vụ"),
        ({"signatures": (signature(typed_name="Người Khác"),)}, {}, "signer", "failed", "khác với tên"),
        ({"signatures": (signature(typed_name="tran thi thu"),)}, {}, "signer", "ok", ""),
        ({}, {"answers": MINOR}, "signer", "failed", "người đại diện"),
        ({"signatures": (signature(), signature("representative"))}, {"answers": MINOR}, "signer", "ok", "mã riêng"),
        (
            {"signatures": (signature(), signature("representative", address_hash="signer"))},
            {"answers": MINOR},
            "signer",
            "failed",
            "cùng một địa chỉ",
        ),
    ],
)
def test_each_rule(changes: dict[str, Any], pledge: dict[str, Any], code: str, outcome: str, said: str) -> None:
    findings = replace(GOOD, **{"pledge": pledge_with(**pledge), **changes})
    [check] = found(findings, code)
    assert check.outcome == outcome, str(check)
    assert said in str(check)
    assert passes_all(judge(findings)) == (outcome in {"ok", "note"})


@pytest.mark.parametrize(
    ("typed", "meant", "close"),
    [
        ("gmial", "gmail", True),
        ("gmal", "gmail", True),
        ("ggmail", "gmail", True),
        ("gnail", "gmail", True),
        ("gmail", "gmail", False),
        ("gmaill", "gmail", True),
        ("mgali", "gmail", False),
        ("gma", "gmail", False),
        ("", "g", True),
        ("ab", "cd", False),
    ],
)
def test_one_slip(typed: str, meant: str, close: bool) -> None:
    assert one_slip_apart(typed, meant) is close


def test_real_names_are_not_doubted() -> None:
    assert [resembled_provider(domain) for domain in ("gmail.com", "ymail.com", "vidu.vn", "hue.gov.vn")] == [None] * 4
    assert [resembled_platform(a) for a in ("shopee.vn", "facebook.com/abc", "tiki.vn", "cuahang.vn")] == [None] * 4
    assert resembled_platform("sh0pee.vn") == "shopee"
    assert resembled_provider("gmail.con") == "gmail.com"


def outcomes(database: Database, *pledges: Pledge) -> dict[Any, dict[str, list[Check]]]:
    """Per pledge and code what is not plainly right."""

    def look(session: Session) -> dict[Any, dict[str, list[Check]]]:
        rows = session.scalars(select(Pledge).where(Pledge.id.in_([pledge.id for pledge in pledges]))).all()
        said: dict[Any, dict[str, list[Check]]] = {}
        for pledge_id, checks in check_pledges(session, HUE, rows).items():
            said[pledge_id] = {}
            for check in checks:
                if check.outcome in {CheckOutcome.WARNING, CheckOutcome.FAILED}:
                    said[pledge_id].setdefault(check.code, []).append(check)
        return said

    with database.read() as session:
        return look(session)


def test_honest_signers_pass_and_strangers_do_not(database: Database, clock: FixedClock, vault: Vault) -> None:
    """Real signatures: a seller, a doctor, and somebody who gives the seller's tax code and channel as their own."""
    honest = submitted(database, now=clock(), vault=vault)
    doctor = submitted(database, now=clock(), vault=vault, pages=doctor_pages())
    clock.advance(timedelta(minutes=2))
    stranger_pages = seller_pages(
        2, who__tax_code=invented_tax_code(1), place__channels=["https://facebook.com/cuahang.thu.1"]
    )
    stranger = submitted(database, now=clock(), vault=vault, pages=stranger_pages)
    waiting = signed_by(database, seller_pages(3), now=clock(), vault=vault).signed[0]
    said = outcomes(database, honest, doctor, stranger, waiting)
    assert said[doctor.id] == {}
    assert set(said[stranger.id]) == {"tax_code", "register", "channels"}
    assert "Thử Nghiệm 1" in str(said[stranger.id]["register"][0])
    assert "Thử Nghiệm 1" in str(said[stranger.id]["channels"][0])
    assert set(said[waiting.id]) == {"seal"}
    # The one who was there first sees that somebody else names the same channel, as a warning.
    [warned] = said[honest.id]["channels"]
    assert (set(said[honest.id]), warned.outcome) == ({"channels"}, CheckOutcome.WARNING)
    assert stranger.reference in str(warned)


def test_other_agencies_keep_their_files_to_themselves(database: Database, clock: FixedClock, vault: Vault) -> None:
    first = submitted(database, now=clock(), vault=vault)
    clock.advance(timedelta(minutes=2))
    channel_of_first = ["https://facebook.com/cuahang.thu.1"]
    artist = doctor_pages(5, group__subject_type="artist", place__channels=channel_of_first)
    second = submitted(database, now=clock(), vault=vault, pages=artist)
    assert second.agency_code != first.agency_code
    said = outcomes(database, first)
    [warned] = said[first.id]["channels"]
    assert second.reference not in str(warned)
    assert "cơ quan khác" in str(warned)
    database.run(lambda session: session.execute(update(Pledge).where(Pledge.id == second.id).values(state="rejected")))
    assert outcomes(database, first)[first.id] == {}


def test_a_namesake_in_the_same_commune_and_a_second_source(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    pledge = submitted(database, now=clock(), vault=vault)

    def add(session: Session) -> None:
        mine = session.get_one(Entity, (HUE, pledge.entity_id))
        twin = SimpleNamespace(name=mine.name.upper(), name_fold=mine.name_fold, commune_code=mine.commune_code)
        session.add(
            Entity(province_code=HUE, kind=EntityKind.ORGANISATION, added_at=START, tax_code=None, **vars(twin))
        )
        session.add(
            Sighting(province_code=HUE, entity_id=mine.id, source="import", seen_on=START.date(), recorded_at=START)
        )

    before = outcomes(database, pledge)[pledge.id]
    database.run(add)
    assert (before, set(outcomes(database, pledge)[pledge.id])) == ({}, {"duplicate"})
    with database.read() as session:
        row = session.get_one(Pledge, (HUE, pledge.id))
        texts = [str(check) for check in check_pledges(session, HUE, [row])[pledge.id]]
    assert any("nguồn khác" in text for text in texts)
