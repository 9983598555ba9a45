"""Files that cost little to send and much to open, and files that are two things at once; all made here."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, colour: int = 0, depth: int = 8, bits: int = 8, rows: bool = True) -> bytes:
    """A black PNG of any measure; without `rows` only its head tells of them."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    row = bytes(1 + (width * bits + 7) // 8)
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(height if rows else 1)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def png_with_note(note: bytes) -> bytes:
    """A picture that carries a text and, behind its end, the same text again."""
    whole = png(8, 8)
    return whole[:33] + _chunk(b"tEXt", b"Comment\x00" + note) + whole[33:] + note


def jpeg_with(note: bytes, *, behind: bytes = b"") -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", comment=note)
    return out.getvalue() + behind


def lossless_webp_head(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    body = b"\x2f" + bits.to_bytes(4, "little") + bytes(20)
    data = b"VP8L" + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
    return b"RIFF" + (len(data) + 4).to_bytes(4, "little") + b"WEBP" + data


def pdf_of_many_fields(count: int) -> bytes:
    """A form of so many empty text fields, each an object of its own."""
    out = bytearray(b"%PDF-1.7\n")
    places = []

    def add(body: bytes) -> None:
        places.append(len(out))
        out.extend(b"%d 0 obj%s\nendobj\n" % (len(places), body))

    fields = b"\n".join(b"%d 0 R" % (number + 3) for number in range(1, count + 1))
    add(b"<</Type/Catalog/Pages 2 0 R/AcroForm 3 0 R>>")
    add(b"<</Type/Pages/Count 0/Kids[]>>")
    add(b"<</Fields[%s]>>" % fields)
    for number in range(count):
        add(b"<</FT/Tx/T(%d)>>" % number)
    start = len(out)
    out.extend(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    out.extend(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.extend(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start))
    return bytes(out)


def pdf_of_nested_pages(depth: int) -> bytes:
    """A tree of pages in which every node has one child, and the last one leads back to the first."""
    nodes = [b"%d 0 obj<</Type/Pages/Count 1/Kids[%d 0 R]>>\nendobj\n" % (n, n + 1) for n in range(2, depth + 2)]
    body = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>\nendobj\n" + b"".join(nodes)
    last = b"%d 0 obj<</Type/Pages/Count 1/Kids[2 0 R]>>\nendobj\n" % (depth + 2)
    return body + last + b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n0\n%%%%EOF\n" % (depth + 3)


def many_revisions(count: int) -> bytes:
    return b"%PDF-1.7\n" + b"xref\n0 0\ntrailer<</Size 1>>\nstartxref\n9\n%%EOF\n" * count


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
