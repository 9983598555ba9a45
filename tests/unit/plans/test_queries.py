"""Duties of every group in every province, and communes by any name."""

from __future__ import annotations

import unicodedata

import pytest

from pledges.core.db import Database
from pledges.core.errors import NotFound
from pledges.plans.models import Instrument, TextApproval
from pledges.plans.queries import (
    CommuneHit,
    agencies_of,
    all_provinces,
    clauses_of,
    current_text,
    current_texts,
    duties_for,
    entries_of,
    get_agency,
    get_clause,
    get_commune,
    get_entry,
    get_province,
    is_approved,
    operative_plan,
    plan_citation,
    plan_number_missing,
    reporting_duties_of,
    search_communes,
)
from pledges.plans.readiness import province_readiness
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import province_settings
from tests.support.clock import START

# What each group signs: entry, or `text@agency` where nothing asks it and the voluntary pledge is offered.
DUTIES = {
    "20": {
        "ecommerce_website": "20-website",
        "digital_seller": "20-seller",
        "ecommerce_platform": "platform@20-SCT",
        "social_network": "platform@20-SCT",
        "enterprise": "business@20-SCT",
        "household_business": "business@20-SCT",
        "doctor": "20-health",
        "scientist": "health@20-SYT",
        "health_manager": "20-health",
        "influencer": "20-celebrity 20-guidance",
        "artist": "20-celebrity 20-guidance",
        "athlete": "20-celebrity 20-guidance",
        "culture_manager": "20-celebrity",
        "culture_worker": "celebrity@20-SVHTTDL 20-guidance",
        "press": "20-media 20-guidance",
        "broadcaster": "20-media",
        "aggregated_news_site": "press_ads@20-SVHTTDL 20-guidance",
        "ad_firm": "press_ads@20-SVHTTDL 20-guidance",
    },
    "82": {
        "ecommerce_website": "82-website",
        "digital_seller": "82-seller",
        "ecommerce_platform": "82-platform",
        "social_network": "82-platform 82-instruction",
        "enterprise": "business@82-SCT",
        "household_business": "business@82-SCT",
        "doctor": "82-health",
        "scientist": "82-health",
        "health_manager": "82-health",
        "influencer": "82-celebrity 82-instruction",
        "artist": "82-celebrity 82-instruction",
        "athlete": "82-celebrity 82-instruction",
        "culture_manager": "82-celebrity",
        "culture_worker": "celebrity@82-SVHTTDL 82-instruction",
        "press": "82-media 82-instruction",
        "broadcaster": "82-media",
        "aggregated_news_site": "press_ads@82-SVHTTDL 82-instruction",
        "ad_firm": "press_ads@82-SVHTTDL 82-instruction",
    },
    "46": {
        "ecommerce_website": "46-website",
        "digital_seller": "46-seller",
        "ecommerce_platform": "46-platform",
        "social_network": "46-platform 46-instruction",
        "enterprise": "46-business",
        "household_business": "46-business",
        "doctor": "46-health",
        "scientist": "46-health",
        "health_manager": "46-health",
        "influencer": "46-celebrity 46-instruction",
        "artist": "46-celebrity 46-instruction",
        "athlete": "46-celebrity 46-instruction",
        "culture_manager": "46-celebrity",
        "culture_worker": "celebrity@46-SVHTT 46-instruction",
        "press": "46-media 46-instruction",
        "broadcaster": "46-media",
        "aggregated_news_site": "46-media 46-instruction",
        "ad_firm": "46-media 46-instruction",
    },
}


@pytest.mark.parametrize("province", DUTIES)
def test_what_every_group_signs(database: Database, province: str) -> None:
    assert DUTIES[province].keys() == SUBJECT_TYPES.keys()
    with database.read() as session:
        found = {
            subject_type: " ".join(
                duty.entry_id or f"{duty.text_id}@{duty.agency.code}"
                for duty in duties_for(session, province, subject_type)
            )
            for subject_type in SUBJECT_TYPES
        }
    assert found == DUTIES[province]


def test_a_duty_says_what_is_asked_by_whom(database: Database) -> None:
    with database.read() as session:
        [duty] = duties_for(session, "82", "doctor")
        assert (duty.instrument, duty.text_id, duty.asked, duty.signable) == (Instrument.PLEDGE, "health", True, True)
        assert duty.agency.name == "Sở Y tế tỉnh Đồng Tháp"
        assert duty.clause is not None
        assert duty.clause.id == "dongthap-7.7"
        voluntary, receipt = duties_for(session, "20", "influencer")
        assert (voluntary.instrument, voluntary.asked) == (Instrument.VOLUNTARY, False)
        # The agency has not issued the document yet, so nobody can confirm having received it.
        assert (receipt.instrument, receipt.asked, receipt.signable) == (Instrument.ACKNOWLEDGEMENT, True, False)


@pytest.mark.parametrize(
    "query", ["thuan hoa", "Thuận Hóa", "Thuận Hoà", "THUẬN HOÁ", "p thuan hoa", "thu ho", "hoa thuan"]
)
def test_marks_case_and_kind_do_not_matter(database: Database, query: str) -> None:
    with database.read() as session:
        for form in ("NFC", "NFD"):
            first = search_communes(session, "46", unicodedata.normalize(form, query))[0]
            assert (first.name, first.former) == ("phường Thuận Hóa", None)


@pytest.mark.parametrize(
    ("province", "query", "name", "former"),
    [
        ("46", "tt phu bai", "phường Phú Bài", None),
        ("46", "vi da", "phường Vỹ Dạ", None),
        ("20", "dong kinh", "phường Đông Kinh", None),
        ("82", "xa phuong thinh", "xã Phương Thịnh", None),
        ("82", "phuong thinh", "xã Phương Thịnh", None),
        ("82", "mi tho", "phường Mỹ Tho", None),
        ("46", "phuong xuan phu quan thuan hoa", "phường Vỹ Dạ", "phường Xuân Phú, quận Thuận Hóa"),
        ("46", "xuân phú, quận Thuận Hóa", "phường Vỹ Dạ", "phường Xuân Phú, quận Thuận Hóa"),
        ("82", "tan my chanh", "phường Mỹ Phong", "xã Tân Mỹ Chánh, thành phố Mỹ Tho, tỉnh Tiền Giang"),
    ],
)
def test_a_commune_is_found_by_todays_and_by_old_names(
    database: Database, province: str, query: str, name: str | None, former: str | None
) -> None:
    with database.read() as session:
        hits = search_communes(session, province, query)
    if name is None:
        assert hits == []
    else:
        assert (hits[0].name, hits[0].former) == (name, former)


def test_todays_names_come_before_old_ones_and_nothing_twice(database: Database) -> None:
    with database.read() as session:
        hits = search_communes(session, "46", "xuan phu")
    former = [hit.former is not None for hit in hits]
    assert former == sorted(former)
    assert any(former)
    assert "phường Vỹ Dạ" in {hit.name for hit in hits if hit.former == "phường Xuân Phú, quận Thuận Hóa"}
    assert len(set(hits)) == len(hits)


def test_a_commune_whose_name_did_not_change_is_shown_once(database: Database) -> None:
    with database.read() as session:
        hits = search_communes(session, "46", "phường An Cựu")
    assert [hit for hit in hits if hit.former and "phường An Cựu" in hit.former] == []
    assert [hit.name for hit in hits if hit.former is None] == ["phường An Cựu"]


def test_a_search_stays_inside_its_province_and_its_limit(database: Database) -> None:
    with database.read() as session:
        assert search_communes(session, "20", "thuan hoa") == []
        assert len(search_communes(session, "82", "tan", limit=5)) == 5
        assert search_communes(session, "99", "tan") == []


@pytest.mark.parametrize("query", ["", "   ", "%", "_", "'", "%%%", "();--", "x" * 10_000, "a b c d e f g h i j k l m"])
def test_strange_queries_find_nothing_and_break_nothing(database: Database, query: str) -> None:
    with database.read() as session:
        assert search_communes(session, "46", query) == []


def test_a_kind_alone_lists_communes_of_that_kind(database: Database) -> None:
    with database.read() as session:
        hits = search_communes(session, "46", "phường", limit=100)
    assert {hit.name.split()[0] for hit in hits if hit.former is None} >= {"phường"}
    assert CommuneHit("19753", "phường Phú Xuân") in hits or any(hit.name == "phường Phú Xuân" for hit in hits)


def test_a_commune_belongs_to_its_province(database: Database) -> None:
    with database.read() as session:
        hit = search_communes(session, "46", "thuan hoa")[0]
        commune = get_commune(session, "46", hit.code)
        assert commune is not None
        assert commune.name == "phường Thuận Hóa"
        assert get_commune(session, "20", hit.code) is None
        assert get_commune(session, "46", "00000") is None


def test_things_by_their_key(database: Database) -> None:
    with database.read() as session:
        assert get_province(session, "46").name == "thành phố Huế"
        assert get_agency(session, "46", "46-SVHTT").name == "Sở Văn hóa và Thể thao thành phố Huế"
        assert get_clause(session, "46", "hue-7.11").result_printed == "Bản cam kết"
        assert get_entry(session, "46", "46-business") is not None
        assert get_entry(session, "20", "46-business") is None
        assert len(all_provinces(session)) == 34
        assert [len(entries_of(session, code)) for code in ("20", "82", "46")] == [7, 7, 8]
        assert [len(clauses_of(session, code)) for code in ("20", "82", "46")] == [45, 33, 24]
        assert [len(reporting_duties_of(session, code)) for code in ("20", "82", "46")] == [13, 10, 5]
        assert len(agencies_of(session, "20")) == 5
        for missing in (
            lambda: get_province(session, "99"),
            lambda: get_agency(session, "46", "46-XXX"),
            lambda: get_clause(session, "46", "langson-7.9"),
            lambda: current_text(session, "none"),
            lambda: operative_plan(session, "99"),
        ):
            with pytest.raises(NotFound):
                missing()


def test_the_plan_is_cited_as_it_is_and_no_number_is_invented(database: Database) -> None:
    with database.read() as session:
        assert plan_citation(session, "82") == "Kế hoạch số 29/KH-UBND ngày 12/01/2026 của UBND tỉnh Đồng Tháp"
        assert plan_citation(session, "46") == (
            "Kế hoạch hành động ban hành kèm theo Quyết định số 127/QĐ-UBND ngày 09/01/2026"
            " của Chủ tịch UBND thành phố Huế"
        )
        blank = plan_citation(session, "20")
        assert blank.startswith("Kế hoạch của UBND tỉnh Lạng Sơn")
        assert "số" not in blank.split()
        assert [plan_number_missing(session, code) for code in ("20", "82", "46")] == [True, False, False]


def test_wordings_are_current_and_approved_per_province(database: Database) -> None:
    with database.read() as session:
        texts = current_texts(session)
        assert len(texts) == 8
        text = current_text(session, "health")
        assert not is_approved(session, "46", text.id)
    approval = {"province_code": "46", "pledge_text_id": text.id, "approved_at": START, "approved_by": "bia-dat"}
    database.run(lambda session: session.add(TextApproval(**approval)))
    with database.read() as session:
        assert is_approved(session, "46", text.id)
        assert not is_approved(session, "20", text.id)
        items = {item.code: item.ok for item in province_readiness(session, "46")}
    assert (items["wording.health"], items["wording.business"]) == (True, False)


def test_readiness_names_what_is_still_to_be_decided(database: Database) -> None:
    with database.read() as session:
        items = {item.code: item for item in province_readiness(session, "20")}
        assert not any(item.ok for item in items.values())
        assert {"plan.number", "setting.retention", "setting.data_contact", "setting.consent_basis"} <= items.keys()
        assert {"agency.20-SCT.signing_title", "agency.20-SYT.signing_title"} <= items.keys()
        assert "agency.20-QLTT.signing_title" not in items
        assert "entry.20-guidance.document" in items
        assert {code for code in items if code.startswith("wording.")} == {
            f"wording.{text_id}"
            for text_id in ("business", "celebrity", "guidance", "health", "platform", "press_ads", "website_seller")
        }
        title = items["agency.20-SYT.signing_title"]
        assert title.title % title.params == "Chức danh người ký của Sở Y tế tỉnh Lạng Sơn"
        assert all((item.title % item.params) and (item.what_to_do % item.params) for item in items.values())
        assert {item.code for item in province_readiness(session, "46") if item.ok} == {"plan.number"}


def test_settings_are_typed(database: Database) -> None:
    with database.read() as session:
        settings = province_settings(get_province(session, "46"))
        other = province_settings(get_province(session, "01"))
    assert (settings.retention, settings.consent_basis, settings.consent_decided) == ("", "consent", False)
    assert (settings.days_to_answer, settings.update_days, settings.receipt_note) == (10, 10, True)
    assert settings == other
