"""The lock holds every quotation to its source."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pledges.core.errors import DataError
from pledges.plans.loader import DATA, read_books
from pledges.plans.quotations import Lock, lock_path, quotation_hash, quotations_of, refuse_changed_quotations
from pledges.plans.reading import read_yaml
from tests.unit.plans.conftest import FILES, lock_quotations

PLANS = sorted((DATA / "plans").glob("*.yaml"))


@pytest.mark.parametrize("file", PLANS, ids=lambda file: file.stem)
def test_the_lock_holds_exactly_what_the_file_quotes(file: Path) -> None:
    quotations = quotations_of(read_yaml(file))
    lock = Lock.read(lock_path(file))
    assert lock.quotations == {quotation.key: quotation_hash(quotation.text) for quotation in quotations}
    assert {quotation.source_file for quotation in quotations} == lock.sources.keys()


def letter_changes(text: str) -> list[str]:
    """The text with each of its letters left out in turn; blanks are no letters."""
    return [text[:place] + text[place + 1 :] for place in range(len(text)) if not text[place].isspace()]


@pytest.mark.parametrize("file", PLANS, ids=lambda file: file.stem)
def test_no_letter_of_a_clause_can_be_lost(file: Path) -> None:
    lock = Lock.read(lock_path(file))
    for quotation in quotations_of(read_yaml(file)):
        assert all(quotation_hash(text) != lock.quotations[quotation.key] for text in letter_changes(quotation.text))


def test_line_breaks_and_decomposed_letters_are_the_same_quotation() -> None:
    assert quotation_hash("Bản  cam\n kết") == quotation_hash("Bản cam kết")
    assert quotation_hash("Bản") == quotation_hash("Bản")
    assert quotation_hash("Bản") != quotation_hash("bản")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Bản cam kết", "Bản cam kêt"),
        ("hộ kinh doanh trên địa bàn thành phố thực hiện", "hộ kinh doanh trên địa bàn tỉnh thực hiện"),
        ("02/2026 và định kỳ theo quý", "03/2026 và định kỳ theo quý"),
    ],
)
def test_a_changed_quotation_is_refused_with_file_and_line(
    changed: Callable[[str, str, str], Path], old: str, new: str
) -> None:
    file = changed("hue.yaml", old, new)
    with pytest.raises(DataError) as refusal:
        read_books([file])
    place, _, rest = str(refusal.value).partition(": ")
    name, _, line = place.rpartition(":")
    assert name == str(file)
    # A folded text starts at its key; the change lies a few lines below.
    following = file.read_text(encoding="utf-8").splitlines()[int(line) - 1 : int(line) + 6]
    assert new in " ".join(part.strip() for part in following)
    assert "khác với văn bản nguồn" in rest


def test_a_lost_quotation_is_refused(changed: Callable[[str, str, str], Path]) -> None:
    file = changed("hue.yaml", "    result_printed: Hệ thống cơ sở dữ liệu\n", "")
    with pytest.raises(DataError, match="mà tệp khóa đang giữ"):
        read_books([file])


def test_a_new_quotation_needs_the_script(fourth_province: Path) -> None:
    lock = json.loads(lock_path(fourth_province).read_text(encoding="utf-8"))
    del lock["quotations"]["biadat-2 text"]
    lock_path(fourth_province).write_text(json.dumps(lock), encoding="utf-8")
    with pytest.raises(DataError, match="chưa có trong tệp khóa"):
        read_books([fourth_province])


def test_the_loader_never_writes_a_lock(tmp_path: Path) -> None:
    file = tmp_path / "hue.yaml"
    shutil.copyfile(DATA / "plans" / "hue.yaml", file)
    with pytest.raises(DataError, match=r"hue\.lock:1: thiếu tệp khóa"):
        read_books([file])
    assert not lock_path(file).exists()


def test_a_broken_lock_is_refused(fourth_province: Path) -> None:
    lock_path(fourth_province).write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="hỏng"):
        read_books([fourth_province])


def test_the_script_refuses_words_that_do_not_stand_in_the_source(fourth_province: Path) -> None:
    text = fourth_province.read_text(encoding="utf-8")
    fourth_province.write_text(text.replace("không bán hàng giả", "không bán hàng nhái"), encoding="utf-8")
    lock_path(fourth_province).unlink()
    made = lock_quotations(fourth_province, FILES)
    assert made.returncode == 1
    assert "biadat-1 text does not stand in invented_plan.txt" in made.stderr
    assert not lock_path(fourth_province).exists()


def test_the_script_refuses_to_exchange_a_locked_quotation(fourth_province: Path) -> None:
    before = lock_path(fourth_province).read_text(encoding="utf-8")
    text = fourth_province.read_text(encoding="utf-8")
    fourth_province.write_text(text.replace("Thường xuyên", "theo quý"), encoding="utf-8")
    made = lock_quotations(fourth_province, FILES)
    assert made.returncode == 1
    assert "biadat-2 deadline_printed is locked with another hash" in made.stderr
    assert lock_path(fourth_province).read_text(encoding="utf-8") == before


def test_a_quotation_that_only_the_lock_knows_is_refused() -> None:
    file = PLANS[0]
    lock = Lock.read(lock_path(file))
    with pytest.raises(DataError, match="bia-dat text"):
        refuse_changed_quotations(read_yaml(file), Lock(lock.sources, {**lock.quotations, "bia-dat text": "00"}))
