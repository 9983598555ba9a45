"""Several PDFs of our own behind each other as one."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any, cast

from pyhanko.pdf_utils import generic, writer
from pyhanko.pdf_utils.reader import PdfFileReader

from pledges.documents.pdf_objects import array, dictionary, name, string

_MADE_HERE = frozenset({"/Parent"})
# pyHanko leaves parts of itself untyped.
_new_writer: Any = writer.PdfFileWriter
_make: Any = generic


def join_pdfs(parts: Iterable[bytes], *, title: str) -> bytes:
    """The pages of all parts in order. Their streams are taken over as they are, so that this is quick."""
    whole = _new_writer(stream_xrefs=False)
    tree = whole.root["/Pages"]
    kids: list[Any] = []
    for part in parts:
        reader = PdfFileReader(BytesIO(part))
        # In one go, so that what the pages of a part share (its fonts) is taken over once.
        pages = array(*(_bare(page) for page in _pages_of(reader)))
        pages.container_ref = reader.root.container_ref
        for page in whole.import_object(pages):
            page[name("Parent")] = whole.root.raw_get("/Pages")
            kids.append(whole.add_object(page))
    tree["/Kids"] = array(*kids)
    tree["/Count"] = _make.NumberObject(len(kids))
    whole.root["/ViewerPreferences"] = dictionary(Duplex=name("Simplex"))
    whole.root["/Lang"] = string("vi")
    whole.set_info(dictionary(Title=string(title)))
    out = BytesIO()
    whole.write(out)
    return out.getvalue()


def _pages_of(reader: PdfFileReader) -> list[Any]:
    """Our files have one flat tree of pages."""
    return [each.get_object() for each in cast(Any, reader.root["/Pages"])["/Kids"]]


def _bare(page: Any) -> Any:
    return _make.DictionaryObject({key: page.raw_get(key) for key in page if key not in _MADE_HERE})
