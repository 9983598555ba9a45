"""The components, tested on the page that shows each of them once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_pages import CheckedClient, Page

GALLERY = "/_mau-giao-dien"
RIGHT: dict[str, Any] = {
    "group": "shop",
    "adult": "yes",
    "name": "Nguyễn Văn Ví Dụ",
    "email": "vi.du@example.vn",
    "day": "2/9/26",
    "country": "VN",
    "commune": "19753",
    "channels": ["cuahang.example", ""],
    "interests": ["web"],
    "code": "482 913",
    "agree": "yes",
}


@pytest.fixture
def gallery(visitor: CheckedClient) -> Page:
    return visitor.get(GALLERY)


def test_right_answers_pass(visitor: CheckedClient, gallery: Page) -> None:
    page = visitor.send(gallery, RIGHT)
    assert page.problems == []
    assert "Mọi ô đều hợp lệ" in page.words


def test_nothing_is_ticked_beforehand(gallery: Page) -> None:
    assert gallery.all("//@checked | //@selected") == []


def test_every_missing_answer_has_its_own_words(visitor: CheckedClient, gallery: Page) -> None:
    page = visitor.send(gallery)
    assert len(page.problems) == 11
    assert "Hãy điền mục “Họ và tên”." in page.problems
    assert "Hãy chọn Có hoặc Không cho câu “Bạn đã đủ 18 tuổi chưa?”." in page.problems
    assert len(set(page.problems)) == len(page.problems)
    assert "Hãy đánh dấu ô này để tiếp tục." in page.problems
    assert page.all("//*[@id='tax_code'][@aria-invalid]") == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("group", "somebody-else", "Hãy chọn một mục trong danh sách."),
        ("email", "vi.du@", ""),
        ("name", "A" * 10_000, ""),
        ("name", "Nguyễn<script>", ""),
        ("name", "Nguy\u202en", ""),
        ("name", "Nguy\x00n", ""),
        ("day", "31/02/2026", "Ngày chưa đúng"),
        ("day", "sớm", "Ngày chưa đúng"),
        ("code", "12345", "Mã gồm 6 chữ số"),
        ("code", "²²²²²²²", "Mã gồm 6 chữ số"),
        ("commune", "99999", "Hãy chọn một mục trong danh sách tìm được."),
        ("interests", ["web", "fax"], "Hãy chọn trong danh sách."),
        ("country", "XX", "Hãy chọn một mục trong danh sách."),
    ],
)
def test_a_wrong_answer_is_told_at_its_field_and_keeps_the_others(
    visitor: CheckedClient, gallery: Page, field: str, value: object, message: str
) -> None:
    page = visitor.send(gallery, RIGHT | {field: value})
    [problem] = page.problems
    assert message in problem
    kept = page.fields()
    for other in ("name", "email", "adult", "group", "interests", "channels", "agree"):
        if other != field:
            wanted = RIGHT[other] if isinstance(RIGHT[other], list) else [RIGHT[other]]
            assert kept[other] == wanted
    if field in {"email", "day", "code"}:
        assert kept[field] == [value]


def test_decomposed_letters_arrive_composed(visitor: CheckedClient, gallery: Page) -> None:
    page = visitor.send(gallery, RIGHT | {"name": "  Nguye\u0302\u0303n Va\u0306n  "})
    assert page.problems == []
    assert page.fields()["name"] == ["Nguy\u1ec5n V\u0103n"]


def test_a_wrong_row_is_told_at_its_row(visitor: CheckedClient, gallery: Page) -> None:
    page = visitor.send(gallery, RIGHT | {"channels": ["cuahang.example", "a@b.vn"]})
    [problem] = page.problems
    assert "không phải địa chỉ trang web" in problem
    assert page.control("channels-2").get("aria-invalid") == "true"
    assert page.control("channels-1").get("aria-invalid") is None
    assert page.fields()["channels"] == ["cuahang.example", "a@b.vn"]


def test_rows_grow_and_shrink_without_scripts(visitor: CheckedClient, gallery: Page) -> None:
    page = visitor.send(gallery, {"channels": ["một.vn"], "channels-rows": "add", "name": "Giữ lại"})
    assert page.problems == []
    assert page.fields()["channels"] == ["một.vn", ""]
    assert page.fields()["name"] == ["Giữ lại"]
    page = visitor.send(page, {"channels": ["một.vn", "hai.vn"], "channels-rows": "0"})
    assert page.fields()["channels"] == ["hai.vn"]
    assert page.all("//*[@data-remove-row]") == []


def test_no_more_rows_than_allowed(visitor: CheckedClient, gallery: Page) -> None:
    page = visitor.send(gallery, RIGHT | {"channels": [f"k{i}.vn" for i in range(11)]})
    assert page.problems == ["Mỗi lần kê khai tối đa 10 dòng."]


def test_the_search_works_without_scripts(visitor: CheckedClient, gallery: Page) -> None:
    page = visitor.send(gallery, {"commune-search": "thuan", "commune-find": "1"})
    assert page.problems == []
    assert page.all("//input[@name='commune']/@value") == ["19753", "19774"]
    page = visitor.send(page, {"commune": "19774"})
    assert page.fields()["commune"] == ["19774"]


def test_the_trap_is_out_of_sight_and_out_of_the_summary(visitor: CheckedClient, gallery: Page) -> None:
    [trap] = gallery.all("//*[@class='trap']")
    assert trap.get("aria-hidden") == "true"
    assert trap.xpath(".//input/@tabindex") == ["-1"]


@pytest.mark.parametrize("loss", ["no token", "stale token", "no session"])
def test_a_lost_token_keeps_everything(visitor: CheckedClient, gallery: Page, loss: str) -> None:
    fields = {**gallery.fields(), **RIGHT}
    if loss == "no token":
        del fields["csrf_token"]
    elif loss == "stale token":
        fields["csrf_token"] = "IjEyMyI.aaaa.bbbb"
    else:
        visitor.client.delete_cookie("session")
    page = Page(visitor.client.post(GALLERY, data=fields), visitor.app)
    assert page.status == 200
    assert "Phiên làm việc đã được làm mới, hãy gửi lại." in page.words
    assert "Mọi ô đều hợp lệ" not in page.words
    assert page.fields()["name"] == [RIGHT["name"]]
    assert page.fields()["agree"] == ["yes"]
    assert "Mọi ô đều hợp lệ" in visitor.send(page).words
