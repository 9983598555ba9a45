"""The agency's signature over the sealed paper: into the field that waits for it, by an incremental update."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import enumerate_sig_fields

from pledges.core.errors import N_
from pledges.documents.errors import CannotCountersign
from pledges.documents.pdf_objects import dictionary, name
from pledges.documents.sealing import ReadySeal, SealedPdf
from pledges.documents.signatures import AGENCY_FIELD, SEAL_FIELD
from pledges.documents.stamp import Stamp, draw_stamp, log_words, moment, stamp_lines


def countersign(data: bytes, seal: ReadySeal, stamp: Stamp, now: datetime) -> SealedPdf:
    """Sign a sealed file for the agency; the sealed bytes stay the beginning of the result and stay valid.

    `seal` is the agency's own key, or the system's seal where a named person approves. Raises `CannotCountersign` for
    anything but a sealed file with an empty field for the agency.
    """
    try:
        writer = IncrementalPdfFileWriter(BytesIO(data))
        field = _empty_field(writer)
        left, bottom, right, top = (float(edge) for edge in field["/Rect"])
        lines = stamp_lines(stamp, now, trial=seal.trial)
        form = draw_stamp(writer, lines, seal.faces, right - left, top - bottom)
    except (PdfError, KeyError, ValueError, TypeError) as error:
        raise CannotCountersign(N_("Tệp này không phải là bản cam kết đã niêm phong của hệ thống.")) from error
    field[name("AP")] = dictionary(N=form)
    return seal.fill(writer, AGENCY_FIELD, reason(stamp), now)


def reason(stamp: Stamp) -> str:
    """What a reader's signature panel shows; it claims no more than the key can prove."""
    if stamp.method == "key":
        said = f"Tiếp nhận bản cam kết; người duyệt: {stamp.approver_name}"
    else:
        said = (
            f"Duyệt trên hệ thống bởi {stamp.approver_name} lúc {moment(stamp.approved_at)}; niêm phong bằng khóa của "
            "hệ thống, không phải chữ ký số của cơ quan"
        )
    # Here it stands also where the box has no room for it.
    return "; ".join(filter(None, (said, log_words(stamp))))


def _empty_field(writer: IncrementalPdfFileWriter) -> DictionaryObject:
    fields = {title: (value, reference) for title, value, reference in enumerate_sig_fields(writer)}
    if fields.get(SEAL_FIELD, (None, None))[0] is None:
        raise CannotCountersign(N_("Tệp này chưa được niêm phong nên cơ quan chưa thể ký."))
    if AGENCY_FIELD not in fields:
        raise CannotCountersign(N_("Tệp này không có ô chữ ký dành cho cơ quan tiếp nhận."))
    value, reference = fields[AGENCY_FIELD]
    if value is not None:
        raise CannotCountersign(N_("Tệp này đã có chữ ký của cơ quan; không ký lần thứ hai."))
    field: DictionaryObject = reference.get_object()
    return field
