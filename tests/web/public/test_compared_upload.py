"""A file that is not ours byte for byte, as the page of verification compares it: never real; it says what differs."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageChops

from pledges.documents.page_comparison import DrawingBusy
from pledges.product import Product
from pledges.signing import comparing
from tests.support import forgeries
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.sealing import SealedPledge, sealed_pledge


@pytest.fixture
def hidden(small_product: Product, clock: FixedClock) -> SealedPledge:
    """Signed without consent to publication."""
    product = small_product
    return sealed_pledge(product.database, product.storage, product.sealer, clock, product.vault)


def upload(visitor: CheckedClient, data: bytes, *, code: str = "", status: int = 200) -> Page:
    sent = {"file": (BytesIO(data), "ban-cam-ket.pdf"), "printed": code}
    page = visitor.send(visitor.get("/xac-minh"), sent, form=1, status=status)
    page.response.request.environ["wsgi.input"].close()
    return page


def covered(data: bytes, *, links: bool = True) -> bytes:
    """A word of the first page painted over, saved as a program does that knows nothing of seals."""
    with pikepdf.open(BytesIO(data)) as pdf:
        page = pdf.pages[0]
        page.contents_add(pikepdf.Stream(pdf, b"q 1 1 1 rg 240 640 20 10 re f Q"))
        for each in pdf.pages if not links else ():
            each.Annots = pikepdf.Array()
        out = BytesIO()
        pdf.save(out)
    return out.getvalue()


def pictures(page: Page) -> list[bytes]:
    sources = [str(each) for each in page.all("//main//img/@src")]
    return [base64.b64decode(each.removeprefix("data:image/jpeg;base64,")) for each in sources]


def test_a_rewritten_file_looks_the_same_and_is_never_called_real(
    visitor: CheckedClient, hidden: SealedPledge, tmp_path: Path
) -> None:
    page = upload(visitor, forgeries.rewritten(hidden.pdf, tmp_path, "--object-streams=generate", "--linearize"))
    assert page.title.startswith("Không phải tệp gốc, nhưng các trang nhìn giống bản gốc")
    assert "không phải bản gốc từng byte" in page.words
    assert "Tệp này là thật" not in page.text
    assert page.all(f"//main//a[@href='/xac-minh/{hidden.code}']")
    assert page.all("//*[contains(@class, 'banner--success')]") == []
    assert pictures(page) == []
    assert "data:" not in page.response.headers["Content-Security-Policy"]


def test_an_altered_page_is_named_and_its_line_is_framed(visitor: CheckedClient, hidden: SealedPledge) -> None:
    page = upload(visitor, covered(hidden.pdf))
    assert page.title.startswith("Tệp này khác bản gốc ở trang 1")
    assert "Đừng dựa vào tệp này" in page.words
    assert "Trang 2" not in page.words
    [shown] = pictures(page)
    with Image.open(BytesIO(shown)) as picture:
        red, green, _blue = picture.convert("RGB").split()
        framed = ImageChops.darker(
            red.point(lambda value: 255 * (value > 150)), green.point(lambda value: 255 * (value < 90))
        )
    assert framed.histogram()[255] > 500
    assert "img-src 'self' data:;" in page.response.headers["Content-Security-Policy"]
    assert "data:" not in visitor.get("/xac-minh").response.headers["Content-Security-Policy"]


def test_without_links_the_code_in_the_text_or_the_typed_one_leads_to_the_original(
    visitor: CheckedClient, hidden: SealedPledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = upload(visitor, covered(hidden.pdf, links=False))
    assert page.title.startswith("Tệp này khác bản gốc ở trang 1")
    other = upload(visitor, forgeries.other_document(), code=f"https://camket.vidu.vn/xac-minh/{hidden.code.lower()}")
    assert other.title.startswith("Tệp này không phải bản gốc")
    assert pictures(other) == [], "who holds a code alone learns nothing of the paper"

    def busy(_data: bytes, _until: float) -> None:
        raise DrawingBusy("Đang có nhiều người kiểm tra tệp cùng lúc. Hãy thử lại sau một phút.")

    monkeypatch.setattr(comparing, "draw_file", busy)
    assert "Tệp này đã bị sửa" in upload(visitor, covered(hidden.pdf)).title
