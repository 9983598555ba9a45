"""Pictures of paper that nobody has signed, and the seal's job, for tests of what is signed with a pen."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw

from pledges.documents.queries import get_document
from pledges.product import Product
from pledges.signing.models import Pledge
from pledges.signing.sealing import PledgeSealer


def photograph(number: int = 1, *, landscape: bool = False) -> bytes:
    """What a telephone takes of a page: a JPEG with some lines on it."""
    size = (1600, 1130) if landscape else (1130, 1600)
    image = Image.new("RGB", size, (236, 232, 222))
    draw = ImageDraw.Draw(image)
    for line in range(12):
        draw.line((90, 120 + line * 70, size[0] - 90 - number * 11, 120 + line * 70), fill=(60, 60, 70), width=6)
    draw.arc((size[0] // 2, size[1] - 320, size[0] - 120, size[1] - 160), 0, 300, fill=(20, 30, 140), width=9)
    target = BytesIO()
    image.save(target, "JPEG", quality=80)
    return target.getvalue()


def seal(product: Product, pledge: Pledge) -> bytes:
    """What the worker does; gives back the sealed file."""
    job = PledgeSealer(
        product.database, product.storage, product.sealer, product.clock, product.vault, "quan-tri@vidu.vn"
    )
    job.seal(pledge.province_code, str(pledge.id))
    with product.database.read() as session:
        sealed = session.get_one(Pledge, (pledge.province_code, pledge.id))
        assert sealed.document_id is not None, sealed.seal_error
        document = get_document(session, pledge.province_code, sealed.document_id)
        assert document is not None
    return product.storage.get(document.sha256)
