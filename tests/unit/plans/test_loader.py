"""Each contradiction is refused, with file and line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pledges.core.errors import DataError
from pledges.plans.loader import DATA, read_books
from pledges.plans.places import read_gazetteer
from pledges.plans.reading import LARGEST_FILE, read_yaml
from pledges.plans.wording_files import read_wordings

REFUSED = [
    (
        "subject_types: [digital_seller]",
        "subject_types: [digital_sellers]",
        "không có nhóm đối tượng “digital_sellers”",
    ),
    ("subject_types: [digital_seller]", "subject_types: [digital_seller, digital_seller]", "có hai lần"),
    ("subject_types: [digital_seller]", "subject_types: []", "ít nhất một nhóm"),
    ("subjects: [ad_firm]", "subjects: [ad_frim]", "không có nhóm đối tượng “ad_frim”"),
    ("result: [ban_cam_ket]", "result: [cam_ket]", "không có loại kết quả “cam_ket”"),
    ('lead: "48-SCT"', 'lead: "48-STC"', "“lead” là “48-STC”; phải là một trong: 48-SCT"),
    ("clause: biadat-1", "clause: biadat-9", "không có “biadat-9” trong tệp này"),
    ("text: website_seller", "text: website_sellers", "“text” là “website_sellers”"),
    ("text: website_seller", "text: instruction", "không hợp với hình thức này"),
    ("  - id: biadat-2", "  - id: biadat-1", "“biadat-1” đã có ở dòng"),
    ('  - id: "48-instruction"', '  - id: "48-seller"', "“48-seller” đã có ở dòng"),
    ('{code: "48-SYT"', '{code: "48-SCT"', "“48-SCT” đã có ở dòng"),
    ('{code: "48-SYT"', '{code: "49-SYT"', "phải có dạng 48-SCT"),
    ("source_file: invented_plan.txt", "source_file: other.txt", "“other.txt” không có trong tệp khóa"),
    ("    source_file: invented_plan.txt\n", "", "thiếu “source_file”"),
    ("cutoff: 2027-03-31", "cutoff: 31/03/2027", "“31/03/2027” không phải ngày"),
    ("cutoff: 2027-03-31", "cutoff: 2027-02-30", "“2027-02-30” không phải ngày"),
    ("first_due: 2027-03-31", "first_due: 2027-03-30", "không được trước “cutoff”"),
    ("first_due: 2027-03-31", "first_due: 2027-03-31\n    ask_from: 2027-04-01", "không được sau “first_due”"),
    ("    cutoff: 2027-03-31\n", "", "thiếu “cutoff”"),
    ("clause: biadat-1\n    unit", "clause: null\n    unit", "thiếu điều khoản"),
    ("    clause: biadat-1\n    unit", "    unit", "thiếu “clause”; viết null nếu không có"),
    ("instrument: pledge", "instrument: promise", "“instrument” là “promise”"),
    ("instrument: pledge", "instrument: voluntary", "cam kết tự nguyện không có thời hạn"),
    ("unit: entity", "unit: shop", "“unit” là “shop”"),
    ("reading: printed", "reading: guessed", "“reading” là “guessed”"),
    ("reading: printed", "readings: printed", "không có trường “readings”"),
    ("reading: printed", "reading: printed\n    reading: ours", "trường “reading” có hai lần"),
    ('province: "48"', 'province: "49"', "“province” là “49”"),
    ("schema_version: 1", "schema_version: 2", "“schema_version” là “2”"),
    ("retention: 03", "retained: 03", "không có trường “retained”"),
    ("update_days: 5", "update_days: năm", "phải là số từ 1 đến 365"),
    ("consent_decided: true", "consent_decided: yes", "“consent_decided” là “yes”"),
    ("field: health", "field: trade", "lĩnh vực “trade” phải có đúng một cơ quan phụ trách, hiện có: 48-SCT, 48-SYT"),
    ("operative: true", "operative: false", "phải có đúng một văn bản “operative: true”"),
    ("Kế hoạch số {{so}} ngày", "Kế hoạch số 5 ngày", "phải có {{so}} và {{ngay}}"),
    ("    document: biadat\n    kind: pledge", "    document: khac\n    kind: pledge", "không có văn bản “khac”"),
    ("kind: instruction", "kind: instructions", "“kind” là “instructions”"),
    ("cadence: quarterly", "cadence: sometimes", "“cadence” là “sometimes”"),
    ('recur: "--12-01"', 'recur: "--13-01"', "phải có dạng --09-30"),
    ("    followed: true\n", "", "“followed” là “None”"),
    ("obligations:", "obligations: &all", "không dùng neo"),
    ("obligations:", "duties: *all\nobligations:", "không dùng neo"),
    ("obligations:", "obligations: [", "không đọc được YAML"),
    ("place: Điểm 1", "place: [Điểm 1]", "“place” phải là một giá trị"),
    ("subjects: [ad_firm]", "subjects: ad_firm", "“subjects” phải là danh sách các giá trị"),
    ("citation:\n      numbered", "citation:\n      - numbered", "không đọc được YAML"),
    ("    issuer: UBND thành phố (bịa đặt)", "    issuer: >-", "thiếu “issuer”"),
]


@pytest.mark.parametrize(("old", "new", "problem"), REFUSED, ids=[problem for _, _, problem in REFUSED])
def test_a_contradiction_is_refused_with_file_and_line(fourth_province: Path, old: str, new: str, problem: str) -> None:
    text = fourth_province.read_text(encoding="utf-8")
    assert old in text
    fourth_province.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        read_books([fourth_province])
    place, _, found = str(refusal.value).partition(": ")
    name, _, line = place.rpartition(":")
    assert name == str(fourth_province)
    assert 1 <= int(line) <= len(fourth_province.read_text(encoding="utf-8").splitlines())
    assert problem in found


def line_of(file: Path, wanted: str) -> int:
    return file.read_text(encoding="utf-8").splitlines().index(wanted) + 1


def test_the_line_is_the_line_of_the_mistake(fourth_province: Path) -> None:
    text = fourth_province.read_text(encoding="utf-8")
    fourth_province.write_text(text.replace("    first_due: 2027-03-31", "    first_due: mai"), encoding="utf-8")
    with pytest.raises(DataError, match=f":{line_of(fourth_province, '    first_due: mai')}: “mai”"):
        read_books([fourth_province])


def test_two_lead_agencies_for_one_group_and_instrument_are_refused(changed: Callable[[str, str, str], Path]) -> None:
    file = changed("hue.yaml", "subject_types: [digital_seller]", "subject_types: [digital_seller, doctor]")
    with pytest.raises(DataError, match=r"hue\.yaml:\d+: nhóm “doctor” đã có cơ quan chủ trì 46-SCT") as refusal:
        read_books([file])
    assert "46-seller" in str(refusal.value)


def test_a_clash_counts_for_disabled_entries_too(changed: Callable[[str, str, str], Path]) -> None:
    file = changed(
        "langson.yaml",
        "subject_types: [enterprise, household_business]",
        "subject_types: [enterprise, digital_seller]",
    )
    with pytest.raises(DataError, match="“digital_seller” đã có cơ quan chủ trì"):
        read_books([file])


def test_one_province_has_one_file(fourth_province: Path) -> None:
    twin = fourth_province.with_name("twin.yaml")
    shutil.copyfile(fourth_province, twin)
    shutil.copyfile(fourth_province.with_suffix(".lock"), twin.with_suffix(".lock"))
    with pytest.raises(DataError, match=r"twin\.yaml:\d+: tỉnh “48” đã có trong .*fourth_province\.yaml"):
        read_books([fourth_province, twin])


def test_a_missing_file_and_strange_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="không mở được tệp"):
        read_books([tmp_path / "none.yaml"])
    (tmp_path / "bytes.yaml").write_bytes(b"province: \xff\xfe")
    with pytest.raises(DataError, match="không phải UTF-8"):
        read_books([tmp_path / "bytes.yaml"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: " + "[" * 40 + "]" * 40, "lồng quá"),
        ("- a\n- b\n", "phải gồm các trường"),
        ("", "phải gồm các trường"),
        ("a: 1\n---\nb: 2\n", "một tệp chỉ chứa một tài liệu"),
        ("? [a]\n: b\n", "tên trường phải là chữ"),
        ("a: !!python/object/apply:os.system [x]\nb: *a\n", "neo"),
        ("#" * (LARGEST_FILE + 1), "tệp lớn hơn"),
    ],
)
def test_hostile_yaml_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "hostile.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=problem):
        read_yaml(file)


WORDING_REFUSED = [
    ("{{loai_kenh}}", "{{loai_kenhh}}", "không có chỗ điền “loai_kenhh”"),
    ("{{loai_kenh}}", "{{loai kenh}}", "còn sót “{{”"),
    ("{{loai_kenh}}", "website [nếu có]", "còn sót “[nếu”"),
    ('    source: "KH: langson-II.2.6"\n', "", "thiếu “source”"),
    ("consents: [processing, publication]", "consents: [publication]", "phải hỏi sự đồng ý “processing”"),
    ("consents: [processing, publication]", "consents: [processing, newsletter]", "không có sự đồng ý “newsletter”"),
    ("version: 1\ninstrument", "version: một\ninstrument", "“version” phải là số"),
    ("instrument: pledge", "instrument: voluntary", "“instrument” là “voluntary”"),
    ("text: Luật Thương mại điện tử", "when: {subject_types: [shop]}, text: Luật", "“subject_types” không có “shop”"),
    ("text: Luật Thương mại điện tử", "when: {option: [gift]}, text: Luật", "“option” không có “gift”"),
    ("text: Luật Thương mại điện tử", "when: {moon: [full]}, text: Luật", "không có trường “moon”"),
    ("opening:", "openings:", "không có trường “openings”"),
]


@pytest.mark.parametrize(("old", "new", "problem"), WORDING_REFUSED, ids=[problem for _, _, problem in WORDING_REFUSED])
def test_a_wrong_wording_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    shutil.copyfile(DATA / "wordings" / "shared.yaml", tmp_path / "shared.yaml")
    text = (DATA / "wordings" / "website_seller.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "website_seller.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"website_seller\.yaml:\d+: ") as refusal:
        read_wordings(tmp_path)
    assert problem in str(refusal.value)


def test_one_version_of_a_wording_has_one_file(tmp_path: Path) -> None:
    twin = tmp_path / "twin.yaml"
    shutil.copyfile(DATA / "wordings" / "health.yaml", twin)
    with pytest.raises(DataError, match=r"twin\.yaml:\d+: mẫu “health” phiên bản 1 có hai lần"):
        read_wordings(DATA / "wordings", [twin])


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("communes.csv", "20,05977,", "99,05977,", "không có tỉnh “99”"),
        ("communes.csv", "2025-07-01,\n", "01/07/2025,\n", "ngày hiệu lực"),
        ("communes.csv", "20,05977,", "20,5977,", "mã xã “5977”"),
        ("former_communes.csv", ",001,00097", ",001,99999", "không có xã “99999”"),
        ("former_communes.csv", ",001,00097", ",999,00097", "không có huyện cũ “999”"),
        ("former_communes.csv", "code,name", "code,names", "các cột phải là"),
        ("provinces.csv", "48,", "46,", "có hai lần"),
        ("provinces.csv", ",Huế,thành phố", ",Huế", "dòng phải có 4 cột"),
    ],
)
def test_a_wrong_place_is_refused_with_file_and_line(
    tmp_path: Path, name: str, old: str, new: str, problem: str
) -> None:
    for file in DATA.glob("*.csv"):
        shutil.copyfile(file, tmp_path / file.name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=rf"{name}:\d+: ") as refusal:
        read_gazetteer(tmp_path)
    assert problem in str(refusal.value)
