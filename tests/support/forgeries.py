"""Files that pretend to be a given sealed one, or that want to keep a parser busy. All are made here, from one file."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from io import BytesIO
from pathlib import Path

import pikepdf
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.pdf_signer import SigSeedSubFilter

from pledges.documents.countersigning import countersign
from pledges.documents.sealing import SealedPdf
from pledges.documents.stamp import Stamp
from tests.support.seal_keys import NOW, AgencyFolder, Authority, p256


def flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 0x01
    return bytes(changed)


def with_empty_revisions(data: bytes, count: int) -> bytes:
    """Updates that change nothing: each makes a careless parser read everything before it once more."""
    position = data.rindex(b"startxref")
    previous = int(data[position:].split()[1])
    out = bytearray(data)
    trailer = data[data.rindex(b"trailer") : position].partition(b"/Prev")[0].rstrip().removesuffix(b">>")
    for _ in range(count):
        start = len(out)
        out += b"xref\n0 0\n" + trailer + b"\n/Prev %d\n>>\nstartxref\n%d\n%%%%EOF\n" % (previous, start)
        previous = start
    return bytes(out)


def with_note_added(data: bytes) -> bytes:
    """A visible comment, appended as readers do it, so that all signed bytes stay as they are."""
    writer = IncrementalPdfFileWriter(BytesIO(data))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject([generic.NumberObject(n) for n in (60, 600, 500, 700)]),
            generic.pdf_name("/Contents"): generic.pdf_string("Cửa hàng khác"),
            generic.pdf_name("/DA"): generic.pdf_string("/Helv 20 Tf 0 g"),
        }
    )
    notes = generic.ArrayObject([*page.get("/Annots", []), writer.add_object(note)])
    page[generic.pdf_name("/Annots")] = notes
    writer.update_container(page)
    return _written(writer)


def with_script(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(data))
    action = {"/Type": generic.pdf_name("/Action"), "/S": generic.pdf_name("/JavaScript")}
    script = generic.DictionaryObject({generic.pdf_name(name): value for name, value in action.items()})
    script[generic.pdf_name("/JS")] = generic.pdf_string("app.alert('x')")
    writer.root[generic.pdf_name("/OpenAction")] = writer.add_object(script)
    writer.update_root()
    return _written(writer)


def _written(writer: IncrementalPdfFileWriter) -> bytes:
    stream = BytesIO()
    writer.write(stream)
    return stream.getvalue()


def signed_by_stranger(data: bytes) -> bytes:
    """A perfectly good signature in the agency's field, by a key that nobody has heard of."""
    return countersigned(data, Authority("Sở giả của bộ kiểm thử")).data


def with_foreign_widget(data: bytes) -> bytes:
    """A good signature by a stranger in a field of their own, whose picture covers the first page's text."""
    authority, key = Authority("Người lạ của bộ kiểm thử"), p256()
    bundle = serialize_key_and_certificates(
        b"stranger", key, authority.issue(key, "Người lạ"), [authority.certificate], BestAvailableEncryption(b"x")
    )
    signer = SimpleSigner.load_pkcs12_data(bundle, other_certs=[], passphrase=b"x")
    meta = PdfSignatureMetadata(field_name="Stranger", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    place = SigFieldSpec("Stranger", on_page=0, box=(60, 300, 540, 700))
    pdf_signer = PdfSigner(meta, signer, new_field_spec=place)
    return bytes(asyncio.run(pdf_signer.async_sign_pdf(IncrementalPdfFileWriter(BytesIO(data)))).getvalue())


def countersigned(data: bytes, authority: Authority, method: str = "key") -> SealedPdf:
    """The signature of an agency whose certificate this authority has issued."""
    key = p256()
    with tempfile.TemporaryDirectory() as folder:
        seal = AgencyFolder(Path(folder)).lay_down(authority, key, authority.issue(key, "Sở của bộ kiểm thử")).signer()
    stamp = Stamp("Sở của bộ kiểm thử", "Người Duyệt Thử Nghiệm", "GIÁM ĐỐC", NOW, method)
    return countersign(data, seal, stamp, NOW)


def rewritten(data: bytes, folder: Path, *options: str) -> bytes:
    """The same pages, saved anew by qpdf."""
    before, after = folder / "before.pdf", folder / "after.pdf"
    before.write_bytes(data)
    subprocess.run(["qpdf", *options, before, after], check=True)
    return after.read_bytes()


def encrypted(data: bytes, folder: Path, password: str = "") -> bytes:
    return rewritten(data, folder, "--encrypt", password, "owner", "256", "--")


def overlaid(data: bytes) -> bytes:
    """Another text drawn over the first page, saved by pikepdf."""
    with pikepdf.open(BytesIO(data)) as pdf:
        page = pdf.pages[0]
        page.contents_add(pikepdf.Stream(pdf, b"q 1 1 1 rg 60 500 400 200 re f Q"))
        out = BytesIO()
        pdf.save(out)
    return out.getvalue()


def other_document() -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    out = BytesIO()
    pdf.save(out)
    return out.getvalue()


def deeply_nested() -> bytes:
    return b"%PDF-1.7\n1 0 obj\n" + b"[" * 200_000 + b"]" * 200_000 + b"\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"


def one_long_comment() -> bytes:
    return b"%PDF-1.7\n%" + b"x" * (9 * 1024 * 1024) + b"\n%%EOF\n"
